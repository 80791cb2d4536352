"""Sections D and E of the failure matrix as members see them: the gateway refuses, stalls, forgets, lies."""

import asyncio
from pathlib import Path

import pytest

from bot.core.money import usd
from bot.db import Reader
from bot.jobs.model import Job, State
from sandbox.gateways import (
    EVERY,
    AnswerFault,
    Break,
    Outcome,
    Step,
    broken_answer,
    lost_answer,
    lost_request,
    outcome,
    status,
)
from sandbox.gateways.locus import PAYMENT_ID
from tests.e2e.handing import drawing, upload
from tests.e2e.rig import held, spent
from tests.e2e.scene import LOCUS, PIXAZO, Scene, scene

HOLD = usd("0.075")
POLL = Step.POLL
NOT_CHARGED = "You were **not** charged"
RESERVED = "stays reserved"
REFUND_HANDLE = f"payment {PAYMENT_ID}"


def _waits_to_be_sent_again(job: Job) -> bool:
    return job.state is State.QUEUED and job.attempt > 0


def _kinds(reader: Reader) -> list[str]:
    return [row["kind"] for row in reader.all("SELECT kind FROM entry ORDER BY id")]


@pytest.mark.parametrize(
    "fault",
    [
        status(429, at=POLL, retry_after="5"),
        status(429, at=POLL, retry_after="1000000000"),
        status(429, at=POLL, retry_after="-7"),
        status(401, at=POLL),
        status(402, at=POLL),
        status(403, at=POLL),
        status(500, at=POLL),
        status(503, at=POLL),
        lost_answer(at=POLL),
        broken_answer(Break.MALFORMED, at=POLL),
        broken_answer(Break.HTML, at=POLL),
        broken_answer(Break.TRUNCATED, at=POLL),
        broken_answer(Break.HUGE, at=POLL),
        AnswerFault(kind=Break.REDIRECT, at=POLL, target="http://127.0.0.1:9/"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.retry_after}",
)
async def test_a_poll_that_fails_decides_nothing_and_is_made_again(tmp_path: Path, fault: AnswerFault) -> None:
    """E1, E10: whatever goes wrong with the question, the work goes on; no wait is longer than a minute."""
    async with scene(tmp_path) as play:
        # A question whose connection is cut is repeated once by the HTTP client itself: it changes nothing.
        play.rig.gateways.faults.next("pixazo", fault, times=2 if fault.kind is Break.CUT else 1)
        use = await play.ask()
        await play.until_failed_once()
        await play.later(seconds=121)
        await play.posted(use)
        await play.ends_well()


async def test_a_gateway_that_is_down_while_it_draws_is_asked_again_when_it_is_back(tmp_path: Path) -> None:
    """E1, E7: connections are refused for a while."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
        use = await play.ask()
        await play.until_state(State.WAITING)
        async with play.rig.gateways.refusing("pixazo"):
            await play.until(lambda found: found[0].failures >= 1)
            await play.later(seconds=3)
            await play.until(lambda found: found[0].failures >= 2)
        play.rig.gateways.finish()
        await play.later(seconds=6)
        await play.posted(use)
        await play.ends_well()


async def test_an_id_that_the_gateway_does_not_know_yet_is_given_time(tmp_path: Path) -> None:
    """E2: 404 twice, then the gateway is consistent."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", status(404, at=POLL), times=2)
        use = await play.ask()
        await play.until(lambda found: found[0].failures == 1)
        await play.later(seconds=3)
        await play.until(lambda found: found[0].failures == 2)
        await play.later(seconds=6)
        await play.posted(use)
        await play.ends_well()


async def test_an_id_that_the_gateway_never_knows_is_left_unknown_with_its_money_reserved(tmp_path: Path) -> None:
    """E2: 404 for ever, in many polls and for half a minute. Not voided: it may have been charged (it was). After a day
    it is presumed."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.when("", status(404, at=POLL))
        use = await play.ask()
        for failures in (1, 2, 3):
            await play.until(lambda found: found[0].failures == failures)  # noqa: B023
            await play.later(seconds=3 * failures)
        await play.until(lambda found: found[0].failures == 4)
        await play.says(use, "drawing")
        await play.later(seconds=30)
        text = await play.says(use, RESERVED)
        assert "no longer knows the request" in text
        await play.until_state(State.UNKNOWN)
        assert await held(play.house) == HOLD
        await play.ends_well(held_ticks=HOLD)

        await play.later(minutes=24 * 60 + 1)
        await play.until_state(State.FAILED)
        assert await play.house.database.read(_kinds) == ["hold", "presume"]
        assert await spent(play.house) == HOLD >= play.rig.booked() > 0
        await play.ends_well()


async def test_a_404_among_other_failures_does_not_make_a_job_unknown(tmp_path: Path) -> None:
    """E1, E2: what counts is how often and for how long the id was not known."""
    async with scene(tmp_path) as play:
        for code in (503, 503, 503, 404):
            play.rig.gateways.faults.next("pixazo", status(code, at=POLL))
        use = await play.ask()
        for failures in (1, 2, 3, 4):
            await play.until(lambda found: found[0].failures == failures)  # noqa: B023
            await play.later(seconds=60)
        await play.posted(use)
        await play.ends_well()


async def test_a_poll_whose_key_is_refused_keeps_new_requests_away(tmp_path: Path) -> None:
    """E1, D10: the work under way is asked for until it is there; no other request goes where the key may be bad."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", status(401, at=POLL))
        use = await play.ask()
        await play.until_failed_once()
        text = await play.refused(await play.ask("another", by=play.bo))
        assert "not available" in text
        await play.later(seconds=70)
        await play.posted(use)
        await play.draws_again()
        await play.ends_well()


async def test_a_key_that_stays_refused_leaves_the_money_reserved_at_the_deadline(tmp_path: Path) -> None:
    """E1, E3: no poll's error decides about money before the time of the work is over."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.when("", status(403, at=POLL))
        use = await play.ask()
        await play.until_failed_once()
        await play.later(minutes=9)
        await play.until(lambda found: found[0].failures == 2)
        await play.says(use, "drawing")
        await play.later(minutes=2)
        await play.says(use, RESERVED)
        job = await play.until_state(State.UNKNOWN)
        assert job.reason == "not_authorised"
        await play.ends_well(held_ticks=HOLD)


async def test_work_that_never_ends_is_given_up_at_its_deadline_and_told(tmp_path: Path) -> None:
    """E3: ten minutes, then the member hears it; the money stays reserved and is presumed after a day."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.when("", outcome(Outcome.NEVER_ENDS))
        use = await play.ask()
        await play.says(use, "drawing")
        await play.later(minutes=9)
        await play.says(use, "drawing")
        await play.later(minutes=1.5)
        await play.says(use, RESERVED)
        await play.until_state(State.UNKNOWN)
        await play.ends_well(held_ticks=HOLD)
        await play.later(minutes=24 * 60)
        await play.until_state(State.FAILED)
        assert await spent(play.house) == HOLD
        await play.ends_well()


async def test_a_member_whose_work_takes_far_too_long_reads_so_in_time(tmp_path: Path) -> None:
    """E3: at a minute, before the card is out of reach, and at the end, which comes in the channel with a ping."""
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.when("", outcome(Outcome.NEVER_ENDS))
        use = await play.ana.command("upscale", image=upload(drawing()), model="apiframe/topaz-upscale")
        await play.until_state(State.WAITING)
        await play.later(minutes=1)
        text = await play.says(use, "any moment now (usually")
        assert "pinged" not in text
        await play.later(minutes=12.2)
        await play.says(use, "This takes long. The picture will be posted in the channel, and you will be pinged.")
        await play.later(minutes=2)
        job = await play.until_state(State.UNKNOWN)
        assert job.reason == "too_slow"
        await play.ends_well(held_ticks=await held(play.house))
        (told,) = [one for one in play.rig.sandbox.channel("general").messages if RESERVED in one.plain_text()]
        assert told.pinged == (play.ana.id,)


async def test_a_picture_that_comes_after_it_was_given_up_is_posted_and_booked(tmp_path: Path) -> None:
    """E4: late, but there: posted in the channel with a ping, since the card is out of reach, and booked truthfully."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
        use = await play.ask()
        await play.until_state(State.WAITING)
        await play.later(minutes=10.5)
        await play.says(use, RESERVED)
        await play.until_state(State.UNKNOWN)
        play.rig.gateways.finish()
        await play.later(minutes=5.1)
        await play.until_state(State.DONE)
        (post,) = play.rig.posts()
        assert post.pinged == (play.ana.id,)
        await play.ends_well()


async def test_a_status_word_that_nobody_documented_means_still_running(tmp_path: Path) -> None:
    """E5."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", outcome(Outcome.UNKNOWN_STATUS))
        await play.posted(await play.ask())
        await play.ends_well()


@pytest.mark.parametrize("kind", [Outcome.FAILED, Outcome.EMPTY, Outcome.MODERATED])
async def test_a_gateway_that_gives_up_without_a_word_on_money_leaves_it_reserved(
    tmp_path: Path, kind: Outcome
) -> None:
    """E6: it was charged, and the answer does not say so; the card does not claim otherwise."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", outcome(kind))
        use = await play.ask("something dubious")
        text = await play.says(use, RESERVED)
        assert "Description of the error" not in text
        assert "safety system" not in text
        await play.until_state(State.UNKNOWN)
        await play.ends_well(held_ticks=HOLD)
        await play.draws_again()


async def test_a_gateway_that_gives_up_and_refunds_costs_nothing(tmp_path: Path) -> None:
    """E6: ERROR is documented as not charged."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", outcome(Outcome.ERROR))
        await play.says(await play.ask(), NOT_CHARGED)
        (job,) = await play.ends_well()
        assert job.state is State.FAILED
        assert play.rig.booked() == 0


async def test_an_address_to_ask_at_another_host_is_never_asked(tmp_path: Path) -> None:
    """E9: the key goes to the configured host alone."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", outcome(Outcome.FOREIGN_POLLING_URL))
        await play.posted(await play.ask())
        assert play.rig.gateways.trap_hits == []
        assert not any(play.rig.gateways.pixazo_key in str(headers) for _, headers in play.rig.gateways.cdn.fetches)
        await play.ends_well()


# -- submits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [PIXAZO, LOCUS])
async def test_a_submit_that_is_turned_away_is_sent_again_later(tmp_path: Path, model: str) -> None:
    """D6: 429 with and without Retry-After, also absurd ones."""
    async with scene(tmp_path) as play:
        for number, retry_after in enumerate(("30", None, "1000000000", "-1")):
            play.rig.gateways.faults.next(model.partition("/")[0], status(429, retry_after=retry_after))
            use = await play.ask(model=model)
            await play.until(lambda found: len(found) == number + 1 and _waits_to_be_sent_again(found[-1]))  # noqa: B023
            await play.says(use, "1st in line")
            await play.later(seconds=121)
            await play.posted(use)
        assert [job.attempt for job in await play.ends_well()] == [2, 2, 2, 2]


async def test_a_gateway_that_turns_away_every_time_costs_nothing(tmp_path: Path) -> None:
    """D6: four tries, then an honest end."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("pixazo", status(429, retry_after="1"), times=4)
        use = await play.ask()
        for attempt in (1, 2, 3):
            await play.until(lambda found: (found[0].state, found[0].attempt) == (State.QUEUED, attempt))  # noqa: B023
            await play.later(seconds=30)
        text = await play.says(use, NOT_CHARGED)
        assert "could not be reached" in text
        await play.ends_well()
        await play.later(seconds=30)
        await play.draws_again()


@pytest.mark.parametrize("model", [PIXAZO, LOCUS])
async def test_a_gateway_that_refuses_connections_is_tried_again_when_it_is_back(tmp_path: Path, model: str) -> None:
    """D3: surely not sent, so it is sent again."""
    async with scene(tmp_path) as play:
        async with play.rig.gateways.refusing(model.partition("/")[0]):
            use = await play.ask(model=model)
            await play.until_failed_once()
        await play.later(seconds=3)
        await play.posted(use)
        await play.ends_well()


@pytest.mark.parametrize("model", [PIXAZO, LOCUS])
@pytest.mark.parametrize(
    "fault",
    [
        status(500, is_charged=True),
        status(504, is_charged=True),
        lost_answer(),
        lost_request(),
        broken_answer(Break.MALFORMED),
        broken_answer(Break.HTML),
        broken_answer(Break.TRUNCATED),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.is_charged}",
)
async def test_a_submit_without_a_usable_answer_is_never_sent_again(
    tmp_path: Path, model: str, fault: AnswerFault
) -> None:
    """D4, D7, D8: sent, and nobody knows. Not sent again; told; the money stays reserved, then is presumed."""
    async with scene(tmp_path) as play:
        gateway = model.partition("/")[0]
        play.rig.gateways.faults.next(gateway, fault)
        use = await play.ask(model=model)
        text = await play.says(use, RESERVED)
        assert "not sent again by itself" in text
        job = await play.until_state(State.UNKNOWN)
        hold = await held(play.house)
        await play.later(minutes=60)
        await play.ends_well(held_ticks=hold)
        assert len(play.rig.gateways.book.charges) == int(fault.is_charged)
        await play.later(minutes=24 * 60)
        await play.until_state(State.FAILED)
        assert job.attempt == 1
        assert await spent(play.house) == hold >= play.rig.booked()
        await play.ends_well()


@pytest.mark.parametrize("model", [PIXAZO, LOCUS])
async def test_a_definite_no_costs_nothing_and_says_so(tmp_path: Path, model: str) -> None:
    """D10: the key, the purse or the parameters are wrong; the gateway's own words stay out of sight."""
    async with scene(tmp_path) as play:
        told = {"error": "internal detail 4711", "message": "internal detail 4711"}
        for code in (400, 401, 402, 403, 404):
            play.rig.gateways.faults.next(model.partition("/")[0], status(code, body=told))
            text = await play.says(await play.ask(model=model), NOT_CHARGED)
            assert "4711" not in text
            await play.later(minutes=11)  # the longest that an account's trouble keeps others away
        assert {job.state for job in await play.ends_well()} == {State.FAILED}
        await play.draws_again()


@pytest.mark.parametrize("model", [PIXAZO, LOCUS])
async def test_a_prompt_that_the_gateway_refuses_costs_nothing(tmp_path: Path, model: str) -> None:
    """D17: refused at the door."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next(model.partition("/")[0], outcome(Outcome.MODERATED, is_charged=False))
        text = await play.says(await play.ask(model=model), NOT_CHARGED)
        assert "refused this prompt" in text
        await play.ends_well()


async def test_a_moderated_answer_that_was_charged_is_booked(tmp_path: Path) -> None:
    """B15: Locus charges, withholds the picture and says what it took."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("locus", outcome(Outcome.MODERATED))
        text = await play.says(await play.ask(model=LOCUS), "It cost $0.023")
        assert "refused this prompt" in text
        await play.ends_well()


async def test_an_answer_without_a_picture_that_was_charged_is_booked(tmp_path: Path) -> None:
    """E6 where the answer names the price."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("locus", outcome(Outcome.EMPTY))
        await play.says(await play.ask(model=LOCUS), "It cost $0.023")
        await play.ends_well()


async def test_a_failed_upstream_that_was_not_charged_is_tried_again(tmp_path: Path) -> None:
    """D7: Locus says 502, and in its own words that nothing was charged."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next("locus", outcome(Outcome.ERROR))
        use = await play.ask(model=LOCUS)
        await play.until_failed_once()
        await play.later(seconds=3)
        await play.posted(use)
        (job,) = await play.ends_well()
        assert REFUND_HANDLE in await play.shown(job)


async def test_a_call_that_waits_for_an_approval_blocks_nobody_and_ends_honestly(tmp_path: Path) -> None:
    """Locus answers 202: no result, never submitted again; others draw on; after its hour nobody knows."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.when("dear", outcome(Outcome.PENDING_APPROVAL))
        uses = [await play.ask("dear", model=LOCUS) for _ in range(3)]
        await play.until(lambda found: [job.state for job in found] == [State.WAITING] * 3)
        await play.posted(await play.ask("cheap", by=play.bo, model=LOCUS))
        before = await held(play.house)
        assert before == 3 * usd("0.033")
        await play.later(minutes=61)
        await play.until(lambda found: sum(job.state is State.UNKNOWN for job in found) == 3)
        await play.ends_well(held_ticks=before)
        # The cards are out of reach by then: each member is told in the channel, with a ping.
        told = [one for one in play.rig.sandbox.channel("general").messages if RESERVED in one.plain_text()]
        assert len(told) == len(uses)
        assert all(one.pinged == (play.ana.id,) for one in told)


async def test_pictures_inside_the_answer_are_taken(tmp_path: Path) -> None:
    """Base64 instead of addresses, from both gateways."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.when("", outcome(Outcome.BASE64))
        for model in (PIXAZO, LOCUS):
            post = await play.posted(await play.ask(model=model, count=2))
            assert len(post.pictures()) == 2
        assert play.rig.gateways.cdn.fetches == []
        await play.ends_well()


async def test_many_jobs_over_a_gateway_that_fails_a_third_of_its_answers_all_end(tmp_path: Path) -> None:
    """E1 in bulk: twelve requests, faults of every kind among their polls; each is drawn once and posted once."""
    async with scene(tmp_path, EASEL_MEMBER_JOBS="20", EASEL_MEMBER_DAILY_USD="5") as play:
        faults = (status(500, at=POLL), status(429, at=POLL), lost_answer(at=POLL), broken_answer(Break.HTML, at=POLL))
        for fault in faults * 2:
            play.rig.gateways.faults.next("pixazo", fault)
        uses = [await play.ask(f"number {number}") for number in range(12)]
        await play.until(lambda found: len(found) == len(uses))
        await _drive(play)
        for use in uses:
            await play.posted(use)
        jobs = await play.ends_well()
        assert len(play.rig.posts()) == len(jobs) == len(play.rig.gateways.book.charges) == 12


async def _drive(play: Scene) -> None:
    """Puts the time forward again and again until every job has ended.

    Each step leaves the bot a moment, or on a busy machine the cards' quarter of an hour would be over before it.
    """
    while not all(job.has_ended for job in await play.jobs()):
        await play.later(seconds=2)
        await asyncio.sleep(0.05)
        await play.until(lambda found: any(job.lease_owner is None for job in found))

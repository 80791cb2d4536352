"""A gateway that surely took nothing: the next one draws, the hold is at its price, and the card says so.

After anything doubtful nothing is sent anywhere else (D16).
"""

import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.core.ids import JobId, hold_id_of
from bot.jobs.looks import store as looks
from bot.jobs.model import State
from bot.ledger import store as ledger
from bot.ledger.model import Entry
from sandbox.gateways import EVERY, Outcome, Step, lost_answer, outcome, status
from sandbox.gateways.locus import PAYMENT_ID
from tests.e2e.rig import held, rig, spent
from tests.e2e.scene import LOCUS, Scene, scene

CHEAPEST, NEXT = "locus", "pixazo"


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def entries(play: Scene, job_id: JobId) -> Sequence[Entry]:
    return await play.house.database.read(lambda reader: ledger.entries_of(reader, hold_id_of(job_id)))


async def moves(play: Scene, job_id: JobId) -> list[str]:
    """From where to where the job went, as its log tells."""
    events = await play.house.database.read(lambda reader: looks.events_of(reader, job_id))
    return [(one.note or "").split(":")[0] for one in events if (one.note or "").startswith("from ")]


@pytest.mark.parametrize("code", [401, 402, 403, 429])
async def test_a_gateway_that_turns_a_request_away_is_followed_by_the_next(tmp_path: Path, code: int) -> None:
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next(CHEAPEST, status(code))
        use = await play.ask(model=None)
        post = await play.posted(use)
        (job,) = await play.ends_well()

        assert job.provider == NEXT
        assert "via Pixazo" in post.plain_text()
        assert any("Locus did not take it and charged nothing" in one.plain_text() for one in use.history)
        assert [charge.provider for charge in play.rig.gateways.book.charges] == [NEXT]
        assert await moves(play, job.id) == ["from locus to pixazo"]
        booked = await entries(play, job.id)
        assert [one.kind for one in booked] == ["hold", "reprice", "post"]
        assert booked[1].amount > booked[0].amount
        assert booked[2].amount == await spent(play.house) == play.rig.booked()
        assert await held(play.house) == 0


async def test_the_handle_for_a_refund_stays_with_the_job_that_goes_on(tmp_path: Path) -> None:
    """Each 502 of Locus names its own; whoever wants the money back needs it, wherever the job was drawn in the end."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next(CHEAPEST, outcome(Outcome.ERROR))
        await play.posted(await play.ask(model=None))
        (job,) = await play.ends_well()
        assert job.provider == NEXT
        assert f"payment {PAYMENT_ID}" in await play.shown(job)


async def test_a_gateway_that_refuses_connections_is_followed_by_the_next(tmp_path: Path) -> None:
    """D3: nothing was sent."""
    async with scene(tmp_path, EASEL_LOCUS_BASE_URL=f"http://127.0.0.1:{closed_port()}") as play:
        post = await play.posted(await play.ask(model=None))
        assert "via Pixazo" in post.plain_text()
        await play.ends_well()


async def test_an_answer_that_was_lost_is_never_made_good_elsewhere(tmp_path: Path) -> None:
    """D16: the first may have drawn and charged, as it did here."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next(CHEAPEST, lost_answer())
        use = await play.ask(model=None)
        text = await play.says(use, "no answer came")
        job = await play.until_state(State.UNKNOWN)

        assert "not sent again by itself" in text
        assert job.provider == CHEAPEST
        assert [charge.provider for charge in play.rig.gateways.book.charges] == [CHEAPEST]
        assert play.rig.posts() == []


async def test_a_model_that_was_named_with_its_gateway_is_drawn_there_or_not_at_all(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next(CHEAPEST, status(401))
        use = await play.ask(model=LOCUS)
        assert "You were **not** charged" in await play.says(use, "does not accept this bot's account")
        (job,) = await play.ends_well()
        assert (job.state, job.provider) == (State.FAILED, CHEAPEST)
        assert play.rig.booked() == await spent(play.house) == 0


async def test_the_next_gateway_is_not_taken_where_its_price_is_over_a_limit(tmp_path: Path) -> None:
    """The hold would not fit: the request stays where it is, is put off, and waits for the cheaper one."""
    async with scene(tmp_path, EASEL_MEMBER_DAILY_USD="0.045") as play:
        play.rig.gateways.faults.next(CHEAPEST, status(429, retry_after="30"))
        use = await play.ask(model=None)
        text = await play.says(use, "asked again")
        assert "Locus did not take" not in text
        await play.later(seconds=31)
        post = await play.posted(use)
        assert "via Locus" in post.plain_text()
        (job,) = await play.ends_well()
        assert await moves(play, job.id) == []


async def test_five_gateways_fail_one_after_another_and_the_last_one_draws(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY, EASEL_MEMBER_DAILY_USD="2") as play:
        offers = {offer.provider for offer in play.house.services.registry.offers()}
        assert offers == set(EVERY)
        for name in EVERY:
            play.rig.gateways.faults.when("storm", status(429), gateway=name)
        use = await play.ask("a calm sea", model=None)
        cheapest = (await play.posted(use)).plain_text()
        assert "via" in cheapest

        use = await play.ask("a storm", model=None)
        text = await play.says(use, "asked again")
        job = next(job for job in await play.jobs() if job.state is State.QUEUED)
        assert text.count(",") >= 2
        assert len(await moves(play, job.id)) == len(EVERY) - 1
        play.rig.gateways.faults.clear()
        await play.later(seconds=70)
        post = await play.posted(use)
        assert "a storm" in post.plain_text()
        last = (await moves(play, job.id))[-1].split()[-1]
        assert [charge.provider for charge in play.rig.gateways.book.charges][-1] == last
        await play.ends_well()


async def test_a_gateway_that_is_ill_is_passed_over_and_found_again_by_one_probe(tmp_path: Path) -> None:
    """D10, E7: the account is refused once, and nobody asks there until its rest is over; then one goes first."""
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next(CHEAPEST, status(401))
        await play.posted(await play.ask("first", model=None))
        post = await play.posted(await play.ask("second", model=None))
        assert "via Pixazo" in post.plain_text()
        assert [len(await moves(play, job.id)) for job in await play.jobs()] == [1, 0]

        await play.later(seconds=70)
        post = await play.posted(await play.ask("third", model=None))
        assert "via Locus" in post.plain_text()
        await play.ends_well()


async def test_where_only_an_ill_gateway_could_do_it_the_member_hears_so_at_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next(CHEAPEST, status(401))
        await play.says(await play.ask(model=LOCUS), "does not accept")
        text = await play.refused(await play.ask("again", model=LOCUS))
        assert "not available" in text
        assert len(await play.jobs()) == 1


async def test_a_request_that_was_cancelled_meanwhile_goes_nowhere(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        play.rig.gateways.faults.next(CHEAPEST, status(429, at=Step.SUBMIT, retry_after="60"))
        use = await play.ask(model=LOCUS)
        await play.says(use, "asked again")
        await play.ana.press(use.response, "Cancel")
        await play.says(use, "Cancelled")
        (job,) = await play.ends_well()
        assert job.state is State.CANCELLED
        assert play.rig.booked() == 0


@pytest.mark.parametrize("model", [None, "pixazo/grok-imagine-quality"])
async def test_a_gateway_that_is_switched_off_leaves_nobody_waiting(tmp_path: Path, model: str | None) -> None:
    """Queued for it, then a start without its key: the next one draws, or the member hears that nothing was charged."""
    async with rig(tmp_path, EASEL_PROVIDER_ORDER="pixazo") as stage:
        ana = stage.sandbox.person("ana")
        async with stage.bot(EASEL_LOCUS_API_KEY="", EASEL_MEMBER_DAILY_USD="2") as house:
            stage.gateways.faults.next("pixazo", status(429, retry_after="1"), times=9)
            use = await ana.command("imagine", prompt="a fox", model=model)
            await use.wait_until(lambda message: "asked again" in message.plain_text(), timeout_s=8)
            assert house.services.registry.names == ("pixazo",)
        async with stage.bot(EASEL_PIXAZO_API_KEY="", EASEL_MEMBER_DAILY_USD="2") as house:
            said = "Posted: " if model is None else "switched off"
            card = await use.wait_until(lambda message: said in message.plain_text(), timeout_s=15)
            (job,) = await stage.settle(house)
            assert job.state is (State.DONE if model is None else State.FAILED)
            assert model is None or "You were **not** charged" in card.plain_text()
            assert await spent(house) == stage.booked()
            await stage.assert_sound(house)

"""`/ask`, the whole way: answered, streamed, split, priced, private, cancelled, moved on; over every gateway."""

import asyncio
import base64
import itertools
from pathlib import Path
from typing import Any

import pytest

from bot.core.money import usd
from bot.jobs.model import State
from bot.services.ask.live import EDIT_EVERY_S
from bot.ui.keeper import EDIT_EVERY_S as CARDS_EVERY_S
from sandbox.discord import LoseAnswer, Permission, Upload
from sandbox.gateways import EVERY, Outcome, lost_answer, outcome, says, status
from sandbox.gateways.locus import PAYMENT_ID
from tests.e2e.handing import Gatekeeper, drawing
from tests.e2e.rig import held, spent
from tests.e2e.scene import WAIT_S, SteadyClock, scene
from tests.e2e.talking import LOCUS, XAI, Turns, answered, ask, continued, shown, until_shown


@pytest.mark.parametrize(("model", "said"), [(XAI, "via xAI"), (LOCUS, "via Locus")])
async def test_a_question_is_answered_in_public_and_paid(tmp_path: Path, model: str, said: str) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        use = await ask(play, "Why is the sky blue?", model=model)
        (post,) = await answered(play, use)
        (job,) = await play.ends_well()

        assert job.state is State.DONE
        assert "It cost $0." in use.response.plain_text()
        assert any("about $0." in one.plain_text() and "at most $0." in one.plain_text() for one in use.history)
        assert post.content.startswith("> Why is the sky blue?\n")
        assert "You asked: Why is the sky blue?" in post.content
        assert said in post.content
        assert job.id[:6] in post.content
        assert [button.label for button in post.buttons()][::2] == ["Continue…", "Forget"]
        assert str(post.buttons()[1].label).startswith("Read aloud · $0.0")
        assert post.pinged == ()
        assert not post.now.is_v2
        assert "must never read" not in "".join(one.plain_text() for one in post.history)
        assert await spent(play.house) == play.rig.booked() > 0
        assert await held(play.house) == 0


async def test_a_streamed_answer_fills_its_message_and_the_edits_are_seen(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        turns = Turns(play.rig.gateways)
        use = await ask(play, "tell me slowly")
        turns.go_on(3)
        first = await until_shown(play, "This is the")
        assert "still writing" in first.content
        assert "sandbox" not in first.content
        assert [button.label for button in first.buttons()] == ["Cancel"]
        turns.go_on(4)
        assert (await until_shown(play, "You asked:")).id == first.id
        turns.finish()
        (post,) = await answered(play, use)
        await play.ends_well()

        assert post.id == first.id
        assert len(post.history) >= 3
        assert "still writing" not in post.content
        assert not any("must never read" in one.content for one in post.history)


async def test_the_edits_of_a_streamed_answer_keep_their_distance(tmp_path: Path) -> None:
    """As the bot is set up outside of tests, by the moments at which Discord took the edits."""
    async with scene(tmp_path, names=EVERY, clock=SteadyClock(), edit_every_s=CARDS_EVERY_S) as play:
        turns = Turns(play.rig.gateways)
        play.rig.gateways.faults.next("xai", says("word " * 2_000))
        use = await ask(play, "tell me slowly")
        turns.go_on(3)
        post = await until_shown(play, "still writing")
        async with asyncio.timeout(WAIT_S):
            while len(post.history) < 3:
                turns.go_on()
                await asyncio.sleep(0.01)
        moments = [version.at for version in post.history]
        turns.finish()
        await answered(play, use)
        await play.ends_well()
        gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
        assert len(gaps) == 2
        assert all(gap >= round(EDIT_EVERY_S * 1_000) - 1 for gap in gaps)  # each moment is rounded
        assert EDIT_EVERY_S == 1.5


@pytest.mark.parametrize(
    ("search", "model", "asked"),
    [
        ("web", LOCUS, "/web-search"),
        ("X", LOCUS, "/x-search"),
        ("code", LOCUS, "/code-execution"),
        ("web", XAI, '"web_search"'),
        ("X", XAI, '"x_search"'),
    ],
)
async def test_a_search_comes_with_its_sources_and_none_is_unfurled(
    tmp_path: Path, search: str, model: str, asked: str
) -> None:
    async with scene(tmp_path, names=EVERY, EASEL_MEMBER_DAILY_USD="2") as play:
        gate = Gatekeeper(play)
        use = await ask(play, "what is new?", model=model, search=search)
        (post,) = await answered(play, use)
        await play.ends_well()
        (sent,) = [f"{one.path} {one.body.decode()}" for one in gate.seen if one.method == "POST"]
        assert asked in sent
        assert "1. " in post.content
        assert "<https://docs.example/one>" in post.content
        assert post.now.flags & 4
        told = {"web": "searches the web", "X": "searches X", "code": "searches with code"}[search]
        assert any(told in one.plain_text() for one in use.history)


@pytest.mark.parametrize("model", [XAI, LOCUS])
async def test_a_picture_goes_with_the_question_and_with_what_comes_after_it(tmp_path: Path, model: str) -> None:
    async with scene(tmp_path, names=EVERY, EASEL_MEMBER_DAILY_USD="2") as play:
        gate, data = Gatekeeper(play), drawing()
        use = await ask(play, "what is on it?", image=Upload(filename="cat.png", data=data), model=model)
        (post,) = await answered(play, use)
        await answered(play, await continued(play, play.ana, post, "and behind it?"))
        await play.ends_well()
        first, second = [one.body.decode() for one in gate.seen if one.method == "POST"]
        for body, question in ((first, "what is on it?"), (second, "and behind it?")):
            assert base64.b64encode(data).decode() in body
            assert question in body


async def test_what_is_no_picture_is_refused_before_any_money_is_held(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        use = await ask(play, image=Upload(filename="cat.png", data=b"MZ this is a program"))
        await play.refused(use)
        assert await play.ends_well() == ()
        assert shown(play) == []


async def test_a_private_answer_is_seen_by_its_member_alone(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        turns = Turns(play.rig.gateways)
        use = await ask(play, "a secret?", private=True)
        turns.go_on(4)
        assert "still writing" in await play.says(use, "This is the")
        turns.finish()
        text = await play.says(use, "Only you see this")
        (job,) = await play.ends_well()

        assert job.state is State.DONE
        assert "You asked: a secret?" in text
        assert "grok" in text.casefold()
        assert shown(play) == []
        assert use.response.is_ephemeral
        assert [button.label for button in use.response.buttons()][::2] == ["Continue…", "Forget"]


async def test_what_is_written_of_a_private_answer_stays_on_its_card_however_long_it_takes(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        turns = Turns(play.rig.gateways)
        use = await ask(play, "a secret?", private=True)
        turns.go_on(4)
        await play.says(use, "This is the")
        told = len(use.history)
        await play.later(seconds=15)  # overdue
        await use.wait_until(lambda message: len(message.history) > told, timeout_s=WAIT_S)
        assert "This is the" in await play.says(use, "still writing")
        await play.later(minutes=13)
        assert "This is the" in await play.says(use, "by direct message")
        await play.ana.press(use.response, "Cancel")
        await play.says(use, "Cancelling")
        turns.finish()
        await play.says(use, "You had cancelled")
        await play.ends_well()


async def test_a_long_private_answer_comes_as_a_file_on_the_card(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next("xai", says("x" * 15_000))
        use = await ask(play, "at length", private=True)
        await play.says(use, "all of it is in the file")
        await play.ends_well()
        (file,) = use.response.attachments
        assert file.filename.endswith(".md")
        assert file.data.decode().count("x") >= 15_000


async def test_a_long_answer_is_split_and_its_last_message_has_the_buttons(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        text = "Look:\n```python\n" + "".join(f"print({n})\n" for n in range(400)) + "```\nThat was it."
        play.rig.gateways.faults.next("xai", says(text))
        posts = await answered(play, await ask(play))
        await play.ends_well()

        assert len(posts) > 1
        assert all(len(post.content) <= 2_000 for post in posts)
        assert all(post.content.count("```") % 2 == 0 for post in posts)
        assert [bool(post.buttons()) for post in posts] == [False] * (len(posts) - 1) + [True]
        whole = "\n".join(post.content for post in posts)
        assert all(f"print({n})" in whole for n in range(400))


async def test_an_answer_beyond_the_bound_comes_as_a_file_with_its_beginning(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next("locus", says("x" * 40_000))
        (post,) = await answered(play, await ask(play, model=LOCUS))
        await play.ends_well()
        (file,) = post.attachments
        assert "all of it is in the file" in post.content
        assert "x" * 40_000 in file.data.decode()
        assert len(post.content) <= 2_000


@pytest.mark.parametrize(
    "text",
    [
        "@everyone @here <@&1> look at this",
        "````md\n```js\ncode\n```\n````\nafter",
        "never closed ```rust\nfn main() {",
        "[your bank](https://evil.example/login) and https://discord.gg/abcdef",
        "-# <@1> · Grok 4.3 via xAI · 0 s · $0.00 · job `abcdef`\n> quoted\n# heading",
        "\u202egnp.exe \x00\x07",
    ],
)
async def test_whatever_a_model_says_it_pings_nobody_and_breaks_nothing(tmp_path: Path, text: str) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next("locus", says(text))
        posts = await answered(play, await ask(play, model=LOCUS))
        await play.ends_well()
        for post in posts:
            assert post.pinged == ()
            assert not post.pings_everyone
            assert post.content.count("```") % 2 == 0
            assert "\u202e" not in post.content
        whole = "\n".join(post.content for post in posts)
        assert "](https" not in whole
        assert "discord.gg/" not in whole
        if "bank" in text:
            assert "your bank (<https://evil.example/login>)" in whole


@pytest.mark.parametrize(("model", "kind"), [(XAI, Outcome.EMPTY), (LOCUS, Outcome.EMPTY), (LOCUS, Outcome.MODERATED)])
async def test_an_empty_answer_ends_honestly_and_its_price_counts(tmp_path: Path, model: str, kind: Outcome) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next(model.split("/", maxsplit=1)[0], outcome(kind))
        use = await ask(play, model=model)
        text = await play.says(use, "It cost")
        (job,) = await play.ends_well()
        assert job.state is State.FAILED
        assert "picture" not in text
        assert shown(play) == []


async def test_a_lost_answer_is_never_asked_for_again(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next("locus", lost_answer())
        use = await ask(play, model=LOCUS)
        assert "not sent again by itself" in await play.says(use, "no answer came")
        await play.until_state(State.UNKNOWN)
        assert len(play.rig.gateways.book.charges) == 1
        assert shown(play) == []


@pytest.mark.parametrize("code", [401, 402, 429])
async def test_a_gateway_that_turns_a_question_away_is_followed_by_the_next(tmp_path: Path, code: int) -> None:
    async with scene(tmp_path, names=EVERY, scale=0.05) as play:  # slow enough for the card to be seen
        play.rig.gateways.faults.next("xai", status(code))
        use = await ask(play, model=None)
        (post,) = await answered(play, use)
        await play.ends_well()
        assert "via Locus" in post.content
        assert any("xAI did not take it and charged nothing" in one.plain_text() for one in use.history)
        assert [charge.provider for charge in play.rig.gateways.book.charges] == ["locus"]


async def test_the_handle_for_a_refund_stays_with_the_question(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next("locus", outcome(Outcome.ERROR))
        use = await ask(play, model=LOCUS)
        await play.until_failed_once()
        await play.later(seconds=3)
        await answered(play, use)
        (job,) = await play.ends_well()
        assert f"payment {PAYMENT_ID}" in await play.shown(job)


async def test_a_model_that_was_named_with_its_gateway_is_asked_there_alone(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next("xai", status(401))
        use = await ask(play, model=XAI)
        text = await play.says(use, "does not accept this bot's account")
        assert "You were **not** charged" in text
        await play.ends_well()
        assert play.rig.booked() == 0


async def test_a_question_that_was_put_off_is_asked_again(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next("xai", status(429, retry_after="30"))
        use = await ask(play)
        await play.says(use, "asked again")
        await play.later(seconds=31)
        await answered(play, use)
        await play.ends_well()


async def test_a_cancelled_stream_is_taken_back_and_comes_to_its_member_alone(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        turns = Turns(play.rig.gateways)
        use = await ask(play, "never mind")
        turns.go_on(4)
        await until_shown(play, "This is the")
        await play.ana.press(use.response, "Cancel")
        await play.says(use, "Cancelling")
        turns.finish()
        assert "You asked: never mind" in await play.says(use, "You had cancelled")
        (job,) = await play.ends_well()
        assert job.state is State.CANCELLED
        assert shown(play) == []


async def test_a_question_in_line_is_cancelled_at_once(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY, EASEL_GUILD_JOBS="1") as play:
        turns = Turns(play.rig.gateways)
        first = await ask(play, "first")
        await play.says(first, "answering")
        use = await ask(play, "second")
        await play.says(use, "in line")
        await play.ana.press(use.response, "Cancel")
        assert "You were **not** charged" in await play.says(use, "Cancelled")
        turns.finish()
        await play.ends_well()


async def test_a_stream_that_breaks_off_says_so_where_it_stood(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        turns = Turns(play.rig.gateways)
        use = await ask(play, "half of it")
        turns.go_on(4)
        await until_shown(play, "This is the")

        async def cut() -> None:
            raise ConnectionResetError

        play.rig.gateways.xai.between_events = cut
        turns.go_on(1)
        await play.says(use, "Nobody knows")
        broken = await until_shown(play, "broke off")
        assert broken.buttons() == []
        assert "This is the" not in broken.content


async def test_an_answer_whose_channel_is_closed_meanwhile_reaches_its_member(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        turns = Turns(play.rig.gateways)
        use = await ask(play)
        await play.says(use, "answering")
        play.rig.sandbox.take_permission(Permission.SEND_MESSAGES)
        turns.finish()
        assert "You asked" in await play.says(use, "Only you see this")
        await play.ends_well()


async def test_no_answer_is_bought_that_cannot_be_posted(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.sandbox.take_permission(Permission.SEND_MESSAGES)
        assert "cannot post" in await play.refused(await ask(play))
        private = await ask(play, private=True)
        await play.says(private, "Only you see this")
        await play.ends_well()


async def test_a_late_answer_pings_its_member(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        turns = Turns(play.rig.gateways)
        use = await ask(play, "slow")
        await play.says(use, "answering")
        await play.later(minutes=16)
        turns.go_on(6)
        turns.finish()
        post = await until_shown(play, "your answer is here")
        assert len(post.history) == 1
        assert post.pinged == (play.ana.id,)
        await play.ends_well()


@pytest.mark.parametrize("is_lost", [False, True])
async def test_an_answer_that_fills_its_place_beyond_the_cards_time_pings_its_member_once(
    tmp_path: Path, *, is_lost: bool
) -> None:
    """No edit pings: a short reply below it does, also where Discord's answer to that one is lost."""
    async with scene(tmp_path, names=EVERY) as play:
        turns = Turns(play.rig.gateways)
        await ask(play, "slow")
        turns.go_on(4)
        answer = await until_shown(play, "This is the")
        await play.later(minutes=16)
        if is_lost:
            play.rig.sandbox.faults.next("POST", "*/messages", LoseAnswer())
        turns.finish()
        call = await until_shown(play, "your answer is complete")
        if is_lost:
            await play.until(lambda found: found[0].failures > 0)
            await play.later(minutes=6)  # beyond the time of a nonce
        await play.ends_well()
        assert [one.id for one in shown(play)] == [answer.id, call.id]
        assert call.pinged == (play.ana.id,)
        assert call.reply_to == answer.id
        assert "You asked: slow" in answer.content
        assert "your answer" not in answer.content


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"question": "\u200b "}, "question is empty"),
        ({"question": "x", "model": "grok-99"}, "no such model"),
        ({"question": "x", "model": "grok-3", "search": "web"}, "with that search"),
    ],
)
async def test_what_cannot_be_asked_is_refused_for_nothing(tmp_path: Path, options: dict[str, Any], told: str) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        assert told in await play.refused(await play.ana.command("ask", **options))
        assert await play.ends_well() == ()


async def test_a_question_over_a_limit_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY, EASEL_MEMBER_DAILY_USD="0.01") as play:
        assert "budget" in await play.refused(await ask(play))
        assert await play.ends_well() == ()
        assert await held(play.house) == 0


async def test_models_are_suggested_with_their_prices(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        found = await play.ana.autocomplete("ask", "model", "4.3", question="x")
        assert [one.value for one in found] == [XAI]
        assert "about $0.0" in found[0].name


async def test_a_command_that_the_gateway_brings_twice_is_answered_once(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.sandbox.gateway.duplicate_next()
        await answered(play, await ask(play))
        await play.ends_well()
        assert len(shown(play)) == 1
        assert len(play.rig.gateways.book.charges) == 1


async def test_a_call_that_waits_for_an_approval_waits_and_then_nobody_knows(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next("locus", outcome(Outcome.PENDING_APPROVAL))
        use = await ask(play, model=LOCUS)
        await play.says(use, "approves it")
        await play.later(minutes=5)
        await play.later(minutes=61)
        await play.until_state(State.UNKNOWN)
        await play.later(minutes=25 * 60)
        (job,) = await play.until(lambda found: found[0].has_ended)
        assert job.state is State.FAILED
        assert await held(play.house) == 0
        assert await spent(play.house) > usd("0.01")


async def test_a_question_in_a_thread_is_answered_there(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        use = await play.ana.command("ask", channel="poster-jam", question="here?", model=XAI)
        await play.says(use, "Posted: ")
        await play.ends_well()
        (post,) = shown(play, "poster-jam")
        assert "here?" in post.content
        assert shown(play) == []
        assert play.rig.sandbox.channel("general").id != post.channel_id

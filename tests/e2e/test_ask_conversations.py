"""Going on from an answer: by Continue…, by a reply with its mention, in branches, after a restart, until Forget."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bot.db import Reader
from bot.jobs.model import State
from sandbox.discord import Message, Permission, Upload
from sandbox.gateways import EVERY, Outcome, lost_answer, outcome, says, status
from sandbox.gateways.faults import Fault
from sandbox.gateways.server import Watched
from tests.e2e.handing import drawing, edit
from tests.e2e.rig import rig
from tests.e2e.scene import NOT_CHARGED, WAIT_S, Scene, scene
from tests.e2e.talking import XAI, Turns, answered, ask, continued, pressed, shown, until_shown


class Wire:
    """What the gateways were asked."""

    def __init__(self, play: Scene) -> None:
        self._seen: list[Watched] = []
        play.rig.gateways.on_request = self._seen.append

    def last(self) -> list[str]:
        """The texts of the last question's messages, without the system's."""
        bodies = [json.loads(one.body) for one in self._seen if one.method == "POST"]
        found: list[dict[str, Any]] = [one for one in bodies if "messages" in one][-1]["messages"]
        return [str(one["content"]) for one in found if one["role"] != "system"]


async def texts(play: Scene) -> list[tuple[str | None, str | None]]:
    """Every stored question with its answer, oldest first."""

    def look(reader: Reader) -> list[tuple[str | None, str | None]]:
        rows = reader.all("SELECT question, answer FROM turn ORDER BY created_at, job_id")
        return [(row["question"], row["answer"]) for row in rows]

    return await play.house.database.read(look)


async def first_answer(play: Scene, question: str = "one?") -> Message:
    (post,) = await answered(play, await ask(play, question))
    return post


async def reply(play: Scene, to: Message, text: str, *, by: str = "ana", channel: str = "general") -> Message:
    """Replies to an answer, with the mention that a reply carries, and waits for the answer to that."""
    play.rig.sandbox.person(by).say(text, reply_to=to, channel=channel)
    return await until_answered(play, text, channel=channel)


async def until_answered(play: Scene, text: str, *, channel: str = "general") -> Message:
    def look() -> Message | None:
        found = [
            one for one in shown(play, channel) if f"You asked: {text[:200]}" in one.content and len(one.buttons()) > 1
        ]
        return found[-1] if found else None

    return await play.rig.sandbox.world.until(look, WAIT_S, f"an answer to {text!r}")


async def test_continue_goes_on_with_what_was_said(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        wire = Wire(play)
        post = await first_answer(play)
        use = await continued(play, play.ana, post, "two?")
        (second,) = await answered(play, use)
        assert any("with 1 earlier question" in one.plain_text() for one in use.history)
        assert "You asked: two?" in second.content
        said = wire.last()
        assert said[0] == "one?"
        assert "You asked: one?" in said[1]
        assert said[2] == "two?"
        await play.ends_well()


async def test_two_forms_with_the_same_question_at_once_make_one_job_and_one_charge(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await first_answer(play)
        forms = [await pressed(play, play.ana, post, "Continue") for _ in range(2)]
        for form in forms:
            await form.opened(WAIT_S)
        uses = await asyncio.gather(*(play.ana.submit_modal(form, {"question": "two?"}) for form in forms))
        for use in uses:
            await use.answered(WAIT_S)
        assert len(await play.ends_well()) == 2
        assert sorted(NOT_CHARGED in use.response.plain_text() for use in uses) == [False, True]
        assert len(play.rig.gateways.book.charges) == 2

        await play.later(seconds=5)
        await answered(play, await continued(play, play.ana, post, "two?"))
        assert len(await play.ends_well()) == 3


async def test_a_reply_to_an_answer_goes_on_and_its_answer_replies_to_it(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        wire = Wire(play)
        post = await first_answer(play)
        asked = play.bo.say("two?", reply_to=post)
        answer = await until_answered(play, "two?")
        (_, job) = await play.ends_well()

        assert answer.reply_to == asked.id
        assert not answer.content.startswith(">")
        assert answer.pinged == ()
        assert "thinking … · about $0." in answer.history[0].content
        assert f"<@{play.bo.id}>" in answer.content
        assert wire.last()[0] == "one?"
        assert (job.state, job.member_id) == (State.DONE, play.bo.id)


async def test_replies_to_different_answers_branch(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        wire = Wire(play)
        post = await first_answer(play)
        left = await reply(play, post, "left?")
        await reply(play, post, "right?", by="bo")
        assert [one for one in wire.last() if one.endswith("?") and "You asked" not in one] == ["one?", "right?"]
        await reply(play, left, "further left?")
        assert [one for one in wire.last() if one.endswith("?") and "You asked" not in one] == [
            "one?",
            "left?",
            "further left?",
        ]
        await play.ends_well()


async def test_a_reply_that_the_gateway_brings_twice_is_answered_once(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await first_answer(play)
        asked = play.ana.say("two?", reply_to=post)
        gateway = play.rig.sandbox.gateway
        for session in gateway.connected:
            session.dispatch("MESSAGE_CREATE", session.sent[-1]["d"])
        await until_answered(play, "two?")
        await play.ends_well()
        assert len([one for one in shown(play) if one.reply_to == asked.id]) == 1


async def test_what_is_no_reply_to_an_answer_is_left_alone(tmp_path: Path) -> None:
    """A talk among people, a mention out of the blue, a reply that does not mention the bot."""
    async with scene(tmp_path, names=EVERY) as play:
        post = await first_answer(play)
        me = play.rig.sandbox.world.application_id
        mine = play.bo.say("hello")
        play.ana.say("you too", reply_to=mine)
        play.ana.say(f"<@{me}> hi")
        play.rig.sandbox.world.post(
            Message(
                id=play.rig.sandbox.world.snowflakes.new(),
                channel_id=post.channel_id,
                author_id=play.bo.id,
                versions=[mine.now],
                reply_to=post.id,
            )
        )
        await reply(play, post, "last?")
        assert len(await play.jobs()) == 2
        await play.ends_well()


async def test_a_conversation_outlives_a_restart_and_so_do_its_buttons(tmp_path: Path) -> None:
    async with rig(tmp_path, names=EVERY) as stage:
        ana = stage.sandbox.person("ana")
        async with stage.bot() as house:
            play = Scene(rig=stage, house=house, ana=ana, bo=stage.sandbox.person("bo"))
            post = await first_answer(play)
            opened = await pressed(play, ana, post, "Continue")
            await opened.opened(WAIT_S)
        async with stage.bot() as house:
            play = Scene(rig=stage, house=house, ana=ana, bo=stage.sandbox.person("bo"))
            wire = Wire(play)
            (second,) = await answered(play, await ana.submit_modal(opened, {"question": "two?"}))
            assert wire.last()[0] == "one?"
            play.rig.sandbox.clock.forward(minutes=16)
            await reply(play, second, "three?")
            assert len(wire.last()) == 5
            await play.ends_well()


async def test_forget_empties_what_its_member_asked_and_the_books_stay(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await first_answer(play)
        await reply(play, post, "by bo?", by="bo")
        use = await pressed(play, play.ana, post, "Forget")
        assert "deleted 1 question" in (await use.answered(WAIT_S)).plain_text()
        assert [one[0] for one in await texts(play)] == [None, "by bo?"]

        use = await pressed(play, play.ana, post, "Continue")
        assert "do not know this conversation" in (await use.answered(WAIT_S)).plain_text()
        play.ana.say("still there?", reply_to=post)
        told = await until_shown(play, "do not know this conversation")
        assert told.reply_to is not None
        jobs = await play.ends_well()
        assert len(jobs) == 2


async def test_a_moderator_forgets_the_whole_conversation_and_others_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await first_answer(play)
        await reply(play, post, "by bo?", by="bo")
        use = await pressed(play, play.bo, post, "Forget")
        assert "Not your conversation" in (await use.answered(WAIT_S)).plain_text()
        use = await pressed(play, play.rig.sandbox.person("mod"), post, "Forget")
        assert "deleted 2 questions" in (await use.answered(WAIT_S)).plain_text()
        assert await texts(play) == [(None, None), (None, None)]
        use = await pressed(play, play.rig.sandbox.person("mod"), post, "Forget")
        assert "Nothing is left" in (await use.answered(WAIT_S)).plain_text()
        await play.ends_well()


async def test_what_is_forgotten_is_nowhere_in_the_database(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await first_answer(play, "xylophone?")
        use = await pressed(play, play.ana, post, "Forget")
        await use.answered(WAIT_S)

        def tables(reader: Reader) -> str:
            rows = [
                tuple(row)
                for name in ("turn", "job", "job_event", "interaction", "delivery", "entry")
                for row in reader.all(f"SELECT * FROM {name}")  # noqa: S608 - the names above
            ]
            return "\n".join(map(str, rows))

        assert "xylophone" not in await play.house.database.read(tables)
        await play.ends_well()


@pytest.mark.parametrize("by_age", [False, True])
async def test_the_picture_of_a_forgotten_question_goes_with_the_next_clean_up(tmp_path: Path, *, by_age: bool) -> None:
    """Unless something else shows it."""
    async with scene(tmp_path, names=EVERY, EASEL_MEMBER_DAILY_USD="2") as play:
        shown_once, shown_twice = drawing(), drawing((80, 60))
        for data in (shown_once, shown_twice):
            use = await ask(play, "what is on it?", image=Upload(filename="cat.png", data=data))
            (post,) = await answered(play, use)
            if not by_age:
                await (await pressed(play, play.ana, post, "Forget")).answered(WAIT_S)
        await play.later(minutes=31 * 24 * 60 if by_age else 120)
        await play.posted(await edit(play, shown_twice, by=play.bo))
        await play.house.services.talk.conversations.sweep()
        await play.house.retention.sweep()
        left = [file.read_bytes() for file in (play.rig.stage.data_dir / "pictures").rglob("*.png")]
        assert shown_once not in left
        assert shown_twice in left
        await play.ends_well()


async def test_a_conversation_is_forgotten_after_thirty_days(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await first_answer(play)
        await play.later(minutes=31 * 24 * 60)
        play.house.closing.nudge()
        async with asyncio.timeout(WAIT_S):
            while await texts(play) != [(None, None)]:
                await asyncio.sleep(0.01)
        play.ana.say("still there?", reply_to=post)
        await until_shown(play, "do not know this conversation")
        await play.ends_well()


async def test_only_so_much_of_a_long_conversation_goes_along(tmp_path: Path) -> None:
    """The latest of it whole, what does not fit by its end, and nothing from before that."""
    async with scene(tmp_path, names=EVERY, EASEL_MEMBER_DAILY_USD="2") as play:
        wire = Wire(play)
        for letter in "abc":
            play.rig.gateways.faults.next("xai", says(f"{letter * 6_000} is the end of {letter}"))
        (*_, post) = await answered(play, await ask(play, "one?"))
        (*_, post) = await answered(play, await continued(play, play.ana, post, "two?"))
        (*_, post) = await answered(play, await continued(play, play.ana, post, "three?"))
        await answered(play, await continued(play, play.ana, post, "four?"))
        earlier = wire.last()[:-1]
        assert [one for one in earlier if one.endswith("?")] == ["two?", "three?"]
        assert earlier[-1] == f"{'c' * 6_000} is the end of c"
        assert earlier[1].startswith("…bbb")
        assert earlier[1].endswith("b is the end of b")
        assert 11_900 <= sum(map(len, earlier)) <= 12_000
        await play.ends_well()


@pytest.mark.parametrize("by_reply", [False, True])
async def test_an_answer_too_long_to_go_along_whole_is_gone_on_with_from_its_end(
    tmp_path: Path, *, by_reply: bool
) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next("xai", says("x" * 15_000 + " and here it was cut"))
        wire = Wire(play)
        (*_, post) = await answered(play, await ask(play, "one?"))
        if by_reply:
            await reply(play, post, "go on")
        else:
            await answered(play, await continued(play, play.ana, post, "go on"))
        question, answer, last = wire.last()
        assert (question, last) == ("one?", "go on")
        assert answer.endswith("x and here it was cut")
        assert answer.startswith("…")
        assert 11_900 <= len(question) + len(answer) <= 12_000
        await play.ends_well()


async def test_a_private_answer_is_gone_on_with_in_private_and_by_its_member_alone(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        use = await ask(play, "a secret?", private=True)
        await play.says(use, "Only you see this")
        opened = await pressed(play, play.ana, use.response, "Continue")
        await opened.opened(WAIT_S)
        second = await play.ana.submit_modal(opened, {"question": "and more?"})
        await play.says(second, "You asked: and more?")
        assert shown(play) == []
        await play.ends_well()


@pytest.mark.parametrize("fault", ["lost", "empty", "refused"])
async def test_a_reply_whose_answer_does_not_come_is_told_so_in_its_place(tmp_path: Path, fault: str) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await first_answer(play)
        faults: dict[str, Fault] = {"lost": lost_answer(), "empty": outcome(Outcome.EMPTY), "refused": status(400)}
        play.rig.gateways.faults.next("xai", faults[fault])
        asked = play.ana.say("two?", reply_to=post)
        word = {"lost": "Nobody knows", "empty": "It cost", "refused": "**not** charged"}[fault]
        told = await until_shown(play, word)
        assert told.reply_to == asked.id
        assert told.buttons() == []
        if fault != "lost":
            await play.ends_well()
        assert len([one for one in shown(play) if one.reply_to == asked.id]) == 1


async def test_a_reply_over_the_budget_is_refused_in_a_reply(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY, EASEL_MEMBER_DAILY_USD="0.03") as play:
        post = await first_answer(play)
        asked = play.ana.say("two?", reply_to=post)
        play.ana.say("three?", reply_to=post)
        told = await until_shown(play, "Not enough budget left")
        assert told.reply_to is not None
        assert "Nothing was charged" in told.content
        assert asked.id
        await play.ends_well()


async def test_a_reply_is_cancelled_by_its_button(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await first_answer(play)
        turns = Turns(play.rig.gateways)
        play.ana.say("two?", reply_to=post)
        place = await until_shown(play, "thinking")
        await play.ana.press(place, "Cancel")
        turns.finish()
        jobs = await play.ends_well()
        assert jobs[-1].state is State.CANCELLED
        await play.rig.sandbox.world.until(lambda: place.is_deleted, 10.0, "the place to be taken back")


async def test_a_reply_where_the_bot_may_not_read_the_history_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await first_answer(play)
        play.rig.sandbox.take_permission(Permission.ATTACH_FILES)
        play.ana.say("two?", reply_to=post)
        assert "attach files" in (await until_shown(play, "I cannot post")).content
        await play.ends_well()


async def test_a_conversation_in_a_thread_stays_there(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        use = await play.ana.command("ask", channel="poster-jam", question="one?", model=XAI)
        await play.says(use, "Posted: ")
        (post,) = shown(play, "poster-jam")
        await reply(play, post, "two?", channel="poster-jam")
        assert shown(play) == []
        await play.ends_well()


async def test_a_private_answer_is_gone_on_with_where_the_bot_may_not_post(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        use = await ask(play, "a secret?", private=True)
        await play.says(use, "Only you see this")
        play.rig.sandbox.take_permission(Permission.SEND_MESSAGES)
        second = await continued(play, play.ana, use.response, "and more?")
        await play.says(second, "You asked: and more?")
        await play.ends_well()

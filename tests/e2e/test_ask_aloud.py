"""Read aloud: an answer as a sound, priced and held like everything else."""

from pathlib import Path

import pytest

from bot.core.money import usd
from bot.jobs.model import State
from sandbox.discord import LoseAnswer, Message, Permission
from sandbox.gateways import EVERY, Outcome, lost_answer, outcome, says, status
from tests.e2e.matching import Unlike
from tests.e2e.rig import held, rig, spent
from tests.e2e.scene import WAIT_S, Scene, scene
from tests.e2e.talking import LOCUS, XAI, answered, ask, pressed, shown


async def answer_of(play: Scene, question: str = "Why?", *, model: str = XAI) -> Message:
    posts = await answered(play, await ask(play, question, model=model))
    return posts[-1]


def _is_over(card: Message) -> bool:
    return "Posted: " in card.plain_text() or "already under way" in card.plain_text()


async def test_an_answer_is_read_aloud_in_a_reply_to_it(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await answer_of(play)
        use = await pressed(play, play.bo, post, "Read aloud")
        await play.says(use, "Posted: ")
        jobs = await play.ends_well()
        sound = shown(play)[-1]

        assert [job.kind for job in jobs] == ["ask", "speak"]
        assert jobs[1].parent_id == jobs[0].id
        assert sound.reply_to == post.id
        assert sound.attachments[0].data.startswith(b"RIFF")
        assert sound.attachments[0].filename == f"easel-{jobs[1].id}.wav"
        assert "read aloud" in str(sound.attachments[0].description)
        assert "$0." in sound.content
        assert any("about $0." in one.plain_text() for one in use.history)
        assert await spent(play.house) == play.rig.booked() > 0
        assert await held(play.house) == 0


async def test_a_double_click_reads_once(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await answer_of(play)
        first = await pressed(play, play.ana, post, "Read aloud")
        second = await pressed(play, play.ana, post, "Read aloud")
        for use, other in ((first, second), (second, first)):
            text = (await use.wait_until(_is_over, WAIT_S)).plain_text()
            if "Posted" in text:
                assert "already under way" in other.response.plain_text()
        assert len(await play.ends_well()) == 2


async def test_a_dear_reading_is_confirmed_first(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next("xai", says("x" * 6_000))
        post = await answer_of(play)
        use = await pressed(play, play.ana, post, "Read aloud")
        question = await use.answered(WAIT_S)
        assert "Nothing has been charged yet" in question.plain_text()
        assert len(await play.jobs()) == 1
        sure = await pressed(play, play.ana, question, "Read it for about $0.0")
        await play.says(sure, "Posted: ")
        await play.ends_well()
        assert shown(play)[-1].attachments


async def test_what_is_too_long_to_be_read_has_no_button(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        play.rig.gateways.faults.next("xai", says("x" * 20_000))
        post = await answer_of(play)
        assert [button.label for button in post.buttons()] == ["Continue…", "Forget"]
        await play.ends_well()


async def test_an_answer_that_is_forgotten_is_not_read(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await answer_of(play)
        await (await pressed(play, play.ana, post, "Forget")).answered(WAIT_S)
        use = await pressed(play, play.ana, post, "Read aloud")
        assert "do not know this conversation" in await play.refused(use)
        await play.ends_well()


@pytest.mark.parametrize("kind", [Outcome.EMPTY])
async def test_a_reading_without_a_sound_ends_honestly(tmp_path: Path, kind: Outcome) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await answer_of(play)
        play.rig.gateways.faults.when("sandbox", outcome(kind), gateway="xai")
        use = await pressed(play, play.ana, post, "Read aloud")
        await use.wait_until(lambda one: "No recording" in one.plain_text() or "Nobody" in one.plain_text(), WAIT_S)
        found = await play.jobs()
        assert found[1].state in (State.FAILED, State.UNKNOWN)
        assert len(shown(play)) == 1


async def test_a_lost_sound_is_never_asked_for_again(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await answer_of(play)
        charges = len(play.rig.gateways.book.charges)
        play.rig.gateways.faults.next("xai", lost_answer())
        play.rig.gateways.faults.next("locus", lost_answer())
        use = await pressed(play, play.ana, post, "Read aloud")
        await play.says(use, "no answer came")
        assert len(play.rig.gateways.book.charges) == charges + 1


async def test_another_voice_is_taken_where_one_is_turned_away(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await answer_of(play)
        play.rig.gateways.faults.next("xai", status(401))
        use = await pressed(play, play.ana, post, "Read aloud")
        await play.says(use, "Posted: ")
        await play.ends_well(unlike=Unlike(priced=1))  # Locus does not say what a sound costs: the list price counts
        assert "via Locus" in shown(play)[-1].content


async def test_a_sound_whose_post_got_no_answer_is_posted_once(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await answer_of(play)
        play.rig.sandbox.faults.next("POST", "/channels/*/messages", LoseAnswer())
        use = await pressed(play, play.ana, post, "Read aloud")
        await play.until(lambda found: found[-1].state is State.DELIVERING and found[-1].failures == 1)
        await play.later(minutes=7)
        await play.says(use, "Posted: ")
        await play.ends_well()
        assert len(shown(play)) == 2


async def test_a_private_answer_is_read_in_private(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        use = await ask(play, "a secret?", private=True)
        await play.says(use, "Only you see this")
        spoken = await pressed(play, play.ana, use.response, "Read aloud")
        card = await spoken.wait_until(lambda one: bool(one.attachments), WAIT_S)
        assert card.attachments[0].data.startswith(b"RIFF")
        assert shown(play) == []
        await play.ends_well()


async def test_over_locus_too(tmp_path: Path) -> None:
    async with scene(tmp_path, names=("locus",)) as play:
        post = await answer_of(play, model=LOCUS)
        use = await pressed(play, play.ana, post, "Read aloud")
        await play.says(use, "Posted: ")
        await play.ends_well(unlike=Unlike(priced=1))  # the list price counts, since no answer says what it cost
        assert play.rig.booked() < await spent(play.house) < usd("0.1")


async def test_the_button_works_after_a_restart_and_sixteen_minutes_and_for_somebody_else(tmp_path: Path) -> None:
    async with rig(tmp_path, names=EVERY) as stage:
        ana, bo = stage.sandbox.person("ana"), stage.sandbox.person("bo")
        async with stage.bot() as house:
            post = await answer_of(Scene(rig=stage, house=house, ana=ana, bo=bo))
        stage.sandbox.clock.forward(minutes=16)
        async with stage.bot() as house:
            play = Scene(rig=stage, house=house, ana=ana, bo=bo)
            use = await pressed(play, bo, post, "Read aloud")
            await play.says(use, "Posted: ")
            (_, job) = await play.ends_well()
            assert job.member_id == bo.id


async def test_nothing_is_read_where_it_cannot_be_posted(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        post = await answer_of(play)
        play.rig.sandbox.take_permission(Permission.ATTACH_FILES)
        use = await pressed(play, play.ana, post, "Read aloud")
        assert "attach files" in await play.refused(use)
        assert len(await play.ends_well()) == 1

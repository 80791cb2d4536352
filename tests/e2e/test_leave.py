"""Soft mode: a request over the guild's own limits waits for a moderator, and becomes a job or ends told."""

from pathlib import Path

import pytest

from bot.jobs.model import State
from bot.ledger.model import Unit
from bot.ledger.rules.model import Span, Whom
from sandbox.discord import Message, Person, Use
from sandbox.gateways import EVERY, status
from tests.e2e.handing import drawing, edit
from tests.e2e.pressing import bot_on, stage
from tests.e2e.rig import held, spent
from tests.e2e.scene import LOCUS, NOT_CHARGED, PIXAZO, WAIT_S, Scene, scene
from tests.e2e.staffing import ROOMY, budgets, card, guild_id, in_staff, limit, set_soft
from tests.e2e.talking import answered, ask, pressed, until_shown

WAITS = "Waits for a moderator"


def mod(play: Scene) -> Person:
    """Who may manage messages."""
    return play.rig.sandbox.person("mod")


async def asks_for_leave(
    play: Scene, prompt: str = "a lighthouse", *, by: Person | None = None, shown: str | None = None
) -> tuple[Use, Message]:
    """A request over the limit: its member's use, and the card for the staff, on which the prompt reads as `shown`."""
    use = await play.ask(prompt, by=by, model=PIXAZO)
    await play.says(use, WAITS)
    return use, await card(play, shown or prompt)


async def shows(message: Message, text: str, play: Scene) -> str:
    """What the card says once `text` stands in it."""

    def look() -> str | None:
        said = message.plain_text()
        return said if text in said else None

    return await play.rig.sandbox.world.until(look, WAIT_S, f"a card with {text!r}, not {message.plain_text()}")


async def refuse(who: Person, message: Message, reason: str = "") -> Use:
    """Presses Refuse… and sends the form off."""
    opened = await who.press(message, "Refuse…")
    await opened.opened(WAIT_S)
    return await who.submit_modal(opened, {"reason": reason})


async def told_alone(use: Use, play: Scene) -> str:
    """What the presser alone reads."""
    found = await play.rig.sandbox.world.until(lambda: use.followups, WAIT_S, "an answer to a press")
    return found[-1].plain_text()


async def test_a_request_over_the_servers_limit_waits_is_allowed_once_and_paid(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "0.01")
        use, waiting = await asks_for_leave(play, "a *lighthouse* <@1>", shown="lighthouse")
        said = use.response.plain_text()
        assert "the server has $0.01 left of $0.01 for this week" in said
        assert "Nothing is charged while it waits. The moderators see what you asked." in said
        assert [button.label for button in use.response.buttons()] == ["Cancel"]
        asked = waiting.plain_text()
        assert f"<@{play.ana.id}> in <#{play.rig.sandbox.channel('general').id}>" in asked
        assert "at most $0.075" in asked
        assert "the server has $0.01 left of $0.01 for this week; resets <t:" in asked
        assert "<@1>" not in asked.replace(f"<@{play.ana.id}>", "")
        assert await held(play.house) == 0
        assert await play.jobs() == []

        await mod(play).press(waiting, "Allow once")
        post = await play.posted(use)
        assert "lighthouse" in post.plain_text()
        ended = await shows(waiting, f"Allowed once by <@{mod(play).id}>", play)
        assert "lighthouse" not in ended
        assert waiting.buttons() == []
        (job,) = await play.ends_well()
        assert job.state is State.DONE
        (change, *_) = await budgets(play).changes_of(guild_id(play))
        assert (change.author_id, change.after) == (mod(play).id, "up to $0.075")

        # The counter holds more than the rule allows, and the next one waits again.
        _, again = await asks_for_leave(play, "one more")
        assert "the server has $0.00 left" in again.plain_text()


async def test_a_refusal_gives_its_reason_and_nothing_is_charged(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "0.01")
        use, waiting = await asks_for_leave(play)
        await refuse(mod(play), waiting, "not *now*")
        text = await play.says(use, "A moderator refused it")
        assert "not \\*now\\*" in text
        assert NOT_CHARGED in text
        await shows(waiting, f"Refused by <@{mod(play).id}>", play)
        assert await play.jobs() == []
        assert await spent(play.house) == 0
        assert play.rig.gateways.book.charges == ()


async def test_a_refusal_needs_no_reason(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "0.01")
        use, waiting = await asks_for_leave(play)
        await refuse(mod(play), waiting)
        assert "Your request was refused. Nothing was charged." in await play.says(use, "A moderator refused it")


async def test_whoever_asked_takes_it_back(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "0.01")
        use, waiting = await asks_for_leave(play)
        await play.ana.press(use.response, "Cancel")
        assert NOT_CHARGED in await play.says(use, "Cancelled")
        await shows(waiting, "Taken back by the member", play)
        late = await mod(play).press_anyway(waiting, f"easel:leave:allow:{await only_leave(play)}")
        assert "decided already" in await told_alone(late, play)
        assert await play.jobs() == []


async def only_leave(play: Scene) -> str:
    """The id of the one request that waited."""
    row = await play.house.database.read(lambda reader: reader.one("SELECT job_id FROM leave"))
    assert row is not None
    return str(row["job_id"])


async def test_what_nobody_decides_in_a_day_ends_and_is_told_in_the_channel(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "0.01", span=Span.MONTH)
        _, waiting = await asks_for_leave(play)
        await play.later(minutes=23 * 60)
        assert waiting.buttons()
        await play.later(minutes=61)
        await shows(waiting, "Nobody decided in time", play)
        await play.rig.settle(play.house)
        told = play.rig.sandbox.channel("general").messages[-1]
        assert "No moderator decided in time" in told.plain_text()
        assert NOT_CHARGED in told.plain_text()
        assert told.pinged == (play.ana.id,)


async def test_a_late_word_of_a_moderator_reaches_the_member_in_the_channel(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "0.01")
        _, refused = await asks_for_leave(play, "one")
        _, allowed = await asks_for_leave(play, "two")
        await play.later(minutes=30)
        await refuse(mod(play), refused, "no")
        await mod(play).press(allowed, "Allow once")
        await play.rig.settle(play.house)
        told = [one for one in play.rig.sandbox.channel("general").messages if "refused it" in one.plain_text()]
        assert [one.pinged for one in told] == [(play.ana.id,)]
        (post,) = play.rig.posts()
        assert post.pinged == (play.ana.id,)
        await play.rig.assert_sound(play.house)


async def test_of_two_moderators_the_first_word_counts(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "0.01")
        use, waiting = await asks_for_leave(play)
        admin = play.rig.sandbox.person("admin")
        opened = await admin.press(waiting, "Refuse…")
        await opened.opened(WAIT_S)
        await mod(play).press(waiting, "Allow once")
        await play.posted(use)
        late = await admin.submit_modal(opened, {"reason": "no"})
        assert f"Allowed once by <@{mod(play).id}>" in await told_alone(late, play)
        assert len(await play.ends_well()) == 1


async def test_two_presses_at_once_make_one_job(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "0.01")
        use, waiting = await asks_for_leave(play)
        for who in (mod(play), play.rig.sandbox.person("admin"), mod(play)):
            await who.press_anyway(waiting, f"easel:leave:allow:{await only_leave(play)}")
        await play.posted(use)
        assert len(await play.ends_well()) == 1
        assert len(play.rig.gateways.book.charges) == 1


async def test_whoever_may_not_moderate_decides_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play, "general")
        await limit(play, "0.01")
        use = await play.ask("a lighthouse", model=PIXAZO)
        await play.says(use, WAITS)
        waiting = await card(play, "A request waits for you", "general")
        for label in ("Allow once", "Refuse…"):
            tried = await play.bo.press(waiting, label)
            assert "Only moderators" in (await tried.answered(WAIT_S)).plain_text()
        assert waiting.buttons()
        assert await play.jobs() == []


async def test_what_the_operators_ceiling_refuses_too_does_not_wait(tmp_path: Path) -> None:
    async with scene(tmp_path, {**ROOMY, "EASEL_MEMBER_DAILY_USD": "0.10"}) as play:
        await set_soft(play)
        await limit(play, "1", unit=Unit.REQUESTS)
        await play.posted(await play.ask("first", model=PIXAZO))
        text = await play.refused(await play.ask("second", model=PIXAZO))
        assert WAITS not in text
        assert in_staff(play)[-1].buttons() == []
        await play.ends_well()


async def test_a_ceiling_that_fills_meanwhile_blocks_and_the_request_waits_on(tmp_path: Path) -> None:
    async with scene(tmp_path, {**ROOMY, "EASEL_MEMBER_DAILY_USD": "0.14"}) as play:
        await set_soft(play)
        await limit(play, "1", unit=Unit.REQUESTS)
        await play.posted(await play.ask("first", model="locus/grok-imagine"))
        one, first = await asks_for_leave(play, "second")
        _, other = await asks_for_leave(play, "third")
        await mod(play).press(first, "Allow once")
        await play.posted(one)
        blocked = await mod(play).press(other, "Allow once")
        assert "Whoever runs this bot has set a limit" in await told_alone(blocked, play)
        await shows(other, "It cannot be allowed just now", play)
        assert other.buttons()


@pytest.mark.parametrize("unit", [Unit.REQUESTS, Unit.PICTURES])
async def test_counts_can_be_let_pass_as_well_as_money(tmp_path: Path, unit: Unit) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "1", unit=unit)
        await play.posted(await play.ask("first"))
        use, waiting = await asks_for_leave(play, "second")
        assert f"0 left of 1 {unit}" in waiting.plain_text()
        await mod(play).press(waiting, "Allow once")
        await play.posted(use)
        await play.ends_well()


async def test_a_pace_can_be_let_pass(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "1", unit=Unit.REQUESTS, whom=Whom.EVERYONE, span=Span.ROLLING, minutes=60)
        await play.posted(await play.ask("first"))
        use, waiting = await asks_for_leave(play, "second")
        assert "1 requests in 60 minutes (set for each member)" in waiting.plain_text()
        await mod(play).press(waiting, "Allow once")
        await play.posted(use)
        await play.ends_well()


async def test_what_waits_takes_nothing_from_anybody(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "0.10")
        use = await play.ask("two of them", model=PIXAZO, count=2)
        await play.says(use, WAITS)
        await play.posted(await play.ask("mine", by=play.bo, model=PIXAZO))


async def test_one_member_waits_for_three_at_most(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "0.01")
        for number in range(3):
            await asks_for_leave(play, f"number {number}")
        assert WAITS not in await play.refused(await play.ask("number 3", model=PIXAZO))
        await asks_for_leave(play, "of another", by=play.bo)


async def test_without_soft_mode_or_a_staff_channel_it_is_refused_as_ever(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await limit(play, "0.01")
        assert WAITS not in await play.refused(await play.ask(model=PIXAZO))
        await set_soft(play, None)
        assert WAITS not in await play.refused(await play.ask(model=PIXAZO))


async def test_where_the_staff_channel_is_gone_the_member_reads_the_limit_at_once(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "0.01")
        play.rig.sandbox.world.delete_channel(play.rig.sandbox.channel("staff"))
        use = await play.ask(model=PIXAZO)
        text = await play.says(use, "No moderator could be asked")
        assert "the server has $0.01 left" in text
        assert NOT_CHARGED in text
        await play.rig.settle(play.house)


async def test_a_question_waits_too(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY, names=EVERY) as play:
        await set_soft(play)
        await limit(play, "0", unit=Unit.REQUESTS, whom=Whom.COMMAND, name="ask")
        use = await ask(play, "Why is the sky blue?")
        await play.says(use, WAITS)
        waiting = await card(play, "Why is the sky blue?")
        await mod(play).press(waiting, "Allow once")
        (post,) = await answered(play, use)
        assert "You asked: Why is the sky blue?" in post.content
        await play.ends_well()


async def test_the_words_of_a_private_question_are_shown_to_nobody(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY, names=EVERY) as play:
        await set_soft(play)
        await limit(play, "0", unit=Unit.REQUESTS, whom=Whom.COMMAND, name="ask")
        use = await ask(play, "Why is my sky grey?", private=True)
        assert "moderators see" not in await play.says(use, WAITS)
        waiting = await card(play, "its words are not shown")
        assert "grey" not in waiting.plain_text()
        await mod(play).press(waiting, "Allow once")
        await play.says(use, "Why is my sky grey?")
        await play.ends_well()
        assert play.rig.sandbox.channel("general").messages == []


async def test_an_edit_waits_with_its_picture(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY, names=EVERY) as play:
        await set_soft(play)
        await limit(play, "0", unit=Unit.REQUESTS, whom=Whom.COMMAND, name="edit")
        use = await edit(play, drawing(), prompt="make it night", model="xai/grok-imagine")
        await play.says(use, WAITS)
        waiting = await card(play, "make it night")
        await mod(play).press(waiting, "Allow once")
        post = await play.posted(use)
        assert "make it night" in post.plain_text()
        await play.ends_well()


async def test_reading_aloud_and_a_results_buttons_wait_too(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY, names=EVERY) as play:
        await set_soft(play)
        (post,) = await answered(play, await ask(play, "What is a lighthouse?"))
        picture = await play.posted(await play.ask(model="apiinone/grok-imagine"))
        await limit(play, "0", unit=Unit.REQUESTS)
        spoken = await pressed(play, play.ana, post, "Read aloud")
        await play.says(spoken, WAITS)
        await mod(play).press(await card(play, "What is a lighthouse?"), "Allow once")
        await play.says(spoken, "Posted: ")
        for label in ("Again", "Upscale"):
            before = len(in_staff(play))
            use = await play.ana.press(picture, label)
            await play.says(use, WAITS)
            await play.rig.sandbox.world.until(lambda: len(in_staff(play)) > before, WAIT_S)  # noqa: B023
            await mod(play).press(in_staff(play)[-1], "Allow once")
            await play.posted(use)
        await play.ends_well()


async def test_a_service_that_is_in_trouble_meanwhile_is_said_plainly(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "1", unit=Unit.REQUESTS, whom=Whom.MEMBER, name=str(play.ana.id))
        await play.posted(await play.ask("first", model=LOCUS))
        use = await play.ask("second", model=LOCUS)
        await play.says(use, WAITS)
        waiting = await card(play, "second")
        play.rig.gateways.faults.next("locus", status(401))
        await play.says(await play.ask("third", by=play.bo, model=LOCUS), "does not accept this bot's account")
        blocked = await mod(play).press(waiting, "Allow once")
        assert "does not accept this bot's account" in await told_alone(blocked, play)
        assert "The request waits on." in blocked.followups[-1].plain_text()
        await shows(waiting, "It cannot be allowed just now", play)
        assert waiting.buttons()


async def test_it_waits_over_a_restart_and_its_buttons_work_after_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as built:
        async with bot_on(built) as play:
            await set_soft(play)
            await limit(play, "0.01")
            use, waiting = await asks_for_leave(play)
        async with bot_on(built) as play:
            assert WAITS in use.response.plain_text()
            await mod(play).press(waiting, "Allow once")
            await play.posted(use)
            await play.ends_well()
            await shows(waiting, "Allowed once", play)
            assert sum("request `" in one.plain_text() for one in in_staff(play)) == 1


async def test_a_reply_that_asks_something_waits_and_is_told_so(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY, names=EVERY) as play:
        await set_soft(play)
        (post,) = await answered(play, await ask(play, "What is a lighthouse?"))
        await limit(play, "0", unit=Unit.REQUESTS)
        play.ana.say("And a windmill?", reply_to=post)
        told = await until_shown(play, WAITS)
        assert [button.label for button in told.buttons()] == ["Cancel"]
        await mod(play).press(await card(play, "And a windmill?"), "Allow once")
        assert "And a windmill?" in (await until_shown(play, "You asked: And a windmill?")).content
        await play.ends_well()


async def test_a_reply_that_is_refused_is_told_in_the_channel(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY, names=EVERY) as play:
        await set_soft(play)
        (post,) = await answered(play, await ask(play, "What is a lighthouse?"))
        await limit(play, "0", unit=Unit.REQUESTS)
        play.ana.say("And a windmill?", reply_to=post)
        await until_shown(play, WAITS)
        await refuse(mod(play), await card(play, "And a windmill?"), "enough for today")
        told = await until_shown(play, "enough for today")
        assert told.pinged == (play.ana.id,)
        await play.ends_well()


async def test_a_card_that_a_moderator_deleted_holds_nothing_up(tmp_path: Path) -> None:
    async with scene(tmp_path, ROOMY) as play:
        await set_soft(play)
        await limit(play, "0.01")
        use, waiting = await asks_for_leave(play)
        mod(play).delete(waiting)
        await play.ana.press(use.response, "Cancel")
        assert NOT_CHARGED in await play.says(use, "Cancelled")
        other, card_of_other = await asks_for_leave(play, "another")
        await mod(play).press(card_of_other, "Allow once")
        await play.posted(other)
        await play.ends_well()
        assert len([one for one in in_staff(play) if "request `" in one.plain_text()]) == 1


async def test_many_wait_and_are_let_pass_at_once_and_all_books_agree(tmp_path: Path) -> None:
    async with scene(tmp_path, {**ROOMY, "EASEL_GUILD_JOBS": "20"}) as play:
        await set_soft(play)
        await limit(play, "0.10")
        crowd = play.rig.sandbox.crowd(12)
        uses = [await play.ask(f"by {one.name}", by=one, model=LOCUS) for one in crowd]

        def asked() -> list[Message] | None:
            found = [one for one in in_staff(play) if one.buttons()]
            return found if len(found) >= len(waiting) else None

        for use in uses:
            await use.answered(WAIT_S)
        waiting = [use for use in uses if WAITS in "".join(one.plain_text() for one in use.history)]
        assert len(waiting) >= 8
        for message in await play.rig.sandbox.world.until(asked, WAIT_S, "all the cards"):
            await mod(play).press(message, "Allow once")
        for use in uses:
            await play.posted(use)
        assert len(await play.ends_well()) == len(crowd)

"""What a well-behaved bot does works, is seen by whom it should be, and breaks none of Discord's rules."""

from typing import Any

import pytest

from sandbox.discord import ClientRefused, Sandbox, Upload
from tests.sandbox.bot import Bot, picture, running


async def test_slash_command_from_deferred_card_to_picture(sandbox: Sandbox) -> None:
    async with running(sandbox):
        ana, bo = sandbox.person("ana"), sandbox.person("bo")
        use = await ana.command("imagine", prompt="a lighthouse", count=2, model="other", shape="1:1")
        assert await use.acknowledged()
        card = await use.wait_until(lambda message: "drew" in message.plain_text())
        assert [version.is_loading for version in use.history] == [True, False, False]
        assert use.history[1].plain_text() == "drawing a lighthouse x2 other"
        assert [picture.description for picture in card.pictures()] == ["a teal square"]
        assert card.pictures()[0].data == picture()
        assert card.is_ephemeral
        assert ana.sees() == [card]
        assert bo.sees() == []
    assert sandbox.violations == []
    assert sandbox.check_answers() == []
    assert sandbox.unanswered() == []


async def test_a_button_that_needs_nothing_in_memory_works_after_the_bot_came_back(sandbox: Sandbox) -> None:
    ana = sandbox.person("ana")
    async with running(sandbox):
        use = await ana.command("imagine", prompt="x")
        card = await use.wait_until(lambda message: bool(message.pictures()))
    await sandbox.bot_gone()
    async with running(sandbox):
        pressed = await ana.press(card, "Cancel")
        assert await pressed.acknowledged()
        assert card.plain_text() == "cancelled j1"
        assert pressed.response is card
        assert card.buttons() == []
    assert sandbox.violations == []


async def test_one_nonce_posts_one_message(sandbox: Sandbox) -> None:
    async with running(sandbox):
        use = await sandbox.person("ana").command("post", text="once")
        assert (await use.answered()).plain_text() == "1 message"
        assert [message.plain_text() for message in sandbox.person("bo").sees()] == ["once"]
        posted = sandbox.channel("general").messages[0]
        assert posted.pictures()[0].data == picture()
        sandbox.clock.forward(minutes=6)
        again = await sandbox.person("ana").command("post", text="once")
        await again.answered()
        assert len(sandbox.channel("general").messages) == 2
    assert sandbox.violations == []


async def test_autocomplete_is_answered_and_checked_again_on_submit(sandbox: Sandbox) -> None:
    async with running(sandbox):
        choices = await sandbox.person("ana").autocomplete("imagine", "model", "grok", prompt="x")
        assert [choice.value for choice in choices] == ["grok-imagine", "grok-pro"]
        assert choices[0].name == "Grok-Imagine"
    assert sandbox.violations == []


async def test_a_form_is_filled_in(sandbox: Sandbox) -> None:
    async with running(sandbox):
        bo = sandbox.person("bo")
        use = await bo.command("form")
        assert (await use.opened())["title"] == "Why?"
        with pytest.raises(ClientRefused, match="reason"):
            await bo.submit_modal(use, {"kind": ["good"]})
        with pytest.raises(ClientRefused, match="20"):
            await bo.submit_modal(use, {"kind": ["good"], "reason": "x" * 21})
        with pytest.raises(ClientRefused, match="good, bad"):
            await bo.submit_modal(use, {"kind": ["ugly"], "reason": "x"})
        with pytest.raises(ClientRefused, match="colour"):
            await bo.submit_modal(use, {"colour": "red"})
        sent = await bo.submit_modal(use, {"kind": ["good"], "reason": "light"})
        assert (await sent.answered()).plain_text() == "good: light"
        with pytest.raises(ClientRefused, match="already"):
            await bo.submit_modal(use, {"kind": ["good"], "reason": "light"})
    assert sandbox.violations == []


async def test_the_first_follow_up_becomes_the_deferred_answer_and_stays_ephemeral(sandbox: Sandbox) -> None:
    async with running(sandbox):
        ana, bo = sandbox.person("ana"), sandbox.person("bo")
        use = await ana.command("later")
        await sandbox.world.until(lambda: use.followups, 5)
        assert [message.plain_text() for message in ana.sees()] == ["first", "second"]
        assert use.response.is_ephemeral
        assert bo.sees() == []
        shown = await ana.command("later", public=True)
        await sandbox.world.until(lambda: shown.followups, 5)
        assert [message.plain_text() for message in bo.sees()] == ["first"]
    assert sandbox.violations == []


async def test_options_name_people_and_files_and_rights_arrive(sandbox: Sandbox) -> None:
    async with running(sandbox):
        proof = Upload(filename="proof.png", data=picture())
        options: dict[str, Any] = {"who": sandbox.person("bo"), "proof": proof}
        with pytest.raises(ClientRefused, match="does not see"):
            await sandbox.person("ana").command("review", **options)
        use = await sandbox.person("mod").command("review", **options)
        said = (await use.answered()).plain_text()
        assert said == f"bo {len(picture())} (True, True) {10 * 1024 * 1024}"
        staff = await sandbox.person("mod").command("review", channel="staff", **options)
        assert (await staff.answered()).plain_text() == said
        with pytest.raises(ClientRefused, match="cannot be used"):
            await sandbox.person("mod").command("review", channel="@me", **options)
    assert sandbox.violations == []


async def test_a_command_in_a_conversation_of_two(sandbox: Sandbox) -> None:
    async with running(sandbox):
        ana = sandbox.person("ana")
        use = await ana.command("later", channel="@me")
        assert (await use.answered()).plain_text() == "first"
        assert sandbox.person("bo").sees(channel="@me") == []
    assert sandbox.violations == []


async def test_a_silent_bot_and_one_that_only_thinks_are_found(sandbox: Sandbox) -> None:
    async with running(sandbox):
        silent = await sandbox.person("ana").command("silent")
        thinking = await sandbox.person("ana").command("thinking")
        assert await thinking.acknowledged()
        sandbox.clock.forward(seconds=3.1)
        assert not await silent.acknowledged()
        assert silent.did_not_respond
        assert [found.interaction.name for found in sandbox.check_answers()] == ["thinking"]
        assert [found.interaction.name for found in sandbox.unanswered()] == ["silent"]


async def test_members_write_and_the_bot_reads_only_what_mentions_it(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        ana = sandbox.person("ana")
        ana.say("a secret")
        ana.say(f"hello <@{sandbox.world.application_id}>")
        await _until_read(bot, 2)
        assert bot.read[0] == ""
        assert bot.read[1].startswith("hello")


async def _until_read(bot: Bot, count: int) -> None:
    while len(bot.read) < count:
        await bot.wait_for("message", timeout=5)

"""Where the sandbox and simcord disagreed and Discord's documents settled it against the sandbox, it follows them now.

What each test rests on stands in Discord's API reference; `docs/sandbox.md` names the pages.
"""

from typing import Any

from sandbox.discord import Permission, Sandbox
from sandbox.discord.payloads import Payloads
from tests.sandbox.wire import button, register, row, send, slash, text

V2 = 1 << 15
DEFER = {"type": 5, "data": {"flags": 64}}
FORM = {
    "type": 9,
    "data": {
        "custom_id": "f",
        "title": "T",
        "components": [
            {"type": 18, "label": "L", "component": {"type": 4, "custom_id": "a", "style": 1}},
            {"type": 18, "label": "M", "component": {"type": 4, "custom_id": "b", "style": 1}},
        ],
    },
}


def shown(sandbox: Sandbox, message: Any) -> dict[str, Any]:
    """A message as REST gives it."""
    return Payloads(sandbox.world, sandbox.api_url).message(message)


async def answer(sandbox: Sandbox, use: Any, body: dict[str, Any]) -> int:
    """The status of an answer to an interaction."""
    return (await send(sandbox, "POST", f"/interactions/{use.id}/{use.interaction.token}/callback", body))[0]


async def test_an_answer_says_whether_a_menu_or_a_command_asked_and_about_which_message(sandbox: Sandbox) -> None:
    await register(sandbox, slash("hello"), {"name": "Look", "type": 3})
    ana = sandbox.person("ana")
    about = ana.say("look at this")
    by_menu, by_command = await ana.message_command("Look", about), await ana.command("hello")
    for use in (by_menu, by_command):
        assert await answer(sandbox, use, DEFER) == 204
    menu, command = shown(sandbox, by_menu.response), shown(sandbox, by_command.response)
    assert (menu["type"], command["type"]) == (23, 20)
    assert menu["interaction_metadata"]["target_message_id"] == str(about.id)
    assert "target_message_id" not in command["interaction_metadata"]


async def test_only_a_follow_up_names_the_original_response(sandbox: Sandbox) -> None:
    await register(sandbox, slash("hello"))
    ana = sandbox.person("ana")
    path = f"/channels/{sandbox.channel('general').id}/messages"
    _, posted = await send(sandbox, "POST", path, {"content": "x", "components": [row(button("Press", "b"))]})
    pressed = await ana.press(sandbox.world.messages[int(posted["id"])], "Press")
    await answer(sandbox, pressed, {"type": 4, "data": {"content": "hi"}})
    base = f"/webhooks/{sandbox.world.application_id}/{pressed.interaction.token}"
    _, further = await send(sandbox, "POST", base, {"content": "more"})
    assert "original_response_message_id" not in shown(sandbox, pressed.response)["interaction_metadata"]
    assert further["interaction_metadata"]["original_response_message_id"] == str(pressed.response.id)


async def test_parts_of_a_form_and_pressed_buttons_carry_the_ids_that_discord_gave_them(sandbox: Sandbox) -> None:
    await register(sandbox, slash("hello"))
    ana = sandbox.person("ana")
    use = await ana.command("hello")
    await answer(sandbox, use, FORM)
    sent = await ana.submit_modal(use, {"a": "x", "b": "y"})
    labels = sent.interaction.data["components"]
    assert [(label["id"], label["component"]["id"]) for label in labels] == [(1, 2), (3, 4)]
    await answer(sandbox, sent, {"type": 4, "data": {"flags": V2, "components": [text("t"), row(button("P", "p"))]}})
    pressed = await ana.press(sent.response, "P")
    assert pressed.interaction.data == {"component_type": 2, "custom_id": "p", "id": 3}


async def test_without_allowed_mentions_an_answer_notifies_users_alone(sandbox: Sandbox) -> None:
    await register(sandbox, slash("hello"))
    ana, bo = sandbox.person("ana"), sandbox.person("bo")
    sandbox.guild.roles[sandbox.guild.id].bits |= Permission.MENTION_EVERYONE
    use = await ana.command("hello")
    await answer(sandbox, use, {"type": 4, "data": {"content": f"@everyone <@{bo.id}>"}})
    assert use.response.pinged == (bo.id,)
    assert not use.response.pings_everyone


async def test_a_follow_up_to_thinking_that_was_taken_away_finds_no_message(sandbox: Sandbox) -> None:
    await register(sandbox, slash("hello"))
    ana = sandbox.person("ana")
    use = await ana.command("hello")
    await answer(sandbox, use, DEFER)
    ana.dismiss(use.response)
    base = f"/webhooks/{sandbox.world.application_id}/{use.interaction.token}"
    status, refused = await send(sandbox, "POST", base, {"content": "too late"})
    assert (status, refused["code"]) == (404, 10008)

"""What a Discord client would not let a person do is refused before anything is sent."""

from typing import Any

import pytest

from sandbox.discord import ClientRefused, Message, Sandbox, Upload
from tests.sandbox.wire import Body, button, option, register, row, send, slash

PEOPLE, PLACES, ROLES = 5, 8, 6
COMMAND = slash(
    "try",
    option("text", 3, required=True, min_length=2, max_length=5),
    option("whole", 4, min_value=1, max_value=4),
    option("part", 10, min_value=0.5),
    option("yes", 5),
    option("who", 6),
    option("where", 7),
    option("role", 8),
    option("either", 9),
    option("file", 11),
    option("fixed", 3, choices=[{"name": "One", "value": "1"}]),
)
WRONG: dict[str, dict[str, Any]] = {
    "required": {},
    "2 to 5": {"text": "x"},
    "2 to 5 characters": {"text": "xxxxxx"},
    "between 1 and 4": {"text": "xx", "whole": 5},
    "whole does not take": {"text": "xx", "whole": True},
    "between 0.5": {"text": "xx", "part": 0.4},
    "part does not take": {"text": "xx", "part": "1"},
    "yes does not take": {"text": "xx", "yes": 1},
    "who does not take": {"text": "xx", "who": "ana"},
    "text does not take": {"text": 3},
    "fixed is one of 1": {"text": "xx", "fixed": "2"},
    "no option called colour": {"text": "xx", "colour": "red"},
}


@pytest.mark.parametrize("why", WRONG)
async def test_options_are_checked(sandbox: Sandbox, why: str) -> None:
    await register(sandbox, COMMAND)
    with pytest.raises(ClientRefused, match=why):
        await sandbox.person("ana").command("try", **WRONG[why])
    assert sandbox.world.interactions == {}


async def test_every_kind_of_option_arrives(sandbox: Sandbox) -> None:
    await register(sandbox, COMMAND)
    role = next(role for role in sandbox.guild.roles.values() if role.name == "Moderator")
    general, bo = sandbox.channel("general"), sandbox.person("bo")
    values = {"whole": 2, "part": 1, "yes": True, "who": bo, "where": general, "role": role, "either": bo}
    file = Upload(filename="a b.png", data=b"not a picture")
    use = await sandbox.person("ana").command("try", text="xx", file=file, fixed="1", **values)  # type: ignore[arg-type]
    data = use.interaction.data
    assert [entry["type"] for entry in data["options"]] == [3, 4, 10, 5, 6, 7, 8, 9, 11, 3]
    assert data["options"][4]["value"] == str(bo.id)
    resolved = data["resolved"]
    assert set(resolved) == {"users", "members", "channels", "roles", "attachments"}
    assert next(iter(resolved["attachments"].values()))["filename"] == "a_b.png"


async def test_a_file_above_the_limit_is_not_sent(sandbox: Sandbox) -> None:
    await register(sandbox, slash("try", option("file", 11)))
    sandbox.guild.upload_limit = 3
    with pytest.raises(ClientRefused, match="larger than 3 bytes"):
        await sandbox.person("ana").command("try", file=Upload(filename="a", data=b"four"))


async def test_commands_are_seen_only_where_and_by_whom_they_should(sandbox: Sandbox) -> None:
    await register(
        sandbox,
        slash("settings", default_member_permissions=1 << 5),
        slash("nobody", default_member_permissions=0),
        slash("grown", nsfw=True),
        slash("here", contexts=[0]),
        slash("open"),
    )
    ana, admin = sandbox.person("ana"), sandbox.person("admin")
    refused: list[tuple[str, dict[str, Any]]] = [
        ("settings", {}),
        ("nobody", {}),
        ("grown", {}),
        ("here", {"channel": "@me"}),
        ("open", {"channel": "staff"}),
        ("missing", {}),
    ]
    for name, more in refused:
        with pytest.raises(ClientRefused):
            await ana.command(name, **more)
    await admin.command("settings")
    await admin.command("nobody")
    await ana.command("grown", channel="after-dark")
    await ana.command("open", channel="poster-jam")
    sandbox.world.deny(sandbox.channel("general"), sandbox.guild.id, 1 << 31)
    with pytest.raises(ClientRefused, match="may not use commands"):
        await ana.command("open")


async def test_subcommands_are_found_by_their_path(sandbox: Sandbox) -> None:
    show = {**option("show", 1), "options": [option("what", 3, required=True)]}
    await register(sandbox, slash("settings", show, {**option("group", 2), "options": [option("reset", 1)]}))
    ana = sandbox.person("ana")
    use = await ana.command("settings show", what="all")
    assert use.interaction.data["options"] == [
        {"name": "show", "type": 1, "options": [{"name": "what", "type": 3, "value": "all"}]}
    ]
    deep = await ana.command("settings group reset")
    assert deep.interaction.data["options"][0]["options"][0]["name"] == "reset"
    for path in ("settings", "settings hide", "settings group"):
        with pytest.raises(ClientRefused):
            await ana.command(path)


async def test_a_guilds_own_command_comes_first_and_keeps_its_id(sandbox: Sandbox) -> None:
    await register(sandbox, slash("hello"))
    base = f"/applications/{sandbox.world.application_id}"
    own = f"{base}/guilds/{sandbox.guild.id}/commands"
    _, first = await send(sandbox, "PUT", own, [slash("hello", option("o", 3))])
    _, second = await send(sandbox, "PUT", own, [slash("hello", option("o", 3))])
    assert first[0]["id"] == second[0]["id"]
    use = await sandbox.person("ana").command("hello", o="x")
    assert use.interaction.data["guild_id"] == str(sandbox.guild.id)
    assert (await send(sandbox, "GET", own))[1][0]["name"] == "hello"
    assert (await send(sandbox, "GET", f"{own}/{first[0]['id']}"))[0] == 200
    assert (await send(sandbox, "DELETE", f"{own}/{first[0]['id']}"))[0] == 204
    assert (await send(sandbox, "DELETE", f"{own}/{first[0]['id']}"))[1]["code"] == 10063
    assert (await send(sandbox, "GET", f"{own}/{first[0]['id']}"))[1]["code"] == 10063
    assert (await send(sandbox, "GET", "/applications/1/commands"))[0] == 404


async def _posted(sandbox: Sandbox, *components: Body) -> Message:
    path = f"/channels/{sandbox.channel('general').id}/messages"
    status, answer = await send(sandbox, "POST", path, {"content": "x", "components": components})
    assert status == 200, answer
    return sandbox.channel("general").messages[-1]


async def test_only_buttons_that_can_be_pressed_are_pressed(sandbox: Sandbox) -> None:
    link = {"type": 2, "style": 5, "label": "Link", "url": "https://example.org"}
    off = {**button("Off", "off"), "disabled": True}
    message = await _posted(sandbox, row(button("On", "on"), off, link))
    assert [(shown.label, shown.custom_id, shown.disabled, shown.url) for shown in message.buttons()] == [
        ("On", "on", False, None),
        ("Off", "off", True, None),
        ("Link", None, False, "https://example.org"),
    ]
    ana = sandbox.person("ana")
    for label, why in (("Off", "disabled"), ("Link", "link"), ("None", "there are: 'On', 'Off', 'Link'")):
        with pytest.raises(ClientRefused, match=why):
            await ana.press(message, label)
    use = await ana.press(message, custom_id="on")
    assert use.interaction.source_message_id == message.id
    assert (await ana.press_anyway(message, "gone")).interaction.name == "gone"
    sandbox.world.delete(message)
    with pytest.raises(ClientRefused, match="does not see"):
        await ana.press(message, "On")


async def test_menus_take_what_they_offer(sandbox: Sandbox) -> None:
    options = [{"label": name, "value": name} for name in ("a", "b", "c")]
    message = await _posted(
        sandbox,
        row({"type": 3, "custom_id": "s", "options": options, "max_values": 2}),
        row({"type": PEOPLE, "custom_id": "p"}),
        row({"type": PLACES, "custom_id": "c", "disabled": True}),
    )
    ana = sandbox.person("ana")
    use = await ana.select(message, ["a", "b"], custom_id="s")
    assert use.interaction.data["values"] == ["a", "b"]
    chosen = await ana.select(message, [ana], custom_id="p")
    assert chosen.interaction.data["resolved"]["users"]
    wrong: list[tuple[str, list[object]]] = [("s", ["d"]), ("s", []), ("s", ["a", "b", "c"]), ("p", ["a"]), ("c", [])]
    for custom_id, values in [*wrong, ("missing", [])]:
        with pytest.raises(ClientRefused):
            await ana.select(message, values, custom_id=custom_id)


async def test_the_menus_of_messages_and_people(sandbox: Sandbox) -> None:
    await register(sandbox, {"name": "Use This", "type": 3}, {"name": "Look Up", "type": 2})
    ana, bo = sandbox.person("ana"), sandbox.person("bo")
    message = bo.say("look")
    use = await ana.message_command("Use This", message)
    assert use.interaction.data["resolved"]["messages"][str(message.id)]["content"] == "look"
    about = await ana.user_command("Look Up", bo)
    assert about.interaction.data["target_id"] == str(bo.id)
    with pytest.raises(ClientRefused):
        await ana.user_command("Missing", bo)


async def test_every_field_of_a_form(sandbox: Sandbox) -> None:
    def label(component: Body) -> Body:
        return {"type": 18, "label": "L", "component": component}

    pick = [{"label": name, "value": name} for name in ("a", "b")]
    form = {
        "custom_id": "f",
        "title": "T",
        "components": [
            {"type": 10, "content": "Read this"},
            label({"type": 21, "custom_id": "radio", "options": [pick[0], {**pick[1], "default": True}]}),
            label({"type": 22, "custom_id": "group", "options": pick, "required": False, "min_values": 0}),
            label({"type": 23, "custom_id": "box"}),
            label({"type": 19, "custom_id": "file", "required": False, "min_values": 0}),
        ],
    }
    await register(sandbox, slash("form"))
    ana = sandbox.person("ana")
    use = await ana.command("form")
    with pytest.raises(LookupError):
        _ = use.modal
    with pytest.raises(LookupError):
        _ = use.response
    path = f"/interactions/{use.id}/{use.interaction.token}/callback"
    assert (await send(sandbox, "POST", path, {"type": 9, "data": form}))[0] == 204
    with pytest.raises(ClientRefused, match="radio"):
        await ana.submit_modal(use, {"radio": "c"})
    file = Upload(filename="a.png", data=b"x")
    sent = await ana.submit_modal(use, {"box": True, "file": [file], "group": ["a"]})
    parts = [part.get("component") for part in sent.interaction.data["components"]]
    assert parts[0] is None
    assert [part.get("value", part.get("values")) for part in parts[1:4]] == ["b", ["a"], True]
    assert parts[4]["values"] == list(sent.interaction.data["resolved"]["attachments"])


async def test_a_form_takes_people_roles_and_channels_and_keeps_those_it_came_with(sandbox: Sandbox) -> None:
    ana, general, staff = sandbox.person("ana"), sandbox.channel("general"), sandbox.channel("staff")
    (role,) = [one for one in sandbox.guild.roles.values() if one.name == "Moderator"]

    def label(kind: int, custom_id: str, **more: object) -> Body:
        return {"type": 18, "label": "L", "component": {"type": kind, "custom_id": custom_id, **more}}

    kept = [{"id": staff.id, "type": "channel"}]
    text_only = {"channel_types": [0], "min_values": 0, "required": False}
    form = {
        "custom_id": "f",
        "title": "T",
        "components": [
            label(PEOPLE, "who"),
            label(ROLES, "role", default_values=[{"id": str(role.id), "type": "role"}]),
            label(PLACES, "where", default_values=kept, **text_only),
        ],
    }
    await register(sandbox, slash("form"))
    use = await ana.command("form")
    path = f"/interactions/{use.id}/{use.interaction.token}/callback"
    assert (await send(sandbox, "POST", path, {"type": 9, "data": form}))[0] == 204
    assert use.modal["components"][2]["component"]["default_values"] == [{"id": str(staff.id), "type": "channel"}]
    jam = sandbox.channel("poster-jam")
    for values in ({}, {"who": [general]}, {"who": [ana], "where": [jam]}, {"who": [ana], "role": []}):
        with pytest.raises(ClientRefused):
            await ana.submit_modal(use, values)
    del sandbox.world.channels[staff.id]
    with pytest.raises(ClientRefused, match="there is no channel"):
        await ana.submit_modal(use, {"who": [ana]})
    sandbox.world.channels[staff.id] = staff
    sent = await ana.submit_modal(use, {"who": [ana]})
    values_sent = [part["component"]["values"] for part in sent.interaction.data["components"]]
    assert values_sent == [[str(ana.id)], [str(role.id)], [str(staff.id)]]
    resolved = sent.interaction.data["resolved"]
    assert [list(resolved[group]) for group in ("users", "roles", "channels")] == values_sent

    again = await ana.command("form")
    path = f"/interactions/{again.id}/{again.interaction.token}/callback"
    await send(sandbox, "POST", path, {"type": 9, "data": form})
    sent = await ana.submit_modal(again, {"who": [ana], "where": []})
    assert sent.interaction.data["components"][2]["component"]["values"] == []


async def test_people_see_and_do_only_what_is_theirs(sandbox: Sandbox) -> None:
    ana, mod = sandbox.person("ana"), sandbox.person("mod")
    mod.say("quiet", channel="staff")
    assert ana.sees(channel="staff") == []
    assert len(mod.sees(channel="staff")) == 1
    with pytest.raises(ClientRefused):
        ana.say("hello", channel="staff")
    with pytest.raises(LookupError, match="nobody is called 'eve'"):
        sandbox.person("eve")
    with pytest.raises(LookupError):
        sandbox.channel("missing")
    with pytest.raises(LookupError):
        ana.sees(channel="missing")
    crowd = sandbox.crowd(3)
    assert [person.name for person in crowd] == ["member1", "member2", "member3"]
    assert len({person.id for person in crowd}) == 3
    with pytest.raises(ClientRefused):
        ana.dismiss(mod.say("public"))


async def test_an_ephemeral_message_can_be_dismissed(sandbox: Sandbox) -> None:
    await register(sandbox, slash("hello"))
    ana = sandbox.person("ana")
    use = await ana.command("hello")
    path = f"/interactions/{use.id}/{use.interaction.token}/callback"
    await send(sandbox, "POST", path, {"type": 4, "data": {"content": "hi", "flags": 64}})
    seen = await ana.wait_to_see(lambda message: message.content == "hi")
    ana.dismiss(seen)
    assert ana.sees() == []
    with pytest.raises(TimeoutError, match="reads: hi"):
        await use.wait_until(lambda message: message.content == "bye", 0.01)

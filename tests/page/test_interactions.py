"""Commands, buttons, menus and forms from the page to the bot and back; the bot is played by hand."""

import asyncio
import json
from typing import Any

import pytest

from sandbox.discord import Interaction
from tests.page.client import Body, Room, Window
from tests.sandbox.wire import button, option, register, row, send, slash, text

EPHEMERAL = 64
V2 = 1 << 15


def _sent(page: Room, answer: Body) -> Interaction:
    return page.sandbox.world.interactions[int(answer["interaction_id"])]


async def _answer(page: Room, interaction: Interaction, body: Body) -> None:
    status, told = await send(
        page.sandbox, "POST", f"/interactions/{interaction.id}/{interaction.token}/callback", body
    )
    assert status == 204, told


async def _use(page: Room, window: Window, name: str = "draw", **options: Any) -> Interaction:
    answer = await window.do("command", channel_id=window.id_of("general"), name=name, options=options)
    return _sent(page, answer)


@pytest.fixture
async def ana(page: Room) -> Window:
    """Ana's window, with a few commands."""
    await register(
        page.sandbox,
        slash("draw", option("prompt", 3, min_length=2)),
        slash("ask", option("model", 3, autocomplete=True), option("count", 4)),
        slash("take", option("file", 11), option("who", 6), option("where", 7), option("role", 8)),
        slash("settings", option("budget", 1, options=[option("channel", 7), option("made_ago_s", 4)])),
        {"name": "Report", "type": 3},
        {"name": "Look up", "type": 2},
    )
    return await page.window("ana")


async def test_an_ephemeral_answer_is_seen_in_its_members_windows_alone(page: Room, ana: Window) -> None:
    second, bo, admin = await page.window("ana"), await page.window("bo"), await page.window("admin")
    interaction = await _use(page, ana, prompt="a fox")
    for window in (ana, second):
        await window.interaction(str(interaction.id), "sent")
    await _answer(page, interaction, {"type": 5, "data": {"flags": EPHEMERAL}})
    loading = await second.message("create")
    assert loading["sandbox"]["is_loading"]
    path = f"/webhooks/{page.sandbox.world.application_id}/{interaction.token}/messages/@original"
    await send(page.sandbox, "PATCH", path, {"content": "secret words"})
    for window in (ana, second):
        await window.interaction(str(interaction.id), "acknowledged")
        card = await window.message("edit", "secret words")
        assert card["sandbox"]["is_ephemeral"]
        assert card["sandbox"]["versions"] == 2
        assert card["sandbox"]["uses"]["command"] == "draw"
        assert card["sandbox"]["uses"]["user"]["username"] == "ana"
        assert not card["sandbox"]["can_delete"]
    for window in (bo, admin):
        for verb in ("dismiss", "delete"):
            assert await window.refused(verb, message_id=card["id"]) == "there is no such message"
        await window.do("open", channel_id=window.id_of("general"))
        assert "secret" not in json.dumps(await window.settled())
        assert window.of("message") == []
        assert window.of("interaction") == []
    await second.do("dismiss", message_id=card["id"])
    assert await ana.message("delete") == {"id": card["id"]}


async def test_an_application_that_stays_silent_is_said_to_after_three_seconds(page: Room, ana: Window) -> None:
    second, bo = await page.window("ana"), await page.window("bo")
    interaction = await _use(page, ana)
    page.sandbox.clock.forward(seconds=2.9)
    await ana.until(lambda frame: frame["type"] == "clock")
    assert [frame["state"] for frame in ana.of("interaction")] == ["sent"]
    page.sandbox.clock.forward(seconds=0.2)
    for window in (ana, second):
        told = await window.interaction(str(interaction.id), "did_not_respond")
        assert told["command"] == "draw"
    await bo.settled()
    assert bo.of("interaction") == []
    assert len(bo.of("clock")) == 2


async def test_real_time_runs_out_too(ana: Window, page: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.page.telling.ACKNOWLEDGE_WITHIN_MS", -1)
    monkeypatch.setattr("sandbox.discord.model.ACKNOWLEDGE_WITHIN_MS", -1)
    interaction = await _use(page, ana)
    await ana.interaction(str(interaction.id), "did_not_respond")


async def test_an_answered_interaction_is_not_called_silent_later(page: Room, ana: Window) -> None:
    interaction = await _use(page, ana)
    await _answer(page, interaction, {"type": 4, "data": {"content": "here"}})
    await ana.interaction(str(interaction.id), "acknowledged")
    page.sandbox.clock.forward(minutes=16)
    await ana.settled()
    assert [frame["state"] for frame in ana.of("interaction")] == ["sent", "acknowledged"]


async def test_the_client_checks_before_it_sends(page: Room, ana: Window) -> None:
    channel = ana.id_of("general")
    for fields, words in (
        ({"name": "nothing"}, "there is no command called 'nothing'"),
        ({"name": "draw", "options": {"prompt": "x"}}, "2 to 6000 characters"),
        ({"name": "draw", "options": {"shape": "x"}}, "no option called shape"),
        ({"name": "ask", "options": {"count": "two"}}, "count does not take 'two'"),
        ({"name": "ask", "options": {"count": [1]}}, "that is no value"),
        ({"name": "take", "options": {"file": {"upload_id": "x"}}}, "choose it again"),
        ({"name": "take", "options": {"who": {"id": "1"}}}, "there is no such channel"),
        ({"name": "take", "options": {"who": {"id": channel}}}, "who does not take"),
        ({"name": "settings"}, "needs one of its subcommands"),
    ):
        assert words in await ana.refused("command", channel_id=channel, **fields)
    assert page.sandbox.world.interactions == {}


async def test_files_people_places_and_roles_are_given_by_id(page: Room, ana: Window) -> None:
    told = await (await page.upload(b"\x89PNG", "a b.png")).json()
    assert told == {"upload_id": told["upload_id"], "filename": "a b.png", "size": 4}
    role = ana.state["guilds"][0]["roles"][-1]["id"]
    bo = page.sandbox.person("bo").id
    interaction = await _use(
        page,
        ana,
        "take",
        file={"upload_id": told["upload_id"]},
        who={"id": str(bo)},
        where={"id": ana.id_of("gallery")},
        role={"id": role},
    )
    resolved = interaction.data["resolved"]
    assert set(resolved) == {"users", "members", "channels", "roles", "attachments"}
    (file,) = resolved["attachments"].values()
    assert file["size"] == 4


async def test_a_channel_that_one_does_not_see_cannot_be_given(page: Room, ana: Window) -> None:
    staff = str(page.sandbox.channel("staff").id)
    refused = await ana.refused(
        "command", channel_id=ana.id_of("general"), name="take", options={"where": {"id": staff}}
    )
    assert refused == "there is no such channel"


async def test_a_subcommand_takes_options_of_any_name(page: Room, ana: Window) -> None:
    interaction = await _use(page, ana, "settings budget", channel={"id": ana.id_of("gallery")}, made_ago_s=3)
    (budget,) = interaction.data["options"]
    assert [(one["name"], one["value"]) for one in budget["options"]] == [
        ("channel", ana.id_of("gallery")),
        ("made_ago_s", 3),
    ]


async def test_suggestions_are_the_bots_and_disturb_nobody(page: Room, ana: Window) -> None:
    asking = asyncio.create_task(
        ana.do(
            "autocomplete", channel_id=ana.id_of("general"), name="ask", option="model", typed="g", options={"count": 2}
        )
    )
    async with asyncio.timeout(5):
        while not page.sandbox.world.interactions:
            await asyncio.sleep(0)
    (interaction,) = page.sandbox.world.interactions.values()
    assert [(one["name"], one["value"], one.get("focused")) for one in interaction.data["options"]] == [
        ("model", "g", True),
        ("count", 2, None),
    ]
    await _answer(page, interaction, {"type": 8, "data": {"choices": [{"name": "Grok", "value": "grok"}]}})
    assert (await asking)["choices"] == [{"name": "Grok", "value": "grok"}]
    assert ana.of("interaction") == []


async def test_menus_of_messages_and_people(page: Room, ana: Window) -> None:
    said = await ana.do("say", channel_id=ana.id_of("general"), content="look")
    report = await ana.do("message_command", channel_id=ana.id_of("general"), name="Report", **said_of(said))
    assert _sent(page, report).data["target_id"] == said["message_id"]
    bo = str(page.sandbox.person("bo").id)
    looked = await ana.do("user_command", channel_id=ana.id_of("general"), name="Look up", user_id=bo)
    assert _sent(page, looked).data["target_id"] == bo
    refused = await ana.refused("user_command", channel_id=ana.id_of("general"), name="Look up", user_id="1")
    assert refused == "there is no such person"


def said_of(answer: Body) -> Body:
    """The message that an answer names."""
    return {"message_id": answer["message_id"]}


async def _card(page: Room, ana: Window, *components: Body) -> str:
    """A public card with these components; its id."""
    interaction = await _use(page, ana)
    await _answer(page, interaction, {"type": 4, "data": {"flags": V2, "components": [text("card"), *components]}})
    return str((await ana.message("create", "card"))["id"])


async def test_buttons_and_menus_of_a_card(page: Room, ana: Window) -> None:
    options = [{"label": name, "value": name} for name in ("a", "b")]
    message_id = await _card(
        page,
        ana,
        row(button("Go", "go"), {**button("Off", "off"), "disabled": True}),
        row({"type": 3, "custom_id": "letters", "options": options, "max_values": 2}),
        row({"type": 5, "custom_id": "people"}),
    )
    pressed = await ana.do("press", message_id=message_id, custom_id="go")
    interaction = _sent(page, pressed)
    sent = await ana.interaction(pressed["interaction_id"], "sent")
    assert (sent["kind"], sent["message_id"]) == (3, message_id)
    await _answer(page, interaction, {"type": 6})
    await ana.interaction(pressed["interaction_id"], "acknowledged")
    chosen = await ana.do("select", message_id=message_id, custom_id="letters", values=["b", "a"])
    assert _sent(page, chosen).data["values"] == ["b", "a"]
    bo = str(page.sandbox.person("bo").id)
    for values in ([bo], [{"id": bo}]):
        chosen = await ana.do("select", message_id=message_id, custom_id="people", values=values)
        assert _sent(page, chosen).data["values"] == [bo]
    assert "disabled" in await ana.refused("press", message_id=message_id, custom_id="off")
    assert "no button" in await ana.refused("press", message_id=message_id, custom_id="gone")
    assert "offers a, b" in await ana.refused("select", message_id=message_id, custom_id="letters", values=["z"])
    assert "no such select" in await ana.refused("select", message_id=message_id, custom_id="none", values=[])


FORM: Body = {
    "custom_id": "why",
    "title": "Why?",
    "components": [
        {"type": 18, "label": "Reason", "component": {"type": 4, "custom_id": "reason", "style": 1, "max_length": 5}},
        {"type": 18, "label": "Who", "component": {"type": 5, "custom_id": "who", "required": False}},
        {"type": 18, "label": "Proof", "component": {"type": 19, "custom_id": "proof", "required": False}},
        {"type": 18, "label": "Sure", "component": {"type": 23, "custom_id": "sure"}},
    ],
}


async def test_a_form_opens_where_it_was_asked_for_and_is_sent_off_once(page: Room, ana: Window) -> None:
    second, bo = await page.window("ana"), await page.window("bo")
    interaction = await _use(page, ana)
    await _answer(page, interaction, {"type": 9, "data": FORM})
    opened = await ana.interaction(str(interaction.id), "modal")
    assert opened["modal"]["title"] == "Why?"
    await second.settled()
    assert [frame["state"] for frame in second.of("interaction")] == ["sent"]

    form = str(interaction.id)
    assert "0 to 5" in await ana.refused("submit_modal", interaction_id=form, values={"reason": "too long"})
    assert "no field" in await ana.refused("submit_modal", interaction_id=form, values={"other": "x"})
    assert "no such interaction" in await bo.refused("submit_modal", interaction_id=form, values={})
    assert "no such interaction" in await bo.refused("close_modal", interaction_id=form)
    await ana.do("close_modal", interaction_id=form)
    file = (await (await page.upload(b"x", "a.txt")).json())["upload_id"]
    values = {"reason": "so", "who": [str(page.sandbox.person("bo").id)], "proof": [{"upload_id": file}], "sure": True}
    sent = _sent(page, await ana.do("submit_modal", interaction_id=form, values=values))
    fields = [part["component"] for part in sent.data["components"]]
    assert fields[0]["value"] == "so"
    assert fields[1]["values"] == [str(page.sandbox.person("bo").id)]
    assert len(fields[2]["values"]) == 1
    assert fields[3]["value"] is True
    assert "sent off already" in await ana.refused("submit_modal", interaction_id=form, values=values)


async def test_a_form_opens_in_another_window_where_its_own_is_gone(page: Room, ana: Window) -> None:
    second = await page.window("ana")
    interaction = await _use(page, ana)
    await ana.ws.close()
    await second.settled()
    await _answer(page, interaction, {"type": 9, "data": FORM})
    await second.interaction(str(interaction.id), "modal")


async def test_what_the_terminal_types_is_seen_in_the_window_too(page: Room, ana: Window) -> None:
    use = await page.sandbox.person("ana").command("draw")
    await ana.interaction(str(use.id), "sent")


async def test_markup_in_names_and_words_stays_what_it_is(page: Room, ana: Window) -> None:
    nasty = "<script>alert(1)</script>\u2028</style>"
    await ana.do("say", channel_id=ana.id_of("general"), content=nasty)
    assert (await ana.message("create", "script"))["content"] == nasty
    told = await (await page.upload(b"x", "'><img src=x onerror=alert(1)>.png")).json()
    interaction = await _use(page, ana, "take", file={"upload_id": told["upload_id"]})
    (file,) = interaction.data["resolved"]["attachments"].values()
    assert not set(file["filename"]) & set("<>\"'/ ")

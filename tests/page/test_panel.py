"""The panel: what flows, what is broken on purpose, how fast the gateways draw."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from sandbox.discord import Channel
from sandbox.gateways import EVERY
from sandbox.page import faults, in_force
from sandbox.stage import stage
from tests.page.client import Body, Room, Window, serve
from tests.sandbox.bot import running
from tests.sandbox.wire import register, send, slash

ORDER: Body = {"prompt": "a fox", "n": 1}


async def _order(page: Room, **more: object) -> int:
    """An order at the pretend Locus; its status."""
    url = f"{page.stage.gateways.locus_url}/image-generate"
    headers = {"Authorization": f"Bearer {page.stage.gateways.locus_key}"}
    async with page.session.post(url, json={**ORDER, **more}, headers=headers) as answer:
        return answer.status


async def _titles(window: Window, title: str) -> Body:
    """The line of traffic with that title."""
    frame = await window.until(
        lambda one: one["type"] == "traffic" and any(item["title"] == title for item in one["items"])
    )
    return next(dict(item) for item in frame["items"] if item["title"] == title)


async def test_every_request_of_the_bot_is_shown_with_what_the_checks_said(page: Room) -> None:
    page.sandbox.is_wrong_on_purpose = True
    ana, bo = await page.window("ana"), await page.window("bo")
    await ana.do("panel", on=True)
    general = f"/channels/{page.sandbox.channel('general').id}/messages"
    await send(page.sandbox, "POST", general, {"content": "good"})
    good = await _titles(ana, "POST /channels/…/messages")
    assert (good["side"], good["direction"], good["status"]) == ("rest", "out", 200)
    assert good["check"] == ("ok" if page.sandbox.note is None else "unchecked")
    assert json.loads(good["body"]) == {"content": "good"}
    await send(page.sandbox, "PATCH", f"{general}/1", {"content": "x" * 2_001})
    bad = await _titles(ana, "PATCH /channels/…/messages/…")
    assert (bad["status"], bad["check"]) == (400, "violation")
    assert "2000 or fewer" in bad["detail"]
    assert len(bad["body"]) < 1_000
    await send(page.sandbox, "GET", "/nothing")
    assert (await _titles(ana, "GET (unknown)"))["check"] == "violation"
    await bo.settled()
    assert bo.of("traffic") == []


async def test_frames_of_the_gateway_flow_both_ways_and_carry_no_secret(page: Room) -> None:
    ana = await page.window("ana")
    await ana.do("panel", on=True)
    async with running(page.sandbox):
        use = await page.sandbox.person("ana").command("imagine", prompt="a fox")
        await use.answered()
        for title, direction in (
            ("op 10 HELLO", "in"),
            ("op 2 IDENTIFY", "out"),
            ("op 0 READY", "in"),
            ("op 0 INTERACTION_CREATE", "in"),
        ):
            assert (await _titles(ana, title))["direction"] == direction
        card = await _titles(ana, "PATCH /webhooks/…/…/messages/@original")
        assert "easel.png" in card["body"] or "drawing" in card["body"]
    told = json.dumps(await ana.settled())
    assert page.sandbox.token not in told
    assert use.interaction.token not in told
    assert "hm=" not in json.dumps(ana.of("traffic"))
    second = await page.window("bo")
    await second.do("panel", on=True)
    assert len(second.of("traffic")[0]["items"]) > 5


async def test_requests_to_the_gateways_are_shown_and_so_are_queue_and_book(page: Room) -> None:
    ana = await page.window("ana")
    await ana.do("fault_gateway", gateway="locus", kind="lost_answer")
    await ana.do("panel", on=True)
    with pytest.raises(aiohttp.ClientError):
        await _order(page)
    assert await _order(page, n=2) == 200
    shown = await ana.until(lambda one: one["type"] == "traffic" and any(i["side"] == "provider" for i in one["items"]))
    (first, *_) = [item for item in shown["items"] if item["side"] == "provider"]
    assert json.loads(first["body"])["prompt"] == "a fox"
    assert page.stage.gateways.locus_key not in json.dumps(await ana.settled())
    panel = await ana.until(lambda one: one["type"] == "panel" and len(one["book"]["rows"]) == 2)
    assert [row["pictures"] for row in panel["book"]["rows"]] == [1, 2]
    assert panel["book"]["total_usd"].startswith("$0.0")
    assert panel["gateways"] == ["pixazo", "locus"]
    assert panel["ledger"]["spent_usd"] == "$0.00"


async def test_every_fault_that_is_offered_can_be_turned_with_its_defaults(tmp_path: Path) -> None:
    async with stage(tmp_path, names=EVERY) as built, serve(built) as page:
        ana = await page.window("ana")
        await ana.do("panel", on=True)
        offered = ana.of("panel")[0]["faults"]
        assert len(offered["discord"]) >= 12
        assert len(offered["gateway"]) >= 12
        for fault in offered["discord"]:
            await ana.do("fault_discord", kind=fault["kind"])
        for fault in offered["gateway"]:
            for gateway in ("*", "xai"):
                await ana.do("fault_gateway", gateway=gateway, kind=fault["kind"])
        on = in_force.active(built.sandbox, built.gateways)
        assert len(on) >= 2 * len(offered["gateway"]) + 8
        await ana.do("clear_faults")
        assert in_force.active(built.sandbox, built.gateways) == []


IN_FORCE: dict[tuple[str, str, str], str] = {
    ("fault_discord", "delay", '{"where": "card", "seconds": 3, "times": 2}'): (
        "Discord answers late: 3 s · edits of the member's card · 2 times more"
    ),
    (
        "fault_discord",
        "refuse",
        '{"code": "50001"}',
    ): "Discord refuses: 50001 Missing Access · every request · once more",
    ("fault_discord", "interactions", '{"how": "withhold"}'): "Interactions reach the bot: not until released",
    ("fault_discord", "interactions", '{"how": "duplicate"}'): "Interactions reach the bot: the next one twice",
    ("fault_discord", "heartbeats", "{}"): "Heartbeats: not answered",
    ("fault_discord", "permission", "{}"): (
        "A right of the bot: attach files · taken away in #general, #gallery, #staff, #after-dark"
    ),
    ("fault_discord", "upload_limit", '{"mib": 1.5}'): "The upload limit: 1.5 MiB per file",
    ("fault_gateway", "error", '{"gateway": "*", "times": 3}'): "Fails and refunds · all gateways · 3 times more",
    ("fault_gateway", "lost_request", '{"gateway": "pixazo"}'): "The request is lost · pixazo · once more",
    ("fault_gateway", "broken_answer", '{"gateway": "pixazo", "break": "html", "marker": "storm"}'): (
        "Answers nonsense: a web page · pixazo · prompts with 'storm'"
    ),
    ("fault_gateway", "bad_picture", '{"gateway": "*"}'): (
        "The picture is none: a web page called a picture · all gateways · once more"
    ),
}


@pytest.mark.parametrize(("verb", "kind", "fields"), IN_FORCE)
async def test_what_is_in_force_is_said_in_the_words_of_its_switch_and_all_of_it_is_cleared(
    page: Room, verb: str, kind: str, fields: str
) -> None:
    ana = await page.window("ana")
    await ana.do(verb, kind=kind, **json.loads(fields))
    assert in_force.active(page.sandbox, page.stage.gateways) == [IN_FORCE[verb, kind, fields]]
    await ana.do("clear_faults")
    assert in_force.active(page.sandbox, page.stage.gateways) == []
    assert page.sandbox.guild.upload_limit == 10 * 1024 * 1024


async def test_a_right_given_back_is_as_if_it_had_never_been_taken(page: Room) -> None:
    ana = await page.window("ana")
    rights = [page.sandbox.world.bits_in(page.sandbox.world.application_id, one) for one in _channels(page)]
    await ana.do("fault_discord", kind="permission", permission="VIEW_CHANNEL")
    await ana.do("fault_discord", kind="permission", permission="SEND_MESSAGES")
    await ana.do("clear_faults")
    assert rights == [page.sandbox.world.bits_in(page.sandbox.world.application_id, one) for one in _channels(page)]


def _channels(page: Room) -> list[Channel]:
    return list(page.sandbox.world.channels.values())


@pytest.mark.parametrize("openapi", [True, False])
async def test_the_panel_says_what_is_checked(tmp_path: Path, openapi: bool) -> None:
    async with stage(tmp_path, openapi=openapi) as built, serve(built) as page:
        ana = await page.window("ana")
        await ana.do("panel", on=True)
        (panel,) = ana.of("panel")
        assert panel["note"] == built.sandbox.note
        if not openapi:
            assert "Discord's limits alone" in panel["note"]


def _every_choice() -> list[tuple[str, str, str, str]]:
    return [
        (side, fault["kind"], field["name"], choice["value"])
        for side, offered in faults.offers().items()
        for fault in offered
        for field in fault["fields"]
        for choice in field.get("choices", [])
    ]


async def test_every_choice_of_every_fault_means_something(page: Room) -> None:
    for side, kind, name, value in _every_choice():
        if side == "discord":
            faults.turn_discord(page.sandbox, kind, {name: value})
        else:
            faults.turn_gateway(page.stage.gateways, "pixazo", kind, {name: value})


async def test_faults_that_do_not_exist_are_refused_in_words(page: Room) -> None:
    ana = await page.window("ana")
    for verb, fields, words in (
        ("fault_discord", {"kind": "dance"}, "there is no fault 'dance'"),
        ("fault_discord", {"kind": "delay", "seconds": "x"}, "Seconds is a number"),
        ("fault_discord", {"kind": "delay", "seconds": ""}, "Seconds is a number"),
        ("fault_discord", {"kind": "delay", "seconds": -1}, "lies between 0 and 600"),
        ("fault_discord", {"kind": "delay", "seconds": "nan"}, "lies between 0 and 600"),
        ("fault_discord", {"kind": "delay", "where": "moon"}, "does not offer 'moon'"),
        ("fault_discord", {"kind": "delay", "colour": "red"}, "there is no field colour"),
        ("fault_gateway", {"kind": "slow", "gateway": "moon"}, "there is no gateway 'moon'"),
        ("fault_gateway", {"kind": "dance", "gateway": "*"}, "there is no fault 'dance'"),
    ):
        assert words in await ana.refused(verb, **fields)


async def test_a_fault_at_discord_meets_the_bot(page: Room) -> None:
    ana = await page.window("ana")
    await ana.do("fault_discord", kind="server_error", where="commands", status="503")
    path = f"/applications/{page.sandbox.world.application_id}/commands"
    url = page.sandbox.api_url + path
    async with page.session.put(url, json=[], headers={"Authorization": f"Bot {page.sandbox.token}"}) as answer:
        assert answer.status == 503
    await register(page.sandbox, slash("draw"))
    await ana.do("fault_gateway", gateway="*", kind="status", status="429", retry_after="7", marker="storm")
    assert await _order(page) == 200
    assert await _order(page, prompt="a storm") == 429


async def test_works_under_way_go_faster_at_once(page: Room) -> None:
    ana = await page.window("ana")
    works = page.stage.gateways
    await ana.do("fault_gateway", gateway="locus", kind="slow", seconds=3_000)
    ordering = asyncio.create_task(_order(page))
    async with asyncio.timeout(5):
        while not works.under_way():
            await asyncio.sleep(0.01)
    (work,) = works.under_way()
    before = works.seconds_left(work)
    await ana.do("speed", factor=20)
    assert works.seconds_left(work) <= before / 20
    await ana.until(lambda one: one["type"] == "state" and one["speed"] == 20)
    await ana.do("speed", factor=2)
    assert before / 20 < works.seconds_left(work) <= before / 2
    await ana.do("finish_drawings")
    assert await ordering == 200


async def test_what_never_ends_can_be_finished(page: Room) -> None:
    ana = await page.window("ana")
    await ana.do("panel", on=True)
    await ana.do("speed", factor=4)
    assert page.stage.gateways.under_way() == []
    await ana.do("finish_drawings")
    await ana.do("panel", on=False)
    count = len(ana.of("traffic"))
    await send(page.sandbox, "GET", "/users/@me")
    await ana.settled()
    assert len(ana.of("traffic")) == count


async def test_time_put_forward_is_told_to_everybody(page: Room) -> None:
    ana, bo = await page.window("ana"), await page.window("bo")
    before = page.sandbox.clock.now()
    await ana.do("clock_forward", seconds=960)
    told = await bo.until(lambda one: one["type"] == "clock")
    assert told["now_ms"] == before + 960_000 == page.sandbox.clock.now()
    assert "seconds" in await ana.refused("clock_forward", seconds=-1)

"""kill -9 between a card for the staff and the note of it: one card, whoever looks."""

import asyncio
from pathlib import Path

import pytest

from bot import config
from bot.core.clock import SystemClock
from bot.core.crashpoints import CrashPoint
from bot.core.ids import ChannelId, GuildId, MemberId
from bot.db import Database, Reader
from bot.ground import DATABASE_NAME
from bot.ledger.alerts import store as alerts
from bot.ledger.model import Unit
from bot.ledger.rules.model import Draft, Span, Whom
from bot.rooms_settings import ceilings_of
from bot.services.budgets.desk import Budgets
from bot.services.budgets.settings import GuildDesk
from sandbox.discord import Message, Use
from sandbox.stage import Stage, stage
from tests.e2e.invariants import Scene, assert_invariants, new_scene
from tests.e2e.process import PATIENCE_S, check_ledger, doomed, running, settle
from tests.guilds.changing import set_to

LOCUS = "locus/grok-imagine"


async def set_rules(built: Stage, *, requests: int, is_soft: bool = False) -> None:
    """A staff channel and a limit of requests, while no bot runs."""
    guild, by = GuildId(built.sandbox.guild.id), MemberId(built.sandbox.person("admin").id)
    place, clock = ChannelId(built.sandbox.channel("staff").id), SystemClock()
    overrides = {name.removeprefix("EASEL_").lower(): value for name, value in built.settings().items()}
    settings = config.load(_env_file=None, **overrides)
    built.data_dir.mkdir(exist_ok=True)
    async with Database.open(built.data_dir / DATABASE_NAME) as database:
        desk = GuildDesk(database=database, clock=clock)
        await set_to(desk, guild, by=by, staff_channel_id=place)
        await set_to(desk, guild, by=by, is_soft=is_soft)
        draft = Draft(whom=Whom.GUILD, unit=Unit.REQUESTS, span=Span.WEEK, amount=requests)
        budgets = Budgets(database=database, ceilings=ceilings_of(settings), clock=clock)
        await budgets.set_rule(guild, draft, by=by)


async def all_told(built: Stage) -> None:
    """Waits until every alert was told."""

    def untold(reader: Reader) -> int:
        return len(alerts.untold(reader, limit=100))

    async with asyncio.timeout(PATIENCE_S), Database.open_readonly(built.data_dir / DATABASE_NAME) as readers:
        while await readers.read(untold):
            await asyncio.sleep(0.05)


def cards(built: Stage) -> list[Message]:
    """The bot's cards in the staff channel."""
    return [message for message in built.sandbox.channel("staff").messages if message.now.components]


@pytest.mark.parametrize("minutes", [0, 6], ids=["while Discord knows the nonce", "long after"])
async def test_an_alert_is_told_once_whenever_the_process_comes_back(tmp_path: Path, minutes: int) -> None:
    async with stage(tmp_path / "stage", scale=0.02, picture_side=64) as built:
        scene = new_scene(built, tmp_path / "easel")
        await set_rules(scene.stage, requests=1)
        async with doomed(scene.stage, CrashPoint.AFTER_STAFF_POST):
            use = await built.sandbox.person("ana").command("imagine", prompt="a lighthouse", model=LOCUS)
        assert len(cards(built)) == 1
        built.sandbox.clock.forward(minutes=minutes)
        async with running(scene.stage):
            await use.wait_until(lambda message: "Posted" in message.plain_text(), PATIENCE_S)
            facts = await settle(scene.stage)
            await all_told(scene.stage)
            assert await check_ledger(scene.stage) == (0, "the ledger agrees\n")
        assert_invariants(scene, facts)
        assert len(cards(built)) == 1


async def asked(built: Stage, *, use: Use | None = None) -> tuple[Use, Message]:
    """Ana's request, and the one card that asks for leave."""
    use = use or await built.sandbox.person("ana").command("imagine", prompt="a lighthouse", model=LOCUS)
    found = await built.sandbox.world.until(lambda: cards(built), PATIENCE_S, "a card for the staff")
    return use, found[0]


async def ends_as(scene: Scene, use: Use, said: str, *, charges: int) -> None:
    """The member's card says so, the staff has one card without buttons, and all books agree."""
    async with running(scene.stage):
        await use.wait_until(lambda message: said in message.plain_text(), PATIENCE_S)
        (shown,) = cards(scene.stage)
        await scene.stage.sandbox.world.until(lambda: not shown.buttons(), PATIENCE_S, "a card without buttons")
        facts = await settle(scene.stage)
        assert await check_ledger(scene.stage) == (0, "the ledger agrees\n")
    assert_invariants(scene, facts)
    assert len(scene.charges) == charges


@pytest.mark.parametrize("point", [CrashPoint.AFTER_ASK_LEAVE, CrashPoint.AFTER_STAFF_POST])
@pytest.mark.parametrize("minutes", [0, 6], ids=["while Discord knows the nonce", "long after"])
async def test_what_waits_is_asked_once_and_runs_once(tmp_path: Path, point: CrashPoint, minutes: int) -> None:
    async with stage(tmp_path / "stage", scale=0.02, picture_side=64) as built:
        scene = new_scene(built, tmp_path / "easel")
        await set_rules(scene.stage, requests=0, is_soft=True)
        async with doomed(scene.stage, point):
            use = await built.sandbox.person("ana").command("imagine", prompt="a lighthouse", model=LOCUS)
        built.sandbox.clock.forward(minutes=minutes)
        async with running(scene.stage):
            _, card = await asked(scene.stage, use=use)
            await use.wait_until(lambda message: "Waits for a moderator" in message.plain_text(), PATIENCE_S)
            await built.sandbox.person("mod").press(card, "Allow once")
            await use.wait_until(lambda message: "Posted" in message.plain_text(), PATIENCE_S)
        await ends_as(scene, use, "Posted", charges=1)


@pytest.mark.parametrize("point", [CrashPoint.AFTER_DECIDED, CrashPoint.AFTER_COMMIT_HOLD])
async def test_what_was_allowed_runs_once_after_the_restart(tmp_path: Path, point: CrashPoint) -> None:
    async with stage(tmp_path / "stage", scale=0.02, picture_side=64) as built:
        scene = new_scene(built, tmp_path / "easel")
        await set_rules(scene.stage, requests=0, is_soft=True)
        async with doomed(scene.stage, point):
            use, card = await asked(scene.stage)
            await built.sandbox.person("mod").press(card, "Allow once")
        await ends_as(scene, use, "Posted", charges=1)


async def test_what_was_refused_is_told_after_the_restart(tmp_path: Path) -> None:
    async with stage(tmp_path / "stage", scale=0.02, picture_side=64) as built:
        scene = new_scene(built, tmp_path / "easel")
        await set_rules(scene.stage, requests=0, is_soft=True)
        mod = built.sandbox.person("mod")
        async with doomed(scene.stage, CrashPoint.AFTER_DECIDED):
            use, card = await asked(scene.stage)
            opened = await mod.press(card, "Refuse…")
            await opened.opened(PATIENCE_S)
            await mod.submit_modal(opened, {"reason": "not today"})
        await ends_as(scene, use, "not today", charges=0)

"""`/help` and `/about`: what a member can do here, with commands to click, and what this bot is."""

from pathlib import Path

import pytest

from bot import __version__
from bot.core.ids import GuildId, MemberId
from bot.guilds import store as guilds
from bot.guilds.model import Pause
from bot.ledger.rules import store as rules
from bot.ledger.rules.model import Mark
from sandbox.discord import Person, Use
from sandbox.gateways import EVERY
from tests.e2e.pressing import bot_on, stage
from tests.e2e.scene import WAIT_S, Scene, scene


async def read(who: Person, command: str) -> str:
    use: Use = await who.command(command)
    card = await use.answered(WAIT_S)
    assert card.only_for == who.id
    return card.plain_text()


def clickable(play: Scene, command: str) -> str:
    """The mention that Discord turns into a button for that command."""
    name = command.split(" ", maxsplit=1)[0]
    (found,) = [one for one in play.rig.sandbox.world.commands[None].values() if one.name == name and one.kind == 1]
    return f"</{command}:{found.id}>"


async def test_help_names_by_task_what_the_member_may_run(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        text = await read(play.ana, "help")
        for command in ("imagine", "edit", "upscale", "ask", "history", "usage", "style add", "about", "privacy"):
            assert clickable(play, command) in text
        assert "settings" not in text
        staff = await read(play.rig.sandbox.person("admin"), "help")
        for command in ("budget", "simulate", "pause", "resume", "styles add"):
            assert clickable(play, f"settings {command}") in staff
        await play.ends_well()


async def test_whoever_may_run_everything_reads_every_command(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        text = await read(play.rig.sandbox.person("admin"), "help")
        known = {one.name for one in play.rig.sandbox.world.commands[None].values() if one.kind == 1}
        assert {name for name in known if f"</{name}" not in text} == {"help"}
        await play.ends_well()


async def test_what_the_server_has_paused_is_left_out_until_it_resumes(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        guild_id = GuildId(play.rig.sandbox.guild.id)

        async def pause(command: str | None) -> None:
            wanted = Pause(command=command, reason="over budget", author_id=MemberId(1), at=play.house.clock.now())
            await play.house.database.write(lambda tx: guilds.pause(tx, guild_id, wanted))

        await pause("edit")
        text = await read(play.ana, "help")
        assert clickable(play, "edit") not in text
        assert clickable(play, "imagine") in text
        assert "has paused" in text
        await pause(None)
        text = await read(play.ana, "help")
        assert not [name for name in ("imagine", "edit", "upscale", "ask") if clickable(play, name) in text]
        assert clickable(play, "style add") in text
        await play.house.database.write(lambda tx: [guilds.resume(tx, guild_id, one) for one in (None, "edit")])
        text = await read(play.ana, "help")
        assert clickable(play, "edit") in text
        assert "has paused" not in text
        await play.ends_well()


async def test_a_blocked_member_reads_what_is_left_to_them(tmp_path: Path) -> None:
    async with scene(tmp_path, names=EVERY) as play:
        guild_id, member_id = GuildId(play.rig.sandbox.guild.id), MemberId(play.ana.id)
        await play.house.database.write(lambda tx: rules.set_mark(tx, guild_id, member_id, Mark.BLOCKED))
        text = await read(play.ana, "help")
        assert not [name for name in ("imagine", "edit", "upscale", "ask") if clickable(play, name) in text]
        assert clickable(play, "privacy") in text
        assert "blocked" in text
        assert clickable(play, "imagine") in await read(play.bo, "help")
        await play.ends_well()


async def test_commands_can_be_clicked_after_a_restart_that_registers_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as built:
        async with bot_on(built) as play:
            before = await read(play.ana, "help")
        async with bot_on(built) as play:
            assert clickable(play, "imagine") in before
            assert await read(play.ana, "help") == before
            await play.ends_well()


@pytest.mark.parametrize(("names", "left_out"), [(("locus",), "upscale"), (("apiinone",), "edit")])
async def test_what_no_gateway_can_do_is_left_out(tmp_path: Path, names: tuple[str, ...], left_out: str) -> None:
    async with scene(tmp_path, names=names) as play:
        text = await read(play.ana, "help")
        assert clickable(play, "imagine") in text
        assert clickable(play, left_out) not in text
        await play.ends_well()


async def test_about_tells_version_models_prices_and_what_is_kept(tmp_path: Path) -> None:
    async with scene(
        tmp_path,
        names=EVERY,
        EASEL_PICTURE_DAYS="45",
        EASEL_RECORD_DAYS="0",
        EASEL_SOURCE_URL="https://source.example/easel",
        EASEL_COMMIT="0123456789abcdef0123456789abcdef01234567",
    ) as play:
        text = await read(play.ana, "about")
        assert f"Easel {__version__} (commit `0123456789ab`)" in text
        assert "via Pixazo about $0.05" in text
        assert "Answers, for a usual question" in text
        assert "Pictures: 45 days." in text
        assert "Questions and answers: 30 days" in text
        assert "Your words and what became of them: for good." in text
        assert "https://source.example/easel" in text
        await play.ends_well()


async def test_about_without_a_source_or_a_gateway_says_nothing_of_them(tmp_path: Path) -> None:
    async with scene(tmp_path, names=()) as play:
        text = await read(play.ana, "about")
        assert "source" not in text
        assert "Questions and answers" not in text
        assert "no picture service is set up" in text
        assert "`/imagine`" not in await read(play.ana, "help")
        await play.ends_well()

"""The entries of a server as files: only its own, and with a word where they do not fit."""

import csv
import io
import json
from pathlib import Path

from bot.core.clock import utc
from bot.core.ids import GuildId, HoldId, JobId, MemberId
from bot.core.money import usd
from bot.db import Transaction
from bot.ledger import store as ledger
from bot.ledger.model import HoldRequest, Limit, Unit
from bot.ledger.windows import month_window
from sandbox.discord import Message, Refuse
from tests.e2e.pressing import bot_on, said, stage
from tests.e2e.scene import LOCUS, WAIT_S, Scene, scene
from tests.e2e.test_usage import admin_of, usage


async def file_of(play: Scene, label: str) -> tuple[str, str, Message]:
    """Name and text of the one file that a button gives, and the message that carries it."""
    admin = admin_of(play)
    use = await usage(admin)
    card = await (await admin.press(use.response, label)).answered(WAIT_S)
    assert card.only_for == admin.id
    (file,) = card.attachments
    return file.filename, file.data.decode(), card


async def _another_guilds(play: Scene) -> None:
    """A hold of a server that this bot also serves."""
    now = play.rig.sandbox.clock.now()
    limit = Limit(scope="bot", unit=Unit.MONEY, window=month_window(now), amount=usd("99"))

    def work(tx: Transaction) -> None:
        request = HoldRequest(
            hold_id=HoldId("elsewhere"),
            job_id=JobId("elsewhere"),
            guild_id=GuildId(77),
            member_id=MemberId(7),
            amount=usd("1"),
            pictures=1,
            limits=(limit,),
            price_version="1",
            at=now,
        )
        ledger.hold(tx, request)
        ledger.void(tx, hold_id=request.hold_id, at=now, reason="secret")

    await play.house.database.write(work)


async def test_the_csv_holds_every_entry_of_this_server_and_none_of_another(tmp_path: Path) -> None:
    async with stage(tmp_path) as built:
        async with bot_on(built) as play:
            await play.posted(await play.ask("=1+1 a lighthouse", count=2))
            await play.posted(await play.ask(by=play.bo, model=LOCUS))
            await _another_guilds(play)
            await play.ends_well()
        async with bot_on(built) as play:
            name, text, card = await file_of(play, "CSV")
            first = utc(month_window(play.rig.sandbox.clock.now()).starts_at)
            assert name == f"usage-{first:%Y-%m-%d}.csv"
            rows = list(csv.DictReader(io.StringIO(text, newline="")))
            assert {row["guild"] for row in rows} == {str(play.rig.sandbox.guild.id)}
            booked = {row["member"]: row["booked_usd"] for row in rows if row["kind"] == "post"}
            assert booked == {str(play.ana.id): "0.1", str(play.bo.id): "0.023"}
            assert "lighthouse" not in text
            assert f"{len(rows)} entries" in card.plain_text()
            await play.ends_well()


async def test_json_lines_hold_the_same_entries(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        await play.posted(await play.ask())
        await play.ends_well()
        name, text, _ = await file_of(play, "JSON Lines")
        assert name.endswith(".jsonl")
        rows = [json.loads(line) for line in text.splitlines()]
        assert [row["kind"] for row in rows] == ["hold", "post"]
        assert sum(row["booked_ticks"] for row in rows) == usd("0.05")


async def test_a_file_that_discord_finds_too_large_is_told_in_words(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        admin = admin_of(play)
        use = await usage(admin)
        play.rig.sandbox.faults.next("PATCH", "*/messages/@original", Refuse(413, 40005, "Request entity too large"))
        pressed = await admin.press(use.response, "CSV")
        assert "Discord finds the file too large" in await said(pressed)
        assert pressed.response.attachments == ()
        await play.ends_well()


async def test_whatever_goes_wrong_with_a_press_is_answered(tmp_path: Path) -> None:
    """Discord refuses the answer for a reason that nobody foresaw: there is still a last word."""
    async with scene(tmp_path) as play:
        admin = admin_of(play)
        use = await usage(admin)
        play.rig.sandbox.faults.next("PATCH", "*/messages/@original", Refuse(400, 50035, "Invalid Form Body"))
        told = await said(await admin.press(use.response, "CSV"))
        assert "Something went wrong on our side" in told
        await play.ends_well()

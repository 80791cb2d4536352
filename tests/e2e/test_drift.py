"""B14: a counter edited by hand is found, spends nothing more, and `ledger rebuild` mends it."""

import asyncio
import sqlite3
from pathlib import Path

from bot import app
from bot.commands.corrections import rebuild_ledger
from bot.ground import DATABASE_NAME
from bot.ledger.drifting.store import drifted
from tests.e2e.rig import rig
from tests.e2e.scene import NOT_CHARGED, PIXAZO, WAIT_S


async def _until_found(house: app.House) -> None:
    async with asyncio.timeout(WAIT_S):
        while not await house.database.read(drifted):
            await asyncio.sleep(0.01)


async def test_a_counter_that_drifted_is_found_at_the_start_and_refuses_until_it_is_mended(tmp_path: Path) -> None:
    async with rig(tmp_path) as stage:
        ana = stage.sandbox.person("ana")
        async with stage.bot() as house:
            folder = house.settings.data_dir
            first = await ana.command("imagine", prompt="one", model=PIXAZO)
            await first.wait_until(lambda message: "Posted: " in message.plain_text(), WAIT_S)
            await stage.settle(house)
        with sqlite3.connect(folder / DATABASE_NAME) as connection:
            connection.execute("UPDATE counter SET spent = spent - 1 WHERE scope = 'bot'")
        connection.close()
        async with stage.bot() as house:
            await _until_found(house)
            refused = await ana.command("imagine", prompt="two", model=PIXAZO)
            card = (await refused.answered(WAIT_S)).plain_text()
            assert "The books do not agree" in card
            assert NOT_CHARGED in card
        changed, report = await rebuild_ledger(folder / DATABASE_NAME)
        assert (len(changed), report.problems) == (1, ())
        async with stage.bot() as house:
            again = await ana.command("imagine", prompt="three", model=PIXAZO)
            await again.wait_until(lambda message: "Posted: " in message.plain_text(), WAIT_S)
            await stage.settle(house)
            await stage.assert_sound(house)

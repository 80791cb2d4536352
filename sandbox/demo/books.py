"""The bot's ledger beside the pretend gateways' own book."""

from dataclasses import dataclass

from bot.core.ids import AssetId
from bot.core.money import format_usd
from bot.db import Database, Reader
from bot.ledger.check import check
from bot.media.assets import AssetStore
from sandbox.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Ticks on both sides, what the check found, and the picture kept last."""

    spent: int
    held: int
    charged: int
    problems: tuple[str, ...]
    last_picture: str | None

    @property
    def agree(self) -> bool:
        """True where both sides say the same and nothing is open."""
        return self.spent == self.charged and self.held == 0 and not self.problems

    def lines(self) -> list[str]:
        """For people."""
        verdict = "they agree" if self.agree else "they differ: work is under way, or something is unknown"
        lines = [
            f"the gateways' own book   {format_usd(self.charged)}",
            f"the bot's ledger         {format_usd(self.spent)} spent, {format_usd(self.held)} held: {verdict}",
        ]
        if self.last_picture is not None:
            lines.append(f"the picture lies at      {self.last_picture}")
        return lines + [f"ledger check: {problem}" for problem in self.problems]


async def read_books(stage: Stage) -> Books:
    """Reads the ledger beside the running bot."""

    def look(reader: Reader) -> tuple[int, int, tuple[str, ...], str | None]:
        row = reader.one(
            "SELECT coalesce(sum(spent), 0) AS spent, coalesce(sum(held), 0) AS held FROM counter"
            " WHERE scope = 'bot' AND unit = 'money'"
        )
        picture = reader.one("SELECT asset_id FROM picture ORDER BY rowid DESC LIMIT 1")
        spent, held = (0, 0) if row is None else (row["spent"], row["held"])
        return spent, held, check(reader), None if picture is None else picture["asset_id"]

    async with Database.open_readonly(stage.data_dir / "easel.db") as readers:
        spent, held, problems, asset_id = await readers.read(look)
    path = None
    if asset_id is not None:
        path = str(AssetStore(stage.data_dir / "pictures").find(AssetId(asset_id))[0])
    charged = sum(charge.amount for charge in stage.gateways.book.charges if not charge.is_refunded)
    return Books(spent=spent, held=held, charged=charged, problems=problems, last_picture=path)

"""The bot's ledger beside the pretend gateways' own book."""

from dataclasses import dataclass, replace

from bot.core.ids import AssetId
from bot.core.money import format_usd
from bot.db import Database, Reader
from bot.ledger.check import check
from bot.media.assets import AssetStore
from sandbox.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Ticks on both sides, what the check found, the picture kept last, and the requests that have not ended.

    Of those that are `unknown` nobody knows what became of them; the others are under way.
    """

    spent: int
    held: int
    charged: int
    problems: tuple[str, ...]
    last_picture: str | None
    under_way: int = 0
    unknown: int = 0

    @property
    def agree(self) -> bool:
        """True where both sides say the same and nothing is open."""
        return self.spent == self.charged and self.held == 0 and not self.problems

    @property
    def verdict(self) -> str:
        """In a few words."""
        if self.problems:
            return "the ledger's check has found something"
        if self.agree:
            return "they agree"
        if self.under_way:
            return "work is under way"
        if self.unknown:
            return f"nobody knows what became of {self.unknown} {'request' if self.unknown == 1 else 'requests'}"
        return "they differ"

    def lines(self) -> list[str]:
        """For people."""
        lines = [
            f"the gateways' own book   {format_usd(self.charged)}",
            f"the bot's ledger         {format_usd(self.spent)} spent, {format_usd(self.held)} held: {self.verdict}",
        ]
        if self.last_picture is not None:
            lines.append(f"the picture lies at      {self.last_picture}")
        return lines + [f"ledger check: {problem}" for problem in self.problems]


async def read_books(stage: Stage) -> Books:
    """Reads the ledger beside the running bot."""

    def look(reader: Reader) -> Books:
        row = reader.one(
            "SELECT coalesce(sum(spent), 0) AS spent, coalesce(sum(held), 0) AS held FROM counter"
            " WHERE scope = 'bot' AND unit = 'money'"
        )
        picture = reader.one("SELECT asset_id FROM picture ORDER BY rowid DESC LIMIT 1")
        job = reader.one(
            "SELECT count(*) AS live, coalesce(sum(state = 'unknown'), 0) AS unknown FROM job WHERE finished_at IS NULL"
        )
        live, unknown = (0, 0) if job is None else (job["live"], job["unknown"])
        return Books(
            spent=0 if row is None else row["spent"],
            held=0 if row is None else row["held"],
            charged=sum(charge.amount for charge in stage.gateways.book.charges if not charge.is_refunded),
            problems=check(reader),
            last_picture=None if picture is None else picture["asset_id"],
            under_way=live - unknown,
            unknown=unknown,
        )

    async with Database.open_readonly(stage.data_dir / "easel.db") as readers:
        books = await readers.read(look)
    if books.last_picture is None:
        return books
    path, _ = AssetStore(stage.data_dir / "pictures").find(AssetId(books.last_picture))
    return replace(books, last_picture=str(path))

"""What the panel shows beside the traffic: faults, what is being drawn, the gateways' book beside the bot's ledger."""

import math

from bot.core.errors import EaselError
from bot.core.money import format_usd
from sandbox.demo.books import Books, read_books
from sandbox.discord.components import Body
from sandbox.gateways.book import prompt_hash
from sandbox.gateways.works import Work
from sandbox.page import faults, in_force
from sandbox.stage import Stage

BOOK_ROWS = 50


class Panel:
    """Renders the panel of a stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._offers = faults.offers()

    async def state(self) -> Body:
        """The panel as it is now."""
        sandbox, gateways = self._stage.sandbox, self._stage.gateways
        book = gateways.book
        return {
            "type": "panel",
            "faults": {**self._offers, "active": in_force.active(sandbox, gateways)},
            "gateways": list(gateways.names),
            "queue": [self._work(work) for work in gateways.under_way()],
            "book": {
                "rows": [
                    {
                        "gateway": charge.provider,
                        "usd": format_usd(charge.amount),
                        "pictures": charge.pictures,
                        "is_refunded": charge.is_refunded,
                        "at_ms": charge.at,
                    }
                    for charge in book.charges[-BOOK_ROWS:]
                ],
                "total_usd": format_usd(book.total()),
            },
            "ledger": _ledger(await self._books()),
            "violations": len(sandbox.violations),
            "note": sandbox.note,
        }

    def _work(self, work: Work) -> Body:
        left = self._stage.gateways.seconds_left(work)
        return {
            "gateway": work.gateway,
            "id": work.id[:24],
            "prompt_hash": prompt_hash(work.prompt),
            "state": "queued" if self._stage.gateways.is_queued(work) else "drawing",
            "seconds_left": None if math.isinf(left) else round(left),
        }

    async def _books(self) -> Books | None:
        """None as long as there is no database, or while it is being moved to a new schema."""
        try:
            return await read_books(self._stage)
        except (EaselError, OSError):
            return None


def _ledger(books: Books | None) -> Body:
    if books is None:
        return {"spent_usd": format_usd(0), "held_usd": format_usd(0), "verdict": "nothing yet", "problems": []}
    return {
        "spent_usd": format_usd(books.spent),
        "held_usd": format_usd(books.held),
        "verdict": books.verdict,
        "problems": list(books.problems),
    }

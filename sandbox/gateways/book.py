"""What the pretend gateways charged: the other side of the bot's ledger."""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.core.clock import Clock, Millis
from bot.core.money import Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One charge. `amount` is in ticks, `prompt_hash` as `prompt_hash()` makes it."""

    provider: str
    work_id: str
    amount: Ticks
    pictures: int
    prompt_hash: str
    at: Millis
    is_refunded: bool = False


def prompt_hash(prompt: str) -> str:
    """The first 16 hex digits of the prompt's SHA-256."""
    return hashlib.sha256(prompt.encode(errors="replace")).hexdigest()[:16]


class Book:
    """Charges in the order in which they were made."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._charges: list[Charge] = []
        self._news = asyncio.Event()

    @property
    def charges(self) -> tuple[Charge, ...]:
        return tuple(self._charges)

    def charge(self, *, provider: str, work_id: str, amount: Ticks, pictures: int, prompt: str) -> None:
        """Writes a charge."""
        self._charges.append(
            Charge(
                provider=provider,
                work_id=work_id,
                amount=amount,
                pictures=pictures,
                prompt_hash=prompt_hash(prompt),
                at=self._clock.now(),
            )
        )
        self._news.set()

    def take_up(self, charges: Iterable[Charge]) -> None:
        """Goes on from charges that were written down."""
        self._charges[:0] = charges

    async def holds(self, count: int) -> None:
        """Waits until so many charges are written; the caller bounds the wait."""
        while len(self._charges) < count:
            self._news.clear()
            await self._news.wait()

    def refund(self, work_id: str) -> None:
        """Gives back what was taken for the work."""
        self._charges = [
            replace(charge, is_refunded=True) if charge.work_id == work_id else charge for charge in self._charges
        ]

    def total(self, provider: str | None = None) -> Ticks:
        """What was taken and not given back, of one gateway or of all."""
        return Ticks(
            sum(
                charge.amount
                for charge in self._charges
                if not charge.is_refunded and provider in (None, charge.provider)
            )
        )

    def of_prompt(self, prompt: str) -> tuple[Charge, ...]:
        """The charges for one prompt; two of them mean that it was ordered twice."""
        return tuple(charge for charge in self._charges if charge.prompt_hash == prompt_hash(prompt))

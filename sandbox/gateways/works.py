"""The work a gateway has taken on: how long it takes, how it ends, what it costs."""

import math
import random
from dataclasses import dataclass, field

from bot.core.clock import Clock
from bot.core.money import ZERO, Ticks
from sandbox.gateways.answers import Pauses
from sandbox.gateways.book import Book
from sandbox.gateways.faults import Faults, Outcome, PictureFault, WorkFault

# Log-normal with median 8 s and 95th percentile 20 s; 1.645 is the normal's 95th
# percentile.
MEDIAN_S = 8.0
SIGMA = math.log(20.0 / MEDIAN_S) / 1.645
# Whoever waits for a work looks this often whether it goes faster now.
LOOK_S = 0.1


@dataclass(slots=True, kw_only=True)
class Work:
    """One order in progress; times are monotonic seconds."""

    id: str
    gateway: str
    prompt: str
    asked: int
    pictures: int
    ratio: str
    resolution: str | None
    format: str
    begun_at: float
    ready_at: float
    price: Ticks
    fault: WorkFault | None
    spoil: PictureFault | None
    given: bytes | None = field(default=None, repr=False)  # a picture to be enlarged by `factor`
    factor: int = 1
    looks: int = 0  # how often its result was told
    is_closed: bool = field(default=False)  # failed, refunded, waiting for a person: nothing is drawn

    def ends_as(self, kind: Outcome) -> bool:
        return self.fault is not None and self.fault.kind is kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked, after the gateway has checked it; `price_each` and `fee` in ticks.

    `count` 0 is an answer or a speech. `given` is a picture to be enlarged by `factor`.
    """

    prompt: str
    count: int
    ratio: str
    resolution: str | None
    format: str
    price_each: Ticks
    fee: Ticks = ZERO
    given: bytes | None = field(default=None, repr=False)
    factor: int = 1


class Works:
    """The works of one gateway. The same seed gives the same ids and times in the same order of orders."""

    def __init__(
        self,
        *,
        gateway: str,
        id_prefix: str,
        seed: int,
        scale: float,
        clock: Clock,
        book: Book,
        faults: Faults,
    ) -> None:
        self._gateway = gateway
        self._id_prefix = id_prefix
        self._chance = random.Random(f"{seed}:{gateway}")
        self._scale = scale
        self._speed = 1.0
        self._clock = clock
        self._book = book
        self._faults = faults
        self._all: dict[str, Work] = {}

    @property
    def gateway(self) -> str:
        return self._gateway

    def accept(self, order: Order) -> Work:
        """Takes the order on and charges it at once (the real ones do so somewhere before they answer)."""
        fault = self._faults.work(self._gateway, order.prompt)
        kind = None if fault is None else fault.kind
        now = self._clock.monotonic()
        took = self._scale * MEDIAN_S * math.exp(self._chance.gauss(0.0, SIGMA))
        if fault is not None and kind is Outcome.SLOW:
            took = fault.seconds
        pictures = min(order.count, fault.count) if fault and kind is Outcome.FEWER else order.count
        factor = fault.factor if fault and kind is Outcome.OVERCHARGE else 1.0
        work = Work(
            id=f"{self._id_prefix}{self._uuid()}",
            gateway=self._gateway,
            prompt=order.prompt,
            asked=order.count,
            pictures=pictures,
            ratio=order.ratio,
            resolution=order.resolution,
            format=order.format,
            begun_at=now,
            ready_at=math.inf if kind is Outcome.NEVER_ENDS else now + took / self._speed,
            price=Ticks(round((order.price_each * pictures + order.fee) * factor)),
            fault=fault,
            spoil=self._faults.picture(self._gateway, order.prompt),
            given=order.given,
            factor=order.factor,
        )
        self._all[work.id] = work
        is_refused = kind is Outcome.MODERATED and fault is not None and not fault.is_charged
        if not is_refused and kind is not Outcome.PENDING_APPROVAL:
            self.charge(work)
        return work

    def charge(self, work: Work) -> None:
        """Writes the work's price into the book."""
        self._book.charge(
            provider=self._gateway,
            work_id=work.id,
            amount=work.price,
            pictures=work.pictures,
            prompt=work.prompt,
        )

    def give_up(self, work: Work) -> None:
        """The gateway's own fault: refunded."""
        work.is_closed = True
        self._book.refund(work.id)

    def finish(self) -> None:
        """Whatever is being drawn is done now, also what would never have ended."""
        now = self._clock.monotonic()
        for work in self._all.values():
            work.ready_at = min(work.ready_at, now)

    def hasten(self, factor: float) -> None:
        """Draws `factor` times as fast as at first from now on, also what is under way."""
        now, gain = self._clock.monotonic(), self._speed / factor
        for work in self.under_way():
            work.begun_at = now - (now - work.begun_at) * gain
            work.ready_at = now + (work.ready_at - now) * gain
        self._speed = factor

    @property
    def tempo(self) -> float:
        """What a pause within an answer is stretched by, as the drawing times are."""
        return self._scale / self._speed

    async def until_ready(self, work: Work, pauses: Pauses) -> None:
        """Waits while the work is drawn, however fast that goes by then."""
        while (left := self.seconds_left(work)) > 0 and not pauses.is_closing:
            await pauses.wait(min(left, LOOK_S))

    def under_way(self) -> list[Work]:
        """Works not done yet, oldest first; those that never end too."""
        return [work for work in self._all.values() if not work.is_closed and not self.is_ready(work)]

    def find(self, work_id: str) -> Work | None:
        return self._all.get(work_id)

    def is_ready(self, work: Work) -> bool:
        return self._clock.monotonic() >= work.ready_at

    def is_queued(self, work: Work) -> bool:
        """True during the first tenth of the time."""
        return self._clock.monotonic() - work.begun_at < (work.ready_at - work.begun_at) / 10

    def seconds_left(self, work: Work) -> float:
        return max(0.0, work.ready_at - self._clock.monotonic())

    def waiting(self) -> int:
        """Works still being drawn; those that never end are not counted."""
        return sum(not math.isinf(work.ready_at) for work in self.under_way())

    def _uuid(self) -> str:
        digits = f"{self._chance.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

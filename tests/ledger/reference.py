"""The ledger once more in plain Python, without SQL: what the true one must agree with."""

from dataclasses import dataclass, field, replace

from bot.core.clock import Millis
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import HoldId
from bot.core.money import Ticks
from bot.ledger.model import (
    AlreadyClosed,
    AlreadyHeld,
    Held,
    HoldRequest,
    HoldState,
    Limit,
    NotAdjustable,
    Posted,
    Unit,
)

Key = tuple[str, str, str, int]  # scope, unit, kind of window, start of window


@dataclass
class Counter:
    """A counter's numbers."""

    held: int = 0
    spent: int = 0
    overrun: int = 0


@dataclass
class Line:
    """A hold: what it weighs on, and what was booked on it."""

    request: HoldRequest
    state: HoldState = HoldState.OPEN
    booked: int = 0


@dataclass
class Reference:
    """Raises what the true ledger must raise, and changes nothing then."""

    counters: dict[Key, Counter] = field(default_factory=dict)
    lines: dict[HoldId, Line] = field(default_factory=dict)
    last_seen: int = 0

    def effective_now(self, at: Millis) -> Millis:
        self.last_seen = max(self.last_seen, at)
        return Millis(self.last_seen)

    def hold(self, request: HoldRequest) -> Held:
        if request.hold_id in self.lines:
            raise AlreadyHeld
        for limit in request.limits:
            key: Key = (limit.scope, limit.unit.value, limit.window.kind.value, limit.window.starts_at)
            counter = self.counters.get(key, Counter())
            left = max(0, limit.amount - counter.held - counter.spent)
            needed = request.needed(limit.unit)
            if needed and counter.held + counter.spent + needed > limit.amount:
                raise Refusal(_reason(limit.unit), {"scope": limit.scope, "left": left, "needed": needed})
        self.lines[request.hold_id] = Line(request)
        for key, needed in self.weights(request):
            self.counters.setdefault(key, Counter()).held += needed
        return Held(hold_id=request.hold_id, amount=request.amount, pictures=request.pictures)

    def reprice(self, hold_id: HoldId, amount: Ticks, limits: tuple[Limit, ...]) -> Held:
        line = self.lines[hold_id]
        if line.state is not HoldState.OPEN:
            raise AlreadyClosed(hold_id, line.state)
        before = dict(self.weights(line.request))
        moved = replace(line.request, amount=amount, limits=limits)
        for limit, (key, needed) in zip(limits, self.weights(moved), strict=True):
            counter, own = self.counters.get(key, Counter()), before.get(key, 0)
            is_less = key in before and needed <= own
            if needed and not is_less and counter.held - own + counter.spent + needed > limit.amount:
                left = max(0, limit.amount - (counter.held - own) - counter.spent)
                raise Refusal(_reason(limit.unit), {"scope": limit.scope, "left": left, "needed": needed})
        for key, weight in before.items():
            self.counters[key].held -= weight
        for key, weight in self.weights(moved):
            self.counters.setdefault(key, Counter()).held += weight
        line.request = moved
        return Held(hold_id=hold_id, amount=amount, pictures=moved.pictures)

    def post(self, hold_id: HoldId, actual: Ticks, pictures: int) -> Posted:
        line = self.close(hold_id, HoldState.POSTED)
        self.book(line, actual, pictures)
        held = line.request.amount
        return Posted(
            amount=actual,
            released=Ticks(max(0, held - actual)),
            overrun=Ticks(max(0, actual - held)),
            overrun_pictures=max(0, pictures - line.request.pictures),
        )

    def void(self, hold_id: HoldId) -> None:
        self.book(self.close(hold_id, HoldState.VOIDED), 0, 0, requests=0)

    def presume(self, hold_id: HoldId) -> Posted:
        line = self.close(hold_id, HoldState.PRESUMED)
        self.book(line, line.request.amount, line.request.pictures)
        return Posted(amount=line.request.amount, released=Ticks(0), overrun=Ticks(0))

    def adjust(self, hold_id: HoldId, difference: int) -> None:
        line = self.lines[hold_id]
        if line.state not in (HoldState.POSTED, HoldState.PRESUMED) or line.booked + difference < 0:
            raise NotAdjustable
        line.booked += difference
        for key, _ in self.weights(line.request):
            if key[1] == "money":
                self.counters[key].spent += difference
                self.counters[key].overrun += max(0, difference)

    def close(self, hold_id: HoldId, state: HoldState) -> Line:
        line = self.lines[hold_id]
        if line.state is not HoldState.OPEN:
            raise AlreadyClosed(hold_id, line.state)
        line.state = state
        return line

    def book(self, line: Line, money: int, pictures: int, *, requests: int = 1) -> None:
        line.booked = money
        truths = {"money": money, "pictures": pictures, "requests": requests}
        for key, held in self.weights(line.request):
            truth, counter = truths[key[1]], self.counters[key]
            counter.held -= held
            counter.spent += truth
            counter.overrun += max(0, truth - held)

    @staticmethod
    def weights(request: HoldRequest) -> list[tuple[Key, int]]:
        return [
            (
                (limit.scope, limit.unit.value, limit.window.kind.value, limit.window.starts_at),
                request.needed(limit.unit),
            )
            for limit in request.limits
        ]


def _reason(unit: Unit) -> RefusalReason:
    return RefusalReason.BUDGET if unit is Unit.MONEY else RefusalReason.QUOTA

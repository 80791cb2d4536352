"""Hypothesis plays with a ledger: every outcome and every counter must be the reference's, after every step."""

from collections.abc import Callable
from typing import ClassVar, cast

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, invariant, multiple, rule

from bot.core.clock import HOUR_MS, Millis
from bot.core.errors import EaselError, Refusal
from bot.core.ids import HoldId
from bot.core.money import Ticks
from bot.db import Transaction
from bot.ledger import store
from bot.ledger.check import broken_books
from bot.ledger.model import AlreadyClosed, Ceilings
from tests.ledger.book import NOON, Book, ceilings, limits_of, request
from tests.ledger.reference import Reference
from tests.ledger.subject import Subject

# Amounts and limits are small, so that chance meets the limits' edges often.
AMOUNTS, PICTURES = st.integers(0, 6), st.integers(0, 3)
LIMITS = st.builds(
    ceilings,
    bot=st.integers(6, 30),
    guild_month=st.integers(5, 25),
    guild_day=st.integers(4, 20),
    member=st.integers(3, 15),
    pictures=st.integers(2, 8),
    providers=st.one_of(st.none(), st.integers(4, 16)),
)
PROVIDERS = st.sampled_from(["here", "there"])
HOURS = st.sampled_from([-25, -1, 1, 12, 25, 24 * 17])


class SimulatedCrash(Exception):
    """Everything of the open transaction is lost."""


class LedgerMachine(RuleBasedStateMachine):
    """The rules. `subject` is the ledger under test."""

    subject: ClassVar[Subject] = Subject()
    holds = cast("Bundle[HoldId]", Bundle("holds"))

    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.reference = Reference()
        self.ceilings = ceilings(bot=20, guild_month=18, guild_day=12, member=8, pictures=6, providers=9)
        self.requests: int | None = 5
        self.now = NOON
        self.count = 0

    def teardown(self) -> None:
        self.book.close()

    @rule(
        target=holds,
        guild=st.integers(1, 2),
        member=st.integers(10, 11),
        amount=AMOUNTS,
        pictures=PICTURES,
        provider=PROVIDERS,
    )
    def hold(
        self, guild: int, member: int, amount: int, pictures: int, provider: str
    ) -> HoldId | MultipleResults[HoldId]:
        self.count += 1
        now = self.agree(
            lambda tx: self.subject.effective_now(tx, self.now),
            lambda: self.reference.effective_now(self.now),
        )
        wanted = request(
            f"h{self.count}",
            amount,
            pictures,
            of=self.ceilings,
            guild=guild,
            member=member,
            now=cast("Millis", now),
            provider=provider,
            requests=self.requests,
        )
        self.agree(lambda tx: self.subject.hold(tx, wanted), lambda: self.reference.hold(wanted))
        return wanted.hold_id if wanted.hold_id in self.reference.lines else multiple()

    @rule(hold_id=holds)
    def redeliver(self, hold_id: HoldId) -> None:
        again = self.reference.lines[hold_id].request
        self.agree(lambda tx: self.subject.hold(tx, again), lambda: self.reference.hold(again))

    @rule(hold_id=holds, amount=st.integers(0, 9), provider=PROVIDERS)
    def reprice(self, hold_id: HoldId, amount: int, provider: str) -> None:
        opened = self.reference.lines[hold_id].request
        limits = limits_of(
            self.ceilings,
            guild=opened.guild_id,
            member=opened.member_id,
            now=opened.at,
            provider=provider,
            requests=self.requests,
        )
        self.agree(
            lambda tx: self.subject.reprice(tx, hold_id, Ticks(amount), limits, self.now),
            lambda: self.reference.reprice(hold_id, Ticks(amount), limits),
        )

    @rule(hold_id=holds, actual=st.integers(0, 9), pictures=st.integers(0, 4))
    def post(self, hold_id: HoldId, actual: int, pictures: int) -> None:
        self.agree(
            lambda tx: self.subject.post(tx, hold_id, Ticks(actual), pictures, self.now),
            lambda: self.reference.post(hold_id, Ticks(actual), pictures),
        )

    @rule(hold_id=holds)
    def void(self, hold_id: HoldId) -> None:
        self.agree(lambda tx: self.subject.void(tx, hold_id, self.now), lambda: self.reference.void(hold_id))

    @rule(hold_id=holds)
    def presume(self, hold_id: HoldId) -> None:
        self.agree(lambda tx: self.subject.presume(tx, hold_id, self.now), lambda: self.reference.presume(hold_id))

    @rule(hold_id=holds, difference=st.integers(-6, 6).filter(bool))
    def adjust(self, hold_id: HoldId, difference: int) -> None:
        self.agree(
            lambda tx: self.subject.adjust(tx, hold_id, difference, self.now),
            lambda: self.reference.adjust(hold_id, difference),
        )

    @rule(limits=LIMITS)
    def change_limits(self, limits: Ceilings) -> None:
        self.ceilings = limits

    @rule(requests=st.one_of(st.none(), st.integers(1, 6)))
    def change_requests(self, requests: int | None) -> None:
        self.requests = requests

    @rule(hours=HOURS)
    def move_clock(self, hours: int) -> None:
        self.now = Millis(self.now + hours * HOUR_MS)

    @rule(hold_id=holds)
    def crash_before_the_commit(self, hold_id: HoldId) -> None:
        def interrupted(tx: Transaction) -> None:
            try:
                self.subject.presume(tx, hold_id, self.now)
            except AlreadyClosed:
                pass  # a crash may as well follow a refusal
            raise SimulatedCrash

        try:
            self.subject.transact(self.book.connection, interrupted)
        except SimulatedCrash:
            pass  # what stays is compared by the invariant

    @invariant()
    def counters_are_the_references(self) -> None:
        rows = self.book.reader.all("SELECT * FROM counter")
        stored = {
            (row["scope"], row["unit"], row["window_kind"], row["starts_at"]): (
                row["held"],
                row["spent"],
                row["overrun"],
            )
            for row in rows
        }
        expected = {key: (each.held, each.spent, each.overrun) for key, each in self.reference.counters.items()}
        assert stored == expected

    @invariant()
    def books_agree(self) -> None:
        assert broken_books(self.book.reader) == ()

    @invariant()
    def holds_are_in_the_references_state(self) -> None:
        for hold_id, line in self.reference.lines.items():
            stored = store.hold_of(self.book.reader, hold_id)
            assert stored is not None
            assert stored.state is line.state

    def agree(self, work: Callable[[Transaction], object], expected: Callable[[], object]) -> object:
        """Does it on both sides; returns the common result, None for a common refusal."""
        try:
            wanted = expected()
        except EaselError as error:
            wanted = error
        try:
            result: object = self.subject.transact(self.book.connection, work)
        except EaselError as error:
            result = error
        assert described(result) == described(wanted)
        return None if isinstance(result, EaselError) else result


def described(outcome: object) -> object:
    """An outcome in a form that compares."""
    if isinstance(outcome, Refusal):
        return outcome.reason, *(outcome.facts[name] for name in ("scope", "left", "needed"))
    if isinstance(outcome, AlreadyClosed):
        return AlreadyClosed, outcome.state
    return type(outcome) if isinstance(outcome, EaselError) else outcome


def machine_for(ledger: Subject) -> type[LedgerMachine]:
    """The machine that plays with this ledger."""
    return type(f"MachineFor{type(ledger).__name__}", (LedgerMachine,), {"subject": ledger})

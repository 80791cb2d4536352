"""The invariants, as sentences about what is broken. Clean means an empty answer.

    I1   held + spent <= limit + overruns, for every counter
    I2   held is the sum of the open holds, spent the sum of what was posted; a leg weighs what its hold says
    I3   a hold is opened by one entry, weighs what its last price says, and is closed by exactly the one entry that
         its state names; each entry can follow those before it (`replay`)
    I8   entries are append-only, and replaying them gives the counters
    I9   SQLite finds the file sound and every reference kept
    I10  the sums by day are those of the entries

I3 reaches as far as the ledger knows: whether a hold's job has ended is for the jobs to say. Run it within
one snapshot (`Database.read`); it reads everything, also while the bot runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from bot.core.clock import utc
from bot.db import Reader
from bot.ledger.check import store
from bot.ledger.check.replay import broken_entries
from bot.ledger.check.store import Balance, CrookedSpend

# What the schema's triggers forbid or keep; somebody who edits by hand drops them first.
_GUARDS = frozenset(
    {
        "entry_is_never_changed",
        "entry_is_never_deleted",
        "entry_is_summed",
        "spend_is_summed",
        "spend_is_summed_again",
        "spend_is_taken_out",
        "leg_is_never_moved",
        "leg_of_a_closed_hold_is_fixed",
        "leg_of_a_closed_hold_is_kept",
        "hold_closes_once",
        "hold_terms_are_fixed",
        "hold_is_never_deleted",
        "budget_rule_is_never_deleted",
        "rule_change_is_never_changed",
        "rule_change_is_never_deleted",
    }
)


class Where(IntEnum):
    """What kind of row is broken; each kind is derived from those before it, so the first one is nearest the cause."""

    ENTRY = 1
    HOLD = 2
    LEG = 3
    COUNTER = 4
    SPEND = 5
    COARSE = 6
    FILE = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken invariant. `row` names the row, empty where it is none; `order` is its place among its kind.

    `scope` is that of a counter.
    """

    told: str
    where: Where
    order: tuple[int | str, ...] = ()
    row: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Every broken invariant, and the first row that breaks the book, None where no row does."""

    problems: tuple[str, ...]
    first_row: str | None


def examine(reader: Reader) -> Report:
    """As `check`, and which row is the first to look at."""
    found = (*findings(reader), *_damage(reader))
    named = min((one for one in found if one.row), key=lambda one: (one.where, one.order), default=None)
    first = None if named is None else named.row
    if found and (missing := store.first_missing(reader)) is not None:
        is_earlier = named is not None and named.where is Where.ENTRY and named.order < (missing,)
        first = first if is_earlier else f"entry {missing}, which is gone"
    return Report(problems=tuple(one.told for one in found), first_row=first)


def check(reader: Reader) -> tuple[str, ...]:
    """Every broken invariant, each sentence beginning with its name; empty when all is well."""
    return tuple(one.told for one in (*findings(reader), *_damage(reader)))


def broken_books(reader: Reader) -> tuple[str, ...]:
    """As `check`, without the look at the file itself (I9), which takes longest."""
    return tuple(one.told for one in findings(reader))


def findings(reader: Reader) -> tuple[Finding, ...]:
    """Every broken invariant but those of the file itself."""
    return (*_broken_counters(reader), *_broken_holds(reader), *_broken_spend(reader), *_missing_guards(reader))


def _broken_counters(reader: Reader) -> Iterator[Finding]:
    for balance in store.balances(reader):
        name = f"{balance.scope} {balance.unit} {balance.window_kind} from {balance.starts_at}"
        for invariant, told in _broken_counter(balance):
            yield Finding(
                told=f"{invariant}: {name}: {told}",
                where=Where.COUNTER,
                order=(balance.id,),
                row=f"counter {balance.id} ({name})",
                scope=balance.scope,
            )


def _broken_counter(balance: Balance) -> Iterator[tuple[str, str]]:
    if balance.held + balance.spent > balance.limit_amount + balance.overrun:
        told = f"held {balance.held} + spent {balance.spent} is more than"
        yield "I1", f"{told} limit {balance.limit_amount} + overrun {balance.overrun}"
    if balance.held != balance.held_open:
        yield "I2", f"held is {balance.held}, the open holds sum to {balance.held_open}"
    if balance.spent != balance.spent_posted:
        yield "I2", f"spent is {balance.spent}, the posted holds sum to {balance.spent_posted}"
    if balance.kept != balance.replayed:
        yield "I8", f"held, spent, overrun are {balance.kept}, the entries give {balance.replayed}"


def _broken_holds(reader: Reader) -> Iterator[Finding]:
    for leg in store.crooked_legs(reader):
        yield Finding(
            told=f"I2: hold {leg.hold_id} weighs {leg.amount} on {leg.scope}, its terms say {leg.terms}",
            where=Where.LEG,
            order=(leg.hold_id, leg.counter_id),
            row=f"the leg of hold {leg.hold_id} on counter {leg.counter_id}",
        )
    for hold in store.crooked_holds(reader):
        entries = f"{hold.openings} opening and {hold.closings} closing entries"
        yield Finding(
            told=f"I3: hold {hold.hold_id} is {hold.state}, with {entries}",
            where=Where.HOLD,
            order=(hold.hold_id,),
            row=f"hold {hold.hold_id}",
        )
    for terms in store.crooked_terms(reader):
        yield Finding(
            told=f"I3: hold {terms.hold_id} holds {terms.amount}, it was last priced at {terms.priced}",
            where=Where.HOLD,
            order=(terms.hold_id,),
            row=f"hold {terms.hold_id}",
        )
    for broken in broken_entries(reader):
        line = broken.line
        row = f"entry {line.id} ({line.kind} of hold {line.hold_id})"
        yield Finding(told=f"I3: {row} {broken.why}", where=Where.ENTRY, order=(line.id,), row=row)


def _broken_spend(reader: Reader) -> Iterator[Finding]:
    for spend in store.crooked_spend(reader):
        row = f"the sum of {named(spend)}"
        yield Finding(
            told=f"I10: {row} is {spend.kept}, the entries give {spend.booked}",
            where=Where.SPEND,
            order=(spend.guild_id, spend.day, spend.member_id, spend.command, spend.provider, spend.model),
            row=row,
        )

    for coarse in store.crooked_coarse(reader):
        row = f"the {coarse.table} of guild {coarse.guild_id}, {utc(coarse.day).date().isoformat()}"
        yield Finding(
            told=f"I10: {row} is {coarse.kept}, the finer sums give {coarse.booked}",
            where=Where.COARSE,
            order=(coarse.guild_id, coarse.day, coarse.table),
            row=row,
        )


def named(spend: CrookedSpend) -> str:
    """Which sum it is, in words."""
    day = utc(spend.day).date().isoformat()
    what = " ".join(part for part in (spend.command, spend.provider, spend.model) if part)
    return f"guild {spend.guild_id}, {day}, member {spend.member_id}, {what or 'no job'}"


def _missing_guards(reader: Reader) -> Iterator[Finding]:
    for guard in sorted(_GUARDS - store.guards(reader)):
        yield Finding(told=f"I8: the trigger {guard} is gone", where=Where.FILE)


def _damage(reader: Reader) -> Iterator[Finding]:
    for told in store.damage(reader):
        yield Finding(told=f"I9: {told}", where=Where.FILE)

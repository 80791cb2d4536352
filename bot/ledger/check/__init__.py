"""The invariants, as sentences about what is broken. Clean means an empty answer.

    I1  held + spent <= limit + overruns, for every counter
    I2  held is the sum of the open holds, spent the sum of what was posted; a leg weighs what its hold says
    I3  a hold is opened by one entry, weighs what its last price says, and is closed by exactly the one entry that
        its state names
    I8  entries are append-only, and replaying them gives the counters
    I9  SQLite finds the file sound and every reference kept

I3 reaches as far as the ledger knows: whether a hold's job has ended is for the jobs to say. Run it within
one snapshot (`Database.read`); it reads everything, also while the bot runs.
"""

from collections.abc import Iterator

from bot.db import Reader
from bot.ledger.check import store
from bot.ledger.check.store import Balance

# What the schema's triggers forbid; somebody who edits by hand drops them first.
_GUARDS = frozenset(
    {
        "entry_is_never_changed",
        "entry_is_never_deleted",
        "leg_is_never_moved",
        "leg_of_a_closed_hold_is_fixed",
        "leg_is_never_deleted",
        "hold_closes_once",
        "hold_terms_are_fixed",
        "hold_is_never_deleted",
    }
)


def check(reader: Reader) -> tuple[str, ...]:
    """Every broken invariant, each sentence beginning with its name; empty when all is well."""
    return (*broken_books(reader), *(f"I9: {finding}" for finding in store.damage(reader)))


def broken_books(reader: Reader) -> tuple[str, ...]:
    """As `check`, without the look at the file itself (I9), which takes longest."""
    return tuple(_broken(reader))


def _broken(reader: Reader) -> Iterator[str]:
    for balance in store.balances(reader):
        yield from _broken_counter(balance)
    for leg in store.crooked_legs(reader):
        yield f"I2: hold {leg.hold_id} weighs {leg.amount} on {leg.scope}, its terms say {leg.terms}"
    for hold in store.crooked_holds(reader):
        entries = f"{hold.openings} opening and {hold.closings} closing entries"
        yield f"I3: hold {hold.hold_id} is {hold.state}, with {entries}"
    for terms in store.crooked_terms(reader):
        yield f"I3: hold {terms.hold_id} holds {terms.amount}, it was last priced at {terms.priced}"
    for guard in sorted(_GUARDS - store.guards(reader)):
        yield f"I8: the trigger {guard} is gone"


def _broken_counter(balance: Balance) -> Iterator[str]:
    name = f"{balance.scope} {balance.unit} {balance.window_kind} from {balance.starts_at}"
    if balance.held + balance.spent > balance.limit_amount + balance.overrun:
        yield (
            f"I1: {name}: held {balance.held} + spent {balance.spent} is more than "
            f"limit {balance.limit_amount} + overrun {balance.overrun}"
        )
    if balance.held != balance.held_open:
        yield f"I2: {name}: held is {balance.held}, the open holds sum to {balance.held_open}"
    if balance.spent != balance.spent_posted:
        yield f"I2: {name}: spent is {balance.spent}, the posted holds sum to {balance.spent_posted}"
    counter = (balance.held, balance.spent, balance.overrun)
    replay = (balance.held_replayed, balance.spent_replayed, balance.overrun_replayed)
    if counter != replay:
        yield f"I8: {name}: held, spent, overrun are {counter}, the entries give {replay}"

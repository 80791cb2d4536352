"""The gateways' books against the ledger, entry by entry: which charge is which job's, and where the two differ.

A charge and a job belong together by the gateway's own id or the payment's hash; else by the words that were sent to
that gateway, of which a job has one charge at most; else, where nobody keeps the words (a reading, erased words), by
the gateway alone. What is posted or was corrected is a charge of exactly that amount. What is only held or presumed is
a charge of no more than the hold, or none: nobody knows. What is void is no charge.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass

from bot.ledger.model import HoldState
from sandbox.chain import PretendChain
from sandbox.gateways import Charge
from sandbox.gateways.book import prompt_hash
from tests.e2e.facts import Facts, Record

# The token has six decimals, a dollar 10^10 ticks (providers.md).
TICKS_PER_UNIT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Ticks that a gateway has taken and not given back. `reference` is its id of the work, or the payment's hash."""

    provider: str
    reference: str
    amount: int
    words: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlike:
    """How often the books differ; a test that makes them differ on purpose says how often.

    `unbooked`: taken by a gateway, and for no job, or for one that the ledger says was free. `untaken`: booked, and
    taken by nobody. `priced`: both, and not the same amount.
    """

    unbooked: int = 0
    untaken: int = 0
    priced: int = 0


ALIKE = Unlike()


def taken_by(charges: Iterable[Charge], chain: PretendChain | None = None) -> list[Taken]:
    """What the pretend gateways and the pretend chain say."""
    found = [
        Taken(provider=one.provider, reference=one.work_id, amount=one.amount, words=one.prompt_hash)
        for one in charges
        if not one.is_refunded
    ]
    settled = [] if chain is None else [one for one in chain.transfers if not one.has_failed]
    return found + [
        Taken(provider="locus", reference=one.tx_hash, amount=one.transfer.units * TICKS_PER_UNIT, words=None)
        for one in settled
    ]


def compare(taken: Collection[Taken], facts: Facts) -> tuple[Unlike, list[str]]:
    """How often they differ, and each difference as a sentence."""
    pairing = _Pairing(taken, facts.records)
    told = list(pairing.differences())
    return pairing.unlike, told


def assert_alike(taken: Collection[Taken], facts: Facts, unlike: Unlike = ALIKE) -> None:
    """Fails with every difference, unless there are just as many of each kind as the test says there must be."""
    found, told = compare(taken, facts)
    assert found == unlike, "\n".join([f"{found} where {unlike} is meant", *told])


class _Pairing:
    """Finds each charge its job, the surest way first."""

    def __init__(self, taken: Collection[Taken], records: Collection[Record]) -> None:
        self._taken = list(taken)
        self._records = list(records)
        self._unlike: list[tuple[Taken, Record]] = []
        for taken_key, record_keys in (
            (lambda one: one.reference, lambda one: one.references),
            (lambda one: one.words, _words),
            (lambda one: "", lambda one: [] if one.prompt else [""]),
        ):
            self._pair(taken_key, record_keys)
        self.unlike = Unlike(
            unbooked=len(self._taken),
            untaken=sum(bool(one.booked) for one in self._records if one.is_certain),
            priced=len(self._unlike),
        )

    def differences(self) -> Iterator[str]:
        """Each in a sentence."""
        for one in self._taken:
            yield f"I5: {one.amount} ticks were taken by {one.provider} ({one.reference}) and are booked nowhere"
        for record in self._records:
            if record.is_certain and record.booked:
                yield f"I5: {_name(record)}: {record.booked} ticks are booked, and nobody took any"
        for one, record in self._unlike:
            booked = record.booked or record.hold.amount
            yield f"I5: {_name(record)}: {one.amount} ticks were taken, {booked} are booked"

    def _pair(
        self, taken_key: Callable[[Taken], Hashable], record_keys: Callable[[Record], Collection[Hashable]]
    ) -> None:
        pools: defaultdict[Hashable, list[Record]] = defaultdict(list)
        for record in self._records:
            for key in record_keys(record):
                pools[record.job.provider, key].append(record)
        for fits in (_is_exact, _is_covered, _is_priced_otherwise):
            for one in sorted(self._taken, key=lambda one: -one.amount):
                pool = pools[one.provider, taken_key(one)]
                found = next((record for record in pool if record in self._records and fits(one, record)), None)
                if found is not None:
                    self._taken.remove(one)
                    self._records.remove(found)
                    self._unlike += [(one, found)] if fits is _is_priced_otherwise else []


def _is_exact(one: Taken, record: Record) -> bool:
    return record.is_certain and record.booked == one.amount


def _is_covered(one: Taken, record: Record) -> bool:
    """Nobody knows, and what is held for it is enough."""
    is_open = record.hold.state in (HoldState.OPEN, HoldState.PRESUMED)
    return is_open and not record.is_certain and one.amount <= record.hold.amount


def _is_priced_otherwise(_: Taken, record: Record) -> bool:
    return bool(record.booked) or not record.is_certain


def _words(record: Record) -> list[Hashable]:
    return [prompt_hash(record.prompt)] if record.prompt else []


def _name(record: Record) -> str:
    return f"job {record.job.id} ({record.job.kind}, {record.job.state}, hold {record.hold.state})"

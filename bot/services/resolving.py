"""A person says what became of an `unknown` job, and the ledger follows: one transaction, the same from wherever it is
asked for, and the member's card is due for a last word again.

A payment in doubt is the chain's to decide. Where the chain cannot be asked, a person may speak for it, in so many
words and only once no chain takes the payment any more. The payment's row stays as it is: it forbids any other for the
job, and should the chain be heard after all, it corrects the book.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.clock import Clock, Millis, utc
from bot.core.errors import EaselError
from bot.core.money import Ticks, format_usd
from bot.db import Database, Reader, Transaction
from bot.interactions import store as interactions
from bot.jobs import store as jobs
from bot.jobs.looks import store as looks
from bot.jobs.model import Job, State
from bot.ledger import store as ledger
from bot.ledger.model import AlreadyClosed
from bot.payments import store as payments
from bot.payments.model import Payment, PaymentState
from bot.services.books import held_for
from bot.services.outcomes import FailureReason
from bot.services.terms import book

AUTHOR = "operator"
# So many are named where the first letters fit several jobs.
MATCHES_SHOWN = 5
_UNDECIDED = (PaymentState.SIGNING, PaymentState.SENT, PaymentState.UNKNOWN)


class CannotResolve(EaselError):
    """The letters name no job, or several, or one that is not to be resolved; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """The gateway charged: `actual`, or None for what was held. `without_chain` speaks for a payment in doubt."""

    actual: Ticks | None = None
    without_chain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaid:
    """The gateway charged nothing. `without_chain` as in `Paid`."""

    without_chain: bool = False


Verdict = Paid | Unpaid


class Resolving:
    """Settles `unknown` jobs. `tell` is called once it is on disk: a member's card is due."""

    def __init__(self, *, database: Database, clock: Clock, tell: Callable[[], None]) -> None:
        self._database = database
        self._clock = clock
        self._tell = tell

    async def resolve(self, prefix: str, verdict: Verdict) -> str:
        """Posts or voids the hold of the job whose id begins so, ends it as failed, and says so in a line.

        Raises CannotResolve, DatabaseUnavailable.
        """
        now = self._clock.now()
        told = await self._database.write(lambda tx: _settle(tx, prefix, verdict, now))
        self._tell()
        return told


def find_job(reader: Reader, prefix: str) -> Job:
    """The one job the letters name; people may write them in capitals. Raises CannotResolve."""
    letters = prefix.strip().lower()
    found = looks.find_by_prefix(reader, letters, limit=MATCHES_SHOWN + 1) if letters else ()
    exact = [job for job in found if job.id == letters]
    if exact or len(found) == 1:
        return (exact or found)[0]
    if not found:
        raise CannotResolve(f"no job begins with {prefix!r}")
    named = ", ".join(job.id for job in found[:MATCHES_SHOWN]) + (" …" if len(found) > MATCHES_SHOWN else "")
    raise CannotResolve(f"several jobs begin with {prefix!r}: {named}")


def find_unknown(reader: Reader, prefix: str) -> Job:
    """The same, of a job that is `unknown`. Raises CannotResolve."""
    job = find_job(reader, prefix)
    if job.state is not State.UNKNOWN:
        raise CannotResolve(f"job {job.id} is {job.state}; only unknown jobs can be resolved")
    return job


def _settle(tx: Transaction, prefix: str, verdict: Verdict, now: Millis) -> str:
    job = find_unknown(tx, prefix)
    hold = held_for(tx, job.id)
    payment = payments.get(tx, job.id)
    is_in_doubt = payment is not None and payment.state in _UNDECIDED
    if payment is not None and is_in_doubt:
        _check_doubt(payment, verdict, now)
    try:
        match verdict:
            case Paid(actual=actual):
                amount = hold.amount if actual is None else actual
                note = f"{AUTHOR}: paid {format_usd(amount)}"
                book(tx, job, actual=amount, pictures=0, at=now, basis="listed", note=note)
            case Unpaid():
                note = f"{AUTHOR}: unpaid"
                ledger.void(tx, hold_id=hold.hold_id, at=now, reason=note)
    except AlreadyClosed as error:
        raise CannotResolve(str(error)) from None
    jobs.move(tx, job, State.FAILED, now=now, note=FailureReason.SETTLED, detail=note)
    # Their card said that nobody knows; it has no last word any more.
    interactions.reopen(tx, job.id)
    warning = "; its payment is still in doubt, and the chain corrects this if it is heard" if is_in_doubt else ""
    return f"job {job.id} has failed; {note} (held were {format_usd(hold.amount)}){warning}"


def _check_doubt(payment: Payment, verdict: Verdict, now: Millis) -> None:
    """Raises CannotResolve while the chain may still take the payment, and where nobody said to do without it."""
    paid_so = f"job {payment.job_id} was paid by the call"
    if not verdict.without_chain:
        raise CannotResolve(
            f"{paid_so}; while the bot runs, the chain decides within minutes. Where it cannot be asked any more, look "
            f"up {payment.reference or 'the wallet'} yourself and repeat this with --without-chain"
        )
    if now < payment.final_at:
        until = utc(payment.final_at).strftime("%Y-%m-%d %H:%M:%S")
        raise CannotResolve(f"{paid_so}, and until {until} UTC the chain may still take the payment")

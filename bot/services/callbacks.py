"""Callbacks of gateways: a reason to ask now what would have been asked later, and nothing more.

Each job has an address of its own, `PUBLIC_URL/callbacks/<provider>/<job>/<mac>`, the same on every attempt. The mac is
made with a key that only this bot's database holds, so an address cannot be guessed. It speaks of our job, not of the
gateway's id: a callback may come before the create answer is stored. Whatever a callback says, only the poll that it
brings forward decides.

An `unknown` job whose create answer was lost learns the gateway's id in this way: who calls at its address got that
with the order, over https. No other job may have the id, and what became of the work is told by the poll alone.

A gateway that has called is trusted to call again: what it works on is then looked at by the clock only as a safety
net. One that was silent about several works in a row is polled as if it did not call, until it does.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.core.clock import SECOND_MS, Clock, Millis
from bot.core.ids import JobId, Randomness
from bot.core.requests import ProviderName
from bot.db import Database, Transaction
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.providers.contract import ExternalId
from bot.providers.offers import Callbacks
from bot.providers.registry import Registry
from bot.services import store

KEY_FACT = "callback_key"
PATH = "/callbacks"
# At most one poll of a job is brought forward in this time.
SPACING_MS = SECOND_MS
# So many works in a row found done without a call, and the gateway, or the way to us, is not trusted any more.
MAX_MISSES = 3
_KEY_BYTES = 32
# Jobs whose last callback is remembered; one that is forgotten may be woken once too often.
_MAX_REMEMBERED = 10_000


async def server_key(database: Database, randomness: Randomness) -> bytes:
    """The key of every callback address, made at the first start and kept. Raises DatabaseUnavailable."""
    fresh = randomness.token_bytes(_KEY_BYTES).hex()

    def keep(tx: Transaction) -> str:
        known = store.fact(tx, KEY_FACT)
        if known is None:
            store.remember(tx, KEY_FACT, fresh)
        return known or fresh

    return bytes.fromhex(await database.write(keep))


@dataclass(frozen=True, slots=True)
class _Call:
    """The last callback of a job: when it may be asked for, and whether no poll has begun since."""

    at: Millis
    is_open: bool


class Calls:
    """Addresses, and which jobs were called about. `public_url` None: no gateway is asked to call."""

    def __init__(self, *, key: bytes, public_url: str | None, registry: Registry) -> None:
        self._key = key
        self._public_url = public_url
        self._registry = registry
        self._last: OrderedDict[JobId, _Call] = OrderedDict()
        # Works in a row that a gateway did not call about; one that never called is not in it.
        self._misses: dict[ProviderName, int] = {}

    def address_of(self, job: Job) -> str | None:
        """Where the job's gateway may call; None where it does not call or this bot cannot be reached."""
        provider = ProviderName(job.provider)
        if self._public_url is None or self._registry.facts(provider).callbacks is Callbacks.NONE:
            return None
        return f"{self._public_url}{PATH}/{provider}/{job.id}/{self._mac(provider, job.id)}"

    def is_address(self, provider: str, job_id: str, mac: str) -> bool:
        """Whether this is an address that we gave away; takes equally long for every wrong mac."""
        return hmac.compare_digest(_bytes(self._mac(provider, job_id)), _bytes(mac))

    def note(self, job_id: JobId, now: Millis) -> Millis | None:
        """Notes a callback; when the job may be asked for, or None where a poll yet to come covers this one too."""
        at = now
        last = self._last.get(job_id)
        if last is not None and now < last.at <= now + SPACING_MS:
            if last.is_open:
                return None
            at = last.at
        elif last is not None and last.at <= now < last.at + SPACING_MS:
            at = Millis(last.at + SPACING_MS)
        self._last[job_id] = _Call(at, is_open=True)
        self._last.move_to_end(job_id)
        if len(self._last) > _MAX_REMEMBERED:
            self._last.popitem(last=False)
        return at

    def heard(self, provider: ProviderName) -> None:
        """The gateway called: it knows the way."""
        self._misses[provider] = 0

    def awaits(self, job: Job) -> bool:
        """Whether a call about the job may be counted on; one that has come already brings no other."""
        is_trusted = self._misses.get(ProviderName(job.provider), MAX_MISSES) < MAX_MISSES
        return is_trusted and job.id not in self._last and self.address_of(job) is not None

    def found_done(self, job: Job) -> None:
        """A poll found the work done; where a call was awaited, it did not come."""
        if self.awaits(job):
            self._misses[ProviderName(job.provider)] += 1

    def forget(self, job_id: JobId) -> None:
        """The callback could not be dealt with: the next one counts as the first."""
        self._last.pop(job_id, None)

    def poll_begins(self, job_id: JobId) -> None:
        """What was called until now, the poll that begins will learn."""
        last = self._last.get(job_id)
        if last is not None:
            self._last[job_id] = _Call(last.at, is_open=False)

    def next_look(self, job_id: JobId, planned: Millis) -> Millis:
        """`planned`, or earlier where a callback came while nobody could act on it.

        Asked inside the transaction that stores the answer: a callback before it is seen here, one after it finds the
        stored row.
        """
        last = self._last.get(job_id)
        return min(planned, last.at) if last is not None and last.is_open else planned

    def _mac(self, provider: str, job_id: str) -> str:
        return hmac.new(self._key, _bytes(f"{provider}/{job_id}"), hashlib.sha256).hexdigest()


class CallbackDesk:
    """Takes callbacks in; `wake` tells the runner that something may be due."""

    def __init__(
        self, *, database: Database, registry: Registry, calls: Calls, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._database = database
        self._registry = registry
        self._calls = calls
        self._clock = clock
        self._wake = wake

    def is_address(self, provider: str, job_id: str, mac: str) -> bool:
        """Whether this is an address that we gave away."""
        return self._calls.is_address(provider, job_id, mac)

    async def receive(self, provider: str, job_id: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Acts on a callback at a right address; False where its gateway's adapter refuses it.

        True says no more than "heard": a job that has ended, or is about other work, is left alone. Raises
        DatabaseUnavailable.
        """
        try:
            gateway = self._registry.provider(ProviderName(provider))
        except KeyError:
            return False
        hint = gateway.read_callback(headers, body)
        if hint is None:
            return False
        self._calls.heard(ProviderName(provider))
        await self._bring_forward(JobId(job_id), hint.external_id)
        return True

    async def _bring_forward(self, job_id: JobId, external_id: ExternalId) -> None:
        at = self._calls.note(job_id, self._clock.now())
        if at is None:
            return
        is_written = False

        def write(tx: Transaction) -> bool:
            job = jobs.get(tx, job_id)
            if job is None:
                return False
            if job.external_id is None:
                return jobs.adopt(tx, job_id, provider=job.provider, external_id=external_id, now=at)
            return _may_be_asked(job, external_id) and jobs.wake(tx, job_id, now=at)

        try:
            is_woken = await self._database.write(write)
            is_written = True
        finally:
            if not is_written:
                self._calls.forget(job_id)
        if is_woken:
            self._wake()


def _may_be_asked(job: Job, external_id: ExternalId) -> bool:
    """Only for the work that was called about, while its answer is not known.

    A poll that failed has a wait of its own: callbacks must neither outrun what the gateway asked for nor use up the
    polls after which it is believed to have lost the work.
    """
    is_asked_for = job.external_id == external_id and job.result is None
    return is_asked_for and (job.state is State.UNKNOWN or job.failures == 0)


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")

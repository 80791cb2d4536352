"""Bots with one mistake each. A machine that cannot tell them from the true one would prove nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from bot.core.clock import Millis
from bot.core.errors import Charged, ProviderError, Refusal, RetryLater
from bot.core.ids import AssetId, GuildId, InteractionId, JobId, MemberId, MessageId, hold_id_of
from bot.core.money import MAX_TICKS, ZERO, Ticks
from bot.db import Transaction
from bot.interactions import store as interactions
from bot.interactions.model import Received
from bot.jobs import store as jobs
from bot.jobs.model import Claim, Job, State
from bot.ledger import store as ledger
from bot.ledger.model import Ceilings, Held, Limit, Posted
from bot.ledger.policy import limits_for
from bot.media.assets import Asset
from bot.providers.catalogue import worst_case
from bot.services.cancelling import Cancelling, CancelOutcome
from bot.services.choosing import Choice
from bot.services.collecting import Bill, Collector
from bot.services.failover import Failover
from bot.services.outcomes import FailureReason
from bot.services.payload import Payload
from bot.services.ports import Delivery, Post
from bot.services.sending import Sending
from bot.services.settlement import Settlement
from bot.services.terms import Priced, reprice_for
from bot.services.work import PictureWork
from tests.jobs.memory import Memory, MemoryDatabase
from tests.ledger.mutants import DoublePostAccepted, PostInTheWrongWindow, VoidAfterPost
from tests.machine.house import FusedDatabase, House
from tests.machine.outside import Channel

T = TypeVar("T")


class Instead:
    """A module with some of its functions replaced."""

    def __init__(self, module: object, **replaced: object) -> None:
        self._module = module
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


class DoublePost(House):
    """The price is posted in a transaction of its own; a crash before the next one lets it be posted again."""

    @classmethod
    def patches(cls) -> tuple[tuple[str, object], ...]:
        return (("bot.services.collecting.book", _books_nothing),)

    def make_collector(self, kind: type[Collector] = Collector) -> Collector:
        return super().make_collector(_PostsApart)


class _PostsApart(Collector):
    async def _post(
        self, job: Job, kept: dict[int, AssetId], fetched: list[Asset], bill: Bill, *, whole: str | None
    ) -> None:
        now = self._clock.now()
        await self._settlement.record(
            lambda tx: DoublePostAccepted().post(tx, hold_id_of(job.id), bill.cost, len(kept), now)
        )
        await super()._post(job, kept, fetched, bill, whole=whole)


def _books_nothing(tx: Transaction, job: Job, *, actual: Ticks, **_: object) -> Posted:
    return Posted(amount=actual, released=ZERO, overrun=ZERO)


class PostInTheWindowOfThePost(House):
    """The price falls into the day on which the picture came."""

    @classmethod
    def patches(cls) -> tuple[tuple[str, object], ...]:
        return (("bot.services.collecting.book", _book_now),)


def _book_now(tx: Transaction, job: Job, *, actual: Ticks, pictures: int, at: Millis, **_: object) -> Posted:
    return PostInTheWrongWindow().post(tx, hold_id_of(job.id), actual, pictures, at)


class HoldLeakedOnDenial(House):
    """A refusal keeps what was written before it."""

    def make_database(self, memory: Memory) -> MemoryDatabase:
        return _KeepsRefused(memory, self.outside.fuse)


class _KeepsRefused(FusedDatabase):
    async def write(self, work: Callable[[Transaction], T]) -> T:
        refused: list[Refusal] = []

        def forgetful(tx: Transaction) -> T | None:
            try:
                return work(tx)
            except Refusal as error:
                refused.append(error)
                return None

        result = await super().write(forgetful)
        if refused:
            raise refused[0]
        return result  # type: ignore[return-value]


class NoIntent(House):
    """The request is sent before the claim is on the disk."""

    def make_database(self, memory: Memory) -> MemoryDatabase:
        return _Lazy(memory, self.outside.fuse)

    async def claim(self) -> tuple[Claim, ...]:
        assert isinstance(self.database, _Lazy)
        self.database.is_lazy = True
        try:
            return await super().claim()
        finally:
            self.database.is_lazy = False


class _Lazy(FusedDatabase):
    is_lazy = False

    async def write(self, work: Callable[[Transaction], T]) -> T:
        connection = self.memory.connection
        if self.is_lazy:
            connection.execute("BEGIN IMMEDIATE")
            return work(Transaction(connection))
        if not connection.in_transaction:
            return await super().write(work)
        result = self._within(work, Transaction(connection))
        connection.execute("COMMIT")
        return result


class ResubmitOnRecovery(House):
    """After a start, what was being submitted is submitted again."""

    def make_work(self, kind: type[PictureWork] = PictureWork) -> PictureWork:
        return super().make_work(_SendsAgain)

    async def recover(self) -> None:
        await self.database.write(lambda tx: jobs.take_over(tx, owner=self.owner))


class _SendsAgain(PictureWork):
    async def recover(self, job: Job) -> None:
        await self.submit(job)


class InteractionNotUnique(House):
    """An interaction that comes twice makes two jobs."""

    @classmethod
    def patches(cls) -> tuple[tuple[str, object], ...]:
        careless = Instead(interactions, receive=_receive_again, accept=_accept_again)
        return (("bot.services.desk.interactions", careless), ("bot.services.admission.interactions", careless))


def _receive_again(tx: Transaction, interaction: Received) -> bool:
    interactions.receive(tx, interaction)
    return True


def _accept_again(tx: Transaction, interaction_id: InteractionId, job_id: JobId) -> bool:
    return tx.execute("UPDATE interaction SET job_id = ? WHERE id = ?", (job_id, interaction_id)) == 1


class SweeperVoidsASubmittedJob(House):
    """A start gives back the money of everything that was being submitted."""

    def make_settlement(self) -> Settlement:
        return _VoidsUnknown(database=self.database, clock=self.clock)


class _VoidsUnknown(Settlement):
    def leave_unknown(
        self, tx: Transaction, job: Job, *, reason: FailureReason, now: Millis, payment_ref: str | None = None
    ) -> None:
        if job.state is not State.SUBMITTING:
            super().leave_unknown(tx, job, reason=reason, now=now, payment_ref=payment_ref)
            return
        ledger.void(tx, hold_id=hold_id_of(job.id), at=now, reason=reason)
        jobs.move(tx, job, State.FAILED, now=now, note=reason)


class GraceGivesBack(House):
    """What nobody heard of for a day is called free."""

    def make_settlement(self) -> Settlement:
        return _VoidsAtTheEnd(database=self.database, clock=self.clock)


class _VoidsAtTheEnd(Settlement):
    async def presume(self, job: Job) -> None:
        await self.fail(job, FailureReason.NO_ANSWER, Charged.NO)


class VoidAfterThePost(House):
    """A late cancel takes back what was paid."""

    def make_cancelling(self) -> Cancelling:
        return _TakesBack(database=self.database, clock=self.clock, wake=self.runner.wake)


class _TakesBack(Cancelling):
    async def cancel(self, job_id: JobId, *, guild_id: GuildId, member_id: MemberId) -> CancelOutcome:
        outcome = await super().cancel(job_id, guild_id=guild_id, member_id=member_id)
        now = self._clock.now()
        if outcome is CancelOutcome.TOO_LATE:
            await self._database.write(lambda tx: _void_whatever(tx, job_id, now))
        return outcome


def _void_whatever(tx: Transaction, job_id: JobId, now: Millis) -> None:
    job = jobs.get(tx, job_id)
    if job is not None and job.state in (State.DELIVERING, State.DONE):
        VoidAfterPost().void(tx, hold_id_of(job_id), now)


class GuildUnchecked(House):
    """The guild's limits do not bind."""

    @classmethod
    def patches(cls) -> tuple[tuple[str, object], ...]:
        return (("bot.services.terms.limits_for", _boundless_guilds),)


def _boundless_guilds(*terms: Any, **facts: Any) -> tuple[Limit, ...]:
    return tuple(
        replace(limit, amount=MAX_TICKS) if limit.scope.startswith("guild:") else limit
        for limit in limits_for(*terms, **facts)
    )


class DeliversWithoutLooking(House):
    """A repeated try trusts the nonce, however long ago the first one was."""

    def make_delivery(self) -> Delivery:
        return _Blind(self.outside)


class _Blind(Channel):
    async def find(self, post: Post) -> MessageId | None:
        return None


class LeasesOfTheDead(House):
    """A start leaves the leases of the process before it."""

    @classmethod
    def patches(cls) -> tuple[tuple[str, object], ...]:
        return (("bot.services.startup.jobs", Instead(jobs, take_over=lambda tx, *, owner: 0)),)


class BoughtAfterTheCancel(House):
    """A job that its member cancelled while a busy gateway was being asked goes back into the queue."""

    def make_sending(self, kind: type[Sending] = Sending) -> Sending:
        return super().make_sending(_Deaf)


class _Deaf(Sending):
    async def _submit_later(self, job: Job, error: RetryLater) -> None:
        now = self._clock.now()
        await self._settlement.record(lambda tx: jobs.move(tx, job, State.QUEUED, now=now))


class RepeatTrusted(House):
    """What a gateway answers at the door, asked again after a crash, is taken for the fate of the first request."""

    def make_sending(self, kind: type[Sending] = Sending) -> Sending:
        return super().make_sending(_Trusting)


class _Trusting(Sending):
    async def _send(self, job: Job, *, is_repeat: bool = False) -> None:
        await super()._send(job, is_repeat=False)


class MovesOnAfterDoubt(House):
    """Silence is taken for a no, and the next gateway draws the same once more."""

    def make_sending(self, kind: type[Sending] = Sending) -> Sending:
        return super().make_sending(_Hasty)


class _Hasty(Sending):
    async def _not_sent(self, job: Job, error: ProviderError, *, listed: Ticks, is_repeat: bool) -> None:
        if not await self._failover.move_on(job, because="silence"):
            await super()._not_sent(job, error, listed=listed, is_repeat=is_repeat)


class MovesOnAtTheOldPrice(House):
    """The next gateway gets the job with the hold of the first."""

    @classmethod
    def patches(cls) -> tuple[tuple[str, object], ...]:
        return (("bot.services.failover.reprice_for", lambda *_, **__: None),)


class MovesOnBeyondTheLimits(House):
    """The dearer gateway is held for whatever the limits say."""

    @classmethod
    def patches(cls) -> tuple[tuple[str, object], ...]:
        return (("bot.services.failover.reprice_for", _reprice_without_bounds),)


def _reprice_without_bounds(tx: Transaction, ceilings: Ceilings, *what: Any, **facts: Any) -> Held:
    boundless = replace(
        ceilings, bot_monthly=MAX_TICKS, guild_monthly=MAX_TICKS, guild_daily=MAX_TICKS, member_daily=MAX_TICKS
    )
    return reprice_for(tx, boundless, *what, **facts)


class MovesOnInTwoSteps(House):
    """The price is changed in a transaction of its own; after a crash the job still stands at the first gateway."""

    def make_failover(self, kind: type[Failover] = Failover) -> Failover:
        return super().make_failover(_InTwoSteps)


class _InTwoSteps(Failover):
    async def _move(self, job: Job, payload: Payload, choice: Choice, because: str) -> bool:
        now = self._clock.now()
        offer, order = choice
        priced = Priced(job_id=job.id, amount=worst_case(offer, order), price_version="1")
        await self._settlement.record(
            lambda tx: reprice_for(
                tx,
                self._ceilings,
                job,
                priced,
                provider=offer.provider,
                model=offer.model,
                resolution=None,
                now=now,
                note="",
            )
        )
        return await super()._move(job, payload, choice, because)


class MovesOnWhatIsCancelled(House):
    """A job that its member cancelled while a busy gateway was being asked goes on to the next one."""

    @classmethod
    def patches(cls) -> tuple[tuple[str, object], ...]:
        return (("bot.services.failover.jobs", Instead(jobs, is_cancel_requested=lambda tx, job_id: False)),)


MUTANTS: tuple[type[House], ...] = (
    DoublePost,
    PostInTheWindowOfThePost,
    HoldLeakedOnDenial,
    NoIntent,
    ResubmitOnRecovery,
    InteractionNotUnique,
    SweeperVoidsASubmittedJob,
    GraceGivesBack,
    VoidAfterThePost,
    GuildUnchecked,
    DeliversWithoutLooking,
    LeasesOfTheDead,
    BoughtAfterTheCancel,
    RepeatTrusted,
    MovesOnAfterDoubt,
    MovesOnAtTheOldPrice,
    MovesOnBeyondTheLimits,
    MovesOnInTwoSteps,
    MovesOnWhatIsCancelled,
)

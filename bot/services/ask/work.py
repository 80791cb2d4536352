"""What the runner calls for jobs of words: questions and spoken answers."""

import logging

from bot.core.clock import SECOND_MS, Clock, Millis
from bot.core.errors import Charged
from bot.core.requests import ProviderName
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.providers.registry import Registry
from bot.services.ask.closing import Closing
from bot.services.ask.courier import TalkCourier
from bot.services.ask.sending import TalkSending
from bot.services.outcomes import FailureReason
from bot.services.settlement import Settlement

log = logging.getLogger(__name__)


class TalkWork:
    """Implements `bot.jobs.runner.Handler` for one kind of words."""

    def __init__(
        self,
        *,
        sending: TalkSending,
        courier: TalkCourier,
        closing: Closing,
        settlement: Settlement,
        registry: Registry,
        clock: Clock,
    ) -> None:
        self._sending = sending
        self._courier = courier
        self._closing = closing
        self._settlement = settlement
        self._registry = registry
        self._clock = clock

    async def submit(self, job: Job) -> None:
        """Sends the request once; the intent is already on disk."""
        await self._sending.submit(job)
        self._closing.nudge()

    async def recover(self, job: Job) -> None:
        """The process died between the intent and the answer."""
        await self._sending.recover(job)
        self._closing.nudge()

    async def poll(self, job: Job) -> None:
        """A call that waits for an approval waits on, since no gateway can be asked how it stands; or its time is up.

        An `unknown` one is looked at when its grace is over.
        """
        now = self._clock.now()
        if job.state is State.UNKNOWN and now >= self._settlement.grace_ends_at(job):
            await self._settlement.presume(job)
        elif job.state is State.UNKNOWN or job.deadline_at is None or now >= job.deadline_at:
            await self._settlement.fail(job, FailureReason.TOO_SLOW, Charged.UNKNOWN)
        else:
            wait_s = self._registry.facts(ProviderName(job.provider)).poll_max_s
            run_at = Millis(now + round(wait_s * SECOND_MS))
            await self._settlement.record(
                lambda tx: jobs.reschedule(tx, job, run_at=run_at, because=jobs.Because.NOTHING_NEW)
            )
        self._closing.nudge()

    async def deliver(self, job: Job) -> None:
        """Brings it to the people."""
        await self._courier.deliver(job)

    async def give_up(self, job: Job) -> None:
        """The step raised or died too often. What is delivering stays with the bot; the rest ends honestly."""
        log.error("a job is given up", extra={"job": job.id, "state": job.state})
        if job.state is State.DELIVERING:
            await self._courier.keep(job, "gave up")
        else:
            await self._settlement.fail(job, FailureReason.INTERNAL, Charged.UNKNOWN)
        self._closing.nudge()

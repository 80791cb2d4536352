"""What the runner calls for a picture job: submit, recover, poll, deliver, give up."""

import logging

from bot.core.errors import Charged
from bot.jobs.model import Job, State
from bot.services.courier import Courier
from bot.services.outcomes import FailureReason
from bot.services.polling import Polling
from bot.services.sending import Sending
from bot.services.settlement import Settlement

log = logging.getLogger(__name__)


class PictureWork:
    """Implements `bot.jobs.runner.Handler` for orders of pictures."""

    def __init__(self, *, sending: Sending, polling: Polling, courier: Courier, settlement: Settlement) -> None:
        self._sending = sending
        self._polling = polling
        self._courier = courier
        self._settlement = settlement

    async def submit(self, job: Job) -> None:
        """Sends the request once; the intent is already on disk."""
        await self._sending.submit(job)

    async def recover(self, job: Job) -> None:
        """The process died between the intent and the answer."""
        await self._sending.recover(job)

    async def poll(self, job: Job) -> None:
        """Collects what is drawn, or asks the gateway once."""
        await self._polling.poll(job)

    async def deliver(self, job: Job) -> None:
        """Brings the pictures to the people."""
        await self._courier.deliver(job)

    async def give_up(self, job: Job) -> None:
        """The step raised or died too often. What is delivering stays with the bot; the rest ends honestly."""
        log.error("a job is given up", extra={"job": job.id, "state": job.state})
        if job.state is State.DELIVERING:
            await self._courier.keep(job, "gave up")
        else:
            await self._settlement.fail(job, FailureReason.INTERNAL, Charged.UNKNOWN)

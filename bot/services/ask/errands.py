"""What a job of words asks of its gateway. `questions` and `speeches` make them; `sending` treats both alike."""

from typing import Protocol

from bot.core.money import Ticks
from bot.jobs.model import Job
from bot.providers.contract import (
    AskAnswer,
    AskSubmission,
    PaymentRequired,
    Sound,
    SpeakSubmission,
    SubmitContext,
)
from bot.services.paying import Paying


class Errand(Protocol):
    """One job's call. Errors as those of `Asker.ask` and `Paying.ask`."""

    @property
    def listed(self) -> Ticks:
        """What it is listed at."""
        ...

    @property
    def deadline_s(self) -> float:
        """How long a person may take to approve it at the gateway."""
        ...

    @property
    def streams(self) -> bool:
        """Whether text comes while it is written."""
        ...

    async def send(self, context: SubmitContext) -> AskSubmission | SpeakSubmission:
        """Sends it once."""
        ...

    async def pay(self, paying: Paying, unpaid: PaymentRequired) -> AskSubmission | SpeakSubmission:
        """Pays what the gateway wants, and sends it."""
        ...

    async def recover(self, paying: Paying) -> AskSubmission | SpeakSubmission:
        """What became of what was paid before the process died."""
        ...

    async def finish(self, answer: AskAnswer | Sound) -> None:
        """One transaction: what came is stored, its price posted, its delivery planned."""
        ...


class Errands(Protocol):
    """Makes errands of jobs of one kind, and moves jobs on to another gateway."""

    async def errand(self, job: Job) -> Errand | None:
        """None where the gateway is off, or nothing is left to be asked."""
        ...

    async def move_on(self, job: Job, *, because: str) -> bool:
        """Queues a job that was surely not taken for the next gateway; False where there is none within the limits."""
        ...

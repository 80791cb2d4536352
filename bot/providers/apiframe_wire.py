"""What Apiframe's answers mean."""

from decimal import ROUND_CEILING, Decimal

from bot.core.errors import Charged, GenerationFailed, Moderated, OutcomeUnknown, ProviderError, RetryLater
from bot.core.money import MAX_TICKS, Ticks
from bot.providers.catalogue import ProviderFacts
from bot.providers.contract import Accepted, ExternalId, Finished, PollAnswer, ResultPicture, StillRunning, Submission
from bot.providers.http import Answer
from bot.providers.refusals import message_of, refused_poll, refused_submit
from bot.providers.wire import (
    MAX_PICTURES,
    Flag,
    Items,
    Text,
    WireModel,
    error_text,
    picture_of,
    safe_id,
    shown,
    speaks_of_moderation,
)

# Any other word is work that goes on: a word we do not know must never make us give up paid work.
_DONE = "completed"
_FAILED = {"failed", "cancelled", "canceled"}


class Uploaded(WireModel):
    """The answer to an upload."""

    url: Text = None


class Job(WireModel):
    """A create answer and a callback say `jobId`, a job says `id`."""

    jobId: Text = None  # noqa: N815 - the gateway's own spelling
    id: Text = None
    status: Text = None
    error: object = None
    creditCost: object = None  # noqa: N815
    result: object = None
    expired: Flag = None

    @property
    def any_id(self) -> ExternalId | None:
        return safe_id(self.jobId or self.id)


class _Result(WireModel):
    images: Items = ()
    url: Items = ()


def read_submit(answer: Answer, *, secrets: tuple[str, ...], poll_after_s: float) -> Submission:
    """What the answer to a create means; a replayed one may already say COMPLETED. Raises ProviderError.

    409 says that the key was used before with another body: then a job may exist whose id we never learnt.
    """
    if answer.is_success:
        found = Job.read(answer.json).any_id
        if found is None:
            raise OutcomeUnknown(f"HTTP {answer.status} without a job id")
        return Accepted(external_id=found, poll_after_s=poll_after_s)
    if answer.status == 409:
        raise OutcomeUnknown(message_of(answer, secrets))
    raise refused_submit(answer, secrets=secrets)


def read_poll(answer: Answer, asked: ExternalId, *, secrets: tuple[str, ...], facts: ProviderFacts) -> PollAnswer:
    """What the answer to a poll means. Raises ProviderError."""
    if not answer.is_success:
        raise refused_poll(answer, secrets=secrets)
    job = Job.read(answer.json)
    if job.any_id not in (None, asked):
        raise RetryLater("the gateway answered for another job")
    word = (job.status or "").strip().casefold()
    if word in _FAILED:
        raise _gave_up(word, error_text(job.error), secrets)
    if word != _DONE:
        return StillRunning(poll_after_s=answer.retry_after_s or facts.poll_min_s)
    cost = cost_of(job.creditCost, facts.usd_per_credit)
    if job.expired:
        raise GenerationFailed("the finished pictures have expired", charged=Charged.YES, cost=cost)
    pictures = _pictures(job.result)
    if not pictures:
        raise GenerationFailed(
            "COMPLETED without a picture", charged=Charged.YES if cost else Charged.UNKNOWN, cost=cost
        )
    return Finished(pictures=pictures, cost=cost)


def cost_of(spent: object, usd_per_credit: Ticks | None) -> Ticks | None:
    """Credits as ticks, fractions of a tick rounded up; None where the answer or the rate says nothing usable."""
    if usd_per_credit is None or isinstance(spent, bool) or not isinstance(spent, int | float | str):
        return None
    try:
        ticks = Decimal(str(spent)) * usd_per_credit
    except ArithmeticError:  # no number, or one beyond all bounds
        return None
    if not ticks.is_finite() or not 0 <= ticks <= MAX_TICKS:
        return None
    return Ticks(int(ticks.to_integral_value(rounding=ROUND_CEILING)))


def _gave_up(word: str, text: str, secrets: tuple[str, ...]) -> ProviderError:
    """ "You only pay for successful generations"; failed jobs are refunded automatically."""
    kind = Moderated if speaks_of_moderation(text, secrets[0]) else GenerationFailed
    return kind(f"{word.upper()}: {shown(text, secrets=secrets)}", charged=Charged.NO)


def _pictures(result: object) -> tuple[ResultPicture, ...]:
    """`{images: [...]}`, `{url}`, a list, or an address alone."""
    inside = _Result.read(result)
    direct = () if isinstance(result, dict) else _Result(images=result).images
    found = [picture_of(item) for item in (*inside.images, *inside.url, *direct)]
    return tuple(picture for picture in found if picture is not None)[:MAX_PICTURES]

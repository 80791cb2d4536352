"""Faults by switch: how an answer breaks, how the work ends, what is wrong with a picture.

Three kinds, by where they act: `AnswerFault` spoils an HTTP answer (to a submit or to a poll), `WorkFault`
decides how the work ends, `PictureFault` what lies behind a result's address. Each is scripted for the next n
times at a gateway, or for every prompt that holds a marker.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

MIB = 1024 * 1024


class Step(StrEnum):
    """Which answer is spoilt."""

    SUBMIT = "submit"
    POLL = "poll"


class Break(StrEnum):
    """How an answer is spoilt."""

    LATE = "late"  # after `seconds`
    CUT = "cut"  # the connection is reset instead
    SILENT = "silent"  # nothing, until the client goes
    STATUS = "status"  # another status, with the gateway's documented body or `body`
    MALFORMED = "malformed"  # JSON without its end
    HTML = "html"  # a proxy's page, with the status of a success
    TRUNCATED = "truncated"  # half of the announced length, then a reset
    HUGE = "huge"  # valid JSON of `size` bytes
    ENDLESS = "endless"  # a body without end
    DRIP = "drip"  # one byte each `seconds`
    REDIRECT = "redirect"  # 307 to `target`


class Outcome(StrEnum):
    """How the work ends. A gateway passes over what its wire cannot say."""

    SLOW = "slow"  # takes `seconds`
    NEVER_ENDS = "never_ends"
    FAILED = "failed"
    ERROR = "error"  # refunded
    MODERATED = "moderated"  # charged or not as `is_charged` says
    EMPTY = "empty"  # done, without a picture, charged
    UNKNOWN_STATUS = "unknown_status"  # a word that is in no document, until the work is done
    FOREIGN_POLLING_URL = "foreign_polling_url"  # the answer names another host to ask
    OVERCHARGE = "overcharge"  # the price times `factor`
    FEWER = "fewer"  # only `count` pictures, and only those are charged
    PENDING_APPROVAL = "pending_approval"  # waits for a person; not charged until approved
    EXPIRED = "expired"  # done and charged, and the pictures are gone for good
    BASE64 = "base64"  # pictures inside the answer instead of addresses


class Spoil(StrEnum):
    """What lies behind a result's address."""

    ENDLESS = "endless"  # `size` bytes that are no picture, without a length
    BOMB = "bomb"  # a small PNG of 64 million pixels
    HTML = "html"  # a page called image/png
    BROKEN = "broken"  # a PNG without its end
    DRIP = "drip"  # one byte each `seconds`
    REDIRECT = "redirect"  # 302 to `target`
    DIRECT = "direct"  # the result's address is `target` itself
    GONE = "gone"  # 404 for ever
    GONE_ONCE = "gone_once"  # 404 until the status is asked again, then a fresh address


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFault:
    """`is_charged` says whether the gateway had processed and charged the order before it answered so."""

    kind: Break
    at: Step = Step.SUBMIT
    is_charged: bool = True
    seconds: float = 0.0
    status: int = 200
    body: object = None
    retry_after: str | None = None
    size: int = 80 * MIB
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFault:
    """See `Outcome`."""

    kind: Outcome
    seconds: float = 0.0
    factor: float = 1.0
    count: int = 1
    is_charged: bool = True
    text: str | None = None  # what a language model says


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFault:
    """See `Spoil`."""

    kind: Spoil
    seconds: float = 1.0
    size: int = 100 * MIB
    target: str = ""


Fault = AnswerFault | WorkFault | PictureFault
FaultT = TypeVar("FaultT", AnswerFault, WorkFault, PictureFault)


def late_answer(seconds: float, *, at: Step = Step.SUBMIT) -> AnswerFault:
    """The answer comes so many seconds later."""
    return AnswerFault(kind=Break.LATE, at=at, seconds=seconds)


def lost_answer(*, at: Step = Step.SUBMIT) -> AnswerFault:
    """Processed and charged, then the connection is cut."""
    return AnswerFault(kind=Break.CUT, at=at)


def lost_request(*, at: Step = Step.SUBMIT) -> AnswerFault:
    """The connection is cut before anything was processed or charged."""
    return AnswerFault(kind=Break.CUT, at=at, is_charged=False)


def status(
    code: int,
    *,
    at: Step = Step.SUBMIT,
    is_charged: bool = False,
    retry_after: str | None = None,
    body: object = None,
) -> AnswerFault:
    """Another status; its body is the gateway's documented one unless given."""
    return AnswerFault(kind=Break.STATUS, at=at, status=code, is_charged=is_charged, retry_after=retry_after, body=body)


def broken_answer(kind: Break, *, at: Step = Step.SUBMIT, is_charged: bool = True) -> AnswerFault:
    """MALFORMED, HTML, TRUNCATED, HUGE, ENDLESS or SILENT, by default after the order was charged."""
    return AnswerFault(kind=kind, at=at, is_charged=is_charged)


def outcome(kind: Outcome, *, is_charged: bool = True) -> WorkFault:
    """An outcome that needs no number."""
    return WorkFault(kind=kind, is_charged=is_charged)


def says(text: str) -> WorkFault:
    """A language model says this, and nothing else is wrong."""
    return WorkFault(kind=Outcome.SLOW, text=text)


def bad_picture(kind: Spoil, *, target: str = "") -> PictureFault:
    """A picture that is none, or none of ours."""
    return PictureFault(kind=kind, target=target)


@dataclass(slots=True, kw_only=True)
class Script:
    """A fault that is on: at one gateway or (None) at all, for prompts with the marker, so many times more."""

    fault: Fault
    gateway: str | None
    marker: str
    times_left: int | None


class Faults:
    """The switches of all gateways."""

    def __init__(self) -> None:
        self._scripts: list[Script] = []

    @property
    def active(self) -> tuple[Script, ...]:
        """What is switched on, oldest first."""
        return tuple(self._scripts)

    def next(self, gateway: str | None, fault: Fault, *, times: int = 1) -> None:
        """The fault happens the next `times` times that it can happen at the gateway, or (None) at any."""
        self._scripts.append(Script(fault=fault, gateway=gateway, marker="", times_left=times))

    def when(self, marker: str, fault: Fault, *, gateway: str | None = None) -> None:
        """The fault happens for every prompt that holds `marker`, until cleared."""
        self._scripts.append(Script(fault=fault, gateway=gateway, marker=marker, times_left=None))

    def clear(self) -> None:
        """Everything works again."""
        self._scripts.clear()

    def answer(self, gateway: str, step: Step, prompt: str) -> AnswerFault | None:
        """What happens to this answer."""
        return self._take(
            AnswerFault, gateway, prompt, lambda fault: isinstance(fault, AnswerFault) and fault.at is step
        )

    def work(self, gateway: str, prompt: str) -> WorkFault | None:
        """How this work ends."""
        return self._take(WorkFault, gateway, prompt, lambda fault: True)

    def picture(self, gateway: str, prompt: str) -> PictureFault | None:
        """What is wrong with the pictures of this work."""
        return self._take(PictureFault, gateway, prompt, lambda fault: True)

    def _take(self, kind: type[FaultT], gateway: str, prompt: str, fits: Callable[[Fault], bool]) -> FaultT | None:
        for script in self._scripts:
            fault = script.fault
            if not isinstance(fault, kind) or not fits(fault):
                continue
            if script.gateway not in (None, gateway) or script.marker not in prompt:
                continue
            if script.times_left is not None:
                script.times_left -= 1
                if not script.times_left:
                    self._scripts.remove(script)
            return fault
        return None

"""How well a gateway is, as far as its answers tell: a circuit breaker and a pause. Pure, in monotonic seconds.

    closed ── three UNREACHABLE in a row, or one ACCOUNT ──> open ── its cool-down has passed ──> half-open
      ^                                                       ^                                   │  one probe goes
      └────────────────────── success ────────────────────────┼────────── the probe ──────────────┘
                                                              └── failed again: open for longer

BUSY opens nothing: it only pauses, since a gateway that counts our requests is well. What was under way when the
breaker opened says nothing new when it fails, so that eight requests that end together open it once.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from bot.core.errors import NotAuthorised, OutcomeUnknown, OutOfFunds, ProviderError, RetryLater
from bot.providers.retry_after import RETRY_AFTER_MAX_S

# A single lost answer is everyday; three in a row happen by chance once in 37 where three in ten are lost.
MISSES_TO_OPEN = 3
# Long enough for a restart at the other side, short enough that members who wait hardly notice.
UNREACHABLE_FIRST_S = 15.0
# A gateway that was away for hours is found again within this.
UNREACHABLE_MAX_S = 300.0
# A person must act, which takes minutes at least.
ACCOUNT_FIRST_S = 60.0
ACCOUNT_MAX_S = 600.0
# Without a Retry-After, as for any request that is put off.
BUSY_FIRST_S = 2.0
BUSY_MAX_S = 60.0
JITTER = 0.1
# While a probe is under way the others look again after as long as it has taken, within these.
LOOK_MIN_S = 1.0
LOOK_MAX_S = 15.0
# No wait is shorter: whoever waits is written to the database and read again.
WAIT_MIN_S = 0.1
_MOST_DOUBLINGS = 16  # far beyond every bound above, and small enough to be a float


class Trouble(StrEnum):
    """Why a gateway is held back."""

    UNREACHABLE = "unreachable"  # no connection, a 5xx, or sent and no answer
    BUSY = "busy"  # it asks for time, and is well
    ACCOUNT = "account"  # the key or the funds: the operator must act


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a failed request says of the gateway; `asked_s` is its Retry-After in seconds, where it sent one."""

    trouble: Trouble
    asked_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The one request that may go to a gateway that was ill. Whatever becomes of it, at `ends_at` it counts as lost."""

    number: int
    began_at: float
    ends_at: float
    is_poll: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why no request may go now, and seconds until it is worth asking again."""

    seconds: float
    trouble: Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is known of one gateway; a new one is well.

    `illness` is None while the breaker is closed; else it is open until `open_until`, and half-open after.
    `openings` and `pauses` count since the last success, and make the next one longer. Misses are unreachabilities
    in a row: those of polls end with any answer, those of submits with an answer to a submit, for a gateway may
    answer questions and take no work.

    `is_by_poll`: it was a poll whose key was refused. Where a submit is taken after that, the refusal was about that
    one job, which an earlier key may have ordered: polls are not trusted to shut it (`trusts_polls`) until a submit is
    refused. Only a pause that was asked of a poll holds polls back.
    """

    illness: Trouble | None = None
    ill_since: float = 0.0
    open_until: float = 0.0
    openings: int = 0
    missed_submits: int = 0
    missed_polls: int = 0
    pause_until: float = 0.0
    pauses: int = 0
    polls_pause_until: float = 0.0
    is_by_poll: bool = False
    trusts_polls: bool = True
    probe: Probe | None = None
    probes: int = 0  # how many there have been: the next one's number


def failure_of(error: ProviderError) -> Failure | None:
    """What the error says of the gateway; None where it is well and merely refused, or gave up on, this work."""
    match error:
        case RetryLater():
            trouble = Trouble.BUSY if error.is_busy else Trouble.UNREACHABLE
            return Failure(trouble=trouble, asked_s=error.retry_after_s)
        case OutcomeUnknown():
            return Failure(trouble=Trouble.UNREACHABLE)
        case NotAuthorised() | OutOfFunds():
            return Failure(trouble=Trouble.ACCOUNT)
        case _:
            return None


def obstacle(health: Health, now: float) -> Obstacle | None:
    """Why no request may go at `now`; None where one may. In half-open it then has to be claimed as the probe."""
    until = max(health.open_until, health.pause_until)
    if now < until:
        return Obstacle(seconds=max(until - now, WAIT_MIN_S), trouble=health.illness or Trouble.BUSY)
    if health.illness is not None and (probe := _probe_at(health, now)) is not None:
        return Obstacle(seconds=min(max(now - probe.began_at, LOOK_MIN_S), LOOK_MAX_S), trouble=health.illness)
    return None


def poll_obstacle(health: Health, now: float) -> Obstacle | None:
    """Why no poll may go at `now`: it asked polls for time, or cannot be reached. Otherwise as `obstacle`."""
    if now < health.polls_pause_until:
        return Obstacle(seconds=max(health.polls_pause_until - now, WAIT_MIN_S), trouble=Trouble.BUSY)
    return obstacle(health, now) if health.illness is Trouble.UNREACHABLE else None


def is_healthy(health: Health, now: float) -> bool:
    """Whether routing may choose it: closed, or its cool-down has passed. A pause is no illness."""
    return health.illness is None or now >= health.open_until


def trouble_at(health: Health, now: float) -> Trouble | None:
    """What ails it: an illness until a success ends it, else BUSY during a pause."""
    return health.illness or (Trouble.BUSY if now < health.pause_until else None)


def claimed(health: Health, now: float, *, lease_s: float, is_poll: bool = False) -> Health:
    """After a request that met no obstacle set out: of a gateway that was ill, it is the probe."""
    if health.illness is None:
        return health
    probe = Probe(number=health.probes, began_at=now, ends_at=now + lease_s, is_poll=is_poll)
    return replace(health, probe=probe, probes=health.probes + 1)


def released(health: Health, number: int) -> Health:
    """After the probe of that number ended and said nothing: another may go."""
    return replace(health, probe=None) if _is_probe(health, number) else health


def succeeded(health: Health) -> Health:
    """After a request was answered as a well gateway answers: closed, and all is forgotten but a pause that it still
    asks for; another request may have been told of it since this one was taken."""
    return Health(
        pause_until=health.pause_until,
        polls_pause_until=health.polls_pause_until,
        trusts_polls=health.trusts_polls and not health.is_by_poll,
        probes=health.probes,
    )


def poll_succeeded(health: Health) -> Health:
    """After a poll was answered: the gateway is there. Whether it takes work, is paid, or has time, it does not say."""
    return _answered(health, missed_submits=health.missed_submits)


def failed(health: Health, failure: Failure, *, now: float, jitter: float, number: int | None = None) -> Health:
    """After a submit failed; `number` names the probe that it was, `jitter` lies in [-1, 1]."""
    was_probe = _is_probe(health, number)
    match failure.trouble:
        case Trouble.BUSY:
            health = _answered(health, missed_submits=0)
            health = replace(health, probe=None) if was_probe else health
            return _paused(health, failure, now=now, jitter=jitter)
        case Trouble.ACCOUNT:
            health = replace(health, is_by_poll=False, trusts_polls=True)
            if health.illness is Trouble.ACCOUNT and not was_probe:
                return health
            return _opened(health, failure, now=now, jitter=jitter)
        case Trouble.UNREACHABLE:
            health = replace(health, missed_submits=health.missed_submits + 1)
            return _missed(health, failure, now=now, jitter=jitter, was_probe=was_probe)
        case _:
            assert_never(failure.trouble)


def poll_failed(health: Health, failure: Failure, *, now: float, jitter: float) -> Health:
    """After a poll failed; while the probe is a poll, it was that one. What shuts it for its account holds back submits
    alone."""
    match failure.trouble:
        case Trouble.BUSY:
            paused = _paused(poll_succeeded(health), failure, now=now, jitter=jitter)
            return replace(paused, polls_pause_until=paused.pause_until)
        case Trouble.ACCOUNT:
            health = poll_succeeded(health)
            if health.illness is Trouble.ACCOUNT or not health.trusts_polls:
                return health
            return replace(_opened(health, failure, now=now, jitter=jitter), is_by_poll=True)
        case Trouble.UNREACHABLE:
            was_probe = health.probe is not None and health.probe.is_poll
            health = replace(health, missed_polls=health.missed_polls + 1)
            return _missed(health, failure, now=now, jitter=jitter, was_probe=was_probe)
        case _:
            assert_never(failure.trouble)


def _probe_at(health: Health, now: float) -> Probe | None:
    return health.probe if health.probe is not None and now < health.probe.ends_at else None


def _is_probe(health: Health, number: int | None) -> bool:
    return health.probe is not None and health.probe.number == number


def _missed(health: Health, failure: Failure, *, now: float, jitter: float, was_probe: bool) -> Health:
    misses = health.missed_submits + health.missed_polls
    if was_probe or (health.illness is None and misses >= MISSES_TO_OPEN):
        return _opened(health, failure, now=now, jitter=jitter)
    if failure.asked_s is None:
        return health
    return replace(health, pause_until=max(health.pause_until, now + _asked_s(failure)))


def _answered(health: Health, *, missed_submits: int) -> Health:
    """Ends UNREACHABLE. Where submits were missed, one more opens it again, and for longer."""
    if health.illness is not Trouble.UNREACHABLE:
        return replace(health, missed_submits=missed_submits, missed_polls=0)
    return replace(
        health,
        illness=None,
        open_until=0.0,
        openings=health.openings if missed_submits else 0,
        missed_submits=min(missed_submits, MISSES_TO_OPEN - 1),
        missed_polls=0,
        probe=None,
    )


def _opened(health: Health, failure: Failure, *, now: float, jitter: float) -> Health:
    is_account = failure.trouble is Trouble.ACCOUNT
    first_s, longest_s = (ACCOUNT_FIRST_S, ACCOUNT_MAX_S) if is_account else (UNREACHABLE_FIRST_S, UNREACHABLE_MAX_S)
    # Another illness begins anew; openings that outlast a closed breaker were for missed submits (see `_answered`).
    is_more = health.illness is failure.trouble or (health.illness is None and not is_account)
    times = health.openings if is_more else 0
    cooldown_s = _lengthened(first_s, longest_s, times=times, jitter=jitter)
    return replace(
        health,
        illness=failure.trouble,
        ill_since=now if health.illness is None else health.ill_since,
        open_until=now + max(cooldown_s, _asked_s(failure)),
        openings=times + 1,
        is_by_poll=False,
        probe=None,
    )


def _paused(health: Health, failure: Failure, *, now: float, jitter: float) -> Health:
    """Paused for its own backoff or for what was asked, whichever is longer; those that were under way when the pause
    began lengthen it only by what they were told."""
    if now < health.pause_until:
        return replace(health, pause_until=max(health.pause_until, now + _asked_s(failure)))
    own_s = _lengthened(BUSY_FIRST_S, BUSY_MAX_S, times=health.pauses, jitter=jitter)
    return replace(health, pause_until=now + max(own_s, _asked_s(failure)), pauses=health.pauses + 1)


def _lengthened(first_s: float, longest_s: float, *, times: int, jitter: float) -> float:
    """Doubles each time; never above the longest, with the jitter either."""
    wait_s: float = min(first_s * 2.0 ** min(times, _MOST_DOUBLINGS), longest_s)
    return min(wait_s * (1 + JITTER * jitter), longest_s)


def _asked_s(failure: Failure) -> float:
    """What the gateway asked for, within bounds; nothing where it is no number."""
    return min(max(0.0, failure.asked_s or 0.0), RETRY_AFTER_MAX_S)

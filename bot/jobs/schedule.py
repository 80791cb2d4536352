"""When to poll and when to try again: pure, in seconds.

The poll schedule is one long first wait and then a steady beat; for completion times that are log-normal this is
within 2 % of the exact optimum, while exponential backoff is dense when nothing can be ready and sparse when
everything is (simulation in the project's reliability notes: 1.05 s added at 3.8 polls a job).
"""

from dataclasses import dataclass
from math import sqrt

# One poll is worth this many seconds of delay.
_POLL_WORTH_S = 0.3
_FIRST_SHARE = 0.6
_FIRST_MAX_S = 30.0
_STEP_MAX_S = 15.0
_SLOWDOWN = 1.1
_SLOW_AFTER = 3.0
_JITTER = 0.1
_SHORTEST_S = 0.02

RETRY_FIRST_S = 2.0
RETRY_MAX_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPace:
    """What is known of a model's speed: its typical seconds, and the shortest wait the gateway asks for."""

    typical_s: float
    shortest_s: float = _SHORTEST_S


def poll_wait_s(pace: PollPace, *, polls: int, waited_s: float, asked_s: float | None, jitter: float) -> float:
    """Seconds until the next poll.

    `polls` made so far, `waited_s` since the submit, `asked_s` what the gateway said last, `jitter` in [-1, 1].
    """
    if polls == 0:
        wait = min(_FIRST_SHARE * pace.typical_s, _FIRST_MAX_S)
    else:
        wait = sqrt(1.6 * _POLL_WORTH_S * pace.typical_s)
        if waited_s > _SLOW_AFTER * pace.typical_s:
            late_polls = max(0, polls - _SLOW_AFTER)
            wait *= _SLOWDOWN ** min(late_polls, 40)
        wait = min(wait, _STEP_MAX_S)
    wait *= 1 + _JITTER * jitter
    return max(wait, pace.shortest_s, asked_s or 0.0)


def retry_wait_s(*, failures: int, asked_s: float | None, jitter: float) -> float:
    """Seconds until something that failed is tried again: doubling, at least what the other side asked for."""
    wait = min(RETRY_FIRST_S * 2.0 ** min(failures, 10), RETRY_MAX_S)
    wait *= 1 + _JITTER * jitter
    return max(wait, asked_s or 0.0)

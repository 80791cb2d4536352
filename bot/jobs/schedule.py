"""When to poll and when to try again: pure, in seconds.

The poll schedule is one long first wait and then a steady beat; for completion times that are log-normal this is
within 2 % of the exact optimum, while exponential backoff is dense when nothing can be ready and sparse when
everything is (simulation in the project's reliability notes: 1.05 s added at 3.8 polls a job).
"""

from dataclasses import dataclass
from math import inf, sqrt

# One poll is worth this many seconds of delay.
_POLL_WORTH_S = 0.3
_FIRST_SHARE = 0.6
_FIRST_MAX_S = 30.0
_STEP_MAX_S = 15.0
# Each poll later than that many typical times waits so much longer than the one before.
_SLOWER_BY = 0.1
_SLOW_AFTER = 3.0
_JITTER = 0.1
_SHORTEST_S = 0.02

# Where the gateway calls when it is done: looked at by the clock only when nearly all such work is, and then seldom.
CALLED_FIRST_MAX_S = 300.0
CALLED_STEP_S = 30.0
# A look this near the end of the first wait was that wait's, moved by the jitter.
_CALLED_NEAR = 0.2

RETRY_FIRST_S = 2.0
RETRY_MAX_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPace:
    """What is known of a model's speed: its typical seconds, and the shortest and longest wait its gateway advises."""

    typical_s: float
    shortest_s: float = _SHORTEST_S
    longest_s: float = inf


def poll_wait_s(pace: PollPace, *, polls: int, waited_s: float, asked_s: float | None, jitter: float) -> float:
    """Seconds until the next poll.

    `polls` made so far, `waited_s` since the submit, `asked_s` what the gateway said last, `jitter` in [-1, 1].
    """
    if polls == 0:
        wait = min(_FIRST_SHARE * pace.typical_s, _FIRST_MAX_S)
    else:
        # Longer by a tenth of the time that it is late: from poll to poll by a tenth, and without a jump.
        late_s = max(0.0, waited_s - _SLOW_AFTER * pace.typical_s)
        wait = min(sqrt(1.6 * _POLL_WORTH_S * pace.typical_s) + _SLOWER_BY * late_s, _STEP_MAX_S)
    # The longest, with the jitter too.
    wait = min(wait, pace.longest_s / (1 + _JITTER)) * (1 + _JITTER * jitter)
    return max(wait, pace.shortest_s, asked_s or 0.0)


def called_wait_s(*, tail_s: float, waited_s: float, asked_s: float | None, jitter: float) -> float:
    """Seconds until the next poll of work that its gateway will call about; the call itself brings one at once.

    `tail_s` is what 99 of 100 such works stay below; the rest as for `poll_wait_s`.
    """
    first_s = min(tail_s, CALLED_FIRST_MAX_S)
    left_s = first_s - waited_s
    wait = left_s if left_s > _CALLED_NEAR * first_s else CALLED_STEP_S
    return max(wait * (1 + _JITTER * jitter), asked_s or 0.0)


def retry_wait_s(*, failures: int, asked_s: float | None, jitter: float) -> float:
    """Seconds until something that failed is tried again: doubling, at least what the other side asked for."""
    wait = min(RETRY_FIRST_S * 2.0 ** min(failures, 10), RETRY_MAX_S)
    wait *= 1 + _JITTER * jitter
    return max(wait, asked_s or 0.0)

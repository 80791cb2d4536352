"""How much else the machine was doing: on a busy one both sides of a row wait, and no ratio is sound."""

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

_IDLE = (3, 4)  # places of idle and iowait in the first line of /proc/stat (proc_stat in the manual)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Processor seconds until now: of the whole machine, of this process with its ended children, and the time."""

    everyone_s: float
    own_s: float
    at_s: float


def read() -> Reading:
    """Raises OSError where there is no /proc."""
    ticks = [int(field) for field in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]]
    busy = sum(ticks) - sum(ticks[place] for place in _IDLE)
    usage = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    own_s = sum(one.ru_utime + one.ru_stime for one in usage)
    return Reading(everyone_s=busy / os.sysconf("SC_CLK_TCK"), own_s=own_s, at_s=time.monotonic())


def others_share(before: Reading, after: Reading, *, children_s: float = 0.0) -> float:
    """The share of all processors that others took between the two readings, 0 to 1.

    `children_s` is what children of this process took that run still.
    """
    others_s = (after.everyone_s - before.everyone_s) - (after.own_s - before.own_s) - children_s
    return max(0.0, others_s) / ((after.at_s - before.at_s) * (os.cpu_count() or 1))

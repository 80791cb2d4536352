"""How much memory this process has resident, and had at its peak: Linux alone tells, and forgets, for one process."""

from pathlib import Path

_KIB, _MB = 1_024, 1_000_000


def forget_peak() -> None:
    """The peak counts from here (proc_pid_clear_refs in the manual). Raises OSError where the system has no /proc."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def now_mb() -> float:
    """Resident, in 10^6 bytes."""
    return _field("VmRSS")


def peak_mb() -> float:
    """The most since `forget_peak`."""
    return _field("VmHWM")


def _field(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (found,) = [line for line in lines if line.startswith(f"{name}:")]
    return int(found.split()[1]) * _KIB / _MB

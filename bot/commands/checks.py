"""What one check of `doctor` found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`warn` can wait, `bad` keeps Easel from working."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report; `told` says what was found and, unless it is ok, what to do. Never a secret."""

    level: Level
    title: str
    told: str

    @property
    def line(self) -> str:
        """As it is printed."""
        return f"{self.level:<4}  {self.title}: {self.told}"

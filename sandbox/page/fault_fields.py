"""The fields of a fault switch: what the page draws, and how what it sends is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.discord.components import Body

Values = Mapping[str, Any]
TIMES_MAX = 100
SECONDS_MAX = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One field of a switch; with `choices` a choice by value, else a number or a text."""

    name: str
    label: str
    default: str | float
    choices: tuple[tuple[str, str], ...] = ()
    maximum: float = SECONDS_MAX

    def json(self) -> Body:
        """As the page has it."""
        kind = "choice" if self.choices else ("text" if isinstance(self.default, str) else "number")
        body: Body = {"name": self.name, "label": self.label, "type": kind, "default": self.default}
        if self.choices:
            body["choices"] = [{"value": value, "label": label} for value, label in self.choices]
        return body

    def read(self, given: Values) -> Any:
        """The value. Raises ValueError."""
        value = given.get(self.name, self.default)
        if self.choices:
            if value not in [choice for choice, _ in self.choices]:
                raise ValueError(f"{self.label} does not offer {value!r}")
            return value
        if isinstance(self.default, str):
            return str(value)[:200]
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"{self.label} is a number") from None
        if not 0 <= number <= self.maximum:
            raise ValueError(f"{self.label} lies between 0 and {self.maximum:g}")
        return number


TIMES = FieldSpec(name="times", label="How many times", default=1.0, maximum=TIMES_MAX)


def read(fields: tuple[FieldSpec, ...], given: Values) -> dict[str, Any]:
    """All values; missing ones take their default. Raises ValueError for a field that there is not."""
    unknown = given.keys() - {one.name for one in fields}
    if unknown:
        raise ValueError(f"there is no field {', '.join(sorted(unknown))}")
    return {one.name: one.read(given) for one in fields}

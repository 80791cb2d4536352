"""Amounts, times and percents as people type them. Strict: what could be meant in two ways is asked again. Pure."""

import re
from decimal import Decimal

from bot.core.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.core.errors import EaselError
from bot.core.money import TICKS_PER_USD, usd
from bot.ledger.model import Unit
from bot.ledger.rules.model import MAX_PACE_MINUTES

# Tenths of a cent are the least that is shown; ten million dollars are more than anybody sets by accident.
_MONEY = re.compile(r"\$?\s?(?P<amount>[0-9]{1,7}(?:\.[0-9]{1,3})?)\s?(?:\$|usd)?", re.IGNORECASE)
_COUNT = re.compile(r"(?P<count>[0-9]{1,7})(?: ?(?P<unit>pictures?|requests?))?", re.IGNORECASE)
_TIME = re.compile(r"(?P<number>[0-9]{1,4}) ?(?P<unit>m|min|minutes?|h|hours?|d|days?)", re.IGNORECASE)
_MINUTES = re.compile(r"(?P<number>[0-9]{1,4})(?: ?(?:m|min|minutes?))?", re.IGNORECASE)
_UNITS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
# A raise that nobody remembers is no raise.
MAX_RAISE_DAYS = 60
# The longest text of any of these fields.
TYPED_MAX = 40


class Unclear(EaselError):
    """What was typed cannot be read; `told` says what to type."""

    def __init__(self, told: str) -> None:
        super().__init__("typed otherwise than it can be read")
        self.told = told


def read_amount(unit: Unit, typed: str) -> int:
    """Ticks, or how many. Raises Unclear."""
    text = typed.strip()
    if unit is Unit.MONEY:
        found = _MONEY.fullmatch(text)
        if found is None:
            raise Unclear("The amount is dollars with a point, such as `1.50` or `20`.")
        return usd(found["amount"])
    found = _COUNT.fullmatch(text)
    if found is None or (found["unit"] and not unit.value.startswith(found["unit"].lower().rstrip("s"))):
        raise Unclear(f"The amount is a whole number of {unit}, such as `20`.")
    return int(found["count"])


def amount_text(unit: Unit, amount: int) -> str:
    """An amount as it stands in a form: what `read_amount` reads as the same."""
    if unit is not Unit.MONEY:
        return str(amount)
    dollars = Decimal(amount) / TICKS_PER_USD
    return f"{dollars:.2f}" if amount % (TICKS_PER_USD // 100) == 0 else f"{dollars:f}".rstrip("0")


def read_minutes(typed: str) -> int:
    """The minutes of a pace. Raises Unclear."""
    found = _MINUTES.fullmatch(typed.strip())
    if found is None or not 1 <= int(found["number"]) <= MAX_PACE_MINUTES:
        raise Unclear(f"A pace says in how many minutes: a whole number from 1 to {MAX_PACE_MINUTES:,}.")
    return int(found["number"])


def read_time(typed: str) -> int:
    """Milliseconds of `6 hours` or `2 d`. Raises Unclear."""
    found = _TIME.fullmatch(typed.strip())
    span = 0 if found is None else int(found["number"]) * _UNITS[found["unit"][0].lower()]
    if not 0 < span <= MAX_RAISE_DAYS * DAY_MS:
        raise Unclear(
            f"How long is a number with its unit, such as `6 hours` or `2 days`, at most {MAX_RAISE_DAYS} days."
        )
    return span


def read_percents(typed: str) -> tuple[int, ...]:
    """Whole percents in order, each once; none for an empty text. Raises Unclear."""
    parts = [part for part in re.split(r"[\s,;%]+", typed) if part]
    if any(not part.isascii() or not part.isdecimal() or len(part) > 3 for part in parts):
        raise Unclear("Percents are whole numbers from 1 to 100, such as `50, 80, 100`.")
    return tuple(sorted({int(part) for part in parts}))

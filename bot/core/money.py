"""Money as integer ticks.

One tick is 1e-10 USD, the unit xAI bills in (`cost_in_usd_ticks`). Every amount inside the bot is a tick;
text with decimals appears only at the edges: settings, the catalogue, gateways' answers and what people read.
"""

from decimal import ROUND_CEILING, Context, Decimal, InvalidOperation
from typing import NewType

Ticks = NewType("Ticks", int)

TICKS_PER_USD = 10**10
# SQLite and PostgreSQL keep signed 64-bit integers; a tenth of that leaves room for sums.
MAX_TICKS = Ticks((2**63 - 1) // 10)
ZERO = Ticks(0)
# 28 digits hold every amount that can be kept and nine places of a tick; what does not fit counts upwards too.
_UPWARDS = Context(prec=28, rounding=ROUND_CEILING)
_CENT = Decimal("0.01")
_TENTH_OF_CENT = Decimal("0.001")


def usd(amount: str | int | Decimal) -> Ticks:
    """Reads a dollar amount such as `"0.05"`; fractions of a tick round up, against the spender.

    Raises ValueError for what is no number, is negative, not finite, or too large to keep.
    """
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise ValueError("not an amount in dollars") from None
    if not value.is_finite() or value < 0:
        raise ValueError("an amount in dollars must be zero or more")
    if value > Decimal(MAX_TICKS) / TICKS_PER_USD:
        raise ValueError("an amount in dollars this large cannot be kept")
    return Ticks(int(_UPWARDS.multiply(value, Decimal(TICKS_PER_USD)).to_integral_value(rounding=ROUND_CEILING)))


def format_usd(ticks: int) -> str:
    """Dollars for people: whole cents where they are exact, else tenths of a cent, rounded up: `$0.04`, `$0.023`."""
    sign = "-" if ticks < 0 else ""
    value = Decimal(abs(ticks)) / TICKS_PER_USD
    step = _CENT if value % _CENT == 0 else _TENTH_OF_CENT
    return f"{sign}${value.quantize(step, rounding=ROUND_CEILING):,}"

"""Money: whole ticks inside, text with decimals at the edges, every rounding against the spender."""

import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.money import MAX_TICKS, TICKS_PER_USD, ZERO, Ticks, format_usd, usd

# More places than a decimal context keeps by default, as a gateway may write them.
DOLLARS = st.from_regex(r"[0-9]{1,7}\.[0-9]{1,45}", fullmatch=True).map(Decimal)
SHAPE = re.compile(r"-?\$\d{1,3}(,\d{3})*\.\d{2,3}")


def read(text: str) -> Fraction:
    """What a person reads in the text, in ticks."""
    return Fraction(text.replace("$", "").replace(",", "")) * TICKS_PER_USD


@pytest.mark.parametrize(
    ("text", "ticks"),
    [
        ("0", 0),
        ("-0", 0),
        ("0.05", 500_000_000),
        ("1", TICKS_PER_USD),
        (2, 2 * TICKS_PER_USD),
        (Decimal("0.0000000001"), 1),
        ("0.00000000001", 1),
        ("1.00000000001", TICKS_PER_USD + 1),
        ("1000000.00000000010000000000000000000001", 10**16 + 2),
        ("1E-999999", 1),
        ("1e-3", 10_000_000),
    ],
)
def test_an_amount_is_read_in_whole_ticks_rounded_up(text: str | int | Decimal, ticks: int) -> None:
    assert usd(text) == ticks


@pytest.mark.parametrize("text", ["", "five", "0,05", "$1", "1 2"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        usd(text)


@pytest.mark.parametrize("text", ["-0.01", "NaN", "Infinity", "-Infinity"])
def test_negative_and_endless_amounts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="zero or more"):
        usd(text)


def test_the_largest_amount_that_is_kept_leaves_room_for_sums() -> None:
    largest = Decimal(MAX_TICKS) / TICKS_PER_USD
    assert usd(largest) == MAX_TICKS
    with pytest.raises(ValueError, match="this large"):
        usd(largest + Decimal("0.0000000001"))


@given(DOLLARS)
def test_an_amount_never_shrinks_by_being_read_and_grows_by_less_than_a_tick(amount: Decimal) -> None:
    exact = Fraction(amount) * TICKS_PER_USD
    assert 0 <= usd(amount) - exact < 1


@given(st.integers(0, MAX_TICKS))
def test_whole_ticks_survive_the_way_through_dollars(ticks: int) -> None:
    dollars, rest = divmod(ticks, TICKS_PER_USD)
    assert usd(f"{dollars}.{rest:010}") == ticks


@given(DOLLARS, DOLLARS)
def test_more_dollars_are_never_fewer_ticks(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    assert usd(low) <= usd(high)


@pytest.mark.parametrize(
    ("ticks", "text"),
    [
        (0, "$0.00"),
        (1, "$0.001"),
        (usd("0.04"), "$0.04"),
        (usd("0.023"), "$0.023"),
        (usd("0.0231"), "$0.024"),
        (usd("0.1"), "$0.10"),
        (usd("0.099999"), "$0.100"),
        (usd("12345.6"), "$12,345.60"),
        (-usd("0.02"), "-$0.02"),
        (-1, "-$0.001"),
    ],
)
def test_people_read_whole_cents_where_they_are_exact_else_tenths_rounded_up(ticks: int, text: str) -> None:
    assert format_usd(ticks) == text


@given(st.integers(-MAX_TICKS, MAX_TICKS))
def test_what_people_read_has_one_form_and_never_belittles_an_amount(ticks: int) -> None:
    text = format_usd(ticks)
    assert SHAPE.fullmatch(text)
    assert text.startswith("-") == (ticks < 0)
    shown = abs(read(text))
    assert abs(ticks) <= shown < abs(ticks) + TICKS_PER_USD // 1000


@given(st.integers(0, 10**7))
def test_whole_cents_are_shown_exactly_and_read_back(cents: int) -> None:
    ticks = Ticks(cents * TICKS_PER_USD // 100)
    assert usd(format_usd(ticks).replace("$", "").replace(",", "")) == ticks
    assert ticks >= ZERO

"""Charts: their size, what is drawn where, and the same numbers in words."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.core.money import MAX_TICKS, usd
from bot.media import charts
from bot.media.charts import ALT_TEXT, HEIGHT, MAX_SERIES, WIDTH, Chart, Series, alt_text, draw

BLUE, ORANGE = (76, 154, 232), (242, 160, 61)
MONTH = tuple(f"{day} Nov" for day in range(1, 32))
WEEK = ("Mon 17", "Tue 18", "Wed 19", "Thu 20", "Fri 21", "Sat 22", "Sun 23")
# The longest names that the bot itself gives, side by side.
LONGEST = ("imagine", "upscale", "speak", "edit", "others", "presumed")
GATEWAYS = ("API in One", "Apiframe", "Pixazo", "Locus", "others", "presumed")


def chart(
    *values: tuple[int, ...], days: tuple[str, ...] = WEEK, limit: int | None = None, names: tuple[str, ...] = LONGEST
) -> Chart:
    series = tuple(Series(name=name, values=one) for name, one in zip(names, values, strict=False))
    return Chart(title="spending by day", days=days, series=series, limit=limit, limit_name="daily limit")


def drawn(wanted: Chart) -> Image.Image:
    data = draw(wanted)
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        assert image.size == (840, 470) == (WIDTH, HEIGHT)
        return image.convert("RGB")


def count(image: Image.Image, colour: tuple[int, int, int], box: tuple[int, int, int, int]) -> int:
    """How many pixels of the box have the colour."""
    part = image.crop(box)
    return sum(number for number, found in part.getcolors(WIDTH * HEIGHT) or () if found == colour)


def plot(image: Image.Image, colour: tuple[int, int, int]) -> int:
    return count(image, colour, (0, 74, WIDTH, 416))


def test_a_bar_twice_as_high_has_twice_the_pixels() -> None:
    only = (0, usd("0.10"), 0, usd("0.20"), 0, 0, 0)
    image = drawn(chart(only))
    half = count(image, BLUE, (200, 74, 330, 416)), count(image, BLUE, (400, 74, 540, 416))
    assert half[0] > 5_000
    assert half[1] == pytest.approx(2 * half[0], rel=0.03)


def test_series_differ_by_pattern_and_not_by_colour_alone() -> None:
    """Each series as a grey picture: no two look alike, whatever their brightness."""
    looks = []
    for place in range(MAX_SERIES):
        grey = charts._pattern(place).convert("L").crop((0, 0, 64, 64))
        darkest, brightest = grey.getextrema()
        looks.append(bytes(255 if value == brightest else 0 for value in grey.tobytes()))
        assert place == 0 or darkest != brightest
    assert len(set(looks)) == MAX_SERIES


def test_the_smallest_amount_shows() -> None:
    assert plot(drawn(chart((usd("5"), 1, 0, 0, 0, 0, 0), (0, 0, 1, 0, 0, 0, 0))), BLUE) > 0
    assert plot(drawn(chart((0,) * 7, (usd("5"), 1, 0, 0, 0, 0, 0))), ORANGE) > 0


def test_what_is_below_nothing_is_no_bar() -> None:
    below = chart((-usd("1"), 0, 0, 0, 0, 0, 0))
    assert plot(drawn(below), BLUE) == 0
    assert below.totals == (0,) * 7


@pytest.mark.parametrize(
    ("limit", "is_drawn"), [(None, False), ("0.30", True), ("0.05", True), ("0.60", True), ("0.61", False)]
)
def test_a_limit_is_drawn_unless_it_would_press_the_bars_flat(limit: str | None, is_drawn: bool) -> None:
    ticks = None if limit is None else usd(limit)
    wanted = chart((usd("0.10"),) * 7, limit=ticks)
    assert wanted.is_limit_in_sight is is_drawn
    assert (plot(drawn(wanted), (255, 158, 135)) > 500) is is_drawn
    assert (f"Daily limit ${limit}" in alt_text(wanted)) is (limit is not None)


def test_without_any_spending_the_limit_stands_alone() -> None:
    empty = chart(limit=usd("2"))
    image = drawn(empty)
    assert plot(image, (255, 158, 135)) > 500
    assert plot(image, BLUE) == 0
    assert alt_text(empty) == "Spending by day: $0.00 in all. Daily limit $2.00. Nothing on any day."


def test_the_text_has_every_number_of_the_chart() -> None:
    wanted = chart((usd("0.10"), 0, 0, usd("0.20"), 0, 0, 0), (0, 0, 0, usd("0.05"), 0, 0, 0), limit=usd("1"))
    assert alt_text(wanted) == (
        "Spending by day: $0.35 in all. Imagine $0.30, upscale $0.05. Daily limit $1.00."
        " By day: Mon 17 $0.10, Thu 20 $0.25."
    )


def test_the_text_of_a_full_month_fits_and_a_longer_one_is_cut_to_what_discord_takes() -> None:
    full = chart(*([(usd("9999.999"),) * 31] * MAX_SERIES), days=MONTH, limit=usd("9999.999"), names=GATEWAYS)
    assert alt_text(full).endswith("31 Nov $59,999.994.")
    assert len(alt_text(full)) < ALT_TEXT - 100
    text = alt_text(chart(*([(MAX_TICKS // 10,) * 40] * MAX_SERIES), days=(*MONTH, *MONTH[:9])))
    assert len(text) == ALT_TEXT
    assert text.endswith("…")


def test_letters_are_large_enough_to_read_on_a_phone() -> None:
    """Discord shows the picture at half its width."""
    assert (charts.LABEL, charts.SMALL) == (28, 26)


def test_a_legend_that_is_too_long_is_cut_and_stays_in_the_picture() -> None:
    names = ("imagine" * 4, "edit", "upscale", "ask", "others", "presumed")
    assert [charts._fitting(one) for one in (LONGEST, GATEWAYS)] == [list(LONGEST), list(GATEWAYS)]
    cut = charts._fitting(names)
    assert names[0].startswith(cut[0])
    assert cut[1:] == list(names[1:])
    drawn(chart(*([(usd("0.10"),) * 7] * MAX_SERIES), names=names))


def test_a_single_day_is_a_chart_too() -> None:
    assert plot(drawn(chart((usd("1"),), days=("1 Nov",))), BLUE) > 1_000


@pytest.mark.parametrize(
    ("days", "series"),
    [
        ((), ()),
        (WEEK, (Series(name="a", values=(1, 2)),)),
        (WEEK, tuple(Series(name=str(place), values=(1,) * 7) for place in range(MAX_SERIES + 1))),
    ],
    ids=["no days", "other days", "too many series"],
)
def test_what_is_no_chart_is_refused(days: tuple[str, ...], series: tuple[Series, ...]) -> None:
    with pytest.raises(ValueError, match="a chart has"):
        Chart(title="", days=days, series=series)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, MAX_TICKS), min_size=7, max_size=7), st.none() | st.integers(0, MAX_TICKS))
def test_the_scale_holds_every_bar_and_every_limit_in_sight(values: list[int], limit: int | None) -> None:
    wanted = chart(tuple(values), limit=limit)
    top, step = charts._scale(wanted)
    assert top >= max(values)
    assert not wanted.is_limit_in_sight or top > (limit or 0)
    assert top % step == 0
    assert 1 <= top // step <= 4
    assert str(step).rstrip("0") in {"1", "2", "5"}

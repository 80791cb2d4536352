"""Charts for messages: bars stacked in a few series, a line for a limit, and the same numbers as a text.

Discord shows an attachment 400 to 550 pixels wide, so a chart is drawn about twice as large, with large letters.
Series differ by pattern as well as by colour. The font is the one that Pillow brings along, which knows Latin letters
only: names of people and servers stay in the message.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product

from PIL import Image, ImageDraw, ImageFont

from bot.core.money import TICKS_PER_USD, format_usd

WIDTH, HEIGHT = 840, 470
LABEL, SMALL = 28, 26
# More would be neither told apart nor read in a legend of one line.
MAX_SERIES = 6
# Discord's bound for the description of an attachment.
ALT_TEXT = 1_024

Colour = tuple[int, int, int]
_GROUND: Colour = (43, 45, 49)
_INK: Colour = (242, 243, 245)
_GRID: Colour = (78, 80, 88)
_LIMIT: Colour = (255, 158, 135)
# The fill of each series, and which pixels of a tile are marked on it: plain, rising, level, dotted, upright, falling.
_PITCH = 8
_LOOKS: tuple[tuple[Colour, Callable[[int, int], bool]], ...] = (
    ((76, 154, 232), lambda x, y: False),
    ((242, 160, 61), lambda x, y: (x + y) % _PITCH < 3),
    ((143, 211, 193), lambda x, y: y < 2),
    ((226, 130, 190), lambda x, y: x < 3 and y < 3),
    ((160, 165, 175), lambda x, y: x < 2),
    (_GROUND, lambda x, y: (x - y) % _PITCH < 3),
)
_MARGIN = 16
_LEGEND_Y, _SWATCH, _GAP = 14, 22, 6
_PLOT_TOP, _PLOT_BOTTOM = 74, 414
_GRID_LINES = 4
# A label of an axis is in whole tenths of a cent.
_LEAST_STEP = TICKS_PER_USD // 1_000
# A limit further above the bars than this would press them flat; it is then named and not drawn.
_LIMIT_IN_SIGHT = 6
_HEAD_ROOM = 1.16  # the limit's words stand above its line

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One part of every bar, in ticks; `name` is short and Latin."""

    name: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A bar for each of `days`, each made of the series from the bottom to the top; `limit` for one bar, in ticks.

    `title` and `limit_name` are words for the text; `limit_name` also stands at the line. Days are named on the axis
    as far as there is room. ValueError for series of another length than the days, or too many of them.
    """

    title: str
    days: tuple[str, ...]
    series: tuple[Series, ...]
    limit: int | None = None
    limit_name: str = "limit"

    def __post_init__(self) -> None:
        if not self.days or any(len(one.values) != len(self.days) for one in self.series):
            raise ValueError("a chart has a value for each of its days")
        if len(self.series) > MAX_SERIES:
            raise ValueError(f"a chart has at most {MAX_SERIES} series")

    @property
    def totals(self) -> tuple[int, ...]:
        """The height of each bar."""
        return tuple(sum(max(0, one.values[place]) for one in self.series) for place in range(len(self.days)))

    @property
    def is_limit_in_sight(self) -> bool:
        """Whether the limit is near enough to the bars to be drawn with them."""
        highest = max(self.totals)
        return self.limit is not None and (highest == 0 or self.limit <= _LIMIT_IN_SIGHT * highest)


def draw(chart: Chart) -> bytes:
    """The chart as a PNG of 840 x 470 pixels. Takes some tens of milliseconds: call it in a thread."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _GROUND)
    pen = ImageDraw.Draw(image)
    top, step = _scale(chart)
    steps = range(0, top + 1, step)
    left = _MARGIN + max(round(_font(LABEL).getlength(format_usd(value))) for value in steps) + 14
    for value in steps:
        height = _y(value, top)
        pen.line((left, height, WIDTH - _MARGIN, height), fill=_GRID, width=2)
        pen.text((left - 12, height), format_usd(value), font=_font(LABEL), fill=_INK, anchor="rm")
    patterns = [_pattern(place) for place in range(len(chart.series))]
    _legend(image, pen, chart, patterns)
    slots = _slots(left, len(chart.days))
    _bars(image, pen, chart, patterns, slots, top)
    _name_days(pen, chart.days, slots)
    _limit_line(pen, chart, left, top)
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


def alt_text(chart: Chart) -> str:
    """The chart's numbers in words: the sum, each series, the limit, then each day on which there was something."""
    sums = [f"{one.name} {format_usd(sum(one.values))}" for one in chart.series]
    named = zip(chart.days, chart.totals, strict=True)
    days = [f"{day} {format_usd(total)}" for day, total in named if total]
    parts = [f"{chart.title}: {format_usd(sum(chart.totals))} in all"]
    parts += [", ".join(sums)] if sums else []
    parts += [f"{chart.limit_name} {format_usd(chart.limit)}"] if chart.limit is not None else []
    parts.append("by day: " + ", ".join(days) if days else "nothing on any day")
    text = ". ".join(part[0].upper() + part[1:] for part in parts) + "."
    return text if len(text) <= ALT_TEXT else text[: ALT_TEXT - 1] + "…"


@lru_cache(maxsize=4)
def _font(size: int) -> Font:
    return ImageFont.load_default(size)


def _scale(chart: Chart) -> tuple[int, int]:
    """The value at the top of the chart and the step of its grid, in ticks."""
    limit = chart.limit if chart.limit is not None and chart.is_limit_in_sight else 0
    highest = max(*chart.totals, round(limit * _HEAD_ROOM), _LEAST_STEP)
    wanted = -(-highest // _GRID_LINES)
    step = _LEAST_STEP
    while step < wanted:  # 1, 2, 5, 10, 20, 50, …
        step = step * 5 // 2 if str(step).startswith("2") else step * 2
    return -(-highest // step) * step, step


def _y(value: int, top: int) -> int:
    return _PLOT_BOTTOM - round((_PLOT_BOTTOM - _PLOT_TOP) * min(value, top) / top)


def _slots(left: int, count: int) -> list[tuple[int, int]]:
    """Where each bar begins and ends, in pixels."""
    room = WIDTH - _MARGIN - left
    edges = [left + room * place // count for place in range(count + 1)]
    gap = max(2, room // count // 8)
    return [(begin + gap, min(end - gap, begin + gap + 72)) for begin, end in pairwise(edges)]


def _pattern(place: int) -> Image.Image:
    """The whole surface in the look of a series; what is cut out of it always fits together."""
    fill, is_marked = _LOOKS[place]
    mark = _INK if fill == _GROUND else (fill[0] // 2, fill[1] // 2, fill[2] // 2)
    tile = Image.new("RGB", (_PITCH, _PITCH), fill)
    for x, y in product(range(_PITCH), repeat=2):
        if is_marked(x, y):
            tile.putpixel((x, y), mark)
    strip = Image.new("RGB", (WIDTH, _PITCH))
    for x in range(0, WIDTH, _PITCH):
        strip.paste(tile, (x, 0))
    surface = Image.new("RGB", (WIDTH, HEIGHT))
    for y in range(0, HEIGHT, _PITCH):
        surface.paste(strip, (0, y))
    return surface


def _cut(image: Image.Image, pen: ImageDraw.ImageDraw, pattern: Image.Image, box: _Box) -> None:
    """A piece of the pattern, with an edge that sets it off from what lies above and below."""
    image.paste(pattern.crop(box), box)
    if box[3] - box[1] > 4:
        pen.line((box[0], box[1], box[2] - 1, box[1]), fill=_GROUND, width=1)


def _legend(image: Image.Image, pen: ImageDraw.ImageDraw, chart: Chart, patterns: Sequence[Image.Image]) -> None:
    x = _MARGIN
    names = _fitting([one.name for one in chart.series])
    for name, pattern in zip(names, patterns, strict=True):
        box = (x, _LEGEND_Y, x + _SWATCH, _LEGEND_Y + _SWATCH)
        image.paste(pattern.crop(box), box)
        pen.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), outline=_INK)
        pen.text((box[2] + _GAP, _LEGEND_Y + _SWATCH // 2), name, font=_font(SMALL), fill=_INK, anchor="lm")
        x = box[2] + 3 * _GAP + round(_font(SMALL).getlength(name))


def _fitting(names: Sequence[str]) -> list[str]:
    """The names as far as one line has room for all of them."""
    font, room = _font(SMALL), WIDTH - 2 * _MARGIN + 2 * _GAP - len(names) * (_SWATCH + 3 * _GAP)
    fitting = list(names)
    while sum(font.getlength(name) for name in fitting) > room:
        longest = max(range(len(fitting)), key=lambda place: font.getlength(fitting[place]))
        fitting[longest] = fitting[longest][:-1]
    return fitting


def _bars(
    image: Image.Image,
    pen: ImageDraw.ImageDraw,
    chart: Chart,
    patterns: Sequence[Image.Image],
    slots: Sequence[tuple[int, int]],
    top: int,
) -> None:
    for place, (begin, end) in enumerate(slots):
        below = 0
        for one, pattern in zip(chart.series, patterns, strict=True):
            value = max(0, one.values[place])
            upper, lower = _y(below + value, top), _y(below, top)
            below += value
            if value:
                # Whatever was spent shows, be it ever so little.
                _cut(image, pen, pattern, (begin, min(upper, lower - 1), end, lower))


def _name_days(pen: ImageDraw.ImageDraw, days: Sequence[str], slots: Sequence[tuple[int, int]]) -> None:
    font = _font(SMALL)
    widest = max(font.getlength(day) for day in days)
    pitch = slots[1][0] - slots[0][0] if len(slots) > 1 else WIDTH
    every = 1 if widest + 8 <= pitch else 7  # the same day of every week
    for (begin, end), day in list(zip(slots, days, strict=True))[::every]:
        half = font.getlength(day) / 2
        middle = min((begin + end) / 2, WIDTH - 4 - half)
        pen.text((middle, _PLOT_BOTTOM + 12), day, font=font, fill=_INK, anchor="ma")


def _limit_line(pen: ImageDraw.ImageDraw, chart: Chart, left: int, top: int) -> None:
    if chart.limit is None or not chart.is_limit_in_sight:
        return
    height = _y(chart.limit, top)
    for x in range(left, WIDTH - _MARGIN, 14):
        pen.line((x, height, min(x + 8, WIDTH - _MARGIN), height), fill=_LIMIT, width=3)
    words = f"{chart.limit_name} {format_usd(chart.limit)}"
    place = (WIDTH - _MARGIN, height - 6)
    pen.text(place, words, font=_font(SMALL), fill=_LIMIT, anchor="rd", stroke_width=4, stroke_fill=_GROUND)

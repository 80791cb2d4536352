"""The cards of `/usage` fit Discord's limits and say each number once, whatever stands in them."""

import asyncio
import re
from typing import Any

import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot.core.clock import DAY_MS, Millis
from bot.core.ids import MemberId
from bot.core.money import Ticks, usd
from bot.guilds.model import Pause
from bot.ledger.model import Limit, Pace, PaceStanding, Standing, Unit
from bot.ledger.records.model import Period, Undecided
from bot.ledger.rules.model import Listed, Mark, Whom
from bot.ledger.windows import WindowKind, month_window, window_of
from bot.services.exporting import Format
from bot.services.spending.files import Parts
from bot.services.spending.model import Allowance, Group, Grouping, GuildUsage, MemberUsage, Share, Stretch, View
from bot.ui.usage_buttons import usage_rows
from bot.ui.usage_card import guild_card, member_card
from bot.ui.usage_chart import chart_file, chart_of, dates_of
from bot.ui.usage_files import entry_files, files_card, room
from bot.ui.usage_ids import USAGE_PATTERN, Part, UsagePress, read_usage, usage_id
from tests.ledger.book import at
from tests.ui.test_cards import LONG, _assert_fits, _text

NOON = at("2026-05-15T12:00")
NOTHING = Share(amount=0, pictures=0, answers=0, presumed=0)
VIEWS = [View(stretch=stretch, grouping=grouping) for stretch in Stretch for grouping in Grouping]
PRESSES = st.builds(UsagePress, part=st.sampled_from(Part), view=st.sampled_from(VIEWS))


def standing(
    scope: str = "guild:1",
    *,
    unit: Unit = Unit.MONEY,
    kind: WindowKind = WindowKind.MONTH,
    amount: int = usd("30"),
    spent: int = usd("14.20"),
    held: int = 0,
) -> Standing:
    limit = Limit(scope=scope, unit=unit, window=window_of(kind, NOON), amount=amount)
    return Standing(limit=limit, held=held, spent=spent)


def group(*key: str | int, label: str, amount: int = usd("1"), jobs: int = 2, pictures: int = 3) -> Group:
    return Group(key=key, label=label, by_day=(amount, *(0,) * 30), jobs=jobs, pictures=pictures)


def report(**changes: Any) -> GuildUsage:
    window = month_window(NOON)
    base: dict[str, Any] = {
        "view": View(),
        "window": window,
        "days": tuple(Millis(window.starts_at + day * DAY_MS) for day in range(31)),
        "groups": (group("imagine", label="imagine", amount=usd("3")), group("ask", label="ask", pictures=0)),
        "rest": None,
        "rest_count": 0,
        "presumed_by_day": (0,) * 31,
        "presumed_jobs": 0,
        "undecided": Undecided(jobs=0, held=Ticks(0)),
        "limit": standing(),
        "daily": standing(kind=WindowKind.DAY, amount=usd("1"), spent=0),
        "own": Share(amount=usd("1.12"), pictures=31, answers=12, presumed=0),
        "is_zone_other": False,
    }
    return GuildUsage(**{**base, **changes})


def said(usage: GuildUsage, name: str | None = "Aurora Studio") -> str:
    return _text(guild_card(usage, chart_of(usage), guild_name=name))


@given(PRESSES)
def test_every_button_is_read_as_it_was_written(press: UsagePress) -> None:
    assert read_usage(usage_id(press)) == press
    assert len(usage_id(press)) <= 100


@given(st.text(max_size=100) | st.from_regex(USAGE_PATTERN, fullmatch=True))
def test_what_is_read_at_all_is_what_would_be_written(custom_id: str) -> None:
    press = read_usage(custom_id)
    assert press is None or usage_id(press) == custom_id


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_no_two_buttons_of_a_card_have_one_id_and_only_what_is_shown_is_dead(view: View) -> None:
    buttons = [one for row in usage_rows(view) for one in row.children if isinstance(one, ui.Button)]
    ids = [one.custom_id or "" for one in buttons]
    assert len(set(ids)) == len(ids) == 9
    assert all(re.fullmatch(USAGE_PATTERN, one) for one in ids)
    assert sum(one.disabled for one in buttons) == 2
    assert all(len(one.label or "") <= 34 for one in buttons)


def test_the_report_says_spent_limit_reset_shares_and_ones_own() -> None:
    text = said(report())
    assert "### Spending in Aurora Studio · May 2026" in text
    assert f"**$14.20** of $30.00 used (47 %), resets <t:{at('2026-06-01') // 1000}:R>." in text
    assert "**This server, today**: $0.00 of $1.00 used. $1.00 left" in text
    assert "**imagine** · $3.00 (75 %) · 2 requests · 3 pictures" in text
    assert "**ask** · $1.00 (25 %) · 2 requests\n" in text
    assert "You: $1.12 · 31 pictures · 12 answers" in text
    assert "UTC" not in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"limit": standing(held=usd("0.5"))}, "$0.50 more is reserved for work under way."),
        ({"limit": None}, "**$4.00** used; no limit is set for a month."),
        ({"limit": standing(amount=0, spent=0)}, "**$0.00** of $0.00 used, resets"),
        (
            {"presumed_jobs": 2, "presumed_by_day": (usd("2"), *(0,) * 30)},
            "**presumed** · $2.00 for 2 requests: no answer came",
        ),
        ({"undecided": Undecided(jobs=2, held=usd("0.1"))}, "whether 2 requests cost anything; $0.10 is reserved"),
        ({"is_zone_other": True}, "limits follow this server's own time zone"),
        ({"groups": (group("", label=""),)}, "**other** · $1.00"),
        ({"rest": group(label="others"), "rest_count": 7}, "**others** (7) · $1.00 (20 %)"),
    ],
)
def test_what_is_out_of_the_ordinary_is_said(changes: dict[str, Any], words: str) -> None:
    assert words in said(report(**changes))


def test_members_and_models_have_numbers_in_the_chart_and_names_in_the_text() -> None:
    """The font of the chart knows no names of people."""
    members = report(view=View(grouping=Grouping.MEMBER), groups=(group(123, label="123"), group(45, label="45")))
    assert "`1` <@123> · $1.00" in said(members)
    assert "`2` <@45> · $1.00" in said(members)
    assert [one.name for one in chart_of(members).series] == ["1", "2"]
    models = report(view=View(grouping=Grouping.MODEL), groups=(group("a", "b", label="B *bold* via A"),))
    assert "`1` B \\*bold\\* via A" in said(models)
    assert [one.name for one in chart_of(models).series] == ["1"]
    nameless = report(view=View(grouping=Grouping.MODEL), groups=(group("", "", label=""),))
    assert "`1` other" in said(nameless)


def test_the_chart_has_the_days_the_limit_and_what_is_presumed_on_top() -> None:
    usage = report(rest=group(label="others"), rest_count=2, presumed_by_day=(usd("2"), *(0,) * 30), presumed_jobs=1)
    chart = chart_of(usage)
    assert (chart.days[0], chart.days[-1]) == ("1 May", "31 May")
    assert [one.name for one in chart.series] == ["imagine", "ask", "others", "presumed"]
    assert (chart.limit, chart.limit_name) == (usd("1"), "daily limit")
    assert chart.title == "Spending by day and command, 1 to 31 May 2026"
    assert chart_of(report(daily=None)).limit is None


def test_a_week_is_named_by_its_days() -> None:
    window = window_of(WindowKind.WEEK, at("2026-12-31"))
    days = tuple(Millis(window.starts_at + day * DAY_MS) for day in range(7))
    week = Group(key=("imagine",), label="imagine", by_day=(1,) * 7, jobs=7, pictures=7)
    usage = report(view=View(stretch=Stretch.WEEK), window=window, days=days, groups=(week,), presumed_by_day=(0,) * 7)
    assert chart_of(usage).days[:2] == ("Mon 28", "Tue 29")
    assert "· 28 December 2026 to 3 January 2027" in said(usage, None)
    assert dates_of(window_of(WindowKind.WEEK, at("2026-09-30"))) == "28 September to 4 October 2026"


def test_the_fullest_report_fits() -> None:
    groups = tuple(group("a", "b", label=LONG, amount=10**17) for _ in range(4))
    usage = report(
        view=View(grouping=Grouping.MODEL),
        groups=groups,
        rest=group(label="others", amount=10**17),
        rest_count=10**6,
        presumed_by_day=(10**17,) * 31,
        presumed_jobs=10**6,
        undecided=Undecided(jobs=10**6, held=Ticks(10**17)),
        is_zone_other=True,
    )
    _assert_fits(guild_card(usage, chart_of(usage), guild_name=LONG))


def test_the_file_of_the_chart_is_the_one_that_the_card_shows() -> None:
    usage = report()
    chart = chart_of(usage)
    file = asyncio.run(chart_file(chart))
    (item,) = [one for one in guild_card(usage, chart, guild_name=None).walk_children() if _is_gallery(one)]
    assert isinstance(item, ui.MediaGallery)
    assert item.items[0].media.url == f"attachment://{file.filename}"
    assert item.items[0].description == file.description
    assert "Imagine $3.00" in (file.description or "")


def _is_gallery(item: ui.Item[Any]) -> bool:
    return isinstance(item, ui.MediaGallery)


PACE = Pace(count=3, minutes=1, rule="1", subject="everyone")


def member(**changes: Any) -> MemberUsage:
    base: dict[str, Any] = {
        "pauses": (),
        "mark": None,
        "standings": (),
        "paces": (),
        "own": NOTHING,
        "guild_amount": 0,
    }
    return MemberUsage(**{**base, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"standings": (standing("member:1:2"),)}, "**You, this month**: $14.20 of $30.00 used. $15.80 left, resets"),
        ({"standings": (standing("channel:1:5"),)}, "**This channel, this month**"),
        ({"standings": (standing("command:1:edit"),)}, "**`/edit`, all of this server, this month**"),
        ({"standings": (standing("model:1:a/b:c"),)}, "**`a/b:c`, all of this server, this month**"),
        (
            {"standings": (standing("besides:1:p+q"),)},
            "**This server, beside what is reserved for others, this month**",
        ),
        ({"standings": (standing(unit=Unit.REQUESTS, amount=5, spent=6),)}, "6 of 5 requests used. 0 left, resets"),
        ({"standings": (standing(amount=5, spent=6),)}, "**Over the limit.**"),
        ({"standings": (standing(kind=WindowKind.WEEK, held=usd("1")),)}, "and $1.00 reserved for work under way"),
        ({"paces": (PaceStanding(pace=PACE, left=2, opens_at=None),)}, "at most 3 requests in any 1 minute; 2 left."),
        (
            {"paces": (PaceStanding(pace=PACE, left=0, opens_at=NOON),)},
            f"at most 3 requests in any 1 minute; try again <t:{NOON // 1000}:R>.",
        ),
        (
            {"allowances": (Allowance(whom=Whom.CHANNEL, what=Listed.MODEL, values=("a/b", "*c*")),)},
            "**Models** allowed in this channel: a/b, \\*c\\*.",
        ),
        (
            {"allowances": (Allowance(whom=Whom.ROLE, what=Listed.RESOLUTION, values=("1k",)),)},
            "**Sizes** allowed to you: 1k.",
        ),
        (
            {"allowances": (Allowance(whom=Whom.ROLE, what=Listed.COUNT, values=("2",)),)},
            "**Pictures at once** allowed to you: at most 2.",
        ),
        ({"mark": Mark.BLOCKED}, "**You cannot ask for anything here.**"),
        ({"mark": Mark.EXEMPT}, "do not bind you"),
        (
            {"pauses": (Pause(command="edit", reason="too *dear*", author_id=MemberId(1), at=NOON),)},
            "is paused on this server: too \\*dear\\*",
        ),
        (
            {"own": Share(amount=1, pictures=1, answers=1, presumed=usd("2")), "guild_amount": 2},
            "1 picture · 1 answer · $2.00 presumed (50 %)",
        ),
    ],
)
def test_a_member_reads_what_stands_in_their_way(changes: dict[str, Any], words: str) -> None:
    assert words in _text(member_card(member(**changes)))


def test_as_many_limits_as_a_guild_may_set_fit_and_what_is_left_out_is_counted() -> None:
    long = "a" * 100
    standings = tuple(standing(f"model:1:provider/{long}", held=10**17, spent=10**17) for _ in range(100))
    pauses = tuple(Pause(command="upscale", reason=LONG, author_id=MemberId(1), at=NOON) for _ in range(2))
    card = member_card(member(standings=standings, pauses=pauses, mark=Mark.BLOCKED))
    _assert_fits(card)
    shown = _text(card).count("resets")
    assert shown >= 5
    assert f"And {100 - shown} more, of commands and models." in _text(card)
    assert _text(card).endswith("You, this month: $0.00 · 0 pictures · 0 answers")


# -- files ------------------------------------------------------------------------------------------------------------


def parts(*files: bytes, rows: int = 5, is_whole: bool = True, form: Format = Format.CSV) -> Parts:
    period = Period(starts_at=at("2026-05-01"), ends_at=at("2026-06-01"))
    return Parts(period=period, form=form, files=files, rows=rows, is_whole=is_whole)


@pytest.mark.parametrize(
    ("found", "names", "words"),
    [
        (parts(b"a"), ["usage-2026-05-01.csv"], "5 entries\n"),
        (parts(b"a", rows=1), ["usage-2026-05-01.csv"], "1 entry\n"),
        (parts(b"a", rows=0), ["usage-2026-05-01.csv"], "There are none yet."),
        (parts(rows=0, form=Format.JSONL), [], "There are none yet."),
        (parts(b"a", form=Format.JSONL), ["usage-2026-05-01.jsonl"], "5 entries\n"),
        (
            parts(b"a", b"b", rows=6000),
            ["usage-2026-05-01-part-1.csv", "usage-2026-05-01-part-2.csv"],
            "6,000 entries in 2 files",
        ),
        (
            parts(b"a", is_whole=False, rows=6000),
            ["usage-2026-05-01.csv"],
            "**These are only the first 6,000**: more does not fit into a message.",
        ),
        (parts(b"a", is_whole=False, rows=0), ["usage-2026-05-01.csv"], "They do not fit into a message."),
    ],
)
def test_files_are_named_and_what_they_hold_is_said(found: Parts, names: list[str], words: str) -> None:
    files = entry_files(found)
    assert [file.filename for file in files] == names
    card = files_card(found, names)
    assert "### Entries of 2026-05-01 to 2026-05-31" in _text(card)
    assert words in _text(card)
    shown = [item.media.url for item in card.walk_children() if isinstance(item, ui.File)]
    assert shown == [f"attachment://{name}" for name in names]


@pytest.mark.parametrize(("limit", "files"), [(None, 2), (10 * 2**20, 2), (50 * 2**20, 1), (500 * 2**20, 1)])
def test_files_fit_into_what_discord_takes_in_one_request(limit: int | None, files: int) -> None:
    size, most = room(limit)
    assert most == files
    assert size * most < 25 * 2**20
    assert size < (limit or 10 * 2**20)

"""What `/usage` reads of the ledger: each limit once, groups in order, and files that keep their bounds."""

import asyncio
import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from bot.core.clock import DAY_MS, MINUTE_MS, Millis
from bot.core.ids import ChannelId, GuildId, JobId, MemberId, hold_id_of
from bot.core.money import Ticks
from bot.db import Transaction
from bot.guilds import store as guilds
from bot.guilds.model import GuildSettings
from bot.ledger import store as ledger
from bot.ledger.model import Unit
from bot.ledger.records import store as records
from bot.ledger.records.model import Period
from bot.ledger.rules import store as rules
from bot.ledger.rules.model import AllowList, Draft, Listed, Mark, Span, Whom
from bot.services.exporting import Format
from bot.services.spending.files import Parts, parts_of
from bot.services.spending.model import TOP_GROUPS, Asker, Grouping, GuildUsage, MemberUsage, Stretch, View
from bot.services.spending.reading import guild_usage, member_usage, period_of
from tests.budgets.house import ADMIN, GUILD, MEMBER, NOON, House, asked, ceilings, done, draft
from tests.jobs.memory import MemoryDatabase
from tests.ledger.book import at

MAY = Period(starts_at=at("2026-05-01"), ends_at=at("2026-06-01"))


@pytest.fixture
def house() -> Iterator[House]:
    opened = House()
    yield opened
    opened.memory.close()


def asker(moment: Millis = NOON, *, member: int = MEMBER, roles: frozenset[int] = frozenset()) -> Asker:
    return Asker(guild_id=GUILD, channel_id=ChannelId(5), member_id=MemberId(member), at=moment, roles=roles)


def spend(house: House, amount: int, **changes: Any) -> None:
    """One job that cost so much."""
    wanted = asked(**changes)
    house.post(house.ask(wanted, amount), amount, wanted.pictures)


def own(house: House, who: Asker | None = None) -> MemberUsage:
    return house.memory.read(lambda reader: member_usage(reader, house.ceilings, who or asker()))


def whole(house: House, view: View = View(), who: Asker | None = None) -> GuildUsage:  # noqa: B008 - a value
    def label(grouping: Grouping, key: tuple[str | int, ...]) -> str:
        return f"{grouping}:{'/'.join(str(part) for part in key)}"

    return house.memory.read(lambda reader: guild_usage(reader, house.ceilings, who or asker(), view, label=label))


def _set_state(tx: Transaction, *, job_id: JobId, state: str) -> None:
    tx.execute("UPDATE job SET state = ? WHERE id = ?", (state, job_id))


def set_rule(house: House, wanted: Draft) -> None:
    house.memory.write(lambda tx: rules.set_rule(tx, GUILD, wanted, at=house.clock.now()))


def test_a_member_reads_every_limit_that_could_refuse_them_once(house: House) -> None:
    set_rule(house, draft(Whom.EVERYONE, 5, unit=Unit.REQUESTS, span=Span.WEEK))
    set_rule(house, draft(Whom.CHANNEL, 300, name="5"))
    set_rule(house, draft(Whom.CHANNEL, 300, name="6"))
    set_rule(house, draft(Whom.COMMAND, 200, name="edit"))
    set_rule(house, draft(Whom.MODEL, 100, name="pixazo/m"))
    set_rule(house, draft(Whom.PURPOSE, 50, name="event"))
    set_rule(house, draft(Whom.EVERYONE, 3, unit=Unit.REQUESTS, span=Span.ROLLING, minutes=10))
    set_rule(house, draft(Whom.ROLE, 4, name="8", unit=Unit.REQUESTS, span=Span.ROLLING, minutes=10))
    found = own(house)
    scopes = [(one.limit.scope, one.limit.unit, one.limit.window.kind.value) for one in found.standings]
    assert len(set(scopes)) == len(scopes)
    assert {scope for scope, _, _ in scopes} == {
        f"member:{GUILD}:{MEMBER}",
        f"channel:{GUILD}:5",
        f"command:{GUILD}:edit",
        f"model:{GUILD}:pixazo/m",
        f"guild:{GUILD}",
        f"besides:{GUILD}:event",
    }
    assert [(one.pace.count, one.pace.minutes) for one in found.paces] == [(3, 10)]
    with_role = own(house, asker(roles=frozenset({8})))
    assert [(one.pace.count, one.pace.minutes) for one in with_role.paces] == [(4, 10)]


def test_a_member_reads_what_is_left_of_a_pace_and_what_the_lists_let_them_ask(house: House) -> None:
    set_rule(house, draft(Whom.EVERYONE, 2, unit=Unit.REQUESTS, span=Span.ROLLING, minutes=10))
    for whom, name, what, values in (
        (Whom.CHANNEL, "5", Listed.MODEL, {"b", "a"}),
        (Whom.CHANNEL, "6", Listed.MODEL, {"c"}),
        (Whom.ROLE, "8", Listed.COUNT, {"2"}),
        (Whom.ROLE, "9", Listed.COUNT, {"3"}),
    ):
        wanted = AllowList(whom=whom, name=name, what=what, values=frozenset(values))
        done(house.budgets.allow(GUILD, wanted, by=ADMIN))
    found = own(house)
    assert [(one.left, one.opens_at) for one in found.paces] == [(2, None)]
    assert [(one.whom, one.what, one.values) for one in found.allowances] == [(Whom.CHANNEL, Listed.MODEL, ("a", "b"))]
    house.ask(asked(model="a"), 1)
    house.clock.advance(ms=MINUTE_MS)
    house.ask(asked(model="a"), 1)
    both = own(house, asker(roles=frozenset({8, 9})))
    assert [(one.left, one.opens_at) for one in both.paces] == [(0, NOON + 10 * MINUTE_MS)]
    assert [(one.whom, one.what, one.values) for one in both.allowances][1:] == [(Whom.ROLE, Listed.COUNT, ("3",))]
    later = own(house, asker(Millis(NOON + 10 * MINUTE_MS)))
    assert [(one.left, one.opens_at) for one in later.paces] == [(1, None)]


def test_a_report_reads_no_row_for_each_member_and_model(house: House) -> None:
    """One's own days are found by themselves, and a guild's without its members."""
    spend(house, 5)
    connection, asked_for = house.memory.connection, list[str]()
    connection.set_trace_callback(asked_for.append)
    for grouping in Grouping:
        whole(house, View(grouping=grouping))
    own(house)
    connection.set_trace_callback(None)
    steps = [str(row["detail"]) for sql in asked_for for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    fine = {step for step in steps if re.match(r"(SEARCH|SCAN) spend ", step)}
    assert fine == {"SEARCH spend USING INDEX spend_by_member (member_id=? AND day>? AND day<?)"}


def test_what_bounds_the_whole_bot_or_a_gateway_stays_private() -> None:
    house = House(replace(ceilings(), provider_daily={"pixazo": Ticks(7)}))
    set_rule(house, draft(Whom.MODEL, 100, name="pixazo/m"))
    assert {one.limit.scope.split(":")[0] for one in own(house).standings} == {"member", "guild", "model"}
    house.memory.close()


def test_pauses_and_marks_are_told(house: House) -> None:
    done(house.desk.pause(GUILD, command="edit", reason="too dear", by=ADMIN))
    house.memory.write(lambda tx: rules.set_mark(tx, GUILD, MEMBER, Mark.BLOCKED))
    found = own(house)
    assert [(one.command, one.reason) for one in found.pauses] == [("edit", "too dear")]
    assert found.mark is Mark.BLOCKED


def test_a_members_share_is_their_own_of_this_month(house: House) -> None:
    house.clock.advance(ms=-20 * DAY_MS)
    spend(house, 50)
    house.clock.advance(ms=20 * DAY_MS)
    spend(house, 10)
    spend(house, 4, command="ask", pictures=0)
    spend(house, 100, member=11)
    found = own(house)
    assert (found.own.amount, found.own.answers, found.own.presumed) == (14, 1, 0)
    assert found.guild_amount == 114


def test_days_that_bring_nothing_are_days_too_and_sums_agree_with_the_counters(house: House) -> None:
    for days_ago, amount in ((14, 3), (1, 5), (0, 7)):
        house.clock.advance(ms=-days_ago * DAY_MS)
        spend(house, amount)
        house.clock.advance(ms=days_ago * DAY_MS)
    month = whole(house)
    (group,) = month.groups
    assert len(month.days) == 31
    assert {place: amount for place, amount in enumerate(group.by_day) if amount} == {0: 3, 13: 5, 14: 7}
    assert month.limit is not None
    assert month.limit.spent == month.amount == 15
    assert month.daily is not None
    assert month.daily.limit.amount == house.ceilings.guild_daily
    week = whole(house, View(stretch=Stretch.WEEK))
    assert week.days[0] == at("2026-05-11")
    assert week.amount == 12
    assert week.limit is None


def test_of_several_limits_the_tightest_counts(house: House) -> None:
    set_rule(house, draft(Whom.GUILD, 40))
    set_rule(house, draft(Whom.GUILD, 90, span=Span.WEEK))
    spend(house, 30)
    week = whole(house, View(stretch=Stretch.WEEK))
    assert week.limit is not None
    assert week.daily is not None
    assert (week.limit.limit.amount, week.limit.spent) == (90, 30)
    assert (week.daily.limit.amount, week.daily.left) == (40, 10)


def test_the_greatest_groups_stand_alone_and_all_others_together(house: House) -> None:
    for number in range(1, TOP_GROUPS + 4):
        spend(house, 10 * number, member=100 + number)
    found = whole(house, View(grouping=Grouping.MEMBER))
    assert [one.key for one in found.groups] == [(107,), (106,), (105,), (104,)]
    assert found.rest is not None
    assert (found.rest.amount, found.rest.jobs, found.rest_count) == (60, 3, 3)
    assert (found.rest.by_day[14], found.groups[0].by_day[14]) == (60, 70)
    assert found.amount == sum(range(10, 80, 10))


@pytest.mark.parametrize(
    ("grouping", "label"),
    [
        (Grouping.COMMAND, "command:edit"),
        (Grouping.MODEL, "model:here/n"),
        (Grouping.PROVIDER, "provider:here"),
        (Grouping.MEMBER, "member:12"),
    ],
)
def test_each_grouping_tells_apart_what_it_says(house: House, grouping: Grouping, label: str) -> None:
    spend(house, 1)
    spend(house, 2, command="edit", provider="here", model="n", member=12)
    found = whole(house, View(grouping=grouping))
    assert len(found.groups) == 2
    assert (found.groups[0].label, found.groups[0].amount) == (label, 2)


def test_what_is_presumed_is_in_no_group(house: House) -> None:
    spend(house, 5)
    job_id = house.ask(asked(member=12), 9)
    house.memory.write(lambda tx: ledger.presume(tx, hold_id=hold_id_of(job_id), at=house.clock.now()))
    found = whole(house, View(grouping=Grouping.MEMBER))
    assert [one.key for one in found.groups] == [(MEMBER,)]
    assert (found.amount, found.presumed, found.presumed_jobs) == (5, 9, 1)
    assert found.presumed_by_day[14] == 9


def test_what_is_held_for_unknown_jobs_of_this_guild_is_told(house: House) -> None:
    """As the book itself counts it."""
    for state, guild, amount in (("unknown", 1, 3), ("unknown", 1, 4), ("queued", 1, 5), ("unknown", 2, 6)):
        job_id = house.ask(asked(guild=guild), amount)
        change = partial(_set_state, job_id=job_id, state=state)
        house.memory.write(change)
    found = whole(house).undecided
    assert (found.jobs, found.held) == (2, 7)
    assert found == house.memory.read(lambda reader: records.undecided(reader, GUILD))


def test_another_guild_is_in_nothing(house: House) -> None:
    spend(house, 50, guild=2)
    found = whole(house)
    assert (found.groups, found.amount, found.own.amount) == ((), 0, 0)


def test_a_new_month_is_shown_before_anybody_asks_for_anything(house: House) -> None:
    spend(house, 50)
    june = asker(at("2026-06-01T00:00"))
    assert whole(house, who=june).amount == 0
    assert whole(house, who=june).days[0] == at("2026-06-01")
    assert own(house, june).own.amount == 0


def test_windows_never_open_backwards(house: House) -> None:
    """A press that Discord dates before the last request of all shows that request's month."""
    spend(house, 50)
    late = asker(at("2026-04-30T23:59"))
    assert whole(house, who=late).amount == 50
    assert house.memory.read(lambda reader: period_of(reader, late, View())) == MAY


def test_a_zone_of_the_servers_own_is_told(house: House) -> None:
    assert not whole(house).is_zone_other
    house.memory.write(lambda tx: guilds.save(tx, GUILD, GuildSettings(zone="Asia/Tokyo")))
    assert whole(house).is_zone_other


# -- files ------------------------------------------------------------------------------------------------------------


def parts(house: House, form: Format, *, limit_bytes: int, most: int = 2, guild: GuildId = GUILD) -> Parts:
    # A page is written in a thread, so there must be a loop to wait for it.
    return asyncio.run(
        parts_of(
            MemoryDatabase(house.memory),
            guild_id=guild,
            period=MAY,
            form=form,
            credit_ticks={},
            limit_bytes=limit_bytes,
            most=most,
        )
    )


@pytest.fixture
def busy() -> Iterator[House]:
    """1,300 jobs: three pages of the book, 2,600 entries."""
    opened = House(ceilings(member_daily=2_000, member_daily_pictures=2_000))
    for _ in range(1_300):
        spend(opened, 1, pictures=0)
    yield opened
    opened.memory.close()


def test_all_entries_are_in_one_file_where_they_fit(busy: House) -> None:
    found = parts(busy, Format.CSV, limit_bytes=10_000_000)
    assert (len(found.files), found.rows, found.is_whole) == (1, 2_600, True)


def test_files_are_split_between_entries_and_each_has_the_heading(busy: House) -> None:
    size = len(parts(busy, Format.CSV, limit_bytes=10_000_000).files[0])
    limit = size * 4 // 5
    found = parts(busy, Format.CSV, limit_bytes=limit)
    assert (len(found.files), found.rows, found.is_whole) == (2, 2_600, True)
    assert all(len(file) <= limit for file in found.files)
    rows = [row for file in found.files for row in csv.DictReader(io.StringIO(file.decode(), newline=""))]
    assert len({row["entry"] for row in rows}) == 2_600


@pytest.mark.parametrize("form", Format)
def test_what_does_not_fit_is_left_out_and_told(busy: House, form: Format) -> None:
    size = len(parts(busy, form, limit_bytes=10_000_000).files[0])
    limit = size // 2
    found = parts(busy, form, limit_bytes=limit, most=1)
    assert (len(found.files), found.is_whole) == (1, False)
    assert 0 < found.rows < 2_600
    assert len(found.files[0]) <= limit
    if form is Format.JSONL:
        assert len({json.loads(line)["entry"] for line in found.files[0].splitlines()}) == found.rows


@pytest.mark.parametrize(("form", "files"), [(Format.CSV, 1), (Format.JSONL, 0)])
def test_a_guild_without_entries_has_none(house: House, form: Format, files: int) -> None:
    found = parts(house, form, limit_bytes=10_000)
    assert (len(found.files), found.rows, found.is_whole) == (files, 0, True)


def test_a_bound_below_a_single_page_gives_no_half_of_it(busy: House) -> None:
    found = parts(busy, Format.CSV, limit_bytes=1_000)
    assert (found.rows, found.is_whole) == (0, False)

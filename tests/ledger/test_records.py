"""Records and sums: each entry once, and every sum that of the counters."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.clock import DAY_MS, HOUR_MS, Millis
from bot.core.ids import GuildId, HoldId, JobId, MemberId
from bot.core.money import Ticks, usd
from bot.db import Reader, Transaction
from bot.db.connection import configure
from bot.db.schema import SCRIPTS, migrate
from bot.jobs import store as jobs
from bot.jobs.model import Caps, State
from bot.ledger import store as ledger
from bot.ledger.check import check
from bot.ledger.model import CorrectionKind, EntryKind, HoldState
from bot.ledger.records import store
from bot.ledger.records.model import Axis, Charge, Period, Place, Record
from bot.payments import store as payments
from bot.payments.signer import Signed
from tests.ledger.book import GUILD, NOON, Book, request
from tests.ledger.ledgers import STEPS, Step, add_job, play
from tests.payments.test_store import approved

EVERYTHING = Period()
ANY_BOOK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(book: Book, *, period: Period = EVERYTHING, page: int = 500, last: int | None = None) -> Iterator[Record]:
    """Every record, guild by guild."""
    newest = store.last_entry(book.reader) if last is None else last
    guild: GuildId | None = None
    while (guild := store.next_guild(book.reader, guild)) is not None:
        after: Place | None = None
        while found := store.records(book.reader, guild_id=guild, period=period, last=newest, after=after, limit=page):
            yield from found
            after = found[-1].place


@pytest.fixture
def played(book: Book) -> Book:
    step = Step(
        guild=1,
        member=10,
        command="imagine",
        provider="pixazo",
        has_job=True,
        hours=1,
        amount=5,
        repriced=None,
        end="post",
        actual=4,
        corrections=(),
    )
    play(book, [step] * 5)
    return book


@ANY_BOOK
@given(steps=STEPS, page=st.integers(1, 5))
def test_every_entry_is_read_once_and_the_rows_sum_to_the_counters(steps: list[Step], page: int) -> None:
    book = Book()
    play(book, steps)

    found = list(read(book, page=page))
    assert sorted(one.entry_id for one in found) == [
        row["id"] for row in book.reader.all("SELECT id FROM entry ORDER BY id")
    ]
    counters = book.reader.all("SELECT * FROM counter WHERE scope LIKE 'guild:%' AND window_kind = 'day'")
    for counter in counters:
        day = Period(starts_at=counter["starts_at"], ends_at=counter["ends_at"])
        rows = [one for one in found if f"guild:{one.guild_id}" == counter["scope"] and day.holds(one.opened_at)]
        assert sum(one.booked for one in rows) == counter["spent"]
        opened = [one for one in rows if one.hold_state is HoldState.OPEN and one.kind is EntryKind.HOLD]
        assert sum(one.held for one in opened) == counter["held"]
        assert rows == [one for one in read(book, period=day) if f"guild:{one.guild_id}" == counter["scope"]]
    for one in found:
        booked = [other.booked for other in found if other.hold_id == one.hold_id and other.kind != EntryKind.HOLD]
        assert (one.actual or 0) == sum(booked)
    assert check(book.reader) == ()
    book.close()


@ANY_BOOK
@given(steps=STEPS, at=st.integers(0, 48), hours=st.integers(1, 30))
def test_sums_to_the_moment_are_those_of_the_rows_of_that_time(steps: list[Step], at: int, hours: int) -> None:
    """Whatever the day is in UTC: a guild's own day begins somewhere within it."""
    book = Book()
    play(book, steps)
    rows = list(read(book))
    start = Millis(NOON + at * HOUR_MS)
    period = Period(starts_at=start, ends_at=Millis(start + hours * HOUR_MS))
    for guild in {one.guild_id for one in rows}:
        mine = [one for one in rows if one.guild_id == guild and period.holds(one.opened_at)]
        for axis in (Axis.ALL, Axis.MEMBER, Axis.COMMAND, Axis.MODEL):
            found = store.exact_sums(book.reader, axis, period=period, guild_id=guild)
            assert sum(one.amount for one in found) == sum(one.booked for one in mine if not one.is_presumed)
            assert sum(one.presumed_amount for one in found) == sum(one.booked for one in mine if one.is_presumed)
    book.close()


@ANY_BOOK
@given(steps=STEPS)
def test_the_sums_by_anything_are_those_of_the_rows(steps: list[Step]) -> None:
    book = Book()
    play(book, steps)
    rows = [one for one in read(book) if one.booked or one.kind in (EntryKind.POST, EntryKind.PRESUME)]

    keys: dict[Axis, Callable[[Record], tuple[str | int, ...]]] = {
        Axis.ALL: lambda one: (),
        Axis.DAY: lambda one: (one.opened_at // DAY_MS * DAY_MS,),
        Axis.GUILD: lambda one: (one.guild_id,),
        Axis.MEMBER: lambda one: (one.member_id,),
        Axis.COMMAND: lambda one: (one.work.command if one.work else "",),
        Axis.PROVIDER: lambda one: (one.work.provider if one.work else "",),
        Axis.MODEL: lambda one: (one.work.provider, one.work.asked) if one.work else ("", ""),
    }
    for axis, key in keys.items():
        for found in store.sums(book.reader, axis, period=EVERYTHING):
            mine = [one for one in rows if key(one) == found.key]
            assert found.amount == sum(one.booked for one in mine if not one.is_presumed)
            assert found.presumed_amount == sum(one.booked for one in mine if one.is_presumed)
            assert found.jobs == len({one.job_id for one in mine if not one.is_presumed})
            assert found.presumed_jobs == len({one.job_id for one in mine if one.is_presumed})
            assert found.pictures == found.jobs
            assert found.presumed_pictures == found.presumed_jobs
        for found in store.sums(book.reader, axis, period=EVERYTHING, guild_id=GUILD):
            by_day = store.sums_by_day(book.reader, axis, found.key, period=EVERYTHING, guild_id=GUILD)
            assert sum(one.amount for one in by_day) == found.amount
            mine = [one for one in rows if key(one) == found.key and one.guild_id == GUILD and not one.is_presumed]
            assert {one.key[0]: one.amount for one in by_day if one.jobs} == {
                day: sum(one.booked for one in mine if one.opened_at // DAY_MS * DAY_MS == day)
                for day in {one.opened_at // DAY_MS * DAY_MS for one in mine}
            }
        assert sum(one.amount for one in store.sums(book.reader, axis, period=EVERYTHING)) == sum(
            one.booked for one in rows if not one.is_presumed
        )
    book.close()


def test_sums_are_bounded_by_guild_member_and_days(book: Book) -> None:
    tomorrow = Millis(NOON + DAY_MS)
    for name, guild, member, now in (
        ("a", 1, 10, NOON),
        ("b", 1, 11, NOON),
        ("c", 2, 10, NOON),
        ("d", 1, 10, tomorrow),
    ):
        book.hold(request(name, 10, 1, guild=guild, member=member, now=now))
        end = partial(ledger.post, hold_id=HoldId(name), actual=Ticks(7), pictures=1, at=NOON, basis="listed", note="")
        book.write(end)
    today = Period(starts_at=NOON, ends_at=Millis(NOON + 1))

    def spent(period: Period, guild: int | None = None, member: int | None = None) -> int:
        (found,) = store.sums(
            book.reader,
            Axis.ALL,
            period=period,
            guild_id=None if guild is None else GuildId(guild),
            member_id=None if member is None else MemberId(member),
        )
        return found.amount

    assert spent(EVERYTHING) == 28
    assert spent(today) == 21
    assert spent(today, guild=1) == 14
    assert spent(today, guild=1, member=11) == 7
    assert spent(EVERYTHING, member=10) == 21
    assert spent(today, guild=3) == 0
    assert store.sums(book.reader, Axis.DAY, period=today, guild_id=GuildId(3)) == ()


def test_a_reading_sees_the_entries_of_its_beginning_alone(played: Book) -> None:
    last = store.last_entry(played.reader)
    before = list(read(played, last=last))
    played.hold(request("new", 1, 1))
    played.write(lambda tx: ledger.adjust(tx, hold_id=HoldId("j0"), difference=3, at=NOON, reason="bill", author="ada"))
    assert list(read(played, last=last, page=2)) == before
    corrections = {(one.kind, one.correction) for one in read(played) if one.kind is EntryKind.ADJUST or one.correction}
    assert corrections == {(EntryKind.ADJUST, CorrectionKind.ADJUSTMENT)}
    assert len(list(read(played))) == len(before) + 2


def test_an_empty_book_has_no_guild_and_no_entry(book: Book) -> None:
    assert store.last_entry(book.reader) == 0
    assert store.next_guild(book.reader, None) is None


def test_a_record_tells_of_its_job_its_answer_and_its_payment(book: Book) -> None:
    book.write(lambda tx: add_job(tx, "a", guild=1, member=10, kind="imagine", provider="locus", at=NOON))
    book.hold(request("a", 10, 1))
    book.write(lambda tx: payments.begin(tx, JobId("a"), approved(), at=NOON, daily=usd("1")))
    signed = Signed(credential="Payment x", tx_hash="0x" + "1" * 64, valid_before=NOON)
    book.write(lambda tx: payments.signed(tx, JobId("a"), signed, credential=b"sealed", at=NOON))
    book.connection.execute("UPDATE job SET result = ? WHERE id = 'a'", ('{"served_model": "grok-2"}',))

    (record,) = read(book)
    assert record.work is not None
    assert (record.work.command, record.work.asked, record.work.served) == ("imagine", "m", "grok-2")
    assert (record.work.channel_id, record.work.state) == (7, "queued")
    assert record.paid is not None
    assert (record.paid.tx_hash, record.paid.amount, record.paid.state) == ("0x" + "1" * 64, usd("0.023"), "sent")
    book.connection.execute("UPDATE job SET result = 'no json' WHERE id = 'a'")
    (record,) = read(book)
    assert record.work is not None
    assert record.work.served is None


def test_what_is_held_for_unknown_jobs_is_told_apart(book: Book) -> None:
    for name in ("a", "b"):
        book.write(partial(add_job, name=name, guild=1, member=10, kind="ask", provider="xai", at=NOON))
        book.hold(request(name, 10, 1))
    assert store.undecided(book.reader).jobs == 0

    def lose(tx: Transaction) -> None:
        caps = Caps(by_provider={"xai": 9}, per_guild=9)
        (job, *_) = jobs.claim_queued(tx, owner="me", now=NOON, limit=1, caps=caps)
        jobs.move(tx, job, State.UNKNOWN, now=NOON, run_at=Millis(NOON + DAY_MS))

    book.write(lose)
    for guild, jobs_lost in ((None, 1), (GuildId(1), 1), (GuildId(2), 0)):
        found = store.undecided(book.reader, guild)
        assert (found.jobs, found.held) == (jobs_lost, 10 * jobs_lost)


def test_a_period_begins_before_it_ends_and_knows_its_days() -> None:
    with pytest.raises(ValueError, match="begins before"):
        Period(starts_at=NOON, ends_at=NOON)
    day = Period(starts_at=NOON, ends_at=Millis(NOON + 1)).in_days()
    assert (day.ends_at - day.starts_at, day.starts_at % DAY_MS) == (DAY_MS, 0)
    assert day.in_days() == day


def test_charges_of_a_guild_are_read_page_by_page_with_what_is_booked(played: Book) -> None:
    last = store.last_entry(played.reader)
    after: Place | None = None
    found: list[tuple[str | None, Charge]] = []
    while page := store.charges(played.reader, guild_id=GuildId(1), period=EVERYTHING, last=last, after=after, limit=2):
        found += page
        after = page[-1][1].place
    assert [(provider, one.job_id, one.amount, one.hold_state) for provider, one in found] == [
        ("pixazo", f"j{number}", 4, "posted") for number in range(5)
    ]


def test_a_book_from_before_the_sums_gets_them(tmp_path: Path) -> None:
    for path in sorted(SCRIPTS.glob("*.sql")):
        if path.name < "0013":
            shutil.copy(path, tmp_path)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    configure(connection)
    migrate(connection, folder=tmp_path)
    connection.executescript(
        "INSERT INTO hold (hold_id, job_id, guild_id, member_id, amount, pictures, price_version, state, opened_at,"
        " closed_at) VALUES ('one', 'one', 1, 2, 5, 1, '1', 'posted', 3, 4), ('two', 'two', 1, 2, 5, 2, '1',"
        " 'presumed', 5, 6);"
        "INSERT INTO entry (id, hold_id, kind, amount, pictures, basis, note, at)"
        " VALUES (1, 'one', 'hold', 5, 1, NULL, '', 3), (2, 'one', 'post', 4, 1, 'listed', 'm', 4),"
        " (3, 'two', 'hold', 5, 2, NULL, '', 5), (4, 'two', 'presume', 5, 2, NULL, '', 6);"
    )
    migrate(connection)
    (found,) = store.sums(Reader(connection), Axis.DAY, period=EVERYTHING)
    assert (found.key, found.amount, found.jobs, found.pictures) == ((0,), 4, 1, 1)
    assert (found.presumed_amount, found.presumed_jobs, found.presumed_pictures) == (5, 1, 2)
    assert check(Reader(connection)) == ()
    connection.close()


def test_a_period_is_widened_on_either_side() -> None:
    period = Period(starts_at=Millis(100), ends_at=Millis(200))
    assert period.widened(5) == Period(starts_at=Millis(95), ends_at=Millis(205))

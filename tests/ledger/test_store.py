"""Holds and what becomes of them."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import pytest

from bot.core.clock import DAY_MS, MINUTE_MS, Millis
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import HoldId
from bot.core.money import MAX_TICKS, Ticks
from bot.db import Transaction
from bot.ledger import store
from bot.ledger.model import (
    AlreadyClosed,
    AlreadyHeld,
    Held,
    Hold,
    HoldRequest,
    HoldState,
    Limit,
    NotAdjustable,
    Pace,
    Posted,
    Unit,
    UnknownHold,
)
from bot.ledger.repricing import store as repricing
from bot.ledger.windows import day_window
from tests.ledger.book import NOON, Book, at, ceilings, request

ONE = HoldId("one")
NOTHING = [(0, 0)] * 5
LATER = Millis(NOON + 60_000)

ADD_ENTRY = "INSERT INTO entry (hold_id, kind, amount, pictures, note, at) VALUES"


def post(book: Book, actual: int, pictures: int = 1, *, now: Millis = LATER, name: HoldId = ONE) -> Posted:
    work = partial(
        store.post,
        hold_id=name,
        actual=Ticks(actual),
        pictures=pictures,
        at=now,
        basis="reported",
        note="model-2",
    )
    return book.write(work)


def void(book: Book, name: HoldId = ONE) -> None:
    book.write(lambda tx: store.void(tx, hold_id=name, at=LATER, reason="cancelled"))


def presume(book: Book, name: HoldId = ONE) -> Posted:
    return book.write(lambda tx: store.presume(tx, hold_id=name, at=LATER))


def adjust(book: Book, difference: int, name: HoldId = ONE) -> None:
    work = partial(store.adjust, hold_id=name, difference=difference, at=LATER, reason="bill of May", author="operator")
    book.write(work)


def entries(book: Book, name: HoldId = ONE) -> list[tuple[str, int, int]]:
    return [(entry.kind.value, entry.amount, entry.pictures) for entry in store.entries_of(book.reader, name)]


def test_a_hold_is_taken_from_every_limit_at_once(book: Book) -> None:
    wanted = request("one", 40, 2)
    assert book.hold(wanted) == Held(hold_id=ONE, amount=Ticks(40), pictures=2)
    assert book.taken(wanted.limits) == [(40, 0), (2, 0), (40, 0), (40, 0), (40, 0)]
    assert entries(book) == [("hold", 40, 2)]
    assert store.open_holds(book.reader) == (store.hold_of(book.reader, ONE),)


def test_a_hold_is_stored_with_its_terms(book: Book) -> None:
    wanted = request("one", 40, 2)
    book.hold(wanted)
    assert store.hold_of(book.reader, ONE) == Hold(
        hold_id=ONE,
        job_id=wanted.job_id,
        guild_id=wanted.guild_id,
        member_id=wanted.member_id,
        amount=Ticks(40),
        pictures=2,
        price_version="2026-05",
        state=HoldState.OPEN,
        opened_at=NOON,
        closed_at=None,
    )
    assert store.hold_of(book.reader, HoldId("two")) is None


def test_holds_may_take_a_limit_to_its_last_tick_and_no_further(book: Book) -> None:
    book.hold(request("one", 60))
    book.hold(request("two", 40))
    with pytest.raises(Refusal):
        book.hold(request("three", 1))


@pytest.mark.parametrize(
    ("limits", "amount", "pictures", "facts"),
    [
        ({"member": 39}, 40, 1, ("budget", "member:1:10", "money", "day", 39, 39, 40)),
        ({"pictures": 3}, 40, 4, ("quota", "member:1:10", "pictures", "day", 3, 3, 4)),
        ({"guild_day": 39}, 40, 1, ("budget", "guild:1", "money", "day", 39, 39, 40)),
        ({"guild_month": 39}, 40, 1, ("budget", "guild:1", "money", "month", 39, 39, 40)),
        ({"bot": 39}, 40, 1, ("budget", "bot", "money", "month", 39, 39, 40)),
        # the most personal one is named where several refuse
        ({"bot": 0, "member": 0}, 1, 1, ("budget", "member:1:10", "money", "day", 0, 0, 1)),
    ],
)
def test_the_first_limit_that_forbids_is_named_and_nothing_stays_held(
    book: Book, limits: Mapping[str, int], amount: int, pictures: int, facts: tuple[str | int, ...]
) -> None:
    wanted = request("one", amount, pictures, of=ceilings(**limits))
    with pytest.raises(Refusal) as caught:
        book.hold(wanted)
    names = ("scope", "unit", "window", "limit", "left", "needed")
    assert (caught.value.reason.value, *(caught.value.facts[name] for name in names)) == facts
    ends = {"day": at("2026-05-16T00:00"), "month": at("2026-06-01T00:00")}
    assert caught.value.facts["resets_at"] == ends[str(caught.value.facts["window"])]
    assert book.taken(wanted.limits) == NOTHING
    assert store.hold_of(book.reader, ONE) is None
    assert entries(book) == []


def test_a_refusal_says_what_is_left_beside_what_others_hold_and_spent(book: Book) -> None:
    book.hold(request("one", 30))
    post(book, 30)
    book.hold(request("two", 50))
    with pytest.raises(Refusal) as caught:
        book.hold(request("three", 21))
    assert caught.value.reason is RefusalReason.BUDGET
    assert (caught.value.facts["left"], caught.value.facts["needed"]) == (20, 21)


def test_whoever_needs_nothing_of_a_limit_is_not_refused_by_it(book: Book) -> None:
    book.hold(request("one", 0, 0, of=ceilings(member=0, pictures=0)))
    book.hold(request("two", 10, 4))
    lowered = ceilings(member=9, pictures=3)
    with pytest.raises(Refusal):
        book.hold(request("three", 1, 0, of=lowered))
    with pytest.raises(Refusal):
        book.hold(request("three", 0, 1, of=lowered))
    book.hold(request("three", 0, 0, of=lowered))
    assert book.findings() == ()


def test_the_same_hold_twice_is_told_apart_and_adds_nothing(book: Book) -> None:
    wanted = request("one", 40)
    book.hold(wanted)
    with pytest.raises(AlreadyHeld):
        book.hold(wanted)
    assert book.taken(wanted.limits)[0] == (40, 0)


def test_a_members_limits_in_one_guild_are_not_those_in_another(book: Book) -> None:
    book.hold(request("one", 100))
    book.hold(request("two", 100, guild=2))
    book.hold(request("three", 100, member=11))
    with pytest.raises(Refusal):
        book.hold(request("four", 1))


def test_a_post_books_the_truth_and_releases_the_rest(book: Book) -> None:
    wanted = request("one", 40, 4)
    book.hold(wanted)
    assert post(book, 20, 2) == Posted(amount=Ticks(20), released=Ticks(20), overrun=Ticks(0))
    assert book.taken(wanted.limits) == [(0, 20), (0, 2), (0, 20), (0, 20), (0, 20)]
    assert entries(book) == [("hold", 40, 4), ("post", 20, 2)]
    held = store.hold_of(book.reader, ONE)
    assert held is not None
    assert (held.state, held.closed_at) == (HoldState.POSTED, LATER)
    assert store.open_holds(book.reader) == ()
    (_, entry) = store.entries_of(book.reader, ONE)
    assert (entry.basis, entry.note, entry.author, entry.at) == ("reported", "model-2", None, LATER)


@pytest.mark.parametrize(("actual", "pictures", "overrun"), [(60, 4, (20, 0)), (40, 5, (0, 1)), (60, 5, (20, 1))])
def test_more_than_was_held_is_booked_as_it_is_with_an_overrun_beside_it(
    book: Book, actual: int, pictures: int, overrun: tuple[int, int]
) -> None:
    wanted = request("one", 40, 4)
    book.hold(wanted)
    assert post(book, actual, pictures).overrun == overrun[0]
    assert book.taken(wanted.limits)[:2] == [(0, actual), (0, pictures)]
    assert entries(book) == [("hold", 40, 4), ("post", actual, pictures), ("overrun", *overrun)]


def test_after_an_overrun_the_next_request_sees_less(book: Book) -> None:
    book.hold(request("one", 40))
    post(book, 130)
    own = book.standing(request("two", 1).limits, Unit.MONEY)
    assert (own.left, own.is_over) == (0, True)
    with pytest.raises(Refusal) as caught:
        book.hold(request("two", 1))
    assert caught.value.facts["left"] == 0
    book.hold(request("three", 100, member=11, of=ceilings(guild_day=230)))


def test_a_price_that_changed_meanwhile_leaves_the_hold_as_it_was(book: Book) -> None:
    book.hold(request("one", 40))
    post(book, 35)
    held = store.hold_of(book.reader, ONE)
    assert held is not None
    assert (held.amount, held.price_version) == (40, "2026-05")


def test_a_void_gives_everything_back(book: Book) -> None:
    wanted = request("one", 40, 4)
    book.hold(wanted)
    void(book)
    assert book.taken(wanted.limits) == NOTHING
    assert entries(book) == [("hold", 40, 4), ("void", 40, 4)]
    assert store.entries_of(book.reader, ONE)[1].note == "cancelled"


def test_what_nobody_knows_is_booked_in_full(book: Book) -> None:
    wanted = request("one", 40, 4)
    book.hold(wanted)
    assert presume(book) == Posted(amount=Ticks(40), released=Ticks(0), overrun=Ticks(0))
    assert book.taken(wanted.limits)[:2] == [(0, 40), (0, 4)]
    assert entries(book) == [("hold", 40, 4), ("presume", 40, 4)]


@pytest.mark.parametrize("second", [lambda book: post(book, 1), void, presume])
@pytest.mark.parametrize(
    ("first", "state"),
    [
        (lambda book: post(book, 30), HoldState.POSTED),
        (void, HoldState.VOIDED),
        (presume, HoldState.PRESUMED),
    ],
)
def test_a_closed_hold_cannot_be_closed_again_and_says_how_it_was(
    book: Book, first: Callable[[Book], object], second: Callable[[Book], object], state: HoldState
) -> None:
    wanted = request("one", 40)
    book.hold(wanted)
    first(book)
    before = (book.taken(wanted.limits), entries(book))
    with pytest.raises(AlreadyClosed) as caught:
        second(book)
    assert caught.value.state is state
    assert (book.taken(wanted.limits), entries(book)) == before


@pytest.mark.parametrize("close", [lambda book: post(book, 1), void, presume, lambda book: adjust(book, 1)])
def test_a_hold_that_never_was_cannot_be_closed_or_adjusted(book: Book, close: Callable[[Book], object]) -> None:
    with pytest.raises(UnknownHold):
        close(book)


@pytest.mark.parametrize(
    ("hold_at", "post_at"),
    [("2026-05-15T23:59:59", "2026-05-16T00:00:01"), ("2026-05-31T23:59:59", "2026-06-01T00:00:01")],
)
def test_a_post_after_midnight_falls_into_the_window_of_its_hold(book: Book, hold_at: str, post_at: str) -> None:
    before, after = request("one", 40, now=at(hold_at)), request("two", 1, now=at(post_at))
    book.hold(before)
    post(book, 30, now=at(post_at))
    assert book.taken(before.limits)[0] == (0, 30)
    assert book.taken(after.limits)[:3] == [(0, 0)] * 3


def test_a_new_day_brings_a_new_allowance_and_the_month_goes_on(book: Book) -> None:
    book.hold(request("one", 100))
    tomorrow = request("two", 100, now=Millis(NOON + DAY_MS))
    book.hold(tomorrow)
    assert book.taken(tomorrow.limits) == [(100, 0), (1, 0), (100, 0), (200, 0), (200, 0)]


def test_a_lowered_limit_lets_running_jobs_finish_and_refuses_new_ones(book: Book) -> None:
    for number in range(5):
        book.hold(request(f"{number}", 20))
    lowered = ceilings(member=50)
    own = book.standing(request("next", 1, of=lowered).limits, Unit.MONEY)
    assert (own.held, own.left, own.is_over) == (100, 0, True)
    with pytest.raises(Refusal) as caught:
        book.hold(request("next", 1, of=lowered))
    assert (caught.value.facts["limit"], caught.value.facts["left"]) == (50, 0)
    for number in range(5):
        post(book, 8, name=HoldId(f"{number}"))
    book.hold(request("next", 10, of=lowered))
    with pytest.raises(Refusal):
        book.hold(request("more", 1, of=lowered))


def test_a_raised_limit_counts_at_once(book: Book) -> None:
    book.hold(request("one", 100))
    book.hold(request("two", 100, of=ceilings(member=200)))


@pytest.mark.parametrize("close", [lambda book: post(book, 30), presume])
@pytest.mark.parametrize("difference", [15, -15])
def test_a_correction_changes_money_and_not_pictures_in_the_holds_own_windows(
    book: Book, close: Callable[[Book], Posted], difference: int
) -> None:
    wanted = request("one", 40, 4)
    book.hold(wanted)
    booked = close(book)
    pictures = book.taken(wanted.limits)[1]
    adjust(book, difference)
    assert book.taken(wanted.limits)[0] == (0, booked.amount + difference)
    assert book.taken(wanted.limits)[1] == pictures
    entry = store.entries_of(book.reader, ONE)[-1]
    assert (entry.kind.value, entry.amount, entry.note, entry.author, entry.correction) == (
        "adjust",
        difference,
        "bill of May",
        "operator",
        "adjustment",
    )


def test_a_correction_may_go_beyond_the_limit_since_the_truth_may(book: Book) -> None:
    book.hold(request("one", 100))
    post(book, 100)
    adjust(book, 50)
    assert book.standing(request("two", 1).limits, Unit.MONEY).is_over


def test_corrections_never_go_below_nothing(book: Book) -> None:
    book.hold(request("one", 40))
    post(book, 30)
    adjust(book, -20)
    with pytest.raises(NotAdjustable):
        adjust(book, -11)
    adjust(book, -10)
    assert book.taken(request("one", 1).limits)[0] == (0, 0)


@pytest.mark.parametrize("close", [lambda _book: None, void])
def test_only_what_was_booked_can_be_corrected(book: Book, close: Callable[[Book], None]) -> None:
    book.hold(request("one", 40))
    close(book)
    with pytest.raises(NotAdjustable):
        adjust(book, 1)


def test_amounts_that_make_no_sense_are_refused(book: Book) -> None:
    book.hold(request("one", 40))
    nonsense: list[Callable[[], object]] = [
        lambda: request("x", -1),
        lambda: request("x", MAX_TICKS + 1),
        lambda: request("x", 1, -1),
        lambda: Limit(scope="bot", unit=Unit.MONEY, window=day_window(NOON), amount=-1),
        lambda: post(book, -1),
        lambda: post(book, 1, -1),
        lambda: post(book, MAX_TICKS + 1),
        lambda: adjust(book, 0),
        lambda: adjust(book, MAX_TICKS + 1),
    ]
    for attempt in nonsense:
        with pytest.raises(ValueError, match=r"nothing|lies between"):
            attempt()
    unlimited = request("x", 1)
    with pytest.raises(ValueError, match="unbounded"):
        type(unlimited)(
            hold_id=ONE,
            job_id=unlimited.job_id,
            guild_id=unlimited.guild_id,
            member_id=unlimited.member_id,
            amount=Ticks(1),
            pictures=1,
            limits=(),
            price_version="1",
            at=NOON,
        )


def test_long_notes_are_cut_and_not_refused(book: Book) -> None:
    book.hold(request("one", 40))
    book.write(lambda tx: store.void(tx, hold_id=ONE, at=LATER, reason="x" * 2_000))
    assert len(store.entries_of(book.reader, ONE)[1].note) == store.NOTE_LENGTH


def test_the_last_moment_that_was_seen_is_known(book: Book) -> None:
    assert store.last_seen(book.reader) is None
    book.write(lambda tx: store.effective_now(tx, NOON))
    book.write(lambda tx: store.effective_now(tx, Millis(NOON - 1)))
    assert store.last_seen(book.reader) == NOON


def test_a_clock_that_jumps_back_opens_no_window_again(book: Book) -> None:
    def now(moment: Millis) -> Millis:
        return book.write(lambda tx: store.effective_now(tx, moment))

    assert now(NOON) == NOON
    assert now(Millis(NOON - DAY_MS)) == NOON
    assert now(Millis(NOON + 1)) == NOON + 1
    book.hold(request("one", 100, now=now(Millis(NOON - DAY_MS))))
    with pytest.raises(Refusal):
        book.hold(request("two", 1, now=now(NOON)))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET amount = 1",
        "DELETE FROM entry",
        "UPDATE hold_leg SET amount = 1",
        "DELETE FROM hold_leg",
        "DELETE FROM hold",
        "UPDATE hold SET amount = 1",
        "UPDATE hold SET state = 'open', closed_at = NULL",
        f"{ADD_ENTRY} ('one', 'void', 1, 1, '', 1)",
        f"{ADD_ENTRY} ('one', 'post', 1, 1, '', 1)",
        f"{ADD_ENTRY} ('one', 'overrun', -1, 1, '', 1)",
        f"{ADD_ENTRY} ('gone', 'overrun', 1, 1, '', 1)",
        "UPDATE counter SET spent = limit_amount + 1",
        "UPDATE counter SET held = -1",
        "UPDATE counter SET unit = 'euro'",
    ],
)
def test_the_database_itself_forbids_what_must_not_be(book: Book, statement: str) -> None:
    book.hold(request("one", 40))
    post(book, 30)

    def meddle(tx: Transaction) -> None:
        tx.execute(statement)

    with pytest.raises(Exception, match=r"constraint failed|append-only|immutable|closed|fixed|never"):
        book.write(meddle)


def reprice(book: Book, amount: int, limits: tuple[Limit, ...], name: HoldId = ONE) -> Held:
    work = partial(
        repricing.reprice,
        hold_id=name,
        amount=Ticks(amount),
        limits=limits,
        price_version="2026-06",
        at=LATER,
        note="another gateway",
    )
    return book.write(work)


def test_a_hold_that_is_priced_anew_weighs_the_new_price_and_keeps_its_pictures(book: Book) -> None:
    wanted = request("one", 40, 3)
    book.hold(wanted)
    assert reprice(book, 60, wanted.limits) == Held(hold_id=ONE, amount=Ticks(60), pictures=3)
    assert book.taken(wanted.limits) == [(60, 0), (3, 0), (60, 0), (60, 0), (60, 0)]
    assert reprice(book, 10, wanted.limits).amount == 10
    assert [(entry.kind, entry.amount, entry.note) for entry in store.entries_of(book.reader, ONE)] == [
        ("hold", 40, ""),
        ("reprice", 60, "another gateway"),
        ("reprice", 10, "another gateway"),
    ]
    stored = store.hold_of(book.reader, ONE)
    assert stored is not None
    assert (stored.amount, stored.price_version) == (10, "2026-06")
    post(book, 10, 3)
    assert book.findings() == ()


def test_a_price_beyond_a_limit_is_refused_and_changes_nothing(book: Book) -> None:
    wanted = request("one", 40)
    book.hold(wanted)
    book.hold(request("two", 50))
    with pytest.raises(Refusal) as caught:
        reprice(book, 51, wanted.limits)
    assert caught.value.reason is RefusalReason.BUDGET
    assert {name: caught.value.facts[name] for name in ("scope", "left", "needed", "limit")} == {
        "scope": "member:1:10",
        "left": 50,
        "needed": 51,
        "limit": 100,
    }
    assert book.taken(wanted.limits)[0] == (90, 0)
    assert book.findings() == ()


def test_the_limit_of_today_bounds_a_new_price(book: Book) -> None:
    book.hold(request("one", 40))
    with pytest.raises(Refusal):
        reprice(book, 45, request("one", 40, of=ceilings(guild_day=44)).limits)
    assert reprice(book, 120, request("one", 40, of=ceilings(member=150)).limits).amount == 120
    assert book.findings() == ()


def test_less_may_be_held_under_a_limit_that_was_lowered_below_what_is_held(book: Book) -> None:
    book.hold(request("one", 40))
    book.hold(request("two", 50))
    lowered = request("one", 40, of=ceilings(member=20)).limits
    assert reprice(book, 30, lowered).amount == 30
    assert reprice(book, 30, lowered).amount == 30
    assert book.findings() == ()


def test_a_counter_that_bounds_no_more_is_released(book: Book) -> None:
    wanted = request("one", 40, of=ceilings(providers=100), provider="here", requests=3)
    book.hold(wanted)
    assert book.taken(wanted.limits)[4:] == [(40, 0), (40, 0), (1, 0)]
    moved = request("one", 60, of=ceilings(providers=100), provider="there").limits
    assert reprice(book, 60, moved).amount == 60
    assert book.taken(wanted.limits) == [(60, 0), (1, 0), (60, 0), (60, 0), (0, 0), (60, 0), (0, 0)]
    assert book.taken(moved)[4] == (60, 0)
    post(book, 60)
    assert book.taken(wanted.limits)[4:] == [(0, 0), (0, 60), (0, 0)]
    assert book.taken(moved)[4] == (0, 60)
    assert book.findings() == ()


def test_a_gateway_whose_ceiling_is_reached_takes_no_hold_over(book: Book) -> None:
    of = ceilings(providers=50)
    wanted = request("one", 40, of=of, provider="here")
    book.hold(wanted)
    book.hold(request("two", 20, of=of, provider="there"))
    with pytest.raises(Refusal) as caught:
        reprice(book, 31, request("one", 31, of=of, provider="there").limits)
    assert (caught.value.facts["scope"], caught.value.facts["left"]) == ("provider:there", 30)
    assert book.taken(wanted.limits)[0] == (60, 0)
    assert book.findings() == ()


def test_a_hold_is_priced_anew_in_the_windows_of_its_own_moment(book: Book) -> None:
    of = ceilings(providers=100)
    wanted = request("one", 40, of=of, provider="here")
    book.hold(wanted)
    moved = request("one", 40, of=of, provider="there").limits
    reprice(book, 40, moved)
    tomorrow = request("two", 1, of=of, provider="there", now=Millis(NOON + DAY_MS)).limits
    assert (book.taken(moved)[4], book.taken(tomorrow)[4]) == ((40, 0), (0, 0))


def test_a_hold_cannot_be_priced_anew_without_a_limit(book: Book) -> None:
    book.hold(request("one", 40))
    with pytest.raises(ValueError, match="unbounded"):
        reprice(book, 40, ())


@pytest.mark.parametrize(("close", "spent"), [(lambda book: post(book, 0, 0), 1), (void, 0), (presume, 1)])
def test_a_request_counts_as_one_unless_it_is_given_back(
    book: Book, close: Callable[[Book], object], spent: int
) -> None:
    wanted = request("one", 40, 2, requests=1)
    book.hold(wanted)
    with pytest.raises(Refusal) as caught:
        book.hold(request("two", 1, requests=1))
    assert caught.value.reason is RefusalReason.QUOTA
    names = ("rule", "scope", "unit", "window", "limit", "left", "needed", "resets_at")
    assert [caught.value.facts[name] for name in names] == [
        "1",
        "member:1:10",
        "requests",
        "week",
        1,
        0,
        1,
        at("2026-05-18T00:00"),
    ]
    close(book)
    assert book.taken(wanted.limits)[-1] == (0, spent)
    assert book.findings() == ()


def paced(name: str, minute: int, *, member: int = 10) -> HoldRequest:
    """A request at a minute past noon, of a member who may ask twice in ten minutes."""
    pace = Pace(count=2, minutes=10, rule="7", subject="everyone")
    bare = request(name, 1, member=member, now=Millis(NOON + minute * MINUTE_MS))
    return replace(bare, paces=(pace,))


def test_a_pace_refuses_until_the_request_before_the_last_ones_is_old_enough(book: Book) -> None:
    book.hold(paced("one", 0))
    book.hold(paced("two", 4))
    for minute in (4, 9):
        with pytest.raises(Refusal) as caught:
            book.hold(paced("three", minute))
        assert caught.value.reason is RefusalReason.PACE
        assert dict(caught.value.facts) == {
            "rule": "7",
            "subject": "everyone",
            "scope": "member:1:10",
            "unit": "requests",
            "window": "rolling",
            "minutes": 10,
            "limit": 2,
            "left": 0,
            "needed": 1,
            "resets_at": NOON + 10 * MINUTE_MS,
        }
    book.hold(paced("other", 9, member=11))
    book.hold(paced("three", 10))
    with pytest.raises(Refusal):
        book.hold(paced("four", 13))
    book.hold(paced("four", 14))


def test_a_hold_says_how_each_of_its_limits_stands_since(book: Book) -> None:
    book.hold(request("one", 30))
    held = book.hold(request("two", 40))
    assert [(each.limit.scope, each.held, each.left) for each in held.standings][:2] == [
        ("member:1:10", 70, 30),
        ("member:1:10", 2, 23),
    ]


def test_a_hold_keeps_what_its_rules_were_found_by(book: Book) -> None:
    book.hold(replace(request("one", 30), purpose="event", roles=(4, 9)))
    stored = store.hold_of(book.reader, ONE)
    assert stored is not None
    assert (stored.purpose, stored.roles) == ("event", (4, 9))


def test_only_an_open_hold_is_priced_anew(book: Book) -> None:
    wanted = request("one", 40)
    with pytest.raises(UnknownHold):
        reprice(book, 1, wanted.limits)
    book.hold(wanted)
    with pytest.raises(ValueError, match="between"):
        reprice(book, -1, wanted.limits)
    void(book)
    with pytest.raises(AlreadyClosed) as caught:
        reprice(book, 1, wanted.limits)
    assert caught.value.state is HoldState.VOIDED
    assert book.findings() == ()


@pytest.mark.parametrize(
    "sql",
    ["UPDATE hold_leg SET amount = 1", "UPDATE hold SET amount = 1", "UPDATE hold SET price_version = 'x'"],
)
def test_a_closed_hold_is_never_priced_anew_by_hand(book: Book, sql: str) -> None:
    book.hold(request("one", 40))
    void(book)
    with pytest.raises(sqlite3.IntegrityError):
        book.connection.execute(sql)


def test_a_leg_is_never_moved(book: Book) -> None:
    book.hold(request("one", 40))
    with pytest.raises(sqlite3.IntegrityError, match="stays where"):
        book.connection.execute("UPDATE hold_leg SET counter_id = counter_id + 1")

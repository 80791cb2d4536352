"""Thresholds that a booking passes, each told once per window."""

import pytest

from bot.core.clock import DAY_MS, Millis
from bot.core.ids import GuildId, HoldId
from bot.core.money import Ticks
from bot.ledger import store as ledger
from bot.ledger.alerts import passed, store
from bot.ledger.model import Limit, Standing, Unit
from bot.ledger.windows import day_window
from tests.ledger.book import GUILD, NOON, Book, ceilings, request

HALF_AND_ALL = (50, 80, 100)


@pytest.mark.parametrize(
    ("held", "spent", "amount", "reached"),
    [
        (0, 0, 10, ()),
        (4, 0, 10, ()),
        (2, 3, 10, (50,)),
        (0, 8, 10, (50, 80)),
        (10, 0, 10, (50, 80, 100)),
        (0, 99, 10, (50, 80, 100)),
        (0, 0, 0, ()),
        (1, 0, 3, ()),
        (2, 0, 3, (50,)),
    ],
)
def test_a_threshold_is_passed_when_so_much_is_held_or_spent(
    held: int, spent: int, amount: int, reached: tuple[int, ...]
) -> None:
    limit = Limit(scope="bot", unit=Unit.MONEY, window=day_window(NOON), amount=amount)
    assert passed(Standing(limit=limit, held=held, spent=spent), HALF_AND_ALL) == reached


def take(book: Book, name: str, amount: int, *, now: Millis = NOON) -> list[tuple[str, int, int | None]]:
    """Holds so much; returns the alerts of it."""
    wanted = request(name, amount, of=ceilings(member=500), now=now)
    held = book.hold(wanted)
    alerts = book.write(lambda tx: store.note_held(tx, held.standings, guild_id=GUILD, thresholds=HALF_AND_ALL, at=now))
    return [(one.limit.scope, one.threshold, one.guild_id) for one in alerts]


def test_each_threshold_is_raised_once_per_window_and_never_for_a_members_own_limit(book: Book) -> None:
    assert take(book, "one", 90) == []
    assert take(book, "two", 20) == [("guild:1", 50, GUILD)]
    assert take(book, "three", 50) == [("guild:1", 80, GUILD)]
    assert take(book, "four", 1) == []
    tomorrow = Millis(NOON + DAY_MS)
    # the month's half is passed beside the new day's
    assert sorted(take(book, "five", 100, now=tomorrow)) == [("guild:1", 50, GUILD), ("guild:1", 50, GUILD)]


def test_the_whole_bots_limits_are_the_operators_business(book: Book) -> None:
    of = ceilings(member=900, guild_day=900, guild_month=900, bot=100, providers=100)
    held = book.hold(request("one", 100, of=of, provider="here"))
    alerts = book.write(lambda tx: store.note_held(tx, held.standings, guild_id=GUILD, thresholds=(), at=NOON))
    facts = [(one.limit.scope, one.guild_id, one.limit.rule, one.threshold, one.taken) for one in alerts]
    # at the operator's own percents, whatever the guild wants to hear of its limits
    assert facts == [
        (scope, None, "operator", percent, 100) for scope in ("provider:here", "bot") for percent in (50, 80, 100)
    ]


def test_a_price_above_what_was_held_raises_an_alert_too(book: Book) -> None:
    assert take(book, "one", 90) == []
    book.write(
        lambda tx: ledger.post(
            tx, hold_id=HoldId("one"), actual=Ticks(170), pictures=1, at=NOON, basis="reported", note=""
        )
    )
    alerts = book.write(
        lambda tx: store.note_booked(tx, hold_id=HoldId("one"), guild_id=GUILD, thresholds=HALF_AND_ALL, at=NOON)
    )
    assert [(one.limit.scope, one.threshold, one.taken) for one in alerts] == [
        ("guild:1", 50, 170),
        ("guild:1", 80, 170),
    ]


def test_what_was_told_is_not_told_again(book: Book) -> None:
    take(book, "one", 110)
    (alert,) = store.untold(book.reader, limit=10)
    assert (alert.limit.scope, alert.threshold, alert.guild_id, alert.at) == ("guild:1", 50, GuildId(1), NOON)
    assert book.write(lambda tx: store.told(tx, alert, at=NOON))
    assert not book.write(lambda tx: store.told(tx, alert, at=NOON))
    assert store.untold(book.reader, limit=10) == ()

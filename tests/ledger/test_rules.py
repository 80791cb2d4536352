"""Rules as values, what they allow, how far they may go, and as they are stored."""

from datetime import UTC

import pytest

from bot.core.clock import Millis
from bot.core.errors import Fact, Refusal, RefusalReason
from bot.core.ids import ChannelId, GuildId, MemberId
from bot.ledger.model import Unit
from bot.ledger.rules import store
from bot.ledger.rules.allowing import check_allowed
from bot.ledger.rules.bounds import check_ceiling
from bot.ledger.rules.model import (
    MAX_COUNT,
    MAX_PACE_MINUTES,
    AboveCeiling,
    AllowList,
    Asked,
    BadRule,
    Change,
    Draft,
    Listed,
    Mark,
    Rule,
    RuleId,
    Span,
    Terms,
    UnknownRule,
    Whom,
)
from tests.ledger.book import NOON, Book, ceilings

GUILD, MEMBER, ADMIN = GuildId(7), MemberId(8), MemberId(99)


def draft(
    whom: Whom = Whom.GUILD,
    amount: int = 10,
    name: str = "",
    *,
    unit: Unit = Unit.MONEY,
    span: Span = Span.DAY,
    minutes: int | None = None,
) -> Draft:
    return Draft(whom=whom, name=name, unit=unit, span=span, amount=amount, minutes=minutes)


@pytest.mark.parametrize(
    ("whom", "name"),
    [
        (Whom.GUILD, "1"),
        (Whom.EVERYONE, "1"),
        (Whom.CHANNEL, ""),
        (Whom.ROLE, "0"),
        (Whom.MEMBER, "me"),
        (Whom.COMMAND, "/imagine"),
        (Whom.PURPOSE, "a+b"),
        (Whom.PURPOSE, "a:b"),
        (Whom.MODEL, "m"),
        (Whom.MODEL, "pixazo/"),
    ],
)
def test_a_rule_for_nobody_that_can_be_named_is_refused(whom: Whom, name: str) -> None:
    with pytest.raises(BadRule) as caught:
        draft(whom, name=name)
    assert caught.value.what == "name"


@pytest.mark.parametrize(
    ("whom", "name", "subject"),
    [
        (Whom.GUILD, "", "guild"),
        (Whom.CHANNEL, "5", "channel:5"),
        (Whom.COMMAND, "imagine", "command:imagine"),
        (Whom.MODEL, "pixazo/grok-imagine-1.0", "model:pixazo/grok-imagine-1.0"),
        (Whom.PURPOSE, "summer-event", "purpose:summer-event"),
    ],
)
def test_a_rule_says_whom_it_is_for(whom: Whom, name: str, subject: str) -> None:
    assert draft(whom, name=name).subject == subject


def test_amounts_and_paces_that_make_no_sense_are_refused() -> None:
    everyone, requests, rolling = Whom.EVERYONE, Unit.REQUESTS, Span.ROLLING
    for amount, unit in ((-1, Unit.MONEY), (MAX_COUNT + 1, Unit.PICTURES)):
        with pytest.raises(BadRule, match="amount"):
            draft(amount=amount, unit=unit)
    for span, minutes in ((rolling, None), (Span.DAY, 5), (rolling, 0), (rolling, MAX_PACE_MINUTES + 1)):
        with pytest.raises(BadRule, match="minutes"):
            draft(everyone, unit=requests, span=span, minutes=minutes)
    for whom, unit, amount in ((Whom.GUILD, requests, 1), (everyone, Unit.MONEY, 1), (everyone, requests, 0)):
        with pytest.raises(BadRule, match="pace"):
            draft(whom, amount, unit=unit, span=rolling, minutes=5)
    with pytest.raises(ValueError, match="rolling"):
        assert rolling.window


@pytest.mark.parametrize(
    ("wanted", "ceiling"),
    [
        (draft(Whom.GUILD), 200),
        (draft(Whom.GUILD, span=Span.WEEK), 500),
        (draft(Whom.GUILD, span=Span.MONTH), 500),
        (draft(Whom.CHANNEL, name="5"), 200),
        (draft(Whom.EVERYONE), 100),
        (draft(Whom.EVERYONE, span=Span.MONTH), 500),
        (draft(Whom.MEMBER, name="5", unit=Unit.PICTURES), 25),
        (draft(Whom.ROLE, name="5", unit=Unit.PICTURES, span=Span.WEEK), None),
        (draft(Whom.EVERYONE, unit=Unit.REQUESTS), None),
        (draft(Whom.GUILD, unit=Unit.PICTURES), None),
    ],
)
def test_a_guild_may_go_below_the_operators_ceiling_and_never_above(wanted: Draft, ceiling: int | None) -> None:
    check_ceiling(ceilings(), wanted, amount=MAX_COUNT if ceiling is None else ceiling)
    if ceiling is not None:
        with pytest.raises(AboveCeiling) as caught:
            check_ceiling(ceilings(), wanted, amount=ceiling + 1)
        assert caught.value.ceiling == ceiling
    check_ceiling(ceilings(), wanted)


def allowed(whom: Whom, name: str, what: Listed, *values: str) -> AllowList:
    return AllowList(whom=whom, name=name, what=what, values=frozenset(values))


@pytest.mark.parametrize(
    ("whom", "name", "what", "values"),
    [
        (Whom.GUILD, "5", Listed.MODEL, ["m"]),
        (Whom.ROLE, "", Listed.MODEL, ["m"]),
        (Whom.ROLE, "5", Listed.MODEL, []),
        (Whom.ROLE, "5", Listed.COUNT, ["1", "2"]),
        (Whom.ROLE, "5", Listed.COUNT, ["many"]),
        (Whom.ROLE, "5", Listed.COUNT, ["0"]),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(whom: Whom, name: str, what: Listed, values: list[str]) -> None:
    with pytest.raises(BadRule):
        allowed(whom, name, what, *values)


ASKED = Asked(
    guild_id=GUILD,
    member_id=MEMBER,
    roles=frozenset({1, 2}),
    channel_id=ChannelId(5),
    provider="pixazo",
    model="m",
    resolution="2k",
    pictures=3,
)


@pytest.mark.parametrize(
    ("lists", "facts"),
    [
        ([allowed(Whom.CHANNEL, "5", Listed.MODEL, "a", "b")], ("model_not_allowed", "channel", "m", "a, b")),
        ([allowed(Whom.ROLE, "1", Listed.MODEL, "a")], ("model_not_allowed", "role", "m", "a")),
        ([allowed(Whom.CHANNEL, "5", Listed.RESOLUTION, "1k")], ("size_not_allowed", "channel", "2k", "1k")),
        ([allowed(Whom.ROLE, "2", Listed.COUNT, "2")], ("count_not_allowed", "role", 3, "2")),
        # the guild's own id is the role of everyone
        ([allowed(Whom.ROLE, "7", Listed.COUNT, "1")], ("count_not_allowed", "role", 3, "1")),
        # a role that allows does not help against the channel
        (
            [allowed(Whom.ROLE, "1", Listed.MODEL, "m"), allowed(Whom.CHANNEL, "5", Listed.MODEL, "a")],
            ("model_not_allowed", "channel", "m", "a"),
        ),
    ],
)
def test_what_a_list_does_not_name_is_refused(lists: list[AllowList], facts: tuple[Fact, ...]) -> None:
    with pytest.raises(Refusal) as caught:
        check_allowed(Terms(lists=tuple(lists)), ASKED)
    assert (caught.value.reason.value, *(caught.value.facts[name] for name in ("where", "asked", "can"))) == facts


@pytest.mark.parametrize(
    ("lists", "mark"),
    [
        ([], None),
        ([allowed(Whom.CHANNEL, "5", Listed.MODEL, "m")], None),
        ([allowed(Whom.CHANNEL, "5", Listed.MODEL, "pixazo/m")], None),
        ([allowed(Whom.CHANNEL, "6", Listed.MODEL, "a")], None),
        ([allowed(Whom.ROLE, "3", Listed.MODEL, "a")], None),
        # each of the member's roles adds to what is allowed
        ([allowed(Whom.ROLE, "1", Listed.MODEL, "a"), allowed(Whom.ROLE, "2", Listed.MODEL, "m")], None),
        ([allowed(Whom.ROLE, "1", Listed.COUNT, "1"), allowed(Whom.ROLE, "2", Listed.COUNT, "3")], None),
        ([allowed(Whom.ROLE, "1", Listed.MODEL, "a")], Mark.EXEMPT),
    ],
)
def test_what_is_listed_or_listed_nowhere_is_allowed(lists: list[AllowList], mark: Mark | None) -> None:
    check_allowed(Terms(lists=tuple(lists), mark=mark), ASKED)


def test_a_list_of_sizes_forbids_nothing_to_a_model_without_a_choice() -> None:
    without = Asked(guild_id=GUILD, member_id=MEMBER, channel_id=ChannelId(5))
    check_allowed(Terms(lists=(allowed(Whom.CHANNEL, "5", Listed.RESOLUTION, "1k"),)), without)


def test_the_blocked_are_refused_whatever_they_ask() -> None:
    with pytest.raises(Refusal) as caught:
        check_allowed(Terms(mark=Mark.BLOCKED), ASKED)
    assert caught.value.reason is RefusalReason.MEMBER_BLOCKED


def test_only_roles_that_a_rule_or_a_list_names_are_kept() -> None:
    rule = Rule(rule_id=RuleId(1), guild_id=GUILD, draft=draft(Whom.ROLE, name="2"))
    terms = Terms(rules=(rule,), lists=(allowed(Whom.ROLE, "9", Listed.MODEL, "a"),))
    assert terms.roles_named(frozenset({9, 3, 2, 1})) == (2, 9)


def test_a_rule_that_is_set_again_takes_the_place_of_the_first_and_ends_its_raise(book: Book) -> None:
    first = book.write(lambda tx: store.set_rule(tx, GUILD, draft(amount=10), at=NOON))
    raised = book.write(lambda tx: store.raise_rule(tx, first, to=50, until=Millis(NOON + 5)))
    assert (raised.amount_at(NOON), raised.amount_at(NOON + 5)) == (50, 10)
    again = book.write(lambda tx: store.set_rule(tx, GUILD, draft(amount=20), at=NOON))
    assert (again.rule_id, again.amount_at(NOON)) == (first.rule_id, 20)
    book.write(lambda tx: store.set_rule(tx, GUILD, draft(amount=30, span=Span.WEEK), at=NOON))
    assert [rule.draft.amount for rule in store.rules_of(book.reader, GUILD)] == [20, 30]
    assert store.rules_of(book.reader, GuildId(8)) == ()


def test_a_rule_that_has_ended_binds_no_more_and_stays_in_the_book(book: Book) -> None:
    rule = book.write(lambda tx: store.set_rule(tx, GUILD, draft(), at=NOON))
    assert store.rule_of(book.reader, GUILD, rule.rule_id) == rule
    book.write(lambda tx: store.end_rule(tx, rule, at=NOON))
    assert store.rules_of(book.reader, GUILD) == ()
    with pytest.raises(UnknownRule):
        store.rule_of(book.reader, GUILD, rule.rule_id)
    with pytest.raises(UnknownRule):
        store.rule_of(book.reader, GuildId(8), rule.rule_id)
    again = book.write(lambda tx: store.set_rule(tx, GUILD, draft(), at=NOON))
    assert again.rule_id != rule.rule_id


def test_marks_and_lists_are_kept_by_guild(book: Book) -> None:
    book.write(lambda tx: store.set_mark(tx, GUILD, MEMBER, Mark.EXEMPT))
    book.write(lambda tx: store.set_mark(tx, GUILD, MEMBER, Mark.BLOCKED))
    wanted = allowed(Whom.ROLE, "5", Listed.MODEL, "a", "b")
    book.write(lambda tx: store.set_list(tx, GUILD, allowed(Whom.ROLE, "5", Listed.MODEL, "c")))
    book.write(lambda tx: store.set_list(tx, GUILD, wanted))
    terms = store.terms_of(book.reader, GUILD, MEMBER, zone=UTC)
    assert (terms.mark, terms.lists, terms.rules) == (Mark.BLOCKED, (wanted,), ())
    assert store.terms_of(book.reader, GuildId(8), MEMBER, zone=UTC) == Terms()
    assert store.marks_of(book.reader, GUILD) == {MEMBER: Mark.BLOCKED}
    book.write(lambda tx: store.set_mark(tx, GUILD, MEMBER, None))
    book.write(lambda tx: store.drop_list(tx, GUILD, whom=Whom.ROLE, name="5", what=Listed.MODEL))
    assert store.terms_of(book.reader, GUILD, MEMBER, zone=UTC) == Terms()


def test_the_log_is_read_from_its_end_and_only_ever_added_to(book: Book) -> None:
    for number in range(3):
        change = Change(at=Millis(NOON + number), author_id=ADMIN, subject="zone", before=None, after=str(number))
        book.write(lambda tx, change=change: store.add_change(tx, GUILD, change))  # type: ignore[misc]
    assert [change.after for change in store.changes_of(book.reader, GUILD, limit=2)] == ["2", "1"]
    for meddling in ("UPDATE rule_change SET after = ''", "DELETE FROM rule_change", "DELETE FROM budget_rule"):
        book.write(lambda tx: store.set_rule(tx, GUILD, draft(), at=NOON))
        with pytest.raises(Exception, match=r"append-only|stay"):
            book.connection.execute(meddling)

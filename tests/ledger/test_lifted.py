"""A limit that was lifted for one hold: it counts the hold, refuses nothing, and binds the next one as before."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.errors import Refusal
from bot.core.ids import GuildId, HoldId, MemberId
from bot.core.money import Ticks
from bot.db import Transaction
from bot.ledger import store
from bot.ledger.model import HoldRequest, Limit, Unit
from bot.ledger.policy import lifted_limits, limits_for
from bot.ledger.rules.model import Asked, Draft, Rule, RuleId, Span, Terms, Whom
from tests.ledger.book import GUILD, MEMBER, NOON, Book, ceilings, request

RULE = 30
ASKED = Asked(guild_id=GUILD, member_id=MEMBER)


def terms(amount: int = RULE, *, span: Span = Span.WEEK, unit: Unit = Unit.MONEY) -> Terms:
    """The guild has one rule for all together."""
    draft = Draft(whom=Whom.GUILD, unit=unit, span=span, amount=amount)
    return Terms(rules=(Rule(rule_id=RuleId(1), guild_id=GuildId(GUILD), draft=draft),))


def lifted(name: str, amount: int, of: Terms | None = None) -> HoldRequest:
    """A hold that the guild lets pass."""
    plain = request(name, amount)
    limits = lifted_limits(ceilings(), ASKED, at=NOON, terms=of or terms())
    return HoldRequest(
        hold_id=plain.hold_id,
        job_id=plain.job_id,
        guild_id=GUILD,
        member_id=MemberId(MEMBER),
        amount=Ticks(amount),
        pictures=1,
        limits=limits,
        price_version="1",
        at=NOON,
    )


def the_rule(of: Terms | None = None) -> Limit:
    """The guild's own limit, as it was lifted."""
    (found,) = [one for one in lifted_limits(ceilings(), ASKED, at=NOON, terms=of or terms()) if one.is_lifted]
    return found


def test_rules_are_lifted_and_ceilings_are_not() -> None:
    limits = lifted_limits(ceilings(), ASKED, at=NOON, terms=terms())
    assert [(one.rule, one.is_lifted) for one in limits] == [("1", True), *[("operator", False)] * 5]


def test_where_a_rule_and_a_ceiling_bound_the_same_counter_the_ceiling_does() -> None:
    limits = lifted_limits(ceilings(), ASKED, at=NOON, terms=terms(span=Span.DAY))
    assert not any(one.is_lifted for one in limits)
    assert [one.amount for one in limits if one.scope == "guild:1"] == [200, 500]


@pytest.mark.parametrize("before", [0, 20])
def test_a_hold_beyond_a_lifted_limit_is_counted_and_the_next_one_refused(book: Book, before: int) -> None:
    if before:
        book.hold(lifted("before", before))
    held = book.hold(lifted("one", 40))
    assert held.standings[0].limit.amount == RULE
    assert (held.standings[0].held, held.standings[0].left) == (before + 40, 0)
    assert book.findings() == ()
    with pytest.raises(Refusal) as caught:
        book.write(lambda tx: store.reserve(tx, held.hold_id, the_rule_that_binds(), 1))
    assert caught.value.facts["left"] == 0


def the_rule_that_binds() -> Limit:
    """The same limit for a request that nobody let pass."""
    limit = the_rule()
    return Limit(scope=limit.scope, unit=limit.unit, window=limit.window, amount=limit.amount, rule=limit.rule)


def test_within_the_limit_a_lifted_hold_is_as_any_other(book: Book) -> None:
    book.hold(lifted("one", 10))
    book.hold(lifted("two", 10))
    row = book.reader.one("SELECT held, limit_amount FROM counter WHERE window_kind = 'week'")
    assert row is not None
    assert (row["held"], row["limit_amount"]) == (20, RULE)
    assert book.findings() == ()


@pytest.mark.parametrize("amount", [10, 40])
def test_the_limit_that_a_lifted_hold_met_is_known_to_alerts(book: Book, amount: int) -> None:
    book.hold(lifted("one", amount))
    row = book.reader.one("SELECT met_limit, met_rule, met_subject FROM counter WHERE window_kind = 'week'")
    assert row is not None
    assert tuple(row) == (RULE, the_rule().rule, the_rule().subject)


def test_what_was_let_pass_is_posted_and_voided_as_ever(book: Book) -> None:
    first, second = lifted("one", 40), lifted("two", 50)
    for wanted in (first, second):
        book.hold(wanted)
    book.write(
        lambda tx: store.post(
            tx, hold_id=first.hold_id, actual=Ticks(35), pictures=1, at=NOON, basis="reported", note=""
        )
    )
    book.write(lambda tx: store.void(tx, hold_id=second.hold_id, at=NOON, reason="cancelled"))
    assert book.taken((the_rule(),)) == [(0, 35)]
    assert book.findings() == ()


def test_a_ceiling_refuses_what_the_guild_lets_pass(book: Book) -> None:
    with pytest.raises(Refusal) as caught:
        book.hold(lifted("one", 101))
    assert (caught.value.facts["rule"], caught.value.facts["scope"]) == ("operator", "member:1:10")
    assert book.findings() == ()


STEP = st.tuples(st.sampled_from(["plain", "lifted", "post", "void"]), st.integers(0, 45), st.integers(10, 60))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEP, max_size=25))
def test_whatever_is_let_pass_counters_agree_ceilings_hold_and_others_keep_the_rule(
    steps: list[tuple[str, int, int]],
) -> None:
    book = Book()
    open_holds: list[HoldId] = []
    for number, (what, amount, rule) in enumerate(steps):
        of = terms(rule)
        if what in ("plain", "lifted"):
            wanted = lifted(f"hold-{number}", amount, of)
            if what == "plain":
                limits = limits_for(ceilings(), ASKED, at=NOON, terms=of)
                wanted = replace(wanted, limits=limits)
            before = sum(book.taken((the_rule(of),))[0])
            refused_by = held_or_refused(book, wanted)
            assert refused_by in ((None, "operator") if what == "lifted" else (None, "operator", "1"))
            if refused_by is None:
                # whoever needs nothing of a limit is not refused by it
                assert what == "lifted" or amount == 0 or before + amount <= rule
                open_holds.append(wanted.hold_id)
        elif open_holds:
            hold_id = open_holds.pop(amount % len(open_holds))
            book.write(lambda tx, what=what, hold_id=hold_id: end(tx, what, hold_id))  # type: ignore[misc]
        member = book.reader.all("SELECT * FROM counter WHERE scope = 'member:1:10' AND unit = 'money'")
        assert all(row["held"] + row["spent"] <= 100 for row in member)
        assert book.findings() == ()
    book.close()


def held_or_refused(book: Book, wanted: HoldRequest) -> object:
    """None where it is held, else whose limit refused it."""
    try:
        book.hold(wanted)
    except Refusal as refusal:
        return refusal.facts["rule"]
    return None


def end(tx: Transaction, what: str, hold_id: HoldId) -> None:
    """Posts half of what was held, or voids it."""
    if what == "void":
        store.void(tx, hold_id=hold_id, at=NOON, reason="cancelled")
    else:
        actual = Ticks(store.known(tx, hold_id).amount // 2)
        store.post(tx, hold_id=hold_id, actual=actual, pictures=1, at=NOON, basis="reported", note="")

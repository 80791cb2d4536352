"""Whatever a server has set, its card fits Discord's limits, and each thing stands on it once."""

from discord import ui
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.clock import DAY_MS, Millis
from bot.core.ids import ChannelId, GuildId, MemberId
from bot.core.money import MAX_TICKS, Ticks, usd
from bot.guilds.model import BadSetting, GuildSettings, Pause
from bot.ledger.model import Ceilings, Limit, Standing, Unit
from bot.ledger.rules.model import (
    MAX_COUNT,
    AboveCeiling,
    AllowList,
    BadRule,
    Change,
    Draft,
    Listed,
    Mark,
    Rule,
    RuleId,
    Span,
    UnknownRule,
    Whom,
)
from bot.ledger.windows import window_of
from bot.services.budgets.reading import Budget, RuleStanding
from bot.services.budgets.replaying import Refused
from bot.services.budgets.seen import ChangedMeanwhile
from bot.services.budgets.simulating import Simulation
from bot.ui.budgets.add_forms import Offered, add_form
from bot.ui.budgets.card import Told, budget_card
from bot.ui.budgets.change_forms import Shown, change_form, find
from bot.ui.budgets.fields import Choice
from bot.ui.budgets.ids import Adding, Key, RuleKey, Sheet
from bot.ui.budgets.items import PAGE, items_of
from bot.ui.budgets.log import log_card
from bot.ui.budgets.offered import COMMANDS
from bot.ui.budgets.refusals import refused
from bot.ui.budgets.setting_forms import pause_form, settings_form
from bot.ui.budgets.simulation import simulation_card
from tests.ledger.book import at
from tests.ui.test_cards import LONG, _assert_fits, _text

NOON = at("2026-05-15T12:00")
GUILD = GuildId(2**64 - 1)
LARGE = 2**64 - 1
CEILINGS = Ceilings(
    bot_monthly=Ticks(usd("50")),
    guild_monthly=usd("20"),
    guild_daily=usd("2"),
    member_daily=usd("0.50"),
    member_daily_pictures=25,
)
MODEL = f"{'p' * 32}/{'m' * 100}"
NAMES = {Whom.CHANNEL: str(LARGE), Whom.ROLE: str(LARGE), Whom.MEMBER: str(LARGE), Whom.COMMAND: "c" * 32,
    Whom.PURPOSE: "p" * 32, Whom.MODEL: MODEL}  # fmt: skip
OFFERED = Offered(commands=COMMANDS, models=tuple(Choice(value=f"p/{number}", label=LONG) for number in range(40)))


def named(whom: Whom, name: str) -> str | None:
    """A name as long as a role's may be."""
    return f"{whom} *{LONG}*" if name else None


def unknown(whom: Whom, name: str) -> None:
    """A process that knows no names."""


@st.composite
def standings(draw: st.DrawFn) -> RuleStanding:
    whom = draw(st.sampled_from(Whom))
    unit = draw(st.sampled_from(Unit))
    amount = MAX_TICKS if unit is Unit.MONEY else MAX_COUNT
    draft = Draft(
        whom=whom,
        name=NAMES.get(whom, ""),
        unit=unit,
        span=draw(st.sampled_from([Span.DAY, Span.MONTH])),
        amount=amount,
    )
    is_raised = draw(st.booleans())
    rule = Rule(
        rule_id=RuleId(draw(st.integers(1, 2**40))),
        guild_id=GUILD,
        draft=draft,
        raised_to=amount - 1 if is_raised else None,
        raised_until=Millis(NOON + DAY_MS) if is_raised else None,
    )
    limit = Limit(scope="x", unit=unit, window=window_of(draft.span.window, NOON), amount=amount)
    standing = Standing(limit=limit, held=draw(st.integers(0, 2 * amount)), spent=0) if draw(st.booleans()) else None
    return RuleStanding(rule=rule, amount=rule.amount_at(NOON), standing=standing)


LISTS = st.builds(
    AllowList,
    whom=st.sampled_from([Whom.ROLE, Whom.CHANNEL]),
    name=st.just(str(LARGE)),
    what=st.just(Listed.MODEL),
    values=st.sets(st.sampled_from([f"{MODEL[:-2]}{number}" for number in range(10, 60)]), min_size=1).map(frozenset),
)
PAUSES = st.builds(
    Pause,
    command=st.none() | st.sampled_from(["ask", "speak"]),
    reason=st.just("*_" * 100),
    author_id=st.just(MemberId(LARGE)),
    at=st.just(NOON),
)
SETTINGS = GuildSettings(
    zone="America/Argentina/ComodRivadavia",
    staff_channel_id=ChannelId(LARGE),
    thresholds=(1, 20, 40, 80, 100),
    digest="weekly",
)
BUDGETS = st.builds(
    Budget,
    settings=st.sampled_from([SETTINGS, GuildSettings(thresholds=()), GuildSettings(is_soft=True)]),
    rules=st.lists(standings(), max_size=25, unique_by=lambda one: one.rule.rule_id).map(tuple),
    lists=st.lists(LISTS, max_size=2, unique_by=lambda one: one.whom).map(tuple),
    marks=st.dictionaries(st.integers(LARGE - 99, LARGE).map(MemberId), st.sampled_from(Mark), max_size=9),
    pauses=st.lists(PAUSES, max_size=3, unique_by=lambda one: one.command).map(tuple),
)


@settings(max_examples=40)
@given(BUDGETS, st.integers(0, 9), st.sampled_from([None, Told(text="x" * 999), Told(text="no", is_good=False)]))
def test_every_page_fits_and_offers_what_it_shows(budget: Budget, page: int, told: Told | None) -> None:
    card = budget_card(budget, CEILINGS, GUILD, Sheet(page=page), named, told)
    _assert_fits(card)
    items = items_of(budget, GUILD, named)
    menus = [one for one in card.walk_children() if isinstance(one, ui.Select)]
    shown = [option.value for menu in menus[1:] for option in menu.options]
    assert len(shown) == len(set(shown)) == min(PAGE, len(items) - min(page, max(0, len(items) - 1) // PAGE) * PAGE)
    for key in [item.key for item in items]:
        form = change_form(key, _found(budget, key), Sheet(), GUILD, OFFERED)
        assert 2 <= len(form.children) <= 5


def _found(budget: Budget, key: Key) -> Shown:
    found = find(budget, key)
    assert found is not None
    return found


def worst(number: int) -> RuleStanding:
    """A limit with the longest line there is."""
    draft = Draft(whom=Whom.MODEL, name=MODEL, unit=Unit.REQUESTS, span=Span.MONTH, amount=MAX_COUNT - 1)
    until = Millis(NOON + DAY_MS)
    rule = Rule(rule_id=RuleId(number), guild_id=GUILD, draft=draft, raised_to=MAX_COUNT, raised_until=until)
    limit = Limit(scope="x", unit=Unit.REQUESTS, window=window_of(Span.MONTH.window, NOON), amount=MAX_COUNT)
    standing = Standing(limit=limit, held=2 * MAX_COUNT, spent=0)
    return RuleStanding(rule=rule, amount=MAX_COUNT, standing=standing)


def test_a_page_of_the_longest_lines_fits() -> None:
    rules = tuple(worst(number) for number in range(10_000, 10_000 + PAGE))
    pauses = tuple(
        Pause(command=f"{number:032}", reason="*_" * 100, author_id=MemberId(LARGE), at=NOON) for number in range(PAGE)
    )
    told = Told(text="x" * 999, is_good=False)
    for kind in ({"rules": rules, "pauses": ()}, {"rules": (), "pauses": pauses}):
        budget = Budget(settings=SETTINGS, lists=(), marks={}, **kind)
        _assert_fits(budget_card(budget, CEILINGS, GUILD, Sheet(), unknown, told))


def test_the_card_shows_the_page_of_what_was_changed() -> None:
    budget = Budget(
        settings=SETTINGS, rules=tuple(worst(number) for number in range(25)), lists=(), marks={}, pauses=()
    )
    told = Told(text="done", key=RuleKey(rule_id=RuleId(17)))
    text = _text(budget_card(budget, CEILINGS, GUILD, Sheet(), unknown, told))
    assert "**Changed.** done" in text
    assert "`18` " in text
    assert "Page 2 of 3" in text
    gone = Told(text="done", key=RuleKey(rule_id=RuleId(99)))
    assert "Page 3 of 3" in _text(budget_card(budget, CEILINGS, GUILD, Sheet(page=7), unknown, gone))


def test_every_form_fits() -> None:
    forms = [add_form(adding, Sheet(), OFFERED) for adding in Adding]
    forms += [pause_form(Sheet(), OFFERED), settings_form(SETTINGS, Sheet()), settings_form(GuildSettings(), Sheet())]
    for form in forms:
        assert 1 <= len(form.children) <= 5
        assert len(form.title) <= 45
        for label in form.children:
            assert isinstance(label, ui.Label)
            assert len(label.text) <= 45
            assert len(label.description or "") <= 100
            field = label.component
            assert not isinstance(field, ui.Select) or 1 <= len(field.options) <= 25


def test_the_log_says_who_changed_what_and_when_a_page_at_a_time() -> None:
    def change(subject: str, before: str | None, after: str | None) -> Change:
        return Change(at=NOON, author_id=MemberId(7), subject=subject, before=before, after=after)

    shown = {
        change("guild money day", None, "$1.00"): "**This server, money a day**: nothing → $1.00",
        change(
            "role:7 requests rolling", "2 in 5 minutes", None
        ): "**<@&7>, requests at a pace**: 2 in 5 minutes → nothing",
        change("member:9", "exempt", "blocked"): "**<@9>**: exempt → blocked",
        change("channel:5 model", None, "a, b"): "**<#5>, model**: nothing → a, b",
        change("member:9 money day", "$1.00", "$2.00 until 2026-05-15T12:00+00:00"): (
            f"**<@9>, money a day**: $1.00 → $2.00 until <t:{NOON // 1_000}:f>"
        ),
        change("pause", None, ""): "**Pause of everything**: not paused → paused",
        change("pause /speak", None, "*x*"): "**Pause of read aloud**: not paused → \\*x\\*",
        change("is_soft", "False", "True"): "**Over a limit**: refused → waits for a moderator",
        change("staff_channel_id", None, "5"): "**Staff channel**: nothing → <#5>",
        change("who *knows*", None, "x"): "**who \\*knows\\***: nothing → x",
    }
    assert len(shown) == 10
    text = _text(log_card(tuple(shown), 0, GUILD))
    for line in shown.values():
        assert f"<t:{NOON // 1_000}:f> · <@7> · {line}" in text
    assert "None yet." in _text(log_card((), 3, GUILD))
    long = tuple(change(f"model:{MODEL} money day", "*" * 999, "_" * 999) for _ in range(50))
    for page in range(7):
        _assert_fits(log_card(long, page, GUILD))
    assert "The last 50 are shown." in _text(log_card(long, 4, GUILD))


def test_a_simulation_fits_and_names_what_comes_first() -> None:
    refused_all = Refused(requests=10**6, saved=usd("99999"))
    rules = tuple((worst(0).rule.draft, refused_all) for _ in range(100))
    members = tuple((MemberId(LARGE - number), refused_all) for number in range(25))
    found = Simulation(
        requests=10**7,
        spent=usd("999999"),
        total=refused_all,
        by_rule=rules,
        blocked=refused_all,
        not_allowed=refused_all,
        by_member=members,
        members=900,
    )
    role = Draft(whom=Whom.ROLE, name=str(LARGE), unit=Unit.MONEY, span=Span.DAY, amount=1)
    card = simulation_card(found, days=30, guild_id=GUILD, draft=role)
    _assert_fits(card)
    assert "- and 90 more" in _text(card)
    assert "- Members who are blocked: 1,000,000 requests, $99,999.00" in _text(card)
    assert "- What is allowed where, and to whom: 1,000,000 requests, $99,999.00" in _text(card)
    assert "- and 890 more" in _text(card)
    assert "With one more: **Everyone · $0.001 a day**" in _text(card)


REASONS = (
    BadRule("name"), BadRule("amount"), BadRule("minutes"), BadRule("pace"), BadRule("number"), BadRule("reserve"),
    BadRule("values"), BadRule("until"), BadRule("moon"), BadSetting("zone"), BadSetting("command"),
    BadSetting("thresholds"), BadSetting("moon"),
    AboveCeiling(25), UnknownRule("gone"), ChangedMeanwhile("changed"),
)  # fmt: skip


def test_every_reason_has_words_of_its_own() -> None:
    told = [refused(error, unit=Unit.PICTURES) for error in REASONS]
    assert len(set(told)) == len(told) - 1  # one for all that nobody knows
    assert "at most 25 pictures" in refused(AboveCeiling(25), unit=Unit.PICTURES)
    assert "There is one" in refused(ChangedMeanwhile("changed"), is_new=True)

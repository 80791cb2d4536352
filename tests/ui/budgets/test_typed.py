"""Amounts, times and percents are read as people type them, or asked for again; ids come back as they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.core.ids import MemberId
from bot.core.money import TICKS_PER_USD, format_usd, usd
from bot.ledger.model import Unit
from bot.ledger.rules.model import Draft, Listed, RuleId, Span, Whom
from bot.ui.budgets.amounts import (
    Unclear,
    amount_text,
    read_amount,
    read_minutes,
    read_percents,
    read_time,
)
from bot.ui.budgets.ids import (
    MAX_PAGE,
    AddForm,
    Adding,
    ChangeForm,
    Do,
    Key,
    ListKey,
    MarkKey,
    PauseForm,
    PauseKey,
    Press,
    RuleKey,
    SettingsForm,
    Sheet,
    form_id,
    key_text,
    log_id,
    press_id,
    read_form_id,
    read_key,
    read_log,
    read_press,
)
from bot.ui.budgets.simulating import Trial, trial_of

CUSTOM_ID_MAX = 100
TENTH_OF_CENT = TICKS_PER_USD // 1_000
SNOWFLAKES = st.integers(min_value=1, max_value=2**64 - 1)
SHEETS = st.builds(Sheet, page=st.integers(0, MAX_PAGE), turn=st.integers(0, 1))
COMMANDS = st.from_regex(r"[a-z0-9_-]{1,32}", fullmatch=True)
KEYS: st.SearchStrategy[Key] = st.one_of(
    st.builds(RuleKey, rule_id=st.integers(1, 2**59).map(RuleId)),
    st.builds(MarkKey, member_id=SNOWFLAKES.map(MemberId)),
    st.builds(
        ListKey, whom=st.sampled_from([Whom.ROLE, Whom.CHANNEL]), name=SNOWFLAKES.map(str), what=st.sampled_from(Listed)
    ),
    st.builds(PauseKey, command=st.none() | COMMANDS),
)
SEEN = st.from_regex(r"[0-9a-f]{10}", fullmatch=True)
FORMS = st.one_of(
    st.builds(AddForm, adding=st.sampled_from(Adding)),
    st.builds(ChangeForm, key=KEYS, seen=SEEN),
    st.builds(PauseForm),
    st.builds(SettingsForm, seen=SEEN),
)
DIGITS = st.text("0123456789٣²１.,$ -+eE", max_size=12)


@given(st.builds(Press, do=st.sampled_from(Do), sheet=SHEETS))
def test_every_press_is_read_as_it_was_written(press: Press) -> None:
    assert len(press_id(press)) <= CUSTOM_ID_MAX
    assert read_press(press_id(press)) == press


@given(FORMS, SHEETS)
def test_every_form_is_read_as_it_was_written(
    form: AddForm | ChangeForm | PauseForm | SettingsForm, sheet: Sheet
) -> None:
    assert len(form_id(form, sheet)) <= CUSTOM_ID_MAX
    assert read_form_id(form_id(form, sheet)) == (form, sheet)


@given(KEYS)
def test_every_key_is_read_as_it_was_written(key: Key) -> None:
    assert len(key_text(key)) <= CUSTOM_ID_MAX
    assert read_key(key_text(key)) == key


@given(st.integers(0, MAX_PAGE))
def test_every_page_of_the_log_is_read_as_it_was_written(page: int) -> None:
    assert read_log(log_id(page)) == page


@given(st.text(max_size=60) | FORMS.flatmap(lambda form: st.just(f"{form_id(form, Sheet())}0")))
def test_nothing_else_is_taken_for_one(text: str) -> None:
    assert read_press(text) is None
    assert read_log(text) is None
    if (key := read_key(text)) is not None:
        assert key_text(key) == text
    if (found := read_form_id(text)) is not None:
        assert form_id(*found) == text


def test_a_card_drawn_twice_has_other_ids_each_time() -> None:
    sheet = Sheet(page=3)
    assert sheet.next != sheet
    assert sheet.next.next == sheet


@given(st.integers(0, 9_999_999_999).map(lambda tenths: tenths * TENTH_OF_CENT))
def test_money_is_read_as_it_is_shown_and_as_it_stands_in_a_form(ticks: int) -> None:
    assert read_amount(Unit.MONEY, amount_text(Unit.MONEY, ticks)) == ticks
    assert read_amount(Unit.MONEY, format_usd(ticks).replace(",", "")) == ticks


@given(st.sampled_from([Unit.PICTURES, Unit.REQUESTS]), st.integers(0, 9_999_999))
def test_counts_are_read_as_they_stand_in_a_form(unit: Unit, count: int) -> None:
    assert read_amount(unit, amount_text(unit, count)) == count


@given(st.sampled_from(Unit), DIGITS)
def test_what_is_read_at_all_is_read_to_the_digit(unit: Unit, typed: str) -> None:
    try:
        amount = read_amount(unit, typed)
    except Unclear:
        return
    plain = typed.strip().strip("$").strip()
    assert plain.isascii()
    assert amount == (usd(plain) if unit is Unit.MONEY else int(plain))


@pytest.mark.parametrize("typed", ["$1.50", "1.5", "1.50 $", " $ 1.500 ", "1.50usd", "1.50 USD"])
def test_a_dollar_and_a_half_in_every_way(typed: str) -> None:
    assert read_amount(Unit.MONEY, typed) == usd("1.50")


@pytest.mark.parametrize(
    "typed", ["", "1,50", "1.000,00", "1e3", "-1", "+1", "٣", "1.2345", "€5", "five", "0x10", "10000000"]
)
def test_what_could_be_meant_otherwise_is_asked_again(typed: str) -> None:
    for unit in Unit:
        with pytest.raises(Unclear) as caught:
            read_amount(unit, typed)
        assert "such as `" in caught.value.told


def test_a_count_may_name_its_unit_and_no_other() -> None:
    assert read_amount(Unit.PICTURES, "40 pictures") == read_amount(Unit.PICTURES, "40") == 40
    assert read_amount(Unit.REQUESTS, "1 request") == 1
    with pytest.raises(Unclear):
        read_amount(Unit.PICTURES, "40 requests")


@pytest.mark.parametrize(
    ("typed", "span"),
    [
        ("6 hours", 6 * HOUR_MS),
        ("1h", HOUR_MS),
        ("2 d", 2 * DAY_MS),
        ("60 days", 60 * DAY_MS),
        ("90 min", 90 * MINUTE_MS),
    ],
)
def test_times_are_read_with_their_unit(typed: str, span: int) -> None:
    assert read_time(typed) == span


@pytest.mark.parametrize("typed", ["", "6", "0 h", "61 days", "1.5 h", "a day", "6 weeks", "6 hours 3"])
def test_a_time_without_a_unit_or_without_an_end_is_asked_again(typed: str) -> None:
    with pytest.raises(Unclear, match="typed"):
        read_time(typed)


def test_minutes_and_percents() -> None:
    assert read_minutes("30") == read_minutes(" 30 minutes") == 30
    for typed in ("0", "1441", "", "1 h", "-5"):
        with pytest.raises(Unclear):
            read_minutes(typed)
    assert read_percents("100, 50 %;80% 50") == (50, 80, 100)
    assert read_percents("  ") == ()
    for typed in ("fifty", "1000", "5.5", "-5"):
        with pytest.raises(Unclear):
            read_percents(typed)


def test_a_limit_to_try_is_for_one_subject() -> None:
    trial = Trial(amount="3", unit=Unit.MONEY, span=Span.DAY, minutes=None, whom=Whom.GUILD, named={Whom.ROLE: "7"})
    assert trial_of(trial) == Draft(whom=Whom.ROLE, name="7", unit=Unit.MONEY, span=Span.DAY, amount=usd("3"))

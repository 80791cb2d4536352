"""What buttons and forms carry: read back as written, short enough, and nothing else taken for it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import JobId, new_job_id
from bot.services.spending.model import Grouping, Stretch, View
from bot.services.styles.model import Owner
from bot.ui import custom_ids
from bot.ui.answers import buttons
from bot.ui.answers.buttons import TalkPress
from bot.ui.custom_ids import FormId, FormVerb, HistoryVerb, MenuForm, MenuVerb, Press, ResultVerb, TalkVerb
from bot.ui.privacy_ids import PRIVACY_PATTERN, PrivacyVerb, privacy_id
from bot.ui.style_forms import StyleForm, read_style_form_id, style_form_id
from bot.ui.usage_ids import Part, UsagePress, read_usage, usage_id


class _Bytes:
    """Randomness that was drawn before."""

    def __init__(self, drawn: bytes) -> None:
        self._drawn = drawn

    def token_bytes(self, count: int) -> bytes:
        return self._drawn[:count]

    def uniform(self, low: float, high: float) -> float:
        return (low + high) / 2


JOBS = st.binary(min_size=15, max_size=15).map(lambda drawn: new_job_id(_Bytes(drawn)))
POSITIONS = st.none() | st.integers(1, 99)
PRESSES = st.builds(Press, verb=st.sampled_from(ResultVerb), job_id=JOBS, position=POSITIONS)
FORMS = st.builds(FormId, verb=st.sampled_from(FormVerb), job_id=JOBS)
# Discord takes 100 characters (API reference, "Custom ID").
LIMIT = 100


def _read_privacy(custom_id: str) -> PrivacyVerb | None:
    found = re.fullmatch(PRIVACY_PATTERN, custom_id)
    return None if found is None else PrivacyVerb(found["verb"])


def _read_cancel(custom_id: str) -> JobId | None:
    found = re.fullmatch(custom_ids.CANCEL_PATTERN, custom_id)
    return None if found is None else JobId(found["job"])


def _of_history(pair: tuple[HistoryVerb, JobId]) -> str:
    return custom_ids.of_history(*pair)


def _of_talk(press: TalkPress) -> str:
    return custom_ids.talk(press.verb, press.job_id)


# Each family: what it carries, how that is written, how it is read.
FAMILIES: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], str], Callable[[str], Any]]] = {
    "result": (PRESSES, custom_ids.of_press, custom_ids.read_press),
    "form": (FORMS, custom_ids.of_form, custom_ids.read_form),
    "menu form": (
        st.builds(MenuForm, verb=st.sampled_from(MenuVerb), message_id=st.integers(1, 2**64 - 1)),
        custom_ids.of_menu_form,
        custom_ids.read_menu_form,
    ),
    "cancel": (JOBS, custom_ids.cancel, _read_cancel),
    "history": (st.tuples(st.sampled_from(HistoryVerb), JOBS), _of_history, custom_ids.read_history),
    "answer": (st.builds(TalkPress, verb=st.sampled_from(TalkVerb), job_id=JOBS), _of_talk, buttons.read_press),
    "continue": (JOBS, custom_ids.continued, buttons.read_continued),
    "usage": (
        st.builds(
            UsagePress,
            part=st.sampled_from(Part),
            view=st.builds(View, stretch=st.sampled_from(Stretch), grouping=st.sampled_from(Grouping)),
        ),
        usage_id,
        read_usage,
    ),
    "privacy": (st.sampled_from(PrivacyVerb), privacy_id, _read_privacy),
    "style": (
        st.builds(StyleForm, owner=st.sampled_from(Owner), style_id=st.none() | st.integers(1, 10**10 - 1)),
        style_form_id,
        read_style_form_id,
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
@given(data=st.data())
def test_every_id_is_read_as_it_was_written_by_its_own_family_alone(name: str, data: st.DataObject) -> None:
    carried, write, _ = FAMILIES[name]
    value = data.draw(carried)
    custom_id = write(value)
    assert custom_id.startswith(custom_ids.PREFIX)
    assert len(custom_id) <= LIMIT
    assert {one: read(custom_id) for one, (_, _, read) in FAMILIES.items() if read(custom_id) is not None} == {
        name: value
    }


@given(
    st.text(max_size=LIMIT)
    | st.from_regex(r"easel:[\w-]{0,9}(:[\w-]{0,9})?(:[a-z2-7]{20,26}|:\d{0,12})?(:\d{0,3})?", fullmatch=True)
)
def test_what_any_family_reads_at_all_is_what_it_would_write(custom_id: str) -> None:
    for _, write, read in FAMILIES.values():
        value = read(custom_id)
        assert value is None or write(value) == custom_id

"""What buttons and forms carry: read back as written, short enough, and nothing else taken for it."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import JobId, new_job_id
from bot.ui import custom_ids
from bot.ui.custom_ids import FormId, FormVerb, Press, ResultVerb


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


@given(PRESSES)
def test_every_button_is_read_as_it_was_written_and_fits(press: Press) -> None:
    custom_id = custom_ids.of_press(press)
    assert custom_ids.read_press(custom_id) == press
    assert custom_ids.read_form(custom_id) is None
    assert re.fullmatch(custom_ids.RESULT_PATTERN, custom_id)
    assert len(custom_id) <= LIMIT


@given(FORMS)
def test_every_form_is_read_as_it_was_written_and_fits(form: FormId) -> None:
    custom_id = custom_ids.of_form(form)
    assert custom_ids.read_form(custom_id) == form
    assert custom_ids.read_press(custom_id) is None
    assert len(custom_id) <= LIMIT


@given(st.text(max_size=LIMIT) | st.from_regex(r"easel:\w{0,9}:[a-z2-7]{20,26}(:\d{0,3})?", fullmatch=True))
def test_what_is_read_at_all_is_what_would_be_written(custom_id: str) -> None:
    press, form = custom_ids.read_press(custom_id), custom_ids.read_form(custom_id)
    assert press is None or custom_ids.of_press(press) == custom_id
    assert form is None or custom_ids.of_form(form) == custom_id


@given(JOBS)
def test_a_cancel_button_is_none_of_a_results(job_id: JobId) -> None:
    custom_id = custom_ids.cancel(job_id)
    assert re.fullmatch(custom_ids.CANCEL_PATTERN, custom_id)
    assert custom_ids.read_press(custom_id) is None

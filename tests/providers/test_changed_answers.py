"""D9: recorded answers whose schema has changed: names spelled otherwise, values of another type, parts missing.

Whatever a gateway makes of its answers, paid work is never taken for work that was not done.
"""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import Charged, GenerationFailed, Moderated, OutcomeUnknown, ProviderError, RetryLater
from bot.core.money import ZERO, usd
from bot.providers import apiframe_wire, apiinone, locus_wire, pixazo, xai
from bot.providers.catalogue import ProviderFacts
from bot.providers.contract import Accepted, AskAnswer, ExternalId, Finished, StillRunning
from bot.providers.http import Answer

SECRETS = ("a fox", "the-key-of-a-gateway")
URL = "https://pub.r2.dev/v1/output.jpeg"
FACTS = ProviderFacts(concurrency=1, poll_min_s=2.0, poll_max_s=10.0, usd_per_credit=usd("0.01"))

Read = Callable[[Answer], object]
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An answer as a gateway's documents or its traffic show it; `id_at` is where its id stands, if it has one."""

    read: Read
    body: Mapping[str, object]
    id_at: Path = ()
    id_value: str = ""


def _pixazo_submit(answer: Answer) -> object:
    return pixazo.read_submit(answer, secrets=SECRETS, poll_after_s=5.0)


def _pixazo_poll(answer: Answer) -> object:
    return pixazo.read_poll(answer, ExternalId("4711"), secrets=SECRETS, poll_after_s=5.0)


def _apiinone_submit(answer: Answer) -> object:
    return apiinone.read_submit(answer, secrets=SECRETS, poll_after_s=2.0)


def _apiinone_poll(answer: Answer) -> object:
    return apiinone.read_poll(answer, ExternalId("4711"), secrets=SECRETS, poll_after_s=2.0)


def _apiframe_submit(answer: Answer) -> object:
    return apiframe_wire.read_submit(answer, secrets=SECRETS, poll_after_s=2.0)


def _apiframe_poll(answer: Answer) -> object:
    return apiframe_wire.read_poll(answer, ExternalId("4711"), secrets=SECRETS, facts=FACTS)


def _locus_submit(answer: Answer) -> object:
    return locus_wire.read_submit(answer, fee=ZERO, secrets=SECRETS, poll_after_s=60.0)


def _locus_answer(answer: Answer) -> object:
    return locus_wire.read_answer(answer, fee=ZERO, secrets=SECRETS, poll_after_s=60.0)


def _xai_submit(answer: Answer) -> object:
    return xai.read_submit(answer, SECRETS, 2.0)


def _xai_poll(answer: Answer) -> object:
    return xai.read_poll(answer, ExternalId("4711"), SECRETS, 2.0)


_IMAGES = {
    "created": 1_774_951_200,
    "data": [{"url": URL, "respect_moderation": True, "revised_prompt": ""}],
    "model": "grok-imagine-image",
    "usage": {"cost_in_usd_ticks": 200_000_000},
}
_CHAT = {
    "id": "c-1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Because."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "cost_in_usd_ticks": 900_000},
}
SUBMITS = {
    "pixazo": Recorded(
        read=_pixazo_submit,
        body={"request_id": "4711", "status": "QUEUED", "polling_url": "https://gateway.pixazo.ai/v2/requests/4711"},
        id_at=("request_id",),
        id_value="4711",
    ),
    "apiinone": Recorded(
        read=_apiinone_submit,
        body={"code": 200, "message": "success", "data": {"task_id": "4711", "status": "IN_PROGRESS"}},
        id_at=("data", "task_id"),
        id_value="4711",
    ),
    "apiframe": Recorded(
        read=_apiframe_submit, body={"jobId": "4711", "status": "QUEUED"}, id_at=("jobId",), id_value="4711"
    ),
    "xai deferred": Recorded(read=_xai_submit, body={"request_id": "4711"}, id_at=("request_id",), id_value="4711"),
    "xai": Recorded(read=_xai_submit, body=_IMAGES),
    "locus": Recorded(read=_locus_submit, body={"success": True, "data": _IMAGES}),
    "locus chat": Recorded(read=_locus_answer, body={"success": True, "data": _CHAT}),
    "locus waits": Recorded(
        read=_locus_submit,
        body={
            "success": True,
            "data": {
                "status": "PENDING_APPROVAL",
                "pending_approval_id": "4711",
                "approval_url": "https://app.paywithlocus.com/a/4711",
            },
        },
        id_at=("data", "pending_approval_id"),
        id_value="4711",
    ),
}
POLLS = {
    "pixazo": Recorded(
        read=_pixazo_poll,
        body={
            "request_id": "4711",
            "status": "COMPLETED",
            "model_id": "grok-imagine-pro",
            "error": None,
            "output": {"media_url": [URL], "media_type": "image/jpeg"},
            "created_at": "2026-05-22T13:17:32.110Z",
            "completed_at": "2026-05-22 13:19:23",
        },
        id_at=("request_id",),
    ),
    "apiinone": Recorded(
        read=_apiinone_poll,
        body={"code": 200, "data": {"task_id": "4711", "status": "completed", "output": {"image_urls": [URL]}}},
        id_at=("data", "task_id"),
    ),
    "apiframe": Recorded(
        read=_apiframe_poll,
        body={"id": "4711", "status": "COMPLETED", "creditCost": 4, "result": {"images": [URL]}},
        id_at=("id",),
    ),
    "xai": Recorded(read=_xai_poll, body={"status": "done", "response": _IMAGES}),
}


class Change(Enum):
    """What may happen to one field."""

    DROP = "drop"
    CAMEL = "camel"
    SNAKE = "snake"
    UPPER = "upper"
    NULL = "null"
    TEXT = "text"
    NUMBER = "number"
    LIST = "list"
    OBJECT = "object"
    JSON = "json"


def _paths(value: object, at: Path = ()) -> Iterator[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield (*at, key)
        yield from _paths(child, (*at, key))


def _renamed(key: str, change: Change) -> str:
    if change is Change.UPPER:
        return key.upper()
    if change is Change.CAMEL:
        first, *rest = key.split("_")
        return first + "".join(part.title() for part in rest)
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in key)


def _value(value: object, change: Change) -> object:
    match change:
        case Change.NULL:
            return None
        case Change.TEXT:
            return str(value)
        case Change.NUMBER:
            return int(value) if isinstance(value, str) and value.isdecimal() else 7
        case Change.LIST:
            return [value]
        case Change.OBJECT:
            return {"value": value}
        case _:
            return json.dumps(value)


def changed(body: object, path: Path, change: Change) -> object:
    """The body with one field changed; as it is where an earlier change took that field away."""
    made: object = copy.deepcopy(body)
    *way, last = path
    holder: object = made
    for key in way:
        holder = _inside(holder, key)
    if isinstance(holder, list) and isinstance(last, int) and last < len(holder):
        holder[last] = _value(holder[last], change if change in _VALUES else Change.NULL)
    elif isinstance(holder, dict) and isinstance(last, str) and last in holder:
        value = holder.pop(last)
        if change in _VALUES:
            holder[last] = _value(value, change)
        elif change is not Change.DROP:
            holder[_renamed(last, change)] = value
    return made


def _inside(holder: object, key: str | int) -> object:
    if isinstance(holder, list):
        return holder[key] if isinstance(key, int) and key < len(holder) else None
    return holder.get(key) if isinstance(holder, dict) else None


_VALUES = {Change.NULL, Change.TEXT, Change.NUMBER, Change.LIST, Change.OBJECT, Change.JSON}


def changes(recorded: Recorded) -> st.SearchStrategy[object]:
    """Its body after one to four changes."""
    one = st.tuples(st.sampled_from(list(_paths(recorded.body))), st.sampled_from(Change))

    def apply(steps: list[tuple[Path, Change]]) -> object:
        body: object = recorded.body
        for path, change in steps:
            body = changed(body, path, change)
        return body

    return st.lists(one, min_size=1, max_size=4).map(apply)


def outcome_of(read: Read, body: object) -> object:
    """What comes of it: an answer or a ProviderError; anything else fails the test."""
    try:
        return read(Answer(status=200, json=body))
    except ProviderError as error:
        return error


@pytest.mark.parametrize("name", SUBMITS)
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_changed_answer_to_an_order_never_says_that_nothing_was_bought(name: str, data: st.DataObject) -> None:
    """Or the order would be sent again, here or at the next gateway."""
    found = outcome_of(SUBMITS[name].read, data.draw(changes(SUBMITS[name])))
    if isinstance(found, ProviderError):
        assert isinstance(found, OutcomeUnknown | GenerationFailed | Moderated), found
        assert found.charged is not Charged.NO
    else:
        assert isinstance(found, Accepted | Finished | AskAnswer)
        assert not isinstance(found, Finished) or found.pictures


@pytest.mark.parametrize("name", POLLS)
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_changed_answer_to_a_poll_never_gives_up_paid_work_as_free(name: str, data: st.DataObject) -> None:
    found = outcome_of(POLLS[name].read, data.draw(changes(POLLS[name])))
    if isinstance(found, RetryLater):
        return  # asked again
    if isinstance(found, ProviderError):
        assert isinstance(found, GenerationFailed | Moderated), found
        assert found.charged is not Charged.NO
    else:
        assert isinstance(found, Finished | StillRunning)
        assert not isinstance(found, Finished) or found.pictures


@pytest.mark.parametrize("name", [name for name, one in SUBMITS.items() if one.id_at])
def test_an_id_that_became_a_number_is_the_same_id(name: str) -> None:
    recorded = SUBMITS[name]
    found = outcome_of(recorded.read, changed(recorded.body, recorded.id_at, Change.NUMBER))
    assert isinstance(found, Accepted)
    assert found.external_id == recorded.id_value


@pytest.mark.parametrize("name", [name for name, one in SUBMITS.items() if one.id_at])
@pytest.mark.parametrize("change", [Change.DROP, Change.NULL, Change.OBJECT])
def test_an_order_whose_id_is_gone_is_unknown(name: str, change: Change) -> None:
    recorded = SUBMITS[name]
    found = outcome_of(recorded.read, changed(recorded.body, recorded.id_at, change))
    if name == "xai deferred":
        # Without an id it reads as an answer without pictures: as unknown, in other words.
        assert isinstance(found, GenerationFailed)
        assert found.charged is Charged.UNKNOWN
    else:
        assert isinstance(found, OutcomeUnknown)


@pytest.mark.parametrize("name", [name for name, one in POLLS.items() if one.id_at])
@pytest.mark.parametrize("change", [Change.DROP, Change.NULL, Change.NUMBER])
def test_a_finished_picture_is_found_whatever_became_of_the_id_beside_it(name: str, change: Change) -> None:
    recorded = POLLS[name]
    found = outcome_of(recorded.read, changed(recorded.body, recorded.id_at, change))
    assert isinstance(found, Finished)
    assert [picture.url for picture in found.pictures] == [URL]


def test_the_recorded_answers_themselves_are_understood() -> None:
    for recorded in SUBMITS.values():
        assert isinstance(outcome_of(recorded.read, recorded.body), Accepted | Finished | AskAnswer)
    for recorded in POLLS.values():
        assert isinstance(outcome_of(recorded.read, recorded.body), Finished)

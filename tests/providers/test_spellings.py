"""Names that a gateway may call either way: what is tried, how often, and what is remembered."""

from collections.abc import Mapping

import pytest

from bot.core.errors import RetryLater
from bot.providers.http import Answer
from bot.providers.spellings import Spellings

PAIRS = (("inner", "innerParams"), ("hook", "hookUrl"))
OK = Answer(status=202, json={})
BODY = {"prompt": "x", "inner": {"a": 1}, "hook": "h"}


class Gateway:
    """Refuses every name but those it knows; notes what it was sent."""

    def __init__(self, *known: str, others: Answer | None = None) -> None:
        self.known = {"prompt", *known}
        self.others = others
        self.sent: list[dict[str, object]] = []

    async def __call__(self, body: Mapping[str, object]) -> Answer:
        self.sent.append(dict(body))
        strange = [name for name in body if name not in self.known]
        if not strange:
            return OK
        if self.others is not None:
            return self.others
        return Answer(
            status=400, json={"error": "Validation failed", "details": {name: ["unknown"] for name in strange}}
        )


@pytest.mark.parametrize(
    ("known", "tries"),
    [
        (("inner", "hook"), 1),
        (("innerParams", "hook"), 2),
        (("inner", "hookUrl"), 2),
        (("innerParams", "hookUrl"), 2),
    ],
)
async def test_what_is_understood_is_found_out_and_remembered(known: tuple[str, str], tries: int) -> None:
    spellings, gateway = Spellings(PAIRS, (False, False)), Gateway(*known)
    assert await spellings.negotiate(BODY, gateway) is OK
    assert len(gateway.sent) == tries
    assert gateway.sent[-1] == {"prompt": "x", known[0]: {"a": 1}, known[1]: "h"}
    await spellings.negotiate(BODY, gateway)
    assert len(gateway.sent) == tries + 1


async def test_a_body_without_the_name_is_sent_once_and_nothing_is_added() -> None:
    gateway = Gateway(others=Answer(status=400, json={"details": {"inner": ["required"]}}))
    gateway.known = set()
    answer = await Spellings(PAIRS, (False, False)).negotiate({"prompt": "x"}, gateway)
    assert answer.status == 400
    assert gateway.sent == [{"prompt": "x"}]


async def test_a_gateway_that_knows_neither_is_asked_twice_and_then_believed() -> None:
    gateway = Gateway("hook")
    assert (await Spellings(PAIRS, (False, False)).negotiate(BODY, gateway)).status == 400
    assert [sorted(body) for body in gateway.sent] == [["hook", "inner", "prompt"], ["hook", "innerParams", "prompt"]]


@pytest.mark.parametrize(
    ("body", "tries"),
    [
        ({"details": {"inner": ["Unrecognized key"]}}, 2),
        ({"details": {"innerParams": ["Required"]}}, 2),
        ({"details": {"": ["Unrecognized key(s) in object: 'inner'"]}}, 2),
        ({"details": {"body": "unknown key inner"}}, 2),
        ({"error": "unknown field inner"}, 2),
        ({"details": {"inner.image": ["Invalid url"]}}, 1),
        ({"details": {"body": ["inner.image is no url"]}}, 1),
        ({"error": "innermost trouble"}, 1),
        ({"error": {"message": "inner"}}, 1),
        ({"details": ["inner"]}, 1),
        ({"details": {"prompt": [7, None]}}, 1),
        (None, 1),
    ],
)
async def test_only_a_refusal_of_the_name_itself_is_a_reason_to_try_the_other(body: object, tries: int) -> None:
    gateway = Gateway(others=Answer(status=400, json=body))
    await Spellings(PAIRS, (False, False)).negotiate({"prompt": "x", "inner": {}}, gateway)
    assert len(gateway.sent) == tries


@pytest.mark.parametrize("code", [401, 402, 404, 422, 429, 500, 503])
async def test_no_other_answer_is_a_reason_to_send_again(code: int) -> None:
    gateway = Gateway(others=Answer(status=code, json={"details": {"inner": ["x"]}}))
    assert (await Spellings(PAIRS, (False, False)).negotiate(BODY, gateway)).status == code
    assert len(gateway.sent) == 1


@pytest.mark.parametrize(("body", "tries"), [({"prompt": "x"}, 1), ({"inner": 1}, 2), (BODY, 4)])
async def test_a_key_used_with_another_body_is_tried_under_every_spelling_once(
    body: Mapping[str, object], tries: int
) -> None:
    gateway = Gateway(others=Answer(status=409, json={}))
    gateway.known = set()
    assert (await Spellings(PAIRS, (False, False)).negotiate(body, gateway)).status == 409
    assert len(gateway.sent) == tries
    assert len({tuple(sorted(sent)) for sent in gateway.sent}) == tries


async def test_what_the_operator_believes_is_tried_first() -> None:
    gateway = Gateway("innerParams", "hook")
    await Spellings(PAIRS, (True, False)).negotiate(BODY, gateway)
    assert len(gateway.sent) == 1


@pytest.mark.parametrize("later", [400, 402, 429, 500])
async def test_once_a_key_was_used_before_no_refusal_takes_that_back(later: int) -> None:
    """The right spelling was accepted and its answer lost; a validation before the look at the key must not free it."""
    answers = [Answer(status=409, json={}), Answer(status=later, json={"details": {"inner": ["unknown"]}})]

    async def send(body: Mapping[str, object]) -> Answer:
        return answers.pop(0)

    assert (await Spellings(PAIRS, (False, False)).negotiate({"inner": 1}, send)).status == 409
    assert answers == []


@pytest.mark.parametrize("is_conflict", [True, False])
async def test_a_lost_connection_after_a_conflict_leaves_the_conflict(is_conflict: bool) -> None:
    answers = [Answer(status=409, json={})] if is_conflict else [Answer(status=400, json={"details": {"inner": []}})]

    async def send(body: Mapping[str, object]) -> Answer:
        if answers:
            return answers.pop(0)
        raise RetryLater("refused")

    asking = Spellings(PAIRS, (False, False)).negotiate({"inner": 1}, send)
    if is_conflict:
        assert (await asking).status == 409
    else:
        with pytest.raises(RetryLater):
            await asking

"""Names in a body on which a gateway's own documents disagree, found out by asking.

The gateway refuses a body with a name that it does not know, and makes nothing. So the body is sent once more under
the other spelling, and what was understood is remembered. All tries go under one idempotency key: where a first try
was accepted and its answer lost, a repeat under the wrong spelling is refused (409) and the right one brings it back.
"""

import re
from collections.abc import Awaitable, Callable, Mapping

from bot.core.errors import RetryLater
from bot.providers.http import Answer
from bot.providers.wire import WireModel

# For each doubtful name its two spellings; bodies are written with the first.
Pairs = tuple[tuple[str, str], ...]
Choice = tuple[bool, ...]  # True where the second spelling is taken


class _Refusal(WireModel):
    error: object = None
    details: object = None


class Spellings:
    """Remembers which spelling of each pair the gateway understands; `believed` is what is tried at first."""

    def __init__(self, pairs: Pairs, believed: Choice) -> None:
        self._pairs = pairs
        self._known = believed

    async def negotiate(
        self, body: Mapping[str, object], send: Callable[[Mapping[str, object]], Awaitable[Answer]]
    ) -> Answer:
        """Sends the body under what is known, and after a refusal of a name under the others, each at most once.

        The last answer; but once one was 409, nothing short of success takes back what it says: that the key was used
        before, and that work may exist. A name that the body does not hold is never changed.
        """
        choice = self._known
        tried: set[Choice] = set()
        conflict: Answer | None = None
        while True:
            tried.add(choice)
            try:
                answer = await send(self._spelled(body, choice))
            except RetryLater:
                if conflict is None:
                    raise
                return conflict
            if answer.is_success:
                self._known = choice
                return answer
            conflict = answer if answer.status == 409 else conflict
            following = self._after(answer, choice, body, tried)
            if following is None:
                return conflict or answer
            choice = following

    def _spelled(self, body: Mapping[str, object], choice: Choice) -> dict[str, object]:
        names = {pair[0]: pair[taken] for pair, taken in zip(self._pairs, choice, strict=True)}
        return {names.get(name, name): value for name, value in body.items()}

    def _after(self, answer: Answer, choice: Choice, body: Mapping[str, object], tried: set[Choice]) -> Choice | None:
        """What to try next: after 400 the refused names flipped, after 409 anything that was not tried."""
        doubtful = [index for index, pair in enumerate(self._pairs) if pair[0] in body]
        if answer.status == 409:
            left = (choice_of for choice_of in _flips(choice, doubtful) if choice_of not in tried)
            return next(left, None)
        if answer.status != 400:
            return None
        refused = {index for index in doubtful if _names(answer.json, self._pairs[index])}
        flipped = tuple(taken ^ (index in refused) for index, taken in enumerate(choice))
        return None if flipped in tried else flipped


def _flips(choice: Choice, indexes: list[int]) -> list[Choice]:
    """Every choice that differs only at `indexes`."""
    found = [choice]
    for index in indexes:
        found += [(*one[:index], not one[index], *one[index + 1 :]) for one in found]
    return found


def _names(body: object, pair: tuple[str, str]) -> bool:
    """True where a refusal is about the name itself, not about something inside it."""
    refusal = _Refusal.read(body)
    details = refusal.details if isinstance(refusal.details, dict) else {}
    if any(name in pair for name in details):
        return True
    words: list[object] = [refusal.error]
    for value in details.values():
        words += value if isinstance(value, list) else [value]
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, pair))})(?![\w.])")
    return any(isinstance(text, str) and pattern.search(text) for text in words)

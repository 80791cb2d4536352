"""What goes to the model: the question after the turns before it, bounded by age, number and size."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.clock import Millis
from bot.core.ids import JobId
from bot.core.requests import Message, Role, SourcePicture
from bot.db import Reader
from bot.services import store as results
from bot.services.ask import store
from bot.services.ask.model import CONVERSATION_LIVES_MS, Turn
from bot.services.sources import SourceRef

# Earlier turns that go with a question: so many at most, and so many tokens by the usual four characters each.
TURNS_MAX = 20
HISTORY_TOKENS = 3_000
_CHARACTERS_A_TOKEN = 4
# Less room than for a sentence or two is left empty.
_WORTH_SENDING = 200
# Pictures of a conversation, the newest first; every model in the catalogue takes as many.
PICTURES_MAX = 3
SYSTEM = (
    "You answer a question in a Discord channel. Write Discord's Markdown: no tables, no HTML, no LaTeX."
    " Be brief unless asked for more, and answer in the language of the question."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a conversation, its pictures still on disk."""

    role: Role
    text: str
    pictures: tuple[SourceRef, ...] = ()

    @property
    def priced(self) -> Message:
        """With stand-ins for its pictures: enough to choose a model and to price the question."""
        return Message(role=self.role, text=self.text, pictures=(_STAND_IN,) * len(self.pictures))


_STAND_IN = SourcePicture(url="https://picture.invalid/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The messages for the model, and how many earlier turns are among them."""

    said: tuple[Said, ...]
    turns: int


def thread(
    reader: Reader, *, parent: JobId | None, question: str, pictures: Sequence[SourceRef], now: Millis, most: int
) -> Thread:
    """The conversation up to the parent, at most `most` turns of it, and then the question."""
    before = _before(reader, parent, now=now, most=min(most, TURNS_MAX))
    room = max(0, PICTURES_MAX - len(pictures))
    earlier: list[Said] = []
    for one in before:
        shown = results.sources_of(reader, one.job_id)[:room]
        room -= len(shown)
        earlier.append(Said(role=Role.ASSISTANT, text=one.answer or ""))
        earlier.append(Said(role=Role.USER, text=one.question or "", pictures=shown))
    return Thread(
        said=(
            Said(role=Role.SYSTEM, text=SYSTEM),
            *reversed(earlier),
            Said(role=Role.USER, text=question, pictures=tuple(pictures)),
        ),
        turns=len(before),
    )


def _before(reader: Reader, parent: JobId | None, *, now: Millis, most: int) -> list[Turn]:
    """The latest first. What is too old, forgotten or unanswered ends it; so does what only a part of has room."""
    found: list[Turn] = []
    left = HISTORY_TOKENS * _CHARACTERS_A_TOKEN
    while parent is not None and len(found) < most and left >= _WORTH_SENDING:
        one = store.turn(reader, parent)
        if one is None or not one.question or not one.answer or now - one.created_at > CONVERSATION_LIVES_MS:
            break
        question = _end_of(one.question, left // 2)
        answer = _end_of(one.answer, left - len(question))
        left = left - len(question) - len(answer) if (question, answer) == (one.question, one.answer) else 0
        found.append(replace(one, question=question, answer=answer))
        parent = one.parent_id
    return found


def _end_of(text: str, room: int) -> str:
    """The text, or as much of its end as there is room for: what comes next goes on from there."""
    return text if len(text) <= room else f"…{text[len(text) - room + 1 :]}"

"""What a card needs to know of a job of words."""

from dataclasses import dataclass

from bot.core.money import Ticks
from bot.core.requests import ProviderName
from bot.db import Reader
from bot.jobs.model import Job
from bot.services.ask import store
from bot.services.ask.model import ASK, AskPayload, UnreadableTalk, read_talk

TALK_KINDS = frozenset({"ask", "speak"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkProgress:
    """A question, or the question whose answer is read aloud; `text` is empty once it is forgotten.

    `is_message`: a message asked it, so there is no card; `has_place`: a message stands where its answer comes.
    `so_far` is what is written of an answer for one member.
    """

    is_question: bool
    text: str
    search: tuple[str, ...]
    turns: int
    is_message: bool
    is_private: bool
    estimate: Ticks
    tried: tuple[ProviderName, ...]
    so_far: str | None = None
    has_place: bool = False


def talk_progress(reader: Reader, job: Job, *, so_far: str | None) -> TalkProgress | None:
    """None where the row cannot be read."""
    try:
        payload = read_talk(job)
    except UnreadableTalk:
        return None
    is_question = isinstance(payload, AskPayload)
    turn = store.turn(reader, job.id if isinstance(payload, AskPayload) else payload.answer)
    return TalkProgress(
        is_question=job.kind == ASK,
        text="" if turn is None else turn.question or "",
        search=payload.search if isinstance(payload, AskPayload) else (),
        turns=payload.turns if isinstance(payload, AskPayload) else 0,
        is_message=is_question and turn is not None and turn.question_message_id is not None,
        is_private=turn is not None and turn.is_private,
        estimate=payload.estimate,
        tried=payload.tried,
        so_far=so_far,
        has_place=bool(store.messages_of(reader, job.id)),
    )

"""The values of questions, answers and spoken texts."""

import json
from dataclasses import asdict, dataclass

from bot.core.clock import DAY_MS, Millis
from bot.core.ids import ChannelId, GuildId, JobId, MemberId, MessageId
from bot.core.money import Ticks
from bot.core.requests import ProviderName, SearchKind
from bot.jobs.model import Job
from bot.providers.contract import Citation
from bot.services.sources import SourceRef

ASK, SPEAK = "ask", "speak"
VERSION = 1
# What is older is neither sent to a model any more nor kept.
CONVERSATION_LIVES_MS = 30 * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as the member asked it. `parent` is the answer it goes on from; `pictures` are kept already.

    `message_id` is set where a message asked it, and then nothing is private.
    """

    text: str
    model: str | None = None
    search: tuple[SearchKind, ...] = ()
    is_private: bool = False
    parent: JobId | None = None
    pictures: tuple[SourceRef, ...] = ()
    message_id: MessageId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question with its answer, where there is one. The texts are None once they are forgotten."""

    job_id: JobId
    root_id: JobId
    parent_id: JobId | None
    question: str | None
    answer: str | None
    citations: tuple[Citation, ...]
    is_cut: bool
    is_private: bool
    is_live: bool
    question_message_id: MessageId | None
    created_at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a job belongs: what must be known before somebody presses a button on its answer."""

    guild_id: GuildId
    channel_id: ChannelId
    member_id: MemberId


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPayload:
    """What the job row keeps of a question; its texts stand in the turn alone.

    `asked` is the model as the member named it. `turns` is how many earlier turns go with it at most: what was held for
    covers no more. `estimate` in ticks.
    """

    asked: str | None
    search: tuple[SearchKind, ...]
    max_tokens: int
    turns: int
    estimate: Ticks
    tried: tuple[ProviderName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakPayload:
    """What the job row keeps of a text to be spoken: the answer's job, whose text it is."""

    answer: JobId
    estimate: Ticks
    tried: tuple[ProviderName, ...] = ()


class UnreadableTalk(Exception):
    """The row was written by a version that this one does not know."""


def encode(payload: AskPayload | SpeakPayload) -> str:
    """The payload as JSON."""
    return json.dumps(asdict(payload))


def read_question(job: Job) -> AskPayload:
    """The payload of a job of kind ASK. Raises UnreadableTalk."""
    try:
        fields = json.loads(job.payload)
        return AskPayload(
            asked=fields["asked"],
            search=tuple(SearchKind(kind) for kind in fields["search"]),
            max_tokens=fields["max_tokens"],
            turns=fields["turns"],
            estimate=Ticks(fields["estimate"]),
            tried=tuple(ProviderName(name) for name in fields["tried"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableTalk(type(error).__name__) from None


def read_speech(job: Job) -> SpeakPayload:
    """The payload of a job of kind SPEAK. Raises UnreadableTalk."""
    try:
        fields = json.loads(job.payload)
        return SpeakPayload(
            answer=JobId(fields["answer"]),
            estimate=Ticks(fields["estimate"]),
            tried=tuple(ProviderName(name) for name in fields["tried"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableTalk(type(error).__name__) from None


def read_talk(job: Job) -> AskPayload | SpeakPayload:
    """Either of them. Raises UnreadableTalk."""
    return read_question(job) if job.kind == ASK else read_speech(job)

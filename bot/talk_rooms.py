"""Builds what answers questions and reads answers aloud."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.clock import Clock
from bot.core.crashpoints import Crashpoints
from bot.core.ids import Randomness
from bot.core.requests import ProviderName
from bot.db import Database
from bot.jobs.runner import Handler
from bot.ledger.model import Ceilings
from bot.media.media import Media
from bot.providers.registry import Registry
from bot.providers.watch import HealthWatch
from bot.services.admission import Admission
from bot.services.ask.asking import Asking
from bot.services.ask.choosing import TalkChoosing
from bot.services.ask.closing import Closing
from bot.services.ask.conversations import Conversations
from bot.services.ask.courier import TalkCourier
from bot.services.ask.desk import Talk
from bot.services.ask.errands import Errands
from bot.services.ask.live import EDIT_EVERY_S, LiveAnswers
from bot.services.ask.model import ASK, SPEAK
from bot.services.ask.questions import Questions
from bot.services.ask.sending import TalkSending
from bot.services.ask.speeches import Speeches
from bot.services.ask.work import TalkWork
from bot.services.handed.bringing import Bringing
from bot.services.paying import Paying
from bot.services.progress import Progress, ProgressBoard
from bot.services.results.presses import Presses
from bot.services.settlement import Settlement
from bot.ui import cards
from bot.ui.answers.delivery import AnswerDelivery

_BROKEN_OFF = "-# This answer broke off. Whoever asked has been told why."


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkGround:
    """What the rooms of words stand on."""

    database: Database
    registry: Registry
    watch: HealthWatch
    media: Media
    settlement: Settlement
    delivery: AnswerDelivery
    ceilings: Ceilings
    clock: Clock
    randomness: Randomness
    crashpoints: Crashpoints
    preference: Sequence[ProviderName]
    edit_every_s: float
    paid: Mapping[str, Paying]


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkRooms:
    """The handlers by kind, the loop, and what the use cases are made of."""

    handlers: Mapping[str, Handler]
    closing: Closing
    live: LiveAnswers
    choosing: TalkChoosing
    conversations: Conversations


def build_live(ground: TalkGround) -> LiveAnswers:
    """Answers while they are written."""
    return LiveAnswers(
        database=ground.database,
        delivery=ground.delivery,
        settlement=ground.settlement,
        clock=ground.clock,
        edit_every_s=min(EDIT_EVERY_S, ground.edit_every_s),
    )


def build_rooms(ground: TalkGround, *, live: LiveAnswers, board: ProgressBoard) -> TalkRooms:
    """Everything but what takes requests in."""
    database, clock, settlement = ground.database, ground.clock, ground.settlement
    choosing = TalkChoosing(registry=ground.registry, watch=ground.watch, preference=ground.preference)
    conversations = Conversations(database=database, clock=clock)
    closing = Closing(
        database=database, delivery=ground.delivery, conversations=conversations, board=board, words=_ended
    )
    questions, speeches = _errands(ground, choosing)
    courier = _courier(ground, choosing)

    def work(errands: Errands) -> TalkWork:
        sending = TalkSending(
            errands=errands,
            live=live,
            registry=ground.registry,
            settlement=settlement,
            watch=ground.watch,
            clock=clock,
            randomness=ground.randomness,
            crashpoints=ground.crashpoints,
            paid=ground.paid,
        )
        return TalkWork(
            sending=sending,
            courier=courier,
            closing=closing,
            settlement=settlement,
            registry=ground.registry,
            clock=clock,
        )

    handlers = {ASK: work(questions), SPEAK: work(speeches)}
    return TalkRooms(handlers=handlers, closing=closing, live=live, choosing=choosing, conversations=conversations)


def _errands(ground: TalkGround, choosing: TalkChoosing) -> tuple[Errands, Errands]:
    """Questions, and texts to be spoken."""
    questions = Questions(
        database=ground.database,
        registry=ground.registry,
        choosing=choosing,
        media=ground.media,
        ceilings=ground.ceilings,
        settlement=ground.settlement,
        clock=ground.clock,
    )
    speeches = Speeches(
        database=ground.database,
        registry=ground.registry,
        choosing=choosing,
        ceilings=ground.ceilings,
        settlement=ground.settlement,
        clock=ground.clock,
    )
    return questions, speeches


def _courier(ground: TalkGround, choosing: TalkChoosing) -> TalkCourier:
    return TalkCourier(
        database=ground.database,
        settlement=ground.settlement,
        delivery=ground.delivery,
        choosing=choosing,
        clock=ground.clock,
        randomness=ground.randomness,
        crashpoints=ground.crashpoints,
    )


def build_talk(ground: TalkGround, rooms: TalkRooms, *, admission: Admission) -> Talk:
    """What cogs call."""
    bringing = Bringing(
        database=ground.database, media=ground.media, clock=ground.clock, crashpoints=ground.crashpoints
    )
    asking = Asking(
        database=ground.database,
        registry=ground.registry,
        choosing=rooms.choosing,
        admission=admission,
        bringing=bringing,
        presses=Presses(),
        clock=ground.clock,
    )
    return Talk(asking=asking, conversations=rooms.conversations, live=rooms.live)


def _ended(progress: Progress, has_card: bool) -> str:
    """What the place of an answer says that will not come; the money is told to everybody only where no card is."""
    return _BROKEN_OFF if has_card else cards.last_word_text(progress)

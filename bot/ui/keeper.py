"""Keeps every member's card true: edits it on change, at most every 2 s, and gives each its last word.

What must be said comes from the database alone, so that a restart loses no card: whoever has not been answered is
answered by the next process.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from discord import ui

from bot.core.clock import SECOND_MS, Clock
from bot.core.errors import DatabaseUnavailable
from bot.core.ids import ChannelId, GuildId, InteractionId, JobId, MemberId, nonce_of
from bot.interactions.model import Received
from bot.jobs.model import State
from bot.services.deliveries import Route
from bot.services.desk import Desk
from bot.services.leave.model import Leave, LeaveState
from bot.services.ports import DeliverLater
from bot.services.progress import Glance, Progress, ProgressBoard, Waiting
from bot.ui import cards, leave_cards, words
from bot.ui.answers import private
from bot.ui.card_editor import CardEditor, CardGone, CardLater
from bot.ui.card_key import WAITS_FOR_LEAVE, key_of
from bot.ui.delivery import DiscordDelivery

log = logging.getLogger(__name__)

# The board is read this often; a card is edited at most every EDIT_EVERY_S. Discord does not publish its limit for
# edits of one interaction (5 in 2 s and 30 in 60 s were measured in 2021).
TICK_S = 0.5
EDIT_EVERY_S = 2.0
# Edits under way at once, so that many cards never crowd out the requests that publish pictures.
EDITS_AT_ONCE = 16
# News that is no last word: so many cards per tick, a few at a time and spread over the tick, longest unheard first. A
# long line of people waiting must not hold up acknowledgements, which share the process.
NEWS_PER_TICK = 16
_NEWS_AT_ONCE = 2
# After an edit that Discord did not take, the card rests this long.
RETRY_MS = 5 * SECOND_MS


@dataclass(slots=True)
class _Shown:
    """What a card says now, and when it may be edited next."""

    key: tuple[object, ...] | None = None
    not_before: int = 0


class CardKeeper:
    """One loop over all open cards."""

    def __init__(
        self,
        *,
        board: ProgressBoard,
        desk: Desk,
        editor: CardEditor,
        delivery: DiscordDelivery,
        clock: Clock,
        edit_every_s: float = EDIT_EVERY_S,
    ) -> None:
        self._board = board
        self._desk = desk
        self._editor = editor
        self._delivery = delivery
        self._clock = clock
        self._edit_every_ms = round(edit_every_s * SECOND_MS)
        self._tick_s = min(TICK_S, edit_every_s)
        self._shown: dict[InteractionId, _Shown] = {}
        self._gate = asyncio.Semaphore(EDITS_AT_ONCE)
        self._nudge = asyncio.Event()
        self._is_stopping = False
        self.last_tick = clock.monotonic()

    def nudge(self) -> None:
        """Something changed that a member should see soon."""
        self._nudge.set()

    def note_shown(self, interaction_id: InteractionId, progress: Progress) -> None:
        """The cog has just shown this; it need not be said again."""
        self._shown[interaction_id] = _Shown(key=key_of(progress), not_before=self._clock.now() + self._edit_every_ms)

    async def show(self, received: Received, progress: Progress) -> None:
        """The first card, right after the job is accepted; where it does not arrive, the next tick says it."""
        self.note_shown(received.id, progress)
        try:
            if received.token is not None:
                await self._editor.edit(received.token, _working(progress))
        except (CardGone, CardLater):
            self.forget_shown(received.id)

    def forget_shown(self, interaction_id: InteractionId) -> None:
        """What the cog tried to show did not arrive."""
        self._shown.pop(interaction_id, None)

    async def run(self) -> None:
        """Ticks until cancelled."""
        while True:
            self.last_tick = self._clock.monotonic()
            try:
                await self.tick()
            except* DatabaseUnavailable:
                log.exception("cards cannot be read")
            self._nudge.clear()
            try:
                async with asyncio.timeout(self._tick_s):
                    await self._nudge.wait()
            except TimeoutError:
                pass

    async def tick(self) -> None:
        """Looks at every open card once."""
        glances = await self._board.glance()
        for gone in self._shown.keys() - {one.interaction_id for one in glances}:
            del self._shown[gone]
        due = [one for one in glances if self._is_due(one)]
        urgent = [one.interaction_id for one in due if one.has_last_word or one.state is None]
        news = [one.interaction_id for one in due if not one.has_last_word and one.state is not None]
        news.sort(key=lambda one: self._shown[one].not_before)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._serve_all(urgent))
            group.create_task(self._spread(news[:NEWS_PER_TICK]))

    async def _serve_all(self, some: Sequence[InteractionId]) -> None:
        if some:
            async with asyncio.TaskGroup() as group:
                for one in await self._board.read(some):
                    group.create_task(self._serve(one))

    async def _spread(self, news: Sequence[InteractionId]) -> None:
        """Each handful is read just before it is told, so that nothing older overwrites what others have put there."""
        for start in range(0, len(news), _NEWS_AT_ONCE):
            if start:
                await asyncio.sleep(self._tick_s * _NEWS_AT_ONCE / NEWS_PER_TICK)
            await self._serve_all(news[start : start + _NEWS_AT_ONCE])

    async def say_stopping(self) -> None:
        """Tells every waiting member that the bot restarts and their picture will still come."""
        self._is_stopping = True
        board = await self._board.read()
        async with asyncio.TaskGroup() as group:
            for one in board:
                if one.progress is not None and not one.progress.has_last_word and one.can_edit:
                    group.create_task(self._edit(one, _working(one.progress, is_stopping=True)))

    def _is_due(self, one: Glance) -> bool:
        shown = self._shown.setdefault(one.interaction_id, _Shown())
        if self._clock.now() < shown.not_before:
            return False
        if one.state is None and one.leave is None:
            return one.is_orphan
        return one.has_last_word or (one.can_edit and key_of(one) != shown.key)

    async def _serve(self, one: Waiting) -> None:
        """One card. Whatever is wrong with it is logged and tried again later, and no other card waits for it."""
        try:
            await self._say(one)
        except Exception:
            log.exception("a card cannot be kept", extra={"interaction": one.interaction.id})
            self._rest(one)

    async def _say(self, one: Waiting) -> None:
        if one.progress is None and one.leave is not None:
            await self._say_leave(one, one.leave)
        elif one.progress is None:
            await self._answer_orphan(one)
        elif one.progress.has_last_word:
            await self._last_word(one, one.progress)
        elif await self._edit(one, _working(one.progress, is_stopping=self._is_stopping)):
            self._shown[one.interaction.id] = _Shown(
                key=key_of(one.progress), not_before=self._clock.now() + self._edit_every_ms
            )

    async def _answer_orphan(self, one: Waiting) -> None:
        """Received, perhaps acknowledged, never accepted: its process died, or its handler did.

        A handler of this process might still wake up: it is shut out first. One of an earlier process is answered
        first, so that a crash between the two steps leaves nobody on "thinking…".
        """
        if one.interaction.message_in is not None:
            await self._answer_lost_message(one, one.interaction.message_in)
        elif one.is_from_before:
            try:
                if one.can_edit:
                    await self._try_edit(one, cards.notice(words.RESTARTED))
            except CardLater:
                self._rest(one)
                return
            except CardGone:
                log.info("an interaction from before the start was never acknowledged")
            await self._desk.void(one.interaction.id)
        else:
            await self._desk.void(one.interaction.id)
            await self._edit(one, cards.notice(words.LOST))

    async def _answer_lost_message(self, one: Waiting, channel_id: ChannelId) -> None:
        """The same for a message that asked something: it has no card, so its author is told in the channel."""
        lost = words.RESTARTED if one.is_from_before else words.LOST
        if not one.is_from_before:
            await self._desk.void(one.interaction.id)
        try:
            await self._delivery.tell(
                channel_id=channel_id,
                guild_id=one.interaction.guild_id,
                member_id=one.interaction.member_id,
                text=f"{lost.title}. Reply once more. {words.NOT_CHARGED}",
                nonce=nonce_of(JobId(f"lost {one.interaction.id}")),
            )
        except DeliverLater:
            self._rest(one)
            return
        await self._desk.void(one.interaction.id)

    async def _say_leave(self, one: Waiting, leave: Leave) -> None:
        """What waits for a moderator, or will not become a job."""
        if leave.is_over:
            await self._end(one, leave_cards.last_word(leave), lambda: self._tell_leave(one, leave))
        elif await self._edit(one, leave_cards.waiting(leave)):
            not_before = self._clock.now() + self._edit_every_ms
            self._shown[one.interaction.id] = _Shown(key=WAITS_FOR_LEAVE, not_before=not_before)

    async def _tell_leave(self, one: Waiting, leave: Leave) -> None:
        """The card is out of reach: whoever asked is told in the channel, unless they took it back themselves."""
        if leave.state is not LeaveState.CANCELLED:
            asker = leave.asker
            await self._delivery.tell(
                channel_id=asker.channel_id,
                guild_id=asker.guild_id,
                member_id=asker.member_id,
                text=leave_cards.last_word_text(leave),
                nonce=nonce_of(JobId(f"{leave.job_id} {leave.state}")),
            )
        await self._desk.answered(one.interaction.id)

    async def _last_word(self, one: Waiting, progress: Progress) -> None:
        await self._end(one, cards.last_word(progress), lambda: self._tell(one, progress))

    async def _end(self, one: Waiting, view: ui.LayoutView, tell: Callable[[], Awaitable[None]]) -> None:
        """The last word: on the card, or told another way where that is out of reach."""
        try:
            if one.can_edit:
                try:
                    await self._try_edit(one, view)
                except CardGone as error:
                    if not error.is_dismissed:
                        await tell()
                        return
                await self._desk.answered(one.interaction.id)
            else:
                await tell()
        except (CardLater, DeliverLater):
            self._rest(one)

    async def _tell(self, one: Waiting, progress: Progress) -> None:
        """The card is out of reach: a result has reached its member already, anything else is told in the channel.

        Raises DeliverLater.
        """
        delivery = progress.delivery
        # What a message asked has no card: the message that was to hold its answer says what became of it. Where the
        # process died before there was one, the channel is told.
        talk = progress.talk
        is_told = talk is not None and talk.is_message and talk.has_place
        has_result = is_told or (delivery is not None and delivery.route is not Route.KEPT)
        if not has_result and progress.state is not State.CANCELLED:
            await self._delivery.tell(
                channel_id=ChannelId(progress.channel_id),
                guild_id=GuildId(progress.guild_id),
                member_id=MemberId(progress.member_id),
                text=cards.last_word_text(progress),
                # One for each last word: "nobody knows" may be followed by what a person found out.
                nonce=nonce_of(JobId(f"{progress.job_id} {progress.state}")),
            )
        await self._desk.answered(one.interaction.id)

    async def _edit(self, one: Waiting, view: ui.LayoutView) -> bool:
        """One edit; False when it was not taken. A card that is gone is looked at again when its job ends."""
        try:
            await self._try_edit(one, view)
        except (CardGone, CardLater):
            self._rest(one)
            return False
        return True

    async def _try_edit(self, one: Waiting, view: ui.LayoutView) -> None:
        token = one.interaction.token
        if token is None:
            raise CardGone(is_dismissed=False)
        async with self._gate:
            await self._editor.edit(token, view)

    def _rest(self, one: Waiting) -> None:
        self._shown[one.interaction.id] = _Shown(key=None, not_before=self._clock.now() + RETRY_MS)


def _working(progress: Progress, *, is_stopping: bool = False) -> ui.LayoutView:
    """The card of a job under way; an answer that is being written onto it stays there."""
    talk = progress.talk
    if talk is None or talk.so_far is None or progress.is_cancel_requested or is_stopping:
        return cards.working(progress, is_stopping=is_stopping)
    return private.so_far(progress.job_id, talk.text, talk.so_far, is_late=progress.is_late)

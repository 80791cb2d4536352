"""Brings answers to Discord: public messages each sent once, the member's own card, or a direct message."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
from discord import ui

from bot.core.clock import utc
from bot.core.ids import JobId, MessageId, nonce_of
from bot.services.ask.ports import Answer, NoteMessage, Speech, Spot, Waiting
from bot.services.ports import CannotDeliver, DeliverLater, Obstacle
from bot.ui import custom_ids
from bot.ui.answers import private, rendering
from bot.ui.answers.rendering import Sheet
from bot.ui.card_editor import CardEditor, CardGone, CardLater, CardTooLarge
from bot.ui.delivery import LOOK_BACK, SEND_TIMEOUT_S
from bot.ui.guarding import MessageGone, guarded

log = logging.getLogger(__name__)

# An edit of a message that fills is worth no longer wait: the next one says more.
EDIT_TIMEOUT_S = 10.0
_CLOCK_SLACK = timedelta(minutes=1)
_NONE = discord.AllowedMentions.none()


class AnswerDelivery:
    """Implements `bot.services.ask.ports.TalkDelivery`."""

    def __init__(self, *, client: discord.Client, editor: CardEditor) -> None:
        self._client = client
        self._editor = editor

    async def show_waiting(self, spot: Spot, waiting: Waiting) -> MessageId:
        """A new message where the answer will stand."""
        sheet = Sheet(content=rendering.waiting(spot, waiting))
        return await self._send(spot, 0, sheet, view=rendering.cancel_alone(spot))

    async def show_so_far(self, spot: Spot, text: str) -> MessageId:
        """The same message, filling."""
        sheet, view = Sheet(content=rendering.so_far(spot, text)), rendering.cancel_alone(spot)
        known = spot.known.get(0)
        if known is None:
            return await self._send(spot, 0, sheet, view=view)
        await self._edit(spot, known, sheet, view=view, timeout_s=EDIT_TIMEOUT_S)
        return known

    async def show_so_far_on_card(self, spot: Spot, token: str, text: str, *, is_late: bool) -> None:
        """The member's own card, filling."""
        try:
            await self._editor.edit(token, private.so_far(spot.job_id, spot.question, text, is_late=is_late))
        except (CardGone, CardLater) as error:
            raise DeliverLater(str(error)) from None

    async def show_broken_off(self, spot: Spot, words: str) -> None:
        """The message says that no answer comes."""
        sheet = Sheet(content=rendering.broken_off(spot, words))
        for position, message_id in spot.known.items():
            if position == 0:
                await self._edit(spot, message_id, sheet, view=None, timeout_s=SEND_TIMEOUT_S)

    async def take_back(self, spot: Spot) -> None:
        """Deletes what is there; what cannot be deleted any more is left. Raises DeliverLater."""
        for message_id in spot.known.values():
            message = self._channel(spot).get_partial_message(message_id)
            try:
                await guarded(message.delete, SEND_TIMEOUT_S)
            except CannotDeliver as error:
                log.info("a message cannot be taken back", extra={"job": spot.job_id, "obstacle": error.obstacle})

    async def publish(self, post: Answer | Speech, note: NoteMessage) -> MessageId:
        """Every message of it. What is known is edited; what may be there is looked for before it is sent."""
        sheets = rendering.sheets(post) if isinstance(post, Answer) else (rendering.speech_sheet(post),)
        call = rendering.call(post) if isinstance(post, Answer) else None
        looked_for = sheets if call is None else (*sheets, call)
        found = await self._look(post.spot, looked_for) if post.spot.is_again else {}
        known = {**found, **post.spot.known}
        first: MessageId | None = None
        for position, sheet in enumerate(sheets):
            view = rendering.buttons(post) if isinstance(post, Answer) and sheet.has_buttons else None
            message_id = known.get(position)
            if message_id is None or not await self._edited(post.spot, message_id, sheet, view):
                pinged = post.spot.member_id if post.is_late and call is None and position == 0 else None
                message_id = await self._send(post.spot, position, sheet, view=view, pinged=pinged)
            await note(position, message_id)
            first = first or message_id
        if first is None:
            raise CannotDeliver(Obstacle.TOO_LARGE)
        if call is not None:
            await self._call(post.spot, call, len(sheets), known, note, first=first)
        return first

    async def _call(
        self,
        spot: Spot,
        call: Sheet,
        position: int,
        known: Mapping[int, MessageId],
        note: NoteMessage,
        *,
        first: MessageId,
    ) -> None:
        """Below the answer, as a reply to it; once."""
        message_id = known.get(position)
        if message_id is None:
            beneath = replace(spot, replies_to=first)
            message_id = await self._send(beneath, position, call, view=None, pinged=spot.member_id, is_reply=True)
        await note(position, message_id)

    async def hand_over(self, post: Answer | Speech, *, token: str | None) -> bool:
        """To the member alone: their card while it lives, else a direct message."""
        if token is not None:
            view, files = private.card(post)
            try:
                await self._editor.edit(token, view, files=files, is_result=True)
            except CardTooLarge:
                raise CannotDeliver(Obstacle.TOO_LARGE) from None
            except CardLater as error:
                raise DeliverLater(str(error)) from None
            except CardGone:
                log.info("the card is gone", extra={"job": post.spot.job_id})
            else:
                return True
        return await self._by_direct_message(post)

    async def _by_direct_message(self, post: Answer | Speech) -> bool:
        view, files = private.card(post)

        async def send() -> discord.Message:
            channel = await self._client.create_dm(discord.Object(post.spot.member_id))
            nonce = nonce_of(post.spot.job_id)
            return await channel.send(view=view, files=files, nonce=nonce, allowed_mentions=_NONE)

        try:
            await guarded(send, SEND_TIMEOUT_S)
        except CannotDeliver as error:
            log.info("no direct message", extra={"job": post.spot.job_id, "obstacle": error.obstacle})
            return False
        return True

    def _channel(self, spot: Spot) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(spot.channel_id, guild_id=spot.guild_id)

    async def _send(
        self,
        spot: Spot,
        position: int,
        sheet: Sheet,
        *,
        view: ui.View | None,
        pinged: int | None = None,
        is_reply: bool = False,
    ) -> MessageId:
        """A new message. Its nonce makes a repeat within minutes return the first one."""
        mentions = _NONE
        if pinged is not None:
            users = [discord.Object(pinged)]
            mentions = discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=users)
        # The first message is a reply to what asked for it, the others follow it.
        replied = spot.replies_to if position == 0 or is_reply else None
        reference = (
            None
            if replied is None
            else discord.MessageReference(
                message_id=replied, channel_id=spot.channel_id, guild_id=spot.guild_id, fail_if_not_exists=False
            )
        )

        nothing: Any = None  # what `send` takes for a message without, though its overloads do not say so

        async def send() -> discord.Message:
            return await self._channel(spot).send(
                sheet.content,
                files=sheet.files(),
                view=nothing if view is None else view,
                reference=nothing if reference is None else reference,
                nonce=_nonce(spot.job_id, position),
                allowed_mentions=mentions,
                suppress_embeds=True,
                mention_author=False,
            )

        message = await guarded(send, SEND_TIMEOUT_S)
        return MessageId(message.id)

    async def _edited(self, spot: Spot, message_id: MessageId, sheet: Sheet, view: ui.View | None) -> bool:
        """False where somebody has deleted the message: then it is sent anew."""
        try:
            await self._edit(spot, message_id, sheet, view=view, timeout_s=SEND_TIMEOUT_S)
        except MessageGone:
            return False
        return True

    async def _edit(
        self, spot: Spot, message_id: MessageId, sheet: Sheet, *, view: ui.View | None, timeout_s: float
    ) -> None:
        message = self._channel(spot).get_partial_message(message_id)

        async def edit() -> discord.Message:
            # Embeds stay suppressed: an edit that says nothing of the flags leaves them as they are.
            return await message.edit(
                content=sheet.content, attachments=sheet.files(), view=view, allowed_mentions=_NONE
            )

        await guarded(edit, timeout_s)

    async def _look(self, spot: Spot, sheets: tuple[Sheet, ...]) -> dict[int, MessageId]:
        """Messages of an earlier try whose ids are not known: by their file, their words, or their buttons."""
        since = utc(spot.started_at) - _CLOCK_SLACK
        own_id = self._client.user.id if self._client.user is not None else 0

        async def look() -> dict[int, MessageId]:
            found: dict[int, MessageId] = {}
            async for message in self._channel(spot).history(limit=LOOK_BACK, after=since, oldest_first=False):
                if message.author.id != own_id:
                    continue
                for position, sheet in enumerate(sheets):
                    if position not in found and _shows(message, spot, sheet):
                        found[position] = MessageId(message.id)
                        break
            return found

        try:
            return await guarded(look, SEND_TIMEOUT_S)
        except CannotDeliver as error:
            # Without the right to read the history the nonce alone must do; the send says if the channel is gone.
            log.warning("a channel cannot be read before a second try", extra={"obstacle": error.obstacle})
            return {}


def _nonce(job_id: JobId, position: int) -> str:
    return nonce_of(job_id) if position == 0 else nonce_of(JobId(f"{job_id} {position}"))


def _shows(message: discord.Message, spot: Spot, sheet: Sheet) -> bool:
    if sheet.file is not None:
        return any(one.filename == sheet.file[0] for one in message.attachments)
    if message.content.strip() == sheet.content.strip():
        # Two answers may say the same: the buttons tell them apart.
        return not sheet.has_buttons or _has_button(message, custom_ids.talk(custom_ids.TalkVerb.FORGET, spot.job_id))
    return False


def _has_button(message: discord.Message, custom_id: str) -> bool:
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    return any(isinstance(one, discord.Button) and one.custom_id == custom_id for row in rows for one in row.children)

"""Edits the member's own card through the interaction's token. Editing twice does no harm."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import cast

import aiohttp
import discord
from discord import ui

from bot.core.errors import EaselError

EDIT_TIMEOUT_S = 20.0
UPLOAD_TIMEOUT_S = 60.0
# Cards that were turned into results lately; whoever might still overwrite one has decided to within seconds.
SEALED_MAX = 1_000
# Discord's answers for a card that nobody can edit any more: unknown message, webhook or interaction, dead token.
_GONE = {10008, 10015, 10062, 50027}
_UNKNOWN_MESSAGE = 10008
_TOO_LARGE = 40005


class CardGone(EaselError):
    """The card cannot be edited any more. `is_dismissed` when only the message is gone, not the token."""

    def __init__(self, *, is_dismissed: bool) -> None:
        super().__init__("the card is gone")
        self.is_dismissed = is_dismissed


class CardLater(EaselError):
    """Discord did not take the edit now."""


class CardTooLarge(CardLater):
    """The files are above what Discord takes."""


class CardEditor:
    """Edits original responses by token, without any interaction object: also after a restart."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._sealed: deque[str] = deque(maxlen=SEALED_MAX)

    async def edit(
        self, token: str, view: ui.LayoutView, *, files: Sequence[discord.File] = (), is_result: bool = False
    ) -> None:
        """Replaces the card. Raises CardGone, CardLater or CardTooLarge.

        `is_result`: the card becomes the result itself. What was to be said of its progress, decided before and begun
        after, is left out then; edits that have begun come in their order, for discord.py sends one at a time.
        """
        if not is_result and token in self._sealed:
            return
        await self._send(token, view, files)
        if is_result:
            self._sealed.append(token)

    async def _send(self, token: str, view: ui.LayoutView, files: Sequence[discord.File]) -> None:
        application_id = self._client.application_id
        if application_id is None:
            raise CardLater("not logged in yet")
        webhook = discord.Webhook.partial(application_id, token, client=self._client)
        try:
            async with asyncio.timeout(UPLOAD_TIMEOUT_S if files else EDIT_TIMEOUT_S):
                # The route takes the word where a message id usually stands (Discord API reference,
                # "Edit Original Interaction Response").
                await webhook.edit_message(
                    cast("int", "@original"),
                    view=view,
                    attachments=list(files),
                    allowed_mentions=discord.AllowedMentions.none(),
                )
        except discord.HTTPException as error:
            if error.code in _GONE or error.status in (401, 404):
                raise CardGone(is_dismissed=error.code == _UNKNOWN_MESSAGE) from None
            if error.status == 413 or error.code == _TOO_LARGE:
                raise CardTooLarge(f"code {error.code}") from None
            raise CardLater(f"status {error.status}, code {error.code}") from None
        except (aiohttp.ClientError, OSError, TimeoutError, discord.RateLimited) as error:
            raise CardLater(type(error).__name__) from None

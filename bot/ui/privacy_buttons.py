"""The item behind the buttons of `/privacy`, found by its custom id after any restart."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord
from discord import ui

from bot.ui.privacy_ids import PRIVACY_PATTERN, PrivacyVerb, privacy_id

Button = ui.Button[ui.LayoutView]
# Does what a press asks for, and answers it.
Handle = Callable[[discord.Interaction[Any], PrivacyVerb], Awaitable[None]]


def privacy_button(handle: Handle) -> type[ui.DynamicItem[Button]]:
    """The item over what does the work."""

    class PrivacyButton(ui.DynamicItem[Button], template=PRIVACY_PATTERN):
        """Carries a verb."""

        def __init__(self, verb: PrivacyVerb) -> None:
            super().__init__(ui.Button(label=verb, custom_id=privacy_id(verb)))
            self._verb = verb

        @classmethod
        async def from_custom_id(
            cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
        ) -> Self:
            del interaction, item
            return cls(PrivacyVerb(match["verb"]))

        async def callback(self, interaction: discord.Interaction) -> None:
            await handle(interaction, self._verb)

    return PrivacyButton

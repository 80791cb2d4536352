"""The form that asks what is to be changed in a picture."""

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import ui

# Discord's bound for a text field of a form; what a model takes is checked by the service.
PROMPT_MAX = 4_000
# A form that is never sent off is forgotten after this long. Whoever sends it later reads Discord's own "something went
# wrong", keeps the text, and was charged nothing.
FORM_LIVES_S = 3_600.0
TITLE = "Edit this picture"
PROMPT_FIELD = "prompt"

# Called with the interaction of the sent form, not yet answered, and what was typed.
OnSubmit = Callable[[discord.Interaction[Any], str], Awaitable[None]]


class EditForm(ui.Modal):
    """Opened in answer to a press or a menu: `await interaction.response.send_modal(EditForm(on_submit))`.

    `prompt` stands in the field from the start, to be changed; its custom id in the sent form is `PROMPT_FIELD`.
    `custom_id` is set where the form means something to a later process too. `on_submit` begins with
    `bot.ui.reception.receive`, as every command does; what it raises is answered like the error of a command.
    """

    def __init__(self, on_submit: OnSubmit, *, prompt: str = "", custom_id: str | None = None) -> None:
        super().__init__(
            title=TITLE, timeout=FORM_LIVES_S, custom_id=discord.utils.MISSING if custom_id is None else custom_id
        )
        self._on_submit = on_submit
        self._words: ui.TextInput[EditForm] = ui.TextInput(
            style=discord.TextStyle.paragraph,
            custom_id=PROMPT_FIELD,
            placeholder="Make it night, with a full moon",
            default=prompt[:PROMPT_MAX] or None,
            min_length=1,
            max_length=PROMPT_MAX,
        )
        self.add_item(
            ui.Label(
                text="What should change?",
                description="The price is shown on your card before and after.",
                component=self._words,
            )
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Hands on what was typed."""
        await self._on_submit(interaction, self._words.value)

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, item: ui.Item[Any] | None = None, /
    ) -> None:
        """The command tree answers it: nobody is left without a word."""
        await interaction.client.tree.on_error(interaction, error)

"""Short words for what people do with questions and answers."""

import asyncio
from collections.abc import Sequence
from typing import Any

from sandbox.discord import Message, Person, Use
from sandbox.gateways import Gateways
from tests.e2e.scene import WAIT_S, Scene

XAI = "xai/grok-4.3"
LOCUS = "locus/grok-4-1-fast-reasoning"


class Turns:
    """A streaming gateway that sends its next event only when the test says so."""

    def __init__(self, gateways: Gateways) -> None:
        self._asked = asyncio.Semaphore(0)
        gateways.xai.between_events = self._between

    async def _between(self) -> None:
        await self._asked.acquire()

    def go_on(self, events: int = 1) -> None:
        """So many more events."""
        for _ in range(events):
            self._asked.release()

    def finish(self) -> None:
        """All that is left."""
        self.go_on(100_000)


async def ask(play: Scene, question: str = "Why is the sky blue?", *, by: Person | None = None, **options: Any) -> Use:
    """`/ask`, by Ana unless said otherwise, of xAI unless said otherwise."""
    return await (by or play.ana).command("ask", question=question, **{"model": XAI, **options})


def shown(play: Scene, channel: str = "general") -> list[Message]:
    """The bot's messages in a channel."""
    me = play.rig.sandbox.world.application_id
    return [message for message in play.rig.sandbox.channel(channel).messages if message.author_id == me]


async def answered(play: Scene, use: Use) -> Sequence[Message]:
    """The messages of the answer that the card links to in the end: that one and those below it."""
    text = await play.says(use, "Posted: ")
    ids = [message.id for message in shown(play)]
    first = next(at for at, one in enumerate(ids) if f"/{one}" in text)
    return shown(play)[first:]


async def until_shown(play: Scene, text: str, channel: str = "general") -> Message:
    """The bot's message that says so, once one does."""

    def look() -> Message | None:
        found = [message for message in shown(play, channel) if text in message.content]
        return found[-1] if found else None

    return await play.rig.sandbox.world.until(look, WAIT_S, f"a message with {text!r}")


async def pressed(play: Scene, by: Person, message: Message, label: str) -> Use:
    """Presses the button whose label begins so."""
    (found,) = [one for one in message.buttons() if (one.label or "").startswith(label)]
    return await by.press(message, custom_id=found.custom_id)


async def continued(play: Scene, by: Person, message: Message, question: str) -> Use:
    """Presses Continue… and sends its form off."""
    opened = await pressed(play, by, message, "Continue")
    await opened.opened(WAIT_S)
    return await by.submit_modal(opened, {"question": question})

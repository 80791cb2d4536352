"""A streamed answer, put together event by event. Only text meant for people reaches the sink."""

import logging
from typing import Annotated

from bot.core.errors import Charged, GenerationFailed, Moderated, OutcomeUnknown
from bot.providers.asking import Reply
from bot.providers.contract import PartialSink
from bot.providers.wire import LENIENT_OBJECT, Items, Text, WireModel, error_text, shown, speaks_of_moderation

log = logging.getLogger(__name__)


class _Delta(WireModel):
    content: Text = None


class _ChoicePart(WireModel):
    delta: Annotated[_Delta, LENIENT_OBJECT] = _Delta()
    finish_reason: Text = None


class _Event(WireModel):
    """A chunk of a chat completion, or an event of a response."""

    type: Text = None
    delta: Text = None
    response: object = None
    choices: Items = ()
    citations: object = None
    model: Text = None
    usage: object = None
    error: object = None
    message: Text = None


class Stream:
    """Takes events, tells the sink the text so far, and gives the whole as a `Reply` at the end.

    A sink that fails is told nothing more: the answer is paid for, whoever watches it being written.
    """

    def __init__(self, sink: PartialSink, *, secrets: tuple[str, ...]) -> None:
        self._sink: PartialSink | None = sink
        self._secrets = secrets
        self._text = ""
        self._whole: object = None
        self._chat: dict[str, object] = {}
        self._finish_reason: str | None = None

    async def take(self, raw: object) -> None:
        """One event. Raises Moderated or GenerationFailed where the gateway says that it gave up."""
        event = _Event.read(raw)
        if event.error is not None or event.type in ("error", "response.failed"):
            raise self._gave_up(event)
        if event.type in ("response.completed", "response.incomplete"):
            self._whole = event.response
            return
        kept = {"model": event.model, "usage": event.usage, "citations": event.citations}
        self._chat.update({name: value for name, value in kept.items() if value is not None})
        choice = _ChoicePart.read(event.choices[0] if event.choices else None)
        self._finish_reason = choice.finish_reason or self._finish_reason
        more = event.delta if event.type == "response.output_text.delta" else choice.delta.content
        if more:
            self._text += more
            await self._tell()

    def reply(self) -> Reply:
        """The whole answer. Raises OutcomeUnknown where the stream ended before the gateway said that it is done."""
        if self._whole is not None:
            return Reply.read(self._whole)
        if self._finish_reason is None:
            raise OutcomeUnknown("the stream ended before the answer did")
        message = {"message": {"content": self._text}, "finish_reason": self._finish_reason}
        return Reply.read({**self._chat, "choices": [message]})

    async def _tell(self) -> None:
        if self._sink is None:
            return
        try:
            await self._sink(self._text)
        except Exception as error:  # it is not ours, and may fail in any way
            log.warning("the text so far could not be shown", extra={"error": type(error).__name__})
            self._sink = None

    def _gave_up(self, event: _Event) -> GenerationFailed | Moderated:
        text = error_text(event.error) or error_text(event.message) or error_text(_Event.read(event.response).error)
        kind = Moderated if speaks_of_moderation(text, self._secrets[0]) else GenerationFailed
        return kind(f"the stream ended with an error: {shown(text, secrets=self._secrets)}", charged=Charged.UNKNOWN)

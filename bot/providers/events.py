"""Server-sent events, as language models stream them: `data:` lines with JSON, an empty line after each event."""

import json
from collections.abc import AsyncIterable, Awaitable, Callable
from typing import cast

EVENT_STREAM = "text/event-stream"
# Receives each event's JSON in turn.
EventSink = Callable[[object], Awaitable[None]]
_DONE = b"[DONE]"
# A single event holds a few words; the last one of a response holds the whole answer.
LINE_CAP = 8 * 1024 * 1024


class Lines:
    """Cuts chunks of bytes into lines, however the chunks fall. Lines end in LF or CR LF."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that are complete now, without their ends. Raises ValueError for an endless one."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LINE_CAP:
            raise ValueError("a line of the stream is too long")
        return [line.removesuffix(b"\r") for line in lines]


async def read_events(chunks: AsyncIterable[bytes], sink: EventSink, *, cap: int) -> None:
    """Hands each event's JSON to `sink` until the stream ends or says `[DONE]`.

    Raises ValueError for an event that is no JSON and for a stream of more than `cap` bytes.
    """
    lines, event, size = Lines(), list[bytes](), 0
    async for chunk in chunks:
        size += len(chunk)
        if size > cap:
            raise ValueError("the stream is too long")
        for line in lines.feed(chunk):
            if line.startswith(b"data:"):
                event.append(line[5:].removeprefix(b" "))
            elif not line and event:
                data, event = b"\n".join(event), []
                if data == _DONE:
                    return
                await sink(cast(object, json.loads(data)))

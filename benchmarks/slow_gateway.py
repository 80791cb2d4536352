"""A gateway that is never done: every request is answered after 100 ms. A process of its own, so that its processor
time is not the bot's; bare asyncio, so that there is little of it. Prints its port and ends when its input ends.

    python -m benchmarks.slow_gateway
"""

import asyncio
import sys

ANSWER_S = 0.1
_BODY = b'{"status": "PROCESSING"}'
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
_END = b"\r\n\r\n"


class Slow(asyncio.Protocol):
    """One connection; requests have no body and are not pipelined."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the connection for the answers."""
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers a whole request, later."""
        self._read += data
        if self._read.endswith(_END):
            self._read = b""
            asyncio.get_running_loop().call_later(ANSWER_S, self._answer)

    def _answer(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_ANSWER)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Slow, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())

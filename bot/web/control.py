"""The running bot's own door for commands that must write: a unix socket in its data folder, for its own user alone.

    ->  {"verb": "resolve", "job": "abc", "verdict": "paid", "ticks": 400000000}\n      "ticks" null: what was held;
                                                           "without_chain": true speaks for a payment in doubt
    ->  {"verb": "adjust", "job": "abc", "ticks": -400000000, "reason": "bill", "author": "ada", "kind": "refund"}\n
    <-  {"told": "job abc… has failed; …"}\n      or      {"refused": "no job begins with 'abc'"}\n

One line in, one line out, then the connection ends. Lines and waits are bounded; a verb that is not known is refused.
An address of a unix socket holds about a hundred bytes and data folders lie deeper than that, so both sides reach it
through the folder's own descriptor (`/proc/self/fd`). Whoever serves holds the folder's lock: a socket that a killed
process has left there belongs to nobody.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Annotated, Literal, Self, assert_never

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from bot.core.errors import EaselError
from bot.core.money import MAX_TICKS, Ticks
from bot.ledger.model import CorrectionKind
from bot.services.adjusting import AUTHOR_LENGTH, REASON_LENGTH, CannotAdjust, Correction
from bot.services.resolving import CannotResolve, Paid, Unpaid, Verdict

log = logging.getLogger(__name__)

NAME = "control.sock"
# A request is some hundred bytes (a reason in the longest letters two thousand), an answer a sentence.
LINE_CAP = 4096
# An operator sends the whole line at once.
READ_TIMEOUT_S = 5.0
# One transaction; the database itself gives up after a few seconds.
WORK_TIMEOUT_S = 20.0
# An operator's commands, one after the other.
MAX_CALLERS = 8
_MODE = 0o600

_PREFIX_LENGTH = 200

Resolve = Callable[[str, Verdict], Awaitable[str]]
Adjust = Callable[[str, Correction], Awaitable[str]]


class NobodyListens(EaselError):
    """No running bot takes commands in this folder; the message says what the system said."""


class NoAnswer(EaselError):
    """The running bot was asked and nobody knows what it did."""


class _Resolve(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    verb: Literal["resolve"] = "resolve"
    job: Annotated[str, Field(max_length=_PREFIX_LENGTH)]
    verdict: Literal["paid", "unpaid"]
    ticks: Annotated[int, Field(ge=0, le=MAX_TICKS)] | None = None
    without_chain: bool = False

    def meant(self) -> Verdict:
        if self.verdict == "unpaid":
            return Unpaid(without_chain=self.without_chain)
        return Paid(actual=None if self.ticks is None else Ticks(self.ticks), without_chain=self.without_chain)


class _Adjust(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    verb: Literal["adjust"] = "adjust"
    job: Annotated[str, Field(max_length=_PREFIX_LENGTH)]
    ticks: Annotated[int, Field(ge=-MAX_TICKS, le=MAX_TICKS)]
    reason: Annotated[str, Field(max_length=REASON_LENGTH, pattern=r"\S")]
    author: Annotated[str, Field(max_length=AUTHOR_LENGTH, pattern=r"\S")]
    kind: Literal["refund", "credit", "adjustment"] = "adjustment"

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        self.meant()
        return self

    def meant(self) -> Correction:
        kind = CorrectionKind(self.kind)
        return Correction(difference=self.ticks, reason=self.reason, author=self.author, kind=kind)


_Request = _Resolve | _Adjust
_REQUEST: TypeAdapter[_Request] = TypeAdapter(Annotated[_Request, Field(discriminator="verb")])


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    told: str | None = None
    refused: str | None = None


class ControlServer:
    """Listens while its `async with` is open. The caller holds the folder's lock.

    Where no socket can be made it says so in the log and listens to nobody: pictures matter more than this door.
    """

    def __init__(
        self, folder: Path, *, resolve: Resolve, adjust: Adjust, read_timeout_s: float = READ_TIMEOUT_S
    ) -> None:
        self._folder = folder
        self._resolve = resolve
        self._adjust = adjust
        self._read_timeout_s = read_timeout_s
        self._callers: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            address = self._stack.enter_context(_address_in(self._folder))
            listener = self._stack.enter_context(closing(_listener(address)))
            self._stack.callback(_forget, address)
            server = await asyncio.start_unix_server(self._serve, sock=listener, limit=LINE_CAP)
        except OSError as error:
            log.warning(
                "no control socket: jobs can be resolved and corrected only while the bot is stopped", extra=_why(error)
            )
            await self._stack.aclose()
            return self
        self._stack.push_async_callback(server.wait_closed)
        self._stack.push_async_callback(self._end_callers)
        self._stack.callback(server.close)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _end_callers(self) -> None:
        for task in self._callers:
            task.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._callers) >= MAX_CALLERS:
            writer.close()
            return
        self._callers.add(task)
        try:
            reply = await self._reply(reader)
            writer.write(reply.model_dump_json(exclude_none=True).encode() + b"\n")
            async with asyncio.timeout(self._read_timeout_s):
                await writer.drain()
        except (OSError, TimeoutError):
            log.info("whoever gave a command did not wait for the answer")
        finally:
            self._callers.discard(task)
            writer.close()

    async def _reply(self, reader: asyncio.StreamReader) -> _Reply:
        try:
            async with asyncio.timeout(self._read_timeout_s):
                line = await reader.readuntil(b"\n")
            request = _REQUEST.validate_json(line)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ValidationError):
            return _Reply(refused="this is no command that the running bot knows")
        try:
            async with asyncio.timeout(WORK_TIMEOUT_S):
                return _Reply(told=await self._carry_out(request))
        except (CannotResolve, CannotAdjust) as error:
            return _Reply(refused=str(error))
        except (EaselError, TimeoutError) as error:
            log.warning("a command could not be carried out", extra=_why(error))
            return _Reply()

    async def _carry_out(self, request: _Request) -> str:
        match request:
            case _Resolve():
                return await self._resolve(request.job, request.meant())
            case _Adjust():
                return await self._adjust(request.job, request.meant())
            case _:
                assert_never(request)


async def ask_to_resolve(folder: Path, prefix: str, verdict: Verdict, *, timeout_s: float = WORK_TIMEOUT_S * 2) -> str:
    """Lets the bot that owns the folder resolve the job; returns its words.

    Raises NobodyListens, CannotResolve with the bot's own words, NoAnswer where it may or may not have happened.
    """
    ticks = verdict.actual if isinstance(verdict, Paid) else None
    request = _Resolve(
        job=prefix[:_PREFIX_LENGTH],
        verdict="paid" if isinstance(verdict, Paid) else "unpaid",
        ticks=ticks,
        without_chain=verdict.without_chain,
    )
    return await _ask(folder, request, refused=CannotResolve, timeout_s=timeout_s)


async def ask_to_adjust(
    folder: Path, prefix: str, correction: Correction, *, timeout_s: float = WORK_TIMEOUT_S * 2
) -> str:
    """Lets the bot that owns the folder correct what the job has cost; returns its words.

    Raises NobodyListens, CannotAdjust with the bot's own words, NoAnswer where it may or may not have happened.
    """
    request = _Adjust(
        job=prefix[:_PREFIX_LENGTH],
        ticks=correction.difference,
        reason=correction.reason,
        author=correction.author,
        kind=correction.kind.value,
    )
    return await _ask(folder, request, refused=CannotAdjust, timeout_s=timeout_s)


async def _ask(folder: Path, request: _Request, *, refused: type[EaselError], timeout_s: float) -> str:
    try:
        async with asyncio.timeout(timeout_s):
            line = await _exchange(folder, request.model_dump_json().encode() + b"\n")
        reply = _Reply.model_validate_json(line)
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise NoAnswer("the running bot gave no answer: look with `jobs show` at what became of it") from None
    if reply.refused is not None:
        raise refused(reply.refused)
    if reply.told is None:
        raise NoAnswer("the running bot could not write: look with `jobs show` at what became of it")
    return reply.told


async def _exchange(folder: Path, line: bytes) -> bytes:
    try:
        with _address_in(folder) as address:
            reader, writer = await asyncio.open_unix_connection(address, limit=LINE_CAP)
    except OSError as error:
        raise NobodyListens(error.strerror or type(error).__name__) from None
    with closing(writer):
        writer.write(line)
        await writer.drain()
        return await reader.readuntil(b"\n")


@contextmanager
def _address_in(folder: Path) -> Iterator[str]:
    """A short path of the socket, good while this is open. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)


def _listener(address: str) -> socket.socket:
    """Bound, for its own user alone; nobody can connect before it listens. Raises OSError."""
    _forget(address)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(address)
        os.chmod(address, _MODE)
    except OSError:
        listener.close()
        raise
    return listener


def _forget(address: str) -> None:
    Path(address).unlink(missing_ok=True)


def _why(error: Exception) -> dict[str, str]:
    return {"error": type(error).__name__}

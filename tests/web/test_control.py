"""The running bot's control socket: one bounded line each way, for its own user alone, wherever the folder lies."""

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.core.errors import DatabaseUnavailable
from bot.core.money import MAX_TICKS, Ticks, usd
from bot.ledger.model import CorrectionKind
from bot.services.adjusting import CannotAdjust, Correction
from bot.services.resolving import CannotResolve, Paid, Unpaid, Verdict
from bot.web import control
from bot.web.control import NAME, ControlServer, NoAnswer, NobodyListens, ask_to_adjust, ask_to_resolve

REFUSED = {"refused": "this is no command that the running bot knows"}


class Resolver:
    """What stands behind the socket: notes what it was asked, and answers as it was told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Verdict]] = []
        self.corrected: list[tuple[str, Correction]] = []
        self.error: Exception | None = None
        self.waits = False

    async def adjust(self, prefix: str, correction: Correction) -> str:
        self.corrected.append((prefix, correction))
        if self.error is not None:
            raise self.error
        return f"job {prefix}: corrected"

    async def resolve(self, prefix: str, verdict: Verdict) -> str:
        self.asked.append((prefix, verdict))
        if self.waits:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return f"job {prefix} has failed"


@pytest.fixture
def resolver() -> Resolver:
    return Resolver()


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    """A folder whose path no socket's address can hold."""
    folder = tmp_path / ("d" * 100) / ("e" * 100)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
async def served(deep: Path, resolver: Resolver) -> AsyncIterator[Path]:
    async with ControlServer(deep, resolve=resolver.resolve, adjust=resolver.adjust):
        yield deep


async def say(folder: Path, line: bytes) -> object:
    """Sends the bytes as they are; the answer's fields, None where there is none."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        reader, writer = await asyncio.open_unix_connection(f"/proc/self/fd/{descriptor}/{NAME}")
    finally:
        os.close(descriptor)
    writer.write(line)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return json.loads(answer) if answer else None


@pytest.mark.parametrize(
    "verdict",
    [Unpaid(), Unpaid(without_chain=True), Paid(), Paid(actual=usd("0.03"), without_chain=True), Paid(actual=Ticks(0))],
)
async def test_a_command_arrives_as_it_was_given_and_its_words_come_back(
    served: Path, resolver: Resolver, verdict: Verdict
) -> None:
    assert await ask_to_resolve(served, "abc", verdict) == "job abc has failed"
    assert resolver.asked == [("abc", verdict)]


@pytest.mark.parametrize("difference", [usd("0.05"), -1, 0])
async def test_a_correction_arrives_as_it_was_given(served: Path, resolver: Resolver, difference: int) -> None:
    meant = Correction(difference=difference, reason="Rückerstattung\n🧾" * 18, author="ada")
    assert await ask_to_adjust(served, "abc", meant) == "job abc: corrected"
    assert (resolver.corrected, resolver.asked) == ([("abc", meant)], [])
    back = Correction(difference=-5, reason="a credit", author="ada", kind=CorrectionKind.CREDIT)
    await ask_to_adjust(served, "abc", back)
    assert resolver.corrected[1:] == [("abc", back)]
    resolver.error = CannotAdjust("no job begins with 'abc'")
    with pytest.raises(CannotAdjust, match="no job begins with 'abc'"):
        await ask_to_adjust(served, "abc", meant)


async def test_a_refusal_comes_back_in_the_bots_own_words(served: Path, resolver: Resolver) -> None:
    resolver.error = CannotResolve("no job begins with 'abc'")
    with pytest.raises(CannotResolve, match="no job begins with 'abc'"):
        await ask_to_resolve(served, "abc", Unpaid())


async def test_what_could_not_be_written_says_that_nobody_knows(
    served: Path, resolver: Resolver, caplog: pytest.LogCaptureFixture
) -> None:
    resolver.error = DatabaseUnavailable("the disk is full")
    with pytest.raises(NoAnswer, match="jobs show"):
        await ask_to_resolve(served, "abc", Unpaid())
    assert "a command could not be carried out" in caplog.messages


async def test_a_write_that_takes_for_ever_is_given_up(
    served: Path, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "WORK_TIMEOUT_S", 0.05)
    resolver.waits = True
    with pytest.raises(NoAnswer, match="could not write"):
        await ask_to_resolve(served, "abc", Unpaid())


async def test_who_asks_does_not_wait_for_ever_either(served: Path, resolver: Resolver) -> None:
    resolver.waits = True
    with pytest.raises(NoAnswer, match="gave no answer"):
        await ask_to_resolve(served, "abc", Unpaid(), timeout_s=0.05)


def _line(**changes: object) -> bytes:
    fields = {"verb": "resolve", "job": "abc", "verdict": "paid", "ticks": None, **changes}
    return json.dumps(fields).encode() + b"\n"


def _correction(**changes: object) -> bytes:
    fields = {"verb": "adjust", "job": "abc", "ticks": 1, "reason": "bill", "author": "ada", **changes}
    return json.dumps(fields).encode() + b"\n"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"resolve abc\n",
        b"[1]\n",
        b"\xff\xfe\n",
        b"{" * 2000 + b"\n",
        _line()[:-1],
        _line(verb="stop"),
        _line(verb=None),
        _line(verdict="perhaps"),
        _line(ticks=-1),
        _line(ticks=MAX_TICKS + 1),
        _line(ticks="1"),
        _line(ticks=1.5),
        _line(job=7),
        _line(job="a" * 201),
        _line(more="x"),
        _line(job="a" * 10_000),
        _line(verb="adjust"),
        _correction(reason=""),
        _correction(reason="r" * 301),
        _correction(author=" "),
        _correction(kind="gift"),
        _correction(kind="refund"),
        _correction(ticks=None),
        _correction(ticks=-MAX_TICKS - 1),
    ],
)
async def test_what_is_no_command_is_refused_and_nothing_happens(served: Path, resolver: Resolver, line: bytes) -> None:
    assert await say(served, line) == REFUSED
    assert (resolver.asked, resolver.corrected) == ([], [])


async def test_one_line_is_read_and_no_more(served: Path, resolver: Resolver) -> None:
    assert await say(served, _line() + _line(job="other")) == {"told": "job abc has failed"}
    assert resolver.asked == [("abc", Paid())]


async def test_who_says_nothing_is_sent_away(deep: Path, resolver: Resolver) -> None:
    async with ControlServer(deep, resolve=resolver.resolve, adjust=resolver.adjust, read_timeout_s=0.02):
        with control._address_in(deep) as address:
            reader, writer = await asyncio.open_unix_connection(address)
        assert json.loads(await reader.read()) == REFUSED
        writer.close()


async def test_more_callers_than_an_operator_has_hands_are_turned_away(
    served: Path, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "MAX_CALLERS", 1)
    resolver.waits = True
    first = asyncio.create_task(ask_to_resolve(served, "abc", Unpaid()))
    while not resolver.asked:
        await asyncio.sleep(0)
    with pytest.raises(NoAnswer):
        await ask_to_resolve(served, "other", Unpaid())
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert [prefix for prefix, _ in resolver.asked] == ["abc"]


async def test_who_hangs_up_before_the_answer_changes_nothing_for_the_next(served: Path, resolver: Resolver) -> None:
    with control._address_in(served) as address:
        _, writer = await asyncio.open_unix_connection(address)
    writer.write(_line())
    writer.transport.abort()
    assert await ask_to_resolve(served, "abc", Unpaid()) == "job abc has failed"


async def test_a_stop_does_not_wait_for_who_is_still_there(deep: Path, resolver: Resolver) -> None:
    resolver.waits = True
    async with ControlServer(deep, resolve=resolver.resolve, adjust=resolver.adjust):
        asking = asyncio.create_task(ask_to_resolve(deep, "abc", Unpaid()))
        while not resolver.asked:
            await asyncio.sleep(0)
    with pytest.raises(NoAnswer):
        await asking
    assert os.listdir(deep) == []


async def test_the_socket_is_for_its_own_user_alone_and_goes_with_the_server(deep: Path, resolver: Resolver) -> None:
    async with ControlServer(deep, resolve=resolver.resolve, adjust=resolver.adjust):
        found = (deep / NAME).stat()
        assert stat.S_ISSOCK(found.st_mode)
        assert stat.S_IMODE(found.st_mode) == 0o600
    assert not (deep / NAME).exists()


async def test_a_socket_that_a_killed_process_left_is_replaced(deep: Path, resolver: Resolver) -> None:
    with control._address_in(deep) as address, socket.socket(socket.AF_UNIX) as left:
        left.bind(address)
    with pytest.raises(NobodyListens, match="refused"):
        await ask_to_resolve(deep, "abc", Unpaid())
    async with ControlServer(deep, resolve=resolver.resolve, adjust=resolver.adjust):
        assert await ask_to_resolve(deep, "abc", Unpaid()) == "job abc has failed"


async def test_where_nobody_ever_listened_that_is_said(deep: Path) -> None:
    with pytest.raises(NobodyListens, match="No such file"):
        await ask_to_resolve(deep, "abc", Unpaid())
    with pytest.raises(NobodyListens, match="No such file"):
        await ask_to_resolve(deep / "none", "abc", Unpaid())


async def test_without_a_socket_the_bot_runs_all_the_same(
    deep: Path, resolver: Resolver, caplog: pytest.LogCaptureFixture
) -> None:
    (deep / NAME).mkdir()  # whatever stands there, it is no socket and cannot be removed as one
    async with ControlServer(deep, resolve=resolver.resolve, adjust=resolver.adjust):
        assert "no control socket: jobs can be resolved and corrected only while the bot is stopped" in caplog.messages
    assert (deep / NAME).is_dir()


async def test_an_address_that_cannot_be_bound_is_let_go_again(
    deep: Path, resolver: Resolver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(control, "NAME", "s" * 200)  # beyond what a socket's address holds
    async with ControlServer(deep, resolve=resolver.resolve, adjust=resolver.adjust):
        assert "no control socket: jobs can be resolved and corrected only while the bot is stopped" in caplog.messages


@asynccontextmanager
async def _answering(folder: Path, answer: bytes) -> AsyncIterator[None]:
    """A process of another kind on the socket."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    with control._address_in(folder) as address:
        server = await asyncio.start_unix_server(serve, address)
    async with server:
        yield


@pytest.mark.parametrize("answer", [b"", b"yes\n", b"{}", b"a" * 10_000, b'{"told": 1}\n', b'{"fine": "x"}\n'])
async def test_what_is_no_answer_says_that_nobody_knows(tmp_path: Path, answer: bytes) -> None:
    async with _answering(tmp_path, answer):
        with pytest.raises(NoAnswer, match="gave no answer"):
            await ask_to_resolve(tmp_path, "abc", Paid())

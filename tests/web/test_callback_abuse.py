"""Sections F and S13 of the matrices, by the thousand and by the megabyte: whoever finds the port changes nothing."""

import asyncio
import gzip
import json
import logging
import random
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.jobs.model import State
from bot.web import WebLimits
from tests.leaks import LEAKS
from tests.web.test_callbacks import KEY, MAX_BODY, OLD_KEY, WORK, Porch, serving, signed
from tests.web.test_server import exchange

LEAKS.watch("a key of Apiframe", KEY, OLD_KEY)

MIB = 1024 * 1024
GUESSES = 2_000
AT_ONCE = 16
SEED = 20_261_120
GIVEN = {"request_id": WORK}


@pytest.fixture
async def porch(tmp_path: Path) -> AsyncIterator[Porch]:
    async with serving(tmp_path) as opened:
        yield opened


def face(answer: bytes) -> bytes:
    """An answer without what differs from second to second."""
    return b"\r\n".join(line for line in answer.split(b"\r\n") if not line.startswith(b"Date: "))


def guesses(right: str) -> Iterator[str]:
    """Paths of all kinds; many are the right one but for a letter."""
    chance = random.Random(SEED)
    parts = right.split("/")
    signs = "0123456789abcdef/%.~-_ABCÀ\u200b\\:;@&=+$,!*'()"
    for number in range(GUESSES):
        made = list(parts)
        place = chance.randrange(1, len(made))
        match number % 5:
            case 0:
                at = chance.randrange(len(made[place]))
                other = chance.choice([sign for sign in "0123456789abcdefxyz" if sign != made[place][at]])
                made[place] = made[place][:at] + other + made[place][at + 1 :]
            case 1:
                made[place] = "".join(chance.choice(signs) for _ in range(chance.randrange(1, 80)))
            case 2:
                del made[place]
            case 3:
                made.insert(place, chance.choice(["..", ".", "callbacks", "%2e%2e", "x" * chance.randrange(1, 900)]))
            case _:
                made[-1] = "".join(chance.choice("0123456789abcdef") for _ in range(64))
        path = quote("/".join(made), safe="/%.~-_:;@&=+$,!*'()")
        # One that leads to the right place all the same (a prefix is the proxy's affair) is no guess.
        if not path.endswith(right):
            yield path


async def test_thousands_of_guessed_paths_all_get_one_answer_and_open_nothing(
    porch: Porch, caplog: pytest.LogCaptureFixture
) -> None:
    """F5: over real sockets, each with a body that would count."""
    caplog.set_level(logging.DEBUG)
    job = await porch.job()
    right = porch.path(job)
    body = json.dumps(GIVEN).encode()
    waiting = asyncio.Semaphore(AT_ONCE)

    async def guess(path: str) -> bytes:
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        async with waiting:
            return face(await exchange(porch.port, head + body))

    paths = list(guesses(right))
    assert len(set(paths)) > GUESSES // 2
    answers = await asyncio.gather(*map(guess, paths))
    faces = set(answers)
    assert len(faces) == 1, faces
    assert faces.pop().startswith(b"HTTP/1.1 404 ")
    assert await porch.look() == job
    assert porch.woken == 0
    assert right.rpartition("/")[2] not in caplog.text
    assert await porch.call(right) == 200


@pytest.mark.parametrize(
    "told",
    [
        ["COMPLETED", "IN_PROGRESS", "QUEUED"],
        ["IN_PROGRESS", "COMPLETED", "IN_PROGRESS"],
        ["ERROR", "COMPLETED"],
        ["COMPLETED", "FAILED", "COMPLETED"],
    ],
    ids="-".join,
)
async def test_in_whatever_order_callbacks_come_each_only_brings_a_look_forward(porch: Porch, told: list[str]) -> None:
    """F2: what they say of the work is not believed, so that it cannot contradict itself."""
    job = await porch.job()
    for word in told:
        body = {**GIVEN, "status": word, "output": {"media_url": ["https://a.example/b.png"]}}
        assert await porch.call(porch.path(job), body) == 200
    after = await porch.look()
    assert after.run_at == porch.clock.now()
    assert (after.state, after.result, after.polls, after.failures) == (State.WAITING, None, 0, 0)


async def test_signed_callbacks_out_of_order_and_one_of_an_hour_ago_change_no_more(porch: Porch) -> None:
    """F2, F7: a replay carries a good signature."""
    job = await porch.job(provider="apiframe")
    bodies = [json.dumps({"event": event, "jobId": WORK}).encode() for event in ("completed", "progress", "started")]
    for body in bodies:
        assert await porch.call(porch.path(job), body, signed(body)) == 200
    assert (await porch.look()).state is State.WAITING
    await porch.database.write(
        lambda tx: tx.execute("UPDATE job SET state = 'done', run_at = NULL, finished_at = 1 WHERE id = 'job1'")
    )
    ended, woken = await porch.look(), porch.woken
    porch.clock.advance(seconds=3_600)
    assert await porch.call(porch.path(job), bodies[0], signed(bodies[0])) == 200
    assert await porch.look() == ended
    assert porch.woken == woken


@pytest.mark.parametrize(
    "header", ["Content-Length: {size}", "Transfer-Encoding: chunked"], ids=["announced", "chunked"]
)
@pytest.mark.parametrize("size", [MAX_BODY + 1, 8 * MIB])
async def test_a_callback_over_a_mebibyte_is_refused(porch: Porch, header: str, size: int) -> None:
    """F8: with the limits as they are shipped; what is beyond them is never kept."""
    job = await porch.job()
    start = json.dumps(GIVEN).encode()
    body = start + b" " * (size - len(start))
    if "chunked" in header:
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (size, body)
    head = f"POST {porch.path(job)} HTTP/1.1\r\nHost: a\r\n{header.format(size=size)}\r\n\r\n".encode()
    # A sender that is still sending may find the connection cut before it can read why.
    assert (await exchange(porch.port, head + body))[:13] in (b"HTTP/1.1 404 ", b"")
    assert await porch.look() == job
    assert porch.woken == 0


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/nowhere", "/callbacks/pixazo/job1/" + "0" * 64])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_eight_megabytes_to_any_other_path_are_not_read(porch: Porch, method: str, path: str) -> None:
    await porch.job()
    body = b"x" * (8 * MIB)
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    payload = head + body
    tracemalloc.start()
    try:
        answer = await exchange(porch.port, payload)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    is_health = method == "GET" and path in ("/livez", "/readyz")
    assert answer[:13] in ((b"HTTP/1.1 200 ", b"") if is_health else (b"HTTP/1.1 404 ", b""))
    # The sender's own copy is the one that its socket could not take yet.
    assert most < 2 * len(body)


async def test_a_gzip_bomb_stays_as_small_as_it_came(porch: Porch) -> None:
    """F8: a mebibyte at most on the wire, nearly a gigabyte unpacked."""
    job = await porch.job()
    packed = gzip.compress(b" " * (256 * MIB) + json.dumps(GIVEN).encode(), compresslevel=1)
    bomb = packed[: MAX_BODY - 100]
    tracemalloc.start()
    try:
        status = await porch.call(porch.path(job), bomb, {"Content-Encoding": "gzip"})
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert status == 404
    assert most < 16 * MIB
    assert await porch.look() == job


async def test_many_callbacks_that_drip_do_not_keep_a_good_one_out(tmp_path: Path) -> None:
    """F8, S32: slow-loris at a right address, as many as there are places but one."""
    async with serving(tmp_path) as porch:
        job = await porch.job()
        head = f"POST {porch.path(job)} HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n{{".encode()
        held = []
        for _ in range(WebLimits().max_connections - 2):
            reader, writer = await asyncio.open_connection("127.0.0.1", porch.port)
            writer.write(head)
            held.append((reader, writer))
        try:
            assert await porch.call(porch.path(job)) == 200
            assert porch.woken == 1
        finally:
            for _, writer in held:
                writer.close()
                await writer.wait_closed()

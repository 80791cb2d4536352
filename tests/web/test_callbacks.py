"""Section F of the failure matrix at the door: real sockets, a real database, the real adapters."""

import asyncio
import gzip
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from bot.core.clock import ManualClock, Millis
from bot.core.ids import JobId, SystemRandomness
from bot.core.requests import ProviderName
from bot.db import Reader, Transaction
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.providers import catalogue, registry
from bot.services.callbacks import MAX_MISSES, CallbackDesk, Calls, server_key
from bot.web import CallbackDoor, CallbackLimits, Readiness, WebServer
from tests.jobs.bench import new
from tests.jobs.rig import FaultyDatabase
from tests.web.test_server import exchange

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = "https://easel.example/bot"
WORK = "work-1"
LATER = 60_000
KEY, OLD_KEY = "afk_key_123456", "afk_old_key_123456"
MAX_BODY = 1024 * 1024


class Porch:
    """A bot's callback port with everything behind it but the runner; `woken` counts what that was told."""

    def __init__(
        self, *, database: FaultyDatabase, gateways: registry.Registry, clock: ManualClock, calls: Calls
    ) -> None:
        self.database = database
        self.gateways = gateways
        self.clock = clock
        self.calls = calls
        self.woken = 0
        self.desk = CallbackDesk(database=database, registry=gateways, calls=calls, clock=clock, wake=self._wake)
        self.port = 0
        self.client: aiohttp.ClientSession

    def _wake(self) -> None:
        self.woken += 1

    async def job(self, name: str = "job1", state: State = State.WAITING, **columns: str | int | None) -> Job:
        """A job of Pixazo that is looked at in a minute, unless told otherwise."""
        now = self.clock.now()
        values = {"state": state, "provider": "pixazo", "run_at": now + LATER, "external_id": WORK, **columns}
        names = ", ".join(f"{column} = :{column}" for column in values)

        def write(tx: Transaction) -> None:
            jobs.insert(tx, new(name, at=now))
            tx.execute(f"UPDATE job SET {names} WHERE id = :id", {**values, "id": name})  # noqa: S608

        await self.database.write(write)
        return await self.look(name)

    async def look(self, name: str = "job1") -> Job:
        """The job as it stands."""

        def read(reader: Reader) -> Job | None:
            return jobs.get(reader, JobId(name))

        found = await self.database.read(read)
        assert found is not None
        return found

    def path(self, job: Job) -> str:
        """Where its gateway may call, as the proxy passes it on."""
        address = self.calls.address_of(job)
        assert address is not None
        return address.removeprefix(PUBLIC)

    async def call(self, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> int:
        """What a gateway is answered; by default to a callback of Pixazo about `WORK`."""
        data = body if isinstance(body, bytes) else json.dumps(body or {"request_id": WORK}).encode()
        async with self.client.post(path, data=data, headers=headers) as answer:
            return answer.status


@asynccontextmanager
async def serving(
    folder: Path, *, limits: CallbackLimits | None = None, door: CallbackDoor | None = None
) -> AsyncIterator[Porch]:
    clock = ManualClock()
    access = {
        ProviderName(name): registry.Access(key=key, base_url="http://127.0.0.1:9")
        for name, key in [("pixazo", "pixazo-key-1234"), ("apiframe", KEY), ("locus", "claw_dev_key")]
    }
    options = registry.Options(apiframe_old_keys=(OLD_KEY,))
    price_list = catalogue.load(ROOT / "data" / "catalogue.toml")
    async with (
        FaultyDatabase.open(folder / "easel.sqlite") as database,
        registry.build(access, price_list, clock=clock, options=options) as gateways,
    ):
        assert isinstance(database, FaultyDatabase)
        key = await server_key(database, SystemRandomness())
        calls = Calls(key=key, public_url=PUBLIC, registry=gateways)
        porch = Porch(database=database, gateways=gateways, clock=clock, calls=calls)
        server = WebServer(
            host="127.0.0.1",
            port=0,
            tick_ages=dict,
            readiness=lambda: Readiness(is_ready=True),
            callbacks=door or porch.desk,
            callback_limits=limits,
        )
        async with server, aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as client:
            porch.port, porch.client = server.port, client
            yield porch


@pytest.fixture
async def porch(tmp_path: Path) -> AsyncIterator[Porch]:
    async with serving(tmp_path) as opened:
        yield opened


def signed(body: bytes, key: str = KEY) -> dict[str, str]:
    """As Apiframe signs: HMAC-SHA256 over the raw body, with the SHA-256 of the key."""
    mac = hmac.new(hashlib.sha256(key.encode()).digest(), body, hashlib.sha256)
    return {"X-Webhook-Signature": f"sha256={mac.hexdigest()}"}


@pytest.mark.parametrize("prefix", ["", "/bot", "/a/b"])
async def test_a_callback_makes_a_waiting_job_due_now_and_wakes_the_runner(porch: Porch, prefix: str) -> None:
    job = await porch.job()
    assert await porch.call(prefix + porch.path(job)) == 200
    assert (await porch.look()).run_at == porch.clock.now()
    assert porch.woken == 1


async def test_an_unknown_job_whose_work_has_an_id_is_asked_for_again(porch: Porch) -> None:
    job = await porch.job(state=State.UNKNOWN, failures=7)
    assert await porch.call(porch.path(job)) == 200
    assert (await porch.look()).run_at == porch.clock.now()


@pytest.mark.parametrize("provider", ["pixazo", "apiframe"])
async def test_an_unknown_job_without_an_id_learns_it_from_its_gateways_call(porch: Porch, provider: str) -> None:
    """Its create answer was lost; only its gateway knows the address, and only a poll will tell what became of it."""
    job = await porch.job(state=State.UNKNOWN, external_id=None, provider=provider)
    body = json.dumps({"request_id": WORK, "jobId": WORK}).encode()
    headers = signed(body) if provider == "apiframe" else {}
    assert await porch.call(porch.path(job), body, {**headers, "Content-Type": "application/json"}) == 200
    found = await porch.look()
    assert (found.external_id, found.run_at, found.state) == (WORK, porch.clock.now(), State.UNKNOWN)
    assert porch.woken == 1


async def test_an_unknown_job_learns_no_id_from_an_unsigned_call_of_a_gateway_that_signs(porch: Porch) -> None:
    job = await porch.job(state=State.UNKNOWN, external_id=None, provider="apiframe")
    assert await porch.call(porch.path(job), {"jobId": WORK}) == 404
    assert await porch.look() == job


async def test_an_unknown_job_takes_no_id_that_another_job_has(porch: Porch) -> None:
    await porch.job("job2")
    job = await porch.job(state=State.UNKNOWN, external_id=None)
    assert await porch.call(porch.path(job)) == 200
    assert await porch.look() == job
    assert porch.woken == 0


async def test_a_gateway_that_called_is_trusted_until_it_is_silent_too_often(porch: Porch) -> None:
    """F9: what is called about is not awaited again; silence about other jobs counts, and one call makes it good."""
    first, other = await porch.job(), await porch.job("job2", external_id="work-2")
    assert not porch.calls.awaits(other)
    porch.calls.found_done(other)  # nothing was awaited
    assert await porch.call(porch.path(first)) == 200
    assert not porch.calls.awaits(first)
    for _ in range(MAX_MISSES):
        assert porch.calls.awaits(other)
        porch.calls.found_done(first)
        porch.calls.found_done(other)
    assert not porch.calls.awaits(other)
    porch.clock.advance(seconds=2)
    assert await porch.call(porch.path(first)) == 200
    assert porch.calls.awaits(other)


@pytest.mark.parametrize(
    ("state", "columns"),
    [
        (State.DONE, {"finished_at": 1, "run_at": None}),
        (State.FAILED, {"finished_at": 1, "run_at": None}),
        (State.DELIVERING, {}),
        (State.WAITING, {"result": "{}"}),
        (State.WAITING, {"failures": 1}),
        (State.WAITING, {"external_id": "work-2"}),
        (State.UNKNOWN, {"external_id": None, "result": "{}"}),
        (State.QUEUED, {"external_id": None}),
        (State.SUBMITTING, {"external_id": None}),
    ],
    ids=["done", "failed", "delivering", "answered", "in a backoff", "other work", "given up", "queued", "early"],
)
async def test_a_callback_that_can_do_nothing_is_heard_and_changes_no_row(
    porch: Porch, state: State, columns: Mapping[str, str | int | None]
) -> None:
    """F7, F10: 404 would only make the gateway call again."""
    job = await porch.job("job1", state, **columns)
    assert await porch.call(porch.path(job)) == 200
    assert await porch.look() == job
    assert porch.woken == 0


async def test_a_callback_for_a_job_that_was_deleted_is_heard(porch: Porch) -> None:
    """F10."""
    gone = replace(await porch.job(), id=JobId("gone"))
    assert await porch.call(porch.path(gone)) == 200
    assert porch.woken == 0


async def test_an_early_callback_makes_the_first_poll_come_at_once(porch: Porch) -> None:
    """F3: the id is not stored yet, so the callback is only noted."""
    job = await porch.job(state=State.SUBMITTING, external_id=None)
    now = porch.clock.now()
    planned = Millis(now + LATER)
    assert porch.calls.next_look(job.id, planned) == planned

    assert await porch.call(porch.path(job)) == 200
    assert porch.calls.next_look(job.id, planned) == now
    porch.calls.poll_begins(job.id)
    assert porch.calls.next_look(job.id, planned) == planned


async def test_duplicates_bring_one_poll_forward_and_at_most_one_each_second(porch: Porch) -> None:
    """F1, F2, F4: whatever keeps calling at a right address costs one poll a second."""
    job = await porch.job()
    path, first = porch.path(job), porch.clock.now()
    for _ in range(5):
        assert await porch.call(path) == 200
    assert (await porch.look()).run_at == first

    porch.calls.poll_begins(job.id)  # finds nothing new, and plans the next look
    await porch.database.write(lambda tx: tx.execute("UPDATE job SET run_at = ?", (first + LATER,)))
    porch.clock.advance(ms=300)
    for _ in range(5):
        assert await porch.call(path) == 200
        porch.clock.advance(ms=100)
    assert (await porch.look()).run_at == first + 1_000

    porch.clock.advance(ms=1_500)
    await porch.database.write(lambda tx: tx.execute("UPDATE job SET run_at = ?", (first + LATER,)))
    assert await porch.call(path) == 200
    assert (await porch.look()).run_at == porch.clock.now()


async def test_a_callback_during_a_poll_is_not_lost(porch: Porch) -> None:
    job = await porch.job(lease_owner="worker")
    first = porch.clock.now()
    planned = Millis(first + LATER)
    porch.calls.poll_begins(job.id)
    assert await porch.call(porch.path(job)) == 200
    assert porch.calls.next_look(job.id, planned) == first

    # The next poll is under way when the gateway calls once more, within the same second.
    porch.calls.poll_begins(job.id)
    porch.clock.advance(ms=400)
    assert await porch.call(porch.path(job)) == 200
    assert porch.calls.next_look(job.id, planned) == first + 1_000
    # An ordinary poll begins before that; who calls during it still gets the poll that was promised.
    porch.calls.poll_begins(job.id)
    porch.clock.advance(ms=100)
    assert await porch.call(porch.path(job)) == 200
    assert porch.calls.next_look(job.id, planned) == first + 1_000


async def test_a_clock_that_was_put_back_does_not_make_callbacks_deaf(porch: Porch) -> None:
    job = await porch.job()
    assert await porch.call(porch.path(job)) == 200
    porch.clock.advance(seconds=-3_600)
    assert await porch.call(porch.path(job)) == 200
    assert (await porch.look()).run_at == porch.clock.now()


async def test_whatever_is_wrong_with_an_address_gets_the_404_of_every_unknown_path(porch: Porch) -> None:
    """F5: nothing tells a guess that is nearly right from one that is not."""
    job = await porch.job()
    right = porch.path(job)
    mac = right.rpartition("/")[2]
    wrong = "0" if mac[-1] != "0" else "1"
    guesses = [
        ("POST", "/nowhere"),
        ("GET", right),
        ("PUT", right),
        ("HEAD", right),
        ("OPTIONS", right),
        ("POST", right[:-1] + wrong),
        ("POST", right[:-1]),
        ("POST", right + "0"),
        ("POST", right + "/"),
        ("POST", right.upper()),
        ("POST", right.replace("pixazo", "apiframe")),
        ("POST", right.replace("job1", "job2")),
        ("POST", right.replace("pixazo/job1", "pixazo%2Fjob1")),
        ("POST", f"/callbacks/pixazo/job1/{'0' * 64}"),
        ("POST", "/callbacks/pixazo/job1/%00%FF"),
        ("POST", "/callbacks/p%C3%AF/j%F0%9F%92%A9/m%C3%A4"),
        ("POST", "/callbacks/pixazo/job1/"),
        ("POST", "/callbacks/pixazo"),
    ]
    faces = set()
    for method, path in guesses:
        async with porch.client.request(method, path, data=b'{"request_id": "work-1"}') as answer:
            body = b"not found\n" if method == "HEAD" else await answer.read()
            headers = tuple(sorted((k, v) for k, v in answer.headers.items() if k != "Date"))
            faces.add((answer.status, body, headers))
    assert len(faces) == 1
    assert faces.pop()[:2] == (404, b"not found\n")
    assert await porch.look() == job


async def test_ten_thousand_guesses_open_nothing(porch: Porch) -> None:
    """F5."""
    job = await porch.job()
    guesses = (hashlib.sha256(str(number).encode()).hexdigest() for number in range(10_000))
    assert not any(porch.calls.is_address("pixazo", job.id, guess) for guess in guesses)
    mac = porch.path(job).rpartition("/")[2]
    assert porch.calls.is_address("pixazo", job.id, mac)
    assert not porch.calls.is_address("apiinone", job.id, mac)


async def test_a_body_that_is_not_understood_changes_nothing(porch: Porch) -> None:
    """F4: junk at a right address."""
    job = await porch.job()
    for junk in (b"", b"\x00\xff", b"[" * 100_000, b'{"request_id": {}}', b"request_id=work-1", b'"work-1"'):
        assert await porch.call(porch.path(job), junk) == 404
    assert await porch.look() == job
    assert porch.woken == 0


async def test_a_signed_callback_counts_only_with_its_signature_over_the_very_bytes(porch: Porch) -> None:
    """F6: also during a rotation of the key."""
    job = await porch.job(provider="apiframe")
    path, told = porch.path(job), {"event": "completed", "jobId": WORK}
    body, spaced = json.dumps(told).encode(), json.dumps(told, indent=1).encode()
    assert await porch.call(path, body) == 404
    assert await porch.call(path, body, signed(body, "another key")) == 404
    assert await porch.call(path, spaced, signed(body)) == 404
    assert await porch.look() == job
    assert await porch.call(path, body, signed(body, OLD_KEY)) == 200
    assert (await porch.look()).run_at == porch.clock.now()
    porch.clock.advance(seconds=2)
    assert await porch.call(path, body, signed(body)) == 200
    assert porch.woken == 2


async def test_a_body_over_the_bound_is_refused_whether_announced_or_not(tmp_path: Path) -> None:
    """F8: and neither is read to its end."""
    async with serving(tmp_path, limits=CallbackLimits(max_body_bytes=100, read_s=60)) as porch:
        job = await porch.job()
        head = f"POST {porch.path(job)} HTTP/1.1\r\nHost: a\r\n"
        announced = f"{head}Content-Length: 101\r\n\r\n"
        assert (await exchange(porch.port, announced.encode())).startswith(b"HTTP/1.1 404 ")
        chunk = "40\r\n" + " " * 64 + "\r\n"
        unannounced = f"{head}Transfer-Encoding: chunked\r\n\r\n{chunk}{chunk}"
        assert (await exchange(porch.port, unannounced.encode())).startswith(b"HTTP/1.1 404 ")
        assert await porch.look() == job


async def test_a_body_of_just_the_bound_is_read(porch: Porch) -> None:
    job = await porch.job()
    body = json.dumps({"request_id": WORK}).encode()
    assert await porch.call(porch.path(job), body + b" " * (MAX_BODY - len(body))) == 200


async def test_a_body_that_drips_is_given_up(tmp_path: Path) -> None:
    """F8: slow-loris."""
    async with serving(tmp_path, limits=CallbackLimits(read_s=0.05)) as porch:
        job = await porch.job()
        head = f"POST {porch.path(job)} HTTP/1.1\r\nHost: a\r\nContent-Length: 24\r\n\r\n{{".encode()
        assert (await exchange(porch.port, head)).startswith(b"HTTP/1.1 404 ")
        assert await porch.look() == job


async def test_a_body_is_never_unpacked(porch: Porch) -> None:
    """F8: gzip bomb."""
    job = await porch.job()
    packed = gzip.compress(json.dumps({"request_id": WORK}).encode())
    assert await porch.call(porch.path(job), packed, {"Content-Encoding": "gzip"}) == 404
    assert await porch.look() == job


async def test_what_cannot_be_noted_may_be_sent_again_and_then_counts(porch: Porch) -> None:
    job = await porch.job()
    porch.database.writes_fail = 1
    assert await porch.call(porch.path(job)) == 503
    assert await porch.look() == job
    assert await porch.call(porch.path(job)) == 200
    assert (await porch.look()).run_at == porch.clock.now()


async def test_a_database_that_does_not_answer_holds_no_callback_up(tmp_path: Path) -> None:
    async with serving(tmp_path, limits=CallbackLimits(act_s=0.05)) as porch:
        job = await porch.job()
        porch.database.hold = asyncio.Event()
        assert await porch.call(porch.path(job)) == 503
        porch.database.hold = None
        assert await porch.call(porch.path(job)) == 200


async def test_a_gateway_that_has_lost_its_key_is_a_stranger(porch: Porch) -> None:
    job = await porch.job(provider="apiinone")
    assert await porch.call(porch.path(job)) == 404
    assert await porch.look() == job


class Broken:
    """A door with a fault of ours."""

    def is_address(self, provider: str, job_id: str, mac: str) -> bool:
        return True

    async def receive(self, provider: str, job_id: str, headers: Mapping[str, str], body: bytes) -> bool:
        raise RuntimeError("broken")


async def test_no_log_line_holds_an_address(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """F5: not when it is right, not when it is refused, not when we fail."""
    caplog.set_level(logging.DEBUG)
    async with serving(tmp_path) as porch:
        job = await porch.job()
        path = porch.path(job)
        porch.database.writes_fail = 1
        answers = [await porch.call(path), await porch.call(path), await porch.call(path, b"junk")]
        async with porch.client.get(path) as answer:
            answers.append(answer.status)
        await exchange(porch.port, f"POST {path} HTTP/1.1\r\nBroken\r\n\r\n".encode())
    async with serving(tmp_path, door=Broken()) as porch:
        answers.append(await porch.call(path))
    assert answers == [503, 200, 404, 404, 500]
    assert "a web answer failed" in caplog.text
    said = [f"{record.getMessage()} {vars(record)}" for record in caplog.records]
    assert said
    assert not [line for line in said if path.rpartition("/")[2] in line]


async def test_addresses_are_the_same_after_a_restart_and_belong_to_one_job_of_one_bot(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with serving(tmp_path) as porch:
        job, second = await porch.job(), await porch.job("job2")
        address = porch.calls.address_of(job)
        assert address is not None
        assert address.startswith(f"{PUBLIC}/callbacks/pixazo/job1/")
        assert porch.path(second).rpartition("/")[2] != address.rpartition("/")[2]
    async with serving(tmp_path) as porch, serving(tmp_path / "other") as other:
        assert porch.calls.address_of(job) == address
        assert other.calls.address_of(job) != address


async def test_only_gateways_that_call_get_an_address_and_only_where_there_is_one(porch: Porch) -> None:
    assert porch.calls.address_of(await porch.job(provider="locus")) is None
    unreachable = Calls(key=b"key", public_url=None, registry=porch.gateways)
    assert unreachable.address_of(await porch.job("job2")) is None


async def test_of_very_many_jobs_the_oldest_callbacks_are_forgotten(porch: Porch) -> None:
    now = porch.clock.now()
    for number in range(10_001):
        assert porch.calls.note(JobId(f"job{number}"), now) == now
    assert porch.calls.next_look(JobId("job1"), Millis(now + 1)) == now
    assert porch.calls.next_look(JobId("job0"), Millis(now + 1)) == now + 1

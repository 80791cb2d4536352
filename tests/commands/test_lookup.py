"""`jobs lookup`: one free question, its answer in plain words, the `resolve` it speaks for, and nothing changed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bot import config
from bot.commands import CommandRefused, lookup
from bot.core.clock import DAY_MS, ManualClock, Millis, SystemClock
from bot.core.ids import JobId, hold_id_of
from bot.core.money import usd
from bot.db import Database, Transaction, lock_data_folder
from bot.ground import DATABASE_NAME
from bot.jobs import store as jobs
from bot.jobs.model import State
from bot.ledger import store as ledger
from bot.payments import store as payments
from bot.payments.signer import Signed
from tests.commands.account import KEYS, SECRETS, TOKEN, Account, account
from tests.commands.shop import NOW, PROMPT, ROOT, fill, opened, run
from tests.payments.test_store import approved

WORK = "work-1"
STATUS = f"/pixazo/v2/requests/status/{WORK}"
RESOLVE = "python -m bot jobs resolve abc"
PICTURE = "https://cdn.example/a.png"


@pytest.fixture
async def served() -> AsyncIterator[Account]:
    async with account() as made:
        yield made


async def _folder(folder: Path, **columns: str | int | None) -> Path:
    """A data folder with the unknown job "abc" of Pixazo; the columns are changed."""
    path = await fill(folder, unknown=("abc",))
    values = {"model": "grok-imagine-quality", "external_id": WORK, **columns}
    names = ", ".join(f"{name} = :{name}" for name in values)
    async with opened(path) as database:
        await database.write(lambda tx: tx.execute(f"UPDATE job SET {names} WHERE id = 'abc'", values))  # noqa: S608
    return folder


async def _look_up(folder: Path, served: Account, prefix: str = "abc", **settings: str) -> Sequence[str]:
    """The three lines. Nothing may be written, no secret and nothing of the prompt shown."""
    values = {**served.settings(*KEYS), "EASEL_DATA_DIR": str(folder), **settings}
    values["EASEL_CATALOGUE"] = str(ROOT / "data" / "catalogue.toml")
    overrides = {name.removeprefix("EASEL_").lower(): value for name, value in values.items()}
    before = await asyncio.to_thread((folder / DATABASE_NAME).read_bytes)
    with lock_data_folder(folder):  # as beside a running bot
        lines = await lookup.look_up(
            config.load(_env_file=None, **overrides), prefix=prefix, clock=ManualClock(NOW + DAY_MS)
        )
    assert await asyncio.to_thread((folder / DATABASE_NAME).read_bytes) == before
    text = "\n".join(lines)
    assert not [word for word in (*SECRETS, PROMPT, "fox", "\x1b") if word in text]
    assert len(lines) == 3
    return lines


@pytest.mark.parametrize(
    ("answer", "told", "advice"),
    [
        ({"status": "IN_PROGRESS"}, "pixazo: still drawing", "nothing to resolve yet: look again later"),
        (
            {"status": "COMPLETED", "output": {"media_url": [PICTURE, PICTURE]}},
            "pixazo: finished with 2 pictures; it does not say what it cost",
            f"to end it without that: {RESOLVE} --paid",
        ),
        (
            {"status": "COMPLETED", "output": {"media_url": PICTURE}},
            "pixazo: finished with 1 picture; it does not say what it cost",
            "the running bot fetches and posts it at its next look, ",
        ),
        (
            {"status": "ERROR", "error": "out of memory"},
            "pixazo: failed and not charged: ERROR: out of memory",
            f"to give the money back: {RESOLVE} --unpaid",
        ),
        (
            {"status": "FAILED", "error": "\x1b[2Jcannot draw"},
            "pixazo: failed, and it does not say whether it charged: FAILED: [2Jcannot draw",
            f"then: {RESOLVE} --paid USD, or --unpaid",
        ),
        (
            {"status": "FAILED", "error": f"refused: {PROMPT}"},
            "pixazo: failed, and it does not say whether it charged: FAILED: [withheld: it quotes the request]",
            "look at pixazo's dashboard for a call of ",
        ),
        (404, "pixazo: not known there, or no more: HTTP 404 to a poll: ", "look at pixazo's dashboard"),
        (401, "pixazo does not take this key: HTTP 401 to a poll: ", "look at pixazo's dashboard"),
        (503, "pixazo gave no answer just now: HTTP 503 to a poll: ", "nothing to resolve yet: look again later"),
        (b"<html>", "pixazo gave no answer just now: ", "nothing to resolve yet: look again later"),
    ],
)
async def test_what_the_gateway_says_is_said_in_plain_words(
    tmp_path: Path, served: Account, answer: object, told: str, advice: str
) -> None:
    folder = await _folder(tmp_path)
    served.answers[STATUS] = answer

    headline, finding, what_to_do = await _look_up(folder, served)

    assert headline.startswith("job abc is unknown, sent ")
    assert headline.endswith(" UTC to pixazo for grok-imagine-quality")
    assert finding.startswith(told)
    assert advice in what_to_do
    assert [(method, path) for method, path, _ in served.asked] == [("GET", STATUS)]


@pytest.mark.parametrize(
    ("answer", "told", "command"),
    [
        (
            {"status": "COMPLETED", "creditCost": 2.3591, "result": {"url": PICTURE}},
            "apiframe: finished with 1 picture; it cost $0.024",
            f"{RESOLVE} --paid 0.023591",
        ),
        (
            {"status": "COMPLETED", "creditCost": 4, "expired": True},
            "apiframe: failed and charged $0.04: the finished pictures have expired",
            f"to book that: {RESOLVE} --paid 0.04",
        ),
    ],
)
async def test_a_cost_that_is_told_goes_into_the_command_to_the_last_tick(
    tmp_path: Path, served: Account, answer: object, told: str, command: str
) -> None:
    folder = await _folder(tmp_path, provider="apiframe", model="grok-imagine")
    served.answers[f"/apiframe/jobs/{WORK}"] = answer

    _, finding, advice = await _look_up(folder, served)

    assert finding == told
    assert advice.endswith(command)


async def test_a_charge_without_a_figure_is_booked_as_it_was_held(tmp_path: Path, served: Account) -> None:
    folder = await _folder(tmp_path, provider="apiframe", model="grok-imagine")
    served.answers[f"/apiframe/jobs/{WORK}"] = {"status": "COMPLETED", "expired": True}

    _, finding, advice = await _look_up(folder, served)

    assert finding == "apiframe: failed and charged: the finished pictures have expired"
    assert advice == f"to book that: {RESOLVE} --paid"


@pytest.mark.parametrize(
    ("columns", "settings", "told"),
    [
        ({"external_id": None}, {}, "pixazo cannot be asked: no id was ever received from it"),
        ({}, {"EASEL_PIXAZO_API_KEY": ""}, "pixazo was not asked: it has no key here, set EASEL_PIXAZO_API_KEY"),
        (
            {"provider": "locus", "model": "grok-imagine", "external_id": "p1"},
            {},
            "locus cannot be asked; its dashboard knows the call as p1",
        ),
        (
            {"payload_version": 999},
            {},
            "pixazo was not asked: this program cannot read the order (payload version 999)",
        ),
    ],
)
async def test_where_nobody_can_be_asked_the_dashboard_is_named_with_time_and_price(
    tmp_path: Path, served: Account, columns: dict[str, str | int | None], settings: dict[str, str], told: str
) -> None:
    folder = await _folder(tmp_path, **columns)

    _, finding, advice = await _look_up(folder, served, **settings)

    assert finding == told
    assert "'s dashboard for a call of 20" in advice
    assert "at most $0.04" in advice
    assert ("about $" in advice) is ("payload_version" not in columns)
    assert advice.endswith(f"then: {RESOLVE} --paid USD, or --unpaid")
    assert served.asked == []


async def test_a_model_that_the_catalogue_has_dropped_has_no_listed_price(tmp_path: Path, served: Account) -> None:
    folder = await _folder(tmp_path, model="gone", external_id=None)

    _, _, advice = await _look_up(folder, served)

    assert "UTC, at most $0.04, then: " in advice


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        ("waiting", "the gateway is at work on it: nothing to resolve"),
        ("queued", "it is under way: nothing to resolve"),
    ],
)
async def test_a_job_that_is_under_way_is_not_to_be_resolved(
    tmp_path: Path, served: Account, state: str, advice: str
) -> None:
    folder = await _folder(tmp_path, state=state, submitted_at=None if state == "queued" else NOW)
    served.answers[STATUS] = {"status": "IN_PROGRESS"}

    headline, _, what_to_do = await _look_up(folder, served)

    assert ("never sent" in headline) is (state == "queued")
    assert what_to_do == advice


@pytest.mark.parametrize(("is_paid", "cost"), [(True, "$0.04 is booked"), (False, "nothing is booked")])
async def test_a_job_that_has_ended_is_looked_up_all_the_same(
    tmp_path: Path, served: Account, is_paid: bool, cost: str
) -> None:
    folder = await _folder(tmp_path)
    served.answers[STATUS] = {"status": "ERROR"}
    hold = hold_id_of(JobId("abc"))

    def end(tx: Transaction) -> None:
        if is_paid:
            ledger.presume(tx, hold_id=hold, at=NOW)
        else:
            ledger.void(tx, hold_id=hold, at=NOW, reason="over")
        job = jobs.get(tx, JobId("abc"))
        assert job is not None
        jobs.move(tx, job, State.FAILED, now=NOW)

    async with opened(folder / DATABASE_NAME) as database:
        await database.write(end)

    _, finding, advice = await _look_up(folder, served)

    assert finding.startswith("pixazo: failed and not charged")
    assert advice == f"it has ended, and {cost}: nothing to resolve"


async def test_letters_that_name_no_job_are_refused(tmp_path: Path, served: Account) -> None:
    with pytest.raises(CommandRefused, match="no job begins with 'z'"):
        await _look_up(await _folder(tmp_path), served, "z")


# What was paid by the call


async def _pay(database: Database, *, is_signed: bool, tx_hash: str, valid_before: Millis) -> None:
    def pay(tx: Transaction) -> None:
        payments.begin(tx, JobId("abc"), approved(), at=NOW, daily=usd("1"))
        if is_signed:
            signed = Signed(credential="Payment x", tx_hash=tx_hash, valid_before=valid_before)
            payments.signed(tx, JobId("abc"), signed, credential=b"sealed", at=NOW)

    await database.write(pay)


@pytest.mark.parametrize(
    ("is_signed", "valid_before", "rpc", "told"),
    [
        (False, 0, None, "it was to be paid by the call, and nothing was signed"),
        (True, 1, None, "the chain never had it and takes it no more: not paid"),
        (True, 4_000_000_000_000, None, "the chain does not have it and may still take it"),
        (True, 1, "http://127.0.0.1:1", "the chain was asked in vain: no answer from the RPC server"),
    ],
)
async def test_a_job_that_was_paid_by_the_call_is_looked_up_on_the_chain(
    tmp_path: Path, served: Account, is_signed: bool, valid_before: int, rpc: str | None, told: str
) -> None:
    pytest.importorskip("Crypto", reason="the extra `mpp` is not installed, and the pretend chain needs it")
    from sandbox.chain import PretendChain  # noqa: PLC0415 - needs the extra

    folder, tx_hash = await _folder(tmp_path, provider="locus", external_id=None), "0x" + "1" * 64
    async with opened(folder / DATABASE_NAME) as database:
        await _pay(database, is_signed=is_signed, tx_hash=tx_hash, valid_before=Millis(valid_before))
    async with PretendChain.start(clock=SystemClock()) as chain:
        _, finding, advice = await _look_up(folder, served, EASEL_LOCUS_RPC_URL=rpc or chain.rpc_url)

    assert told in finding
    assert (tx_hash in finding) is is_signed
    assert advice == "nothing to resolve: the running bot asks the chain every minute and books what it says"
    assert served.asked == []


# As a process


async def test_the_command_line_looks_a_job_up(served: Account, tmp_path: Path) -> None:
    folder = await _folder(tmp_path)
    served.answers[STATUS] = {"status": "ERROR", "error": "broken"}
    settings = served.settings("pixazo") | {"EASEL_CATALOGUE": str(ROOT / "data" / "catalogue.toml")}

    done = await asyncio.to_thread(run, folder, "jobs", "lookup", "ab", cwd=tmp_path, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert "failed and not charged" in done.stdout
    assert TOKEN not in done.stdout

    bare = await asyncio.to_thread(run, folder, "jobs", "lookup", "ab", cwd=tmp_path)
    assert bare.returncode == 78
    assert bare.stderr == "easel: EASEL_DISCORD_TOKEN: is missing\n"

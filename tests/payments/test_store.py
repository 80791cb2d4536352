"""The rows: one payment for each job and each challenge, and a day's limit that stops exactly."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.clock import DAY_MS, Millis
from bot.core.errors import FenceLost
from bot.core.ids import JobId
from bot.core.money import Ticks, usd
from bot.db import Database, Transaction
from bot.payments import store
from bot.payments.model import FINALITY_MS, AlreadyPaying, DaySpent, Payment, PaymentState
from bot.payments.policy import Approved, CallKind
from bot.payments.signer import Signed
from tests.payments.headers import NOW, RECIPIENT, challenge
from tests.payments.rows import accept

DAILY = usd("1")
PRICE = usd("0.023")
VALID_BEFORE = Millis(NOW + 60_000)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "easel.db") as opened:
        yield opened


@pytest.fixture
async def job(database: Database) -> JobId:
    return await database.write(lambda tx: accept(tx, NOW))


def approved(name: str = "challenge-1") -> Approved:
    read = challenge(id=name)
    return Approved(
        kind=CallKind.CALL,
        challenge=read,
        recipient=RECIPIENT.lower(),
        amount=PRICE,
        units=23000,
        expires_at=read.expires_at or NOW,
    )


def signature(name: str = "aa") -> Signed:
    return Signed(credential="Payment x", tx_hash="0x" + name * 32, valid_before=VALID_BEFORE)


def begin(tx: Transaction, job_id: JobId, name: str = "challenge-1", daily: Ticks = DAILY) -> None:
    store.begin(tx, job_id, approved(name), at=NOW, daily=daily)


def sign(tx: Transaction, job_id: JobId) -> None:
    store.signed(tx, job_id, signature(), credential=b"sealed", at=NOW)


async def payment(database: Database, job_id: JobId) -> Payment:
    found = await database.read(lambda reader: store.get(reader, job_id))
    assert found is not None
    return found


async def signed_today(database: Database) -> Ticks:
    return await database.read(lambda reader: store.signed_on(reader, NOW))


async def test_a_payment_is_written_before_it_is_signed_and_again_before_it_is_sent(
    database: Database, job: JobId
) -> None:
    await database.write(lambda tx: begin(tx, job))
    begun = await payment(database, job)
    await database.write(lambda tx: sign(tx, job))
    sent = await payment(database, job)

    assert (begun.state, begun.amount, begun.tx_hash, begun.credential) == (PaymentState.SIGNING, PRICE, None, None)
    assert (begun.recipient, begun.challenge_id, begun.reference) == (RECIPIENT.lower(), "challenge-1", None)
    assert begun.final_at == begun.expires_at + FINALITY_MS
    assert (sent.state, sent.tx_hash, sent.credential) == (PaymentState.SENT, "0x" + "aa" * 32, b"sealed")
    assert sent.final_at == VALID_BEFORE + FINALITY_MS
    assert sent.reference == sent.tx_hash
    assert "sealed" not in repr(sent)
    assert await signed_today(database) == PRICE


async def test_a_job_and_a_challenge_are_paid_once(database: Database, job: JobId) -> None:
    other = await database.write(lambda tx: accept(tx, NOW))
    await database.write(lambda tx: begin(tx, job))

    for job_id, name in ((job, "challenge-2"), (other, "challenge-1"), (job, "challenge-1")):
        with pytest.raises(AlreadyPaying):
            await database.write(lambda tx, job_id=job_id, name=name: begin(tx, job_id, name))  # type: ignore[misc]
    assert await signed_today(database) == PRICE
    assert await database.read(lambda reader: store.get(reader, other)) is None


async def test_what_was_never_signed_may_begin_anew_and_gives_its_day_the_money_back(
    database: Database, job: JobId
) -> None:
    await database.write(lambda tx: begin(tx, job))
    await database.write(lambda tx: store.unsigned(tx, job, note="no answer", at=NOW))

    assert (await payment(database, job)).state is PaymentState.UNPAID
    assert (await payment(database, job)).note == "no answer"
    assert await signed_today(database) == 0
    await database.write(lambda tx: begin(tx, job, "challenge-2"))
    assert (await payment(database, job)).challenge_id == "challenge-2"
    assert await signed_today(database) == PRICE


async def test_what_was_signed_never_begins_anew_and_stays_counted(database: Database, job: JobId) -> None:
    await database.write(lambda tx: begin(tx, job))
    await database.write(lambda tx: sign(tx, job))
    await database.write(lambda tx: store.decided(tx, job, is_paid=False, at=NOW))

    with pytest.raises(AlreadyPaying):
        await database.write(lambda tx: begin(tx, job, "challenge-2"))
    assert await signed_today(database) == PRICE


async def test_the_days_limit_stops_exactly_with_fifty_at_once(database: Database) -> None:
    jobs = [await database.write(lambda tx: accept(tx, NOW)) for _ in range(50)]
    daily = Ticks(PRICE * 7 + 1)

    async def one(job_id: JobId) -> bool:
        try:
            await database.write(lambda tx: begin(tx, job_id, f"challenge-{job_id}", daily))
        except DaySpent:
            return False
        return True

    assert sum(await asyncio.gather(*(one(job_id) for job_id in jobs))) == 7
    assert await signed_today(database) == PRICE * 7
    assert len(await database.read(store.undecided)) == 7
    assert await database.read(lambda reader: store.signed_on(reader, Millis(NOW + DAY_MS))) == 0


async def test_a_first_payment_above_the_days_limit_makes_no_row(database: Database, job: JobId) -> None:
    with pytest.raises(DaySpent):
        await database.write(lambda tx: begin(tx, job, daily=Ticks(PRICE - 1)))

    assert await database.read(lambda reader: store.get(reader, job)) is None


@pytest.mark.parametrize(("is_ours", "state"), [(True, "settled"), (False, "settled_no_receipt")])
async def test_a_success_settles_and_gives_up_the_credential(
    database: Database, job: JobId, is_ours: bool, state: str
) -> None:
    await database.write(lambda tx: begin(tx, job))
    await database.write(lambda tx: sign(tx, job))
    await database.write(lambda tx: store.settled(tx, job, receipt="told", is_ours=is_ours, at=NOW))
    row = await payment(database, job)

    assert (row.state, row.receipt, row.credential) == (state, "told", None)
    assert await database.read(store.undecided) == ()


@pytest.mark.parametrize(("is_paid", "state"), [(True, "settled_no_receipt"), (False, "unpaid")])
async def test_a_doubt_keeps_what_is_known_until_it_is_decided(
    database: Database, job: JobId, is_paid: bool, state: str
) -> None:
    await database.write(lambda tx: begin(tx, job))
    await database.write(lambda tx: sign(tx, job))
    await database.write(lambda tx: store.doubted(tx, job, payment_id="ref-1", note="HTTP 502" * 99, at=NOW))
    await database.write(lambda tx: store.doubted(tx, job, payment_id=None, note="again", at=NOW))
    doubted = await payment(database, job)
    assert (doubted.state, doubted.payment_id, doubted.reference) == (PaymentState.UNKNOWN, "ref-1", "ref-1")
    assert (doubted.note, doubted.credential) == ("again", b"sealed")
    assert await database.read(store.undecided) == (doubted,)

    await database.write(lambda tx: store.decided(tx, job, is_paid=is_paid, at=Millis(NOW + 5)))

    assert await payment(database, job) == replace(
        doubted, state=PaymentState(state), credential=None, updated_at=Millis(NOW + 5)
    )


async def test_every_step_is_taken_from_the_right_state_alone(database: Database, job: JobId) -> None:
    steps = (
        sign,
        lambda tx, job_id: store.settled(tx, job_id, receipt=None, is_ours=True, at=NOW),
        lambda tx, job_id: store.doubted(tx, job_id, payment_id=None, note="", at=NOW),
        lambda tx, job_id: store.decided(tx, job_id, is_paid=True, at=NOW),
        lambda tx, job_id: store.unsigned(tx, job_id, note="", at=NOW),
    )
    for step in steps:
        with pytest.raises(FenceLost):
            await database.write(lambda tx, step=step: step(tx, job))  # type: ignore[misc]
    await database.write(lambda tx: begin(tx, job))
    await database.write(lambda tx: sign(tx, job))
    await database.write(lambda tx: store.decided(tx, job, is_paid=True, at=NOW))
    for step in steps:
        with pytest.raises(FenceLost):
            await database.write(lambda tx, step=step: step(tx, job))  # type: ignore[misc]


async def test_a_credential_is_forgotten_once_no_chain_takes_it(database: Database, job: JobId) -> None:
    await database.write(lambda tx: begin(tx, job))
    await database.write(lambda tx: sign(tx, job))

    assert await database.write(lambda tx: store.forget_credentials(tx, final_before=Millis(VALID_BEFORE - 1))) == 0
    assert await database.write(lambda tx: store.forget_credentials(tx, final_before=VALID_BEFORE)) == 1
    assert (await payment(database, job)).credential is None
    assert (await payment(database, job)).state is PaymentState.SENT

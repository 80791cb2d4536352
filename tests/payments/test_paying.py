"""Paid once for each job, whatever the gateway does: the cases of the fact sheet's table."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.clock import MINUTE_MS
from bot.core.errors import Charged, GenerationFailed, OutcomeUnknown, ProviderError, RetryLater
from bot.core.ids import hold_id_of
from bot.core.money import Ticks, usd
from bot.core.requests import PictureFormat, SourcePicture, Verb
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.ledger import store as ledger
from bot.ledger.check import check
from bot.ledger.model import EntryKind, HoldState
from bot.payments import store
from bot.payments.model import PaymentState
from bot.payments.policy import TICKS_PER_UNIT, USDC_E, Approved, Because
from bot.payments.signer import Signed, Signer, SigningFailed, WalletKey
from bot.providers.contract import Accepted, ExternalId, Finished, PaymentRequired, SubmitContext
from bot.providers.locus_mpp import PaidFinished
from bot.services.books import booked_for
from bot.services.paying import PaymentDeclined
from bot.services.payment_sweep import Swept
from bot.services.settlement import Settlement
from tests.payments.rows import OWNER, again

pytest.importorskip("pytempo", reason="the extra `mpp` is not installed, so nothing can be signed")

from sandbox.chain.locus import PAYMENT_ID, PRICE, RECIPIENT, Trick
from tests.payments.house import KEY, ORDER, House, house, policy_at

AFTER = 10 * MINUTE_MS  # the challenge, the transaction and its finality are over


@pytest.fixture
async def paid(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


async def unknown(paid: House) -> tuple[Job, OutcomeUnknown]:
    """A job whose payment is in doubt, ended as the runner's handler ends it."""
    job = await paid.job()
    with pytest.raises(OutcomeUnknown) as caught:
        await paid.pay(job)
    ended = await paid.fail(job, caught.value)
    assert ended.state is State.UNKNOWN
    assert (await paid.hold(job)).state is HoldState.OPEN
    return ended, caught.value


async def test_a_call_is_paid_answered_and_receipted(paid: House) -> None:
    job = await paid.job()
    answer = await paid.pay(job)
    row = await paid.payment(job)

    assert isinstance(answer, Finished)
    assert answer.cost == PRICE == usd("0.023")
    assert len(answer.pictures) == 1
    assert answer.served_model == "grok-imagine-image-2.0"
    (settled,) = paid.server.transfers
    assert (settled.transfer.units, settled.transfer.recipient) == (23_000, RECIPIENT)
    assert (settled.transfer.currency, settled.transfer.fee_token) == (USDC_E, USDC_E)
    assert (row.state, row.tx_hash, row.amount) == (PaymentState.SETTLED, settled.tx_hash, PRICE)
    assert row.receipt is not None
    assert row.credential is None
    assert await paid.signed_today() == PRICE
    assert await paid.sweep() == Swept()
    assert len(paid.locus.credentials) == 1


@pytest.mark.parametrize(
    ("trick", "because"),
    [
        (Trick.TOO_DEAR, Because.OVER_CALL_CAP),
        (Trick.STRANGER, Because.RECIPIENT),
        (Trick.OTHER_TOKEN, Because.TOKEN),
        (Trick.OTHER_CHAIN, Because.CHAIN),
        (Trick.OTHER_REALM, Because.REALM),
        (Trick.NO_EXPIRY, Because.NO_EXPIRY),
        (Trick.EXPIRED, Because.EXPIRES_TOO_SOON),
        (Trick.SPLITS, Because.SPLITS),
        (Trick.FEE_PAYER, Because.FEE_PAYER),
        (Trick.DECIMAL_AMOUNT, Because.AMOUNT),
        (Trick.TWO_CHALLENGES, Because.SEVERAL),
    ],
)
async def test_a_challenge_outside_the_policy_is_never_signed(paid: House, trick: Trick, because: Because) -> None:
    paid.locus.trick = trick
    job = await paid.job()

    with pytest.raises(PaymentDeclined) as caught:
        await paid.pay(job)

    assert (caught.value.because, caught.value.charged) == (because, Charged.NO)
    assert paid.server.transfers == []
    assert not paid.server.asked  # the chain's server was not even asked for the price of gas
    assert paid.locus.credentials == []
    assert await paid.database.read(store.undecided) == ()
    assert await paid.signed_today() == 0


async def test_the_operator_is_alarmed_once_for_each_reason(paid: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for trick in (Trick.STRANGER, Trick.STRANGER, Trick.TOO_DEAR):
        paid.locus.trick = trick
        with pytest.raises(PaymentDeclined):
            await paid.pay(await paid.job())

    levels = [record.levelno for record in caplog.records if record.message == "a payment was declined"]
    assert levels == [logging.ERROR, logging.INFO, logging.ERROR]


async def test_no_more_is_paid_than_the_job_holds(paid: House) -> None:
    poor = await paid.job(held=Ticks(PRICE - 1))
    with pytest.raises(PaymentDeclined, match="over_hold"):
        await paid.pay(poor)
    ended = await paid.job()
    await paid.fail(ended, GenerationFailed("elsewhere", charged=Charged.NO))

    with pytest.raises(PaymentDeclined, match="over_hold"):
        await paid.pay(ended)
    assert paid.server.transfers == []


async def test_twenty_calls_side_by_side_are_twenty_payments(paid: House) -> None:
    work = [await paid.job() for _ in range(20)]

    answers = await asyncio.gather(*(paid.pay(job) for job in work))

    assert all(isinstance(answer, PaidFinished) for answer in answers)
    assert len({one.tx_hash for one in paid.server.transfers}) == 20
    assert {(await paid.payment(job)).state for job in work} == {PaymentState.SETTLED}
    assert await paid.signed_today() == PRICE * 20


async def test_the_days_limit_stops_exactly_side_by_side(paid: House) -> None:
    paying = paid.rebuilt(daily=PRICE * 3)
    work = [await paid.job() for _ in range(6)]

    answers = await asyncio.gather(*(paid.pay(job, paying=paying) for job in work), return_exceptions=True)

    declined = [answer for answer in answers if isinstance(answer, PaymentDeclined)]
    assert [error.because for error in declined] == [Because.OVER_DAY] * 3
    assert len(paid.server.transfers) == 3
    assert await paid.signed_today() == PRICE * 3


async def test_a_gateway_that_keeps_asking_is_paid_once(paid: House) -> None:
    paid.locus.trick = Trick.ASKS_AGAIN
    job, error = await unknown(paid)

    assert len(paid.server.transfers) == len(paid.locus.credentials) == 1
    assert error.payment_ref == paid.server.transfers[0].tx_hash
    assert (await paid.payment(job)).state is PaymentState.UNKNOWN
    assert await paid.sweep() == Swept(paid=1)
    ended = await again(paid.database, job)
    assert ended.state is State.FAILED
    assert await paid.booked(job) == PRICE
    assert (await paid.payment(job)).state is PaymentState.SETTLED_NO_RECEIPT
    assert len(paid.server.transfers) == 1


@pytest.mark.parametrize("trick", [Trick.UPSTREAM_FAILED, Trick.BAD_REQUEST, Trick.MODERATED, Trick.FORBIDDEN])
async def test_a_refusal_after_paying_is_sent_once_and_left_to_the_chain(paid: House, trick: Trick) -> None:
    paid.locus.trick = trick
    job, error = await unknown(paid)
    row = await paid.payment(job)

    assert len(paid.server.transfers) == len(paid.locus.credentials) == 1
    assert error.payment_ref == row.payment_id == PAYMENT_ID
    assert row.state is PaymentState.UNKNOWN
    assert (row.note or "").startswith("HTTP ")
    assert await paid.sweep() == Swept(paid=1)
    assert (await paid.hold(job)).state is HoldState.POSTED
    assert (await paid.payment(job)).payment_id == PAYMENT_ID


async def test_a_timeout_after_paying_sends_the_same_bytes_once_more_and_pays_nothing_more(tmp_path: Path) -> None:
    async with house(tmp_path, submit_s=0.5) as paid:
        paid.locus.trick = Trick.SILENT
        job, _ = await unknown(paid)

        assert len(paid.locus.credentials) == 2
        assert len(set(paid.locus.credentials)) == 1
        assert len(paid.server.transfers) == 1
        assert await paid.sweep() == Swept(paid=1)
        assert await paid.booked(job) == PRICE


async def test_a_connection_cut_after_paying_pays_nothing_more(paid: House) -> None:
    """The same bytes are sent once more: to a credential that was used the gateway says 403, and nothing is paid."""
    paid.locus.trick = Trick.CUT_ONCE
    job, error = await unknown(paid)

    assert "HTTP 403" in str(error)
    assert len(paid.locus.credentials) == 2
    assert len(set(paid.locus.credentials)) == 1
    assert len(paid.server.transfers) == 1
    assert await paid.sweep() == Swept(paid=1)
    assert await paid.booked(job) == PRICE


async def test_a_payment_that_never_reached_the_chain_is_given_back_once_that_is_sure(paid: House) -> None:
    paid.locus.trick = Trick.CUT_BEFORE
    job, _ = await unknown(paid)

    assert paid.server.transfers == []
    assert await paid.sweep() == Swept(open=1)
    paid.clock.shift_ms = AFTER
    paid.server.lag_s = AFTER // 1000 - 5
    assert await paid.sweep() == Swept(open=1)  # the chain's server lags behind
    assert (await paid.payment(job)).credential is None  # but nobody could use what was signed any more
    paid.server.lag_s = 0
    assert await paid.sweep() == Swept(unpaid=1)
    ended = await again(paid.database, job)
    assert (ended.state, (await paid.hold(job)).state) == (State.FAILED, HoldState.VOIDED)
    assert (await paid.payment(job)).state is PaymentState.UNPAID
    assert await paid.booked(job) == 0


async def test_our_own_clock_alone_does_not_make_a_payment_missing(paid: House) -> None:
    paid.locus.trick = Trick.CUT_BEFORE
    job, _ = await unknown(paid)
    row = await paid.payment(job)
    paid.clock.shift_ms = row.final_at - paid.clock.now() - 5_000

    assert await paid.sweep() == Swept(open=1)  # past valid_before, not yet a minute past it
    assert (await paid.hold(job)).state is HoldState.OPEN


async def test_a_transaction_that_the_chain_reverted_was_not_paid(paid: House) -> None:
    paid.server.fails = True
    job, _ = await unknown(paid)

    assert await paid.sweep() == Swept(unpaid=1)
    assert (await paid.hold(job)).state is HoldState.VOIDED


async def test_a_success_without_a_picture_was_paid(paid: House) -> None:
    paid.locus.trick = Trick.NO_PICTURE
    job = await paid.job()

    with pytest.raises(GenerationFailed) as caught:
        await paid.pay(job)

    assert (caught.value.charged, caught.value.cost) == (Charged.YES, PRICE)
    assert (await paid.payment(job)).state is PaymentState.SETTLED_NO_RECEIPT
    await paid.fail(job, caught.value)
    assert await paid.booked(job) == PRICE


@pytest.mark.parametrize("trick", [Trick.NO_RECEIPT, Trick.FALSE_RECEIPT])
async def test_a_success_without_our_receipt_is_used_and_flagged(
    paid: House, trick: Trick, caplog: pytest.LogCaptureFixture
) -> None:
    paid.locus.trick = trick
    job = await paid.job()
    answer = await paid.pay(job)

    assert isinstance(answer, Finished)
    assert answer.cost == PRICE
    row = await paid.payment(job)
    assert (row.state, row.receipt) == (PaymentState.SETTLED_NO_RECEIPT, None)
    assert "a payment was taken without a receipt" in caplog.messages


async def test_the_paid_request_is_the_very_one_that_a_bound_challenge_names(paid: House) -> None:
    """D11: the digest of the probe's body fits the paid one's, byte for byte."""
    paid.locus.trick = Trick.BOUND
    assert isinstance(await paid.pay(await paid.job()), Finished)
    assert len(paid.server.transfers) == 1


async def test_a_body_of_eight_megabytes_is_paid_once(paid: House) -> None:
    """It goes up twice: with the probe, and with the payment."""
    picture = SourcePicture(data=b"\x89PNG" + bytes(6 * 1024 * 1024), format=PictureFormat.PNG)
    large = replace(ORDER, verb=Verb.EDIT, sources=(picture,), aspect_ratio=None)
    job = await paid.job()
    unpaid = await paid.provider.submit(large, SubmitContext(idempotency_key=job.idempotency_key))
    assert isinstance(unpaid, PaymentRequired)
    assert isinstance(await paid.paying.submit(job, large, paid.provider, unpaid), Finished)
    assert (paid.locus.probes, len(paid.server.transfers)) == (1, 1)


async def test_an_empty_wallet_pays_nothing_and_leaves_no_doubt(paid: House, caplog: pytest.LogCaptureFixture) -> None:
    """D14: a payment that the wallet cannot cover is not signed, so that the job can go elsewhere at once."""
    paid.server.balance = PRICE // TICKS_PER_UNIT  # enough for the call, not for the fee
    job = await paid.job()
    with pytest.raises(PaymentDeclined, match="wallet_empty"):
        await paid.pay(job)
    assert (await paid.payment(job)).state is PaymentState.UNPAID
    assert (paid.locus.credentials, paid.server.transfers, await paid.signed_today()) == ([], [], 0)
    assert "the wallet holds too little" in str([vars(one) for one in caplog.records])
    paid.server.balance = 25_000_000
    assert isinstance(await paid.pay(job), Finished)


async def test_a_slow_answer_is_waited_for(paid: House) -> None:
    paid.locus.trick, paid.locus.silence_s = Trick.SLOW, 0.3
    job = await paid.job()

    assert isinstance(await paid.pay(job), Finished)
    assert len(paid.locus.credentials) == 1


async def test_with_the_chains_server_down_nothing_is_signed_and_the_job_may_try_again(paid: House) -> None:
    down = Signer(key=WalletKey(KEY), policy=policy_at(paid.locus.base_url), rpc_url="http://127.0.0.1:9/")
    job = await paid.job()

    with pytest.raises(RetryLater):
        await paid.pay(job, paying=paid.rebuilt(signer=down))
    assert (await paid.payment(job)).state is PaymentState.UNPAID
    assert await paid.signed_today() == 0
    assert paid.locus.credentials == []
    assert isinstance(await paid.pay(job), Finished)
    assert len(paid.server.transfers) == 1
    assert await paid.signed_today() == PRICE


async def test_a_server_of_another_chain_signs_nothing(paid: House) -> None:
    paid.server.chain_id = 42431
    job = await paid.job()

    with pytest.raises(PaymentDeclined, match="not_signed"):
        await paid.pay(job)
    assert paid.server.transfers == []
    assert await paid.signed_today() == 0


async def test_a_challenge_is_not_paid_for_two_jobs(paid: House) -> None:
    unpaid = await paid.probe()
    await paid.paying.submit(await paid.job(), ORDER, paid.provider, unpaid)

    with pytest.raises(PaymentDeclined, match="paid_before"):
        await paid.paying.submit(await paid.job(), ORDER, paid.provider, unpaid)
    assert len(paid.server.transfers) == 1


async def test_a_job_that_has_paid_never_pays_again(paid: House) -> None:
    job = await paid.job()
    await paid.pay(job)
    for step in (paid.pay(job), paid.paying.recover(job, ORDER, paid.provider)):
        with pytest.raises(GenerationFailed, match="the answer was lost") as lost:
            await step
        assert (lost.value.charged, lost.value.cost) == (Charged.YES, PRICE)

    paid.locus.trick = Trick.ASKS_AGAIN
    doubted = await paid.job()
    for _ in range(3):
        with pytest.raises(OutcomeUnknown):
            await paid.pay(doubted)
    await paid.database.write(lambda tx: store.decided(tx, doubted.id, is_paid=False, at=paid.clock.now()))
    with pytest.raises(GenerationFailed, match="not tried again") as unpaid:
        await paid.pay(doubted)
    assert unpaid.value.charged is Charged.NO
    assert len(paid.server.transfers) == len(paid.locus.credentials) == 2


class Stopped(Exception):
    """Ends a step as a defect would, in the middle."""


class _Late:
    """A signer that takes longer than the challenge lives."""

    def __init__(self, paid: House) -> None:
        self._own = Signer(key=WalletKey(KEY), policy=policy_at(paid.locus.base_url), rpc_url=paid.server.rpc_url)
        self._paid = paid

    async def sign(self, approved: Approved) -> Signed:
        signed = await self._own.sign(approved)
        self._paid.clock.shift_ms = AFTER
        return signed


async def test_what_was_signed_too_late_is_not_sent(paid: House) -> None:
    job = await paid.job()

    with pytest.raises(OutcomeUnknown, match="before the payment was sent") as caught:
        await paid.pay(job, paying=paid.rebuilt(signer=_Late(paid)))

    assert paid.locus.credentials == []
    await paid.fail(job, caught.value)
    assert await paid.sweep() == Swept(unpaid=1)
    assert (await paid.hold(job)).state is HoldState.VOIDED


class _Elsewhere:
    """A gateway whose answers are told beforehand, one for each submit; the clock moves first where that is said."""

    def __init__(self, *answers: ProviderError | Accepted, clock_shift_ms: int = 0, paid: House) -> None:
        self._answers = list(answers)
        self._shift_ms = clock_shift_ms
        self._paid = paid

    async def submit(self, order: object, context: object) -> Accepted:
        self._paid.clock.shift_ms += self._shift_ms
        answer = self._answers.pop(0)
        if isinstance(answer, ProviderError):
            raise answer
        return answer


async def test_what_the_gateway_took_on_for_later_counts_as_paid(paid: House) -> None:
    job = await paid.job()
    later = Accepted(external_id=ExternalId("w1"))

    answer = await paid.paying.submit(job, ORDER, _Elsewhere(later, paid=paid), await paid.probe())  # type: ignore[arg-type]

    assert answer == later
    assert (await paid.payment(job)).state is PaymentState.SETTLED_NO_RECEIPT


async def test_nothing_is_sent_again_once_the_challenge_is_over(paid: House) -> None:
    job = await paid.job()
    slow = _Elsewhere(OutcomeUnknown("no answer"), clock_shift_ms=AFTER, paid=paid)

    with pytest.raises(OutcomeUnknown, match="no answer"):
        await paid.paying.submit(job, ORDER, slow, await paid.probe())  # type: ignore[arg-type]
    assert (await paid.payment(job)).state is PaymentState.UNKNOWN


async def test_a_gateway_that_was_away_for_a_moment_gets_the_same_bytes(paid: House) -> None:
    job = await paid.job()
    away = _Elsewhere(RetryLater("refused"), Accepted(external_id=ExternalId("w1")), paid=paid)

    assert isinstance(await paid.paying.submit(job, ORDER, away, await paid.probe()), Accepted)  # type: ignore[arg-type]


async def test_recovery_of_a_job_that_has_signed_nothing_begins_anew(paid: House) -> None:
    job = await paid.job()
    with pytest.raises(RetryLater, match="nothing had been paid"):
        await paid.paying.recover(job, ORDER, paid.provider)

    class Failing:
        async def sign(self, approved: Approved) -> Signed:
            raise SigningFailed("later", is_passing=True)

    with pytest.raises(RetryLater):
        await paid.pay(job, paying=paid.rebuilt(signer=Failing()))
    with pytest.raises(RetryLater, match="nothing had been paid"):
        await paid.paying.recover(job, ORDER, paid.provider)


async def test_with_another_wallet_a_stored_payment_is_left_to_the_chain(paid: House) -> None:
    job = await paid.job()
    paid.locus.trick = Trick.ASKS_AGAIN

    class Stopping:
        async def submit(self, order: object, context: object) -> None:
            raise Stopped

    with pytest.raises(Stopped):
        await paid.paying.submit(job, ORDER, Stopping(), await paid.probe())  # type: ignore[arg-type]
    assert (await paid.payment(job)).state is PaymentState.SENT

    with pytest.raises(OutcomeUnknown):
        await paid.rebuilt(key="b6" * 32).recover(job, ORDER, paid.provider)
    assert paid.locus.credentials == []
    assert paid.server.transfers == []


async def test_the_sweep_leaves_a_job_alone_that_is_at_work(paid: House) -> None:
    paid.locus.trick = Trick.CUT_BEFORE
    sending = await paid.job()
    with pytest.raises(OutcomeUnknown) as caught:
        await paid.pay(sending)
    paid.clock.shift_ms = AFTER
    assert await paid.sweep() == Swept(open=1)  # still in `submitting`

    job = await paid.fail(sending, caught.value)
    await paid.database.write(lambda tx: tx.execute("UPDATE job SET run_at = 0 WHERE id = ?", (job.id,)))
    await paid.database.write(
        lambda tx: jobs.claim_due(tx, owner=OWNER, now=paid.clock.now(), limit=1, looks=1, steps=1)
    )
    assert await paid.sweep() == Swept(open=1)  # leased
    assert (await paid.hold(job)).state is HoldState.OPEN
    await paid.database.write(lambda tx: jobs.release_leases(tx, owner=OWNER))
    assert await paid.sweep() == Swept(unpaid=1)
    assert (await paid.hold(job)).state is HoldState.VOIDED


async def test_the_sweep_yields_to_a_step_that_moves_the_job_meanwhile(
    paid: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid.locus.trick = Trick.ASKS_AGAIN
    job, _ = await unknown(paid)
    original = paid.chain.look_up

    async def look_up(tx_hash: str, *, valid_before: int) -> object:
        await paid.database.write(lambda tx: tx.execute("UPDATE job SET lease_owner = 'other' WHERE id = ?", (job.id,)))
        return await original(tx_hash, valid_before=valid_before)  # type: ignore[arg-type]

    monkeypatch.setattr(paid.chain, "look_up", look_up)
    assert await paid.sweep() == Swept(open=1)
    assert (await paid.hold(job)).state is HoldState.OPEN
    monkeypatch.undo()
    await paid.database.write(lambda tx: jobs.release_leases(tx, owner="other"))
    assert await paid.sweep() == Swept(paid=1)


async def test_a_job_that_ended_otherwise_still_gets_its_payment_decided(
    paid: House, caplog: pytest.LogCaptureFixture
) -> None:
    paid.locus.trick = Trick.ASKS_AGAIN
    job, _ = await unknown(paid)
    await paid.fail(job, GenerationFailed("a person said so", charged=Charged.NO))

    assert await paid.sweep() == Swept(paid=1)
    assert await paid.booked(job) == 0
    assert (await paid.payment(job)).state is PaymentState.SETTLED_NO_RECEIPT
    assert "the chain was paid for a job whose hold is closed for nothing" in caplog.messages


async def presumed(paid: House, job: Job) -> Ticks:
    """Its grace ends before the chain speaks; what the hold was presumed at."""
    settlement = Settlement(database=paid.database, clock=paid.clock)
    await settlement.presume(await again(paid.database, job))
    return (await paid.hold(job)).amount


async def corrections(paid: House, job: Job) -> list[tuple[int, str | None, str]]:
    """The corrections in the book: ticks, author, reason."""
    entries = await paid.database.read(lambda reader: ledger.entries_of(reader, hold_id_of(job.id)))
    assert await paid.database.read(check) == ()
    return [(one.amount, one.author, one.note) for one in entries if one.kind is EntryKind.ADJUST]


async def test_a_job_presumed_charged_that_the_chain_knows_nothing_of_is_corrected_to_nothing(paid: House) -> None:
    paid.locus.trick = Trick.CUT_BEFORE
    job, _ = await unknown(paid)
    booked = await presumed(paid, job)
    paid.clock.shift_ms = AFTER

    assert await paid.sweep() == Swept(unpaid=1)
    (correction,) = await corrections(paid, job)
    tx_hash = (await paid.payment(job)).tx_hash
    assert correction == (-booked, "chain", f"not paid: transaction {tx_hash}")
    assert await paid.database.read(lambda reader: booked_for(reader, job.id)) == 0
    assert await paid.sweep() == Swept()
    assert len(await corrections(paid, job)) == 1


async def test_a_job_presumed_charged_is_corrected_to_what_the_chain_was_paid(paid: House) -> None:
    paid.locus.trick = Trick.ASKS_AGAIN
    job, _ = await unknown(paid)
    booked = await presumed(paid, job)

    assert await paid.sweep() == Swept(paid=1)
    assert await corrections(paid, job) == [
        (PRICE - booked, "chain", f"paid: transaction {paid.server.transfers[0].tx_hash}")
    ]
    assert await paid.database.read(lambda reader: booked_for(reader, job.id)) == PRICE


async def test_a_job_that_is_booked_at_what_the_chain_was_paid_needs_no_correction(paid: House) -> None:
    paid.locus.trick = Trick.ASKS_AGAIN
    job, _ = await unknown(paid)
    await paid.fail(job, GenerationFailed("a look-up said so", charged=Charged.YES, cost=PRICE))

    assert await paid.sweep() == Swept(paid=1)
    assert await corrections(paid, job) == []


async def test_a_payment_never_signed_corrects_what_was_presumed(paid: House) -> None:
    job = await paid.job()

    class Dying:
        async def sign(self, approved: Approved) -> Signed:
            raise Stopped

    with pytest.raises(Stopped):
        await paid.pay(job, paying=paid.rebuilt(signer=Dying()))
    booked = await presumed(paid, await paid.fail(job, OutcomeUnknown("the process died")))

    assert await paid.sweep() == Swept(unpaid=1)
    assert await corrections(paid, job) == [(-booked, "chain", "not paid: never signed")]


async def test_a_payment_that_was_begun_and_never_signed_gives_the_hold_back(paid: House) -> None:
    job = await paid.job()

    class Dying:
        async def sign(self, approved: Approved) -> Signed:
            raise Stopped

    with pytest.raises(Stopped):
        await paid.pay(job, paying=paid.rebuilt(signer=Dying()))
    await paid.fail(job, OutcomeUnknown("the process died"))

    assert await paid.sweep() == Swept(unpaid=1)
    assert (await paid.payment(job)).state is PaymentState.UNPAID
    assert (await paid.hold(job)).state is HoldState.VOIDED
    assert await paid.signed_today() == 0


async def test_with_the_chains_server_down_doubts_stay(paid: House, caplog: pytest.LogCaptureFixture) -> None:
    paid.locus.trick = Trick.ASKS_AGAIN
    job, _ = await unknown(paid)
    paid.server.raw = b"down"
    paid.clock.shift_ms = AFTER

    assert await paid.sweep() == Swept(open=1)
    assert "payments in doubt cannot be looked up" in caplog.messages
    assert (await paid.hold(job)).state is HoldState.OPEN
    paid.server.raw = None
    assert await paid.sweep() == Swept(paid=1)


async def test_a_dear_chain_signs_nothing_that_leaves(paid: House) -> None:
    paid.server.gas_price *= 10
    job = await paid.job()

    with pytest.raises(RetryLater, match="fee"):
        await paid.pay(job)
    assert paid.locus.credentials == []
    assert (await paid.payment(job)).tx_hash is None

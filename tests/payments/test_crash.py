"""kill -9 around a payment, in a real process with the real database: never two payments for one job."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.core.clock import MINUTE_MS
from bot.core.errors import OutcomeUnknown, RetryLater
from bot.jobs import store as jobs
from bot.jobs.model import Job
from bot.ledger.model import HoldState
from bot.payments.model import PaymentState
from bot.providers.contract import Finished
from bot.services.payment_sweep import Swept
from tests.payments.rows import again

pytest.importorskip("pytempo", reason="the extra `mpp` is not installed, so nothing can be signed")

from sandbox.chain.locus import PRICE
from tests.payments.house import ORDER, House, inside, outside

ROOT = Path(__file__).parents[2]
# A process that does not die is a failed test, not a stuck one.
DEATH_S = 60.0


@asynccontextmanager
async def killed(folder: Path, when: str, *, is_paid: bool) -> AsyncIterator[tuple[House, Job]]:
    """What the next process finds of a job that was being paid for when its process died."""
    async with outside() as world:
        async with inside(world, folder) as before:
            job = await before.job()
        command = ("-m", "tests.payments.dying", folder, world.locus.base_url, world.server.rpc_url, job.id, when)
        child = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT)
        assert await asyncio.wait_for(child.wait(), DEATH_S) == -signal.SIGKILL
        if is_paid:  # the request outlived its sender; the gateway takes its time to settle it
            await asyncio.wait_for(world.locus.paid.wait(), DEATH_S)
        async with inside(world, folder) as after:
            await after.database.write(lambda tx: jobs.take_over(tx, owner="next"))
            yield after, await again(after.database, job)


async def test_killed_between_signing_and_storing_nothing_was_sent_and_the_job_pays_anew(tmp_path: Path) -> None:
    async with killed(tmp_path, "signed", is_paid=False) as (paid, job):
        assert (await paid.payment(job)).state is PaymentState.SIGNING
        with pytest.raises(RetryLater):
            await paid.paying.recover(job, ORDER, paid.provider)
        assert await paid.signed_today() == 0

        assert isinstance(await paid.pay(job), Finished)
        assert len(paid.server.transfers) == len(paid.locus.credentials) == 1
        assert await paid.signed_today() == PRICE


async def test_killed_between_storing_and_sending_the_same_payment_is_sent(tmp_path: Path) -> None:
    async with killed(tmp_path, "stored", is_paid=False) as (paid, job):
        stored = await paid.payment(job)
        assert (stored.state, paid.server.transfers) == (PaymentState.SENT, [])

        answer = await paid.paying.recover(job, ORDER, paid.provider)

        assert isinstance(answer, Finished)
        assert answer.cost == PRICE
        assert [one.tx_hash for one in paid.server.transfers] == [stored.tx_hash]
        assert (await paid.payment(job)).state is PaymentState.SETTLED


async def test_killed_before_sending_and_found_too_late_it_is_given_back(tmp_path: Path) -> None:
    async with killed(tmp_path, "stored", is_paid=False) as (paid, job):
        paid.clock.shift_ms = 10 * MINUTE_MS
        with pytest.raises(OutcomeUnknown) as caught:
            await paid.paying.recover(job, ORDER, paid.provider)
        await paid.fail(job, caught.value)

        assert await paid.sweep() == Swept(unpaid=1)
        assert (await paid.hold(job)).state is HoldState.VOIDED
        assert paid.server.transfers == []
        assert paid.locus.credentials == []


@pytest.mark.parametrize("when", ["in_request:2", "after_response:2"])
async def test_killed_after_sending_there_is_one_payment_and_the_chain_tells_of_it(tmp_path: Path, when: str) -> None:
    async with killed(tmp_path, when, is_paid=True) as (paid, job):
        with pytest.raises(OutcomeUnknown) as caught:
            await paid.paying.recover(job, ORDER, paid.provider)
        with pytest.raises(OutcomeUnknown):
            await paid.paying.recover(job, ORDER, paid.provider)

        assert len(paid.server.transfers) == 1
        assert len(paid.locus.credentials) == 2
        assert len(set(paid.locus.credentials)) == 1
        await paid.fail(job, caught.value)
        assert await paid.sweep() == Swept(paid=1)
        assert await paid.booked(job) == PRICE
        assert len(paid.server.transfers) == 1

"""A process that pays for one job and dies in the middle; run by `test_crash.py`.

    python -m tests.payments.dying <folder> <gateway> <chain> <job> <when>

`when`: `signed` (signed, nothing stored), `stored` (stored, nothing sent), or a crash point and its passing.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from bot.core.clock import SystemClock
from bot.core.crashpoints import NONE, parse
from bot.core.ids import IdempotencyKey, JobId
from bot.core.requests import PictureOrder
from bot.db import Database
from bot.jobs import store as jobs
from bot.payments.policy import Approved
from bot.payments.signer import Signed, Signer, WalletKey
from bot.providers.contract import PaymentRequired, Submission, SubmitContext
from bot.providers.locus_mpp import LocusMpp
from tests.payments.house import KEY, ORDER, paying_with, policy_at, provider_at


def die() -> None:
    """As `kill -9` does it."""
    os.kill(os.getpid(), signal.SIGKILL)


class DyingSigner:
    """Signs, and dies before anyone is told."""

    def __init__(self, own: Signer) -> None:
        self._own = own

    async def sign(self, approved: Approved) -> Signed:
        signed = await self._own.sign(approved)
        die()
        return signed


class DyingAtTheDoor:
    """Dies where the paid request would be sent."""

    def __init__(self, own: LocusMpp) -> None:
        self._own = own

    async def submit(self, order: PictureOrder, context: SubmitContext) -> Submission:
        if context.payment is not None:
            die()
        return await self._own.submit(order, context)


async def main(folder: Path, gateway: str, rpc_url: str, job_id: JobId, when: str) -> None:
    clock = SystemClock()
    crashpoints = NONE if when in ("signed", "stored") else parse(when)
    own = Signer(key=WalletKey(KEY), policy=policy_at(gateway), rpc_url=rpc_url)
    adapter = provider_at(gateway, clock=clock, crashpoints=crashpoints)
    provider = DyingAtTheDoor(adapter) if when == "stored" else adapter
    async with Database.open(folder / "easel.db") as database:
        paying = paying_with(
            database,
            base_url=gateway,
            rpc_url=rpc_url,
            clock=clock,
            signer=DyingSigner(own) if when == "signed" else own,
        )
        job = await database.read(lambda reader: jobs.get(reader, job_id))
        unpaid = await provider.submit(ORDER, SubmitContext(idempotency_key=IdempotencyKey("probe")))
        assert job is not None
        assert isinstance(unpaid, PaymentRequired)
        await paying.submit(job, ORDER, provider, unpaid)  # type: ignore[arg-type]


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], JobId(sys.argv[4]), sys.argv[5]))

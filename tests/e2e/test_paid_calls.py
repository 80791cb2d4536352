"""Locus without a key, the whole way: `/imagine` and `/edit` paid by the call on a pretend chain."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

pytest.importorskip("mpp", reason="the extra `mpp` is not installed: paid calls are not tried")

from bot.app import House
from bot.jobs.model import State
from sandbox.chain import PretendChain
from sandbox.chain.locus import PayingLocus, Trick
from tests.e2e.handing import drawing, edit
from tests.e2e.rig import Rig, held, rig, spent
from tests.e2e.scene import LOCUS, Scene

WALLET = "0x" + "5a" * 32


@asynccontextmanager
async def paying_stage(folder: Path) -> AsyncIterator[tuple[Rig, PretendChain, PayingLocus]]:
    """The chain, the gateway that is paid on it, and a stage for bots with a wallet."""
    async with (
        PretendChain.start() as chain,
        PayingLocus.start(chain=chain) as locus,
        rig(
            folder,
            EASEL_LOCUS_API_KEY="",
            EASEL_LOCUS_WALLET_KEY=WALLET,
            EASEL_LOCUS_MPP_URL=locus.base_url,
            EASEL_LOCUS_RPC_URL=chain.rpc_url,
        ) as stage,
    ):
        stage.chain = chain
        yield stage, chain, locus


@asynccontextmanager
async def paid(folder: Path) -> AsyncIterator[tuple[Rig, PretendChain, PayingLocus, House]]:
    """A bot with a wallet and no key but Pixazo's."""
    async with paying_stage(folder) as (stage, chain, locus), stage.bot() as house:
        yield stage, chain, locus, house


async def test_a_picture_is_paid_once_and_posted(tmp_path: Path) -> None:
    async with paid(tmp_path) as (stage, chain, locus, house):
        ana = stage.sandbox.person("ana")
        use = await ana.command("imagine", prompt="a red fox", model="locus/grok-imagine")
        await use.answered()
        (job,) = await stage.settle(house)

        assert job.state is State.DONE
        assert len(stage.posts()) == 1
        assert len(chain.transfers) == 1
        assert locus.probes == 1
        assert await spent(house) == chain.transfers[0].transfer.units * 10_000
        assert await held(house) == 0
        await stage.assert_sound(house)


async def test_an_edit_is_paid_once_and_posted(tmp_path: Path) -> None:
    async with paid(tmp_path) as (stage, chain, locus, house):
        play = Scene(rig=stage, house=house, ana=stage.sandbox.person("ana"), bo=stage.sandbox.person("bo"))
        post = await play.posted(await edit(play, drawing(), model=LOCUS))
        (job,) = await stage.settle(house)

        assert (job.kind, job.state) == ("edit", State.DONE)
        assert "make it night" in post.plain_text()
        (paid_once,) = chain.transfers
        assert locus.probes == 1
        assert await spent(house) == paid_once.transfer.units * 10_000
        assert await held(house) == 0
        await stage.assert_sound(house)


async def test_a_call_that_is_too_dear_is_declined_and_costs_nothing(tmp_path: Path) -> None:
    async with paid(tmp_path) as (stage, chain, locus, house):
        locus.trick = Trick.TOO_DEAR
        use = await stage.sandbox.person("ana").command("imagine", prompt="a fox", model="locus/grok-imagine")
        await use.answered()
        (job,) = await stage.settle(house)

        assert (job.state, job.reason) == (State.FAILED, "payment_wanted")
        assert "**not** charged" in use.response.plain_text()
        assert chain.transfers == []
        assert await spent(house) == await held(house) == 0
        await stage.assert_sound(house)


async def test_a_gateway_that_asks_again_is_not_paid_again(tmp_path: Path) -> None:
    async with paid(tmp_path) as (stage, chain, locus, house):
        locus.trick = Trick.ASKS_AGAIN
        use = await stage.sandbox.person("ana").command("imagine", prompt="a fox", model="locus/grok-imagine")
        await use.answered()
        (job,) = await stage.settle(house)

        assert job.state is State.UNKNOWN
        assert "Nobody knows yet whether it was charged" in use.response.plain_text()
        assert len(chain.transfers) == 1
        assert await held(house) >= chain.transfers[0].transfer.units * 10_000
        assert stage.posts() == []
        await stage.assert_sound(house)


async def test_a_payment_in_doubt_is_decided_by_the_chain_also_without_the_wallet(tmp_path: Path) -> None:
    """The operator has changed to a key meanwhile: what was paid is booked all the same."""
    async with paying_stage(tmp_path) as (stage, chain, locus):
        locus.trick = Trick.ASKS_AGAIN
        async with stage.bot() as house:
            use = await stage.sandbox.person("ana").command("imagine", prompt="a fox", model="locus/grok-imagine")
            await use.answered()
            (job,) = await stage.settle(house)
            assert job.state is State.UNKNOWN
        async with stage.bot(EASEL_LOCUS_WALLET_KEY="", EASEL_LOCUS_API_KEY="claw_dev_1234567890") as house:
            async with asyncio.timeout(20):
                while not (job := (await stage.settle(house))[0]).has_ended:
                    await asyncio.sleep(0.02)
            assert job.state is State.FAILED
            assert await spent(house) == chain.transfers[0].transfer.units * 10_000
            assert await held(house) == 0
            await stage.assert_sound(house)
        assert len(chain.transfers) == 1


@pytest.mark.parametrize("model", ["locus/grok-imagine", None])
async def test_an_empty_wallet_is_refused_plainly_or_made_good_by_another_gateway(
    tmp_path: Path, model: str | None
) -> None:
    """D14."""
    async with paid(tmp_path) as (stage, chain, locus, house):
        chain.balance = 0
        ana = stage.sandbox.person("ana")
        use = await ana.command("imagine", prompt="a fox", model=model)
        await use.answered()
        (job,) = await stage.settle(house)
        assert (chain.transfers, locus.credentials) == ([], [])
        if model is None:
            assert (job.state, job.provider) == (State.DONE, "pixazo")
        else:
            assert (job.state, job.reason) == (State.FAILED, "payment_wanted")
            assert "You were **not** charged" in use.response.plain_text()
        # The wallet is looked after by a person: until then nobody else is kept waiting by it.
        again = await ana.command("imagine", prompt="another fox", model="locus/grok-imagine")
        await again.answered()
        assert "not available" in again.response.plain_text()
        assert await held(house) == 0
        assert await spent(house) == stage.booked()
        await stage.assert_sound(house)

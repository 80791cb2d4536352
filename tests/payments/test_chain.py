"""What the chain is asked, and what its answers mean; whatever is no answer says nothing."""

from collections.abc import AsyncIterator

import pytest

from bot.core.clock import Millis, SystemClock
from bot.core.money import MAX_TICKS, usd
from bot.payments.chain import BODY_CAP, Chain, ChainUnavailable, OnChain
from bot.payments.policy import TEMPO_CHAIN_ID, USDC_E
from tests.payments.test_transaction import number, raw

pytest.importorskip("Crypto", reason="the extra `mpp` is not installed, and the pretend chain needs it")

from sandbox.chain import PretendChain

HASH = "0x" + "ab" * 32
PAST, SOON = Millis(1_700_000_000_000), Millis(4_000_000_000_000)


@pytest.fixture
async def server() -> AsyncIterator[PretendChain]:
    async with PretendChain.start() as running:
        yield running


@pytest.fixture
async def chain(server: PretendChain) -> AsyncIterator[Chain]:
    opened = Chain(rpc_url=server.rpc_url, chain_id=TEMPO_CHAIN_ID, timeout_s=5.0)
    yield opened
    await opened.close()


async def included(chain: Chain, server: PretendChain) -> str:
    transaction = raw(before=number(SystemClock().now() // 1000 + 60))
    await chain._ask("eth_sendRawTransactionSync", "0x" + transaction.hex())
    return server.transfers[0].tx_hash


async def test_a_transaction_on_the_chain_was_paid_or_has_failed(chain: Chain, server: PretendChain) -> None:
    tx_hash = await included(chain, server)

    assert await chain.look_up(tx_hash.upper().replace("0X", "0x"), valid_before=SOON) is OnChain.PAID
    server.fails, server.transfers = True, []
    assert await chain.look_up(await included(chain, server), valid_before=SOON) is OnChain.FAILED


async def test_what_is_not_there_is_missing_only_once_the_chains_own_time_is_past_it(
    chain: Chain, server: PretendChain
) -> None:
    now = SystemClock().now()

    assert await chain.look_up(HASH, valid_before=SOON) is OnChain.PENDING
    assert await chain.look_up(HASH, valid_before=Millis(now - 5_000)) is OnChain.MISSING
    server.lag_s = 60
    assert await chain.look_up(HASH, valid_before=Millis(now - 5_000)) is OnChain.PENDING


async def test_the_fee_is_the_price_of_gas_for_a_whole_transfer_rounded_up(chain: Chain, server: PretendChain) -> None:
    assert await chain.fee_max() == usd("0.02")
    server.gas_price = 1
    assert await chain.fee_max() == 1
    server.says["eth_gasPrice"] = hex(10**40)
    assert await chain.fee_max() == MAX_TICKS


async def test_a_server_of_another_chain_is_told_from_ours(chain: Chain, server: PretendChain) -> None:
    await chain.check()
    server.chain_id = 42431
    with pytest.raises(ChainUnavailable, match="another chain"):
        await chain.check()


async def test_a_balance_is_read_in_base_units(chain: Chain, server: PretendChain) -> None:
    assert await chain.balance(currency=USDC_E, holder="0x" + "12" * 20) == server.balance


async def test_a_server_of_another_chain_says_nothing(chain: Chain, server: PretendChain) -> None:
    server.chain_id = 42431

    with pytest.raises(ChainUnavailable, match="another chain"):
        await chain.look_up(HASH, valid_before=PAST)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"error": {"code": 1, "message": "no"}}',
        b'{"result": 4217}',
        b'{"result": "4217"}',
        b'{"result": "0xzz"}',
        b'{"result": "' + b"x" * BODY_CAP + b'"}',
    ],
)
async def test_whatever_is_no_answer_says_nothing(chain: Chain, server: PretendChain, body: bytes) -> None:
    server.raw = body

    with pytest.raises(ChainUnavailable):
        await chain.look_up(HASH, valid_before=PAST)


@pytest.mark.parametrize("told", [[], {"transactionHash": "0x12", "status": "0x1"}, {"status": "0x1"}])
async def test_a_receipt_of_another_transaction_says_nothing(chain: Chain, server: PretendChain, told: object) -> None:
    server.says["eth_getTransactionReceipt"] = told

    with pytest.raises(ChainUnavailable, match="another transaction"):
        await chain.look_up(HASH, valid_before=PAST)


@pytest.mark.parametrize("status", [None, 1, "1"])
async def test_a_receipt_without_a_status_says_nothing(chain: Chain, server: PretendChain, status: object) -> None:
    server.says["eth_getTransactionReceipt"] = {"transactionHash": HASH, "status": status}

    with pytest.raises(ChainUnavailable, match="no number"):
        await chain.look_up(HASH, valid_before=PAST)


async def test_a_server_that_is_down_says_nothing_and_is_never_named() -> None:
    chain = Chain(rpc_url="http://127.0.0.1:9/secret-key", chain_id=TEMPO_CHAIN_ID)
    with pytest.raises(ChainUnavailable) as caught:
        await chain.look_up(HASH, valid_before=PAST)
    await chain.close()

    assert "secret-key" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_closing_twice_or_unused_is_safe() -> None:
    chain = Chain(rpc_url="http://127.0.0.1:9/", chain_id=TEMPO_CHAIN_ID)

    await chain.close()
    await chain.close()

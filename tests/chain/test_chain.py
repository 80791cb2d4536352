"""The pretend chain takes a transaction once, on its own chain and in its time; the gateway is pympp's own server."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.core.clock import SystemClock
from bot.core.money import usd
from bot.payments.challenge import read_challenges, read_receipt
from bot.payments.policy import Approved, PaymentPolicy, judge
from bot.payments.signer import Signed, Signer, WalletKey

pytest.importorskip("pytempo", reason="the extra `mpp` is not installed, so nothing can be signed")

from sandbox.chain import PretendChain
from sandbox.chain.locus import PRICE, RECIPIENT, PayingLocus, Trick
from tests.payments.test_transaction import number, raw


@pytest.fixture
async def chain() -> AsyncIterator[PretendChain]:
    async with PretendChain.start() as running:
        yield running


@pytest.fixture
async def locus(chain: PretendChain) -> AsyncIterator[PayingLocus]:
    async with PayingLocus.start(chain=chain) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(trust_env=False) as opened:
        yield opened


async def ask(session: aiohttp.ClientSession, chain: PretendChain, method: str, *params: object) -> dict[str, object]:
    call = {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}
    async with session.post(chain.rpc_url, json=call) as answer:
        told: dict[str, object] = await answer.json()
    assert told["id"] == 7
    return told


async def order(
    session: aiohttp.ClientSession, locus: PayingLocus, prompt: str = "a lighthouse", credential: str | None = None
) -> tuple[int, dict[str, str]]:
    headers = {} if credential is None else {"Authorization": credential}
    body = {"prompt": prompt}
    async with session.post(f"{locus.base_url}/grok/image-generate", json=body, headers=headers) as answer:
        await answer.read()
        return answer.status, dict(answer.headers)


async def signed(session: aiohttp.ClientSession, chain: PretendChain, locus: PayingLocus) -> Signed:
    _, headers = await order(session, locus)
    policy = PaymentPolicy.at(
        locus.base_url, recipients=frozenset({RECIPIENT}), max_call=PRICE, allow_http_on_loopback=True
    )
    challenges = read_challenges([headers["WWW-Authenticate"]])
    approved = judge(policy, challenges, now=SystemClock().now(), held=PRICE, left_today=PRICE)
    assert isinstance(approved, Approved)
    return await Signer(key=WalletKey("0d" * 32), policy=policy, rpc_url=chain.rpc_url).sign(approved)


def transaction(*, chain_id: int = 4217, seconds: int = 60) -> str:
    before = SystemClock().now() // 1000 + seconds
    return "0x" + raw(chain=number(chain_id), before=number(before)).hex()


async def test_a_transaction_is_taken_once_on_its_own_chain_and_in_its_time(
    session: aiohttp.ClientSession, chain: PretendChain
) -> None:
    good = transaction()

    assert "result" in await ask(session, chain, "eth_sendRawTransactionSync", good)
    for wrong in (good, transaction(chain_id=42431), transaction(seconds=-1), "0x76"):
        assert "error" in await ask(session, chain, "eth_sendRawTransactionSync", wrong)
    assert "error" in await ask(session, chain, "eth_mine")
    assert len(chain.transfers) == 1


async def test_receipts_can_be_forgotten(session: aiohttp.ClientSession, chain: PretendChain) -> None:
    await ask(session, chain, "eth_sendRawTransactionSync", transaction())
    tx_hash = chain.transfers[0].tx_hash

    assert (await ask(session, chain, "eth_getTransactionReceipt", tx_hash))["result"] is not None
    chain.forgets = True
    assert (await ask(session, chain, "eth_getTransactionReceipt", tx_hash))["result"] is None


async def test_a_call_is_paid_once_and_its_credential_is_worth_nothing_afterwards(
    session: aiohttp.ClientSession, chain: PretendChain, locus: PayingLocus
) -> None:
    payment = await signed(session, chain, locus)

    status, headers = await order(session, locus, credential=payment.credential)
    receipt = read_receipt(headers["Payment-Receipt"])
    assert receipt is not None
    assert (status, receipt.reference) == (200, payment.tx_hash)
    status, headers = await order(session, locus, credential=payment.credential)
    assert status == 403
    assert "WWW-Authenticate" not in headers
    assert [one.tx_hash for one in chain.transfers] == [payment.tx_hash]
    assert chain.transfers[0].transfer.units * 10_000 == PRICE == usd("0.023")


async def test_without_a_digest_another_body_is_drawn_for_the_same_payment(
    session: aiohttp.ClientSession, chain: PretendChain, locus: PayingLocus
) -> None:
    payment = await signed(session, chain, locus)

    assert (await order(session, locus, prompt="a castle", credential=payment.credential))[0] == 200


async def test_with_a_digest_another_body_is_refused_and_costs_nothing(
    session: aiohttp.ClientSession, chain: PretendChain, locus: PayingLocus
) -> None:
    locus.trick = Trick.BOUND
    payment = await signed(session, chain, locus)

    status, headers = await order(session, locus, prompt="a castle", credential=payment.credential)
    assert status == 402
    assert "Payment-Receipt" not in headers
    assert chain.transfers == []
    assert (await order(session, locus, credential=payment.credential))[0] == 200
    assert len(chain.transfers) == 1


async def test_one_challenge_signed_in_two_seconds_is_two_payments(
    session: aiohttp.ClientSession, chain: PretendChain, locus: PayingLocus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why the bot signs once: the chain has no objection to the second."""
    import mpp.methods.tempo.client as library  # noqa: PLC0415 - an optional extra

    _, headers = await order(session, locus)
    policy = PaymentPolicy.at(
        locus.base_url, recipients=frozenset({RECIPIENT}), max_call=PRICE, allow_http_on_loopback=True
    )
    challenges = read_challenges([headers["WWW-Authenticate"]])
    approved = judge(policy, challenges, now=SystemClock().now(), held=PRICE, left_today=PRICE)
    assert isinstance(approved, Approved)
    signer = Signer(key=WalletKey("0d" * 32), policy=policy, rpc_url=chain.rpc_url)
    for seconds in (60, 58):
        monkeypatch.setattr(library, "EXPIRING_NONCE_VALID_BEFORE_SECS", seconds)
        payment = await signer.sign(approved)
        assert (await order(session, locus, credential=payment.credential))[0] == 200

    assert len({one.tx_hash for one in chain.transfers}) == 2


async def test_a_transaction_that_reverts_is_not_taken_for_paid(
    session: aiohttp.ClientSession, chain: PretendChain, locus: PayingLocus
) -> None:
    payment = await signed(session, chain, locus)
    chain.fails = True

    status, headers = await order(session, locus, credential=payment.credential)

    assert status >= 400
    assert "Payment-Receipt" not in headers


@pytest.mark.parametrize(("trick", "status"), [(Trick.FREE, 200), (Trick.DOWN_UNPAID, 502)])
async def test_a_gateway_may_give_or_fail_before_any_money_is_spoken_of(
    session: aiohttp.ClientSession, locus: PayingLocus, trick: Trick, status: int
) -> None:
    locus.trick = trick

    assert (await order(session, locus))[0] == status
    assert locus.probes == 1

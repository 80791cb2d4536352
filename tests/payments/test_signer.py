"""The signer signs what the operator's policy allows and nothing else, and its key stays with it."""

import subprocess
import sys
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.core.clock import Millis, SystemClock, utc
from bot.core.money import Ticks, usd
from bot.payments.challenge import read_challenges, read_object
from bot.payments.policy import Approved, PaymentPolicy, judge
from bot.payments.signer import Signer, SigningFailed, WalletKey

pytest.importorskip("pytempo", reason="the extra `mpp` is not installed, so nothing can be signed")

from sandbox.chain import PretendChain
from sandbox.chain.locus import RECIPIENT, STRANGER, PayingLocus

KEY = "c7" * 32
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A signer, and a challenge that may be paid."""

    chain: PretendChain
    locus: PayingLocus
    policy: PaymentPolicy
    approved: Approved

    def signer(self, **changes: Any) -> Signer:
        known = {"key": WalletKey(KEY), "policy": self.policy, "rpc_url": self.chain.rpc_url}
        return Signer(**{**known, **changes})


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with PretendChain.start() as chain, PayingLocus.start(chain=chain) as locus:
        policy = PaymentPolicy.at(
            locus.base_url, recipients=frozenset({RECIPIENT}), max_call=usd("0.10"), allow_http_on_loopback=True
        )
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{locus.base_url}/grok/image-generate", json={"prompt": "a"}) as answer,
        ):
            challenges = read_challenges(answer.headers.getall("WWW-Authenticate"))
        approved = judge(policy, challenges, now=SystemClock().now(), held=usd("1"), left_today=usd("1"))
        assert isinstance(approved, Approved)
        yield Bench(chain=chain, locus=locus, policy=policy, approved=approved)


async def test_a_signed_payment_says_when_it_ends_and_echoes_the_challenge(bench: Bench) -> None:
    signed = await bench.signer().sign(bench.approved)
    credential = read_object(signed.credential.removeprefix("Payment "))
    asked = bench.approved.challenge

    assert credential is not None
    assert credential["challenge"] == {
        "id": asked.id,
        "realm": asked.realm,
        "method": "tempo",
        "intent": "charge",
        "request": asked.request,
        "expires": asked.expires,
        "opaque": asked.opaque,
    }
    assert str(credential["source"]).endswith(await bench.signer().address())
    assert SystemClock().now() < signed.valid_before <= bench.approved.expires_at
    assert (len(signed.tx_hash), signed.tx_hash[:2]) == (66, "0x")
    assert bench.chain.transfers == []  # signed, and nobody has seen it
    assert signed.credential not in repr(signed)


async def test_a_payment_for_a_challenge_that_is_bound_to_a_body_says_which(bench: Bench) -> None:
    """D11: the gateway can tell then whether the paid request is the one that it named a price for."""
    digest = "sha-256=" + "A" * 43 + "="
    bound = replace(bench.approved, challenge=replace(bench.approved.challenge, digest=digest))

    signed = await bench.signer().sign(bound)

    credential = read_object(signed.credential.removeprefix("Payment "))
    assert credential is not None
    echoed = credential["challenge"]
    assert isinstance(echoed, dict)
    assert (echoed["digest"], echoed["request"]) == (digest, bound.challenge.request)


async def test_a_challenge_without_extras_and_close_to_its_end_is_signed(bench: Bench) -> None:
    soon = Millis(SystemClock().now() // 1000 * 1000 + 30_000)
    challenge = replace(bench.approved.challenge, opaque=None, expires=utc(soon).isoformat())

    signed = await bench.signer().sign(replace(bench.approved, challenge=challenge, expires_at=soon))

    assert signed.valid_before <= soon + 1_000


def _charging(approved: Approved, **changes: Any) -> Approved:
    challenge = approved.challenge
    return replace(approved, challenge=replace(challenge, charge=replace(challenge.charge, **changes)))


async def test_the_signers_own_policy_has_the_last_word(bench: Bench) -> None:
    approved = bench.approved
    dear = _charging(replace(approved, units=100_001, amount=Ticks(1_000_010_000)), amount="100001")
    stranger = _charging(replace(approved, recipient=STRANGER), recipient=STRANGER)
    wrong = [
        dear,
        stranger,
        replace(approved, units=1, amount=Ticks(10_000)),
        replace(approved, amount=Ticks(1)),
        replace(approved, recipient=STRANGER),
        replace(approved, expires_at=Millis(approved.expires_at + 1)),
        _charging(approved, currency="0x20c0000000000000000000000000000000000000"),
        _charging(approved, chain_id=None),
        _charging(approved, has_splits=True),
        _charging(approved, has_fee_payer=True),
        _charging(replace(approved, units=0, amount=Ticks(0)), amount="0"),
    ]

    for one in wrong:
        with pytest.raises(SigningFailed, match="own policy forbids") as caught:
            await bench.signer().sign(one)
        assert not caught.value.is_passing
    assert not bench.chain.asked


async def test_what_the_library_signed_is_read_back_before_it_leaves(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mpp  # noqa: PLC0415 - an optional extra

    original = mpp.Challenge

    def bent(**fields: Any) -> Any:
        return original(**{**fields, "request": {**fields["request"], "amount": "24000"}})

    monkeypatch.setattr(mpp, "Challenge", bent)
    with pytest.raises(SigningFailed, match="signed something else"):
        await bench.signer().sign(bench.approved)


async def test_a_fee_above_the_ceiling_is_not_promised(bench: Bench) -> None:
    bench.chain.gas_price = 60_000_000_000  # six cents for the million gas that the library asks for

    with pytest.raises(SigningFailed, match="fee") as caught:
        await bench.signer().sign(bench.approved)
    assert caught.value.is_passing
    assert (await bench.signer(fee_max=usd("0.06")).sign(bench.approved)).tx_hash


@pytest.mark.parametrize(
    ("prepare", "words", "is_passing"),
    [
        (lambda bench: setattr(bench.chain, "chain_id", 42431), "another chain", False),
        (lambda bench: setattr(bench.chain, "raw", b'{"error": {"message": "secret words"}}'), "RuntimeError", True),
        (lambda bench: setattr(bench.chain, "raw", b"<html>secret words"), "JSONDecodeError", True),
        (lambda bench: setattr(bench.chain, "raw", b"\xff\xfe\xffsecret words"), "DecodeError", True),
        (lambda bench: setattr(bench.chain, "raw", b""), "JSONDecodeError", True),
    ],
)
async def test_a_chain_that_cannot_be_asked_signs_nothing(
    bench: Bench, prepare: Any, words: str, is_passing: bool
) -> None:
    prepare(bench)

    with pytest.raises(SigningFailed, match=words) as caught:
        await bench.signer().sign(bench.approved)
    assert caught.value.is_passing is is_passing
    assert "secret words" not in str(caught.value)


async def test_a_failure_carries_neither_the_key_nor_the_chains_address(bench: Bench) -> None:
    signer = bench.signer(rpc_url="http://127.0.0.1:9/rpc-secret")

    with pytest.raises(SigningFailed) as caught:
        await signer.sign(bench.approved)

    assert caught.value.is_passing
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    for secret in (KEY, KEY.upper(), "rpc-secret", str(bytes.fromhex(KEY)), str(int(KEY, 16))):
        assert secret not in told
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_loading_the_library_leaves_the_stack_guarded() -> None:
    code = """
import json, sys
from bot.payments.signer import load_library
before = sys.getrecursionlimit()
load_library()
assert sys.getrecursionlimit() == before
try:
    json.loads("[" * 100_000)
except RecursionError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "refused\n")

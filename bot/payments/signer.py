"""The only place that sees the wallet's key.

One call signs one transfer and hands it back before anything is sent. What leaves is checked twice: the challenge
against the operator's policy again, whatever the caller thought of it, and then the signed bytes themselves, read back
field by field. The library, which takes two seconds and 60 MB to import, is loaded in a thread at the first signing.
"""

import asyncio
import hashlib
import hmac
import importlib
import json
import logging
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from bot.core.clock import SECOND_MS, Millis
from bot.core.errors import EaselError
from bot.core.money import TICKS_PER_USD, Ticks
from bot.payments.chain import ATTODOLLARS_PER_TICK, Chain, ChainUnavailable
from bot.payments.challenge import read_object
from bot.payments.policy import TICKS_PER_UNIT, Approved, Because, PaymentPolicy
from bot.payments.transaction import Transfer, read_transfer

if TYPE_CHECKING:
    import mpp

# The order of secp256k1: a key is a number between 1 and this, not included (SEC 2, 2.4.1).
_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
# The library asks the chain four things, each for up to 30 s; a challenge that took longer is as good as over.
SIGN_TIMEOUT_S = 20.0
# The library sets the gas limit to a million and takes any price the chain names; at the usual price that is 2 cents,
# of which a transfer uses a third.
FEE_MAX = Ticks(TICKS_PER_USD // 20)
# What the library itself imports only at its first signing comes last and takes longest.
_LIBRARY = ("mpp.methods.tempo.client", "pytempo")
# httpx logs every address it asks, and the address of a chain's server can hold a key.
_TALKATIVE = ("httpx", "httpcore")


class SigningFailed(EaselError):
    """Nothing was signed, or what was signed was thrown away. `is_passing` says that a later try may do better, else
    `because` says what the operator must see to.

    Holds nothing of the library's own error, whose frames have seen the key.
    """

    def __init__(self, message: str, *, is_passing: bool, because: Because = Because.NOT_SIGNED) -> None:
        super().__init__(message)
        self.is_passing = is_passing
        self.because = because


class WalletKey:
    """A wallet's private key that shows itself to nobody by accident."""

    __slots__ = ("_hex",)

    def __init__(self, text: str) -> None:
        """Takes 64 hexadecimal digits, with 0x in front or without. Raises ValueError that does not quote them."""
        digits = text.strip().removeprefix("0x")
        is_hex = len(digits) == 64 and all(one in "0123456789abcdefABCDEF" for one in digits)
        if not is_hex or not 0 < int(digits, 16) < _ORDER:
            raise ValueError("a wallet key is 64 hexadecimal digits")
        self._hex = digits.lower()

    def __repr__(self) -> str:
        return "WalletKey(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a wallet key is not written anywhere")

    def reveal(self) -> str:
        """The key itself; for the signing alone."""
        return "0x" + self._hex

    def derive(self, purpose: str) -> bytes:
        """32 bytes that depend on the key and tell nothing of it (HMAC-SHA-256 as a pseudo-random function)."""
        return hmac.digest(bytes.fromhex(self._hex), purpose.encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signed payment that nobody has seen yet.

    `credential` is the value of the `Authorization` header. After `valid_before` the chain takes it no more.
    """

    credential: str = field(repr=False)
    tx_hash: str
    valid_before: Millis


class Signer:
    """Signs approved payments. `policy` is the operator's, not the caller's."""

    def __init__(self, *, key: WalletKey, policy: PaymentPolicy, rpc_url: str, fee_max: Ticks = FEE_MAX) -> None:
        self._key = key
        self._policy = policy
        self._rpc_url = rpc_url
        self._fee_max = fee_max

    async def address(self) -> str:
        """The wallet's address, for people. Raises SigningFailed where the library is missing."""
        return await asyncio.to_thread(self._address)

    async def sign(self, approved: Approved) -> Signed:
        """Signs once; every call makes another payment. Raises SigningFailed.

        Whoever calls makes sure that nothing of an earlier call was or will be sent.
        """
        self._check(approved)
        await asyncio.to_thread(load_library)
        await self._check_funds(approved)
        try:
            # In a thread, with a loop of its own: nothing that the library keeps outlives the call.
            signed, transfer = await asyncio.to_thread(lambda: asyncio.run(self._create(approved)))
        except Exception as error:  # whatever it was, it ends here: its frames have seen the key
            failure = _failure(error)
        else:
            self._check_signed(transfer, approved)
            return signed
        raise failure

    def _check(self, approved: Approved) -> None:
        charge = approved.challenge.charge
        is_allowed = (
            approved.amount == approved.units * TICKS_PER_UNIT
            and str(approved.units) == charge.amount
            and approved.recipient == (charge.recipient or "").lower()
            and 0 < approved.amount <= self._policy.cap(approved.kind)
            and self._policy.pays(approved.recipient)
            and (charge.currency or "").lower() == self._policy.currency.lower()
            and charge.chain_id == self._policy.chain_id
            and not (charge.has_splits or charge.has_fee_payer)
            and approved.challenge.expires_at == approved.expires_at
        )
        if not is_allowed:
            raise SigningFailed("the signer's own policy forbids this payment", is_passing=False)

    async def _check_funds(self, approved: Approved) -> None:
        """A payment that the wallet cannot cover would be in doubt until no chain takes it any more.

        Where the chain's server does not say, the signing itself will find out what is wrong with it.
        """
        chain = Chain(rpc_url=self._rpc_url, chain_id=self._policy.chain_id)
        try:
            held = await chain.balance(currency=self._policy.currency, holder=await self.address())
            needed = approved.amount + await chain.fee_max()
        except ChainUnavailable:
            return
        finally:
            await chain.close()
        if held * TICKS_PER_UNIT < needed:
            raise SigningFailed("the wallet holds too little", is_passing=False, because=Because.WALLET_EMPTY)

    def _check_signed(self, transfer: Transfer, approved: Approved) -> None:
        policy = self._policy
        if (transfer.recipient, transfer.units) != (approved.recipient, approved.units) or (
            (transfer.currency, transfer.chain_id) != (policy.currency.lower(), policy.chain_id)
        ):
            raise SigningFailed("the library signed something else", is_passing=False)
        if transfer.fee_max > self._fee_max * ATTODOLLARS_PER_TICK:
            raise SigningFailed("the chain's fee is above what is allowed", is_passing=True)

    def _address(self) -> str:
        load_library()
        from mpp.methods.tempo import TempoAccount  # noqa: PLC0415 - slow, and an optional extra

        return str(TempoAccount.from_key(self._key.reveal()).address)

    async def _create(self, approved: Approved) -> tuple[Signed, Transfer]:
        from Crypto.Hash import keccak  # noqa: PLC0415 - comes with the extra
        from mpp.methods.tempo import TempoAccount  # noqa: PLC0415 - slow, and an optional extra
        from mpp.methods.tempo.client import charge  # noqa: PLC0415 - the same
        from mpp.runtime import PaymentRuntime  # noqa: PLC0415 - the same

        policy = self._policy
        method = charge(
            account=TempoAccount.from_key(self._key.reveal()),
            chain_id=policy.chain_id,
            rpc_url=self._rpc_url,
            currency=policy.currency,
            max_atomic_amount=policy.cap(approved.kind) // TICKS_PER_UNIT,
            expected_recipients=sorted(policy.recipients),
            allowed_chain_ids=[policy.chain_id],
        )
        async with asyncio.timeout(SIGN_TIMEOUT_S):
            credential = await PaymentRuntime([method]).create_credential(_echo(approved, policy), method)
        raw = bytes.fromhex(str(credential.payload["signature"]).removeprefix("0x"))
        transfer = read_transfer(raw)
        signed = Signed(
            credential=credential.to_authorization(),
            tx_hash="0x" + keccak.new(digest_bits=256, data=raw).hexdigest(),
            valid_before=Millis(transfer.valid_before * SECOND_MS),
        )
        return signed, transfer


def _echo(approved: Approved, policy: PaymentPolicy) -> "mpp.Challenge":
    """The challenge as the library wants it, made from what was judged and not read from the header anew."""
    import mpp  # noqa: PLC0415 - slow, and an optional extra

    challenge = approved.challenge
    opaque = None if challenge.opaque is None else read_object(challenge.opaque)
    return mpp.Challenge(
        id=challenge.id,
        method=challenge.method,
        intent=challenge.intent,
        request={
            "amount": str(approved.units),
            "currency": policy.currency,
            "recipient": approved.recipient,
            "methodDetails": {"chainId": policy.chain_id},
        },
        realm=challenge.realm,
        request_b64=challenge.request,
        digest=challenge.digest,
        expires=challenge.expires,
        opaque=None if opaque is None else {name: str(value) for name, value in opaque.items()},
    )


def load_library() -> None:
    """Imports the library; about two seconds. Raises SigningFailed where the extra is not installed."""
    limit = sys.getrecursionlimit()
    try:
        for name in _LIBRARY:
            importlib.import_module(name)
    except ImportError:
        raise SigningFailed("the extra `mpp` is not installed", is_passing=False) from None
    finally:
        # py_ecc raises the limit to 100,000 when it is imported. A deeply nested JSON answer, which every reader here
        # takes for bad JSON, would then run through the end of the stack and kill the process.
        sys.setrecursionlimit(limit)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _failure(error: Exception) -> SigningFailed:
    """What went wrong, without the words of the library: they may quote the chain's server and its address."""
    from mpp.methods.tempo.client import TransactionError  # noqa: PLC0415 - slow, and an optional extra

    if isinstance(error, TransactionError):
        return SigningFailed("the RPC server speaks for another chain", is_passing=False)
    # A ValueError is the library's word for a challenge that it will not pay, unless the chain's server sent a page.
    is_passing = isinstance(error, json.JSONDecodeError | UnicodeDecodeError) or not isinstance(error, ValueError)
    return SigningFailed(f"the payment could not be signed ({type(error).__name__})", is_passing=is_passing)

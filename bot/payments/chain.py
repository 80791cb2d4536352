"""Asks a server of the chain (JSON-RPC) what became of a payment. Free, and may be repeated."""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import cast

import aiohttp

from bot.core.clock import SECOND_MS, Millis
from bot.core.errors import EaselError
from bot.core.money import MAX_TICKS, TICKS_PER_USD, Ticks

TIMEOUT_S = 10.0
# A receipt of one transfer is about 2 KB.
BODY_CAP = 256 * 1024
_BALANCE_OF = "0x70a08231"
# pympp 0.16.0 gives every transfer so much gas, and a transfer uses a third of it. Its price is in 1e-18 dollars.
GAS_LIMIT = 1_000_000
ATTODOLLARS_PER_TICK = 10**18 // TICKS_PER_USD


class ChainUnavailable(EaselError):
    """No usable answer: nothing is known. Never quotes the server, whose address may hold a key."""


class OnChain(StrEnum):
    """What the chain says of a transaction.

    `missing` is final: the chain's own time is past the transaction's last moment. `pending` may still be included.
    """

    PAID = "paid"
    FAILED = "failed"
    MISSING = "missing"
    PENDING = "pending"


class Chain:
    """One chain, by way of one server."""

    def __init__(self, *, rpc_url: str, chain_id: int, timeout_s: float = TIMEOUT_S) -> None:
        self._rpc_url = rpc_url
        self._chain_id = chain_id
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def check(self) -> None:
        """Raises ChainUnavailable where the server does not answer, or for another chain."""
        if await self._number("eth_chainId") != self._chain_id:
            raise ChainUnavailable("the RPC server speaks for another chain")

    async def look_up(self, tx_hash: str, *, valid_before: Millis) -> OnChain:
        """What became of the transaction. Raises ChainUnavailable, also for a server of another chain.

        A server that lags behind has not heard of what is long included, and our own clock may be ahead. So `missing`
        takes a block from after `valid_before`, and a look for the receipt after that block was seen.
        """
        await self.check()
        block = await self._ask("eth_getBlockByNumber", "latest", False)
        receipt = await self._ask("eth_getTransactionReceipt", tx_hash)
        if receipt is None:
            is_over = _hex(_field(block, "timestamp")) * SECOND_MS >= valid_before
            return OnChain.MISSING if is_over else OnChain.PENDING
        if str(_field(receipt, "transactionHash")).lower() != tx_hash.lower():
            raise ChainUnavailable("the RPC server told of another transaction")
        return OnChain.PAID if _hex(_field(receipt, "status")) == 1 else OnChain.FAILED

    async def balance(self, *, currency: str, holder: str) -> int:
        """What an address holds of a token, in base units. Raises ChainUnavailable."""
        data = _BALANCE_OF + holder.removeprefix("0x").lower().zfill(64)
        return await self._number("eth_call", {"to": currency, "data": data}, "latest")

    async def fee_max(self) -> Ticks:
        """The most that sending one transfer may cost now, in ticks: the price of gas times what the signer allows.

        It is paid in the token itself, so a wallet needs no other. Raises ChainUnavailable.
        """
        price = await self._number("eth_gasPrice")
        return Ticks(min(MAX_TICKS, -(-price * GAS_LIMIT // ATTODOLLARS_PER_TICK)))

    async def close(self) -> None:
        """Closes the connections; safe to call twice."""
        if self._session is not None:
            await self._session.close()

    async def _number(self, method: str, *params: object) -> int:
        return _hex(await self._ask(method, *params))

    async def _ask(self, method: str, *params: object) -> object:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            )
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        try:
            async with self._session.post(self._rpc_url, json=call, allow_redirects=False) as response:
                body = await _read(response)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise ChainUnavailable(f"no answer from the RPC server ({type(error).__name__})") from None
        answer = _parse(body) if response.status == 200 else None
        if not isinstance(answer, dict) or "result" not in answer:
            raise ChainUnavailable(f"the RPC server did not answer {method}")
        return cast("dict[str, object]", answer)["result"]


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(BODY_CAP):
        body += chunk
        if len(body) > BODY_CAP:
            raise ValueError("too long an answer")
    return bytes(body)


def _parse(body: bytes) -> object:
    try:
        return cast(object, json.loads(body))
    except (ValueError, RecursionError):
        return None


def _field(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None


def _hex(value: object) -> int:
    """A number as JSON-RPC writes it: 0x and hexadecimal digits."""
    try:
        if isinstance(value, str) and value.startswith("0x"):
            return int(value, 16)
    except ValueError:
        pass  # said below
    raise ChainUnavailable("the RPC server answered with no number")

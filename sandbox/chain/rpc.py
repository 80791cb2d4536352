"""A JSON-RPC server that plays the chain: it reads transactions of type 0x76 and makes up their receipts.

Like the real one it takes a transaction once, on its own chain, and only before its `valid_before`.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from aiohttp import web
from Crypto.Hash import keccak

from bot.core.clock import SECOND_MS, Clock, SystemClock
from bot.payments.transaction import Transfer, read_transfer

_HOST = "127.0.0.1"
_TRANSFER_LOG = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
_MEMO_LOG = "0x57bc7354aa85aed339e000bccffabbc529466af35f0772c8f8ee1145927de7f0"
_PAYER = "0x" + "0" * 24 + "fa" * 20
GAS_PRICE = 20_000_000_000  # 2 cents for a million gas


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A transfer on the chain."""

    tx_hash: str
    transfer: Transfer
    has_failed: bool


class PretendChain:
    """See the module's docstring. Made by `start`.

    Switches: `chain_id`, `gas_price`, `fails` (transactions are included and revert), `lag_s` (how old the latest block
    is), `forgets` (receipts are not found), `says` (other results, by method), `raw` (a body for every answer). `asked`
    counts calls by method.
    """

    def __init__(self, *, clock: Clock, chain_id: int) -> None:
        self.chain_id = chain_id
        self.gas_price = GAS_PRICE
        self.balance = 25_000_000
        self.fails = False
        self.forgets = False
        self.lag_s = 0
        self.says: dict[str, object] = {}
        self.raw: bytes | None = None
        self.asked: Counter[str] = Counter()
        self.transfers: list[Settled] = []
        self.rpc_url = ""
        self._clock = clock

    @classmethod
    @asynccontextmanager
    async def start(cls, *, clock: Clock | None = None, chain_id: int = 4217) -> AsyncIterator[Self]:
        """Runs on a free port."""
        chain = cls(clock=clock or SystemClock(), chain_id=chain_id)
        app = web.Application()
        app.router.add_post("/", chain._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, _HOST, 0).start()
        chain.rpc_url = f"http://{_HOST}:{runner.addresses[0][1]}/"
        try:
            yield chain
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        call = await request.json()
        method, params = call["method"], call["params"]
        self.asked[method] += 1
        if self.raw is not None:
            return web.Response(body=self.raw, content_type="application/json")
        told: dict[str, object] = {"jsonrpc": "2.0", "id": call["id"]}
        try:
            told["result"] = self.says[method] if method in self.says else self._result(method, params)
        except ValueError as error:
            told["error"] = {"code": -32000, "message": str(error)}
        return web.json_response(told)

    def _result(self, method: str, params: list[str]) -> object:
        match method:
            case "eth_chainId":
                return hex(self.chain_id)
            case "eth_gasPrice":
                return hex(self.gas_price)
            case "eth_estimateGas":
                return hex(300_000)
            case "eth_call":
                return "0x" + f"{self.balance:064x}"
            case "eth_getBlockByNumber":
                return {"number": "0x1", "timestamp": hex(self._clock.now() // SECOND_MS - self.lag_s)}
            case "eth_sendRawTransactionSync":
                return self._include(bytes.fromhex(params[0].removeprefix("0x")))
            case "eth_getTransactionReceipt":
                found = [one for one in self.transfers if one.tx_hash == params[0].lower()]
                return _receipt(found[0]) if found and not self.forgets else None
            case _:
                raise ValueError(f"the method {method} does not exist")

    def _include(self, raw: bytes) -> object:
        transfer = read_transfer(raw)
        tx_hash = "0x" + keccak.new(digest_bits=256, data=raw).hexdigest()
        if transfer.chain_id != self.chain_id:
            raise ValueError("invalid chain id")
        if transfer.valid_before * SECOND_MS <= self._clock.now():
            raise ValueError("transaction expired")
        if any(one.tx_hash == tx_hash for one in self.transfers):
            raise ValueError("already known")
        settled = Settled(tx_hash=tx_hash, transfer=transfer, has_failed=self.fails)
        self.transfers.append(settled)
        return _receipt(settled)


def _receipt(settled: Settled) -> dict[str, object]:
    """A receipt as pympp's server side reads it: the token's two logs of one movement."""
    transfer = settled.transfer
    to = "0x" + transfer.recipient.removeprefix("0x").zfill(64)
    data = "0x" + f"{transfer.units:064x}"
    logs = [{"address": transfer.currency, "topics": [_TRANSFER_LOG, _PAYER, to], "data": data}]
    if transfer.memo is not None:
        memo = "0x" + transfer.memo.hex()
        logs.append({"address": transfer.currency, "topics": [_MEMO_LOG, _PAYER, to, memo], "data": data})
    return {
        "transactionHash": settled.tx_hash,
        "status": "0x0" if settled.has_failed else "0x1",
        "from": "0x" + _PAYER[-40:],
        "logs": [] if settled.has_failed else logs,
    }

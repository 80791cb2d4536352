"""A pretend Locus that is paid by the call. Challenges, checks and settlement are pympp's own server side.

Wire: the gateway's pages, its observed challenges (one, tempo/charge, no digest) and the observed body of a call that
was paid and then failed. One flat price for each endpoint, since the challenge is made before the model runs.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

import httpx
from aiohttp import web
from mpp.errors import PaymentError
from mpp.methods.tempo import server as tempo
from mpp.server.http import PaymentRequired, PaymentVerified, Request
from mpp.server.mpp import Mpp
from mpp.store import MemoryStore

from bot.core.money import usd
from bot.payments.policy import USDC_E
from sandbox.chain.rpc import PretendChain
from sandbox.gateways.locus import BODY_MAX
from sandbox.gateways.painter import paint

_HOST = "127.0.0.1"
RECIPIENT = "0x060b0fb0be9d90557577b3aee480711067149ff0"
STRANGER = "0x" + "66" * 20
PATH_USD = "0x20c0000000000000000000000000000000000000"
AMOUNT = "0.023"
PRICE = usd(AMOUNT)
# Pictures as by key; a chat and speech (108 characters) as observed; searches at the dear end of "$0.01-0.50".
_SEARCH = "0.50"
AMOUNTS: Mapping[str, str] = {
    "image-generate": AMOUNT,
    "image-edit": AMOUNT,
    "chat": "0.002359",
    "web-search": _SEARCH,
    "x-search": _SEARCH,
    "code-execution": _SEARCH,
    "tts": "0.0019",
}
SERVED = "grok-4.3"  # observed: whatever chat model is asked for
SAID = "This is the sandbox speaking."
PAGE = "https://docs.example/one"
SOUND = b"ID3 of the sandbox"
_UNSHOWN = "The member must never read this."
PAYMENT_ID = "5b0b2f4e-0000-4000-8000-000000000402"
_TEST_CHAIN_ID = 42431
_SIDE = 64


class Trick(StrEnum):
    """What goes wrong, in the challenge or once it is paid."""

    NONE = "none"
    # In the challenge; each but the last five is one that the gateway itself would take the money for.
    TOO_DEAR = "too_dear"
    STRANGER = "stranger"
    OTHER_TOKEN = "other_token"  # noqa: S105 - a currency
    OTHER_CHAIN = "other_chain"
    SPLITS = "splits"
    TWO_CHALLENGES = "two_challenges"
    FEE_PAYER = "fee_payer"
    NO_EXPIRY = "no_expiry"
    EXPIRED = "expired"
    DECIMAL_AMOUNT = "decimal_amount"
    OTHER_REALM = "other_realm"
    # In the challenge, and in order: it is bound to the body.
    BOUND = "bound"
    # Before it is paid.
    FREE = "free"
    DOWN_UNPAID = "down_unpaid"
    # Once it is paid.
    ASKS_AGAIN = "asks_again"
    SILENT = "silent"
    CUT_ONCE = "cut_once"
    CUT_BEFORE = "cut_before"
    UPSTREAM_FAILED = "upstream_failed"
    BAD_REQUEST = "bad_request"
    MODERATED = "moderated"
    FORBIDDEN = "forbidden"
    NO_PICTURE = "no_picture"
    NO_RECEIPT = "no_receipt"
    FALSE_RECEIPT = "false_receipt"
    SLOW = "slow"


_REFUSALS = {
    Trick.UPSTREAM_FAILED: (502, "Upstream API call failed"),
    Trick.BAD_REQUEST: (400, "Bad request"),
    Trick.MODERATED: (400, "Rejected by content moderation."),
    Trick.FORBIDDEN: (403, "Forbidden"),
}


class PayingLocus:
    """See the module's docstring. Made by `start`.

    `probes` counts the unpaid requests, `credentials` are the `Authorization` headers of the paid ones in order.
    `silence_s` is how long a silent or a slow answer takes.
    """

    def __init__(self, *, chain: PretendChain, http: httpx.AsyncClient) -> None:
        self.trick = Trick.NONE
        self.silence_s = 1.0
        self.probes = 0
        self.credentials: list[str] = []
        self.base_url = ""
        self.paid = asyncio.Event()
        methods = tempo.charge(
            recipient=RECIPIENT,
            rpc_url=chain.rpc_url,
            chain_id=chain.chain_id,
            currencies=[USDC_E],
            http_client=http,
            store=MemoryStore(),
        )
        self._mpp = Mpp(methods=methods, realm=_HOST, secret_key="sandbox")  # noqa: S106 - of the sandbox

    @classmethod
    @asynccontextmanager
    async def start(cls, *, chain: PretendChain) -> AsyncIterator[Self]:
        """Runs on a free port."""
        async with httpx.AsyncClient(trust_env=False, timeout=10.0) as http:
            locus = cls(chain=chain, http=http)
            app = web.Application(client_max_size=BODY_MAX)
            for slug in AMOUNTS:
                app.router.add_post(f"/grok/{slug}", locus._answer)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
            await runner.setup()
            await web.TCPSite(runner, _HOST, 0).start()
            locus.base_url = f"http://{_HOST}:{runner.addresses[0][1]}"
            try:
                yield locus
            finally:
                await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        order = json.loads(body)
        credential = request.headers.get("Authorization")
        if credential is None:
            self.probes += 1
            return await self._unpaid(request, body)
        self.credentials.append(credential)
        if self.trick is Trick.CUT_BEFORE:
            return _cut(request)
        try:
            result = await self._charge(request, body, credential)
        except PaymentError as error:
            return web.json_response(error.to_problem_details(), status=error.status)
        if not isinstance(result, PaymentVerified):
            return _refusal(result)
        self.paid.set()
        return await self._paid(request, body, order, result)

    async def _unpaid(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if self.trick is Trick.DOWN_UNPAID:
            return web.json_response({"error": "Bad gateway"}, status=502)
        if self.trick is Trick.FREE:
            return web.json_response(_made(request.path, json.loads(body)))
        answer = _refusal(await self._charge(request, body, None))
        header = _tampered(answer.headers["WWW-Authenticate"], self.trick)
        answer.headers["WWW-Authenticate"] = header
        if self.trick is Trick.TWO_CHALLENGES:
            second = header.replace('id="', 'id="second-')
            answer.headers["WWW-Authenticate"] = f"{header}, {second}"
        return answer

    async def _charge(self, request: web.Request, body: bytes, credential: str | None) -> Any:
        """pympp's own answer: the challenge, or the settled payment."""
        headers = {} if credential is None else {"Authorization": credential}
        ask = Request("POST", str(request.url), headers, body)
        bound = {"body": body} if self.trick is Trick.BOUND else {}
        return await self._mpp.charge(**_terms(self.trick, request.path), **bound)(ask)

    async def _paid(
        self, request: web.Request, body: bytes, order: dict[str, Any], result: PaymentVerified
    ) -> web.StreamResponse:
        if self.trick is Trick.ASKS_AGAIN:
            return _refusal(await self._charge(request, body, None))
        if self.trick is Trick.CUT_ONCE:
            self.trick = Trick.NONE
            return _cut(request)
        if self.trick in (Trick.SILENT, Trick.SLOW):
            await asyncio.sleep(self.silence_s)
        if self.trick in _REFUSALS:
            status, words = _REFUSALS[self.trick]
            told = {"success": False, "error": words, "paymentId": PAYMENT_ID}
            return web.json_response(told, status=status)
        made = _made(request.path, order, is_empty=self.trick is Trick.NO_PICTURE)
        answer = web.json_response(made)
        if self.trick is not Trick.NO_RECEIPT:
            receipt = result.receipt.to_payment_receipt()
            answer.headers["Payment-Receipt"] = _other_receipt() if self.trick is Trick.FALSE_RECEIPT else receipt
        return answer


def _slug(path: str) -> str:
    return path.rpartition("/")[2]


def _terms(trick: Trick, path: str) -> dict[str, Any]:
    terms: dict[str, Any] = {"amount": AMOUNTS[_slug(path)], "expires_in": timedelta(minutes=5)}
    changed: dict[Trick, dict[str, Any]] = {
        Trick.TOO_DEAR: {"amount": "0.70"},
        Trick.STRANGER: {"recipient": STRANGER},
        Trick.OTHER_TOKEN: {"currency": PATH_USD},
        Trick.OTHER_CHAIN: {"chain_id": _TEST_CHAIN_ID},
        Trick.SPLITS: {"splits": [{"amount": "1000", "recipient": STRANGER}]},
        Trick.FEE_PAYER: {"fee_payer": True},
    }
    return {**terms, **changed.get(trick, {})}


def _tampered(header: str, trick: Trick) -> str:
    """What no honest server says, written into its challenge."""
    name, _, rest = header.partition('request="')
    request, _, after = rest.partition('"')
    if trick is Trick.DECIMAL_AMOUNT:
        charge = json.loads(base64.urlsafe_b64decode(request + "=="))
        changed = json.dumps({**charge, "amount": "0.04"}, separators=(",", ":")).encode()
        return f'{name}request="{base64.urlsafe_b64encode(changed).decode().rstrip("=")}"{after}'
    if trick in (Trick.NO_EXPIRY, Trick.EXPIRED):
        before, _, rest = header.partition(', expires="')
        _, _, after = rest.partition('"')
        past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
        return f"{before}{after}" if trick is Trick.NO_EXPIRY else f'{before}, expires="{past}"{after}'
    if trick is Trick.OTHER_REALM:
        return header.replace(f'realm="{_HOST}"', 'realm="elsewhere.example"')
    return header


def _refusal(result: PaymentRequired) -> web.Response:
    challenge = result.challenge
    answer = web.Response(status=challenge.status, body=challenge.body)
    for name, value in challenge.headers.multi_items():
        answer.headers.add(name.title(), value)
    return answer


def _made(path: str, order: dict[str, Any], *, is_empty: bool = False) -> dict[str, object]:
    """The envelope of a success, empty where that is wanted."""
    match _slug(path):
        case "tts":
            data: dict[str, object] = {"data": "" if is_empty else base64.b64encode(SOUND).decode()}
        case "x-search" | "code-execution":
            data = _response("" if is_empty else SAID)
        case "chat" | "web-search" as slug:
            data = _completion("" if is_empty else SAID, cites=slug == "web-search")
        case _:
            data = _pictures(order, is_empty=is_empty)
    return {"success": True, "data": data}


def _completion(words: str, *, cites: bool) -> dict[str, object]:
    """The observed body of a chat; a search has citations besides."""
    message = {"role": "assistant", "content": words, "reasoning_content": _UNSHOWN, "refusal": None}
    body: dict[str, object] = {
        "object": "chat.completion",
        "model": SERVED,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 34, "cost_in_usd_ticks": 15_931_000},
    }
    return {**body, "citations": [PAGE]} if cites else body


def _response(words: str) -> dict[str, object]:
    """The other shape in which a search may be answered."""
    part = {"type": "output_text", "text": words, "annotations": [{"type": "url_citation", "url": PAGE}]}
    return {
        "object": "response",
        "model": SERVED,
        "output": [
            {"type": "reasoning", "content": [{"type": "reasoning_text", "text": _UNSHOWN}]},
            {"type": "message", "role": "assistant", "content": [part]},
        ],
    }


def _pictures(order: dict[str, Any], *, is_empty: bool = False) -> dict[str, object]:
    count, prompt = int(order.get("n", 1)), str(order["prompt"])
    drawn = [paint(prompt, index, width=_SIDE, height=_SIDE, picture_format="png") for index in range(count)]
    made = [{"b64_json": base64.b64encode(one).decode(), "mime_type": "image/png"} for one in drawn]
    return {
        "data": [] if is_empty else made,
        "model": "grok-imagine-image-2.0",
        "usage": {"cost_in_usd_ticks": usd("0.02")},
    }


def _other_receipt() -> str:
    told = {"status": "success", "method": "tempo", "timestamp": "2026-11-20T00:00:00Z", "reference": "0x" + "ab" * 32}
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()

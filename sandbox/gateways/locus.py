"""A pretend Locus by key.

draws while the caller waits. Wire: the vendor page, and the gateway's documents on wrapped access.
"""

import base64

from aiohttp import web

from bot.core.money import Ticks, usd
from sandbox.gateways.answers import Pauses, spoil
from sandbox.gateways.cdn import Cdn
from sandbox.gateways.checks import RejectedError, one_of, read_body, text, whole
from sandbox.gateways.faults import AnswerFault, Break, Faults, Outcome, Step
from sandbox.gateways.works import Order, Work, Works

NAME = "locus"
PREFIX = "/api/wrapped/grok"
PRICES = {"grok-imagine-image": usd("0.02"), "grok-imagine-image-pro": usd("0.08")}
FEE = usd("0.003")
_CHECKS = {
    "prompt": text,
    "model": one_of(*PRICES),
    "n": whole(1, 10),
    "aspect_ratio": one_of("1:1", "16:9", "9:16", "4:3", "3:2", "auto"),
    "response_format": one_of("url", "b64_json"),
}
_PHRASES = {
    401: "Unauthorized",
    402: "Insufficient USDC balance",
    403: "Policy violation",
    404: "Unknown provider or endpoint",
    429: "Too many requests",
    500: "Payment failed",
    502: "Upstream API call failed",
}
_MESSAGES = {403: "The call is above the allowance of this wallet."}
_PAYMENT_ID = "5b0b2f4e-0000-4000-8000-000000000000"


def error_body(status: int) -> object:
    """The documented body; those that come after the payment step name the payment."""
    body: dict[str, object] = {"success": False, "error": _PHRASES.get(status, f"HTTP {status}")}
    if status in _MESSAGES:
        body["message"] = _MESSAGES[status]
    if status in (500, 502):
        body["paymentId"] = _PAYMENT_ID
    return body


class PretendLocus:
    """One endpoint. `approve` lets a call run that waits for a person."""

    def __init__(self, *, key: str, works: Works, cdn: Cdn, faults: Faults, pauses: Pauses) -> None:
        self._key = key
        self._works = works
        self._cdn = cdn
        self._faults = faults
        self._pauses = pauses

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post(f"{PREFIX}/image-generate", self._submit)
        app.router.add_route("*", "/{path:.*}", self._unknown)
        return app

    def waiting(self) -> int:
        return self._works.waiting()

    def approve(self, pending_id: str) -> None:
        """A person approves: the call runs and is charged. Raises KeyError for an id that does not wait."""
        work = self._works.find(pending_id)
        if work is None or not work.is_closed:
            raise KeyError(pending_id)
        work.is_closed = False
        self._works.charge(work)

    async def _unknown(self, request: web.Request) -> web.Response:
        return web.json_response(error_body(404), status=404)

    async def _submit(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self._key}":
            return web.json_response(error_body(401), status=401)
        try:
            body = await read_body(request, _CHECKS, required="prompt")
        except RejectedError as problem:
            told = {"success": False, "error": "Bad request", "message": str(problem)}
            return web.json_response(told, status=400)
        order, model = _order(body)
        fault = self._faults.answer(NAME, Step.SUBMIT, order.prompt)
        if fault is not None and not fault.is_charged:
            return await spoil(request, fault, web.Response(), error_body(fault.status), self._pauses)
        work = self._works.accept(order)
        answer = await self._drawn(work, model, body.get("response_format") == "b64_json")
        if answer is None:
            silent = AnswerFault(kind=Break.SILENT)
            return await spoil(request, silent, web.Response(), None, self._pauses)
        if fault is not None:
            return await spoil(request, fault, answer, error_body(fault.status), self._pauses)
        return answer

    async def _drawn(self, work: Work, model: str, in_base64: bool) -> web.Response | None:
        """The answer, after the time it takes; None when it never comes."""
        kind = work.fault.kind if work.fault else None
        if kind is Outcome.NEVER_ENDS:
            return None
        if kind is Outcome.PENDING_APPROVAL:
            work.is_closed = True
            return web.json_response(_pending(work), status=202)
        await self._pauses.wait(self._works.seconds_left(work))
        if kind is Outcome.MODERATED and work.fault is not None and not work.fault.is_charged:
            told = {"success": False, "error": "Bad request", "message": "Rejected by content moderation."}
            return web.json_response(told, status=400)
        if kind in (Outcome.ERROR, Outcome.FAILED):
            self._works.give_up(work)
            return web.json_response(error_body(502), status=502)
        usage = {"cost_in_usd_ticks": work.price - FEE}
        pictures = self._pictures(work, in_base64 or kind is Outcome.BASE64)
        return web.json_response({"success": True, "data": {"data": pictures, "model": model, "usage": usage}})

    def _pictures(self, work: Work, in_base64: bool) -> list[dict[str, object]]:
        mime = f"image/{work.format}"
        if work.ends_as(Outcome.EMPTY):
            return []
        if work.ends_as(Outcome.MODERATED):
            return [{"respect_moderation": False, "mime_type": mime}] * work.pictures
        if in_base64:
            raw = [self._cdn.picture(work, index) for index in range(work.pictures)]
            return [{"b64_json": base64.b64encode(data).decode(), "mime_type": mime} for data in raw]
        return [{"url": url, "mime_type": mime, "revised_prompt": ""} for url in self._cdn.urls(work)]


def _pending(work: Work) -> dict[str, object]:
    data = {
        "status": "PENDING_APPROVAL",
        "pending_approval_id": work.id,
        "approval_url": f"https://app.paywithlocus.com/approvals/{work.id}",
        "estimated_cost_usdc": "0.023",
    }
    return {"success": True, "data": data}


def _order(body: dict[str, object]) -> tuple[Order, str]:
    model = str(body.get("model", "grok-imagine-image"))
    count = body.get("n", 1)
    order = Order(
        prompt=str(body["prompt"]),
        count=count if isinstance(count, int) else 1,
        ratio=str(body.get("aspect_ratio", "auto")),
        resolution=None,
        format="jpeg",
        price_each=Ticks(PRICES[model]),
        fee=FEE,
    )
    return order, model

"""A pretend Locus by key: draws, answers and speaks while the caller waits.

Wire: the vendor pages, and the gateway's documents on wrapped access.
"""

import base64

from aiohttp import web

from bot.core.money import Ticks, usd
from sandbox.gateways import replies
from sandbox.gateways.checks import Check, RejectedError, fields, many, number, one_of, picture, read_body, text, whole
from sandbox.gateways.faults import Outcome
from sandbox.gateways.serving import Desk
from sandbox.gateways.works import Order, Work

NAME = "locus"
PREFIX = "/api/wrapped/grok"
PRICES = {"grok-imagine-image": usd("0.02"), "grok-imagine-image-pro": usd("0.08")}
FEE = usd("0.003")
SOURCE_TICKS = usd("0.002")  # upstream, for each picture handed in
SPEAK_EACH = usd("0.000005")  # vendor page: "~$0.005 per 1k characters"
SERVED = "grok-4.3"  # observed: whatever chat model is asked for
BODY_MAX = 32 * 1024 * 1024
CHAT_MODELS = ("grok-3", "grok-3-mini", "grok-4-0709", "grok-4-1-fast-reasoning", "grok-code-fast-1")
SEARCH_MODELS = ("grok-4-0709", "grok-4-1-fast-reasoning", "grok-4-1-fast-non-reasoning")
_IMAGE = {
    "prompt": text,
    "model": one_of(*PRICES),
    "n": whole(1, 10),
    "response_format": one_of("url", "b64_json"),
}
_PART = fields(
    {"type": one_of("text", "image_url"), "text": text, "image_url": fields({"url": picture}, "url")}, "type"
)
_TURNS = many(
    fields(
        {
            "role": one_of("system", "user", "assistant"),
            "content": lambda value: text(value) or many(_PART, 1, 20)(value),
        },
        "role",
        "content",
    ),
    1,
    100,
)
_TALK = {"messages": _TURNS, "temperature": number(0, 2), "max_tokens": whole(1, 100_000)}
_CHAT = {**_TALK, "model": one_of(*CHAT_MODELS, *SEARCH_MODELS), "top_p": number(0, 1), "n": whole(1, 1)}
_SEARCH = {**_TALK, "model": one_of(*SEARCH_MODELS)}
_ENDPOINTS: dict[str, tuple[dict[str, Check], str | tuple[str, ...]]] = {
    "image-generate": (
        {**_IMAGE, "aspect_ratio": one_of("1:1", "16:9", "9:16", "4:3", "3:2", "auto")},
        "prompt",
    ),
    "image-edit": ({**_IMAGE, "image": picture}, ("prompt", "image")),
    "chat": (_CHAT, ("model", "messages")),
    "web-search": (_SEARCH, ("model", "messages")),
    "x-search": (_SEARCH, ("model", "messages")),
    "code-execution": (_SEARCH, ("model", "messages")),
    "tts": ({"text": text, "voice_id": one_of(*replies.VOICES), "language": text}, ("text", "language")),
}
# Inferred: a search is answered in either of two shapes; here one endpoint gives the one, two the other.
_SEARCHES = ("x-search", "code-execution")
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
PAYMENT_ID = "5b0b2f4e-0000-4000-8000-000000000000"


def error_body(status: int) -> object:
    """The documented body; those that come after the payment step name the payment."""
    body: dict[str, object] = {"success": False, "error": _PHRASES.get(status, f"HTTP {status}")}
    if status in _MESSAGES:
        body["message"] = _MESSAGES[status]
    if status in (500, 502):
        body["paymentId"] = PAYMENT_ID
    return body


class PretendLocus:
    """All endpoints of the wrapped access. `approve` lets a call run that waits for a person; with `is_open` nobody
    needs a key."""

    def __init__(self, *, key: str, desk: Desk) -> None:
        self._key = key
        self.is_open = False
        self._desk = desk

    def app(self) -> web.Application:
        app = web.Application(client_max_size=BODY_MAX)
        app.router.add_post(f"{PREFIX}/{{slug}}", self._serve)
        app.router.add_route("*", "/{path:.*}", self._unknown)
        return app

    def waiting(self) -> int:
        return self._desk.works.waiting()

    def approve(self, pending_id: str) -> None:
        """A person approves: the call runs and is charged. Raises KeyError for an id that does not wait."""
        work = self._desk.works.find(pending_id)
        if work is None or not work.is_closed:
            raise KeyError(pending_id)
        work.is_closed = False
        self._desk.works.charge(work)

    async def _unknown(self, request: web.Request) -> web.Response:
        return web.json_response(error_body(404), status=404)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        slug = request.match_info["slug"]
        if slug not in _ENDPOINTS:
            return await self._unknown(request)
        if not self.is_open and request.headers.get("Authorization") != f"Bearer {self._key}":
            return web.json_response(error_body(401), status=401)
        checks, required = _ENDPOINTS[slug]
        try:
            body = await read_body(request, checks, required=required)
        except RejectedError as problem:
            told = {"success": False, "error": "Bad request", "message": str(problem)}
            return web.json_response(told, status=400)

        async def answer(work: Work) -> web.Response | None:
            return await self._made(work, slug, body)

        return await self._desk.take(request, _order(slug, body), answer, error_body)

    async def _made(self, work: Work, slug: str, body: dict[str, object]) -> web.Response | None:
        """The answer, after the time it takes; None when it never comes."""
        works, kind = self._desk.works, work.fault.kind if work.fault else None
        if kind is Outcome.NEVER_ENDS:
            return None
        if kind is Outcome.PENDING_APPROVAL:
            work.is_closed = True
            return web.json_response(_pending(work), status=202)
        await works.until_ready(work, self._desk.pauses)
        if kind is Outcome.MODERATED and work.fault is not None and not work.fault.is_charged:
            told = {"success": False, "error": "Bad request", "message": "Rejected by content moderation."}
            return web.json_response(told, status=400)
        if kind in (Outcome.ERROR, Outcome.FAILED):
            works.give_up(work)
            return web.json_response(error_body(502), status=502)
        return web.json_response({"success": True, "data": self._data(work, slug, body)})

    def _data(self, work: Work, slug: str, body: dict[str, object]) -> dict[str, object]:
        """The upstream's body. A retired model is served by another one, which is told."""
        ticks = work.price - FEE
        if slug == "tts":
            data = b"" if work.ends_as(Outcome.EMPTY) else replies.sound(work.prompt)
            return {"data": base64.b64encode(data).decode()}
        if slug in _SEARCHES:
            return replies.response(work, SERVED, ticks)
        if slug == "chat":
            return replies.chat_completion(work, SERVED, ticks)
        if slug.endswith("web-search"):
            return replies.chat_completion(work, SERVED, ticks, searched=True)
        in_base64 = body.get("response_format") == "b64_json"
        model = str(body.get("model", "grok-imagine-image"))
        return replies.images(work, model, self._desk.cdn, ticks=ticks, in_base64=in_base64)


def _pending(work: Work) -> dict[str, object]:
    data = {
        "status": "PENDING_APPROVAL",
        "pending_approval_id": work.id,
        "approval_url": f"https://app.paywithlocus.com/approvals/{work.id}",
        "estimated_cost_usdc": "0.023",
    }
    return {"success": True, "data": data}


def _order(slug: str, body: dict[str, object]) -> Order:
    if slug == "tts":
        words = str(body["text"])
        return replies.talk(words, Ticks(SPEAK_EACH * len(words) + FEE))
    if "messages" in body:
        return replies.asked(body["messages"], Ticks(replies.ASK_TICKS + FEE))
    count = body.get("n", 1)
    return Order(
        prompt=str(body["prompt"]),
        count=count if isinstance(count, int) else 1,
        ratio=str(body.get("aspect_ratio", "auto")),
        resolution=None,
        format="jpeg",
        price_each=Ticks(PRICES[str(body.get("model", "grok-imagine-image"))]),
        fee=Ticks(FEE + SOURCE_TICKS) if slug == "image-edit" else FEE,
    )

"""A pretend xAI: pictures at once or deferred, answers at once or streamed, speech as bytes.

Wire: its REST reference.
"""

import json
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from bot.core.money import Ticks, usd
from sandbox.gateways import replies
from sandbox.gateways.checks import (
    Check,
    RejectedError,
    boolean,
    fields,
    many,
    number,
    one_of,
    picture,
    read_body,
    text,
    whole,
)
from sandbox.gateways.faults import Outcome
from sandbox.gateways.serving import Desk
from sandbox.gateways.works import Order, Work

NAME = "xai"
PREFIX = "/v1"
RATIOS = (
    "1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9", "1:2", "2:1",
    "21:9", "5:2", "auto",
)  # fmt: skip
SOURCE_TICKS = usd("0.002")
PRICES = {
    "grok-imagine-image": {"1k": usd("0.02"), "1.5k": usd("0.02"), "2k": usd("0.02")},
    "grok-imagine-image-2.0": {"1k": usd("0.04"), "1.5k": usd("0.08"), "2k": usd("0.08")},
}
ASK_MODELS = ("grok-4.7", "grok-4.6", "grok-4.5", "grok-4.3", "grok-build-0.1")
SPEAK_EACH = usd("0.000015")  # a character, at $15 a million
EVENT_STREAM = "text/event-stream"
EVENT_S = 0.1  # between two events of a streamed answer, before it is scaled
BODY_MAX = 64 * 1024 * 1024
_SOURCE = fields({"url": picture, "type": one_of("image_url")}, "url", "type")
_IMAGE: dict[str, Check] = {
    "prompt": text,
    "model": one_of(*PRICES),
    "n": whole(1, 10),
    "aspect_ratio": one_of(*RATIOS),
    "resolution": one_of("1k", "1.5k", "2k"),
    "response_format": one_of("url", "b64_json"),
    "deferred": boolean,
}
_EDIT: dict[str, Check] = {**_IMAGE, "image": _SOURCE, "images": many(_SOURCE, 2, 3)}
_ROLE = one_of("system", "user", "assistant")
_CHAT_PART = fields(
    {"type": one_of("text", "image_url"), "text": text, "image_url": fields({"url": picture}, "url")}, "type"
)
_INPUT_PART = fields({"type": one_of("input_text", "input_image"), "text": text, "image_url": picture}, "type")
_ASK: dict[str, Check] = {
    "model": one_of(*ASK_MODELS),
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "stream": boolean,
}
_CHAT: dict[str, Check] = {
    **_ASK,
    "messages": many(
        fields(
            {"role": _ROLE, "content": lambda value: text(value) or many(_CHAT_PART, 1, 20)(value)}, "role", "content"
        ),
        1,
        100,
    ),
    "max_completion_tokens": whole(1, 500_000),
    "stream_options": fields({"include_usage": boolean}),
}
_RESPONSES: dict[str, Check] = {
    **_ASK,
    "input": many(
        fields(
            {"role": _ROLE, "content": lambda value: text(value) or many(_INPUT_PART, 1, 20)(value)}, "role", "content"
        ),
        1,
        100,
    ),
    "max_output_tokens": whole(1, 500_000),
    "tools": many(fields({"type": one_of("web_search", "x_search", "code_interpreter")}, "type"), 1, 3),
}
_SPEAK: dict[str, Check] = {
    "text": lambda value: text(value) and len(str(value)) <= 15_000,
    "voice_id": one_of(*replies.VOICES),
    "language": text,
}
_PHRASES = {
    400: "Invalid argument",
    401: "Incorrect API key provided",
    402: "Insufficient credits",
    403: "The API key has no access to this model",
    404: "Not found",
    429: "Too many requests",
}


def error_body(status: int) -> object:
    """One of the two documented bodies: the flat one for 401 and 403, the nested one for the others."""
    phrase = _PHRASES.get(status, f"HTTP {status}")
    if status in (401, 403):
        return {"code": "The caller does not have permission", "error": phrase}
    return {"error": {"message": phrase, "type": "invalid_request_error", "param": None, "code": None}}


class PretendXai:
    """All endpoints that the bot uses. `between_events` is waited for after each event of a stream but the last."""

    def __init__(self, *, key: str, desk: Desk) -> None:
        self._key = key
        self._desk = desk
        self._bodies: dict[str, dict[str, object]] = {}
        self.between_events: Callable[[], Awaitable[None]] = self._breathe

    def app(self) -> web.Application:
        app = web.Application(client_max_size=BODY_MAX)
        app.router.add_post(f"{PREFIX}/images/generations", self._draw)
        app.router.add_post(f"{PREFIX}/images/edits", self._edit)
        app.router.add_get(f"{PREFIX}/images/{{id}}", self._deferred)
        app.router.add_post(f"{PREFIX}/chat/completions", self._chat)
        app.router.add_post(f"{PREFIX}/responses", self._respond)
        app.router.add_post(f"{PREFIX}/tts", self._speak)
        return app

    def waiting(self) -> int:
        return self._desk.works.waiting()

    async def _draw(self, request: web.Request) -> web.StreamResponse:
        return await self._pictures(request, _IMAGE)

    async def _edit(self, request: web.Request) -> web.StreamResponse:
        return await self._pictures(request, _EDIT)

    async def _pictures(self, request: web.Request, checks: dict[str, Check]) -> web.StreamResponse:
        body = await self._checked(request, checks, ("prompt",))
        if isinstance(body, web.Response):
            return body
        if checks is _EDIT and ("image" in body) == ("images" in body):
            return _refused("image or images is required")

        async def answer(work: Work) -> web.Response | None:
            if work.ends_as(Outcome.MODERATED) and work.fault is not None and not work.fault.is_charged:
                return _refused("Rejected by content moderation")
            self._bodies[work.id] = body
            if body.get("deferred"):
                return web.json_response({"request_id": work.id})
            if not await self._wait(work):
                return None
            return self._drawn(work)

        return await self._desk.take(request, _order(body), answer, error_body)

    def _drawn(self, work: Work) -> web.Response:
        if work.ends_as(Outcome.FAILED) or work.ends_as(Outcome.ERROR):
            self._desk.works.give_up(work)
            return web.json_response(error_body(500), status=500)
        body = self._bodies[work.id]
        in_base64 = body.get("response_format") == "b64_json"
        model = str(body.get("model", "grok-imagine-image"))
        return web.json_response(replies.images(work, model, self._desk.cdn, ticks=work.price, in_base64=in_base64))

    async def _deferred(self, request: web.Request) -> web.StreamResponse:
        if not self._is_known(request):
            return web.json_response(error_body(401), status=401)
        work = self._desk.works.find(request.match_info["id"])
        if work is None or work.id not in self._bodies:
            return web.json_response(error_body(404), status=404)
        if not self._desk.works.is_ready(work):
            good = web.Response(status=202)
        elif work.ends_as(Outcome.FAILED) or work.ends_as(Outcome.ERROR):
            self._desk.works.give_up(work)
            good = web.json_response({"status": "failed", "error": {"message": "Description of the error"}})
        else:
            good = self._drawn(work)
        return await self._desk.tell(request, work, good, error_body)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await self._checked(request, _CHAT, ("model", "messages"))
        return body if isinstance(body, web.Response) else await self._answer(request, body, is_chat=True)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        body = await self._checked(request, _RESPONSES, ("model", "input"))
        return body if isinstance(body, web.Response) else await self._answer(request, body, is_chat=False)

    async def _answer(self, request: web.Request, body: dict[str, object], *, is_chat: bool) -> web.StreamResponse:
        model = str(body["model"])
        stream: list[bytes] = []

        async def answer(work: Work) -> web.Response | None:
            if work.ends_as(Outcome.MODERATED) and work.fault is not None and not work.fault.is_charged:
                flat = {"code": "permission-denied", "error": "Content violates usage guidelines."}
                return web.json_response(flat, status=403)
            if not await self._wait(work):
                return None
            whole = (
                replies.chat_completion(work, model, work.price)
                if is_chat
                else replies.response(work, model, work.price)
            )
            if not body.get("stream"):
                return web.json_response(whole)
            text_so_far = "" if work.ends_as(Outcome.EMPTY) else replies.reply_text(work)
            events = replies.chat_chunks(whole) if is_chat else replies.response_events(whole, text_so_far)
            stream.extend(_lines(events))
            return web.Response(body=b"".join(stream), content_type=EVENT_STREAM)

        order = replies.asked(body["messages" if is_chat else "input"], replies.ASK_TICKS)
        response = await self._desk.take(request, order, answer, error_body)
        is_spoiled = not isinstance(response, web.Response) or response.body != b"".join(stream)
        return response if is_spoiled or not stream else await self._send(request, stream)

    async def _send(self, request: web.Request, stream: list[bytes]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": f"{EVENT_STREAM}; charset=utf-8"})
        await response.prepare(request)
        await response.write(stream[0])
        for event in stream[1:]:
            await self.between_events()
            await response.write(event)
        return response

    async def _breathe(self) -> None:
        await self._desk.pauses.wait(EVENT_S * self._desk.works.tempo)

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        body = await self._checked(request, _SPEAK, ("text", "language"))
        if isinstance(body, web.Response):
            return body

        async def answer(work: Work) -> web.Response | None:
            if not await self._wait(work):
                return None
            data = b"" if work.ends_as(Outcome.EMPTY) else replies.sound(work.prompt)
            return web.Response(body=data, content_type="audio/wav")

        words = str(body["text"])
        return await self._desk.take(request, replies.talk(words, Ticks(SPEAK_EACH * len(words))), answer, error_body)

    async def _wait(self, work: Work) -> bool:
        """The time it takes; False when it never ends."""
        if work.ends_as(Outcome.NEVER_ENDS):
            return False
        await self._desk.works.until_ready(work, self._desk.pauses)
        return True

    async def _checked(
        self, request: web.Request, checks: dict[str, Check], required: tuple[str, ...]
    ) -> dict[str, object] | web.Response:
        if not self._is_known(request):
            return web.json_response(error_body(401), status=401)
        try:
            return await read_body(request, checks, required=required)
        except RejectedError as problem:
            return _refused(str(problem))

    def _is_known(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self._key}"


def _order(body: dict[str, object]) -> Order:
    count, resolution = body.get("n", 1), str(body.get("resolution", "1k"))
    images = body.get("images", [])
    sources = 1 if "image" in body else len(images) if isinstance(images, list) else 0
    return Order(
        prompt=str(body["prompt"]),
        count=count if isinstance(count, int) else 1,
        ratio=str(body.get("aspect_ratio", "auto")),
        resolution=resolution,
        format="jpeg",
        price_each=PRICES[str(body.get("model", "grok-imagine-image"))][resolution],
        fee=Ticks(SOURCE_TICKS * sources),
    )


def _refused(problem: str) -> web.Response:
    told = {"error": {"message": problem, "type": "invalid_request_error", "param": None, "code": "invalid-argument"}}
    return web.json_response(told, status=400)


def _lines(events: Iterable[dict[str, object]]) -> list[bytes]:
    return [*(f"data: {json.dumps(event)}\n\n".encode() for event in events), b"data: [DONE]\n\n"]

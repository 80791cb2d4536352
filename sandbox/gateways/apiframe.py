"""A pretend Apiframe: jobs under idempotency keys, uploads, signed callbacks. Wire: the vendor page and the OpenAPI
document, which disagree on two names: `params_key` and `webhook_key` say which of them is understood.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from aiohttp import web

from bot.core.clock import Clock, utc
from bot.core.money import Ticks, usd
from sandbox.gateways.calling import Callback, Caller
from sandbox.gateways.checks import Check, RejectedError, address, check_body, fields, many, one_of, text
from sandbox.gateways.faults import Outcome, Step
from sandbox.gateways.serving import Desk
from sandbox.gateways.works import Order, Work

NAME = "apiframe"
PREFIX = "/v2"
MODEL = "grok-imagine-image"
RATIOS = ("1:1", "2:3", "3:2", "16:9", "9:16")
CREDIT = usd("0.01")
CREDITS = {MODEL: 8, "topaz-image-upscale": 20, "clarity-upscale": 20}
UPLOAD_MAX = 25 * 1024 * 1024
_UPSCALERS: dict[str, tuple[str, str, Check]] = {
    "topaz-image-upscale": (
        "topazUpscaleParams",
        "upscale_factor",
        fields(
            {
                "image": address,
                "upscale_factor": lambda value: value in (1, 2, 4, 6),
                "output_format": one_of("jpg", "png"),
            },
            "image",
        ),
    ),
    "clarity-upscale": (
        "clarityUpscaleParams",
        "scale_factor",
        fields(
            {
                "image": address,
                "scale_factor": lambda value: value in (1, 2, 4, 8),
                "output_format": one_of("png", "jpg", "webp"),
            },
            "image",
        ),
    ),
}
_MAGIC = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp", b"GIF8": "image/gif"}
_PHRASES = {401: "Invalid API key", 403: "Forbidden", 404: "Job not found", 429: "Rate limit exceeded"}
_EVENTS = many(one_of("progress", "completed", "failed"), 1, 3)


def error_body(status: int) -> object:
    """The documented body."""
    if status == 402:
        return {"error": "Insufficient credits", "creditsRequired": 8, "creditsAvailable": 0}
    return {"error": _PHRASES.get(status, f"HTTP {status}")}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keyed:
    """What an idempotency key was used for."""

    body: bytes
    work: Work


class PretendApiframe:
    """Jobs. `webhooks` are the addresses that orders asked to be called at, `caller` is who calls there."""

    def __init__(self, *, key: str, desk: Desk, clock: Clock, caller: Caller) -> None:
        self._key = key
        self._desk = desk
        self._clock = clock
        self._keys: dict[str, _Keyed] = {}
        self._models: dict[str, str] = {}
        self.uploads: dict[str, bytes] = {}
        self.params_key: Literal["grokParams", "grokImagineParams"] = "grokParams"
        self.webhook_key: Literal["webhookUrl", "webhook_url"] = "webhookUrl"
        self.caller = caller
        self.webhooks: list[str] = []

    def app(self) -> web.Application:
        app = web.Application(client_max_size=UPLOAD_MAX + 65_536)
        app.router.add_post(f"{PREFIX}/images/{{verb:generate|upscale}}", self._create)
        app.router.add_post(f"{PREFIX}/uploads", self._upload)
        app.router.add_get(f"{PREFIX}/jobs/{{id}}", self._job)
        return app

    def waiting(self) -> int:
        return self._desk.works.waiting()

    def signed_callback(self, job_id: str, *, event: str = "completed") -> tuple[dict[str, str], bytes]:
        """Headers and body of a callback as the gateway would send it. Raises KeyError for an unknown job."""
        work = self._desk.works.find(job_id)
        if work is None:
            raise KeyError(job_id)
        job = self._told(work)
        told = {"event": event, "jobId": job.pop("id"), **job}
        body = json.dumps(told).encode()
        signature = hmac.new(hashlib.sha256(self._key.encode()).digest(), body, hashlib.sha256).hexdigest()
        return {"X-Webhook-Signature": f"sha256={signature}", "X-Webhook-Event": event}, body

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if not self._is_known(request):
            return _error(401)
        raw, key = await request.read(), request.headers.get("Idempotency-Key", "")
        if (known := self._keys.get(key)) is not None:
            if known.body != raw:
                return web.json_response({"error": "Idempotency-Key was used with another body"}, status=409)
            again = self._created(known.work)
            return await self._desk.tell(request, known.work, again, error_body, at=Step.SUBMIT)
        try:
            order, model, webhook = self._order(raw, request.match_info["verb"])
        except RejectedError as problem:
            details = {problem.name or "body": [str(problem)]}
            return web.json_response({"error": "Validation failed", "details": details}, status=400)

        async def answer(work: Work) -> web.Response:
            self._models[work.id] = model
            if key:
                self._keys[key] = _Keyed(body=raw, work=work)
            if webhook is not None:
                await self.caller.accepted(webhook, work, self._callback, self._lie)
            return self._created(work)

        return await self._desk.take(request, order, answer, error_body)

    def _callback(self, work: Work) -> Callback:
        headers, body = self.signed_callback(work.id)
        return Callback(body=body, headers=headers)

    def _lie(self, work: Work) -> Callback:
        """The right words, signed by somebody else."""
        headers, body = self.signed_callback(work.id)
        signature = hmac.new(b"another key", body, hashlib.sha256).hexdigest()
        return Callback(body=body, headers={**headers, "X-Webhook-Signature": f"sha256={signature}"})

    def _order(self, raw: bytes, verb: str) -> tuple[Order, str, str | None]:
        try:
            given = json.loads(raw)
        except ValueError:
            raise RejectedError("body is not JSON") from None
        common: dict[str, Check] = {self.webhook_key: address, "webhookEvents": _EVENTS}
        if verb == "generate":
            inner = fields({"aspect_ratio": one_of(*RATIOS), "image": self._is_at_hand})
            checks = {
                "prompt": lambda value: text(value) and len(str(value)) <= 2000,
                "model": one_of(MODEL),
                self.params_key: inner,
            }
            body = check_body(given, {**common, **checks}, required=("prompt", "model"))
            params = body.get(self.params_key, {})
            order = _drawing(str(body["prompt"]), params if isinstance(params, dict) else {})
        else:
            model = str(given.get("model")) if isinstance(given, dict) else ""
            key, factor_key, inner = _UPSCALERS.get(model, ("", "", one_of()))
            body = check_body(given, {**common, "model": one_of(*_UPSCALERS), key: inner}, required=("model", key))
            params = body[key]
            order = self._enlarging(params if isinstance(params, dict) else {}, factor_key, model)
        webhook = None
        if self.webhook_key in body:
            webhook = str(body[self.webhook_key])
            self.webhooks.append(webhook)
        return order, str(body["model"]), webhook

    def _enlarging(self, params: dict[str, object], factor_key: str, model: str) -> Order:
        url, factor = str(params["image"]), params.get(factor_key, 2)
        return Order(
            prompt=f"upscale {url}",
            count=1,
            ratio="1:1",
            resolution=None,
            format={"jpg": "jpeg"}.get(
                str(params.get("output_format", "png")), str(params.get("output_format", "png"))
            ),
            price_each=Ticks(CREDITS[model] * CREDIT),
            given=self.uploads.get(url),
            factor=factor if isinstance(factor, int) else 1,
        )

    def _is_at_hand(self, value: object) -> bool:
        """Any address, but of our own uploads only one that exists."""
        return address(value) and ("/uploads/" not in str(value) or value in self.uploads)

    def _created(self, work: Work) -> web.Response:
        if work.ends_as(Outcome.MODERATED) and work.fault is not None and not work.fault.is_charged:
            work.is_closed = True
            return web.json_response({"error": "Prompt rejected by content moderation"}, status=400)
        return web.json_response({"jobId": work.id, "status": self._word(work)}, status=202)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        if not self._is_known(request):
            return _error(401)
        part = (await request.post()).get("file")
        data = part.file.read() if isinstance(part, web.FileField) else b""
        kind = next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)
        if kind is None or len(data) > UPLOAD_MAX:
            return web.json_response({"error": "Unsupported file", "details": {"file": ["not a picture"]}}, status=400)
        name = hashlib.sha256(data + str(len(self.uploads)).encode()).hexdigest()[:32]
        url = f"{request.url.origin()}{PREFIX}/uploads/{name}"
        self.uploads[url] = data
        expires = (utc(self._clock.now()) + timedelta(hours=1)).isoformat()
        told = {
            "id": name,
            "url": url,
            "kind": "image",
            "contentType": kind,
            "byteSize": len(data),
            "expiresAt": expires,
        }
        return web.json_response(told, status=201)

    async def _job(self, request: web.Request) -> web.StreamResponse:
        if not self._is_known(request):
            return _error(401)
        work = self._desk.works.find(request.match_info["id"])
        good = _error(404) if work is None else web.json_response(self._told(work))
        return await self._desk.tell(request, work, good, error_body)

    def _told(self, work: Work) -> dict[str, object]:
        word = self._word(work)
        is_done = word == "COMPLETED"
        now = utc(self._clock.now()).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        told: dict[str, object] = {
            "id": work.id,
            "status": word,
            "model": self._models.get(work.id, MODEL),
            "progress": 100 if is_done else 50,
            "error": None,
            "creditCost": work.price // CREDIT,
            "webhookStatus": None,
            "createdAt": now,
            "completedAt": now if is_done else None,
        }
        if word in ("FAILED", "CANCELLED"):
            self._desk.works.give_up(work)
            told["error"] = (
                "Blocked by the safety system" if work.ends_as(Outcome.MODERATED) else "Description of the error"
            )
            told["creditCost"] = None
        if is_done:
            told["result"] = {"images": self._images(work)}
            told["expired"] = work.ends_as(Outcome.EXPIRED)
        return told

    def _word(self, work: Work) -> str:
        works = self._desk.works
        if not work.is_closed and not works.is_ready(work):
            if work.ends_as(Outcome.UNKNOWN_STATUS):
                return "WARMING_UP"
            return "QUEUED" if works.is_queued(work) else "PROCESSING"
        match work.fault.kind if work.fault else None:
            case Outcome.FAILED | Outcome.MODERATED:
                return "FAILED"
            case Outcome.ERROR:
                return "CANCELLED"
            case _:
                return "COMPLETED"

    def _images(self, work: Work) -> list[str]:
        if work.ends_as(Outcome.EMPTY) or work.ends_as(Outcome.EXPIRED):
            return []
        if work.ends_as(Outcome.BASE64):
            return [self._desk.cdn.data_uri(work, index) for index in range(work.pictures)]
        return self._desk.cdn.urls(work)

    def _is_known(self, request: web.Request) -> bool:
        return request.headers.get("X-API-Key") == self._key


def _drawing(prompt: str, params: dict[str, object]) -> Order:
    return Order(
        prompt=prompt,
        count=1,
        ratio=str(params.get("aspect_ratio", "1:1")),
        resolution=None,
        format="jpeg",
        price_each=Ticks(CREDITS[MODEL] * CREDIT),
    )


def _error(status: int) -> web.Response:
    return web.json_response(error_body(status), status=status)

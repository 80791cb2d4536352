"""A pretend Pixazo: submit, then a status to ask for. Wire: the vendor page of the quality model."""

import json
import re

from aiohttp import web

from bot.core.clock import Clock, utc
from bot.core.money import Ticks, usd
from sandbox.gateways.answers import Pauses, spoil
from sandbox.gateways.calling import Callback, Caller
from sandbox.gateways.cdn import Cdn
from sandbox.gateways.checks import RejectedError, address, boolean, many, one_of, read_body, text, whole
from sandbox.gateways.faults import Faults, Outcome, Step
from sandbox.gateways.works import Order, Work, Works

NAME = "pixazo"
MODEL = "grok-imagine-pro-text-to-image-quality"
EDIT_MODEL = "grok-imagine-pro-edit-quality"
RATIOS = ("2:1", "20:9", "19.5:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:19.5", "9:20", "1:2")
PRICES = {"1k": usd("0.05"), "2k": usd("0.07")}
_CHECKS = {
    "prompt": text,
    "num_images": whole(1, 4),
    "aspect_ratio": one_of(*RATIOS),
    "resolution": one_of("1k", "2k"),
    "output_format": one_of("jpeg", "png", "webp"),
    "sync_mode": boolean,
}
_EDIT_CHECKS = {
    **_CHECKS,
    "image_urls": many(address, 1, 3),
    "num_images": whole(1, 5),
    "aspect_ratio": one_of("auto", *RATIOS),
}
_PHRASES = {
    400: ("Bad Request", "The request is not valid."),
    401: ("Unauthorized", "Access denied due to missing or invalid subscription key."),
    402: ("Insufficient Balance", "Your wallet does not have enough balance."),
    403: ("Forbidden", "This key may not use the model."),
    404: ("Not Found", "Request not found"),
    429: ("Too Many Requests", "Rate limit is exceeded."),
    500: ("Internal Server Error", "Something went wrong."),
}
_REFUSED = {"error": "Bad Request", "message": "The prompt was rejected by our content moderation policy."}
_WEBHOOK = re.compile(r"https://\S+")


def error_body(status: int) -> object:
    """The documented body; 401 has the shape of the API management in front of the gateway."""
    error, message = _PHRASES.get(status, (f"HTTP {status}", "Something went wrong."))
    if status == 401:
        return {"statusCode": status, "message": message}
    return {"error": error, "message": message}


class PretendPixazo:
    """Orders and statuses.

    `webhooks` are the addresses that orders asked to be called at, `caller` is who calls there.
    """

    def __init__(
        self,
        *,
        key: str,
        works: Works,
        cdn: Cdn,
        faults: Faults,
        clock: Clock,
        pauses: Pauses,
        trap_url: str,
        caller: Caller,
    ) -> None:
        self._key = key
        self._works = works
        self._cdn = cdn
        self._faults = faults
        self._clock = clock
        self._pauses = pauses
        self._trap_url = trap_url
        self.caller = caller
        self.webhooks: list[str] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post(f"/{MODEL}/v1/{MODEL}-request", self._submit)
        app.router.add_post(f"/{EDIT_MODEL}/v1/{EDIT_MODEL}-request", self._submit)
        app.router.add_get("/v2/requests/status/{id}", self._status)
        return app

    def waiting(self) -> int:
        return self._works.waiting()

    async def _submit(self, request: web.Request) -> web.StreamResponse:
        if not self._is_known(request):
            return _error(401)
        try:
            is_edit = request.path.startswith(f"/{EDIT_MODEL}/")
            checks, required = (_EDIT_CHECKS, ("prompt", "image_urls")) if is_edit else (_CHECKS, ("prompt",))
            body = await read_body(request, checks, required=required)
            webhook = self._note_webhook(request)
        except RejectedError as problem:
            return web.json_response({"error": "Bad Request", "message": str(problem)}, status=400)
        order = _order(body)
        fault = self._faults.answer(NAME, Step.SUBMIT, order.prompt)
        if fault is not None and not fault.is_charged:
            return await spoil(request, fault, web.Response(), error_body(fault.status), self._pauses)
        work = self._works.accept(order)
        if webhook is not None:
            await self.caller.accepted(webhook, work, self._callback, self._lie)
        answer = self._accepted(request, work)
        if fault is not None:
            return await spoil(request, fault, answer, error_body(fault.status), self._pauses)
        return answer

    def _accepted(self, request: web.Request, work: Work) -> web.Response:
        if work.ends_as(Outcome.MODERATED) and work.fault is not None and not work.fault.is_charged:
            work.is_closed = True
            return web.json_response(_REFUSED, status=400)
        host = self._trap_url if work.ends_as(Outcome.FOREIGN_POLLING_URL) else str(request.url.origin())
        polling_url = f"{host}/v2/requests/status/{work.id}"
        told = {"request_id": work.id, "status": "QUEUED", "polling_url": polling_url}
        return web.json_response(told, status=202)

    async def _status(self, request: web.Request) -> web.StreamResponse:
        if not self._is_known(request):
            return _error(401)
        work = self._works.find(request.match_info["id"])
        fault = None if work is None else self._faults.answer(NAME, Step.POLL, work.prompt)
        answer = _error(404) if work is None else web.json_response(self._told(work))
        if fault is not None:
            return await spoil(request, fault, answer, error_body(fault.status), self._pauses)
        return answer

    def _told(self, work: Work) -> dict[str, object]:
        """The status answer, with the page's mixture of two ways to write a time."""
        word, error, output = self._standing(work)
        now = utc(self._clock.now())
        return {
            "request_id": work.id,
            "status": word,
            "model_id": MODEL,
            "error": error,
            "output": output,
            "created_at": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "updated_at": now.strftime("%Y-%m-%d %H:%M:%S"),
            "completed_at": None if output is None else now.strftime("%Y-%m-%d %H:%M:%S"),
        }

    def _standing(self, work: Work) -> tuple[str, str | None, object]:
        if not work.is_closed and not self._works.is_ready(work):
            if work.ends_as(Outcome.UNKNOWN_STATUS):
                return "WARMING_UP", None, None
            return ("QUEUED" if self._works.is_queued(work) else "PROCESSING"), None, None
        match work.fault.kind if work.fault else None:
            case Outcome.FAILED:
                return "FAILED", "Description of the error", None
            case Outcome.ERROR:
                self._works.give_up(work)
                return "ERROR", "Description of the error", None
            case Outcome.MODERATED:
                return "FAILED", "Blocked by the safety system", None
            case Outcome.EMPTY:
                return "COMPLETED", None, {"media_url": [], "media_type": f"image/{work.format}"}
            case Outcome.BASE64:
                uris = [self._cdn.data_uri(work, index) for index in range(work.pictures)]
                return "COMPLETED", None, {"media_url": uris, "media_type": f"image/{work.format}"}
            case _:
                urls = self._cdn.urls(work)
                return "COMPLETED", None, {"media_url": urls, "media_type": f"image/{work.format}"}

    def _is_known(self, request: web.Request) -> bool:
        return request.headers.get("Ocp-Apim-Subscription-Key") == self._key

    def _callback(self, work: Work) -> Callback:
        """A callback says what a status would; it is not signed."""
        return Callback(body=json.dumps(self._told(work)).encode(), headers={})

    def _lie(self, work: Work) -> Callback:
        """Work that is said to be done, with a picture from elsewhere."""
        output = {"media_url": [f"{self._trap_url}/picture.png"], "media_type": "image/png"}
        told = {**self._told(work), "status": "COMPLETED", "output": output}
        return Callback(body=json.dumps(told).encode(), headers={})

    def _note_webhook(self, request: web.Request) -> str | None:
        address = request.headers.get("X-Webhook-URL")
        if address is None:
            return None
        if not _WEBHOOK.fullmatch(address):
            raise RejectedError("X-Webhook-URL must be https")
        if request.headers.get("X-Webhook-Mode", "terminal") not in ("terminal", "sync"):
            raise RejectedError("X-Webhook-Mode is out of range")
        self.webhooks.append(address)
        return address


def _error(status: int) -> web.Response:
    return web.json_response(error_body(status), status=status)


def _order(body: dict[str, object]) -> Order:
    resolution = str(body.get("resolution", "1k"))
    count = body.get("num_images", 1)
    return Order(
        prompt=str(body["prompt"]),
        count=count if isinstance(count, int) else 1,
        ratio=str(body.get("aspect_ratio", "1:1")),
        resolution=resolution,
        format=str(body.get("output_format", "jpeg")),
        price_each=Ticks(PRICES[resolution]),
    )

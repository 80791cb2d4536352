"""A pretend API in One: a task is made, then asked for, or the gateway calls. Wire: the vendor page, and every other
shape in the documents. What a call carries is documented nowhere: here it is the answer to a question, not signed.

What the gateway leaves open is a switch here: `create_shape`, `place` (where a finished task keeps its pictures),
`hides_errors` (HTTP 200 with the error inside) and `pictures_per_call`.
"""

import json
from collections.abc import Callable
from typing import Literal

from aiohttp import web

from bot.core.money import Ticks, usd
from sandbox.gateways.calling import Callback, Caller
from sandbox.gateways.checks import RejectedError, address, one_of, read_body, text
from sandbox.gateways.faults import Outcome
from sandbox.gateways.serving import Desk
from sandbox.gateways.works import Order, Work

NAME = "apiinone"
PREFIX = "/api/v1"
DRAW, UPSCALE = "grok-imagine/text-to-image", "grok-imagine/upscale"
PRICES = {DRAW: usd("0.05"), "grok-imagine": usd("0.05"), UPSCALE: usd("0.12")}
FACTOR = 2
_CHECKS = {
    "model": one_of(*PRICES),
    "prompt": lambda value: text(value) and len(str(value)) <= 5000,
    "task_id": text,
    "callback_url": address,
}
_PHRASES = {
    400: ("Invalid parameters", "invalid_request"),
    401: ("Invalid API key", "authentication_error"),
    402: ("Insufficient credits", "insufficient_credits"),
    404: ("Task not found", "not_found"),
    429: ("Too many requests", "rate_limit"),
}
Place = Callable[[list[str]], dict[str, object]]


def _result_json(urls: list[str]) -> dict[str, object]:
    return {"resultJson": json.dumps({"resultUrls": urls})}


# Each as the task keeps it under `data`; "top" stands beside `data`.
PLACES: dict[str, Place] = {
    "output.images": lambda urls: {"output": {"images": urls}},
    "output.image_urls": lambda urls: {"output": {"image_urls": urls}},
    "output.image_url": lambda urls: {"output": {"image_url": urls[0] if urls else None}},
    "output.list": lambda urls: {"output": urls},
    "result.images.url": lambda urls: {"result": {"images": [{"url": url} for url in urls]}},
    "result.urls": lambda urls: {"result": {"urls": urls}},
    "result.url": lambda urls: {"result": {"url": urls[0] if urls else None}},
    "response.resultUrls": lambda urls: {"response": {"resultUrls": urls}},
    "images": lambda urls: {"images": urls},
    "image_urls": lambda urls: {"image_urls": urls},
    "urls": lambda urls: {"urls": urls},
    "resultJson": _result_json,
}


def error_body(status: int) -> object:
    """The documented body."""
    message, kind = _PHRASES.get(status, (f"HTTP {status}", "error"))
    return {"error": {"code": status, "message": message, "type": kind}}


class PretendApiInOne:
    """Tasks. `callbacks` are the addresses that orders asked to be called at, `caller` is who calls there."""

    def __init__(self, *, key: str, desk: Desk, trap_url: str, caller: Caller) -> None:
        self._key = key
        self._desk = desk
        self._trap_url = trap_url
        self.caller = caller
        self.create_shape: Literal["page", "documents"] = "page"
        self.place = "output.images"
        self.hides_errors = False
        self.pictures_per_call = 1
        self.callbacks: list[str] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post(f"{PREFIX}/images/generations", self._create)
        app.router.add_get(f"{PREFIX}/tasks/{{id}}", self._task)
        return app

    def waiting(self) -> int:
        return self._desk.works.waiting()

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if not self._is_known(request):
            return self._error(401)
        try:
            body = await read_body(request, _CHECKS, required="prompt")
        except RejectedError as problem:
            return self._refused(str(problem))
        model = str(body.get("model", DRAW))
        parent = self._desk.works.find(str(body.get("task_id")))
        if model == UPSCALE and (parent is None or not self._desk.works.is_ready(parent)):
            return self._refused("task_id is not a finished task of this service")
        callback = str(body["callback_url"]) if "callback_url" in body else None
        if callback is not None:
            self.callbacks.append(callback)

        async def answer(work: Work) -> web.Response:
            created = self._created(work)
            if callback is not None and not work.is_closed:
                await self.caller.accepted(callback, work, self._callback, self._lie)
            return created

        return await self._desk.take(request, self._order(body, model, parent), answer, error_body)

    def _order(self, body: dict[str, object], model: str, parent: Work | None) -> Order:
        is_upscale = model == UPSCALE and parent is not None
        return Order(
            prompt=str(body["prompt"]),
            count=1 if is_upscale else self.pictures_per_call,
            ratio="1:1",
            resolution=None,
            format="jpeg",
            price_each=Ticks(0),
            fee=PRICES[model],
            given=self._desk.cdn.picture(parent, 0) if is_upscale and parent is not None else None,
            factor=FACTOR if is_upscale else 1,
        )

    def _created(self, work: Work) -> web.Response:
        if work.ends_as(Outcome.MODERATED) and work.fault is not None and not work.fault.is_charged:
            work.is_closed = True
            return self._refused("The prompt was rejected by content moderation")
        if self.create_shape == "documents":
            return web.json_response({"id": work.id, "status": "pending", "model": DRAW, "created_at": 1_763_600_000})
        data = {"task_id": work.id, "status": "IN_PROGRESS"}
        return web.json_response({"code": 200, "message": "success", "data": data})

    async def _task(self, request: web.Request) -> web.StreamResponse:
        if not self._is_known(request):
            return self._error(401)
        work = self._desk.works.find(request.match_info["id"])
        good = self._error(404) if work is None else web.json_response(self._told(work))
        return await self._desk.tell(request, work, good, error_body)

    def _told(self, work: Work) -> dict[str, object]:
        data: dict[str, object] = {"task_id": work.id, **self._standing(work)}
        return {"code": 200, "message": "success", "data": data}

    def _callback(self, work: Work) -> Callback:
        return Callback(body=json.dumps(self._told(work)).encode(), headers={})

    def _lie(self, work: Work) -> Callback:
        """Work that is said to be done, with a picture from elsewhere."""
        data = {"task_id": work.id, "status": "completed", **PLACES[self.place]([f"{self._trap_url}/picture.png"])}
        return Callback(body=json.dumps({"code": 200, "message": "success", "data": data}).encode(), headers={})

    def _standing(self, work: Work) -> dict[str, object]:
        works = self._desk.works
        if not work.is_closed and not works.is_ready(work):
            return {"status": "WARMING_UP" if work.ends_as(Outcome.UNKNOWN_STATUS) else "IN_PROGRESS"}
        kind = work.fault.kind if work.fault else None
        if kind in (Outcome.FAILED, Outcome.ERROR, Outcome.MODERATED):
            works.give_up(work)
            word = "Blocked by the safety system" if kind is Outcome.MODERATED else "Description of the error"
            return {"status": "failed" if kind is Outcome.FAILED else "FAILED", "error": word}
        if kind is Outcome.EMPTY:
            return {"status": "completed", **PLACES[self.place]([])}
        return {"status": "completed", **PLACES[self.place](self._urls(work))}

    def _urls(self, work: Work) -> list[str]:
        if not work.ends_as(Outcome.BASE64):
            return self._desk.cdn.urls(work)
        return [self._desk.cdn.data_uri(work, index) for index in range(work.pictures)]

    def _is_known(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self._key}"

    def _refused(self, problem: str) -> web.Response:
        told = {"error": {"code": 400, "message": problem, "type": "invalid_request"}}
        return web.json_response(told, status=200 if self.hides_errors else 400)

    def _error(self, status: int) -> web.Response:
        return web.json_response(error_body(status), status=200 if self.hides_errors else status)

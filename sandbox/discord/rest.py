"""The REST server: reads a request, lets a fault happen, checks it, has it answered, checks the answer, records it."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aiohttp import BodyPartReader, web

from bot.core.clock import Millis
from sandbox.discord import (
    rest_application,  # noqa: F401  # enters its routes into the table
    rest_channels,  # noqa: F401
    rest_interactions,  # noqa: F401
    rest_threads,  # noqa: F401
    validate,
)
from sandbox.discord.drafts import Upload
from sandbox.discord.errors import ApiError, Code, Fault, InvalidFormError, refusal
from sandbox.discord.faults import (
    CutBefore,
    Delay,
    Faults,
    Late,
    LoseAnswer,
    Malformed,
    Refuse,
    ServerError,
    Stall,
    TooManyRequests,
    Trouble,
)
from sandbox.discord.limits import Limits, Standing
from sandbox.discord.payloads import Payloads
from sandbox.discord.routes import ROUTES, Answer, Call, Route
from sandbox.discord.world import World

if TYPE_CHECKING:
    from sandbox.discord.openapi import Document  # needs jsonschema, which only developers have

API = "/api/v10"
TOO_MANY = 429
REMEMBERED_REQUESTS = 50_000
LARGEST_REQUEST = 120 * 1024 * 1024  # above the highest upload limit there is, so that 413 is the sandbox's to say
JSON_TYPE = "application/json"  # discord.py compares the whole header: no charset behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A request the bot made. `status` is what was answered; 0 where the connection was cut.

    `route` is the template, `path` what was sent; `json` the body (of multipart requests `payload_json`), `files`
    the names of the uploads; `at` is the sandbox's time of arrival. `is_checked` says that Discord's document was
    asked, `faults` what it and the limits found, in the request or in the answer.
    """

    method: str
    route: str
    path: str
    json: Any
    files: tuple[str, ...]
    at: Millis
    status: int
    is_checked: bool = False
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A body that breaks Discord's rules. `direction` is "request" (the bot's) or "answer" (the sandbox's own)."""

    direction: str
    route: str
    text: str

    def __str__(self) -> str:
        return f"{self.direction} {self.route}: {self.text}"


class Rest:
    """Answers everything below `/api/v10`."""

    def __init__(
        self,
        world: World,
        render: Payloads,
        *,
        token: str,
        faults: Faults,
        limits: Limits,
        document: "Document | None",
        is_checked: bool,
    ) -> None:
        self._world = world
        self._render = render
        self._authorization = f"Bot {token}"
        self._faults = faults
        self._limits = limits
        self._document = document
        self._is_checked = is_checked
        self._closing = asyncio.Event()
        self.requests: deque[Recorded] = deque(maxlen=REMEMBERED_REQUESTS)
        self.violations: list[Violation] = []
        self.on_request: Callable[[Recorded], None] | None = None

    def add_to(self, app: web.Application) -> None:
        """Registers the routes; longer literal paths (`@original`, `@me`) come first in the table's order."""
        for entry in ROUTES:
            app.router.add_route(entry.method, API + entry.path, self._endpoint(entry))
        app.router.add_route("*", API + "/{tail:.*}", self._unknown)

    def close(self) -> None:
        """Lets go of stalled requests."""
        self._closing.set()

    def _endpoint(self, entry: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def endpoint(request: web.Request) -> web.StreamResponse:
            return await self._serve(entry, request)

        return endpoint

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        """A route the sandbox does not have: loud, as a violation."""
        path = request.path.removeprefix(API)
        text = "the sandbox has no such route"
        self.violations.append(Violation(direction="request", route=f"{request.method} {path}", text=text))
        if self.on_request is not None:
            self.on_request(
                Recorded(
                    method=request.method,
                    route="(unknown)",
                    path=path,
                    json=None,
                    files=(),
                    at=self._world.clock.now(),
                    status=404,
                    faults=(text,),
                )
            )
        return _json(Answer(status=404, body=refusal(Code.NOT_FOUND).body()), {})

    async def _serve(self, entry: Route, request: web.Request) -> web.StreamResponse:
        at = self._world.clock.now()
        body, files, malformed = await _read(request)
        path = request.path.removeprefix(API)
        recorded = Recorded(
            method=entry.method,
            route=entry.path,
            path=path,
            json=body,
            files=tuple(file.filename for file in files.values()),
            at=at,
            status=0,
        )
        trouble = self._faults.take(entry.method, entry.path, path)
        early = await self._before(trouble)
        if early is not None:
            return self._end(recorded, early, request)
        names = request.match_info
        major = names.get("webhook_token") or next(iter(names.values()), "")
        standing = self._limits.count(entry.method, entry.path, major)
        call = Call(
            world=self._world,
            render=self._render,
            params=request.match_info,
            query=request.query,
            body=body,
            files=files,
        )
        known = len(self.violations)
        answer = self._answer(entry, call, request, standing, malformed=malformed)
        recorded = replace(
            recorded,
            is_checked=self._is_known(entry),
            faults=tuple(f"{found.direction}: {found.text}" for found in self.violations[known:]),
        )
        response = await self._after(trouble, answer, standing)
        return self._end(recorded, response, request)

    # -- answering -------------------------------------------------------------------------------

    def _answer(self, entry: Route, call: Call, request: web.Request, standing: Standing, *, malformed: bool) -> Answer:
        try:
            answer = self._perform(entry, call, request, standing, malformed=malformed)
        except InvalidFormError as form:
            self._blame("request", entry, form.faults)
            answer = Answer(status=form.status, body=form.body())
        except ApiError as error:
            answer = Answer(status=error.status, body=error.body())
        except Exception as error:
            self._blame("answer", entry, (Fault((), "SANDBOX", repr(error)),))  # a mistake of ours: loud, and 500
            raise
        self._check_answer(entry, answer)
        return answer

    def _perform(
        self, entry: Route, call: Call, request: web.Request, standing: Standing, *, malformed: bool
    ) -> Answer:
        """Raises ApiError for what Discord would refuse."""
        if standing.retry_after_s is not None:
            return _limited(standing.retry_after_s, is_global=False)
        if entry.needs_token and request.headers.get("Authorization") != self._authorization:
            raise refusal(Code.UNAUTHORIZED)
        if malformed:
            raise refusal(Code.MALFORMED_JSON)
        self._check_request(entry, call)
        return entry.handler(call)

    def _check_request(self, entry: Route, call: Call) -> None:
        if not self._is_checked or call.body is None:
            return
        found: list[Fault] = []
        if self._document is not None and self._is_known(entry):
            found = self._document.request_faults(entry.method, entry.path, call.body)
        found = found or validate.faults(entry.method, entry.path, call.body)
        if found:
            raise InvalidFormError(found)

    def _is_known(self, entry: Route) -> bool:
        """True where bodies are held against Discord's document."""
        return self._is_checked and self._document is not None and self._document.knows(entry.method, entry.path)

    def _check_answer(self, entry: Route, answer: Answer) -> None:
        if self._document is None or answer.body is None:
            return
        if self._is_known(entry):
            found = self._document.answer_faults(entry.method, entry.path, answer.status, answer.body)
            self._blame("answer", entry, tuple(found))

    def _blame(self, direction: str, entry: Route, found: tuple[Fault, ...]) -> None:
        route = f"{entry.method} {entry.path}"
        self.violations += [Violation(direction=direction, route=route, text=str(fault)) for fault in found]

    # -- faults ----------------------------------------------------------------------------------

    async def _before(self, trouble: Trouble | None) -> web.Response | None:
        """What is answered instead of looking at the request, if anything."""
        match trouble:
            case Delay(seconds=seconds, is_after=False):
                await asyncio.sleep(seconds)
            case Late(seconds=seconds):
                self._world.clock.forward(seconds=seconds)
            case CutBefore():
                return _Cut()
            case Stall(is_processed=False):
                await self._closing.wait()
                return _Cut()
            case TooManyRequests(retry_after_s=seconds, via=via, is_global=is_global):
                headers = {"Retry-After": f"{seconds:.3f}", **({"Via": "1.1 sandbox"} if via else {})}
                return _json(_limited(seconds, is_global=is_global), headers)
            case ServerError(status=status, is_processed=False):
                return _broken(status)
            case Refuse(status=status, code=code, message=message):
                return _json(Answer(status=status, body={"message": message, "code": code}), {})
            case _:
                pass
        return None

    async def _after(self, trouble: Trouble | None, answer: Answer, standing: Standing) -> web.Response:
        """The answer as it is sent, or what became of it."""
        match trouble:
            case LoseAnswer():
                return _Cut()
            case Stall(is_processed=True):
                await self._closing.wait()
                return _Cut()
            case ServerError(status=status, is_processed=True):
                return _broken(status)
            case Malformed():
                return web.Response(body=b'{"id": "12', headers={"Content-Type": JSON_TYPE})
            case Delay(seconds=seconds, is_after=True):
                await asyncio.sleep(seconds)
            case _:
                pass
        headers = dict(standing.headers)
        if answer.status == TOO_MANY:
            headers |= {"Via": "1.1 sandbox", "Retry-After": f"{standing.retry_after_s or 0:.3f}"}
        return _json(answer, headers)

    def _end(self, recorded: Recorded, response: web.Response, request: web.Request) -> web.Response:
        is_cut = isinstance(response, _Cut)
        done = replace(recorded, status=0 if is_cut else response.status)
        self.requests.append(done)
        if self.on_request is not None:
            self.on_request(done)
        if is_cut and request.transport is not None:
            request.transport.abort()
        return response


class _Cut(web.Response):
    """Nothing is sent: the connection is cut."""


def _limited(seconds: float, *, is_global: bool) -> Answer:
    text = "You are being rate limited."
    return Answer(
        status=TOO_MANY,
        body={"message": text, "retry_after": round(seconds, 3), "global": is_global, "code": 0},
    )


def _broken(status: int) -> web.Response:
    return web.Response(status=status, text="upstream connect error", content_type="text/html")


def _json(answer: Answer, headers: dict[str, str]) -> web.Response:
    if answer.status == 204:
        return web.Response(status=204, headers=headers)
    return web.Response(
        status=answer.status,
        body=json.dumps(answer.body, separators=(",", ":")).encode(),
        headers={**headers, "Content-Type": JSON_TYPE},
    )


async def _read(request: web.Request) -> tuple[Any, dict[int, Upload], bool]:
    """The JSON body, the files, and whether the JSON could not be read."""
    if request.content_type != "multipart/form-data":
        raw = await request.read()
        if not raw:
            return None, {}, False
        try:
            return json.loads(raw), {}, False
        except ValueError:
            return None, {}, True
    body: Any = None
    files: dict[int, Upload] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            return None, {}, True
        data = bytes(await part.read(decode=False))
        name = part.name or ""
        if name == "payload_json":
            try:
                body = json.loads(data)
            except ValueError:
                return None, {}, True
        elif name.startswith("files[") and name[6:-1].isdecimal():
            files[int(name[6:-1])] = Upload(filename=part.filename or "file", data=data)
    return body, files, False

"""The pretend API in One calls back where an order asks for it: what it says is the task, and nobody signs it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.core.clock import ManualClock
from sandbox.gateways import Gateways, Habit, Outcome, outcome

PUBLIC = "https://easel.example"
ADDRESS = f"{PUBLIC}/callbacks/apiinone/job1/00ff"
# Long beyond what a test takes.
GIVE_UP_S = 10.0


class Porch:
    """A gateway, and the loopback server that it calls; `calls` are (path, body) in order."""

    def __init__(self, gateways: Gateways, http: aiohttp.ClientSession) -> None:
        self.gateways = gateways
        self.calls: list[tuple[str, Any]] = []
        self._http = http
        self._auth = {"Authorization": f"Bearer {gateways.keys['apiinone']}"}

    async def take(self, request: web.Request) -> web.Response:
        """A call."""
        assert not any("signature" in name.lower() for name in request.headers)
        self.calls.append((request.path, json.loads(await request.read())))
        return web.Response()

    async def order(self, callback: str | None = ADDRESS) -> tuple[int, Any]:
        """Asks for a picture; the answer."""
        body = {"model": "grok-imagine/text-to-image", "prompt": "x"}
        if callback is not None:
            body["callback_url"] = callback
        url = f"{self.gateways.url('apiinone')}/images/generations"
        async with self._http.post(url, json=body, headers=self._auth) as answer:
            return answer.status, await answer.json()

    async def task(self, told: Any) -> Any:
        """What the gateway says of the task when it is asked."""
        url = f"{self.gateways.url('apiinone')}/tasks/{told['data']['task_id']}"
        async with self._http.get(url, headers=self._auth) as answer:
            return await answer.json()

    async def called(self, count: int) -> None:
        """Waits for so many answered calls."""
        async with asyncio.timeout(GIVE_UP_S):
            while len(self.gateways.apiinone.caller.answers) < count:
                await asyncio.sleep(0.001)


@asynccontextmanager
async def porch(clock: ManualClock, http: aiohttp.ClientSession, habit: Habit, scale: float) -> AsyncIterator[Porch]:
    async with Gateways.start(seed=3, scale=scale, clock=clock, picture_side=64, names=["apiinone"]) as gateways:
        built = Porch(gateways, http)
        app = web.Application()
        app.router.add_post("/{path:.*}", built.take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            caller = gateways.apiinone.caller
            caller.tunnels[PUBLIC], caller.habit = f"http://127.0.0.1:{runner.addresses[0][1]}", habit
            yield built
        finally:
            await runner.cleanup()


async def test_the_gateway_calls_with_the_finished_task_when_it_is_done_and_not_before(
    clock: ManualClock, http: aiohttp.ClientSession
) -> None:
    async with porch(clock, http, Habit.ONCE, 1.0) as on:
        status, told = await on.order()
        assert status == 200
        assert (await on.task(told))["data"]["status"] == "IN_PROGRESS"
        assert on.calls == []
        on.gateways.finish()
        await on.called(1)
        ((path, body),) = on.calls
        assert path == "/callbacks/apiinone/job1/00ff"
        assert body["data"]["status"] == "completed"
        assert body["data"]["task_id"] == told["data"]["task_id"]
        assert on.gateways.cdn_host in json.dumps(body)
        assert on.gateways.apiinone.callbacks == [ADDRESS]


@pytest.mark.parametrize("callback", [None, "https://elsewhere.example/callbacks"])
async def test_nobody_is_called_who_did_not_ask_or_has_no_tunnel(
    callback: str | None, clock: ManualClock, http: aiohttp.ClientSession
) -> None:
    async with porch(clock, http, Habit.EARLY, 0.0) as on:  # such a call would come before the answer
        assert (await on.order(callback))[0] == 200
        assert on.gateways.apiinone.caller.answers == []


async def test_an_early_call_comes_before_the_order_is_answered(
    clock: ManualClock, http: aiohttp.ClientSession
) -> None:
    async with porch(clock, http, Habit.EARLY, 1.0) as on:
        _, told = await on.order()
        ((_, body),) = on.calls
        assert (body["data"]["task_id"], body["data"]["status"]) == (told["data"]["task_id"], "IN_PROGRESS")


async def test_a_forged_call_lies_about_the_task_and_the_truth_goes_to_a_wrong_address(
    clock: ManualClock, http: aiohttp.ClientSession
) -> None:
    async with porch(clock, http, Habit.FORGED, 1.0) as on:
        _, told = await on.order()
        await on.called(2)
        (right, lie), (wrong, truth) = on.calls
        assert right == "/callbacks/apiinone/job1/00ff" != wrong
        assert lie["data"]["status"] == "completed"
        assert on.gateways.trap_url in json.dumps(lie)
        assert truth["data"]["status"] == "IN_PROGRESS"
        assert (await on.task(told))["data"]["status"] == "IN_PROGRESS"


async def test_an_order_that_is_refused_for_its_prompt_is_not_called_about(
    clock: ManualClock, http: aiohttp.ClientSession
) -> None:
    async with porch(clock, http, Habit.EARLY, 0.0) as on:
        on.gateways.faults.next("apiinone", outcome(Outcome.MODERATED, is_charged=False))
        assert (await on.order())[0] == 400
        assert on.calls == []

"""Takes frames in, answers each of them, and keeps the panel's windows informed."""

import asyncio
from collections.abc import Iterable
from typing import Literal

from sandbox.discord import ClientRefused
from sandbox.discord.components import Body
from sandbox.page import faults, frames, in_force
from sandbox.page.acts import Acts
from sandbox.page.botkeeper import BotKeeper
from sandbox.page.feed import Feed, Item
from sandbox.page.panel import Panel
from sandbox.page.telling import Teller
from sandbox.page.views import Views
from sandbox.page.windows import Window
from sandbox.stage import Stage

# Frames of one window that are worked on at once; each waits at most for an autocomplete or a start of the bot.
AT_ONCE = 50
PANEL_EVERY_S = 1.0
# What becomes the answer in plain words.
REFUSALS = (ClientRefused, LookupError, ValueError, TimeoutError)


class Desk:
    """One for all windows."""

    def __init__(self, stage: Stage, keeper: BotKeeper, teller: Teller, views: Views, acts: Acts) -> None:
        self._stage = stage
        self._keeper = keeper
        self._teller = teller
        self._views = views
        self._acts = acts
        self._panel = Panel(stage)
        self._feed = Feed(stage.sandbox.clock)
        self._working: dict[Window, set[asyncio.Task[None]]] = {}
        self._panel_state: Body | None = None
        self._ruling = asyncio.TaskGroup()
        self._feed.on_items = self._on_items
        stage.sandbox.rest.on_request = self._feed.request
        stage.sandbox.gateway.on_frame = self._feed.frame
        stage.gateways.on_request = self._feed.provider
        keeper.on_change = teller.everybody_is_stale

    def close(self) -> None:
        """Watches nothing any more."""
        self._stage.sandbox.rest.on_request = None
        self._stage.sandbox.gateway.on_frame = None
        self._stage.gateways.on_request = None
        self._keeper.on_change = None
        self._feed.close()
        self._teller.close()

    def state(self, window: Window) -> Body:
        """The state for that window, whose person is known."""
        if window.person is None:
            raise LookupError("the window has not said who it is")
        bot = {"state": self._keeper.state, "seconds": self._keeper.seconds, "starts": self._keeper.starts}
        return {**self._views.state(window.person), "speed": self._stage.gateways.speed, "bot": bot}

    # -- frames ----------------------------------------------------------------------------------

    def take(self, group: asyncio.TaskGroup, window: Window, raw: object) -> None:
        """Works on a frame beside the others; its answer is sent when it is done."""
        working = self._working.setdefault(window, set())
        if len(working) >= AT_ONCE:
            window.send(_reply(raw, error="too much at once"))
            return
        task = group.create_task(self._answer(window, raw))
        working.add(task)
        task.add_done_callback(working.discard)

    def leave(self, window: Window) -> None:
        """The window is gone: nobody waits for its answers."""
        for task in self._working.pop(window, set()):
            task.cancel()

    async def _answer(self, window: Window, raw: object) -> None:
        try:
            frame = frames.read(raw)
            told = await self._obey(window, frame)
        except REFUSALS as refused:
            window.send(_reply(raw, error=_words(refused)))
            return
        window.send({**_reply(raw), **told})
        if isinstance(frame, frames.Be):
            window.send(self.state(window))

    async def _obey(self, window: Window, frame: frames.Frame) -> Body:
        if isinstance(frame, frames.Be):
            self._acts.be(window, frame.person)
            return {}
        if window.person is None:
            raise ClientRefused("say first who you are")
        match frame:
            case frames.Open():
                self._acts.open(window, window.person, frame)
            case frames.Panel():
                await self._turn_panel(window, is_on=frame.on)
            case frames.FaultDiscord() | frames.FaultGateway() | frames.ClearFaults():
                self._break(frame)
            case frames.ClockForward():
                self._stage.sandbox.clock.forward(seconds=frame.seconds)
            case frames.Speed():
                self._stage.gateways.hasten(frame.factor)
                self._teller.everybody_is_stale()
            case frames.Bot():
                await self._rule(frame.action)
            case frames.FinishDrawings():
                self._stage.gateways.finish()
            case _:
                return await self._acts.obey(window, window.person, frame)
        return {}

    async def _rule(self, action: Literal["kill", "stop", "start", "restart"]) -> None:
        """The bot's start or end goes on when the window that asked for it is closed."""

        async def act() -> ClientRefused | None:
            try:
                match action:
                    case "kill":
                        await self._keeper.kill()
                    case "stop":
                        await self._keeper.stop()
                    case "start":
                        await self._keeper.start()
                    case "restart":
                        await self._keeper.restart()
            except ClientRefused as refused:
                return refused
            return None

        refused = await asyncio.shield(self._ruling.create_task(act()))
        if refused is not None:
            raise refused

    def _break(self, frame: frames.FaultDiscord | frames.FaultGateway | frames.ClearFaults) -> None:
        sandbox, gateways = self._stage.sandbox, self._stage.gateways
        match frame:
            case frames.FaultDiscord():
                faults.turn_discord(sandbox, frame.kind, frame.model_extra or {})
            case frames.FaultGateway():
                faults.turn_gateway(gateways, frame.gateway, frame.kind, frame.model_extra or {})
            case frames.ClearFaults():
                in_force.clear(sandbox, gateways)

    # -- the panel -------------------------------------------------------------------------------

    async def _turn_panel(self, window: Window, *, is_on: bool) -> None:
        if is_on:
            self._feed.flush()  # what comes later comes once
        window.has_panel = is_on
        if is_on:
            window.send(_traffic(self._feed.items))
            window.send(await self._panel.state())

    def _on_items(self, items: Iterable[Item]) -> None:
        frame = _traffic(items)
        for window in self._looking():
            window.send(frame)

    def _looking(self) -> list[Window]:
        return [window for window in self._teller.windows if window.has_panel]

    async def run(self) -> None:
        """Tells the panel's news, once a second, until cancelled."""
        async with self._ruling:
            await self._tell_panel()

    async def _tell_panel(self) -> None:
        while True:
            await asyncio.sleep(PANEL_EVERY_S)
            if not self._looking():
                continue
            state = await self._panel.state()
            if state != self._panel_state:
                self._panel_state = state
                for window in self._looking():
                    window.send(state)


def _traffic(items: Iterable[Item]) -> Body:
    return {"type": "traffic", "items": [item.json() for item in items]}


def _reply(raw: object, *, error: str | None = None) -> Body:
    seq = raw.get("seq") if isinstance(raw, dict) else None
    body: Body = {"type": "reply", "seq": seq if isinstance(seq, int) else None, "ok": error is None}
    return body if error is None else {**body, "error": error}


def _words(refused: BaseException) -> str:
    """What the person reads; a KeyError's text would stand in quotes."""
    text = str(refused.args[0]) if refused.args else ""
    return text or "that took too long"

"""The demo itself: one request played to its end, then whatever is typed."""

import asyncio
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from sandbox.demo.books import read_books
from sandbox.demo.screen import Screen
from sandbox.demo.words import HELP, Option, Options, Typed, read_line
from sandbox.discord import ClientRefused, Person
from sandbox.gateways.server import EVERY
from sandbox.stage import ROOT, BotProcess, Stage, stage

FOLDER = ROOT / "run" / "demo"
FIRST_PROMPT = "a lighthouse made of stained glass, storm"
# The first picture takes seconds; a demo that has not shown it in this time is broken.
FIRST_TIMEOUT_S = 120.0


def say(line: str = "") -> None:
    """Prints at once, also into a pipe."""
    print(line, flush=True)


class Demo:
    """One run of the demo."""

    def __init__(self, built: Stage, stack: AsyncExitStack) -> None:
        self._stage = built
        self._stack = stack
        self._screen = Screen(built.sandbox, say)
        self._person: Person = built.sandbox.person("ana")
        self._bot: BotProcess | None = None

    async def start_bot(self) -> None:
        """A bot process on the stage's data; its seconds to ready are printed."""
        began = time.monotonic()
        self._bot = await self._stack.enter_async_context(self._stage.bot())
        say(f"the bot is ready after {time.monotonic() - began:.2f} s; its log: {self._bot.log_path}")

    async def first_picture(self) -> None:
        """A member asks, the picture comes, the books are compared."""
        say(f"\nAna types  /imagine prompt: {FIRST_PROMPT}")
        self._screen.restart_watch()
        use = await self._person.command("imagine", prompt=FIRST_PROMPT)
        await use.wait_until(lambda message: "Posted" in message.plain_text(), FIRST_TIMEOUT_S)
        await self.show_books()

    async def show_books(self) -> None:
        """Both books, and where the last picture lies."""
        say()
        for line in (await read_books(self._stage)).lines():
            say(f"  {line}")
        for violation in self._stage.sandbox.violations:
            say(f"  the wire was not spoken correctly: {violation}")

    async def obey(self, typed: Typed) -> bool:
        """One typed line; False ends the demo."""
        if typed.verb in ("quit", "exit"):
            return False
        if typed.is_slash:
            await self._command(typed)
            return True
        verbs: dict[str, Callable[[str], Awaitable[None]]] = {
            "press": self._press,
            "as": self._become,
            "books": self._books,
            "kill": self._kill,
            "start": self._start,
        }
        act = verbs.get(typed.verb)
        if act is None:
            say(HELP)
        else:
            await act(typed.rest)
        return True

    async def _command(self, typed: Typed) -> None:
        registered = [
            command.body
            for commands in self._stage.sandbox.world.commands.values()
            for command in commands.values()
            if command.body["name"] == typed.verb
        ]
        if not registered:
            say(f"there is no /{typed.verb}")
            return
        known = tuple(
            Option(name=one["name"], is_number=one["type"] in (4, 10)) for one in registered[0].get("options", [])
        )
        self._screen.restart_watch()
        values: dict[str, Any] = {**Options(known=known).read(typed.rest)}
        use = await self._person.command(typed.verb, **values)
        if not await use.acknowledged(timeout_s=4.0):
            say("the application did not respond")

    async def _press(self, rest: str) -> None:
        if not rest.isdecimal() or not 0 < int(rest) <= len(self._screen.buttons):
            raise ValueError("there is no such button")
        message, custom_id, label = self._screen.buttons[int(rest) - 1]
        say(f"{self._person.name} presses {label}")
        self._screen.restart_watch()
        await self._person.press(message, custom_id=custom_id)

    async def _become(self, rest: str) -> None:
        self._person = self._stage.sandbox.person(rest)
        say(f"you are {self._person.user.display_name}")

    async def _books(self, _: str) -> None:
        await self.show_books()

    async def _kill(self, _: str) -> None:
        if self._bot is not None:
            self._bot.kill()
            await self._bot.wait()
            say("the bot is dead; type start")

    async def _start(self, _: str) -> None:
        if self._bot is not None and self._bot.process.returncode is None:
            say("the bot is running")
        else:
            await self.start_bot()


async def _lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _prompt(demo: Demo) -> None:
    say(f"\nIt stays up. Type a command, or quit:\n{HELP}")
    reader = await _lines()
    while line := await reader.readline():
        typed = read_line(line.decode(errors="replace"))
        try:
            if typed is not None and not await demo.obey(typed):
                return
        except (ClientRefused, LookupError, ValueError) as error:
            say(f"that does not work: {error}")


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


async def play(*, once: bool, folder: Path = FOLDER, scale: float = 1.0) -> None:
    """Runs the demo; `once` ends it after the first picture. `scale` stretches the drawing times."""
    await asyncio.to_thread(_empty, folder)
    async with AsyncExitStack() as stack:
        built = await stack.enter_async_context(stage(folder, scale=scale, names=EVERY))
        say("a loopback Discord and pretend picture gateways are up; nothing leaves this machine")
        if built.sandbox.note is not None:
            say(built.sandbox.note)
        demo = Demo(built, stack)
        await demo.start_bot()
        await demo.first_picture()
        if not once:
            await _prompt(demo)

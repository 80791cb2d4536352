"""The demo itself: one request played to its end, then whatever is typed."""

import asyncio
import os
import stat
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.clock import SystemClock
from sandbox.demo import kept
from sandbox.demo.books import read_books
from sandbox.demo.pace import Pace
from sandbox.demo.screen import Screen
from sandbox.demo.words import HELP, Option, Options, Typed, read_line
from sandbox.discord import ClientRefused, Person
from sandbox.gateways.server import EVERY
from sandbox.page.botkeeper import BotKeeper, BotState
from sandbox.page.server import DEFAULT_PORT, PageServer
from sandbox.stage import ROOT, Stage, stage

FOLDER = ROOT / "run" / "demo"
FIRST_PROMPT = "a lighthouse made of stained glass, storm"
# The cheapest gateway draws deferred, as the settings allow: a bot that is killed meanwhile asks for the picture later.
SETTINGS = {"EASEL_XAI_DEFERRED": "true"}
# The first picture takes seconds; a demo that has not shown it in this time is broken.
FIRST_TIMEOUT_S = 120.0
# What was ordered and not posted at the end of a kept demo: finished at once, posted after a poll or two.
SETTLE_S = 20.0


def say(line: str = "") -> None:
    """Prints at once, also into a pipe."""
    print(line, flush=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How the demo is played.

    `once` ends it after the first picture, `serve` shows the page alone, `keep` takes up and leaves the last state,
    `port` is the page's (None: the usual one, or a free one), `scale` stretches the drawing times, `since` is when the
    call for it was made, in seconds since 1970; `folder` is where all of it lies.
    """

    once: bool = False
    serve: bool = False
    keep: bool = False
    port: int | None = None
    scale: float = 1.0
    since: float | None = None
    folder: Path = FOLDER


class Demo:
    """One run of the demo."""

    def __init__(self, built: Stage, keeper: BotKeeper) -> None:
        self._stage = built
        self._keeper = keeper
        self._screen = Screen(built.sandbox, say)
        self._person: Person = built.sandbox.person("ana")

    async def start_bot(self) -> None:
        """A bot process on the stage's data; its seconds to ready are printed."""
        await self._keeper.start()
        say(f"the bot is ready after {self._keeper.seconds or 0:.2f} s; its log: {self._keeper.log_path}")

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
        await self._keeper.kill()
        say("the bot is dead; type start")

    async def _start(self, _: str) -> None:
        if self._keeper.state is not BotState.DEAD:
            say(f"the bot is {self._keeper.state}")
        else:
            await self.start_bot()


async def _lines() -> asyncio.StreamReader | None:
    """What is typed or piped in; None where nobody can type (a file, nothing at all)."""
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if not (sys.stdin.isatty() or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return None
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _prompt(demo: Demo) -> None:
    """Obeys what is typed until `quit` or the end of a terminal; whatever else ends leaves the page up."""
    is_terminal = sys.stdin.isatty()
    reader = await _lines()
    if reader is None:
        await _stay()
        return
    say(f"\nIt stays up. Type a command, or quit:\n{HELP}")
    while line := await reader.readline():
        typed = read_line(line.decode(errors="replace"))
        try:
            if typed is not None and not await demo.obey(typed):
                return
        except (ClientRefused, LookupError, ValueError) as error:
            say(f"that does not work: {error}")
    if not is_terminal:
        await _stay()


async def _stay() -> None:
    say("it stays up until it is told to end (Ctrl-C, or SIGTERM)")
    await asyncio.Event().wait()


async def _open_page(stack: AsyncExitStack, built: Stage, keeper: BotKeeper, port: int | None) -> PageServer:
    """On the asked port; where none was asked for, on the usual one or, where that is taken, on a free one."""
    if port is not None:
        return await stack.enter_async_context(PageServer.start(built, keeper, port=port))
    try:
        return await stack.enter_async_context(PageServer.start(built, keeper, port=DEFAULT_PORT))
    except OSError:
        return await stack.enter_async_context(PageServer.start(built, keeper))


async def _set_up(stack: AsyncExitStack, folder: Path, how: How) -> tuple[Stage, bool]:
    """The stage, and whether it is new or as it was left."""
    before = None
    if how.keep:
        before = await asyncio.to_thread(kept.take_up, folder)
    else:
        await asyncio.to_thread(kept.empty, folder)
    starts = 1 if before is None else before.starts + 1
    world = None if before is None else before.world
    # Another seed each time: a gateway must not give a work's number twice.
    built = await stack.enter_async_context(
        stage(folder, scale=how.scale, seed=starts, names=EVERY, extra=SETTINGS, kept=world)
    )
    if before is not None:
        built.gateways.book.take_up(before.charges)
    if how.keep:
        await stack.enter_async_context(kept.saving(built, folder, starts=starts))
    return built, before is None


async def _let_end(built: Stage, keeper: BotKeeper) -> None:
    """A demo that is taken up again later ends in order: its gateways forget what they were drawing."""
    if keeper.state is not BotState.RUNNING:
        return
    try:
        async with asyncio.timeout(SETTLE_S):
            while (await read_books(built)).held:
                built.gateways.finish()
                await asyncio.sleep(0.1)
    except TimeoutError:
        say("something is still open; the bot will find out what became of it")
    await keeper.stop()


async def play(how: How) -> None:
    """Runs the demo.

    Raises OSError where the page's port was asked for and is taken, Unkeepable where the last state cannot be kept.
    """
    pace = Pace(SystemClock(), how.since)
    async with AsyncExitStack() as stack:
        mine = stack.enter_context(kept.claim(how.folder, is_kept=how.keep))
        built, is_new = await _set_up(stack, mine, how)
        keeper = await stack.enter_async_context(BotKeeper.on(built))
        if how.keep:
            stack.push_async_callback(_let_end, built, keeper)
        page = await _open_page(stack, built, keeper, how.port)
        say(f"open {page.url} in a browser")
        pace.step("page")
        say("a loopback Discord and pretend picture gateways are up; nothing leaves this machine")
        if built.sandbox.note is not None:
            say(built.sandbox.note)
        demo = Demo(built, keeper)
        await demo.start_bot()
        pace.step("bot ready")
        if how.serve:
            await _stay()
        if is_new or how.once:
            await demo.first_picture()
            pace.step("first picture")
            say(f"\n  {pace.line()}")
        if not how.once:
            await _prompt(demo)

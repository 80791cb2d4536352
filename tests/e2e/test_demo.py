"""`make demo`: what a newcomer sees first."""

import asyncio
import json
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.core.clock import ManualClock
from sandbox.demo.pace import Pace
from sandbox.demo.play import SETTINGS
from sandbox.demo.words import Option, Options, Typed, read_line
from sandbox.gateways import EVERY, Outcome, outcome
from sandbox.page.botkeeper import BotKeeper
from sandbox.stage import ROOT, stage

OPTIONS = Options(known=(Option(name="prompt", is_number=False), Option(name="count", is_number=True)))


async def _start(folder: Path, *arguments: str, stdin: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "--scale", "0.02", "--port", "0", "--folder", str(folder), *arguments),
        cwd=ROOT,
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
    )


async def _demo(folder: Path, *arguments: str, typed: bytes = b"") -> tuple[int, str]:
    process = await _start(folder, *arguments)
    output, _ = await asyncio.wait_for(process.communicate(typed), 60)
    return process.returncode or 0, output.decode()


@asynccontextmanager
async def _staying(folder: Path, *arguments: str, stdin: int) -> AsyncIterator[str]:
    """A demo that says that it stays up: the page's address. It is told to end, and must end well."""
    process = await _start(folder, *arguments, stdin=stdin)
    try:
        assert process.stdout is not None
        if process.stdin is not None:
            process.stdin.close()
        async with asyncio.timeout(60):
            address = re.search(r"http://127\.0\.0\.1:\d+/", (await process.stdout.readline()).decode())
            while b"it stays up until" not in (line := await process.stdout.readline()):
                assert line, "it ended"
        assert address is not None
        yield address[0]
        process.send_signal(signal.SIGTERM)
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, output
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_one_picture_is_played_to_its_end(tmp_path: Path) -> None:
    code, output = await _demo(tmp_path / "demo", "--once")

    assert code == 0
    assert output.startswith("open http://127.0.0.1:")
    for step in ("thinking…", "Making your picture", "in line", "everyone sees this", "Posted", "they agree"):
        assert step in output
    assert "the picture lies at" in output
    assert re.search(r"page \d+\.\d s · bot ready \d+\.\d s · first picture \d+\.\d s · total \d+\.\d s$", output)
    assert "spoken correctly" not in output


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [(("--serve",), asyncio.subprocess.DEVNULL), ((), asyncio.subprocess.DEVNULL), ((), asyncio.subprocess.PIPE)],
)
async def test_without_a_terminal_it_stays_up_until_it_is_told_to_end(
    tmp_path: Path, arguments: tuple[str, ...], stdin: int
) -> None:
    async with (
        _staying(tmp_path / "demo", *arguments, stdin=stdin) as address,
        aiohttp.ClientSession() as session,
        session.get(address) as answer,
    ):
        assert answer.status == 200


async def test_a_kept_demo_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    for times in (1, 2):
        code, output = await _demo(folder, "--keep", "--once")
        assert code == 0
        assert "they agree" in output
        kept = json.loads((folder / "kept.json").read_text())
        assert (kept["starts"], len(kept["charges"]), len(kept["world"]["messages"])) == (times, times, 2 * times)


async def test_what_cannot_be_kept_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "kept.json").write_text("{")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "--keep", "--once", "--folder", str(tmp_path / "demo")),
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert said.decode().count("\n") == 1
    assert "start one without --keep" in said.decode()


async def test_a_killed_demo_takes_its_bot_along_and_the_next_one_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    killed = await _start(folder, "--keep", "--serve")
    assert killed.stdout is not None
    async with asyncio.timeout(60):
        while b"the bot is ready" not in (line := await killed.stdout.readline()):
            assert line, "it ended"
        # Commands are kept at once, the rest every few seconds.
        while not ((folder / "kept.json").exists() and "imagine" in (folder / "kept.json").read_text()):
            await asyncio.sleep(0.05)
    killed.kill()
    await killed.wait()
    code, output = await _demo(folder, "--keep", "--once")
    assert code == 0
    assert "they agree" in output
    assert (folder / "bot-1.log").read_text().count("web server listens") == 2


async def test_a_bot_that_does_not_start_is_said_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert (await _demo(folder, "--keep", "--once"))[0] == 0
    shutil.rmtree(folder / "data")
    (folder / "data").write_text("no folder")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "--keep", "--once", "--port", "0", "--folder", str(folder)),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert said.decode() == f"the bot did not become ready; its log: {folder / 'bot-1.log'}\n"


async def test_a_newcomer_who_kills_the_bot_while_it_draws_gets_the_picture_all_the_same(tmp_path: Path) -> None:
    built_as = stage(tmp_path, scale=0.02, picture_side=64, names=EVERY, extra=SETTINGS)
    async with built_as as built, BotKeeper.on(built) as keeper:
        await keeper.start()
        built.gateways.faults.next(None, outcome(Outcome.NEVER_ENDS))
        use = await built.sandbox.person("ana").command("imagine", prompt="a lighthouse")
        await use.wait_until(lambda card: "drawing" in card.plain_text(), 10)
        await keeper.kill()
        built.gateways.finish()
        await keeper.start()
        await use.wait_until(lambda card: "Posted" in card.plain_text(), 20)
    assert [charge.provider for charge in built.gateways.book.charges] == ["xai"]


async def test_it_takes_commands_until_it_is_told_to_end(tmp_path: Path) -> None:
    typed = b"as bo\n/usage\npress 99\n/nothing\n/imagine prompt: x count: many\nhelp\nkill\nstart\nbooks\nquit\n"
    code, output = await _demo(tmp_path / "demo", typed=typed)

    assert code == 0
    for step in (
        "you are Bo",
        "there is no such button",
        "there is no /nothing",
        "count is a number",
        "ends the demo",
        "the bot is dead",
        "they agree",
    ):
        assert step in output
    assert output.count("the bot is ready") == 2


@pytest.mark.parametrize(
    ("rest", "values"),
    [
        ("prompt: a red fox count: 2", {"prompt": "a red fox", "count": 2}),
        ("count: 2 prompt: a fox: the movie", {"prompt": "a fox: the movie", "count": 2}),
        ("a red fox", {"prompt": "a red fox"}),
        ("", {}),
    ],
)
def test_options_are_read_as_they_are_typed(rest: str, values: dict[str, str | int]) -> None:
    assert OPTIONS.read(rest) == values


@pytest.mark.parametrize(
    ("called_before_s", "line"),
    [
        (None, "page 0.5 s · bot ready 1.2 s · total 1.7 s"),
        (0.4, "page 0.5 s · bot ready 1.2 s · total 1.7 s"),
        (21.0, "set-up 21.0 s · page 0.5 s · bot ready 1.2 s · total 22.7 s"),
    ],
)
def test_each_step_is_timed_and_set_up_where_there_was_one(called_before_s: float | None, line: str) -> None:
    clock = ManualClock()
    pace = Pace(clock, None if called_before_s is None else clock.now() / 1_000 - called_before_s)
    for name, seconds in (("page", 0.5), ("bot ready", 1.2)):
        clock.advance(seconds=seconds)
        pace.step(name)
    assert pace.line() == line


def test_a_line_is_a_verb_and_its_rest() -> None:
    assert read_line("  /Imagine prompt: x ") == Typed(verb="imagine", rest="prompt: x", is_slash=True)
    assert read_line("press 1") == Typed(verb="press", rest="1")
    assert read_line("   ") is None

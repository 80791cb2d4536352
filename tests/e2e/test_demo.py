"""`make demo`: what a newcomer sees first."""

import asyncio
import sys

import pytest

from sandbox.demo.words import Option, Options, Typed, read_line
from sandbox.stage import ROOT

OPTIONS = Options(known=(Option(name="prompt", is_number=False), Option(name="count", is_number=True)))


async def _demo(*arguments: str, typed: bytes = b"") -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        "--scale",
        "0.02",
        *arguments,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await asyncio.wait_for(process.communicate(typed), 60)
    return process.returncode or 0, output.decode()


async def test_one_picture_is_played_to_its_end() -> None:
    code, output = await _demo("--once")

    assert code == 0
    for step in ("thinking…", "Making your picture", "in line", "everyone sees this", "Posted", "they agree"):
        assert step in output
    assert "the picture lies at" in output
    assert "spoken correctly" not in output


async def test_it_takes_commands_until_it_is_told_to_end() -> None:
    typed = b"as bo\n/usage\npress 99\n/nothing\n/imagine prompt: x count: many\nhelp\nkill\nstart\nbooks\nquit\n"
    code, output = await _demo(typed=typed)

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


def test_a_line_is_a_verb_and_its_rest() -> None:
    assert read_line("  /Imagine prompt: x ") == Typed(verb="imagine", rest="prompt: x", is_slash=True)
    assert read_line("press 1") == Typed(verb="press", rest="1")
    assert read_line("   ") is None

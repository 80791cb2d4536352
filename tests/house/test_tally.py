"""A test run counts what went over the sandbox's wire, and fails when a rule of Discord's was broken."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.discord import Sandbox, openapi, server
from sandbox.discord.tally import Tally
from sandbox.stage import ROOT
from tests.sandbox.wire import send

WRONG = """
from sandbox.discord import Sandbox
from tests.sandbox.wire import send

async def test_wrong() -> None:
    async with Sandbox.start() as sandbox:
        {}
        await send(sandbox, "GET", "/nothing")
        await send(sandbox, "GET", "/users/@me")
"""
ON_PURPOSE = "sandbox.is_wrong_on_purpose = True"


def _run(path: Path, text: str, *arguments: str) -> tuple[int, str]:
    path.write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-c", "pyproject.toml", "-p", "tests.conftest", str(path)]
    ended = subprocess.run(
        [*command, *arguments], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False, timeout=60
    )
    return ended.returncode, ended.stdout


@pytest.mark.parametrize("processes", ["0", "1"])
def test_a_broken_rule_anywhere_fails_the_run(tmp_path: Path, processes: str) -> None:
    code, said = _run(tmp_path / "test_wrong.py", WRONG.format("pass"), "-n", processes)
    assert "1 passed" in said
    assert code == 1, said
    assert "1 violations" in said
    assert "request GET /nothing: the sandbox has no such route" in said


def test_what_a_test_breaks_on_purpose_does_not_count(tmp_path: Path) -> None:
    code, said = _run(tmp_path / "test_wrong.py", WRONG.format(ON_PURPOSE))
    assert code == 0, said
    assert "0 violations" in said


@pytest.fixture
def tally(monkeypatch: pytest.MonkeyPatch) -> Tally:
    """One of this test's own."""
    own = Tally()
    monkeypatch.setattr(server, "TALLY", own)
    return own


async def test_only_what_the_document_knows_counts_as_checked(tally: Tally) -> None:
    async with Sandbox.start() as sandbox:
        sandbox.is_wrong_on_purpose = True
        has_document = sandbox.note is None
        general = f"/channels/{sandbox.channel('general').id}/messages"
        for content in ("good", "x" * 2_001):
            await send(sandbox, "POST", general, {"content": content})
        await send(sandbox, "GET", "/nothing")
    assert (tally.checked, tally.others, tally.violations) == ((1, 0, []) if has_document else (0, 1, []))
    async with Sandbox.start(openapi=False) as sandbox:
        await send(sandbox, "GET", "/users/@me")
        await send(sandbox, "GET", "/nothing")
    assert (tally.checked, tally.others) == ((1, 1) if has_document else (0, 2))
    assert tally.violations == ["request GET /nothing: the sandbox has no such route"]


async def test_a_sandbox_without_the_document_says_so(
    tally: Tally, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(openapi.ENVIRONMENT, str(tmp_path / "absent.json"))
    async with Sandbox.start() as sandbox:
        assert "not at hand" in (sandbox.note or "")
    async with Sandbox.start(openapi=False) as sandbox:
        assert "left out" in (sandbox.note or "")
    async with Sandbox.start(checks=False) as sandbox:
        assert "not checked" in (sandbox.note or "")
    assert tally.without_document == 1

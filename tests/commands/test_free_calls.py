"""`doctor --online`: free calls alone, each key only to its own gateway, and no secret in any line."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.commands import doctor, free_calls
from bot.commands.checks import Check, Level
from tests.commands.account import KEYS, SECRETS, TOKEN, Account, account
from tests.commands.shop import ROOT, run

PATHS = {
    "discord": "/discord/users/@me",
    "locus": "/api/pay/balance",
    "apiframe": "/apiframe/me",
    "xai": "/xai/api-key",
}


@pytest.fixture
async def served() -> AsyncIterator[Account]:
    async with account() as made:
        yield made


async def _examine(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> dict[str, Check]:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    checks = await doctor.examine(is_online=True)
    assert not [secret for secret in SECRETS for check in checks if secret in check.line]
    return {check.title.removesuffix(" online"): check for check in checks if check.title.endswith(" online")}


@pytest.mark.usefixtures("bare")
async def test_every_key_is_proved_by_a_free_call_and_no_other_call_is_made(
    served: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await _examine(monkeypatch, served.settings(*KEYS))

    assert {name: check.line for name, check in found.items()} == {
        "Discord": "ok    Discord online: the token is taken; the bot is easel",
        "locus": "ok    locus online: the key is taken; 12.5 USDC left",
        "apiinone": "warn  apiinone online: not asked: it has no free call; the first picture proves the key",
        "pixazo": "warn  pixazo online: not asked: it has no free call; the first picture proves the key",
        "apiframe": "ok    apiframe online: the key is taken; 250 credits left",
        "xai": "ok    xai online: the key is taken (xAI does not tell a balance to it)",
    }
    assert served.asked == [
        ("GET", "/discord/users/@me", f"Bot {TOKEN}"),
        ("GET", "/api/pay/balance", f"Bearer {KEYS['locus']}"),
        ("GET", "/apiframe/me", KEYS["apiframe"]),
        ("GET", "/xai/api-key", f"Bearer {KEYS['xai']}"),
    ]


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("status", "level", "said"),
    [
        (400, Level.BAD, "the key is refused"),
        (401, Level.BAD, "the key is refused"),
        (403, Level.BAD, "the key is refused"),
        (404, Level.BAD, "is the address right?"),
        (302, Level.BAD, "is the address right?"),
        (429, Level.WARN, "ask again later"),
        (503, Level.WARN, "ask again later"),
    ],
)
async def test_what_a_status_means_is_said_and_no_redirect_is_followed(
    served: Account, monkeypatch: pytest.MonkeyPatch, status: int, level: Level, said: str
) -> None:
    served.answers = dict.fromkeys(PATHS.values(), status)
    found = await _examine(monkeypatch, served.settings("locus", "apiframe", "xai"))

    assert {check.level for check in found.values()} == {level}
    assert all(f"HTTP {status}" in check.told and said in check.told for check in found.values())
    assert [path for _, path, _ in served.asked] == list(PATHS.values())


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("name", "answer", "level", "said"),
    [
        ("locus", {"success": False, "error": "no"}, Level.BAD, "the balance was not given"),
        ("locus", {"success": True, "data": {"balance": "0.00"}}, Level.WARN, "empty"),
        ("locus", {"success": True, "data": {"balance": 3}}, Level.OK, "3 USDC left"),
        ("locus", {"success": True, "data": [1]}, Level.WARN, "names no balance"),
        ("locus", {"success": True, "data": {"balance": "NaN"}}, Level.WARN, "names no balance"),
        ("locus", {"success": True, "data": {"balance": "much"}}, Level.WARN, "names no balance"),
        ("apiframe", {"team": {"credits": 0}}, Level.WARN, "empty"),
        ("apiframe", {"team": {"credits": True}}, Level.WARN, "names no balance"),
        (
            "xai",
            {"api_key_disabled": True, "team_blocked": True},
            Level.BAD,
            "the key is disabled, the team is blocked",
        ),
        ("xai", [1], Level.BAD, "is the address right?"),
        ("xai", b"<html>", Level.BAD, "no answer to a poll|is the address right|no JSON"),
        ("discord", {"username": "ada"}, Level.BAD, "not a bot's"),
        ("discord", {}, Level.BAD, "names no user"),
        ("discord", {"bot": True, "username": "\x1b[2Jeasel"}, Level.OK, "the bot is \ufffd[2Jeasel"),
        ("discord", {"bot": True, "username": TOKEN[:-1]}, Level.OK, "too long to show"),
    ],
)
async def test_what_an_answer_means_is_said(
    served: Account, monkeypatch: pytest.MonkeyPatch, name: str, answer: object, level: Level, said: str
) -> None:
    served.answers[PATHS[name]] = answer
    found = await _examine(monkeypatch, served.settings(*([] if name == "discord" else [name])))
    check = found["Discord" if name == "discord" else name]

    assert check.level is level
    assert any(part in check.told for part in said.split("|"))
    assert "\x1b" not in check.line
    assert TOKEN[:20] not in check.line


@pytest.mark.usefixtures("bare")
async def test_a_server_that_gives_a_short_key_back_does_not_bring_it_into_the_report(
    served: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = served.settings("pixazo") | {"EASEL_PIXAZO_API_KEY": "s3cr3t-of-pixazo"}
    served.answers[PATHS["discord"]] = {"bot": True, "username": "s3cr3t-of-pixazo"}
    found = await _examine(monkeypatch, settings)

    assert found["Discord"].told == "the token is taken; the bot is [cut]"


@pytest.mark.usefixtures("bare")
async def test_who_does_not_answer_is_bad_and_nobody_waits_for_ever(
    served: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free_calls, "TIMEOUT_S", 0.05)
    served.answers[PATHS["discord"]] = "slow"
    settings = served.settings("xai") | {"EASEL_XAI_BASE_URL": "http://127.0.0.1:1"}
    found = await _examine(monkeypatch, settings)

    assert {check.level for check in found.values()} == {Level.BAD}
    assert "Timeout" in found["Discord"].told
    assert "ClientConnectorError" in found["xai"].told


@pytest.mark.usefixtures("bare")
async def test_a_locus_address_of_another_form_gets_no_guessed_call(
    served: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = served.settings("locus") | {"EASEL_LOCUS_BASE_URL": f"{served.url}/grok"}
    found = await _examine(monkeypatch, settings)

    assert found["locus"].level is Level.WARN
    assert "does not end in /api/wrapped/grok" in found["locus"].told
    assert [path for _, path, _ in served.asked] == [PATHS["discord"]]


@pytest.mark.usefixtures("bare")
async def test_a_key_that_no_header_can_carry_is_not_sent(served: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = served.settings("xai") | {"EASEL_XAI_API_KEY": "xai-é-0123456789"}
    found = await _examine(monkeypatch, settings)

    assert found["xai"].told.startswith("not asked: ")
    assert [path for _, path, _ in served.asked] == [PATHS["discord"]]


async def test_the_command_line_asks_only_when_told_to(served: Account, tmp_path: Path) -> None:
    settings = served.settings("xai") | {"EASEL_CATALOGUE": str(ROOT / "data" / "catalogue.toml")}
    offline = await asyncio.to_thread(run, tmp_path, "doctor", cwd=tmp_path, **settings)
    assert (offline.returncode, served.asked) == (0, [])

    served.answers[PATHS["xai"]] = 401
    online = await asyncio.to_thread(run, tmp_path, "doctor", "--online", cwd=tmp_path, **settings)
    assert online.returncode == 1
    assert "bad   xai online: HTTP 401" in online.stdout
    assert not [secret for secret in SECRETS if secret in offline.stdout + online.stdout + online.stderr]

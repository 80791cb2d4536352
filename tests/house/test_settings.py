"""Settings: names that others set, and one clear line where one is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot import config
from bot.core.errors import SettingsError
from bot.core.money import usd
from bot.rooms_settings import ceilings_of

ROOT = Path(__file__).resolve().parents[2]
SECRET = "s3cr3t-value-that-must-not-be-shown"


def _load(**values: str) -> config.Settings:
    return config.load(_env_file=None, **values)


@pytest.fixture(autouse=True)
def _no_outer_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(config.PREFIX):
            monkeypatch.delenv(name)


def test_the_defaults_are_the_documented_ones() -> None:
    settings = _load(discord_token="t0ken-for-tests")
    ceilings = ceilings_of(settings)

    assert ceilings.bot_monthly == usd("50")
    assert ceilings.guild_monthly == usd("20")
    assert ceilings.guild_daily == usd("2")
    assert ceilings.member_daily == usd("0.50")
    assert ceilings.member_daily_pictures == 25
    assert (ceilings.provider_daily, ceilings.provider_monthly) == ({}, {})
    assert (ceilings.bot_monthly_pictures, ceilings.guild_monthly_pictures) == (None, None)
    assert ceilings.guild_daily_pictures is None
    assert (ceilings.provider_daily_pictures, ceilings.provider_monthly_pictures) == ({}, {})
    assert settings.web_host == "127.0.0.1"
    assert settings.download_allow_hosts == ()
    assert settings.keys() == {}


def test_ceilings_may_count_pictures_too() -> None:
    ceilings = ceilings_of(
        _load(
            discord_token="t0ken-for-tests",
            monthly_ceiling_pictures="900",
            guild_monthly_pictures="90",
            guild_daily_pictures="9",
            provider_daily_pictures="pixazo=5, locus = 6",
            provider_monthly_pictures="xai=7",
        )
    )
    assert (ceilings.bot_monthly_pictures, ceilings.guild_monthly_pictures, ceilings.guild_daily_pictures) == (
        900,
        90,
        9,
    )
    assert ceilings.provider_daily_pictures == {"pixazo": 5, "locus": 6}
    assert ceilings.provider_monthly_pictures == {"xai": 7}


def test_a_provider_may_have_ceilings_of_its_own() -> None:
    ceilings = ceilings_of(
        _load(
            discord_token="t0ken-for-tests", provider_daily_usd="pixazo=1, locus = 0.50", provider_monthly_usd="xai=3"
        )
    )

    assert ceilings.provider_daily == {"pixazo": usd("1"), "locus": usd("0.50")}
    assert ceilings.provider_monthly == {"xai": usd("3")}


def test_a_provider_without_a_key_is_off_and_one_with_a_key_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_DISCORD_TOKEN", "t0ken-for-tests")
    monkeypatch.setenv("EASEL_PIXAZO_API_KEY", SECRET)
    monkeypatch.setenv("EASEL_LOCUS_API_KEY", "  ")
    monkeypatch.setenv("EASEL_OPERATOR_IDS", "12, 34")
    monkeypatch.setenv("EASEL_DOWNLOAD_ALLOW_HOSTS", "127.0.0.1:80,cdn.internal")
    settings = _load()

    assert settings.keys() == {"pixazo": (SECRET, "https://gateway.pixazo.ai")}
    assert settings.operator_ids == (12, 34)
    assert settings.download_allow_hosts == ("127.0.0.1:80", "cdn.internal")
    assert set(settings.secrets()) == {"t0ken-for-tests", SECRET}
    assert SECRET not in repr(settings)


def test_servers_are_weighed_by_their_ids() -> None:
    settings = _load(discord_token="t0ken-for-tests", guild_weights="12=2, 34 = 10")

    assert config.weights_of(settings.guild_weights) == {12: 2, 34: 10}


def test_a_secret_may_be_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "easel_discord_token").write_text("t0ken-from-a-file\n", encoding="utf-8")
    monkeypatch.setenv("EASEL_SECRETS_DIR", str(tmp_path))

    assert _load().discord_token.get_secret_value().strip() == "t0ken-from-a-file"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EASEL_DISCORD_API_URL", f"ftp://{SECRET}"),
        ("EASEL_DISCORD_GATEWAY_URL", f"http://{SECRET}"),
        ("EASEL_PIXAZO_BASE_URL", f"https://user:{SECRET}@host"),
        ("EASEL_XAI_BASE_URL", f"https://host/?key={SECRET}"),
        ("EASEL_PUBLIC_URL", f"http://{SECRET}"),
        ("EASEL_PUBLIC_URL", f"https://host/{SECRET}?a=b"),
        ("EASEL_PUBLIC_URL", f"ftp://localhost/{SECRET}"),
        ("EASEL_WEB_PORT", SECRET),
        ("EASEL_WEB_PORT", "70000"),
        ("EASEL_OPERATOR_IDS", f"12,{SECRET}"),
        ("EASEL_GUILD_DAILY_USD", SECRET),
        ("EASEL_GUILD_DAILY_USD", "-1"),
        ("EASEL_GUILD_DAILY_USD", "nan"),
        ("EASEL_MEMBER_DAILY_PICTURES", "1.5"),
        ("EASEL_PROVIDER_DAILY_USD", SECRET),
        ("EASEL_PROVIDER_DAILY_USD", f"pixazo={SECRET}"),
        ("EASEL_PROVIDER_DAILY_USD", "pixazo=1,pixazo=2"),
        ("EASEL_PROVIDER_MONTHLY_USD", f"{SECRET}=1"),
        ("EASEL_PROVIDER_DAILY_PICTURES", f"pixazo={SECRET}"),
        ("EASEL_PROVIDER_DAILY_PICTURES", "pixazo=-1"),
        ("EASEL_PROVIDER_MONTHLY_PICTURES", f"{SECRET}=1"),
        ("EASEL_GUILD_DAILY_PICTURES", "1.5"),
        ("EASEL_MONTHLY_CEILING_PICTURES", "1000001"),
        ("EASEL_GUILD_WEIGHTS", SECRET),
        ("EASEL_GUILD_WEIGHTS", f"12={SECRET}"),
        ("EASEL_GUILD_WEIGHTS", "12=0"),
        ("EASEL_GUILD_WEIGHTS", "12=11"),
        ("EASEL_GUILD_WEIGHTS", "12=2,12=3"),
        ("EASEL_MEMBER_AT_ONCE", "0"),
        ("EASEL_LOG_LEVEL", SECRET),
    ],
)
def test_a_bad_setting_is_named_and_its_value_is_not(name: str, value: str) -> None:
    field = name.removeprefix("EASEL_").lower()
    with pytest.raises(SettingsError) as caught:
        _load(**{"discord_token": "t0ken-for-tests", field: value})

    assert str(caught.value).startswith(name)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", ["https://easel.example/bot/", "http://127.0.0.1:8787", "http://[::1]"])
def test_the_public_address_is_https_or_leads_to_this_machine(value: str) -> None:
    assert _load(discord_token="t0ken-for-tests", public_url=value).public_url == value.rstrip("/")


def _run(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    outer = {name: value for name, value in os.environ.items() if not name.startswith("EASEL_")}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=ROOT,
        env={**outer, "EASEL_DATA_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "easel: EASEL_DISCORD_TOKEN: is missing"),
        ({"EASEL_DISCORD_TOKEN": " "}, "easel: EASEL_DISCORD_TOKEN: must not be empty"),
        ({"EASEL_DISCORD_TOKEN": SECRET, "EASEL_CRASH_AT": "nowhere"}, "easel: EASEL_CRASH_AT: one of"),
        ({"EASEL_DISCORD_TOKEN": SECRET, "EASEL_CATALOGUE": "no-such-file.toml"}, "easel: no-such-file.toml"),
        ({"EASEL_DISCORD_TOKEN": SECRET, "EASEL_DOWNLOAD_ALLOW_HOSTS": "a b"}, "easel: EASEL_DOWNLOAD_ALLOW_HOSTS"),
    ],
    ids=["missing", "empty", "crash point", "catalogue", "hosts"],
)
def test_a_start_that_cannot_be_says_so_in_one_line_and_ends_with_78(
    tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    done = _run(tmp_path, "run", **environment)

    assert done.returncode == 78
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1
    assert SECRET not in done.stderr


def test_a_data_folder_that_cannot_be_used_ends_the_start_with_69(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    done = _run(tmp_path / "file", "run", EASEL_DISCORD_TOKEN=SECRET)

    assert done.returncode == 69
    assert len(done.stderr.splitlines()) == 1


def test_the_health_check_of_a_bot_that_is_not_there_fails(tmp_path: Path) -> None:
    assert _run(tmp_path, "healthcheck", EASEL_WEB_PORT="1").returncode == 1


def test_a_ledger_that_is_not_there_cannot_be_checked(tmp_path: Path) -> None:
    done = _run(tmp_path, "ledger", "check")

    assert done.returncode == 69
    assert "start the bot once" in done.stderr

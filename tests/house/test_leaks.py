"""The scan for secrets finds what is leaked on purpose, wherever it is leaked, and nothing that is at home."""

import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.gateways import Gateways
from sandbox.stage import stage
from tests.leaks import Finding, Leaks, Listener

ROOT = Path(__file__).resolve().parents[2]
# None of these is a key that the scan of the whole run knows.
KEY = "k3y-that-a-test-of-the-scan-leaks"
TOKEN = "aW50ZXJhY3Rpb24" * 5
MAC = "0123456789abcdef" * 4


@pytest.fixture
def leaks() -> Leaks:
    return Leaks(secrets={KEY: "a key"}, words={TOKEN: "a token", MAC: "a mac"})


@contextmanager
def heard(leaks: Leaks, name: str) -> Iterator[logging.Logger]:
    """A logger outside of everybody else's, heard by this scan alone."""
    logger = logging.Logger(name)  # noqa: LOG001 - not one that a whole run would listen to
    logger.addHandler(Listener(leaks))
    yield logger
    leaks.look()


def labels(leaks: Leaks) -> list[str]:
    return [finding.label for finding in leaks.findings]


def test_a_key_in_a_message_in_a_field_and_in_a_trace_is_found(leaks: Leaks) -> None:
    with heard(leaks, "bot.some.room") as logger:
        logger.debug("sent %s", KEY)
        logger.info("sent", extra={"header": f"Bearer {KEY}"})
        try:
            int(KEY)
        except ValueError:
            logger.exception("could not be read")
        logger.info("sent, and no secret with it")
    assert leaks.findings == [Finding(label="a key", place="a record of bot.some.room")] * 3
    assert leaks.lines == 4
    assert KEY not in repr(leaks.findings)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (f"PATCH /webhooks/1/{TOKEN}/messages/@original", "a token"),
        (f"x-{TOKEN}_y", "a token"),
        (f"mac={MAC}", "a mac"),
        ("POST /bot/callbacks/pixazo/abc/" + "9" * 64, "the address of a callback"),
    ],
)
def test_tokens_and_the_addresses_of_callbacks_are_found_in_our_own_records(
    leaks: Leaks, text: str, label: str
) -> None:
    with heard(leaks, "cogs.imagine") as logger:
        logger.warning(text)
    assert labels(leaks) == [label]


def test_of_libraries_is_heard_what_a_bot_would_write_of_them(leaks: Leaks) -> None:
    """Their lines are redacted as the bot's log is; what they say at DEBUG, nobody writes."""
    with heard(leaks, "aiohttp.client") as logger:
        logger.debug("all of it: %s", KEY)
        logger.warning("a header Bearer %s", KEY)
        logger.warning("GET /webhooks/123/%s/x", TOKEN)
        assert leaks.findings == []
        logger.warning("a token on its own: %s", TOKEN)
    with heard(leaks, "discord.http") as logger:
        logger.info("%s", TOKEN)
    assert labels(leaks) == ["a token"]
    assert leaks.lines == 3


def test_a_key_in_the_log_of_a_process_is_found_by_its_line(leaks: Leaks, tmp_path: Path) -> None:
    path = tmp_path / "bot-1.log"
    path.write_bytes(f'{{"event": "ready"}}\n{{"event": "sent", "to": "{KEY}"}}\n\xff\n'.encode("latin-1"))
    leaks.take_log(path)
    leaks.take_log(tmp_path / "bot-2.log")
    leaks.look()
    assert leaks.findings == [Finding(label="a key", place="the log bot-1.log")]
    assert leaks.lines == 3


def _database(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE interaction (id INTEGER, token TEXT)")
    connection.execute("CREATE TABLE job (id TEXT, payload TEXT, reason BLOB)")
    connection.execute("CREATE TABLE fact (name TEXT, value TEXT)")
    return connection


def test_a_secret_in_a_database_is_found_by_its_column_and_a_token_is_at_home_in_one(
    leaks: Leaks, tmp_path: Path
) -> None:
    connection = _database(tmp_path / "easel.db")
    with connection:
        connection.execute("INSERT INTO interaction VALUES (1, ?)", (TOKEN,))
        connection.execute("INSERT INTO fact VALUES ('callback_key', ?)", ("f0" * 32,))
    leaks.take_database(tmp_path / "easel.db")
    assert leaks.findings == []
    with connection:
        connection.execute("INSERT INTO interaction VALUES (2, ?)", (KEY,))
        connection.execute("INSERT INTO job VALUES ('a', ?, ?)", (f'{{"token": "{TOKEN}"}}', KEY.encode()))
    connection.close()
    leaks.take_database(tmp_path / "easel.db")
    leaks.take_database(tmp_path / "none.db")
    assert [(one.place, one.label) for one in leaks.findings] == [
        ("interaction.token", "a key"),
        ("job.payload", "a token"),
        ("job.reason", "a key"),
    ]
    assert leaks.databases == 2
    # What is at home in the database is not at home in a log.
    leaks.hear("a log", "callback key " + "f0" * 32)
    leaks.look()
    assert leaks.findings[-1] == Finding(label="fact.value", place="a log")


def test_a_database_that_was_broken_on_purpose_stops_nobody(leaks: Leaks, tmp_path: Path) -> None:
    (tmp_path / "easel.db").write_bytes(b"no database at all" * 1000)
    leaks.take_database(tmp_path / "easel.db")
    assert leaks.findings == []
    assert leaks.summary.endswith("0 databases looked through (1 more could not be read), 0 findings")


def test_every_secret_setting_is_watched_and_no_other() -> None:
    leaks = Leaks()
    leaks.watch_settings(
        {
            "EASEL_DISCORD_TOKEN": "discord-token-1",
            "EASEL_XAI_API_KEY": "xai-key-0001",
            "EASEL_LOCUS_WALLET_KEY": "0x" + "5a" * 32,
            "EASEL_APIFRAME_OLD_KEYS": "afk_old_0001, afk_old_0002",
            "EASEL_APIFRAME_PARAMS_KEY": "grokParams",
            "EASEL_APIFRAME_WEBHOOK_KEY": "webhookUrl",
            "EASEL_PIXAZO_API_KEY": "short",
            "EASEL_DATA_DIR": "data/somewhere",
        }
    )
    wallet = ["0x" + "5a" * 32, "5a" * 32]
    assert list(leaks.secrets) == ["discord-token-1", "xai-key-0001", *wallet, "afk_old_0001", "afk_old_0002"]


async def test_a_stage_that_closes_is_looked_through_with_its_own_tokens(tmp_path: Path) -> None:
    leaks = Leaks()
    async with stage(tmp_path, picture_side=64) as built:
        built.environments.append(built.settings())
        world = built.sandbox.world
        world.by_token[TOKEN] = next(iter(world.by_token.values()), None)  # type: ignore[assignment] # only its key counts
        built.data_dir.mkdir()
        connection = _database(built.data_dir / "easel.db")
        with connection:
            connection.execute("INSERT INTO job VALUES ('a', ?, NULL)", (built.sandbox.token,))
        connection.close()
        built.logs.append(tmp_path / "bot-1.log")
        built.logs[0].write_text(f"said {TOKEN}\nand {built.gateways.pixazo_key}\n", encoding="utf-8")
        leaks.take_stage(built)
        # Before the run's own scan looks at this stage, too.
        del world.by_token[TOKEN]
        (built.data_dir / "easel.db").unlink()
        built.logs.clear()
    found = {(one.label, one.place) for one in leaks.findings}
    assert found == {
        ("EASEL_DISCORD_TOKEN", "job.payload"),
        ("an interaction's token", "the log bot-1.log"),
        ("EASEL_PIXAZO_API_KEY", "the log bot-1.log"),
    }
    assert leaks.words == {}


LEAKY = f"""
import logging
from bot.core.errors import EaselError

def test_that_passes():
    logging.getLogger("bot.some.room").debug("sent %s", {Gateways.locus_key!r})
    EaselError("refused " + {Gateways.pixazo_key!r})
"""
SOUND = """
import logging

def test_that_passes():
    logging.getLogger("bot.some.room").debug("sent")
"""


@pytest.mark.parametrize(
    ("source", "code", "said", "divided"),
    [
        (LEAKY, 1, "secrets: 1 log lines, 1 errors and 0 databases looked through, 2 findings", ()),
        (LEAKY, 1, "secrets: 1 log lines, 1 errors and 0 databases looked through, 2 findings", ("-n", "1")),
        (SOUND, 0, "secrets: 1 log lines, 0 errors and 0 databases looked through, 0 findings", ()),
    ],
    ids=["leaky", "leaky and divided", "sound"],
)
def test_a_run_whose_tests_pass_fails_when_a_secret_was_written(
    tmp_path: Path, source: str, code: int, said: str, divided: tuple[str, ...]
) -> None:
    """A run of its own, under the very hooks of this one."""
    (tmp_path / "test_it.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "--rootdir", "."]
    done = subprocess.run(
        [*command, *divided, str(tmp_path / "test_it.py")],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert said in done.stdout
    assert Gateways.locus_key not in done.stdout
    assert Gateways.pixazo_key not in done.stdout

"""Looks for secrets in what a test run leaves behind: log lines, errors, the logs of bots, databases.

Told are the values and never the places where they belong: a key is configured, an interaction's token comes from
Discord, the address of a callback from the bot. Whatever is found is named by its label, so that no report repeats it.
"""

import logging
import re
import sqlite3
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import EaselError
from bot.logs import EventFormatter, Redaction
from sandbox.stage import Stage

OURS = ("bot", "cogs")
# A shorter value might stand in a text by chance.
SHORTEST = 8
# A setting whose value is a secret, by its name.
_IS_SECRET = re.compile(r"_(KEY|KEYS|TOKEN)$")
# Settings that are called so and name something in a gateway's body.
_IS_NONE = re.compile(r"_(PARAMS|WEBHOOK)_KEY$")
# Whoever knows such an address can wake a job, so none is written, whoever made it.
_CALLBACK = re.compile(r"callbacks/\w+/\w+/[0-9a-f]{32,}")
# Interaction tokens and macs are found by their shape and then looked up: there are thousands of them.
_LONG_WORD = re.compile(r"[A-Za-z0-9_-]{40,}")
# An interaction's token is kept for as long as Discord takes it: without it nobody could be answered after a restart.
# The key of the callback addresses is kept for as long as the database: addresses outlive a restart too.
_AT_HOME = frozenset({("interaction", "token"), ("fact", "value")})
# A buffer of this much text is looked through at once.
_ENOUGH_TEXT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A secret, by its label, and where it stood."""

    label: str
    place: str


@dataclass(slots=True, kw_only=True)
class Leaks:
    """What has been looked through, and what was found.

    `secrets` are looked for everywhere, `words` (long ones, looked up by their shape) where they are not at home; those
    are forgotten with the stage they came from.
    """

    secrets: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    lines: int = 0
    errors: int = 0
    databases: int = 0
    unreadable: int = 0
    findings: list[Finding] = field(default_factory=list)
    _texts: list[tuple[str, str]] = field(default_factory=list)
    _size: int = 0

    def watch(self, label: str, *values: str) -> None:
        """These must be nowhere from now on."""
        for value in values:
            if len(value) >= SHORTEST:
                self.secrets[value] = label

    def watch_settings(self, environment: Mapping[str, str]) -> None:
        """Every secret among a bot's settings."""
        for name, value in environment.items():
            if _IS_SECRET.search(name) and not _IS_NONE.search(name):
                parts = [part.strip() for part in value.split(",")]
                self.watch(name, *parts, *(part.removeprefix("0x") for part in parts))

    def hear(self, place: str, text: str) -> None:
        """A text that was written; looked through later, when all tokens are known."""
        self._texts.append((place, text))
        self._size += len(text)
        if self._size > _ENOUGH_TEXT:
            self.look()

    def look(self) -> None:
        """Looks through all that was heard."""
        texts, self._texts, self._size = self._texts, [], 0
        whole = "\n".join(text for _, text in texts)
        if next(self._labels(whole, at_home=False), None) is None:
            return
        for place, text in texts:
            self._note(place, self._labels(text, at_home=False))

    def take_log(self, path: Path) -> None:
        """What a bot process wrote."""
        if path.exists():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            self.lines += len(lines)
            for line in lines:
                self.hear(f"the log {path.name}", line)

    def take_database(self, path: Path) -> None:
        """Every column of every table."""
        if not path.exists():
            return
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            for table, column, text in _cells(connection):
                is_home = (table, column) in _AT_HOME
                if is_home and _LONG_WORD.fullmatch(text):
                    self.words.setdefault(text, f"{table}.{column}")
                self._note(f"{table}.{column}", self._labels(text, at_home=is_home))
            self.databases += 1
        except sqlite3.DatabaseError:
            self.unreadable += 1  # a test broke the file on purpose
        finally:
            connection.close()

    def take_stage(self, stage: Stage) -> None:
        """All that a stage that closes has seen: what was heard so far, the logs of its bots, its database."""
        self.words = dict.fromkeys(stage.sandbox.world.by_token, "an interaction's token")
        calls = (stage.gateways.pixazo.webhooks, stage.gateways.apiframe.webhooks, stage.gateways.apiinone.callbacks)
        self.words |= {address.rpartition("/")[2]: "a callback's mac" for known in calls for address in known}
        for one in (stage, *stage.others):
            for environment in one.environments:
                self.watch_settings(environment)
            for path in sorted(one.data_dir.glob("*.db")):
                self.take_database(path)
            for path in one.logs:
                self.take_log(path)
        self.look()
        self.words = {}

    def handed_on(self) -> list[Any]:
        """What was looked through and found, in values that pass between processes."""
        found = [[finding.label, finding.place] for finding in self.findings]
        return [self.lines, self.errors, self.databases, self.unreadable, found]

    def take_over(self, handed_on: list[Any]) -> None:
        """Adds what another process has handed on."""
        lines, errors, databases, unreadable, found = handed_on
        self.lines += lines
        self.errors += errors
        self.databases += databases
        self.unreadable += unreadable
        self.findings += [Finding(label=label, place=place) for label, place in found]

    @property
    def summary(self) -> str:
        """One line."""
        count = len(self.findings)
        broken = f" ({self.unreadable} more could not be read)" if self.unreadable else ""
        return (
            f"secrets: {self.lines} log lines, {self.errors} errors and {self.databases} databases looked through"
            f"{broken}, {count} finding{'' if count == 1 else 's'}"
        )

    def _labels(self, text: str, *, at_home: bool) -> Iterator[str]:
        for secret, label in self.secrets.items():
            if secret in text:
                yield label
        if at_home:
            return
        if _CALLBACK.search(text):
            yield "the address of a callback"
        sizes = {len(word) for word in self.words}
        for run in _LONG_WORD.findall(text) if sizes else ():
            for size in sizes:
                parts = {run[at : at + size] for at in range(len(run) - size + 1)}
                yield from (self.words[part] for part in parts & self.words.keys())

    def _note(self, place: str, labels: Iterable[str]) -> None:
        self.findings.extend(Finding(label=label, place=place) for label in dict.fromkeys(labels))


def _cells(connection: sqlite3.Connection) -> Iterator[tuple[str, str, str]]:
    """Table, column and content of every cell that holds text or bytes."""
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in names:
        rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the file's own names
        columns = [one[0] for one in rows.description]
        for row in rows:
            for column, value in zip(columns, row, strict=True):
                if isinstance(value, str | bytes):
                    yield table, column, value if isinstance(value, str) else value.decode("latin-1")


class Listener(logging.Handler):
    """Hears every record: our own raw, those of libraries as `bot.logs` would write them.

    Of libraries only what a bot would write at all is heard: at DEBUG they log whole payloads, and nobody listens then.
    """

    def __init__(self, leaks: Leaks) -> None:
        super().__init__()
        self._leaks = leaks

    def emit(self, record: logging.LogRecord) -> None:
        """Never changes the record: other handlers come after this one."""
        first = record.name.partition(".")[0]
        if first not in OURS and record.levelno < (logging.WARNING if first == "discord" else logging.INFO):
            return
        self._leaks.lines += 1
        if first in OURS:
            trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
            text = f"{record.getMessage()} {vars(record)} {trace}"
        else:
            text = EventFormatter(Redaction(tuple(self._leaks.secrets)), as_json=True).format(record)
        self._leaks.hear(f"a record of {record.name}", text)


def hear_errors(leaks: Leaks) -> None:
    """Every error that Easel raises on purpose, from now on in this process."""

    def noting(self: EaselError, *arguments: object) -> None:
        Exception.__init__(self, *arguments)
        leaks.errors += 1
        leaks.hear(f"the text of {type(self).__name__}", str(self))

    pytest.MonkeyPatch().setattr(EaselError, "__init__", noting)  # it has none of its own to be lost


LEAKS = Leaks()

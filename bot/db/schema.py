"""Brings the schema up to date: numbered scripts, each whole or not at all.

A script is `NNNN_name.sql` and reads `BEGIN IMMEDIATE; … PRAGMA user_version = N; COMMIT;`. Its number is
stored by the very transaction that it makes, so after a crash anywhere it is undone and the next start does
it again.
"""

import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from bot.core.crashpoints import NONE, CrashPoint, Crashpoints
from bot.core.errors import DatabaseUnavailable, SchemaTooNew
from bot.db.connection import unavailable

SCRIPTS = Path(__file__).with_name("migrations")
_NAME = re.compile(r"(\d{4})_\w+\.sql")
_COMMENT = re.compile(r"--[^\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One migration: after it the database's `user_version` is `number`."""

    number: int
    name: str
    statements: tuple[str, ...]


def statements_of(text: str) -> tuple[str, ...]:
    """The script's statements, triggers in one piece. Raises ValueError for an unfinished last one."""
    found: list[str] = []
    pending = ""
    for piece in re.split(r"(?<=;)", text):
        pending += piece
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    if _COMMENT.sub("", pending).strip():
        raise ValueError("the last statement has no end")
    return tuple(found)


def scripts_in(folder: Path) -> tuple[Script, ...]:
    """Every script of the folder by number.

    Raises ValueError for a wrong name, a number given twice, or a script that is not one transaction.
    """
    scripts: dict[int, Script] = {}
    for path in sorted(folder.glob("*.sql")):
        name = _NAME.fullmatch(path.name)
        if name is None:
            raise ValueError(f"{path.name}: a migration is named NNNN_name.sql")
        number = int(name.group(1))
        if number in scripts:
            raise ValueError(f"{path.name}: the number {number} is given twice")
        statements = statements_of(path.read_text(encoding="utf-8"))
        frame = tuple(_COMMENT.sub("", statement).strip() for statement in (statements[:1] + statements[-2:]))
        if frame != ("BEGIN IMMEDIATE;", f"PRAGMA user_version = {number};", "COMMIT;"):
            raise ValueError(f"{path.name}: must be BEGIN IMMEDIATE; … PRAGMA user_version = {number}; COMMIT;")
        scripts[number] = Script(number=number, name=path.name, statements=statements)
    return tuple(scripts.values())


def version_of(connection: sqlite3.Connection) -> int:
    """The number of the last script that ran here."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def refuse_newer(connection: sqlite3.Connection, scripts: tuple[Script, ...]) -> None:
    """Raises SchemaTooNew where a script ran that this program does not know."""
    known = scripts[-1].number if scripts else 0
    found = version_of(connection)
    if found > known:
        raise SchemaTooNew(f"the database has schema {found}, this program knows up to {known}: upgrade Easel")


def refuse_older(connection: sqlite3.Connection, scripts: tuple[Script, ...]) -> None:
    """Raises DatabaseUnavailable where scripts are still to run; a reader cannot run them."""
    waiting = [script.name for script in scripts if script.number > version_of(connection)]
    if waiting:
        raise DatabaseUnavailable(f"the database still waits for {waiting[0]}: start the bot once")


def migrate(
    connection: sqlite3.Connection, *, crashpoints: Crashpoints = NONE, folder: Path = SCRIPTS
) -> tuple[str, ...]:
    """Runs the scripts that are new to this database; returns their names.

    Raises SchemaTooNew, and DatabaseUnavailable for a script that failed (nothing of it stays).
    """
    scripts = scripts_in(folder)
    refuse_newer(connection, scripts)
    new = tuple(script for script in scripts if script.number > version_of(connection))
    for script in new:
        _run(connection, script, crashpoints)
    return tuple(script.name for script in new)


def _run(connection: sqlite3.Connection, script: Script, crashpoints: Crashpoints) -> None:
    try:
        for statement in script.statements:
            connection.execute(statement)
            crashpoints.reached(CrashPoint.MID_MIGRATION)
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise unavailable(f"migration {script.name}", error) from error

"""Migrations: whole or not at all, in order, never backwards."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.errors import DatabaseUnavailable, SchemaTooNew
from bot.db import Reader
from bot.db.connection import configure
from bot.db.schema import SCRIPTS, migrate, scripts_in, statements_of, version_of
from bot.ledger.check import check


def script(number: int, *statements: str) -> str:
    return "\n".join(["BEGIN IMMEDIATE;", *statements, f"PRAGMA user_version = {number};", "COMMIT;"])


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_a.sql").write_text(script(1, "CREATE TABLE a (x INTEGER);"))
    (tmp_path / "0002_b.sql").write_text(script(2, "CREATE TABLE b (x INTEGER);"))
    return tmp_path


def tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_new_scripts_run_in_order_and_only_once(connection: sqlite3.Connection, folder: Path) -> None:
    assert migrate(connection, folder=folder) == ("0001_a.sql", "0002_b.sql")
    assert version_of(connection) == 2
    assert tables(connection) == {"a", "b"}
    assert migrate(connection, folder=folder) == ()
    (folder / "0004_d.sql").write_text(script(4, "CREATE TABLE d (x INTEGER);"))
    assert migrate(connection, folder=folder) == ("0004_d.sql",)


def test_a_script_that_fails_leaves_nothing_of_itself(connection: sqlite3.Connection, folder: Path) -> None:
    broken = folder / "0003_c.sql"
    broken.write_text(script(3, "CREATE TABLE c (x INTEGER);", "CREATE TABLE a (x INTEGER);"))
    with pytest.raises(DatabaseUnavailable, match=r"0003_c\.sql.*already exists"):
        migrate(connection, folder=folder)
    assert (version_of(connection), tables(connection)) == (2, {"a", "b"})
    broken.write_text(script(3, "CREATE TABLE c (x INTEGER);"))
    assert migrate(connection, folder=folder) == ("0003_c.sql",)


def test_a_script_whose_begin_fails_is_reported(connection: sqlite3.Connection, folder: Path) -> None:
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA user_version")
    with pytest.raises(DatabaseUnavailable, match=r"0001_a\.sql"):
        migrate(connection, folder=folder)
    assert not connection.in_transaction


def test_a_newer_schema_is_refused(connection: sqlite3.Connection, folder: Path, tmp_path: Path) -> None:
    connection.execute("PRAGMA user_version = 3")
    with pytest.raises(SchemaTooNew, match="schema 3, this program knows up to 2"):
        migrate(connection, folder=folder)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("three.sql", script(3), "NNNN_name"),
        ("0002_again.sql", script(2), "given twice"),
        ("0003_c.sql", script(4), "user_version = 3"),
        ("0003_c.sql", "BEGIN;\nPRAGMA user_version = 3;\nCOMMIT;", "BEGIN IMMEDIATE"),
        ("0003_c.sql", "CREATE TABLE c (x INTEGER);", "BEGIN IMMEDIATE"),
        ("0003_c.sql", script(3) + "\nCREATE TABLE c (x INTEGER)", "no end"),
    ],
)
def test_a_script_that_is_not_one_whole_transaction_is_refused(
    folder: Path, name: str, text: str, problem: str
) -> None:
    (folder / name).write_text(text)
    with pytest.raises(ValueError, match=problem):
        scripts_in(folder)


def test_a_trigger_and_comments_with_semicolons_are_not_cut() -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON a\nBEGIN INSERT INTO b VALUES (1); SELECT ';'; END;"
    assert statements_of(f"-- one; two\n{trigger}\nSELECT 1; -- end; of it") == (
        f"-- one; two\n{trigger}",
        "SELECT 1;",
    )


def test_the_real_scripts_run_on_an_empty_database(connection: sqlite3.Connection) -> None:
    scripts = scripts_in(SCRIPTS)
    assert migrate(connection) == tuple(script.name for script in scripts)
    assert version_of(connection) == scripts[-1].number
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_every_table_of_the_real_schema_is_strict(connection: sqlite3.Connection) -> None:
    configure(connection)
    migrate(connection)
    rows = connection.execute(
        "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
    ).fetchall()
    assert {name for name, strict in rows if not strict and not name.startswith("sqlite_")} == set()


def test_a_book_from_before_holds_could_be_priced_anew_is_kept_whole(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    for path in sorted(SCRIPTS.glob("*.sql"))[:6]:
        shutil.copy(path, earlier)
    migrate(connection, folder=earlier)
    connection.executescript(
        "INSERT INTO counter (id, scope, unit, window_kind, starts_at, ends_at, limit_amount, spent)"
        " VALUES (1, 'bot', 'money', 'month', 0, 10, 9, 4);"
        "INSERT INTO hold (hold_id, job_id, guild_id, member_id, amount, pictures, price_version, state, opened_at,"
        " closed_at) VALUES ('one', 'one', 1, 2, 5, 1, '1', 'posted', 3, 4);"
        "INSERT INTO hold_leg (hold_id, counter_id, amount) VALUES ('one', 1, 5);"
        "INSERT INTO entry (id, hold_id, kind, amount, pictures, basis, note, at)"
        " VALUES (7, 'one', 'hold', 5, 1, NULL, '', 3), (9, 'one', 'post', 4, 1, 'listed', 'm', 4);"
    )
    configure(connection)
    migrate(connection)
    rows = connection.execute("SELECT id, hold_id, kind, amount, basis, note, at FROM entry ORDER BY id").fetchall()
    assert [tuple(row) for row in rows] == [(7, "one", "hold", 5, None, "", 3), (9, "one", "post", 4, "listed", "m", 4)]
    assert check(Reader(connection)) == ()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("DELETE FROM entry")


def test_a_book_from_before_guilds_had_rules_is_kept_whole(connection: sqlite3.Connection, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    for path in sorted(SCRIPTS.glob("*.sql")):
        if path.name < "0014":
            shutil.copy(path, earlier)
    configure(connection)
    migrate(connection, folder=earlier)
    connection.executescript(
        "INSERT INTO counter (id, scope, unit, window_kind, starts_at, ends_at, limit_amount, held, spent, overrun)"
        " VALUES (3, 'bot', 'money', 'month', 0, 10, 9, 5, 4, 0), (5, 'guild:1', 'pictures', 'day', 0, 5, 9, 1, 2, 1);"
        "INSERT INTO hold (hold_id, job_id, guild_id, member_id, amount, pictures, price_version, state, opened_at,"
        " closed_at) VALUES ('one', 'one', 1, 2, 5, 1, '1', 'posted', 3, 4),"
        " ('two', 'two', 1, 2, 5, 1, '1', 'open', 3, NULL);"
        "INSERT INTO hold_leg (hold_id, counter_id, amount) VALUES ('one', 3, 5), ('two', 3, 5), ('one', 5, 1),"
        " ('two', 5, 1);"
        "INSERT INTO entry (id, hold_id, kind, amount, pictures, basis, note, at)"
        " VALUES (7, 'one', 'hold', 5, 1, NULL, '', 3), (8, 'two', 'hold', 5, 1, NULL, '', 3),"
        " (9, 'one', 'post', 4, 2, 'listed', 'm', 4), (10, 'one', 'overrun', 0, 1, NULL, '', 4);"
    )
    counted = "id, scope, unit, window_kind, starts_at, ends_at, limit_amount, held, spent, overrun"
    looks = (f"SELECT {counted} FROM counter", "SELECT * FROM hold_leg")  # noqa: S608 - joined from constants
    before = [[tuple(row) for row in connection.execute(look)] for look in looks]
    migrate(connection)
    assert [[tuple(row) for row in connection.execute(look)] for look in looks] == before
    assert check(Reader(connection)) == ()
    connection.execute(
        "INSERT INTO counter (scope, unit, window_kind, starts_at, ends_at, limit_amount)"
        " VALUES ('member:1:2', 'requests', 'week', 0, 10, 9)"
    )
    connection.execute("UPDATE hold_leg SET amount = 5 WHERE hold_id = 'two' AND counter_id = 3")
    with pytest.raises(sqlite3.IntegrityError, match="stays where it stands"):
        connection.execute("UPDATE hold_leg SET counter_id = 5 WHERE hold_id = 'two' AND counter_id = 3")
    for sql in ("DELETE FROM hold_leg WHERE hold_id = 'one'", "UPDATE hold_leg SET amount = 1 WHERE hold_id = 'one'"):
        with pytest.raises(sqlite3.IntegrityError, match="closed hold are fixed"):
            connection.execute(sql)
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        connection.execute("INSERT INTO hold_leg (hold_id, counter_id, amount) VALUES ('two', 99, 1)")

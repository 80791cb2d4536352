"""`ledger export`: every entry once, exact to the tick, and no cell that a spreadsheet would run."""

import csv
import io
import json
import sqlite3
import stat
import sys
import threading
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.__main__ import main
from bot.commands import exports
from bot.commands.corrections import difference_of
from bot.core.ids import ChannelId, GuildId, HoldId, JobId, MemberId, hold_id_of
from bot.core.money import Ticks, usd
from bot.db import Database, lock_data_folder
from bot.ground import DATABASE_NAME
from bot.ledger import store as ledger
from bot.ledger.model import CorrectionKind, EntryKind, HoldState
from bot.ledger.records import store as records
from bot.ledger.records.model import Axis, Paid, Period, Record, Work
from bot.services import exporting
from bot.services.exporting import COLUMNS, Format, armed, defused, exact_usd, export, row_of
from tests.commands.books import settle
from tests.commands.shop import HELD, NOW, ROOT, run

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n@x", "＝1", "'=1", "'")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(FORMULAS)


@given(TEXTS)
def test_a_defused_cell_is_no_formula_and_gives_its_text_back(text: str) -> None:
    cell = defused(text)
    assert armed(cell) == text
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert not cell.startswith(("\t", "\r", "\n"))


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_defused(text: str) -> None:
    assert defused(text) == "'" + text
    assert defused("a" + text) == "a" + text


def record(
    *,
    note: str = "",
    author: str | None = None,
    booked: int = 400_000_000,
    provider: str = "xai",
    paid: Paid | None = None,
) -> Record:
    """One posted entry."""
    return Record(
        entry_id=2,
        at=NOW,
        kind=EntryKind.POST if author is None else EntryKind.ADJUST,
        amount=booked,
        booked=booked,
        pictures=1,
        basis="reported",
        author=author,
        correction=None if author is None else CorrectionKind.CREDIT,
        note=note,
        job_id=JobId("j"),
        guild_id=GuildId(2**62),
        member_id=MemberId(10),
        estimate=HELD,
        held=HELD,
        actual=booked,
        hold_state=HoldState.POSTED,
        is_presumed=False,
        opened_at=NOW,
        closed_at=NOW,
        hold_id=HoldId("j"),
        work=Work(
            channel_id=ChannelId(7),
            command="imagine",
            provider=provider,
            asked="m",
            served=note,
            external_id=None,
            state="done",
            reason=None,
            created_at=NOW,
            submitted_at=None,
            finished_at=NOW,
        ),
        paid=paid,
    )


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_what_is_written_as_csv_is_read_back_cell_by_cell(notes: list[str]) -> None:
    rows = [row_of(record(note=note), {}) for note in notes]
    text = exporting._csv(rows)

    assert text.endswith("\r\n")
    back = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert [len(cells) for cells in back] == [len(COLUMNS)] * len(notes)
    for name in ("note", "model_served"):
        assert [armed(cells[COLUMNS.index(name)]) for cells in back] == notes
    lines = exporting._jsonl(rows).split("\n")
    assert [json.loads(line)["note"] for line in lines[:-1]] == notes


@pytest.mark.parametrize(
    ("ticks", "told"), [(0, "0"), (1, "0.0000000001"), (-223_000_000, "-0.0223"), (10**10, "1"), (123 * 10**10, "123")]
)
def test_money_is_told_to_the_tick(ticks: int, told: str) -> None:
    assert exact_usd(ticks) == told


USDC = Paid(currency="0x20c0", amount=usd("0.023"), tx_hash="0xab", reference="pay_1", state="settled")


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (record(), ("ticks", "400000000", None, None)),
        (record(provider="apiframe"), ("credits", "4", None, None)),
        (record(provider="apiframe", booked=450_000_000), ("credits", "4.5", None, None)),
        (record(provider="apiframe", booked=1), ("credits", None, None, None)),
        (record(paid=USDC), ("token", "0.023", "0x20c0", "0xab")),
        (record(paid=USDC, author="ada", booked=-5), ("ticks", "-5", "0x20c0", "0xab")),
        (record(booked=0), (None, None, None, None)),
    ],
)
def test_a_row_tells_what_the_gateway_counted_in(entry: Record, told: tuple[str | None, ...]) -> None:
    row = row_of(entry, {"apiframe": usd("0.01")})
    assert tuple(row[name] for name in ("billed_in", "billed_amount", "token", "transaction")) == told


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


async def test_the_file_holds_every_entry_and_its_sums_are_the_ledgers(tmp_path: Path) -> None:
    path = await settle(tmp_path, a=HELD, b="void", c="presume", d=None, e=int(usd("0.05")))
    async with Database.open(path) as database:
        await database.write(
            lambda tx: ledger.adjust(
                tx, hold_id=hold_id_of(JobId("a")), difference=-100, at=NOW, reason="=HYPERLINK()", author="ada"
            )
        )
        spent = await database.read(lambda reader: records.sums(reader, Axis.ALL, period=Period()))
    with lock_data_folder(tmp_path):
        done = run(tmp_path, "ledger", "export", "--out", str(tmp_path / "book.csv"))

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"11 entries are in {tmp_path / 'book.csv'}\n"
    assert stat.S_IMODE((tmp_path / "book.csv").stat().st_mode) == 0o600
    rows = _rows((tmp_path / "book.csv").read_bytes().decode())
    kinds = [(row["job"], row["kind"]) for row in rows]
    assert kinds[:4] == [("a", "hold"), ("a", "post"), ("a", "adjust"), ("b", "hold")]
    booked = {"yes": 0, "no": 0}
    for row in rows:
        booked[row["is_presumed"]] += difference_of(row["booked_usd"])
    assert booked == {"no": spent[0].amount, "yes": spent[0].presumed_amount}
    correction = rows[2]
    assert (correction["note"], correction["author"], correction["amount_usd"]) == (
        "'=HYPERLINK()",
        "ada",
        "-0.00000001",
    )
    assert (correction["actual_usd"], correction["held_usd"]) == ("0.03999999", "0.04")
    assert correction["reserved_at"].endswith("T00:00:00.000Z")
    presumed = next(row for row in rows if row["kind"] == "presume")
    assert (presumed["is_presumed"], presumed["hold_state"], presumed["external_id"]) == ("yes", "presumed", "x-c")


async def test_json_lines_go_to_the_standard_output(tmp_path: Path) -> None:
    await settle(tmp_path, a=HELD, b=HELD)
    done = run(tmp_path, "ledger", "export", "--format", "jsonl", "--from", "2020-01-01", "--guild", "1")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["job"], row["kind"], row["amount_ticks"], row["guild"]) for row in rows] == [
        (name, kind, HELD, "1") for name in "ab" for kind in ("hold", "post")
    ]
    for nothing in (("--guild", "2"), ("--to", "2020-01-01")):
        done = run(tmp_path, "ledger", "export", "--format", "jsonl", *nothing)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


async def test_a_file_that_is_there_or_cannot_be_made_is_refused(tmp_path: Path) -> None:
    await settle(tmp_path, a=HELD)
    (tmp_path / "there.csv").write_text("mine")
    done = run(tmp_path, "ledger", "export", "--out", str(tmp_path / "there.csv"))
    assert (done.returncode, (tmp_path / "there.csv").read_text()) == (1, "mine")
    assert "is there already" in done.stderr
    done = run(tmp_path, "ledger", "export", "--out", str(tmp_path / "none" / "a.csv"))
    assert done.returncode == 1
    assert "cannot be written: No such file" in done.stderr


async def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await settle(tmp_path, a=HELD)
    with (tmp_path / "closed").open("w") as closed:
        monkeypatch.setattr(exports, "STDOUT_FILENO", closed.fileno())

        async def broken(*_: object) -> int:
            raise BrokenPipeError

        monkeypatch.setattr(exports, "_write", broken)
        wanted = exports.Wanted(period=Period(), form=Format.CSV, guild_id=None, out=None, credit_ticks={})
        assert await exports.export_ledger(tmp_path / DATABASE_NAME, wanted) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "yesterday"), "'yesterday' is no date"),
        (("--from", "2026-05-02", "--to", "2026-05-01"), "a period begins before it ends"),
        (("--format", "xls"), "invalid choice"),
    ],
)
def test_a_wrong_period_is_refused(
    bare: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        sys.exit(main(("ledger", "export", *arguments)))
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_moment_is_utc_unless_it_says_otherwise() -> None:
    assert exports.moment_of("1970-01-02") == 86_400_000
    assert exports.moment_of("1970-01-01T02:00+02:00") == 0


def test_credits_cost_what_the_catalogue_or_the_setting_says() -> None:
    found = exports.credit_ticks(ROOT / "data" / "catalogue.toml", {"apiinone": usd("0.002")})
    assert found == {"apiinone": usd("0.002"), "apiframe": usd("0.01")}


def _many(path: Path, holds: int) -> None:
    """Holds and posts by plain SQL: the stores would take minutes."""
    connection = sqlite3.connect(path)
    numbers = range(holds)
    connection.executemany(
        "INSERT INTO hold (hold_id, job_id, guild_id, member_id, amount, pictures, price_version, state, opened_at,"
        " closed_at) VALUES (?1, ?1, ?2, 10, 400, 1, '1', 'posted', ?3, ?3)",
        ((f"{number:08d}", number % 3, NOW + number // 7) for number in numbers),
    )
    connection.execute("DROP TRIGGER entry_is_summed")  # the reading of rows is looked at, not the sums
    connection.executemany(
        "INSERT INTO entry (hold_id, kind, amount, pictures, basis, note, at) VALUES (?, ?, 400, 1, ?, '', 1)",
        ((f"{number:08d}", kind, basis) for number in numbers for kind, basis in (("hold", None), ("post", "listed"))),
    )
    connection.commit()
    connection.close()


async def test_a_long_export_takes_the_memory_of_a_page(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    async with Database.open(path):
        pass
    _many(path, 6_000)
    rows, largest = 0, 0
    async with Database.open_readonly(path) as readers:
        tracemalloc.start()
        try:
            async for piece in export(readers, period=Period(), form=Format.CSV):
                rows += piece.rows
                largest = max(largest, piece.rows)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert rows == 12_000
    assert largest <= 2 * exporting.PAGE
    assert peak < 12 * 1024 * 1024  # the whole of it as rows would be some thirty


def test_a_record_without_a_job_has_empty_cells() -> None:
    bare = replace(record(), work=None, closed_at=None)
    row = row_of(bare, {"xai": Ticks(1)})
    assert (row["command"], row["channel"], row["closed_at"], row["billed_in"]) == (None, None, None, "ticks")


class _Prices(dict[str, Ticks]):
    """Knows in which threads it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def get(self, name: str, default: Any = None, /) -> Any:
        self.threads.add(threading.get_ident())
        return super().get(name, default)


async def test_a_page_is_written_beside_the_loop_and_not_on_it(tmp_path: Path) -> None:
    """Whoever types meanwhile must have an acknowledgement: a page takes tens of milliseconds."""
    prices = _Prices()
    prices["xai"] = usd("0.01")
    async with Database.open_readonly(await settle(tmp_path, a=400_000_000)) as readers:
        pieces = export(readers, period=Period(), form=Format.CSV, credit_ticks=prices)
        assert sum([piece.rows async for piece in pieces]) == 2
    assert prices.threads
    assert threading.get_ident() not in prices.threads

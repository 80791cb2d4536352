"""`ledger adjust`, `ledger rebuild`, `ledger check`: who may write, what the book says afterwards, and what is told."""

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.commands import CommandRefused
from bot.commands.corrections import adjust, difference_of, rebuild_ledger
from bot.core.clock import ManualClock
from bot.core.errors import DatabaseUnavailable, DataFolderBusy
from bot.core.ids import JobId, hold_id_of
from bot.core.money import MAX_TICKS, usd
from bot.db import lock_data_folder
from bot.ground import DATABASE_NAME
from bot.ledger import store as ledger
from bot.ledger.model import CorrectionKind, EntryKind
from bot.ledger.records import store as records
from bot.ledger.records.model import Axis, Period
from bot.services.adjusting import Adjusting, Correction
from bot.services.resolving import Verdict
from bot.web.control import ControlServer
from tests.commands.books import settle
from tests.commands.shop import HELD, NOW, opened, run

CLOCK = ManualClock(NOW)
MORE = Correction(difference=usd("0.05"), reason=" invoice of May ", author=" ada ")


async def _adjust(path: Path, prefix: str, correction: Correction = MORE) -> str:
    return await adjust(path, prefix=prefix, correction=correction, clock=CLOCK)


@pytest.mark.parametrize(
    ("text", "ticks"), [("+0.05", usd("0.05")), ("-0.05", -usd("0.05")), ("0", 0), ("-0.00000000001", -1)]
)
def test_a_difference_is_read_with_its_sign(text: str, ticks: int) -> None:
    assert difference_of(text) == ticks


@pytest.mark.parametrize("text", ["", "much", "nan", "inf", "-inf", "1e30"])
def test_what_is_no_difference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="an amount in dollars"):
        difference_of(text)


@pytest.mark.parametrize(
    ("difference", "reason", "author"),
    [(MAX_TICKS + 1, "r", "a"), (1, " ", "a"), (1, "r" * 301, "a"), (1, "r", ""), (1, "r", "a" * 81)],
)
def test_what_cannot_be_kept_is_no_correction(difference: int, reason: str, author: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be kept|characters"):
        Correction(difference=difference, reason=reason, author=author)


async def test_a_correction_is_an_entry_with_its_reason_and_author(tmp_path: Path) -> None:
    path = await settle(tmp_path, abc=HELD)
    assert await _adjust(path, "AB") == "job abc: +$0.05; it has cost $0.09"
    less = Correction(difference=-usd("0.09"), reason="refunded", author="ada")
    assert await _adjust(path, "abc", less) == "job abc: -$0.09; it has cost $0.00"

    async with opened(path) as database:
        entries = await database.read(lambda reader: ledger.entries_of(reader, hold_id_of(JobId("abc"))))
    told = [(one.kind, one.amount, one.note, one.author, one.at) for one in entries[2:]]
    assert told == [
        (EntryKind.ADJUST, usd("0.05"), "invoice of May", "ada", NOW),
        (EntryKind.ADJUST, -usd("0.09"), "refunded", "ada", NOW),
    ]


async def test_nothing_more_or_less_confirms_what_was_presumed(tmp_path: Path) -> None:
    path = await settle(tmp_path, abc="presume")
    confirm = Correction(difference=0, reason="on the bill", author="ada")
    assert await _adjust(path, "abc", confirm) == "job abc: confirmed; it has cost $0.04"
    async with opened(path) as database:
        (found,) = await database.read(lambda reader: records.sums(reader, Axis.ALL, period=Period()))
    assert (found.amount, found.presumed_amount) == (HELD, 0)
    with pytest.raises(CommandRefused, match="nothing about it is presumed"):
        await _adjust(path, "abc", confirm)


@pytest.mark.parametrize("kind", [CorrectionKind.REFUND, CorrectionKind.CREDIT])
async def test_what_was_given_back_says_so(tmp_path: Path, kind: CorrectionKind) -> None:
    path = await settle(tmp_path, abc=HELD)
    back = Correction(difference=-usd("0.01"), reason="seen on the chain", author="ada", kind=kind)
    assert await _adjust(path, "abc", back) == f"job abc: -$0.01 as a {kind}; it has cost $0.03"
    async with opened(path) as database:
        entries = await database.read(lambda reader: ledger.entries_of(reader, hold_id_of(JobId("abc"))))
    assert [one.correction for one in entries] == [None, None, kind]
    for difference in (0, 1):
        with pytest.raises(ValueError, match="gives back"):
            Correction(difference=difference, reason="r", author="a", kind=kind)


@pytest.mark.parametrize(
    ("prefix", "said"),
    [
        ("z", "no job begins with 'z'"),
        ("open", "is queued and nothing is booked for it yet"),
        ("void", "its hold was voided, which is for good"),
    ],
)
async def test_what_cannot_be_corrected_is_refused(tmp_path: Path, prefix: str, said: str) -> None:
    path = await settle(tmp_path, open1=None, void1="void")
    with pytest.raises(CommandRefused, match=said):
        await _adjust(path, prefix)


async def test_more_than_a_job_has_cost_cannot_be_taken_off_it(tmp_path: Path) -> None:
    path = await settle(tmp_path, abc=HELD)
    with pytest.raises(CommandRefused, match=r"has cost \$0.04; so much cannot be taken off"):
        await _adjust(path, "abc", Correction(difference=-HELD - 1, reason="r", author="a"))


async def _no_verdict(_prefix: str, _verdict: Verdict) -> str:
    raise AssertionError("nobody asked to resolve")


async def test_a_running_bot_books_the_correction_itself(tmp_path: Path) -> None:
    path = await settle(tmp_path, abc=HELD, other=HELD)
    with lock_data_folder(tmp_path):
        async with opened(path) as database:
            adjusting = Adjusting(database=database, clock=CLOCK)
            async with ControlServer(tmp_path, resolve=_no_verdict, adjust=adjusting.adjust):
                words = ("abc", "--usd", "-0.01", "--kind", "credit", "--reason", "May", "--author", "ada")
                done = await asyncio.to_thread(run, tmp_path, "ledger", "adjust", *words)
                assert (done.returncode, done.stdout) == (0, "job abc: -$0.01 as a credit; it has cost $0.03\n")
                with pytest.raises(CommandRefused, match="no job begins with 'z'"):
                    await _adjust(path, "z")


async def test_beside_a_bot_that_takes_no_commands_nothing_is_corrected_or_made_anew(tmp_path: Path) -> None:
    path = await settle(tmp_path, abc=HELD)
    with lock_data_folder(tmp_path):
        with pytest.raises(DataFolderBusy, match="stop the bot first, then correct"):
            await _adjust(path, "abc")
        done = await asyncio.to_thread(run, tmp_path, "ledger", "rebuild")
    assert (done.returncode, done.stdout) == (69, "")
    assert "owns the data folder" in done.stderr


async def test_a_folder_without_a_database_is_not_made(tmp_path: Path) -> None:
    for work in (_adjust(tmp_path / "none" / "easel.db", "abc"), rebuild_ledger(tmp_path / "none" / "easel.db")):
        with pytest.raises(DatabaseUnavailable, match="start the bot once"):
            await work
    assert not (tmp_path / "none").exists()


def _by_hand(path: Path, script: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()


async def test_check_names_the_first_row_and_rebuild_mends_what_drifted(tmp_path: Path) -> None:
    path = await settle(tmp_path, a=HELD, b="void", c=None)
    _by_hand(path, "UPDATE counter SET spent = spent - 7 WHERE id = 3; UPDATE spend SET jobs = 9;")

    found = run(tmp_path, "ledger", "check")
    assert found.returncode == 1
    assert "the first row that breaks the book: counter 3 (guild:1 money day" in found.stdout
    mended = run(tmp_path, "ledger", "rebuild")
    assert mended.returncode == 0
    counter, spend, verdict = mended.stdout.splitlines()
    assert counter.startswith("counter 3 (guild:1 money day")
    assert f"({HELD}, {HELD - 7}, 0, " in counter
    assert "the sum of guild 1" in spend
    assert "imagine pixazo m" in spend
    assert verdict == "the ledger agrees"
    assert run(tmp_path, "ledger", "rebuild").stdout == "nothing had drifted\nthe ledger agrees\n"


async def test_rebuild_changes_nothing_where_entries_are_broken_and_says_what_else_is(tmp_path: Path) -> None:
    path = await settle(tmp_path, a=HELD, b="void")
    _by_hand(path, "UPDATE counter SET spent = 0 WHERE id = 3; DROP TRIGGER entry_is_never_changed;")
    lines, report = await rebuild_ledger(path)
    assert len(lines) == 1
    assert report.problems == ("I8: the trigger entry_is_never_changed is gone",)
    assert report.first_row is None
    _by_hand(path, "UPDATE entry SET amount = 1 WHERE kind = 'void';")
    with pytest.raises(CommandRefused, match=r"nothing was changed.*of hold b.*restore a backup"):
        await rebuild_ledger(path)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--usd", "much", "--reason", "r", "--author", "a"), "not an amount in dollars"),
        (("--usd", "1", "--reason", " ", "--author", "a"), "a reason has 1 to 300"),
        (("--usd", "1", "--reason", "r"), "--author"),
    ],
)
def test_a_wrong_command_line_is_refused(
    bare: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        sys.exit(main(("ledger", "adjust", "abc", *words)))
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert not (bare / DATABASE_NAME).exists()

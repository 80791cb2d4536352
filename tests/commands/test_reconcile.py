"""`ledger reconcile`: what a gateway bills against what the book says, and what is said about a bad file."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.commands import BadFile, CommandRefused, statements
from bot.commands.reconcile import reconcile
from bot.commands.statements import read_lines, read_map
from bot.core.clock import MINUTE_MS, Millis, utc
from bot.core.ids import JobId
from bot.core.money import usd
from bot.db import Database
from bot.ledger.records.model import Period
from bot.payments import store as payments
from bot.payments.signer import Signed
from bot.services import reconciling
from tests.commands.books import settle
from tests.commands.shop import HELD, NOW, ROOT, run
from tests.payments.test_store import approved

CENT = usd("0.01")
BY_ID = '[columns]\nexternal_id = "id"\nat = "when"\namount = "cost"\n'
BY_TIME = '[columns]\nat = "when"\namount = "cost"\n[time]\nwindow_minutes = 5\n'
DAY = Period(starts_at=NOW, ends_at=Millis(NOW + 1_440 * MINUTE_MS))


def when(minutes: float) -> str:
    return utc(NOW + round(minutes * MINUTE_MS)).isoformat()


async def compared(
    folder: Path, database: Path, mapping: str, text: str, *, period: Period | None = None, provider: str = "pixazo"
) -> tuple[bool, list[str]]:
    (folder / "map.toml").write_text(mapping)
    (folder / "bill.csv").write_text(text)
    said: list[str] = []
    agrees = await reconcile(
        database,
        provider=provider,
        statement=folder / "bill.csv",
        mapping=folder / "map.toml",
        period=period,
        say=said.append,
    )
    return agrees, said


def bill(*lines: tuple[object, ...]) -> str:
    return "\n".join(["id,when,cost", *(",".join(str(cell) for cell in line) for line in lines)])


async def test_a_bill_that_says_the_same_agrees(tmp_path: Path) -> None:
    path = await settle(tmp_path, a=CENT, b=2 * CENT, c="void", d=None)
    agrees, said = await compared(tmp_path, path, BY_ID, bill(("x-b", when(1), "$0.02"), ("x-a", when(0), 0.01)))
    assert agrees
    assert said == [
        "file: 2 lines, $0.03; 2 of them have a job",
        "ledger: 2 jobs, $0.03",
        "the file and the ledger agree",
    ]


async def test_every_kind_of_difference_is_listed_with_its_job_and_line(tmp_path: Path) -> None:
    path = await settle(tmp_path, a=CENT, b=CENT, c=CENT, d="void", e="presume", f=None, g=0)
    lines = [
        ("x-a", when(0), 0.01),
        ("x-a", when(0), 0.01),  # doubled
        ("x-b", when(1), 0.03),  # dearer
        ("x-d", when(3), 0.01),  # we thought it free
        ("x-z", when(4), 0.05),  # never heard of
        ("x-e", when(4), 0.03),  # presumed at 0.04
        ("x-g", when(6), 0),
    ]
    agrees, said = await compared(tmp_path, path, BY_ID, bill(*lines), period=DAY)
    assert not agrees
    stamp = "2026" if "2026" in when(0) else when(0)[:4]
    assert all(stamp in line for line in said[:6])
    told = [(line.split(":")[0], line.split(": ", 1)[1].split("  ")[:2]) for line in said[:6]]
    assert told == [
        ("missing in the ledger", ["line 6", "-"]),
        ("missing in the file", ["-", "job c"]),
        ("doubled in the file", ["lines 2, 3", "job a"]),
        ("priced differently", ["line 4", "job b"]),
        ("priced differently", ["line 5", "job d"]),
        ("priced differently", ["line 7", "job e"]),
    ]
    assert [line.split("  ")[3] for line in said[3:6]] == [
        "file $0.03, ledger $0.01 (posted)",
        "file $0.01, ledger $0 (voided)",
        "file $0.03, ledger $0.04 (presumed)",
    ]
    assert said[6:] == [
        "file: 7 lines, $0.14; 6 of them have a job",
        "ledger: 4 jobs, $0.07, of which 1 presumed with $0.04",
        "missing in the ledger: 1, file less ledger $0.05",
        "missing in the file: 1, file less ledger $-0.01",
        "doubled in the file: 1, file less ledger $0.01",
        "priced differently: 3, file less ledger $0.02",
    ]


async def test_a_job_may_have_several_lines_where_the_map_says_so(tmp_path: Path) -> None:
    path = await settle(tmp_path, a=3 * CENT)
    lines = bill(("x-a", when(0), 0.01), ("x-a", when(0), 0.02))
    assert (await compared(tmp_path, path, f"is_split = true\n{BY_ID}", lines))[0]
    assert not (await compared(tmp_path, path, BY_ID, lines))[0]


async def test_a_credit_takes_its_job_down_again(tmp_path: Path) -> None:
    path = await settle(tmp_path, a=CENT, b=0)
    lines = bill(("x-a", when(0), 0.01), ("x-b", when(1), 0.02), ("x-b", when(2), -0.02))
    assert (await compared(tmp_path, path, BY_ID, lines))[0]


async def test_two_jobs_with_one_id_are_doubled_in_the_ledger(tmp_path: Path) -> None:
    path = await settle(tmp_path, a=CENT, b=CENT)
    async with Database.open(path) as database:
        await database.write(lambda tx: tx.execute("UPDATE job SET external_id = 'x'"))
    agrees, said = await compared(tmp_path, path, BY_ID, bill(("x", when(0), 0.01), ("y", when(9), 0)))
    assert not agrees
    assert [line.split("  ")[0:2] for line in said[:-3]] == [["doubled in the ledger: -", "job b"]]


async def test_without_ids_a_line_is_the_job_of_its_time_and_price(tmp_path: Path) -> None:
    path = await settle(tmp_path, a=CENT, b=CENT, c=2 * CENT, d=CENT)
    lines = [(when(1), 0.01), (when(1.5), 0.01), (when(2), 0.02), (when(30), 0.01)]
    text = "\n".join(["when,cost", *(f"{at},{cost}" for at, cost in lines)])
    agrees, said = await compared(tmp_path, path, BY_TIME, text)
    assert not agrees
    assert [line.split("  ")[:2] for line in said[:2]] == [
        ["missing in the ledger: line 5", "-"],
        ["missing in the file: -", "job d"],
    ]
    near = f"{BY_TIME}[amount]\ntolerance_usd = '0.001'\n"
    agrees, _ = await compared(tmp_path, path, near, text.replace("0.02", "0.0205").replace(when(30), when(3)))
    assert agrees


async def test_a_line_that_names_another_job_is_not_taken_for_one_of_its_price(tmp_path: Path) -> None:
    path = await settle(tmp_path, a=CENT)
    agrees, said = await compared(tmp_path, path, BY_ID, bill(("x-other", when(0), 0.01)))
    assert not agrees
    assert [line.split(":")[0] for line in said[:2]] == ["missing in the ledger", "missing in the file"]


async def test_a_transfer_is_found_by_its_transaction_in_either_case(tmp_path: Path) -> None:
    path = await settle(tmp_path, a=CENT)

    async with Database.open(path) as database:
        await database.write(lambda tx: payments.begin(tx, JobId("a"), approved(), at=NOW, daily=usd("1")))
        signed = Signed(credential="Payment x", tx_hash="0x" + "ab" * 32, valid_before=NOW)
        await database.write(lambda tx: payments.signed(tx, JobId("a"), signed, credential=b"sealed", at=NOW))
    mapping = '[columns]\ntransaction = "hash"\namount = "value"\n[amount]\nunit = "token"\nis_negated = true\n'
    text = f"hash,value\n0x{'AB' * 32},-10000\n"
    with pytest.raises(CommandRefused, match="--from and --to"):
        await compared(tmp_path, path, mapping, text)
    assert (await compared(tmp_path, path, mapping, text, period=DAY))[0]


async def test_jobs_of_other_gateways_and_times_are_left_out(tmp_path: Path) -> None:
    path = await settle(tmp_path, a=CENT, b=CENT, c=CENT)
    assert (await compared(tmp_path, path, BY_ID, bill(("x-b", when(1), 0.01))))[0]
    agrees, said = await compared(tmp_path, path, BY_ID, bill(("x-b", when(1), 0.01)), provider="xai")
    assert not agrees
    assert said[0].startswith("missing in the ledger")


async def test_long_files_are_compared_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "PAGE", 2)
    names = {f"j{number}": CENT for number in range(7)}
    path = await settle(tmp_path, **names)
    lines = [(f"x-j{number}", when(number), 0.02) for number in range(5)]
    agrees, said = await compared(tmp_path, path, BY_ID, bill(*lines), period=DAY)
    assert not agrees
    counts = [line.split(":")[0] for line in said[:-4]]
    assert counts == ["missing in the file"] * 2 + ["priced differently"] * 5
    text = "\n".join(["when,cost", *(f"{when(number)},0.01" for number in range(7))])
    assert (await compared(tmp_path, path, BY_TIME, text))[0]


async def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = await settle(tmp_path, a=CENT)
    with pytest.raises(CommandRefused, match="no line in this file"):
        await compared(tmp_path, path, BY_ID, "id,when,cost\n")


async def test_the_command_ends_with_one_where_they_differ_and_names_bad_lines(tmp_path: Path) -> None:
    await settle(tmp_path, a=HELD)
    (tmp_path / "map.toml").write_text(BY_ID)
    for text, code, said in (
        (bill(("x-a", when(0), 0.04)), 0, "the file and the ledger agree"),
        (bill(("x-a", when(0), 0.05)), 1, "priced differently: line 2  job a"),
        (bill(("x-a", when(0), "much")), 65, "easel: line 2: 'cost' is 'much'"),
    ):
        (tmp_path / "bill.csv").write_text(text)
        arguments = ("pixazo", str(tmp_path / "bill.csv"), "--map", str(tmp_path / "map.toml"))
        done = run(tmp_path, "ledger", "reconcile", *arguments)
        assert done.returncode == code
        assert said in done.stdout + done.stderr
        assert len(done.stderr.splitlines()) <= 1


# Reading


def _read(folder: Path, mapping: str, text: str | bytes) -> list[Mapping[str, object]]:
    (folder / "map.toml").write_text(mapping)
    file = folder / "bill"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    lines = read_lines(file, read_map(folder / "map.toml"))
    return [{name: getattr(line, name) for name in ("number", "amount", "at", "external_id")} for line in lines]


@pytest.mark.parametrize(
    ("terms", "told", "ticks"),
    [
        ("", "0.05", usd("0.05")),
        ("", " $1,234.5 USD", usd("1234.5")),
        ("", "-0.05", -usd("0.05")),
        ("is_negated = true", "-0.05", usd("0.05")),
        ("decimal = ','", "1.234,5", usd("1234.5")),
        ("unit = 'cents'", "2.5", usd("0.025")),
        ("unit = 'ticks'", "400000001", 400_000_001),
        ("unit = 'token'", "23000", usd("0.023")),
        ("unit = 'credits'\nusd_per_credit = '0.002'", "12", usd("0.024")),
    ],
)
def test_amounts_are_read_in_their_unit(tmp_path: Path, terms: str, told: str, ticks: int) -> None:
    mapping = f'delimiter = ";"\n[columns]\nexternal_id = "id"\namount = "cost"\n[amount]\n{terms}\n'
    assert _read(tmp_path, mapping, f"id;cost\r\nx;{told}\r\n") == [
        {"number": 2, "amount": ticks, "at": None, "external_id": "x"}
    ]


@pytest.mark.parametrize(
    ("terms", "told", "at"),
    [
        ("", "1970-01-01T00:00:01.5Z", 1500),
        ("zone = 'Europe/Berlin'", "1970-01-01T01:00:01", 1000),
        ("format = 'unix'", "1.25", 1250),
        ("format = 'unix_ms'", "1250", 1250),
        ("format = '%d.%m.%Y %H:%M'", "02.01.1970 00:00", 86_400_000),
    ],
)
def test_moments_are_read_in_their_format(tmp_path: Path, terms: str, told: str, at: int) -> None:
    mapping = f'[columns]\nat = "when"\namount = "cost"\n[time]\n{terms}\n'
    assert [line["at"] for line in _read(tmp_path, mapping, f"when,cost\n{told},1\n")] == [at]


JSON = '[columns]\nexternal_id = "id"\namount = "usage.cost"\n[only]\nstatus = ["DONE"]\n'
RECORDS = [
    {"id": 7, "usage": {"cost": 0.1}, "status": "DONE"},
    {"id": 8, "usage": {"cost": 9}, "status": "FAILED"},
    {"id": 9, "usage": {"cost": "0.2"}, "status": "DONE"},
]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ('format = "jsonl"', "\n".join(json.dumps(one) for one in RECORDS)),
        ('format = "json"', json.dumps(RECORDS)),
        ('format = "json"\nrecords = "data.items"', json.dumps({"data": {"items": RECORDS}})),
    ],
)
def test_json_is_read_by_paths_and_only_what_counts(tmp_path: Path, form: str, text: str) -> None:
    found = _read(tmp_path, f"{form}\n{JSON}", text)
    assert [(line["external_id"], line["amount"]) for line in found] == [("7", usd("0.1")), ("9", usd("0.2"))]


@pytest.mark.parametrize(
    ("mapping", "text", "said"),
    [
        (BY_ID, "id,when\n", "line 1: no column is named 'cost'; there are: 'id', 'when'"),
        (BY_ID, "", "line 1: no column is named 'cost'; there are: none"),
        (BY_ID, "id,when,cost,id\n", "line 1: two columns are named 'id'"),
        (BY_ID, bill(("a", when(0))), "line 2: 2 cells under 3 headings"),
        (BY_ID, bill(("a", when(0), "1e9999999999")), "line 2: 'cost' is '1e9999999999'"),
        (BY_ID, bill(("a", when(0), "nan")), "line 2: 'cost' is 'nan'"),
        (BY_ID, bill(("a", when(0), "")), "line 2: 'cost' is ''"),
        (BY_ID, bill(("a", "soon\x1b", 1)), "line 2: 'soon\N{REPLACEMENT CHARACTER}' is no moment"),
        (BY_ID, 'id,when,cost\n\n"a,1', "line 3: unexpected end of data"),
        (BY_ID, b"id,when,cost\n\xff\xfe,1,1\n", "cannot be read as utf-8-sig"),
        (f'encoding = "klingon"\n{BY_ID}', "id,when,cost\n", "cannot be read as klingon"),
        (f'format = "jsonl"\n{JSON}', '{"status": "DONE"}\n', "line 1: 'usage.cost' is ''"),
        (f'format = "jsonl"\n{JSON}', "{\n", "line 1: this is no JSON"),
        (f'format = "jsonl"\n{JSON}', "[]\n", "line 1: a record is an object"),
        (f'format = "jsonl"\n{JSON}', '{"status": ["DONE"]}\n', "line 1: 'status' is neither"),
        (f'format = "jsonl"\n{JSON}', '{"status": "DONE", "usage": 1}\n', "line 1: 'usage.cost' is ''"),
        (f'format = "jsonl"\n{JSON}', '{"a":"' + "x" * (1024 * 1024) + '"}', "line 1: longer than"),
        (f'format = "json"\n{JSON}', "[\n{,]", "line 2: this is no JSON"),
        (f'format = "json"\n{JSON}', "9" * 5000, "this is no JSON (ValueError)"),
        (f'format = "json"\n{JSON}', "{}", "there is no list at the top"),
        (f'format = "json"\nrecords = "a.b"\n{JSON}', '{"a": []}', "no list at a.b"),
    ],
)
def test_a_bad_file_is_refused_with_the_line(tmp_path: Path, mapping: str, text: str | bytes, said: str) -> None:
    with pytest.raises(BadFile) as caught:
        _read(tmp_path, mapping, text)
    assert said in str(caught.value)


def test_json_that_is_too_long_to_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "JSON_CAP", 10)
    with pytest.raises(BadFile, match="make it CSV or JSON Lines"):
        _read(tmp_path, f'format = "json"\n{JSON}', json.dumps(RECORDS))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(BY_ID)
    with pytest.raises(BadFile, match="No such file"):
        list(read_lines(tmp_path / "none", read_map(tmp_path / "map.toml")))
    with pytest.raises(BadFile, match="No such file"):
        read_map(tmp_path / "none")


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("=", "Invalid"),
        ("[columns]\namount = 'a'\n", "one of at, external_id"),
        ("[columns]\nat = 'a'\n", "columns.amount: Field required"),
        (f"{BY_ID}[amount]\nunit = 'credits'\n", "usd_per_credit belongs"),
        (f"{BY_ID}[amount]\nusd_per_credit = '1'\n", "usd_per_credit belongs"),
        (f"{BY_ID}[amount]\nunit = 'credits'\nusd_per_credit = 'x'\n", "not an amount"),
        (f"{BY_ID}[amount]\ntolerance_usd = '-1'\n", "zero or more"),
        (f"{BY_ID}[time]\nzone = 'Moon/Base'\n", "no time zone 'Moon/Base'"),
        (f"{BY_ID}[times]\n", "times: Extra"),
    ],
)
def test_a_bad_map_is_refused(tmp_path: Path, mapping: str, said: str) -> None:
    (tmp_path / "map.toml").write_text(mapping)
    with pytest.raises(BadFile) as caught:
        read_map(tmp_path / "map.toml")
    assert said in str(caught.value)


@pytest.mark.parametrize("provider", ["locus", "pixazo", "apiinone", "apiframe", "xai"])
def test_there_is_a_sample_map_for_each_gateway(provider: str) -> None:
    assert read_map(ROOT / "data" / "reconcile" / f"{provider}.toml").terms.window_ms == 15 * MINUTE_MS

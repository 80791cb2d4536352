"""Reads a gateway's statement, an invoice or a usage export, by a map that says which column is what.

The map is a small TOML file; samples are in `data/reconcile`. CSV and JSON Lines are read line by line; a JSON file is
read whole and therefore bounded.
"""

import csv
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.commands import BadFile, plain
from bot.core.clock import SECOND_MS, Millis, millis
from bot.core.money import TICKS_PER_USD, usd
from bot.services.reconciling.model import StatementLine, Terms

JSON_CAP = 16 * 1024 * 1024  # a JSON file is held in memory some eight times over
LINE_CAP = 1024 * 1024  # no line of a statement is longer
_SHOWN = 40
# What people and programs write around a number.
_ORNAMENTS = str.maketrans("", "", "$ \N{NO-BREAK SPACE}_")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Columns(_Strict):
    """Names of columns; in JSON a path such as `usage.cost`."""

    amount: str
    at: str | None = None
    external_id: str | None = None
    payment_reference: str | None = None
    transaction: str | None = None

    @model_validator(mode="after")
    def _names_a_job(self) -> "_Columns":
        if not any((self.at, self.external_id, self.payment_reference, self.transaction)):
            raise ValueError("one of at, external_id, payment_reference, transaction must name a column")
        return self


class _Amount(_Strict):
    """What the amounts are counted in. `token` is a stablecoin's smallest unit, a millionth of a dollar."""

    unit: Literal["usd", "cents", "ticks", "credits", "token"] = "usd"
    usd_per_credit: str | None = None
    decimal: Literal[".", ","] = "."
    is_negated: bool = False
    tolerance_usd: str = "0"

    @model_validator(mode="after")
    def _has_a_price(self) -> "_Amount":
        if (self.unit == "credits") != (self.usd_per_credit is not None):
            raise ValueError("usd_per_credit belongs to the unit credits, and only to it")
        usd(self.tolerance_usd)
        self.ticks_per_unit  # noqa: B018 - a bad price is refused here
        return self

    @property
    def ticks_per_unit(self) -> Decimal:
        """Ticks for one of the unit."""
        match self.unit:
            case "usd":
                return Decimal(TICKS_PER_USD)
            case "cents":
                return Decimal(TICKS_PER_USD) / 100
            case "ticks":
                return Decimal(1)
            case "token":
                return Decimal(TICKS_PER_USD) / 1_000_000
            case "credits":
                return Decimal(usd(self.usd_per_credit or "0"))


class _Time(_Strict):
    """How moments are written: `iso`, `unix`, `unix_ms`, or a pattern of strptime; and the zone where none is said."""

    format: str = "iso"
    zone: str = "UTC"
    window_minutes: Annotated[int, Field(gt=0, le=1440)] = 15

    @model_validator(mode="after")
    def _is_a_zone(self) -> "_Time":
        try:
            ZoneInfo(self.zone)
        except (OSError, ValueError, KeyError):
            raise ValueError(f"there is no time zone {self.zone!r}") from None
        return self


class StatementMap(_Strict):
    """Which column of a statement is what. `only` keeps lines whose columns hold one of the values."""

    format: Literal["csv", "jsonl", "json"] = "csv"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8-sig"
    records: str | None = None
    is_split: bool = False
    columns: _Columns
    amount: _Amount = _Amount()
    time: _Time = _Time()
    only: Mapping[str, tuple[str, ...]] = {}

    @property
    def terms(self) -> Terms:
        """How its lines are matched."""
        return Terms(
            tolerance=usd(self.amount.tolerance_usd),
            window_ms=self.time.window_minutes * 60 * SECOND_MS,
            is_split=self.is_split,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One record of the file: where it stands, how people find it, and its cells."""

    number: int
    place: str
    cells: Mapping[str, Any]


def read_map(path: Path) -> StatementMap:
    """Reads the map. Raises BadFile."""
    try:
        return StatementMap.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadFile(f"{path}: {f'{place}: ' if place else ''}{first['msg']}") from None
    except ValueError as error:
        raise BadFile(f"{path}: {error}") from None


def read_lines(path: Path, mapping: StatementMap) -> Iterator[StatementLine]:
    """The lines that the map keeps, one at a time. Raises BadFile with the number of the line."""
    rows = {"csv": _csv_rows, "jsonl": _jsonl_rows, "json": _json_rows}[mapping.format](path, mapping)
    try:
        for row in rows:
            if all(_text(row, name) in values for name, values in mapping.only.items()):
                yield _line(row, mapping)
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    except (UnicodeError, LookupError) as error:
        raise BadFile(f"{path}: cannot be read as {mapping.encoding} ({type(error).__name__})") from None


def _csv_rows(path: Path, mapping: StatementMap) -> Iterator[_Row]:
    csv.field_size_limit(LINE_CAP)
    with path.open(encoding=mapping.encoding, newline="") as file:
        rows = csv.reader(file, delimiter=mapping.delimiter, strict=True)
        try:
            headings = [name.strip() for name in next(rows, [])]
            for name in _wanted(mapping):
                if headings.count(name) != 1:
                    there = ", ".join(repr(one) for one in headings) or "none"
                    how = "two columns are" if name in headings else "no column is"
                    raise BadFile(f"line 1: {how} named {name!r}; there are: {plain(there)}")
            for row in rows:
                place = f"line {rows.line_num}"
                if not row:
                    continue
                if len(row) != len(headings):
                    raise BadFile(f"{place}: {len(row)} cells under {len(headings)} headings")
                yield _Row(number=rows.line_num, place=place, cells=dict(zip(headings, row, strict=True)))
        except csv.Error as error:
            raise BadFile(f"line {rows.line_num}: {error}") from None


def _wanted(mapping: StatementMap) -> list[str]:
    named = mapping.columns.model_dump(exclude_none=True).values()
    return [*named, *mapping.only]


def _jsonl_rows(path: Path, mapping: StatementMap) -> Iterator[_Row]:
    with path.open(encoding=mapping.encoding) as file:
        number = 0
        while text := file.readline(LINE_CAP + 1):
            number += 1
            if len(text) > LINE_CAP:
                raise BadFile(f"line {number}: longer than {LINE_CAP} characters")
            if text.strip():
                cells = _json(text.strip(), f"line {number}")
                yield _row(cells, number, f"line {number}")


def _json_rows(path: Path, mapping: StatementMap) -> Iterator[_Row]:
    if path.stat().st_size > JSON_CAP:
        raise BadFile(f"{path}: more than {JSON_CAP // 1024**2} MiB of JSON; make it CSV or JSON Lines")
    found = _json(path.read_text(encoding=mapping.encoding), str(path))
    for part in mapping.records.split(".") if mapping.records else ():
        found = found.get(part) if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise BadFile(f"{path}: there is no list at {mapping.records or 'the top'}; `records` says where it is")
    for number, cells in enumerate(found, start=1):
        yield _row(cells, number, f"record {number}")


def _json(text: str, place: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        where = f", line {error.lineno}" if error.lineno > 1 else ""
        raise BadFile(f"{place}{where}: this is no JSON ({error.msg})") from None
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{place}: this is no JSON ({type(error).__name__})") from None


def _row(cells: object, number: int, place: str) -> _Row:
    if not isinstance(cells, dict):
        raise BadFile(f"{place}: a record is an object with names, not {type(cells).__name__}")
    return _Row(number=number, place=place, cells=cells)


def _text(row: _Row, name: str | None) -> str:
    """A cell as text; empty where it is missing. A name of JSON may be a path."""
    if name is None:
        return ""
    found: Any = row.cells.get(name)
    if found is None and "." in name:
        found = row.cells
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    if isinstance(found, dict | list | bool):
        raise BadFile(f"{row.place}: {name!r} is neither a text nor a number")
    return "" if found is None else str(found).strip()


def _line(row: _Row, mapping: StatementMap) -> StatementLine:
    columns = mapping.columns
    moment = _text(row, columns.at)
    return StatementLine(
        number=row.number,
        amount=_ticks(row, columns.amount, mapping.amount),
        at=_moment(row, moment, mapping.time) if moment else None,
        external_id=_text(row, columns.external_id) or None,
        payment_ref=_text(row, columns.payment_reference) or None,
        tx_hash=_text(row, columns.transaction) or None,
    )


def _ticks(row: _Row, name: str, terms: _Amount) -> int:
    told = _text(row, name)
    text = told.translate(_ORNAMENTS).removesuffix("USD")
    text = text.replace(",", "") if terms.decimal == "." else text.replace(".", "").replace(",", ".")
    try:
        value = Decimal(text) * terms.ticks_per_unit / TICKS_PER_USD
        amount = int(usd(value.copy_abs()))
    except (ArithmeticError, ValueError):
        shown = plain(told[:_SHOWN])
        raise BadFile(f"{row.place}: {name!r} is {shown!r}, which is no amount that can be kept") from None
    return -amount if value.is_signed() != terms.is_negated else amount


def _moment(row: _Row, text: str, terms: _Time) -> Millis:
    try:
        match terms.format:
            case "unix":
                return Millis(int(Decimal(text) * SECOND_MS))
            case "unix_ms":
                return Millis(int(Decimal(text)))
            case "iso":
                moment = datetime.fromisoformat(text)
            case pattern:
                moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone follows
        return millis(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(terms.zone)))
    except (ValueError, ArithmeticError):
        shown = plain(text[:_SHOWN])
        raise BadFile(f"{row.place}: {shown!r} is no moment in the format {terms.format!r}") from None

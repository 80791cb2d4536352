"""A member's data as files: JSON that people can read, in pages, never all of it in memory at once."""

import asyncio
import io
import json
import zipfile
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from bot.core.clock import Clock, Millis
from bot.core.ids import JobId
from bot.db import Database, Reader, Row
from bot.services.books import booked_for
from bot.services.exporting import exact_usd, iso
from bot.services.leave import store as leaves
from bot.services.payload import KINDS, UnreadablePayload, decode_payload
from bot.services.privacy import store
from bot.services.privacy.model import Spot, Whose

# Rows read in one hop.
PAGE = 200
# A document is cut at this size, so that two of them and the archives are all that is in memory.
DOCUMENT_BYTES = 4 * 1024 * 1024
# What a ZIP file says around each document and at its end.
_ZIP_REST = 1024
_PICTURE_KINDS = frozenset(KINDS.values())
Fields = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One file, whole in itself."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFiles:
    """The files and how many requests stand in them; not `is_whole` where more does not fit."""

    files: tuple[DataFile, ...]
    requests: int
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One entry of a document, in the list it belongs to."""

    part: str
    fields: Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """A JSON text and how many requests it holds."""

    data: bytes
    requests: int


class HandingOut:
    """Writes down everything that is kept about a member in a guild."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def files(self, whose: Whose, *, limit_bytes: int, most: int) -> DataFiles:
        """One JSON file where that fits; else ZIP files, `most` of them at most, the oldest first.

        Raises DatabaseUnavailable.
        """
        packer = _Packer(limit_bytes=limit_bytes, most=most)
        async for document in self._documents(whose, limit_bytes=min(limit_bytes, DOCUMENT_BYTES)):
            if not await asyncio.to_thread(packer.add, document):
                break
        return await asyncio.to_thread(packer.close)

    async def _documents(self, whose: Whose, *, limit_bytes: int) -> AsyncIterator[_Document]:
        items: list[_Item] = []
        room = limit_bytes // 2  # indenting at most doubles what stands there
        async for item in self._items(whose):
            size = len(json.dumps(item.fields, ensure_ascii=False).encode())
            if items and size > room:
                yield self._document(whose, items)
                items, room = [], limit_bytes // 2
            items.append(item)
            room -= size
        yield self._document(whose, items)

    def _document(self, whose: Whose, items: list[_Item]) -> _Document:
        fields: Fields = {
            "about": "What this bot keeps about you in this server. Times are UTC, pictures are named by the SHA-256"
            " of their bytes, money is US dollars.",
            "member": str(whose.member_id),
            "server": str(whose.guild_id),
            "made_at": iso(self._clock.now()),
        }
        for part in ("styles", "reports", "deletions", "waiting", "requests", "interactions"):
            fields[part] = [item.fields for item in items if item.part == part]
        text = json.dumps(fields, ensure_ascii=False, indent=1)
        requests = sum(1 for item in items if item.part == "requests")
        return _Document(data=text.encode(), requests=requests)

    async def _items(self, whose: Whose) -> AsyncIterator[_Item]:
        for item in await self._database.read(lambda reader: _few(reader, whose)):
            yield item
        async for fields in self._reports(whose):
            yield _Item(part="reports", fields=fields)
        async for fields in self._requests(whose):
            yield _Item(part="requests", fields=fields)
        async for fields in self._interactions(whose):
            yield _Item(part="interactions", fields=fields)

    async def _requests(self, whose: Whose) -> AsyncIterator[Fields]:
        spot: Spot | None = None
        while True:
            after = spot

            def read(reader: Reader, after: Spot | None = after) -> tuple[list[Fields], Spot | None]:
                rows = store.jobs_page(reader, whose, after=after, limit=PAGE)
                last = rows[-1] if len(rows) == PAGE else None
                end = None if last is None else Spot(created_at=Millis(last["created_at"]), job_id=JobId(last["id"]))
                return [_request(reader, whose, row) for row in rows], end

            page, spot = await self._database.read(read)
            for fields in page:
                yield fields
            if spot is None:
                return

    async def _reports(self, whose: Whose) -> AsyncIterator[Fields]:
        last = JobId("")
        while True:
            rows = await self._database.read(partial(store.reports, whose=whose, after=last, limit=PAGE))
            for row in rows:
                yield {"result": row["job_id"], "reason": row["reason"], "text": row["text"], "at": iso(row["at"])}
            if len(rows) < PAGE:
                return
            last = JobId(rows[-1]["job_id"])

    async def _interactions(self, whose: Whose) -> AsyncIterator[Fields]:
        last = 0
        while True:
            rows = await self._database.read(partial(store.interactions, whose=whose, after=last, limit=PAGE))
            for row in rows:
                yield {
                    "id": str(row["id"]),
                    "command": row["command"],
                    "channel": str(row["channel_id"]),
                    "state": row["state"],
                    "at": iso(row["received_at"]),
                    "request": row["job_id"],
                }
            if len(rows) < PAGE:
                return
            last = rows[-1]["id"]


def _few(reader: Reader, whose: Whose) -> list[_Item]:
    styles = [
        _Item(part="styles", fields={"name": row["name"], "text": row["text"], "changed_at": iso(row["changed_at"])})
        for row in store.styles(reader, whose)
    ]
    wishes = [
        _Item(
            part="deletions",
            fields={
                "asked_at": iso(one.asked_at),
                "with_posts": one.with_posts,
                "requests": one.jobs,
                "posts_out_of_reach": one.posts_left,
                "finished_at": iso(one.finished_at),
            },
        )
        for one in store.wishes(reader, whose)
    ]
    waiting = [
        _Item(
            part="waiting",
            fields={"id": one.job_id, "words": one.words, "kept": one.request, "asked_at": iso(one.asked_at)},
        )
        for one in leaves.of_member(reader, whose.guild_id, whose.member_id)
    ]
    return styles + wishes + waiting


def _request(reader: Reader, whose: Whose, row: Row) -> Fields:
    job_id = JobId(row["id"])
    cost = booked_for(reader, job_id)
    fields: Fields = {
        "id": job_id,
        "command": row["kind"],
        "state": row["state"],
        "reason": row["reason"],
        "channel": str(row["channel_id"]),
        "provider": row["provider"],
        "model": row["model"],
        "created_at": iso(row["created_at"]),
        "submitted_at": iso(row["submitted_at"]),
        "finished_at": iso(row["finished_at"]),
        "words_removed_at": iso(row["words_removed_at"]),
        "goes_on_from": row["parent_id"],
        "cost_usd": None if cost is None else exact_usd(cost),
        **_words(row),
    }
    if row["message_id"] is not None:
        link = f"https://discord.com/channels/{whose.guild_id}/{row['posted_in']}/{row['message_id']}"
        fields["posted"] = link
    for picture in store.pictures(reader, job_id):
        shown: Fields = {"sha256": picture["asset_id"], "cleaned_up_at": iso(picture["removed_at"])}
        if picture["url"] is not None:
            shown["url"] = picture["url"].partition("?")[0]  # what follows signs the address
        listed = fields.setdefault(f"pictures_{picture['side']}", [])
        if isinstance(listed, list):
            listed.append(shown)
    return fields


def _words(row: Row) -> Fields:
    """What the member wrote and what was answered."""
    if row["kind"] not in _PICTURE_KINDS:
        cited = json.loads(row["citations"] or "[]")
        return {"question": row["question"], "answer": row["answer"], "citations": cited}
    try:
        payload = decode_payload(
            row["payload"], version=row["payload_version"], provider=row["provider"], model=row["model"]
        )
    except UnreadablePayload:
        return {"prompt": None}
    return {"prompt": payload.words, "style": payload.style, "sent_to_the_service": payload.order.prompt}


class _Packer:
    """Puts documents into files. Blocks: call it from a thread."""

    def __init__(self, *, limit_bytes: int, most: int) -> None:
        self._limit = limit_bytes
        self._most = most
        self._first: _Document | None = None
        self._buffer = io.BytesIO()
        self._files: list[bytes] = []
        self._documents = self._requests = 0
        self._is_whole = True

    def add(self, document: _Document) -> bool:
        """False where it does not fit any more."""
        if self._first is None and not self._documents:
            self._first = document
            return True
        if self._first is not None:
            first, self._first = self._first, None
            if not self._zip(first):
                return False
        return self._zip(document)

    def close(self) -> DataFiles:
        """The files. A single document that fits needs no archive."""
        first = self._first
        if first is not None and len(first.data) <= self._limit:
            only = DataFile(name="easel-data.json", data=first.data)
            return DataFiles(files=(only,), requests=first.requests, is_whole=True)
        if first is not None:
            self._zip(first)
        self._end_file()
        files = tuple(
            DataFile(name=f"easel-data-{number}.zip", data=data) for number, data in enumerate(self._files, start=1)
        )
        return DataFiles(files=files, requests=self._requests, is_whole=self._is_whole)

    def _zip(self, document: _Document) -> bool:
        size = len(zlib.compress(document.data)) + _ZIP_REST
        if self._buffer.tell() and self._buffer.tell() + size > self._limit:
            self._end_file()
        if len(self._files) == self._most or size > self._limit:
            self._is_whole = False
            return False
        self._documents += 1
        with zipfile.ZipFile(self._buffer, "a", zipfile.ZIP_DEFLATED) as archive:
            # Made without the machine's clock: a file's date would say nothing here.
            archive.writestr(zipfile.ZipInfo(f"easel-data-{self._documents:03}.json"), document.data)
        self._buffer.seek(0, io.SEEK_END)
        self._requests += document.requests
        return True

    def _end_file(self) -> None:
        if self._buffer.tell():
            self._files.append(self._buffer.getvalue())
            self._buffer = io.BytesIO()

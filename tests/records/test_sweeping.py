"""The sweep: what is over its time goes, row before file; what anybody needs stays; a crash anywhere is made good."""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.core.clock import DAY_MS, HOUR_MS, SECOND_MS, ManualClock, Millis
from bot.core.errors import MediaError
from bot.core.ids import AssetId, ChannelId, GuildId, IdempotencyKey, JobId, MemberId
from bot.core.requests import ModelId, PictureFormat, PictureOrder, PictureRequest, ProviderName
from bot.db import Database, Transaction
from bot.jobs import store as jobs
from bot.jobs.model import NewJob, State
from bot.media import Downloader, Media
from bot.media import store as assets
from bot.media.assets import Asset
from bot.services import store as shared
from bot.services.payload import VERSION, Payload, decode_payload, encode_payload, without_words
from bot.services.results import store as results
from bot.services.retention import store
from bot.services.retention.sweeping import BATCH, Periods, Retention, Swept
from bot.services.sources import SourceRef
from tests.media.samples import plain

DAYS = Periods(picture_days=90, record_days=730)
ORDER = PictureOrder(provider=ProviderName("locus"), model=ModelId("m"), prompt="a fox in ink", count=1)
ASKED = PictureRequest(prompt="a fox", style="Ink")


@dataclass(kw_only=True)
class House:
    """A database, a folder of pictures and a clock that only tests move; files are as old as their rows."""

    database: Database
    media: Media
    folder: Path
    clock: ManualClock = field(default_factory=ManualClock)
    count: int = 0

    def retention(self, periods: Periods = DAYS) -> Retention:
        return Retention(database=self.database, media=self.media, clock=self.clock, periods=periods)

    def later(self, *, days: float = 0.0, hours: float = 0.0) -> None:
        self.clock.advance(ms=round(days * DAY_MS + hours * HOUR_MS))

    async def file(self, colour: str = "teal") -> Asset:
        """A kept picture without a row."""
        asset = await self.media.keep(plain(colour=colour))
        now_s = self.clock.now() / SECOND_MS
        os.utime(asset.path, (now_s, now_s))
        return asset

    async def picture(self, colour: str = "teal") -> AssetId:
        """A kept picture with its row."""
        asset = await self.file(colour)
        await self.database.write(lambda tx: assets.insert_asset(tx, asset, at=self.clock.now()))
        return asset.id

    async def job(
        self, *, shows: AssetId | None = None, takes: AssetId | None = None, kind: str = "imagine", payload: str = ""
    ) -> JobId:
        """A job that is under way."""
        self.count += 1
        job_id = JobId(f"{self.count:024d}")
        row = NewJob(
            id=job_id,
            kind=kind,
            guild_id=GuildId(1),
            channel_id=ChannelId(2),
            member_id=MemberId(3),
            provider="locus",
            model="m",
            payload=payload or encode_payload(Payload(order=ORDER, asked=ASKED)),
            payload_version=VERSION,
            idempotency_key=IdempotencyKey(job_id),
            created_at=self.clock.now(),
        )

        def write(tx: Transaction) -> None:
            jobs.insert(tx, row)
            if shows is not None:
                shared.add_picture(tx, job_id=job_id, position=0, asset_id=shows)
            if takes is not None:
                shared.add_source(tx, job_id=job_id, position=0, source=SourceRef(asset_id=takes))

        await self.database.write(write)
        return job_id

    async def ended(self, job_id: JobId) -> JobId:
        """The same job once it has ended."""

        def write(tx: Transaction) -> None:
            job = jobs.get(tx, job_id)
            assert job is not None
            jobs.move(tx, job, State.CANCELLED, now=self.clock.now())

        await self.database.write(write)
        return job_id

    async def is_there(self, asset_id: AssetId) -> tuple[bool, bool]:
        """Whether the row says that there is a picture, and whether its file is there."""
        row = await self.database.read(lambda reader: assets.asset_of(reader, asset_id))
        assert row is not None
        return row.removed_at is None, await self.media.is_kept(asset_id)

    async def payload(self, job_id: JobId) -> str:
        job = await self.database.read(lambda reader: jobs.get(reader, job_id))
        assert job is not None
        return job.payload


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    folder = tmp_path / "pictures"
    async with Database.open(tmp_path / "easel.db") as database, Media(folder, Downloader()) as media:
        yield House(database=database, media=media, folder=folder)


async def test_a_picture_goes_when_its_days_are_over_and_the_row_says_when(house: House) -> None:
    old = await house.picture()
    await house.ended(await house.job(shows=old))
    house.later(days=90)
    assert await house.retention().sweep() == Swept(pictures=0, files=0, words=0)
    young = await house.picture("red")
    house.later(hours=1)
    assert await house.retention().sweep() == Swept(pictures=1, files=1, words=0)
    assert await house.is_there(old) == (False, False)
    assert await house.is_there(young) == (True, True)
    row = await house.database.read(lambda reader: assets.asset_of(reader, old))
    assert row is not None
    assert row.removed_at == house.clock.now()
    assert await house.retention().sweep() == Swept(pictures=0, files=0, words=0)
    with pytest.raises(MediaError):
        await house.media.read(old)


async def test_a_result_of_several_pictures_shows_none_once_one_of_them_is_gone(house: House) -> None:
    asset_id = await house.picture()
    job_id = await house.ended(await house.job(shows=asset_id))
    assert await house.database.read(lambda reader: shared.pictures_of(reader, job_id)) == (asset_id,)
    house.later(days=91)
    await house.retention().sweep()
    assert await house.database.read(lambda reader: shared.pictures_of(reader, job_id)) == ()


@pytest.mark.parametrize("side", ["shows", "takes"])
async def test_what_a_job_under_way_or_a_younger_one_has_or_uses_stays(house: House, side: str) -> None:
    asset_id = await house.picture()
    await house.ended(await house.job(shows=asset_id))
    house.later(days=60)
    other = await (house.job(shows=asset_id) if side == "shows" else house.job(takes=asset_id))
    house.later(days=100)
    assert (await house.retention().sweep()).pictures == 0
    await house.ended(other)
    house.later(days=89)
    assert (await house.retention().sweep()).pictures == 0
    house.later(days=2)
    assert (await house.retention().sweep()).pictures == 1
    assert await house.is_there(asset_id) == (False, False)


async def test_the_same_bytes_again_make_a_picture_young_and_bring_a_removed_one_back(house: House) -> None:
    asset_id = await house.picture()
    house.later(days=80)
    assert await house.picture() == asset_id
    house.later(days=80)
    assert (await house.retention().sweep()).pictures == 0
    house.later(days=11)
    assert (await house.retention().sweep()).pictures == 1
    assert await house.picture() == asset_id
    assert await house.is_there(asset_id) == (True, True)


async def test_a_file_that_was_kept_anew_outlives_the_sweep_that_comes_before_its_row(house: House) -> None:
    """The file is placed, the sweep runs, and only then the row is written."""
    asset_id = await house.picture()
    house.later(days=91)
    asset = await house.file()
    assert await house.retention().sweep() == Swept(pictures=1, files=0, words=0)
    await house.database.write(lambda tx: assets.insert_asset(tx, asset, at=house.clock.now()))
    assert await house.is_there(asset_id) == (True, True)
    assert await house.retention().leftovers() == 0
    house.later(days=2)
    assert await house.retention().leftovers() == 0
    assert await house.is_there(asset_id) == (True, True)


async def test_a_crash_between_row_and_file_is_made_good_by_the_look_at_leftovers(house: House) -> None:
    asset_id, other = await house.picture(), await house.picture("red")
    house.later(days=91)
    before = Millis(house.clock.now() - DAYS.picture_days * DAY_MS)
    await house.picture("red")
    marked = await house.database.write(
        lambda tx: store.remove_old(tx, before=before, at=house.clock.now(), limit=BATCH)
    )
    assert marked == (asset_id,)
    assert await house.is_there(asset_id) == (False, True)
    assert await house.retention().leftovers() == 1
    assert await house.is_there(asset_id) == (False, False)
    assert await house.is_there(other) == (True, True)


async def test_a_file_without_a_row_goes_after_a_day_and_what_is_no_picture_stays(house: House) -> None:
    asset = await house.file()
    stranger = asset.path.parent / "notes.txt"
    stranger.write_text("not ours", encoding="utf-8")
    os.utime(stranger, (0, 0))
    house.later(hours=23)
    assert await house.retention().leftovers() == 0
    house.later(hours=2)
    assert await house.retention().leftovers() == 1
    assert not asset.path.exists()
    assert stranger.exists()


async def test_pictures_of_a_deleted_result_go_after_an_hour_unless_somebody_uses_them_by_then(house: House) -> None:
    mine, shared_one = await house.picture(), await house.picture("red")
    jobs_of = [await house.ended(await house.job(shows=one)) for one in (mine, shared_one)]

    def remove(tx: Transaction) -> None:
        for job_id in jobs_of:
            now = house.clock.now()
            results.begin_removal(tx, job_id, member_id=MemberId(3), is_moderator=False, at=now)
            results.removed(tx, job_id, was_gone=False, at=now)
            assert results.discard_pictures(tx, job_id, at=now) == 1

    await house.database.write(remove)
    await house.job(takes=shared_one)
    keep_all = house.retention(Periods(picture_days=0, record_days=0))
    assert (await keep_all.sweep()).pictures == 0
    house.later(hours=1.1)
    assert await keep_all.sweep() == Swept(pictures=1, files=1, words=0)
    assert await house.is_there(mine) == (False, False)
    assert await house.is_there(shared_one) == (True, True)
    assert (await keep_all.sweep()).pictures == 0


async def test_many_old_pictures_go_in_batches(house: House) -> None:
    def write(tx: Transaction) -> None:
        for number in range(2 * BATCH + 1):
            path = house.folder / "none"
            asset_id = AssetId(f"{number:064x}")
            asset = Asset(id=asset_id, format=PictureFormat.PNG, width=1, height=1, byte_size=1, path=path)
            assets.insert_asset(tx, asset, at=house.clock.now())

    await house.database.write(write)
    house.later(days=91)
    assert await house.retention().sweep() == Swept(pictures=2 * BATCH + 1, files=0, words=0)


async def test_words_go_when_their_days_are_over_and_the_choices_stay(house: House) -> None:
    old = await house.ended(await house.job())
    unread = await house.ended(await house.job(payload="no JSON"))
    question = await house.ended(await house.job(kind="ask", payload='{"max_tokens": 5}'))
    under_way = await house.job()
    house.later(days=731)
    young = await house.ended(await house.job())
    keep_all = house.retention(Periods(picture_days=0, record_days=0))
    assert await keep_all.sweep() == Swept(pictures=0, files=0, words=0)
    assert await house.retention().sweep() == Swept(pictures=0, files=0, words=3)
    assert await house.retention().sweep() == Swept(pictures=0, files=0, words=0)

    read = decode_payload(await house.payload(old), version=VERSION, provider="locus", model="m")
    assert (read.words, read.order.prompt, read.style) == ("", "", "Ink")
    assert read.order.count == 1
    assert await house.payload(unread) == "{}"
    assert await house.payload(question) == '{"max_tokens": 5}'
    for job_id in (under_way, young):
        assert "a fox" in await house.payload(job_id)


async def test_what_was_told_of_a_result_goes_with_its_words(house: House) -> None:
    job_id = await house.ended(await house.job())
    told = results.Report(job_id=job_id, member_id=MemberId(4), reason="other", text="private", at=house.clock.now())
    await house.database.write(lambda tx: results.report(tx, told))
    house.later(days=731)
    await house.retention().sweep()
    (report,) = await house.database.read(lambda reader: results.reports(reader, limit=9))
    assert (report.reason, report.text) == ("other", "")


async def test_words_of_many_requests_go_in_batches(house: House) -> None:
    for _ in range(BATCH + 1):
        await house.ended(await house.job())
    house.later(days=731)
    assert (await house.retention().sweep()).words == BATCH + 1


@pytest.mark.parametrize("payload", ["", "[]", "7", "null", '"text"'])
def test_a_payload_that_cannot_be_read_is_emptied(payload: str) -> None:
    assert without_words(payload) == "{}"


def test_a_payload_without_a_request_loses_its_prompt_alone() -> None:
    bare = json.loads(without_words(encode_payload(Payload(order=ORDER))))
    assert (bare["prompt"], bare["asked"], bare["count"]) == ("", None, 1)

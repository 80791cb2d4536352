"""From a gateway's finished answer to kept pictures and a posted price."""

import asyncio
import base64
import logging
from dataclasses import dataclass, replace
from typing import Literal

from bot.core.clock import SECOND_MS, Clock, Millis
from bot.core.crashpoints import CrashPoint, Crashpoints
from bot.core.errors import Charged, DownloadFailed, MediaError
from bot.core.ids import AssetId, Randomness
from bot.core.money import Ticks
from bot.core.requests import PictureOrder
from bot.db import Transaction
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.jobs.schedule import retry_wait_s
from bot.media import store as assets
from bot.media.assets import Asset
from bot.media.media import Media
from bot.providers.catalogue import Offer, listed_for
from bot.providers.contract import Finished
from bot.services import store
from bot.services.deliveries import Route
from bot.services.outcomes import FailureReason
from bot.services.payload import Drawn, DrawnPicture, decode_drawn, encode_drawn
from bot.services.settlement import Settlement
from bot.services.terms import book

log = logging.getLogger(__name__)

# A result is fetched this often before the job ends with an honest "charged, but lost".
MAX_FETCHES = 8
# Our own disk may be full for longer: a day at one try a minute.
MAX_KEEPS = 1_440


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What to post, and whether the gateway reported it or the catalogue lists it."""

    cost: Ticks
    basis: Literal["reported", "listed"]


class Collector:
    """Stores answers, fetches what they point at, and posts what they cost."""

    def __init__(
        self,
        *,
        settlement: Settlement,
        media: Media,
        clock: Clock,
        randomness: Randomness,
        crashpoints: Crashpoints,
    ) -> None:
        self._settlement = settlement
        self._media = media
        self._clock = clock
        self._randomness = randomness
        self._crashpoints = crashpoints

    async def remember(self, job: Job, finished: Finished, order: PictureOrder, offer: Offer) -> None:
        """Stores the answer before anything is fetched; the job is then `waiting` and due at once.

        Pictures that came inside the answer are kept as assets first, so that the row stays small. One that is no
        picture is left out here and missed when the result is collected. Where our disk does not take one, the gateway
        is asked again later; one that cannot be asked has given all it will, so its bytes wait in the row.
        """
        kept: list[Asset] = []
        drawn: list[DrawnPicture] = []
        for picture in finished.pictures:
            if picture.data is None:
                drawn.append(DrawnPicture(url=picture.url))
                continue
            try:
                asset = await self._media.keep(picture.data)
            except DownloadFailed as error:
                log.warning("a picture cannot be kept yet", extra={"job": job.id, "error": str(error)})
                if job.external_id is not None:
                    listed = listed_for(offer, order, pictures=len(finished.pictures))
                    await self._again(job, error, listed if finished.cost is None else finished.cost)
                    return
                drawn.append(DrawnPicture(data=await asyncio.to_thread(_written, picture.data)))
                continue
            except MediaError as error:
                log.warning("a picture inside an answer is unusable", extra={"job": job.id, "error": str(error)})
                drawn.append(DrawnPicture())
                continue
            kept.append(asset)
            drawn.append(DrawnPicture(asset_id=asset.id))
        answer = encode_drawn(Drawn(pictures=tuple(drawn), cost=finished.cost, served_model=finished.served_model))
        now = self._clock.now()

        def write(tx: Transaction) -> None:
            for asset in kept:
                assets.insert_asset(tx, asset, at=now)
            jobs.record_result(tx, job, result=answer, at=now)
            if job.state is State.WAITING:
                # An answer that was had before, and could not be fetched, must not begin the count of fetches anew.
                because = jobs.Because.NOTHING_NEW if job.drawn_at is None else jobs.Because.SAME_AGAIN
                jobs.reschedule(tx, job, run_at=now, because=because)
            else:
                jobs.move(tx, job, State.WAITING, now=now)

        await self._settlement.record(write)

    async def collect(self, job: Job, order: PictureOrder, offer: Offer) -> None:
        """Fetches every picture of the stored answer, then posts the price and plans the delivery in one step."""
        drawn = decode_drawn(job.result or "{}")
        listed = listed_for(offer, order, pictures=len(drawn.pictures))
        bill = Bill(cost=listed, basis="listed") if drawn.cost is None else Bill(cost=drawn.cost, basis="reported")
        kept: dict[int, AssetId] = {}
        fetched: list[Asset] = []
        for position, picture in enumerate(drawn.pictures):
            if picture.asset_id is not None:
                kept[position] = picture.asset_id
            try:
                asset = await self._brought(picture)
            except DownloadFailed as error:
                await self._again(job, error, bill.cost)
                return
            except MediaError as error:
                log.warning("a result is unusable", extra={"job": job.id, "error": str(error)})
                continue
            if asset is not None:
                kept[position] = asset.id
                fetched.append(asset)
        self._crashpoints.reached(CrashPoint.AFTER_ASSET)
        await self._post(job, kept, fetched, bill, whole=_without_data(drawn, kept))
        self._crashpoints.reached(CrashPoint.AFTER_POST)

    async def _brought(self, picture: DrawnPicture) -> Asset | None:
        """The picture as an asset; None where it is one already, or none at all. Raises MediaError."""
        if picture.data is not None:
            return await self._media.keep(await asyncio.to_thread(base64.b64decode, picture.data))
        return None if picture.url is None else await self._media.fetch(picture.url)

    async def _again(self, job: Job, error: DownloadFailed, cost: Ticks) -> None:
        """Tries later; an address that is gone is asked for anew where the gateway can be asked."""
        most = MAX_KEEPS if error.is_ours else MAX_FETCHES
        if job.failures + 1 >= most or (error.is_gone and job.external_id is None):
            await self._settlement.fail(job, FailureReason.RESULT_GONE, Charged.YES, actual=cost)
            return
        jitter = self._randomness.uniform(-1.0, 1.0)
        wait_s = retry_wait_s(failures=job.failures, asked_s=None, jitter=jitter)
        run_at = Millis(self._clock.now() + round(wait_s * SECOND_MS))
        is_gone = error.is_gone
        await self._settlement.record(
            lambda tx: jobs.reschedule(tx, job, run_at=run_at, because=jobs.Because.FAILED, keep_result=not is_gone)
        )

    async def _post(
        self, job: Job, kept: dict[int, AssetId], fetched: list[Asset], bill: Bill, *, whole: str | None
    ) -> None:
        """`whole` replaces the stored answer where that held bytes."""
        now = self._clock.now()

        def write(tx: Transaction) -> None:
            if whole is not None:
                jobs.record_result(tx, job, result=whole, at=now)
            for asset in fetched:
                assets.insert_asset(tx, asset, at=now)
            for position, asset_id in kept.items():
                store.add_picture(tx, job_id=job.id, position=position, asset_id=asset_id)
            book(tx, job, actual=bill.cost, pictures=len(kept), at=now, basis=bill.basis, note=job.model)
            is_wanted = not jobs.is_cancel_requested(tx, job.id)
            if not kept:
                end = State.FAILED if is_wanted else State.CANCELLED
                jobs.move(tx, job, end, now=now, note=FailureReason.BAD_RESULT)
                return
            route = Route.CHANNEL if is_wanted else Route.PRIVATE
            store.plan_delivery(tx, job_id=job.id, route=route, channel_id=job.channel_id, at=now)
            jobs.move(tx, job, State.DELIVERING, now=now)

        await self._settlement.record(write)


def _written(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _without_data(drawn: Drawn, kept: dict[int, AssetId]) -> str | None:
    """The answer with assets in place of the bytes that waited in it; None where none did."""
    if all(one.data is None for one in drawn.pictures):
        return None
    pictures = tuple(
        one if one.data is None else DrawnPicture(asset_id=kept.get(position))
        for position, one in enumerate(drawn.pictures)
    )
    return encode_drawn(replace(drawn, pictures=pictures))

"""All that is known of a result, for whoever asks: words, models, money, time, family, and the originals."""

from dataclasses import dataclass

from bot.core.clock import SECOND_MS, Millis
from bot.core.errors import MediaError, Refusal, RefusalReason
from bot.core.ids import AssetId, ChannelId, GuildId, JobId, MemberId, MessageId
from bot.core.money import Ticks
from bot.core.requests import PictureFormat, PictureOrder
from bot.db import Database, Reader
from bot.jobs import store as jobs
from bot.media import store as assets
from bot.media.media import Media
from bot.providers.registry import Registry
from bot.services import store
from bot.services.books import booked_for
from bot.services.handed import store as handed
from bot.services.labels import label_of, provider_label
from bot.services.ports import NextSteps
from bot.services.results import store as results
from bot.services.results.reading import Result, find_result
from bot.services.results.steps import steps_of

# A card shows so many ancestors and so many children; a family may be long.
ANCESTORS = 3
CHILDREN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """A result that this one came from or led to. `message_id` None where no public post of it stands."""

    job_id: JobId
    kind: str
    member_id: MemberId
    guild_id: GuildId
    channel_id: ChannelId
    message_id: MessageId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One of a result's pictures as it lies with the bot; sizes in pixels and bytes."""

    position: int
    asset_id: AssetId
    format: PictureFormat
    width: int
    height: int
    byte_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The bytes of a kept picture."""

    position: int
    format: PictureFormat
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What a result was made of. `order` None where this program cannot read it; `cost` in ticks, None while open.

    `words` are the member's own, `style` is the name of the one chosen.

    `model_asked` is what the member named, `model_served` what the gateway said it took; None where nobody said.
    `ancestors` from the nearest on. `pictures` are empty once they are cleaned up.
    """

    job_id: JobId
    kind: str
    member_id: MemberId
    order: PictureOrder | None
    words: str | None
    style: str | None
    model_label: str
    model_asked: str | None
    model_served: str | None
    provider_label: str
    cost: Ticks | None
    created_at: Millis
    seconds: float
    pictures: tuple[Kept, ...]
    ancestors: tuple[Kin, ...]
    children: tuple[Kin, ...]
    steps: NextSteps


class DetailsDesk:
    """The use case behind Details."""

    def __init__(self, *, database: Database, registry: Registry, media: Media) -> None:
        self._database = database
        self._registry = registry
        self._media = media

    async def look(self, job_id: JobId, *, guild_id: GuildId, member_id: MemberId) -> Details:
        """The details of a result. Raises Refusal as `find_result`."""

        def read(reader: Reader) -> Details:
            result = find_result(reader, job_id, guild_id=guild_id, member_id=member_id)
            return self._details(reader, result)

        return await self._database.read(read)

    async def look_at_post(self, message_id: MessageId, *, guild_id: GuildId, member_id: MemberId) -> Details:
        """The details of the result that a public message shows. Raises Refusal as `find_result`."""
        job_id = await self._database.read(lambda reader: handed.job_of_post(reader, message_id))
        if job_id is None:
            raise Refusal(RefusalReason.NO_RESULT)
        return await self.look(job_id, guild_id=guild_id, member_id=member_id)

    async def original(self, picture: Kept) -> Original | None:
        """The kept bytes; None where they are gone or damaged."""
        try:
            data, picture_format = await self._media.read(picture.asset_id)
        except MediaError:
            return None
        return Original(position=picture.position, format=picture_format, data=data)

    def _details(self, reader: Reader, result: Result) -> Details:
        job, payload, asked = result.job, result.payload, result.asked
        return Details(
            job_id=job.id,
            kind=job.kind,
            member_id=job.member_id,
            order=None if payload is None else payload.order,
            words=None if payload is None else payload.words,
            style=None if payload is None else payload.style,
            model_label=label_of(self._registry, job),
            model_asked=None if payload is None or payload.asked is None or asked is None else asked.model,
            model_served=result.drawn.served_model,
            provider_label=provider_label(job.provider),
            cost=booked_for(reader, job.id),
            created_at=job.created_at,
            seconds=max(0.0, ((job.drawn_at or job.created_at) - job.created_at) / SECOND_MS),
            pictures=_kept(reader, result),
            ancestors=_ancestors(reader, result),
            children=tuple(
                kin
                for child in results.children_of(reader, job.id, limit=CHILDREN)
                if (kin := _kin(reader, child)) is not None
            ),
            steps=steps_of(self._registry, result),
        )


def _kept(reader: Reader, result: Result) -> tuple[Kept, ...]:
    found = []
    for position, asset_id in enumerate(result.pictures, start=1):
        row = assets.asset_of(reader, asset_id)
        if row is not None and row.removed_at is None:
            found.append(
                Kept(
                    position=position,
                    asset_id=asset_id,
                    format=row.format,
                    width=row.width,
                    height=row.height,
                    byte_size=row.byte_size,
                )
            )
    return tuple(found)


def _ancestors(reader: Reader, result: Result) -> tuple[Kin, ...]:
    found: list[Kin] = []
    job = result.job
    while job.parent_id is not None and len(found) < ANCESTORS:
        kin, parent = _kin(reader, job.parent_id), jobs.get(reader, job.parent_id)
        if kin is None or parent is None:
            break
        found.append(kin)
        job = parent
    return tuple(found)


def _kin(reader: Reader, job_id: JobId) -> Kin | None:
    job = jobs.get(reader, job_id)
    if job is None:
        return None
    delivery, removal = store.delivery_of(reader, job_id), results.removal_of(reader, job_id)
    is_standing = delivery is not None and removal is None
    return Kin(
        job_id=job.id,
        kind=job.kind,
        member_id=job.member_id,
        guild_id=job.guild_id,
        channel_id=job.channel_id if delivery is None else delivery.channel_id,
        message_id=delivery.message_id if delivery is not None and is_standing else None,
    )

"""Giving a job's source pictures to its gateway in the way that one takes them, with addresses that live now.

takes bytes        the kept file, made smaller where it is above the gateway's bound
  and wants them   handed over first (`Preparer`); where they lie then is stored before the first submit,
  at its own place so that a repeat under the same idempotency key is the same byte for byte
takes addresses    Discord's, while it lives and is not too large · Discord's of the public post, fetched anew ·
alone              one of our own, where this bot has a public address · none: another gateway, or an honest end
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.clock import MINUTE_MS, Clock
from bot.core.errors import EaselError, MediaError
from bot.core.ids import AssetId, GuildId
from bot.core.requests import PictureOrder, SourcePicture, Verb
from bot.db import Database, Reader
from bot.jobs.model import Job
from bot.media import store as assets
from bot.media.media import Media
from bot.providers.contract import Preparer, Provider
from bot.providers.offers import Offer, Sources
from bot.services import store
from bot.services.handed import store as handed
from bot.services.handed.links import Links
from bot.services.handed.ports import Posts
from bot.services.settlement import Settlement
from bot.services.sources import SourceRef, is_alive

# Apiframe keeps what it was given for one to two hours; what is older is handed over anew, unless it may have been
# submitted already.
HANDED_OVER_LIVES_MS = 45 * MINUTE_MS


class SourceUnavailable(EaselError):
    """The gateway cannot be given a source picture; nothing was sent to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A source with what is known of it: bytes, whether a model made it, a public post that shows it."""

    ref: SourceRef
    byte_size: int
    is_generated: bool
    post: handed.PostOf | None


class Loading:
    """Gives sources. `links` None: this bot has no public address."""

    def __init__(
        self,
        *,
        database: Database,
        media: Media,
        posts: Posts,
        links: Links | None,
        settlement: Settlement,
        clock: Clock,
    ) -> None:
        self._database = database
        self._media = media
        self._posts = posts
        self._links = links
        self._settlement = settlement
        self._clock = clock

    async def have_addresses(self, guild_id: GuildId, refs: Sequence[SourceRef]) -> bool:
        """Whether each of them can surely be given as an address, as things are now."""
        if self._links is not None:
            return True
        now = self._clock.now()

        def look(reader: Reader) -> bool:
            return all(
                is_alive(ref.url, now=now) or handed.post_of(reader, ref.asset_id, guild_id=guild_id) is not None
                for ref in refs
            )

        return await self._database.read(look)

    async def load(self, job: Job, offer: Offer, order: PictureOrder, *, is_repeat: bool = False) -> PictureOrder:
        """The order with as many of the job's sources as the model takes. Raises SourceUnavailable.

        What was handed over before is taken again; with `is_repeat`, however old it is.
        """
        ability = offer.abilities.get(order.verb)
        if order.verb is Verb.GENERATE or ability is None or not ability.sources.most:
            return order
        takes = ability.sources
        before = await self._database.read(lambda reader: handed.handed_over(reader, job.id, provider=job.provider))
        if before is not None and (is_repeat or self._clock.now() - before.at < HANDED_OVER_LIVES_MS):
            return replace(order, sources=tuple(SourcePicture(url=url) for url in before.urls))
        kept = await self._database.read(lambda reader: self._kept(reader, job, takes))
        give = self._bytes if takes.takes_bytes else self._address
        return replace(order, sources=tuple([await give(one, takes) for one in kept]))

    async def hand_over(self, job: Job, provider: Provider, order: PictureOrder) -> PictureOrder:
        """The order with what the gateway wants at its own place lying there, and that stored. Raises ProviderError."""
        if not isinstance(provider, Preparer) or all(source.data is None for source in order.sources):
            return order
        prepared = await provider.prepare(order)
        urls = tuple(source.url or "" for source in prepared.sources)
        at = self._clock.now()
        await self._settlement.record(lambda tx: handed.hand_over(tx, job.id, provider=job.provider, urls=urls, at=at))
        return prepared

    async def never_left(self, job: Job, provider: Provider) -> bool:
        """True for a job in `submitting` that surely was not submitted: what must lie at the gateway first does not."""
        if not isinstance(provider, Preparer):
            return False

        def look(reader: Reader) -> bool:
            is_handed_over = handed.handed_over(reader, job.id, provider=job.provider) is not None
            return bool(store.sources_of(reader, job.id)) and not is_handed_over

        return await self._database.read(look)

    def _kept(self, reader: Reader, job: Job, takes: Sources) -> tuple[_Kept, ...]:
        return tuple(self._one(reader, job, ref) for ref in store.sources_of(reader, job.id)[: takes.most])

    def _one(self, reader: Reader, job: Job, ref: SourceRef) -> _Kept:
        row = assets.asset_of(reader, ref.asset_id)
        post = handed.post_of(reader, ref.asset_id, guild_id=job.guild_id)
        return _Kept(
            ref=ref,
            byte_size=0 if row is None else row.byte_size,
            is_generated=handed.is_result(reader, ref.asset_id),
            post=post,
        )

    async def _bytes(self, kept: _Kept, takes: Sources) -> SourcePicture:
        try:
            fitted = await self._media.fit(
                kept.ref.asset_id, limit_bytes=takes.bytes_max, is_generated=kept.is_generated
            )
        except MediaError as error:
            raise SourceUnavailable(str(error)) from error
        return SourcePicture(data=fitted.data, format=fitted.format)

    async def _address(self, kept: _Kept, takes: Sources) -> SourcePicture:
        ref, post = kept.ref, kept.post
        if ref.url is not None and kept.byte_size <= takes.bytes_max and is_alive(ref.url, now=self._clock.now()):
            return SourcePicture(url=ref.url)
        if post is not None:
            file = await self._posts.file_of(post.channel_id, post.message_id, position=post.position)
            if file is not None and file.byte_size <= takes.bytes_max:
                return SourcePicture(url=file.url)
        if self._links is not None:
            return SourcePicture(url=self._links.address_of(await self._fitted(kept, takes)))
        raise SourceUnavailable("the gateway takes addresses alone, and the picture has none that lives")

    async def _fitted(self, kept: _Kept, takes: Sources) -> AssetId:
        """The picture itself, or one made from it that is small enough, kept too."""
        if 0 < kept.byte_size <= takes.bytes_max:
            return kept.ref.asset_id
        picture = await self._bytes(kept, takes)
        asset = await self._media.keep(picture.data or b"")
        at = self._clock.now()
        await self._settlement.record(lambda tx: assets.insert_asset(tx, asset, at=at))
        return asset.id

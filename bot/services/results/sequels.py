"""What a result leads to: the same again, a variation, an edit, a larger one. Each is a new job of whoever presses."""

from dataclasses import dataclass

from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import AssetId, JobId
from bot.core.requests import PictureRequest, Verb
from bot.db import Database, Reader
from bot.interactions.model import Received
from bot.media.media import Media
from bot.services import store
from bot.services.handed.editing import NAMELESS, UPSCALE_PROMPT
from bot.services.pictures import Pictures
from bot.services.results.presses import Presses
from bot.services.results.reading import Result, find_result
from bot.services.sources import SourceRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The picture that a press goes on with: whose result, which one from 1, and where Discord shows it now."""

    job_id: JobId
    position: int = 1
    url: str | None = None


class Sequels:
    """Accepts what a result's buttons ask for.

    Every method returns the new job, or raises Refusal: NO_RESULT, RESULT_DELETED, PICTURE_GONE, NO_WORDS, UNDER_WAY,
    and those of `Pictures.submit`. `missing` names what the bot lacks in the channel.
    """

    def __init__(self, *, database: Database, pictures: Pictures, media: Media, presses: Presses) -> None:
        self._database = database
        self._pictures = pictures
        self._media = media
        self._presses = presses

    async def again(self, received: Received, job_id: JobId, *, missing: str) -> JobId:
        """The same request once more, its source pictures included."""
        with self._presses.once(received, ("again", job_id)):
            result, handed_in = await self._read(received, job_id)
            asked, words = _request(result)
            if asked.verb is not Verb.UPSCALE:
                _must_have_words(asked)
            for source in handed_in:
                await self._must_keep(source.asset_id)
            return await self._pictures.submit(
                received,
                asked,
                missing_permissions=missing,
                prompt=words,
                sources=handed_in,
                parent=job_id,
            )

    async def vary(self, received: Received, origin: Origin, *, missing: str) -> JobId:
        """The picture changed by its own prompt: another of its kind."""
        with self._presses.once(received, ("vary", origin.job_id, origin.position)):
            result, asset_id = await self._picture(received, origin)
            asked, words = _request(result)
            if not asked.has_words:
                raise Refusal(RefusalReason.NO_WORDS)
            _must_have_words(asked)
            request = PictureRequest(prompt=asked.prompt, verb=Verb.EDIT, sources=1, style=asked.style)
            return await self._change(received, origin, asset_id, request, missing=missing, words=words)

    async def edit(self, received: Received, origin: Origin, *, prompt: str, missing: str) -> JobId:
        """The picture changed by other words."""
        with self._presses.once(received, ("edit", origin.job_id, origin.position, prompt)):
            _, asset_id = await self._picture(received, origin)
            request = PictureRequest(prompt=prompt, verb=Verb.EDIT, sources=1)
            return await self._change(received, origin, asset_id, request, missing=missing)

    async def upscale(self, received: Received, origin: Origin, *, missing: str) -> JobId:
        """The picture enlarged: by the gateway that drew it where it can, else by one that takes any."""
        with self._presses.once(received, ("upscale", origin.job_id, origin.position)):
            result, _ = await self._read(received, origin.job_id)
            asked, words = _request(result)
            kept = [asset for asset in _at(result, origin.position) if await self._media.is_kept(asset)]
            if not kept and (result.own_work is None or origin.position != 1):
                raise Refusal(RefusalReason.PICTURE_GONE)
            has_words = bool(asked.prompt.strip())  # they are forgotten after their time
            name = asked.prompt if has_words else NAMELESS
            request = PictureRequest(
                prompt=name,
                verb=Verb.UPSCALE,
                sources=len(kept),
                parent=result.own_work,
                has_words=has_words and asked.has_words,
            )
            return await self._pictures.submit(
                received,
                request,
                missing_permissions=missing,
                prompt=(words or name).strip()[:UPSCALE_PROMPT],
                sources=[SourceRef(asset_id=asset, url=origin.url) for asset in kept],
                parent=origin.job_id,
            )

    async def _change(
        self,
        received: Received,
        origin: Origin,
        asset_id: AssetId,
        request: PictureRequest,
        *,
        missing: str,
        words: str | None = None,
    ) -> JobId:
        return await self._pictures.submit(
            received,
            request,
            missing_permissions=missing,
            prompt=words,
            sources=[SourceRef(asset_id=asset_id, url=origin.url)],
            parent=origin.job_id,
        )

    async def _picture(self, received: Received, origin: Origin) -> tuple[Result, AssetId]:
        result, _ = await self._read(received, origin.job_id)
        for asset_id in _at(result, origin.position):
            await self._must_keep(asset_id)
            return result, asset_id
        raise Refusal(RefusalReason.PICTURE_GONE)

    async def _must_keep(self, asset_id: AssetId) -> None:
        if not await self._media.is_kept(asset_id):
            raise Refusal(RefusalReason.PICTURE_GONE)

    async def _read(self, received: Received, job_id: JobId) -> tuple[Result, tuple[SourceRef, ...]]:
        def read(reader: Reader) -> tuple[Result, tuple[SourceRef, ...]]:
            result = find_result(reader, job_id, guild_id=received.guild_id, member_id=received.member_id)
            return result, store.sources_of(reader, job_id)

        return await self._database.read(read)


def _at(result: Result, position: int) -> tuple[AssetId, ...]:
    """The picture at the position, or nothing where there is none any more."""
    return result.pictures[position - 1 : position]


def _request(result: Result) -> tuple[PictureRequest, str | None]:
    """What was asked for, and the words the gateway read where they were more (a style). Raises Refusal."""
    asked, payload = result.asked, result.payload
    if asked is None or payload is None:
        raise Refusal(RefusalReason.NO_RESULT)
    read = payload.order.prompt
    is_plain = asked.style is None and read == asked.prompt.strip()
    return asked, None if is_plain else read


def _must_have_words(asked: PictureRequest) -> None:
    """Words are forgotten after their time; nothing can be drawn from none. Raises Refusal."""
    if not asked.prompt.strip():
        raise Refusal(RefusalReason.NO_RESULT)

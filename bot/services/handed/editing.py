"""The use cases behind `/edit`, `/upscale` and the menus of messages: pictures come in, then a job is asked for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from bot.core.clock import Millis
from bot.core.errors import DatabaseUnavailable, Refusal, RefusalReason
from bot.core.ids import GuildId, JobId, MemberId, MessageId
from bot.core.requests import PictureRequest, Verb
from bot.db import Database, Reader
from bot.interactions.model import Received
from bot.services.choosing import Choosing
from bot.services.handed import store as handed
from bot.services.handed.bringing import Bringing, BroughtIn, FromResult, Given, Handed
from bot.services.pictures import Pictures
from bot.services.results.presses import Presses
from bot.services.results.reading import payload_of

# As many of a member's latest pictures are offered, and looked through for what is typed.
RECENT = 100
# Gateways that enlarge need no words; a long prompt must not be the reason to refuse.
UPSCALE_PROMPT = 2_000
# What stands on the result of an enlarged picture that has no name.
NAMELESS = "An enlarged picture"
_PICTURE_ID = re.compile(r"([a-z2-7]{24}):([1-9][0-9]?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """One of a member's pictures: of which job, which one from 1, and its prompt."""

    job_id: JobId
    position: int
    prompt: str
    created_at: Millis

    @property
    def id(self) -> str:
        """What an option carries."""
        return f"{self.job_id}:{self.position}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfMessage:
    """A picture of a message, which one from 1; `shown` None where nobody knows what the message shows there."""

    message_id: MessageId
    position: int
    shown: Handed | None


class Editing:
    """Accepts edits and enlargements.

    Each returns the new job or raises Refusal: BAD_SOURCE, NO_RESULT, RESULT_DELETED, PICTURE_GONE, UNDER_WAY, BUSY,
    and those of `Pictures.submit`. `missing` names what the bot lacks in the channel.
    """

    def __init__(
        self, *, database: Database, choosing: Choosing, pictures: Pictures, bringing: Bringing, presses: Presses
    ) -> None:
        self._database = database
        self._choosing = choosing
        self._pictures = pictures
        self._bringing = bringing
        self._presses = presses

    async def edit(self, received: Received, request: PictureRequest, given: Sequence[Given], *, missing: str) -> JobId:
        """The pictures changed as the request says; its verb and count of sources are set here."""
        request = replace(request, verb=Verb.EDIT, sources=len(given))
        self._refuse_early(request, missing)
        with self._presses.once(received, ("edit", *map(_key, given), request.prompt)):
            brought = await self._bringing.bring(received, tuple(given))
            return await self._submit(received, request, brought, missing=missing)

    async def upscale(
        self, received: Received, request: PictureRequest, given: Sequence[Handed | str], *, missing: str
    ) -> JobId:
        """One picture enlarged: an uploaded one, or one of an earlier result by its id (`Recent.id`)."""
        return await self._upscale(received, request, _only(given), missing=missing)

    async def edit_message(self, received: Received, request: PictureRequest, one: OfMessage, *, missing: str) -> JobId:
        """A picture of a message changed; that of the result it shows, where it is one of ours."""
        given = await self._of_message(one)
        return await self.edit(received, request, (given,), missing=missing)

    async def upscale_message(self, received: Received, one: OfMessage, *, missing: str) -> JobId:
        """A picture of a message enlarged."""
        given = await self._of_message(one)
        return await self._upscale(received, PictureRequest(prompt=""), given, missing=missing)

    async def _upscale(self, received: Received, request: PictureRequest, given: Given, *, missing: str) -> JobId:
        """By the gateway that drew it where it can, else by one that takes any."""
        request = replace(request, verb=Verb.UPSCALE, sources=1)
        if isinstance(given, Handed):
            request = replace(request, prompt=given.name or NAMELESS, has_words=False)
            self._refuse_early(request, missing)
        with self._presses.once(received, ("upscale", _key(given), request.factor)):
            (brought,) = await self._bringing.bring(received, (given,))
            if brought.asked is not None:
                request = replace(request, prompt=brought.asked.prompt, has_words=brought.asked.has_words)
            request = replace(request, parent=brought.own_work, sources=0 if brought.source is None else 1)
            words = request.prompt.strip()[:UPSCALE_PROMPT]
            return await self._submit(received, request, (brought,), missing=missing, prompt=words)

    async def _of_message(self, one: OfMessage) -> Given:
        """Raises Refusal BAD_SOURCE, BUSY."""
        try:
            job_id = await self._database.read(lambda reader: handed.job_of_post(reader, one.message_id))
        except DatabaseUnavailable:
            raise Refusal(RefusalReason.BUSY) from None
        if job_id is not None:
            return FromResult(job_id=job_id, position=one.position, shown=one.shown)
        if one.shown is None:
            raise Refusal(RefusalReason.BAD_SOURCE, {"trouble": "no_picture"})
        return one.shown

    async def recent(self, typed: str, *, guild_id: GuildId, member_id: MemberId) -> tuple[Recent, ...]:
        """The member's latest pictures whose prompt holds what is typed, the newest first."""
        wanted = typed.strip().casefold()

        def look(reader: Reader) -> tuple[Recent, ...]:
            rows = handed.recent(reader, guild_id=guild_id, member_id=member_id, limit=RECENT)
            found = []
            for job, place, _ in rows:
                payload = payload_of(job)
                if payload is not None and wanted in payload.order.prompt.casefold():
                    found.append(
                        Recent(
                            job_id=job.id,
                            position=place + 1,
                            prompt=(payload.asked or payload.order).prompt,
                            created_at=job.created_at,
                        )
                    )
            return tuple(found)

        return await self._database.read(look)

    def _refuse_early(self, request: PictureRequest, missing: str) -> None:
        """What is refused whatever the picture is needs no download."""
        if missing:
            raise Refusal(RefusalReason.CANNOT_POST, {"missing": missing})
        self._choosing.first(request)

    async def _submit(
        self,
        received: Received,
        request: PictureRequest,
        brought: Sequence[BroughtIn],
        *,
        missing: str,
        prompt: str | None = None,
    ) -> JobId:
        parents = [one.result.job.id for one in brought if one.result is not None]
        return await self._pictures.submit(
            received,
            request,
            missing_permissions=missing,
            prompt=prompt,
            sources=[one.source for one in brought if one.source is not None],
            parent=parents[0] if parents else None,
        )


def _key(given: Given) -> tuple[str, int]:
    """What is the same for the same picture; a signature in an address is not."""
    if isinstance(given, Handed):
        return urlsplit(given.url).path, 1
    return given.job_id, given.position


def _only(given: Sequence[Handed | str]) -> Given:
    """The one picture that is meant. Raises Refusal BAD_SOURCE."""
    if len(given) != 1:
        raise Refusal(RefusalReason.BAD_SOURCE, {"trouble": "both" if given else "none"})
    (one,) = given
    if isinstance(one, Handed):
        return one
    found = _PICTURE_ID.fullmatch(one.strip())
    if found is None:
        raise Refusal(RefusalReason.BAD_SOURCE, {"trouble": "unknown"})
    return FromResult(job_id=JobId(found[1]), position=int(found[2]))

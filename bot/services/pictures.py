"""The use case behind `/imagine`, `/edit` and `/upscale`: a request for pictures becomes a job."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import GuildId, JobId
from bot.core.requests import PictureRequest
from bot.interactions.model import Received
from bot.providers.catalogue import worst_case
from bot.providers.registry import Registry
from bot.services.admission import Admission
from bot.services.choosing import Choosing
from bot.services.handed.loading import Loading
from bot.services.leave.model import Leave
from bot.services.newwork import NewWork
from bot.services.payload import KINDS, VERSION, Payload, UnreadablePayload, decode_payload, encode_payload
from bot.services.sources import SourceRef
from bot.services.styles.desk import Styles


class Pictures:
    """Accepts requests for pictures, whatever the verb.

    `loading` knows which sources can be given as addresses, `styles` what the name of a style stands for.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        choosing: Choosing,
        admission: Admission,
        loading: Loading | None = None,
        styles: Styles | None = None,
    ) -> None:
        self._registry = registry
        self._choosing = choosing
        self._admission = admission
        self._loading = loading
        self._styles = styles

    async def submit(
        self,
        received: Received,
        request: PictureRequest,
        *,
        missing_permissions: str = "",
        prompt: str | None = None,
        sources: Sequence[SourceRef] = (),
        parent: JobId | None = None,
    ) -> JobId:
        """Accepts the request and returns its job, or raises Refusal; a refusal holds and spends nothing.

        `missing_permissions` names what the bot lacks in the channel: no picture is bought that cannot be posted.
        `prompt` is what the gateway reads where that is more than the member's own words; left out, the request's style
        says it, as it is now. `sources` are kept pictures, as many as the request says. `parent` is the job whose
        result this goes on with.
        """
        if missing_permissions:
            raise Refusal(RefusalReason.CANNOT_POST, {"missing": missing_permissions})
        kept = tuple(sources)
        if request.style is not None and prompt is None and self._styles is not None and request.prompt.strip():
            name, prompt = await self._styles.dress(
                request.style, request.prompt, guild_id=received.guild_id, member_id=received.member_id
            )
            request = replace(request, style=name)
        work = await self._work(received.guild_id, request, prompt=prompt, sources=kept, parent=parent)
        return await self._admission.admit(received, work)

    async def renew(self, leave: Leave) -> NewWork:
        """The work of a request that had to wait, as it is chosen and priced today. Raises Refusal."""
        try:
            payload = decode_payload(leave.request, version=VERSION, provider=leave.provider, model=leave.model)
        except UnreadablePayload:
            raise Refusal(RefusalReason.NO_RESULT) from None
        if payload.asked is None:
            raise Refusal(RefusalReason.NO_RESULT)
        prompt, parent = payload.order.prompt, leave.parent_id
        return await self._work(leave.guild_id, payload.asked, prompt=prompt, sources=leave.sources, parent=parent)

    async def _work(
        self,
        guild_id: GuildId,
        request: PictureRequest,
        *,
        prompt: str | None,
        sources: tuple[SourceRef, ...],
        parent: JobId | None,
    ) -> NewWork:
        """The request settled on a gateway and priced. Raises Refusal."""
        if sources and self._loading is not None:
            has_addresses = await self._loading.have_addresses(guild_id, sources)
            request = replace(request, has_addresses=has_addresses)
        offer, order = self._choosing.first(request, prompt=prompt)
        payload = encode_payload(Payload(order=order, asked=request))
        return NewWork(
            kind=KINDS[request.verb],
            provider=offer.provider,
            model=offer.model,
            payload=payload,
            payload_version=VERSION,
            amount=worst_case(offer, order),
            pictures=order.count,
            price_version=self._registry.catalogue_version,
            parent=parent,
            sources=sources,
            resolution=order.resolution,
            words=request.prompt,
            request=payload,
        )

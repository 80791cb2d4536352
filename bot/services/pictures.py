"""The use case behind `/imagine`, `/edit` and `/upscale`: a request for pictures becomes a job."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import JobId
from bot.core.requests import PictureRequest
from bot.db import Transaction
from bot.interactions.model import Received
from bot.providers.catalogue import worst_case
from bot.providers.registry import Registry
from bot.services import store
from bot.services.admission import Admission, NewWork
from bot.services.choosing import Choosing
from bot.services.handed.loading import Loading
from bot.services.payload import KINDS, VERSION, Payload, encode_payload
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
        if kept and self._loading is not None:
            has_addresses = await self._loading.have_addresses(received.guild_id, kept)
            request = replace(request, has_addresses=has_addresses)
        if request.style is not None and prompt is None and self._styles is not None and request.prompt.strip():
            name, prompt = await self._styles.dress(
                request.style, request.prompt, guild_id=received.guild_id, member_id=received.member_id
            )
            request = replace(request, style=name)
        offer, order = self._choosing.first(request, prompt=prompt)

        def also(tx: Transaction, job_id: JobId) -> None:
            for position, source in enumerate(kept):
                store.add_source(tx, job_id=job_id, position=position, source=source)

        return await self._admission.admit(
            received,
            NewWork(
                kind=KINDS[request.verb],
                provider=offer.provider,
                model=offer.model,
                payload=encode_payload(Payload(order=order, asked=request)),
                payload_version=VERSION,
                amount=worst_case(offer, order),
                pictures=order.count,
                price_version=self._registry.catalogue_version,
                parent=parent,
                also=also if kept else None,
                resolution=order.resolution,
            ),
        )

"""A finished result as every button finds it: by its job id, in the server where it was made."""

from dataclasses import dataclass

from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import AssetId, GuildId, JobId, MemberId
from bot.core.requests import Parent, PictureRequest, ProviderName, Verb
from bot.db import Reader
from bot.jobs import store as jobs
from bot.jobs.model import Job, State
from bot.services import store
from bot.services.deliveries import DeliveryRow, Route
from bot.services.payload import KINDS, Drawn, Payload, UnreadablePayload, decode_drawn, decode_payload, encode_drawn
from bot.services.results import store as results

_PICTURE_KINDS = frozenset(KINDS.values())
_NOTHING = encode_drawn(Drawn(pictures=(), cost=None, served_model=None))
_SHOWN = frozenset({State.DONE, State.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A job that brought pictures, and where they were posted. `payload` None: a version wrote it that is not known.

    `pictures` are empty once they are cleaned up.
    """

    job: Job
    payload: Payload | None
    pictures: tuple[AssetId, ...]
    delivery: DeliveryRow

    @property
    def asked(self) -> PictureRequest | None:
        """What the member asked for; where the row is from before that was kept, what the order says of it."""
        if self.payload is None or self.payload.asked is not None:
            return None if self.payload is None else self.payload.asked
        order = self.payload.order
        return PictureRequest(
            prompt=order.prompt,
            model=f"{order.provider}/{order.model}",
            aspect_ratio=order.aspect_ratio,
            count=order.count,
            resolution=order.resolution,
            format=order.format,
            verb=order.verb,
            sources=order.source_count,
            factor=order.factor,
        )

    @property
    def drawn(self) -> Drawn:
        """The gateway's answer as it was stored."""
        return decode_drawn(self.job.result or _NOTHING)

    @property
    def own_work(self) -> Parent | None:
        """What the gateway itself can go on with: a single picture that it drew and gave an id."""
        if self.payload is None or self.job.external_id is None:
            return None
        is_one = self.payload.order.verb is Verb.GENERATE and len(self.drawn.pictures) == 1
        return Parent(provider=ProviderName(self.job.provider), external_id=self.job.external_id) if is_one else None


def find_result(reader: Reader, job_id: JobId, *, guild_id: GuildId, member_id: MemberId) -> Result:
    """The result that a button belongs to. Raises Refusal: NO_RESULT, RESULT_DELETED.

    One that was shown to its member alone is known to nobody else.
    """
    job = jobs.get(reader, job_id)
    delivery = store.delivery_of(reader, job_id)
    if job is None or delivery is None or job.guild_id != guild_id:
        raise Refusal(RefusalReason.NO_RESULT)
    if job.kind not in _PICTURE_KINDS or job.state not in _SHOWN:
        raise Refusal(RefusalReason.NO_RESULT)
    if delivery.route is not Route.CHANNEL and job.member_id != member_id:
        raise Refusal(RefusalReason.NO_RESULT)
    removal = results.removal_of(reader, job_id)
    if removal is not None and removal.removed_at is not None:
        raise Refusal(RefusalReason.RESULT_DELETED)
    return Result(job=job, payload=payload_of(job), pictures=store.pictures_of(reader, job_id), delivery=delivery)


def payload_of(job: Job) -> Payload | None:
    """The job's payload, or None where this program cannot read it."""
    try:
        return decode_payload(job.payload, version=job.payload_version, provider=job.provider, model=job.model)
    except UnreadablePayload:
        return None

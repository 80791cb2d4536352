"""Where a result goes: the values of its delivery."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.clock import Millis
from bot.core.ids import ChannelId, JobId, MessageId


class Route(StrEnum):
    """How a result reaches people: a public post, privately to its member, or not at all (kept on disk)."""

    CHANNEL = "channel"
    PRIVATE = "private"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """Where a result went or is going."""

    job_id: JobId
    route: Route
    channel_id: ChannelId
    started_at: Millis
    tries: int
    message_id: MessageId | None
    reason: str | None

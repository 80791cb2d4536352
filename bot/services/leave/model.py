"""A request that waits for leave."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.clock import DAY_MS, Millis
from bot.core.errors import Refusal
from bot.core.ids import ChannelId, GuildId, InteractionId, JobId, MemberId
from bot.core.money import Ticks
from bot.services.newwork import Asker
from bot.services.sources import SourceRef

# A moderator who has not looked for a day will not: whoever asked is told, and may ask anew.
LIVES_MS = DAY_MS
# One member cannot flood the staff channel, nor all of a guild the moderators.
MAX_OF_MEMBER = 3
MAX_OF_GUILD = 50
# A line on a card.
REASON_LENGTH = 200


class LeaveState(StrEnum):
    """It waits, then one of the others for ever. UNHEARD: the staff channel is gone or closed to the bot."""

    WAITING = "waiting"
    ALLOWED = "allowed"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """The request as stored; once allowed it is the job `job_id`.

    `request` and `words` as in `NewWork`, empty once it has ended, as are `sources`. `refusal` says which limit stands
    in the way, `blocked` what stood in the way of the last "allow once". `shown` is the revision on the staff's card.
    """

    job_id: JobId
    interaction_id: InteractionId
    asker: Asker
    kind: str
    provider: str
    model: str
    request: str
    words: str
    amount: Ticks
    pictures: int
    parent_id: JobId | None
    purpose: str | None
    sources: tuple[SourceRef, ...]
    refusal: Refusal
    staff_channel_id: ChannelId
    asked_at: Millis
    expires_at: Millis
    state: LeaveState = LeaveState.WAITING
    decided_at: Millis | None = None
    decided_by: MemberId | None = None
    reason: str | None = None
    blocked: Refusal | None = None
    revision: int = 1
    shown: int = 0

    @property
    def is_over(self) -> bool:
        """True once it was decided in some way."""
        return self.state is not LeaveState.WAITING

    @property
    def guild_id(self) -> GuildId:
        """Where it was asked."""
        return self.asker.guild_id

"""An interaction that may cost money, and the limits of its life."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.clock import MINUTE_MS, SECOND_MS, Millis
from bot.core.ids import ChannelId, GuildId, InteractionId, JobId, MemberId, snowflake_time

# Discord's token dies after 15 minutes (Discord API reference, "Interactions"); edits stop a little earlier, so that
# the last word never races the end.
TOKEN_LIFE_MS = 15 * MINUTE_MS
TOKEN_SAFE_MS = 14 * MINUTE_MS
# At the start an unanswered interaction is still answered up to this age.
ANSWERABLE_MS = TOKEN_LIFE_MS - 30 * SECOND_MS
# Older ones are replays (a resumed gateway session): Discord takes no answer after 3 s, and nobody waits for them.
STALE_MS = 15 * SECOND_MS


# What is stored as the command of a message that asks something.
REPLY = "reply"


class InteractionState(StrEnum):
    """`received → accepted → answered`, or `answered` with a refusal, or `void` when nobody saw an acknowledgement."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    ANSWERED = "answered"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An interaction as it came. `token` edits its answer for 15 minutes and never reaches a log.

    `roles` are the member's, by id, `parent_channel_id` is the channel of a thread: rules look at both, nothing stores
    them here. A message that asks something is
    stored alike, under its own id; it has no token, and so no card to be edited.
    """

    id: InteractionId
    command: str
    guild_id: GuildId
    channel_id: ChannelId
    member_id: MemberId
    token: str | None
    received_at: Millis
    roles: frozenset[int] = frozenset()
    parent_channel_id: ChannelId | None = None

    @property
    def created_at(self) -> Millis:
        """When Discord made it: the moment that budgets and deadlines count from."""
        return snowflake_time(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInteraction:
    """An interaction whose member still waits for a last word. `token` is None once it is over.

    `received_at` is by the host's own clock, which may differ from Discord's, whose time the id carries. `message_in`
    is the channel of a message that asked, None for an interaction.
    """

    id: InteractionId
    state: InteractionState
    token: str | None
    job_id: JobId | None
    guild_id: GuildId
    member_id: MemberId
    received_at: Millis
    message_in: ChannelId | None = None

    @property
    def is_open(self) -> bool:
        """True until the last word."""
        return self.state in (InteractionState.RECEIVED, InteractionState.ACCEPTED)

    def can_edit(self, now: int) -> bool:
        """True while the original response can still be edited for certain."""
        return self.token is not None and is_token_safe(self.id, now)


def is_token_safe(interaction_id: InteractionId, now: int) -> bool:
    """True while a token of this interaction surely still edits its answer."""
    return now - snowflake_time(interaction_id) < TOKEN_SAFE_MS

"""The values of wishes and of what a member is told."""

import json
from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.ids import ChannelId, GuildId, JobId, MemberId, MessageId
from bot.services.payload import KINDS, without_words
from bot.services.retention.sweeping import Periods

_PICTURE_KINDS = frozenset(KINDS.values())
# What the books and their reports read of a gateway's answer; the rest of it are addresses of pictures.
_STAYS = ("cost", "served_model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """A member in one guild; what they keep and want there."""

    guild_id: GuildId
    member_id: MemberId


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A member wants what was asked for until `asked_at` deleted, `with_posts` also what was posted of it.

    `jobs` were emptied so far, `posts_left` messages could not be reached; `finished_at` None while it is open.
    """

    id: int
    whose: Whose
    asked_at: Millis
    with_posts: bool
    jobs: int
    posts_left: int
    finished_at: Millis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a walk over a member's jobs stands: behind this one."""

    created_at: Millis
    job_id: JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasable:
    """A job that has ended and still holds its member's words or pictures."""

    spot: Spot
    kind: str
    payload: str
    result: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPost:
    """A public message that goes with a wish."""

    message_id: MessageId
    job_id: JobId
    channel_id: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How much is kept about a member in a guild, for how long, and what became of their last wish.

    `running` requests have not ended.
    """

    periods: Periods
    conversation_days: int
    requests: int
    running: int
    pictures: int
    styles: int
    reports: int
    wish: Wish | None


def emptied_payload(kind: str, payload: str) -> str:
    """The payload without what the member wrote, the name of a style included. Other kinds keep no words there."""
    if kind not in _PICTURE_KINDS:
        return payload
    fields = json.loads(without_words(payload))
    if isinstance(fields.get("asked"), dict):
        fields["asked"].pop("style", None)
    return json.dumps(fields, ensure_ascii=False)


def emptied_result(result: str | None) -> str | None:
    """A gateway's stored answer without the pictures' addresses; None where it cannot be read."""
    try:
        fields = json.loads(result or "")
        stays = {name: fields.get(name) for name in _STAYS}
    except (ValueError, AttributeError):
        return None
    return json.dumps({"pictures": [], **stays})

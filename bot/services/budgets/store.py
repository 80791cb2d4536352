"""The SQL of the replay: days of holds beside their jobs."""

from typing import NamedTuple

from bot.core.clock import Millis
from bot.core.ids import GuildId, HoldId
from bot.db import Reader

# In the order of `Past`. One lower bound alone, so that the index is entered behind the place.
_DAYS = """
SELECT page.hold_id, page.opened_at, page.member_id, page.roles, page.channel_id, page.parent_channel_id, page.kind,
    page.provider, page.model, page.purpose, page.amount, page.pictures,
    CASE page.state WHEN 'open' THEN page.amount ELSE COALESCE(SUM(entry.amount), 0) END,
    CASE page.state WHEN 'open' THEN page.pictures ELSE COALESCE(SUM(entry.pictures), 0) END,
    CASE page.state WHEN 'voided' THEN 0 ELSE 1 END
FROM (
    SELECT hold.hold_id, hold.opened_at, hold.member_id, hold.roles, job.channel_id, hold.parent_channel_id, job.kind,
        job.provider, job.model, hold.purpose, hold.amount, hold.pictures, hold.state
    FROM hold LEFT JOIN job ON job.id = hold.job_id
    WHERE hold.guild_id = :guild_id AND hold.opened_at >= :after_at
        AND (hold.opened_at > :after_at OR hold.hold_id > :after_id)
    ORDER BY hold.opened_at, hold.hold_id LIMIT :limit
) AS page
LEFT JOIN entry ON entry.hold_id = page.hold_id AND entry.kind IN ('post', 'presume', 'adjust')
GROUP BY page.opened_at, page.hold_id
ORDER BY page.opened_at, page.hold_id
"""


class Past(NamedTuple):
    """A request that was accepted: what it asked, when, the worst case, and what it came to.

    Open ones come to their worst case, voided ones to nothing at all. `roles` are ids with spaces: those of the member
    that rules named then. A tuple, since there are hundreds of thousands of them.
    """

    hold_id: HoldId
    at: Millis
    member_id: int
    roles: str
    channel_id: int | None
    parent_channel_id: int | None
    command: str | None
    provider: str | None
    model: str | None
    purpose: str | None
    amount: int
    pictures: int
    booked: int
    booked_pictures: int
    booked_requests: int


def past(reader: Reader, guild_id: GuildId, *, after: tuple[Millis, HoldId], limit: int) -> tuple[Past, ...]:
    """A page of the guild's requests, the oldest first, behind the moment and the hold named by `after`."""
    facts = {"guild_id": guild_id, "after_at": after[0], "after_id": after[1], "limit": limit}
    return tuple(Past(*row) for row in reader.all(_DAYS, facts))

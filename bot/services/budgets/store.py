"""The SQL of the replay: days of holds beside their jobs."""

from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.ids import ChannelId, GuildId, HoldId, MemberId
from bot.core.money import Ticks
from bot.db import Reader
from bot.ledger.rules.model import Asked

_DAYS = """
SELECT hold.hold_id, hold.guild_id, hold.member_id, hold.amount, hold.pictures, hold.opened_at, hold.purpose,
    hold.roles, hold.parent_channel_id, job.channel_id, job.kind, job.provider, job.model,
    CASE hold.state WHEN 'open' THEN hold.amount ELSE (
        SELECT COALESCE(SUM(entry.amount), 0) FROM entry
        WHERE entry.hold_id = hold.hold_id AND entry.kind IN ('post', 'presume', 'adjust')
    ) END AS booked
FROM hold LEFT JOIN job ON job.id = hold.job_id
WHERE hold.guild_id = :guild_id AND hold.opened_at >= :since
    AND (hold.opened_at, hold.hold_id) > (:after_at, :after_id)
ORDER BY hold.opened_at, hold.hold_id LIMIT :limit
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A request that was accepted: what it asked, when, the worst case, and what it came to (open: the worst case).

    Of the member's roles those are known that rules named then.
    """

    hold_id: HoldId
    asked: Asked
    at: Millis
    amount: Ticks
    booked: Ticks


def past(
    reader: Reader, guild_id: GuildId, *, since: Millis, after: tuple[Millis, HoldId], limit: int
) -> tuple[Past, ...]:
    """A page of the guild's requests from the moment on, the oldest first, behind the one named by `after`."""
    params = {"guild_id": guild_id, "since": since, "after_at": after[0], "after_id": after[1], "limit": limit}
    return tuple(
        Past(
            hold_id=HoldId(row["hold_id"]),
            asked=Asked(
                guild_id=GuildId(row["guild_id"]),
                member_id=MemberId(row["member_id"]),
                roles=frozenset(int(role) for role in row["roles"].split()),
                channel_id=_channel(row["channel_id"]),
                parent_channel_id=_channel(row["parent_channel_id"]),
                command=row["kind"],
                provider=row["provider"],
                model=row["model"],
                purpose=row["purpose"],
                pictures=row["pictures"],
            ),
            at=Millis(row["opened_at"]),
            amount=Ticks(row["amount"]),
            booked=Ticks(row["booked"]),
        )
        for row in reader.all(_DAYS, params)
    )


def _channel(value: int | None) -> ChannelId | None:
    return None if value is None else ChannelId(value)

"""The SQL of budgets that needs holds beside their jobs: earlier holds that a counter takes in, and days to replay."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.ids import ChannelId, GuildId, HoldId, MemberId
from bot.core.money import Ticks
from bot.db import Reader, Transaction
from bot.ledger.rules.model import MAX_RESERVES, Asked
from bot.services.budgets.counting import Count

# The holds that a counter must count and has no leg of, and what each weighs and has booked in its unit.
_MISSING = """
WITH wanted AS (
    SELECT hold.hold_id, hold.state,
        COALESCE(:scope, 'member:' || hold.guild_id || ':' || hold.member_id) AS scope,
        CASE :unit WHEN 'money' THEN hold.amount WHEN 'pictures' THEN hold.pictures ELSE 1 END AS weight
    FROM hold LEFT JOIN job ON job.id = hold.job_id
    WHERE hold.guild_id = :guild_id AND hold.opened_at >= :starts_at AND hold.opened_at < :ends_at
        AND hold.state <> 'voided'
        AND (:channel_id IS NULL OR job.channel_id = :channel_id OR hold.parent_channel_id = :channel_id)
        AND (:command IS NULL OR job.kind = :command)
        AND (:model IS NULL OR job.provider || '/' || job.model = :model)
        AND (:member_id IS NULL OR hold.member_id = :member_id)
        AND (hold.purpose IS NULL OR hold.purpose NOT IN (:purpose_1, :purpose_2, :purpose_3))
), missing AS (
    SELECT wanted.*, counter.id AS counter_id FROM wanted JOIN counter
        ON counter.scope = wanted.scope AND counter.unit = :unit AND counter.window_kind = :kind
        AND counter.starts_at = :starts_at
    WHERE NOT EXISTS (
        SELECT 1 FROM hold_leg AS leg WHERE leg.hold_id = wanted.hold_id AND leg.counter_id = counter.id
    )
)
"""

_ADD_COUNTERS = f"""{_MISSING}
INSERT INTO counter (scope, unit, window_kind, starts_at, ends_at, limit_amount)
SELECT DISTINCT scope, :unit, :kind, :starts_at, :ends_at, 0 FROM wanted WHERE true
ON CONFLICT (scope, unit, window_kind, starts_at) DO NOTHING
"""  # noqa: S608 - joined from constants

# Where more is taken already than the rule allows, the limit "as of the last hold" is what is taken: that was accepted.
_TAKE_IN = f"""{_MISSING}, booked AS (
    SELECT missing.counter_id,
        SUM(CASE missing.state WHEN 'open' THEN missing.weight ELSE 0 END) AS held,
        SUM(CASE WHEN missing.state = 'open' THEN 0 WHEN :unit = 'requests' THEN 1 ELSE (
            SELECT COALESCE(SUM(CASE :unit WHEN 'money' THEN entry.amount ELSE entry.pictures END), 0) FROM entry
            WHERE entry.hold_id = missing.hold_id AND entry.kind IN ('post', 'presume', 'adjust')
        ) END) AS spent,
        SUM(CASE WHEN :unit = 'requests' THEN 0 ELSE (
            SELECT COALESCE(SUM(CASE :unit WHEN 'money' THEN entry.amount ELSE entry.pictures END), 0) FROM entry
            WHERE entry.hold_id = missing.hold_id
                AND (entry.kind = 'overrun' OR (entry.kind = 'adjust' AND entry.amount > 0))
        ) END) AS overrun
    FROM missing GROUP BY missing.counter_id
)
UPDATE counter
SET held = counter.held + booked.held,
    spent = counter.spent + booked.spent,
    overrun = counter.overrun + booked.overrun,
    limit_amount = CASE
        WHEN counter.held + booked.held + counter.spent + booked.spent - counter.overrun - booked.overrun
            > counter.limit_amount
        THEN counter.held + booked.held + counter.spent + booked.spent - counter.overrun - booked.overrun
        ELSE counter.limit_amount END
FROM booked WHERE booked.counter_id = counter.id
"""  # noqa: S608 - joined from constants

_ADD_LEGS = f"""{_MISSING}
INSERT INTO hold_leg (hold_id, counter_id, amount) SELECT hold_id, counter_id, weight FROM missing
"""  # noqa: S608 - joined from constants

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


def take_in(tx: Transaction, guild_id: GuildId, counts: Iterable[Count]) -> None:
    """Makes each counter complete: the holds of its window that it does not count yet are added, each with a leg."""
    for count in counts:
        params: dict[str, object] = {
            "guild_id": guild_id,
            "scope": count.scope,
            "unit": count.unit.value,
            "kind": count.window.kind.value,
            "starts_at": count.window.starts_at,
            "ends_at": count.window.ends_at,
            "channel_id": count.channel_id,
            "command": count.command,
            "model": count.model,
            "member_id": count.member_id,
        }
        # As many as there can be reserves of a window; no purpose has an empty name.
        names = [*sorted(count.purposes), *[""] * MAX_RESERVES][:MAX_RESERVES]
        params |= {f"purpose_{number}": name for number, name in enumerate(names, start=1)}
        for statement in (_ADD_COUNTERS, _TAKE_IN, _ADD_LEGS):
            tx.execute(statement, params)


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

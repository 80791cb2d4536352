"""The SQL of complete counters: earlier holds that a counter takes in, each with a leg."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.core.clock import Millis
from bot.core.ids import GuildId, HoldId
from bot.db import Reader, Transaction
from bot.ledger.rules.model import MAX_RESERVES
from bot.services.budgets.counting import Count

# A page of holds that are closed: nothing but a correction, which follows its legs, happens to them any more. One lower
# bound alone, so that the index is entered behind the place.
_PAGE = """
    hold.guild_id = :guild_id AND hold.opened_at >= :after_at AND hold.opened_at <= :until_at
    AND (hold.opened_at > :after_at OR hold.hold_id > :after_id)
    AND (hold.opened_at < :until_at OR hold.hold_id <= :until_id)
    AND hold.state <> 'open'
"""

# What is open now, or had an entry since: opened, moved to another gateway or closed. The sign keeps the index of the
# guild's whole month out of it.
_SINCE = """
    hold.hold_id IN (
        SELECT hold_id FROM entry WHERE entry.id > :since UNION SELECT hold_id FROM hold AS living WHERE state = 'open'
    ) AND +hold.guild_id = :guild_id
"""


def _missing(which: str) -> str:
    """Of those holds the ones that a counter must count and has no leg of, what each weighs and what it has booked."""
    return f"""
WITH wanted AS (
    SELECT hold.hold_id, hold.state,
        COALESCE(:scope, 'member:' || hold.guild_id || ':' || hold.member_id) AS scope,
        CASE :unit WHEN 'money' THEN hold.amount WHEN 'pictures' THEN hold.pictures ELSE 1 END AS weight
    FROM hold LEFT JOIN job ON job.id = hold.job_id
    WHERE {which}
        AND hold.opened_at >= :starts_at AND hold.opened_at < :ends_at
        AND hold.state <> 'voided'
        AND (:channel_id IS NULL OR job.channel_id = :channel_id OR hold.parent_channel_id = :channel_id)
        AND (:command_1 IS NULL OR job.kind IN (:command_1, :command_2))
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
"""  # noqa: S608 - joined from constants


def _statements(which: str) -> tuple[str, ...]:
    """Makes the counters that are not there, adds what is missing, and then the legs of it.

    Where more is taken already than the rule allows, the limit "as of the last hold" is what is taken: that was
    accepted.
    """
    missing = _missing(which)
    return (
        f"""{missing}
INSERT INTO counter (scope, unit, window_kind, starts_at, ends_at, limit_amount)
SELECT DISTINCT scope, :unit, :kind, :starts_at, :ends_at, 0 FROM wanted WHERE true
ON CONFLICT (scope, unit, window_kind, starts_at) DO NOTHING
""",  # noqa: S608 - joined from constants
        f"""{missing}, booked AS (
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
""",  # noqa: S608 - joined from constants
        f"""{missing}
INSERT INTO hold_leg (hold_id, counter_id, amount) SELECT hold_id, counter_id, weight FROM missing
""",  # noqa: S608 - joined from constants
    )


_OF_PAGE, _OF_THE_LAST = _statements(_PAGE), _statements(_SINCE)

_END_OF_PAGE = """
SELECT opened_at, hold_id FROM hold
WHERE guild_id = :guild_id AND opened_at >= :after_at AND (opened_at > :after_at OR hold_id > :after_id)
ORDER BY opened_at, hold_id LIMIT 1 OFFSET :length
"""

_LAST_ENTRY = "SELECT COALESCE(MAX(id), 0) AS id FROM entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far the pages have come: the last hold that was looked at."""

    opened_at: Millis
    hold_id: HoldId


# Behind every hold there is or can be.
_NO_END = {"until_at": 2**63 - 1, "until_id": ""}


def last_entry(reader: Reader) -> int:
    """The id of the newest entry: whatever happens to a hold later has a higher one."""
    row = reader.one(_LAST_ENTRY)
    return 0 if row is None else row["id"]


def take_in_page(
    tx: Transaction, guild_id: GuildId, counts: Iterable[Count], *, after: Place, length: int
) -> Place | None:
    """Adds those of the next holds that are closed to each counter that must count them; None behind the last hold."""
    place = {"guild_id": guild_id, "after_at": after.opened_at, "after_id": after.hold_id}
    end = tx.one(_END_OF_PAGE, place | {"length": length - 1})
    until = _NO_END if end is None else {"until_at": end["opened_at"], "until_id": end["hold_id"]}
    _take_in(tx, counts, _OF_PAGE, place | until)
    return None if end is None else Place(opened_at=Millis(end["opened_at"]), hold_id=HoldId(end["hold_id"]))


def take_in(tx: Transaction, guild_id: GuildId, counts: Iterable[Count], *, since: int) -> None:
    """Makes each counter complete that counted all holds which were closed when entry `since` was the last one."""
    _take_in(tx, counts, _OF_THE_LAST, {"guild_id": guild_id, "since": since})


def _take_in(tx: Transaction, counts: Iterable[Count], statements: Iterable[str], which: Mapping[str, object]) -> None:
    for count in counts:
        params: dict[str, object] = {
            "scope": count.scope,
            "unit": count.unit.value,
            "kind": count.window.kind.value,
            "starts_at": count.window.starts_at,
            "ends_at": count.window.ends_at,
            "channel_id": count.channel_id,
            # A command has one part beside itself at most.
            "command_1": next(iter(count.commands), None),
            "command_2": next(iter(count.commands[1:]), None),
            "model": count.model,
            "member_id": count.member_id,
        }
        # As many as there can be reserves of a window; no purpose has an empty name.
        names = [*sorted(count.purposes), *[""] * MAX_RESERVES][:MAX_RESERVES]
        params |= {f"purpose_{number}": name for number, name in enumerate(names, start=1)}
        for statement in statements:
            tx.execute(statement, {**params, **which})

"""The SQL of requests that wait for leave."""

import json

from bot.core.clock import Millis
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import AssetId, ChannelId, GuildId, InteractionId, JobId, MemberId
from bot.core.money import Ticks
from bot.db import Reader, Row, Transaction
from bot.services.leave.model import Leave, LeaveState
from bot.services.newwork import Asker
from bot.services.sources import SourceRef

_INSERT = """
INSERT INTO leave (job_id, interaction_id, guild_id, channel_id, parent_channel_id, member_id, roles, kind, provider,
    model, request, words, amount, pictures, parent_id, purpose, refusal, staff_channel_id, asked_at, expires_at, state)
VALUES (:job_id, :interaction_id, :guild_id, :channel_id, :parent_channel_id, :member_id, :roles, :kind, :provider,
    :model, :request, :words, :amount, :pictures, :parent_id, :purpose, :refusal, :staff_channel_id, :asked_at,
    :expires_at, 'waiting')
"""

_SOURCES = "SELECT asset_id, url FROM leave_source WHERE job_id = ? ORDER BY position"

_WAITING = """
SELECT COUNT(*) AS everyone, COALESCE(SUM(member_id = :member_id), 0) AS own
FROM leave WHERE guild_id = :guild_id AND state = 'waiting'
"""

# The words go with the end: nobody needs them any more, or the job has them.
_DECIDE = """
UPDATE leave SET state = :state, decided_at = :at, decided_by = :by, reason = :reason, request = '', words = '',
    revision = revision + 1
WHERE job_id = :job_id AND state = 'waiting'
"""

_EXPIRED = "SELECT job_id FROM leave WHERE state = 'waiting' AND expires_at <= ? ORDER BY expires_at LIMIT ?"
_OWN = "SELECT * FROM leave WHERE guild_id = ? AND member_id = ? AND state = 'waiting' ORDER BY asked_at, job_id"
_UNSHOWN = "SELECT * FROM leave WHERE shown < revision ORDER BY asked_at, job_id LIMIT ?"
_SHOWN = "UPDATE leave SET shown = CASE WHEN shown < :revision THEN :revision ELSE shown END WHERE job_id = :job_id"

_CHANGE = """
UPDATE leave SET amount = :amount, blocked = :blocked, revision = revision + 1
WHERE job_id = :job_id AND state = 'waiting'
"""

_LOST = """
SELECT 1 FROM leave_source JOIN asset ON asset.id = leave_source.asset_id
WHERE leave_source.job_id = ? AND asset.removed_at IS NOT NULL LIMIT 1
"""


def insert(tx: Transaction, leave: Leave) -> None:
    """Writes down what waits from now on."""
    facts: dict[str, object] = {
        "job_id": leave.job_id,
        "interaction_id": leave.interaction_id,
        "guild_id": leave.asker.guild_id,
        "channel_id": leave.asker.channel_id,
        "parent_channel_id": leave.asker.parent_channel_id,
        "member_id": leave.asker.member_id,
        "roles": " ".join(str(role) for role in sorted(leave.asker.roles)),
        "kind": leave.kind,
        "provider": leave.provider,
        "model": leave.model,
        "request": leave.request,
        "words": leave.words,
        "amount": leave.amount,
        "pictures": leave.pictures,
        "parent_id": leave.parent_id,
        "purpose": leave.purpose,
        "refusal": _written(leave.refusal),
        "staff_channel_id": leave.staff_channel_id,
        "asked_at": leave.asked_at,
        "expires_at": leave.expires_at,
    }
    tx.execute(_INSERT, facts)
    for position, source in enumerate(leave.sources):
        tx.execute(
            "INSERT INTO leave_source (job_id, position, asset_id, url) VALUES (?, ?, ?, ?)",
            (leave.job_id, position, source.asset_id, source.url),
        )


def get(reader: Reader, job_id: JobId) -> Leave | None:
    """The request as it stands, or None."""
    row = reader.one("SELECT * FROM leave WHERE job_id = ?", (job_id,))
    return None if row is None else _read(reader, row)


def of_member(reader: Reader, guild_id: GuildId, member_id: MemberId) -> tuple[Leave, ...]:
    """What of the member's waits there, the oldest first."""
    return tuple(_read(reader, row) for row in reader.all(_OWN, (guild_id, member_id)))


def waiting_count(reader: Reader, guild_id: GuildId, member_id: MemberId) -> tuple[int, int]:
    """How many wait in the guild, and how many of them are the member's."""
    row = reader.one(_WAITING, {"guild_id": guild_id, "member_id": member_id})
    return (0, 0) if row is None else (row["everyone"], row["own"])


def waiting_in(reader: Reader, guild_id: GuildId) -> int:
    """How many wait in the guild."""
    return waiting_count(reader, guild_id, MemberId(0))[0]


def decide(
    tx: Transaction,
    job_id: JobId,
    state: LeaveState,
    *,
    at: Millis,
    by: MemberId | None = None,
    reason: str | None = None,
) -> bool:
    """Ends the waiting; False where it had ended already."""
    facts = {"job_id": job_id, "state": state, "at": at, "by": by, "reason": reason}
    if tx.execute(_DECIDE, facts) != 1:
        return False
    tx.execute("DELETE FROM leave_source WHERE job_id = ?", (job_id,))
    return True


def has_expired(reader: Reader, *, now: Millis) -> bool:
    """Whether `expire` would end something; spares the writer an empty transaction."""
    return bool(reader.all(_EXPIRED, (now, 1)))


def expire(tx: Transaction, *, now: Millis, limit: int) -> int:
    """Ends what nobody decided in time, the oldest first; returns how many."""
    rows = tx.all(_EXPIRED, (now, limit))
    return sum(decide(tx, JobId(row["job_id"]), LeaveState.EXPIRED, at=now) for row in rows)


def withdraw_all(tx: Transaction, guild_id: GuildId, member_id: MemberId, *, until: Millis, at: Millis) -> None:
    """Cancels whatever of the member's waits there and was asked until that moment."""
    for leave in of_member(tx, guild_id, member_id):
        if leave.asked_at <= until:
            decide(tx, leave.job_id, LeaveState.CANCELLED, at=at)


def change(tx: Transaction, leave: Leave, *, amount: Ticks, blocked: Refusal | None) -> None:
    """Notes another price, and why it could not be allowed just now; nothing where it has ended."""
    written = None if blocked is None else _written(blocked)
    tx.execute(_CHANGE, {"job_id": leave.job_id, "amount": amount, "blocked": written})


def unshown(reader: Reader, *, limit: int) -> tuple[Leave, ...]:
    """Those whose card does not say how they stand, the oldest first."""
    return tuple(_read(reader, row) for row in reader.all(_UNSHOWN, (limit,)))


def note_shown(tx: Transaction, job_id: JobId, revision: int) -> None:
    """The staff's card says it."""
    tx.execute(_SHOWN, {"job_id": job_id, "revision": revision})


def note_all_shown(tx: Transaction, job_id: JobId) -> None:
    """No card can be shown any more."""
    tx.execute("UPDATE leave SET shown = revision WHERE job_id = ?", (job_id,))


def has_lost_source(reader: Reader, job_id: JobId) -> bool:
    """Whether a picture that it hands in is not kept any more."""
    return reader.one(_LOST, (job_id,)) is not None


def _written(refusal: Refusal) -> str:
    return json.dumps({"reason": refusal.reason, "facts": dict(refusal.facts)}, ensure_ascii=False)


def _refusal(text: str) -> Refusal:
    fields = json.loads(text)
    return Refusal(RefusalReason(fields["reason"]), fields["facts"])


def _read(reader: Reader, row: Row) -> Leave:
    sources = reader.all(_SOURCES, (row["job_id"],))
    return Leave(
        job_id=JobId(row["job_id"]),
        interaction_id=InteractionId(row["interaction_id"]),
        asker=Asker(
            guild_id=GuildId(row["guild_id"]),
            channel_id=ChannelId(row["channel_id"]),
            parent_channel_id=None if row["parent_channel_id"] is None else ChannelId(row["parent_channel_id"]),
            member_id=MemberId(row["member_id"]),
            roles=frozenset(int(role) for role in row["roles"].split()),
        ),
        kind=row["kind"],
        provider=row["provider"],
        model=row["model"],
        request=row["request"],
        words=row["words"],
        amount=Ticks(row["amount"]),
        pictures=row["pictures"],
        parent_id=None if row["parent_id"] is None else JobId(row["parent_id"]),
        purpose=row["purpose"],
        sources=tuple(SourceRef(asset_id=AssetId(one["asset_id"]), url=one["url"]) for one in sources),
        refusal=_refusal(row["refusal"]),
        staff_channel_id=ChannelId(row["staff_channel_id"]),
        asked_at=Millis(row["asked_at"]),
        expires_at=Millis(row["expires_at"]),
        state=LeaveState(row["state"]),
        decided_at=row["decided_at"],
        decided_by=None if row["decided_by"] is None else MemberId(row["decided_by"]),
        reason=row["reason"],
        blocked=None if row["blocked"] is None else _refusal(row["blocked"]),
        revision=row["revision"],
        shown=row["shown"],
    )

"""The SQL of paces: the holds themselves are counted, in the transaction that adds one, so that the count is exact."""

from bot.core.clock import MINUTE_MS, Millis
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import GuildId, MemberId
from bot.db import Reader, Transaction
from bot.ledger.model import HoldRequest, Pace, PaceStanding, Unit

# The request itself is the newest, so this is the one that had room before it: without it there is room still.
_IN_THE_WAY = """
SELECT opened_at FROM hold WHERE guild_id = ? AND member_id = ? AND opened_at > ?
ORDER BY opened_at DESC LIMIT 1 OFFSET ?
"""


# No further than the pace itself: what lies behind does not matter.
_RECENT = """
SELECT COUNT(*) AS requests, MIN(opened_at) AS first FROM (
    SELECT opened_at FROM hold WHERE guild_id = ? AND member_id = ? AND opened_at > ?
    ORDER BY opened_at DESC LIMIT ?
) AS recent
"""


def pace_standing(reader: Reader, pace: Pace, *, guild_id: GuildId, member_id: MemberId, at: Millis) -> PaceStanding:
    """What is left of a pace for a request that is not made."""
    span_ms = pace.minutes * MINUTE_MS
    row = reader.all(_RECENT, (guild_id, member_id, at - span_ms, pace.count))[0]
    left = pace.count - row["requests"]
    return PaceStanding(pace=pace, left=left, opens_at=None if left else Millis(row["first"] + span_ms))


def keep_pace(tx: Transaction, request: HoldRequest, pace: Pace) -> None:
    """Raises Refusal PACE where the member has asked so often already; the hold of the request is written by now.

    What became of the requests does not matter. `resets_at` is when the next one would be let in.
    """
    span_ms = pace.minutes * MINUTE_MS
    row = tx.one(_IN_THE_WAY, (request.guild_id, request.member_id, request.at - span_ms, pace.count))
    if row is not None:
        facts = {
            "rule": pace.rule,
            "subject": pace.subject,
            "scope": f"member:{request.guild_id}:{request.member_id}",
            "unit": Unit.REQUESTS.value,
            "window": "rolling",
            "minutes": pace.minutes,
            "limit": pace.count,
            "left": 0,
            "needed": 1,
            "resets_at": row["opened_at"] + span_ms,
        }
        raise Refusal(RefusalReason.PACE, facts)

"""The last days once more under other rules: who would have been refused by which, and what that would have saved.

What was refused at the time is in no book and cannot be replayed. Of a member's roles those count that rules named
then, and those that are given. Windows that were open when the reported time begins are replayed from their beginning.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.clock import DAY_MS, MINUTE_MS, Millis
from bot.core.ids import HoldId, MemberId
from bot.core.money import Ticks
from bot.db import Database, Reader
from bot.ledger.model import Ceilings
from bot.ledger.rules.model import Draft
from bot.ledger.windows import window_of
from bot.services.budgets import store
from bot.services.budgets.replaying import BLOCKED, NOT_ALLOWED, Proposal, Refused, Replay

# A page of the book, read and replayed in one go; others read between two of them.
PAGE = 1_000
# The members who are named; the others are counted alone.
MEMBERS_NAMED = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """`requests` were made in the time; `total` of them would have been refused.

    `by_rule` in the order of the rules, `blocked` and `not_allowed` by marks and allow-lists; `by_member` those who
    would have saved most, at most `MEMBERS_NAMED`.
    """

    requests: int
    spent: Ticks
    total: Refused
    by_rule: tuple[tuple[Draft, Refused], ...]
    blocked: Refused
    not_allowed: Refused
    by_member: tuple[tuple[MemberId, Refused], ...]
    members: int


async def simulate(database: Database, ceilings: Ceilings, proposal: Proposal, *, now: Millis, days: int) -> Simulation:
    """Replays the guild's last days, page by page. Raises DatabaseUnavailable."""
    since = Millis(now - days * DAY_MS)
    replay = Replay(ceilings, proposal, since=since)
    place: tuple[Millis, HoldId] | None = (_begin(proposal, since), HoldId(""))
    while place is not None:
        place = await database.read(_page(replay, proposal, place))
    names = replay.by_member.largest(MEMBERS_NAMED)
    return Simulation(
        requests=replay.requests,
        spent=Ticks(replay.spent),
        total=replay.by_rule.total(),
        by_rule=tuple((rule.draft, replay.by_rule.of(rule.rule_id)) for rule in replay.rules),
        blocked=replay.by_rule.of(BLOCKED),
        not_allowed=replay.by_rule.of(NOT_ALLOWED),
        by_member=tuple((MemberId(name), replay.by_member.of(name)) for name in names),
        members=len(replay.by_member),
    )


def _begin(proposal: Proposal, since: Millis) -> Millis:
    """The first moment that any of the rules would have counted in."""
    begins = [since]
    for draft in proposal.drafts:
        if draft.minutes is None:
            begins.append(window_of(draft.span.window, since, proposal.zone).starts_at)
        else:
            begins.append(Millis(since - draft.minutes * MINUTE_MS))
    return min(begins)


def _page(
    replay: Replay, proposal: Proposal, after: tuple[Millis, HoldId]
) -> Callable[[Reader], tuple[Millis, HoldId] | None]:
    def read(reader: Reader) -> tuple[Millis, HoldId] | None:
        page = store.past(reader, proposal.guild_id, after=after, limit=PAGE)
        for one in page:
            replay.ask(one)
        return (page[-1].at, page[-1].hold_id) if page else None

    return read

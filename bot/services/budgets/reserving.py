"""What a guild keeps for purposes fits into the window that it is kept of. Pure."""

from collections.abc import Sequence

from bot.core.clock import Millis
from bot.ledger.model import Ceilings
from bot.ledger.rules.bounds import guild_ceiling
from bot.ledger.rules.model import MAX_RESERVES, BadRule, Draft, Rule, Whom


def refuse_unless_left(ceilings: Ceilings, before: Sequence[Rule], draft: Draft, *, now: Millis) -> None:
    """Raises BadRule where the reserves would not fit any more once the draft takes its place among the rules before.

    A rule that is raised now counts with the larger of its two amounts where it keeps, and the smaller where it gives.
    """
    if draft.whom not in (Whom.PURPOSE, Whom.GUILD):
        return
    others = [
        rule
        for rule in before
        if (rule.draft.unit, rule.draft.span) == (draft.unit, draft.span) and rule.draft.subject != draft.subject
    ]
    kept = [max(rule.draft.amount, rule.amount_at(now)) for rule in others if rule.draft.whom is Whom.PURPOSE]
    totals = [min(rule.draft.amount, rule.amount_at(now)) for rule in others if rule.draft.whom is Whom.GUILD]
    ceiling = guild_ceiling(ceilings, draft.unit, draft.span)
    totals += [] if ceiling is None else [ceiling]
    if draft.whom is Whom.PURPOSE:
        if not totals or len(kept) >= MAX_RESERVES or sum(kept) + draft.amount > min(totals):
            raise BadRule("reserve")
    elif sum(kept) > draft.amount:
        raise BadRule("reserve")

"""How far a guild's rule may go: below the operator's ceiling, never above. Pure."""

from bot.ledger.model import Ceilings, Unit
from bot.ledger.rules.model import PERSONAL, AboveCeiling, Draft, Span


def check_ceiling(ceilings: Ceilings, draft: Draft, *, amount: int | None = None) -> None:
    """Raises AboveCeiling for a draft, or another `amount` of it, that the operator's settings do not allow."""
    ceiling = ceiling_of(ceilings, draft)
    wanted = draft.amount if amount is None else amount
    if ceiling is not None and wanted > ceiling:
        raise AboveCeiling(ceiling)


def ceiling_of(ceilings: Ceilings, draft: Draft) -> int | None:
    """The most that a rule of this kind may allow; None where the operator has set nothing for it."""
    if draft.whom in PERSONAL and draft.span is Span.DAY:
        own = {Unit.MONEY: int(ceilings.member_daily), Unit.PICTURES: ceilings.member_daily_pictures}
        return own.get(draft.unit)
    # What no window of the operator's holds by itself, a week for one, still lies within the month's.
    of_day = guild_ceiling(ceilings, draft.unit, Span.DAY) if draft.span is Span.DAY else None
    return guild_ceiling(ceilings, draft.unit, Span.MONTH) if of_day is None else of_day


def guild_ceiling(ceilings: Ceilings, unit: Unit, span: Span) -> int | None:
    """What the operator allows a guild in such a window; None where the settings bound none."""
    found: dict[tuple[Unit, Span], int | None] = {
        (Unit.MONEY, Span.DAY): ceilings.guild_daily,
        (Unit.MONEY, Span.MONTH): ceilings.guild_monthly,
        (Unit.PICTURES, Span.DAY): ceilings.guild_daily_pictures,
        (Unit.PICTURES, Span.MONTH): ceilings.guild_monthly_pictures,
    }
    return found.get((unit, span))

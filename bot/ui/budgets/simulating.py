"""The limit that `/settings simulate` tries, from the command's options. Pure. Raises Unclear and BadRule."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.ledger.model import Unit
from bot.ledger.rules.model import Draft, Span, Whom
from bot.ui.budgets.amounts import Unclear, read_amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The options: an amount as it was typed, and whom it is for by at most one of `named`; else `whom`."""

    amount: str | None
    unit: Unit
    span: Span
    minutes: int | None
    whom: Whom
    named: Mapping[Whom, str]


def trial_of(trial: Trial) -> Draft | None:
    """The limit to try; None where no amount is given."""
    if trial.amount is None:
        if trial.named:
            raise Unclear("Type an `amount` too: the limit to try.")
        return None
    if len(trial.named) > 1:
        raise Unclear("Choose one of member, role, channel, command and model.")
    whom, name = next(iter(trial.named.items()), (trial.whom, ""))
    span = trial.span if trial.minutes is None else Span.ROLLING
    unit = trial.unit if trial.minutes is None else Unit.REQUESTS
    return Draft(
        whom=whom, name=name, unit=unit, span=span, amount=read_amount(unit, trial.amount), minutes=trial.minutes
    )

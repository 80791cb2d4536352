"""Which thresholds a booking has passed, each told once per window. Pure; `store` remembers what was told."""

from collections.abc import Sequence

from bot.ledger.model import Standing


def passed(standing: Standing, thresholds: Sequence[int]) -> tuple[int, ...]:
    """The thresholds, in percent of the limit, that what is held and spent has reached, in their order.

    Nothing is reached of a limit of nothing: nobody can take any of it.
    """
    taken, amount = standing.held + standing.spent, standing.limit.amount
    return tuple(percent for percent in thresholds if amount > 0 and taken * 100 >= percent * amount)

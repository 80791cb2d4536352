"""What a counter must have counted when a rule begins to bind: all that was held in its window, also before the rule.

Without it a rule made at noon would give the whole day anew, and so would a new time zone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo

from bot.core.clock import Millis
from bot.core.commands import covered_by
from bot.ledger.model import Unit
from bot.ledger.policy import besides_scope
from bot.ledger.rules.binding import besides, reserves, shared_scope
from bot.ledger.rules.model import PERSONAL, Rule, Span, Whom
from bot.ledger.windows import Window, window_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A counter, or with no `scope` one for each member, and which holds of the guild it counts; None or nothing for
    whichever.

    Holds for one of the `purposes` are not counted.
    """

    scope: str | None
    unit: Unit
    window: Window
    channel_id: int | None = None
    commands: tuple[str, ...] = ()
    model: str | None = None
    member_id: int | None = None
    purposes: frozenset[str] = frozenset()


def counts_of(rules: Iterable[Rule], *, zone: tzinfo, at: Millis, changed: Rule | None = None) -> tuple[Count, ...]:
    """The counters behind rules in force, in the windows of the moment.

    With `changed`, those alone that this rule makes necessary: in the windows of other rules for whichever member
    everybody is counted already.
    """
    in_force = tuple(rules)
    if changed is not None and any(_counts_for(rule, changed) for rule in in_force):
        return ()
    found = [
        _count(rule, zone, at)
        for rule in in_force
        if rule.draft.span is not Span.ROLLING
        and rule.draft.whom is not Whom.PURPOSE
        and (changed is None or rule.rule_id == changed.rule_id)
    ]
    # The rules of several roles count in the same windows.
    return tuple(dict.fromkeys([*found, *_reserved(in_force, zone, at, changed)]))


def _counts_for(rule: Rule, changed: Rule) -> bool:
    """Whether the rule needs all counters already that the changed one needs."""
    one, other = rule.draft, changed.draft
    is_same = rule.rule_id == changed.rule_id or (one.unit, one.span) != (other.unit, other.span)
    return not is_same and one.whom in (Whom.ROLE, Whom.EVERYONE) and other.whom in PERSONAL


def _count(rule: Rule, zone: tzinfo, at: Millis) -> Count:
    draft = rule.draft
    is_personal = draft.whom in PERSONAL
    return Count(
        scope=None if is_personal else shared_scope(rule),
        unit=draft.unit,
        window=window_of(draft.span.window, at, zone),
        channel_id=int(draft.name) if draft.whom is Whom.CHANNEL else None,
        commands=covered_by(draft.name) if draft.whom is Whom.COMMAND else (),
        model=draft.name if draft.whom is Whom.MODEL else None,
        member_id=int(draft.name) if draft.whom is Whom.MEMBER else None,
    )


def _reserved(rules: tuple[Rule, ...], zone: tzinfo, at: Millis, changed: Rule | None) -> Iterator[Count]:
    """A reserve counts only beside a limit of the guild's window, so either of the two may begin it."""
    if changed is not None and changed.draft.whom not in (Whom.PURPOSE, Whom.GUILD):
        return
    for (unit, span), kept in reserves(rules).items():
        if changed is not None and (changed.draft.unit, changed.draft.span) != (unit, span):
            continue
        for some in besides(kept, None):
            yield Count(
                scope=besides_scope(some),
                unit=unit,
                window=window_of(span.window, at, zone),
                purposes=frozenset(rule.draft.name for rule in some),
            )

"""Which of a guild's rules bind a request. Pure."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations

from bot.core.commands import covering
from bot.ledger.model import Pace, Unit
from bot.ledger.rules.model import PERSONAL, Asked, Mark, Rule, Span, Terms, Whom

Bound = tuple[str, Rule, int]  # scope, rule, amount


def personal(terms: Terms, asked: Asked, *, now: int) -> tuple[Rule, ...]:
    """The one rule for each unit and span that holds for the member.

    A rule by name goes before those of roles, these before the one for everyone; of several roles the most generous
    counts, of paces that with the most requests for its time. Each unit and span is decided by itself: a role without a
    rule for dollars a day says nothing about dollars a day, and lifts no other role's.
    """
    if terms.mark is Mark.EXEMPT:
        return ()
    best: dict[tuple[Unit, Span], tuple[tuple[int, Fraction | int, int], Rule]] = {}
    for rule in terms.rules:
        rank = _rank(rule, asked)
        if rank == 0:
            continue
        amount, minutes = rule.amount_at(now), rule.draft.minutes
        weight = (rank, amount if minutes is None else Fraction(amount, minutes), amount)
        key = (rule.draft.unit, rule.draft.span)
        if key not in best or weight > best[key][0]:
            best[key] = (weight, rule)
    return tuple(rule for _, rule in best.values())


def paces(terms: Terms, asked: Asked, *, now: int) -> tuple[Pace, ...]:
    """How many requests of the member may come in how many minutes."""
    return tuple(
        Pace(
            count=rule.amount_at(now),
            minutes=rule.draft.minutes,
            rule=str(rule.rule_id),
            subject=rule.draft.subject,
        )
        for rule in personal(terms, asked, now=now)
        if rule.draft.minutes is not None
    )


def personal_bounds(terms: Terms, asked: Asked, *, now: int) -> Iterator[Bound]:
    """The member's own windows."""
    scope = f"member:{asked.guild_id}:{asked.member_id}"
    for rule in personal(terms, asked, now=now):
        if rule.draft.span is not Span.ROLLING:
            yield scope, rule, rule.amount_at(now)


def personal_windows(terms: Terms, asked: Asked) -> Iterator[Rule]:
    """The rules of windows that bind the member, or would with another role or without an exemption."""
    own = str(asked.member_id)
    for rule in terms.rules:
        is_of_others = rule.draft.whom is Whom.MEMBER and rule.draft.name != own
        if rule.draft.whom in PERSONAL and rule.draft.span is not Span.ROLLING and not is_of_others:
            yield rule


def shared_bounds(terms: Terms, asked: Asked, *, now: int) -> Iterator[Bound]:
    """The windows that members share: channel, command, model, and the guild's own at last."""
    names: dict[Whom, tuple[str, ...]] = {
        Whom.CHANNEL: asked.channels,
        Whom.COMMAND: covering(str(asked.command)),
        Whom.MODEL: (f"{asked.provider}/{asked.model}",),
        Whom.GUILD: ("",),
    }
    meant = [rule for rule in terms.rules if rule.draft.name in names.get(rule.draft.whom, ())]
    for whom in names:
        for rule in meant:
            if rule.draft.whom is whom:
                yield shared_scope(rule), rule, rule.amount_at(now)


def shared_scope(rule: Rule) -> str:
    """What a rule counts that no member has alone."""
    return ":".join(filter(None, (rule.draft.whom.value, str(rule.guild_id), rule.draft.name)))


def reserves(rules: Sequence[Rule]) -> dict[tuple[Unit, Span], tuple[Rule, ...]]:
    """What is kept for purposes, by unit and span, in the order of their names."""
    found: dict[tuple[Unit, Span], tuple[Rule, ...]] = {}
    for rule in sorted(rules, key=lambda rule: rule.draft.name):
        if rule.draft.whom is Whom.PURPOSE:
            key = (rule.draft.unit, rule.draft.span)
            found[key] = (*found.get(key, ()), rule)
    return found


def besides(kept: Sequence[Rule], purpose: str | None) -> Iterator[tuple[Rule, ...]]:
    """The sets of reserves that a request leaves untouched: requests outside each set share what the set leaves.

    That binds exactly where some reserve would be used up by others, and nowhere else: each purpose may use its own
    reserve and whatever nobody has kept.
    """
    others = [rule for rule in kept if rule.draft.name != purpose]
    for size in range(len(others), 0, -1):
        yield from combinations(others, size)


def _rank(rule: Rule, asked: Asked) -> int:
    """How closely a rule for persons means the member; 0 for not at all."""
    draft = rule.draft
    match draft.whom:
        case Whom.MEMBER:
            return 3 if draft.name == str(asked.member_id) else 0
        case Whom.ROLE:
            return 2 if int(draft.name) in asked.roles else 0
        case Whom.EVERYONE:
            return 1
        case _:
            return 0

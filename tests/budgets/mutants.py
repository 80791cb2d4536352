"""Rooms with one mistake each, as the names to replace. A machine that cannot tell them would prove nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

from bot.core.clock import Millis
from bot.core.money import MAX_TICKS
from bot.db import Transaction
from bot.ledger import policy, store
from bot.ledger.model import Ceilings, Limit, Pace
from bot.ledger.rules import binding
from bot.ledger.rules import store as rules_store
from bot.ledger.rules.model import Asked, Rule, Terms, Whom
from bot.ledger.windows import window_of

Patches = Mapping[str, object]

_limits_for = policy.limits_for
_rank = binding._rank
_paces = binding.paces
_besides = binding.besides
_terms_of = rules_store.terms_of
_reserve = store.reserve


def _nobody_counts_again(*_: object, **__: object) -> None:
    """A rule begins at nought, and so does a new zone."""


def _roles_before_names(rule: Rule, asked: Asked) -> int:
    return {3: 2, 2: 3}.get(_rank(rule, asked), _rank(rule, asked))


def _everyone_before_roles(rule: Rule, asked: Asked) -> int:
    return {1: 2, 2: 1}.get(_rank(rule, asked), _rank(rule, asked))


def _amount_for_ever(rule: Rule, now: int) -> int:
    return rule.draft.amount if rule.raised_to is None else rule.raised_to


def _amount_never_raised(rule: Rule, now: int) -> int:
    return rule.draft.amount


def _one_too_many(terms: Terms, asked: Asked, *, now: int) -> tuple[Pace, ...]:
    return tuple(replace(pace, count=pace.count + 1) for pace in _paces(terms, asked, now=now))


def _a_minute_short(terms: Terms, asked: Asked, *, now: int) -> tuple[Pace, ...]:
    return tuple(replace(pace, minutes=pace.minutes - 1) for pace in _paces(terms, asked, now=now))


def _largest_sets_alone(kept: Sequence[Rule], purpose: str | None) -> Iterator[tuple[Rule, ...]]:
    others = tuple(rule for rule in kept if rule.draft.name != purpose)
    if others:
        yield others


def _own_reserve_too(kept: Sequence[Rule], purpose: str | None) -> Iterator[tuple[Rule, ...]]:
    return _besides(kept, None)


def _terms_by_utc(*what: Any, **facts: Any) -> Terms:
    return replace(_terms_of(*what, **facts), zone=UTC)


def _marks_forgotten(*what: Any, **facts: Any) -> Terms:
    return replace(_terms_of(*what, **facts), mark=None)


def _without(*whom: Whom) -> Callable[..., tuple[Limit, ...]]:
    def limits(ceilings: Ceilings, asked: Asked, *, at: Millis, terms: Terms, now: Millis | None = None) -> Any:
        fewer = tuple(rule for rule in terms.rules if rule.draft.whom not in whom)
        return _limits_for(ceilings, asked, at=at, terms=replace(terms, rules=fewer), now=now)

    return limits


def _not_released(*_: object) -> None:
    """The counters of the gateway that was left stay held."""


def _unchecked(tx: Transaction, hold_id: Any, limit: Limit, needed: int) -> Any:
    return _reserve(tx, hold_id, replace(limit, amount=MAX_TICKS), needed)


def _windows_of_now(ceilings: Ceilings, asked: Asked, *, at: Millis, terms: Terms, now: Millis | None = None) -> Any:
    return _limits_for(ceilings, asked, at=at if now is None else now, terms=terms)


def _ceilings_by_the_guilds_zone(
    ceilings: Ceilings, asked: Asked, *, at: Millis, terms: Terms, now: Millis | None = None
) -> tuple[Limit, ...]:
    found: dict[policy.Key, Limit] = {}
    for limit in _limits_for(ceilings, asked, at=at, terms=terms, now=now):
        moved = replace(limit, window=window_of(limit.window.kind, at, terms.zone))
        found.setdefault(policy.key_of(moved), moved if limit.rule == "operator" else limit)
    return tuple(found.values())


def _what_binds_alone(limits: Sequence[Limit], asked: Asked, **_: object) -> tuple[Limit, ...]:
    return tuple(limits)


_LAST = "bot.services.budgets.completing.store.take_in"
_PAGE = "bot.services.budgets.completing.store.take_in_page"
_RULE = "bot.ledger.rules.model.Rule.amount_at"
_RANK = "bot.ledger.rules.binding._rank"
_LIMITS = "bot.services.terms.limits_for"

MUTANTS: dict[str, Patches] = {
    "rules begin at nought": {_LAST: _nobody_counts_again, _PAGE: _nobody_counts_again},
    "rules begin without what is open": {_LAST: _nobody_counts_again},
    "rules begin without what is closed": {_PAGE: _nobody_counts_again},
    "a role goes before a name": {_RANK: _roles_before_names},
    "everyone goes before a role": {_RANK: _everyone_before_roles},
    "a raise never ends": {_RULE: _amount_for_ever},
    "a raise never begins": {_RULE: _amount_never_raised},
    "a pace lets one more in": {"bot.services.terms.paces": _one_too_many},
    "a pace is a minute short": {"bot.services.terms.paces": _a_minute_short},
    "a pace binds nobody": {"bot.services.terms.paces": lambda *_, **__: ()},
    "a role begins at nought": {"bot.services.terms.counted_for": _what_binds_alone},
    "reserves bind only all together": {"bot.ledger.policy.besides": _largest_sets_alone},
    "a purpose cannot use its own reserve": {"bot.ledger.policy.besides": _own_reserve_too},
    "windows are those of UTC": {"bot.ledger.rules.store.terms_of": _terms_by_utc},
    "marks are forgotten": {"bot.ledger.rules.store.terms_of": _marks_forgotten},
    "a new gateway's limits are not checked": {"bot.ledger.repricing.store.reserve": _unchecked},
    "an old gateway's limits stay held": {"bot.ledger.repricing.store._release": _not_released},
    "a move opens the windows of its moment": {_LIMITS: _windows_of_now},
    "ceilings follow the guild's zone": {_LIMITS: _ceilings_by_the_guilds_zone},
    **{f"rules for {whom} do not bind": {_LIMITS: _without(whom)} for whom in Whom},
}

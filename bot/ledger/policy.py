"""Which limits a request must keep: the operator's ceilings and the guild's own rules. Pure.

    bot                     everybody together
    provider:<name>         everything that goes to a gateway
    guild:<id>              a server
    besides:<id>:<p>+<q>    a server, all but the purposes p and q: what their reserves leave
    channel:<id>:<id>       command:<id>:<name>       model:<id>:<provider>/<model>
    member:<id>:<id>        a member in a server

Ceilings count by UTC, so that a server that moves its midnight gets no second day of them; rules count by the
server's own zone. Where both bound the same counter, the smaller one does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo

from bot.core.clock import Millis
from bot.core.ids import GuildId, MemberId
from bot.core.money import MAX_TICKS
from bot.ledger.model import Ceilings, Limit, Unit
from bot.ledger.rules.binding import Bound, besides, personal_bounds, personal_windows, reserves, shared_bounds
from bot.ledger.rules.bounds import guild_ceiling
from bot.ledger.rules.model import Asked, Rule, Span, Terms
from bot.ledger.windows import Window, WindowKind, day_window, month_window, window_of

BOT_SCOPE = "bot"
_NO_TERMS = Terms()
Key = tuple[str, Unit, WindowKind, Millis]


def guild_scope(guild_id: GuildId) -> str:
    """The scope of a whole guild."""
    return f"guild:{guild_id}"


def member_scope(guild_id: GuildId, member_id: MemberId) -> str:
    """The scope of one member in one guild."""
    return f"member:{guild_id}:{member_id}"


def provider_scope(provider: str) -> str:
    """The scope of a gateway, over all guilds."""
    return f"provider:{provider}"


def besides_scope(kept: Sequence[Rule]) -> str:
    """The scope of a guild, all but the purposes whose reserves these are."""
    return f"besides:{kept[0].guild_id}:{'+'.join(rule.draft.name for rule in kept)}"


def key_of(limit: Limit) -> Key:
    """The counter that the limit is about."""
    return limit.scope, limit.unit, limit.window.kind, limit.window.starts_at


def limits_for(
    ceilings: Ceilings, asked: Asked, *, at: Millis, terms: Terms = _NO_TERMS, now: Millis | None = None
) -> tuple[Limit, ...]:
    """The limits of a request, the most personal first, each counter once.

    Windows are those of `at`, which comes from `store.effective_now`, or is when the hold was opened; raises count if
    they are in force at `now`, which is `at` where it is left out. A member hears of the first limit that refuses, and
    can do most about their own.
    """
    found: dict[Key, Limit] = {}
    for limit in _every(ceilings, asked, terms, at=at, now=at if now is None else now):
        key = key_of(limit)
        if key not in found or limit.amount < found[key].amount:
            found[key] = limit
    return tuple(found.values())


def counted_for(limits: Sequence[Limit], asked: Asked, *, at: Millis, terms: Terms) -> tuple[Limit, ...]:
    """The limits, and behind them every other window of the member's that some rule for persons counts, left open.

    A role comes and goes within a week, and so does an exemption: whatever binds the member next finds all that they
    have held since its window began.
    """
    found = {key_of(limit): limit for limit in limits}
    scope = member_scope(asked.guild_id, asked.member_id)
    for rule in personal_windows(terms, asked):
        window = window_of(rule.draft.span.window, at, terms.zone)
        limit = _from(rule, scope, window, MAX_TICKS)
        found.setdefault(key_of(limit), limit)
    return tuple(found.values())


def own_limits(asked: Asked, terms: Terms, *, at: Millis) -> tuple[Limit, ...]:
    """Those that the guild's rules set for the member alone, whether or not a ceiling lies below."""
    return tuple(_own(asked, terms, at=at, now=at))


def shared_limits(ceilings: Ceilings, asked: Asked, terms: Terms, *, at: Millis) -> tuple[Limit, ...]:
    """Those that the guild's rules set for whoever asks the same in the same place."""
    return tuple(_shared(ceilings, asked, terms, at=at, now=at))


def lifted_limits(ceilings: Ceilings, asked: Asked, *, at: Millis, terms: Terms) -> tuple[Limit, ...]:
    """The limits of a request that the guild lets pass its own rules: they count it, and only ceilings refuse it.

    Where both bound the same counter, the ceiling does.
    """
    bound = limits_for(ceilings, asked, at=at)
    keys = {key_of(limit) for limit in bound}
    every = limits_for(ceilings, asked, at=at, terms=terms)
    return (*(replace(limit, is_lifted=True) for limit in every if key_of(limit) not in keys), *bound)


def _every(ceilings: Ceilings, asked: Asked, terms: Terms, *, at: Millis, now: Millis) -> Iterator[Limit]:
    yield from _own(asked, terms, at=at, now=now)
    yield from member_ceilings(ceilings, member_scope(asked.guild_id, asked.member_id), at=at)
    yield from _shared(ceilings, asked, terms, at=at, now=now)
    yield from guild_ceilings(ceilings, asked.guild_id, at=at)
    if asked.provider is not None:
        yield from _provider(ceilings, asked.provider, at=at)
    month = month_window(at)
    yield from _ceiling(BOT_SCOPE, Unit.MONEY, month, ceilings.bot_monthly)
    yield from _ceiling(BOT_SCOPE, Unit.PICTURES, month, ceilings.bot_monthly_pictures)


def member_ceilings(ceilings: Ceilings, scope: str, *, at: Millis) -> Iterator[Limit]:
    """What the operator allows each member of a guild, in the windows of the moment."""
    day = day_window(at)
    yield from _ceiling(scope, Unit.MONEY, day, ceilings.member_daily)
    yield from _ceiling(scope, Unit.PICTURES, day, ceilings.member_daily_pictures)


def guild_ceilings(ceilings: Ceilings, guild_id: GuildId, *, at: Millis) -> Iterator[Limit]:
    """What the operator allows a guild, in the windows of the moment."""
    for unit in (Unit.MONEY, Unit.PICTURES):
        for span in (Span.DAY, Span.MONTH):
            amount = guild_ceiling(ceilings, unit, span)
            yield from _ceiling(guild_scope(guild_id), unit, window_of(span.window, at), amount)


def _ceiling(scope: str, unit: Unit, window: Window, amount: int | None) -> Iterator[Limit]:
    if amount is not None:
        yield Limit(scope=scope, unit=unit, window=window, amount=amount)


def _own(asked: Asked, terms: Terms, *, at: Millis, now: Millis) -> Iterator[Limit]:
    for bound in personal_bounds(terms, asked, now=now):
        yield _limit(bound, at, terms.zone)


def _shared(ceilings: Ceilings, asked: Asked, terms: Terms, *, at: Millis, now: Millis) -> Iterator[Limit]:
    bounds = tuple(shared_bounds(terms, asked, now=now))
    for bound in bounds:
        yield _limit(bound, at, terms.zone)
    yield from _reserved(ceilings, asked, terms, bounds, at=at, now=now)


def _limit(bound: Bound, at: Millis, zone: tzinfo) -> Limit:
    scope, rule, amount = bound
    window = window_of(rule.draft.span.window, at, zone)
    return _from(rule, scope, window, amount)


def _from(rule: Rule, scope: str, window: Window, amount: int) -> Limit:
    return Limit(
        scope=scope,
        unit=rule.draft.unit,
        window=window,
        amount=amount,
        rule=str(rule.rule_id),
        subject=rule.draft.subject,
    )


def _reserved(
    ceilings: Ceilings, asked: Asked, terms: Terms, shared: tuple[Bound, ...], *, at: Millis, now: Millis
) -> Iterator[Limit]:
    """What reserves leave of the guild's windows; a reserve of a window without a limit keeps nothing."""
    guild = guild_scope(asked.guild_id)
    for (unit, span), kept in reserves(terms.rules).items():
        totals = [amount for scope, rule, amount in shared if scope == guild and _counts(rule, unit, span)]
        ceiling = guild_ceiling(ceilings, unit, span)
        totals += [] if ceiling is None else [ceiling]
        if not totals:
            continue
        window = window_of(span.window, at, terms.zone)
        for rules in besides(kept, asked.purpose):
            left = max(0, min(totals) - sum(rule.amount_at(now) for rule in rules))
            yield _from(rules[0], besides_scope(rules), window, left)


def _counts(rule: Rule, unit: Unit, span: Span) -> bool:
    return rule.draft.unit is unit and rule.draft.span is span


def _provider(ceilings: Ceilings, provider: str, *, at: Millis) -> Iterator[Limit]:
    scope, day, month = provider_scope(provider), day_window(at), month_window(at)
    yield from _ceiling(scope, Unit.MONEY, day, ceilings.provider_daily.get(provider))
    yield from _ceiling(scope, Unit.MONEY, month, ceilings.provider_monthly.get(provider))
    yield from _ceiling(scope, Unit.PICTURES, day, ceilings.provider_daily_pictures.get(provider))
    yield from _ceiling(scope, Unit.PICTURES, month, ceilings.provider_monthly_pictures.get(provider))

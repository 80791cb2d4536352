"""One reading of the ledger becomes what a member or the guild looks at."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bot.core.clock import DAY_MS, Millis
from bot.core.ids import GuildId, MemberId
from bot.core.money import Ticks
from bot.db import Reader
from bot.guilds import store as guilds
from bot.jobs import store as jobs
from bot.jobs.model import State
from bot.ledger import store as ledger
from bot.ledger.model import Ceilings, Limit, Standing, Unit
from bot.ledger.pacing.store import pace_standing
from bot.ledger.policy import BOT_SCOPE, guild_scope, key_of, limits_for, provider_scope
from bot.ledger.records import store as records
from bot.ledger.records.model import Axis, Period, Sum, Undecided
from bot.ledger.rules.allowing import allowed, most_of
from bot.ledger.rules.binding import paces
from bot.ledger.rules.model import Asked, Listed, Terms, Whom
from bot.ledger.windows import Window, WindowKind, month_window, window_of
from bot.services.ask.model import ASK
from bot.services.spending.model import (
    TOP_GROUPS,
    Allowance,
    Asker,
    Group,
    Grouping,
    GuildUsage,
    MemberUsage,
    Share,
    View,
)
from bot.services.terms import terms_for

# Names a group for people, from its key in the book.
Label = Callable[[Grouping, tuple[str | int, ...]], str]
_OTHERS_SCOPES = (BOT_SCOPE, provider_scope(""))


def member_usage(reader: Reader, ceilings: Ceilings, asker: Asker) -> MemberUsage:
    """What binds the member now, each limit once, and what they have had this month."""
    at, terms = _moment(reader, asker), terms_for(reader, asker.guild_id, asker.member_id)
    month = _period(month_window(at))
    return MemberUsage(
        pauses=guilds.pauses_of(reader, asker.guild_id),
        mark=terms.mark,
        standings=ledger.standing(reader, _limits(ceilings, asker, terms, at)),
        paces=tuple(
            pace_standing(reader, pace, guild_id=asker.guild_id, member_id=asker.member_id, at=at)
            for pace in paces(terms, _asked(asker), now=at)
        ),
        own=_share(reader, asker, month),
        guild_amount=sum(one.amount for one in records.sums(reader, Axis.ALL, period=month, guild_id=asker.guild_id)),
        allowances=tuple(_allowances(asker, terms)),
    )


def guild_usage(reader: Reader, ceilings: Ceilings, asker: Asker, view: View, *, label: Label) -> GuildUsage:
    """The guild day by day, told apart as the view says."""
    at, terms = _moment(reader, asker), terms_for(reader, asker.guild_id, asker.member_id)
    window = window_of(WindowKind(view.stretch), at)
    days, period = tuple(Millis(day) for day in range(window.starts_at, window.ends_at, DAY_MS)), _period(window)
    by_day = {one.key[0]: one for one in records.sums(reader, Axis.DAY, period=period, guild_id=asker.guild_id)}
    ranked = _ranked(reader, asker.guild_id, period, view.grouping, label)
    top, rest = ranked[:TOP_GROUPS], ranked[TOP_GROUPS:]
    groups = tuple(_group(reader, asker.guild_id, days, view.grouping, one) for one in top)
    limits = _limits(ceilings, asker, terms, at)
    return GuildUsage(
        view=view,
        window=window,
        days=days,
        groups=groups,
        rest=_together(rest, groups, [_amount(by_day.get(day)) for day in days]) if rest else None,
        rest_count=len(rest),
        presumed_by_day=tuple(by_day[day].presumed_amount if day in by_day else 0 for day in days),
        presumed_jobs=sum(one.presumed_jobs for one in by_day.values()),
        undecided=_undecided(reader, asker.guild_id),
        limit=_tightest(reader, limits, asker.guild_id, window.kind),
        daily=_tightest(reader, limits, asker.guild_id, WindowKind.DAY),
        own=_share(reader, asker, period),
        is_zone_other=window_of(window.kind, at, terms.zone) != window,
    )


def period_of(reader: Reader, asker: Asker, view: View) -> Period:
    """The time that the view looks at."""
    return _period(window_of(WindowKind(view.stretch), _moment(reader, asker)))


def _moment(reader: Reader, asker: Asker) -> Millis:
    """The moment whose windows a request of now would be counted in: windows only open forward."""
    return Millis(max(asker.at, ledger.last_seen(reader) or 0))


def _asked(asker: Asker) -> Asked:
    return Asked(
        guild_id=asker.guild_id,
        member_id=asker.member_id,
        roles=asker.roles,
        channel_id=asker.channel_id,
        parent_channel_id=asker.parent_channel_id,
    )


def _allowances(asker: Asker, terms: Terms) -> Iterator[Allowance]:
    for what in Listed:
        for whom, values in allowed(terms, _asked(asker), what):
            shown = (str(most_of(values)),) if what is Listed.COUNT else tuple(sorted(values))
            yield Allowance(whom=whom, what=what, values=shown)


def _every_way(asker: Asker, terms: Terms) -> Iterator[Asked]:
    """What the member could ask for, as far as a rule makes a difference of it."""
    asked = _asked(asker)
    yield asked
    for rule in terms.rules:
        if rule.draft.whom is Whom.COMMAND:
            yield replace(asked, command=rule.draft.name)
        elif rule.draft.whom is Whom.MODEL:
            provider, _, model = rule.draft.name.partition("/")
            yield replace(asked, provider=provider, model=model)


def _limits(ceilings: Ceilings, asker: Asker, terms: Terms, at: Millis) -> list[Limit]:
    """Each limit once; what binds the whole bot, or a gateway over all guilds, is nobody's business here."""
    found = {
        key_of(limit): limit
        for asked in _every_way(asker, terms)
        for limit in limits_for(ceilings, asked, at=at, terms=terms)
        if not limit.scope.startswith(_OTHERS_SCOPES)
    }
    return list(found.values())


def _tightest(reader: Reader, limits: Sequence[Limit], guild_id: GuildId, kind: WindowKind) -> Standing | None:
    own = [
        limit
        for limit in limits
        if limit.scope == guild_scope(guild_id) and limit.unit is Unit.MONEY and limit.window.kind is kind
    ]
    return min(ledger.standing(reader, own), key=lambda one: (one.left, one.limit.amount), default=None)


def _undecided(reader: Reader, guild_id: GuildId) -> Undecided:
    """What is held for the guild's `unknown` jobs; what is open now is little, however long the book."""
    held = [
        hold.amount
        for hold in ledger.open_holds(reader)
        if hold.guild_id == guild_id
        and (job := jobs.get(reader, hold.job_id)) is not None
        and job.state is State.UNKNOWN
    ]
    return Undecided(jobs=len(held), held=Ticks(sum(held)))


def _period(window: Window) -> Period:
    return Period(starts_at=window.starts_at, ends_at=window.ends_at)


def _ranked(
    reader: Reader, guild_id: GuildId, period: Period, grouping: Grouping, label: Label
) -> list[tuple[Sum, str]]:
    """All of the period with their names, the greatest first; what is only presumed makes no group."""
    sums = records.sums(reader, grouping.axis, period=period, guild_id=guild_id)
    named = [(one, label(grouping, one.key)) for one in sums if one.jobs or one.amount]
    return sorted(named, key=lambda found: (-found[0].amount, -found[0].jobs, found[1]))


def _group(
    reader: Reader, guild_id: GuildId, days: Sequence[Millis], grouping: Grouping, found: tuple[Sum, str]
) -> Group:
    whole, name = found
    period = Period(starts_at=days[0], ends_at=Millis(days[-1] + DAY_MS))
    sums = records.sums_by_day(reader, grouping.axis, whole.key, period=period, guild_id=guild_id)
    by_day = {one.key[0]: one for one in sums}
    return Group(
        key=whole.key,
        label=name,
        by_day=tuple(_amount(by_day.get(day)) for day in days),
        jobs=whole.jobs,
        pictures=whole.pictures,
    )


def _amount(one: Sum | None) -> int:
    return 0 if one is None else one.amount


def _together(rest: Sequence[tuple[Sum, str]], shown: Sequence[Group], amounts: Sequence[int]) -> Group:
    """All that are not shown: what is left of each day."""
    return Group(
        key=(),
        label="others",
        by_day=tuple(
            amount - sum(taken) for amount, *taken in zip(amounts, *(one.by_day for one in shown), strict=True)
        ),
        jobs=sum(one.jobs for one, _ in rest),
        pictures=sum(one.pictures for one, _ in rest),
    )


def _share(reader: Reader, asker: Asker, period: Period) -> Share:
    member_id: MemberId = asker.member_id
    sums = records.sums(reader, Axis.COMMAND, period=period, guild_id=asker.guild_id, member_id=member_id)
    return Share(
        amount=sum(one.amount for one in sums),
        pictures=sum(one.pictures for one in sums),
        answers=sum(one.jobs for one in sums if one.key == (ASK,)),
        presumed=sum(one.presumed_amount for one in sums),
    )

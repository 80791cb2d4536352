"""What rules mean, once more and without counters: sums over all holds there ever were. Slow, and easy to believe."""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import combinations

from bot.core.clock import MINUTE_MS, Millis
from bot.ledger.model import Ceilings, Unit
from bot.ledger.rules.model import Asked, Draft, Mark, Span, Whom
from bot.ledger.windows import Window, WindowKind, window_of

PERSONAL = (Whom.MEMBER, Whom.ROLE, Whom.EVERYONE)


@dataclass
class Line:
    """A request that was accepted."""

    asked: Asked
    at: Millis
    amount: int
    is_open: bool = True
    is_void: bool = False
    booked: int = 0
    pictures: int = 0

    def weight(self, unit: Unit) -> int:
        """What it takes now."""
        if self.is_void:
            return 0
        if unit is Unit.REQUESTS:
            return 1
        if unit is Unit.MONEY:
            return self.amount if self.is_open else self.booked
        return self.asked.pictures if self.is_open else self.pictures


@dataclass
class SetRule:
    """A rule that somebody set."""

    rule_id: int
    draft: Draft
    raised_to: int = 0
    raised_until: int = 0

    def amount(self, now: int) -> int:
        """What it allows."""
        return self.raised_to if now < self.raised_until else self.draft.amount


@dataclass(frozen=True)
class Bound:
    """A limit as people understand it: `left` of `limit` in the window; `rank` says how personal it is."""

    rank: int
    rule: str
    unit: Unit
    window: Window
    limit: int
    taken: int

    @property
    def left(self) -> int:
        """What is left."""
        return max(0, self.limit - self.taken)


@dataclass
class Guild:
    """What one guild has set."""

    zone: tzinfo = UTC
    rules: list[SetRule] = field(default_factory=list)
    marks: dict[int, Mark] = field(default_factory=dict)


@dataclass
class Oracle:
    """Answers from first principles."""

    ceilings: Ceilings
    guilds: dict[int, Guild]
    lines: list[Line] = field(default_factory=list)

    def total(self, asked: Asked, whom: Whom, unit: Unit, window: Window, names: frozenset[str] = frozenset()) -> int:
        """What all holds in the window take that the same rule would count; `names` are its channel, or purposes."""
        return sum(
            line.weight(unit)
            for line in self.lines
            if window.starts_at <= line.at < window.ends_at and _is_counted(whom, line.asked, asked, names)
        )

    def bounds(self, asked: Asked, *, at: Millis, now: Millis) -> list[Bound]:
        """Every limit that the request meets, with what is taken of it."""
        guild = self.guilds[asked.guild_id]
        found = [
            self.bound(asked, rule, guild.zone, at, now)
            for rule in [*self.personal(asked, now), *guild.rules]
            if rule.draft.span is not Span.ROLLING and rule.draft.whom not in (*PERSONAL, Whom.PURPOSE)
            if _is_meant(rule.draft, asked)
        ]
        found += [
            self.bound(asked, rule, guild.zone, at, now)
            for rule in self.personal(asked, now)
            if rule.draft.span is not Span.ROLLING
        ]
        return [*found, *self.besides(asked, guild, at, now), *self.operators(asked, at)]

    def bound(self, asked: Asked, rule: SetRule, zone: tzinfo, at: Millis, now: Millis) -> Bound:
        """One rule with what is taken of it."""
        draft = rule.draft
        window = window_of(WindowKind(draft.span.value), at, zone)
        whom = Whom.MEMBER if draft.whom in PERSONAL else draft.whom
        return Bound(
            rank=0 if draft.whom in PERSONAL else 1,
            rule=str(rule.rule_id),
            unit=draft.unit,
            window=window,
            limit=rule.amount(now),
            taken=self.total(asked, whom, draft.unit, window, frozenset({draft.name})),
        )

    def personal(self, asked: Asked, now: int) -> list[SetRule]:
        """For each unit and span: by name, else the best of the roles, else everyone's."""
        guild = self.guilds[asked.guild_id]
        if guild.marks.get(asked.member_id) is Mark.EXEMPT:
            return []
        found = []
        for unit in Unit:
            for span in Span:
                here = [rule for rule in guild.rules if (rule.draft.unit, rule.draft.span) == (unit, span)]
                named = [rule for rule in here if rule.draft.subject == f"member:{asked.member_id}"]
                roles = [rule for rule in here if rule.draft.subject in {f"role:{role}" for role in asked.roles}]
                everyone = [rule for rule in here if rule.draft.whom is Whom.EVERYONE]
                if named or roles or everyone:
                    found.append(max(named or roles or everyone, key=lambda rule: _generosity(rule, now)))
        return found

    def windows_of_persons(self, asked: Asked, *, at: Millis) -> set[tuple[Unit, WindowKind, Millis]]:
        """In which windows the member is counted, whatever binds them now."""
        guild = self.guilds[asked.guild_id]
        drafts = [rule.draft for rule in guild.rules if rule.draft.whom in PERSONAL and rule.draft.minutes is None]
        windows = [
            (draft.unit, window_of(WindowKind(draft.span.value), at, guild.zone))
            for draft in drafts
            if draft.whom is not Whom.MEMBER or draft.name == str(asked.member_id)
        ]
        return {(unit, window.kind, window.starts_at) for unit, window in windows}

    def besides(self, asked: Asked, guild: Guild, at: Millis, now: int) -> list[Bound]:
        """For each set of reserves that are not the request's own: what they leave to all others together."""
        found = []
        for unit in Unit:
            for span in (Span.DAY, Span.WEEK, Span.MONTH):
                here = [rule for rule in guild.rules if (rule.draft.unit, rule.draft.span) == (unit, span)]
                totals = [rule.amount(now) for rule in here if rule.draft.whom is Whom.GUILD]
                if unit is Unit.MONEY and span is Span.DAY:
                    totals.append(self.ceilings.guild_daily)
                if unit is Unit.MONEY and span is Span.MONTH:
                    totals.append(self.ceilings.guild_monthly)
                if unit is Unit.PICTURES and span is Span.DAY:
                    totals.append(self.ceilings.guild_daily_pictures or 0)
                others = [rule for rule in here if rule.draft.whom is Whom.PURPOSE and rule.draft.name != asked.purpose]
                if not totals:
                    continue
                window = window_of(WindowKind(span.value), at, guild.zone)
                for size in range(1, len(others) + 1):
                    for some in combinations(others, size):
                        names = frozenset(rule.draft.name for rule in some)
                        first = min(some, key=lambda rule: rule.draft.name)
                        found.append(
                            Bound(
                                rank=1,
                                rule=str(first.rule_id),
                                unit=unit,
                                window=window,
                                limit=max(0, min(totals) - sum(rule.amount(now) for rule in some)),
                                taken=self.total(asked, Whom.PURPOSE, unit, window, names),
                            )
                        )
        return found

    def operators(self, asked: Asked, at: Millis) -> list[Bound]:
        """The ceilings, by UTC."""
        day, month = window_of(WindowKind.DAY, at), window_of(WindowKind.MONTH, at)
        wanted = [
            (0, Whom.MEMBER, Unit.MONEY, day, self.ceilings.member_daily),
            (0, Whom.MEMBER, Unit.PICTURES, day, self.ceilings.member_daily_pictures),
            (1, Whom.GUILD, Unit.MONEY, day, self.ceilings.guild_daily),
            (1, Whom.GUILD, Unit.MONEY, month, self.ceilings.guild_monthly),
            (1, Whom.GUILD, Unit.PICTURES, day, self.ceilings.guild_daily_pictures or 0),
        ]
        found = [
            Bound(
                rank=rank,
                rule="operator",
                unit=unit,
                window=window,
                limit=limit,
                taken=self.total(asked, whom, unit, window),
            )
            for rank, whom, unit, window, limit in wanted
        ]
        for unit, most in (
            (Unit.MONEY, self.ceilings.bot_monthly),
            (Unit.PICTURES, self.ceilings.bot_monthly_pictures or 0),
        ):
            taken = sum(line.weight(unit) for line in self.lines if month.starts_at <= line.at < month.ends_at)
            found.append(Bound(rank=2, rule="operator", unit=unit, window=month, limit=most, taken=taken))
        return found

    def pace_ends(self, asked: Asked, now: Millis) -> dict[str, Millis]:
        """The paces that refuse the request, each with the moment from which it would not."""
        found: dict[str, Millis] = {}
        for rule in self.personal(asked, now):
            if rule.draft.minutes is None:
                continue
            span_ms, count = rule.draft.minutes * MINUTE_MS, rule.amount(now)
            times = sorted(
                (line.at for line in self.lines if _is_counted(Whom.MEMBER, line.asked, asked, frozenset())),
                reverse=True,
            )
            recent = [one for one in times if one > now - span_ms]
            if len(recent) >= count:
                found[str(rule.rule_id)] = Millis(recent[count - 1] + span_ms)
        return found


def _generosity(rule: SetRule, now: int) -> tuple[float, int]:
    amount = rule.amount(now)
    return amount / (rule.draft.minutes or 1), amount


def _command_of(name: str, asked: Asked) -> str | None:
    """The command of the request, as a rule for `name` sees it: reading aloud is asking too."""
    return name if (name, asked.command) == ("ask", "speak") else asked.command


def _is_meant(draft: Draft, asked: Asked) -> bool:
    if draft.whom is Whom.CHANNEL:
        return draft.name in {str(asked.channel_id), str(asked.parent_channel_id)}
    names = {
        Whom.GUILD: "",
        Whom.COMMAND: _command_of(draft.name, asked),
        Whom.MODEL: f"{asked.provider}/{asked.model}",
    }
    return names[draft.whom] == draft.name


def _is_counted(whom: Whom, one: Asked, asked: Asked, names: frozenset[str]) -> bool:
    """Whether a rule that binds `asked` counts the hold of `one`."""
    if one.guild_id != asked.guild_id:
        return False
    match whom:
        case Whom.MEMBER:
            return one.member_id == asked.member_id
        case Whom.CHANNEL:
            return bool(names & {str(one.channel_id), str(one.parent_channel_id)})
        case Whom.COMMAND:
            return any(_command_of(name, one) == name for name in names)
        case Whom.MODEL:
            return (one.provider, one.model) == (asked.provider, asked.model)
        case Whom.PURPOSE:
            return one.purpose not in names
        case _:
            return True

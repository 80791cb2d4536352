"""Requests once more, one after the other, under other rules; each is booked before the next begins."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from bot.core.clock import MINUTE_MS, Millis
from bot.core.errors import Refusal
from bot.core.ids import ChannelId, GuildId, MemberId
from bot.core.money import Ticks
from bot.ledger.model import Ceilings, Limit, Pace, Unit
from bot.ledger.policy import own_limits, shared_limits
from bot.ledger.rules.allowing import check_allowed
from bot.ledger.rules.binding import paces
from bot.ledger.rules.model import AllowList, Asked, Draft, Mark, Rule, RuleId, Terms
from bot.ledger.windows import Window, WindowKind, window_of
from bot.services.budgets.store import Past

# What refused where no rule did.
BLOCKED, NOT_ALLOWED = -1, -2
_UNITS = (Unit.MONEY, Unit.PICTURES, Unit.REQUESTS)
_Bound = tuple[WindowKind, tuple[str, int], int, int, int]  # window, counter, unit, amount, rule
_Own = tuple[tuple[_Bound, ...], tuple[Pace, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The rules to try, with whom they spare, and the marks and lists that hold beside them."""

    guild_id: GuildId
    drafts: tuple[Draft, ...]
    zone: tzinfo
    marks: Mapping[MemberId, Mark]
    roles: Mapping[MemberId, frozenset[int]]
    lists: tuple[AllowList, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """How many requests, and what they came to."""

    requests: int
    saved: Ticks


class Refusals:
    """What was refused so far, by some name."""

    def __init__(self) -> None:
        self._requests: Counter[int] = Counter()
        self._saved: Counter[int] = Counter()

    def add(self, name: int, saved: int) -> None:
        """One more."""
        self._requests[name] += 1
        self._saved[name] += saved

    def of(self, name: int) -> Refused:
        """Those of one name."""
        return Refused(requests=self._requests[name], saved=Ticks(self._saved[name]))

    def total(self) -> Refused:
        """All of them."""
        return Refused(requests=self._requests.total(), saved=Ticks(self._saved.total()))

    def largest(self, count: int) -> list[int]:
        """The names that saved most."""
        return [name for name, _ in self._saved.most_common(count)]

    def __len__(self) -> int:
        return len(self._requests)


class Replay:
    """Counters of the windows that are open, and what was refused since the moment that reports begin with.

    Which rules bind whom is found once for each member, and once for each place, command and model.
    """

    def __init__(self, ceilings: Ceilings, proposal: Proposal, *, since: Millis) -> None:
        self._ceilings = ceilings
        self._proposal = proposal
        self._since = since
        self.rules = tuple(
            Rule(rule_id=RuleId(number), guild_id=proposal.guild_id, draft=draft)
            for number, draft in enumerate(proposal.drafts)
        )
        self._windows: dict[WindowKind, Window] = {}
        self._taken: dict[WindowKind, Counter[tuple[str, int]]] = {kind: Counter() for kind in WindowKind}
        self._own: dict[tuple[int, str], _Own] = {}
        self._shared: dict[tuple[object, ...], tuple[_Bound, ...]] = {}
        self._allowed: dict[tuple[object, ...], bool] = {}
        self._recent: dict[int, deque[int]] = {}
        self.requests = 0
        self.spent = 0
        self.by_rule, self.by_member = Refusals(), Refusals()

    def ask(self, one: Past) -> None:
        """One request as it was made; those from before the reported time fill the windows that were open at its begin.

        The moments of requests never go back.
        """
        refused_by = self._refused_by(one)
        if one.at < self._since:
            return
        self.requests += 1
        self.spent += one.booked
        if refused_by is not None:
            self.by_rule.add(refused_by, one.booked)
            self.by_member.add(one.member_id, one.booked)

    def _refused_by(self, one: Past) -> int | None:
        """The rule that refuses it; None where it was counted."""
        if self._proposal.marks.get(MemberId(one.member_id)) is Mark.BLOCKED:
            return BLOCKED
        if self._proposal.lists and not self._is_allowed(one):
            return NOT_ALLOWED
        self._open(one.at)
        own, kept = self._own.get((one.member_id, one.roles)) or self._bind_member(one)
        place = one[4:10]
        shared = self._shared.get(place)
        bounds = (*own, *(self._bind_place(one) if shared is None else shared))
        refused_by = self._too_quick(one, kept)
        if refused_by is not None:
            return refused_by
        needed = (one.amount, one.pictures, 1)
        for kind, counter, unit, amount, rule in bounds:
            if needed[unit] and self._taken[kind][counter] + needed[unit] > amount:
                return rule
        booked = one[12:15]
        for kind, counter, unit, _, _ in bounds:
            self._taken[kind][counter] += booked[unit]
        if kept:
            times = self._recent.setdefault(one.member_id, deque())
            times.append(one.at)
            while len(times) > max(pace.count for pace in kept):
                times.popleft()
        return None

    def _open(self, at: Millis) -> None:
        """Counts anew in each window that has begun since the request before."""
        for kind in WindowKind:
            window = self._windows.get(kind)
            if window is None or at >= window.ends_at:
                self._windows[kind] = window_of(kind, at, self._proposal.zone)
                self._taken[kind] = Counter()

    def _too_quick(self, one: Past, kept: tuple[Pace, ...]) -> int | None:
        """The pace that refuses: the request that had room so many before it lies too near."""
        times = self._recent.get(one.member_id, ())
        for pace in kept:
            if len(times) >= pace.count and times[-pace.count] > one.at - pace.minutes * MINUTE_MS:
                return int(pace.rule)
        return None

    def _is_allowed(self, one: Past) -> bool:
        key = (one.member_id, one.roles, one.channel_id, one.parent_channel_id, one.provider, one.model, one.pictures)
        if key not in self._allowed:
            try:
                check_allowed(self._terms(one), self._asked(one))
            except Refusal:
                self._allowed[key] = False
            else:
                self._allowed[key] = True
        return self._allowed[key]

    def _bind_member(self, one: Past) -> _Own:
        asked, terms = self._asked(one), self._terms(one)
        limits = own_limits(asked, terms, at=one.at)
        found = (tuple(_bound(limit) for limit in limits), paces(terms, asked, now=one.at))
        self._own[one.member_id, one.roles] = found
        return found

    def _bind_place(self, one: Past) -> tuple[_Bound, ...]:
        limits = shared_limits(self._ceilings, self._asked(one), self._terms(one), at=one.at)
        found = tuple(_bound(limit) for limit in limits)
        self._shared[one[4:10]] = found
        return found

    def _terms(self, one: Past) -> Terms:
        proposal, mark = self._proposal, self._proposal.marks.get(MemberId(one.member_id))
        return Terms(rules=self.rules, lists=proposal.lists, mark=mark, zone=proposal.zone)

    def _asked(self, one: Past) -> Asked:
        member_id = MemberId(one.member_id)
        roles = frozenset(int(role) for role in one.roles.split())
        return Asked(
            guild_id=self._proposal.guild_id,
            member_id=member_id,
            roles=roles | self._proposal.roles.get(member_id, frozenset()),
            channel_id=None if one.channel_id is None else ChannelId(one.channel_id),
            parent_channel_id=None if one.parent_channel_id is None else ChannelId(one.parent_channel_id),
            command=one.command,
            provider=one.provider,
            model=one.model,
            purpose=one.purpose,
            pictures=one.pictures,
        )


def _bound(limit: Limit) -> _Bound:
    unit = _UNITS.index(limit.unit)
    return limit.window.kind, (limit.scope, unit), unit, limit.amount, int(limit.rule)

"""The last days once more under other rules: who would have been refused by which, and what that would have saved.

Requests are replayed one after the other, each booked before the next begins. What was refused at the time is in no
book and cannot be replayed. Of a member's roles those count that rules named then, and those that are given.
"""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from bot.core.clock import DAY_MS, MINUTE_MS, Millis
from bot.core.ids import GuildId, HoldId, MemberId
from bot.core.money import Ticks
from bot.db import Reader
from bot.ledger.model import Ceilings, Limit, Pace, weight
from bot.ledger.policy import Key, key_of, rule_limits
from bot.ledger.rules.binding import paces
from bot.ledger.rules.model import Draft, Mark, Rule, RuleId, Terms
from bot.services.budgets import store
from bot.services.budgets.store import Past

# A page of the book; what is kept beside it does not grow with the book.
PAGE = 1_000
# The members who are named; the others are counted alone.
MEMBERS_NAMED = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """How many requests, and what they came to."""

    requests: int
    saved: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """`requests` were made in the time; `total` of them would have been refused.

    `by_rule` in the order of the rules; `by_member` those who would have saved most, at most `MEMBERS_NAMED`.
    """

    requests: int
    spent: Ticks
    total: Refused
    by_rule: tuple[tuple[Draft, Refused], ...]
    by_member: tuple[tuple[MemberId, Refused], ...]
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The rules to try, with whom they spare."""

    guild_id: GuildId
    drafts: tuple[Draft, ...]
    zone: tzinfo
    marks: Mapping[MemberId, Mark]
    roles: Mapping[MemberId, frozenset[int]]


def simulate(reader: Reader, ceilings: Ceilings, proposal: Proposal, *, now: Millis, days: int) -> Simulation:
    """Replays the guild's last days within one snapshot; long for a large book, so give it a reader of its own."""
    replay = _Replay(ceilings, proposal)
    since = Millis(now - days * DAY_MS)
    after = (since, HoldId(""))
    while page := store.past(reader, proposal.guild_id, since=since, after=after, limit=PAGE):
        for one in page:
            replay.ask(one)
        after = (page[-1].at, page[-1].hold_id)
        replay.forget(before=page[-1].at)
    return replay.result()


class _Refusals:
    """What was refused so far, and the same by some name."""

    def __init__(self) -> None:
        self._requests: Counter[int] = Counter()
        self._saved: Counter[int] = Counter()

    def add(self, name: int, saved: Ticks) -> None:
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


class _Replay:
    """Counters of the windows that are open, and what was refused so far."""

    def __init__(self, ceilings: Ceilings, proposal: Proposal) -> None:
        self._ceilings = ceilings
        self._proposal = proposal
        self._rules = tuple(
            Rule(rule_id=RuleId(number), guild_id=proposal.guild_id, draft=draft)
            for number, draft in enumerate(proposal.drafts)
        )
        self._taken: dict[Key, tuple[int, Millis]] = {}
        self._recent: dict[MemberId, deque[Millis]] = {}
        self._requests = 0
        self._spent = 0
        self._by_rule, self._by_member = _Refusals(), _Refusals()

    def ask(self, one: Past) -> None:
        """One request as it was made."""
        given = self._proposal.roles.get(one.asked.member_id, frozenset())
        asked = replace(one.asked, roles=one.asked.roles | given)
        mark = self._proposal.marks.get(asked.member_id)
        terms = Terms(rules=self._rules, mark=mark, zone=self._proposal.zone)
        self._requests += 1
        self._spent += one.booked
        limits = rule_limits(self._ceilings, asked, at=one.at, terms=terms)
        kept = paces(terms, asked, now=one.at)
        rule = self._too_quick(one, kept) or self._too_much(one, limits)
        if rule is not None:
            self._by_rule.add(int(rule), one.booked)
            self._by_member.add(asked.member_id, one.booked)
            return
        for limit in limits:
            key = key_of(limit)
            booked = weight(limit.unit, amount=one.booked, pictures=asked.pictures)
            self._taken[key] = (self._taken.get(key, (0, Millis(0)))[0] + booked, limit.window.ends_at)
        if kept:
            times = self._recent.setdefault(asked.member_id, deque())
            times.append(one.at)
            while len(times) > max(pace.count for pace in kept):
                times.popleft()

    def forget(self, *, before: Millis) -> None:
        """Drops the windows that have ended."""
        self._taken = {key: held for key, held in self._taken.items() if held[1] > before}

    def result(self) -> Simulation:
        """What came of it."""
        names = self._by_member.largest(MEMBERS_NAMED)
        return Simulation(
            requests=self._requests,
            spent=Ticks(self._spent),
            total=self._by_rule.total(),
            by_rule=tuple((rule.draft, self._by_rule.of(rule.rule_id)) for rule in self._rules),
            by_member=tuple((MemberId(name), self._by_member.of(name)) for name in names),
            members=len(self._by_member),
        )

    def _too_quick(self, one: Past, kept: Sequence[Pace]) -> str | None:
        """The pace that refuses: the request that had room so many before it lies too near."""
        times = self._recent.get(one.asked.member_id, ())
        for pace in kept:
            if len(times) >= pace.count and times[-pace.count] > one.at - pace.minutes * MINUTE_MS:
                return pace.rule
        return None

    def _too_much(self, one: Past, limits: Sequence[Limit]) -> str | None:
        """The limit that refuses the worst case."""
        for limit in limits:
            needed = weight(limit.unit, amount=one.amount, pictures=one.asked.pictures)
            if self._taken.get(key_of(limit), (0, Millis(0)))[0] + needed > limit.amount:
                return limit.rule
        return None

"""The rules of a guild as its admins change them: each change a transaction of its own, in force for the next request.

What is held already stays held. A rule counts all that its window has seen, also before there was the rule.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.core.clock import DAY_MS, Clock, Millis, utc
from bot.core.ids import GuildId, MemberId
from bot.db import Database, Reader, Transaction
from bot.guilds import store as guilds
from bot.ledger.model import Ceilings
from bot.ledger.rules import store as rules
from bot.ledger.rules.bounds import check_ceiling
from bot.ledger.rules.model import (
    MAX_RULES,
    AllowList,
    BadRule,
    Change,
    Draft,
    Listed,
    Mark,
    Rule,
    RuleId,
    Whom,
)
from bot.services.budgets.changing import Changing, Log, counts_in, moment_of
from bot.services.budgets.counting import Count
from bot.services.budgets.reading import Budget, budget_of, name_of, words_of
from bot.services.budgets.replaying import Proposal
from bot.services.budgets.reserving import refuse_unless_left
from bot.services.budgets.seen import refuse_unless_seen
from bot.services.budgets.simulating import Simulation, simulate

# Read in every admission, like the rules.
MAX_LISTS = 50
MAX_LISTED = 50
# Shown on one card, a page at a time.
MAX_MARKS = 500
# Longer is not for a while.
MAX_RAISE_MS = 366 * DAY_MS
# A page of the log.
CHANGES_SHOWN = 50
MAX_SIMULATED_DAYS = 30


class Budgets:
    """The use cases behind `/settings budget` and `/settings simulate`. `by` is who asks for a change, `seen` is what
    they had before their eyes (`seen.seen_as`), None where that does not matter.

    Changes raise BadRule, AboveCeiling, UnknownRule, ChangedMeanwhile and DatabaseUnavailable; nothing is changed then.
    """

    def __init__(self, *, database: Database, ceilings: Ceilings, clock: Clock) -> None:
        self._database = database
        self._ceilings = ceilings
        self._clock = clock
        self._changing = Changing(database=database, clock=clock)
        # A replay keeps a reader busy: one at a time, so that cards have the other.
        self._simulating = asyncio.Lock()

    @property
    def ceilings(self) -> Ceilings:
        """What the operator allows."""
        return self._ceilings

    async def rules_of(self, guild_id: GuildId) -> Budget:
        """What holds for whom, what is left, when it resets."""
        now = self._clock.now()
        return await self._database.read(lambda reader: budget_of(reader, self._ceilings, guild_id, now=now))

    async def changes_of(self, guild_id: GuildId) -> tuple[Change, ...]:
        """The last changes, the newest first."""
        return await self._database.read(lambda reader: rules.changes_of(reader, guild_id, limit=CHANGES_SHOWN))

    async def set_rule(self, guild_id: GuildId, draft: Draft, *, by: MemberId, seen: str | None = None) -> Rule:
        """Puts a rule in force, in the place of the one for the same subject, unit and span."""
        check_ceiling(self._ceilings, draft)

        def checked(reader: Reader) -> tuple[tuple[Rule, ...], Rule | None]:
            before = rules.rules_of(reader, guild_id)
            old = next((rule for rule in before if name_of(rule.draft) == name_of(draft)), None)
            refuse_unless_seen(old, seen)
            if old is None and len(before) >= MAX_RULES:
                raise BadRule("number")
            refuse_unless_left(self._ceilings, before, draft, now=moment_of(reader, self._clock.now()))
            return before, old

        def needed(reader: Reader, in_force: Sequence[Rule], rule: Rule) -> tuple[Count, ...]:
            zone = guilds.settings_of(reader, guild_id).tz
            return counts_in(reader, guild_id, in_force, zone=zone, changed=rule)

        def plan(reader: Reader) -> tuple[Count, ...]:
            before, old = checked(reader)
            # A rule in the place of another finds its counters complete.
            rule = Rule(rule_id=RuleId(0), guild_id=guild_id, draft=draft)
            return needed(reader, (*before, rule), rule) if old is None else ()

        def work(tx: Transaction, log: Log) -> Rule:
            before, old = checked(tx)
            if old is not None and old.draft == draft and old.amount_at(moment_of(tx, log.at)) == draft.amount:
                return old
            rule = rules.set_rule(tx, guild_id, draft, at=log.at)
            log.add(name_of(draft), None if old is None else words_of(old.draft), words_of(draft))
            if old is None:
                log.complete(needed(tx, (*before, rule), rule))
            return rule

        return await self._changing.change(guild_id, by, work, plan=plan)

    async def end_rule(self, guild_id: GuildId, rule_id: RuleId, *, by: MemberId, seen: str | None = None) -> None:
        """The rule binds no more."""

        def work(tx: Transaction, log: Log) -> None:
            rule = rules.rule_of(tx, guild_id, rule_id)
            refuse_unless_seen(rule, seen)
            rules.end_rule(tx, rule, at=log.at)
            log.add(name_of(rule.draft), words_of(rule.draft), None)

        await self._changing.change(guild_id, by, work)

    async def raise_until(
        self, guild_id: GuildId, rule_id: RuleId, *, to: int, until: Millis, by: MemberId, seen: str | None = None
    ) -> Rule:
        """Lets the rule allow another amount until a moment, which ends by itself; setting the rule ends it sooner.

        The moment lies ahead, by a year at most.
        """

        def work(tx: Transaction, log: Log) -> Rule:
            rule, now = rules.rule_of(tx, guild_id, rule_id), moment_of(tx, log.at)
            refuse_unless_seen(rule, seen)
            raised = replace(rule.draft, amount=to)
            if not now < until <= now + MAX_RAISE_MS:
                raise BadRule("until")
            check_ceiling(self._ceilings, raised)
            refuse_unless_left(self._ceilings, rules.rules_of(tx, guild_id), raised, now=now)
            if (rule.raised_to, rule.raised_until) == (to, until):
                return rule
            end = utc(until).isoformat(timespec="minutes")
            log.add(name_of(rule.draft), words_of(rule.draft), f"{words_of(raised)} until {end}")
            return rules.raise_rule(tx, rule, to=to, until=until)

        return await self._changing.change(guild_id, by, work)

    async def mark(
        self, guild_id: GuildId, member_id: MemberId, mark: Mark | None, *, by: MemberId, seen: str | None = None
    ) -> None:
        """Exempts or blocks a member, or takes that back."""

        def work(tx: Transaction, log: Log) -> None:
            old = rules.mark_of(tx, guild_id, member_id)
            refuse_unless_seen(old, seen)
            if mark is old:
                return
            if old is None and len(rules.marks_of(tx, guild_id)) >= MAX_MARKS:
                raise BadRule("number")
            rules.set_mark(tx, guild_id, member_id, mark)
            log.add(f"member:{member_id}", old, mark)

        await self._changing.change(guild_id, by, work)

    async def allow(self, guild_id: GuildId, *lists: AllowList, by: MemberId, seen: str | None = None) -> None:
        """Sets what is allowed in a channel or to a role: all of these lists, or none."""
        if any(len(wanted.values) > MAX_LISTED for wanted in lists):
            raise BadRule("values")

        def work(tx: Transaction, log: Log) -> None:
            for wanted in lists:
                old = _list(tx, guild_id, wanted.whom, wanted.name, wanted.what)
                refuse_unless_seen(old, seen)
                if old is None and len(rules.lists_of(tx, guild_id)) >= MAX_LISTS:
                    raise BadRule("number")
                if wanted != old:
                    rules.set_list(tx, guild_id, wanted)
                    log.add(_list_name(wanted.whom, wanted.name, wanted.what), _values(old), _values(wanted))

        await self._changing.change(guild_id, by, work)

    async def allow_all(
        self, guild_id: GuildId, *, whom: Whom, name: str, what: Listed, by: MemberId, seen: str | None = None
    ) -> None:
        """Drops a list: all is allowed there again."""

        def work(tx: Transaction, log: Log) -> None:
            old = _list(tx, guild_id, whom, name, what)
            refuse_unless_seen(old, seen)
            if old is not None:
                log.add(_list_name(whom, name, what), _values(old), None)
                rules.drop_list(tx, guild_id, whom=whom, name=name, what=what)

        await self._changing.change(guild_id, by, work)

    async def simulate(
        self,
        guild_id: GuildId,
        drafts: Sequence[Draft],
        *,
        days: int,
        roles: Mapping[MemberId, frozenset[int]] | None = None,
    ) -> Simulation:
        """What the last days, at most 30, would have looked like under these rules in the place of those in force.

        `roles` are what members have now, where they are known. Marks and allow-lists are those in force.
        """

        def read(reader: Reader) -> tuple[Proposal, Millis]:
            proposal = Proposal(
                guild_id=guild_id,
                drafts=tuple(drafts),
                zone=guilds.settings_of(reader, guild_id).tz,
                marks=rules.marks_of(reader, guild_id),
                roles=roles or {},
                lists=rules.lists_of(reader, guild_id),
            )
            return proposal, moment_of(reader, self._clock.now())

        async with self._simulating:
            proposal, now = await self._database.read(read)
            wanted = min(days, MAX_SIMULATED_DAYS)
            return await simulate(self._database, self._ceilings, proposal, now=now, days=wanted)

    async def simulate_beside(self, guild_id: GuildId, draft: Draft | None, *, days: int) -> Simulation:
        """The same under the rules in force, without their raises, and one more, in the place of one like it."""
        in_force = await self._database.read(lambda reader: rules.rules_of(reader, guild_id))
        drafts = {name_of(rule.draft): rule.draft for rule in in_force}
        drafts |= {} if draft is None else {name_of(draft): draft}
        return await self.simulate(guild_id, tuple(drafts.values()), days=days)


def _list(reader: Reader, guild_id: GuildId, whom: Whom, name: str, what: Listed) -> AllowList | None:
    subject = (whom, name, what)
    return next((one for one in rules.lists_of(reader, guild_id) if (one.whom, one.name, one.what) == subject), None)


def _list_name(whom: Whom, name: str, what: Listed) -> str:
    """What the log calls a list."""
    return f"{whom}:{name} {what}"


def _values(one: AllowList | None) -> str | None:
    """What the log says of a list."""
    return None if one is None else ", ".join(sorted(one.values))

"""Hypothesis plays a guild: rules, zones, marks, requests, outcomes, moves, clocks, crashes; the oracle looks on."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.core.clock import HOUR_MS, MINUTE_MS, Millis
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import GuildId, JobId, MemberId, hold_id_of
from bot.db import Transaction
from bot.ledger.check import broken_books
from bot.ledger.model import Unit
from bot.ledger.rules.model import AboveCeiling, Asked, BadRule, Draft, Mark, RuleId, Span, Whom
from tests.budgets.house import ADMIN, House, asked, ceilings, done
from tests.budgets.oracle import PERSONAL, Bound, Guild, Line, Oracle, SetRule
from tests.guilds.changing import set_to
from tests.ledger.book import at

# Before both changes of the clocks in Europe, on the last days of months, and at the turn of a year.
STARTS = ["2026-03-28T20:00", "2026-10-24T20:00", "2026-12-31T09:30", "2026-02-27T23:00"]
ZONES = ["UTC", "Etc/GMT+12", "Pacific/Kiritimati", "Europe/Berlin", "Australia/Lord_Howe"]
GUILDS = st.sampled_from([1, 1, 1, 2])
ROLES = {10: frozenset({100}), 11: frozenset({100, 101}), 12: frozenset[int]()}
SETS_OF_ROLES = [frozenset[int](), frozenset({100}), frozenset({101}), frozenset({100, 101})]
MODELS = ["pixazo/a", "pixazo/b", "locus/c"]
PURPOSES = ["event", "prize"]
WHOLE = [Span.DAY, Span.MONTH]  # of which the operator allows a guild so much
THREADS = {7: 5}
NAMES = {
    Whom.CHANNEL: ["5", "6", "7"],
    Whom.ROLE: ["100", "101"],
    Whom.MEMBER: ["10", "11"],
    Whom.COMMAND: ["imagine", "ask", "speak"],
    Whom.MODEL: MODELS,
    Whom.PURPOSE: PURPOSES,
}
CEILINGS = ceilings(
    bot_monthly=60,
    guild_monthly=40,
    guild_daily=24,
    member_daily=16,
    member_daily_pictures=10,
    bot_monthly_pictures=90,
    guild_daily_pictures=30,
)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Any rule that makes sense, small enough to be met."""
    whom = draw(st.sampled_from([*Whom, Whom.GUILD, Whom.EVERYONE, Whom.ROLE]))
    name = draw(st.sampled_from(NAMES[whom])) if whom in NAMES else ""
    if whom in PERSONAL and draw(st.integers(0, 2)) == 0:
        count, minutes = draw(st.integers(1, 3)), draw(st.sampled_from([10, 60, 24 * 60]))
        return Draft(whom=whom, name=name, unit=Unit.REQUESTS, span=Span.ROLLING, amount=count, minutes=minutes)
    unit = draw(st.sampled_from([Unit.MONEY, Unit.MONEY, Unit.PICTURES, Unit.REQUESTS]))
    span = draw(st.sampled_from([Span.DAY, Span.WEEK, Span.MONTH]))
    return Draft(whom=whom, name=name, unit=unit, span=span, amount=draw(st.integers(0, 14)))


@st.composite
def requests(draw: st.DrawFn) -> Asked:
    """Any request."""
    member = draw(st.sampled_from(sorted(ROLES)))
    provider, model = draw(st.sampled_from(MODELS)).split("/")
    channel = draw(st.sampled_from([5, 6, 7]))
    return asked(
        guild=draw(GUILDS),
        member=member,
        channel=channel,
        thread_of=THREADS.get(channel),
        command=draw(st.sampled_from(["imagine", "ask", "speak"])),
        provider=provider,
        model=model,
        purpose=draw(st.sampled_from([None, None, *PURPOSES])),
        pictures=draw(st.integers(0, 3)),
    )


class SimulatedCrash(Exception):
    """Everything of the open transaction is lost."""


class BudgetMachine(RuleBasedStateMachine):
    """The rules of the game; what is under test are the rooms themselves, in which mutants change a piece."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House(CEILINGS)
        self.oracle = Oracle(CEILINGS, {1: Guild(), 2: Guild()})
        self.lines: dict[JobId, Line] = {}
        self.seen = 0
        self.roles = dict(ROLES)

    @initialize(start=st.sampled_from(STARTS))
    def begin(self, start: str) -> None:
        self.house.clock.advance(ms=at(start) - self.house.clock.now())

    def teardown(self) -> None:
        self.house.memory.close()

    # What admins do

    @rule(guild=GUILDS, draft=drafts())
    def set_rule(self, guild: int, draft: Draft) -> None:
        self.put(guild, draft)

    @rule(guild=GUILDS, amounts=st.tuples(st.integers(0, 9), st.integers(0, 9)), span=st.sampled_from(WHOLE))
    def keep_for_both_purposes(self, guild: int, amounts: tuple[int, int], span: Span) -> None:
        for name, amount in zip(PURPOSES, amounts, strict=True):
            self.put(guild, Draft(whom=Whom.PURPOSE, name=name, unit=Unit.MONEY, span=span, amount=amount))

    @rule(guild=GUILDS, name=st.sampled_from(MODELS), amount=st.integers(0, 5))
    def limit_a_model(self, guild: int, name: str, amount: int) -> None:
        self.put(guild, Draft(whom=Whom.MODEL, name=name, unit=Unit.MONEY, span=Span.DAY, amount=amount))

    @rule(guild=GUILDS, amounts=st.permutations([1, 4, 9]), unit=st.sampled_from([Unit.MONEY, Unit.REQUESTS]))
    def limit_persons(self, guild: int, amounts: list[int], unit: Unit) -> None:
        whose = [(Whom.MEMBER, "10"), (Whom.ROLE, "100"), (Whom.EVERYONE, "")]
        for (whom, name), amount in zip(whose, amounts, strict=True):
            self.put(guild, Draft(whom=whom, name=name, unit=unit, span=Span.DAY, amount=amount))

    def put(self, guild: int, draft: Draft) -> None:
        try:
            stored = done(self.house.budgets.set_rule(GuildId(guild), draft, by=ADMIN))
        except (BadRule, AboveCeiling):
            return
        rules = self.oracle.guilds[guild].rules
        rules[:] = [one for one in rules if not _is_alike(one.draft, draft)]
        rules.append(SetRule(stored.rule_id, draft))

    @precondition(lambda self: any(guild.rules for guild in self.oracle.guilds.values()))
    @rule(which=st.integers(0, 20))
    def end_rule(self, which: int) -> None:
        guild, rule = self.some_rule(which)
        done(self.house.budgets.end_rule(GuildId(guild), RuleId(rule.rule_id), by=ADMIN))
        self.oracle.guilds[guild].rules.remove(rule)

    @precondition(lambda self: any(guild.rules for guild in self.oracle.guilds.values()))
    @rule(which=st.integers(0, 20), more=st.integers(-3, 8), hours=st.sampled_from([1, 1, 30]))
    def raise_rule(self, which: int, more: int, hours: int) -> None:
        guild, rule = self.some_rule(which)
        to, until = max(1, rule.draft.amount + more), Millis(self.now() + hours * HOUR_MS)
        raising = self.house.budgets.raise_until(GuildId(guild), RuleId(rule.rule_id), to=to, until=until, by=ADMIN)
        try:
            done(raising)
        except (AboveCeiling, BadRule):
            return
        rule.raised_to, rule.raised_until = to, until

    @rule(guild=GUILDS, member=st.sampled_from(sorted(ROLES)), mark=st.sampled_from([None, None, *Mark]))
    def mark(self, guild: int, member: int, mark: Mark | None) -> None:
        done(self.house.budgets.mark(GuildId(guild), MemberId(member), mark, by=ADMIN))
        self.oracle.guilds[guild].marks.pop(member, None)
        if mark is not None:
            self.oracle.guilds[guild].marks[member] = mark

    @rule(guild=GUILDS, zone=st.sampled_from(ZONES))
    def set_zone(self, guild: int, zone: str) -> None:
        done(set_to(self.house.desk, GuildId(guild), by=ADMIN, zone=zone))
        self.oracle.guilds[guild].zone = ZoneInfo(zone)

    @rule(member=st.sampled_from(sorted(ROLES)), roles=st.sampled_from(SETS_OF_ROLES))
    def give_roles(self, member: int, roles: frozenset[int]) -> None:
        self.roles[member] = roles

    # What members do

    @rule(wanted=requests(), amount=st.integers(0, 6))
    def ask(self, wanted: Asked, amount: int) -> None:
        self.asked_once(wanted, amount)

    @rule(wanted=requests(), amount=st.integers(1, 3), times=st.integers(2, 6))
    def ask_often(self, wanted: Asked, amount: int, times: int) -> None:
        for _ in range(times):
            self.asked_once(wanted, amount)

    @rule(wanted=requests(), amount=st.integers(0, 6))
    def ask_and_crash(self, wanted: Asked, amount: int) -> None:
        wanted = replace(wanted, roles=self.roles[wanted.member_id])

        def interrupted(tx: Transaction) -> None:
            try:
                self.house.admit(tx, wanted, amount, JobId("crashed"))
            except Refusal:
                pass  # a crash may as well follow a refusal
            raise SimulatedCrash

        try:
            self.house.memory.write(interrupted)
        except SimulatedCrash:
            pass  # that nothing stays is what the invariants say

    # What becomes of it

    @precondition(lambda self: self.lines)
    @rule(which=st.integers(0, 20), actual=st.integers(0, 8), pictures=st.integers(0, 4))
    def post(self, which: int, actual: int, pictures: int) -> None:
        def booked(line: Line) -> None:
            line.booked, line.pictures = actual, pictures

        self.close(which, lambda job_id: self.house.post(job_id, actual, pictures), booked)

    @precondition(lambda self: self.lines)
    @rule(which=st.integers(0, 20))
    def void(self, which: int) -> None:
        def voided(line: Line) -> None:
            line.is_void = True

        self.close(which, self.house.void, voided)

    @precondition(lambda self: self.lines)
    @rule(which=st.integers(0, 20))
    def presume(self, which: int) -> None:
        def presumed(line: Line) -> None:
            line.booked, line.pictures = line.amount, line.asked.pictures

        self.close(which, self.house.presume, presumed)

    @precondition(lambda self: self.lines)
    @rule(which=st.integers(0, 20), difference=st.integers(-4, 4).filter(bool))
    def adjust(self, which: int, difference: int) -> None:
        job_id, line = self.some_line(which)
        if not line.is_open and not line.is_void and line.booked + difference >= 0:
            self.house.adjust(job_id, difference)
            line.booked += difference

    @precondition(lambda self: self.lines)
    @rule(which=st.integers(0, 20), to=st.sampled_from(MODELS), amount=st.integers(0, 8))
    def go_on(self, which: int, to: str, amount: int) -> None:
        """The job goes to another gateway; it keeps the windows of its request."""
        job_id, line = self.some_line(which)
        if not line.is_open:
            return
        provider, model = to.split("/")
        moved = replace(line, asked=replace(line.asked, provider=provider, model=model), amount=amount)
        refusal: Refusal | None
        try:
            self.house.go_on(job_id, amount=amount, provider=provider, model=model)
        except Refusal as error:
            refusal = error
        else:
            refusal = None
        if refusal is not None:
            assert cast("int", refusal.facts["left"]) < cast("int", refusal.facts["needed"])
            return
        before = line.amount
        line.asked, line.amount = moved.asked, amount
        self.counts_where_it_should(job_id, line)
        if amount > before:
            now = Millis(self.seen)
            for bound in self.oracle.bounds(line.asked, at=line.at, now=now):
                if bound.window.ends_at > now and bound.unit is Unit.MONEY:
                    assert bound.taken <= bound.limit, bound

    @precondition(lambda self: any(rule.raised_until for guild in self.oracle.guilds.values() for rule in guild.rules))
    @rule(wanted=requests(), hours=st.sampled_from([1, 31]))
    def ask_after_a_raise(self, wanted: Asked, hours: int) -> None:
        self.house.clock.advance(ms=hours * HOUR_MS)
        for _ in range(4):
            self.asked_once(wanted, 3)

    # What fate does

    @rule(minutes=st.sampled_from([10, 60, -60, 12 * 60, 24 * 60, -25 * 60, 25 * 60, 6 * 24 * 60, 17 * 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.house.clock.advance(ms=minutes * MINUTE_MS)

    # What must hold

    @invariant()
    def the_books_agree(self) -> None:
        assert self.house.memory.read(broken_books) == ()

    @invariant()
    def every_rule_has_counted_all_that_its_window_saw(self) -> None:
        """Whenever the rule was made, whatever zone it was counted in before."""
        if not self.seen:
            return
        now = Millis(self.seen)
        rows = self.house.memory.read(lambda reader: reader.all("SELECT *, held + spent AS taken FROM counter"))
        taken = {
            (row["scope"].split(":")[1], row["unit"], row["window_kind"], row["starts_at"], row["taken"])
            for row in rows
            if row["scope"] != "bot"
        }
        for guild_id, guild in self.oracle.guilds.items():
            for member, roles in self.roles.items() if guild.rules else ():
                who = asked(guild=guild_id, member=member, roles=roles, provider="pixazo", model="a")
                for bound in self.oracle.bounds(who, at=now, now=now):
                    if bound.rule != "operator" and bound.taken:
                        window = (bound.unit, bound.window.kind, bound.window.starts_at)
                        assert (str(guild_id), *window, bound.taken) in taken, bound

    # How it is done

    def asked_once(self, wanted: Asked, amount: int) -> None:
        wanted = replace(wanted, roles=self.roles[wanted.member_id])
        now = Millis(max(self.seen, self.now()))
        bounds = self.oracle.bounds(wanted, at=now, now=now)
        line = Line(wanted, now, amount)
        over = [bound for bound in bounds if 0 < line.weight(bound.unit) > bound.limit - bound.taken]
        paces = self.oracle.pace_ends(wanted, now)
        is_blocked = self.oracle.guilds[wanted.guild_id].marks.get(wanted.member_id) is Mark.BLOCKED
        try:
            job_id = self.house.ask(wanted, amount)
        except Refusal as refusal:
            self.refused(refusal, line, over, paces, is_blocked=is_blocked)
            return
        self.seen = now  # a refusal leaves no trace, of its moment neither
        assert not over, over
        assert not paces, paces
        assert not is_blocked
        # A rule that names a role only later does not bind what was accepted before.
        named = {rule.draft.name for rule in self.oracle.guilds[wanted.guild_id].rules if rule.draft.whom is Whom.ROLE}
        line.asked = replace(wanted, roles=frozenset(role for role in wanted.roles if str(role) in named))
        self.oracle.lines.append(line)
        self.lines[job_id] = line
        self.counts_where_it_should(job_id, line)

    def refused(
        self, refusal: Refusal, line: Line, over: list[Bound], paces: dict[str, Millis], *, is_blocked: bool
    ) -> None:
        """It names a limit that really forbids, none being more personal, what is left of it, and when it resets."""
        facts = refusal.facts
        match refusal.reason:
            case RefusalReason.MEMBER_BLOCKED:
                assert is_blocked
            case RefusalReason.PACE:
                assert paces.get(str(facts["rule"])) == facts["resets_at"]
            case RefusalReason.BUDGET | RefusalReason.QUOTA:
                assert not is_blocked
                assert not paces
                named = [
                    bound
                    for bound in over
                    if (bound.rule, bound.unit, bound.window.kind) == (facts["rule"], facts["unit"], facts["window"])
                    and (bound.limit, bound.left) == (facts["limit"], facts["left"])
                    and (bound.window.ends_at, line.weight(bound.unit)) == (facts["resets_at"], facts["needed"])
                ]
                assert named, (dict(facts), over)
                assert min(bound.rank for bound in named) == min(bound.rank for bound in over)
            case _:
                raise AssertionError(refusal.reason)

    def counts_where_it_should(self, job_id: JobId, line: Line) -> None:
        """A hold weighs on the counters that the request meets, or would with another role, and on no others."""
        legs = self.house.memory.read(
            lambda reader: reader.all(
                "SELECT counter.* FROM hold_leg AS leg JOIN counter ON counter.id = leg.counter_id"
                " WHERE leg.hold_id = ?",
                (hold_id_of(job_id),),
            )
        )
        bounds = self.oracle.bounds(line.asked, at=line.at, now=Millis(self.seen))
        wanted = {(bound.unit, bound.window.kind, bound.window.starts_at) for bound in bounds}
        wanted |= self.oracle.windows_of_persons(line.asked, at=line.at)
        assert {(leg["unit"], leg["window_kind"], leg["starts_at"]) for leg in legs} == wanted
        models = {leg["scope"].split(":", 2)[2] for leg in legs if leg["scope"].startswith("model:")}
        assert models <= {f"{line.asked.provider}/{line.asked.model}"}

    def close(self, which: int, work: Callable[[JobId], None], then: Callable[[Line], None]) -> None:
        job_id, line = self.some_line(which)
        if line.is_open:
            work(job_id)
            line.is_open = False
            then(line)

    def now(self) -> Millis:
        return self.house.clock.now()

    def some_rule(self, which: int) -> tuple[int, SetRule]:
        every = [(guild, rule) for guild, one in self.oracle.guilds.items() for rule in one.rules]
        return every[which % len(every)]

    def some_line(self, which: int) -> tuple[JobId, Line]:
        every = list(self.lines.items())
        return every[-1 - which % len(every)]


def _is_alike(one: Draft, other: Draft) -> bool:
    return (one.whom, one.name, one.unit, one.span) == (other.whom, other.name, other.unit, other.span)

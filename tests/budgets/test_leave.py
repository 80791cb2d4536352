"""Which refused requests wait for a moderator, and what his word does, over the real transactions."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.clock import Millis
from bot.core.crashpoints import NONE
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import AssetId, ChannelId, GuildId, JobId, MemberId, hold_id_of
from bot.core.money import Ticks
from bot.core.requests import PictureFormat
from bot.db import Transaction
from bot.jobs import store as jobs
from bot.ledger import store as ledger
from bot.ledger.check import check
from bot.ledger.model import Unit
from bot.ledger.rules.model import AllowList, Listed, Mark, Span, Whom
from bot.media import store as assets
from bot.media.assets import Asset
from bot.services import store as results
from bot.services.cancelling import Cancelling, CancelOutcome
from bot.services.leave import store
from bot.services.leave.asking import ask_leave, is_rule_of_guild
from bot.services.leave.desk import LeaveAnswer, LeaveDesk, LeaveOutcome
from bot.services.leave.model import LIVES_MS, MAX_OF_GUILD, MAX_OF_MEMBER, Leave, LeaveState
from bot.services.newwork import NewWork
from bot.services.retention import store as sweeping
from bot.services.sources import SourceRef
from tests.budgets.house import ADMIN, GUILD, MEMBER, House, ceilings, done, draft
from tests.budgets.test_admission import WORK, Door
from tests.guilds.changing import set_to

MOD = MemberId(77)
STAFF = ChannelId(500)
ASKING = replace(WORK, request="{}", words="a lighthouse")


class Staff:
    """A guild in soft mode with a rule of 4 ticks a week, and the desk of its moderators."""

    def __init__(self, **of: int) -> None:
        self.house = House(ceilings(**{"member_daily": 100, **of}))
        self.door = Door(self.house)
        self.rung = 0
        self.work: NewWork | Refusal = ASKING
        done(set_to(self.house.desk, GUILD, by=ADMIN, staff_channel_id=STAFF))
        done(set_to(self.house.desk, GUILD, by=ADMIN, is_soft=True))
        done(self.house.budgets.set_rule(GUILD, draft(amount=4, span=Span.WEEK), by=ADMIN))
        self.desk = LeaveDesk(
            database=self.door.database,
            admission=self.door.admission,
            renewals={"imagine": self.renew},
            clock=self.house.clock,
            crashpoints=NONE,
            tell=self.ring,
        )

    def ring(self) -> None:
        self.rung += 1

    async def renew(self, leave: Leave) -> NewWork:
        """What the kind makes of it today."""
        assert leave.request == "{}"
        if isinstance(self.work, Refusal):
            raise self.work
        return self.work

    def asks(self, work: NewWork = ASKING, *, roles: frozenset[int] = frozenset()) -> JobId:
        """A request that waits."""
        job_id = self.door.admit(work, roles=roles)
        assert self.leave(job_id).state is LeaveState.WAITING
        return job_id

    def refused(self, work: NewWork = ASKING) -> RefusalReason:
        """A request that does not."""
        with pytest.raises(Refusal) as caught:
            self.door.admit(work)
        return caught.value.reason

    def leave(self, job_id: JobId) -> Leave:
        found = self.house.memory.read(lambda reader: store.get(reader, job_id))
        assert found is not None
        return found

    def allow(self, job_id: JobId, *, guild: int = GUILD) -> LeaveAnswer:
        answer = self.desk.allow(job_id, guild_id=GuildId(guild), by=MOD, at=self.house.clock.now())
        return done(answer)

    def is_job(self, job_id: JobId) -> bool:
        return self.house.memory.read(lambda reader: jobs.get(reader, job_id)) is not None

    def assert_sound(self) -> None:
        assert self.house.memory.read(check) == ()


@pytest.fixture
def staff() -> Iterator[Staff]:
    built = Staff()
    yield built
    built.house.memory.close()


def test_what_waits_holds_nothing_and_is_no_job(staff: Staff) -> None:
    job_id = staff.asks()
    assert not staff.is_job(job_id)
    assert staff.house.memory.read(ledger.open_holds) == ()
    leave = staff.leave(job_id)
    assert (leave.words, leave.refusal.reason, leave.amount) == ("a lighthouse", RefusalReason.BUDGET, 5)
    staff.assert_sound()


def test_allowed_once_it_is_a_job_with_a_hold_beyond_the_rule_and_a_line_in_the_log(staff: Staff) -> None:
    job_id = staff.asks()
    answer = staff.allow(job_id)
    assert answer.outcome is LeaveOutcome.DONE
    assert staff.is_job(job_id)
    hold = staff.house.memory.read(lambda reader: ledger.hold_of(reader, hold_id_of(job_id)))
    assert hold is not None
    assert hold.amount == 5
    leave = staff.leave(job_id)
    assert (leave.state, leave.decided_by, leave.request, leave.words) == (LeaveState.ALLOWED, MOD, "", "")
    (change, *_) = done(staff.house.budgets.changes_of(GUILD))
    assert (change.author_id, change.subject, change.before) == (MOD, f"member:{MEMBER} once", None)
    staff.assert_sound()
    # The rule binds the next one as before.
    assert staff.leave(staff.asks()).refusal.facts["left"] == 0


def test_the_first_word_counts(staff: Staff) -> None:
    job_id = staff.asks()
    staff.allow(job_id)
    rung = staff.rung
    late = done(staff.desk.refuse(job_id, guild_id=GUILD, by=ADMIN, reason="no"))
    assert (late.outcome, late.leave and late.leave.decided_by) == (LeaveOutcome.DECIDED, MOD)
    assert staff.allow(job_id).outcome is LeaveOutcome.DECIDED
    assert staff.rung == rung


def test_a_word_that_comes_second_within_one_moment_makes_no_second_job(staff: Staff) -> None:
    job_id = staff.asks()

    async def renew(leave: Leave) -> NewWork:
        await staff.desk.refuse(leave.job_id, guild_id=GUILD, by=ADMIN, reason="")
        return ASKING

    slow = LeaveDesk(
        database=staff.door.database,
        admission=staff.door.admission,
        renewals={"imagine": renew},
        clock=staff.house.clock,
        crashpoints=NONE,
        tell=staff.ring,
    )
    answer = done(slow.allow(job_id, guild_id=GUILD, by=MOD, at=staff.house.clock.now()))
    assert answer.outcome is LeaveOutcome.DECIDED
    assert not staff.is_job(job_id)


def test_a_reason_is_cut_to_a_line_and_may_be_left_out(staff: Staff) -> None:
    job_id = staff.asks()
    done(staff.desk.refuse(job_id, guild_id=GUILD, by=MOD, reason="no\n" + "x" * 300))
    told = staff.leave(job_id).reason or ""
    assert told.startswith("no xxx")
    assert len(told) == 200
    job_id = staff.asks()
    done(staff.desk.refuse(job_id, guild_id=GUILD, by=MOD, reason=" "))
    assert staff.leave(job_id).reason is None


def test_another_server_decides_nothing(staff: Staff) -> None:
    job_id = staff.asks()
    assert staff.allow(job_id, guild=2).outcome is LeaveOutcome.UNKNOWN
    refused = done(staff.desk.refuse(job_id, guild_id=GuildId(2), by=MOD, reason=""))
    assert refused.outcome is LeaveOutcome.UNKNOWN
    assert staff.allow(JobId("nobody")).outcome is LeaveOutcome.UNKNOWN
    assert not staff.leave(job_id).is_over


def test_a_price_that_has_risen_is_told_before_anything_is_held(staff: Staff) -> None:
    job_id = staff.asks()
    staff.work = replace(ASKING, amount=Ticks(6))
    answer = staff.allow(job_id)
    assert (answer.outcome, staff.leave(job_id).amount) == (LeaveOutcome.DEARER, 6)
    assert not staff.is_job(job_id)
    assert staff.allow(job_id).outcome is LeaveOutcome.DONE


def test_a_price_that_has_fallen_is_the_price(staff: Staff) -> None:
    job_id = staff.asks()
    staff.work = replace(ASKING, amount=Ticks(3))
    assert staff.allow(job_id).outcome is LeaveOutcome.DONE
    hold = staff.house.memory.read(lambda reader: ledger.hold_of(reader, hold_id_of(job_id)))
    assert hold is not None
    assert hold.amount == 3


def test_what_cannot_be_made_today_is_said_and_waits_on(staff: Staff) -> None:
    job_id = staff.asks()
    staff.work = Refusal(RefusalReason.PROVIDER_DOWN, {"wait_s": 9, "trouble": "unreachable"})
    answer = staff.allow(job_id)
    assert answer.outcome is LeaveOutcome.BLOCKED
    leave = staff.leave(job_id)
    assert leave.blocked is not None
    assert (leave.state, leave.blocked.reason) == (LeaveState.WAITING, RefusalReason.PROVIDER_DOWN)
    staff.work = ASKING
    assert staff.allow(job_id).outcome is LeaveOutcome.DONE


def blocks(staff: Staff, reason: RefusalReason, job_id: JobId) -> None:
    """It cannot be allowed now, for that reason; it waits on, and nothing is held."""
    answer = staff.allow(job_id)
    assert answer.outcome is LeaveOutcome.BLOCKED
    assert answer.refusal is not None
    assert answer.refusal.reason is reason
    assert not staff.is_job(job_id)
    assert not staff.leave(job_id).is_over
    staff.assert_sound()


def test_pauses_lists_and_blocks_are_nothing_that_a_press_lifts(staff: Staff) -> None:
    job_id = staff.asks()
    done(staff.house.desk.pause(GUILD, command="imagine", reason="a contest", by=ADMIN))
    blocks(staff, RefusalReason.PAUSED, job_id)
    done(staff.house.desk.resume(GUILD, command="imagine", by=ADMIN))
    wanted = AllowList(whom=Whom.CHANNEL, name="5", what=Listed.MODEL, values=frozenset({"other"}))
    done(staff.house.budgets.allow(GUILD, wanted, by=ADMIN))
    blocks(staff, RefusalReason.MODEL_NOT_ALLOWED, job_id)
    done(staff.house.budgets.allow_all(GUILD, whom=Whom.CHANNEL, name="5", what=Listed.MODEL, by=ADMIN))
    done(staff.house.budgets.mark(GUILD, MEMBER, Mark.BLOCKED, by=ADMIN))
    blocks(staff, RefusalReason.MEMBER_BLOCKED, job_id)


def test_a_ceiling_that_filled_meanwhile_blocks() -> None:
    staff = Staff(member_daily=9)
    first, second = staff.asks(), staff.asks()
    assert staff.allow(first).outcome is LeaveOutcome.DONE
    blocks(staff, RefusalReason.BUDGET, second)
    assert staff.leave(second).blocked is not None
    staff.house.memory.close()


@pytest.mark.parametrize("ceiling", ["member_daily", "guild_daily"])
def test_what_a_ceiling_refuses_too_is_refused_at_once(ceiling: str) -> None:
    """Whether it is asked before the guild's own rule, or only after it."""
    staff = Staff(**{ceiling: 4})
    assert staff.refused() is RefusalReason.BUDGET
    staff.house.memory.close()


def test_what_no_rule_for_an_amount_refuses_does_not_wait(staff: Staff) -> None:
    done(staff.house.desk.pause(GUILD, command=None, reason="", by=ADMIN))
    assert staff.refused() is RefusalReason.PAUSED


def test_work_that_nobody_can_make_again_does_not_wait(staff: Staff) -> None:
    assert staff.refused(replace(ASKING, request=None)) is RefusalReason.BUDGET


def test_a_guild_without_soft_mode_or_staff_channel_refuses(staff: Staff) -> None:
    done(set_to(staff.house.desk, GUILD, by=ADMIN, is_soft=False))
    assert staff.refused() is RefusalReason.BUDGET
    done(set_to(staff.house.desk, GUILD, by=ADMIN, is_soft=True))
    done(set_to(staff.house.desk, GUILD, by=ADMIN, staff_channel_id=None))
    assert staff.refused() is RefusalReason.BUDGET


def test_a_member_waits_for_so_many_at_most_and_decided_ones_do_not_count(staff: Staff) -> None:
    waiting = [staff.asks() for _ in range(MAX_OF_MEMBER)]
    assert staff.refused() is RefusalReason.BUDGET
    staff.allow(waiting[0])
    staff.asks()


def test_a_guild_waits_for_so_many_at_most(staff: Staff) -> None:
    for number in range(MAX_OF_GUILD):
        staff.door.member = MemberId(1_000 + number)
        staff.asks()
    staff.door.member = MEMBER
    assert staff.refused() is RefusalReason.BUDGET


def test_counts_and_paces_wait_too(staff: Staff) -> None:
    done(staff.house.budgets.set_rule(GUILD, draft(amount=1_000, span=Span.WEEK), by=ADMIN))
    pace = draft(Whom.EVERYONE, 1, unit=Unit.REQUESTS, span=Span.ROLLING, minutes=10)
    done(staff.house.budgets.set_rule(GUILD, pace, by=ADMIN))
    staff.door.admit(ASKING)
    job_id = staff.asks()
    assert staff.leave(job_id).refusal.reason is RefusalReason.PACE
    assert staff.allow(job_id).outcome is LeaveOutcome.DONE
    staff.assert_sound()


def test_roles_that_rules_name_are_kept_with_it(staff: Staff) -> None:
    done(staff.house.budgets.set_rule(GUILD, draft(Whom.ROLE, 3, name="7"), by=ADMIN))
    assert staff.leave(staff.asks(roles=frozenset({7, 8}))).asker.roles == {7}


def test_a_request_that_was_answered_meanwhile_does_not_wait(staff: Staff) -> None:
    received = staff.door.received(ASKING)
    refusal = Refusal(RefusalReason.BUDGET, {"rule": "1"})

    def late(tx: Transaction) -> bool:
        of, job_id = staff.house.ceilings, JobId("late")
        return ask_leave(tx, of, received, ASKING, refusal, job_id, now=staff.house.clock.now())

    assert not staff.house.memory.write(late)


def test_it_ends_after_its_time_whoever_comes_first(staff: Staff) -> None:
    job_id = staff.asks()
    staff.house.clock.advance(ms=LIVES_MS)
    assert staff.allow(job_id).outcome is LeaveOutcome.DECIDED
    now = staff.house.clock.now()
    assert staff.house.memory.write(lambda tx: store.expire(tx, now=Millis(now - 1), limit=9)) == 0
    assert staff.house.memory.write(lambda tx: store.expire(tx, now=now, limit=9)) == 1
    assert staff.leave(job_id).state is LeaveState.EXPIRED


def test_its_member_alone_takes_it_back(staff: Staff) -> None:
    job_id = staff.asks()
    cancelling = Cancelling(database=staff.door.database, clock=staff.house.clock, wake=staff.ring)
    assert done(cancelling.cancel(job_id, guild_id=GuildId(2), member_id=MEMBER)) is CancelOutcome.NO_SUCH_JOB
    assert done(cancelling.cancel(job_id, guild_id=GUILD, member_id=MOD)) is CancelOutcome.NOT_YOURS
    assert done(cancelling.cancel(job_id, guild_id=GUILD, member_id=MEMBER)) is CancelOutcome.CANCELLED
    assert done(cancelling.cancel(job_id, guild_id=GUILD, member_id=MEMBER)) is CancelOutcome.TOO_LATE
    assert staff.leave(job_id).state is LeaveState.CANCELLED


@pytest.mark.parametrize(
    ("reason", "rule", "may_wait"),
    [
        (RefusalReason.BUDGET, "7", True),
        (RefusalReason.QUOTA, "7", True),
        (RefusalReason.PACE, "7", True),
        (RefusalReason.BUDGET, "operator", False),
        (RefusalReason.MEMBER_BUSY, "7", False),
        (RefusalReason.MODEL_NOT_ALLOWED, "7", False),
    ],
)
def test_only_amounts_of_the_guilds_own_rules_are_for_moderators(
    reason: RefusalReason, rule: str, may_wait: bool
) -> None:
    assert is_rule_of_guild(Refusal(reason, {"rule": rule})) is may_wait


def kept(staff: Staff) -> Asset:
    """An old picture."""
    name = AssetId("a" * 64)
    asset = Asset(id=name, path=Path(name), format=PictureFormat.PNG, width=1, height=1, byte_size=1)
    staff.house.memory.write(lambda tx: assets.insert_asset(tx, asset, at=Millis(5)))
    return asset


def test_pictures_of_what_waits_are_kept_and_one_that_is_gone_is_said(staff: Staff) -> None:
    asset = kept(staff)
    source = SourceRef(asset_id=asset.id, url="http://x.example/1")
    job_id = staff.asks(replace(ASKING, sources=(source,)))
    assert staff.leave(job_id).sources == (source,)

    def sweep() -> tuple[AssetId, ...]:
        late = staff.house.clock.now()
        return staff.house.memory.write(lambda tx: sweeping.remove_old(tx, before=late, at=late, limit=9))

    assert sweep() == ()
    staff.house.memory.write(lambda tx: tx.execute("UPDATE asset SET removed_at = 7"))
    blocks(staff, RefusalReason.PICTURE_GONE, job_id)
    staff.house.memory.write(lambda tx: tx.execute("UPDATE asset SET removed_at = NULL"))
    done(staff.desk.refuse(job_id, guild_id=GUILD, by=MOD, reason=""))
    assert staff.leave(job_id).sources == ()
    assert sweep() == (asset.id,)


def test_what_was_handed_in_goes_over_to_the_job(staff: Staff) -> None:
    asset = kept(staff)
    source = SourceRef(asset_id=asset.id, url=None)
    staff.work = replace(ASKING, sources=(source,))
    job_id = staff.asks(staff.work)
    staff.allow(job_id)
    assert staff.house.memory.read(lambda reader: results.sources_of(reader, job_id)) == (source,)

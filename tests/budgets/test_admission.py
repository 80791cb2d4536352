"""The one way in: pauses, roles, lists and purposes bind a request there, and a refusal leaves nothing behind."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.core.crashpoints import NONE
from bot.core.errors import Refusal
from bot.core.ids import DISCORD_EPOCH_MS, ChannelId, InteractionId, JobId, hold_id_of
from bot.core.money import Ticks
from bot.db import Reader
from bot.interactions import store as interactions
from bot.interactions.model import Received
from bot.jobs import store as jobs
from bot.ledger import store as ledger
from bot.ledger.model import Unit
from bot.ledger.policy import limits_for
from bot.ledger.rules.model import AllowList, Listed, Span, Whom
from bot.services.admission import Admission, Rules
from bot.services.newwork import NewWork
from bot.services.terms import terms_for
from tests.budgets.house import ADMIN, GUILD, MEMBER, House, asked, ceilings, done, draft
from tests.jobs.memory import MemoryDatabase
from tests.machine.house import Counting

WORK = NewWork(
    kind="imagine",
    provider="pixazo",
    model="m",
    payload="{}",
    payload_version=1,
    amount=Ticks(5),
    pictures=2,
    price_version="1",
    resolution="2k",
)


class Door:
    """An admission over the database of a house."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.database = MemoryDatabase(house.memory)
        self.count = 0
        self.member = MEMBER
        self.admission = Admission(
            database=self.database,
            rules=Rules(ceilings=house.ceilings, member_jobs=9),
            clock=house.clock,
            randomness=Counting(),
            crashpoints=NONE,
            wake=lambda: None,
        )

    def received(self, work: NewWork, *, roles: frozenset[int] = frozenset(), channel: int = 5) -> Received:
        """An interaction of this moment, not stored."""
        self.count += 1
        now = self.house.clock.now()
        return Received(
            id=InteractionId((now - DISCORD_EPOCH_MS << 22) + self.count),
            command=work.kind,
            guild_id=GUILD,
            channel_id=ChannelId(channel),
            member_id=self.member,
            token="token",
            received_at=now,
            roles=roles,
        )

    def admit(self, work: NewWork = WORK, *, roles: frozenset[int] = frozenset(), channel: int = 5) -> JobId:
        received = self.received(work, roles=roles, channel=channel)
        self.house.memory.write(lambda tx: interactions.receive(tx, received))
        return done(self.admission.admit(received, work))


@pytest.fixture
def door() -> Iterator[Door]:
    house = House(ceilings(member_daily=100))
    yield Door(house)
    house.memory.close()


def refusal_of(door: Door, work: NewWork = WORK, *, roles: frozenset[int] = frozenset()) -> tuple[str, object]:
    """Why it is refused, and by which rule."""
    before = door.house.memory.read(lambda reader: len(jobs.live(reader)))
    with pytest.raises(Refusal) as caught:
        door.admit(work, roles=roles)
    assert door.house.memory.read(lambda reader: len(jobs.live(reader))) == before
    return caught.value.reason.value, caught.value.facts.get("subject")


def test_the_roles_of_a_request_decide_its_limit_and_stay_with_its_hold(door: Door) -> None:
    budgets = door.house.budgets
    done(budgets.set_rule(GUILD, draft(Whom.EVERYONE, 4), by=ADMIN))
    done(budgets.set_rule(GUILD, draft(Whom.ROLE, 10, name="7"), by=ADMIN))
    assert refusal_of(door) == ("budget", "everyone")
    job_id = door.admit(roles=frozenset({7, 8}))
    hold = door.house.memory.read(lambda reader: ledger.hold_of(reader, hold_id_of(job_id)))
    assert hold is not None
    assert hold.roles == (7,)


def test_a_paused_command_is_refused_before_anything_is_held(door: Door) -> None:
    done(door.house.desk.pause(GUILD, command="imagine", reason="a contest", by=ADMIN))
    assert refusal_of(door) == ("paused", None)
    door.admit(replace(WORK, kind="edit"))


@pytest.mark.parametrize(
    ("what", "value", "reason"),
    [
        (Listed.MODEL, "other", "model_not_allowed"),
        (Listed.RESOLUTION, "1k", "size_not_allowed"),
        (Listed.COUNT, "1", "count_not_allowed"),
    ],
)
def test_what_is_not_listed_for_the_channel_is_refused(door: Door, what: Listed, value: str, reason: str) -> None:
    wanted = AllowList(whom=Whom.CHANNEL, name="5", what=what, values=frozenset({value}))
    done(door.house.budgets.allow(GUILD, wanted, by=ADMIN))
    assert refusal_of(door) == (reason, None)
    door.admit(channel=6)


def test_work_of_a_purpose_draws_on_its_reserve(door: Door) -> None:
    budgets = door.house.budgets
    done(budgets.set_rule(GUILD, draft(amount=10), by=ADMIN))
    done(budgets.set_rule(GUILD, draft(Whom.PURPOSE, 6, name="event"), by=ADMIN))
    assert refusal_of(door) == ("budget", "purpose:event")
    door.admit(replace(WORK, purpose="event"))


def test_what_is_left_can_be_read_for_a_request_that_is_not_made(door: Door) -> None:
    requests = draft(Whom.ROLE, 3, name="7", unit=Unit.REQUESTS, span=Span.WEEK)
    done(door.house.budgets.set_rule(GUILD, requests, by=ADMIN))
    door.admit(roles=frozenset({7}))

    def standings(reader: Reader, roles: frozenset[int]) -> list[tuple[str, str, int, int]]:
        wanted, terms = asked(roles=roles), terms_for(reader, GUILD, MEMBER)
        limits = limits_for(door.house.ceilings, wanted, at=door.house.clock.now(), terms=terms)
        return [(one.limit.scope, one.limit.unit.value, one.held, one.left) for one in ledger.standing(reader, limits)]

    found = door.house.memory.read(lambda reader: standings(reader, frozenset({7})))
    assert found == [
        ("member:1:10", "requests", 1, 2),
        ("member:1:10", "money", 5, 95),
        ("member:1:10", "pictures", 2, 498),
        ("guild:1", "money", 5, 1_995),
        ("guild:1", "money", 5, 4_995),
        ("bot", "money", 5, 9_995),
    ]
    assert door.house.memory.read(lambda reader: standings(reader, frozenset())) == found[1:]

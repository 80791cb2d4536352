"""Random ledgers: jobs, holds and every end there is, with the sums that must come of them."""

from dataclasses import dataclass
from functools import partial

from hypothesis import strategies as st

from bot.core.clock import DAY_MS, HOUR_MS, Millis
from bot.core.errors import Refusal
from bot.core.ids import ChannelId, GuildId, HoldId, IdempotencyKey, JobId, MemberId
from bot.core.money import Ticks
from bot.db import Transaction
from bot.jobs import store as jobs
from bot.jobs.model import NewJob
from bot.ledger import store
from bot.ledger.repricing.store import reprice
from tests.ledger.book import NOON, Book, ceilings, request

PLENTY = ceilings(bot=10**6, guild_month=10**6, guild_day=10**6, member=10**6, pictures=10**4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What becomes of one job; `end` None leaves it open."""

    guild: int
    member: int
    command: str
    provider: str
    has_job: bool
    hours: int
    amount: int
    repriced: int | None
    end: str | None
    actual: int
    corrections: tuple[int, ...]


STEPS = st.lists(
    st.builds(
        Step,
        guild=st.integers(1, 3),
        member=st.integers(10, 12),
        command=st.sampled_from(["imagine", "edit"]),
        provider=st.sampled_from(["pixazo", "xai"]),
        has_job=st.booleans(),
        hours=st.integers(0, 40),
        amount=st.integers(0, 9),
        repriced=st.none() | st.integers(0, 9),
        end=st.sampled_from([None, "post", "void", "presume"]),
        actual=st.integers(0, 12),
        corrections=st.lists(st.integers(1, 5), max_size=2).map(tuple),
    ),
    max_size=8,
)


def play(book: Book, steps: list[Step]) -> None:
    """Plays them one after the other; a job whose hold is refused is left out."""
    now = NOON
    for number, step in enumerate(steps):
        now = Millis(now + step.hours * HOUR_MS)
        try:
            book.write(partial(_one, step=step, name=f"j{number}", now=now))
        except Refusal:
            continue


def _one(tx: Transaction, step: Step, name: str, now: Millis) -> None:
    hold_id, later = HoldId(name), Millis(now + DAY_MS)
    if step.has_job:
        add_job(tx, name, guild=step.guild, member=step.member, kind=step.command, provider=step.provider, at=now)
    asked = request(name, step.amount, 1, of=PLENTY, guild=step.guild, member=step.member, now=now)
    store.hold(tx, asked)
    if step.repriced is not None:
        amount = Ticks(step.repriced)
        reprice(tx, hold_id=hold_id, amount=amount, limits=asked.limits, price_version="2", at=now, note="")
    match step.end:
        case "post":
            actual = Ticks(step.actual)
            store.post(tx, hold_id=hold_id, actual=actual, pictures=1, at=later, basis="reported", note="m")
        case "void":
            store.void(tx, hold_id=hold_id, at=later, reason="=1+1")
        case "presume":
            store.presume(tx, hold_id=hold_id, at=later)
    if step.end in ("post", "presume"):
        for difference in step.corrections:
            store.adjust(tx, hold_id=hold_id, difference=difference, at=later, reason="bill", author="ada")


def add_job(tx: Transaction, name: str, *, guild: int, member: int, kind: str, provider: str, at: Millis) -> None:
    """The job of a hold of this name."""
    jobs.insert(
        tx,
        NewJob(
            id=JobId(name),
            kind=kind,
            guild_id=GuildId(guild),
            channel_id=ChannelId(7),
            member_id=MemberId(member),
            provider=provider,
            model="m",
            payload="{}",
            payload_version=1,
            idempotency_key=IdempotencyKey(name),
            created_at=at,
        ),
    )

"""Jobs with a hold, as the use cases make them, in a database of their own."""

from bot.core.clock import Millis
from bot.core.ids import (
    ChannelId,
    GuildId,
    JobId,
    MemberId,
    SystemRandomness,
    hold_id_of,
    new_idempotency_key,
    new_job_id,
)
from bot.core.money import Ticks, usd
from bot.db import Database, Transaction
from bot.jobs import store as jobs
from bot.jobs.model import Caps, Job, NewJob
from bot.ledger import store as ledger
from bot.ledger.model import HoldRequest, Limit, Unit
from bot.ledger.windows import day_window

GUILD, MEMBER, CHANNEL = GuildId(1), MemberId(2), ChannelId(3)
OWNER = "this-process"
HELD = usd("0.05")
_PAYLOAD = '{"prompt": "a lighthouse", "count": 1, "aspect_ratio": "auto", "resolution": null, "format": null}'


def accept(tx: Transaction, at: Millis, *, held: Ticks = HELD) -> JobId:
    """A job in `queued` with its hold."""
    job_id = new_job_id(SystemRandomness())
    jobs.insert(
        tx,
        NewJob(
            id=job_id,
            kind="imagine",
            guild_id=GUILD,
            channel_id=CHANNEL,
            member_id=MEMBER,
            provider="locus",
            model="grok-imagine",
            payload=_PAYLOAD,
            payload_version=1,
            idempotency_key=new_idempotency_key(job_id),
            created_at=at,
        ),
    )
    limit = Limit(scope="bot", unit=Unit.MONEY, window=day_window(at), amount=usd("1000"))
    ledger.hold(
        tx,
        HoldRequest(
            hold_id=hold_id_of(job_id),
            job_id=job_id,
            guild_id=GUILD,
            member_id=MEMBER,
            amount=held,
            pictures=1,
            limits=(limit,),
            price_version="test",
            at=at,
        ),
    )
    return job_id


async def submitting(database: Database, at: Millis, *, held: Ticks = HELD) -> Job:
    """A job in `submitting`, leased to this process."""

    def write(tx: Transaction) -> Job:
        accept(tx, at, held=held)
        caps = Caps(by_provider={"locus": 1000}, per_guild=1000)
        (job,) = jobs.claim_queued(tx, owner=OWNER, now=at, limit=1, caps=caps)
        return job

    return await database.write(write)


async def again(database: Database, job: Job) -> Job:
    """The job as it stands now."""
    found = await database.read(lambda reader: jobs.get(reader, job.id))
    assert found is not None
    return found

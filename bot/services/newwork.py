"""What is asked for, settled on a gateway and priced, and whoever asks: what becomes a job."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.ids import ChannelId, GuildId, JobId, MemberId
from bot.core.money import Ticks
from bot.db import Transaction
from bot.interactions.model import Received
from bot.ledger.rules.model import Asked
from bot.services.sources import SourceRef


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWork:
    """What is to be done, settled on a gateway: `amount` ticks are the worst case, `pictures` the most it brings.

    `kind` is the command, and names the handler. `parent` is the job whose result this goes on with. `sources` are
    the kept pictures that go with it; `also` writes what else belongs to the job in the same transaction, once its
    row is there. `purpose` names the reserve that it may use, `resolution` the size, where the model has a choice.
    `words` are what the member asked for, empty where that is nobody else's business. `request` is what the kind makes
    this work from again, should it have to wait for a moderator; without it, it never waits.
    """

    kind: str
    provider: str
    model: str
    payload: str
    payload_version: int
    amount: Ticks
    pictures: int
    price_version: str
    parent: JobId | None = None
    sources: tuple[SourceRef, ...] = ()
    also: Callable[[Transaction, JobId], None] | None = None
    purpose: str | None = None
    resolution: str | None = None
    words: str = ""
    request: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and where; `roles` by id. In a thread `parent_channel_id` is the channel that it belongs to."""

    guild_id: GuildId
    channel_id: ChannelId
    member_id: MemberId
    roles: frozenset[int] = frozenset()
    parent_channel_id: ChannelId | None = None


def asker_of(received: Received) -> Asker:
    """Whoever the interaction came from."""
    return Asker(
        guild_id=received.guild_id,
        channel_id=received.channel_id,
        member_id=received.member_id,
        roles=received.roles,
        parent_channel_id=received.parent_channel_id,
    )


def asked_of(asker: Asker, work: NewWork) -> Asked:
    """The request as rules look at it."""
    return Asked(
        guild_id=asker.guild_id,
        member_id=asker.member_id,
        roles=asker.roles,
        channel_id=asker.channel_id,
        parent_channel_id=asker.parent_channel_id,
        command=work.kind,
        provider=work.provider,
        model=work.model,
        purpose=work.purpose,
        resolution=work.resolution,
        pictures=work.pictures,
    )

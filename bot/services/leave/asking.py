"""Whether a refused request may wait for a moderator, in the transaction that writes it down."""

from bot.core.clock import Millis
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import JobId
from bot.db import Transaction
from bot.guilds import store as guilds
from bot.interactions import store as interactions
from bot.interactions.model import Received
from bot.ledger import store as ledger
from bot.ledger.model import OPERATOR, Ceilings
from bot.services.leave import store
from bot.services.leave.model import LIVES_MS, MAX_OF_GUILD, MAX_OF_MEMBER, Leave
from bot.services.newwork import Asker, NewWork, asked_of, asker_of
from bot.services.terms import terms_for, within_ceilings

_AMOUNTS = frozenset({RefusalReason.BUDGET, RefusalReason.QUOTA, RefusalReason.PACE})


def is_rule_of_guild(refusal: Refusal) -> bool:
    """Whether one of the guild's own rules refused, for an amount: what a moderator may let pass."""
    return refusal.reason in _AMOUNTS and refusal.facts.get("rule") != OPERATOR


def ask_leave(
    tx: Transaction,
    ceilings: Ceilings,
    received: Received,
    work: NewWork,
    refusal: Refusal,
    job_id: JobId,
    *,
    now: Millis,
) -> bool:
    """Lets the request wait as `job_id`; False where the guild wants none to, too many do, or a ceiling refuses too."""
    settings = guilds.settings_of(tx, received.guild_id)
    if work.request is None or not settings.is_soft or settings.staff_channel_id is None:
        return False
    everyone, own = store.waiting_count(tx, received.guild_id, received.member_id)
    if everyone >= MAX_OF_GUILD or own >= MAX_OF_MEMBER:
        return False
    asker = asker_of(received)
    at = ledger.effective_now(tx, received.created_at)
    if not within_ceilings(tx, ceilings, asked_of(asker, work), work.amount, at=at):
        return False
    if not interactions.accept(tx, received.id, job_id):
        return False
    terms = terms_for(tx, asker.guild_id, asker.member_id)
    store.insert(
        tx,
        Leave(
            job_id=job_id,
            interaction_id=received.id,
            asker=Asker(
                guild_id=asker.guild_id,
                channel_id=asker.channel_id,
                member_id=asker.member_id,
                roles=frozenset(terms.roles_named(asker.roles)),
                parent_channel_id=asker.parent_channel_id,
            ),
            kind=work.kind,
            provider=work.provider,
            model=work.model,
            request=work.request,
            words=work.words,
            amount=work.amount,
            pictures=work.pictures,
            parent_id=work.parent,
            purpose=work.purpose,
            sources=work.sources,
            refusal=refusal,
            staff_channel_id=settings.staff_channel_id,
            asked_at=now,
            expires_at=Millis(now + LIVES_MS),
        ),
    )
    return True

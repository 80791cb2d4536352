"""What a guild's settings and rules mean for a request: on its way in, and when its job goes to another gateway."""

import logging
from dataclasses import dataclass, replace

from bot.core.clock import Millis
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import GuildId, JobId, MemberId, hold_id_of
from bot.core.money import Ticks
from bot.db import Reader, Transaction
from bot.guilds import store as guilds
from bot.jobs.model import Job
from bot.ledger import store as ledger
from bot.ledger.alerts import store as alerts
from bot.ledger.drifting.store import refuse_drifted
from bot.ledger.model import Basis, Ceilings, Held, HoldRequest, Limit, Posted, Unit, weight
from bot.ledger.policy import counted_for, lifted_limits, limits_for
from bot.ledger.repricing import store as repricing
from bot.ledger.rules import store as rules
from bot.ledger.rules.allowing import check_allowed
from bot.ledger.rules.binding import paces
from bot.ledger.rules.model import Asked, Mark, Terms
from bot.ledger.windows import Window, WindowKind
from bot.services.books import held_for

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What a job may cost at most, by which catalogue."""

    job_id: JobId
    amount: Ticks
    price_version: str


def terms_for(reader: Reader, guild_id: GuildId, member_id: MemberId) -> Terms:
    """What the guild has set, as it bears on the member's requests."""
    return rules.terms_of(reader, guild_id, member_id, zone=guilds.settings_of(reader, guild_id).tz)


def refuse_paused(reader: Reader, guild_id: GuildId, command: str) -> None:
    """Raises Refusal PAUSED with `reason` and `command`, which is empty where the whole guild has paused."""
    pause = guilds.pause_for(reader, guild_id, command)
    if pause is not None:
        raise Refusal(RefusalReason.PAUSED, {"reason": pause.reason, "command": pause.command or ""})


def hold_for(
    tx: Transaction, ceilings: Ceilings, asked: Asked, priced: Priced, *, at: Millis, is_let_pass: bool = False
) -> Held:
    """Holds the worst case of a new job under everything that bounds it.

    `at` comes from `ledger.effective_now`. `is_let_pass`: the guild's own amounts and paces count it and refuse
    nothing; its lists and the operator's ceilings do. Raises Refusal as `check_allowed`, `refuse_drifted` and
    `ledger.hold` do.
    """
    settings = guilds.settings_of(tx, asked.guild_id)
    terms = rules.terms_of(tx, asked.guild_id, asked.member_id, zone=settings.tz)
    check_allowed(terms, asked)
    bounding = lifted_limits if is_let_pass else limits_for
    limits = bounding(ceilings, asked, at=at, terms=terms)
    refuse_drifted(tx, limits)
    held = ledger.hold(
        tx,
        HoldRequest(
            hold_id=hold_id_of(priced.job_id),
            job_id=priced.job_id,
            guild_id=asked.guild_id,
            member_id=asked.member_id,
            amount=priced.amount,
            pictures=asked.pictures,
            limits=counted_for(limits, asked, at=at, terms=terms),
            price_version=priced.price_version,
            at=at,
            paces=() if is_let_pass else paces(terms, asked, now=at),
            purpose=asked.purpose,
            roles=terms.roles_named(asked.roles),
            parent_channel_id=asked.parent_channel_id,
        ),
    )
    alerts.note_held(tx, held.standings, guild_id=asked.guild_id, thresholds=settings.thresholds, at=at)
    return held


def reprice_for(
    tx: Transaction,
    ceilings: Ceilings,
    job: Job,
    priced: Priced,
    *,
    provider: str,
    model: str,
    resolution: str | None,
    now: Millis,
    note: str,
) -> Held:
    """Prices the hold of a job anew that goes on to another gateway, under everything that bounds it there.

    It keeps the windows of its request. Somebody who was blocked meanwhile is not blocked for what was accepted.
    Raises Refusal as `hold_for` does, and as `repricing.reprice`.
    """
    settings, hold = guilds.settings_of(tx, job.guild_id), held_for(tx, job.id)
    terms = rules.terms_of(tx, job.guild_id, job.member_id, zone=settings.tz)
    if terms.mark is Mark.BLOCKED:
        terms = replace(terms, mark=None)
    asked = Asked(
        guild_id=job.guild_id,
        member_id=job.member_id,
        roles=frozenset(hold.roles),
        channel_id=job.channel_id,
        parent_channel_id=hold.parent_channel_id,
        command=job.kind,
        provider=provider,
        model=model,
        purpose=hold.purpose,
        resolution=resolution,
        pictures=hold.pictures,
    )
    check_allowed(terms, asked)
    # The host's clock opens no window and ends no raise: what was seen of Discord's does.
    seen = ledger.effective_now(tx, hold.opened_at)
    limits = limits_for(ceilings, asked, at=hold.opened_at, terms=terms, now=seen)
    held = repricing.reprice(
        tx,
        hold_id=hold.hold_id,
        amount=priced.amount,
        limits=counted_for(limits, asked, at=hold.opened_at, terms=terms),
        price_version=priced.price_version,
        at=now,
        note=note,
    )
    alerts.note_held(tx, held.standings, guild_id=job.guild_id, thresholds=settings.thresholds, at=now)
    return held


def book(tx: Transaction, job: Job, *, actual: Ticks, pictures: int, at: Millis, basis: Basis, note: str) -> Posted:
    """Posts what the job was charged, as `ledger.post` does, and notes what that passes beyond its hold."""
    posted = ledger.post(
        tx, hold_id=hold_id_of(job.id), actual=actual, pictures=pictures, at=at, basis=basis, note=note
    )
    if posted.overrun:
        log.error("a gateway charged more than was held", extra={"job": job.id, "ticks": posted.overrun})
    if posted.is_beyond:
        note_overrun(tx, job, at=at)
    return posted


def within_ceilings(reader: Reader, ceilings: Ceilings, asked: Asked, amount: Ticks, *, at: Millis) -> bool:
    """Whether the operator's ceilings alone would let a hold of so much in now."""
    limits = limits_for(ceilings, asked, at=at)
    return all(
        weight(one.limit.unit, amount=amount, pictures=asked.pictures) <= one.left
        for one in ledger.standing(reader, limits)
    )


def note_overrun(tx: Transaction, job: Job, *, at: Millis) -> None:
    """After a post beyond its hold, or a correction: that may pass a threshold which no hold has passed."""
    note_booked(tx, job.id, job.guild_id, at=at)


def note_booked(tx: Transaction, job_id: JobId, guild_id: GuildId, *, at: Millis) -> None:
    """The same where there is no more of the job at hand."""
    thresholds = guilds.settings_of(tx, guild_id).thresholds
    alerts.note_booked(tx, hold_id=hold_id_of(job_id), guild_id=guild_id, thresholds=thresholds, at=at)


def note_refused(tx: Transaction, guild_id: GuildId, refusal: Refusal, *, at: Millis) -> None:
    """After a refusal by a limit in which the request could have found room: what is left of it is of no use.

    The refusal undoes the transaction in which it was found, so this is one of its own.
    """
    limit = refusing_limit(refusal)
    if limit is not None and int(refusal.facts["needed"]) <= limit.amount:
        thresholds = guilds.settings_of(tx, guild_id).thresholds
        alerts.note_refused(tx, limit, guild_id=guild_id, thresholds=thresholds, at=at)


def refusing_limit(refusal: Refusal) -> Limit | None:
    """The limit that refused, from the facts of the refusal; None where it was something else."""
    if refusal.reason not in (RefusalReason.BUDGET, RefusalReason.QUOTA):
        return None
    facts = refusal.facts
    return Limit(
        scope=str(facts["scope"]),
        unit=Unit(str(facts["unit"])),
        window=Window(
            kind=WindowKind(str(facts["window"])),
            starts_at=Millis(int(facts["starts_at"])),
            ends_at=Millis(int(facts["resets_at"])),
        ),
        amount=int(facts["limit"]),
        rule=str(facts["rule"]),
        subject=str(facts["subject"]),
    )

"""`jobs lookup`: asks a job's gateway once what became of it, and says which `jobs resolve` that speaks for.

Free and without effect: the database is read beside whatever runs on it, the gateway is asked by the id it gave. What
was paid by the call is asked of the chain instead. Nothing of the prompt is shown.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from bot import config
from bot.commands import plain
from bot.commands.jobs import existing, find, moment
from bot.core.clock import Clock, Millis
from bot.core.errors import Charged, NotAuthorised, OutOfFunds, ProviderError, RetryLater, UnknownWork
from bot.core.money import TICKS_PER_USD, Ticks, format_usd
from bot.core.requests import ModelId, ProviderName
from bot.db import Database, Reader
from bot.ground import DATABASE_NAME
from bot.jobs.model import AT_THE_GATEWAY, Job, State
from bot.ledger.model import Hold
from bot.logs import Redaction
from bot.payments import store as payments
from bot.payments.chain import Chain, ChainUnavailable, OnChain
from bot.payments.model import Payment
from bot.payments.policy import TEMPO_CHAIN_ID
from bot.providers import catalogue, registry
from bot.providers.catalogue import estimate
from bot.providers.contract import ExternalId, Finished, PollAnswer
from bot.rooms_settings import access_of, options_of
from bot.services.books import booked_for, held_for
from bot.services.payload import KINDS, UnreadablePayload, decode_order

# Its adapter cannot ask: no address tells how a call that waits for an approval stands.
_CANNOT_BE_ASKED = frozenset({"locus"})


class Speaks(Enum):
    """What a finding speaks for."""

    WAITING = "waiting"  # nothing is decided
    MADE = "made"  # there is a result, and the bot can fetch it
    PAID = "paid"
    UNPAID = "unpaid"
    CHAIN = "chain"  # the running bot settles it by itself
    NOTHING = "nothing"  # only a person who looks elsewhere can tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found out, in words; `cost` in ticks where it was told."""

    told: str
    speaks: Speaks
    cost: Ticks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is on disk. `booked` in ticks, None while nothing is."""

    job: Job
    hold: Hold
    booked: Ticks | None
    payment: Payment | None


async def look_up(settings: config.Settings, *, prefix: str, clock: Clock) -> list[str]:
    """What the gateway, or the chain, says of the job, and what to do about it; a few lines.

    Raises CommandRefused where the letters name no job or several, SettingsError, DatabaseUnavailable.
    """

    def look(reader: Reader) -> _Known:
        job = find(reader, prefix)
        payment = payments.get(reader, job.id)
        return _Known(job=job, hold=held_for(reader, job.id), booked=booked_for(reader, job.id), payment=payment)

    async with Database.open_readonly(existing(settings.data_dir / DATABASE_NAME)) as readers:
        known = await readers.read(look)
    credit = {ProviderName("apiinone"): config.dollars(settings.apiinone_usd_per_credit)}
    prices = catalogue.load(settings.catalogue, usd_per_credit=credit)
    if known.payment is not None:
        finding = await _ask_chain(known.payment, settings.locus_rpc_url)
    else:
        gateways = registry.build(access_of(settings), prices, clock=clock, options=options_of(settings))
        async with gateways:
            finding = await _ask_gateway(known.job, gateways)
    redaction = Redaction(settings.secrets())
    lines = (_headline(known), finding.told, _advice(known, finding, prices))
    return [plain(redaction.clean(line)) for line in lines]


async def _ask_chain(payment: Payment, rpc_url: str) -> Finding:
    """A call that was paid for: whether the chain took it says what it cost, whatever the gateway did then."""
    if payment.tx_hash is None or payment.valid_before is None:
        return Finding(told="it was to be paid by the call, and nothing was signed", speaks=Speaks.CHAIN)
    paid = f"it was paid by the call, {format_usd(payment.amount)} in transaction {payment.tx_hash}"
    chain = Chain(rpc_url=rpc_url, chain_id=TEMPO_CHAIN_ID)
    try:
        found = await chain.look_up(payment.tx_hash, valid_before=payment.valid_before)
    except ChainUnavailable as error:
        return Finding(told=f"{paid}; the chain was asked in vain: {error}", speaks=Speaks.CHAIN)
    finally:
        await chain.close()
    says = {
        OnChain.PAID: "the chain has it: paid",
        OnChain.FAILED: "the chain refused it: not paid",
        OnChain.MISSING: "the chain never had it and takes it no more: not paid",
        OnChain.PENDING: "the chain does not have it and may still take it",
    }
    return Finding(told=f"{paid}; {says[found]}", speaks=Speaks.CHAIN)


async def _ask_gateway(job: Job, gateways: registry.Registry) -> Finding:
    name = ProviderName(job.provider)
    if job.external_id is None:
        return Finding(told=f"{name} cannot be asked: no id was ever received from it", speaks=Speaks.NOTHING)
    if name in _CANNOT_BE_ASKED:
        told = f"{name} cannot be asked; its dashboard knows the call as {job.external_id}"
        return Finding(told=told, speaks=Speaks.NOTHING)
    if name not in gateways.names:
        told = f"{name} was not asked: it has no key here, set EASEL_{name.upper()}_API_KEY"
        return Finding(told=told, speaks=Speaks.NOTHING)
    if job.kind not in KINDS.values():
        told = f"{name} answers at once and cannot be asked again; its dashboard knows the call as {job.external_id}"
        return Finding(told=told, speaks=Speaks.NOTHING)
    try:
        order = decode_order(job.payload, version=job.payload_version, provider=job.provider, model=job.model)
    except UnreadablePayload as error:
        return Finding(
            told=f"{name} was not asked: this program cannot read the order ({error})", speaks=Speaks.NOTHING
        )
    try:
        answer = await gateways.provider(name).poll(order, ExternalId(job.external_id))
    except ProviderError as error:
        return _read_error(name, error)
    return _read_answer(name, answer)


def _read_answer(name: ProviderName, answer: PollAnswer) -> Finding:
    if not isinstance(answer, Finished):
        return Finding(told=f"{name}: still drawing", speaks=Speaks.WAITING)
    pictures = "1 picture" if len(answer.pictures) == 1 else f"{len(answer.pictures)} pictures"
    cost = "it does not say what it cost" if answer.cost is None else f"it cost {format_usd(answer.cost)}"
    return Finding(told=f"{name}: finished with {pictures}; {cost}", speaks=Speaks.MADE, cost=answer.cost)


def _read_error(name: ProviderName, error: ProviderError) -> Finding:
    match error:
        case RetryLater():
            return Finding(told=f"{name} gave no answer just now: {error}", speaks=Speaks.WAITING)
        case UnknownWork():
            return Finding(told=f"{name}: not known there, or no more: {error}", speaks=Speaks.NOTHING)
        case NotAuthorised() | OutOfFunds():
            return Finding(told=f"{name} does not take this key: {error}", speaks=Speaks.NOTHING)
    match error.charged:
        case Charged.NO:
            return Finding(told=f"{name}: failed and not charged: {error}", speaks=Speaks.UNPAID)
        case Charged.YES:
            amount = "" if error.cost is None else f" {format_usd(error.cost)}"
            return Finding(told=f"{name}: failed and charged{amount}: {error}", speaks=Speaks.PAID, cost=error.cost)
        case Charged.UNKNOWN:
            told = f"{name}: failed, and it does not say whether it charged: {error}"
            return Finding(told=told, speaks=Speaks.NOTHING)


def _headline(known: _Known) -> str:
    job = known.job
    sent = "never sent" if job.submitted_at is None else f"sent {moment(job.submitted_at)} UTC"
    return f"job {job.id} is {job.state}, {sent} to {job.provider} for {job.model}"


def _advice(known: _Known, finding: Finding, prices: catalogue.Catalogue) -> str:
    """What is left to do; commands only where they would be taken."""
    job = known.job
    if job.has_ended:
        cost = "nothing is booked" if known.booked is None else f"{format_usd(known.booked)} is booked"
        return f"it has ended, and {cost}: nothing to resolve"
    if job.state is not State.UNKNOWN:
        at_work = "the gateway is at work on it" if job.state in AT_THE_GATEWAY else "it is under way"
        return f"{at_work}: nothing to resolve"
    command = f"python -m bot jobs resolve {job.id}"
    amount = "" if finding.cost is None else f" {_exact(finding.cost)}"
    match finding.speaks:
        case Speaks.CHAIN:
            return "nothing to resolve: the running bot asks the chain every minute and books what it says"
        case Speaks.WAITING:
            return "nothing to resolve yet: look again later"
        case Speaks.MADE:
            look = "at its next look" if job.run_at is None else f"at its next look, {moment(job.run_at)} UTC"
            return f"the running bot fetches and posts it {look}; to end it without that: {command} --paid{amount}"
        case Speaks.PAID:
            return f"to book that: {command} --paid{amount}"
        case Speaks.UNPAID:
            return f"to give the money back: {command} --unpaid"
        case Speaks.NOTHING:
            return f"{_where(known, prices)}, then: {command} --paid USD, or --unpaid"


def _exact(ticks: Ticks) -> str:
    """Dollars as `--paid` takes them, to the last tick: what people read is rounded up."""
    return f"{(Decimal(ticks) / TICKS_PER_USD).normalize():f}"


def _where(known: _Known, prices: catalogue.Catalogue) -> str:
    """What to look for at the gateway itself."""
    job = known.job
    at: Millis = job.submitted_at or job.created_at
    return f"look at {job.provider}'s dashboard for a call of {moment(at)} UTC, {_price(known, prices)}"


def _price(known: _Known, prices: catalogue.Catalogue) -> str:
    job, most = known.job, f"at most {format_usd(known.hold.amount)}"
    key = (ProviderName(job.provider), ModelId(job.model))
    offer = next((one for one in prices.offers if (one.provider, one.model) == key), None)
    try:
        order = decode_order(job.payload, version=job.payload_version, provider=job.provider, model=job.model)
    except UnreadablePayload:
        return most
    return most if offer is None else f"about {format_usd(estimate(offer, order))}, {most}"

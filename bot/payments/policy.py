"""Which challenge may be paid. Pure; a caller that asks nobody else is still safe, because the signer asks again."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

from bot.core.clock import MINUTE_MS, SECOND_MS, Millis
from bot.core.money import MAX_TICKS, TICKS_PER_USD, Ticks
from bot.payments.challenge import Challenge

# Tempo's main chain and the token that Locus charges in, as seen in its challenges. The gateway's pages speak of
# another token (pathUSD); the wire decides.
TEMPO_CHAIN_ID = 4217
USDC_E = "0x20c000000000000000000000b9537d11c60e8b50"
# The token has six decimals.
TICKS_PER_UNIT = TICKS_PER_USD // 10**6
# Less time is too little to sign and send; more is no challenge that a gateway in its right mind makes.
EXPIRY_MIN_MS = 10 * SECOND_MS
EXPIRY_MAX_MS = 10 * MINUTE_MS
# The server sends the transaction that we sign; the other way is that we send it ourselves.
_OUR_MODE = "pull"
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_AMOUNT = re.compile(r"[1-9][0-9]{0,18}")


class CallKind(StrEnum):
    """What is bought, as far as its price differs by an order: searches read the web for as long as the model likes.

    Running a program counts as a search: the gateway lists both at the same price.
    """

    CALL = "call"
    SEARCH = "search"


class Because(StrEnum):
    """Why a challenge is not paid."""

    NO_CHALLENGE = "no_challenge"
    SEVERAL = "several"
    NOT_HTTPS = "not_https"
    METHOD = "method"
    REALM = "realm"
    HEADER = "header"
    CHAIN = "chain"
    TOKEN = "token"  # noqa: S105 - the currency
    RECIPIENT = "recipient"
    SPLITS = "splits"
    FEE_PAYER = "fee_payer"
    MEMO = "memo"
    MODE = "mode"
    NO_EXPIRY = "no_expiry"
    EXPIRES_TOO_SOON = "expires_too_soon"
    EXPIRES_TOO_LATE = "expires_too_late"
    AMOUNT = "amount"
    OVER_CALL_CAP = "over_call_cap"
    OVER_HOLD = "over_hold"
    OVER_DAY = "over_day"
    PAID_BEFORE = "paid_before"
    WALLET_EMPTY = "wallet_empty"
    NOT_SIGNED = "not_signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPolicy:
    """What the operator allows. `host` without a port; `max_call` and `max_search` (None: as `max_call`) in ticks,
    without the network's fee.

    Raises ValueError for an address that is none, and for no recipient at all.
    """

    host: str
    recipients: frozenset[str]
    max_call: Ticks
    max_search: Ticks | None = None
    scheme: str = "https"
    chain_id: int = TEMPO_CHAIN_ID
    currency: str = USDC_E
    allow_http_on_loopback: bool = False

    def __post_init__(self) -> None:
        if not self.recipients:
            raise ValueError("without a recipient nobody can be paid")
        if not all(_ADDRESS.fullmatch(address.lower()) for address in (*self.recipients, self.currency)):
            raise ValueError("an address is 0x and 40 hexadecimal digits")

    @classmethod
    def at(
        cls,
        address: str,
        *,
        recipients: frozenset[str],
        max_call: Ticks,
        max_search: Ticks | None = None,
        allow_http_on_loopback: bool = False,
    ) -> Self:
        """The policy for the gateway at `address` (scheme, host and perhaps a port). Raises ValueError."""
        parts = urlsplit(address)
        return cls(
            scheme=parts.scheme,
            host=parts.hostname or "",
            recipients=recipients,
            max_call=max_call,
            max_search=max_search,
            allow_http_on_loopback=allow_http_on_loopback,
        )

    @property
    def is_transport_safe(self) -> bool:
        """True for https, and for a loopback address where that is allowed."""
        if self.scheme == "https":
            return True
        return self.scheme == "http" and self.allow_http_on_loopback and _is_loopback(self.host)

    def cap(self, kind: CallKind) -> Ticks:
        """The most that one call of the kind may ask for."""
        return self.max_search if kind is CallKind.SEARCH and self.max_search is not None else self.max_call

    def pays(self, recipient: str | None) -> bool:
        """True for a pinned recipient."""
        return recipient is not None and recipient.lower() in {one.lower() for one in self.recipients}


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A challenge that may be paid: `amount` in ticks, `units` in the token's base units."""

    kind: CallKind
    challenge: Challenge
    recipient: str
    amount: Ticks
    units: int
    expires_at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRefused:
    """Nothing may be paid."""

    because: Because


def judge(
    policy: PaymentPolicy,
    challenges: Sequence[Challenge],
    *,
    now: Millis,
    held: Ticks,
    left_today: Ticks,
    kind: CallKind = CallKind.CALL,
) -> Approved | PaymentRefused:
    """The one challenge that may be paid, or why none may.

    `held` is what the job's hold covers, `left_today` what may still be signed today. Where several are offered and
    none is right, the first one's fault is named.
    """
    if not policy.is_transport_safe:
        return PaymentRefused(because=Because.NOT_HTTPS)
    if not challenges:
        return PaymentRefused(because=Because.NO_CHALLENGE)
    verdicts = [_judge_one(policy, one, kind, now=now, held=held, left_today=left_today) for one in challenges]
    approved = [verdict for verdict in verdicts if isinstance(verdict, Approved)]
    if len(approved) > 1:
        return PaymentRefused(because=Because.SEVERAL)
    return approved[0] if approved else verdicts[0]


def _judge_one(
    policy: PaymentPolicy, challenge: Challenge, kind: CallKind, *, now: Millis, held: Ticks, left_today: Ticks
) -> Approved | PaymentRefused:
    if (fault := _terms_fault(policy, challenge) or _time_fault(challenge.expires_at, now)) is not None:
        return PaymentRefused(because=fault)
    charge, expires_at = challenge.charge, challenge.expires_at
    if charge.amount is None or not _AMOUNT.fullmatch(charge.amount):
        return PaymentRefused(because=Because.AMOUNT)
    units = int(charge.amount)
    for limit, because in (
        (MAX_TICKS, Because.AMOUNT),
        (policy.cap(kind), Because.OVER_CALL_CAP),
        (held, Because.OVER_HOLD),
        (left_today, Because.OVER_DAY),
    ):
        if units * TICKS_PER_UNIT > limit:
            return PaymentRefused(because=because)
    return Approved(
        kind=kind,
        challenge=challenge,
        recipient=(charge.recipient or "").lower(),
        amount=Ticks(units * TICKS_PER_UNIT),
        units=units,
        expires_at=Millis(expires_at or 0),
    )


def _terms_fault(policy: PaymentPolicy, challenge: Challenge) -> Because | None:
    charge = challenge.charge
    faults = (
        ((challenge.method, challenge.intent) != ("tempo", "charge"), Because.METHOD),
        (challenge.realm.lower() != policy.host.lower(), Because.REALM),
        (challenge.header is not None, Because.HEADER),
        # Without one the draft means the test chain and the library the main one: it must be said.
        (charge.chain_id != policy.chain_id, Because.CHAIN),
        ((charge.currency or "").lower() != policy.currency.lower(), Because.TOKEN),
        (not policy.pays(charge.recipient), Because.RECIPIENT),
        (charge.has_splits, Because.SPLITS),
        (charge.has_fee_payer, Because.FEE_PAYER),
        # The library ignores both: it would pay in a way that the server does not recognise.
        (charge.has_memo, Because.MEMO),
        (charge.modes is not None and _OUR_MODE not in charge.modes, Because.MODE),
    )
    return next((because for is_wrong, because in faults if is_wrong), None)


def _time_fault(expires_at: Millis | None, now: Millis) -> Because | None:
    if expires_at is None:
        return Because.NO_EXPIRY
    if expires_at - now < EXPIRY_MIN_MS:
        return Because.EXPIRES_TOO_SOON
    return Because.EXPIRES_TOO_LATE if expires_at - now > EXPIRY_MAX_MS else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"

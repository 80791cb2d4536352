"""Which challenge may be paid: one row for each reason that there is."""

from dataclasses import replace
from typing import Any

import pytest

from bot.core.clock import Millis, utc
from bot.core.money import MAX_TICKS, Ticks, usd
from bot.payments.challenge import Challenge
from bot.payments.policy import USDC_E, Approved, Because, CallKind, PaymentPolicy, PaymentRefused, judge
from tests.payments.headers import HOST, NOW, RECIPIENT, challenge, request

HELD, LEFT = usd("0.05"), usd("1")
STRANGER = "0x" + "66" * 20
POLICY = PaymentPolicy.at(f"https://{HOST}", recipients=frozenset({RECIPIENT}), max_call=usd("0.10"))


def verdict(
    *challenges: Challenge,
    policy: PaymentPolicy = POLICY,
    held: Ticks = HELD,
    left_today: Ticks = LEFT,
    now: Millis = NOW,
) -> Approved | PaymentRefused:
    return judge(policy, challenges, now=now, held=held, left_today=left_today)


def expiring(after_ms: int) -> str:
    return utc(NOW + after_ms).isoformat()


def test_a_right_challenge_is_approved_in_ticks_and_in_base_units() -> None:
    asked = challenge()

    assert verdict(asked) == Approved(
        kind=CallKind.CALL,
        challenge=asked,
        recipient=RECIPIENT.lower(),
        amount=usd("0.023"),
        units=23000,
        expires_at=Millis(NOW + 300_000),
    )


def test_one_base_unit_is_ten_thousand_ticks() -> None:
    approved = verdict(challenge(request(amount="1")))

    assert isinstance(approved, Approved)
    assert approved.amount == 10_000


@pytest.mark.parametrize(
    ("asked", "params", "because"),
    [
        (None, {"method": "stripe"}, Because.METHOD),
        (None, {"intent": "session"}, Because.METHOD),
        (None, {"realm": "evil.example"}, Because.REALM),
        (None, {"realm": f"{HOST}.evil.example"}, Because.REALM),
        (None, {"header": "Payment-Authorization"}, Because.HEADER),
        (request(details={"chainId": 42431}), {}, Because.CHAIN),
        (request(methodDetails=None), {}, Because.CHAIN),
        (request(currency="0x20c0000000000000000000000000000000000000"), {}, Because.TOKEN),
        (request(currency=None), {}, Because.TOKEN),
        (request(recipient=STRANGER), {}, Because.RECIPIENT),
        (request(recipient=None), {}, Because.RECIPIENT),
        (request(details={"splits": [{"amount": "1", "recipient": STRANGER}]}), {}, Because.SPLITS),
        (request(details={"feePayer": True}), {}, Because.FEE_PAYER),
        (request(details={"memo": "0x" + "00" * 32}), {}, Because.MEMO),
        (request(details={"supportedModes": ["push"]}), {}, Because.MODE),
        (None, {"expires": None}, Because.NO_EXPIRY),
        (None, {"expires": "soon"}, Because.NO_EXPIRY),
        (None, {"expires": expiring(-1)}, Because.EXPIRES_TOO_SOON),
        (None, {"expires": expiring(9_999)}, Because.EXPIRES_TOO_SOON),
        (None, {"expires": expiring(600_001)}, Because.EXPIRES_TOO_LATE),
        (request(amount="0.04"), {}, Because.AMOUNT),
        (request(amount="0"), {}, Because.AMOUNT),
        (request(amount="-1"), {}, Because.AMOUNT),
        (request(amount="1e3"), {}, Because.AMOUNT),
        (request(amount="٣"), {}, Because.AMOUNT),
        (request(amount="007"), {}, Because.AMOUNT),
        (request(amount="23000 "), {}, Because.AMOUNT),
        (request(amount=23000), {}, Because.AMOUNT),
        (request(amount="9" * 19), {}, Because.AMOUNT),
        (request(amount="9" * 40), {}, Because.AMOUNT),
        (request(amount="100001"), {}, Because.OVER_CALL_CAP),
        (request(amount="50001"), {}, Because.OVER_HOLD),
    ],
)
def test_a_wrong_challenge_is_refused_for_its_own_reason(
    asked: object, params: dict[str, Any], because: Because
) -> None:
    assert verdict(challenge(asked, **params)) == PaymentRefused(because=because)


@pytest.mark.parametrize("after_ms", [10_000, 600_000])
def test_the_bounds_of_the_time_are_within_it(after_ms: int) -> None:
    assert isinstance(verdict(challenge(expires=expiring(after_ms))), Approved)


@pytest.mark.parametrize("details", [{"feePayer": False}, {"splits": []}, {"supportedModes": ["push", "pull"]}])
def test_what_asks_for_nothing_special_is_approved(details: dict[str, object]) -> None:
    assert isinstance(verdict(challenge(request(details=details))), Approved)


def test_the_limits_are_themselves_allowed() -> None:
    amount = usd("0.023")

    assert isinstance(verdict(challenge(), held=amount, left_today=amount), Approved)
    assert verdict(challenge(), held=Ticks(amount - 1)) == PaymentRefused(because=Because.OVER_HOLD)
    assert verdict(challenge(), left_today=Ticks(amount - 1)) == PaymentRefused(because=Because.OVER_DAY)
    assert verdict(challenge(), policy=replace(POLICY, max_call=Ticks(amount - 1))) == PaymentRefused(
        because=Because.OVER_CALL_CAP
    )


def test_each_kind_of_call_has_a_cap_of_its_own() -> None:
    asked, plenty = challenge(request(amount="600000")), usd("1")
    both = replace(POLICY, max_search=usd("0.60"))

    def said(kind: CallKind, policy: PaymentPolicy = both) -> Approved | PaymentRefused:
        return judge(policy, (asked,), now=NOW, held=plenty, left_today=plenty, kind=kind)

    searched = said(CallKind.SEARCH)
    assert isinstance(searched, Approved)
    assert (searched.kind, searched.amount) == (CallKind.SEARCH, usd("0.60"))
    assert said(CallKind.CALL) == PaymentRefused(because=Because.OVER_CALL_CAP)
    assert said(CallKind.SEARCH, POLICY) == PaymentRefused(because=Because.OVER_CALL_CAP)
    assert said(CallKind.SEARCH, replace(both, max_search=usd("0.5999"))) == PaymentRefused(
        because=Because.OVER_CALL_CAP
    )


def test_an_amount_that_no_ledger_can_keep_is_none() -> None:
    boundless = replace(POLICY, max_call=Ticks(MAX_TICKS * 9))
    asked = challenge(request(amount=str(MAX_TICKS // 10_000 + 1)))

    assert verdict(asked, policy=boundless, held=Ticks(MAX_TICKS * 9)) == PaymentRefused(because=Because.AMOUNT)


def test_exactly_one_challenge_must_fit() -> None:
    wrong, right = challenge(request(recipient=STRANGER)), challenge()

    assert verdict() == PaymentRefused(because=Because.NO_CHALLENGE)
    assert verdict(right, challenge(id="second")) == PaymentRefused(because=Because.SEVERAL)
    assert isinstance(verdict(wrong, right), Approved)
    assert verdict(wrong, challenge(expires=None)) == PaymentRefused(because=Because.RECIPIENT)


@pytest.mark.parametrize(
    ("address", "allowed", "is_safe"),
    [
        (f"https://{HOST}", False, True),
        (f"http://{HOST}", True, False),
        ("http://127.0.0.1:8000", True, True),
        ("http://127.0.0.1:8000", False, False),
        ("http://[::1]:8000", True, True),
        ("http://localhost", True, True),
        ("http://localhost.evil.example", True, False),
        ("http://10.0.0.1", True, False),
        ("ftp://127.0.0.1", True, False),
    ],
)
def test_nothing_is_paid_over_an_open_line(address: str, allowed: bool, is_safe: bool) -> None:
    policy = PaymentPolicy.at(
        address, recipients=frozenset({RECIPIENT}), max_call=usd("0.10"), allow_http_on_loopback=allowed
    )
    found = verdict(challenge(realm=policy.host), policy=policy)

    assert isinstance(found, Approved) if is_safe else found == PaymentRefused(because=Because.NOT_HTTPS)


@pytest.mark.parametrize(
    "changes",
    [{"recipients": frozenset()}, {"recipients": frozenset({"0x12"})}, {"currency": "USDC"}],
)
def test_a_policy_of_nonsense_is_not_made(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"recipient|address"):
        replace(POLICY, **changes)


def test_the_token_is_the_one_on_the_wire_and_not_the_one_in_the_prose() -> None:
    assert USDC_E == "0x20c000000000000000000000b9537d11c60e8b50"

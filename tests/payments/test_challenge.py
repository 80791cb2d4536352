"""Headers of payment: what can be read is read, what cannot is left out, and nothing raises."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.clock import millis, utc
from bot.payments.challenge import HEADER_CAP, MAX_CHALLENGES, Receipt, read_challenges, read_receipt
from tests.payments.headers import NOW, RECIPIENT, challenge, encoded, header, request

# As captured from the gateway's sister services (fact sheet 1.5), the dots filled in.
CAPTURED = (
    'Payment id="x7Tg2pLqR9wHnK4mVbZcYd", realm="openweather.mpp.paywithlocus.com", method="tempo", intent="charge", '
    'request="eyJhbW91bnQiOiI2MDAwIiwiY3VycmVuY3kiOiIweDIwYzAwMDAwMDAwMDAwMDAwMDAwMDAwMGI5NTM3ZDExYzYwZThiNTAiLCJtZXRob'
    "2REZXRhaWxzIjp7ImNoYWluSWQiOjQyMTd9LCJyZWNpcGllbnQiOiIweDA2MGIwZkIwQmU5ZDkwNTU3NTc3QjNBRUU0ODA3MTEwNjcxNDlGZjAifQ"
    '", description="Locus MPP: openweather/current", expires="2026-09-28T12:00:00.000Z"'
)


def test_the_captured_challenge_of_the_gateway_is_read_whole() -> None:
    (read,) = read_challenges([CAPTURED])

    assert (read.id, read.realm) == ("x7Tg2pLqR9wHnK4mVbZcYd", "openweather.mpp.paywithlocus.com")
    assert (read.method, read.intent) == ("tempo", "charge")
    assert (read.charge.amount, read.charge.chain_id) == ("6000", 4217)
    assert read.charge.currency == "0x20c000000000000000000000b9537d11c60e8b50"
    assert read.charge.recipient == RECIPIENT
    assert read.expires_at is not None
    assert utc(read.expires_at).isoformat() == "2026-09-28T12:00:00+00:00"
    assert (read.digest, read.opaque, read.header) == (None, None, None)
    assert (read.charge.has_splits, read.charge.has_fee_payer, read.charge.has_memo) == (False, False, False)
    assert read.charge.modes is None


def test_every_optional_field_is_kept_as_it_came() -> None:
    opaque = encoded({"order": "7"})
    details = {"splits": [{}], "feePayer": True, "memo": "0x1", "supportedModes": ["push", 1]}
    read = challenge(request(details=details), digest="sha-256=abc", opaque=opaque, header="Payment-Authorization")

    assert (read.digest, read.opaque, read.header) == ("sha-256=abc", opaque, "Payment-Authorization")
    assert (read.charge.has_splits, read.charge.has_fee_payer, read.charge.has_memo) == (True, True, True)
    assert read.charge.modes == ("push", "1")
    assert challenge(header="authorization").header is None
    assert challenge(request(details={"feePayerUrl": "https://x.example"})).charge.has_fee_payer
    assert challenge().expires_at == NOW + 300_000


@pytest.mark.parametrize(
    "text",
    [
        f"{header()}, {header(id='challenge-2')}",
        f"Bearer abc123==, {header()}, Negotiate, {header(id='challenge-2')}, Basic realm=x",
        f"  ,, {header()} ,\t{header(id='challenge-2')},",
        f"{header()}, {header(id='challenge-2')}, Payment id=alone",
        f"{header(method=None)}, {header()}, {header(id='challenge-2')}",
        f"{header()}, {header(id='challenge-2')}, Bearer @@@",
    ],
)
def test_a_list_of_challenges_is_taken_apart(text: str) -> None:
    assert [one.id for one in read_challenges([text])] == ["challenge-1", "challenge-2"]


def test_several_headers_count_together_up_to_a_bound() -> None:
    assert [one.id for one in read_challenges([header(), "Bearer x", header(id="b")])] == ["challenge-1", "b"]
    assert len(read_challenges([header()] * (MAX_CHALLENGES + 5))) == MAX_CHALLENGES


def test_names_of_schemes_and_parameters_have_no_case_and_values_may_be_bare_or_quoted_pairs() -> None:
    text = (
        header().replace("Payment id=", "pAyMeNt   ID = ").replace('"tempo"', "tempo").replace("challenge-1", 'a\\"b')
    )

    (read,) = read_challenges([text])

    assert (read.id, read.method) == ('a"b', "tempo")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Payment",
        "id=1",
        header(id=None),
        header(id=""),
        header(request="!!!"),
        header(request="e30="[:2]),
        header(request=encoded([1])),
        header(request=base64.urlsafe_b64encode(b'{"a": "\\ud800"}').decode()),
        header(opaque="?"),
        header() + ', id="again"',
        header() + ', id="again", id="and again"',
        header() + '"',
        header() + ", @@@",
        header().replace('", realm', '"realm'),
        header(id="x" * HEADER_CAP),
        header().replace("Payment ", "Bearer "),
    ],
)
def test_what_cannot_be_read_is_no_challenge(text: str) -> None:
    assert read_challenges([text]) == ()


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (request(amount=23000), "amount"),
        (request(amount=None), "amount"),
        (request(currency=7), "currency"),
        (request(recipient=[]), "recipient"),
        (request(details={"chainId": "4217"}), "chain_id"),
        (request(details={"chainId": True}), "chain_id"),
        (request(methodDetails=["chainId"]), "chain_id"),
        (request(details={"supportedModes": "pull"}), "modes"),
    ],
)
def test_a_field_of_another_type_counts_as_missing(asked: object, name: str) -> None:
    assert getattr(challenge(asked).charge, name) is None


@pytest.mark.parametrize("text", [None, "", "soon", "2026-11-20T00:00:00", "9" * 30, "0001-01-01T00:00:00+23:59"])
def test_an_end_that_is_no_moment_with_a_zone_is_none(text: str | None) -> None:
    read = challenge(expires=text)

    assert read.expires_at is None or read.expires_at < 0


def test_a_moment_with_a_zone_is_that_moment() -> None:
    assert challenge(expires="2026-11-20T01:30:00+01:30").expires_at == millis(utc(1_795_132_800_000))


@given(st.text(alphabet=st.sampled_from('Payment id="=,\\ realm\t~é'), max_size=80))
def test_no_header_makes_the_reader_raise(text: str) -> None:
    read_challenges([text, header() + text])
    read_receipt(text)


def test_a_receipt_is_read() -> None:
    told = {"status": "success", "method": "tempo", "reference": "0xab", "timestamp": "2026-11-20T00:00:00Z"}

    assert read_receipt(f" {encoded(told)} ") == Receipt(status="success", method="tempo", reference="0xab")
    assert read_receipt(encoded(told) + "==") == Receipt(status="success", method="tempo", reference="0xab")


@pytest.mark.parametrize("missing", ["status", "method", "reference"])
def test_a_receipt_without_a_field_is_none(missing: str) -> None:
    told = {"status": "success", "method": "tempo", "reference": "0xab"}
    del told[missing]

    assert read_receipt(encoded(told)) is None


@pytest.mark.parametrize("text", ["", "?", encoded([]), "A" * (HEADER_CAP + 1)])
def test_what_is_no_receipt_is_none(text: str) -> None:
    assert read_receipt(text) is None

"""What was signed is read back from its bytes; anything else than one transfer that expires is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.payments.policy import USDC_E
from bot.payments.transaction import EXPIRING_NONCE_KEY, TYPE, Item, decode, read_transfer

TOKEN = bytes.fromhex(USDC_E[2:])
TO = bytes.fromhex("060b0fb0be9d90557577b3aee480711067149ff0")
MEMO = bytes(range(32))


def encode(item: Item) -> bytes:
    """RLP, written down a second time so that the reader is not tried against itself."""
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < 0x80 else _head(len(item), 0x80) + item
    body = b"".join(encode(one) for one in item)
    return _head(len(body), 0xC0) + body


def _head(size: int, base: int) -> bytes:
    if size <= 55:
        return bytes([base + size])
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(length)]) + length


def number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def call(units: int = 2359, memo: bytes = MEMO, to: bytes = TO, token: bytes = TOKEN) -> Item:
    selector = bytes.fromhex("95777d59" if memo else "a9059cbb")
    return [token, b"", selector + bytes(12) + to + units.to_bytes(32, "big") + memo]


def fields(**changes: Any) -> list[Item]:
    values: dict[str, Item] = {
        "chain": number(4217),
        "tip": number(1),
        "price": number(20_000_000_000),
        "gas": number(1_000_000),
        "calls": [call()],
        "access": [],
        "nonce_key": number(EXPIRING_NONCE_KEY),
        "nonce": b"",
        "before": number(1_800_000_060),
        "after": b"",
        "fee_token": TOKEN,
        "payer": b"",
        "authorisations": [],
        "signature": bytes(65),
    }
    return list({**values, **changes}.values())


def raw(**changes: Any) -> bytes:
    return bytes([TYPE]) + encode(fields(**changes))


def test_a_transfer_with_a_memo_is_read() -> None:
    read = read_transfer(raw())

    assert (read.chain_id, read.currency, read.recipient) == (4217, USDC_E, "0x" + TO.hex())
    assert (read.units, read.memo, read.valid_before) == (2359, MEMO, 1_800_000_060)
    assert (read.fee_token, read.fee_max) == (USDC_E, 20_000_000_000 * 1_000_000)


def test_a_plain_transfer_and_a_key_authorisation_are_read() -> None:
    assert read_transfer(raw(calls=[call(memo=b"")])).memo is None
    assert read_transfer(bytes([TYPE]) + encode([*fields()[:13], [b"x"], bytes(65)])).units == 2359


@pytest.mark.parametrize(
    "changes",
    [
        {"calls": []},
        {"calls": [call(), call()]},
        {"calls": b""},
        {"calls": [[TOKEN, b"\x01", b""]]},
        {"calls": [[TOKEN, b"", b"\x09\x5e\xa7\xb3" + bytes(64)]]},
        {"calls": [[TOKEN, b"", bytes.fromhex("a9059cbb") + bytes(63)]]},
        {"calls": [[TOKEN, b"", bytes.fromhex("a9059cbb") + b"\x01" + bytes(63)]]},
        {"calls": [call(token=b"short")]},
        {"calls": [[[], b"", b""]]},
        {"nonce_key": b""},
        {"nonce": b"\x01"},
        {"before": b""},
        {"before": []},
        {"chain": []},
        {"fee_token": b""},
        {"fee_token": []},
    ],
)
def test_anything_but_one_transfer_that_expires_is_refused(changes: dict[str, Item]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_transfer(raw(**changes))


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        raw().replace(b"\x76", b"\x78", 1),
        raw()[:-1],
        raw() + b"\x00",
        bytes([TYPE]) + encode(b"text"),
        bytes([TYPE]) + encode(fields()[:-1]),
        bytes([TYPE, 0xC2, 0x82, 0x01, 0x01]),
        bytes([TYPE]) + b"\xc7" * 40,
        bytes([TYPE, 0xC1, 0xB8]),
    ],
)
def test_bytes_that_are_no_transaction_are_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_transfer(wrong)


TREES = st.recursive(st.binary(max_size=70), lambda below: st.lists(below, max_size=4), max_leaves=8)


@given(TREES)
def test_what_is_written_is_read_back(tree: Item) -> None:
    def depth(item: Item) -> int:
        return 1 + max((depth(one) for one in item), default=0) if isinstance(item, list) else 1

    if depth(tree) <= 6:
        assert decode(encode(tree)) == tree


@given(st.binary(max_size=60))
def test_no_bytes_make_the_reader_raise_anything_but_valueerror(noise: bytes) -> None:
    try:
        read_transfer(bytes([TYPE]) + noise)
    except ValueError:
        pass

"""What a signed Tempo transaction (type 0x76) will do, read from its bytes before anyone else gets them.

Layout, as pympp 0.16.0 and pytempo 0.6.2 write it: 0x76, then RLP of [chain id, priority fee, fee per gas, gas limit,
calls, access list, nonce key, nonce, valid before, valid after, fee token, fee payer, authorisations, (key
authorisation,) signature]. A call is [to, value, data]. Prices of gas are in 1e-18 dollars, times in seconds.
"""

from dataclasses import dataclass

TYPE = 0x76
# With this nonce key a transaction can be included once, and only before `valid before`.
EXPIRING_NONCE_KEY = 2**256 - 1
_TRANSFER = bytes.fromhex("a9059cbb")  # transfer(address,uint256)
_TRANSFER_WITH_MEMO = bytes.fromhex("95777d59")  # transferWithMemo(address,uint256,bytes32)
_WORDS = {_TRANSFER: 2, _TRANSFER_WITH_MEMO: 3}
_WORD = 32
_FIELDS = (14, 15)
# Calls within a list within the transaction are three deep.
_DEPTH = 6

Item = bytes | list["Item"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One transfer of a token. `valid_before` in seconds since 1970, `fee_max` in 1e-18 dollars."""

    chain_id: int
    currency: str
    recipient: str
    units: int
    memo: bytes | None
    valid_before: int
    fee_token: str
    fee_max: int


def read_transfer(raw: bytes) -> Transfer:
    """The transaction's one transfer. Raises ValueError for anything else than one transfer that expires."""
    if raw[:1] != bytes([TYPE]):
        raise ValueError("not a transaction of type 0x76")
    fields = decode(raw[1:])
    if not isinstance(fields, list) or len(fields) not in _FIELDS:
        raise ValueError("not the fields of a transaction")
    if (_number(fields[6]), _number(fields[7])) != (EXPIRING_NONCE_KEY, 0) or not fields[8]:
        raise ValueError("a transaction that does not expire")
    currency, recipient, units, memo = _call(fields[4])
    return Transfer(
        chain_id=_number(fields[0]),
        currency=currency,
        recipient=recipient,
        units=units,
        memo=memo,
        valid_before=_number(fields[8]),
        fee_token=_address(fields[10]),
        fee_max=_number(fields[2]) * _number(fields[3]),
    )


def decode(raw: bytes) -> Item:
    """One RLP item that fills `raw` exactly (Ethereum yellow paper, appendix B). Raises ValueError."""
    item, end = _item(raw, 0, _DEPTH)
    if end != len(raw):
        raise ValueError("bytes after the end")
    return item


def _item(raw: bytes, place: int, depth: int) -> tuple[Item, int]:
    if place >= len(raw) or not depth:
        raise ValueError("cut off, or too deep")
    head = raw[place]
    if head < 0x80:
        return raw[place : place + 1], place + 1
    is_list = head >= 0xC0
    short = head - (0xC0 if is_list else 0x80)
    start, size = place + 1, short
    if short > 55:
        start = place + 1 + short - 55
        size = int.from_bytes(raw[place + 1 : start], "big")
    end = start + size
    if end > len(raw):
        raise ValueError("cut off")
    if not is_list:
        return raw[start:end], end
    items: list[Item] = []
    while start < end:
        item, start = _item(raw, start, depth - 1)
        items.append(item)
    if start != end:
        raise ValueError("an item reaches beyond its list")
    return items, end


def _call(calls: Item) -> tuple[str, str, int, bytes | None]:
    """Token, recipient, base units and memo of the only call."""
    match calls:
        case [[bytes() as to, bytes() as value, bytes() as data]] if not value:
            words = _WORDS.get(data[:4])
            if words is None or len(data) != 4 + words * _WORD or any(data[4 : 4 + _WORD - 20]):
                raise ValueError("not a transfer")
            recipient = "0x" + data[4 + _WORD - 20 : 4 + _WORD].hex()
            units = int.from_bytes(data[4 + _WORD : 4 + 2 * _WORD], "big")
            return _address(to), recipient, units, data[4 + 2 * _WORD :] or None
        case _:
            raise ValueError("not exactly one call")


def _number(item: Item) -> int:
    match item:
        case bytes():
            return int.from_bytes(item, "big")
        case _:
            raise ValueError("a list where a number belongs")


def _address(item: Item) -> str:
    if not isinstance(item, bytes) or len(item) != 20:
        raise ValueError("an address has 20 bytes")
    return "0x" + item.hex()

"""Payment challenges and receipts as they stand in headers: read leniently, judged elsewhere.

Wire: `WWW-Authenticate: Payment id="…", realm="…", method="…", intent="…", request="<base64url JSON>"` with `expires`,
`digest`, `opaque` and `header` besides (draft-httpauth-payment-00). Several may come, in several headers or in one
list, among challenges of other schemes. What cannot be read is left out, so nobody pays for it.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.clock import Millis, millis

# The draft keeps a challenge below 8 KB; a header of several is no longer here.
HEADER_CAP = 8192
# A gateway offers one for each token it takes; more is noise.
MAX_CHALLENGES = 16
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_GAP = re.compile(r"[\s,]*")
_PARAM = re.compile(rf'({_NAME})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))(?=[\s,]|$)')
# A scheme may carry one bare token instead of parameters (RFC 9110, 11.2): it is skipped.
_SCHEME = re.compile(rf"({_NAME})(?=[\s,]|$)(?:[ \t]+[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$)))?")
_QUOTED_PAIR = re.compile(r"\\(.)")
_REQUIRED = ("id", "realm", "method", "intent", "request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a challenge asks for; None where a field is missing or of another type than the draft's.

    `amount` is the text as received, in base units. `modes` are the ways of paying that the server takes (None: it
    does not say).
    """

    amount: str | None
    currency: str | None
    recipient: str | None
    chain_id: int | None
    has_splits: bool
    has_fee_payer: bool
    has_memo: bool
    modes: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One readable challenge.

    `request`, `opaque`, `expires` and `digest` are as received, since a credential echoes them. `header` names the
    header that the credential must travel in (None: Authorization).
    """

    id: str
    realm: str
    method: str
    intent: str
    request: str = field(repr=False)
    charge: Charge
    expires: str | None = None
    digest: str | None = None
    opaque: str | None = field(default=None, repr=False)
    header: str | None = None

    @property
    def expires_at(self) -> Millis | None:
        """When it ends; None where it does not say, or not as a moment with a zone."""
        if self.expires is None:
            return None
        try:
            moment = datetime.fromisoformat(self.expires)
            return None if moment.tzinfo is None else millis(moment)
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A `Payment-Receipt`: `reference` is the hash of the transaction."""

    status: str
    method: str
    reference: str


def read_challenges(headers: Sequence[str]) -> tuple[Challenge, ...]:
    """Every readable Payment challenge, in order, at most `MAX_CHALLENGES`. Never raises."""
    found: list[Challenge] = []
    for header in headers:
        if len(header) <= HEADER_CAP:
            read = (_challenge(params) for scheme, params in _split(header) if scheme == "payment")
            found += [challenge for challenge in read if challenge is not None]
    return tuple(found[:MAX_CHALLENGES])


def read_receipt(header: str) -> Receipt | None:
    """The receipt, or None where it is none. Never raises."""
    fields = read_object(header.strip()) if len(header) <= HEADER_CAP else None
    if fields is None:
        return None
    status, method, reference = (_text(fields.get(name)) for name in ("status", "method", "reference"))
    if status is None or method is None or reference is None:
        return None
    return Receipt(status=status, method=method, reference=reference)


def read_object(encoded: str) -> dict[str, object] | None:
    """The JSON object in base64url, with or without padding; None where it is none."""
    try:
        raw = base64.b64decode(encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4), b"-_", validate=True)
        value = json.loads(raw)
        json.dumps(value, ensure_ascii=False).encode()  # JSON can spell lone surrogates, which nothing can send on
    except (binascii.Error, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _split(header: str) -> Iterator[tuple[str, dict[str, str] | None]]:
    """The challenges of one header: lower-case scheme and parameters, None for parameters that repeat.

    Ends at the first thing that is neither, without the challenge in which it stands.
    """
    scheme, params = "", None
    is_first = True
    place = _end(_GAP, header, 0)
    while place < len(header):
        if (param := _PARAM.match(header, place)) is not None and not is_first:
            params = _with(params, param)
            place = _end(_GAP, header, param.end())
        elif (name := _SCHEME.match(header, place)) is not None:
            if not is_first:
                yield scheme, params
            scheme, params, is_first = name[1].lower(), {}, False
            place = _end(_GAP, header, name.end())
        else:
            return
    if not is_first:
        yield scheme, params


def _end(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return place if found is None else found.end()


def _with(params: dict[str, str] | None, param: re.Match[str]) -> dict[str, str] | None:
    name, quoted, bare = param[1].lower(), param[2], param[3]
    if params is None or name in params:
        return None
    return {**params, name: bare if quoted is None else _QUOTED_PAIR.sub(r"\1", quoted)}


def _challenge(params: Mapping[str, str] | None) -> Challenge | None:
    if params is None or not all(params.get(name) for name in _REQUIRED):
        return None
    request, opaque = read_object(params["request"]), params.get("opaque") or None
    if request is None or (opaque is not None and read_object(opaque) is None):
        return None
    header = params.get("header") or None
    return Challenge(
        id=params["id"],
        realm=params["realm"],
        method=params["method"],
        intent=params["intent"],
        request=params["request"],
        charge=_charge(request),
        expires=params.get("expires") or None,
        digest=params.get("digest") or None,
        opaque=opaque,
        header=None if header is None or header.lower() == "authorization" else header,
    )


def _charge(request: Mapping[str, object]) -> Charge:
    given = request.get("methodDetails")
    details: Mapping[str, object] = given if isinstance(given, dict) else {}
    chain_id, modes = details.get("chainId"), details.get("supportedModes")
    return Charge(
        amount=_text(request.get("amount")),
        currency=_text(request.get("currency")),
        recipient=_text(request.get("recipient")),
        chain_id=chain_id if isinstance(chain_id, int) and not isinstance(chain_id, bool) else None,
        has_splits=bool(details.get("splits")),
        has_fee_payer=bool(details.get("feePayer")) or bool(details.get("feePayerUrl")),
        has_memo=bool(details.get("memo")),
        modes=tuple(str(mode) for mode in modes) if isinstance(modes, list) else None,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

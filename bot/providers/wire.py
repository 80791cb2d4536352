"""Reading gateways' JSON: tolerant of changed shapes, strict about what it lets further in.

Gateways change a field's type, wrap a list in a string, or answer with an error where a result should stand.
Each field is read leniently: what does not fit counts as absent, and a missing field is then judged by the
adapter. A `WireModel` therefore never fails to read.
"""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from typing import Annotated, Self, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict

from bot.core.money import MAX_TICKS
from bot.providers.contract import ExternalId, ResultPicture

# The same bound as for a downloaded picture.
PICTURE_BYTES_CAP = 32 * 1024 * 1024
# Signed addresses are about 1,000 characters.
URL_CAP = 8192
# A callback is a few hundred bytes, with pictures inside some hundred kilobytes.
CALLBACK_BODY_CAP = 1024 * 1024
# Discord takes ten attachments in a message.
MAX_PICTURES = 10
_SHOWN_CAP = 160
_READ_CAP = 2000  # an error page can be as large as a body; nobody reads further
# A gateway may quote the prompt; this many equal characters in a row are taken for a quotation.
_QUOTED = 8
_ERROR_KEYS = ("error", "code", "type", "message", "detail", "title")
_ERROR_DEPTH = 3
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_MODERATION = re.compile(r"\b(moderat\w*|polic(?:y|ies)|safety(?:_\w+)?|unsafe|nsfw|usage guidelines)\b", re.IGNORECASE)
# Goes into a path together with our key, so nothing else is let through.
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,199}")


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and _is_utf8(value) else None


def _is_utf8(value: str) -> bool:
    """False for the lone surrogates that JSON can spell and nothing can store."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MAX_TICKS else None


def _object(value: object) -> object:
    return value if isinstance(value, dict) else {}


def _items(value: object) -> tuple[object, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


Text = Annotated[str | None, BeforeValidator(_text)]  # a whole number counts as its digits
Whole = Annotated[int | None, BeforeValidator(_whole)]  # from zero to what can be kept
CostTicks = Whole
Flag = Annotated[bool | None, BeforeValidator(_flag)]
Items = Annotated[tuple[object, ...], BeforeValidator(_items)]  # one item alone counts as a list of it
LENIENT_OBJECT = BeforeValidator(_object)


class WireModel(BaseModel):
    """A JSON object of a gateway; every field is optional and lenient."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @classmethod
    def read(cls, value: object) -> Self:
        """The object, or an empty one where `value` is no object. Never raises."""
        return cls.model_validate(_object(value))


def safe_id(text: str | None) -> ExternalId | None:
    """A gateway's id of work, where it is one that can safely stand in a path; else None."""
    return ExternalId(text) if text is not None and _EXTERNAL_ID.fullmatch(text) else None


def parse_callback(body: bytes) -> object:
    """The JSON of a callback's body; None where it is none, or larger than `CALLBACK_BODY_CAP`."""
    if len(body) > CALLBACK_BODY_CAP:
        return None
    try:
        return cast(object, json.loads(body))
    except (ValueError, RecursionError):
        return None


def picture_of(value: object) -> ResultPicture | None:
    """A picture given as an http(s) address or as a data URI; None for anything else."""
    if not isinstance(value, str):
        return None
    if value[:5].casefold() == "data:":
        data = decode_base64(value)
        return None if data is None else ResultPicture(data=data)
    return ResultPicture(url=value) if is_url(value) else None


def is_url(value: str) -> bool:
    """True for an http(s) address without spaces or control characters.

    Whether it is safe, the download decides.
    """
    scheme = value[:8].casefold()
    if len(value) > URL_CAP or not (scheme.startswith("http://") or scheme == "https://"):
        return False
    return value.isprintable() and " " not in value and _is_utf8(value)


def decode_base64(text: str) -> bytes | None:
    """Bytes of base64, bare or as a data URI, at most `PICTURE_BYTES_CAP`; None where it is neither."""
    if text[:5].casefold() == "data:":
        head, comma, text = text.partition(",")
        if not comma or not head.casefold().endswith(";base64"):
            return None
    if len(text) > PICTURE_BYTES_CAP * 4 // 3 + 4:
        return None
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def error_text(value: object, depth: int = _ERROR_DEPTH) -> str:
    """What an error body says; empty where it says nothing.

    Shapes seen: `{error,message}`, `{statusCode,message}`, `{error:{message,code}}`, plain text, lists of those.
    """
    if isinstance(value, str):
        return value.strip() if _is_utf8(value) else ""
    if not depth:
        return ""
    if isinstance(value, list):
        parts = [error_text(item, depth - 1) for item in value[:5]]
    elif isinstance(value, dict):
        parts = [error_text(value.get(key), depth - 1) for key in _ERROR_KEYS]
    else:
        parts = []
    return ": ".join(part for part in parts if part)


def speaks_of_moderation(text: str, prompt: str) -> bool:
    """True when the error's own words, without a quoted prompt, speak of moderation, policy or safety."""
    return _MODERATION.search(text.replace(prompt, " ") if prompt else text) is not None


def shown(text: str, *, secrets: Sequence[str]) -> str:
    """An error's text as an operator may see it: one line, no addresses, at most 160 characters.

    Withheld as a whole where it quotes one of `secrets` (the prompt, the key), even in part.
    """
    line = "".join(c if c.isprintable() else " " for c in _URL.sub("[address]", text[:_READ_CAP]))
    line = " ".join(line.split())
    lowered = line.casefold()
    for secret in filter(str.strip, secrets):
        needle = " ".join(secret.split()).casefold()
        size = min(len(needle), _QUOTED)
        if any(needle[i : i + size] in lowered for i in range(len(needle) - size + 1)):
            return "[withheld: it quotes the request]"
    return line[:_SHOWN_CAP]

"""Spoken texts: checked before they are sent, recognised when they come."""

import re

from bot.core.errors import BadRequest, Charged
from bot.core.requests import SpeakOrder
from bot.providers.talk_offers import LANGUAGE, SpeakOffer

# The first bytes of what gateways send; an MPEG frame without a tag begins with eleven set bits.
_BEGINNINGS = (
    (b"ID3", "audio/mpeg"),
    (b"RIFF", "audio/wav"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
)
UNKNOWN_SOUND = "application/octet-stream"


def checked_text(offer: SpeakOffer | None, order: SpeakOrder) -> SpeakOffer:
    """The offer. Raises BadRequest, uncharged, for what the model cannot take."""
    if offer is None:
        raise BadRequest("the catalogue no longer has this model", charged=Charged.NO)
    if not 1 <= len(order.text) <= offer.text_max:
        raise BadRequest("a text of that length cannot be spoken", charged=Charged.NO)
    if order.voice not in offer.voices or not re.fullmatch(LANGUAGE, order.language):
        raise BadRequest("this model has no such voice or language", charged=Charged.NO)
    return offer


def media_type_of(data: bytes, told: str | None) -> str:
    """What the bytes are; where they do not say, what the gateway told, if that is a sound."""
    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return kind
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:
        return "audio/mpeg"
    return told if told is not None and told.startswith("audio/") else UNKNOWN_SOUND

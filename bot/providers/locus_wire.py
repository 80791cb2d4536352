"""What Locus' answers by key mean: the envelope that all its endpoints share, and its refusals.

Success is `{"success": true, "data": <the upstream body>}`. HTTP 202 waits for a person's approval and is no result.
"""

import re
from typing import Annotated

from bot.core.errors import Charged, GenerationFailed, Moderated, OutcomeUnknown, ProviderError, RetryLater
from bot.core.money import Ticks
from bot.providers.asking import Reply, read_reply
from bot.providers.contract import Accepted, AskSubmission, ExternalId, Sound, SpeakSubmission, Submission
from bot.providers.http import Answer
from bot.providers.refusals import message_of, refused_submit
from bot.providers.sounds import media_type_of
from bot.providers.upstream import Images, read_images
from bot.providers.wire import (
    LENIENT_OBJECT,
    Flag,
    Text,
    WireModel,
    decode_base64,
    error_text,
    is_url,
    shown,
    speaks_of_moderation,
)

_PENDING = "pending_approval"
_ID = re.compile(r"[\x21-\x7e]{1,200}")


class _Waiting(WireModel):
    """The note of a call that waits for an approval, in place of the upstream body."""

    status: Text = None
    pending_approval_id: Text = None
    approval_url: Text = None


class _Speech(WireModel):
    data: Text = None
    content_type: Text = None
    mime_type: Text = None


class _Envelope(WireModel):
    success: Flag = None
    data: object = None
    paymentId: Text = None  # noqa: N815 - the gateway's own spelling


class _Upstream(WireModel):
    """Where the envelope's `data` is no object, an empty one."""

    data: Annotated[_Waiting, LENIENT_OBJECT] = _Waiting()


def read_submit(answer: Answer, *, fee: Ticks, secrets: tuple[str, ...], poll_after_s: float) -> Submission:
    """What the answer to an order of pictures means. `fee` is added to the upstream cost; `secrets` (the prompt first)
    are never shown.

    Raises ProviderError.
    """
    envelope = _opened(answer, secrets)
    if (pending := _pending(answer, poll_after_s)) is not None:
        return pending
    return read_images(Images.read(envelope.data), fee=fee, payment_ref=_payment_ref(envelope))


def read_answer(answer: Answer, *, fee: Ticks, secrets: tuple[str, ...], poll_after_s: float) -> AskSubmission:
    """What the answer to a question means. Raises ProviderError."""
    envelope = _opened(answer, secrets)
    if (pending := _pending(answer, poll_after_s)) is not None:
        return pending
    return read_reply(Reply.read(envelope.data), fee=fee, payment_ref=_payment_ref(envelope))


def read_speech(answer: Answer, *, secrets: tuple[str, ...], poll_after_s: float) -> SpeakSubmission:
    """What the answer to a text to be spoken means: base64 at `data.data`, or `data` itself. Raises ProviderError."""
    envelope = _opened(answer, secrets)
    if (pending := _pending(answer, poll_after_s)) is not None:
        return pending
    speech = _Speech.read(envelope.data if isinstance(envelope.data, dict) else {"data": envelope.data})
    data = None if speech.data is None else decode_base64(speech.data)
    if data is None:
        ref = _payment_ref(envelope)
        raise GenerationFailed("an answer without a sound", charged=Charged.UNKNOWN, payment_ref=ref)
    return Sound(data=data, media_type=media_type_of(data, speech.content_type or speech.mime_type))


def _opened(answer: Answer, secrets: tuple[str, ...]) -> _Envelope:
    """The envelope of a success. Raises ProviderError for everything else but a call that waits."""
    envelope = _Envelope.read(answer.json)
    if not answer.is_success:
        raise _refused(answer, envelope, secrets)
    if _is_pending(answer):
        return envelope
    if answer.status == 202:
        raise OutcomeUnknown("HTTP 202 that does not say what it waits for")
    if envelope.success is False:
        raise _unsuccessful(answer, envelope, secrets)
    return envelope


def _is_pending(answer: Answer) -> bool:
    return (_Upstream.read(answer.json).data.status or "").casefold() == _PENDING


def _pending(answer: Answer, poll_after_s: float) -> Accepted | None:
    if not _is_pending(answer):
        return None
    waiting = _Upstream.read(answer.json).data
    external_id = waiting.pending_approval_id
    if external_id is None or not _ID.fullmatch(external_id):
        raise OutcomeUnknown("waits for an approval without an id")
    approval_url = waiting.approval_url if waiting.approval_url and is_url(waiting.approval_url) else None
    return Accepted(external_id=ExternalId(external_id), poll_after_s=poll_after_s, approval_url=approval_url)


def _refused(answer: Answer, envelope: _Envelope, secrets: tuple[str, ...]) -> ProviderError:
    """402 is an empty wallet on this access path, never a payment challenge; 500 is documented as "the payment failed
    although the upstream succeeded", 502 as "upstream failed, not charged": the gateway's own words only."""
    ref = _payment_ref(envelope)
    if answer.status == 502 and envelope.success is False:
        return RetryLater(message_of(answer, secrets), retry_after_s=answer.retry_after_s, payment_ref=ref)
    return refused_submit(answer, secrets=secrets, payment_ref=ref)


def _unsuccessful(answer: Answer, envelope: _Envelope, secrets: tuple[str, ...]) -> ProviderError:
    """HTTP 200 with `success:false`: not documented, so nobody knows what it cost."""
    text = error_text(answer.json)
    kind = Moderated if speaks_of_moderation(text, secrets[0]) else GenerationFailed
    message = f"success:false: {shown(text, secrets=secrets)}"
    return kind(message, charged=Charged.UNKNOWN, payment_ref=_payment_ref(envelope))


def _payment_ref(envelope: _Envelope) -> str | None:
    ref = envelope.paymentId
    return ref if ref is not None and _ID.fullmatch(ref) else None

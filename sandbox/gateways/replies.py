"""Answers and sounds of the pretend language models: deterministic, short, and marked as the sandbox's."""

import base64
import io
import struct
import wave
from collections.abc import Iterator

from bot.core.money import Ticks
from sandbox.gateways.cdn import Cdn
from sandbox.gateways.faults import Outcome
from sandbox.gateways.works import Order, Work

PAGES = ("https://docs.example/one", "https://docs.example/two")
TITLE = "The first page"
VOICES = ("eve", "ara", "rex", "sal", "leo")
# Observed for a short answer: $0.0015931.
ASK_TICKS = Ticks(15_931_000)
_REASONING = "The member must never read this."


def reply_text(work: Work) -> str:
    """What the model says: that it is the sandbox, or what the work's fault puts into its mouth."""
    if work.fault is not None and work.fault.text is not None:
        return work.fault.text
    return f"This is the sandbox speaking. You asked: {work.prompt[:200]}"


def asked(messages: object, fee: Ticks) -> Order:
    """A question as an order without pictures: the last message's text decides about faults."""
    last = messages[-1] if isinstance(messages, list) and messages else {}
    return talk(_text_of(last.get("content") if isinstance(last, dict) else ""), fee)


def talk(text: str, fee: Ticks) -> Order:
    """An order without pictures."""
    return Order(prompt=text, count=0, ratio="1:1", resolution=None, format="jpeg", price_each=Ticks(0), fee=fee)


def _text_of(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return " ".join(str(part["text"]) for part in parts if isinstance(part, dict) and "text" in part)


def usage(ticks: int, *, sources: int = 0) -> dict[str, object]:
    return {
        "prompt_tokens": 12,
        "completion_tokens": 34,
        "total_tokens": 46,
        "completion_tokens_details": {"reasoning_tokens": 5},
        "num_sources_used": sources,
        "cost_in_usd_ticks": ticks,
    }


def chat_completion(work: Work, model: str, ticks: int, *, searched: bool = False) -> dict[str, object]:
    """The body observed through Locus; empty or filtered as the work's fault says."""
    text, reason = reply_text(work), "stop"
    if work.ends_as(Outcome.EMPTY) or work.ends_as(Outcome.MODERATED):
        text, reason = "", "content_filter" if work.ends_as(Outcome.MODERATED) else "stop"
    message = {"role": "assistant", "content": text, "reasoning_content": _REASONING, "refusal": None}
    body: dict[str, object] = {
        "id": work.id,
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": usage(ticks, sources=len(PAGES) if searched else 0),
    }
    return {**body, "citations": list(PAGES)} if searched else body


def response(work: Work, model: str, ticks: int) -> dict[str, object]:
    """A body of the Responses API, with the reasoning that no member may see."""
    text = "" if work.ends_as(Outcome.EMPTY) or work.ends_as(Outcome.MODERATED) else reply_text(work)
    marks = [{"type": "url_citation", "url": PAGES[0], "title": TITLE, "start_index": 0, "end_index": 4}]
    part = {"type": "output_text", "text": text, "annotations": marks}
    if work.ends_as(Outcome.MODERATED):
        part = {"type": "refusal", "refusal": "no"}
    counted = {"input_tokens": 12, "output_tokens": 34, "output_tokens_details": {"reasoning_tokens": 5}}
    return {
        "id": work.id,
        "object": "response",
        "model": model,
        "status": "completed",
        "output": [
            {"type": "reasoning", "content": [{"type": "reasoning_text", "text": _REASONING}]},
            {"type": "web_search_call", "status": "completed"},
            {"type": "message", "role": "assistant", "content": [part]},
        ],
        "usage": {**counted, "cost_in_usd_ticks": ticks},
    }


def chat_chunks(whole: dict[str, object]) -> Iterator[dict[str, object]]:
    """The same answer word by word; the reasoning comes first, the price last."""
    choices = whole["choices"]
    first = choices[0] if isinstance(choices, list) else {}
    same = {"id": whole["id"], "object": "chat.completion.chunk", "model": whole["model"]}
    yield {**same, "choices": [{"index": 0, "delta": {"role": "assistant", "reasoning_content": _REASONING}}]}
    for word in str(first["message"]["content"]).split(" "):
        yield {**same, "choices": [{"index": 0, "delta": {"content": f"{word} "}}]}
    yield {**same, "choices": [{"index": 0, "delta": {}, "finish_reason": first["finish_reason"]}]}
    yield {**same, "choices": [], "usage": whole["usage"]}


def response_events(whole: dict[str, object], text: str) -> Iterator[dict[str, object]]:
    """The same response as events."""
    yield {"type": "response.created", "response": {"id": whole["id"]}}
    yield {"type": "response.reasoning_text.delta", "delta": _REASONING}
    for word in text.split(" "):
        yield {"type": "response.output_text.delta", "delta": f"{word} "}
    yield {"type": "response.completed", "response": whole}


def sound(text: str) -> bytes:
    """A WAV file of a tenth of a second for each word, at 8 kHz."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        for index in range(min(50, len(text.split()))):
            file.writeframes(b"".join(struct.pack("<h", (n % (10 + index)) * 300) for n in range(800)))
    return out.getvalue()


def images(work: Work, model: str, cdn: Cdn, *, ticks: int, in_base64: bool) -> dict[str, object]:
    """The upstream's body for pictures."""
    return {"data": _pictures(work, cdn, in_base64), "model": model, "usage": {"cost_in_usd_ticks": ticks}}


def _pictures(work: Work, cdn: Cdn, in_base64: bool) -> list[dict[str, object]]:
    mime = f"image/{work.format}"
    if work.ends_as(Outcome.EMPTY):
        return []
    if work.ends_as(Outcome.MODERATED):
        return [{"respect_moderation": False, "mime_type": mime}] * work.pictures
    if in_base64 or work.ends_as(Outcome.BASE64):
        raw = [cdn.picture(work, index) for index in range(work.pictures)]
        return [{"b64_json": base64.b64encode(data).decode(), "mime_type": mime} for data in raw]
    return [{"url": url, "mime_type": mime, "revised_prompt": ""} for url in cdn.urls(work)]

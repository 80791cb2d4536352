"""Rate-limit headers, and real buckets when they are asked for.

The windows are not published by Discord, which tells clients to read the headers; those here are what is commonly
seen. Without `is_real` every answer carries headers with plenty left.
"""

from dataclasses import dataclass

from bot.core.clock import Clock

PLENTY, PLENTY_WINDOW_S = 10_000, 1.0
# Requests per window in seconds, by method and template; each channel and each interaction token has its own.
WINDOWS: dict[tuple[str, str], tuple[int, float]] = {
    ("POST", "/channels/{channel_id}/messages"): (5, 5.0),
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): (5, 5.0),
    ("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original"): (5, 2.0),
    ("POST", "/webhooks/{webhook_id}/{webhook_token}"): (5, 2.0),
}


@dataclass(slots=True, kw_only=True)
class _Bucket:
    ends: float
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a request stands: `retry_after_s` is set when it is one too many."""

    headers: dict[str, str]
    retry_after_s: float | None = None


class Limits:
    """Counts requests per bucket by the sandbox's clock."""

    def __init__(self, clock: Clock, *, is_real: bool) -> None:
        self._clock = clock
        self._is_real = is_real
        self._buckets: dict[tuple[str, ...], _Bucket] = {}

    def count(self, method: str, template: str, major: str) -> Standing:
        window = WINDOWS.get((method, template)) if self._is_real else None
        now = self._clock.now() / 1_000
        if window is None:
            return Standing(headers=_headers(PLENTY, PLENTY - 1, now + PLENTY_WINDOW_S, now, f"{method} {template}"))
        limit, seconds = window
        key = (method, template, major)
        bucket = self._buckets.get(key)
        if bucket is None or bucket.ends <= now:
            bucket = self._buckets[key] = _Bucket(ends=now + seconds, left=limit)
        bucket.left -= 1
        headers = _headers(limit, max(bucket.left, 0), bucket.ends, now, f"{method} {template}")
        return Standing(headers=headers, retry_after_s=bucket.ends - now if bucket.left < 0 else None)


def _headers(limit: int, left: int, ends: float, now: float, name: str) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": f"{ends:.3f}",
        "X-RateLimit-Reset-After": f"{ends - now:.3f}",
        "X-RateLimit-Bucket": name.translate(str.maketrans(" /{}@", "-----")),
    }

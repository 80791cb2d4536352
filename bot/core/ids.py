"""Typed ids, and what can be read out of them."""

import base64
import hashlib
import secrets
from typing import NewType, Protocol

from bot.core.clock import Millis

JobId = NewType("JobId", str)
HoldId = NewType("HoldId", str)
InteractionId = NewType("InteractionId", int)
GuildId = NewType("GuildId", int)
ChannelId = NewType("ChannelId", int)
MemberId = NewType("MemberId", int)
MessageId = NewType("MessageId", int)
IdempotencyKey = NewType("IdempotencyKey", str)
AssetId = NewType("AssetId", str)  # the SHA-256 of the bytes, 64 hex digits

# Discord's epoch, the first second of 2015 (Discord API reference, "Snowflakes").
DISCORD_EPOCH_MS = 1_420_070_400_000
_ID_BYTES = 15  # 120 random bits, 24 base32 letters without padding


class Randomness(Protocol):
    """Where ids come from."""

    def token_bytes(self, count: int) -> bytes:
        """`count` bytes that nobody can guess."""
        ...

    def uniform(self, low: float, high: float) -> float:
        """A number between the two, for jitter."""
        ...


class SystemRandomness:
    """The machine's own source."""

    def __init__(self) -> None:
        self._random = secrets.SystemRandom()

    def token_bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)


def new_job_id(randomness: Randomness) -> JobId:
    """24 lower-case letters and digits; random, so that nobody can guess another member's job."""
    return JobId(base64.b32encode(randomness.token_bytes(_ID_BYTES)).decode().lower())


def new_idempotency_key(job_id: JobId) -> IdempotencyKey:
    """The key a gateway sees for a job: the same on every attempt (Apiframe takes up to 255 characters)."""
    return IdempotencyKey(f"easel-{job_id}")


def hold_id_of(job_id: JobId) -> HoldId:
    """A job has exactly one hold, and it is named after the job."""
    return HoldId(str(job_id))


def nonce_of(job_id: JobId) -> str:
    """The message nonce of a job's public post: at most 25 characters (Discord API reference, "Create Message")."""
    return hashlib.sha256(job_id.encode()).hexdigest()[:25]


def short(job_id: JobId) -> str:
    """The first letters of a job id, enough for people to name it."""
    return job_id[:6]


def snowflake_time(snowflake: int) -> Millis:
    """When Discord made the id."""
    return Millis((snowflake >> 22) + DISCORD_EPOCH_MS)

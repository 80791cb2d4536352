"""The settings of a guild."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from bot.core.clock import Millis
from bot.core.errors import EaselError
from bot.core.ids import ChannelId, MemberId

Digest = Literal["daily", "weekly"]
# One line on a card.
REASON_LENGTH = 200
# Each is told once per window; more would be noise.
MAX_THRESHOLDS = 5


class BadSetting(EaselError):
    """A value that a setting cannot have; `what` names the setting."""

    def __init__(self, what: str) -> None:
        super().__init__(f"no guild can have this {what}")
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildSettings:
    """What holds for the guild; the defaults where it has set nothing. Raises BadSetting.

    `zone` names the time zone its windows follow (IANA). `staff_channel_id` is where alerts and requests for leave go.
    `is_soft`: over a limit, a request waits for a moderator instead of being refused. `thresholds` are the percents of
    a limit that are told, in order.
    """

    zone: str = "UTC"
    staff_channel_id: ChannelId | None = None
    is_soft: bool = False
    thresholds: tuple[int, ...] = (50, 80, 100)
    digest: Digest | None = None

    def __post_init__(self) -> None:
        percents = self.thresholds
        if len(percents) > MAX_THRESHOLDS or any(not 1 <= percent <= 100 for percent in percents):
            raise BadSetting("thresholds")
        if list(percents) != sorted(set(percents)):
            raise BadSetting("thresholds")

    @property
    def tz(self) -> tzinfo:
        """The zone itself; UTC where this machine does not know the name any more."""
        try:
            return zone_named(self.zone)
        except BadSetting:
            return UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Nothing is accepted, or nothing of one command; members see the reason."""

    command: str | None
    reason: str
    author_id: MemberId
    at: Millis


def zone_named(name: str) -> tzinfo:
    """The time zone of an IANA name. Raises BadSetting."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # no such name, a path, a folder of the zone files
        raise BadSetting("zone") from None

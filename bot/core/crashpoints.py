"""Named points at which a test lets the process die, as `kill -9` would.

`EASEL_CRASH_AT=after_intent` kills at the first passing of that point, `after_intent:3` at the third.
Without the setting `reached` does nothing. Names and meanings: docs/architecture.md, "Crash points".
"""

import os
import signal
from dataclasses import dataclass, field
from enum import StrEnum


class CrashPoint(StrEnum):
    """Every named point, in the order a request meets them."""

    AFTER_RECEIVED = "after_received"
    AFTER_ACK = "after_ack"
    AFTER_COMMIT_HOLD = "after_commit_hold"
    AFTER_INTENT = "after_intent"
    IN_REQUEST = "in_request"
    AFTER_RESPONSE = "after_response"
    AFTER_EXTERNAL_ID = "after_external_id"
    MID_DOWNLOAD = "mid_download"
    AFTER_ASSET = "after_asset"
    AFTER_POST = "after_post"
    AFTER_SEND = "after_send"
    AFTER_MESSAGE_ID = "after_message_id"
    MID_MIGRATION = "mid_migration"


@dataclass(slots=True)
class Crashpoints:
    """Counts the passings of one armed point."""

    armed: CrashPoint | None = None
    passings_left: int = 1
    _kill: int = field(default=signal.SIGKILL, repr=False)

    def reached(self, point: CrashPoint) -> None:
        """Kills the process when `point` is the armed one and this is the passing asked for."""
        if point is not self.armed:
            return
        self.passings_left -= 1
        if self.passings_left == 0:
            os.kill(os.getpid(), self._kill)


NONE = Crashpoints()


def parse(text: str) -> Crashpoints:
    """Reads `name` or `name:n`. Raises ValueError with the names there are."""
    name, _, nth = text.partition(":")
    try:
        point = CrashPoint(name)
    except ValueError:
        raise ValueError(f"one of {', '.join(CrashPoint)}") from None
    if nth and (not nth.isdecimal() or int(nth) < 1):
        raise ValueError("after the colon stands a number from 1")
    return Crashpoints(armed=point, passings_left=int(nth or 1))

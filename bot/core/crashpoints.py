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

    AFTER_RECEIVED = "after_received"  # the interaction is stored, Discord has no acknowledgement yet
    AFTER_ACK = "after_ack"  # the member looks at "thinking…", no job is committed
    AFTER_KEEP = "after_keep"  # pictures that the request hands in are kept, nothing is held
    AFTER_ASK_LEAVE = "after_ask_leave"  # a request waits for a moderator; no card says so
    AFTER_COMMIT_HOLD = "after_commit_hold"  # interaction, hold and job are committed; the card says nothing yet
    AFTER_INTENT = "after_intent"  # `submitting` is committed, nothing has been sent
    IN_REQUEST = "in_request"  # the kernel has the whole request, no answer was read
    AFTER_RESPONSE = "after_response"  # the whole answer was read, nothing of it is stored
    AFTER_EXTERNAL_ID = "after_external_id"  # the gateway's id is stored: polling can go on
    MID_DOWNLOAD = "mid_download"  # a part of a result lies in a temporary file
    AFTER_ASSET = "after_asset"  # all pictures are kept as files, no row names them and nothing is posted
    AFTER_POST = "after_post"  # price posted, `delivering` committed, nothing sent to Discord
    AFTER_SEND = "after_send"  # Discord has the message (sent, or found again), its id is not stored
    AFTER_MESSAGE_ID = "after_message_id"  # the message's id is stored and the job done; the card says less still
    AFTER_STAFF_POST = "after_staff_post"  # Discord has a card for the staff, its id is not stored
    AFTER_DECIDED = "after_decided"  # a moderator's word is committed, no card says so
    MID_MIGRATION = "mid_migration"  # after each statement of a migration script


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

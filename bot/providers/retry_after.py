"""The Retry-After header, which gateways fill in all ways there are."""

import math
from datetime import UTC
from email.utils import parsedate_to_datetime

from bot.core.clock import SECOND_MS, Clock, millis

# Gateways send absurd values: years, negative seconds, dates in the past.
RETRY_AFTER_MIN_S = 1.0
RETRY_AFTER_MAX_S = 120.0


def retry_after_s(header: str | None, clock: Clock) -> float | None:
    """A Retry-After header (seconds or an HTTP date) in seconds from now, clamped to [1, 120].

    None if unreadable.
    """
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            moment = parsedate_to_datetime(header)
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
        # A date without a zone is in UTC (RFC 9110, 5.6.7).
        seconds = (millis(moment.replace(tzinfo=moment.tzinfo or UTC)) - clock.now()) / SECOND_MS
    if math.isnan(seconds):
        return None
    return min(max(seconds, RETRY_AFTER_MIN_S), RETRY_AFTER_MAX_S)

"""Logs: events with fields; JSON where nobody looks at a terminal; secrets are cut out of every line."""

import json
import logging
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

# What every log record has; the rest are the event's own fields.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Interaction tokens and keys that are not ours by value: webhook addresses, credentials, signed addresses, and our own
# callback addresses, which a gateway may quote in a refusal.
_PATTERNS = (
    re.compile(r"(/webhooks/\d+/|/interactions/\d+/)[A-Za-z0-9_.\-]{8,}"),
    re.compile(r"(/callbacks/\w+/\w+/)[0-9a-f]{8,}"),
    re.compile(r"((?:Bearer|Bot|Payment)\s+)[A-Za-z0-9_.\-=]{8,}"),
    re.compile(r"([?&](?:ex|is|hm|sig|signature|token|key|X-Amz-Signature)=)[^&\s\"']+"),
)
_CUT = "[cut]"
# These log whole payloads and statements with their parameters at DEBUG: tokens and prompts.
_TALKATIVE = ("discord", "aiosqlite", "aiohttp", "asyncio", "PIL")


class Redaction:
    """Cuts known secret values and everything that looks like one."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secret for secret in secrets if len(secret) >= 6)

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _CUT)
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\g<1>{_CUT}", text)
        return text


class EventFormatter(logging.Formatter):
    """One line for each event, redacted after it is whole."""

    def __init__(self, redaction: Redaction, *, as_json: bool) -> None:
        super().__init__()
        self._redaction = redaction
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """JSON, or a line for people."""
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        moment = datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds")
        trace = self.formatException(record.exc_info) if record.exc_info else None
        if self._as_json:
            event = {
                "at": moment,
                "level": record.levelname,
                "logger": record.name,
                "event": record.getMessage(),
            }
            line = json.dumps({**event, **fields, **({"trace": trace} if trace else {})}, default=str)
        else:
            told = " ".join(f"{name}={value}" for name, value in fields.items())
            line = f"{moment} {record.levelname:<7} {record.name}: {record.getMessage()}{' ' + told if told else ''}"
            line = f"{line}\n{trace}" if trace else line
        return self._redaction.clean(line)


def configure(*, level: str, secrets: Sequence[str], as_json: bool | None = None) -> None:
    """Sets the root logger up; JSON unless standard error is a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    wants_json = not sys.stderr.isatty() if as_json is None else as_json
    handler.setFormatter(EventFormatter(Redaction(secrets), as_json=wants_json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.getLevelName(level), logging.INFO))
    logging.getLogger("discord").setLevel(logging.WARNING)

"""How Discord refuses (API reference, "JSON Error Codes")."""

from collections.abc import Iterable
from enum import Enum
from typing import Any, NamedTuple

from sandbox.discord.components import Body


class Code(Enum):
    """HTTP status, JSON code, message."""

    UNAUTHORIZED = (401, 0, "401: Unauthorized")
    NOT_FOUND = (404, 0, "404: Not Found")
    MALFORMED_JSON = (400, 50109, "The request body contains invalid JSON.")
    UNKNOWN_CHANNEL = (404, 10003, "Unknown Channel")
    UNKNOWN_GUILD = (404, 10004, "Unknown Guild")
    UNKNOWN_MEMBER = (404, 10007, "Unknown Member")
    UNKNOWN_MESSAGE = (404, 10008, "Unknown Message")
    UNKNOWN_USER = (404, 10013, "Unknown User")
    UNKNOWN_WEBHOOK = (404, 10015, "Unknown Webhook")
    UNKNOWN_INTERACTION = (404, 10062, "Unknown interaction")
    UNKNOWN_COMMAND = (404, 10063, "Unknown application command")
    TOO_LARGE = (413, 40005, "Request entity too large")
    ALREADY_ACKNOWLEDGED = (400, 40060, "Interaction has already been acknowledged.")
    TOO_MANY_FOLLOWUPS = (400, 40094, "The maximum number of follow-up messages has been reached.")
    MISSING_ACCESS = (403, 50001, "Missing Access")
    NOT_THE_AUTHOR = (403, 50005, "Cannot edit a message authored by another user")
    EMPTY_MESSAGE = (400, 50006, "Cannot send an empty message")
    CANNOT_SEND_TO_USER = (403, 50007, "Cannot send messages to this user")
    MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")
    INVALID_WEBHOOK_TOKEN = (401, 50027, "Invalid Webhook Token")
    INVALID_FORM = (400, 50035, "Invalid Form Body")
    WRONG_CHANNEL_TYPE = (400, 50024, "Cannot execute action on this channel type")
    THREAD_ARCHIVED = (400, 50083, "Thread is archived")
    THREAD_EXISTS = (400, 160004, "A thread has already been created for this message")
    THREAD_LOCKED = (403, 160005, "Thread is locked")


class Fault(NamedTuple):
    """One thing wrong with a request's body: where, Discord's code for it, in words."""

    path: tuple[str | int, ...]
    code: str
    text: str

    def __str__(self) -> str:
        return f"{'.'.join(str(step) for step in self.path) or 'body'}: {self.text} ({self.code})"


class ApiError(Exception):
    """An answer other than success."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> Body:
        return {"message": self.message, "code": self.code}


class InvalidFormError(ApiError):
    """50035: the body breaks Discord's rules; `faults` says how."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__(*Code.INVALID_FORM.value)
        self.faults = tuple(faults)

    def body(self) -> Body:
        nested: dict[str, Any] = {}
        for fault in self.faults:
            place = nested
            for step in fault.path:
                place = place.setdefault(str(step), {})
            place.setdefault("_errors", []).append({"code": fault.code, "message": fault.text})
        return {**super().body(), "errors": nested}


def refusal(code: Code) -> ApiError:
    return ApiError(*code.value)

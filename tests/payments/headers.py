"""Challenges as a gateway writes them."""

import base64
import json
from typing import Any

from bot.core.clock import Millis, utc
from bot.payments.challenge import Challenge, read_challenges
from bot.payments.policy import USDC_E

NOW = Millis(1_800_000_000_000)
HOST = "grok.mpp.paywithlocus.com"
RECIPIENT = "0x060b0fB0Be9d90557577B3AEE480711067149Ff0"


def encoded(value: object) -> str:
    """base64url of JSON, without padding."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def request(**changes: Any) -> dict[str, Any]:
    """What is asked for; a change to None leaves the field out."""
    details = {"chainId": 4217, **changes.pop("details", {})}
    fields = {"amount": "23000", "currency": USDC_E, "recipient": RECIPIENT, "methodDetails": details, **changes}
    return {name: value for name, value in fields.items() if value is not None}


def header(asked: object = None, **params: str | None) -> str:
    """A `WWW-Authenticate` header; a parameter that is None is left out."""
    given = {
        "id": "challenge-1",
        "realm": HOST,
        "method": "tempo",
        "intent": "charge",
        "request": encoded(request() if asked is None else asked),
        "expires": utc(NOW + 300_000).isoformat(),
        **params,
    }
    return "Payment " + ", ".join(f'{name}="{value}"' for name, value in given.items() if value is not None)


def challenge(asked: object = None, **params: str | None) -> Challenge:
    """The same, read."""
    (read,) = read_challenges([header(asked, **params)])
    return read

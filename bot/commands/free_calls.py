"""Calls that cost nothing and prove a key: one for Discord, one for each gateway that offers one.

Nothing here ever starts work that is paid for: every call is a GET of an account or a key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from bot import __version__
from bot.commands import plain
from bot.commands.checks import Check, Level
from bot.core.clock import Clock
from bot.core.crashpoints import NONE
from bot.core.errors import RetryLater
from bot.providers.http import Answer, JsonClient, Timeouts

TIMEOUT_S = 10.0
DISCORD_API = "https://discord.com/api/v10"
# Discord turns away clients that do not say who they are in this form (Discord API reference, "User Agent").
_DISCORD_AGENT = f"DiscordBot (Easel, {__version__})"
# The balance lies beside the wrapped gateways, not under them (docs.paywithlocus.com, "Wrapped APIs").
_LOCUS_PREFIX = "/api/wrapped/grok"
# Discord's names have at most 32 characters; what is longer is no name, and a part of a secret is not recognised.
_NAME_LENGTH = 32

Verdict = tuple[Level, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One GET. `read` says what a 2xx's JSON object means."""

    base_url: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    read: Callable[[Mapping[str, object]], Verdict]


async def ask_discord(token: str, api_url: str | None, *, clock: Clock) -> Check:
    """Whose token it is."""
    call = _Call(
        base_url=api_url or DISCORD_API,
        path="/users/@me",
        headers={"Authorization": f"Bot {token}", "User-Agent": _DISCORD_AGENT},
        read=_discord,
    )
    return await _ask("Discord", call, key_setting="EASEL_DISCORD_TOKEN", clock=clock)


async def ask_provider(name: str, key: str, base_url: str, *, clock: Clock) -> Check:
    """Whether the gateway takes the key, and what the account holds where it says so."""
    call = _call_of(name, key, base_url)
    if isinstance(call, str):
        return Check(Level.WARN, f"{name} online", f"not asked: {call}")
    return await _ask(name, call, key_setting=f"EASEL_{name.upper()}_API_KEY", clock=clock)


def _call_of(name: str, key: str, base_url: str) -> _Call | str:
    """The gateway's free call, or why there is none."""
    bearer = {"Authorization": f"Bearer {key}"}
    match name:
        case "locus":
            root = base_url.removesuffix(_LOCUS_PREFIX)
            if root == base_url:
                return f"EASEL_LOCUS_BASE_URL does not end in {_LOCUS_PREFIX}, so its balance has no known address"
            return _Call(base_url=root, path="/api/pay/balance", headers=bearer, read=_locus)
        case "apiframe":
            return _Call(base_url=base_url, path="/me", headers={"X-API-Key": key}, read=_apiframe)
        case "xai":
            return _Call(base_url=base_url, path="/api-key", headers=bearer, read=_xai)
        case _:
            return "it has no free call; the first picture proves the key"


async def _ask(name: str, call: _Call, *, key_setting: str, clock: Clock) -> Check:
    title = f"{name} online"
    try:
        client = JsonClient(
            base_url=call.base_url,
            auth=call.headers,
            clock=clock,
            crashpoints=NONE,
            timeouts=Timeouts(connect_s=TIMEOUT_S, poll_s=TIMEOUT_S),
        )
    except ValueError as error:
        return Check(Level.BAD, title, f"not asked: {error}")
    try:
        level, told = _verdict(await client.poll(call.path), call, key_setting)
    except RetryLater as error:
        return Check(Level.BAD, title, f"{error}: look at the network, the address and the gateway's status page")
    finally:
        await client.close()
    return Check(level, title, told)


def _verdict(answer: Answer, call: _Call, key_setting: str) -> Verdict:
    match answer.status:
        case status if 200 <= status < 300 and isinstance(answer.json, dict):
            return call.read(answer.json)
        case 400 | 401 | 403:  # xAI says 400 of a key it does not know (its OpenAPI, "/v1/api-key")
            return Level.BAD, f"HTTP {answer.status}, the key is refused: look at {key_setting}"
        case 429:
            return Level.WARN, "HTTP 429, too many requests: ask again later"
        case status if status >= 500:
            return Level.WARN, f"HTTP {status}, it has trouble of its own: ask again later"
        case status:
            return Level.BAD, f"HTTP {status} with nothing to read: is the address right?"


def _part(fields: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = fields.get(name)
    return part if isinstance(part, dict) else {}


def _amount(value: object) -> Decimal | None:
    """A number, or a number as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _stock(amount: Decimal | None, unit: str) -> Verdict:
    if amount is None:
        return Level.WARN, "the key is taken, but the answer names no balance: look at the account"
    if amount <= 0:
        return Level.WARN, "the key is taken, but the account is empty: fill it"
    return Level.OK, f"the key is taken; {amount.normalize():f} {unit} left"


def _discord(fields: Mapping[str, object]) -> Verdict:
    name = fields.get("username")
    if not isinstance(name, str):
        return Level.BAD, "the answer names no user: is EASEL_DISCORD_API_URL right?"
    if fields.get("bot") is not True:
        return Level.BAD, "the token is not a bot's: take the one from the portal's page 'Bot'"
    shown = plain(name) if len(name) <= _NAME_LENGTH else "of a name too long to show"
    return Level.OK, f"the token is taken; the bot is {shown}"


def _locus(fields: Mapping[str, object]) -> Verdict:
    if fields.get("success") is not True:
        return Level.BAD, "the balance was not given: look at EASEL_LOCUS_API_KEY"
    return _stock(_amount(_part(fields, "data").get("balance")), "USDC")


def _apiframe(fields: Mapping[str, object]) -> Verdict:
    return _stock(_amount(_part(fields, "team").get("credits")), "credits")


def _xai(fields: Mapping[str, object]) -> Verdict:
    told = {
        "api_key_blocked": "the key is blocked",
        "api_key_disabled": "the key is disabled",
        "team_blocked": "the team is blocked",
    }
    if stops := [text for name, text in told.items() if fields.get(name) is True]:
        return Level.BAD, f"{', '.join(stops)}: look at the console, or set another EASEL_XAI_API_KEY"
    return Level.OK, "the key is taken (xAI does not tell a balance to it)"

"""What is broken on purpose, in the words of the switches that broke it, and how all of it is mended."""

from collections.abc import Iterator

from sandbox.discord import Delay, Permission, Refuse, Sandbox, ServerError, TooManyRequests
from sandbox.discord.faults import Switch, Trouble
from sandbox.discord.model import DEFAULT_UPLOAD_LIMIT
from sandbox.gateways import Break, Gateways
from sandbox.gateways.faults import AnswerFault, Fault, Script
from sandbox.page.discord_faults import DISCORD, PLACES, RIGHTS
from sandbox.page.fault_fields import read
from sandbox.page.gateway_faults import GATEWAY, GatewaySwitch

MIB = 1024 * 1024


def active(sandbox: Sandbox, gateways: Gateways) -> list[str]:
    """One line for each thing that is not as it should be."""
    return [
        *(f"{_trouble(one)} · {_place(one)} · {_left(one.left)}" for one in sandbox.faults.active),
        *_discord(sandbox),
        *(_script(one) for one in gateways.faults.active),
    ]


def clear(sandbox: Sandbox, gateways: Gateways) -> None:
    """Everything works again: rights and limits too."""
    sandbox.faults.clear()
    sandbox.gateway.is_acknowledging_heartbeats = True
    sandbox.gateway.release()
    sandbox.gateway.duplicate_next(0)
    sandbox.give_permissions_back()
    sandbox.guild.upload_limit = DEFAULT_UPLOAD_LIMIT
    gateways.faults.clear()


def _left(times: int | None) -> str:
    if times is None:
        return "until cleared"
    return "once more" if times == 1 else f"{times} times more"


# -- at Discord --------------------------------------------------------------------------------------

_TROUBLES = {switch.makes: switch.label for switch in DISCORD if switch.makes is not None}
_PLACES = {where: label for label, where in PLACES.values()}


def _trouble(switch: Switch) -> str:
    label = _TROUBLES.get(type(switch.trouble), type(switch.trouble).__name__)
    detail = _detail(switch.trouble)
    return f"{label}: {detail}" if detail else label


def _detail(trouble: Trouble) -> str:
    match trouble:
        case Delay(seconds=seconds) | TooManyRequests(retry_after_s=seconds):
            return f"{seconds:g} s"
        case ServerError(status=status):
            return str(status)
        case Refuse(code=code, message=message):
            return f"{code} {message}"
        case _:
            return ""


def _place(switch: Switch) -> str:
    return _PLACES.get((switch.method, switch.pattern), f"{switch.method} {switch.pattern}")


def _discord(sandbox: Sandbox) -> Iterator[str]:
    """What is no fault of single requests."""
    if not sandbox.gateway.is_acknowledging_heartbeats:
        yield "Heartbeats: not answered"
    if sandbox.gateway.is_withholding:
        yield "Interactions reach the bot: not until released"
    if sandbox.gateway.is_duplicating:
        yield "Interactions reach the bot: the next one twice"
    for name, label in RIGHTS:
        taken = sandbox.channels_without(Permission[name])
        if taken:
            yield f"A right of the bot: {label} · taken away in {', '.join(f'#{place.name}' for place in taken)}"
    if sandbox.guild.upload_limit != DEFAULT_UPLOAD_LIMIT:
        yield f"The upload limit: {sandbox.guild.upload_limit / MIB:g} MiB per file"


# -- at the gateways ---------------------------------------------------------------------------------

_Key = tuple[type[Fault], str, bool]


def _key(fault: Fault) -> _Key:
    """What tells the switches apart: a cut connection is one of two, whether it was charged or not."""
    is_charged = isinstance(fault, AnswerFault) and fault.kind is Break.CUT and fault.is_charged
    return type(fault), fault.kind.value, is_charged


def _named(switch: GatewaySwitch) -> dict[_Key, str]:
    """Its label; with the choice that was made where its choices make something else."""
    made = {
        _key(switch.make(read(switch.fields, {field.name: value}))): f"{switch.label}: {label}"
        for field in switch.fields
        for value, label in field.choices
    }
    return made if len(made) > 1 else {_key(switch.make(read(switch.fields, {}))): switch.label}


_FAULTS = {key: words for switch in GATEWAY for key, words in _named(switch).items()}


def _script(script: Script) -> str:
    words = _FAULTS.get(_key(script.fault), script.fault.kind.value)
    where = script.gateway or "all gateways"
    left = f"prompts with {script.marker!r}" if script.times_left is None else _left(script.times_left)
    return f"{words} · {where} · {left}"

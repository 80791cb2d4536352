"""The fault switches: offered to the page as data, and turned by kind.

Fields come as the page filled them in: missing ones take their default. Whoever fills in nonsense gets ValueError.
"""

from sandbox.discord import Sandbox
from sandbox.discord.components import Body
from sandbox.gateways import Gateways
from sandbox.page.discord_faults import DISCORD
from sandbox.page.fault_fields import FieldSpec, Values, read
from sandbox.page.gateway_faults import COMMON, GATEWAY


def offers() -> Body:
    """All switches, as the page has them."""
    return {
        "discord": [_offer(switch.kind, switch.label, switch.fields) for switch in DISCORD],
        "gateway": [_offer(switch.kind, switch.label, (*switch.fields, *COMMON)) for switch in GATEWAY],
    }


def _offer(kind: str, label: str, fields: tuple[FieldSpec, ...]) -> Body:
    return {"kind": kind, "label": label, "fields": [one.json() for one in fields]}


def turn_discord(sandbox: Sandbox, kind: str, given: Values) -> None:
    """Turns a switch at Discord. Raises ValueError."""
    switch = next((one for one in DISCORD if one.kind == kind), None)
    if switch is None:
        raise ValueError(f"there is no fault {kind!r}")
    switch.turn(sandbox, read(switch.fields, given))


def turn_gateway(gateways: Gateways, name: str, kind: str, given: Values) -> None:
    """Turns a switch at a gateway, or ("*") at all. Raises ValueError."""
    switch = next((one for one in GATEWAY if one.kind == kind), None)
    if switch is None:
        raise ValueError(f"there is no fault {kind!r}")
    if name != "*" and name not in gateways.names:
        raise ValueError(f"there is no gateway {name!r}")
    values = read((*switch.fields, *COMMON), given)
    fault = switch.make(values)
    where = None if name == "*" else name
    if values["marker"]:
        gateways.faults.when(values["marker"], fault, gateway=where)
    else:
        gateways.faults.next(where, fault, times=max(1, int(values["times"])))

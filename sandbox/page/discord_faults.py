"""What can be made to go wrong at Discord, as data."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.discord import (
    CutBefore,
    Delay,
    LoseAnswer,
    Malformed,
    Permission,
    Refuse,
    Sandbox,
    ServerError,
    Stall,
    TooManyRequests,
)
from sandbox.discord.faults import Trouble
from sandbox.page.fault_fields import TIMES, FieldSpec, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSwitch:
    """Something that goes wrong at Discord. `makes` is the trouble, where it is one that REST requests meet."""

    kind: str
    label: str
    fields: tuple[FieldSpec, ...]
    turn: Callable[[Sandbox, Values], None]
    makes: type[Trouble] | None = None


ANYTHING = ("*", "*")
PLACES: dict[str, tuple[str, tuple[str, str]]] = {
    "all": ("every request", ANYTHING),
    "acknowledge": ("the first answer to an interaction", ("POST", "/interactions/*/callback")),
    "card": ("edits of the member's card", ("PATCH", "*/messages/@original")),
    "post": ("messages in channels", ("POST", "/channels/*/messages")),
    "read": ("reading channels and messages", ("GET", "/channels/*")),
    "commands": ("registering commands", ("PUT", "*/commands")),
}
WHERE = FieldSpec(
    name="where", label="For", default="all", choices=tuple((key, label) for key, (label, _) in PLACES.items())
)
SECONDS = FieldSpec(name="seconds", label="Seconds", default=2.0)
DONE = FieldSpec(
    name="done", label="The request is", default="no", choices=(("no", "not carried out"), ("yes", "carried out"))
)


def _rest(make: Callable[[Values], Trouble]) -> Callable[[Sandbox, Values], None]:
    def turn(sandbox: Sandbox, values: Values) -> None:
        method, pattern = PLACES[values["where"]][1]
        sandbox.faults.next(method, pattern, make(values), times=max(1, int(values["times"])))

    return turn


REFUSALS = {
    "50013": Refuse(403, 50013, "Missing Permissions"),
    "50001": Refuse(403, 50001, "Missing Access"),
    "10003": Refuse(404, 10003, "Unknown Channel"),
    "10008": Refuse(404, 10008, "Unknown Message"),
    "10062": Refuse(404, 10062, "Unknown interaction"),
    "50027": Refuse(401, 50027, "Invalid Webhook Token"),
    "40005": Refuse(413, 40005, "Request entity too large"),
}


def _permission(sandbox: Sandbox, values: Values) -> None:
    permission = Permission[values["permission"]]
    (sandbox.take_permission if values["given"] == "taken" else sandbox.give_permission)(permission)


def _interactions(sandbox: Sandbox, values: Values) -> None:
    match values["how"]:
        case "withhold":
            sandbox.gateway.withhold()
        case "release":
            sandbox.gateway.release()
        case _:
            sandbox.gateway.duplicate_next()


def _heartbeats(sandbox: Sandbox, values: Values) -> None:
    sandbox.gateway.is_acknowledging_heartbeats = values["answered"] == "yes"


def _uploads(sandbox: Sandbox, values: Values) -> None:
    sandbox.guild.upload_limit = max(1, int(values["mib"] * 1024 * 1024))


RIGHTS = (
    ("ATTACH_FILES", "attach files"),
    ("SEND_MESSAGES", "send messages"),
    ("VIEW_CHANNEL", "view channels"),
    ("READ_MESSAGE_HISTORY", "read message history"),
)
DISCORD: tuple[DiscordSwitch, ...] = (
    DiscordSwitch(
        kind="delay",
        label="Discord answers late",
        fields=(WHERE, SECONDS, TIMES),
        turn=_rest(lambda values: Delay(values["seconds"])),
        makes=Delay,
    ),
    DiscordSwitch(
        kind="lose_answer",
        label="Done, but the answer is lost",
        fields=(WHERE, TIMES),
        turn=_rest(lambda _: LoseAnswer()),
        makes=LoseAnswer,
    ),
    DiscordSwitch(
        kind="cut",
        label="The connection is cut",
        fields=(WHERE, TIMES),
        turn=_rest(lambda _: CutBefore()),
        makes=CutBefore,
    ),
    DiscordSwitch(
        kind="stall",
        label="Discord never answers",
        fields=(WHERE, DONE, TIMES),
        turn=_rest(lambda values: Stall(is_processed=values["done"] == "yes")),
        makes=Stall,
    ),
    DiscordSwitch(
        kind="rate_limit",
        label="Discord limits the rate (429)",
        fields=(
            WHERE,
            SECONDS,
            FieldSpec(
                name="scope", label="Limit", default="route", choices=(("route", "this route"), ("global", "global"))
            ),
            TIMES,
        ),
        turn=_rest(lambda values: TooManyRequests(values["seconds"], is_global=values["scope"] == "global")),
        makes=TooManyRequests,
    ),
    DiscordSwitch(
        kind="server_error",
        label="Discord is broken (5xx)",
        fields=(
            WHERE,
            FieldSpec(
                name="status", label="Status", default="502", choices=tuple((s, s) for s in ("500", "502", "503"))
            ),
            DONE,
            TIMES,
        ),
        turn=_rest(lambda values: ServerError(int(values["status"]), is_processed=values["done"] == "yes")),
        makes=ServerError,
    ),
    DiscordSwitch(
        kind="malformed",
        label="Half an answer",
        fields=(WHERE, TIMES),
        turn=_rest(lambda _: Malformed()),
        makes=Malformed,
    ),
    DiscordSwitch(
        kind="refuse",
        label="Discord refuses",
        fields=(
            WHERE,
            FieldSpec(
                name="code",
                label="With",
                default="50013",
                choices=tuple((code, f"{code} {refusal.message}") for code, refusal in REFUSALS.items()),
            ),
            TIMES,
        ),
        turn=_rest(lambda values: REFUSALS[values["code"]]),
        makes=Refuse,
    ),
    DiscordSwitch(
        kind="close",
        label="The gateway cuts the connection",
        fields=(
            FieldSpec(
                name="code",
                label="With",
                default="4000",
                choices=(("4000", "4000 unknown error"), ("4008", "4008 rate limited"), ("4009", "4009 timed out")),
            ),
        ),
        turn=lambda sandbox, values: sandbox.gateway.close(int(values["code"])),
    ),
    DiscordSwitch(
        kind="reconnect",
        label="The gateway asks to reconnect (op 7)",
        fields=(),
        turn=lambda sandbox, _: sandbox.gateway.ask_to_reconnect(),
    ),
    DiscordSwitch(
        kind="invalidate",
        label="The session is invalid (op 9)",
        fields=(
            FieldSpec(
                name="resumable", label="It can be", default="yes", choices=(("yes", "resumed"), ("no", "begun anew"))
            ),
        ),
        turn=lambda sandbox, values: sandbox.gateway.invalidate(is_resumable=values["resumable"] == "yes"),
    ),
    DiscordSwitch(
        kind="interactions",
        label="Interactions reach the bot",
        fields=(
            FieldSpec(
                name="how",
                label="How",
                default="duplicate",
                choices=(
                    ("duplicate", "the next one twice"),
                    ("withhold", "not until released"),
                    ("release", "release them"),
                ),
            ),
        ),
        turn=_interactions,
    ),
    DiscordSwitch(
        kind="heartbeats",
        label="Heartbeats",
        fields=(
            FieldSpec(
                name="answered", label="Are", default="no", choices=(("no", "not answered"), ("yes", "answered again"))
            ),
        ),
        turn=_heartbeats,
    ),
    DiscordSwitch(
        kind="permission",
        label="A right of the bot",
        fields=(
            FieldSpec(
                name="permission",
                label="Right",
                default="ATTACH_FILES",
                choices=RIGHTS,
            ),
            FieldSpec(
                name="given", label="Is", default="taken", choices=(("taken", "taken away"), ("given", "given back"))
            ),
        ),
        turn=_permission,
    ),
    DiscordSwitch(
        kind="upload_limit",
        label="The upload limit",
        fields=(FieldSpec(name="mib", label="MiB per file", default=10.0, maximum=100),),
        turn=_uploads,
    ),
)

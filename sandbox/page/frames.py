"""What a page may say over its websocket: one JSON object a frame, checked here."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

# Longer words than any option, form or message takes; uploads go another way.
TEXT_MAX = 10_000
Id = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
Text = Annotated[str, Field(max_length=TEXT_MAX)]
Values = dict[str, Any]


class _Frame(BaseModel):
    """`seq` comes back in the answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seq: int


class Be(_Frame):
    do: Literal["be"]
    person: Text


class Open(_Frame):
    do: Literal["open"]
    channel_id: Id


class Older(_Frame):
    do: Literal["older"]
    channel_id: Id
    before: Id


class Command(_Frame):
    do: Literal["command"]
    channel_id: Id
    name: Text
    options: Values = {}


class Autocomplete(_Frame):
    do: Literal["autocomplete"]
    channel_id: Id
    name: Text
    option: Text
    typed: Text
    options: Values = {}


class MessageCommand(_Frame):
    do: Literal["message_command"]
    channel_id: Id
    name: Text
    message_id: Id


class UserCommand(_Frame):
    do: Literal["user_command"]
    channel_id: Id
    name: Text
    user_id: Id


class Press(_Frame):
    do: Literal["press"]
    message_id: Id
    custom_id: Text


class Select(_Frame):
    do: Literal["select"]
    message_id: Id
    custom_id: Text
    values: list[Any]


class SubmitModal(_Frame):
    do: Literal["submit_modal"]
    interaction_id: Id
    values: Values


class CloseModal(_Frame):
    do: Literal["close_modal"]
    interaction_id: Id


class Say(_Frame):
    do: Literal["say"]
    channel_id: Id
    content: Text
    upload_ids: list[Text] = []
    reply_to: Id | None = None


class Thread(_Frame):
    do: Literal["thread"]
    channel_id: Id
    name: Text
    message_id: Id | None = None


class Dismiss(_Frame):
    do: Literal["dismiss"]
    message_id: Id


class Delete(_Frame):
    do: Literal["delete"]
    message_id: Id


class Panel(_Frame):
    do: Literal["panel"]
    on: bool


class FaultDiscord(_Frame):
    """Further keys are the fields of that fault."""

    model_config = ConfigDict(extra="allow", frozen=True)

    do: Literal["fault_discord"]
    kind: Text


class FaultGateway(_Frame):
    """Further keys are the fields of that fault; `gateway` "*" means all."""

    model_config = ConfigDict(extra="allow", frozen=True)

    do: Literal["fault_gateway"]
    gateway: Text
    kind: Text


class ClearFaults(_Frame):
    do: Literal["clear_faults"]


class ClockForward(_Frame):
    do: Literal["clock_forward"]
    seconds: Annotated[float, Field(gt=0, le=7 * 24 * 3600)]


class Speed(_Frame):
    do: Literal["speed"]
    factor: Annotated[float, Field(ge=1, le=20)]


class Bot(_Frame):
    do: Literal["bot"]
    action: Literal["kill", "stop", "start", "restart"]


class FinishDrawings(_Frame):
    do: Literal["finish_drawings"]


Doing = (
    Older
    | Command
    | Autocomplete
    | MessageCommand
    | UserCommand
    | Press
    | Select
    | SubmitModal
    | CloseModal
    | Say
    | Thread
    | Dismiss
)
Ruling = FaultDiscord | FaultGateway | ClearFaults | ClockForward | Speed | Bot | FinishDrawings
Frame = Be | Open | Doing | Delete | Panel | Ruling
_FRAME: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="do")])


def read(raw: object) -> Frame:
    """The frame. Raises ValueError in plain words."""
    try:
        return _FRAME.validate_python(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"].startswith("union_tag"):
            raise ValueError("the frame names no verb that there is") from None
        place = ".".join(str(step) for step in first["loc"])
        raise ValueError(f"{place or 'the frame'}: {first['msg']}") from None

"""What can be made to go wrong at the pretend gateways, as data."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.gateways import Break, Outcome, Spoil, Step
from sandbox.gateways.faults import AnswerFault, Fault, PictureFault, WorkFault
from sandbox.page.fault_fields import TIMES, FieldSpec, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySwitch:
    """Something that goes wrong at a pretend gateway."""

    kind: str
    label: str
    fields: tuple[FieldSpec, ...]
    make: Callable[[Values], Fault]


STEP = FieldSpec(
    name="at", label="In answer to", default="submit", choices=(("submit", "an order"), ("poll", "a question"))
)
CHARGED = FieldSpec(name="charged", label="It is", default="yes", choices=(("yes", "charged"), ("no", "not charged")))
MARKER = FieldSpec(name="marker", label="Only for prompts with this word", default="")
BREAKS = {
    "malformed": "JSON without its end",
    "html": "a web page",
    "truncated": "half an answer",
    "huge": "an answer of 80 MiB",
    "silent": "nothing at all",
}
SPOILS = {
    "html": "a web page called a picture",
    "broken": "a picture without its end",
    "bomb": "a picture of 64 million pixels",
    "gone": "gone (404)",
    "gone_once": "gone until asked again",
    "endless": "bytes without end",
}


def _outcome(kind: Outcome) -> Callable[[Values], Fault]:
    return lambda _: WorkFault(kind=kind)


def _answer(kind: Break, *, is_charged: bool) -> Callable[[Values], Fault]:
    return lambda values: AnswerFault(kind=kind, at=Step(values["at"]), is_charged=is_charged)


GATEWAY: tuple[GatewaySwitch, ...] = (
    GatewaySwitch(
        kind="slow",
        label="Draws slowly",
        fields=(FieldSpec(name="seconds", label="Seconds", default=60.0, maximum=3_600),),
        make=lambda values: WorkFault(kind=Outcome.SLOW, seconds=values["seconds"]),
    ),
    GatewaySwitch(kind="never_ends", label="Never finishes", fields=(), make=_outcome(Outcome.NEVER_ENDS)),
    GatewaySwitch(kind="error", label="Fails and refunds", fields=(), make=_outcome(Outcome.ERROR)),
    GatewaySwitch(
        kind="moderated",
        label="Refuses the prompt",
        fields=(CHARGED,),
        make=lambda values: WorkFault(kind=Outcome.MODERATED, is_charged=values["charged"] == "yes"),
    ),
    GatewaySwitch(kind="empty", label="Charges and gives no picture", fields=(), make=_outcome(Outcome.EMPTY)),
    GatewaySwitch(
        kind="overcharge",
        label="Charges more than it said",
        fields=(FieldSpec(name="factor", label="Times", default=2.0, maximum=100),),
        make=lambda values: WorkFault(kind=Outcome.OVERCHARGE, factor=values["factor"]),
    ),
    GatewaySwitch(
        kind="fewer",
        label="Gives fewer pictures",
        fields=(FieldSpec(name="count", label="Pictures", default=1.0, maximum=10),),
        make=lambda values: WorkFault(kind=Outcome.FEWER, count=int(values["count"])),
    ),
    GatewaySwitch(
        kind="late_answer",
        label="Answers late",
        fields=(FieldSpec(name="seconds", label="Seconds", default=10.0), STEP),
        make=lambda values: AnswerFault(kind=Break.LATE, seconds=values["seconds"], at=Step(values["at"])),
    ),
    GatewaySwitch(
        kind="lost_answer",
        label="Charges, then the answer is lost",
        fields=(STEP,),
        make=_answer(Break.CUT, is_charged=True),
    ),
    GatewaySwitch(
        kind="lost_request",
        label="The request is lost",
        fields=(STEP,),
        make=_answer(Break.CUT, is_charged=False),
    ),
    GatewaySwitch(
        kind="status",
        label="Answers with an error",
        fields=(
            FieldSpec(
                name="status",
                label="Status",
                default="503",
                choices=tuple((s, s) for s in ("400", "401", "402", "403", "429", "500", "503")),
            ),
            FieldSpec(name="retry_after", label="Retry-After", default=""),
            STEP,
        ),
        make=lambda values: AnswerFault(
            kind=Break.STATUS,
            status=int(values["status"]),
            is_charged=False,
            retry_after=values["retry_after"] or None,
            at=Step(values["at"]),
        ),
    ),
    GatewaySwitch(
        kind="broken_answer",
        label="Answers nonsense",
        fields=(
            FieldSpec(name="break", label="It is", default="malformed", choices=tuple(BREAKS.items())),
            CHARGED,
            STEP,
        ),
        make=lambda values: AnswerFault(
            kind=Break(values["break"]), is_charged=values["charged"] == "yes", at=Step(values["at"])
        ),
    ),
    GatewaySwitch(
        kind="bad_picture",
        label="The picture is none",
        fields=(FieldSpec(name="spoil", label="It is", default="html", choices=tuple(SPOILS.items())),),
        make=lambda values: PictureFault(kind=Spoil(values["spoil"])),
    ),
)

COMMON = (MARKER, TIMES)  # every one of them has these fields too

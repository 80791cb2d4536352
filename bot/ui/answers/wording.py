"""How cards speak of a picture, an answer, a recording: the same card, each in its own words."""

from dataclasses import dataclass

from bot.core.errors import Refusal, RefusalReason
from bot.core.money import format_usd
from bot.services.ask.progress import TalkProgress
from bot.services.outcomes import FailureReason
from bot.ui import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """`thing` is what is made, `service` who makes it."""

    title: str
    steps: tuple[str, str, str]
    thing: str
    service: str
    made: str


PICTURE = Wording(
    title="Making your picture",
    steps=("in line", "drawing", "posting"),
    thing="picture",
    service="picture service",
    made="made",
)
ANSWER = Wording(
    title="Answering your question",
    steps=("in line", "answering", "posting"),
    thing="answer",
    service="answering service",
    made="written",
)
RECORDING = Wording(
    title="Reading the answer aloud",
    steps=("in line", "speaking", "posting"),
    thing="recording",
    service="speech service",
    made="made",
)


def wording(talk: TalkProgress | None) -> Wording:
    """The words for a job."""
    if talk is None:
        return PICTURE
    return ANSWER if talk.is_question else RECORDING


_SEARCHED = {"web": "the web", "x": "X", "code": "with code"}


def details(talk: TalkProgress, *, model_label: str, held: int) -> str:
    """The small print of a card."""
    searched = ", ".join(_SEARCHED[kind] for kind in talk.search)
    before = f"with {talk.turns} earlier question{'s' if talk.turns > 1 else ''}" if talk.turns else ""
    price = f"about {format_usd(talk.estimate)}, at most {format_usd(held)}"
    parts = [f"searches {searched}" if searched else "", before, model_label, price]
    return " · ".join(part for part in parts if part)


_ACCOUNT = "The {service} does not accept this bot's account. Tell whoever runs the bot."
_FAILURES: dict[str, str] = {
    FailureReason.MODERATED: "The {service} refused this under its own rules. Ask in other words.",
    FailureReason.BAD_REQUEST: "The {service} did not accept the request. Try another model.",
    FailureReason.OUT_OF_FUNDS: _ACCOUNT,
    FailureReason.NOT_AUTHORISED: _ACCOUNT,
    FailureReason.PAYMENT_WANTED: _ACCOUNT,
    FailureReason.GENERATION_FAILED: "The {service} tried and gave up without a usable {thing}. Try again.",
    FailureReason.UNREACHABLE: "The {service} could not be reached. Try again in a few minutes.",
    FailureReason.NO_ANSWER: "The request was sent, but no answer came. It is not sent again by itself.",
    FailureReason.TOO_SLOW: "The {service} is taking far longer than usual.",
    FailureReason.LOST_TRACK: "The {service} no longer knows the request. It is not sent again by itself.",
    FailureReason.BAD_RESULT: "The {service} sent nothing that can be shown. Try again.",
    FailureReason.RESULT_GONE: "The {thing} was made, but it could not be fetched.",
    FailureReason.PROVIDER_OFF: "The {service} was switched off while you waited, or the text was forgotten.",
    FailureReason.SETTLED: "Whoever runs this bot has looked into it: no {thing} will come.",
    FailureReason.INTERNAL: "Something went wrong on our side. Tell whoever runs the bot.",
}
TITLES: dict[str, str] = {
    FailureReason.MODERATED: "The question was refused",
    FailureReason.UNREACHABLE: "The {service} did not answer",
}


def failure(reason: str | None, said: Wording) -> str:
    """What happened and what to do; the money is said beside it."""
    text = _FAILURES.get(reason or "", _FAILURES[FailureReason.INTERNAL])
    return text.format(service=said.service, thing=said.thing)


def failure_title(reason: str | None, said: Wording) -> str | None:
    """A title of its own, where the reason has one."""
    found = TITLES.get(reason or "")
    return None if found is None else found.format(service=said.service)


# Refusals that speak of pictures elsewhere: title, and what to do.
_REFUSALS: dict[RefusalReason, tuple[str, str]] = {
    RefusalReason.PROMPT_EMPTY: ("The question is empty", "Type what you want to know."),
    RefusalReason.NO_PROVIDER: ("No answering service is set up", "Whoever runs this bot has not given it a key yet."),
    RefusalReason.NO_WAY: (
        "Nobody here can do that",
        "None of the services that are set up can answer it so: with that search, or with that many pictures.",
    ),
    RefusalReason.NO_RESULT: (
        "I do not know this conversation any more",
        "It was forgotten, or it is too old. Ask anew with /ask.",
    ),
    RefusalReason.PICTURE_GONE: (
        "I cannot use this picture",
        "It could not be fetched, or it is no PNG, JPEG or WebP of a usual size.",
    ),
    RefusalReason.UNDER_WAY: ("That is already under way", "What you asked for comes in a moment."),
}


def refused(error: Refusal) -> words.Words:
    """The words for a refusal; other ones than for pictures where those would not fit."""
    if error.reason is RefusalReason.MEMBER_BUSY:
        title, body = "You have requests under way", f"At most {error.facts['limit']} at once. Wait for one to finish."
    elif error.reason in _REFUSALS:
        title, body = _REFUSALS[error.reason]
    else:
        return words.refusal(error)
    return words.Words(title=title, body=f"{body} {words.NOT_CHARGED}")

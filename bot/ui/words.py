"""What the bot says: refusals, failures, and the money in each of them. Plain, short, exact."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.core.errors import Fact, Refusal, RefusalReason
from bot.services.outcomes import FailureReason
from bot.ui import limit_words
from bot.ui.text import escape

NOT_CHARGED = "Nothing was charged."
_FACT_LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A heading and what stands below it."""

    title: str
    body: str


def _can(facts: Mapping[str, Fact], what: str) -> str:
    can = facts.get("can")
    model = escape(str(facts.get("model", "This model")), _FACT_LIMIT)
    if not can:
        return f"{model} has no choice of {what}. Leave it out and try again."
    return f"{model} can do: {escape(str(can), _FACT_LIMIT)}. You asked for {_asked(facts)}."


def _shapes(facts: Mapping[str, Fact]) -> str:
    said = _can(facts, "shapes")
    return f"{said} A single picture keeps its own shape there." if facts.get("is_for_several") else said


def _asked(facts: Mapping[str, Fact]) -> str:
    return escape(str(facts.get("asked", "something else")), _FACT_LIMIT)


def _down(facts: Mapping[str, Fact]) -> str:
    if facts["trouble"] == "account":
        return _ACCOUNT
    return f"It does not answer just now. Try again in {facts['wait_s']} s, or choose another model."


def _no_style(facts: Mapping[str, Fact]) -> str:
    can = escape(str(facts.get("can") or ""), _FACT_LIMIT)
    there_is = f"There is: {can}." if can else "There are none yet; `/style add` keeps one of your own."
    return f"You asked for {_asked(facts)}. {there_is}"


_VERBS = {"generate": "draw", "edit": "change a picture", "upscale": "enlarge this picture"}


def _no_way(facts: Mapping[str, Fact]) -> str:
    what = _VERBS.get(str(facts["verb"]), "do that")
    can = escape(str(facts.get("can") or ""), _FACT_LIMIT)
    hint = f" A key for one of these would allow it: {can}. Ask whoever runs the bot." if can else ""
    return f"None of the services that are set up can {what}.{hint}"


_TROUBLES = {
    "empty": "The file is empty.",
    "large": "It is too large: at most {limit} MB and {pixels} million pixels.",
    "moving": "It moves. Send a still picture.",
    "type": "It is no PNG, JPEG or WebP picture that can be opened, whatever its name says.",
    "gone": "Discord does not hand it over any more. Upload it again.",
    "none": "Give a picture: upload one as `image`, or choose one of yours as `picture`.",
    "both": "Give one picture: either `image` or `picture`.",
    "unknown": "I know no picture of yours by that name. Choose one from the list.",
    "no_picture": "That message shows no picture that I can read. If it does, choose its menu once more.",
}


def _bad_source(facts: Mapping[str, Fact]) -> str:
    told = _TROUBLES.get(str(facts["trouble"]), "It cannot be used.")
    name = escape(str(facts.get("name") or ""), _FACT_LIMIT)
    said = told.format(limit=facts.get("limit", ""), pixels=facts.get("pixels", ""))
    return f"**{name}**: {said}" if name else said


_ACCOUNT = "The picture service does not accept this bot's account. Tell whoever runs the bot."
_REFUSALS: dict[RefusalReason, tuple[str, Callable[[Mapping[str, Fact]], str]]] = {
    RefusalReason.PROMPT_EMPTY: ("The prompt is empty", lambda _: "Describe the picture in a few words."),
    RefusalReason.PROMPT_TOO_LONG: (
        "The prompt is too long",
        lambda facts: f"It has {facts['length']} characters; {_model(facts)} takes {facts['limit']}. Shorten it.",
    ),
    RefusalReason.UNKNOWN_MODEL: (
        "There is no such model here",
        lambda facts: f"You asked for {_asked(facts)}. There is: {escape(str(facts['can']), _FACT_LIMIT)}.",
    ),
    RefusalReason.NO_PROVIDER: (
        "No picture service is set up",
        lambda _: "Whoever runs this bot has not given it a key yet.",
    ),
    RefusalReason.PROVIDER_DOWN: ("The picture service is not available", _down),
    RefusalReason.RATIO: ("That shape is not possible", _shapes),
    RefusalReason.COUNT: ("That number of pictures is not possible", lambda facts: _can(facts, "how many")),
    RefusalReason.RESOLUTION: ("That size is not possible", lambda facts: _can(facts, "sizes")),
    RefusalReason.FORMAT: ("That file format is not possible", lambda facts: _can(facts, "file formats")),
    RefusalReason.SOURCES: (
        "That number of source pictures is not possible",
        lambda facts: f"{_model(facts)} takes {facts['can']}. You gave {_asked(facts)}.",
    ),
    RefusalReason.FACTOR: ("That factor is not possible", lambda facts: _can(facts, "factors")),
    RefusalReason.BAD_SOURCE: ("I cannot use that picture", _bad_source),
    RefusalReason.NO_ADDRESS: (
        "No picture service here can take that picture",
        lambda _: (
            "Those that are set up fetch pictures from a web address, and yours has none that I may give away: its file"
            " tells more than the picture (such as where it was taken), or the address has ended. Save a copy without"
            " that, for example a screenshot, and try again."
        ),
    ),
    RefusalReason.UNKNOWN_STYLE: ("There is no such style", _no_style),
    RefusalReason.NO_WAY: ("No picture service here can do that", _no_way),
    RefusalReason.BUDGET: ("Not enough budget left", limit_words.budget),
    RefusalReason.QUOTA: ("A limit is reached", limit_words.quota),
    RefusalReason.PACE: ("That was quick", limit_words.pace),
    RefusalReason.PAUSED: ("This is paused", limit_words.paused),
    RefusalReason.BOOKS: (
        "The books do not agree",
        lambda _: "Nothing more is spent until whoever runs this bot has looked into it. Please tell them.",
    ),
    RefusalReason.MEMBER_BLOCKED: ("You cannot use this here", lambda _: "A moderator of this server can change that."),
    RefusalReason.MODEL_NOT_ALLOWED: ("That model is not allowed here", limit_words.not_allowed),
    RefusalReason.SIZE_NOT_ALLOWED: ("That size is not allowed here", limit_words.not_allowed),
    RefusalReason.COUNT_NOT_ALLOWED: ("That many pictures are not allowed here", limit_words.too_many),
    RefusalReason.QUEUE_FULL: ("Too much is waiting already", lambda _: "Try again in a few minutes."),
    RefusalReason.MEMBER_BUSY: (
        "You have pictures under way",
        lambda facts: f"At most {facts['limit']} at once. Wait for one to finish, or cancel one.",
    ),
    RefusalReason.CANNOT_POST: (
        "I cannot post in this channel",
        lambda facts: f"I lack: {facts['missing']}. Ask a moderator, or use another channel.",
    ),
    RefusalReason.GUILD_ONLY: (
        "This works in servers only",
        lambda _: "Use the command in a server's channel.",
    ),
    RefusalReason.NO_RESULT: (
        "I do not know this result any more",
        lambda _: "Its button is from another time or another server. Ask for a new one with `/imagine`.",
    ),
    RefusalReason.NO_WORDS: (
        "Nobody described this picture",
        lambda _: "There are no words to vary it by. Press Edit… and say what should change.",
    ),
    RefusalReason.RESULT_DELETED: ("This result was deleted", lambda _: "Nothing can be made from it any more."),
    RefusalReason.PICTURE_GONE: (
        "I do not keep this picture any more",
        lambda _: "Old pictures are cleaned up after a while. Make a new one and go on from there.",
    ),
    RefusalReason.UNDER_WAY: (
        "I am at it already",
        lambda _: "Your first press counts; this one is left out.",
    ),
    RefusalReason.STALE: ("That request is no longer waiting", lambda _: "Type the command again."),
    RefusalReason.BUSY: ("I am busy right now", lambda _: "Try again in a minute."),
    RefusalReason.RESTARTING: ("I am restarting", lambda _: "Try again in a minute."),
}


def _model(facts: Mapping[str, Fact]) -> str:
    return escape(str(facts.get("model", "the model")), _FACT_LIMIT)


def refusal(error: Refusal) -> Words:
    """The words for a refusal; each says what to do and that nothing was charged."""
    title, body = _REFUSALS[error.reason]
    return Words(title=title, body=f"{body(error.facts)} {NOT_CHARGED}")


RESTARTED = Words(
    title="I was restarted before your request was accepted",
    body=f"Type the command again. {NOT_CHARGED}",
)
LOST = Words(
    title="I lost your request before it was accepted",
    body=f"Type the command again. {NOT_CHARGED}",
)


_FAILURES: dict[FailureReason, str] = {
    FailureReason.MODERATED: ("The picture service refused this prompt under its own rules. Change the prompt."),
    FailureReason.BAD_REQUEST: ("The picture service did not accept the request. Try another model or shape."),
    FailureReason.OUT_OF_FUNDS: _ACCOUNT,
    FailureReason.NOT_AUTHORISED: _ACCOUNT,
    FailureReason.PAYMENT_WANTED: _ACCOUNT,
    FailureReason.GENERATION_FAILED: ("The picture service tried and gave up. Try again, perhaps with other words."),
    FailureReason.UNREACHABLE: ("The picture service could not be reached. Try again in a few minutes."),
    FailureReason.NO_ANSWER: ("The request was sent, but no answer came. It is not sent again by itself."),
    FailureReason.TOO_SLOW: (
        "The picture service is taking far longer than usual. If it finishes, the picture is posted."
    ),
    FailureReason.LOST_TRACK: ("The picture service no longer knows the request. It is not sent again by itself."),
    FailureReason.BAD_RESULT: ("The picture service sent something that is no usable picture. Try again."),
    FailureReason.RESULT_GONE: ("The picture was made, but it could not be fetched from the picture service."),
    FailureReason.PROVIDER_OFF: ("The picture service was switched off while you waited. Try another model."),
    FailureReason.SOURCE_GONE: (
        "Your source picture could not be given to the picture service any more. Send it again."
    ),
    FailureReason.SETTLED: ("Whoever runs this bot has looked into it: no picture will come."),
    FailureReason.INTERNAL: ("Something went wrong on our side. Tell whoever runs the bot."),
}


def failure(reason: str | None) -> str:
    """What happened and what to do, for a job that failed or is unknown; the money is said beside it."""
    try:
        return _FAILURES[FailureReason(reason or FailureReason.INTERNAL)]
    except ValueError:
        return _FAILURES[FailureReason.INTERNAL]

"""Cards, built from values: the member's progress card, its last word, refusals, and the public result."""

import math
from collections.abc import Sequence

import discord
from discord import ui

from bot.core.clock import SECOND_MS
from bot.core.ids import short
from bot.core.money import format_usd
from bot.core.requests import PictureOrder
from bot.jobs.model import State
from bot.ledger.model import HoldState
from bot.services.deliveries import Route
from bot.services.outcomes import FailureReason
from bot.services.ports import Post
from bot.services.progress import Progress
from bot.ui import custom_ids, words
from bot.ui.answers import wording
from bot.ui.answers.wording import wording as wording_of
from bot.ui.result_buttons import result_rows
from bot.ui.text import escape, plain, quote, shorten

PROGRESS_COLOUR = discord.Colour(0x5865F2)
RESULT_COLOUR = discord.Colour(0x23A55A)
REFUSAL_COLOUR = discord.Colour(0xF0B232)
FAILURE_COLOUR = discord.Colour(0xDA373C)

PROMPT_ON_CARD = 600
PROMPT_ON_RESULT = 900
STYLE_ON_CARD = 60
ALT_TEXT = 1_024  # Discord's bound for an attachment's description
_FAILURE_TITLES: dict[str, str] = {
    FailureReason.MODERATED: "The prompt was refused",
    FailureReason.UNREACHABLE: "The picture service did not answer",
}
_STEPS = 3


def layout(colour: discord.Colour, *items: ui.Item[ui.LayoutView]) -> ui.LayoutView:
    """A finished layout. Stopped, so that discord.py keeps nothing of it: buttons are found by their custom id."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*items, accent_colour=colour))
    view.stop()
    return view


def notice(
    text: words.Words, *, colour: discord.Colour = REFUSAL_COLOUR, reference: str | None = None
) -> ui.LayoutView:
    """A refusal or a last word: what happened, the money, what to do."""
    lines = [f"### {text.title}", text.body]
    if reference is not None:
        lines.append(f"-# reference `{reference}` for the server team")
    return layout(colour, ui.TextDisplay("\n".join(lines)))


def _bar(step: int) -> str:
    filled = 2 * step
    return "▰" * filled + "▱" * (2 * _STEPS - filled)


def _step(progress: Progress) -> int:
    if progress.state is State.QUEUED:
        return 1
    return 3 if progress.state is State.DELIVERING or progress.is_fetching else 2


def _ordinal(place: int) -> str:
    suffix = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{suffix}"


def _about(seconds: float) -> str:
    """Rounded up: an estimate of others' work is no promise to the second."""
    if seconds <= 55:
        return f"about {max(1, math.ceil(seconds / 5)) * 5} s"
    return f"about {math.ceil(seconds / 60)} min"


def _in_style(style: str | None) -> str:
    return "" if style is None else f"style {escape(style, STYLE_ON_CARD)}"


def _details(order: PictureOrder, progress: Progress) -> str:
    pictures = "1 picture" if order.count == 1 else f"{order.count} pictures"
    style = _in_style(progress.style)
    parts = [pictures, order.aspect_ratio, order.resolution, order.format, style, progress.model_label]
    parts.append(f"about {format_usd(progress.estimate)}, at most {format_usd(progress.held)}")
    return " · ".join(str(part) for part in parts if part)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _ready_line(progress: Progress) -> str:
    service = wording_of(progress.talk).service
    low, high = (max(1, round(seconds)) for seconds in progress.usual_s)
    usual = f"usually {low}–{high} s" if high > low else f"usually {low} s"
    if progress.retry_at is not None:
        return f"the {service} cannot take it just now; asked again <t:{progress.retry_at // SECOND_MS}:R>"
    if progress.place is not None:
        then = f"then {usual}" if progress.ready_in_s is None else f"ready in {_about(progress.ready_in_s)}"
        return f"{_ordinal(progress.place)} in line · {then}"
    if progress.is_parked:
        return f"waits until whoever runs this bot approves it at the {service}"
    if progress.ready_at is None:
        return "almost there"
    if progress.is_overdue:
        return f"any moment now ({usual})"
    return f"ready <t:{progress.ready_at // SECOND_MS}:R> ({usual})"


def _state_line(progress: Progress, *, is_stopping: bool) -> str:
    said = wording_of(progress.talk)
    if is_stopping:
        return f"I am restarting. Your {said.thing} will still come."
    if progress.is_cancel_requested:
        return f"Cancelling. If the {said.service} finishes anyway, the cost counts and only you get the {said.thing}."
    if progress.is_late and progress.talk is not None and progress.talk.is_private:
        return f"This takes long. The {said.thing} will come to you alone, by direct message."
    if progress.is_late:
        return f"This takes long. The {said.thing} will be posted in the channel, and you will be pinged."
    return _ready_line(progress)


def _asked_for(progress: Progress) -> tuple[str | None, str | None]:
    """What the member typed, and the small print; None where it cannot be read any more."""
    if progress.talk is not None:
        small = wording.details(progress.talk, model_label=progress.model_label, held=progress.held)
        return progress.talk.text or None, small
    if progress.order is not None:
        return progress.order.prompt, _details(progress.order, progress)
    return None, None


def working(progress: Progress, *, is_stopping: bool = False) -> ui.LayoutView:
    """The card while the job is under way."""
    step, said = _step(progress), wording_of(progress.talk)
    typed, small = _asked_for(progress)
    lines = [f"### {said.title}"]
    if typed is not None:
        lines.append(quote(typed, PROMPT_ON_CARD))
    lines.append(f"{_bar(step)} step {step} of {_STEPS}: {said.steps[step - 1]}")
    lines.append(_state_line(progress, is_stopping=is_stopping))
    if progress.passed:
        lines.append(f"-# {_listed(progress.passed)} did not take it and charged nothing; another service gets it.")
    if small is not None:
        lines.append(f"-# {small}")
    items: list[ui.Item[ui.LayoutView]] = [ui.TextDisplay("\n".join(lines))]
    if step < _STEPS and not progress.is_cancel_requested:
        row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
        row.add_item(
            ui.Button(label="Cancel", style=discord.ButtonStyle.danger, custom_id=custom_ids.cancel(progress.job_id))
        )
        items.append(row)
    return layout(PROGRESS_COLOUR, *items)


def _money(progress: Progress) -> str:
    match progress.hold_state:
        case HoldState.VOIDED:
            return "You were **not** charged."
        case HoldState.POSTED:
            return f"It cost {format_usd(progress.posted or 0)}, which counts towards your limits."
        case HoldState.PRESUMED:
            return f"It is counted as {format_usd(progress.posted or 0)} until a person corrects it."
        case HoldState.OPEN:
            return (
                f"Nobody knows yet whether it was charged: up to {format_usd(progress.held)} stays reserved"
                " until that is settled."
            )


def _link(progress: Progress) -> str | None:
    delivery = progress.delivery
    if delivery is None or delivery.message_id is None:
        return None
    return f"https://discord.com/channels/{progress.guild_id}/{delivery.channel_id}/{delivery.message_id}"


def _last_words(progress: Progress) -> tuple[discord.Colour, words.Words]:
    link, said = _link(progress), wording_of(progress.talk)
    if link is not None:
        return RESULT_COLOUR, words.Words(title="Posted", body=f"Posted: {link}\n{_money(progress)}")
    if progress.delivery is not None and progress.delivery.route is Route.KEPT:
        made = f"Your {said.thing} is {said.made}, but I have no way to show it here."
        body = f"{made} It is kept with the bot. {_money(progress)}"
        return REFUSAL_COLOUR, words.Words(title=f"Your {said.thing} could not be posted", body=body)
    if progress.delivery is not None and progress.delivery.route is Route.PRIVATE:
        body = f"I could not post it in the channel and sent it to you alone. {_money(progress)}"
        return REFUSAL_COLOUR, words.Words(title=f"Your {said.thing} is ready", body=body)
    if progress.state is State.CANCELLED:
        return REFUSAL_COLOUR, words.Words(title="Cancelled", body=_money(progress))
    title, told = _failure(progress)
    if title is None:
        title = "Nobody knows what became of it" if progress.state is State.UNKNOWN else f"No {said.thing} this time"
    if progress.passed:
        told = f"{told} Before that, {_listed(progress.passed)} did not take it."
    return FAILURE_COLOUR, words.Words(title=title, body=f"{told} {_money(progress)}")


def _failure(progress: Progress) -> tuple[str | None, str]:
    """A title where the reason has one of its own, and what happened."""
    if progress.talk is None:
        return _FAILURE_TITLES.get(progress.reason or ""), words.failure(progress.reason)
    said = wording_of(progress.talk)
    return wording.failure_title(progress.reason, said), wording.failure(progress.reason, said)


def last_word(progress: Progress) -> ui.LayoutView:
    """The card when nothing more is to come."""
    colour, text = _last_words(progress)
    reference = None if colour == RESULT_COLOUR else short(progress.job_id)
    return notice(text, colour=colour, reference=reference)


def last_word_text(progress: Progress) -> str:
    """The same for a channel, where the card can no longer be edited: one line, without the prompt."""
    _, text = _last_words(progress)
    return f"{text.title}. {text.body}"


def alt_text(post: Post, position: int) -> str:
    """The prompt in plain words, for those who do not see the picture."""
    return described(post.prompt, position, of=len(post.pictures))


def described(prompt: str, position: int, *, of: int) -> str:
    """The same for a picture by its words; they are forgotten after their time."""
    several = f"Picture {position} of {of}: " if of > 1 else ""
    return shorten(several + (plain(prompt) or "a picture whose words were forgotten"), ALT_TEXT)


def _facts(post: Post) -> str:
    seconds = f"{post.seconds:.0f} s"
    who = f"<@{post.member_id}>"
    parts = (who, _in_style(post.style), post.model_label, post.shape, seconds, format_usd(post.cost))
    return f"-# {' · '.join(part for part in parts if part)} · job `{short(post.job_id)}`"


def result(post: Post, names: Sequence[str]) -> ui.LayoutView:
    """The finished pictures. `names` are the attachments' file names, in order."""
    gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
    for position, name in enumerate(names, start=1):
        gallery.add_item(media=f"attachment://{name}", description=alt_text(post, position))
    lines = [f"**{escape(post.prompt, PROMPT_ON_RESULT)}**", _facts(post)]
    if post.is_cancelled:
        lines.insert(
            0,
            "You had cancelled, but the picture service finished anyway. Only you see this; the cost counts.",
        )
    elif post.is_private:
        lines.insert(0, "I could not post this in the channel, so only you see it.")
    rows = [] if post.steps is None else result_rows(post.job_id, post.steps)
    return layout(RESULT_COLOUR, gallery, ui.TextDisplay("\n".join(lines)), *rows)

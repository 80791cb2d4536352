"""Cards, built from values: the member's progress card, its last word, refusals, and the public result."""

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
from bot.ui.text import escape, plain, quote, shorten

PROGRESS_COLOUR = discord.Colour(0x5865F2)
RESULT_COLOUR = discord.Colour(0x23A55A)
REFUSAL_COLOUR = discord.Colour(0xF0B232)
FAILURE_COLOUR = discord.Colour(0xDA373C)

PROMPT_ON_CARD = 600
PROMPT_ON_RESULT = 900
ALT_TEXT = 1_024  # Discord's bound for an attachment's description
_FAILURE_TITLES: dict[str, str] = {
    FailureReason.MODERATED: "The prompt was refused",
    FailureReason.UNREACHABLE: "The picture service did not answer",
}
_STEPS = ("in line", "drawing", "posting")


def _view(colour: discord.Colour, *items: ui.Item[ui.LayoutView]) -> ui.LayoutView:
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
    return _view(colour, ui.TextDisplay("\n".join(lines)))


def _bar(step: int) -> str:
    filled = 2 * step
    return "▰" * filled + "▱" * (2 * len(_STEPS) - filled)


def _step(progress: Progress) -> int:
    if progress.state is State.QUEUED:
        return 1
    return 3 if progress.state is State.DELIVERING or progress.is_fetching else 2


def _ordinal(place: int) -> str:
    suffix = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{suffix}"


def _details(order: PictureOrder, progress: Progress) -> str:
    pictures = "1 picture" if order.count == 1 else f"{order.count} pictures"
    parts = [pictures, order.aspect_ratio, order.resolution, order.format, progress.model_label]
    parts.append(f"about {format_usd(progress.estimate)}, at most {format_usd(progress.held)}")
    return " · ".join(str(part) for part in parts if part)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _ready_line(progress: Progress) -> str:
    low, high = (max(1, round(seconds)) for seconds in progress.usual_s)
    usual = f"usually {low}–{high} s" if high > low else f"usually {low} s"
    if progress.retry_at is not None:
        return f"the picture service cannot take it just now; asked again <t:{progress.retry_at // SECOND_MS}:R>"
    if progress.place is not None:
        return f"{_ordinal(progress.place)} in line · then {usual}"
    if progress.is_parked:
        return "waits until whoever runs this bot approves it at the picture service"
    if progress.ready_at is None:
        return "almost there"
    if progress.is_overdue:
        return f"any moment now ({usual})"
    return f"ready <t:{progress.ready_at // SECOND_MS}:R> ({usual})"


def working(progress: Progress, *, is_stopping: bool = False) -> ui.LayoutView:
    """The card while the job is under way."""
    step = _step(progress)
    lines = ["### Making your picture"]
    if progress.order is not None:
        lines.append(quote(progress.order.prompt, PROMPT_ON_CARD))
    lines.append(f"{_bar(step)} step {step} of {len(_STEPS)}: {_STEPS[step - 1]}")
    if is_stopping:
        lines.append("I am restarting. Your picture will still come.")
    elif progress.is_cancel_requested:
        lines.append(
            "Cancelling. If the picture service finishes anyway, the cost counts and only you get the picture."
        )
    elif progress.is_late:
        lines.append("This takes long. The picture will be posted in the channel, and you will be pinged.")
    else:
        lines.append(_ready_line(progress))
    if progress.passed:
        lines.append(f"-# {_listed(progress.passed)} did not take it and charged nothing; another service gets it.")
    if progress.order is not None:
        lines.append(f"-# {_details(progress.order, progress)}")
    items: list[ui.Item[ui.LayoutView]] = [ui.TextDisplay("\n".join(lines))]
    if step < len(_STEPS) and not progress.is_cancel_requested:
        row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
        row.add_item(
            ui.Button(label="Cancel", style=discord.ButtonStyle.danger, custom_id=custom_ids.cancel(progress.job_id))
        )
        items.append(row)
    return _view(PROGRESS_COLOUR, *items)


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
    link = _link(progress)
    if link is not None:
        return RESULT_COLOUR, words.Words(title="Posted", body=f"Posted: {link}\n{_money(progress)}")
    if progress.delivery is not None and progress.delivery.route is Route.KEPT:
        body = f"Your picture is made, but I have no way to show it here. It is kept with the bot. {_money(progress)}"
        return REFUSAL_COLOUR, words.Words(title="Your picture could not be posted", body=body)
    if progress.delivery is not None and progress.delivery.route is Route.PRIVATE:
        body = f"I could not post it in the channel and sent it to you alone. {_money(progress)}"
        return REFUSAL_COLOUR, words.Words(title="Your picture is ready", body=body)
    if progress.state is State.CANCELLED:
        return REFUSAL_COLOUR, words.Words(title="Cancelled", body=_money(progress))
    title = _FAILURE_TITLES.get(progress.reason or "")
    if title is None:
        title = "Nobody knows what became of it" if progress.state is State.UNKNOWN else "No picture this time"
    told = words.failure(progress.reason)
    if progress.passed:
        told = f"{told} Before that, {_listed(progress.passed)} did not take it."
    return FAILURE_COLOUR, words.Words(title=title, body=f"{told} {_money(progress)}")


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
    several = f"Picture {position} of {len(post.pictures)}: " if len(post.pictures) > 1 else ""
    return shorten(several + plain(post.prompt), ALT_TEXT)


def _facts(post: Post) -> str:
    seconds = f"{post.seconds:.0f} s"
    parts = (f"<@{post.member_id}>", post.model_label, post.shape, seconds, format_usd(post.cost))
    return f"-# {' · '.join(parts)} · job `{short(post.job_id)}`"


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
    return _view(RESULT_COLOUR, gallery, ui.TextDisplay("\n".join(lines)))

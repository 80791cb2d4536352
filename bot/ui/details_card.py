"""The card behind Details: what a result was made of, where it came from, and what came of it."""

from collections.abc import Sequence

import discord
from discord import ui

from bot.core.clock import SECOND_MS
from bot.core.ids import short
from bot.core.money import format_usd
from bot.core.requests import PictureOrder, Verb
from bot.services.results.details import Details, Kept, Kin
from bot.ui.cards import PROGRESS_COLOUR
from bot.ui.text import escape, quote

# Escaping at most doubles a text, and all of a card has 4,000 characters.
PROMPT_ON_DETAILS = 900
_NAME = 60
_KINDS = {"imagine": "picture", "edit": "edit", "upscale": "upscale"}
_MADE = {Verb.GENERATE: "drawn from words", Verb.EDIT: "changed from a picture", Verb.UPSCALE: "enlarged"}


def details_card(details: Details, *, files: Sequence[str] = (), too_large: Sequence[Kept] = ()) -> ui.LayoutView:
    """All that is known. `files` are the names of attached originals, `too_large` the ones Discord does not take."""
    lines = ["### Details"]
    if details.words:
        lines.append(quote(details.words, PROMPT_ON_DETAILS))
    lines += [*_models(details), *_shape(details), *_money(details), *_family(details)]
    if not details.pictures:
        lines.append("The pictures are cleaned up by now; what stands here is kept longer.")
    if too_large:
        lines.append(
            f"Made smaller for the post: {', '.join(_size(one) for one in too_large)}. The originals stay with the bot:"
            " they are larger than what I may send here."
        )
    if files:
        lines.append("Made smaller for the post; here is the original.")
    lines.append(f"-# reference `{short(details.job_id)}`")
    view = ui.LayoutView(timeout=None)
    shown: list[ui.Item[ui.LayoutView]] = [ui.TextDisplay("\n".join(lines))]
    shown += [ui.File(f"attachment://{name}") for name in files]
    view.add_item(ui.Container(*shown, accent_colour=discord.Colour(PROGRESS_COLOUR.value)))
    view.stop()
    return view


def _models(details: Details) -> list[str]:
    asked = "left to the bot" if details.model_asked is None else f"asked for: {escape(details.model_asked, _NAME)}"
    served = "" if details.model_served is None else f", served as {escape(details.model_served, _NAME)}"
    return [f"**Model** {escape(details.model_label, _NAME)}{served} · {asked}"]


def _shape(details: Details) -> list[str]:
    order = details.order
    sizes = ", ".join(dict.fromkeys(f"{one.width} × {one.height}" for one in details.pictures))
    parts = [] if order is None else _order_parts(order)
    if details.style is not None:
        parts.append(f"style {escape(details.style, _NAME)}")
    return [f"**Shape** {' · '.join(part for part in (*parts, sizes) if part)}"] if parts or sizes else []


def _order_parts(order: PictureOrder) -> list[str]:
    pictures = "1 picture" if order.count == 1 else f"{order.count} pictures"
    factor = None if order.factor is None else f"{order.factor} times larger"
    made = _MADE.get(order.verb)
    return [str(part) for part in (made, pictures, order.aspect_ratio, order.resolution, order.format, factor) if part]


def _money(details: Details) -> list[str]:
    cost = "not booked" if details.cost is None else format_usd(details.cost)
    when = details.created_at // SECOND_MS
    return [
        f"**Cost** {cost}, paid to {escape(details.provider_label, _NAME)}",
        f"**Made** <t:{when}:f> in {details.seconds:.0f} s for <@{details.member_id}>",
    ]


def _family(details: Details) -> list[str]:
    lines = []
    if details.ancestors:
        lines.append(f"**Came from** {' ← '.join(_kin(one) for one in details.ancestors)}")
    if details.children:
        lines.append(f"**Led to** {', '.join(_kin(one) for one in details.children)}")
    return lines


def _kin(one: Kin) -> str:
    name = f"{_KINDS.get(one.kind, 'result')} `{short(one.job_id)}`"
    if one.message_id is None:
        return f"{name} (not here any more)"
    return f"{name} https://discord.com/channels/{one.guild_id}/{one.channel_id}/{one.message_id}"


def _size(one: Kept) -> str:
    return f"picture {one.position} ({one.byte_size / 1_000_000:.1f} MB)"

"""Originals of pictures that were made smaller for the post: attached where they fit now."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot.core.ids import JobId, short
from bot.media.assets import ENDINGS
from bot.services.results.details import Details, DetailsDesk, Kept
from bot.ui import cards
from bot.ui.acknowledging import answer
from bot.ui.delivery import REQUEST_LIMIT, file_stem
from bot.ui.details_card import details_card

_TOO_LARGE = 40005


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """Which shrunk pictures may be sent whole, and which are larger than what Discord takes there."""

    whole: tuple[Kept, ...] = ()
    too_large: tuple[Kept, ...] = ()


def posted_sizes(message: discord.Message | None, job_id: JobId) -> dict[int, int]:
    """The bytes of each posted picture by its position, as far as the message at hand tells."""
    found = {}
    for file in [] if message is None else message.attachments:
        place = _place(file.filename, job_id)
        if place is not None:
            found[place] = file.size
    return found


def posted_url(message: discord.Message | None, job_id: JobId, position: int) -> str | None:
    """Where Discord shows the picture now, as far as the message at hand tells."""
    attachments = [] if message is None else message.attachments
    return next((file.url for file in attachments if _place(file.filename, job_id) == position), None)


def _place(filename: str, job_id: JobId) -> int | None:
    """The position in a posted file's name (`easel-<job>-2.png`)."""
    place = filename.removeprefix(f"{file_stem(job_id)}-").partition(".")[0]
    return int(place) if place.isascii() and place.isdecimal() and len(place) <= 2 else None


def fitting(pictures: Sequence[Kept], posted: Mapping[int, int], *, file_limit: int) -> Fitting:
    """Sorts the pictures that were posted smaller than they are; together they stay below a request's bound."""
    room = REQUEST_LIMIT
    whole, too_large = [], []
    for one in pictures:
        if posted.get(one.position, one.byte_size) == one.byte_size:
            continue
        if one.byte_size <= min(file_limit, room):
            whole.append(one)
            room -= one.byte_size
        else:
            too_large.append(one)
    return Fitting(whole=tuple(whole), too_large=tuple(too_large))


async def answer_details(
    interaction: discord.Interaction[Any], details: Details, desk: DetailsDesk, *, post: discord.Message | None
) -> None:
    """Shows the details with the originals of what `post` shows smaller; without them where Discord finds them too
    large all the same.
    """
    sizes = posted_sizes(post, details.job_id)
    sorted_out = fitting(details.pictures, sizes, file_limit=interaction.filesize_limit)
    files = []
    for one in sorted_out.whole:
        original = await desk.original(one)
        if original is not None:
            name = f"original-{short(details.job_id)}-{one.position}.{ENDINGS[original.format]}"
            about = cards.described(details.words or "", one.position, of=len(details.pictures))
            files.append(discord.File(io.BytesIO(original.data), filename=name, description=about))
    try:
        view = details_card(details, files=[file.filename for file in files], too_large=sorted_out.too_large)
        await answer(interaction, view, files=files)
    except discord.HTTPException as error:
        if not files or (error.status != 413 and error.code != _TOO_LARGE):
            raise
        await answer(interaction, details_card(details, too_large=sorted_out.whole + sorted_out.too_large))

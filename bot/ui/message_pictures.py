"""Finding the picture that a message shows: uploaded, in a gallery, or in an embed."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import discord

from bot.services.handed.bringing import Handed
from bot.ui.picture_forms import PICTURES_MAX
from bot.ui.text import plain, shorten

NAME_MAX = 100


def handed(attachment: discord.Attachment) -> Handed:
    """An uploaded file; whether it is a picture shows when it is decoded."""
    return Handed(url=attachment.url, byte_size=attachment.size, name=_name(attachment))


def first_picture(message: discord.Message) -> Handed | None:
    """The first picture of the message; None where it shows none."""
    return next(_pictures(message), None)


def pictures_of(message: discord.Message) -> tuple[Handed, ...]:
    """The pictures of the message in their order, each once; an uploaded one may stand in a gallery too."""
    found: dict[str, Handed] = {}
    for one in _pictures(message):
        found.setdefault(urlsplit(one.url).path, one)
    return tuple(found.values())[:PICTURES_MAX]


def _pictures(message: discord.Message) -> Iterator[Handed]:
    for attachment in message.attachments:
        if (attachment.content_type or "").startswith("image/"):
            yield handed(attachment)
    yield from _shown(message.components)
    for embed in message.embeds:
        for media in (embed.image, embed.thumbnail):
            # Discord's own copy: the original lies with whoever wrote the embed.
            if media.proxy_url:
                yield Handed(url=media.proxy_url)


def _shown(components: Sequence[Any]) -> Iterator[Handed]:
    """Galleries and thumbnails, however deep they stand."""
    for part in components:
        match part:
            case discord.MediaGalleryComponent():
                yield from (_of_media(item.media, item.description) for item in part.items)
            case discord.ThumbnailComponent():
                yield _of_media(part.media, part.description)
            case discord.SectionComponent():
                yield from _shown([part.accessory])
            case discord.Container():
                yield from _shown(part.children)
            case _:
                pass


def _of_media(media: discord.UnfurledMediaItem, description: str | None) -> Handed:
    is_uploaded = media.attachment_id is not None
    url = media.url if is_uploaded else media.proxy_url or media.url
    return Handed(url=url, name=shorten(plain(description or ""), NAME_MAX))


def _name(attachment: discord.Attachment) -> str:
    return shorten(plain(attachment.description or attachment.filename), NAME_MAX)

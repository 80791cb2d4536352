"""From the body of a request to what a message says: merging an edit, taking uploads, whom it notifies."""

import io
import mimetypes
import re
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image, UnidentifiedImageError

from sandbox.discord import components as parts
from sandbox.discord.components import ATTACHMENT_SCHEME, Body
from sandbox.discord.errors import Code, Fault, InvalidFormError, refusal
from sandbox.discord.model import Attachment, Channel, Guild, MessageFlag, Version
from sandbox.discord.permissions import Permission
from sandbox.discord.validate import ROWS
from sandbox.discord.world import World

REQUEST_BYTES = 25 * 1024 * 1024  # all files of one request together (API reference, "Uploading Files")
KEPT_FLAGS = int(MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS | MessageFlag.COMPONENTS_V2)
MENTION = re.compile(r"<@!?(\d+)>")
UNSAFE_IN_NAME = re.compile(r"[^\w.\-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file on its way in."""

    filename: str
    data: bytes


def compose(
    world: World,
    channel: Channel,
    body: Body,
    files: dict[int, Upload],
    *,
    previous: Version | None = None,
    is_ephemeral: bool = False,
) -> Version:
    """What the message says after this request.

    `previous` is what it said before, for an edit. Raises InvalidFormError (50035), 40005 for files too large and
    50006 for a message without anything in it.
    """
    base = previous if previous is not None else Version(at=world.clock.now())
    given = base.flags if body.get("flags") is None else int(body["flags"])
    flags = given & KEPT_FLAGS | base.flags & int(MessageFlag.COMPONENTS_V2)
    if is_ephemeral:
        flags |= MessageFlag.EPHEMERAL
    components = parts.duplicate(_given(body, "components", base.components))
    parts.number(components)
    version = Version(
        at=world.clock.now(),
        content=body.get("content", base.content) or "",
        embeds=tuple(_given(body, "embeds", base.embeds)),
        components=tuple(components),
        attachments=_attachments(world, channel, body, files, base, is_ephemeral=is_ephemeral),
        flags=flags,
    )
    faults = _state_faults(version)
    if faults:
        raise InvalidFormError(faults)
    if not (version.content or version.embeds or version.components or version.attachments):
        raise refusal(Code.EMPTY_MESSAGE)
    return version


def _given(body: Body, key: str, before: tuple[Body, ...]) -> list[Body]:
    return list(body[key] or []) if key in body else list(before)


def _state_faults(version: Version) -> list[Fault]:
    """Rules about a message as a whole, after an edit is merged into it."""
    faults = []
    if version.is_v2:
        code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
        text = "The MessageFlags.IS_COMPONENTS_V2 flag does not allow this field"
        faults += [Fault((key,), code, text) for key in ("content", "embeds") if getattr(version, key)]
    elif any(part["type"] in parts.V2_KINDS for part in parts.walk(version.components)):
        text = "This component needs the MessageFlags.IS_COMPONENTS_V2 flag"
        faults.append(Fault(("components",), "COMPONENT_NEEDS_COMPONENTS_V2", text))
    elif len(version.components) > ROWS:
        faults.append(Fault(("components",), "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {ROWS} in length."))
    names = {file.filename for file in version.attachments}
    for item in parts.media(version.components):
        if item.url.startswith(ATTACHMENT_SCHEME) and item.url.removeprefix(ATTACHMENT_SCHEME) not in names:
            code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
            faults.append(Fault(("components",), code, f"No attachment is called {item.url}"))
    return faults


def _attachments(
    world: World, channel: Channel, body: Body, files: dict[int, Upload], base: Version, *, is_ephemeral: bool
) -> tuple[Attachment, ...]:
    if any(len(file.data) > world.upload_limit(channel) for file in files.values()):
        raise refusal(Code.TOO_LARGE)
    if sum(len(file.data) for file in files.values()) > REQUEST_BYTES:
        raise refusal(Code.TOO_LARGE)
    before = {file.id: file for file in base.attachments}
    listed: list[Any] | None = body.get("attachments")
    entries: list[Body] = [{"id": kept} for kept in before] if listed is None else list(listed)
    named = {int(entry["id"]) for entry in entries}
    entries += [{"id": index} for index in files if index not in named]
    taken: list[Attachment] = []
    for place, entry in enumerate(entries):
        number = int(entry["id"])
        if number in before:
            alt = entry.get("description", before[number].description)
            taken.append(replace(before[number], description=alt))
        elif number in files:
            taken.append(take(world, channel, files[number], entry=entry, is_ephemeral=is_ephemeral))
        else:
            raise InvalidFormError(
                [Fault(("attachments", place), "ATTACHMENT_NOT_FOUND", f"There is no file {number}")]
            )
    return tuple(taken)


def take(
    world: World, channel: Channel, upload: Upload, *, entry: Body | None = None, is_ephemeral: bool = False
) -> Attachment:
    """Stores an uploaded file; `entry` is its line in the request's `attachments`."""
    about = entry or {}
    name = UNSAFE_IN_NAME.sub("_", about.get("filename") or upload.filename)
    width, height = _size_of(upload.data)
    attachment = Attachment(
        id=world.snowflakes.new(),
        channel_id=channel.id,
        filename=name,
        data=upload.data,
        content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        description=about.get("description"),
        width=width,
        height=height,
        is_ephemeral=is_ephemeral,
    )
    world.attachments[attachment.id] = attachment
    return attachment


def _size_of(data: bytes) -> tuple[int | None, int | None]:
    """Width and height from the header; nothing is decoded."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF")) as picture:
            return picture.size
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        return None, None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pings:
    """Whom a new message notifies."""

    user_ids: tuple[int, ...]
    everyone: bool


def pings(
    world: World,
    version: Version,
    body: Body,
    guild: Guild | None,
    author_id: int,
    *,
    default: tuple[str, ...] = ("users", "everyone"),
) -> Pings:
    """Reads the mentions in the text, as `allowed_mentions` lets them through; without it, the kinds in `default`."""
    text = version.plain_text() if version.is_v2 else version.content
    allowed: Body | None = body.get("allowed_mentions")
    parse = default if allowed is None else tuple(allowed.get("parse") or ())
    chosen = {int(user_id) for user_id in (allowed or {}).get("users") or ()}
    mentioned = dict.fromkeys(int(found) for found in MENTION.findall(text))
    may_everyone = guild is None or bool(world.guild_bits(author_id, guild) & Permission.MENTION_EVERYONE)
    return Pings(
        user_ids=tuple(
            user_id for user_id in mentioned if user_id in world.users and ("users" in parse or user_id in chosen)
        ),
        everyone="everyone" in parse and may_everyone and ("@everyone" in text or "@here" in text),
    )

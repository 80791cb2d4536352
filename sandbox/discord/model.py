"""What Discord's world is made of. Plain state; `world.World` is what changes it."""

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import NamedTuple

from bot.core.clock import Millis
from sandbox.discord import components as parts
from sandbox.discord.components import Body, Button
from sandbox.discord.permissions import Overwrite

DEFAULT_UPLOAD_LIMIT = 10 * 1024 * 1024  # Discord's default per file (API reference, "Uploading Files")
BOOST_UPLOAD_LIMITS = {2: 50 * 1024 * 1024, 3: 100 * 1024 * 1024}
ACKNOWLEDGE_WITHIN_MS = 3_000
TOKEN_LIVES_MS = 15 * 60 * 1_000


class ChannelKind(IntEnum):
    TEXT = 0
    DIRECT = 1
    THREAD = 11


class MessageFlag(IntFlag):
    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


class InteractionKind(IntEnum):
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class CallbackKind(IntEnum):
    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


@dataclass(slots=True, kw_only=True)
class User:
    """`accepts_direct` False is a person who closed their direct messages (50007)."""

    id: int
    name: str
    display_name: str
    is_bot: bool = False
    locale: str = "en-US"
    accepts_direct: bool = True


@dataclass(slots=True, kw_only=True)
class Role:
    id: int
    name: str
    bits: int
    position: int = 1
    color: int = 0
    is_managed: bool = False
    is_hoisted: bool = False


@dataclass(slots=True, kw_only=True)
class Member:
    user_id: int
    role_ids: list[int]
    joined: Millis


@dataclass(slots=True, kw_only=True)
class Guild:
    """`has_bot` False means that only a user-installed app can be used there. `upload_limit` is bytes per file."""

    id: int
    name: str
    owner_id: int
    locale: str = "en-US"
    has_bot: bool = True
    premium_tier: int = 0
    upload_limit: int = DEFAULT_UPLOAD_LIMIT
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    id: int
    channel_id: int
    filename: str
    data: bytes
    content_type: str
    description: str | None = None
    width: int | None = None
    height: int | None = None
    is_ephemeral: bool = False


class Picture(NamedTuple):
    """A picture or file as a person sees it; `data` is None for one that lies outside of Discord."""

    filename: str
    description: str | None
    data: bytes | None
    is_spoiler: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a message said from `at` (sandbox time) on."""

    at: Millis
    content: str = ""
    embeds: tuple[Body, ...] = ()
    components: tuple[Body, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    flags: int = 0

    @property
    def is_loading(self) -> bool:
        """True while people see "thinking…"."""
        return bool(self.flags & MessageFlag.LOADING)

    @property
    def is_v2(self) -> bool:
        return bool(self.flags & MessageFlag.COMPONENTS_V2)

    def plain_text(self) -> str:
        """Everything a person can read: content, embeds, text displays, one paragraph each."""
        said = [self.content] if self.content else []
        for embed in self.embeds:
            fields = [text for entry in embed.get("fields") or [] for text in (entry["name"], entry["value"])]
            footer = (embed.get("footer") or {}).get("text")
            said += [text for text in (embed.get("title"), embed.get("description"), *fields, footer) if text]
        return "\n".join(said + parts.texts(self.components))

    def buttons(self) -> list[Button]:
        return parts.buttons(self.components)

    def pictures(self) -> list[Picture]:
        """What the components show; on a message without Components V2, its attachments."""
        if not self.is_v2:
            return [
                Picture(file.filename, file.description, file.data, file.filename.startswith("SPOILER_"))
                for file in self.attachments
            ]
        by_name = {file.filename: file for file in self.attachments}
        shown: list[Picture] = []
        for item in parts.media(self.components):
            file = by_name.get(item.url.removeprefix(parts.ATTACHMENT_SCHEME))
            alt = item.description or (file.description if file is not None else None)
            name = file.filename if file is not None else item.url
            data = file.data if file is not None else None
            shown.append(Picture(name, alt, data, item.is_spoiler or name.startswith("SPOILER_")))
        return shown


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message and all that it ever said; the last of `versions` is what people see.

    `only_for` is the one member who sees an ephemeral message. `pinged` are the users whom it notified.
    """

    id: int
    channel_id: int
    author_id: int
    versions: list[Version]
    only_for: int | None = None
    nonce: str | None = None
    pinged: tuple[int, ...] = ()
    pings_everyone: bool = False
    interaction_id: int | None = None
    is_original: bool = False
    reply_to: int | None = None
    is_deleted: bool = False

    @property
    def now(self) -> Version:
        return self.versions[-1]

    @property
    def history(self) -> tuple[Version, ...]:
        return tuple(self.versions)

    @property
    def is_ephemeral(self) -> bool:
        return self.only_for is not None

    @property
    def is_loading(self) -> bool:
        return self.now.is_loading

    @property
    def content(self) -> str:
        return self.now.content

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        return self.now.attachments

    def plain_text(self) -> str:
        return self.now.plain_text()

    def buttons(self) -> list[Button]:
        return self.now.buttons()

    def pictures(self) -> list[Picture]:
        return self.now.pictures()


@dataclass(slots=True, kw_only=True, eq=False)
class Channel:
    """`log` holds every message not deleted, ephemeral ones too. `guild_id` is None for a conversation of two."""

    id: int
    name: str
    kind: ChannelKind = ChannelKind.TEXT
    guild_id: int | None = None
    parent_id: int | None = None
    recipient_id: int | None = None
    owner_id: int | None = None
    topic: str | None = None
    is_age_restricted: bool = False
    is_archived: bool = False
    is_locked: bool = False
    overwrites: list[Overwrite] = field(default_factory=list)
    log: list[Message] = field(default_factory=list)

    @property
    def messages(self) -> list[Message]:
        """The messages that everybody in the channel sees, oldest first."""
        return [message for message in self.log if not message.is_ephemeral]


@dataclass(slots=True, kw_only=True)
class Command:
    """A registered command. `body` is what the bot sent; `guild_id` None means everywhere."""

    id: int
    version: int
    guild_id: int | None
    body: Body

    @property
    def name(self) -> str:
        name: str = self.body["name"]
        return name

    @property
    def kind(self) -> int:
        return int(self.body.get("type") or 1)


class Choice(NamedTuple):
    """One suggestion of an autocomplete, or one fixed choice."""

    name: str
    value: str | int | float


@dataclass(slots=True, kw_only=True, eq=False)
class Interaction:
    """What a person did and how the bot answered.

    `created` is the snowflake's time, by which the 3 s and the 15 min are judged. `data` is the wire's own shape.
    `late_ms` is the age at which an answer came too late.
    """

    id: int
    token: str
    kind: InteractionKind
    user_id: int
    guild_id: int | None
    channel_id: int
    data: Body
    created: Millis
    locale: str
    by_user_install: bool = False
    source_message_id: int | None = None
    parent_id: int | None = None
    callback: CallbackKind | None = None
    acknowledged: Millis | None = None
    response: Message | None = None
    followups: list[Message] = field(default_factory=list)
    choices: tuple[Choice, ...] = ()
    modal: Body | None = None
    is_modal_submitted: bool = False
    late_ms: int | None = None

    @property
    def name(self) -> str:
        """The command's name, or the component's or form's custom_id."""
        return str(self.data.get("name") or self.data.get("custom_id"))

    def is_overdue(self, now: Millis) -> bool:
        """True from when people read "the application did not respond"."""
        return self.acknowledged is None and now - self.created > ACKNOWLEDGE_WITHIN_MS

    def is_expired(self, now: Millis) -> bool:
        return now - self.created > TOKEN_LIVES_MS

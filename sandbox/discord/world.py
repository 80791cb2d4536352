"""Discord's world: its state, what may change it, and who is told. It knows nothing of any wire.

Whoever shows the world (the gateway to the bot, a page to people) listens with `World.listen`; whoever waits for
something awaits `World.until`.
"""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from bot.core.clock import SECOND_MS, Millis
from bot.core.ids import snowflake_time
from sandbox.discord.clock import SandboxClock, Snowflakes
from sandbox.discord.components import Body
from sandbox.discord.model import (
    Attachment,
    Channel,
    ChannelKind,
    Command,
    Guild,
    Interaction,
    InteractionKind,
    Member,
    Message,
    User,
    Version,
)
from sandbox.discord.permissions import DIRECT_BITS, Overwrite, channel_bits, guild_bits

T = TypeVar("T")
LOOK_S = 0.1  # whoever waits looks this often even when nothing is told: time passes too
LINK_LIVES_S = 24 * 3_600  # signed attachment addresses last about a day


class ChangeKind(StrEnum):
    MESSAGE_CREATED = "message_created"
    MESSAGE_EDITED = "message_edited"
    MESSAGE_DELETED = "message_deleted"
    INTERACTION_SENT = "interaction_sent"
    INTERACTION = "interaction"
    CHANNEL_CREATED = "channel_created"
    CHANNEL_CHANGED = "channel_changed"
    CHANNEL_DELETED = "channel_deleted"
    BOT_JOINED = "bot_joined"
    BOT_LEFT = "bot_left"
    COMMANDS = "commands"
    SESSIONS = "sessions"
    CLOCK = "clock"


Subject = Message | Interaction | Channel | Guild | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something happened to `subject`."""

    kind: ChangeKind
    subject: Subject = None
    guild_id: int | None = None


class World:
    """People, places, messages and interactions. Ids are snowflakes of the sandbox's clock."""

    def __init__(self, clock: SandboxClock, secret: bytes) -> None:
        self.clock = clock
        self.snowflakes = Snowflakes(clock)
        self.secret = secret
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.attachments: dict[int, Attachment] = {}
        self.interactions: dict[int, Interaction] = {}
        self.by_token: dict[str, Interaction] = {}
        self.commands: dict[int | None, dict[int, Command]] = {}
        self.application_id = 0
        self.operator_id = 0
        self._listeners: list[Callable[[Change], None]] = []
        self._waiting: set[asyncio.Future[None]] = set()
        clock.on_forward = lambda: self.tell(ChangeKind.CLOCK)

    # -- telling ---------------------------------------------------------------------------------

    def listen(self, listener: Callable[[Change], None]) -> None:
        """`listener` is called in the event loop for every change, before anybody who waits goes on."""
        self._listeners.append(listener)

    def tell(self, kind: ChangeKind, subject: Subject = None, *, guild_id: int | None = None) -> None:
        change = Change(kind=kind, subject=subject, guild_id=guild_id)
        for listener in self._listeners:
            listener(change)
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, look: Callable[[], T | None], timeout_s: float, what: str = "a change") -> T:
        """What `look` returns, once that is true. Raises TimeoutError naming `what`."""
        try:
            async with asyncio.timeout(timeout_s):
                while not (found := look()):
                    future = asyncio.get_running_loop().create_future()
                    self._waiting.add(future)
                    await asyncio.wait([future], timeout=LOOK_S)
                    self._waiting.discard(future)
        except TimeoutError:
            raise TimeoutError(f"after {timeout_s} s still waiting for {what}") from None
        return found

    # -- secrets ---------------------------------------------------------------------------------

    def sign(self, text: str) -> str:
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()

    def interaction_token(self, interaction_id: int) -> str:
        digest = hmac.new(self.secret, b"token %d" % interaction_id, hashlib.sha512).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def link(self, attachment: Attachment) -> str:
        """The path and signature of an attachment; Discord's own shape with `ex`, `is` and `hm`."""
        folder = "ephemeral-attachments" if attachment.is_ephemeral else "attachments"
        path = f"/cdn/{folder}/{attachment.channel_id}/{attachment.id}/{attachment.filename}"
        issued = self.clock.now() // SECOND_MS
        expires = issued + LINK_LIVES_S
        proof = self.sign(f"{path} {expires:x} {issued:x}")
        return f"{path}?ex={expires:x}&is={issued:x}&hm={proof}&"

    # -- rights ----------------------------------------------------------------------------------

    def bits_in(self, user_id: int, channel: Channel) -> int:
        """What the user may do in the channel: 0 where they do not see it."""
        if channel.guild_id is None:
            return DIRECT_BITS if user_id in (channel.recipient_id, self.application_id) else 0
        guild = self.guilds[channel.guild_id]
        member = guild.members.get(user_id)
        if member is None:
            return 0
        place = self.channels.get(channel.parent_id or 0, channel) if channel.kind == ChannelKind.THREAD else channel
        return channel_bits(
            self.guild_bits(user_id, guild),
            place.overwrites,
            everyone_id=guild.id,
            role_ids=member.role_ids,
            member_id=user_id,
        )

    def guild_bits(self, user_id: int, guild: Guild) -> int:
        """The rights in the guild as a whole; whoever is no member has those of @everyone."""
        member = guild.members.get(user_id)
        ids = [guild.id, *(member.role_ids if member is not None else ())]
        return guild_bits(
            is_owner=guild.owner_id == user_id,
            role_bits=[guild.roles[role_id].bits for role_id in ids if role_id in guild.roles],
        )

    def upload_limit(self, channel: Channel) -> int:
        """Bytes per file there."""
        return self.guilds[channel.guild_id].upload_limit if channel.guild_id is not None else 10 * 1024 * 1024

    # -- messages --------------------------------------------------------------------------------

    def post(self, message: Message) -> Message:
        self.messages[message.id] = message
        self.channels[message.channel_id].log.append(message)
        self._keep(message.now)
        self.tell(ChangeKind.MESSAGE_CREATED, message)
        return message

    def edit(self, message: Message, version: Version) -> None:
        message.versions.append(version)
        self._keep(version)
        self.tell(ChangeKind.MESSAGE_EDITED, message)

    def delete(self, message: Message) -> None:
        """A moderator, the bot or the member who dismisses it takes the message away."""
        message.is_deleted = True
        self.messages.pop(message.id, None)
        channel = self.channels.get(message.channel_id)
        if channel is not None:
            channel.log.remove(message)
        self.tell(ChangeKind.MESSAGE_DELETED, message)

    def _keep(self, version: Version) -> None:
        self.attachments.update({file.id: file for file in version.attachments})

    # -- places ----------------------------------------------------------------------------------

    def add_channel(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        self.tell(ChangeKind.CHANNEL_CREATED, channel)
        return channel

    def delete_channel(self, channel: Channel) -> None:
        """The channel and the threads in it are gone (10003)."""
        for thread in [other for other in self.channels.values() if other.parent_id == channel.id]:
            self.delete_channel(thread)
        self.channels.pop(channel.id, None)
        for message in channel.log:
            message.is_deleted = True
            self.messages.pop(message.id, None)
        self.tell(ChangeKind.CHANNEL_DELETED, channel)

    def direct_channel(self, user_id: int) -> Channel:
        """The conversation of the bot with that user, made when there is none."""
        for channel in self.channels.values():
            if channel.recipient_id == user_id:
                return channel
        name = self.users[user_id].name
        return self.add_channel(
            Channel(id=self.snowflakes.new(), name=name, kind=ChannelKind.DIRECT, recipient_id=user_id)
        )

    def deny(self, channel: Channel, target_id: int, bits: int) -> None:
        """The channel denies a role or member these rights."""
        overwrite = self._overwrite(channel, target_id)
        overwrite.deny, overwrite.allow = overwrite.deny | bits, overwrite.allow & ~bits
        self.tell(ChangeKind.CHANNEL_CHANGED, channel)

    def allow(self, channel: Channel, target_id: int, bits: int) -> None:
        """The channel allows a role or member these rights."""
        overwrite = self._overwrite(channel, target_id)
        overwrite.allow, overwrite.deny = overwrite.allow | bits, overwrite.deny & ~bits
        self.tell(ChangeKind.CHANNEL_CHANGED, channel)

    def forget_overwrite(self, channel: Channel, target_id: int) -> None:
        """The channel says nothing of its own about a role or member any more."""
        kept = [one for one in channel.overwrites if one.target_id != target_id]
        if len(kept) < len(channel.overwrites):
            channel.overwrites = kept
            self.tell(ChangeKind.CHANNEL_CHANGED, channel)

    def _overwrite(self, channel: Channel, target_id: int) -> Overwrite:
        for overwrite in channel.overwrites:
            if overwrite.target_id == target_id:
                return overwrite
        channel.overwrites.append(Overwrite(target_id=target_id, is_member=target_id in self.users))
        return channel.overwrites[-1]

    # -- people ----------------------------------------------------------------------------------

    def add_user(self, user: User) -> User:
        self.users[user.id] = user
        return user

    def join(self, guild: Guild, user: User, *, role_ids: list[int] | None = None, joined_ago_ms: int = 0) -> None:
        joined = Millis(self.clock.now() - joined_ago_ms)
        guild.members[user.id] = Member(user_id=user.id, role_ids=role_ids or [], joined=joined)

    def remove_bot(self, guild: Guild) -> None:
        """Somebody throws the bot out (GUILD_DELETE); its messages stay."""
        guild.has_bot = False
        guild.members.pop(self.application_id, None)
        self.tell(ChangeKind.BOT_LEFT, guild)

    # -- interactions and commands ---------------------------------------------------------------

    def begin(
        self,
        kind: InteractionKind,
        user: User,
        channel: Channel,
        data: Body,
        *,
        made_ago_ms: int = 0,
        source: Message | None = None,
        parent: Interaction | None = None,
        by_user_install: bool = False,
    ) -> Interaction:
        """Writes down what a person did; the gateway sends it to the bot."""
        new_id = self.snowflakes.new(made_ago_ms=made_ago_ms)
        interaction = Interaction(
            id=new_id,
            token=self.interaction_token(new_id),
            kind=kind,
            user_id=user.id,
            guild_id=channel.guild_id,
            channel_id=channel.id,
            data=data,
            created=snowflake_time(new_id),
            locale=user.locale,
            by_user_install=by_user_install,
            source_message_id=source.id if source is not None else None,
            parent_id=parent.id if parent is not None else None,
        )
        self.interactions[interaction.id] = interaction
        self.by_token[interaction.token] = interaction
        self.tell(ChangeKind.INTERACTION_SENT, interaction)
        return interaction

    def register(self, guild_id: int | None, bodies: list[Body]) -> list[Command]:
        """Replaces the commands of one guild, or those of everywhere; a command that keeps its name keeps its id."""
        before = {(old.name, old.kind): old.id for old in self.commands.get(guild_id, {}).values()}
        commands = [
            Command(
                id=before.get((body["name"], int(body.get("type") or 1))) or self.snowflakes.new(),
                version=self.snowflakes.new(),
                guild_id=guild_id,
                body=body,
            )
            for body in bodies
        ]
        self.commands[guild_id] = {command.id: command for command in commands}
        self.tell(ChangeKind.COMMANDS, guild_id=guild_id)
        return commands

    def command(self, name: str, kind: int, guild_id: int | None) -> Command | None:
        """The command people find under that name; a guild's own comes before one of everywhere."""
        for scope in [guild_id, None] if guild_id is not None else [None]:
            for command in self.commands.get(scope, {}).values():
                if command.name == name and command.kind == kind:
                    return command
        return None

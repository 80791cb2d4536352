"""Acting as a member: what tests and the demo use to type commands, press buttons, fill in forms and look."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sandbox.discord import client_forms, client_options, saying
from sandbox.discord.client import ClientRefused, Resolved, Value
from sandbox.discord.components import Body, walk
from sandbox.discord.drafts import Upload
from sandbox.discord.gateway import Gateway
from sandbox.discord.model import (
    Channel,
    ChannelKind,
    Choice,
    Interaction,
    InteractionKind,
    Message,
    User,
    Version,
)
from sandbox.discord.payloads import Payloads
from sandbox.discord.permissions import Permission
from sandbox.discord.threads import NAME_MAX, open_thread
from sandbox.discord.world import World

DIRECT = "@me"  # the name of a person's own conversation with the bot
Predicate = Callable[[Message], bool]


class Use:
    """One use of a command, button, select or form, seen from the member's side."""

    def __init__(self, world: World, interaction: Interaction) -> None:
        self._world = world
        self.interaction = interaction

    @property
    def id(self) -> int:
        """The interaction's id."""
        return self.interaction.id

    @property
    def is_acknowledged(self) -> bool:
        return self.interaction.acknowledged is not None

    @property
    def did_not_respond(self) -> bool:
        """True from when the member reads "the application did not respond"."""
        return self.interaction.is_overdue(self._world.clock.now())

    @property
    def has_response(self) -> bool:
        return self.interaction.response is not None

    @property
    def response(self) -> Message:
        """The original response (for a button that updates its message, that message). Raises LookupError."""
        if self.interaction.response is None:
            raise LookupError(f"there is no response to {self.interaction.name}")
        return self.interaction.response

    @property
    def history(self) -> tuple[Version, ...]:
        """All that the response said, each with the sandbox time from which it said it."""
        return self.response.history

    @property
    def followups(self) -> list[Message]:
        return [message for message in self.interaction.followups if not message.is_deleted]

    @property
    def modal(self) -> Body:
        """The form that opened. Raises LookupError."""
        if self.interaction.modal is None:
            raise LookupError(f"no form opened for {self.interaction.name}")
        return self.interaction.modal

    async def acknowledged(self, timeout_s: float = 5.0) -> bool:
        """True once the bot has answered in any way; False when it is too late or `timeout_s` real seconds pass."""
        try:
            await self._world.until(lambda: self.is_acknowledged or self.did_not_respond, timeout_s)
        except TimeoutError:
            return False
        return self.is_acknowledged

    async def wait_until(self, predicate: Predicate, timeout_s: float = 5.0) -> Message:
        """The response once `predicate` holds for it. Raises TimeoutError that says what it reads instead."""

        def look() -> Message | None:
            message = self.interaction.response
            return message if message is not None and predicate(message) else None

        try:
            return await self._world.until(look, timeout_s)
        except TimeoutError:
            text = self.response.plain_text() if self.has_response else "(no response)"
            raise TimeoutError(f"after {timeout_s} s the response to {self.interaction.name} reads: {text}") from None

    async def answered(self, timeout_s: float = 5.0) -> Message:
        """The response once it says more than "thinking…"."""
        return await self.wait_until(lambda message: not message.is_loading, timeout_s)

    async def opened(self, timeout_s: float = 5.0) -> Body:
        """The form once it is open."""
        return await self._world.until(lambda: self.interaction.modal, timeout_s, "a form")


class Person:
    """A member of the guild. Channels are named by name (`"general"`), `"@me"`, or given as `Channel`."""

    def __init__(self, world: World, render: Payloads, gateway: Gateway, user: User, guild_id: int) -> None:
        self._world = world
        self._render = render
        self._gateway = gateway
        self.user = user
        self._guild_id = guild_id

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.name

    def __repr__(self) -> str:
        return f"Person({self.name})"

    # -- acting ----------------------------------------------------------------------------------

    async def command(
        self,
        name: str,
        /,
        *,
        channel: str | Channel = "general",
        made_ago_s: float = 0.0,
        by_user_install: bool = False,
        **options: Any,
    ) -> Use:
        """Types a slash command; `"settings show"` names a subcommand.

        Options: text, numbers, booleans, `User`, `Role`, `Channel`, `Upload`, `Person`; None means left out.
        `made_ago_s` sends an interaction as old as that. Raises ClientRefused as the client would.
        """
        return await self.type_command(
            name, options, channel=channel, made_ago_s=made_ago_s, by_user_install=by_user_install
        )

    async def type_command(
        self,
        name: str,
        options: Mapping[str, Any],
        *,
        channel: str | Channel = "general",
        made_ago_s: float = 0.0,
        by_user_install: bool = False,
    ) -> Use:
        """As `command`, for options of any name."""
        place = self._place(channel)
        found = client_options.find_command(self._world, name, 1, self.user, place)
        resolved = Resolved(self._world, self._render, place)
        data = client_options.command_data(found, name, _values(options), resolved)
        return self._send(InteractionKind.COMMAND, place, data, made_ago_s=made_ago_s, by_user_install=by_user_install)

    async def autocomplete(
        self,
        name: str,
        option: str,
        typed: str,
        /,
        *,
        channel: str | Channel = "general",
        timeout_s: float = 3.0,
        **options: Any,
    ) -> list[Choice]:
        """What the bot suggests while `typed` stands in `option`. Raises TimeoutError."""
        return await self.suggestions(name, option, typed, options, channel=channel, timeout_s=timeout_s)

    async def suggestions(
        self,
        name: str,
        option: str,
        typed: str,
        options: Mapping[str, Any],
        *,
        channel: str | Channel = "general",
        timeout_s: float = 3.0,
    ) -> list[Choice]:
        """As `autocomplete`, for options of any name."""
        place = self._place(channel)
        found = client_options.find_command(self._world, name, 1, self.user, place)
        resolved = Resolved(self._world, self._render, place)
        given = {**_values(options), option: typed}
        data = client_options.command_data(found, name, given, resolved, focused=option)
        use = self._send(InteractionKind.AUTOCOMPLETE, place, data)
        await self._world.until(lambda: use.is_acknowledged, timeout_s, f"suggestions for {option}")
        return list(use.interaction.choices)

    async def message_command(self, name: str, message: Message) -> Use:
        """Uses an entry of a message's menu."""
        place = self._world.channels[message.channel_id]
        self._must_see(message)
        found = client_options.find_command(self._world, name, 3, self.user, place)
        resolved = Resolved(self._world, self._render, place)
        data: Body = {"id": str(found.id), "name": name, "type": 3, "target_id": resolved.add(message)}
        return self._send(InteractionKind.COMMAND, place, {**data, "resolved": resolved.body})

    async def user_command(self, name: str, target: "Person", *, channel: str | Channel = "general") -> Use:
        """Uses an entry of a person's menu."""
        place = self._place(channel)
        found = client_options.find_command(self._world, name, 2, self.user, place)
        resolved = Resolved(self._world, self._render, place)
        data: Body = {"id": str(found.id), "name": name, "type": 2, "target_id": resolved.add(target.user)}
        return self._send(InteractionKind.COMMAND, place, {**data, "resolved": resolved.body})

    async def press(
        self,
        message: Message,
        label: str | None = None,
        *,
        custom_id: str | None = None,
        made_ago_s: float = 0.0,
    ) -> Use:
        """Presses a button, found by its label or its custom_id."""
        self._must_see(message)
        button = client_forms.find_button(message, label=label, custom_id=custom_id)
        return self._press(message, str(button["custom_id"]), made_ago_s)

    async def press_anyway(self, message: Message, custom_id: str, *, made_ago_s: float = 0.0) -> Use:
        """Presses a button that this client shows still, though it is gone or disabled on the server."""
        return self._press(message, custom_id, made_ago_s)

    def _press(self, message: Message, custom_id: str, made_ago_s: float) -> Use:
        data: Body = {"component_type": 2, "custom_id": custom_id}
        for part in walk(message.now.components):
            if part.get("custom_id") == custom_id:
                data["id"] = part["id"]
        place = self._world.channels[message.channel_id]
        return self._send(InteractionKind.COMPONENT, place, data, source=message, made_ago_s=made_ago_s)

    async def select(self, message: Message, values: Iterable[Any], *, custom_id: str | None = None) -> Use:
        """Chooses values in the select menu of a message."""
        self._must_see(message)
        place = self._world.channels[message.channel_id]
        menu = client_forms.find_select(message, custom_id)
        resolved = Resolved(self._world, self._render, place)
        data = client_forms.select_data(menu, [_value(value) for value in values], resolved)
        return self._send(InteractionKind.COMPONENT, place, data, source=message)

    async def submit_modal(self, use: Use, values: Mapping[str, Any]) -> Use:
        """Fills in the form that `use` opened, by custom_id, and sends it off."""
        opened = use.interaction
        if opened.is_modal_submitted:
            raise ClientRefused("the form was sent off already")
        place = self._world.channels[opened.channel_id]
        resolved = Resolved(self._world, self._render, place)
        given = {
            name: [_value(one) for one in value] if isinstance(value, list) else value for name, value in values.items()
        }
        data = client_forms.modal_data(use.modal, given, resolved)
        opened.is_modal_submitted = True
        source = self._world.messages.get(opened.source_message_id or 0)
        return self._send(InteractionKind.MODAL, place, data, source=source, parent=opened)

    def may_write(self, channel: Channel) -> bool:
        """True where this person may send messages."""
        bits = self._world.bits_in(self.id, channel)
        if channel.kind == ChannelKind.THREAD:
            is_open = not channel.is_locked or bool(bits & Permission.MANAGE_MESSAGES)
            return is_open and bool(bits & Permission.SEND_MESSAGES_IN_THREADS)
        return bool(bits & Permission.SEND_MESSAGES)

    def say(
        self,
        text: str,
        *,
        channel: str | Channel = "general",
        files: Sequence[Upload] = (),
        reply_to: Message | None = None,
    ) -> Message:
        """Writes a message in a channel, with files or not; a reply notifies whom it answers."""
        place = self._place(channel)
        if not self.may_write(place):
            raise ClientRefused(f"{self.name} may not write in #{place.name}")
        if reply_to is not None:
            self._must_see(reply_to)
        return saying.say(self._world, self.user, place, text, files=files, reply_to=reply_to)

    def start_thread(self, name: str, *, channel: str | Channel = "general", message: Message | None = None) -> Channel:
        """Opens a public thread, on a message or beside them."""
        place = self._place(channel)
        if message is not None:
            self._must_see(message)
        if place.kind != ChannelKind.TEXT or (message is not None and message.is_ephemeral):
            raise ClientRefused("a thread cannot be opened here")
        if not self._world.bits_in(self.id, place) & Permission.CREATE_PUBLIC_THREADS:
            raise ClientRefused(f"{self.name} may not open threads in #{place.name}")
        if not 1 <= len(name.strip()) <= NAME_MAX:
            raise ClientRefused(f"a thread's name takes 1 to {NAME_MAX} characters")
        try:
            return open_thread(self._world, place, owner_id=self.id, name=name, message=message)
        except ValueError as problem:
            raise ClientRefused(str(problem)) from None

    def may_delete(self, message: Message) -> bool:
        """True for one's own messages, and for all where this person may manage messages."""
        place = self._world.channels[message.channel_id]
        if message.is_ephemeral:
            return False
        is_moderator = place.guild_id is not None and self._world.bits_in(self.id, place) & Permission.MANAGE_MESSAGES
        return message.author_id == self.id or bool(is_moderator)

    def delete(self, message: Message) -> None:
        """Takes a message away for everybody."""
        self._must_see(message)
        if not self.may_delete(message):
            raise ClientRefused(f"{self.name} may not delete that message")
        self._world.delete(message)

    def dismiss(self, message: Message) -> None:
        """Takes an ephemeral message off the screen for good."""
        if message.only_for != self.id:
            raise ClientRefused("only one's own ephemeral messages can be dismissed")
        self._world.delete(message)

    # -- looking ---------------------------------------------------------------------------------

    def sees(self, *, channel: str | Channel = "general") -> list[Message]:
        """What this person finds in the channel, oldest first: public messages and their own ephemeral ones."""
        place = self._place(channel)
        if not self._world.bits_in(self.id, place) & Permission.VIEW_CHANNEL:
            return []
        return [message for message in place.log if message.only_for in (None, self.id)]

    async def wait_to_see(
        self, predicate: Predicate, timeout_s: float = 5.0, *, channel: str | Channel = "general"
    ) -> Message:
        """The first message in the channel for which `predicate` holds. Raises TimeoutError."""

        def look() -> Message | None:
            return next((message for message in self.sees(channel=channel) if predicate(message)), None)

        return await self._world.until(look, timeout_s, f"a message for {self.name}")

    # -- inside ----------------------------------------------------------------------------------

    def _place(self, channel: str | Channel) -> Channel:
        if isinstance(channel, Channel):
            return channel
        if channel == DIRECT:
            return self._world.direct_channel(self.id)
        for place in self._world.channels.values():
            if place.guild_id == self._guild_id and place.name == channel:
                return place
        raise LookupError(f"there is no channel {channel!r}")

    def _must_see(self, message: Message) -> None:
        if message.is_deleted or message not in self.sees(channel=self._world.channels[message.channel_id]):
            raise ClientRefused(f"{self.name} does not see that message")

    def _send(
        self,
        kind: InteractionKind,
        place: Channel,
        data: Body,
        *,
        source: Message | None = None,
        parent: Interaction | None = None,
        made_ago_s: float = 0.0,
        by_user_install: bool = False,
    ) -> Use:
        interaction = self._world.begin(
            kind,
            self.user,
            place,
            data,
            made_ago_ms=round(made_ago_s * 1_000),
            source=source,
            parent=parent,
            by_user_install=by_user_install,
        )
        self._gateway.send_interaction(interaction)
        return Use(self._world, interaction)


def _value(value: Any) -> Any:
    return value.user if isinstance(value, Person) else value


def _values(options: Mapping[str, Any]) -> dict[str, Value]:
    return {name: _value(value) for name, value in options.items() if value is not None}

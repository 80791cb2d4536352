"""What a page asks for, done by the person who sits before it.

Everything named by an id is looked up among what that person sees; what they do not see does not exist for them.
Refusals of Discord's client (ClientRefused) are the answer in plain words.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.discord import Channel, ClientRefused, Message, Person, Sandbox, Use
from sandbox.discord.components import Body, Kind, walk
from sandbox.discord.model import Interaction
from sandbox.page import frames
from sandbox.page.telling import Teller
from sandbox.page.uploads import Uploads
from sandbox.page.views import Views
from sandbox.page.windows import Window

PICKED_BY_ID = frozenset({Kind.USER_SELECT, Kind.ROLE_SELECT, Kind.MENTIONABLE_SELECT, Kind.CHANNEL_SELECT})


class Acts:
    """`obey` answers every frame that a person's own doing answers."""

    def __init__(self, sandbox: Sandbox, views: Views, teller: Teller, uploads: Uploads) -> None:
        self._sandbox = sandbox
        self._world = sandbox.world
        self._views = views
        self._teller = teller
        self._uploads = uploads

    def be(self, window: Window, name: str) -> None:
        """The window is that person's from now on; its state is due. Raises LookupError for nobody."""
        person = self._sandbox.person(name)
        if person.user.is_bot:
            raise LookupError(f"nobody is called {name!r}")
        self._world.direct_channel(person.id)
        window.person = person

    def open(self, window: Window, person: Person, frame: frames.Open) -> None:
        """Sends the channel's messages."""
        channel = self._channel(person, frame.channel_id)
        told = self._views.messages(person, channel)
        window.send({"type": "messages", "channel_id": str(channel.id), **told})

    async def obey(self, window: Window, person: Person, frame: frames.Doing | frames.Delete) -> Body:
        """Does it; what the answer carries. Raises ClientRefused, LookupError, TimeoutError."""
        match frame:
            case frames.Older():
                place = self._channel(person, frame.channel_id)
                return self._views.messages(person, place, before=int(frame.before))
            case frames.Autocomplete():
                return {"choices": await self._suggestions(person, frame)}
            case frames.Say():
                return {"message_id": str(self._say(person, frame).id)}
            case frames.Thread():
                return {"channel_id": str(self._thread(person, frame).id)}
            case frames.Dismiss():
                person.dismiss(self._message(person, frame.message_id))
                return {}
            case frames.Delete():
                person.delete(self._message(person, frame.message_id))
                return {}
            case frames.CloseModal():
                self._own(person, frame.interaction_id)
                return {}
            case _:
                use = await self._use(person, frame)
                self._teller.came_from(use.interaction, window)
                return {"interaction_id": str(use.id)}

    async def _use(
        self,
        person: Person,
        frame: frames.Command | frames.MessageCommand | frames.UserCommand | frames.Press
        | frames.Select | frames.SubmitModal,
    ) -> Use:  # fmt: skip
        match frame:
            case frames.Command():
                place = self._channel(person, frame.channel_id)
                return await person.type_command(frame.name, self._options(person, frame.options), channel=place)
            case frames.MessageCommand():
                return await person.message_command(frame.name, self._message(person, frame.message_id))
            case frames.UserCommand():
                place = self._channel(person, frame.channel_id)
                user = self._world.users.get(int(frame.user_id))
                if user is None:
                    raise LookupError("there is no such person")
                return await person.user_command(frame.name, self._sandbox.person(user.name), channel=place)
            case frames.Press():
                return await person.press(self._message(person, frame.message_id), custom_id=frame.custom_id)
            case frames.Select():
                return await self._select(person, frame)
            case frames.SubmitModal():
                use = Use(self._world, self._own(person, frame.interaction_id))
                return await person.submit_modal(use, self._filled(person, use.modal, frame.values))

    async def _suggestions(self, person: Person, frame: frames.Autocomplete) -> list[Body]:
        place = self._channel(person, frame.channel_id)
        others = self._options(person, frame.options)
        found = await person.suggestions(frame.name, frame.option, frame.typed, others, channel=place)
        return [{"name": choice.name, "value": choice.value} for choice in found]

    def _say(self, person: Person, frame: frames.Say) -> Message:
        place = self._channel(person, frame.channel_id)
        answered = self._message(person, frame.reply_to) if frame.reply_to is not None else None
        files = [self._uploads.find(upload_id) for upload_id in frame.upload_ids]
        return person.say(frame.content, channel=place, files=files, reply_to=answered)

    def _thread(self, person: Person, frame: frames.Thread) -> Channel:
        place = self._channel(person, frame.channel_id)
        message = self._message(person, frame.message_id) if frame.message_id is not None else None
        return person.start_thread(frame.name, channel=place, message=message)

    async def _select(self, person: Person, frame: frames.Select) -> Use:
        message = self._message(person, frame.message_id)
        kind = _kind_of(message.now.components, frame.custom_id)
        values = self._values(person, kind, frame.values)
        return await person.select(message, values, custom_id=frame.custom_id)

    # -- values ----------------------------------------------------------------------------------

    def _options(self, person: Person, given: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._value(person, value) for name, value in given.items()}

    def _value(self, person: Person, value: Any) -> Any:
        """`{"upload_id"}` and `{"id"}` stand for a file and for somebody or something; the rest is what it is."""
        match value:
            case {"upload_id": str(upload_id)}:
                return self._uploads.find(upload_id)
            case {"id": str(thing_id)}:
                return self._thing(person, thing_id)
            case str() | int() | float() | bool():
                return value
            case _:
                raise ClientRefused("that is no value")

    def _values(self, person: Person, kind: int, given: list[Any]) -> list[Any]:
        """Of a select for people, roles or channels a bare id will do."""
        if kind in PICKED_BY_ID:
            given = [{"id": value} if isinstance(value, str) else value for value in given]
        return [self._value(person, value) for value in given]

    def _filled(self, person: Person, modal: Body, given: Mapping[str, Any]) -> dict[str, Any]:
        filled: dict[str, Any] = {}
        for name, value in given.items():
            kind = _kind_of(modal["components"], name)
            if isinstance(value, list):
                filled[name] = self._values(person, kind, value)
            else:
                filled[name] = None if value is None else self._value(person, value)
        return filled

    # -- what the person sees --------------------------------------------------------------------

    def _channel(self, person: Person, channel_id: str) -> Channel:
        channel = self._world.channels.get(int(channel_id))
        if channel is None or not self._views.sees_channel(person, channel):
            raise LookupError("there is no such channel")
        return channel

    def _message(self, person: Person, message_id: str) -> Message:
        message = self._world.messages.get(int(message_id))
        if message is None or not self._views.sees_message(person, message):
            raise LookupError("there is no such message")
        return message

    def _own(self, person: Person, interaction_id: str) -> Interaction:
        interaction = self._world.interactions.get(int(interaction_id))
        if interaction is None or interaction.user_id != person.id:
            raise LookupError("there is no such interaction")
        return interaction

    def _thing(self, person: Person, thing_id: str) -> Any:
        number = int(thing_id) if thing_id.isdecimal() else 0
        if number in self._world.users:
            return self._world.users[number]
        for guild in self._world.guilds.values():
            if person.id in guild.members and number in guild.roles:
                return guild.roles[number]
        return self._channel(person, str(number))


def _kind_of(components: Any, custom_id: str) -> int:
    """The type of the component with that custom_id; 0 where there is none."""
    return next((int(part["type"]) for part in walk(components) if part.get("custom_id") == custom_id), 0)

"""REST: threads. Only public ones in text channels; archiving by time does not happen."""

from sandbox.discord.errors import Code, Fault, InvalidFormError, refusal
from sandbox.discord.model import Channel, ChannelKind, Message
from sandbox.discord.permissions import Permission
from sandbox.discord.routes import NO_CONTENT, Answer, Call, route
from sandbox.discord.threads import NAME_MAX, open_thread
from sandbox.discord.world import ChangeKind

PUBLIC = int(ChannelKind.THREAD)


@route("POST", "/channels/{channel_id}/threads")
def start_thread(call: Call) -> Answer:
    if int(call.body.get("type") or PUBLIC) != PUBLIC:
        raise InvalidFormError([Fault(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {{{PUBLIC}}}.")])
    return _open(call, call.channel(), None)


@route("POST", "/channels/{channel_id}/messages/{message_id}/threads")
def start_thread_on_message(call: Call) -> Answer:
    parent = call.channel()
    message = call.world.messages.get(call.snowflake("message_id"))
    if message is None or message.channel_id != parent.id or message.is_ephemeral:
        raise refusal(Code.UNKNOWN_MESSAGE)
    return _open(call, parent, message)


def _open(call: Call, parent: Channel, message: Message | None) -> Answer:
    if parent.kind != ChannelKind.TEXT:
        raise refusal(Code.WRONG_CHANNEL_TYPE)
    call.require(parent, Permission.CREATE_PUBLIC_THREADS)
    name = _name(call)
    try:
        thread = open_thread(call.world, parent, owner_id=call.world.application_id, name=name, message=message)
    except ValueError:
        raise refusal(Code.THREAD_EXISTS) from None
    return Answer(status=201, body=call.render.channel(thread))


def _name(call: Call) -> str:
    name = str(call.body.get("name") or "")
    if not 1 <= len(name) <= NAME_MAX:
        raise InvalidFormError(
            [Fault(("name",), "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {NAME_MAX} in length.")]
        )
    return name


@route("PATCH", "/channels/{channel_id}")
def change_thread(call: Call) -> Answer:
    """Name, `archived` and `locked` of a thread the bot opened; nothing of other channels."""
    thread = call.channel()
    if thread.kind != ChannelKind.THREAD or thread.owner_id != call.world.application_id:
        raise refusal(Code.MISSING_PERMISSIONS)
    if "name" in call.body:
        thread.name = _name(call)
    thread.is_archived = bool(call.body.get("archived", thread.is_archived))
    thread.is_locked = bool(call.body.get("locked", thread.is_locked))
    call.world.tell(ChangeKind.CHANNEL_CHANGED, thread)
    return Answer(body=call.render.channel(thread))


@route("PUT", "/channels/{channel_id}/thread-members/@me")
def join_thread(call: Call) -> Answer:
    """Everybody is in every public thread here."""
    if call.channel().kind != ChannelKind.THREAD:
        raise refusal(Code.WRONG_CHANNEL_TYPE)
    return NO_CONTENT

"""REST: channels, their messages, guilds and members."""

from bot.core.clock import MINUTE_MS
from sandbox.discord.components import Body
from sandbox.discord.drafts import compose, pings
from sandbox.discord.errors import Code, refusal
from sandbox.discord.model import Channel, ChannelKind, Message
from sandbox.discord.permissions import Permission
from sandbox.discord.routes import NO_CONTENT, Answer, Call, route

NONCE_LIVES_MS = 5 * MINUTE_MS  # Discord says "the past few minutes" (API reference, "Create Message")
MESSAGES = "/channels/{channel_id}/messages"
PAGE, MAX_PAGE = 50, 100


@route("GET", "/channels/{channel_id}")
def channel(call: Call) -> Answer:
    return Answer(body=call.render.channel(call.channel()))


@route("POST", "/users/@me/channels")
def create_direct(call: Call) -> Answer:
    recipient = int(call.body["recipient_id"])
    if recipient not in call.world.users:
        raise refusal(Code.UNKNOWN_USER)
    return Answer(body=call.render.channel(call.world.direct_channel(recipient)))


@route("GET", "/guilds/{guild_id}")
def guild(call: Call) -> Answer:
    found = call.guild()
    body: Body = call.render.guild(found)
    if call.query.get("with_counts") in {"1", "true", "True"}:
        body |= {"approximate_member_count": len(found.members), "approximate_presence_count": 1}
    return Answer(body=body)


@route("GET", "/guilds/{guild_id}/channels")
def guild_channels(call: Call) -> Answer:
    found = call.guild()
    places = [place for place in call.world.channels.values() if place.guild_id == found.id]
    return Answer(body=[call.render.channel(place) for place in places if place.kind != ChannelKind.THREAD])


@route("GET", "/guilds/{guild_id}/members/{user_id}")
def member(call: Call) -> Answer:
    found = call.guild().members.get(call.snowflake("user_id"))
    if found is None:
        raise refusal(Code.UNKNOWN_MEMBER)
    return Answer(body=call.render.member(found))


@route("POST", MESSAGES)
def create_message(call: Call) -> Answer:
    place = call.channel()
    _may_send(call, place)
    body: Body = call.body or {}
    twin = _same_nonce(call, place, body)
    if twin is not None:
        return Answer(body=call.render.message(twin, with_nonce=True))
    reply_to = _reply(call, body)
    version = compose(call.world, place, body, call.files)
    me = call.world.application_id
    home = call.world.guilds.get(place.guild_id or 0)
    notified = pings(call.world, version, body, home, me)
    message = Message(
        id=call.world.snowflakes.new(),
        channel_id=place.id,
        author_id=me,
        versions=[version],
        nonce=None if body.get("nonce") is None else str(body["nonce"]),
        pinged=notified.user_ids,
        pings_everyone=notified.everyone,
        reply_to=reply_to,
    )
    call.world.post(message)
    return Answer(body=call.render.message(message, with_nonce=True))


def _may_send(call: Call, place: Channel) -> None:
    if place.kind == ChannelKind.DIRECT:
        if not call.world.users[place.recipient_id or 0].accepts_direct:
            raise refusal(Code.CANNOT_SEND_TO_USER)
        return
    in_thread = place.kind == ChannelKind.THREAD
    call.require(place, Permission.SEND_MESSAGES_IN_THREADS if in_thread else Permission.SEND_MESSAGES)
    if place.is_locked:
        raise refusal(Code.THREAD_LOCKED)
    if place.is_archived:
        raise refusal(Code.THREAD_ARCHIVED)
    if call.files:
        call.require(place, Permission.ATTACH_FILES)
    if call.body.get("embeds"):
        call.require(place, Permission.EMBED_LINKS)


def _same_nonce(call: Call, place: Channel, body: Body) -> Message | None:
    """The message that this one repeats, when the bot asked to be told (`enforce_nonce`)."""
    nonce = body.get("nonce")
    if nonce is None or not body.get("enforce_nonce"):
        return None
    oldest = call.world.clock.now() - NONCE_LIVES_MS
    for message in reversed(place.log):
        if message.versions[0].at < oldest:
            return None
        if message.nonce == str(nonce) and message.author_id == call.world.application_id:
            return message
    return None


def _reply(call: Call, body: Body) -> int | None:
    reference = body.get("message_reference")
    if not reference or not reference.get("message_id"):
        return None
    target = int(reference["message_id"])
    if target not in call.world.messages:
        if reference.get("fail_if_not_exists", True):
            raise refusal(Code.UNKNOWN_MESSAGE)
        return None
    return target


@route("GET", MESSAGES)
def list_messages(call: Call) -> Answer:
    place = call.channel()
    if place.kind != ChannelKind.DIRECT and not (
        call.world.bits_in(call.world.application_id, place) & Permission.READ_MESSAGE_HISTORY
    ):
        return Answer(body=[])
    limit = min(int(call.query.get("limit", PAGE)), MAX_PAGE)
    found = place.messages
    if "before" in call.query:
        found = [message for message in found if message.id < int(call.query["before"])]
    if "after" in call.query:
        found = [message for message in found if message.id > int(call.query["after"])][:limit]
    newest_first = sorted(found[-limit:], key=lambda message: message.id, reverse=True)
    return Answer(body=[_shown(call, message) for message in newest_first])


def _shown(call: Call, message: Message) -> Body:
    """Without the message content intent a bot reads its own words and those that mention it, everywhere."""
    me = call.world.application_id
    is_direct = call.world.channels[message.channel_id].guild_id is None
    hide = not (is_direct or message.author_id == me or me in message.pinged)
    return call.render.message(message, hide=hide)


def _message(call: Call) -> Message:
    place = call.channel()
    found = call.world.messages.get(call.snowflake("message_id"))
    if found is None or found.channel_id != place.id or found.is_ephemeral:
        raise refusal(Code.UNKNOWN_MESSAGE)
    return found


@route("GET", MESSAGES + "/{message_id}")
def get_message(call: Call) -> Answer:
    call.require(call.channel(), Permission.READ_MESSAGE_HISTORY)
    return Answer(body=_shown(call, _message(call)))


@route("PATCH", MESSAGES + "/{message_id}")
def edit_message(call: Call) -> Answer:
    message = _message(call)
    if message.author_id != call.world.application_id:
        raise refusal(Code.NOT_THE_AUTHOR)
    place = call.channel()
    call.world.edit(message, compose(call.world, place, call.body or {}, call.files, previous=message.now))
    return Answer(body=call.render.message(message))


@route("DELETE", MESSAGES + "/{message_id}")
def delete_message(call: Call) -> Answer:
    message = _message(call)
    if message.author_id != call.world.application_id:
        call.require(call.channel(), Permission.MANAGE_MESSAGES)
    call.world.delete(message)
    return NO_CONTENT

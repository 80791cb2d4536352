"""REST: answering an interaction. The path's token is the proof; no bot token is needed.

Deadlines by the sandbox's clock, both from the interaction's snowflake: 3 s for the first answer (10062), 15 min
for the token (50027).
"""

from dataclasses import replace

from sandbox.discord import components as parts
from sandbox.discord.components import Body
from sandbox.discord.drafts import compose, pings
from sandbox.discord.errors import Code, Fault, InvalidFormError, refusal
from sandbox.discord.model import (
    ACKNOWLEDGE_WITHIN_MS,
    CallbackKind,
    Channel,
    Choice,
    Interaction,
    InteractionKind,
    Message,
    MessageFlag,
    Version,
)
from sandbox.discord.routes import NO_CONTENT, Answer, Call, route
from sandbox.discord.world import ChangeKind

FOLLOWUPS_OF_USER_INSTALL = 5
ANSWERS_NOTIFY = ("users",)  # without `allowed_mentions` (API reference, "Default Settings for Allowed Mentions")
MESSAGE_ANSWERS = frozenset({CallbackKind.MESSAGE, CallbackKind.DEFERRED_MESSAGE})
UPDATES = frozenset({CallbackKind.DEFERRED_UPDATE, CallbackKind.UPDATE})
ALLOWED: dict[InteractionKind, frozenset[CallbackKind]] = {
    InteractionKind.COMMAND: MESSAGE_ANSWERS | {CallbackKind.MODAL},
    InteractionKind.COMPONENT: MESSAGE_ANSWERS | UPDATES | {CallbackKind.MODAL},
    InteractionKind.AUTOCOMPLETE: frozenset({CallbackKind.CHOICES}),
    InteractionKind.MODAL: MESSAGE_ANSWERS | UPDATES,  # never a form in answer to a form
}
WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"


@route("POST", "/interactions/{interaction_id}/{interaction_token}/callback", needs_token=False)
def callback(call: Call) -> Answer:
    world = call.world
    interaction = world.interactions.get(call.snowflake("interaction_id"))
    if interaction is None or interaction.token != call.params["interaction_token"]:
        raise refusal(Code.UNKNOWN_INTERACTION)
    if interaction.callback is not None:
        raise refusal(Code.ALREADY_ACKNOWLEDGED)
    now = world.clock.now()
    if now - interaction.created > ACKNOWLEDGE_WITHIN_MS:
        interaction.late_ms = interaction.late_ms or now - interaction.created
        raise refusal(Code.UNKNOWN_INTERACTION)
    asked = call.body.get("type")
    kind = next((one for one in ALLOWED[interaction.kind] if one == asked), None)
    if kind is None or (kind in UPDATES and not _has_source(interaction)):
        names = ", ".join(str(int(allowed)) for allowed in sorted(ALLOWED[interaction.kind]))
        raise InvalidFormError([Fault(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {{{names}}}.")])
    shown = _perform(call, interaction, kind, call.body.get("data") or {})
    interaction.callback = kind
    interaction.acknowledged = now
    world.tell(ChangeKind.INTERACTION, interaction)
    if call.query.get("with_response") not in {"1", "true", "True"}:
        return NO_CONTENT
    return Answer(body=call.render.callback(interaction, with_message=shown))


def _has_source(interaction: Interaction) -> bool:
    return interaction.source_message_id is not None


def _perform(call: Call, interaction: Interaction, kind: CallbackKind, data: Body) -> Message | None:
    """Does what the answer says; the message it made or changed, where Discord returns it."""
    world = call.world
    match kind:
        case CallbackKind.MESSAGE:
            interaction.response = _post(call, interaction, data, is_original=True)
            return interaction.response
        case CallbackKind.DEFERRED_MESSAGE:
            flags = int(data.get("flags") or 0) & MessageFlag.EPHEMERAL | MessageFlag.LOADING
            loading = Version(at=world.clock.now(), flags=flags)
            interaction.response = world.post(_new(call, interaction, loading, is_original=True))
        case CallbackKind.DEFERRED_UPDATE:
            interaction.response = world.messages.get(interaction.source_message_id or 0)
        case CallbackKind.UPDATE:
            source = world.messages.get(interaction.source_message_id or 0)
            if source is None:
                raise refusal(Code.UNKNOWN_MESSAGE)
            interaction.response = source
            _change(call, source, data)
            return source
        case CallbackKind.CHOICES:
            choices = [choice for choice in data.get("choices") or [] if choice]
            interaction.choices = tuple(Choice(choice["name"], choice["value"]) for choice in choices)
        case CallbackKind.MODAL:
            interaction.modal = parts.duplicate(data)
            parts.number(interaction.modal["components"])
    return None


def _place(call: Call, interaction: Interaction) -> Channel:
    channel = call.world.channels.get(interaction.channel_id)
    if channel is None:
        raise refusal(Code.UNKNOWN_CHANNEL)
    return channel


def _new(
    call: Call, interaction: Interaction, version: Version, *, is_original: bool, body: Body | None = None
) -> Message:
    home = call.world.guilds.get(interaction.guild_id or 0)
    notified = pings(call.world, version, body or {}, home, call.world.application_id, default=ANSWERS_NOTIFY)
    hidden = bool(version.flags & MessageFlag.EPHEMERAL)
    return Message(
        id=call.world.snowflakes.new(),
        channel_id=interaction.channel_id,
        author_id=call.world.application_id,
        versions=[version],
        only_for=interaction.user_id if hidden else None,
        pinged=notified.user_ids,
        pings_everyone=notified.everyone,
        interaction_id=interaction.id,
        is_original=is_original and interaction.kind == InteractionKind.COMMAND,
    )


def _post(call: Call, interaction: Interaction, body: Body, *, is_original: bool) -> Message:
    hidden = bool(int(body.get("flags") or 0) & MessageFlag.EPHEMERAL)
    place = _place(call, interaction)
    version = compose(call.world, place, body, call.files, is_ephemeral=hidden)
    return call.world.post(_new(call, interaction, version, is_original=is_original, body=body))


def _change(call: Call, message: Message, body: Body) -> None:
    """Edits; an ephemeral message stays ephemeral, and "thinking…" ends."""
    channel = call.world.channels.get(message.channel_id)
    if channel is None:
        raise refusal(Code.UNKNOWN_CHANNEL)
    before = replace(message.now, flags=message.now.flags & ~MessageFlag.LOADING)
    version = compose(call.world, channel, body, call.files, previous=before, is_ephemeral=message.is_ephemeral)
    call.world.edit(message, version)


# -- afterwards, by the token ------------------------------------------------------------------------


def _by_token(call: Call) -> Interaction:
    """The interaction behind a webhook path, acknowledged and young enough."""
    interaction = call.world.by_token.get(call.params["webhook_token"])
    if interaction is None:
        raise refusal(Code.INVALID_WEBHOOK_TOKEN)
    if call.snowflake("webhook_id") != call.world.application_id:
        raise refusal(Code.UNKNOWN_WEBHOOK)
    if interaction.is_expired(call.world.clock.now()):
        raise refusal(Code.INVALID_WEBHOOK_TOKEN)
    if interaction.callback is None:
        raise refusal(Code.UNKNOWN_WEBHOOK)
    return interaction


def _own_message(call: Call, interaction: Interaction) -> Message:
    """`@original`, or one of the follow-ups."""
    wanted = call.params.get("message_id", "@original")
    for message in [interaction.response, *interaction.followups]:
        if message is None or message.is_deleted:
            continue
        if wanted == str(message.id) or (wanted == "@original" and message is interaction.response):
            return message
    raise refusal(Code.UNKNOWN_MESSAGE)


@route("POST", WEBHOOK, needs_token=False)
def follow_up(call: Call) -> Answer:
    interaction = _by_token(call)
    body: Body = call.body or {}
    first = interaction.response
    if first is not None and first.is_loading:
        if first.is_deleted:  # "thinking…" was taken away: there is nothing to follow up
            raise refusal(Code.UNKNOWN_MESSAGE)
        _change(call, first, body)  # the first follow-up after a deferred answer becomes that answer
        return Answer(body=call.render.message(first))
    if interaction.by_user_install and len(interaction.followups) >= FOLLOWUPS_OF_USER_INSTALL:
        raise refusal(Code.TOO_MANY_FOLLOWUPS)
    message = _post(call, interaction, body, is_original=False)
    interaction.followups.append(message)
    return Answer(body=call.render.message(message))


@route("GET", WEBHOOK + "/messages/@original", needs_token=False)
@route("GET", WEBHOOK + "/messages/{message_id}", needs_token=False)
def get_own(call: Call) -> Answer:
    return Answer(body=call.render.message(_own_message(call, _by_token(call))))


@route("PATCH", WEBHOOK + "/messages/@original", needs_token=False)
@route("PATCH", WEBHOOK + "/messages/{message_id}", needs_token=False)
def edit_own(call: Call) -> Answer:
    message = _own_message(call, _by_token(call))
    _change(call, message, call.body or {})
    return Answer(body=call.render.message(message))


@route("DELETE", WEBHOOK + "/messages/@original", needs_token=False)
@route("DELETE", WEBHOOK + "/messages/{message_id}", needs_token=False)
def delete_own(call: Call) -> Answer:
    call.world.delete(_own_message(call, _by_token(call)))
    return NO_CONTENT

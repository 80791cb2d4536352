"""What people write themselves: words, files, replies."""

from collections.abc import Sequence

from sandbox.discord.client import ClientRefused
from sandbox.discord.drafts import REQUEST_BYTES, Upload, take
from sandbox.discord.model import Channel, Message, User, Version
from sandbox.discord.permissions import Permission
from sandbox.discord.validate import CONTENT
from sandbox.discord.world import World

FILES = 10  # of one message


def say(
    world: World, author: User, place: Channel, text: str, *, files: Sequence[Upload], reply_to: Message | None
) -> Message:
    """Posts it; a reply notifies whom it answers. Raises ClientRefused for what the client would not send."""
    if (not text.strip() and not files) or len(text) > CONTENT:
        raise ClientRefused(f"a message takes 1 to {CONTENT} characters, not {len(text.strip())}")
    _check_files(world, author, place, files)
    mentioned = tuple(user.id for user in world.users.values() if f"<@{user.id}>" in text)
    if reply_to is not None:
        if reply_to.is_ephemeral or reply_to.channel_id != place.id:
            raise ClientRefused("that message cannot be replied to here")
        answered = (reply_to.author_id,) if reply_to.author_id != author.id else ()
        mentioned = tuple(dict.fromkeys(mentioned + answered))
    place.is_archived = False  # whoever writes in an archived thread opens it again
    everyone = bool(world.bits_in(author.id, place) & Permission.MENTION_EVERYONE)
    attachments = tuple(take(world, place, file) for file in files)
    return world.post(
        Message(
            id=world.snowflakes.new(),
            channel_id=place.id,
            author_id=author.id,
            versions=[Version(at=world.clock.now(), content=text, attachments=attachments)],
            pinged=mentioned,
            pings_everyone=everyone and ("@everyone" in text or "@here" in text),
            reply_to=reply_to.id if reply_to is not None else None,
        )
    )


def _check_files(world: World, author: User, place: Channel, files: Sequence[Upload]) -> None:
    if not files:
        return
    if not world.bits_in(author.id, place) & Permission.ATTACH_FILES:
        raise ClientRefused(f"{author.name} may not attach files in #{place.name}")
    if len(files) > FILES:
        raise ClientRefused(f"a message takes at most {FILES} files")
    limit = world.upload_limit(place)
    for file in files:
        if len(file.data) > limit:
            raise ClientRefused(f"{file.filename} is larger than {limit} bytes")
    if sum(len(file.data) for file in files) > REQUEST_BYTES:
        raise ClientRefused(f"the files together are larger than {REQUEST_BYTES} bytes")

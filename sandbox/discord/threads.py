"""Opening threads: by the bot over REST, by people in their client."""

from sandbox.discord.model import Channel, ChannelKind, Message
from sandbox.discord.world import ChangeKind, World

NAME_MAX = 100


def open_thread(world: World, parent: Channel, *, owner_id: int, name: str, message: Message | None = None) -> Channel:
    """A public thread in the channel; one that hangs on a message has that message's id, as with Discord.

    Raises ValueError where the message has a thread already.
    """
    if message is not None and message.id in world.channels:
        raise ValueError("A thread has already been created for this message")
    thread = world.add_channel(
        Channel(
            id=message.id if message is not None else world.snowflakes.new(),
            name=name,
            kind=ChannelKind.THREAD,
            guild_id=parent.guild_id,
            parent_id=parent.id,
            owner_id=owner_id,
        )
    )
    if message is not None:
        world.tell(ChangeKind.MESSAGE_EDITED, message)  # it bears the thread's mark from now on
    return thread

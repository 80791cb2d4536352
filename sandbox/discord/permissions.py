"""Permission bits, and how roles and overwrites make a person's rights in a channel.

Source: Discord API reference, "Permissions". Only the bits that the sandbox judges by are named.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag


class Permission(IntFlag):
    """Bits with Discord's own values."""

    ADMINISTRATOR = 1 << 3
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38


ALL_BITS = (1 << 53) - 1
EVERYONE_BITS = int(
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)
# View, send, threads, embed, attach, read history: the invitation of least privilege.
BOT_INVITE_BITS = 309_237_763_072
# What everybody may do in a conversation of two.
DIRECT_BITS = EVERYONE_BITS


@dataclass(slots=True, kw_only=True)
class Overwrite:
    """What a channel allows and denies one role or one member, over what their roles say."""

    target_id: int
    is_member: bool = False
    allow: int = 0
    deny: int = 0


def guild_bits(*, is_owner: bool, role_bits: Iterable[int]) -> int:
    """The rights in the guild as a whole: every role's bits together."""
    bits = 0
    for more in role_bits:
        bits |= more
    return ALL_BITS if is_owner or bits & Permission.ADMINISTRATOR else bits


def channel_bits(
    bits: int, overwrites: Iterable[Overwrite], *, everyone_id: int, role_ids: Iterable[int], member_id: int
) -> int:
    """The rights in one channel: overwrites of @everyone, then of the roles together, then of the member."""
    if bits & Permission.ADMINISTRATOR:
        return ALL_BITS
    by_target = {overwrite.target_id: overwrite for overwrite in overwrites}
    everyone = by_target.get(everyone_id)
    if everyone is not None:
        bits = bits & ~everyone.deny | everyone.allow
    roles = [by_target[role_id] for role_id in role_ids if role_id in by_target and role_id != everyone_id]
    for overwrite in roles:
        bits &= ~overwrite.deny
    for overwrite in roles:
        bits |= overwrite.allow
    own = by_target.get(member_id)
    if own is not None:
        bits = bits & ~own.deny | own.allow
    return bits if bits & Permission.VIEW_CHANNEL else 0

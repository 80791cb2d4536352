"""Keeping styles, and putting one on a request."""

from bot.core.clock import Clock
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import GuildId, MemberId
from bot.db import Database, Reader, Transaction
from bot.services.styles import store
from bot.services.styles.model import (
    Draft,
    Keeper,
    Owner,
    Style,
    StyleId,
    StyleOutcome,
    dressed,
    key_of,
    neat,
    trouble_of,
)

# How many names a refusal lists.
_LISTED = 10


def of_guild(guild_id: GuildId) -> Keeper:
    """Whoever manages the guild keeps these."""
    return Keeper(owner=Owner.GUILD, owner_id=guild_id)


def of_member(member_id: MemberId) -> Keeper:
    """The member's own; they go along into every guild."""
    return Keeper(owner=Owner.MEMBER, owner_id=member_id)


class Styles:
    """The use cases behind `/style`, `/settings styles` and the option `style`."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, keeper: Keeper, draft: Draft, *, author_id: MemberId) -> StyleOutcome:
        """ADDED, BAD_NAME, BAD_TEXT, NAME_TAKEN or FULL."""
        tidy = neat(draft)
        if (trouble := trouble_of(tidy)) is not None:
            return trouble
        now = self._clock.now()

        def write(tx: Transaction) -> StyleOutcome:
            if store.add(tx, keeper, tidy, author_id=author_id, at=now):
                return StyleOutcome.ADDED
            is_taken = store.named(tx, keeper, tidy.name) is not None
            return StyleOutcome.NAME_TAKEN if is_taken else StyleOutcome.FULL

        return await self._database.write(write)

    async def change(self, keeper: Keeper, style_id: StyleId, draft: Draft, *, author_id: MemberId) -> StyleOutcome:
        """CHANGED, BAD_NAME, BAD_TEXT, NAME_TAKEN or NO_SUCH (gone meanwhile, or another's)."""
        tidy = neat(draft)
        if (trouble := trouble_of(tidy)) is not None:
            return trouble
        now = self._clock.now()

        def write(tx: Transaction) -> StyleOutcome:
            style = store.get(tx, style_id)
            if style is None or style.keeper != keeper:
                return StyleOutcome.NO_SUCH
            other = store.named(tx, keeper, tidy.name)
            if other is not None and other.id != style_id:
                return StyleOutcome.NAME_TAKEN
            store.change(tx, style, tidy, author_id=author_id, at=now)
            return StyleOutcome.CHANGED

        return await self._database.write(write)

    async def remove(self, keeper: Keeper, name: str) -> StyleOutcome:
        """REMOVED or NO_SUCH. Pictures that were drawn in it keep its name."""
        is_removed = await self._database.write(lambda tx: store.remove(tx, keeper, name))
        return StyleOutcome.REMOVED if is_removed else StyleOutcome.NO_SUCH

    async def kept_by(self, keeper: Keeper) -> tuple[Style, ...]:
        """Its styles by name."""
        return await self._database.read(lambda reader: store.kept_by(reader, keeper))

    async def named(self, keeper: Keeper, name: str) -> Style | None:
        """Its style of that name, however that is spelled."""
        return await self._database.read(lambda reader: store.named(reader, keeper, name))

    async def at_hand(self, *, guild_id: GuildId, member_id: MemberId) -> tuple[Style, ...]:
        """All that the member can choose there, their own first; their own hides the guild's of the same name."""
        return await self._database.read(lambda reader: _at_hand(reader, guild_id, member_id))

    async def dress(self, name: str, prompt: str, *, guild_id: GuildId, member_id: MemberId) -> tuple[str, str]:
        """The style's name as it is kept, and what the gateway reads. Raises Refusal UNKNOWN_STYLE (`asked`, `can`)."""

        def read(reader: Reader) -> Style:
            for keeper in (of_member(member_id), of_guild(guild_id)):
                if (style := store.named(reader, keeper, name)) is not None:
                    return style
            can = ", ".join(style.name for style in _at_hand(reader, guild_id, member_id)[:_LISTED])
            raise Refusal(RefusalReason.UNKNOWN_STYLE, {"asked": name, "can": can})

        style = await self._database.read(read)
        return style.name, dressed(style.text, prompt)


def _at_hand(reader: Reader, guild_id: GuildId, member_id: MemberId) -> tuple[Style, ...]:
    found: dict[str, Style] = {}
    for keeper in (of_member(member_id), of_guild(guild_id)):
        for style in store.kept_by(reader, keeper):
            found.setdefault(key_of(style.name), style)
    return tuple(found.values())

"""The settings of a guild beside its rules: its zone, its pauses, and whom it wants to be told of what."""

from dataclasses import fields

from bot.core.clock import Clock
from bot.core.commands import PAID_COMMANDS
from bot.core.ids import GuildId, MemberId
from bot.db import Database, Reader, Transaction
from bot.guilds import store as guilds
from bot.guilds.model import REASON_LENGTH, BadSetting, GuildSettings, Pause, zone_named
from bot.ledger.rules import store as rules
from bot.services.budgets.changing import Changing, Log, counts_in
from bot.services.budgets.counting import Count
from bot.services.budgets.seen import refuse_unless_seen


class GuildDesk:
    """The use cases behind `/settings` that are no rules. `by` is who asks for a change, `seen` is what they had before
    their eyes (`seen.seen_as`), None where that does not matter.

    Changes raise BadSetting, ChangedMeanwhile and DatabaseUnavailable; nothing is changed then.
    """

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._changing = Changing(database=database, clock=clock)

    async def settings_of(self, guild_id: GuildId) -> GuildSettings:
        """What holds for the guild."""
        return await self._database.read(lambda reader: guilds.settings_of(reader, guild_id))

    async def pause(
        self, guild_id: GuildId, *, command: str | None, reason: str, by: MemberId, seen: str | None = None
    ) -> None:
        """Accepts nothing more, or nothing of one command that costs money; members see the reason, cut to a line."""
        if command is not None and command not in PAID_COMMANDS:
            raise BadSetting("command")
        line = " ".join(reason.split())[:REASON_LENGTH]

        def work(tx: Transaction, log: Log) -> None:
            old = _pause(tx, guild_id, command)
            refuse_unless_seen(old, seen)
            if line != _reason(old):
                log.add(_pause_name(command), _reason(old), line)
                guilds.pause(tx, guild_id, Pause(command=command, reason=line, author_id=by, at=log.at))

        await self._changing.change(guild_id, by, work)

    async def resume(self, guild_id: GuildId, *, command: str | None, by: MemberId, seen: str | None = None) -> bool:
        """Ends a pause; False where there was none."""

        def work(tx: Transaction, log: Log) -> bool:
            old = _pause(tx, guild_id, command)
            refuse_unless_seen(old, seen)
            if old is not None:
                log.add(_pause_name(command), old.reason, None)
            return guilds.resume(tx, guild_id, command)

        return await self._changing.change(guild_id, by, work)

    async def change(
        self, guild_id: GuildId, wanted: GuildSettings, *, by: MemberId, seen: str | None = None
    ) -> tuple[str, ...]:
        """All settings at once; the names of those that say something else now.

        The windows of another zone count what was held in them already.
        """
        zone_named(wanted.zone)

        def plan(reader: Reader) -> tuple[Count, ...]:
            return _moved(reader, guild_id, wanted.zone)

        def work(tx: Transaction, log: Log) -> tuple[str, ...]:
            old, needed = guilds.settings_of(tx, guild_id), plan(tx)
            refuse_unless_seen(old, seen)
            names = tuple(one.name for one in fields(old) if getattr(old, one.name) != getattr(wanted, one.name))
            for name in names:
                log.add(name, _words(getattr(old, name)), _words(getattr(wanted, name)))
            if names:
                guilds.save(tx, guild_id, wanted)
            log.complete(needed)
            return names

        return await self._changing.change(guild_id, by, work, plan=plan)


def _moved(reader: Reader, guild_id: GuildId, zone: str) -> tuple[Count, ...]:
    """What the windows of another zone must count before they bind; nothing where it is the one there is."""
    if guilds.settings_of(reader, guild_id).zone == zone:
        return ()
    return counts_in(reader, guild_id, rules.rules_of(reader, guild_id), zone=zone_named(zone))


def _words(value: object) -> str | None:
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return None if value is None else str(value)


def _pause_name(command: str | None) -> str:
    return f"pause /{command}" if command else "pause"


def _pause(reader: Reader, guild_id: GuildId, command: str | None) -> Pause | None:
    return next((one for one in guilds.pauses_of(reader, guild_id) if one.command == command), None)


def _reason(pause: Pause | None) -> str | None:
    return None if pause is None else pause.reason

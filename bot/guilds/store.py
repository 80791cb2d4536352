"""The SQL of guilds' settings and pauses."""

from bot.core.clock import Millis
from bot.core.commands import covering
from bot.core.ids import ChannelId, GuildId, MemberId
from bot.db import Reader, Row, Transaction
from bot.guilds.model import GuildSettings, Pause

_SETTINGS = "SELECT * FROM guild_setting WHERE guild_id = ?"

_SAVE = """
INSERT INTO guild_setting (guild_id, zone, staff_channel_id, is_soft, thresholds, digest) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (guild_id) DO UPDATE
SET zone = excluded.zone, staff_channel_id = excluded.staff_channel_id, is_soft = excluded.is_soft,
    thresholds = excluded.thresholds, digest = excluded.digest
"""

_WITH_DIGEST = """
SELECT guild_id FROM guild_setting WHERE digest IS NOT NULL AND staff_channel_id IS NOT NULL ORDER BY guild_id
"""

# The whole guild's pause comes first: its name is empty.
_PAUSES = "SELECT * FROM pause WHERE guild_id = ? ORDER BY command"

_PAUSE = """
INSERT INTO pause (guild_id, command, reason, author_id, at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (guild_id, command) DO UPDATE
SET reason = excluded.reason, author_id = excluded.author_id, at = excluded.at
"""

_RESUME = "DELETE FROM pause WHERE guild_id = ? AND command = ?"


def settings_of(reader: Reader, guild_id: GuildId) -> GuildSettings:
    """What the guild has set, else the defaults."""
    row = reader.one(_SETTINGS, (guild_id,))
    if row is None:
        return GuildSettings()
    return GuildSettings(
        zone=row["zone"],
        staff_channel_id=None if row["staff_channel_id"] is None else ChannelId(row["staff_channel_id"]),
        is_soft=bool(row["is_soft"]),
        thresholds=tuple(int(percent) for percent in row["thresholds"].split()),
        digest=row["digest"],
    )


def with_digest(reader: Reader) -> tuple[GuildId, ...]:
    """The guilds whose staff want a summary now and then."""
    return tuple(GuildId(row["guild_id"]) for row in reader.all(_WITH_DIGEST))


def save(tx: Transaction, guild_id: GuildId, settings: GuildSettings) -> None:
    """Keeps the settings in the place of those before."""
    thresholds = " ".join(str(percent) for percent in settings.thresholds)
    facts = (settings.zone, settings.staff_channel_id, int(settings.is_soft), thresholds, settings.digest)
    tx.execute(_SAVE, (guild_id, *facts))


def pauses_of(reader: Reader, guild_id: GuildId) -> tuple[Pause, ...]:
    """What is paused, the whole guild first."""
    return tuple(_pause_from(row) for row in reader.all(_PAUSES, (guild_id,)))


def pause_for(reader: Reader, guild_id: GuildId, command: str) -> Pause | None:
    """The pause that a command meets; None where it may go on."""
    names = (None, *covering(command))
    return next((one for one in pauses_of(reader, guild_id) if one.command in names), None)


def pause(tx: Transaction, guild_id: GuildId, wanted: Pause) -> None:
    """Pauses, or gives a pause another reason."""
    tx.execute(_PAUSE, (guild_id, wanted.command or "", wanted.reason, wanted.author_id, wanted.at))


def resume(tx: Transaction, guild_id: GuildId, command: str | None) -> bool:
    """Ends the pause; False where there was none."""
    return tx.execute(_RESUME, (guild_id, command or "")) == 1


def _pause_from(row: Row) -> Pause:
    return Pause(
        command=row["command"] or None,
        reason=row["reason"],
        author_id=MemberId(row["author_id"]),
        at=Millis(row["at"]),
    )

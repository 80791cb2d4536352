"""All SQL about interactions."""

from bot.core.clock import Millis
from bot.core.ids import DISCORD_EPOCH_MS, ChannelId, GuildId, InteractionId, JobId, MemberId
from bot.db import Reader, Row, Transaction
from bot.interactions.model import REPLY, TOKEN_LIFE_MS, InteractionState, OpenInteraction, Received


def _open(row: Row) -> OpenInteraction:
    return OpenInteraction(
        id=InteractionId(row["id"]),
        state=InteractionState(row["state"]),
        token=row["token"],
        job_id=None if row["job_id"] is None else JobId(row["job_id"]),
        guild_id=GuildId(row["guild_id"]),
        member_id=MemberId(row["member_id"]),
        received_at=row["received_at"],
        message_in=ChannelId(row["channel_id"]) if row["command"] == REPLY else None,
    )


def receive(tx: Transaction, interaction: Received) -> bool:
    """Stores it; False when the same interaction was stored before (the gateway delivered it twice)."""
    return (
        tx.execute(
            "INSERT INTO interaction (id, command, guild_id, channel_id, member_id, token, state, received_at)"
            " VALUES (?, ?, ?, ?, ?, ?, 'received', ?) ON CONFLICT (id) DO NOTHING",
            (
                interaction.id,
                interaction.command,
                interaction.guild_id,
                interaction.channel_id,
                interaction.member_id,
                interaction.token,
                interaction.received_at,
            ),
        )
        == 1
    )


def accept(tx: Transaction, interaction_id: InteractionId, job_id: JobId) -> bool:
    """Ties the interaction to its job; False when it is no longer waiting for one."""
    return (
        tx.execute(
            "UPDATE interaction SET state = 'accepted', job_id = ? WHERE id = ? AND state = 'received'",
            (job_id, interaction_id),
        )
        == 1
    )


def answered(tx: Transaction, interaction_id: InteractionId, *, at: Millis) -> None:
    """The member has the last word."""
    tx.execute(
        "UPDATE interaction SET state = 'answered', answered_at = ? WHERE id = ? AND state IN ('received', 'accepted')",
        (at, interaction_id),
    )


def reopen(tx: Transaction, job_id: JobId) -> bool:
    """The last word was not the last: whoever asked for the job waits for another. False where nobody had one."""
    changed = tx.execute(
        "UPDATE interaction SET state = 'accepted', answered_at = NULL WHERE job_id = ? AND state = 'answered'",
        (job_id,),
    )
    return changed == 1


def refused(tx: Transaction, interaction_id: InteractionId, *, at: Millis) -> None:
    """The member has the last word and nothing was accepted; one that has a job by now is left alone."""
    tx.execute(
        "UPDATE interaction SET state = 'answered', answered_at = ? WHERE id = ? AND state = 'received'",
        (at, interaction_id),
    )


def void(tx: Transaction, interaction_id: InteractionId) -> None:
    """Nobody saw an acknowledgement (or the card can no longer be edited): there is nothing to answer."""
    tx.execute(
        "UPDATE interaction SET state = 'void', token = NULL WHERE id = ? AND state IN ('received', 'accepted')",
        (interaction_id,),
    )


def open_ones(reader: Reader) -> tuple[OpenInteraction, ...]:
    """Every interaction that waits for its last word, oldest first."""
    rows = reader.all("SELECT * FROM interaction WHERE state IN ('received', 'accepted') ORDER BY id")
    return tuple(_open(row) for row in rows)


def of_job(reader: Reader, job_id: JobId) -> OpenInteraction | None:
    """The interaction a job came from."""
    row = reader.one("SELECT * FROM interaction WHERE job_id = ?", (job_id,))
    return None if row is None else _open(row)


def get(reader: Reader, interaction_id: InteractionId) -> OpenInteraction | None:
    """The interaction as it stands."""
    row = reader.one("SELECT * FROM interaction WHERE id = ?", (interaction_id,))
    return None if row is None else _open(row)


def forget_tokens(tx: Transaction, *, now: Millis) -> int:
    """Deletes tokens whose 15 minutes are over; whoever still waited is answered by other ways. Returns how many."""
    # The first id of the next millisecond: whatever was made in this one is 15 minutes old already.
    still_alive = (now - TOKEN_LIFE_MS + 1 - DISCORD_EPOCH_MS) << 22
    return tx.execute("UPDATE interaction SET token = NULL WHERE token IS NOT NULL AND id < ?", (still_alive,))

"""All SQL about conversations: turns, their messages, and sounds that wait for delivery."""

import json

from bot.core.clock import Millis
from bot.core.ids import JobId, MemberId, MessageId
from bot.db import Reader, Row, Transaction
from bot.providers.contract import AskAnswer, Citation
from bot.services.ask.model import Turn


def _turn(row: Row) -> Turn:
    asked_by = row["question_message_id"]
    cited = json.loads(row["citations"] or "[]")
    return Turn(
        job_id=JobId(row["job_id"]),
        root_id=JobId(row["root_id"]),
        parent_id=None if row["parent_id"] is None else JobId(row["parent_id"]),
        question=row["question"],
        answer=row["answer"],
        citations=tuple(Citation(url=url, title=title) for url, title in cited),
        is_cut=bool(row["is_cut"]),
        is_private=bool(row["is_private"]),
        is_live=bool(row["is_live"]),
        question_message_id=None if asked_by is None else MessageId(asked_by),
        created_at=Millis(row["created_at"]),
    )


def add_turn(
    tx: Transaction,
    *,
    job_id: JobId,
    parent_id: JobId | None,
    question: str,
    is_private: bool,
    question_message_id: MessageId | None,
    at: Millis,
) -> None:
    """Notes a question; it belongs to the conversation of its parent, or begins one."""
    tx.execute(
        "INSERT INTO turn (job_id, root_id, parent_id, question, is_private, question_message_id, created_at)"
        " VALUES (:job, coalesce((SELECT root_id FROM turn WHERE job_id = :parent), :job), :parent, :question,"
        " :private, :message, :at)",
        {
            "job": job_id,
            "parent": parent_id,
            "question": question,
            "private": int(is_private),
            "message": question_message_id,
            "at": at,
        },
    )


def turn(reader: Reader, job_id: JobId) -> Turn | None:
    """The turn of a job."""
    row = reader.one("SELECT * FROM turn WHERE job_id = ?", (job_id,))
    return None if row is None else _turn(row)


def turn_of_message(reader: Reader, message_id: MessageId) -> Turn | None:
    """The turn whose answer the message shows, or a part of it."""
    row = reader.one(
        "SELECT turn.* FROM turn JOIN turn_message USING (job_id) WHERE turn_message.message_id = ?", (message_id,)
    )
    return None if row is None else _turn(row)


def keep_answer(tx: Transaction, job_id: JobId, answer: AskAnswer) -> None:
    """Stores what the model said, before anybody is shown the whole of it."""
    cited = json.dumps([[one.url, one.title] for one in answer.citations], ensure_ascii=False)
    tx.execute(
        "UPDATE turn SET answer = ?, citations = ?, is_cut = ? WHERE job_id = ? AND forgotten_at IS NULL",
        (answer.text, cited, int(answer.is_cut), job_id),
    )


def note_message(tx: Transaction, *, job_id: JobId, position: int, message_id: MessageId) -> None:
    """One of the answer's messages; the same again changes nothing."""
    tx.execute(
        "INSERT INTO turn_message (message_id, job_id, position) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (message_id, job_id, position),
    )


def messages_of(reader: Reader, job_id: JobId) -> dict[int, MessageId]:
    """The answer's messages by their position."""
    rows = reader.all("SELECT position, message_id FROM turn_message WHERE job_id = ? ORDER BY position", (job_id,))
    return {row["position"]: MessageId(row["message_id"]) for row in rows}


def drop_messages(tx: Transaction, job_id: JobId) -> None:
    """The messages are gone from Discord."""
    tx.execute("DELETE FROM turn_message WHERE job_id = ?", (job_id,))


def set_live(tx: Transaction, job_id: JobId, *, is_live: bool) -> None:
    """Whether the first message shows an answer that is still being written."""
    tx.execute("UPDATE turn SET is_live = ? WHERE job_id = ?", (int(is_live), job_id))


def loose_ends(reader: Reader) -> tuple[JobId, ...]:
    """Jobs that bring no answer any more, or nobody knows, while a message still says that one is being written."""
    rows = reader.all(
        "SELECT turn.job_id FROM turn JOIN job ON job.id = turn.job_id"
        " WHERE turn.is_live = 1 AND (job.finished_at IS NOT NULL OR job.state = 'unknown') ORDER BY turn.created_at"
    )
    return tuple(JobId(row["job_id"]) for row in rows)


_EMPTIED = "question = NULL, answer = NULL, citations = NULL"


def forget(
    tx: Transaction, root_id: JobId, *, member_id: MemberId | None, by: MemberId, at: Millis
) -> tuple[JobId, ...]:
    """Empties the ended turns of a conversation, `member_id`'s own or (None) everybody's; returns which."""
    rows = tx.all(
        f"UPDATE turn SET {_EMPTIED}, forgotten_at = :at, forgotten_by = :by"  # noqa: S608 - a constant
        " WHERE root_id = :root AND forgotten_at IS NULL AND EXISTS (SELECT 1 FROM job WHERE job.id = turn.job_id"
        " AND job.finished_at IS NOT NULL AND (:member IS NULL OR job.member_id = :member)) RETURNING job_id",
        {"at": at, "by": by, "root": root_id, "member": member_id},
    )
    return tuple(JobId(row["job_id"]) for row in rows)


def forget_older(tx: Transaction, *, than: Millis, at: Millis) -> tuple[JobId, ...]:
    """Empties ended turns from before that moment; returns which."""
    rows = tx.all(
        f"UPDATE turn SET {_EMPTIED}, forgotten_at = :at"  # noqa: S608 - a constant
        " WHERE created_at < :than AND forgotten_at IS NULL AND EXISTS"
        " (SELECT 1 FROM job WHERE job.id = turn.job_id AND job.finished_at IS NOT NULL) RETURNING job_id",
        {"at": at, "than": than},
    )
    return tuple(JobId(row["job_id"]) for row in rows)


def has_speech(reader: Reader, answer: JobId, *, member_id: MemberId, since: Millis, but: JobId) -> bool:
    """Whether the member has another request for this answer's sound under way, or made one since that moment."""
    row = reader.one(
        "SELECT 1 FROM job WHERE kind = 'speak' AND parent_id = :answer AND member_id = :member AND id <> :but"
        " AND (finished_at IS NULL OR created_at >= :since) LIMIT 1",
        {"answer": answer, "member": member_id, "since": since, "but": but},
    )
    return row is not None


def keep_sound(tx: Transaction, job_id: JobId, *, media_type: str, data: bytes) -> None:
    """Stores a sound until it is delivered."""
    tx.execute("INSERT INTO sound (job_id, media_type, data) VALUES (?, ?, ?)", (job_id, media_type, data))


def sound_of(reader: Reader, job_id: JobId) -> tuple[str, bytes] | None:
    """Media type and bytes of a sound that is not delivered yet."""
    row = reader.one("SELECT media_type, data FROM sound WHERE job_id = ?", (job_id,))
    return None if row is None else (row["media_type"], row["data"])


def drop_sound(tx: Transaction, job_id: JobId) -> None:
    """It is where it belongs."""
    tx.execute("DELETE FROM sound WHERE job_id = ?", (job_id,))

"""All SQL of wishes, and of what they empty."""

from bot.core.clock import Millis
from bot.core.ids import ChannelId, GuildId, JobId, MemberId, MessageId
from bot.db import Reader, Row, Transaction
from bot.services.privacy.model import Erasable, Spot, WantedPost, Whose, Wish

_OWN = "job.guild_id = :guild AND job.member_id = :member"


def _who(whose: Whose) -> dict[str, object]:
    return {"guild": whose.guild_id, "member": whose.member_id}


def _wish(row: Row) -> Wish:
    return Wish(
        id=row["id"],
        whose=Whose(guild_id=GuildId(row["guild_id"]), member_id=MemberId(row["member_id"])),
        asked_at=Millis(row["asked_at"]),
        with_posts=bool(row["with_posts"]),
        jobs=row["jobs"],
        posts_left=row["posts_left"],
        finished_at=row["finished_at"],
    )


def add_wish(tx: Transaction, whose: Whose, *, with_posts: bool, at: Millis) -> None:
    """Stores the wish; one that is open already reaches until now, and never leaves posts that it wanted gone."""
    tx.execute(
        "INSERT INTO erasure (guild_id, member_id, asked_at, with_posts) VALUES (:guild, :member, :at, :posts)"
        " ON CONFLICT (guild_id, member_id) WHERE finished_at IS NULL DO UPDATE"
        " SET asked_at = max(asked_at, excluded.asked_at), with_posts = max(with_posts, excluded.with_posts)",
        {**_who(whose), "at": at, "posts": int(with_posts)},
    )
    if with_posts:
        # Those that an earlier wish emptied and whose message it left are walked over once more.
        tx.execute(
            f"UPDATE job SET erased_at = NULL WHERE {_OWN} AND erased_at IS NOT NULL"  # noqa: S608 - a constant
            " AND EXISTS (SELECT 1 FROM delivery LEFT JOIN removal USING (job_id)"
            " WHERE delivery.job_id = job.id AND delivery.message_id IS NOT NULL AND removal.removed_at IS NULL)",
            _who(whose),
        )


def open_wishes(reader: Reader, *, limit: int) -> tuple[Wish, ...]:
    """Wishes that are not finished, the oldest first."""
    rows = reader.all("SELECT * FROM erasure WHERE finished_at IS NULL ORDER BY id LIMIT ?", (limit,))
    return tuple(_wish(row) for row in rows)


def last_wish(reader: Reader, whose: Whose) -> Wish | None:
    """The member's latest wish there."""
    row = reader.one(
        "SELECT * FROM erasure WHERE guild_id = :guild AND member_id = :member ORDER BY id DESC LIMIT 1", _who(whose)
    )
    return None if row is None else _wish(row)


def erasable(reader: Reader, wish: Wish, *, after: Spot | None, limit: int) -> tuple[Erasable, ...]:
    """Ended jobs that the wish covers and that are not emptied, behind that place, the oldest first."""
    rows = reader.all(
        f"SELECT id, kind, payload, result, created_at FROM job WHERE {_OWN}"  # noqa: S608 - a constant
        " AND created_at <= :asked AND (created_at, id) > (:created, :id)"
        " AND finished_at IS NOT NULL AND erased_at IS NULL ORDER BY created_at, id LIMIT :limit",
        {
            **_who(wish.whose),
            "asked": wish.asked_at,
            "created": -1 if after is None else after.created_at,
            "id": "" if after is None else after.job_id,
            "limit": limit,
        },
    )
    return tuple(
        Erasable(
            spot=Spot(created_at=Millis(row["created_at"]), job_id=JobId(row["id"])),
            kind=row["kind"],
            payload=row["payload"],
            result=row["result"],
        )
        for row in rows
    )


def empty_job(tx: Transaction, job_id: JobId, *, payload: str, result: str | None, by: MemberId, at: Millis) -> None:
    """Takes words, answers, sounds and addresses away; the row stays, with what it cost."""
    tx.execute(
        "UPDATE job SET payload = ?, result = ?, words_removed_at = coalesce(words_removed_at, ?), erased_at = ?"
        " WHERE id = ?",
        (payload, result, at, at, job_id),
    )
    tx.execute(
        "UPDATE turn SET question = NULL, answer = NULL, citations = NULL, forgotten_at = coalesce(forgotten_at, ?),"
        " forgotten_by = coalesce(forgotten_by, ?) WHERE job_id = ?",
        (at, by, job_id),
    )
    tx.execute("DELETE FROM sound WHERE job_id = ?", (job_id,))
    tx.execute("DELETE FROM handed_over WHERE job_id = ?", (job_id,))


def want_posts(tx: Transaction, wish: Wish, job_id: JobId) -> None:
    """Notes the job's public messages that still stand, each part of an answer included."""
    tx.execute(
        "INSERT INTO erasure_post (message_id, erasure_id, job_id, channel_id)"
        " SELECT found.message_id, :wish, :job, delivery.channel_id FROM delivery JOIN ("
        " SELECT message_id FROM delivery WHERE job_id = :job AND message_id IS NOT NULL"
        " UNION SELECT message_id FROM turn_message WHERE job_id = :job) AS found"
        " WHERE delivery.job_id = :job AND delivery.route = 'channel' AND NOT EXISTS"
        " (SELECT 1 FROM removal WHERE removal.job_id = :job AND removal.removed_at IS NOT NULL)"
        " ON CONFLICT (message_id) DO NOTHING",
        {"wish": wish.id, "job": job_id},
    )


def wants_posts(reader: Reader, wish: Wish) -> bool:
    """Whether the posts are to go too, by now: a second wish may have added them."""
    row = reader.one("SELECT with_posts FROM erasure WHERE id = ?", (wish.id,))
    return row is not None and bool(row["with_posts"])


def wanted_posts(reader: Reader, wish: Wish, *, after: MessageId, limit: int) -> tuple[WantedPost, ...]:
    """Messages that go with the wish and may stand still, behind that one."""
    rows = reader.all(
        "SELECT message_id, job_id, channel_id FROM erasure_post WHERE erasure_id = ? AND message_id > ?"
        " ORDER BY message_id LIMIT ?",
        (wish.id, after, limit),
    )
    return tuple(
        WantedPost(
            message_id=MessageId(row["message_id"]),
            job_id=JobId(row["job_id"]),
            channel_id=ChannelId(row["channel_id"]),
        )
        for row in rows
    )


def drop_post(tx: Transaction, wish: Wish, post: WantedPost, *, is_left: bool) -> None:
    """The message is gone, or (`is_left`) out of reach for good."""
    tx.execute("DELETE FROM erasure_post WHERE message_id = ?", (post.message_id,))
    if is_left:
        tx.execute("UPDATE erasure SET posts_left = posts_left + 1 WHERE id = ?", (wish.id,))
    else:
        tx.execute("DELETE FROM turn_message WHERE message_id = ?", (post.message_id,))


def has_posts(reader: Reader, job_id: JobId) -> bool:
    """Whether a message of the job is still to be deleted."""
    return reader.one("SELECT 1 FROM erasure_post WHERE job_id = ? LIMIT 1", (job_id,)) is not None


def empty_rest(tx: Transaction, wish: Wish) -> None:
    """Removes the member's own styles, and the texts of what they reported in that guild."""
    tx.execute(
        "DELETE FROM style WHERE owner = 'member' AND owner_id = ? AND changed_at <= ?",
        (wish.whose.member_id, wish.asked_at),
    )
    tx.execute(
        "UPDATE report SET text = '' WHERE member_id = :member AND text <> '' AND at <= :asked"
        " AND EXISTS (SELECT 1 FROM job WHERE job.id = report.job_id AND job.guild_id = :guild)",
        {**_who(wish.whose), "asked": wish.asked_at},
    )


def count_jobs(tx: Transaction, wish: Wish, jobs: int) -> None:
    """So many more were emptied."""
    tx.execute("UPDATE erasure SET jobs = jobs + ? WHERE id = ?", (jobs, wish.id))


def finish(tx: Transaction, wish: Wish, *, at: Millis) -> bool:
    """Closes the wish; False where something that it covers runs still, or a message is to be deleted."""
    changed = tx.execute(
        "UPDATE erasure SET finished_at = :at WHERE id = :id AND finished_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM erasure_post WHERE erasure_id = :id)"
        " AND NOT EXISTS (SELECT 1 FROM job WHERE job.guild_id = erasure.guild_id"
        " AND job.member_id = erasure.member_id AND job.created_at <= erasure.asked_at AND job.erased_at IS NULL)",
        {"id": wish.id, "at": at},
    )
    return changed == 1


def counts(reader: Reader, whose: Whose) -> Row:
    """How many requests, running ones, pictures, styles and reports there are; what was emptied does not count."""
    row = reader.one(
        "SELECT (SELECT count(*) FROM job WHERE guild_id = :guild AND member_id = :member AND erased_at IS NULL)"
        " AS requests,"
        " (SELECT count(*) FROM job WHERE guild_id = :guild AND member_id = :member AND finished_at IS NULL)"
        " AS running,"
        " (SELECT count(*) FROM picture JOIN job ON job.id = picture.job_id"
        " JOIN asset ON asset.id = picture.asset_id WHERE job.guild_id = :guild AND job.member_id = :member"
        " AND asset.removed_at IS NULL) AS pictures,"
        " (SELECT count(*) FROM style WHERE owner = 'member' AND owner_id = :member) AS styles,"
        " (SELECT count(*) FROM report JOIN job ON job.id = report.job_id"
        " WHERE report.member_id = :member AND job.guild_id = :guild) AS reports",
        _who(whose),
    )
    if row is None:
        raise LookupError("a count has a row")
    return row


def jobs_page(reader: Reader, whose: Whose, *, after: Spot | None, limit: int) -> list[Row]:
    """The member's jobs with their turns and posts, behind that place, the oldest first."""
    return reader.all(
        "SELECT job.id, job.kind, job.state, job.reason, job.channel_id, job.provider, job.model, job.payload,"
        " job.payload_version, job.created_at, job.submitted_at, job.finished_at, job.parent_id, job.erased_at,"
        " job.words_removed_at, turn.question, turn.answer, turn.citations, delivery.channel_id AS posted_in,"
        " delivery.message_id FROM job LEFT JOIN turn ON turn.job_id = job.id"
        " LEFT JOIN delivery ON delivery.job_id = job.id WHERE job.guild_id = :guild AND job.member_id = :member"
        " AND (job.created_at, job.id) > (:created, :id) ORDER BY job.created_at, job.id LIMIT :limit",
        {
            **_who(whose),
            "created": -1 if after is None else after.created_at,
            "id": "" if after is None else after.job_id,
            "limit": limit,
        },
    )


def pictures(reader: Reader, job_id: JobId) -> list[Row]:
    """What the job brought (`brought`) and what was handed in (`handed_in`), with when it was cleaned up."""
    return reader.all(
        "SELECT 'brought' AS side, picture.asset_id, asset.removed_at, NULL AS url FROM picture"
        " JOIN asset ON asset.id = picture.asset_id WHERE picture.job_id = :job"
        " UNION ALL SELECT 'handed_in', source.asset_id, asset.removed_at, source.url FROM source"
        " JOIN asset ON asset.id = source.asset_id WHERE source.job_id = :job",
        {"job": job_id},
    )


def styles(reader: Reader, whose: Whose) -> list[Row]:
    """The member's own styles; there are never many."""
    return reader.all(
        "SELECT name, text, changed_at FROM style WHERE owner = 'member' AND owner_id = :member ORDER BY key",
        _who(whose),
    )


def reports(reader: Reader, whose: Whose, *, after: JobId, limit: int) -> list[Row]:
    """What the member told of results there, behind that result."""
    return reader.all(
        "SELECT report.job_id, report.reason, report.text, report.at FROM report JOIN job ON job.id = report.job_id"
        " WHERE report.member_id = :member AND job.guild_id = :guild AND report.job_id > :after"
        " ORDER BY report.job_id LIMIT :limit",
        {**_who(whose), "after": after, "limit": limit},
    )


def interactions(reader: Reader, whose: Whose, *, after: int, limit: int) -> list[Row]:
    """The member's commands and presses there, behind that one; never a token."""
    return reader.all(
        "SELECT id, command, channel_id, state, received_at, job_id FROM interaction"
        " WHERE guild_id = :guild AND member_id = :member AND id > :after ORDER BY id LIMIT :limit",
        {**_who(whose), "after": after, "limit": limit},
    )


def wishes(reader: Reader, whose: Whose) -> tuple[Wish, ...]:
    """All that the member wanted deleted there, the oldest first."""
    rows = reader.all("SELECT * FROM erasure WHERE guild_id = :guild AND member_id = :member ORDER BY id", _who(whose))
    return tuple(_wish(row) for row in rows)

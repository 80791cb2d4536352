"""The SQL of the staff's cards."""

from bot.core.clock import Millis
from bot.core.ids import ChannelId, GuildId, MemberId, MessageId
from bot.db import Reader, Row, Transaction
from bot.services.staff.model import Operator, StaffChannel, StaffPlace, StaffPost

_BEGIN = """
INSERT INTO staff_post (about, guild_id, place_id, started_at, tries) VALUES (?, ?, ?, ?, 1)
ON CONFLICT (about) DO UPDATE SET tries = staff_post.tries + 1
RETURNING *
"""


def begin_try(tx: Transaction, about: str, place: StaffPlace, *, at: Millis) -> StaffPost:
    """Counts a try before it is made; a card stays where it was first tried."""
    guild_id, place_id = (
        (place.guild_id, int(place.channel_id)) if isinstance(place, StaffChannel) else (None, int(place.user_id))
    )
    return _post(tx.all(_BEGIN, (about, guild_id, place_id, at))[0])


def sent(tx: Transaction, about: str, message_id: MessageId) -> None:
    """Discord has the card."""
    tx.execute("UPDATE staff_post SET message_id = ? WHERE about = ?", (message_id, about))


def post_of(reader: Reader, about: str) -> StaffPost | None:
    """The card about it, once it was tried."""
    row = reader.one("SELECT * FROM staff_post WHERE about = ?", (about,))
    return None if row is None else _post(row)


def _post(row: Row) -> StaffPost:
    place: StaffPlace
    if row["guild_id"] is None:
        place = Operator(user_id=MemberId(row["place_id"]))
    else:
        place = StaffChannel(guild_id=GuildId(row["guild_id"]), channel_id=ChannelId(row["place_id"]))
    return StaffPost(
        place=place,
        started_at=Millis(row["started_at"]),
        tries=row["tries"],
        message_id=None if row["message_id"] is None else MessageId(row["message_id"]),
    )

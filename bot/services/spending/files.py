"""The entries of a guild's period as files of a bounded size."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.ids import GuildId
from bot.core.money import Ticks
from bot.ledger.records.model import Period
from bot.services.exporting import Format, Source, export


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`rows` entries, the oldest first, in `files`; `is_whole` is False where later ones found no room."""

    period: Period
    form: Format
    files: tuple[bytes, ...]
    rows: int
    is_whole: bool


async def parts_of(
    source: Source,
    *,
    guild_id: GuildId,
    period: Period,
    form: Format,
    credit_ticks: Mapping[str, Ticks],
    limit_bytes: int,
    most: int,
) -> Parts:
    """At most `most` files of at most `limit_bytes` each; every CSV file begins with the heading.

    Rows stay whole and in order. Raises DatabaseUnavailable.
    """
    files: list[bytearray] = []
    heading, rows, is_whole = b"", 0, True
    async for piece in export(source, period=period, form=form, guild_id=guild_id, credit_ticks=credit_ticks):
        data = piece.text.encode()
        if not piece.rows:
            heading = data
            files.append(bytearray(heading))
            continue
        if not files or len(files[-1]) + len(data) > limit_bytes:
            if len(files) == most or len(heading) + len(data) > limit_bytes:
                is_whole = False
                break
            files.append(bytearray(heading))
        files[-1] += data
        rows += piece.rows
    return Parts(period=period, form=form, files=tuple(bytes(file) for file in files), rows=rows, is_whole=is_whole)

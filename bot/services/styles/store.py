"""All SQL about styles."""

from bot.core.clock import Millis
from bot.db import Reader, Row, Transaction
from bot.services.styles.model import Draft, Keeper, Owner, Style, StyleId, key_of


def add(tx: Transaction, keeper: Keeper, draft: Draft, *, author_id: int, at: Millis) -> bool:
    """Keeps a new style; False where the name is taken or the owner has as many as it may."""
    changed = tx.execute(
        "INSERT INTO style (owner, owner_id, name, key, text, author_id, changed_at)"
        " SELECT :owner, :owner_id, :name, :key, :text, :author_id, :at"
        " WHERE (SELECT count(*) FROM style WHERE owner = :owner AND owner_id = :owner_id) < :most"
        " ON CONFLICT (owner, owner_id, key) DO NOTHING",
        {
            "owner": keeper.owner,
            "owner_id": keeper.owner_id,
            "name": draft.name,
            "key": key_of(draft.name),
            "text": draft.text,
            "author_id": author_id,
            "at": at,
            "most": keeper.most,
        },
    )
    return changed == 1


def change(tx: Transaction, style: Style, draft: Draft, *, author_id: int, at: Millis) -> bool:
    """Gives the style another name or text; False where it is gone meanwhile. The name must be free."""
    changed = tx.execute(
        "UPDATE style SET name = ?, key = ?, text = ?, author_id = ?, changed_at = ? WHERE id = ?",
        (draft.name, key_of(draft.name), draft.text, author_id, at, style.id),
    )
    return changed == 1


def remove(tx: Transaction, keeper: Keeper, name: str) -> bool:
    """Forgets a style; False where there is none of that name."""
    changed = tx.execute(
        "DELETE FROM style WHERE owner = ? AND owner_id = ? AND key = ?", (keeper.owner, keeper.owner_id, key_of(name))
    )
    return changed == 1


def kept_by(reader: Reader, keeper: Keeper) -> tuple[Style, ...]:
    """Its styles by name; there are never many."""
    rows = reader.all(
        "SELECT * FROM style WHERE owner = ? AND owner_id = ? ORDER BY key", (keeper.owner, keeper.owner_id)
    )
    return tuple(_style(row) for row in rows)


def named(reader: Reader, keeper: Keeper, name: str) -> Style | None:
    """Its style of that name, however the name is spelled."""
    row = reader.one(
        "SELECT * FROM style WHERE owner = ? AND owner_id = ? AND key = ?",
        (keeper.owner, keeper.owner_id, key_of(name)),
    )
    return None if row is None else _style(row)


def get(reader: Reader, style_id: StyleId) -> Style | None:
    """The style as it stands."""
    row = reader.one("SELECT * FROM style WHERE id = ?", (style_id,))
    return None if row is None else _style(row)


def _style(row: Row) -> Style:
    return Style(
        id=StyleId(row["id"]),
        keeper=Keeper(owner=Owner(row["owner"]), owner_id=row["owner_id"]),
        name=row["name"],
        text=row["text"],
        author_id=row["author_id"],
    )

"""The SQL of a guild's rules. A change is logged in the transaction that makes it, by whoever composes it."""

from datetime import tzinfo
from functools import lru_cache

from bot.core.clock import Millis
from bot.core.ids import GuildId, MemberId
from bot.db import Reader, Transaction
from bot.ledger.model import Unit
from bot.ledger.rules.model import (
    AllowList,
    Change,
    Draft,
    Listed,
    Mark,
    Rule,
    RuleId,
    Span,
    Terms,
    UnknownRule,
    Whom,
)

# In order of age, so that the same rules always bind and refuse in the same order.
_RULES = """
SELECT id, guild_id, whom, name, unit, span, minutes, amount, raised_to, raised_until FROM budget_rule
WHERE guild_id = ? AND ended_at IS NULL ORDER BY id
"""

_RULE = """
SELECT id, guild_id, whom, name, unit, span, minutes, amount, raised_to, raised_until FROM budget_rule
WHERE guild_id = ? AND id = ? AND ended_at IS NULL
"""

_LISTS = "SELECT whom, name, what, value FROM allow_rule WHERE guild_id = ? ORDER BY whom, name, what, value"
_MARK = "SELECT mark FROM member_mark WHERE guild_id = ? AND member_id = ?"
_MARKS = "SELECT member_id, mark FROM member_mark WHERE guild_id = ? ORDER BY member_id"

_SET_RULE = """
INSERT INTO budget_rule (guild_id, whom, name, unit, span, minutes, amount, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (guild_id, whom, name, unit, span) WHERE ended_at IS NULL DO UPDATE
SET amount = excluded.amount, minutes = excluded.minutes, raised_to = NULL, raised_until = NULL
RETURNING id, guild_id, whom, name, unit, span, minutes, amount, raised_to, raised_until
"""

_END_RULE = "UPDATE budget_rule SET ended_at = ? WHERE id = ?"

_RAISE_RULE = """
UPDATE budget_rule SET raised_to = ?, raised_until = ? WHERE id = ?
RETURNING id, guild_id, whom, name, unit, span, minutes, amount, raised_to, raised_until
"""


_SET_MARK = """
INSERT INTO member_mark (guild_id, member_id, mark) VALUES (?, ?, ?)
ON CONFLICT (guild_id, member_id) DO UPDATE SET mark = excluded.mark
"""

_DROP_MARK = "DELETE FROM member_mark WHERE guild_id = ? AND member_id = ?"
_DROP_LIST = "DELETE FROM allow_rule WHERE guild_id = ? AND whom = ? AND name = ? AND what = ?"
_ADD_TO_LIST = "INSERT INTO allow_rule (guild_id, whom, name, what, value) VALUES (?, ?, ?, ?, ?)"

_ADD_CHANGE = "INSERT INTO rule_change (guild_id, at, author_id, subject, before, after) VALUES (?, ?, ?, ?, ?, ?)"
_CHANGES = "SELECT * FROM rule_change WHERE guild_id = ? ORDER BY id DESC LIMIT ?"


def terms_of(reader: Reader, guild_id: GuildId, member_id: MemberId, *, zone: tzinfo) -> Terms:
    """What the guild has set, as it bears on the member's requests; `zone` is the guild's."""
    return Terms(
        rules=rules_of(reader, guild_id),
        lists=lists_of(reader, guild_id),
        mark=mark_of(reader, guild_id, member_id),
        zone=zone,
    )


def rules_of(reader: Reader, guild_id: GuildId) -> tuple[Rule, ...]:
    """The rules in force, the oldest first."""
    return tuple(_rule(*row) for row in reader.all(_RULES, (guild_id,)))


def rule_of(reader: Reader, guild_id: GuildId, rule_id: RuleId) -> Rule:
    """One of them. Raises UnknownRule."""
    row = reader.one(_RULE, (guild_id, rule_id))
    if row is None:
        raise UnknownRule(f"guild {guild_id} has no rule {rule_id} in force")
    return _rule(*row)


def lists_of(reader: Reader, guild_id: GuildId) -> tuple[AllowList, ...]:
    """The allow-lists."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for row in reader.all(_LISTS, (guild_id,)):
        found.setdefault((row["whom"], row["name"], row["what"]), set()).add(row["value"])
    return tuple(
        AllowList(whom=Whom(whom), name=name, what=Listed(what), values=frozenset(values))
        for (whom, name, what), values in found.items()
    )


def mark_of(reader: Reader, guild_id: GuildId, member_id: MemberId) -> Mark | None:
    """Whether the member is exempt or blocked."""
    row = reader.one(_MARK, (guild_id, member_id))
    return None if row is None else Mark(row["mark"])


def marks_of(reader: Reader, guild_id: GuildId) -> dict[MemberId, Mark]:
    """Every marked member."""
    return {MemberId(row["member_id"]): Mark(row["mark"]) for row in reader.all(_MARKS, (guild_id,))}


def set_rule(tx: Transaction, guild_id: GuildId, draft: Draft, *, at: Millis) -> Rule:
    """Puts the rule in force, in the place of one for the same subject, unit and span; a raise of that one ends."""
    what = (draft.whom.value, draft.name, draft.unit.value, draft.span.value)
    return _rule(*tx.all(_SET_RULE, (guild_id, *what, draft.minutes, draft.amount, at))[0])


def end_rule(tx: Transaction, rule: Rule, *, at: Millis) -> None:
    """The rule binds no more."""
    tx.execute(_END_RULE, (at, rule.rule_id))


def raise_rule(tx: Transaction, rule: Rule, *, to: int | None, until: Millis | None) -> Rule:
    """Gives the rule another amount until the moment; None for both ends that."""
    return _rule(*tx.all(_RAISE_RULE, (to, until, rule.rule_id))[0])


def set_mark(tx: Transaction, guild_id: GuildId, member_id: MemberId, mark: Mark | None) -> None:
    """Marks the member, or takes the mark away."""
    if mark is None:
        tx.execute(_DROP_MARK, (guild_id, member_id))
    else:
        tx.execute(_SET_MARK, (guild_id, member_id, mark.value))


def set_list(tx: Transaction, guild_id: GuildId, wanted: AllowList) -> None:
    """Keeps the list in the place of the one for the same subject."""
    drop_list(tx, guild_id, whom=wanted.whom, name=wanted.name, what=wanted.what)
    for value in sorted(wanted.values):
        tx.execute(_ADD_TO_LIST, (guild_id, wanted.whom.value, wanted.name, wanted.what.value, value))


def drop_list(tx: Transaction, guild_id: GuildId, *, whom: Whom, name: str, what: Listed) -> None:
    """All is allowed there again."""
    tx.execute(_DROP_LIST, (guild_id, whom.value, name, what.value))


def add_change(tx: Transaction, guild_id: GuildId, change: Change) -> None:
    """Writes one line of the log."""
    words = (change.subject, change.before, change.after)
    tx.execute(_ADD_CHANGE, (guild_id, change.at, change.author_id, *words))


def changes_of(reader: Reader, guild_id: GuildId, *, limit: int) -> tuple[Change, ...]:
    """The last changes, the newest first."""
    return tuple(
        Change(
            at=Millis(row["at"]),
            author_id=MemberId(row["author_id"]),
            subject=row["subject"],
            before=row["before"],
            after=row["after"],
        )
        for row in reader.all(_CHANGES, (guild_id, limit))
    )


# A guild's rules are read by each of its requests and seldom change, so their making is not repeated.
@lru_cache(maxsize=4_096)
def _rule(
    rule_id: int,
    guild_id: int,
    whom: str,
    name: str,
    unit: str,
    span: str,
    minutes: int | None,
    amount: int,
    raised_to: int | None,
    raised_until: int | None,
) -> Rule:
    return Rule(
        rule_id=RuleId(rule_id),
        guild_id=GuildId(guild_id),
        draft=Draft(whom=Whom(whom), name=name, unit=Unit(unit), span=Span(span), amount=amount, minutes=minutes),
        raised_to=raised_to,
        raised_until=None if raised_until is None else Millis(raised_until),
    )

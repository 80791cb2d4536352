"""What a sent form asks for, read from the wire. Pure.

Raises Unclear for what cannot be read, and what the values themselves raise: BadRule, BadSetting.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar, assert_never

from bot.core.ids import ChannelId, GuildId, MemberId
from bot.guilds.model import Digest, GuildSettings
from bot.ledger.model import Unit
from bot.ledger.rules.model import AllowList, Draft, Listed, Mark, Span, Whom
from bot.ui.budgets.amounts import Unclear, read_amount, read_minutes, read_percents, read_time
from bot.ui.budgets.change_forms import Doing
from bot.ui.budgets.fields import Field
from bot.ui.budgets.ids import Adding
from bot.ui.budgets.setting_forms import ALL_COMMANDS, NEVER, WAITS
from bot.ui.form_fields import chosen_of, fields_of

E = TypeVar("E", bound=StrEnum)
_WHOM = {
    Adding.SERVER: Whom.GUILD,
    Adding.EVERYONE: Whom.EVERYONE,
    Adding.MEMBER: Whom.MEMBER,
    Adding.ROLE: Whom.ROLE,
    Adding.CHANNEL: Whom.CHANNEL,
    Adding.COMMAND: Whom.COMMAND,
    Adding.MODEL: Whom.MODEL,
    Adding.RESERVE: Whom.PURPOSE,
    Adding.ROLE_LIST: Whom.ROLE,
    Adding.CHANNEL_LIST: Whom.CHANNEL,
}
_DIGESTS: dict[str, Digest | None] = {NEVER: None, "daily": "daily", "weekly": "weekly"}
_OLD = "That form is from another version of this bot. Open it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """A member to be exempt or blocked; None for neither."""

    member_id: MemberId
    mark: Mark | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Raising:
    """Another amount for so many milliseconds."""

    amount: int
    time_ms: int


class Sent:
    """The values of a form by their fields."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._texts = fields_of(data)
        self._chosen = chosen_of(data)

    def text(self, field: Field) -> str:
        """What was typed or chosen there; empty where there is nothing."""
        return self._texts.get(field, "").strip()

    def one(self, field: Field) -> str:
        """The one thing chosen. Raises Unclear."""
        values = self._chosen.get(field) or tuple(filter(None, [self.text(field)]))
        if len(values) != 1:
            raise Unclear(_OLD)
        return values[0]

    def many(self, field: Field) -> frozenset[str]:
        """All that was chosen in a menu."""
        return frozenset(self._chosen.get(field, ()))


def added(adding: Adding, sent: Sent, guild_id: GuildId) -> Draft | Marking | tuple[AllowList, ...]:
    """What is to be added."""
    match adding:
        case Adding.MARK:
            return Marking(member_id=MemberId(_id(sent.one(Field.WHOM))), mark=_mark(sent))
        case Adding.ROLE_LIST | Adding.CHANNEL_LIST:
            return _lists(_WHOM[adding], sent)
        case _:
            return _draft(_WHOM[adding], sent, guild_id)


def _draft(whom: Whom, sent: Sent, guild_id: GuildId) -> Draft:
    name = "" if whom in (Whom.GUILD, Whom.EVERYONE) else sent.one(Field.WHOM)
    if whom is Whom.ROLE and name == str(guild_id):  # Discord's role for everyone
        whom, name = Whom.EVERYONE, ""
    unit, span = _unit(sent), _span(sent)
    minutes = sent.text(Field.MINUTES)
    if span is Span.ROLLING:
        if unit is not Unit.REQUESTS:
            raise Unclear("A pace counts requests: choose Requests.")
        return Draft(
            whom=whom,
            name=name,
            unit=unit,
            span=span,
            amount=read_amount(unit, sent.text(Field.AMOUNT)),
            minutes=read_minutes(minutes),
        )
    if minutes:
        raise Unclear("Minutes belong to a pace: choose A pace, or leave them empty.")
    return Draft(whom=whom, name=name, unit=unit, span=span, amount=read_amount(unit, sent.text(Field.AMOUNT)))


def _lists(whom: Whom, sent: Sent) -> tuple[AllowList, ...]:
    name = sent.one(Field.WHOM)
    values = {what: listed(what, sent) for what in Listed}
    lists = [AllowList(whom=whom, name=name, what=what, values=some) for what, some in values.items() if some]
    if not lists:
        raise Unclear("Choose models or sizes, or type how many pictures.")
    return tuple(lists)


def listed(what: Listed, sent: Sent) -> frozenset[str]:
    """The values of a list; none where nothing was chosen."""
    match what:
        case Listed.MODEL:
            return sent.many(Field.MODELS)
        case Listed.RESOLUTION:
            return sent.many(Field.SIZES)
        case Listed.COUNT:
            typed = sent.text(Field.COUNT)
            return frozenset({str(read_amount(Unit.PICTURES, typed))}) if typed else frozenset()
        case _:
            assert_never(what)


def doing_of(sent: Sent) -> Doing:
    """What a form is to do."""
    return _member_of(Doing, sent.one(Field.DO))


def draft_of(old: Draft, sent: Sent) -> Draft:
    """A rule with the amount, and where it is a pace the minutes, that were typed."""
    amount = read_amount(old.unit, sent.text(Field.AMOUNT))
    return replace(old, amount=amount, minutes=old.minutes and read_minutes(sent.text(Field.MINUTES)))


def raising_of(old: Draft, sent: Sent) -> Raising:
    """For how long a rule allows more, and how much."""
    amount = read_amount(old.unit, sent.text(Field.AMOUNT))
    if amount <= old.amount:
        raise Unclear("A raise is more than what holds: type a larger amount.")
    return Raising(amount=amount, time_ms=read_time(sent.text(Field.TIME)))


def mark_of(sent: Sent) -> Mark | None:
    """What is to hold for a member; None for neither."""
    return None if sent.one(Field.MARK) == Doing.REMOVE else _mark(sent)


def paused_of(sent: Sent) -> str | None:
    """Which command is to pause; None for all."""
    what = sent.one(Field.WHOM)
    return None if what == ALL_COMMANDS else what


def settings_of(old: GuildSettings, sent: Sent) -> GuildSettings:
    """The settings as they are wanted."""
    channels = sent.many(Field.CHANNEL)
    try:
        digest = _DIGESTS[sent.one(Field.DIGEST)]
    except KeyError:
        raise Unclear(_OLD) from None
    return replace(
        old,
        staff_channel_id=ChannelId(_id(min(channels))) if channels else None,
        zone=sent.text(Field.ZONE),
        thresholds=read_percents(sent.text(Field.PERCENTS)),
        digest=digest,
        is_soft=sent.one(Field.SOFT) == WAITS,
    )


def _id(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise Unclear(_OLD)
    return int(text)


def _unit(sent: Sent) -> Unit:
    return _member_of(Unit, sent.one(Field.UNIT))


def _span(sent: Sent) -> Span:
    return _member_of(Span, sent.one(Field.SPAN))


def _mark(sent: Sent) -> Mark:
    return _member_of(Mark, sent.one(Field.MARK))


def _member_of(kind: type[E], value: str) -> E:
    try:
        return kind(value)
    except ValueError:
        raise Unclear(_OLD) from None

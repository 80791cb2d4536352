"""The forms behind "Change or remove…": each shows what it says now, and carries that along."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, assert_never

from discord import ui

from bot.core.ids import GuildId, MemberId
from bot.guilds.model import REASON_LENGTH, Pause
from bot.ledger.rules.model import AllowList, Listed, Mark, Whom
from bot.services.budgets.reading import Budget, RuleStanding
from bot.services.budgets.seen import seen_as
from bot.ui.budgets import fields, lines
from bot.ui.budgets.add_forms import MARKS, Offered
from bot.ui.budgets.amounts import amount_text
from bot.ui.budgets.fields import SIZES, Choice, Field, Label
from bot.ui.budgets.ids import ChangeForm, Key, ListKey, MarkKey, PauseKey, RuleKey, Sheet, form_id


class Doing(StrEnum):
    """What a form is to do with what it shows."""

    SET = "set"
    RAISE = "raise"
    LOWER = "lower"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A member who is exempt or blocked."""

    member_id: MemberId
    mark: Mark


# What a key stands for.
Shown = RuleStanding | AllowList | Marked | Pause


def _seen(shown: Shown) -> str:
    match shown:
        case RuleStanding():
            return seen_as(shown.rule)
        case Marked():
            return seen_as(shown.mark)
        case _:
            return seen_as(shown)


_SET = Choice(value=Doing.SET, label="Set this amount", told="From the next request on")
_RAISE = Choice(value=Doing.RAISE, label="Raise it for a while", told="Give the time below; then it ends by itself")
_LOWER = Choice(value=Doing.LOWER, label="End the raise now")
_REMOVE = Choice(value=Doing.REMOVE, label="Remove it", told="Nothing of this kind holds any more")
_FREE = Choice(value=Doing.REMOVE, label="Neither", told="The limits for members hold, and they may ask")
_LISTED = Choice(value=Doing.SET, label="Allow only what is chosen below")
_ALLOW_ALL = Choice(value=Doing.REMOVE, label="Remove the list", told="All is allowed again")
_RESUME = Choice(value=Doing.REMOVE, label="Go on", told="Requests are accepted again")
_REASON = Choice(value=Doing.SET, label="Stay paused, with this reason")


def find(budget: Budget, key: Key) -> Shown | None:
    """What a key stands for now; None where it is gone."""
    match key:
        case RuleKey():
            return next((one for one in budget.rules if one.rule.rule_id == key.rule_id), None)
        case MarkKey():
            mark = budget.marks.get(key.member_id)
            return None if mark is None else Marked(member_id=key.member_id, mark=mark)
        case ListKey():
            subject = (key.whom, key.name, key.what)
            return next((one for one in budget.lists if (one.whom, one.name, one.what) == subject), None)
        case PauseKey():
            return next((one for one in budget.pauses if one.command == key.command), None)
        case _:
            assert_never(key)


def change_form(key: Key, shown: Shown, sheet: Sheet, guild_id: GuildId, offered: Offered) -> ui.Modal:
    """The form, filled with what holds now."""
    title, told, parts = _form(shown, guild_id, offered)
    text: ui.TextDisplay[Any] = ui.TextDisplay(told)
    custom_id = form_id(ChangeForm(key=key, seen=_seen(shown)), sheet)
    return fields.modal(title, custom_id, text, *parts)


def _form(shown: Shown, guild_id: GuildId, offered: Offered) -> tuple[str, str, list[Label]]:
    match shown:
        case RuleStanding():
            return "Change a limit", lines.rule_line(shown), _rule(shown)
        case AllowList():
            return "Change what is allowed", lines.list_line(shown, guild_id), _list(shown, offered)
        case Pause():
            return "A pause", lines.pause_line(shown), _pause(shown)
        case Marked():
            doing = fields.radio(Field.MARK, "What holds for them", (*MARKS, _FREE), chosen=shown.mark)
            return "Exempt or block a member", lines.mark_line(shown.member_id, shown.mark), [doing]
        case _:
            assert_never(shown)


def _rule(shown: RuleStanding) -> list[Label]:
    draft = shown.rule.draft
    is_raised = shown.amount != draft.amount
    can_raise = draft.whom is not Whom.PURPOSE
    doings = [_SET, *([_RAISE] if can_raise else []), *([_LOWER] if is_raised else []), _REMOVE]
    parts = [
        fields.radio(Field.DO, "What shall be done", doings, chosen=Doing.SET),
        fields.amount(amount_text(draft.unit, draft.amount), is_needed=False),
    ]
    if draft.minutes is not None:
        parts.append(fields.minutes(str(draft.minutes)))
    if can_raise:
        told = "Only to raise it for a while"
        parts.append(fields.typed(Field.TIME, "For how long", told=told, example="6 hours", is_needed=False))
    return parts


def _list(one: AllowList, offered: Offered) -> list[Label]:
    doing = fields.radio(Field.DO, "What shall be done", (_LISTED, _ALLOW_ALL), chosen=Doing.SET)
    told = "Only these are allowed"
    match one.what:
        case Listed.MODEL:
            known = {choice.value for choice in offered.models}
            gone = [Choice(value=name, label=name) for name in sorted(one.values - known)]
            values = fields.menu(Field.MODELS, "Models", [*gone, *offered.models], chosen=one.values, told=told)
        case Listed.RESOLUTION:
            values = fields.menu(Field.SIZES, "Sizes", SIZES, chosen=one.values, told=told)
        case Listed.COUNT:
            (most,) = one.values
            values = fields.typed(
                Field.COUNT, "Pictures at once, at most", told=told, example="2", value=most, is_needed=False
            )
        case _:
            assert_never(one.what)
    return [doing, values]


def _pause(pause: Pause) -> list[Label]:
    return [
        fields.radio(Field.DO, "What shall be done", (_RESUME, _REASON), chosen=Doing.REMOVE),
        reason(pause.reason),
    ]


def reason(value: str | None = None) -> Label:
    """Why it is paused."""
    told = "Members read it when they are refused"
    return fields.typed(
        Field.REASON, "Reason", told=told, example="Back on Monday", value=value, is_needed=False, most=REASON_LENGTH
    )

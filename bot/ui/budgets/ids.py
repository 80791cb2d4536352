"""What the buttons, selects and forms of a server's budget carry. Pure.

A custom id says which page of the card it stands on, and a turn that is the other one each time the card is drawn: a
menu whose id stays the same keeps what was chosen in it, and choosing that again does nothing.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.core.ids import MemberId
from bot.ledger.rules.model import Listed, RuleId, Whom
from bot.ui.custom_ids import PREFIX

# Four digits of pages: members can be marked one by one, without end.
_SHEET = r"(?P<page>0|[1-9][0-9]{0,3}):(?P<turn>[01])"
_SNOWFLAKE = r"[1-9][0-9]{0,19}"
_SEEN = r"[0-9a-f]{10}"
FORM_PREFIX = f"{PREFIX}budget-form:"
MAX_PAGE = 9_999


class Do(StrEnum):
    """What a button does. The first four open forms, the next four show something beside the card."""

    PAUSE = "pause"
    SETTINGS = "settings"
    ADD = "add"
    CHANGE = "change"
    LOG = "log"
    WEEK = "week"
    MONTH = "month"
    REFRESH = "refresh"
    TURN = "turn"


SELECTS = (Do.ADD, Do.CHANGE)
_BUTTONS = tuple(do for do in Do if do not in SELECTS)
BUTTON_PATTERN = rf"{PREFIX}budget:(?P<do>{'|'.join(_BUTTONS)}):{_SHEET}"
SELECT_PATTERN = rf"{PREFIX}budget:(?P<do>{'|'.join(SELECTS)}):{_SHEET}"
LOG_PATTERN = rf"{PREFIX}budget-log:(?P<page>0|[1-9][0-9]{{0,3}})"


class Adding(StrEnum):
    """What can be added."""

    SERVER = "server"
    EVERYONE = "everyone"
    MEMBER = "member"
    ROLE = "role"
    CHANNEL = "channel"
    COMMAND = "command"
    MODEL = "model"
    RESERVE = "reserve"
    MARK = "mark"
    ROLE_LIST = "role-list"
    CHANNEL_LIST = "channel-list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Which page of the card, and which of two turns it was drawn in."""

    page: int = 0
    turn: int = 0

    @property
    def next(self) -> "Sheet":
        """The same page drawn anew."""
        return Sheet(page=self.page, turn=1 - self.turn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A press on the card, or a choice in it; for TURN the sheet to show, else the one it stands on."""

    do: Do
    sheet: Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKey:
    """A rule."""

    rule_id: RuleId


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkKey:
    """A member who is exempt or blocked."""

    member_id: MemberId


@dataclass(frozen=True, slots=True, kw_only=True)
class ListKey:
    """What a role or a channel may use."""

    whom: Whom
    name: str
    what: Listed


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseKey:
    """A pause; None for that of everything."""

    command: str | None


Key = RuleKey | MarkKey | ListKey | PauseKey


@dataclass(frozen=True, slots=True, kw_only=True)
class AddForm:
    """The form that adds something."""

    adding: Adding


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeForm:
    """The form that changes something which looked like `seen` (`services.budgets.seen`) when it was opened."""

    key: Key
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseForm:
    """The form that pauses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsForm:
    """The form for alerts and the time zone, opened on settings that looked like `seen`."""

    seen: str


Form = AddForm | ChangeForm | PauseForm | SettingsForm
_KEY = (
    rf"rule:(?P<rule>[1-9][0-9]{{0,18}})|mark:(?P<member>{_SNOWFLAKE})|pause:(?P<command>[a-z0-9_-]{{0,32}})"
    rf"|list:(?P<whom>role|channel):(?P<name>{_SNOWFLAKE}):(?P<what>{'|'.join(Listed)})"
)
_ONLY_KEY = re.compile(_KEY)
FORM_PATTERN = (
    rf"{FORM_PREFIX}{_SHEET}:(?:add:(?P<adding>{'|'.join(Adding)})|(?P<pause>pause)"
    rf"|settings:(?P<settings>{_SEEN})|change:(?P<seen>{_SEEN}):(?:{_KEY}))"
)
_FORM = re.compile(FORM_PATTERN)


def press_id(press: Press) -> str:
    """The custom id of a button or a select."""
    return f"{PREFIX}budget:{press.do}:{press.sheet.page}:{press.sheet.turn}"


def press_of(match: re.Match[str]) -> Press:
    """The press that a custom id stands for."""
    return Press(do=Do(match["do"]), sheet=_sheet(match))


def read_press(custom_id: str) -> Press | None:
    """The same; None for what is none of the card's."""
    match = re.fullmatch(BUTTON_PATTERN, custom_id) or re.fullmatch(SELECT_PATTERN, custom_id)
    return None if match is None else press_of(match)


def log_id(page: int) -> str:
    """The custom id of a button that turns the log."""
    return f"{PREFIX}budget-log:{page}"


def read_log(custom_id: str) -> int | None:
    """The page of the log that a button shows; None for what is none of these."""
    match = re.fullmatch(LOG_PATTERN, custom_id)
    return None if match is None else int(match["page"])


def key_text(key: Key) -> str:
    """A key as an option of the select carries it."""
    match key:
        case RuleKey():
            return f"rule:{key.rule_id}"
        case MarkKey():
            return f"mark:{key.member_id}"
        case ListKey():
            return f"list:{key.whom}:{key.name}:{key.what}"
        case PauseKey():
            return f"pause:{key.command or ''}"


def read_key(text: str) -> Key | None:
    """The key that an option carries; None for what this version does not know."""
    match = _ONLY_KEY.fullmatch(text)
    return None if match is None else _key(match)


def form_id(form: Form, sheet: Sheet) -> str:
    """The custom id of a form that was opened from that sheet."""
    head = f"{FORM_PREFIX}{sheet.page}:{sheet.turn}"
    match form:
        case AddForm():
            return f"{head}:add:{form.adding}"
        case ChangeForm():
            return f"{head}:change:{form.seen}:{key_text(form.key)}"
        case PauseForm():
            return f"{head}:pause"
        case SettingsForm():
            return f"{head}:settings:{form.seen}"


def read_form_id(custom_id: str) -> tuple[Form, Sheet] | None:
    """The form that a custom id stands for, and its sheet; None for what this version does not know."""
    match = _FORM.fullmatch(custom_id)
    return None if match is None else (_form(match), _sheet(match))


def _sheet(match: re.Match[str]) -> Sheet:
    return Sheet(page=int(match["page"]), turn=int(match["turn"]))


def _form(match: re.Match[str]) -> Form:
    if match["adding"] is not None:
        return AddForm(adding=Adding(match["adding"]))
    if match["settings"] is not None:
        return SettingsForm(seen=match["settings"])
    if match["seen"] is not None:
        return ChangeForm(key=_key(match), seen=match["seen"])
    return PauseForm()


def _key(match: re.Match[str]) -> Key:
    if match["rule"] is not None:
        return RuleKey(rule_id=RuleId(int(match["rule"])))
    if match["member"] is not None:
        return MarkKey(member_id=MemberId(int(match["member"])))
    if match["whom"] is not None:
        return ListKey(whom=Whom(match["whom"]), name=match["name"], what=Listed(match["what"]))
    return PauseKey(command=match["command"] or None)

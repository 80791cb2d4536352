"""What a button or a form carries: a verb, a job id, and the place of a picture where there are several. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.core.ids import JobId, MessageId

# Every custom id of ours begins so; what begins so and is not known any more is answered politely.
PREFIX = "easel:"
# A job id is 24 base32 letters (`bot.core.ids.new_job_id`); Discord allows 100 characters.
JOB_PATTERN = r"(?P<job>[a-z2-7]{24})"
CANCEL_PATTERN = rf"easel:cancel:{JOB_PATTERN}"


class ResultVerb(StrEnum):
    """What a button of a result asks for. `remove` is the second press, after `delete` has asked."""

    AGAIN = "again"
    VARY = "vary"
    EDIT = "edit"
    UPSCALE = "upscale"
    DETAILS = "details"
    REPORT = "report"
    DELETE = "delete"
    REMOVE = "remove"


class FormVerb(StrEnum):
    """Which form was sent off."""

    EDIT = "edit"
    REPORT = "report"


class MenuVerb(StrEnum):
    """What a message's menu asked for before its form was sent off."""

    EDIT = "edit"
    UPSCALE = "upscale"


class HistoryVerb(StrEnum):
    """What a button of `/history` asks for: the page behind or before a result, or the result itself."""

    OLDER = "older"
    NEWER = "newer"
    OPEN = "open"


HISTORY_PATTERN = rf"easel:(?P<verb>{'|'.join(HistoryVerb)}):{JOB_PATTERN}"
RESULT_PATTERN = rf"easel:(?P<verb>{'|'.join(ResultVerb)}):{JOB_PATTERN}(?::(?P<position>[1-9][0-9]?))?"
FORM_PATTERN = rf"easel:form:(?P<verb>{'|'.join(FormVerb)}):{JOB_PATTERN}"
# A message's id is a number of 64 bits.
MENU_FORM_PATTERN = rf"easel:menu-form:(?P<verb>{'|'.join(MenuVerb)}):(?P<message>[1-9][0-9]{{0,19}})"
_MENU_FORM = re.compile(MENU_FORM_PATTERN)
_RESULT, _FORM = re.compile(RESULT_PATTERN), re.compile(FORM_PATTERN)
_HISTORY = re.compile(HISTORY_PATTERN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A press on a button of a result; `position` of a picture from 1, None where the button means no single one."""

    verb: ResultVerb
    job_id: JobId
    position: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormId:
    """Which form of which result."""

    verb: FormVerb
    job_id: JobId


def cancel(job_id: JobId) -> str:
    """The custom id of a job's Cancel button."""
    return f"easel:cancel:{job_id}"


def of_press(press: Press) -> str:
    """The custom id of a result's button."""
    place = "" if press.position is None else f":{press.position}"
    return f"easel:{press.verb}:{press.job_id}{place}"


def read_press(custom_id: str) -> Press | None:
    """The press that a custom id stands for; None for what no result's button carries."""
    found = _RESULT.fullmatch(custom_id)
    if found is None:
        return None
    place = found["position"]
    return Press(
        verb=ResultVerb(found["verb"]), job_id=JobId(found["job"]), position=None if place is None else int(place)
    )


def of_form(form: FormId) -> str:
    """The custom id of a form."""
    return f"easel:form:{form.verb}:{form.job_id}"


def read_form(custom_id: str) -> FormId | None:
    """The form that a custom id stands for; None for what is no form of a result."""
    found = _FORM.fullmatch(custom_id)
    return None if found is None else FormId(verb=FormVerb(found["verb"]), job_id=JobId(found["job"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuForm:
    """Which form about which message."""

    verb: MenuVerb
    message_id: MessageId


def of_menu_form(form: MenuForm) -> str:
    """The custom id of a form that a message's menu opens."""
    return f"easel:menu-form:{form.verb}:{form.message_id}"


def read_menu_form(custom_id: str) -> MenuForm | None:
    """The form that a custom id stands for; None for what no menu opens."""
    found = _MENU_FORM.fullmatch(custom_id)
    if found is None:
        return None
    return MenuForm(verb=MenuVerb(found["verb"]), message_id=MessageId(int(found["message"])))


def of_history(verb: HistoryVerb, job_id: JobId) -> str:
    """The custom id of a button of `/history`."""
    return f"easel:{verb}:{job_id}"


class TalkVerb(StrEnum):
    """What a button of an answer asks for. `aloud` is the second press, after a dear reading has been confirmed."""

    CONTINUE = "continue"
    SPEAK = "speak"
    ALOUD = "aloud"
    FORGET = "forget"


TALK_PATTERN = rf"easel:(?P<verb>{'|'.join(TalkVerb)}):{JOB_PATTERN}"
# The form behind Continue; a family of its own, so that each cog reads only its own forms.
CONTINUED_PATTERN = rf"easel:talk-form:continue:{JOB_PATTERN}"


def talk(verb: TalkVerb, job_id: JobId) -> str:
    """The custom id of an answer's button."""
    return f"easel:{verb}:{job_id}"


def continued(job_id: JobId) -> str:
    """The custom id of the form that asks what comes next."""
    return f"easel:talk-form:continue:{job_id}"


def read_history(custom_id: str) -> tuple[HistoryVerb, JobId] | None:
    """What a button of `/history` asks for; None for what is none of them."""
    found = _HISTORY.fullmatch(custom_id)
    return None if found is None else (HistoryVerb(found["verb"]), JobId(found["job"]))


class LeaveVerb(StrEnum):
    """What a button under a request that waits for leave asks for."""

    ALLOW = "allow"
    REFUSE = "refuse"


LEAVE_PATTERN = rf"easel:leave:(?P<verb>{'|'.join(LeaveVerb)}):{JOB_PATTERN}"
LEAVE_FORM_PATTERN = rf"easel:leave-form:{JOB_PATTERN}"
_LEAVE, _LEAVE_FORM = re.compile(LEAVE_PATTERN), re.compile(LEAVE_FORM_PATTERN)


def leave(verb: LeaveVerb, job_id: JobId) -> str:
    """The custom id of a button for moderators."""
    return f"easel:leave:{verb}:{job_id}"


def read_leave(custom_id: str) -> tuple[LeaveVerb, JobId] | None:
    """What such a button asks for; None for what is none."""
    found = _LEAVE.fullmatch(custom_id)
    return None if found is None else (LeaveVerb(found["verb"]), JobId(found["job"]))


def leave_form(job_id: JobId) -> str:
    """The custom id of the form that asks why."""
    return f"easel:leave-form:{job_id}"


def read_leave_form(custom_id: str) -> JobId | None:
    """Which request the form refuses; None for another form."""
    found = _LEAVE_FORM.fullmatch(custom_id)
    return None if found is None else JobId(found["job"])

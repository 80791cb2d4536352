"""What members and moderators read of a request that waits for leave."""

from collections.abc import Mapping
from typing import Any

import discord
from discord import ui

from bot.core.clock import SECOND_MS
from bot.core.errors import Fact, Refusal, RefusalReason
from bot.core.ids import short
from bot.core.money import format_usd
from bot.services.leave.desk import LeaveAnswer, LeaveOutcome
from bot.services.leave.model import REASON_LENGTH, Leave, LeaveState
from bot.services.staff.model import LeaveNotice
from bot.ui import custom_ids, words
from bot.ui.cards import PROGRESS_COLOUR, PROMPT_ON_RESULT, REFUSAL_COLOUR, RESULT_COLOUR, layout, notice
from bot.ui.custom_ids import LeaveVerb
from bot.ui.limit_words import WINDOWS
from bot.ui.text import escape, quote

_PROMPT_ON_CARD = 600
_MODEL = 80
NOT_ALLOWED = words.Words(
    title="Only moderators decide this",
    body="It takes the right Manage Messages or Manage Server here.",
)
BUSY = words.Words(title="I am busy right now", body="Nothing was decided. Press again in a minute.")
_UNKNOWN = words.Words(title="I do not know this request any more", body="There is nothing to decide.")
_KINDS = {
    "imagine": "Picture",
    "edit": "Edit of a picture",
    "upscale": "Larger picture",
    "ask": "Question",
    "speak": "Answer read aloud",
}
_ENDED = {
    LeaveState.ALLOWED: "Allowed once",
    LeaveState.REFUSED: "Refused",
    LeaveState.EXPIRED: "Nobody decided in time",
    LeaveState.CANCELLED: "Taken back by the member",
    LeaveState.UNHEARD: "This channel was out of reach",
}
# Whose limit it is, for those who are not the member; by the first part of a limit's scope.
_WHOSE = {
    "member": "the member has",
    "channel": "this channel has",
    "command": "this command has",
    "model": "this model has",
    "guild": "the server has",
    "besides": "the server has, beside what is reserved,",
}
_SET_FOR = {
    "member": " (set for this member)",
    "role": " (set for their role)",
    "everyone": " (set for each member)",
}


# -- the member ------------------------------------------------------------------------------------------------------


def waiting_words(leave: Leave) -> words.Words:
    """What the member reads meanwhile."""
    limit = words.refusal(leave.refusal).body.removesuffix(f" {words.NOT_CHARGED}")
    seen = "The moderators see what you asked. " if leave.words else ""
    later = f"{seen}If that takes longer, I tell you in this channel."
    return words.Words(title="Waits for a moderator", body=f"{limit}\nNothing is charged while it waits. {later}")


def waiting(leave: Leave) -> ui.LayoutView:
    """The member's card, with what was asked and Cancel."""
    told = waiting_words(leave)
    lines = [f"### {told.title}"]
    if leave.words:
        lines.append(quote(leave.words, _PROMPT_ON_CARD))
    lines += [told.body, f"-# decided until <t:{leave.expires_at // SECOND_MS}:f> · at most {format_usd(leave.amount)}"]
    return layout(PROGRESS_COLOUR, ui.TextDisplay("\n".join(lines)), ui.ActionRow(cancel_of(leave)))


def cancel_of(leave: Leave) -> ui.Button[Any]:
    """The button that takes it back."""
    custom_id = custom_ids.cancel(leave.job_id)
    return ui.Button(label="Cancel", style=discord.ButtonStyle.danger, custom_id=custom_id)


def _last_words(leave: Leave) -> words.Words:
    match leave.state:
        case LeaveState.REFUSED:
            why = f": {escape(leave.reason, REASON_LENGTH)}" if leave.reason else ""
            return words.Words(title="A moderator refused it", body=f"Your request was refused{why}")
        case LeaveState.EXPIRED:
            return words.Words(title="No moderator decided in time", body="Ask again when the limit resets.")
        case LeaveState.UNHEARD:
            limit = words.refusal(leave.refusal)
            told = "No moderator could be asked: I cannot post in their channel."
            return words.Words(title=limit.title, body=f"{limit.body} {told}")
        case _:
            return words.Words(title="Cancelled", body="")


def _last_line(leave: Leave) -> words.Words:
    told = _last_words(leave)
    if words.NOT_CHARGED in told.body:
        return told
    body = told.body if not told.body or told.body.endswith((".", "!", "?")) else f"{told.body}."
    return words.Words(title=told.title, body=f"{body} {words.NOT_CHARGED}".strip())


def last_word(leave: Leave) -> ui.LayoutView:
    """The member's card when nothing will come."""
    return notice(_last_line(leave), reference=short(leave.job_id))


def last_word_text(leave: Leave) -> str:
    """The same in one line for the channel, without what was asked."""
    told = _last_line(leave)
    return f"{told.title}. {told.body}"


# -- the staff -------------------------------------------------------------------------------------------------------


def leave_card(shown: LeaveNotice, *, mark: str) -> ui.LayoutView:
    """Who asks for what, at which price, and what is in the way; or how it ended, and by whom."""
    leave = shown.leave
    asker = leave.asker
    lines = [
        f"### {'A request waits for you' if not leave.is_over else _ENDED[leave.state]}",
        f"<@{asker.member_id}> in <#{asker.channel_id}>, <t:{leave.asked_at // SECOND_MS}:R>",
    ]
    if leave.words:
        lines.append(quote(leave.words, PROMPT_ON_RESULT))
    elif not leave.is_over:
        lines.append("-# It is private: its words are not shown.")
    what = f"{_KINDS.get(leave.kind, leave.kind)} · {escape(shown.model, _MODEL)}"
    lines.append(f"{what} · at most {format_usd(leave.amount)}")
    lines += _ended(leave) if leave.is_over else _open(leave)
    lines.append(f"-# request `{short(leave.job_id)}` · `{mark}`")
    items: list[ui.Item[ui.LayoutView]] = [ui.TextDisplay("\n".join(lines))]
    if not leave.is_over:
        items.append(_buttons(leave))
    return layout(_colour(leave), *items)


def _colour(leave: Leave) -> discord.Colour:
    if not leave.is_over:
        return PROGRESS_COLOUR
    return RESULT_COLOUR if leave.state is LeaveState.ALLOWED else REFUSAL_COLOUR


def _open(leave: Leave) -> list[str]:
    lines = [f"Over a limit: {rule_words(leave.refusal)}"]
    if leave.blocked is not None:
        lines.append(f"**It cannot be allowed just now.** {_blocked_words(leave.blocked)}")
    lines.append(f"-# Nothing is held for it. It ends by itself <t:{leave.expires_at // SECOND_MS}:R>.")
    return lines


def _ended(leave: Leave) -> list[str]:
    when = f"<t:{(leave.decided_at or leave.asked_at) // SECOND_MS}:f>"
    by = f"by <@{leave.decided_by}>, " if leave.decided_by is not None else ""
    why = f" · {escape(leave.reason, REASON_LENGTH)}" if leave.reason else ""
    return [f"{_ENDED[leave.state]} {by}{when}{why}"]


def _buttons(leave: Leave) -> ui.ActionRow[ui.LayoutView]:
    allow: ui.Button[ui.LayoutView] = ui.Button(
        label="Allow once",
        style=discord.ButtonStyle.primary,
        custom_id=custom_ids.leave(LeaveVerb.ALLOW, leave.job_id),
    )
    refuse: ui.Button[ui.LayoutView] = ui.Button(
        label="Refuse…", custom_id=custom_ids.leave(LeaveVerb.REFUSE, leave.job_id)
    )
    return ui.ActionRow(allow, refuse)


def rule_words(refusal: Refusal) -> str:
    """The guild's rule that is in the way, for those who may let it pass."""
    facts = refusal.facts
    source = _SET_FOR.get(str(facts.get("subject", "")).split(":")[0], "")
    resets = f"<t:{int(facts['resets_at']) // SECOND_MS}:R>"
    if refusal.reason is RefusalReason.PACE:
        return f"{facts['limit']} requests in {facts.get('minutes')} minutes{source}; the next one {resets}."
    whose = _WHOSE.get(str(facts["scope"]).split(":")[0], "it has")
    left, limit = (_amount(facts, name) for name in ("left", "limit"))
    return f"{whose} {left} left of {limit} for {WINDOWS[str(facts['window'])]}{source}; resets {resets}."


def _amount(facts: Mapping[str, Fact], name: str) -> str:
    if facts.get("unit") == "money":
        return format_usd(int(facts[name]))
    return str(facts[name]) if name == "left" else f"{facts[name]} {facts.get('unit')}"


def _blocked_words(refusal: Refusal) -> str:
    """Why it cannot be allowed; what is said to members of their own state is said of the member here."""
    if refusal.reason is RefusalReason.MEMBER_BUSY:
        return "The member has as many requests under way as anybody may. Try again when one has ended."
    if refusal.reason is RefusalReason.MEMBER_BLOCKED:
        return "The member is blocked on this server."
    if refusal.reason in (RefusalReason.BUDGET, RefusalReason.QUOTA):
        return f"Whoever runs this bot has set a limit that nobody here can lift: {rule_words(refusal)}"
    told = words.refusal(refusal)
    return f"{told.title}: {told.body}"


def answer_words(answer: LeaveAnswer) -> words.Words | None:
    """What the moderator alone reads after a press; None where the card says it all."""
    match answer.outcome:
        case LeaveOutcome.DONE:
            return None
        case LeaveOutcome.UNKNOWN:
            return _UNKNOWN
        case LeaveOutcome.DECIDED:
            ended = answer.leave
            told = _ended(ended)[0] if ended is not None and ended.is_over else "Its time is over."
            return words.Words(title="That is decided already", body=told)
        case LeaveOutcome.DEARER:
            price = format_usd(answer.leave.amount) if answer.leave is not None else "more"
            body = f"It would cost at most {price} now. Press once more if that is all right."
            return words.Words(title="The price has changed", body=body)
        case LeaveOutcome.BLOCKED:
            told = "" if answer.refusal is None else _blocked_words(answer.refusal)
            return words.Words(title="It cannot be allowed just now", body=f"{told} The request waits on.")

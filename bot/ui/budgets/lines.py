"""What a server has set, a line for each: rules, marks, lists, pauses. Pure.

Each stands twice: with mentions for the text of a card, and plain for a menu, where mentions are not drawn.
"""

from collections.abc import Callable

from bot.core.clock import SECOND_MS
from bot.core.ids import GuildId, MemberId
from bot.core.money import format_usd
from bot.guilds.model import GuildSettings, Pause
from bot.ledger.model import Ceilings, Unit
from bot.ledger.rules.model import AllowList, Draft, Listed, Mark, Whom
from bot.services.budgets.reading import RuleStanding
from bot.ui.command_names import command_name
from bot.ui.text import escape, plain, shorten

# The name of a role or a channel where this process knows it.
Names = Callable[[Whom, str], str | None]

# Of what can be long, so many characters stand in a line.
_NAME = 60
_REASON = 90
_VALUES = 90
_SPANS = {"day": "a day", "week": "a week", "month": "a month"}
_MARKS = {Mark.EXEMPT: "exempt from limits for members", Mark.BLOCKED: "blocked"}
# As the log names them.
SETTINGS = {
    "zone": "Time zone",
    "staff_channel_id": "Staff channel",
    "is_soft": "Over a limit",
    "thresholds": "Alert percents",
    "digest": "Digest",
}


def count_of(unit: Unit, amount: int) -> str:
    """`$0.20`, `1 picture`, `40 requests`."""
    if unit is Unit.MONEY:
        return format_usd(amount)
    return f"1 {unit.value.removesuffix('s')}" if amount == 1 else f"{amount:,} {unit}"


def allows(draft: Draft, amount: int | None = None) -> str:
    """`$0.20 a day`, `10 requests in 30 minutes`; with another amount than the draft's where it is given."""
    what = count_of(draft.unit, draft.amount if amount is None else amount)
    if draft.minutes is not None:
        return f"{what} in {'1 minute' if draft.minutes == 1 else f'{draft.minutes:,} minutes'}"
    return f"{what} of each {draft.span}" if draft.whom is Whom.PURPOSE else f"{what} {_SPANS[draft.span]}"


def who(whom: Whom, name: str, guild_id: GuildId) -> str:
    """Whom a rule or a list is for, with mentions."""
    match whom:
        case Whom.GUILD:
            return "This server"
        case Whom.EVERYONE:
            return "Each member"
        case Whom.MEMBER:
            return f"<@{name}>"
        case Whom.ROLE:  # Discord's role for everyone has the server's own id
            return "Everyone" if name == str(guild_id) else f"<@&{name}>"
        case Whom.CHANNEL:
            return f"<#{name}>"
        case Whom.COMMAND:
            return f"`{command_name(name)}`"
        case Whom.MODEL:
            return f"`{shorten(name, _NAME)}`"
        case Whom.PURPOSE:
            return f"Kept for `{name}`"


def plain_who(whom: Whom, name: str, names: Names) -> str:
    """The same without mentions."""
    match whom:
        case Whom.MEMBER:
            return "A member"
        case Whom.ROLE:
            return f"@{plain(names(whom, name) or 'a role')}".replace("@@", "@")
        case Whom.CHANNEL:
            return f"#{plain(names(whom, name) or 'a channel')}"
        case _:
            return who(whom, name, GuildId(0)).replace("`", "")


def subject(draft: Draft, guild_id: GuildId) -> str:
    """Whom a rule is for; a rule of a role binds each who has it."""
    told = who(draft.whom, draft.name, guild_id)
    return f"Each of {told}" if told.startswith("<@&") else told


def rule_line(shown: RuleStanding) -> str:
    """`#art · 40 pictures a week · 12 left · resets in 2 days`."""
    rule, draft = shown.rule, shown.rule.draft
    parts = [subject(draft, rule.guild_id), allows(draft, shown.amount)]
    if shown.amount != draft.amount and rule.raised_until is not None:
        parts.append(f"raised, {count_of(draft.unit, draft.amount)} again {moment(rule.raised_until)}")
    standing = shown.standing
    if standing is not None:
        left = format_usd(standing.left) if draft.unit is Unit.MONEY else f"{standing.left:,}"
        over = " (more is taken already)" if standing.is_over else ""
        parts += [f"{left} left{over}", f"resets {moment(standing.limit.window.ends_at)}"]
    return " · ".join(parts)


def plain_rule(draft: Draft, amount: int, names: Names) -> str:
    """The same for a menu, without what is left."""
    return f"{plain_who(draft.whom, draft.name, names)} · {allows(draft, amount)}"


def mark_line(member_id: MemberId, mark: Mark) -> str:
    """`@Bo · blocked`."""
    return f"<@{member_id}> · {_MARKS[mark]}"


def plain_mark(mark: Mark) -> str:
    """The same for a menu."""
    return f"A member · {_MARKS[mark]}"


def list_line(one: AllowList, guild_id: GuildId) -> str:
    """`@Artists · only these sizes: 1k, 2k`."""
    return f"{who(one.whom, one.name, guild_id)} · {_allowed(one)}"


def plain_list(one: AllowList, names: Names) -> str:
    """The same for a menu."""
    return f"{plain_who(one.whom, one.name, names)} · {_allowed(one).replace('`', '')}"


def _allowed(one: AllowList) -> str:
    values = shorten(", ".join(sorted(one.values)), _VALUES)
    if one.what is Listed.COUNT:
        return f"at most {count_of(Unit.PICTURES, int(values))} at once"
    return f"only these {'models' if one.what is Listed.MODEL else 'sizes'}: `{values}`"


def pause_line(pause: Pause) -> str:
    """`/ask is paused: the month is over. By @Ada, an hour ago`."""
    what = "Everything is" if pause.command is None else f"`{command_name(pause.command)}` is"
    return f"**{what} paused**{_because(pause)} · by <@{pause.author_id}>, {moment(pause.at)}"


def _because(pause: Pause) -> str:
    return f": {escape(pause.reason, _REASON)}" if pause.reason else ""


def plain_pause(pause: Pause) -> str:
    """The same for a menu."""
    return f"{command_name(pause.command)} · paused"


def ceilings_line(ceilings: Ceilings) -> str:
    """How far the rules of a server may go."""
    return (
        f"Whoever runs this bot allows {format_usd(ceilings.guild_daily)} a day and"
        f" {format_usd(ceilings.guild_monthly)} a month for this server, {format_usd(ceilings.member_daily)} and"
        f" {count_of(Unit.PICTURES, ceilings.member_daily_pictures)} a day for each member, by days of UTC."
    )


def settings_lines(settings: GuildSettings) -> list[str]:
    """What happens over a limit, who is told of what, and by which clock."""
    staff = settings.staff_channel_id
    waits = "the request waits for a moderator"
    waits += "" if staff else ", once a staff channel is set; until then it is refused"
    soft = waits if settings.is_soft else "the request is refused"
    percents = f"alerts at {percents_words(settings.thresholds)}" if settings.thresholds else "no alerts"
    digest = f"{'a' if settings.digest else 'no'} {settings.digest or ''} digest".replace("  ", " ")
    told = f"{percents}, {digest}, in <#{staff}>" if staff else "nowhere: no staff channel is set"
    return [
        f"**Over a limit**: {soft}",
        f"**Staff is told**: {told}",
        f"**Time zone**: {escape(settings.zone, _NAME)}",
    ]


def percents_words(percents: tuple[int, ...]) -> str:
    """`50, 80 and 100 %`."""
    words = [str(percent) for percent in percents]
    return f"{' and '.join(filter(None, [', '.join(words[:-1]), words[-1]]))} %"


def moment(at: int) -> str:
    """A moment as Discord draws it, counted from now."""
    return f"<t:{at // SECOND_MS}:R>"

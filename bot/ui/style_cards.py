"""What is said about styles: the lists, and what became of a wish."""

from collections.abc import Sequence

import discord
from discord import ui

from bot.services.styles.model import GUILD_MAX, MEMBER_MAX, NAME_MAX, PLACE, TEXT_MAX, Owner, Style, StyleOutcome
from bot.ui import cards, words
from bot.ui.text import escape

# Characters of a style's text in a list, and of each list: two of them stay below Discord's 4,000 for a card.
_TEXT = 80
_SECTION = 1_700
_OUTCOMES: dict[StyleOutcome, tuple[str, str]] = {
    StyleOutcome.ADDED: ("Style kept", "Choose **{name}** in the option `style` of `/imagine`."),
    StyleOutcome.CHANGED: ("Style changed", "New pictures in **{name}** are drawn that way. Earlier ones stay."),
    StyleOutcome.REMOVED: ("Style removed", "**{name}** is gone. Pictures that were drawn in it stay."),
    StyleOutcome.BAD_NAME: (
        "That name is not possible",
        f"A name has at most {NAME_MAX} characters, and a letter or a digit among them. Nothing was changed.",
    ),
    StyleOutcome.BAD_TEXT: (
        "That text is not possible",
        f"It says how to draw, in at most {TEXT_MAX:,} characters, with `{PLACE}` once at most. Nothing was changed.",
    ),
    StyleOutcome.NAME_TAKEN: ("That name is taken", "There is a style **{name}** already. Take another name."),
    StyleOutcome.FULL: (
        "There are too many styles",
        f"A server keeps {GUILD_MAX}, a member {MEMBER_MAX}. Remove one first.",
    ),
    StyleOutcome.NO_SUCH: ("There is no such style", "**{name}** is not in the list any more. Nothing was changed."),
}
_GOOD = {StyleOutcome.ADDED, StyleOutcome.CHANGED, StyleOutcome.REMOVED}
NOT_ALLOWED = words.Words(
    title="This is for those who manage the server",
    body="You need the right Manage Server. Your own styles you keep with `/style add`. Nothing was changed.",
)
BUSY = words.Words(title="I am busy right now", body="Nothing was changed. Try again in a minute.")
_OF_GUILD = "This server's styles"
_OF_MEMBER = "Your own styles"


def outcome_card(outcome: StyleOutcome, name: str) -> ui.LayoutView:
    """What became of a wish to add, change or remove the style of that name."""
    title, body = _OUTCOMES[outcome]
    told = words.Words(title=title, body=body.replace("{name}", escape(name, NAME_MAX)))
    return cards.notice(told, colour=cards.RESULT_COLOUR if outcome in _GOOD else cards.REFUSAL_COLOUR)


def list_card(*, guild: Sequence[Style], member: Sequence[Style] | None = None) -> ui.LayoutView:
    """The styles by name with what they say; `member` None where only the guild's are asked for."""
    lines = []
    if member is not None:
        lines += _section(_OF_MEMBER, member, most=MEMBER_MAX, hint="`/style add` keeps one that only you can choose.")
    hint = "Whoever manages the server keeps them with `/settings styles add`."
    lines += _section(_OF_GUILD, guild, most=GUILD_MAX, hint=hint)
    lines.append("-# Choose one in the option `style` of `/imagine`. It is added to your words and costs nothing more.")
    view = ui.LayoutView(timeout=None)
    text: ui.TextDisplay[ui.LayoutView] = ui.TextDisplay("\n".join(lines))
    view.add_item(ui.Container(text, accent_colour=discord.Colour(cards.PROGRESS_COLOUR.value)))
    view.stop()
    return view


def _section(title: str, styles: Sequence[Style], *, most: int, hint: str) -> list[str]:
    lines = [f"### {title} ({len(styles)} of {most})"]
    if not styles:
        return [*lines, f"None yet. {hint}"]
    room = _SECTION
    for shown, style in enumerate(styles):
        line = f"**{escape(style.name, NAME_MAX)}**: {escape(style.text, _TEXT)}"
        room -= len(line)
        if room < 0:
            return [*lines, f"… and {len(styles) - shown} more: type a few letters in the option `style`."]
        lines.append(line)
    return lines


def whose(owner: Owner) -> str:
    """The heading of a form."""
    return "A style of this server" if owner is Owner.GUILD else "A style of your own"

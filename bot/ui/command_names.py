"""How the commands that cost money are called in front of people."""

from bot.ui.text import escape

EVERYTHING = "Everything"
_NAME = 40
# What is no slash command.
_BUTTONS = {"speak": "Read aloud"}


def command_name(command: str | None) -> str:
    """`/imagine`, or the words on the button; None for all of them."""
    if command is None:
        return EVERYTHING
    return _BUTTONS.get(command, f"/{escape(command, _NAME)}")

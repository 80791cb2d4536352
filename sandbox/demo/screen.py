"""Prints what people in the loopback Discord see, as it changes."""

import re
from collections.abc import Callable

from bot.core.clock import SECOND_MS
from sandbox.discord import Change, ChangeKind, Message, Sandbox

_TIMESTAMP = re.compile(r"<t:(\d+):R>")
_MENTION = re.compile(r"<@(\d+)>")


class Screen:
    """Follows the world and prints each message and each edit, with the seconds since the last command."""

    def __init__(self, sandbox: Sandbox, write: Callable[[str], None]) -> None:
        self._sandbox = sandbox
        self._write = write
        self._since = sandbox.clock.now()
        self.buttons: list[tuple[Message, str, str]] = []
        sandbox.world.listen(self._on_change)

    def restart_watch(self) -> None:
        """Seconds count from now."""
        self._since = self._sandbox.clock.now()

    def _on_change(self, change: Change) -> None:
        message = change.subject
        if change.kind not in (ChangeKind.MESSAGE_CREATED, ChangeKind.MESSAGE_EDITED):
            return
        if not isinstance(message, Message) or message.author_id != self._sandbox.world.application_id:
            return
        self._show(message, is_new=change.kind is ChangeKind.MESSAGE_CREATED)

    def _show(self, message: Message, *, is_new: bool) -> None:
        elapsed = (self._sandbox.clock.now() - self._since) / SECOND_MS
        whose = self._name(message.only_for) if message.only_for is not None else None
        where = f"only {whose} sees this" if whose else "everyone sees this"
        what = "thinking…" if message.is_loading else ("new message" if is_new else "edited")
        self._write(f"\n{elapsed:6.2f} s  ┌ {what} · {where}")
        if not message.is_loading:
            for line in self._lines(message):
                self._write(f"          │ {line}")
        self._write("          └")

    def _lines(self, message: Message) -> list[str]:
        lines = [self._plain(line) for line in message.plain_text().splitlines()]
        lines += [f"[picture] {one.filename}, alt text: {one.description}" for one in message.pictures()]
        names = []
        for button in message.buttons():
            if button.custom_id is not None and not button.disabled:
                self.buttons.append((message, button.custom_id, button.label or ""))
                names.append(f"[{len(self.buttons)}] {button.label}")
        return lines + ([f"buttons: {'  '.join(names)}   (press {len(self.buttons)})"] if names else [])

    def _plain(self, line: str) -> str:
        now = self._sandbox.clock.now() / SECOND_MS
        line = _TIMESTAMP.sub(lambda found: _relative(int(found[1]) - now), line)
        line = _MENTION.sub(lambda found: f"@{self._name(int(found[1]))}", line)
        return line.removeprefix("### ").removeprefix("-# ").replace("**", "").replace("\\", "")

    def _name(self, user_id: int) -> str:
        return self._sandbox.world.users[user_id].display_name


def _relative(seconds: float) -> str:
    amount = abs(round(seconds))
    steps = ((172_800, 86_400, "days"), (7_200, 3_600, "h"), (120, 60, "min"), (0, 1, "s"))
    text = next(f"{amount // size} {unit}" for least, size, unit in steps if amount >= least)
    return f"in {text}" if seconds >= 0 else f"{text} ago"

"""Who is told of what: listens to the world and speaks to the windows whose people may know."""

import asyncio
from collections.abc import Iterator

from sandbox.discord import Change, ChangeKind, Interaction, Message, Sandbox
from sandbox.discord.components import Body
from sandbox.discord.model import ACKNOWLEDGE_WITHIN_MS, CallbackKind, InteractionKind
from sandbox.page.views import Views
from sandbox.page.windows import Window

OPS = {
    ChangeKind.MESSAGE_CREATED: "create",
    ChangeKind.MESSAGE_EDITED: "edit",
    ChangeKind.MESSAGE_DELETED: "delete",
}
# The deadline is judged by the sandbox's clock; real timers may ring a touch before it.
AFTER_DEADLINE_S = 0.02


class Teller:
    """All open windows."""

    def __init__(self, sandbox: Sandbox, views: Views) -> None:
        self._world = sandbox.world
        self._views = views
        self._unanswered: dict[int, asyncio.TimerHandle] = {}
        self._origins: dict[int, Window] = {}
        self._is_closed = False
        self.windows: set[Window] = set()
        self._world.listen(self._on_change)

    def close(self) -> None:
        """Nobody is told anything any more."""
        self._is_closed = True
        for timer in self._unanswered.values():
            timer.cancel()
        for window in self.windows:
            window.close()
        self.windows.clear()

    def came_from(self, interaction: Interaction, window: Window) -> None:
        """A form in answer to this interaction opens in that window alone."""
        self._origins[interaction.id] = window

    def everybody_is_stale(self) -> None:
        """The state of every window has changed."""
        for window in self.windows:
            window.stale()

    def broadcast(self, frame: Body) -> None:
        """To every window that knows who it is."""
        for window in self.windows:
            if window.person is not None:
                window.send(frame)

    def _of(self, user_id: int) -> Iterator[Window]:
        return (window for window in self.windows if window.person is not None and window.person.id == user_id)

    def _on_change(self, change: Change) -> None:
        if self._is_closed:
            return
        match change.kind, change.subject:
            case ChangeKind.MESSAGE_CREATED | ChangeKind.MESSAGE_EDITED | ChangeKind.MESSAGE_DELETED, Message() as one:
                self._on_message(OPS[change.kind], one)
            case ChangeKind.INTERACTION_SENT, Interaction() as interaction:
                self._on_sent(interaction)
            case ChangeKind.INTERACTION, Interaction() as interaction:
                self._on_answered(interaction)
            case ChangeKind.CLOCK, _:
                self.broadcast({"type": "clock", "now_ms": self._world.clock.now()})
                for interaction_id in tuple(self._unanswered):
                    self._look_at(interaction_id)
            case _:
                self.everybody_is_stale()

    def _on_message(self, op: str, message: Message) -> None:
        gone: Body = {"id": str(message.id)}
        for window in self.windows:
            if window.person is None or not self._views.sees_message(window.person, message):
                continue
            body = gone if op == "delete" else self._views.message(window.person, message)
            window.send({"type": "message", "op": op, "channel_id": str(message.channel_id), "message": body})

    # -- interactions ----------------------------------------------------------------------------

    def _on_sent(self, interaction: Interaction) -> None:
        if interaction.kind == InteractionKind.AUTOCOMPLETE:
            return
        left_s = (interaction.created + ACKNOWLEDGE_WITHIN_MS - self._world.clock.now()) / 1_000
        loop = asyncio.get_running_loop()
        self._unanswered[interaction.id] = loop.call_later(
            max(0.0, left_s) + AFTER_DEADLINE_S, self._look_at, interaction.id
        )
        self._tell(interaction, "sent")

    def _look_at(self, interaction_id: int) -> None:
        """Says "the application did not respond" where that is so."""
        interaction = self._world.interactions[interaction_id]
        if interaction.is_overdue(self._world.clock.now()):
            self._unanswered.pop(interaction_id).cancel()
            self._origins.pop(interaction_id, None)
            self._tell(interaction, "did_not_respond")

    def _on_answered(self, interaction: Interaction) -> None:
        timer = self._unanswered.pop(interaction.id, None)
        origin = self._origins.pop(interaction.id, None)
        if timer is None:
            return
        timer.cancel()
        if interaction.callback == CallbackKind.MODAL:
            self._tell(interaction, "modal", only=origin)
        else:
            self._tell(interaction, "acknowledged")

    def _tell(self, interaction: Interaction, state: str, *, only: Window | None = None) -> None:
        frame: Body = {
            "type": "interaction",
            "interaction_id": str(interaction.id),
            "state": state,
            "kind": int(interaction.kind),
            "command": interaction.name,
            "channel_id": str(interaction.channel_id),
            "message_id": str(interaction.source_message_id) if interaction.source_message_id is not None else None,
        }
        if state == "modal":
            frame["modal"] = interaction.modal
        windows = list(self._of(interaction.user_id))
        for window in [only] if only in windows and only is not None else windows:
            window.send(frame)

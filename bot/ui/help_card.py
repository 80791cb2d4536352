"""`/help`: what there is to do, by task, with commands that can be clicked; only what the member may run."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import discord
from discord import ui

from bot.core.requests import Verb
from bot.services.about import Closed
from bot.ui import cards


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something a member may want to do: `say` holds the command's place as `{}`.

    `verb` is what some gateway that is set up must be able to do for it.
    """

    command: str
    say: str
    verb: Verb | None = None


# Headings with their tasks; what is not registered, not allowed or not possible is left out.
TASKS: tuple[tuple[str, tuple[Task, ...]], ...] = (
    (
        "Make a picture",
        (
            Task(command="imagine", say="Draw from words: {} and a sentence about what it shows", verb=Verb.GENERATE),
            Task(
                command="edit", say="Change pictures of yours: {} with the pictures and what to change", verb=Verb.EDIT
            ),
            Task(command="upscale", say="Enlarge a picture: {}", verb=Verb.UPSCALE),
            Task(command="style add", say="Keep a way of drawing, to choose again: {}", verb=Verb.GENERATE),
        ),
    ),
    ("Ask", (Task(command="ask", say="Get an answer, also about a picture or from the web: {}", verb=Verb.ASK),)),
    (
        "Look back",
        (
            Task(command="history", say="Find your results, and go on from them: {}"),
            Task(command="usage", say="See what was spent and what is left: {}"),
        ),
    ),
    (
        "Look after the server",
        (
            Task(command="settings budget", say="Set what may be spent, by whom, where and for what: {}"),
            Task(command="settings simulate", say="Try limits on the last days: {}"),
            Task(command="settings pause", say="Accept no more requests for a while: {}"),
            Task(command="settings resume", say="Accept them again: {}"),
            Task(command="settings styles add", say="Keep a style for everybody here: {}"),
            Task(command="settings styles list", say="See and tend the server's styles: {}"),
        ),
    ),
    (
        "Know more",
        (
            Task(command="about", say="Version, models and prices, what is kept and for how long: {}"),
            Task(command="privacy", say="See what is kept about you, take it with you or delete it: {}"),
        ),
    ),
)
_BUTTONS = (
    "Under a result, buttons make it again, vary it, change it or enlarge it. They work at any time."
    "\n-# The price is shown before and after. What fails is not charged."
)


# The commands that a server pauses, by the kind of their jobs; what is free goes on.
_COSTS = frozenset({"imagine", "edit", "upscale", "ask"})
_BLOCKED = "-# The people who look after this server have blocked you from asking for anything that costs."
_PAUSED = "-# This server has paused what is not named here. Nothing is charged meanwhile."


def help_card(
    *, ids: Mapping[str, int], may_run: Callable[[str], bool], verbs: Collection[Verb], closed: Closed
) -> ui.LayoutView:
    """The card. `ids` are the commands' ids by name, `may_run` judges a command by its first word."""
    sections: list[str] = []
    for heading, tasks in TASKS:
        lines = [
            task.say.format(mention(task.command, ids))
            for task in tasks
            if (task.verb is None or task.verb in verbs)
            and may_run(task.command.split(" ")[0])
            and not (task.command in _COSTS and closed.is_shut(task.command))
        ]
        if lines:
            sections.append("\n".join([f"### {heading}", *lines]))
    told = _BLOCKED if closed.is_blocked else _PAUSED if closed.paused else None
    return _card([*sections, *([] if told is None else [told]), _BUTTONS])


def mention(command: str, ids: Mapping[str, int]) -> str:
    """A command that can be clicked; plain where its id is not known."""
    command_id = ids.get(command.split(" ", maxsplit=1)[0])
    return f"`/{command}`" if command_id is None else f"</{command}:{command_id}>"


def _card(texts: Sequence[str]) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    shown: list[ui.Item[ui.LayoutView]] = [ui.TextDisplay(text) for text in texts]
    view.add_item(ui.Container(*shown, accent_colour=discord.Colour(cards.PROGRESS_COLOUR.value)))
    view.stop()
    return view

"""`/about`: version, models on offer, what is kept and for how long, where the source is."""

from collections.abc import Sequence

import discord
from discord import ui

from bot.core.money import format_usd
from bot.core.requests import Verb
from bot.services.about import AboutFacts, ModelOnOffer
from bot.ui import cards
from bot.ui.text import escape

_LABEL = 60
_COMMIT_SHOWN = 12
# Characters for the models of one kind: five kinds stay below Discord's 4,000 for a card, however long the catalogue.
_MODELS_ROOM = 500
_UNITS = {
    Verb.GENERATE: "Pictures from words, for one",
    Verb.EDIT: "Changed pictures, for one",
    Verb.UPSCALE: "Enlarged pictures, for one",
    Verb.ASK: "Answers, for a usual question",
    Verb.SPEAK: "Speech, for a minute",
}


def about_card(facts: AboutFacts) -> ui.LayoutView:
    """Each part under a heading of its own, for those who listen to it."""
    build = f"Easel {facts.version}{_commit(facts)}"
    texts = [f"### About this bot\n{build}, run by the people of this server or their host.{_source(facts)}"]
    texts.append("\n".join(["### Models on offer", *_models(facts)]))
    texts.append("\n".join(["### What is kept", *_kept(facts)]))
    view = ui.LayoutView(timeout=None)
    shown: list[ui.Item[ui.LayoutView]] = [ui.TextDisplay(text) for text in texts]
    view.add_item(ui.Container(*shown, accent_colour=discord.Colour(cards.PROGRESS_COLOUR.value)))
    view.stop()
    return view


def _commit(facts: AboutFacts) -> str:
    return "" if facts.commit is None else f" (commit `{facts.commit[:_COMMIT_SHOWN]}`)"


def _source(facts: AboutFacts) -> str:
    return "" if facts.source_url is None else f"\nIts source: {facts.source_url}"


def _models(facts: AboutFacts) -> list[str]:
    if not facts.models:
        return ["None: no picture service is set up."]
    lines = [f"**{_UNITS[verb]}**: {_named(models)}" for verb, models in facts.models]
    return [*lines, "-# Prices as listed; the card of each request says its own before anything is spent."]


def _named(models: Sequence[ModelOnOffer]) -> str:
    named: list[str] = []
    room = _MODELS_ROOM
    for one in models:
        label, provider = escape(one.label, _LABEL), escape(one.provider_label, _LABEL)
        told = f"{label} via {provider} about {format_usd(one.price)}"
        room -= len(told)
        if room < 0:
            return "; ".join([*named, f"and {len(models) - len(named)} more"])
        named.append(told)
    return "; ".join(named)


def _kept(facts: AboutFacts) -> list[str]:
    periods = facts.periods
    pictures = _days("Pictures", periods.picture_days, "After that only Discord has what was posted.")
    words = _days("Your words and what became of them", periods.record_days, "After that the words are blanked.")
    days = facts.conversation_days
    answers = [] if days is None else [f"Questions and answers: {days} days, or until somebody presses Forget."]
    return [
        pictures,
        words,
        *answers,
        "What was spent, by whom and when, for good: budgets rest on it.",
        "What you write and hand in goes to the service that draws, and into no log. This bot trains nothing on it.",
        "Delete under a result of yours takes its message away at once, and its pictures with the next clean-up.",
    ]


def _days(what: str, days: int, after: str) -> str:
    return f"{what}: for good." if not days else f"{what}: {days} days. {after}"

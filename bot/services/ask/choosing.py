"""Which model answers, and which one speaks: the cheapest healthy one that can, decided before any money is held."""

import math
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.core.errors import Fact, Refusal, RefusalReason
from bot.core.money import Ticks, format_usd
from bot.core.requests import AskOrder, Message, ProviderName, SearchKind, SpeakOrder, Verb
from bot.providers.catalogue import AskOffer, SpeakOffer
from bot.providers.registry import Registry
from bot.providers.routing import MAX_CHOICES
from bot.providers.talk_offers import ask_estimate, speak_estimate
from bot.providers.watch import HealthWatch
from bot.services.labels import provider_label

# The longest answer that is asked for, in tokens: some 12,000 characters, and what is held follows it.
ANSWER_TOKENS = 4_096
_MAX_LABEL = 100
_MAX_ECHO = 60
O = TypeVar("O", AskOffer, SpeakOffer)  # noqa: E741 - an offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A question before its model is known: the messages, and what the model must be able to do."""

    messages: tuple[Message, ...]
    search: tuple[SearchKind, ...] = ()
    model: str | None = None


class TalkChoosing:
    """Chooses among the configured gateways. Refuses with UNKNOWN_MODEL, NO_WAY, PROMPT_TOO_LONG, PROVIDER_DOWN."""

    def __init__(self, *, registry: Registry, watch: HealthWatch, preference: Sequence[ProviderName] = ()) -> None:
        self._registry = registry
        self._watch = watch
        self._preference = tuple(preference)

    @property
    def registry(self) -> Registry:
        """The gateways it chooses among."""
        return self._registry

    def ask(self, wanted: Wanted) -> tuple[AskOffer, AskOrder]:
        """The model of a new question. Raises Refusal."""
        if _is_blank(wanted.messages[-1].text) and not wanted.messages[-1].pictures:
            raise Refusal(RefusalReason.PROMPT_EMPTY)
        offers = _named(wanted.model, self._registry.ask_offers(), verb=Verb.ASK)
        able = [offer for offer in offers if _can(offer, wanted)]
        if not able:
            raise Refusal(RefusalReason.NO_WAY, {"verb": Verb.ASK.value, "can": ""})
        length = sum(len(message.text) for message in wanted.messages)
        fitting = [offer for offer in able if length <= offer.prompt_max]
        if not fitting:
            roomy = max(able, key=lambda offer: offer.prompt_max)
            facts: dict[str, Fact] = {"limit": roomy.prompt_max, "length": length, "model": roomy.label}
            raise Refusal(RefusalReason.PROMPT_TOO_LONG, facts)
        offer = self._healthy(fitting, lambda one: ask_estimate(one, _order(one, wanted)))
        return offer, _order(offer, wanted)

    def ask_next(self, wanted: Wanted, *, tried: Collection[ProviderName]) -> tuple[AskOffer, AskOrder] | None:
        """Another gateway for a question that was surely not taken; None where there is none."""
        length = sum(len(message.text) for message in wanted.messages)
        left = [
            (offer, _order(offer, wanted))
            for offer in self._registry.ask_offers()
            if offer.provider not in tried
            and self._watch.is_healthy(offer.provider)
            and (wanted.model is None or _is_called(offer, wanted.model))
            and _can(offer, wanted)
            and length <= offer.prompt_max
        ]
        return min(left, key=lambda pair: (ask_estimate(*pair), self._rank(pair[0].provider)), default=None)

    def speak(self, text: str) -> tuple[SpeakOffer, SpeakOrder]:
        """The voice for a text. Raises Refusal."""
        offers = self._registry.speak_offers()
        if not offers:
            raise Refusal(RefusalReason.NO_WAY, {"verb": Verb.SPEAK.value, "can": ""})
        fitting = [offer for offer in offers if len(text) <= offer.text_max]
        if not fitting:
            roomy = max(offers, key=lambda offer: offer.text_max)
            facts: dict[str, Fact] = {"limit": roomy.text_max, "length": len(text), "model": roomy.label}
            raise Refusal(RefusalReason.PROMPT_TOO_LONG, facts)
        offer = self._healthy(fitting, lambda one: speak_estimate(one, spoken(one, text)))
        return offer, spoken(offer, text)

    def speak_next(self, text: str, *, tried: Collection[ProviderName]) -> tuple[SpeakOffer, SpeakOrder] | None:
        """Another gateway for a text that was surely not taken; None where there is none."""
        left = [
            (offer, spoken(offer, text))
            for offer in self._registry.speak_offers()
            if offer.provider not in tried and self._watch.is_healthy(offer.provider) and len(text) <= offer.text_max
        ]
        return min(left, key=lambda pair: (speak_estimate(*pair), self._rank(pair[0].provider)), default=None)

    def speech_price(self, text: str) -> Ticks | None:
        """What reading the text aloud is listed at; None where nobody can."""
        prices = [
            speak_estimate(offer, spoken(offer, text))
            for offer in self._registry.speak_offers()
            if 0 < len(text) <= offer.text_max
        ]
        return min(prices, default=None)

    def models(self, typed: str) -> list[tuple[str, str]]:
        """(label, `provider/model`) for autocomplete, in the catalogue's order, at most 25."""
        wanted = typed.strip().casefold()
        rows = [(_label(offer), offer.key) for offer in self._registry.ask_offers()]
        return [(label[:_MAX_LABEL], key) for label, key in rows if wanted in label.casefold() or wanted in key][
            :MAX_CHOICES
        ]

    def _healthy(self, offers: Sequence[O], price: Callable[[O], Ticks]) -> O:
        best = min(offers, key=lambda one: (price(one), self._rank(one.provider)))
        well = [one for one in offers if self._watch.is_healthy(one.provider)]
        if not well:
            facts: dict[str, Fact] = {
                "wait_s": math.ceil(self._watch.wait_s(best.provider)),
                "trouble": str(self._watch.trouble(best.provider)),
            }
            raise Refusal(RefusalReason.PROVIDER_DOWN, facts)
        return min(well, key=lambda one: (price(one), self._rank(one.provider)))

    def _rank(self, name: ProviderName) -> int:
        return self._preference.index(name) if name in self._preference else len(self._preference)


def spoken(offer: SpeakOffer, text: str) -> SpeakOrder:
    """The text in the model's own voice, in whatever language it is."""
    return SpeakOrder(
        provider=offer.provider,
        model=offer.model,
        text=text,
        voice=offer.default_voice,
        language=offer.default_language,
    )


def _order(offer: AskOffer, wanted: Wanted) -> AskOrder:
    return AskOrder(
        provider=offer.provider,
        model=offer.model,
        messages=wanted.messages,
        max_tokens=min(offer.answer_max, ANSWER_TOKENS),
        search=wanted.search,
    )


def _label(offer: AskOffer) -> str:
    price = ask_estimate(offer, _order(offer, Wanted(messages=())))
    return f"{offer.label} · {provider_label(offer.provider)} · about {format_usd(price)}"


def _can(offer: AskOffer, wanted: Wanted) -> bool:
    pictures = sum(len(message.pictures) for message in wanted.messages)
    searches = len(wanted.search) <= offer.search_at_once and set(wanted.search) <= set(offer.search)
    return searches and pictures <= offer.pictures_max


def _is_called(offer: AskOffer, typed: str) -> bool:
    return typed.strip().casefold() in (offer.model, offer.key, offer.label.casefold())


def _named(typed: str | None, offers: Sequence[AskOffer], *, verb: Verb) -> list[AskOffer]:
    if not offers:
        raise Refusal(RefusalReason.NO_WAY, {"verb": verb.value, "can": ""})
    found = [offer for offer in offers if typed is None or _is_called(offer, typed)]
    if not found:
        can = ", ".join(dict.fromkeys(offer.model for offer in offers))
        raise Refusal(RefusalReason.UNKNOWN_MODEL, {"asked": (typed or "").strip()[:_MAX_ECHO], "can": can})
    return found


def _is_blank(text: str) -> bool:
    return not any(_shows(text))


def _shows(text: str) -> Iterator[bool]:
    """Whether each character is one that people can see."""
    return (unicodedata.category(letter)[0] not in "CZM" for letter in text)

"""What this bot says of itself: version, models with their prices, how long things are kept, what it can do."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.core.clock import DAY_MS
from bot.core.ids import GuildId, MemberId
from bot.core.money import Ticks
from bot.core.requests import AskOrder, Message, Role, SpeakOrder, Verb
from bot.db import Database, Reader
from bot.guilds import store as guilds
from bot.ledger.rules import store as rules
from bot.ledger.rules.model import Mark
from bot.providers.catalogue import AskOffer, Offer, SpeakOffer
from bot.providers.registry import Registry
from bot.providers.talk_offers import ask_estimate, speak_estimate
from bot.services.ask.model import CONVERSATION_LIVES_MS
from bot.services.labels import provider_label
from bot.services.retention.sweeping import Periods

# What a price for a question stands for: a short one, and an answer of about 400 words (half of the most).
_QUESTION = "x" * 200
_ANSWER_TOKENS = 1_000
# And for speech: a minute of it.
_SPOKEN = "x" * 900


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOnOffer:
    """A model as people choose it, and what it usually asks for once, in ticks."""

    label: str
    provider_label: str
    price: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutFacts:
    """What `/about` says; `commit` None where nobody knows it.

    Models by what they do, the cheapest first; `conversation_days` None where none answers.
    """

    version: str
    commit: str | None
    source_url: str | None
    periods: Periods
    conversation_days: int | None
    models: tuple[tuple[Verb, tuple[ModelOnOffer, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What the server has paused, None among them for everything that costs, and whether it has blocked the member."""

    paused: frozenset[str | None] = frozenset()
    is_blocked: bool = False

    def is_shut(self, kind: str) -> bool:
        """Whether a request of that kind would be refused, whatever it says."""
        return self.is_blocked or bool(self.paused & {None, kind})


class About:
    """The use cases behind `/about` and `/help`."""

    def __init__(
        self,
        *,
        version: str,
        commit: str | None,
        source_url: str | None,
        periods: Periods,
        database: Database,
        registry: Registry,
    ) -> None:
        self._version = version
        self._commit = commit
        self._database = database
        self._source_url = source_url
        self._periods = periods
        self._registry = registry

    def verbs(self) -> Collection[Verb]:
        """What the gateways that are set up can do."""
        return [verb for verb, models in self._models() if models]

    async def closed_to(self, guild_id: GuildId, member_id: MemberId) -> Closed:
        """What the member may not ask for here just now."""

        def read(reader: Reader) -> Closed:
            paused = frozenset(one.command for one in guilds.pauses_of(reader, guild_id))
            is_blocked = rules.mark_of(reader, guild_id, member_id) is Mark.BLOCKED
            return Closed(paused=paused, is_blocked=is_blocked)

        return await self._database.read(read)

    def facts(self) -> AboutFacts:
        """All of it."""
        answers = Verb.ASK in self.verbs()
        return AboutFacts(
            version=self._version,
            commit=self._commit,
            source_url=self._source_url,
            periods=self._periods,
            conversation_days=CONVERSATION_LIVES_MS // DAY_MS if answers else None,
            models=tuple((verb, models) for verb, models in self._models() if models),
        )

    def _models(self) -> list[tuple[Verb, tuple[ModelOnOffer, ...]]]:
        found = [(verb, self._pictures(verb)) for verb in (Verb.GENERATE, Verb.EDIT, Verb.UPSCALE)]
        found.append((Verb.ASK, _sorted([_asking(offer) for offer in self._registry.ask_offers()])))
        found.append((Verb.SPEAK, _sorted([_speaking(offer) for offer in self._registry.speak_offers()])))
        return found

    def _pictures(self, verb: Verb) -> tuple[ModelOnOffer, ...]:
        return _sorted([_drawing(offer, verb) for offer in self._registry.offers() if verb in offer.abilities])


def _sorted(models: list[ModelOnOffer]) -> tuple[ModelOnOffer, ...]:
    return tuple(sorted(models, key=lambda one: (one.price, one.label, one.provider_label)))


def _drawing(offer: Offer, verb: Verb) -> ModelOnOffer:
    """One picture in the model's own size; where it takes pictures in, from as few as it can."""
    ability = offer.abilities[verb]
    sources = max(ability.sources.least, 0 if verb is Verb.GENERATE else 1)
    price = Ticks(offer.price(ability.default_resolution, verb).listed + offer.fee + ability.source_fee * sources)
    return ModelOnOffer(label=offer.label, provider_label=provider_label(offer.provider), price=price)


def _asking(offer: AskOffer) -> ModelOnOffer:
    order = AskOrder(
        provider=offer.provider,
        model=offer.model,
        messages=(Message(role=Role.USER, text=_QUESTION),),
        max_tokens=min(_ANSWER_TOKENS, offer.answer_max),
    )
    price = ask_estimate(offer, order)
    return ModelOnOffer(label=offer.label, provider_label=provider_label(offer.provider), price=price)


def _speaking(offer: SpeakOffer) -> ModelOnOffer:
    order = SpeakOrder(
        provider=offer.provider,
        model=offer.model,
        text=_SPOKEN,
        voice=offer.default_voice,
        language=offer.default_language,
    )
    price = speak_estimate(offer, order)
    return ModelOnOffer(label=offer.label, provider_label=provider_label(offer.provider), price=price)

"""How the models that answer and speak are written in `data/catalogue.toml`."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from bot.core.money import MAX_TICKS
from bot.core.requests import ModelId, ProviderName, SearchKind
from bot.providers.catalogue_rows import Few, Name, PricedRow, PriceRow, Usd, Wire
from bot.providers.talk_offers import LANGUAGE, MILLION, AskOffer, AskPrice, SpeakOffer

Characters = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
Tokens = Annotated[int, Field(ge=0, le=2_000_000, strict=True)]
Tools = Annotated[int, Field(ge=0, le=100, strict=True)]
Language = Annotated[str, Field(pattern=f"^{LANGUAGE}$")]


class AskRow(PricedRow):
    """A model that answers."""

    wire: Wire
    call: PriceRow
    search_call: PriceRow
    prompt: PriceRow  # per million tokens, as is answer
    answer: PriceRow
    tool_usd: Usd
    tools_listed: Tools
    tools_worst: Tools
    tool_tokens: Tokens
    reasoning_tokens: Tokens
    picture_tokens: Tokens
    prompt_max: Characters
    answer_max: Annotated[int, Field(ge=1, le=100_000, strict=True)]
    pictures_max: Few
    search: tuple[SearchKind, ...] = ()
    search_at_once: Few
    streams: bool

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.tools_worst < self.tools_listed:
            raise ValueError("tools_worst is below tools_listed")
        if self.search_at_once > len(self.search) or (self.search and not self.search_at_once):
            raise ValueError("search_at_once does not fit search")
        tokens = 4 * self.prompt_max + self.tools_worst * self.tool_tokens + 10 * self.picture_tokens + MILLION
        dearest = max(self.prompt.worst_usd, self.answer.worst_usd)
        if dearest * tokens // MILLION > MAX_TICKS // 2 or self.search_call.worst_usd > MAX_TICKS // 4:
            raise ValueError("a whole call costs more than can be kept")
        return self

    def freeze(self) -> AskOffer:
        return AskOffer(
            provider=ProviderName(self.provider),
            model=ModelId(self.id),
            wire_model=self.wire,
            label=self.label,
            price=AskPrice(
                fee=self.fee_usd,
                call=self.call.freeze(),
                search_call=self.search_call.freeze(),
                prompt=self.prompt.freeze(),
                answer=self.answer.freeze(),
                tool=self.tool_usd,
                tools_listed=self.tools_listed,
                tools_worst=self.tools_worst,
                tool_tokens=self.tool_tokens,
                reasoning_tokens=self.reasoning_tokens,
                picture_tokens=self.picture_tokens,
            ),
            prompt_max=self.prompt_max,
            answer_max=self.answer_max,
            pictures_max=self.pictures_max,
            search=self.search,
            search_at_once=self.search_at_once,
            streams=self.streams,
            typical_s=self.typical_s,
            deadline_s=self.deadline_s,
        )


class SpeakRow(PricedRow):
    """A model that speaks; `price` is per million characters."""

    price: PriceRow
    text_max: Annotated[int, Field(ge=1, le=100_000, strict=True)]
    voices: Annotated[tuple[Name, ...], Field(min_length=1)]
    default_voice: str
    default_language: Language

    @model_validator(mode="after")
    def _default_is_a_choice(self) -> Self:
        if self.default_voice not in self.voices:
            raise ValueError("default_voice is none of the choices")
        return self

    def freeze(self) -> SpeakOffer:
        return SpeakOffer(
            provider=ProviderName(self.provider),
            model=ModelId(self.id),
            label=self.label,
            price=self.price.freeze(),
            fee=self.fee_usd,
            text_max=self.text_max,
            voices=self.voices,
            default_voice=self.default_voice,
            default_language=self.default_language,
            typical_s=self.typical_s,
            deadline_s=self.deadline_s,
        )

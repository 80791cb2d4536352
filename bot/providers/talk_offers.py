"""What each model that answers or speaks can do and what it costs, as the catalogue holds it. Prices are ticks."""

from dataclasses import dataclass

from bot.core.money import Ticks
from bot.core.requests import AskOrder, ModelId, ProviderName, SearchKind, SpeakOrder
from bot.providers.offers import Price

MILLION = 1_000_000
# A BCP-47 tag such as "en" or "pt-BR"; "auto" has its shape.
LANGUAGE = r"[A-Za-z]{2,8}(-[A-Za-z0-9]{2,8})*"
# Four characters a token is the usual figure for English.
_USUAL_CHARACTERS = 4
# The frame of each message: role, separators.
_MESSAGE_TOKENS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPrice:
    """What a question costs: `fee` and `call` once, or `search_call` in place of `call` when something is searched.

    `prompt` and `answer` are ticks per million tokens, `tool` ticks for each look into the web, X or a program. How
    often a model looks, how much it reads each time and how long it thinks beyond `max_tokens` is its own choice:
    the counts here are what we expect and the most that is expected.
    """

    fee: Ticks
    call: Price
    search_call: Price
    prompt: Price
    answer: Price
    tool: Ticks
    tools_listed: int
    tools_worst: int
    tool_tokens: int
    reasoning_tokens: int
    picture_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOffer:
    """One model that answers. `search_at_once`: how many kinds of search one question may use together."""

    provider: ProviderName
    model: ModelId
    wire_model: str
    label: str
    price: AskPrice
    prompt_max: int  # characters, all messages together
    answer_max: int  # tokens
    pictures_max: int
    search: tuple[SearchKind, ...]
    search_at_once: int
    streams: bool
    typical_s: float
    deadline_s: float

    @property
    def key(self) -> str:
        """`provider/model`, unique among the models that answer."""
        return f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakOffer:
    """One model that speaks any language it is told (a BCP-47 tag). `price` is ticks per million characters."""

    provider: ProviderName
    model: ModelId
    label: str
    price: Price
    fee: Ticks
    text_max: int  # characters
    voices: tuple[str, ...]
    default_voice: str
    default_language: str
    typical_s: float
    deadline_s: float

    @property
    def key(self) -> str:
        """`provider/model`, unique among the models that speak."""
        return f"{self.provider}/{self.model}"


def ask_estimate(offer: AskOffer, order: AskOrder) -> Ticks:
    """What the question is listed at, for people: a usual text, half of the longest answer."""
    price = offer.price
    tools = price.tools_listed if order.search else 0
    characters = sum(len(message.text) for message in order.messages)
    prompt = characters // _USUAL_CHARACTERS + _frames(price, order) + tools * price.tool_tokens
    flat = price.search_call if order.search else price.call
    tokens = price.prompt.listed * prompt + price.answer.listed * (order.max_tokens // 2)
    return Ticks(price.fee + flat.listed + price.tool * tools + _rounded_up(tokens))


def ask_worst_case(offer: AskOffer, order: AskOrder) -> Ticks:
    """What to hold for the question; never below the estimate.

    A token is at least one byte of the text, so that no script or code is underrated.
    """
    price = offer.price
    tools = price.tools_worst if order.search else 0
    size = sum(len(message.text.encode(errors="replace")) for message in order.messages)
    prompt = size + _frames(price, order) + tools * price.tool_tokens
    flat = price.search_call if order.search else price.call
    tokens = price.prompt.worst * prompt + price.answer.worst * (order.max_tokens + price.reasoning_tokens)
    return Ticks(price.fee + flat.worst + price.tool * tools + _rounded_up(tokens))


def speak_estimate(offer: SpeakOffer, order: SpeakOrder) -> Ticks:
    """What the text is listed at."""
    return Ticks(offer.fee + _rounded_up(offer.price.listed * len(order.text)))


def speak_worst_case(offer: SpeakOffer, order: SpeakOrder) -> Ticks:
    """What to hold for the text; never below the estimate."""
    return Ticks(offer.fee + _rounded_up(offer.price.worst * len(order.text)))


def _frames(price: AskPrice, order: AskOrder) -> int:
    pictures = sum(len(message.pictures) for message in order.messages)
    return _MESSAGE_TOKENS * len(order.messages) + price.picture_tokens * pictures


def _rounded_up(millionths: int) -> int:
    return -(-millionths // MILLION)

"""What a question or a spoken text has cost. Pure."""

from bot.core.money import Ticks
from bot.core.requests import AskOrder, SpeakOrder
from bot.providers.catalogue import AskOffer, SpeakOffer
from bot.providers.contract import AskAnswer, Sound
from bot.providers.talk_offers import MILLION, ask_estimate, speak_estimate
from bot.services.collecting import Bill


def answer_bill(offer: AskOffer, order: AskOrder, answer: AskAnswer) -> Bill:
    """What the gateway charged; else what its own count of tokens is listed at, else what the question is listed at."""
    if answer.cost is not None:
        return Bill(cost=answer.cost, basis="reported")
    used, price = answer.usage, offer.price
    if used.prompt is None or used.answer is None:
        return Bill(cost=ask_estimate(offer, order), basis="listed")
    flat = price.search_call if order.search else price.call
    tools = price.tools_listed if order.search else 0
    tokens = price.prompt.listed * used.prompt + price.answer.listed * used.answer
    cost = Ticks(price.fee + flat.listed + price.tool * tools - (-tokens // MILLION))
    return Bill(cost=cost, basis="listed")


def sound_bill(offer: SpeakOffer, order: SpeakOrder, sound: Sound) -> Bill:
    """What the gateway charged, else what the text is listed at."""
    if sound.cost is not None:
        return Bill(cost=sound.cost, basis="reported")
    return Bill(cost=speak_estimate(offer, order), basis="listed")

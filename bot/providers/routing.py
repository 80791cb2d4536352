"""Which model draws a request, decided before any money is held. Pure."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, assert_never

from bot.core.errors import Fact, Refusal, RefusalReason
from bot.core.money import format_usd
from bot.core.requests import PictureFormat, PictureOrder, PictureRequest, ProviderName, Resolution, Verb
from bot.providers.catalogue import Ability, Offer, estimate

# Discord shows at most 25 choices, each name and value of at most 100 characters (API reference,
# "Autocomplete").
MAX_CHOICES = 25
ChoiceOption = Literal["aspect_ratio", "resolution", "format"]
_MAX_LABEL = 100
_MAX_ECHO = 60  # how much of a mistyped value is repeated to the member
# Categories of characters that nobody sees: controls, format marks (zero-width ones among them), spaces.
_INVISIBLE = {"Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Zl", "Zp", "Zs"}
# Letters and symbols by their category, and drawn as nothing: Hangul fillers and the empty Braille pattern.
_BLANK = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"}
_SPELLINGS = {"jpg": "jpeg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Complaint:
    """Why one offer cannot take a request; `can` names what it can, empty where it has no such choice."""

    reason: RefusalReason
    facts: dict[str, Fact]


def choose(
    request: PictureRequest, offers: Sequence[Offer], *, preference: Sequence[ProviderName] = ()
) -> tuple[Offer, PictureOrder]:
    """The offer that draws the request, and the request settled on it.

    A model may be named as `model` or `provider/model`; without a name the cheapest offer that can do the
    request is taken. At equal prices `preference` (the operator's order of providers) decides, then the
    catalogue's order.

    Raises Refusal, with facts for the words: NO_PROVIDER; NO_WAY (`verb`) where none can do that at all; NO_ADDRESS
    (`verb`) where only those could that take nothing but addresses; UNKNOWN_MODEL (`asked`, `can`); PROMPT_EMPTY;
    PROMPT_TOO_LONG (`limit`, `length`); RATIO, COUNT, RESOLUTION, FORMAT, SOURCES, FACTOR (`asked`, `can`). From
    PROMPT_TOO_LONG on they also say `model`, the label of the offer that came closest; RATIO says `is_for_several`
    where only a single picture has to keep its shape there.
    """
    if not offers:
        raise Refusal(RefusalReason.NO_PROVIDER)
    able = [offer for offer in offers if can(offer, request)]
    if not able:
        is_for_want_of_addresses = any(can(offer, replace(request, has_addresses=True)) for offer in offers)
        reason = RefusalReason.NO_ADDRESS if is_for_want_of_addresses else RefusalReason.NO_WAY
        raise Refusal(reason, {"verb": request.verb.value})
    if request.verb is not Verb.UPSCALE and _is_blank(request.prompt):
        raise Refusal(RefusalReason.PROMPT_EMPTY)
    candidates = able if request.model is None else _named(request.model, able)
    judged = [(offer, list(_complaints(request, offer))) for offer in candidates]
    fitting = [(offer, _order(request, offer)) for offer, complaints in judged if not complaints]
    if fitting:
        return min(fitting, key=lambda pair: (estimate(*pair), _rank(pair[0], preference)))
    offer, complaints = min(judged, key=lambda pair: (*_distance(pair[1]), _rank(pair[0], preference)))
    raise Refusal(complaints[0].reason, {**complaints[0].facts, "model": offer.label})


def model_choices(offers: Sequence[Offer], typed: str, *, verb: Verb = Verb.GENERATE) -> list[tuple[str, str]]:
    """(label, value) for the member's autocomplete, cheapest first, at most 25.

    `value` is `provider/model`.
    """
    wanted = typed.strip().casefold()
    able = [(_price_of_one(offer, verb), offer) for offer in offers if verb in offer.abilities]
    able.sort(key=lambda pair: pair[0])
    rows = [(f"{offer.label} · {offer.provider} · {format_usd(price)}", offer) for price, offer in able]
    return [
        (label[:_MAX_LABEL], offer.key) for label, offer in rows if wanted in label.casefold() or wanted in offer.key
    ][:MAX_CHOICES]


def _distance(complaints: Sequence[_Complaint]) -> tuple[int, bool]:
    """How far an offer is from the request; at equal distance one that has the choice at all teaches more."""
    return len(complaints), complaints[0].facts.get("can") == ""


def value_choices(
    offers: Sequence[Offer],
    *,
    option: ChoiceOption,
    model: str | None,
    typed: str,
    verb: Verb = Verb.GENERATE,
    sources: int = 0,
) -> list[str]:
    """What may stand in `option` for the model typed so far (any model where none fits), in the catalogue's order.

    `sources` are the pictures handed in so far.
    """
    able = [offer for offer in offers if verb in offer.abilities]
    wanted = (model or "").strip().casefold()
    named = [offer for offer in able if wanted in (offer.model, offer.key, offer.label.casefold())]
    values = {value: None for offer in named or able for value in _values(offer.abilities[verb], option, sources)}
    return [value for value in values if typed.strip().casefold() in value][:MAX_CHOICES]


def _values(ability: Ability, option: ChoiceOption, sources: int) -> tuple[str, ...]:
    match option:
        case "aspect_ratio":
            return ability.ratios_for(sources)
        case "resolution":
            return ability.resolutions
        case "format":
            return ability.formats
        case _:
            assert_never(option)


def _price_of_one(offer: Offer, verb: Verb) -> int:
    ability = offer.abilities[verb]
    sources = max(ability.sources.least, 0 if verb is Verb.GENERATE else 1)
    price = offer.price(ability.default_resolution, verb)
    return price.listed + offer.fee + ability.source_fee * sources


def can(offer: Offer, request: PictureRequest) -> bool:
    """Whether the offer has the verb; where it enlarges only its own work, whether this is that.

    One that takes sources as addresses alone cannot where the request has none.
    """
    ability = offer.abilities.get(request.verb)
    if ability is None:
        return False
    takes = ability.sources
    if takes.most and not takes.takes_bytes and not request.has_addresses:
        return False
    is_own = request.parent is not None and request.parent.provider == offer.provider
    return is_own or not ability.is_of_own_work


def _is_blank(prompt: str) -> bool:
    return all(letter in _BLANK or unicodedata.category(letter) in _INVISIBLE for letter in prompt)


def _rank(offer: Offer, preference: Sequence[ProviderName]) -> int:
    return preference.index(offer.provider) if offer.provider in preference else len(preference)


def _named(typed: str, offers: Sequence[Offer]) -> list[Offer]:
    wanted = typed.strip().casefold()
    found = [offer for offer in offers if wanted in (offer.model, offer.key, offer.label.casefold())]
    if not found:
        can = ", ".join(sorted({offer.model for offer in offers}))
        raise Refusal(RefusalReason.UNKNOWN_MODEL, {"asked": _echo(typed), "can": can})
    return found


def _complaints(request: PictureRequest, offer: Offer) -> Iterator[_Complaint]:
    ability = offer.abilities[request.verb]
    length = len(request.prompt.strip())
    if length > ability.prompt_max:
        yield _Complaint(reason=RefusalReason.PROMPT_TOO_LONG, facts={"limit": ability.prompt_max, "length": length})
    ratios = ability.ratios_for(request.sources)
    choices: tuple[tuple[RefusalReason, str | None, Sequence[str]], ...] = (
        (RefusalReason.RATIO, request.aspect_ratio, ratios),
        (RefusalReason.RESOLUTION, request.resolution, ability.resolutions),
        (RefusalReason.FORMAT, request.format, ability.formats),
    )
    for reason, asked, can in choices:
        if asked is not None and _spelled(asked) not in can:
            facts: dict[str, Fact] = {"asked": _echo(asked), "can": ", ".join(can)}
            if reason is RefusalReason.RATIO and _spelled(asked) in ability.ratios:
                facts["is_for_several"] = 1
            yield _Complaint(reason=reason, facts=facts)
    if not ability.is_of_own_work and not ability.sources.least <= request.sources <= ability.sources.most:
        can = _range(ability.sources.least, ability.sources.most)
        yield _Complaint(reason=RefusalReason.SOURCES, facts={"asked": request.sources, "can": can})
    if request.factor is not None and request.factor not in ability.factors:
        can = ", ".join(str(factor) for factor in ability.factors)
        yield _Complaint(reason=RefusalReason.FACTOR, facts={"asked": request.factor, "can": can})
    if request.count is not None and not ability.count_min <= request.count <= ability.count_max:
        yield _Complaint(
            reason=RefusalReason.COUNT,
            facts={"asked": request.count, "can": _range(ability.count_min, ability.count_max)},
        )


def _order(request: PictureRequest, offer: Offer) -> PictureOrder:
    """The request with every choice made; only for an offer without complaints."""
    ability = offer.abilities[request.verb]
    is_own = ability.is_of_own_work
    return PictureOrder(
        provider=offer.provider,
        model=offer.model,
        prompt=request.prompt.strip(),
        count=ability.default_count if request.count is None else request.count,
        aspect_ratio=_spelled(request.aspect_ratio) if request.aspect_ratio is not None else ability.default_ratio,
        resolution=(
            Resolution(_spelled(request.resolution)) if request.resolution is not None else ability.default_resolution
        ),
        format=(PictureFormat(_spelled(request.format)) if request.format is not None else ability.default_format),
        verb=request.verb,
        source_count=request.sources,
        factor=ability.default_factor if request.factor is None else request.factor,
        parent=request.parent.external_id if is_own and request.parent is not None else None,
    )


def _spelled(asked: str) -> str:
    plain = asked.strip().casefold()
    return _SPELLINGS.get(plain, plain)


def _range(least: int, most: int) -> str:
    return str(least) if least == most else f"{least}–{most}"


def _echo(asked: str) -> str:
    """What the member typed, short enough for a card; the words' room escapes it."""
    return asked.strip()[:_MAX_ECHO]

"""Which gateway gets a request: the cheapest healthy one that can do it, by the catalogue and the operator's order."""

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.core.errors import Fact, Refusal, RefusalReason
from bot.core.requests import PictureOrder, PictureRequest, ProviderName
from bot.providers.catalogue import Offer
from bot.providers.registry import Registry
from bot.providers.routing import choose
from bot.providers.watch import HealthWatch
from bot.services.labels import provider_label

Choice = tuple[Offer, PictureOrder]


class Choosing:
    """Chooses among the configured gateways by what they can, what they ask, and how they are."""

    def __init__(self, *, registry: Registry, watch: HealthWatch, preference: Sequence[ProviderName] = ()) -> None:
        self._registry = registry
        self._watch = watch
        self._preference = tuple(preference)

    def first(self, request: PictureRequest, *, prompt: str | None = None) -> Choice:
        """The gateway of a new request. Raises Refusal as `routing.choose`, and PROVIDER_DOWN.

        `prompt` takes the place of the request's own, for the gateway alone.

        PROVIDER_DOWN (`wait_s`, `trouble`) is told where only gateways in trouble could do it: nothing is held for what
        would wait for nobody knows how long.
        """
        request = request if prompt is None else replace(request, prompt=prompt)
        best = self._best(request)
        if self._watch.is_healthy(best[0].provider):
            return best
        healthy = self._among(request, without=())
        if healthy is not None:
            return healthy
        name = best[0].provider
        facts: dict[str, Fact] = {
            "wait_s": math.ceil(self._watch.wait_s(name)),
            "trouble": str(self._watch.trouble(name)),
        }
        raise Refusal(RefusalReason.PROVIDER_DOWN, facts)

    def _best(self, request: PictureRequest) -> Choice:
        try:
            return choose(request, self._registry.offers(), preference=self._preference)
        except Refusal as error:
            if error.reason is not RefusalReason.NO_WAY:
                raise
            names = ", ".join(provider_label(name) for name in self._registry.could(request))
            raise Refusal(error.reason, {**error.facts, "can": names}) from None

    def next(self, request: PictureRequest, *, now: PictureOrder, tried: Collection[ProviderName]) -> Choice | None:
        """Another gateway for a request that was surely not taken as `now`; None where there is none.

        It gets the same prompt, for as many pictures.

        A model that is named with its gateway is drawn there or not at all.
        """
        return self._among(replace(request, prompt=now.prompt, count=now.count), without=tried)

    def _among(self, request: PictureRequest, *, without: Collection[ProviderName]) -> Choice | None:
        offers = [
            offer
            for offer in self._registry.offers()
            if offer.provider not in without and self._watch.is_healthy(offer.provider)
        ]
        try:
            return choose(request, offers, preference=self._preference)
        except Refusal:
            return None

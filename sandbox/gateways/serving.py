"""What every pretend gateway does with an order: faults first, then the work, then faults again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from sandbox.gateways.answers import Pauses, spoil
from sandbox.gateways.cdn import Cdn
from sandbox.gateways.faults import AnswerFault, Break, Faults, Step
from sandbox.gateways.works import Order, Work, Works


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a gateway works with; `error_body` makes the documented body for a status."""

    works: Works
    cdn: Cdn
    faults: Faults
    pauses: Pauses

    async def take(
        self,
        request: web.Request,
        order: Order,
        answer: Callable[[Work], Awaitable[web.Response | None]],
        error_body: Callable[[int], object],
    ) -> web.StreamResponse:
        """Takes the order on and answers it; an answer of None never comes."""
        fault = self.faults.answer(self.works.gateway, Step.SUBMIT, order.prompt)
        if fault is not None and not fault.is_charged:
            return await spoil(request, fault, web.Response(), error_body(fault.status), self.pauses)
        good = await answer(self.works.accept(order))
        if good is None:
            return await spoil(request, AnswerFault(kind=Break.SILENT), web.Response(), None, self.pauses)
        if fault is not None:
            return await spoil(request, fault, good, error_body(fault.status), self.pauses)
        return good

    async def tell(
        self,
        request: web.Request,
        work: Work | None,
        good: web.Response,
        error_body: Callable[[int], object],
        *,
        at: Step = Step.POLL,
    ) -> web.StreamResponse:
        """Answers a question about work, or the same order again."""
        fault = None if work is None else self.faults.answer(self.works.gateway, at, work.prompt)
        if fault is None:
            return good
        return await spoil(request, fault, good, error_body(fault.status), self.pauses)

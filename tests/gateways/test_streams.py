"""The pretend xAI streams: one event goes out, then the next, in between time for whoever reads."""

import asyncio
import json

import aiohttp
import pytest

from bot.core.clock import ManualClock
from sandbox.gateways import AnswerFault, Book, Break, Faults, Gateways, broken_answer, late_answer
from sandbox.gateways.works import Works

# Long beyond what a test takes: reached only where the events do not come apart.
GIVE_UP_S = 10.0
QUESTION = [{"role": "user", "content": "why is the sky blue?"}]
BODIES = {"/chat/completions": {"messages": QUESTION}, "/responses": {"input": QUESTION}}


class Turns:
    """A stream whose gateway waits after each event until the reader asks for the next."""

    def __init__(self, gateways: Gateways) -> None:
        self.asked = asyncio.Semaphore(0)
        self.log: list[str] = []
        gateways.xai.between_events = self._between

    async def _between(self) -> None:
        self.log.append("sent")
        await self.asked.acquire()

    async def read(self, response: aiohttp.ClientResponse) -> list[str]:
        """Every event's data."""
        events = []
        async with asyncio.timeout(GIVE_UP_S):
            while (event := await response.content.readuntil(b"\n\n")) != b"":
                self.log.append("read")
                self.asked.release()
                events.append(event.decode().removeprefix("data: ").strip())
        return events


def asked(gateways: Gateways, http: aiohttp.ClientSession, path: str) -> "aiohttp.client._RequestContextManager":
    """A question whose answer is to be streamed."""
    headers = {"Authorization": f"Bearer {gateways.keys['xai']}"}
    body = {"model": "grok-4.7", "stream": True, **BODIES[path]}
    return http.post(f"{gateways.url('xai')}{path}", json=body, headers=headers)


@pytest.mark.parametrize("path", BODIES)
async def test_each_event_of_a_streamed_answer_arrives_before_the_next_is_sent(
    path: str, clock: ManualClock, http: aiohttp.ClientSession
) -> None:
    async with Gateways.start(seed=3, scale=0.0, clock=clock, names=["xai"]) as gateways:
        turns = Turns(gateways)
        async with asked(gateways, http, path) as response:
            events = await turns.read(response)
    assert turns.log == ["sent", "read"] * (len(events) - 1) + ["read"]
    assert events[-1] == "[DONE]"
    words = [one for one in map(json.loads, events[:-1]) if "delta" in json.dumps(one)]
    assert len(words) > 5
    assert "cost_in_usd_ticks" in events[-2]


def test_the_pauses_of_a_stream_are_scaled_and_hastened_as_the_drawing_is(clock: ManualClock) -> None:
    book, faults = Book(clock=clock), Faults()
    works = Works(gateway="xai", id_prefix="", seed=1, scale=0.5, clock=clock, book=book, faults=faults)
    assert works.tempo == 0.5
    works.hasten(10)
    assert works.tempo == 0.05


@pytest.mark.parametrize("fault", [broken_answer(Break.MALFORMED), broken_answer(Break.TRUNCATED)])
async def test_a_spoiled_stream_is_not_sent_event_by_event(
    fault: AnswerFault, clock: ManualClock, http: aiohttp.ClientSession
) -> None:
    async with Gateways.start(seed=3, scale=0.0, clock=clock, names=["xai"]) as gateways:
        turns = Turns(gateways)
        gateways.faults.next("xai", fault)
        async with asked(gateways, http, "/responses") as response:
            try:
                data = await response.read()
            except aiohttp.ClientPayloadError:
                data = b""
    assert not data.endswith(b"[DONE]\n\n")
    assert turns.log == []


async def test_a_late_stream_is_still_a_stream(clock: ManualClock, http: aiohttp.ClientSession) -> None:
    async with Gateways.start(seed=3, scale=0.0, clock=clock, names=["xai"]) as gateways:
        turns = Turns(gateways)
        gateways.faults.next("xai", late_answer(0.01))
        async with asked(gateways, http, "/responses") as response:
            assert (await turns.read(response))[-1] == "[DONE]"
    assert "sent" in turns.log

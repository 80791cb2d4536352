"""A window that does not take its frames is cut, and hurts nobody else."""

import asyncio

from tests.page.client import Room


async def test_a_page_that_sleeps_is_cut_and_finds_everything_when_it_comes_back(page: Room) -> None:
    awake = await page.window("bo")
    writer = await _sleeper(page)
    said = "x" * 2_000
    ana = page.sandbox.person("ana")
    async with asyncio.timeout(20):
        while len(page.page.windows) > 1:
            ana.say(said)
            await awake.until(lambda frame: frame["type"] == "message")
            if len(ana.sees()) % 200 == 0:
                await awake.settled()
    writer.transport.abort()
    assert (await awake.ask("open", channel_id=awake.id_of("general")))["ok"]
    again = await page.window("ana")
    await again.do("open", channel_id=again.id_of("general"))
    assert again.of("messages")[0]["messages"][-1]["id"] == str(ana.sees()[-1].id)


async def _sleeper(page: Room) -> asyncio.StreamWriter:
    """A websocket that says who it is and then never reads."""
    _, writer = await asyncio.open_connection("127.0.0.1", page.page.port, limit=1)
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    head = (
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{page.page.port}\r\nOrigin: {page.origin}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    body = b'{"seq":1,"do":"be","person":"ana"}'
    # A client's frame: final, text, masked with zeros.
    frame = bytes([0x81, 0x80 | len(body), 0, 0, 0, 0]) + body
    writer.write(head.encode() + frame)
    await writer.drain()
    async with asyncio.timeout(5):
        while len(page.page.windows) < 2:
            await asyncio.sleep(0.01)
    return writer

"""What the tests of `/edit` and `/upscale` share: pictures to hand in, and what arrived at the pretend gateways."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import aiohttp
from PIL import Image

from sandbox.discord import Message, Person, Use
from sandbox.discord.drafts import Upload, take
from sandbox.discord.model import Version
from sandbox.gateways.server import Watched
from tests.e2e.scene import Scene
from tests.media.samples import encoded, noise

PLACE = "52 degrees north"
# Above what any member may spend in a test of several edits and enlargements.
RICH = {"EASEL_MEMBER_DAILY_USD": "5", "EASEL_MEMBER_JOBS": "20"}


def photo(orientation: int = 1, *, name: str = "JPEG", size: tuple[int, int] = (96, 64)) -> bytes:
    """As a phone makes it: it says where it was taken, and how the phone was held."""
    block = Image.Exif()
    block[0x0112] = orientation
    block.get_ifd(0x8825)[29] = PLACE
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    return encoded(picture, name, exif=block, quality=95)


def drawing(size: tuple[int, int] = (96, 64)) -> bytes:
    """A picture that tells nothing beside itself."""
    return noise(size=size)


def upload(data: bytes, filename: str = "picture.png") -> Upload:
    return Upload(filename=filename, data=data)


def post_as(play: Scene, person: Person, *pictures: bytes, filename: str = "holiday.png") -> Message:
    """A message of a member that shows pictures they uploaded."""
    world, place = play.rig.sandbox.world, play.rig.sandbox.channel("general")
    files = tuple(take(world, place, upload(data, filename)) for data in pictures)
    message = Message(
        id=world.snowflakes.new(),
        channel_id=place.id,
        author_id=person.id,
        versions=[Version(at=world.clock.now(), attachments=files)],
    )
    return world.post(message)


class Gatekeeper:
    """Notes what every gateway was sent."""

    def __init__(self, play: Scene) -> None:
        self._play = play
        self.seen: list[Watched] = []
        play.rig.gateways.on_request = self.seen.append

    def orders(self, name: str) -> list[dict[str, Any]]:
        """The JSON bodies of a gateway's POSTs."""
        found = [one for one in self.seen if one.gateway == name and one.method == "POST" and "upload" not in one.path]
        return [json.loads(one.body) for one in found]

    async def pictures(self, name: str, order: dict[str, Any]) -> Sequence[bytes]:
        """The source pictures of an order, as the gateway itself would read them."""
        match name:
            case "locus":
                given = [order["image"]]
            case "xai":
                given = [one["url"] for one in order.get("images", [order.get("image")])]
            case "pixazo":
                given = order["image_urls"]
            case _:
                params = next(value for value in order.values() if isinstance(value, dict))
                return [self._play.rig.gateways.apiframe.uploads[params["image"]]]
        return [await read(one) for one in given]


async def read(address: str) -> bytes:
    """What stands in a data URI, or lies behind an address."""
    if address.startswith("data:"):
        return base64.b64decode(address.partition(",")[2])
    async with aiohttp.ClientSession() as session, session.get(address) as response:
        response.raise_for_status()
        return await response.read()


async def edit(
    play: Scene, data: bytes, *, prompt: str = "make it night", by: Person | None = None, **options: Any
) -> Use:
    """`/edit` of one picture, by Ana unless said otherwise."""
    return await (by or play.ana).command("edit", prompt=prompt, image=upload(data), **options)

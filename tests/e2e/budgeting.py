"""What the tests of `/settings budget` share: an admin with the card open, by menus, forms and buttons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.discord import Message, Person, Use
from sandbox.discord.components import selects
from tests.e2e.scene import WAIT_S, Scene

# What stands in an otherwise empty form for a limit of money by the day.
MONEY_A_DAY = {"unit": "money", "span": "day"}


@dataclass(kw_only=True)
class Card:
    """The card in front of whoever opened it; each deed waits until it is drawn anew."""

    who: Person
    message: Message

    @property
    def text(self) -> str:
        """What it says."""
        return self.message.plain_text()

    def menu(self, placeholder: str) -> Mapping[str, Any]:
        """One of its menus."""
        (found,) = [one for one in selects(self.message.now.components) if one["placeholder"] == placeholder]
        return found

    def options(self) -> dict[str, str]:
        """What can be changed: what each option says, and its value."""
        return {one["label"]: one["value"] for one in self.menu("Change or remove…")["options"]}

    def option(self, words: str) -> str:
        """The value of the one option that says this."""
        (found,) = [value for label, value in self.options().items() if words in label]
        return found

    async def open_add(self, what: str) -> Use:
        """The form behind a choice of Add…."""
        use = await self.who.select(self.message, [what], custom_id=self.menu("Add…")["custom_id"])
        await use.opened()
        return use

    async def open_change(self, words: str) -> Use:
        """The form behind a choice of Change or remove…."""
        menu = self.menu("Change or remove…")
        use = await self.who.select(self.message, [self.option(words)], custom_id=menu["custom_id"])
        await use.opened()
        return use

    async def open(self, label: str) -> Use:
        """The form behind a button."""
        use = await self.who.press(self.message, label)
        await use.opened()
        return use

    async def send(self, opened: Use, values: Mapping[str, Any]) -> str:
        """The form sent off; what the card says then."""
        before = len(self.message.history)
        sent = await self.who.submit_modal(opened, values)
        await sent.wait_until(lambda message: message is self.message and len(message.history) > before, WAIT_S)
        return self.text

    async def add(self, what: str, **values: Any) -> str:
        """A form of Add…, filled in and sent."""
        return await self.send(await self.open_add(what), values)

    async def change(self, words: str, **values: Any) -> str:
        """A form of Change or remove…, filled in and sent."""
        return await self.send(await self.open_change(words), values)

    async def press(self, label: str) -> str:
        """A button that draws the card anew."""
        before = len(self.message.history)
        use = await self.who.press(self.message, label)
        await use.wait_until(lambda message: len(message.history) > before, WAIT_S)
        return self.text


async def card_of(who: Person) -> Card:
    """`/settings budget`."""
    use = await who.command("settings budget")
    message = await use.answered(WAIT_S)
    assert message.only_for == who.id
    return Card(who=who, message=message)


def admin_of(play: Scene) -> Person:
    """Who manages the server."""
    return play.rig.sandbox.person("admin")

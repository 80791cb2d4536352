"""Every button of a result, of a result with several pictures, and of an answer, in every situation in which somebody
presses it: each press gets its answer, and none is charged for twice.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.db import Transaction
from sandbox.discord import Message, Permission, Person, Upload, Use
from sandbox.gateways import EVERY
from tests.e2e.handing import drawing
from tests.e2e.pressing import ENOUGH, stage
from tests.e2e.scene import WAIT_S, Scene, scene
from tests.e2e.talking import XAI

PLACE = "gallery"
SETTINGS = {**ENOUGH, "EASEL_MEMBER_JOBS": "30"}
POSTED = "Posted: "
GONE = "I do not keep this picture any more"
CANNOT_POST = "I cannot post in this channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button by the beginning of its label. `form` is filled into what it opens, `then` is pressed on its answer.

    `reads` stands in the answer where nothing is in the way, for `costs` charges.
    """

    on: str
    label: str
    reads: str = POSTED
    form: Mapping[str, str] | None = None
    then: str | None = None

    def __str__(self) -> str:
        return f"{self.on}: {self.label}"

    @property
    def costs(self) -> bool:
        """Whether it buys something."""
        return self.reads == POSTED


def of_result(on: str, which: int | None) -> list[Button]:
    """Those of a result; the irreversible one apart, for it ends the others."""
    place = {} if which is None else {"picture": str(which)}
    return [
        Button(on=on, label="Again"),
        Button(on=on, label="Vary", then=None if which is None else f"Vary {which}"),
        Button(on=on, label="Edit…", form={"prompt": f"make it night {on}", **place}),
        Button(on=on, label="Upscale" if which is None else f"Upscale {which}"),
        Button(on=on, label="Details", reads="### Details"),
        Button(on=on, label="Report", form={"reason": "rules"}, reads="Thank you"),
    ]


BUTTONS = [
    *of_result("one", None),
    *of_result("several", 2),
    Button(on="answer", label="Continue", form={"question": "and then?"}),
    Button(on="answer", label="Read aloud"),
]
LAST = [
    Button(on="one", label="Delete", then="Delete for good", reads="### Deleted"),
    Button(on="several", label="Delete", then="Delete for good", reads="### Deleted"),
    Button(on="answer", label="Forget", reads="### Forgotten"),
]
Shown = Mapping[str, Message]


async def made(play: Scene) -> Shown:
    """Ana's result of one picture, her result of several, and an answer to a question with a picture."""
    uses = {
        "one": await play.ana.command("imagine", channel=PLACE, prompt="a lighthouse", model="apiinone/grok-imagine"),
        "several": await play.ana.command("imagine", channel=PLACE, prompt="a fox", model="xai/grok-imagine", count=3),
        "answer": await play.ana.command(
            "ask", channel=PLACE, question="why?", model=XAI, image=Upload(filename="a.png", data=drawing())
        ),
    }
    found = {}
    for name, use in uses.items():
        text = await play.says(use, POSTED)
        (found[name],) = [one for one in play.rig.sandbox.channel(PLACE).messages if f"/{one.id}" in text]
    return found


async def begun(who: Person, shown: Shown, button: Button) -> Use | Message:
    """As far as it costs nothing: the message with the deciding button, or the form that is open."""
    message = shown[button.on]
    if button.form is None and button.then is None:
        return message
    use = await _press(who, message, button.label)
    assert await use.acknowledged(WAIT_S), button
    return use if use.interaction.modal is not None else await use.answered(WAIT_S)


async def done(who: Person, at: Use | Message, button: Button) -> Use | Message:
    """The deciding press or form; what was refused before stays what it is."""
    if isinstance(at, Use):
        return await who.submit_modal(at, button.form or {})
    if button.form is not None:
        return at
    if button.then is None:
        return await _press(who, at, button.label)
    is_asked = any(one.label == button.then for one in at.buttons())
    return await _press(who, at, button.then) if is_asked else at


async def _press(who: Person, message: Message, label: str) -> Use:
    (found,) = [one for one in message.buttons() if (one.label or "").startswith(label)]
    return await who.press_anyway(message, str(found.custom_id))


async def says(at: Use | Message, words: Sequence[str], button: Button) -> str:
    """What its member reads in the end, which must be one of those."""
    if isinstance(at, Message):
        text = at.plain_text()
        assert any(one in text for one in words), f"{button}: {text}"
        return text
    try:
        card = await at.wait_until(lambda one: any(word in one.plain_text() for word in words), timeout_s=WAIT_S)
    except TimeoutError as error:
        raise AssertionError(f"{button}: {error}") from None
    return card.plain_text()


async def press_all(
    play: Scene, shown: Shown, *, by: Person | None = None, reads: Mapping[str, str] | None = None
) -> None:
    """Each button once; `reads` is what is read other than usually. As many charges as were promised, and no more."""
    who, told = by or play.ana, reads or {}
    charges = len(play.rig.gateways.book.charges)
    for every in (BUTTONS, LAST):
        some = [button for button in every if button.on in shown]
        used = [(button, await done(who, await begun(who, shown, button), button)) for button in some]
        for button, at in used:
            await says(at, [told.get(str(button), button.reads)], button)
    bought = [button for button in BUTTONS if button.on in shown and told.get(str(button), button.reads) == POSTED]
    assert len(play.rig.gateways.book.charges) == charges + len(bought)
    await play.ends_well()


# -- what may have happened before somebody presses ------------------------------------------------------------------

Situation = Callable[[Path], AbstractAsyncContextManager[tuple[Scene, Shown]]]


@asynccontextmanager
async def restart(folder: Path) -> AsyncIterator[tuple[Scene, Shown]]:
    async with stage(folder) as built:
        ana, bo = built.sandbox.person("ana"), built.sandbox.person("bo")
        async with built.bot(clock=built.sandbox.clock, **SETTINGS) as house:
            shown = await made(Scene(rig=built, house=house, ana=ana, bo=bo))
        await built.sandbox.bot_gone()
        async with built.bot(clock=built.sandbox.clock, **SETTINGS) as house:
            yield Scene(rig=built, house=house, ana=ana, bo=bo), shown


@asynccontextmanager
async def nothing(folder: Path) -> AsyncIterator[tuple[Scene, Shown]]:
    async with scene(folder, SETTINGS, names=EVERY) as play:
        yield play, await made(play)


@asynccontextmanager
async def sixteen_minutes(folder: Path) -> AsyncIterator[tuple[Scene, Shown]]:
    async with nothing(folder) as (play, shown):
        await play.later(minutes=16)
        yield play, shown


@asynccontextmanager
async def messages_deleted(folder: Path) -> AsyncIterator[tuple[Scene, Shown]]:
    async with nothing(folder) as (play, shown):
        for message in shown.values():
            play.rig.sandbox.person("mod").delete(message)
        yield play, shown


@asynccontextmanager
async def channel_deleted(folder: Path) -> AsyncIterator[tuple[Scene, Shown]]:
    """The results are opened from the history then; of an answer nothing is left to press."""
    async with nothing(folder) as (play, _):
        play.rig.sandbox.world.delete_channel(play.rig.sandbox.channel(PLACE))
        page = await (await play.ana.command("history")).answered(WAIT_S)
        opened = {
            on: await (await play.ana.press(page, f"Open {place}")).answered(WAIT_S)
            for on, place in (("several", 1), ("one", 2))
        }
        yield play, opened


@asynccontextmanager
async def permission_lost(folder: Path) -> AsyncIterator[tuple[Scene, Shown]]:
    async with nothing(folder) as (play, shown):
        play.rig.sandbox.take_permission(Permission.ATTACH_FILES)
        yield play, shown


@asynccontextmanager
async def pictures_cleaned_up(folder: Path) -> AsyncIterator[tuple[Scene, Shown]]:
    async with nothing(folder) as (play, shown):

        def write(tx: Transaction) -> None:
            tx.execute("UPDATE asset SET removed_at = ?", (play.house.clock.now(),))

        await play.house.database.write(write)
        for file in (play.rig.stage.data_dir / "pictures").glob("*/*"):
            file.unlink()
        yield play, shown


_WAS_GONE = {f"{on}: Delete": "It was gone already" for on in ("one", "several")}
_REFUSED = {str(button): CANNOT_POST for button in BUTTONS if button.costs}
_NOT_KEPT = {
    **{f"{on}: {label}": GONE for on in ("one", "several") for label in ("Vary", "Edit…")},
    "several: Upscale 2": GONE,  # of "one" its gateway keeps a copy
    **{f"{on}: Details": "cleaned up" for on in ("one", "several")},
}


@pytest.mark.parametrize(
    ("situation", "reads"),
    [
        (restart, {}),
        (sixteen_minutes, {}),
        (messages_deleted, _WAS_GONE),
        (channel_deleted, _WAS_GONE),
        (permission_lost, _REFUSED),
        (pictures_cleaned_up, _NOT_KEPT),
    ],
)
async def test_every_button_is_answered_after(tmp_path: Path, situation: Situation, reads: Mapping[str, str]) -> None:
    async with situation(tmp_path) as (play, shown):
        await press_all(play, shown, reads=reads)


async def test_every_button_is_answered_for_somebody_else_who_pays_for_it(tmp_path: Path) -> None:
    async with nothing(tmp_path) as (play, shown):
        known = {job.id for job in await play.jobs()}
        others = {"one: Delete": "Not your result", "several: Delete": "Not your result"}
        await press_all(play, shown, by=play.bo, reads={**others, "answer: Forget": "Not your conversation"})
        assert {job.member_id for job in await play.jobs() if job.id not in known} == {play.bo.id}
        assert not any(message.is_deleted for message in shown.values())


async def test_two_presses_in_flight_together_are_both_answered_and_paid_once(tmp_path: Path) -> None:
    async with nothing(tmp_path) as (play, shown):
        charges = len(play.rig.gateways.book.charges)
        for some in (BUTTONS, LAST):
            for button in some:
                twice = [await begun(play.ana, shown, button) for _ in range(2)]
                used = await asyncio.gather(*(done(play.ana, at, button) for at in twice))
                late = {True: ["Nothing was charged"], False: [button.reads, "gone already", "Nothing is left"]}
                texts = [await says(at, [button.reads, *late[button.costs]], button) for at in used]
                assert any(button.reads in text for text in texts), button
                assert not button.costs or sum(POSTED in text for text in texts) == 1, button
        assert len(play.rig.gateways.book.charges) == charges + sum(button.costs for button in BUTTONS)
        await play.ends_well()


async def test_a_channel_that_goes_after_the_presses_takes_the_cards_and_leaves_the_books_right(tmp_path: Path) -> None:
    async with nothing(tmp_path) as (play, shown):
        charges = len(play.rig.gateways.book.charges)
        used = [await done(play.ana, await begun(play.ana, shown, button), button) for button in BUTTONS]
        for at in used:
            assert isinstance(at, Message) or await at.acknowledged(WAIT_S)
        play.rig.sandbox.world.delete_channel(play.rig.sandbox.channel(PLACE))
        await play.ends_well()
        assert len(play.rig.gateways.book.charges) <= charges + sum(button.costs for button in BUTTONS)

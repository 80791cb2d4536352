"""What the tests of a result's buttons share: a result to press on, and short words for the presses."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.jobs.model import Job
from bot.ui import custom_ids
from bot.ui.custom_ids import FormId, FormVerb, Press, ResultVerb
from sandbox.discord import Message, Person, Use
from sandbox.gateways import EVERY
from tests.e2e.rig import Rig, rig
from tests.e2e.scene import SCALE, Scene

APIINONE = "apiinone/grok-imagine"
# Budgets that are in nobody's way.
ENOUGH = {"EASEL_MEMBER_DAILY_USD": "9", "EASEL_GUILD_DAILY_USD": "20", "EASEL_GUILD_JOBS": "8"}
PAID = (ResultVerb.AGAIN, ResultVerb.VARY, ResultVerb.UPSCALE)
LABELS = {
    ResultVerb.AGAIN: "Again",
    ResultVerb.VARY: "Vary",
    ResultVerb.EDIT: "Edit…",
    ResultVerb.UPSCALE: "Upscale",
    ResultVerb.DETAILS: "Details",
    ResultVerb.REPORT: "Report",
    ResultVerb.DELETE: "Delete",
}


async def result(play: Scene, prompt: str = "a lighthouse", *, model: str = APIINONE, **options: Any) -> Message:
    """A posted result of Ana's, drawn where it can be enlarged."""
    return await play.posted(await play.ask(prompt, model=model, **options))


def labels(message: Message) -> list[str]:
    """What stands on its buttons."""
    return [button.label for button in message.buttons()]


def custom_id(job: Job, verb: ResultVerb, position: int | None = None) -> str:
    """The custom id of a job's button."""
    return custom_ids.of_press(Press(verb=verb, job_id=job.id, position=position))


def form_id(job: Job, verb: FormVerb) -> str:
    """The custom id of a job's form."""
    return custom_ids.of_form(FormId(verb=verb, job_id=job.id))


async def said(use: Use) -> str:
    """What the member reads in answer to a press."""
    return (await use.answered(8.0)).plain_text()


async def new_jobs(play: Scene, before: Sequence[Job]) -> list[Job]:
    """The jobs since then."""
    known = {job.id for job in before}
    return [job for job in await play.jobs() if job.id not in known]


async def press_every(play: Scene, post: Message, who: Person) -> None:
    """Presses each button of the result of one picture, and sees that each does what it says."""
    for verb in PAID:
        posted = await play.posted(await who.press(post, LABELS[verb]))
        assert posted.id != post.id
    opened = await who.press(post, "Edit…")
    await opened.opened()
    edited = await play.posted(await who.submit_modal(opened, {"prompt": "the same at night"}))
    assert "the same at night" in edited.plain_text()
    assert "### Details" in await said(await who.press(post, "Details"))
    opened = await who.press(post, "Report")
    await opened.opened()
    assert "Thank you" in await said(await who.submit_modal(opened, {"reason": "other", "text": "look at it"}))


async def delete(who: Person, post: Message) -> str:
    """Presses Delete and its confirmation; what is read in the end."""
    asked = await (await who.press(post, "Delete")).answered()
    sure = await who.press(asked, "Delete for good")
    return (await sure.wait_until(lambda message: "for good" not in message.plain_text())).plain_text()


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Rig]:
    """A stage with every gateway, for bots that come and go."""
    async with rig(folder, scale=SCALE, names=EVERY) as built:
        yield built


@asynccontextmanager
async def bot_on(built: Rig) -> AsyncIterator[Scene]:
    """A bot on the stage; the one before it has gone."""
    await built.sandbox.bot_gone()
    async with built.bot(clock=built.sandbox.clock, **ENOUGH) as house:
        ana, bo = built.sandbox.person("ana"), built.sandbox.person("bo")
        yield Scene(rig=built, house=house, ana=ana, bo=bo)

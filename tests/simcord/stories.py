"""What people do with Easel, told once and lived through in both worlds.

Each story says by itself what must be seen; what it notes down besides is compared between the worlds.
"""

from collections.abc import Awaitable, Callable

from sandbox.discord import components as parts
from sandbox.gateways import Outcome, outcome
from tests.sandbox.bot import picture
from tests.simcord.worlds import (
    ADMIN,
    ANA,
    BO,
    Act,
    Body,
    Upload,
    View,
    World,
    answered,
    plain,
    posted,
    until,
    view,
)

APIINONE, PIXAZO, XAI = "apiinone/grok-imagine", "pixazo/grok-imagine-quality", "xai/grok-4.3"
Notes = list[object]
Story = Callable[[World, Notes], Awaitable[None]]


async def drawn(world: World, who: str = ANA, prompt: str = "a lighthouse") -> Body:
    """A posted result."""
    return await posted(world, await world.slash(who, "imagine", prompt=prompt, model=APIINONE))


async def read(act: Act, text: str = "") -> View:
    """What the answer reads."""
    return view(await answered(act, text))


def labels(message: Body) -> list[str]:
    """What stands on the buttons."""
    return [label for label, _, _ in view(message).buttons]


async def commands_are_offered_to_whom_they_are_for(world: World, notes: Notes) -> None:
    """Registration, default permissions, autocomplete."""
    for command in ("imagine", "edit", "ask", "history", "style list"):
        assert world.may_use(ANA, command)
    assert world.may_use(ADMIN, "settings styles add")
    assert not world.may_use(ANA, "settings styles add")
    assert ("Grok Imagine Quality · pixazo · $0.05", PIXAZO) in await world.suggest(ANA, "imagine", "model", "pixazo")
    for option, typed in (("model", "grok"), ("aspect_ratio", "16"), ("resolution", ""), ("style", "x")):
        notes.append(await world.suggest(ANA, "imagine", option, typed))


async def a_picture_is_drawn_for_all_and_its_card_is_for_one(world: World, notes: Notes) -> None:
    """Acknowledgement, edits of the answer, a public post with a described file, who sees what."""
    act = await world.slash(ANA, "imagine", prompt="a lighthouse", model=PIXAZO, count=2)
    post = await posted(world, act)
    shown = view(post)
    assert shown.pictures == ("Picture 1 of 2: a lighthouse", "Picture 2 of 2: a lighthouse")
    assert [name for name, _ in shown.files] == ["easel-<job>-1.jpg", "easel-<job>-2.jpg"]
    assert shown.mentions == 0
    assert not shown.is_ephemeral
    card = await read(act)
    assert card.is_ephemeral
    assert card.is_v2
    assert [view(one) for one in world.seen(ANA)] == [card, shown]
    assert [view(one) for one in world.seen(BO)] == [shown]
    notes += [shown, card]


async def a_card_is_cancelled_after_a_restart(world: World, notes: Notes) -> None:
    """A DynamicItem on an ephemeral message, found by its custom id alone."""
    world.gateways.faults.next("pixazo", outcome(Outcome.NEVER_ENDS))
    act = await world.slash(ANA, "imagine", prompt="a lighthouse", model=PIXAZO)
    card = await answered(act, "drawing")
    assert labels(card) == ["Cancel"]
    await world.restart()
    pressed = await world.press(ANA, card, "Cancel")
    assert pressed.is_acknowledged
    stopping = await answered(act, "Cancelling")
    assert labels(stopping) == []
    world.gateways.finish()
    notes.append(await read(act, "finished anyway"))
    assert world.seen(BO) == []


async def a_result_is_looked_at_changed_reported_and_deleted(world: World, notes: Notes) -> None:
    """The result's buttons: an answer beside the post, forms with text and radio, a question, a deletion."""
    post = await drawn(world)
    notes += [labels(post), await read(await world.press(BO, post, "Details"), "### Details")]
    form = await world.press(BO, post, "Edit…")
    notes.append(form_of(form))
    changed = await posted(world, await world.submit(BO, form, {"prompt": "the same at night"}))
    notes.append(view(changed))
    form = await world.press(BO, post, "Report")
    notes.append(form_of(form))
    notes.append(await read(await world.submit(BO, form, {"reason": "other", "text": "look at it"}), "Thank you"))
    refused = await read(await world.press(BO, post, "Delete"))
    assert "Delete for good" not in [label for label, _, _ in refused.buttons]
    asked = await answered(await world.press(ANA, post, "Delete"))
    sure = await world.press(ANA, asked, "Delete for good")
    notes += [refused, view(asked), await read(sure, "### Deleted")]
    assert str(post["id"]) not in [one["id"] for one in world.seen(BO)]


def form_of(act: Act) -> Body:
    """A form without the ids that Discord gives its parts."""
    assert act.form is not None
    fields = [_bare(one) for one in act.form["components"]]
    return {**act.form, "custom_id": plain(act.form["custom_id"]), "components": fields}


def _bare(part: Body) -> Body:
    bare = {key: plain(value) if key == "content" else value for key, value in part.items() if key != "id"}
    return {**bare, "component": _bare(part["component"])} if "component" in part else bare


async def a_result_works_on_after_a_restart(world: World, notes: Notes) -> None:
    """Another process finds what stands behind the button."""
    post = await drawn(world)
    await world.restart()
    again = await posted(world, await world.press(BO, post, "Again"))
    assert again["id"] != post["id"]
    notes.append(view(again))


async def pictures_are_handed_in(world: World, notes: Notes) -> None:
    """An uploaded file, an entry of a message's menu, a form behind one."""
    given = Upload(filename="mine.png", data=picture(side=64))
    notes.append(view(await posted(world, await world.slash(ANA, "edit", prompt="make it red", image=given))))
    post = await drawn(world)
    notes.append(view(await posted(world, await world.menu(BO, "Upscale", post))))
    form = await world.menu(BO, "Edit this picture…", post)
    assert form.form is not None
    notes.append(view(await posted(world, await world.submit(BO, form, {"prompt": "make it blue"}))))
    bare = await world.menu(BO, "Upscale", await answered(await world.slash(BO, "usage")))
    notes.append(await read(bare))


async def a_result_is_varied_and_enlarged_and_an_answer_read_aloud(world: World, notes: Notes) -> None:
    """A button on a result, a command with a suggested picture and a choice, a file of sound."""
    post = await drawn(world)
    notes.append(view(await posted(world, await world.press(BO, post, "Vary"))))
    ((name, value),) = await world.suggest(ANA, "upscale", "picture", "light")
    assert name.startswith("a lighthouse · picture 1")
    notes.append(view(await posted(world, await world.slash(ANA, "upscale", picture=value, factor=4))))
    answer = await posted(world, await world.slash(ANA, "ask", question="Why?", model=XAI))
    (label,) = [one for one in labels(answer) if one.startswith("Read aloud")]
    aloud = view(await posted(world, await world.press(ANA, answer, label)))
    assert [name for name, _ in aloud.files] == ["easel-<job>.wav"]
    notes.append(aloud)


async def a_question_is_answered_continued_and_forgotten(world: World, notes: Notes) -> None:
    """Plain messages with buttons, a form behind one, a reply read without the message content intent."""
    act = await world.slash(ANA, "ask", question="Why is the sky blue?", model=XAI)
    post = await posted(world, act)
    shown = view(post)
    assert not shown.is_v2
    assert shown.mentions == 0
    private = await read(
        await world.slash(BO, "ask", question="In secret?", model=XAI, private=True), "Only you see this"
    )
    assert private.is_ephemeral
    form = await world.press(ANA, post, "Continue…")
    further = await posted(world, await world.submit(ANA, form, {"question": "And red?"}))
    before = len(world.seen(BO))
    await world.reply(ANA, further, "And green?")
    await until(lambda: len(world.seen(BO)) > before + 1 or None, "an answer to the reply")
    forgotten = await read(await world.press(ANA, post, "Forget"), "Forgotten")
    notes += [shown, private, view(further), forgotten]


async def earlier_results_are_found_again(world: World, notes: Notes) -> None:
    """A page with thumbnails in an ephemeral answer, and a result opened beside it."""
    await drawn(world)
    page = await answered(await world.slash(ANA, "history"))
    shown = view(page)
    assert shown.is_ephemeral
    assert shown.pictures == ("a lighthouse",)
    opened = await read(await world.press(ANA, page, shown.buttons[0][0]))
    assert opened.is_ephemeral
    assert opened.pictures == ("a lighthouse",)
    notes += [shown, opened]


async def a_style_is_kept_by_a_form_and_chosen(world: World, notes: Notes) -> None:
    """Subcommands of groups, a form in answer to a command, names suggested from what was kept."""
    form = await world.slash(ANA, "style add")
    assert form.answer is None
    notes.append(form_of(form))
    notes.append(await read(await world.submit(ANA, form, {"name": "Noir", "text": "black and white film still"})))
    assert await world.suggest(ANA, "imagine", "style", "noi") == [("Noir (yours)", "Noir")]
    notes.append(await read(await world.slash(ANA, "style list")))
    notes.append(await read(await world.slash(ANA, "style remove", name="Noir")))


async def a_limit_is_set_by_a_form_and_met_and_raised_after_a_restart(world: World, notes: Notes) -> None:
    """Menus in a message, forms behind them with menus of members, the card drawn anew in place."""
    card = await answered(await world.slash(ADMIN, "settings budget"))
    form = await world.choose(ADMIN, card, "Add…", "member")
    notes += [view(card), form_of(form)]
    values = {"whom": [ANA], "unit": "pictures", "span": "month", "amount": "1", "minutes": ""}
    act = await world.submit(ADMIN, form, values)
    card = await answered(act, "1 picture a month")
    await drawn(world)
    refused = await read(await world.slash(ANA, "imagine", prompt="one more", model=APIINONE))
    assert "set for you" in refused.text
    notes += [view(card), refused]
    await world.restart()
    key = next(one["value"] for one in _options(card) if "1 picture a month" in one["label"])
    form = await world.choose(ADMIN, card, "Change or remove…", key)
    notes.append(form_of(form))
    act = await world.submit(ADMIN, form, {"do": "raise", "amount": "2", "time": "2 hours"})
    notes.append(await read(act, "raised, 1 picture again"))
    await drawn(world)
    pause = await world.press(ADMIN, await answered(act), "Pause…")
    act = await world.submit(ADMIN, pause, {"whom": "imagine", "reason": "enough"})
    notes += [form_of(pause), await read(act, "is paused")]
    notes.append(await read(await world.slash(ANA, "imagine", prompt="one more", model=APIINONE)))
    notes.append(await read(await world.press(ADMIN, await answered(act), "Changes")))
    assert [view(one) for one in world.seen(BO) if view(one).is_ephemeral] == []


def _options(card: Body) -> list[Body]:
    """What can be changed."""
    return next(one["options"] for one in parts.selects(card["components"]) if one["placeholder"] != "Add…")


async def help_and_usage_are_for_the_member_alone(world: World, notes: Notes) -> None:
    """Answers that only their member sees."""
    for command in ("help", "about", "usage"):
        notes.append(await read(await world.slash(ANA, command)))
    assert len(world.seen(ANA)) == 3
    assert world.seen(BO) == []


async def without_the_right_to_attach_files_nothing_is_begun(world: World, notes: Notes) -> None:
    """What the bot may do comes with each interaction."""
    world.forbid_files()
    refused = await read(await world.slash(ANA, "imagine", prompt="a lighthouse"))
    assert "attach files" in refused.text
    notes.append(refused)
    assert world.seen(BO) == []


STORIES: tuple[Story, ...] = (
    commands_are_offered_to_whom_they_are_for,
    a_picture_is_drawn_for_all_and_its_card_is_for_one,
    a_card_is_cancelled_after_a_restart,
    a_result_is_looked_at_changed_reported_and_deleted,
    a_result_works_on_after_a_restart,
    pictures_are_handed_in,
    a_result_is_varied_and_enlarged_and_an_answer_read_aloud,
    a_question_is_answered_continued_and_forgotten,
    earlier_results_are_found_again,
    a_style_is_kept_by_a_form_and_chosen,
    a_limit_is_set_by_a_form_and_met_and_raised_after_a_restart,
    help_and_usage_are_for_the_member_alone,
    without_the_right_to_attach_files_nothing_is_begun,
)

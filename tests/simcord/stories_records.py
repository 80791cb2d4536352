"""What people do with what is kept: their own data, styles, the books, results long past. Told as in `stories`."""

from collections.abc import Sequence

from tests.simcord.stories import Notes, Story, drawn, form_of, labels, read
from tests.simcord.worlds import ADMIN, ANA, BO, Body, World, answered, posted, until, view, words


async def shown_anew(world: World, who: str, card: Body, label: str) -> Body:
    """The same message after a press that changes it in place."""
    before = words(card)
    await world.press(who, card, label)

    def look() -> Body | None:
        found = next(one for one in world.seen(who) if one["id"] == card["id"])
        return found if words(found) != before else None

    return await until(look, f"what {label} shows")


async def what_is_kept_of_a_member_is_shown_handed_out_and_deleted(world: World, notes: Notes) -> None:
    """Buttons beside a card, a file in an ephemeral answer, a question before what cannot be undone."""
    await drawn(world)
    card = await answered(await world.slash(ANA, "privacy"))
    data = await read(await world.press(ANA, card, "My data"))
    assert data.is_ephemeral
    assert len(data.files) == 1
    question = await answered(await world.press(ANA, card, "Delete my texts and pictures…"))
    begun = await read(await world.press(ANA, question, "Delete for good"))
    notes += [view(card), data, view(question), begun]


async def styles_of_the_server_are_added_changed_and_removed(world: World, notes: Notes) -> None:
    """Groups within groups, a form that opens filled in, and who may."""
    opened = await world.slash(ADMIN, "settings styles add")
    notes.append(form_of(opened))
    notes.append(await read(await world.submit(ADMIN, opened, {"name": "House", "text": "flat colours, thick lines"})))
    assert await world.suggest(ANA, "imagine", "style", "hou") == [("House (this server)", "House")]
    opened = await world.slash(ADMIN, "settings styles change", name="House")
    notes.append(form_of(opened))
    notes.append(await read(await world.submit(ADMIN, opened, {"name": "House", "text": "thin lines"})))
    notes.append(await read(await world.slash(ADMIN, "settings styles list")))
    notes.append(view(await posted(world, await world.slash(ANA, "imagine", prompt="a boat", style="House"))))
    notes.append(await read(await world.slash(ADMIN, "settings styles remove", name="House")))


async def a_style_of_ones_own_is_changed(world: World, notes: Notes) -> None:
    """The form knows what the style said."""
    opened = await world.slash(ANA, "style add")
    await read(await world.submit(ANA, opened, {"name": "Noir", "text": "black and white"}))
    opened = await world.slash(ANA, "style change", name="Noir")
    notes.append(form_of(opened))
    notes.append(await read(await world.submit(ANA, opened, {"name": "Noir", "text": "black, white and red"})))
    notes.append(await read(await world.slash(ANA, "style change", name="Nothing")))


async def a_result_is_looked_into_by_its_menu(world: World, notes: Notes) -> None:
    """An entry of a message's menu that answers beside it."""
    post = await drawn(world)
    details = await read(await world.menu(BO, "Picture details", post), "### Details")
    assert details.is_ephemeral
    notes.append(details)


async def the_books_are_shown_by_period_and_given_as_files(world: World, notes: Notes) -> None:
    """A chart that is replaced in place, files beside it, and who may press."""
    await drawn(world)
    card = await answered(await world.slash(ADMIN, "usage"))
    assert len(view(card).pictures) == 1
    notes.append(view(card))
    for label in ("This week", "By member"):
        card = await shown_anew(world, ADMIN, card, label)
        notes.append(view(card))
    for label in ("CSV", "JSON Lines", "My limits"):
        notes.append(await read(await world.press(ADMIN, card, label)))
    assert len(world.seen(BO)) == 1


async def results_long_past_are_leafed_through_and_drawn_again(world: World, notes: Notes) -> None:
    """Pages that change in place with their small pictures, and a button on a result found there."""
    for number in range(1, 7):
        await drawn(world, prompt=f"picture {number}")
    first = await answered(await world.slash(ANA, "history"))
    second = await shown_anew(world, ANA, first, "Next")
    back = await shown_anew(world, ANA, second, "Back")
    notes += [view(first), view(second), view(back)]
    assert view(back).pictures == view(first).pictures
    opened = await answered(await world.press(ANA, back, "Open 1"))
    again = await posted(world, await world.press(ANA, opened, "Again"))
    notes += [view(opened), labels(again), view(again)]


RECORDS: Sequence[Story] = (
    what_is_kept_of_a_member_is_shown_handed_out_and_deleted,
    styles_of_the_server_are_added_changed_and_removed,
    a_style_of_ones_own_is_changed,
    a_result_is_looked_into_by_its_menu,
    the_books_are_shown_by_period_and_given_as_files,
    results_long_past_are_leafed_through_and_drawn_again,
)

"""Styles: kept by those who manage a server and by each member, chosen by name, read by the gateway alone."""

from pathlib import Path

import pytest

from bot.services.styles.model import GUILD_MAX, MEMBER_MAX
from sandbox.discord import ClientRefused, Message, Person, Use
from tests.e2e.handing import drawing, edit
from tests.e2e.pressing import ENOUGH, bot_on, said, stage
from tests.e2e.scene import LOCUS, Scene, scene

INK = {"name": "Ink drawing", "text": "An ink drawing of {prompt}, on rough paper"}
NOIR = {"name": "Noir", "text": "black and white film still"}


async def filled(who: Person, command: str, given: dict[str, str], **options: str) -> str:
    """Opens the form by a command, fills it in, and reads the answer."""
    opened = await who.type_command(command, options)
    await opened.opened()
    return await said(await who.submit_modal(opened, given))


async def drawn(play: Scene, who: Person, prompt: str, style: str) -> tuple[Message, Use]:
    use = await play.ask(prompt, by=who, model=LOCUS, style=style)
    return await play.posted(use), use


def ordered(play: Scene, prompt: str) -> int:
    """How often the gateways were asked for just that."""
    return len(play.rig.gateways.book.of_prompt(prompt))


async def test_a_servers_style_is_chosen_by_anybody_and_only_the_gateway_reads_it(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        admin = play.rig.sandbox.person("admin")
        assert "Style kept" in await filled(admin, "settings styles add", INK)
        choices = await play.ana.autocomplete("imagine", "style", "ink", prompt="x")
        assert [(one.name, one.value) for one in choices] == [("Ink drawing (this server)", "Ink drawing")]

        post, use = await drawn(play, play.ana, "a lighthouse", " ink  DRAWING ")
        assert ordered(play, "An ink drawing of a lighthouse, on rough paper") == 1
        assert any("style Ink drawing" in one.plain_text() for one in use.history)
        for text in (
            post.plain_text(),
            post.pictures()[0].description or "",
            *(one.plain_text() for one in use.history),
        ):
            assert "rough paper" not in text
        assert "**a lighthouse**" in post.plain_text()
        assert "style Ink drawing" in post.plain_text()
        await play.ends_well()


async def test_again_draws_in_the_same_style_as_it_was(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        await filled(play.ana, "style add", NOIR)
        post, _ = await drawn(play, play.ana, "a lighthouse", "noir")
        await filled(play.ana, "style change", {**NOIR, "text": "in colour"}, name="Noir")
        again = await play.posted(await play.bo.press(post, "Again"))
        assert "style Noir" in again.plain_text()
        assert "black and white" not in again.plain_text()
        assert ordered(play, "a lighthouse, black and white film still") == 2
        await play.ends_well()


async def test_a_change_of_a_picture_takes_a_style_too(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        await filled(play.ana, "style add", NOIR)
        choices = await play.ana.autocomplete("edit", "style", "no", prompt="x")
        assert [one.value for one in choices] == ["Noir"]
        post = await play.posted(await edit(play, drawing(), prompt="make it night", style="noir"))
        assert "**make it night**" in post.plain_text()
        assert "style Noir" in post.plain_text()
        assert ordered(play, "make it night, black and white film still") == 1
        varied = await play.posted(await play.ana.press(post, "Vary"))
        assert "style Noir" in varied.plain_text()
        await play.ends_well()


async def test_ones_own_style_takes_the_place_of_the_servers_of_the_same_name(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        admin = play.rig.sandbox.person("admin")
        await filled(admin, "settings styles add", NOIR)
        await filled(play.ana, "style add", {"name": "NOIR", "text": "in my own way"})
        mine = await play.ana.autocomplete("imagine", "style", "", prompt="x")
        assert [one.name for one in mine] == ["NOIR (yours)"]
        theirs = await play.bo.autocomplete("imagine", "style", "", prompt="x")
        assert [one.name for one in theirs] == ["Noir (this server)"]
        await drawn(play, play.ana, "a lighthouse", "noir")
        await drawn(play, play.bo, "a lighthouse", "noir")
        assert ordered(play, "a lighthouse, in my own way") == 1
        assert ordered(play, "a lighthouse, black and white film still") == 1
        await play.ends_well()


async def test_a_style_that_there_is_not_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        text = await play.refused(await play.ask(style="oil", model=LOCUS))
        assert "There are none yet" in text
        await filled(play.ana, "style add", NOIR)
        text = await play.refused(await play.ask(style="oil", model=LOCUS))
        assert "There is: Noir." in text
        assert await play.ends_well() == ()


async def test_styles_are_listed_changed_and_removed(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        admin = play.rig.sandbox.person("admin")
        await filled(admin, "settings styles add", INK)
        await filled(play.ana, "style add", NOIR)
        text = await said(await play.ana.command("style list"))
        assert "Your own styles (1 of 20)" in text
        assert "**Noir**: black and white film still" in text
        assert "**Ink drawing**: An ink drawing of {prompt}" in text
        assert "Noir" not in await said(await admin.command("settings styles list"))

        opened = await play.ana.command("style change", name="noir")
        assert "black and white film still" in str(await opened.opened())
        assert "Style changed" in await said(await play.ana.submit_modal(opened, {"name": "Film noir"}))
        names = await play.ana.autocomplete("style remove", "name", "fi")
        assert [one.value for one in names] == ["Film noir"]
        assert "Style removed" in await said(await play.ana.command("style remove", name="film noir"))
        assert "no such style" in await said(await play.ana.command("style remove", name="film noir"))
        assert "no such style" in await said(await play.ana.command("style change", name="film noir"))
        assert "None yet" in await said(await play.ana.command("style list"))
        await play.ends_well()


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"name": "***", "text": "x"}, "That name is not possible"),
        ({"name": "Plain", "text": "{prompt}"}, "That text is not possible"),
        ({"name": "Twice", "text": "{prompt} and {prompt}"}, "That text is not possible"),
        ({"name": "  noir ", "text": "again"}, "That name is taken"),
    ],
)
async def test_what_cannot_be_kept_is_told(tmp_path: Path, given: dict[str, str], answer: str) -> None:
    async with scene(tmp_path) as play:
        await filled(play.ana, "style add", NOIR)
        assert answer in await filled(play.ana, "style add", given)
        assert "(1 of 20)" in await said(await play.ana.command("style list"))
        await play.ends_well()


async def test_an_owner_keeps_only_so_many_and_a_full_list_still_fits(tmp_path: Path) -> None:
    async with scene(tmp_path) as play:
        admin = play.rig.sandbox.person("admin")
        for number in range(MEMBER_MAX):
            await filled(admin, "style add", {"name": f"{'*' * 30} {number}", "text": "*bold* " * 100})
        assert "too many styles" in await filled(admin, "style add", NOIR)
        for number in range(GUILD_MAX):
            await filled(admin, "settings styles add", {"name": f"{'_' * 30} {number}", "text": "[x](y) " * 100})
        assert "too many styles" in await filled(admin, "settings styles add", NOIR)
        text = await said(await admin.command("style list"))
        assert "Your own styles (20 of 20)" in text
        assert "This server's styles (50 of 50)" in text
        assert " more: type a few letters" in text
        assert len(await admin.autocomplete("imagine", "style", "", prompt="x")) == 25
        await play.ends_well()


async def test_a_form_from_before_a_restart_is_taken_after_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as built:
        async with bot_on(built) as play:
            opened = await play.ana.command("style add")
            await opened.opened()
        async with bot_on(built) as play:
            assert "Style kept" in await said(await play.ana.submit_modal(opened, NOIR))
            await play.ends_well()


async def test_only_those_who_manage_the_server_keep_its_styles(tmp_path: Path) -> None:
    """Discord shows the command to nobody else; where a server lets others see it, the bot still judges."""
    async with scene(tmp_path) as play:
        with pytest.raises(ClientRefused):
            await play.ana.command("settings styles add")
        for command in play.rig.sandbox.world.commands[None].values():
            command.body.pop("default_member_permissions", None)
        for name, options in (("list", {}), ("add", {}), ("change", {"name": "x"}), ("remove", {"name": "x"})):
            text = await said(await play.ana.type_command(f"settings styles {name}", options))
            assert "those who manage the server" in text
        await play.ends_well()


async def test_a_name_forges_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path, ENOUGH) as play:
        evil = {"name": "a @everyone **x**", "text": "# Big [free](https://x.example) @here"}
        assert "Style kept" in await filled(play.ana, "style add", evil)
        text = await said(await play.ana.command("style list"))
        assert "@everyone" not in text
        assert "https://x.example" not in text
        post, _ = await drawn(play, play.ana, "a lighthouse", evil["name"])
        assert "@everyone" not in post.plain_text()
        assert not post.pings_everyone
        await play.ends_well()

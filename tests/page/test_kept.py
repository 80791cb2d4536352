"""What a kept demo leaves, and finds again."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.money import usd
from sandbox.demo import kept
from sandbox.demo.kept import Unkeepable
from sandbox.discord import Permission, Sandbox
from sandbox.stage import Stage, stage
from tests.page.client import serve
from tests.sandbox.bot import running


async def _fill(built: Stage) -> None:
    """A world with something of everything in it."""
    sandbox = built.sandbox
    ana = sandbox.person("ana")
    async with running(sandbox):
        await (await ana.command("imagine", prompt="a fox")).answered()
        post = await ana.command("post", text="a public picture")
        await post.answered()
        form = await ana.command("form")
        await form.opened()
        sent = await ana.submit_modal(form, {"reason": "so", "kind": ["good"]})
        await sent.answered()
    first = ana.say("question")
    sandbox.person("bo").say("answer", reply_to=first)
    ana.start_thread("Posters", message=first)
    sandbox.newcomer("eve").say("new here")
    sandbox.take_permission(Permission.EMBED_LINKS, channel=sandbox.channel("gallery"))
    sandbox.clock.forward(minutes=2)
    built.gateways.book.charge(provider="xai", work_id="1", amount=usd("0.02"), pictures=1, prompt="a fox")


def _seen(sandbox: Sandbox) -> str:
    """The world as everybody finds it, without what changes by the minute (signatures, the address)."""
    from sandbox.discord.payloads import Payloads  # noqa: PLC0415 - only this test renders by itself

    render = Payloads(sandbox.world, "")
    sandbox.world.link = lambda attachment: f"/{attachment.id}"  # type: ignore[method-assign]
    return json.dumps(
        [
            [render.user(user) for user in sandbox.world.users.values()],
            [render.guild(guild) for guild in sandbox.world.guilds.values()],
            [render.member(member) for member in sandbox.guild.members.values()],
            [render.channel(channel) for channel in sandbox.world.channels.values()],
            [render.message(message) for channel in sandbox.world.channels.values() for message in channel.log],
            [render.command(one) for scope in sandbox.world.commands.values() for one in scope.values()],
        ]
    )


async def test_a_kept_world_is_found_as_it_was_left(tmp_path: Path) -> None:
    async with stage(tmp_path) as built, kept.saving(built, tmp_path, starts=1):
        await _fill(built)
        token = built.sandbox.token
    before = _seen(built.sandbox)
    files = {path.name: path.read_bytes() for path in (tmp_path / "files").iterdir()}
    assert len(files) == 2

    found = kept.take_up(tmp_path)
    assert found is not None
    assert found.starts == 1
    assert [charge.amount for charge in found.charges] == [usd("0.02")]
    async with stage(tmp_path, kept=found.world) as again:
        assert again.sandbox.token == token
        assert again.sandbox.clock.now() >= built.sandbox.clock.now()
        assert _seen(again.sandbox) == before
        # It goes on living: the bot comes, answers old buttons, and new ids are new.
        async with running(again.sandbox):
            ana = again.sandbox.person("ana")
            known = set(again.sandbox.world.messages)
            card = next(message for message in ana.sees() if message.buttons())
            await (await ana.press(card, "Cancel")).answered()
            assert "cancelled" in card.plain_text()
            assert ana.say("again").id not in known
        assert again.sandbox.violations == []


async def test_what_is_no_longer_shown_is_not_kept(tmp_path: Path) -> None:
    async with stage(tmp_path) as built, kept.saving(built, tmp_path, starts=1):
        await _fill(built)
    found = kept.take_up(tmp_path)
    assert found is not None
    async with stage(tmp_path, kept=found.world) as again, kept.saving(again, tmp_path, starts=2):
        for channel in again.sandbox.world.channels.values():
            for message in tuple(channel.log):
                again.sandbox.world.delete(message)
    assert list((tmp_path / "files").iterdir()) == []


async def test_a_window_shows_a_kept_world(tmp_path: Path) -> None:
    async with stage(tmp_path) as built, kept.saving(built, tmp_path, starts=1):
        await _fill(built)
    found = kept.take_up(tmp_path)
    assert found is not None
    async with stage(tmp_path, kept=found.world) as again, serve(again) as page:
        ana, bo = await page.window("ana"), await page.window("bo")
        for window in (ana, bo):
            await window.do("open", channel_id=window.id_of("general"))
        assert "drew a fox" in json.dumps(ana.of("messages"))
        assert "drew a fox" not in json.dumps(bo.of("messages"))
        (picture,) = [
            message["attachments"][0] for message in bo.of("messages")[0]["messages"] if message["attachments"]
        ]
        async with page.session.get(page.origin + picture["url"]) as answer:
            assert answer.status == 200
        assert [one["name"] for one in ana.state["commands"][ana.id_of("general")]] == [
            "imagine", "post", "form", "later", "silent", "thinking",
        ]  # fmt: skip


def test_what_a_demo_left_is_thrown_away_where_it_was_not_kept(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert kept.take_up(folder) is None
    (folder / "rest").write_text("of a demo that was not kept")
    assert kept.take_up(folder) is None
    assert not (folder / "rest").exists()


@pytest.mark.parametrize("begin", [kept.empty, kept.take_up])
def test_a_folder_that_is_no_demos_is_never_emptied(tmp_path: Path, begin: Callable[[Path], object]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(Unkeepable, match="not emptied"):
        begin(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"shape": 1}', '{"shape": 2}', '{"shape": 1, "starts": 1, "charges": [], "world": {}}']
)
def test_what_cannot_be_read_is_said_in_words_and_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "kept.json").write_text(text)
    with pytest.raises(Unkeepable, match="without --keep"):
        kept.take_up(tmp_path)
    assert (tmp_path / "kept.json").read_text() == text


def test_two_demos_never_share_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with kept.claim(folder, is_kept=True) as first:
        assert first == folder
        with kept.claim(folder, is_kept=False) as second:
            assert second == tmp_path / "demo-2"
        with pytest.raises(Unkeepable, match="another demo"), kept.claim(folder, is_kept=True):
            pass
    with kept.claim(folder, is_kept=True) as again:
        assert again == folder

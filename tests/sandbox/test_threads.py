"""Threads as real discord.py opens, changes and uses them."""

import discord
import pytest

from sandbox.discord import ClientRefused, Permission, Sandbox
from tests.sandbox.bot import running
from tests.sandbox.wire import send


async def test_a_bot_opens_renames_and_closes_a_thread(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        await bot.wait_until_ready()
        general = bot.get_channel(sandbox.channel("general").id)
        assert isinstance(general, discord.TextChannel)
        thread = await general.create_thread(name="Jam", type=discord.ChannelType.public_thread)
        await thread.join()
        await thread.send("hello")
        await thread.edit(name="Jam 2", archived=True, locked=True)
        place = sandbox.channel("Jam 2")
        assert (place.is_archived, place.is_locked, len(place.messages)) == (True, True, 1)
        with pytest.raises(ClientRefused):
            sandbox.person("ana").say("too late", channel=place)
    assert sandbox.violations == []


async def test_a_thread_on_a_message_has_its_id_and_there_is_only_one(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        await bot.wait_until_ready()
        general = bot.get_channel(sandbox.channel("general").id)
        assert isinstance(general, discord.TextChannel)
        message = await general.send("posters?")
        thread = await message.create_thread(name="Posters")
        assert thread.id == message.id
        fetched = await general.fetch_message(message.id)
        assert fetched.thread is not None
        with pytest.raises(discord.HTTPException) as caught:
            await message.create_thread(name="Again")
        assert caught.value.code == 160004
        place = sandbox.channel("Posters")
        with pytest.raises(ClientRefused):
            sandbox.person("ana").start_thread("Inside", channel=place)
        answer = sandbox.person("ana").say("mine", channel=place)
        assert sandbox.person("bo").sees(channel=place) == [answer]
    assert sandbox.violations == []


async def test_threads_need_a_right_a_channel_and_a_name(sandbox: Sandbox) -> None:
    sandbox.is_wrong_on_purpose = True
    general, thread = sandbox.channel("general"), sandbox.channel("poster-jam")
    path = f"/channels/{general.id}"
    for place, body, code in (
        (f"{path}/threads", {"name": "", "type": 11}, 50035),
        (f"{path}/threads", {"name": "x", "type": 12}, 50035),
        (f"{path}/messages/1/threads", {"name": "x"}, 10008),
        (f"/channels/{thread.id}/threads", {"name": "x", "type": 11}, 50024),
    ):
        assert (await send(sandbox, "POST", place, body))[1]["code"] == code
    assert (await send(sandbox, "PATCH", path, {"name": "x"}))[1]["code"] == 50013
    assert (await send(sandbox, "PUT", f"{path}/thread-members/@me"))[1]["code"] == 50024
    sandbox.take_permission(Permission.CREATE_PUBLIC_THREADS)
    assert (await send(sandbox, "POST", f"{path}/threads", {"name": "x", "type": 11}))[1]["code"] == 50013
    sandbox.world.deny(general, sandbox.guild.id, Permission.CREATE_PUBLIC_THREADS)
    with pytest.raises(ClientRefused):
        sandbox.person("ana").start_thread("Mine")


async def test_pictures_in_embeds_are_where_they_lie(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        general = bot.get_partial_messageable(sandbox.channel("general").id)
        embed = discord.Embed(title="T").set_image(url="attachment://a.txt").set_thumbnail(url="https://example.org/x")
        posted = await general.send(embed=embed, file=discord.File(__file__, "a.txt"))
        assert str(posted.embeds[0].image.url).startswith(sandbox.base_url)
        assert posted.embeds[0].thumbnail.url == "https://example.org/x"
    assert sandbox.violations == []

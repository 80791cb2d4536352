"""Places, rights, messages and attachments as the bot finds them over REST."""

import io

import aiohttp
import discord
import pytest
from discord import ui

from sandbox.discord import Message, Permission, Sandbox
from sandbox.discord.payloads import Payloads
from tests.sandbox.bot import picture, running
from tests.sandbox.wire import send


async def get(url: str) -> tuple[int, bytes]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.read()


async def test_signed_links_work_for_a_day_and_not_when_changed(sandbox: Sandbox) -> None:
    async with running(sandbox):
        use = await sandbox.person("ana").command("post", text="x")
        await use.answered()
    file = sandbox.channel("general").messages[0].attachments[0]
    link = sandbox.base_url + sandbox.world.link(file)
    assert await get(link) == (200, picture())
    assert (await get(link.replace("hm=", "hm=0")))[0] == 404
    assert (await get(link.replace(str(file.id), "1")))[0] == 404
    sandbox.clock.forward(minutes=60 * 25)
    assert (await get(link))[0] == 404
    fresh = sandbox.base_url + sandbox.world.link(file)
    assert (await get(fresh))[0] == 200
    assert (file.width, file.height, file.content_type) == (8, 8, "image/png")


@pytest.mark.parametrize(
    ("permission", "code"),
    [
        (Permission.VIEW_CHANNEL, 50001),
        (Permission.SEND_MESSAGES, 50013),
        (Permission.ATTACH_FILES, 50013),
    ],
)
async def test_a_right_taken_from_the_bot_is_missed_by_its_code(
    sandbox: Sandbox, permission: Permission, code: int
) -> None:
    async with running(sandbox) as bot:
        general = sandbox.channel("general")
        sandbox.take_permission(permission)
        place = bot.get_partial_messageable(general.id)
        with pytest.raises(discord.Forbidden) as caught:
            await place.send("x", file=discord.File(__file__, "a.txt"))
        assert caught.value.code == code
        sandbox.give_permission(permission, channel=general)
        assert (await place.send("x")).id == general.messages[0].id


async def test_app_permissions_of_an_interaction_are_the_bots_own_there(sandbox: Sandbox) -> None:
    async with running(sandbox):
        sandbox.take_permission(Permission.ATTACH_FILES, channel=sandbox.channel("gallery"))
        seen: list[bool] = []
        for place in ("general", "gallery", "poster-jam"):
            use = await sandbox.person("ana").command("thinking", channel=place)
            payload = sandbox.gateway.payload_of(use.interaction)
            seen.append(bool(int(payload["app_permissions"]) & Permission.ATTACH_FILES))
            assert payload["member"]["permissions"]
        assert seen == [True, False, True]


async def test_a_deleted_channel_is_unknown(sandbox: Sandbox) -> None:
    general, thread = sandbox.channel("general"), sandbox.channel("poster-jam")
    path = f"/channels/{general.id}"
    sandbox.world.delete_channel(general)
    for place in (path, f"{path}/messages", f"/channels/{thread.id}"):
        assert (await send(sandbox, "GET", place))[1]["code"] == 10003
    assert (await send(sandbox, "GET", "/channels/nonsense"))[0] == 404


async def test_archived_and_locked_threads_refuse(sandbox: Sandbox) -> None:
    thread = sandbox.channel("poster-jam")
    path = f"/channels/{thread.id}/messages"
    assert (await send(sandbox, "POST", path, {"content": "x"}))[0] == 200
    thread.is_archived = True
    assert (await send(sandbox, "POST", path, {"content": "x"}))[1]["code"] == 50083
    thread.is_locked = True
    assert (await send(sandbox, "POST", path, {"content": "x"}))[1]["code"] == 160005
    assert (await send(sandbox, "GET", f"/channels/{thread.id}"))[1]["thread_metadata"]["locked"]


async def test_direct_messages_reach_whoever_keeps_them_open(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        ana, bo = sandbox.person("ana"), sandbox.person("bo")
        user = await bot.fetch_user(ana.id)
        await user.send("ready")
        assert [message.content for message in ana.sees(channel="@me")] == ["ready"]
        bo.user.accepts_direct = False
        with pytest.raises(discord.Forbidden) as caught:
            await (await bot.fetch_user(bo.id)).send("ready")
        assert caught.value.code == 50007
    assert (await send(sandbox, "GET", "/users/1"))[1]["code"] == 10013
    assert (await send(sandbox, "POST", "/users/@me/channels", {"recipient_id": "1"}))[1]["code"] == 10013


async def test_history_is_paged_and_hides_what_the_bot_may_not_read(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        general = bot.get_partial_messageable(sandbox.channel("general").id)
        posted = [await general.send(str(number)) for number in range(5)]
        ana = sandbox.person("ana")
        ana.say("private")
        assert [m.content async for m in general.history(limit=3)] == ["", "4", "3"]
        assert [m.content async for m in general.history(limit=2, before=posted[2])] == ["1", "0"]
        assert [m.content async for m in general.history(limit=2, after=posted[1])] == ["2", "3"]
        sandbox.take_permission(Permission.READ_MESSAGE_HISTORY)
        assert [m async for m in general.history()] == []


async def test_the_bot_edits_and_deletes_its_own_messages_only(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        general = bot.get_partial_messageable(sandbox.channel("general").id)
        mine = await general.send("x", file=discord.File(__file__, "a.txt"))
        kept = await mine.edit(content="y")
        assert [file.filename for file in kept.attachments] == ["a.txt"]
        assert kept.edited_at is not None
        emptied = await mine.edit(attachments=[])
        assert emptied.attachments == []
        hers = general.get_partial_message(sandbox.person("ana").say("hello").id)
        for action, code in ((hers.edit(content="z"), 50005), (hers.delete(), 50013)):
            with pytest.raises(discord.Forbidden) as caught:
                await action
            assert caught.value.code == code
        await mine.delete()
        with pytest.raises(discord.NotFound) as gone:
            await mine.edit(content="z")
        assert gone.value.code == 10008


async def test_mentions_notify_only_whom_the_bot_allows(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        general = bot.get_partial_messageable(sandbox.channel("general").id)
        ana, bo = sandbox.person("ana"), sandbox.person("bo")
        words = f"<@{ana.id}> <@{bo.id}> <@1> @everyone"
        await general.send(words)
        await general.send(words, allowed_mentions=discord.AllowedMentions(users=[discord.Object(ana.id)]))
        await general.send(words, allowed_mentions=discord.AllowedMentions(users=True, everyone=True))
        pinged = [message.pinged for message in sandbox.channel("general").messages]
        assert pinged == [(), (ana.id,), (ana.id, bo.id)]
        assert not any(message.pings_everyone for message in sandbox.channel("general").messages)


async def test_replies_point_at_their_message(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        general = bot.get_partial_messageable(sandbox.channel("general").id)
        first = await general.send("first")
        second = await first.reply("second")
        assert second.reference is not None
        assert second.reference.message_id == first.id
        await first.delete()
        with pytest.raises(discord.HTTPException) as caught:
            await first.reply("third")
        assert caught.value.code == 10008
        late = first.to_reference(fail_if_not_exists=False)
        assert (await general.send("fourth", reference=late)).reference is None


async def test_guild_members_and_the_gateway_can_be_fetched(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        guild = await bot.fetch_guild(sandbox.guild.id)
        assert guild.approximate_member_count == 7
        assert (await guild.fetch_member(sandbox.person("ana").id)).name == "ana"
        assert {channel.name for channel in await guild.fetch_channels()} >= {"general", "staff", "after-dark"}
        with pytest.raises(discord.NotFound) as caught:
            await guild.fetch_member(1)
        assert caught.value.code == 10007
        assert (await bot.application_info()).owner.name == "op"
    assert (await send(sandbox, "GET", "/gateway"))[1]["url"] == sandbox.gateway_url
    assert (await send(sandbox, "GET", "/gateway/bot"))[1]["shards"] == 1
    sandbox.world.remove_bot(sandbox.guild)
    assert (await send(sandbox, "GET", f"/guilds/{sandbox.guild.id}"))[1]["code"] == 10004
    assert (await send(sandbox, "GET", "/users/@me", token="wrong"))[0] == 401


async def test_embeds_and_reading_a_message(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        general = bot.get_partial_messageable(sandbox.channel("general").id)
        embed = discord.Embed(title="T", description="D").add_field(name="N", value="V").set_footer(text="F")
        posted = await general.send("content", embed=embed)
        assert posted.embeds[0].title == "T"
        message: Message = sandbox.channel("general").messages[0]
        assert message.plain_text().split("\n") == ["content", "T", "D", "N", "V", "F"]
        sandbox.take_permission(Permission.EMBED_LINKS)
        with pytest.raises(discord.Forbidden):
            await general.send(embed=embed)


async def test_checks_can_be_turned_off() -> None:
    async with Sandbox.start(checks=False) as sandbox:
        path = f"/channels/{sandbox.channel('general').id}/messages"
        assert (await send(sandbox, "POST", path, {"content": "x" * 2_001}))[0] == 200
        assert sandbox.violations == []


async def test_a_second_guild_has_its_own_places_and_commands_work_there(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        await bot.wait_until_ready()
        other = sandbox.add_guild("Second")
        ana = sandbox.person("ana", guild=other)
        use = await ana.command("thinking")
        assert await use.acknowledged()
        assert use.interaction.guild_id == other.id
        assert sandbox.channel("general", guild=other) is not sandbox.channel("general")
        assert {guild.name for guild in bot.guilds} == {"Aurora Studio", "Second"}
        alone = sandbox.add_guild("Third", has_bot=False)
        away = await sandbox.person("ana", guild=alone).command("thinking", by_user_install=True)
        assert int(sandbox.gateway.payload_of(away.interaction)["app_permissions"]) > 0
        assert await away.acknowledged()


async def test_every_component_is_shown_as_discord_shows_it(sandbox: Sandbox) -> None:
    picture_url = "attachment://a.png"
    async with running(sandbox) as bot:
        general = bot.get_partial_messageable(sandbox.channel("general").id)
        view = ui.LayoutView()
        thumbnail: ui.Thumbnail[ui.LayoutView] = ui.Thumbnail(picture_url, description="small")
        view.add_item(ui.Section("words", accessory=thumbnail))
        view.add_item(ui.File(picture_url, spoiler=True))
        view.add_item(ui.MediaGallery(discord.MediaGalleryItem("https://example.org/b.png", spoiler=True)))
        view.add_item(ui.ActionRow(ui.Select(options=[discord.SelectOption(label="a")])))
        view.add_item(ui.ActionRow(ui.RoleSelect()))
        posted = await general.send(view=view, file=discord.File(io.BytesIO(picture()), "a.png"))
        assert [component.type.name for component in posted.components] == [
            "section",
            "file",
            "media_gallery",
            "action_row",
            "action_row",
        ]
        shown = sandbox.channel("general").messages[0].pictures()
        assert [(item.filename, item.description, item.is_spoiler, item.data is None) for item in shown] == [
            ("a.png", "small", False, False),
            ("a.png", None, True, False),
            ("https://example.org/b.png", None, True, True),
        ]
    assert sandbox.violations == []


async def test_an_emoji_of_everybodys_is_shown_by_its_name_alone(sandbox: Sandbox) -> None:
    async with running(sandbox) as bot:
        channel = await bot.fetch_channel(sandbox.channel("general").id)
        assert isinstance(channel, discord.TextChannel)
        view = ui.View()
        view.add_item(ui.Button(label="Fox", emoji="🦊"))
        view.add_item(ui.Select(options=[discord.SelectOption(label="Fox", emoji="🦊")]))
        await channel.send(view=view)
    (posted,) = sandbox.channel("general").messages
    (button,), (select,) = (row["components"] for row in Payloads(sandbox.world, "").message(posted)["components"])
    assert button["emoji"] == select["options"][0]["emoji"] == {"name": "🦊"}
    assert sandbox.violations == []

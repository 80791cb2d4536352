"""People, roles, channels and guilds as JSON on Discord's wire (API reference, "Resources")."""

from datetime import datetime

from bot.core.clock import utc
from sandbox.discord.components import Body
from sandbox.discord.model import Channel, ChannelKind, Guild, Member, Role, User
from sandbox.discord.world import World

NEVER = "1970-01-01T00:00:00+00:00"


def moment(at: int) -> str:
    stamp: datetime = utc(at)
    return stamp.isoformat()


class Places:
    """Renders the world for one server address (attachment links are absolute)."""

    def __init__(self, world: World, base_url: str) -> None:
        self.world = world
        self.base_url = base_url

    def user(self, user: User) -> Body:
        return {
            "id": str(user.id),
            "username": user.name,
            "global_name": user.display_name,
            "discriminator": "0",
            "avatar": None,
            "bot": user.is_bot,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
        }

    def myself(self) -> Body:
        bot = self.world.users[self.world.application_id]
        return {**self.user(bot), "mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}

    def member(self, member: Member, *, with_user: bool = True) -> Body:
        body: Body = {
            "nick": None,
            "avatar": None,
            "banner": None,
            "roles": [str(role_id) for role_id in member.role_ids],
            "joined_at": moment(member.joined),
            "premium_since": None,
            "communication_disabled_until": None,
            "flags": 0,
            "pending": False,
            "mute": False,
            "deaf": False,
        }
        if with_user:
            body["user"] = self.user(self.world.users[member.user_id])
        return body

    def role(self, role: Role) -> Body:
        return {
            "id": str(role.id),
            "name": role.name,
            "permissions": str(role.bits),
            "position": role.position,
            "color": role.color,
            "colors": {"primary_color": role.color, "secondary_color": None, "tertiary_color": None},
            "hoist": role.is_hoisted,
            "managed": role.is_managed,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }

    def channel(self, channel: Channel) -> Body:
        last = str(channel.log[-1].id) if channel.log else None
        body: Body = {"id": str(channel.id), "type": int(channel.kind), "last_message_id": last, "flags": 0}
        if channel.guild_id is None:
            return {**body, "recipients": [self.user(self.world.users[channel.recipient_id or 0])]}
        body |= {
            "guild_id": str(channel.guild_id),
            "name": channel.name,
            "parent_id": str(channel.parent_id) if channel.parent_id else None,
            "rate_limit_per_user": 0,
        }
        if channel.kind == ChannelKind.THREAD:
            return {**body, **self._thread(channel)}
        return {
            **body,
            "topic": channel.topic,
            "position": list(self.world.channels).index(channel.id) if channel.id in self.world.channels else 0,
            "nsfw": channel.is_age_restricted,
            "permission_overwrites": [
                {
                    "id": str(overwrite.target_id),
                    "type": int(overwrite.is_member),
                    "allow": str(overwrite.allow),
                    "deny": str(overwrite.deny),
                }
                for overwrite in channel.overwrites
            ],
        }

    def _thread(self, channel: Channel) -> Body:
        return {
            "owner_id": str(channel.owner_id or self.world.application_id),
            "message_count": len(channel.messages),
            "member_count": 1,
            "total_message_sent": len(channel.messages),
            "thread_metadata": {
                "archived": channel.is_archived,
                "archive_timestamp": NEVER,
                "auto_archive_duration": 1440,
                "locked": channel.is_locked,
            },
        }

    def guild(self, guild: Guild) -> Body:
        nothing = (
            "icon description home_header splash discovery_splash banner application_id afk_channel_id"
            " system_channel_id widget_channel_id max_presences vanity_url_code rules_channel_id"
            " safety_alerts_channel_id public_updates_channel_id incidents_data"
        )
        zero = (
            "system_channel_flags verification_level default_message_notifications mfa_level"
            " explicit_content_filter premium_subscription_count nsfw_level"
        )
        return {
            **dict.fromkeys(nothing.split()),
            **dict.fromkeys(zero.split(), 0),
            "id": str(guild.id),
            "name": guild.name,
            "owner_id": str(guild.owner_id),
            "features": [],
            "region": "deprecated",
            "afk_timeout": 300,
            "widget_enabled": False,
            "roles": [self.role(role) for role in guild.roles.values()],
            "max_members": 500_000,
            "max_video_channel_users": 25,
            "max_stage_video_channel_users": 50,
            "premium_tier": guild.premium_tier,
            "preferred_locale": guild.locale,
            "premium_progress_bar_enabled": False,
            "nsfw": False,
            "emojis": [],
            "stickers": [],
        }

    def guild_create(self, guild: Guild) -> Body:
        """A guild as the gateway introduces it, with its places; of the members only the bot, without the intent."""
        places = [channel for channel in self.world.channels.values() if channel.guild_id == guild.id]
        me = guild.members[self.world.application_id]
        return {
            **self.guild(guild),
            "joined_at": moment(me.joined),
            "large": False,
            "unavailable": False,
            "member_count": len(guild.members),
            "members": [self.member(me)],
            "channels": [self.channel(place) for place in places if place.kind != ChannelKind.THREAD],
            "threads": [self.channel(place) for place in places if place.kind == ChannelKind.THREAD],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

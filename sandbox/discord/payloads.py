"""Commands and interactions as JSON on Discord's wire; with what they stand on, all that the sandbox renders.

What a field means stands in Discord's API reference; shapes are checked against its OpenAPI document on every answer.
"""

from sandbox.discord.components import Body
from sandbox.discord.model import Channel, Command, Interaction, Message
from sandbox.discord.render_messages import Messages


class Payloads(Messages):
    """Renders everything."""

    def command(self, command: Command) -> Body:
        body = command.body
        bits = body.get("default_member_permissions")
        rendered: Body = {
            "id": str(command.id),
            "application_id": str(self.world.application_id),
            "version": str(command.version),
            "type": command.kind,
            "name": command.name,
            "name_localizations": body.get("name_localizations"),
            "description": body.get("description") or "",
            "description_localizations": body.get("description_localizations"),
            "default_member_permissions": None if bits is None else str(bits),
            "nsfw": bool(body.get("nsfw")),
            "integration_types": body.get("integration_types") or [0],
            "contexts": body.get("contexts"),
        }
        if command.guild_id is not None:
            rendered["guild_id"] = str(command.guild_id)
        if body.get("options"):
            rendered["options"] = [_without_nothing(option) for option in body["options"]]
        return rendered

    def callback(self, interaction: Interaction, *, with_message: Message | None) -> Body:
        """What `with_response` asks for."""
        about: Body = {
            "id": str(interaction.id),
            "type": int(interaction.kind),
            "channel_id": str(interaction.channel_id),
        }
        if interaction.guild_id is not None:
            about["guild_id"] = str(interaction.guild_id)
        if interaction.response is not None:
            about |= {
                "response_message_id": str(interaction.response.id),
                "response_message_loading": interaction.response.is_loading,
                "response_message_ephemeral": interaction.response.is_ephemeral,
            }
        body: Body = {"interaction": about}
        if with_message is not None and interaction.callback is not None:
            body["resource"] = {"type": int(interaction.callback), "message": self.message(with_message)}
        return body

    def interaction(self, interaction: Interaction) -> Body:
        """INTERACTION_CREATE."""
        world = self.world
        channel = world.channels[interaction.channel_id]
        user = world.users[interaction.user_id]
        bits = world.bits_in(user.id, channel)
        body: Body = {
            "id": str(interaction.id),
            "application_id": str(world.application_id),
            "type": int(interaction.kind),
            "token": interaction.token,
            "version": 1,
            "data": interaction.data,
            "channel_id": str(channel.id),
            "channel": {**self.channel(channel), "permissions": str(bits)},
            "locale": interaction.locale,
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": self._owners(interaction),
            "attachment_size_limit": world.upload_limit(channel),
            "context": 0 if interaction.guild_id is not None else 1,
            "app_permissions": str(self._app_bits(channel)),
        }
        if interaction.guild_id is not None:
            guild = world.guilds[interaction.guild_id]
            member = guild.members[user.id]
            body |= {
                "guild_id": str(guild.id),
                "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
                "guild_locale": guild.locale,
                "member": {**self.member(member), "permissions": str(bits)},
            }
        else:
            body["user"] = self.user(user)
        source = world.messages.get(interaction.source_message_id or 0)
        if source is not None:
            body["message"] = self.message(source)
        return body

    def _app_bits(self, channel: Channel) -> int:
        """Where the bot is no member, what @everyone may do there."""
        bits = self.world.bits_in(self.world.application_id, channel)
        if bits or channel.guild_id is None:
            return bits
        guild = self.world.guilds[channel.guild_id]
        return 0 if guild.has_bot else guild.roles[guild.id].bits


def _without_nothing(option: Body) -> Body:
    """An option as Discord gives it back: what was null is left out."""
    kept = {key: value for key, value in option.items() if value is not None}
    if isinstance(kept.get("options"), list):
        kept["options"] = [_without_nothing(inner) for inner in kept["options"]]
    return kept

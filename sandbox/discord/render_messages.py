"""Messages, their components and attachments as JSON on Discord's wire."""

from sandbox.discord import components as parts
from sandbox.discord.components import ATTACHMENT_SCHEME, Body, Kind
from sandbox.discord.model import Attachment, Interaction, InteractionKind, Message, MessageFlag
from sandbox.discord.render_places import Places, moment

# What Discord fills in where a bot left it out.
DEFAULTS: dict[int, Body] = {
    Kind.CONTAINER: {"accent_color": None, "spoiler": False},
    Kind.SEPARATOR: {"spacing": 1, "divider": True},
    Kind.FILE: {"spoiler": False},
    Kind.THUMBNAIL: {"description": None, "spoiler": False},
    **{kind: {"min_values": 1, "max_values": 1} for kind in parts.SELECT_KINDS},
}
# Message types (API reference, "Message Types").
REPLY, CHAT_INPUT_COMMAND, CONTEXT_MENU_COMMAND = 19, 20, 23
MESSAGE_MENU = 3  # the command type of an entry in a message's menu
LEFT_OUT = frozenset({"custom_id", "label", "url", "emoji", "sku_id", "placeholder", "disabled", "required"})


class Messages(Places):
    """Renders messages."""

    def attachment(self, file: Attachment) -> Body:
        url = self.base_url + self.world.link(file)
        body: Body = {
            "id": str(file.id),
            "filename": file.filename,
            "size": len(file.data),
            "url": url,
            "proxy_url": url,
            "content_type": file.content_type,
        }
        if file.description is not None:
            body["description"] = file.description
        if file.width is not None and file.height is not None:
            body |= {"width": file.width, "height": file.height}
        if file.is_ephemeral:
            body["ephemeral"] = True
        return body

    def message(self, message: Message, *, with_nonce: bool = False, hide: bool = False) -> Body:
        """`hide` empties what the bot may not read without the message content intent."""
        version = message.now
        body: Body = {
            "id": str(message.id),
            "type": self._message_type(message),
            "channel_id": str(message.channel_id),
            "author": self.user(self.world.users[message.author_id]),
            "content": "" if hide else version.content,
            "embeds": [] if hide else self._embeds(message),
            "components": [] if hide else self.components(message),
            "attachments": [] if hide else [self.attachment(file) for file in version.attachments],
            "mentions": [self.user(self.world.users[user_id]) for user_id in message.pinged],
            "mention_roles": [],
            "mention_everyone": message.pings_everyone,
            "timestamp": moment(message.versions[0].at),
            "edited_timestamp": self._edited(message),
            "flags": version.flags,
            "pinned": False,
            "tts": False,
        }
        if with_nonce and message.nonce is not None:
            body["nonce"] = message.nonce
        if message.interaction_id is not None:
            interaction = self.world.interactions[message.interaction_id]
            body |= {
                "application_id": str(self.world.application_id),
                "webhook_id": str(self.world.application_id),
                "interaction_metadata": self._origin(interaction, message),
            }
        thread = self.world.channels.get(message.id)
        if thread is not None:
            body |= {"thread": self.channel(thread), "flags": version.flags | MessageFlag.HAS_THREAD}
        if message.reply_to is not None:
            body["message_reference"] = {
                "type": 0,
                "channel_id": str(message.channel_id),
                "message_id": str(message.reply_to),
            }
        return body

    def _embeds(self, message: Message) -> list[Body]:
        """The embeds; pictures that came with the message are named by where they lie."""
        files = {file.filename: file for file in message.now.attachments}
        rendered: list[Body] = parts.duplicate([{"type": "rich", **embed} for embed in message.now.embeds])
        for embed in rendered:
            for holder, key in (("image", "url"), ("thumbnail", "url"), ("author", "icon_url"), ("footer", "icon_url")):
                url = (embed.get(holder) or {}).get(key) or ""
                if url.startswith(ATTACHMENT_SCHEME):
                    embed[holder][key] = self._media(url, files)["url"]
        return rendered

    def _message_type(self, message: Message) -> int:
        if message.reply_to is not None:
            return REPLY
        if not message.is_original or message.interaction_id is None:
            return 0
        target = self.world.interactions[message.interaction_id].data.get("target_id")
        return CHAT_INPUT_COMMAND if target is None else CONTEXT_MENU_COMMAND

    def _edited(self, message: Message) -> str | None:
        """The first words after "thinking…" are not an edit."""
        shown = [version for version in message.versions if not version.is_loading]
        return moment(shown[-1].at) if len(shown) > 1 else None

    def _origin(self, interaction: Interaction, message: Message | None) -> Body:
        kind = interaction.kind
        body: Body = {
            "id": str(interaction.id),
            "type": int(kind),
            "user": self.user(self.world.users[interaction.user_id]),
            "authorizing_integration_owners": self._owners(interaction),
        }
        original = interaction.response
        if message is not None and original is not None and original is not message:
            body["original_response_message_id"] = str(original.id)
        if interaction.data.get("type") == MESSAGE_MENU:
            body["target_message_id"] = interaction.data["target_id"]
        if kind == InteractionKind.COMPONENT:
            body["interacted_message_id"] = str(interaction.source_message_id)
        if kind == InteractionKind.MODAL and interaction.parent_id is not None:
            parent = self.world.interactions[interaction.parent_id]
            body["triggering_interaction_metadata"] = self._origin(parent, None)
        return body

    def components(self, message: Message) -> list[Body]:
        """The components with what Discord adds: defaults, and where the pictures lie."""
        files = {file.filename: file for file in message.now.attachments}
        rendered: list[Body] = parts.duplicate(list(message.now.components))
        for part in parts.walk(rendered):
            for key, value in DEFAULTS.get(part["type"], {}).items():
                if part.get(key) is None:
                    part[key] = value
            self._show_media(part, files)
            for holder in (part, *part.get("options", ())):
                if holder.get("emoji"):
                    holder["emoji"] = {key: value for key, value in holder["emoji"].items() if value is not None}
            for key in [key for key, value in part.items() if value is None and key in LEFT_OUT]:
                del part[key]
        return rendered

    def _show_media(self, part: Body, files: dict[str, Attachment]) -> None:
        """Replaces what a component refers to by where it lies."""
        match part["type"]:
            case Kind.MEDIA_GALLERY:
                for item in part["items"]:
                    item.setdefault("description", None)
                    item["spoiler"] = bool(item.get("spoiler"))
                    item["media"] = self._media(item["media"]["url"], files)
            case Kind.THUMBNAIL:
                part["media"] = self._media(part["media"]["url"], files)
            case Kind.FILE:
                file = files.get(part["file"]["url"].removeprefix(ATTACHMENT_SCHEME))
                part["file"] = self._media(part["file"]["url"], files)
                part |= {"name": file.filename if file else None, "size": len(file.data) if file else None}
            case _:
                pass

    def _media(self, url: str, files: dict[str, Attachment]) -> Body:
        file = files.get(url.removeprefix(ATTACHMENT_SCHEME)) if url.startswith(ATTACHMENT_SCHEME) else None
        if file is None:
            unknown = dict.fromkeys(("width", "height", "content_type"))
            return {"id": "0", "url": url, "proxy_url": url, **unknown}
        link = self.base_url + self.world.link(file)
        return {
            "id": str(file.id),
            "url": link,
            "proxy_url": link,
            "width": file.width,
            "height": file.height,
            "content_type": file.content_type,
            "attachment_id": str(file.id),
        }

    def _owners(self, interaction: Interaction) -> Body:
        if interaction.by_user_install:
            return {"1": str(interaction.user_id)}
        return {"0": str(interaction.guild_id or 0)}

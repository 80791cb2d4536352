"""The world a sandbox starts with: one guild, its places and its people."""

from bot.core.clock import DAY_MS
from sandbox.discord.model import Channel, ChannelKind, Guild, Role, User
from sandbox.discord.permissions import BOT_INVITE_BITS, EVERYONE_BITS, Overwrite, Permission
from sandbox.discord.world import World

GUILD_NAME = "Aurora Studio"
YEAR_MS = 365 * DAY_MS
MODERATOR_BITS = int(Permission.MANAGE_MESSAGES | Permission.MENTION_EVERYONE)
# name, display name, roles, age of the account
PEOPLE: tuple[tuple[str, str, tuple[str, ...], int], ...] = (
    ("op", "Olga (operator)", (), 6 * YEAR_MS),
    ("admin", "Ada (admin)", ("Admin",), 5 * YEAR_MS),
    ("mod", "Mo (moderator)", ("Moderator",), 4 * YEAR_MS),
    ("ana", "Ana", (), 3 * YEAR_MS),
    ("bo", "Bo", (), 2 * YEAR_MS),
    ("newbie", "Nico (new)", (), 2 * DAY_MS),
)


def fill(world: World) -> Guild:
    """Makes the bot, the people and the first guild."""
    bot_id = world.snowflakes.new(made_ago_ms=YEAR_MS)
    world.application_id = bot_id
    world.add_user(User(id=bot_id, name="easel", display_name="Easel", is_bot=True))
    for name, shown, _, age_ms in PEOPLE:
        world.add_user(User(id=world.snowflakes.new(made_ago_ms=age_ms), name=name, display_name=shown))
    world.operator_id = user_named(world, "op").id
    guild = add_guild(world, GUILD_NAME)
    settle(world, guild)
    return guild


def settle(world: World, guild: Guild) -> None:
    """Everybody joins the guild."""
    for name, _, roles, age_ms in PEOPLE:
        role_ids = [role.id for role in guild.roles.values() if role.name in roles]
        world.join(guild, user_named(world, name), role_ids=role_ids, joined_ago_ms=age_ms // 2)


def add_guild(world: World, name: str, *, has_bot: bool = True) -> Guild:
    """A guild owned by `admin`, with roles and channels; people still have to join it."""
    owner = user_named(world, "admin")
    guild = Guild(id=world.snowflakes.new(made_ago_ms=YEAR_MS), name=name, owner_id=owner.id, has_bot=has_bot)
    new = world.snowflakes.new
    staff = Role(id=new(), name="Moderator", bits=MODERATOR_BITS, position=2, color=0x2ECC71, is_hoisted=True)
    admins = Role(
        id=new(), name="Admin", bits=int(Permission.ADMINISTRATOR), position=3, color=0xE74C3C, is_hoisted=True
    )
    app = Role(id=new(), name="Easel", bits=BOT_INVITE_BITS, position=1, is_managed=True)
    everyone = Role(id=guild.id, name="@everyone", bits=EVERYONE_BITS, position=0)
    guild.roles = {role.id: role for role in (everyone, app, staff, admins)}
    world.guilds[guild.id] = guild
    world.join(guild, owner, role_ids=[admins.id], joined_ago_ms=YEAR_MS)
    if has_bot:
        world.join(guild, world.users[world.application_id], role_ids=[app.id], joined_ago_ms=YEAR_MS)
    _add_channels(world, guild, staff_ids=(staff.id, app.id))
    return guild


def _add_channels(world: World, guild: Guild, *, staff_ids: tuple[int, ...]) -> None:
    hidden = [Overwrite(target_id=guild.id, deny=int(Permission.VIEW_CHANNEL))]
    hidden += [Overwrite(target_id=role_id, allow=int(Permission.VIEW_CHANNEL)) for role_id in staff_ids]
    new = world.snowflakes.new
    general = world.add_channel(Channel(id=new(), name="general", guild_id=guild.id, topic="Pictures and talk"))
    world.add_channel(Channel(id=new(), name="gallery", guild_id=guild.id))
    world.add_channel(Channel(id=new(), name="staff", guild_id=guild.id, overwrites=hidden))
    world.add_channel(Channel(id=new(), name="after-dark", guild_id=guild.id, is_age_restricted=True))
    world.add_channel(
        Channel(
            id=new(),
            name="poster-jam",
            kind=ChannelKind.THREAD,
            guild_id=guild.id,
            parent_id=general.id,
            owner_id=guild.owner_id,
        )
    )


def user_named(world: World, name: str) -> User:
    """Raises LookupError with the names there are."""
    for user in world.users.values():
        if user.name == name:
            return user
    raise LookupError(f"nobody is called {name!r}; there are {', '.join(user.name for user in world.users.values())}")

"""`/settings`: what those who manage a server decide."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.guilds.model import REASON_LENGTH
from bot.ledger.model import Unit
from bot.ledger.rules.model import MAX_PACE_MINUTES, Span, Whom
from bot.services.budgets.desk import MAX_SIMULATED_DAYS
from bot.services.styles.model import Owner
from bot.ui.budgets.amounts import TYPED_MAX
from bot.ui.budgets.desk import BudgetDesk
from bot.ui.budgets.offered import COMMANDS, offered_by
from bot.ui.budgets.simulating import Trial, trial_of
from bot.ui.style_choices import STYLE_MAX
from bot.ui.style_desk import StyleDesk

Interaction = discord.Interaction[EaselClient]
Name = app_commands.Range[str, 1, STYLE_MAX]
Channel = discord.TextChannel | discord.Thread | discord.VoiceChannel | discord.StageChannel
Choice = app_commands.Choice
CHOICES = [Choice(name=one.label, value=one.value) for one in COMMANDS]
# A model is named by `provider/model`.
MODEL_MAX = 133


class SettingsCog(commands.Cog):
    """The commands; the right is judged again behind each of them."""

    settings = app_commands.Group(
        name="settings",
        description="What this server decides; for those who manage it",
        guild_only=True,
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        default_permissions=discord.Permissions(manage_guild=True),
    )
    styles = app_commands.Group(name="styles", description="Styles that everybody here can choose", parent=settings)

    def __init__(self, client: EaselClient) -> None:
        self._registry = client.services.registry
        self._desk = StyleDesk(client.services)
        self._budgets = BudgetDesk(client.services)

    @settings.command(name="budget", description="Shows and changes what may be spent here, by whom; free")
    async def budget(self, interaction: Interaction) -> None:
        """Shows the card."""
        await self._budgets.show(interaction)

    @settings.command(name="pause", description="Accepts no more requests until you resume; what is under way ends")
    @app_commands.describe(command="Only this command; left out: everything", reason="Members read it; free")
    @app_commands.choices(command=CHOICES)
    async def pause(
        self,
        interaction: Interaction,
        command: Choice[str] | None = None,
        reason: app_commands.Range[str, 1, REASON_LENGTH] = "",
    ) -> None:
        """Pauses."""
        await self._budgets.pause(interaction, None if command is None else command.value, reason)

    @settings.command(name="resume", description="Accepts requests again; free")
    @app_commands.describe(command="The command that was paused; left out: the pause of everything")
    @app_commands.choices(command=CHOICES)
    async def resume(self, interaction: Interaction, command: Choice[str] | None = None) -> None:
        """Ends a pause."""
        await self._budgets.resume(interaction, None if command is None else command.value)

    @settings.command(name="simulate", description="Shows what the last days would have looked like under limits; free")
    @app_commands.describe(
        days="How many days back; 7 unless you say so",
        amount="One more limit to try, such as 1.50 or 20",
        counts="What the amount is; money unless you say so",
        per="In which time; a day unless you say so",
        minutes="For a pace instead: so many requests in so many minutes",
        whom="For whom, unless you name one below; the server unless you say so",
        member="For this member",
        role="For each who has this role",
        channel="For this channel",
        command="For this command",
        model="For this model",
    )
    @app_commands.choices(
        counts=[Choice(name=unit, value=unit) for unit in Unit],
        per=[Choice(name=span, value=span) for span in Span if span is not Span.ROLLING],
        whom=[Choice(name="the server", value=Whom.GUILD), Choice(name="each member", value=Whom.EVERYONE)],
        command=CHOICES,
    )
    async def simulate(
        self,
        interaction: Interaction,
        days: app_commands.Range[int, 1, MAX_SIMULATED_DAYS] = 7,
        amount: app_commands.Range[str, 1, TYPED_MAX] | None = None,
        counts: Choice[str] | None = None,
        per: Choice[str] | None = None,
        minutes: app_commands.Range[int, 1, MAX_PACE_MINUTES] | None = None,
        whom: Choice[str] | None = None,
        member: discord.User | None = None,
        role: discord.Role | None = None,
        channel: Channel | None = None,
        command: Choice[str] | None = None,
        model: app_commands.Range[str, 1, MODEL_MAX] | None = None,
    ) -> None:
        """Replays the days."""
        named = {
            Whom.MEMBER: member and str(member.id),
            Whom.ROLE: role and str(role.id),
            Whom.CHANNEL: channel and str(channel.id),
            Whom.COMMAND: command and command.value,
            Whom.MODEL: model,
        }
        trial = Trial(
            amount=amount,
            unit=Unit(counts.value) if counts else Unit.MONEY,
            span=Span(per.value) if per else Span.DAY,
            minutes=minutes,
            whom=Whom(whom.value) if whom else Whom.GUILD,
            named={key: name for key, name in named.items() if name},
        )
        await self._budgets.simulate(interaction, days, lambda: trial_of(trial))

    @simulate.autocomplete("model")
    async def _models(self, _: Interaction, current: str) -> list[Choice[str]]:
        wanted = current.casefold()
        models = offered_by(self._registry).models
        found = [one for one in models if wanted in one.label.casefold() or wanted in one.value]
        return [Choice(name=one.label, value=one.value) for one in found[:25]]

    @styles.command(name="list", description="Shows this server's styles; free")
    async def show(self, interaction: Interaction) -> None:
        """Lists."""
        await self._desk.show(interaction, Owner.GUILD)

    @styles.command(name="add", description="Opens a form for a new style of this server; free")
    async def add(self, interaction: Interaction) -> None:
        """Opens the form."""
        await self._desk.add(interaction, Owner.GUILD)

    @styles.command(name="change", description="Opens a form with one of this server's styles; free")
    @app_commands.describe(name="Which of the server's styles")
    async def change(self, interaction: Interaction, name: Name) -> None:
        """Opens the form with what the style says."""
        await self._desk.change(interaction, Owner.GUILD, name)

    @styles.command(name="remove", description="Removes one of this server's styles; pictures stay")
    @app_commands.describe(name="Which of the server's styles")
    async def remove(self, interaction: Interaction, name: Name) -> None:
        """Removes."""
        await self._desk.remove(interaction, Owner.GUILD, name)

    @change.autocomplete("name")
    @remove.autocomplete("name")
    async def _names(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await self._desk.names(interaction, Owner.GUILD, current)


async def setup(client: EaselClient) -> None:
    """Adds the cog."""
    await client.add_cog(SettingsCog(client))

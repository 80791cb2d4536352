"""The settings in the rooms' own words: budgets in ticks, hosts, keys, gateways' options, Discord's addresses."""

from collections.abc import Mapping, Sequence

import discord
from yarl import URL

from bot import config
from bot.core.errors import SettingsError
from bot.core.requests import ProviderName
from bot.ledger.model import Ceilings
from bot.media.addresses import AllowedHost, parse_allowed
from bot.providers import registry
from bot.providers.locus import Slugs


def ceilings_of(settings: config.Settings) -> Ceilings:
    """The budgets in ticks."""
    return Ceilings(
        bot_monthly=config.dollars(settings.monthly_ceiling_usd),
        guild_monthly=config.dollars(settings.guild_monthly_usd),
        guild_daily=config.dollars(settings.guild_daily_usd),
        member_daily=config.dollars(settings.member_daily_usd),
        member_daily_pictures=settings.member_daily_pictures,
        provider_daily=config.by_provider(settings.provider_daily_usd),
        provider_monthly=config.by_provider(settings.provider_monthly_usd),
        bot_monthly_pictures=settings.monthly_ceiling_pictures,
        guild_monthly_pictures=settings.guild_monthly_pictures,
        guild_daily_pictures=settings.guild_daily_pictures,
        provider_daily_pictures=config.counts_by_provider(settings.provider_daily_pictures),
        provider_monthly_pictures=config.counts_by_provider(settings.provider_monthly_pictures),
    )


def point_discord(settings: config.Settings) -> None:
    """Points discord.py at other addresses, where the settings name some."""
    if settings.discord_api_url is not None:
        discord.http.Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url is not None:
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.discord_gateway_url)


def allowed_hosts_of(settings: config.Settings) -> Sequence[AllowedHost]:
    """The private hosts that pictures may be fetched from. Raises SettingsError.

    A Discord at another address keeps its members' files there too.
    """
    discord_url = URL(settings.discord_api_url or "")
    own = [f"{discord_url.host_subcomponent}:{discord_url.port}"] if discord_url.host else []
    try:
        return parse_allowed([*settings.download_allow_hosts, *own])
    except ValueError as error:
        raise SettingsError("EASEL_DOWNLOAD_ALLOW_HOSTS", str(error)) from None


def access_of(settings: config.Settings) -> Mapping[ProviderName, registry.Access]:
    """Key and address of each provider that has a key."""
    return {
        ProviderName(name): registry.Access(key=key, base_url=base_url)
        for name, (key, base_url) in settings.keys().items()
    }


def options_of(settings: config.Settings) -> registry.Options:
    """What the operator set where a gateway's own documents leave it open."""
    slugs = Slugs(
        generate=settings.locus_picture_slug,
        edit=settings.locus_edit_slug,
        chat=settings.locus_chat_slug,
        web=settings.locus_web_slug,
        x=settings.locus_x_slug,
        code=settings.locus_code_slug,
        speak=settings.locus_speech_slug,
    )
    return registry.Options(
        locus_slugs=slugs,
        locus_edit_field=settings.locus_edit_field,
        apiinone_sends_callback_url=settings.apiinone_callback,
        apiframe_params_key=settings.apiframe_params_key,
        apiframe_webhook_key=settings.apiframe_webhook_key,
        apiframe_old_keys=settings.old_apiframe_keys(),
        xai_is_deferred=settings.xai_deferred,
    )

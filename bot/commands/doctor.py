"""`doctor`: examines what a start needs, one line for each finding, and says what to do about it.

It writes nothing. Offline unless asked; online it makes free calls alone. No line holds a secret: what a server
answers goes through the log's redaction too.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pydantic_settings import DotEnvSettingsSource

from bot import config
from bot.commands import plain
from bot.commands.checks import Check, Level
from bot.commands.data_folder import examine_database, examine_folder
from bot.commands.free_calls import ask_discord, ask_provider
from bot.commands.keys import examine_keys, examine_token
from bot.commands.paid_calls import examine_paid_calls
from bot.core.clock import Clock, SystemClock
from bot.core.errors import SettingsError
from bot.core.requests import ProviderName
from bot.ground import DATABASE_NAME
from bot.logs import Redaction
from bot.providers import catalogue

__all__ = ["Check", "Level", "examine"]

# More names than these are a wrong file, not typing errors.
_LIST_LENGTH = 20


async def examine(*, is_online: bool, clock: Clock | None = None) -> list[Check]:
    """Every finding, in the order in which to mend them."""
    settings, checks = _settings()
    checks += _unknown_names()
    if settings is not None:
        checks += [
            examine_token(settings.discord_token.get_secret_value().strip()),
            *await examine_keys(settings),
            _catalogue(settings),
        ]
    folder = config.data_dir() if settings is None else settings.data_dir
    found = examine_folder(folder)
    checks += found
    if all(check.level is not Level.BAD for check in found):
        checks += await examine_database(folder / DATABASE_NAME)
    if settings is None:
        if is_online:
            checks.append(Check(Level.WARN, "online", "nobody was asked: mend the settings first"))
        return checks
    if is_online:
        checks += await _online(settings, clock or SystemClock())
    redaction = Redaction(settings.secrets())
    return [replace(check, told=redaction.clean(check.told)) for check in checks]


def _settings() -> tuple[config.Settings | None, list[Check]]:
    secrets_dir = os.environ.get(config.SECRETS_DIR_VARIABLE)
    if secrets_dir and not os.path.isdir(secrets_dir):
        told = f"{config.SECRETS_DIR_VARIABLE} names no folder: make it, or leave the setting out"
        return None, [Check(Level.BAD, "settings", told)]
    try:
        return config.load(), [Check(Level.OK, "settings", "read")]
    except SettingsError as error:
        return None, [Check(Level.BAD, "settings", f"{error}: see .env.example")]


def _unknown_names() -> list[Check]:
    """Names that look like settings and are none: a typing error keeps a default silently."""
    known = {config.PREFIX + name.upper() for name in config.Settings.model_fields} | {config.SECRETS_DIR_VARIABLE}
    places: Mapping[str, Iterable[str]] = {
        "the environment": os.environ,
        ".env": DotEnvSettingsSource(config.Settings).env_vars,
    }
    checks = []
    for place, names in places.items():
        unknown = sorted({name.upper() for name in names if name.upper().startswith(config.PREFIX)} - known)
        if unknown:
            shown = ", ".join(plain(name) for name in unknown[:_LIST_LENGTH])
            told = f"{shown} in {place}: no such setting; compare with .env.example"
            checks.append(Check(Level.WARN, "settings", told))
    return checks


def _catalogue(settings: config.Settings) -> Check:
    credit = {ProviderName("apiinone"): config.dollars(settings.apiinone_usd_per_credit)}
    try:
        read = catalogue.load(settings.catalogue, usd_per_credit=credit)
    except SettingsError as error:
        return Check(Level.BAD, "catalogue", f"{plain(str(error))}: mend the file, or set EASEL_CATALOGUE")
    return Check(Level.OK, "catalogue", f"{len(read.offers)} models for pictures, {len(read.providers)} gateways")


async def _online(settings: config.Settings, clock: Clock) -> list[Check]:
    """One after the other: nobody waits for long, and the lines keep their order."""
    api_url = settings.discord_api_url
    checks = [await ask_discord(settings.discord_token.get_secret_value().strip(), api_url, clock=clock)]
    for name, (key, base_url) in settings.keys().items():
        checks.append(await ask_provider(name, key, base_url, clock=clock))
    if settings.wallet() is not None:
        checks += await examine_paid_calls(settings, clock=clock)
    return checks

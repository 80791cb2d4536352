"""What the rooms upstairs stand on: settings, clock, database, gateways, pictures, the client.

Opened in an order in which closing works.
"""

import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bot import config, handed_rooms, paid_locus
from bot.client import EaselClient
from bot.core.clock import Clock, Millis
from bot.core.crashpoints import Crashpoints
from bot.core.ids import Randomness, SystemRandomness
from bot.core.requests import ProviderName
from bot.db import Database, lock_data_folder
from bot.media.download import Downloader
from bot.media.media import Media
from bot.providers import catalogue, registry
from bot.providers.contract import Provider
from bot.providers.watch import HealthWatch
from bot.rooms_settings import access_of, allowed_hosts_of, options_of
from bot.services import store
from bot.services.callbacks import Calls, server_key
from bot.services.choosing import Choosing
from bot.services.handed.links import Links
from bot.services.handed.loading import Loading

log = logging.getLogger(__name__)

EXTENSIONS = (
    "cogs.answers",
    "cogs.ask",
    "cogs.budgets",
    "cogs.details_menu",
    "cogs.edit",
    "cogs.help",
    "cogs.history",
    "cogs.imagine",
    "cogs.outdated",
    "cogs.picture_menus",
    "cogs.privacy",
    "cogs.results",
    "cogs.settings",
    "cogs.staff",
    "cogs.styles",
    "cogs.upscale",
    "cogs.usage",
)
DATABASE_NAME = "easel.db"
PICTURES_NAME = "pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the rooms upstairs stand on; `owner` names this process in leases, `booted_at` is when it began."""

    settings: config.Settings
    clock: Clock
    randomness: Randomness
    crashpoints: Crashpoints
    owner: str
    booted_at: Millis
    database: Database
    gateways: registry.Registry
    media: Media
    client: EaselClient
    watch: HealthWatch
    choosing: Choosing
    calls: Calls
    links: Links | None
    loading: Loading
    paid: paid_locus.PaidLocus | None


async def lay_ground(
    stack: AsyncExitStack, settings: config.Settings, *, clock: Clock, crashpoints: Crashpoints, booted_at: Millis
) -> Ground:
    """Opens everything that must be closed again, in an order in which closing works."""
    randomness = SystemRandomness()
    credit = {ProviderName("apiinone"): config.dollars(settings.apiinone_usd_per_credit)}
    price_list = catalogue.load(settings.catalogue, usd_per_credit=credit)
    options = options_of(settings)
    paid = await paid_locus.adapter(
        settings, price_list, clock=clock, crashpoints=crashpoints, slugs=options.locus_slugs
    )
    ready: dict[ProviderName, Provider] = {} if paid is None else {paid.name: paid.adapter}
    stack.enter_context(lock_data_folder(settings.data_dir))
    path = settings.data_dir / DATABASE_NAME
    database = await stack.enter_async_context(Database.open(path, crashpoints=crashpoints))
    gateways = await stack.enter_async_context(
        registry.build(
            access_of(settings), price_list, clock=clock, crashpoints=crashpoints, options=options, ready=ready
        )
    )
    for name in gateways.unserved:
        log.warning("this provider has a key but is not served yet", extra={"provider": name})
    downloader = Downloader(allowed=allowed_hosts_of(settings), crashpoints=crashpoints)
    media = await stack.enter_async_context(Media(settings.data_dir / PICTURES_NAME, downloader))
    client = _client(database)
    stack.push_async_callback(client.close)
    watch = HealthWatch(clock, randomness, {name: gateways.facts(name).requests_per_minute for name in gateways.names})
    order = tuple(ProviderName(name) for name in settings.provider_order)
    key = await server_key(database, randomness)
    links = handed_rooms.build_links(settings, key=key, media=media, clock=clock)
    return Ground(
        settings=settings,
        clock=clock,
        randomness=randomness,
        crashpoints=crashpoints,
        owner=randomness.token_bytes(8).hex(),
        booted_at=booted_at,
        database=database,
        gateways=gateways,
        media=media,
        client=client,
        watch=watch,
        choosing=Choosing(registry=gateways, watch=watch, preference=order),
        calls=Calls(key=key, public_url=settings.public_url, registry=gateways),
        links=links,
        loading=handed_rooms.build_loading(database=database, media=media, client=client, links=links, clock=clock),
        paid=paid,
    )


def _client(database: Database) -> EaselClient:
    async def read_fact(name: str) -> str | None:
        return await database.read(lambda reader: store.fact(reader, name))

    async def write_fact(name: str, value: str) -> None:
        await database.write(lambda tx: store.remember(tx, name, value))

    return EaselClient(extensions=EXTENSIONS, read_fact=read_fact, write_fact=write_fact)

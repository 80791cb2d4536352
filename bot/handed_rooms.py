"""Builds what serves the pictures that requests hand in."""

import discord

from bot import config
from bot.core.clock import Clock
from bot.core.crashpoints import Crashpoints
from bot.db import Database
from bot.media.media import Media
from bot.services.choosing import Choosing
from bot.services.handed.bringing import Bringing
from bot.services.handed.editing import Editing
from bot.services.handed.links import Links
from bot.services.handed.loading import Loading
from bot.services.pictures import Pictures
from bot.services.results.presses import Presses
from bot.services.settlement import Settlement
from bot.ui.own_posts import OwnPosts


def build_links(settings: config.Settings, *, key: bytes, media: Media, clock: Clock) -> Links | None:
    """Addresses of our own; None where this bot has no public address."""
    if settings.public_url is None:
        return None
    return Links(key=key, public_url=settings.public_url, media=media, clock=clock)


def build_loading(
    *, database: Database, media: Media, client: discord.Client, links: Links | None, clock: Clock
) -> Loading:
    """What gives sources to gateways."""
    return Loading(
        database=database,
        media=media,
        posts=OwnPosts(client),
        links=links,
        settlement=Settlement(database=database, clock=clock),
        clock=clock,
    )


def build_editing(
    *,
    database: Database,
    media: Media,
    choosing: Choosing,
    pictures: Pictures,
    clock: Clock,
    crashpoints: Crashpoints,
) -> Editing:
    """The use cases of `/edit`, `/upscale` and the menus."""
    bringing = Bringing(database=database, media=media, clock=clock, crashpoints=crashpoints)
    return Editing(database=database, choosing=choosing, pictures=pictures, bringing=bringing, presses=Presses())

"""Builds what looks after records: how long they are kept, and what `/about` says of it."""

from bot import __version__, config
from bot.core.clock import Clock
from bot.db import Database
from bot.media.media import Media
from bot.providers.registry import Registry
from bot.revision import commit_at_hand
from bot.services.about import About
from bot.services.ports import Eraser
from bot.services.privacy.desk import Privacy
from bot.services.privacy.erasing import Erasing
from bot.services.privacy.handing_out import HandingOut
from bot.services.retention.sweeping import Periods, Retention


def build_retention(settings: config.Settings, *, database: Database, media: Media, clock: Clock) -> Retention:
    """The sweep over old pictures and words."""
    return Retention(database=database, media=media, clock=clock, periods=_periods(settings))


def build_about(settings: config.Settings, *, database: Database, registry: Registry) -> About:
    """What this bot says of itself."""
    return About(
        version=__version__,
        commit=settings.commit or commit_at_hand(),
        source_url=settings.source_url,
        periods=_periods(settings),
        database=database,
        registry=registry,
    )


def build_privacy(settings: config.Settings, *, database: Database, eraser: Eraser, clock: Clock) -> Privacy:
    """What members are told, handed and deleted of themselves."""
    return Privacy(
        database=database,
        erasing=Erasing(database=database, eraser=eraser, clock=clock),
        handing_out=HandingOut(database=database, clock=clock),
        periods=_periods(settings),
    )


def _periods(settings: config.Settings) -> Periods:
    return Periods(picture_days=settings.picture_days, record_days=settings.record_days)

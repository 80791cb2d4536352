"""Settings and pauses of a guild."""

from collections.abc import Iterator
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from bot.core.clock import Millis
from bot.core.ids import ChannelId, GuildId, MemberId
from bot.guilds import store
from bot.guilds.model import BadSetting, GuildSettings, Pause, zone_named
from tests.jobs.memory import Memory

GUILD = GuildId(1)


@pytest.fixture
def memory() -> Iterator[Memory]:
    opened = Memory()
    yield opened
    opened.close()


def test_a_guild_that_has_set_nothing_has_the_defaults(memory: Memory) -> None:
    settings = memory.read(lambda reader: store.settings_of(reader, GUILD))
    assert settings == GuildSettings(zone="UTC", thresholds=(50, 80, 100))
    assert settings.tz is UTC


def test_settings_are_kept_by_guild_and_replaced_whole(memory: Memory) -> None:
    first = GuildSettings(
        zone="Asia/Tokyo", staff_channel_id=ChannelId(5), is_soft=True, thresholds=(90,), digest="weekly"
    )
    for wanted in (first, GuildSettings(zone="Asia/Tokyo", thresholds=())):
        memory.write(lambda tx, wanted=wanted: store.save(tx, GUILD, wanted))  # type: ignore[misc]
        assert memory.read(lambda reader: store.settings_of(reader, GUILD)) == wanted
    assert first.tz == ZoneInfo("Asia/Tokyo")
    assert memory.read(lambda reader: store.settings_of(reader, GuildId(2))) == GuildSettings()


def test_guilds_that_want_a_summary_and_have_a_channel_for_it_are_found(memory: Memory) -> None:
    for number, wanted in enumerate(
        (
            GuildSettings(staff_channel_id=ChannelId(5), digest="daily"),
            GuildSettings(staff_channel_id=ChannelId(5)),
            GuildSettings(digest="weekly"),
            GuildSettings(staff_channel_id=ChannelId(5), digest="weekly"),
        )
    ):
        guild_id = GuildId(number)
        memory.write(lambda tx, wanted=wanted, guild_id=guild_id: store.save(tx, guild_id, wanted))  # type: ignore[misc]
    assert memory.read(store.with_digest) == (0, 3)


@pytest.mark.parametrize("thresholds", [(0,), (101,), (80, 50), (50, 50), (1, 2, 3, 4, 5, 6)])
def test_thresholds_are_a_few_percents_in_order(thresholds: tuple[int, ...]) -> None:
    with pytest.raises(BadSetting) as caught:
        GuildSettings(thresholds=thresholds)
    assert caught.value.what == "thresholds"


@pytest.mark.parametrize("name", ["Nowhere/Land", "../etc/passwd", "/etc/localtime", "", "Europe", "a\0b"])
def test_a_zone_that_is_none_is_refused_and_one_that_is_gone_counts_as_utc(name: str) -> None:
    with pytest.raises(BadSetting):
        zone_named(name)
    assert GuildSettings(zone=name).tz is UTC


def pause(command: str | None, reason: str) -> Pause:
    return Pause(command=command, reason=reason, author_id=MemberId(9), at=Millis(5))


def test_a_pause_holds_for_its_command_or_for_all_and_ends(memory: Memory) -> None:
    def met(command: str) -> Pause | None:
        return memory.read(lambda reader: store.pause_for(reader, GUILD, command))

    assert met("imagine") is None
    memory.write(lambda tx: store.pause(tx, GUILD, pause("imagine", "a contest")))
    memory.write(lambda tx: store.pause(tx, GUILD, pause("imagine", "another contest")))
    assert met("imagine") == pause("imagine", "another contest")
    assert met("ask") is None
    memory.write(lambda tx: store.pause(tx, GUILD, pause(None, "holiday")))
    assert (met("imagine"), met("ask")) == (pause(None, "holiday"), pause(None, "holiday"))
    assert len(memory.read(lambda reader: store.pauses_of(reader, GUILD))) == 2
    assert memory.write(lambda tx: store.resume(tx, GUILD, None))
    assert not memory.write(lambda tx: store.resume(tx, GUILD, None))
    assert met("ask") is None
    assert memory.read(lambda reader: store.pause_for(reader, GuildId(2), "imagine")) is None

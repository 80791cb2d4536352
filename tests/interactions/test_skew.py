"""An old interaction is dropped; a host clock that is wrong is not mistaken for one."""

from bot.core.clock import SECOND_MS, Millis
from bot.core.ids import DISCORD_EPOCH_MS, ChannelId, GuildId, InteractionId, MemberId
from bot.interactions.model import Received
from bot.interactions.skew import ARRIVALS, ClockSkew

START = 1_800_000_000_000


def _arrival(*, age_s: float = 0.1, ahead_s: float = 0.0, at: int = START) -> Received:
    return Received(
        id=InteractionId((at - DISCORD_EPOCH_MS) << 22),
        command="imagine",
        guild_id=GuildId(1),
        channel_id=ChannelId(2),
        member_id=MemberId(3),
        token="token",
        received_at=Millis(at + round((age_s + ahead_s) * SECOND_MS)),
    )


def test_a_replay_is_stale_once_the_clocks_were_compared() -> None:
    skew = ClockSkew()

    assert not skew.is_stale(_arrival())
    assert skew.is_stale(_arrival(age_s=20))
    assert not skew.is_stale(_arrival(age_s=2))
    assert skew.skew_ms == 100


def test_a_host_clock_that_is_minutes_off_drops_nobody() -> None:
    for ahead_s in (300.0, -300.0):
        skew = ClockSkew()

        assert not any(skew.is_stale(_arrival(ahead_s=ahead_s)) for _ in range(3))
        assert skew.is_stale(_arrival(age_s=20, ahead_s=ahead_s))


def test_a_clock_that_is_set_in_mid_run_drops_a_few_and_no_more() -> None:
    skew = ClockSkew()
    skew.is_stale(_arrival())

    dropped = [skew.is_stale(_arrival(ahead_s=3600)) for _ in range(2 * ARRIVALS)]

    assert sum(dropped) < ARRIVALS
    assert not any(dropped[ARRIVALS:])


def test_before_the_first_arrival_no_skew_is_known() -> None:
    assert ClockSkew().skew_ms == 0

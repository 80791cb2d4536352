"""Double clicks: the second one within seconds is refused, and nothing else is."""

import pytest

from bot.core.clock import Millis
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import DISCORD_EPOCH_MS, ChannelId, GuildId, InteractionId, MemberId
from bot.interactions.model import Received
from bot.services.results.presses import WINDOW_MS, Presses


def pressed(at: int, *, by: int = 3) -> Received:
    """A press at that many milliseconds."""
    return Received(
        id=InteractionId(at << 22),
        command="again",
        guild_id=GuildId(1),
        channel_id=ChannelId(2),
        member_id=MemberId(by),
        token="t",
        received_at=Millis(DISCORD_EPOCH_MS + at),
    )


def test_a_second_press_within_seconds_is_refused_and_one_after_them_is_a_new_wish() -> None:
    presses = Presses()
    with presses.once(pressed(0), "again"):
        pass
    with pytest.raises(Refusal) as told, presses.once(pressed(WINDOW_MS - 1), "again"):
        pass
    assert told.value.reason is RefusalReason.UNDER_WAY
    with presses.once(pressed(1), "vary"), presses.once(pressed(1, by=4), "again"):
        pass
    with presses.once(pressed(WINDOW_MS), "again"):
        pass


def test_a_press_that_was_refused_may_be_repeated_at_once() -> None:
    presses = Presses()
    with pytest.raises(Refusal), presses.once(pressed(0), "again"):
        raise Refusal(RefusalReason.BUSY)
    with presses.once(pressed(1), "again"):
        pass


def test_a_refusal_after_a_long_time_is_the_one_that_is_told() -> None:
    """Others press meanwhile, and what is old is forgotten then."""
    presses = Presses()

    def go_on_slowly() -> None:
        with presses.once(pressed(0), "edit"):
            with presses.once(pressed(3 * WINDOW_MS, by=4), "again"):
                pass
            raise Refusal(RefusalReason.BAD_SOURCE)

    with pytest.raises(Refusal) as told:
        go_on_slowly()
    assert told.value.reason is RefusalReason.BAD_SOURCE

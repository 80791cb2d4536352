"""Which addresses are given to a gateway."""

import pytest

from bot.core.clock import MINUTE_MS, SECOND_MS, Millis
from bot.services.sources import ADDRESS_MARGIN_MS, is_alive

NOW = Millis(1_763_600_000_000)


def address(ends_in_ms: int) -> str:
    """One of Discord's, which ends then."""
    ends_at = (NOW + ends_in_ms) // SECOND_MS
    return f"https://cdn.discordapp.com/attachments/1/2/a.png?ex={ends_at:x}&is=1&hm=00&"


@pytest.mark.parametrize(
    ("url", "lives"),
    [
        (address(ADDRESS_MARGIN_MS + SECOND_MS), True),
        (address(ADDRESS_MARGIN_MS), False),
        (address(-MINUTE_MS), False),
        ("https://cdn.discordapp.com/attachments/1/2/a.png", False),
        ("https://cdn.discordapp.com/attachments/1/2/a.png?ex=zz", False),
        ("https://[::1/x?ex=ffffffffff", False),
        ("", False),
        (None, False),
    ],
)
def test_an_address_counts_while_it_says_that_it_lives_long_enough(url: str | None, *, lives: bool) -> None:
    assert is_alive(url, now=NOW) is lives

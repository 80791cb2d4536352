"""Which limits a request meets, and in what order."""

from zoneinfo import ZoneInfo

from bot.core.ids import GuildId, MemberId
from bot.ledger.model import Unit
from bot.ledger.policy import limits_for
from bot.ledger.windows import WindowKind
from tests.ledger.book import NOON, at, ceilings


def test_a_request_meets_its_members_limits_first_and_the_whole_bots_last() -> None:
    limits = limits_for(ceilings(), guild_id=GuildId(7), member_id=MemberId(8), at=NOON)
    assert [(limit.scope, limit.unit, limit.window.kind, limit.amount) for limit in limits] == [
        ("member:7:8", Unit.MONEY, WindowKind.DAY, 100),
        ("member:7:8", Unit.PICTURES, WindowKind.DAY, 25),
        ("guild:7", Unit.MONEY, WindowKind.DAY, 200),
        ("guild:7", Unit.MONEY, WindowKind.MONTH, 500),
        ("bot", Unit.MONEY, WindowKind.MONTH, 1_000),
    ]
    assert {limit.window.starts_at for limit in limits} == {at("2026-05-15T00:00"), at("2026-05-01T00:00")}


def test_windows_are_those_of_the_zone() -> None:
    limits = limits_for(ceilings(), guild_id=GuildId(7), member_id=MemberId(8), at=NOON, zone=ZoneInfo("Asia/Tokyo"))
    assert {limit.window.ends_at for limit in limits} == {at("2026-05-15T15:00"), at("2026-05-31T15:00")}

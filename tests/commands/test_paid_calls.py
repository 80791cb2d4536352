"""`doctor --online` for a wallet in the place of a Locus key: the price is asked for, and nothing is ever signed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("pytempo", reason="the extra `mpp` is not installed, so no wallet has an address")

from bot.commands import doctor
from bot.commands.checks import Check, Level
from sandbox.chain import PretendChain
from sandbox.chain.locus import PayingLocus, Trick
from tests.commands.account import TOKEN, Account, account
from tests.commands.shop import ROOT

WALLET = "5a" * 32


@dataclass(kw_only=True)
class World:
    """What a wallet pays with and for, and the settings that point there."""

    chain: PretendChain
    locus: PayingLocus
    served: Account

    def settings(self) -> dict[str, str]:
        return {
            **self.served.settings(),
            "EASEL_LOCUS_WALLET_KEY": WALLET,
            "EASEL_LOCUS_MPP_URL": self.locus.base_url,
            "EASEL_LOCUS_RPC_URL": self.chain.rpc_url,
        }


@pytest.fixture
async def world(bare: Path) -> AsyncIterator[World]:
    """In a place without anybody's settings."""
    async with (
        PretendChain.start() as chain,
        PayingLocus.start(chain=chain) as locus,
        account() as served,
    ):
        yield World(chain=chain, locus=locus, served=served)


async def _examine(world: World, monkeypatch: pytest.MonkeyPatch, **settings: str) -> dict[str, Check]:
    """What is said of Locus. Nothing may be signed or sent to the chain, and neither the key nor the RPC be shown."""
    for name, value in {**world.settings(), **settings}.items():
        monkeypatch.setenv(name, value)
    checks = await doctor.examine(is_online=True)
    text = "\n".join(check.line for check in checks)
    assert not [secret for secret in (WALLET, TOKEN, world.chain.rpc_url) if secret in text]
    assert world.chain.transfers == []
    assert world.locus.credentials == []
    assert "eth_sendRawTransactionSync" not in world.chain.asked
    return {check.title: check for check in checks if check.title.startswith("locus ") and "online" in check.title}


async def test_the_price_the_wallet_and_the_chain_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await _examine(world, monkeypatch)

    wallet = found.pop("locus wallet online")
    assert wallet.level is Level.OK
    assert wallet.told.startswith("0x")
    assert wallet.told.endswith(" holds 25 USDC.e")
    assert {title: check.line for title, check in found.items()} == {
        "locus chain online": "ok    locus chain online: chain 4217 answers; a payment's fee is at most $0.02,"
        " paid in USDC.e as well",
        "locus online": "ok    locus online: asks $0.023 for a picture, which would be paid; nothing was paid now",
    }
    assert world.locus.probes == 1


@pytest.mark.parametrize(
    ("trick", "settings", "told"),
    [
        (
            Trick.TOO_DEAR,
            {},
            "asks $0.70 for a picture, which would not be paid (over_call_cap): more than EASEL_LOCUS_M",
        ),
        (
            Trick.NONE,
            {"EASEL_LOCUS_MAX_CALL_USD": "0.02"},
            "asks $0.023 for a picture, which would not be paid (over_call",
        ),
        (Trick.NONE, {"EASEL_LOCUS_DAILY_USD": "0.01"}, "(over_day): more than EASEL_LOCUS_DAILY_USD"),
        (Trick.TOO_DEAR, {"EASEL_LOCUS_MAX_CALL_USD": "5"}, "(over_hold): more than is held"),
        (Trick.STRANGER, {}, "(recipient): it wants another recipient than EASEL_LOCUS_RECIPIENTS"),
        (Trick.OTHER_TOKEN, {}, "(token): its terms are none that this program pays"),
        (Trick.OTHER_CHAIN, {}, "(chain): its terms are none"),
        (Trick.OTHER_REALM, {}, "(realm): it speaks for another host"),
        (Trick.SPLITS, {}, "(splits): its terms are none"),
        (Trick.FEE_PAYER, {}, "(fee_payer): its terms are none"),
        (Trick.NO_EXPIRY, {}, "(no_expiry): its terms are none"),
        (Trick.EXPIRED, {}, "(expires_too_soon): its terms are none"),
        (Trick.TWO_CHALLENGES, {}, "(several): its terms are none"),
        (Trick.DECIMAL_AMOUNT, {}, "asks for what cannot be read as an amount, which would not be paid (amount): "),
        (Trick.DOWN_UNPAID, {}, "look at EASEL_LOCUS_MPP_URL and the gateway's status page"),
    ],
)
async def test_a_price_that_the_bot_would_not_pay_is_bad_and_says_why(
    world: World, monkeypatch: pytest.MonkeyPatch, trick: Trick, settings: dict[str, str], told: str
) -> None:
    world.locus.trick = trick
    check = (await _examine(world, monkeypatch, **settings))["locus online"]

    assert check.level is Level.BAD
    assert told in check.told


async def test_a_gateway_that_asks_for_nothing_is_looked_at_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.locus.trick = Trick.FREE
    check = (await _examine(world, monkeypatch))["locus online"]

    assert (check.level, check.told) == (
        Level.WARN,
        "it asked for no payment: is EASEL_LOCUS_MPP_URL right?",
    )


@pytest.mark.parametrize(
    ("balance", "level", "told"),
    [
        (0, Level.WARN, " holds 0 USDC.e; the dearest call and its fee take $0.12: fill it"),
        (119_999, Level.WARN, " holds 0.119999 USDC.e; the dearest call"),
        (120_000, Level.OK, " holds 0.12 USDC.e"),
    ],
)
async def test_a_wallet_that_cannot_pay_for_the_dearest_call_is_to_be_filled(
    world: World, monkeypatch: pytest.MonkeyPatch, balance: int, level: Level, told: str
) -> None:
    world.chain.balance = balance
    check = (await _examine(world, monkeypatch))["locus wallet online"]

    assert check.level is level
    assert told in check.told


async def test_a_dear_chain_is_warned_of(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.chain.gas_price *= 10
    check = (await _examine(world, monkeypatch))["locus chain online"]

    assert check.level is Level.WARN
    assert check.told.endswith("at most $0.20, above $0.05: nothing is signed until it falls")


@pytest.mark.parametrize("fault", ["other chain", "nonsense", "nobody"])
async def test_a_server_of_the_chain_that_cannot_be_used_is_bad_and_the_price_is_asked_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    settings = {}
    if fault == "other chain":
        world.chain.chain_id = 42431
    elif fault == "nonsense":
        world.chain.raw = b"<html>"
    else:
        settings["EASEL_LOCUS_RPC_URL"] = "http://127.0.0.1:1"
    found = await _examine(world, monkeypatch, **settings)

    assert found["locus chain online"].level is Level.BAD
    assert "look at EASEL_LOCUS_RPC_URL; the wallet is 0x" in found["locus chain online"].told
    assert "locus wallet online" not in found
    assert "asks $0.023" in found["locus online"].told


async def test_settings_that_no_bot_starts_with_ask_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await _examine(world, monkeypatch, EASEL_LOCUS_RECIPIENTS="nobody")

    assert found["locus online"].level is Level.BAD
    assert found["locus online"].told.startswith("not asked: EASEL_LOCUS_MPP_URL: ")
    assert world.locus.probes == 0


def _without_locus(path: Path) -> None:
    """The real catalogue, but for every model of Locus."""
    parts = (ROOT / "data" / "catalogue.toml").read_text(encoding="utf-8").split("\n[[")
    path.write_text("\n[[".join(part for part in parts if 'provider = "locus"' not in part), encoding="utf-8")


async def test_a_catalogue_without_a_picture_of_locus_has_nothing_to_ask_for(
    world: World, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(_without_locus, bare / "catalogue.toml")
    found = await _examine(world, monkeypatch, EASEL_CATALOGUE=str(bare / "catalogue.toml"))

    assert found["locus online"].told == "not asked: the catalogue has no picture of Locus"
    assert world.locus.probes == 0


async def test_with_a_key_the_wallet_is_not_used(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await _examine(world, monkeypatch, **world.served.settings("locus"))

    assert list(found) == ["locus online"]
    assert found["locus online"].told.startswith("the key is taken")
    assert (world.locus.probes, world.chain.asked) == (0, {})

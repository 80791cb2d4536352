"""Builds what pays Locus by the call (HTTP 402), where there is a wallet and no key."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot import config
from bot.core.clock import Clock
from bot.core.crashpoints import Crashpoints
from bot.core.errors import SettingsError
from bot.core.ids import Randomness
from bot.core.requests import ProviderName
from bot.db import Database
from bot.payments.chain import Chain
from bot.payments.policy import TEMPO_CHAIN_ID, PaymentPolicy
from bot.payments.signer import Signer, SigningFailed, WalletKey, load_library
from bot.payments.vault import PURPOSE, Vault
from bot.providers.catalogue import Catalogue
from bot.providers.locus import NAME, Slugs
from bot.providers.locus_mpp import LocusMpp, PaidClient
from bot.providers.registry import PATIENT
from bot.services.paying import Paying
from bot.services.payment_sweep import PaymentSweep
from bot.services.settlement import Settlement

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidLocus:
    """The adapter without a key, and who pays for its calls."""

    name: ProviderName
    adapter: LocusMpp
    policy: PaymentPolicy
    key: WalletKey


async def adapter(
    settings: config.Settings, catalogue: Catalogue, *, clock: Clock, crashpoints: Crashpoints, slugs: Slugs
) -> PaidLocus | None:
    """The adapter, or None where no wallet is set. Raises SettingsError.

    The payment library is loaded here: it takes seconds, and the start is the time for that.
    """
    wallet = settings.wallet()
    if wallet is None:
        return None
    try:
        key = WalletKey(wallet)
        await asyncio.to_thread(load_library)
    except ValueError as error:
        raise SettingsError("EASEL_LOCUS_WALLET_KEY", str(error)) from None
    except SigningFailed:
        hint = "the extra is missing: pip install --require-hashes -r requirements/mpp.txt"
        raise SettingsError("EASEL_LOCUS_WALLET_KEY", hint) from None
    try:
        policy = PaymentPolicy.at(
            settings.locus_mpp_url,
            recipients=frozenset(settings.locus_recipients),
            max_call=config.dollars(settings.locus_max_call_usd),
            max_search=config.dollars(settings.locus_max_search_usd),
            allow_http_on_loopback=urlsplit(settings.locus_mpp_url).hostname in _LOOPBACK,
        )
        client = PaidClient(
            base_url=settings.locus_mpp_url, auth={}, clock=clock, crashpoints=crashpoints, timeouts=PATIENT
        )
    except ValueError as error:
        raise SettingsError("EASEL_LOCUS_MPP_URL", str(error)) from None
    made = LocusMpp(
        client=client,
        offers={offer.model: offer for offer in catalogue.offers if offer.provider == NAME},
        ask_offers={offer.model: offer for offer in catalogue.ask_offers if offer.provider == NAME},
        speak_offers={offer.model: offer for offer in catalogue.speak_offers if offer.provider == NAME},
        slugs=slugs,
        edit_field=settings.locus_edit_field,
    )
    return PaidLocus(name=NAME, adapter=made, policy=policy, key=key)


def payment_sweep(
    stack: AsyncExitStack, settings: config.Settings, *, database: Database, settlement: Settlement, clock: Clock
) -> PaymentSweep:
    """Decides payments in doubt, which a wallet may have left that is not set any more: it needs no key.

    Its connection to the chain is opened when it is first needed, and closed with the stack.
    """
    chain = Chain(rpc_url=settings.locus_rpc_url, chain_id=TEMPO_CHAIN_ID)
    stack.push_async_callback(chain.close)
    return PaymentSweep(database=database, settlement=settlement, chain=chain, clock=clock)


def paying(
    paid: PaidLocus,
    settings: config.Settings,
    *,
    database: Database,
    settlement: Settlement,
    clock: Clock,
    randomness: Randomness,
) -> Paying:
    """Who pays."""
    return Paying(
        database=database,
        settlement=settlement,
        policy=paid.policy,
        signer=Signer(key=paid.key, policy=paid.policy, rpc_url=settings.locus_rpc_url),
        vault=Vault(key=paid.key.derive(PURPOSE), randomness=randomness),
        clock=clock,
        daily=config.dollars(settings.locus_daily_usd),
    )

"""Locus without a key, examined for nothing: the chain's server, the wallet's balance, and what a picture would cost.

One picture is asked for without a payment, so that the gateway names its price and draws nothing; its challenge is
judged as the bot would judge it. Nothing is signed here, and the wallet's key is used for its address alone.
"""

from decimal import Decimal

from bot import config, paid_locus
from bot.commands import plain
from bot.commands.checks import Check, Level
from bot.core.clock import Clock
from bot.core.crashpoints import NONE
from bot.core.errors import ProviderError, SettingsError
from bot.core.ids import IdempotencyKey
from bot.core.money import TICKS_PER_USD, Ticks, format_usd
from bot.core.requests import PictureOrder, ProviderName, Verb
from bot.payments.chain import Chain, ChainUnavailable
from bot.payments.challenge import Challenge, read_challenges
from bot.payments.policy import TICKS_PER_UNIT, Approved, Because, judge
from bot.payments.signer import FEE_MAX, Signer
from bot.providers import catalogue
from bot.providers.catalogue import Offer, worst_case
from bot.providers.contract import PaymentRequired, SubmitContext
from bot.rooms_settings import options_of

TOKEN = "USDC.e"  # noqa: S105 - a currency
# Nobody sees it: what is not paid for is not drawn.
_PROMPT = "a grey square"
_MEND = {
    Because.NOT_HTTPS: "set EASEL_LOCUS_MPP_URL to an https address",
    Because.REALM: "it speaks for another host, is EASEL_LOCUS_MPP_URL right?",
    Because.RECIPIENT: "it wants another recipient than EASEL_LOCUS_RECIPIENTS; add one only if Locus itself names it",
    Because.OVER_CALL_CAP: "more than EASEL_LOCUS_MAX_CALL_USD",
    Because.OVER_HOLD: "more than is held for a picture; mend the price in the catalogue",
    Because.OVER_DAY: "more than EASEL_LOCUS_DAILY_USD",
}
_CHANGED = "its terms are none that this program pays"


async def examine_paid_calls(settings: config.Settings, *, clock: Clock) -> list[Check]:
    """The chain, the wallet, the gateway's price; for settings with a wallet in the place of a Locus key."""
    credit = {ProviderName("apiinone"): config.dollars(settings.apiinone_usd_per_credit)}
    try:
        prices = catalogue.load(settings.catalogue, usd_per_credit=credit)
        slugs = options_of(settings).locus_slugs
        paid = await paid_locus.adapter(settings, prices, clock=clock, crashpoints=NONE, slugs=slugs)
    except SettingsError as error:
        return [Check(Level.BAD, "locus online", f"not asked: {plain(str(error))}")]
    if paid is None:
        return []
    try:
        return [*await _chain_and_wallet(paid, settings), await _price(paid, settings, prices, clock)]
    finally:
        await paid.adapter.close()


async def _chain_and_wallet(paid: paid_locus.PaidLocus, settings: config.Settings) -> list[Check]:
    policy, rpc_url = paid.policy, settings.locus_rpc_url
    holder = await Signer(key=paid.key, policy=policy, rpc_url=rpc_url).address()
    chain = Chain(rpc_url=rpc_url, chain_id=policy.chain_id)
    try:
        await chain.check()
        fee = await chain.fee_max()
        balance = Ticks(await chain.balance(currency=policy.currency, holder=holder) * TICKS_PER_UNIT)
    except ChainUnavailable as error:
        told = f"{error}: look at EASEL_LOCUS_RPC_URL; the wallet is {holder}"
        return [Check(Level.BAD, "locus chain online", told)]
    finally:
        await chain.close()
    return [_fee(policy.chain_id, fee), _balance(holder, balance, Ticks(policy.max_call + fee))]


def _fee(chain_id: int, fee: Ticks) -> Check:
    title, told = "locus chain online", f"chain {chain_id} answers; a payment's fee is at most {format_usd(fee)}"
    if fee > FEE_MAX:
        return Check(Level.WARN, title, f"{told}, above {format_usd(FEE_MAX)}: nothing is signed until it falls")
    return Check(Level.OK, title, f"{told}, paid in {TOKEN} as well")


def _balance(holder: str, balance: Ticks, needed: Ticks) -> Check:
    title = "locus wallet online"
    told = f"{holder} holds {(Decimal(balance) / TICKS_PER_USD).normalize():f} {TOKEN}"
    if balance < needed:
        return Check(Level.WARN, title, f"{told}; the dearest call and its fee take {format_usd(needed)}: fill it")
    return Check(Level.OK, title, told)


async def _price(
    paid: paid_locus.PaidLocus, settings: config.Settings, prices: catalogue.Catalogue, clock: Clock
) -> Check:
    title = "locus online"
    offer = next((one for one in prices.offers if one.provider == paid.name and Verb.GENERATE in one.abilities), None)
    if offer is None:
        return Check(Level.WARN, title, "not asked: the catalogue has no picture of Locus")
    order = PictureOrder(provider=paid.name, model=offer.model, prompt=_PROMPT, count=1, aspect_ratio=None)
    try:
        answer = await paid.adapter.submit(order, SubmitContext(idempotency_key=IdempotencyKey("easel-doctor")))
    except ProviderError as error:
        return Check(
            Level.BAD, title, f"{plain(str(error))}: look at EASEL_LOCUS_MPP_URL and the gateway's status page"
        )
    if not isinstance(answer, PaymentRequired):
        return Check(Level.WARN, title, "it asked for no payment: is EASEL_LOCUS_MPP_URL right?")
    return _judged(title, paid, settings, offer, order, read_challenges(answer.challenges), clock)


def _judged(
    title: str,
    paid: paid_locus.PaidLocus,
    settings: config.Settings,
    offer: Offer,
    order: PictureOrder,
    challenges: tuple[Challenge, ...],
    clock: Clock,
) -> Check:
    """What the bot would do with the challenge, on a day on which it has paid for nothing yet."""
    held, daily = worst_case(offer, order), config.dollars(settings.locus_daily_usd)
    verdict = judge(paid.policy, challenges, now=clock.now(), held=held, left_today=daily)
    if isinstance(verdict, Approved):
        told = f"asks {format_usd(verdict.amount)} for a picture, which would be paid; nothing was paid now"
        return Check(Level.OK, title, told)
    why = _MEND.get(verdict.because, _CHANGED)
    return Check(Level.BAD, title, f"{_asked(challenges)}, which would not be paid ({verdict.because}): {why}")


def _asked(challenges: tuple[Challenge, ...]) -> str:
    amount = challenges[0].charge.amount if challenges else None
    if amount is None or not (amount.isascii() and amount.isdecimal()) or len(amount) > len(str(TICKS_PER_USD)):
        return "asks for what cannot be read as an amount"
    return f"asks {format_usd(int(amount) * TICKS_PER_UNIT)} for a picture"

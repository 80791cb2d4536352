"""Builds what makes pictures out of accepted jobs: sending, polling, collecting, delivering."""

from bot.ground import Ground
from bot.rooms_settings import ceilings_of
from bot.services.collecting import Collector
from bot.services.courier import Courier
from bot.services.failover import Failover
from bot.services.pace import Pace
from bot.services.paying import Paying
from bot.services.polling import Polling
from bot.services.rhythm import Rhythm
from bot.services.sending import Sending
from bot.services.settlement import Settlement
from bot.services.work import PictureWork
from bot.ui.delivery import DiscordDelivery


def build_pictures(
    ground: Ground,
    *,
    settlement: Settlement,
    delivery: DiscordDelivery,
    pace: Pace,
    paying: Paying | None,
) -> PictureWork:
    """The handler of every job that makes pictures."""
    clock, randomness, crashpoints = ground.clock, ground.randomness, ground.crashpoints
    gateways, watch, calls = ground.gateways, ground.watch, ground.calls
    rhythm = Rhythm(registry=gateways, pace=pace, randomness=randomness)
    collector = Collector(
        settlement=settlement, media=ground.media, clock=clock, randomness=randomness, crashpoints=crashpoints
    )
    failover = Failover(
        choosing=ground.choosing,
        registry=gateways,
        ceilings=ceilings_of(ground.settings),
        settlement=settlement,
        clock=clock,
    )
    sending = Sending(
        registry=gateways,
        settlement=settlement,
        collector=collector,
        rhythm=rhythm,
        watch=watch,
        failover=failover,
        calls=calls,
        clock=clock,
        randomness=randomness,
        crashpoints=crashpoints,
        paid={} if paying is None or ground.paid is None else {ground.paid.name: paying},
        loading=ground.loading,
    )
    polling = Polling(
        registry=gateways,
        settlement=settlement,
        collector=collector,
        rhythm=rhythm,
        watch=watch,
        calls=calls,
        clock=clock,
        randomness=randomness,
    )
    courier = Courier(
        database=ground.database,
        settlement=settlement,
        delivery=delivery,
        registry=gateways,
        clock=clock,
        randomness=randomness,
        crashpoints=crashpoints,
    )
    return PictureWork(sending=sending, polling=polling, courier=courier, settlement=settlement)

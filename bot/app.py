"""The composition root: builds every room, ties them together, and closes them in the opposite order.

`bot.serving` runs what stands here.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot import config, handed_rooms, paid_locus
from bot.client import EaselClient
from bot.core.clock import Clock, Millis, SystemClock
from bot.core.crashpoints import NONE, Crashpoints
from bot.core.ids import Randomness, SystemRandomness
from bot.core.requests import ProviderName
from bot.db import Database, lock_data_folder
from bot.jobs.model import Caps
from bot.jobs.runner import Runner
from bot.media.download import Downloader
from bot.media.media import Media
from bot.providers import catalogue, registry
from bot.providers.contract import Provider
from bot.providers.watch import HealthWatch
from bot.record_rooms import build_about, build_privacy, build_retention
from bot.result_rooms import build_results
from bot.rooms_settings import access_of, allowed_hosts_of, ceilings_of, options_of, point_discord
from bot.services import store
from bot.services.admission import Admission, Rules
from bot.services.ask.closing import Closing
from bot.services.bell import Bell
from bot.services.budgets.desk import Budgets
from bot.services.budgets.settings import GuildDesk
from bot.services.callbacks import CallbackDesk, Calls, server_key
from bot.services.cancelling import Cancelling
from bot.services.choosing import Choosing
from bot.services.collecting import Collector
from bot.services.container import Services
from bot.services.courier import Courier
from bot.services.desk import Desk
from bot.services.failover import Failover
from bot.services.handed.links import Links
from bot.services.handed.loading import Loading
from bot.services.history.pages import History
from bot.services.pace import Pace
from bot.services.paying import Paying
from bot.services.payload import KINDS
from bot.services.payment_sweep import PaymentSweep
from bot.services.pictures import Pictures
from bot.services.polling import Polling
from bot.services.progress import ProgressBoard
from bot.services.retention.sweeping import Retention
from bot.services.rhythm import Rhythm
from bot.services.sending import Sending
from bot.services.settlement import Settlement
from bot.services.staff.rounds import Rounds
from bot.services.startup import Recovery, recover
from bot.services.styles.desk import Styles
from bot.services.usage import Usage
from bot.services.work import PictureWork
from bot.staff_rooms import build_leave, build_staff
from bot.talk_rooms import TalkGround, TalkRooms, build_live, build_rooms, build_talk
from bot.ui.answers.delivery import AnswerDelivery
from bot.ui.card_editor import CardEditor
from bot.ui.delivery import DiscordDelivery
from bot.ui.keeper import EDIT_EVERY_S, CardKeeper
from bot.ui.staff_delivery import StaffDelivery
from bot.web.server import Readiness, WebServer

log = logging.getLogger(__name__)

EXTENSIONS = (
    "cogs.answers",
    "cogs.ask",
    "cogs.budgets",
    "cogs.details_menu",
    "cogs.edit",
    "cogs.help",
    "cogs.history",
    "cogs.imagine",
    "cogs.outdated",
    "cogs.picture_menus",
    "cogs.privacy",
    "cogs.results",
    "cogs.settings",
    "cogs.staff",
    "cogs.styles",
    "cogs.upscale",
    "cogs.usage",
)
DATABASE_NAME = "easel.db"
PICTURES_NAME = "pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The built rooms, as `serve` and the tests need them."""

    settings: config.Settings
    clock: Clock
    database: Database
    client: EaselClient
    runner: Runner
    keeper: CardKeeper
    closing: Closing
    services: Services
    recovery: Recovery
    web: WebServer
    payment_sweep: PaymentSweep
    retention: Retention
    staff: Rounds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What the rooms upstairs stand on; `owner` names this process in leases, `booted_at` is when it began."""

    settings: config.Settings
    clock: Clock
    randomness: Randomness
    crashpoints: Crashpoints
    owner: str
    booted_at: Millis
    database: Database
    gateways: registry.Registry
    media: Media
    client: EaselClient
    watch: HealthWatch
    choosing: Choosing
    calls: Calls
    links: Links | None
    loading: Loading
    paid: paid_locus.PaidLocus | None


@asynccontextmanager
async def build(
    settings: config.Settings,
    *,
    clock: Clock | None = None,
    crashpoints: Crashpoints = NONE,
    edit_every_s: float = EDIT_EVERY_S,
) -> AsyncIterator[House]:
    """Every room, built from the ground up. Raises SettingsError, DataFolderBusy, DatabaseUnavailable."""
    clock = clock or SystemClock()
    booted_at = clock.now()
    point_discord(settings)
    async with AsyncExitStack() as stack:
        ground = await _lay_ground(stack, settings, clock=clock, crashpoints=crashpoints, booted_at=booted_at)
        settlement = Settlement(database=ground.database, clock=clock)
        pace = Pace(ground.database, clock)
        editor = CardEditor(ground.client)
        delivery = DiscordDelivery(client=ground.client, editor=editor, media=ground.media)
        paying = _paying(ground, settlement)
        work = _picture_work(ground, settlement=settlement, delivery=delivery, pace=pace, paying=paying)
        talk_ground = _talk_ground(
            ground, settlement=settlement, editor=editor, paying=paying, edit_every_s=edit_every_s
        )
        live = build_live(talk_ground)
        board = ProgressBoard(
            database=ground.database,
            registry=ground.gateways,
            pace=pace,
            clock=clock,
            booted_at=booted_at,
            so_far=live.so_far,
            caps=_caps(ground),
        )
        talk = build_rooms(talk_ground, live=live, board=board)
        runner = _runner(ground, work, talk)
        bell = Bell()
        services = _services(
            ground, board=board, runner=runner, talk_ground=talk_ground, talk=talk, delivery=delivery, bell=bell
        )
        keeper = CardKeeper(
            board=services.board,
            desk=services.desk,
            editor=editor,
            delivery=delivery,
            clock=clock,
            edit_every_s=edit_every_s,
        )
        bell.listen(keeper.nudge)
        ground.client.attach(services=services, keeper=keeper)
        recovery = await recover(
            ground.database,
            registry=ground.gateways,
            settlement=settlement,
            clock=clock,
            owner=ground.owner,
            paid=() if ground.paid is None else (ground.paid.name,),
        )
        web = await stack.enter_async_context(_web(ground, runner=runner, keeper=keeper, desk=services.desk))
        yield House(
            settings=settings,
            clock=clock,
            database=ground.database,
            client=ground.client,
            runner=runner,
            keeper=keeper,
            closing=talk.closing,
            services=services,
            recovery=recovery,
            web=web,
            payment_sweep=paid_locus.payment_sweep(
                stack, settings, database=ground.database, settlement=settlement, clock=clock
            ),
            retention=build_retention(settings, database=ground.database, media=ground.media, clock=clock),
            staff=build_staff(
                database=ground.database,
                staff=StaffDelivery(client=ground.client),
                registry=ground.gateways,
                operators=settings.operator_ids,
                bell=bell,
                clock=clock,
                crashpoints=crashpoints,
                look_every_s=edit_every_s,
            ),
        )


async def _lay_ground(
    stack: AsyncExitStack, settings: config.Settings, *, clock: Clock, crashpoints: Crashpoints, booted_at: Millis
) -> _Ground:
    """Opens everything that must be closed again, in an order in which closing works."""
    randomness = SystemRandomness()
    credit = {ProviderName("apiinone"): config.dollars(settings.apiinone_usd_per_credit)}
    price_list = catalogue.load(settings.catalogue, usd_per_credit=credit)
    options = options_of(settings)
    paid = await paid_locus.adapter(
        settings, price_list, clock=clock, crashpoints=crashpoints, slugs=options.locus_slugs
    )
    ready: dict[ProviderName, Provider] = {} if paid is None else {paid.name: paid.adapter}
    stack.enter_context(lock_data_folder(settings.data_dir))
    path = settings.data_dir / DATABASE_NAME
    database = await stack.enter_async_context(Database.open(path, crashpoints=crashpoints))
    gateways = await stack.enter_async_context(
        registry.build(
            access_of(settings), price_list, clock=clock, crashpoints=crashpoints, options=options, ready=ready
        )
    )
    for name in gateways.unserved:
        log.warning("this provider has a key but is not served yet", extra={"provider": name})
    downloader = Downloader(allowed=allowed_hosts_of(settings), crashpoints=crashpoints)
    media = await stack.enter_async_context(Media(settings.data_dir / PICTURES_NAME, downloader))
    client = _client(database)
    stack.push_async_callback(client.close)
    watch = HealthWatch(clock, randomness, {name: gateways.facts(name).requests_per_minute for name in gateways.names})
    order = tuple(ProviderName(name) for name in settings.provider_order)
    key = await server_key(database, randomness)
    links = handed_rooms.build_links(settings, key=key, media=media, clock=clock)
    return _Ground(
        settings=settings,
        clock=clock,
        randomness=randomness,
        crashpoints=crashpoints,
        owner=randomness.token_bytes(8).hex(),
        booted_at=booted_at,
        database=database,
        gateways=gateways,
        media=media,
        client=client,
        watch=watch,
        choosing=Choosing(registry=gateways, watch=watch, preference=order),
        calls=Calls(key=key, public_url=settings.public_url, registry=gateways),
        links=links,
        loading=handed_rooms.build_loading(database=database, media=media, client=client, links=links, clock=clock),
        paid=paid,
    )


def _paying(ground: _Ground, settlement: Settlement) -> Paying | None:
    if ground.paid is None:
        return None
    return paid_locus.paying(
        ground.paid,
        ground.settings,
        database=ground.database,
        settlement=settlement,
        clock=ground.clock,
        randomness=ground.randomness,
    )


def _client(database: Database) -> EaselClient:
    async def read_fact(name: str) -> str | None:
        return await database.read(lambda reader: store.fact(reader, name))

    async def write_fact(name: str, value: str) -> None:
        await database.write(lambda tx: store.remember(tx, name, value))

    return EaselClient(extensions=EXTENSIONS, read_fact=read_fact, write_fact=write_fact)


def _picture_work(
    ground: _Ground,
    *,
    settlement: Settlement,
    delivery: DiscordDelivery,
    pace: Pace,
    paying: Paying | None,
) -> PictureWork:
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


def _talk_ground(
    ground: _Ground, *, settlement: Settlement, editor: CardEditor, paying: Paying | None, edit_every_s: float
) -> TalkGround:
    return TalkGround(
        database=ground.database,
        registry=ground.gateways,
        watch=ground.watch,
        media=ground.media,
        settlement=settlement,
        delivery=AnswerDelivery(client=ground.client, editor=editor),
        ceilings=ceilings_of(ground.settings),
        clock=ground.clock,
        randomness=ground.randomness,
        crashpoints=ground.crashpoints,
        preference=tuple(ProviderName(name) for name in ground.settings.provider_order),
        edit_every_s=edit_every_s,
        paid={} if paying is None or ground.paid is None else {ground.paid.name: paying},
    )


def _caps(ground: _Ground) -> Caps:
    """How many jobs may be at a gateway at once, and whose turn comes how often."""
    settings = ground.settings
    return Caps(
        by_provider={name: ground.gateways.facts(name).concurrency for name in ground.gateways.names},
        per_guild=settings.guild_jobs,
        per_member=settings.member_at_once,
        weights=config.weights_of(settings.guild_weights),
    )


def _runner(ground: _Ground, work: PictureWork, talk: TalkRooms) -> Runner:
    return Runner(
        database=ground.database,
        handlers={**dict.fromkeys(KINDS.values(), work), **talk.handlers},
        caps=_caps(ground),
        clock=ground.clock,
        randomness=ground.randomness,
        owner=ground.owner,
    )


def _services(
    ground: _Ground,
    *,
    board: ProgressBoard,
    runner: Runner,
    talk_ground: TalkGround,
    talk: TalkRooms,
    delivery: DiscordDelivery,
    bell: Bell,
) -> Services:
    database, clock, gateways = ground.database, ground.clock, ground.gateways
    ceilings = ceilings_of(ground.settings)

    def cancelled() -> None:
        runner.wake()
        talk.closing.nudge()  # a question that ends in the line leaves a message that says "thinking…"
        bell.ring()

    admission = Admission(
        database=database,
        rules=Rules(ceilings=ceilings, member_jobs=ground.settings.member_jobs),
        clock=clock,
        randomness=ground.randomness,
        crashpoints=ground.crashpoints,
        wake=runner.wake,
        asked=bell.ring,
    )
    styles = Styles(database=database, clock=clock)
    pictures = Pictures(
        registry=gateways, choosing=ground.choosing, admission=admission, loading=ground.loading, styles=styles
    )
    talking = build_talk(talk_ground, talk, admission=admission)
    return Services(
        desk=Desk(database=database, clock=clock),
        pictures=pictures,
        editing=handed_rooms.build_editing(
            database=database,
            media=ground.media,
            choosing=ground.choosing,
            pictures=pictures,
            clock=clock,
            crashpoints=ground.crashpoints,
        ),
        cancelling=Cancelling(database=database, clock=clock, wake=cancelled),
        results=build_results(
            database=database,
            pictures=pictures,
            media=ground.media,
            registry=gateways,
            eraser=delivery,
            clock=clock,
        ),
        history=History(database=database, registry=gateways, media=ground.media),
        styles=styles,
        about=build_about(ground.settings, database=database, registry=gateways),
        privacy=build_privacy(ground.settings, database=database, eraser=delivery, clock=clock),
        talk=talking,
        usage=Usage(database=database, ceilings=ceilings, registry=gateways),
        budgets=Budgets(database=database, ceilings=ceilings, clock=clock),
        guild_desk=GuildDesk(database=database, clock=clock),
        leave=build_leave(
            database=database,
            admission=admission,
            pictures=pictures,
            asking=talking.asking,
            bell=bell,
            clock=clock,
            crashpoints=ground.crashpoints,
        ),
        board=board,
        registry=gateways,
        clock=clock,
        crashpoints=ground.crashpoints,
    )


def _web(ground: _Ground, *, runner: Runner, keeper: CardKeeper, desk: Desk) -> WebServer:
    def tick_ages() -> dict[str, float]:
        if not ground.client.connected.is_set():  # the loops begin when Discord is reached, and that may take long
            return {}
        now = ground.clock.monotonic()
        return {"runner": now - runner.last_tick, "cards": now - keeper.last_tick}

    def readiness() -> Readiness:
        reasons = [] if ground.client.is_ready() else ["not connected to Discord"]
        if ground.database.failed is not None:
            reasons.append("the database cannot be written")
        if not desk.is_open:
            reasons.append("stopping")
        return Readiness(is_ready=not reasons, reasons=reasons)

    settings = ground.settings
    callbacks = CallbackDesk(
        database=ground.database,
        registry=ground.gateways,
        calls=ground.calls,
        clock=ground.clock,
        wake=runner.wake,
    )
    return WebServer(
        host=settings.web_host,
        port=settings.web_port,
        tick_ages=tick_ages,
        readiness=readiness,
        callbacks=None if settings.public_url is None else callbacks,
        pictures=ground.links,
    )

"""The composition root: builds every room, ties them together, and closes them in the opposite order.

`bot.serving` runs what stands here.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot import config, handed_rooms, paid_locus
from bot.client import EaselClient
from bot.core.clock import Clock, SystemClock
from bot.core.crashpoints import NONE, Crashpoints
from bot.core.requests import ProviderName
from bot.db import Database
from bot.ground import Ground, lay_ground
from bot.jobs.model import Caps
from bot.jobs.runner import Runner
from bot.picture_rooms import build_pictures
from bot.record_rooms import build_about, build_privacy, build_retention
from bot.result_rooms import build_results
from bot.rooms_settings import ceilings_of, point_discord
from bot.services.admission import Admission, Rules
from bot.services.ask.closing import Closing
from bot.services.bell import Bell
from bot.services.budgets.desk import Budgets
from bot.services.budgets.settings import GuildDesk
from bot.services.cancelling import Cancelling
from bot.services.container import Services
from bot.services.desk import Desk
from bot.services.history.pages import History
from bot.services.pace import Pace
from bot.services.paying import Paying
from bot.services.payload import KINDS
from bot.services.payment_sweep import PaymentSweep
from bot.services.pictures import Pictures
from bot.services.progress import ProgressBoard
from bot.services.retention.sweeping import Retention
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
from bot.web.server import WebServer
from bot.web_rooms import build_web

log = logging.getLogger(__name__)


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
        ground = await lay_ground(stack, settings, clock=clock, crashpoints=crashpoints, booted_at=booted_at)
        settlement = Settlement(database=ground.database, clock=clock)
        pace = Pace(ground.database, clock)
        editor = CardEditor(ground.client)
        delivery = DiscordDelivery(client=ground.client, editor=editor, media=ground.media)
        paying = _paying(ground, settlement)
        work = build_pictures(ground, settlement=settlement, delivery=delivery, pace=pace, paying=paying)
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
        web = await stack.enter_async_context(build_web(ground, runner=runner, keeper=keeper, desk=services.desk))
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


def _paying(ground: Ground, settlement: Settlement) -> Paying | None:
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


def _talk_ground(
    ground: Ground, *, settlement: Settlement, editor: CardEditor, paying: Paying | None, edit_every_s: float
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


def _caps(ground: Ground) -> Caps:
    """How many jobs may be at a gateway at once, and whose turn comes how often."""
    settings = ground.settings
    return Caps(
        by_provider={name: ground.gateways.facts(name).concurrency for name in ground.gateways.names},
        per_guild=settings.guild_jobs,
        per_member=settings.member_at_once,
        weights=config.weights_of(settings.guild_weights),
    )


def _runner(ground: Ground, work: PictureWork, talk: TalkRooms) -> Runner:
    return Runner(
        database=ground.database,
        handlers={**dict.fromkeys(KINDS.values(), work), **talk.handlers},
        caps=_caps(ground),
        clock=ground.clock,
        randomness=ground.randomness,
        owner=ground.owner,
    )


def _services(
    ground: Ground,
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

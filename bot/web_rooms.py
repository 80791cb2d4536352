"""Builds the web server: health, callbacks of gateways, short-lived pictures."""

from bot.ground import Ground
from bot.jobs.runner import Runner
from bot.services.callbacks import CallbackDesk
from bot.services.desk import Desk
from bot.ui.keeper import CardKeeper
from bot.web.server import Readiness, WebServer


def build_web(ground: Ground, *, runner: Runner, keeper: CardKeeper, desk: Desk) -> WebServer:
    """Not started yet; it knows how each loop does."""

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

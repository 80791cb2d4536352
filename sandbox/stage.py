"""A stage: the loopback Discord, the pretend gateways, a data folder, and bots to start and to kill on it."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.clock import Clock
from sandbox.discord import Sandbox
from sandbox.discord.keeping import KeptWorld
from sandbox.gateways import Gateways
from sandbox.gateways.server import FIRST_TWO

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "data" / "catalogue.toml"
# Seconds in the catalogue that shrink with the drawing times.
_SECONDS = re.compile(r"^(poll_min_s|poll_max_s|typical_s) = ([0-9.]+)", re.MULTILINE)
# Gateways that draw faster take requests faster.
_RATE = re.compile(r"^requests_per_minute = (\d+)", re.MULTILINE)


def scaled_catalogue(scale: float) -> str:
    """The catalogue for gateways that draw `scale` times as slowly as real ones, with polls to match."""

    def shrink(found: re.Match[str]) -> str:
        return f"{found[1]} = {max(0.02, float(found[2]) * scale):.3f}"

    def quicken(found: re.Match[str]) -> str:
        return f"requests_per_minute = {round(int(found[1]) / min(scale, 1.0))}"

    return _RATE.sub(quicken, _SECONDS.sub(shrink, CATALOGUE.read_text(encoding="utf-8")))


# Called with every stage of this process that closes, while its folder is still there.
AT_CLOSE: "list[Callable[[Stage], None]]" = []


@dataclass(kw_only=True)
class BotProcess:
    """`python -m bot run` as a process of its own, which never outlives this one; its log goes to a file."""

    process: asyncio.subprocess.Process
    log_path: Path

    def kill(self) -> None:
        """As `kill -9`."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """As `docker stop` begins."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)

    async def wait(self, timeout_s: float = 20.0) -> int:
        """Its exit code; negative for a signal. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            return await self.process.wait()

    def log(self) -> str:
        """All that it wrote."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")


@dataclass(kw_only=True)
class Stage:
    """Everything a bot needs around it, all on loopback."""

    sandbox: Sandbox
    gateways: Gateways
    folder: Path
    scale: float
    extra: dict[str, str] = field(default_factory=dict)
    # The settings of every bot that was started here.
    environments: list[Mapping[str, str]] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)
    others: "list[Stage]" = field(default_factory=list)

    @property
    def data_dir(self) -> Path:
        """The bot's data folder: database and pictures."""
        return self.folder / "data"

    def beside(self, folder: Path, **extra: str) -> "Stage":
        """The same Discord and gateways for bots with another data folder; it closes with this one."""
        other = Stage(
            sandbox=self.sandbox,
            gateways=self.gateways,
            folder=folder,
            scale=self.scale,
            extra={**self.extra, **extra},
        )
        self.others.append(other)
        return other

    def settings(self) -> Mapping[str, str]:
        """The environment that points a bot at this stage."""
        catalogue = self.folder / "catalogue.toml"
        if not catalogue.exists():
            catalogue.write_text(scaled_catalogue(self.scale), encoding="utf-8")
        operator = self.sandbox.person("op").id
        return {
            "EASEL_DISCORD_TOKEN": self.sandbox.token,
            "EASEL_DISCORD_API_URL": self.sandbox.api_url,
            "EASEL_DISCORD_GATEWAY_URL": self.sandbox.gateway_url,
            "EASEL_DATA_DIR": str(self.data_dir),
            "EASEL_CATALOGUE": str(catalogue),
            "EASEL_WEB_PORT": "0",
            "EASEL_OPERATOR_IDS": str(operator),
            **self.gateways.settings(),
            **self.extra,
        }

    @asynccontextmanager
    async def bot(self, *, ready: bool = True, **extra: str) -> AsyncIterator[BotProcess]:
        """Starts a bot process and, unless told otherwise, waits until it is ready; kills it on the way out."""
        log_path = self.folder / f"bot-{len(self.logs) + 1}.log"
        self.logs.append(log_path)
        environment = {**self.settings(), **extra}
        self.environments.append(environment)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("EASEL_")}
        # A kept folder has the logs of earlier stages.
        with log_path.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "sandbox.leashed", "bot", "run"),
                cwd=ROOT,
                env={**inherited, **environment},
                stdout=log,
                stderr=log,
                stdin=asyncio.subprocess.PIPE,
            )
        running = BotProcess(process=process, log_path=log_path)
        try:
            if ready:
                await self.until_ready(running)
            yield running
        finally:
            running.kill()
            await process.wait()

    async def until_ready(self, running: BotProcess) -> None:
        """Returns when that bot is connected. Raises RuntimeError where it ends first, with its log."""
        ready = asyncio.create_task(self.sandbox.bot_ready(timeout_s=30.0))
        ended = asyncio.create_task(running.process.wait())
        done, pending = await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        if ended in done:
            raise RuntimeError(f"the bot ended with {running.process.returncode}:\n{running.log()}")
        ready.result()


@asynccontextmanager
async def stage(
    folder: Path,
    *,
    scale: float = 1.0,
    seed: int = 1,
    picture_side: int = 1024,
    openapi: bool = True,
    checks: bool = True,
    clock: Clock | None = None,
    names: Collection[str] = FIRST_TWO,
    extra: Mapping[str, str] | None = None,
    kept: KeptWorld | None = None,
) -> AsyncIterator[Stage]:
    """Opens the loopback Discord (on `clock`) and the pretend gateways of those `names`.

    `extra` are further settings of the bot, `kept` a world to take up.
    """
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox.start(clock=clock, openapi=openapi, checks=checks, kept=kept))
        gateways = await stack.enter_async_context(
            Gateways.start(seed=seed, scale=scale, picture_side=picture_side, names=names)
        )
        built = Stage(sandbox=sandbox, gateways=gateways, folder=folder, scale=scale, extra=dict(extra or {}))
        for look in AT_CLOSE:
            stack.callback(look, built)
        yield built

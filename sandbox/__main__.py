"""`python -m sandbox [--once | --serve] [--keep] [--port N]`: the demo."""

import argparse
import asyncio
import signal
from pathlib import Path

from sandbox.demo.kept import Unkeepable
from sandbox.demo.play import FOLDER, How, play
from sandbox.discord import ClientRefused


def _read() -> How:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Try Easel without any account.")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--once", action="store_true", help="end after the first picture")
    way.add_argument("--serve", action="store_true", help="only the page: no first picture, no prompt")
    parser.add_argument("--keep", action="store_true", help="take up what the last demo with --keep left, and leave it")
    parser.add_argument("--port", type=int, help="where the page is; left out, 8788 or a free one")
    parser.add_argument("--scale", type=float, default=1.0, help="stretch the drawing times; 0.1 is ten times faster")
    parser.add_argument("--since", type=float, metavar="EPOCH", help="when this was called for, set-up and all")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where all of it lies; left out, run/demo")
    options = parser.parse_args()
    return How(
        once=options.once,
        serve=options.serve,
        keep=options.keep,
        port=options.port,
        scale=options.scale,
        since=options.since,
        folder=options.folder.absolute(),
    )


async def _until_told(how: How) -> None:
    """Ends in order on SIGTERM and SIGINT, as on `quit`."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - inside asyncio.run there is one
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await play(how)


def main() -> None:
    """Reads the command line and plays."""
    try:
        asyncio.run(_until_told(_read()))
    except (asyncio.CancelledError, KeyboardInterrupt):
        print()
    except (Unkeepable, ClientRefused, OSError) as problem:
        raise SystemExit(f"{problem}") from None


if __name__ == "__main__":
    main()

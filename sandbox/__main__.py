"""`python -m sandbox [--once]`: the demo."""

import argparse
import asyncio

from sandbox.demo.play import play


def main() -> None:
    """Reads the command line and plays."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Try Easel without any account.")
    parser.add_argument("--once", action="store_true", help="end after the first picture")
    parser.add_argument("--scale", type=float, default=1.0, help="stretch the drawing times; 0.1 is ten times faster")
    options = parser.parse_args()
    try:
        asyncio.run(play(once=options.once, scale=options.scale))
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()

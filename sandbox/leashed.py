"""`python -m sandbox.leashed MODULE [ARGUMENT…]`: runs a module that ends when whoever started it does.

Whoever starts it holds the other end of its standard input open and writes nothing into it. However that process ends,
also by `kill -9`, the pipe ends too, and this one kills itself: no bot outlives its stage and keeps the data folder.
"""

import os
import runpy
import signal
import sys
import threading


def _end_with_the_pipe() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Runs the module as `python -m` would."""
    threading.Thread(target=_end_with_the_pipe, name="leash", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

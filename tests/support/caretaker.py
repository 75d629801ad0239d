"""Stops the throwaway PostgreSQL and removes its folder once the test run is over, however it ended: killed, too.

A process of its own that waits for the end of its standard input, whose other end the run holds while it lives.
Standard library only, so that it starts in no time.
"""

import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

STOP_SECONDS_MAX = 10


def main(folder: Path) -> None:
    sys.stdin.read()
    for pid_file in folder.glob("*/postmaster.pid"):
        stop(pid_file)
    shutil.rmtree(folder, ignore_errors=True)


def stop(pid_file: Path) -> None:
    """Stops a server at once and waits until it has removed its own file; what it held is thrown away in any case."""
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGQUIT)
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while pid_file.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

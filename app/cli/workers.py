"""Several server processes on one socket: the parent binds it, starts them, and minds them.

What belongs here: starting, restarting and stopping processes. What does not: what each of them serves (`serving`).

Not uvicorn's own workers: those want the app by an import string, and another `app` in the current folder would win.
"""

import multiprocessing
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

import typer

from app.cli.options import REFUSED
from app.settings import Settings

RESTART_SECONDS_FIRST = 1.0
RESTART_SECONDS_MAX = 30.0
SETTLED_SECONDS = 60.0
"""A process that has lived this long and dies is restarted as quickly as the first time."""

Work = Callable[[Settings, socket.socket, Connection], None]


@dataclass(slots=True)
class _Worker:
    """One place among the processes: who fills it, since when, and how long to wait before the next."""

    number: int
    process: SpawnProcess | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    patience: float = RESTART_SECONDS_FIRST


@dataclass(slots=True)
class Workers:
    """The processes of one server."""

    work: Work
    settings: Settings
    listening: socket.socket
    ready: Callable[[], None]
    places: list[_Worker] = field(default_factory=list)
    is_stopping: bool = False

    def run(self) -> int:
        """Run until a signal says to stop; the exit code: 0, or what a process that was refused said."""
        context = multiprocessing.get_context("spawn")
        heard, said = context.Pipe(duplex=False)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        self.places = [_Worker(number) for number in range(1, self.settings.workers + 1)]
        unready = len(self.places)
        exit_code = 0
        while not self._is_over():
            if not self.is_stopping:
                self._fill(context, said)
            for event in wait([heard, *self._sentinels()], self._patience()):
                if event is heard:
                    heard.recv()
                    unready -= 1
                    if unready == 0:
                        self.ready()
            exit_code = self._bury() or exit_code
        return exit_code

    def _stop(self, *_: Any) -> None:
        self.is_stopping = True
        for place in self.places:
            if place.process is not None and place.process.pid is not None:
                place.process.terminate()

    def _is_over(self) -> bool:
        return self.is_stopping and all(place.process is None for place in self.places)

    def _fill(self, context: Any, said: Connection) -> None:
        now = time.monotonic()
        for place in self.places:
            if place.process is None and place.restart_at <= now:
                place.process = context.Process(target=self.work, args=(self.settings, self.listening, said))
                place.process.start()
                place.started_at = now

    def _sentinels(self) -> list[int]:
        return [place.process.sentinel for place in self.places if place.process is not None]

    def _patience(self) -> float:
        return min([1.0, *(max(place.restart_at - time.monotonic(), 0) for place in self.places if not place.process)])

    def _bury(self) -> int:
        """Note which processes have ended, and when to start others in their place."""
        for place in self.places:
            process = place.process
            if process is None or process.exitcode is None:
                continue
            place.process = None
            if self.is_stopping:
                continue
            if process.exitcode == REFUSED:
                self._stop()
                return REFUSED
            lived = time.monotonic() - place.started_at
            place.patience = RESTART_SECONDS_FIRST if lived > SETTLED_SECONDS else place.patience
            place.restart_at = time.monotonic() + place.patience
            typer.echo(
                f"Server process {place.number} (pid {process.pid}) ended unexpectedly with {process.exitcode}; "
                f"another takes its place in {place.patience:.0f} s.",
                err=True,
            )
            place.patience = min(place.patience * 2, RESTART_SECONDS_MAX)
        return 0

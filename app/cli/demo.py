"""`demo`: a seeded story in a SQLite file of its own, served while it goes on.

What belongs here: the file, the flags, starting the story beside the server. What does not: the story
(`services.demo`).
"""

import asyncio
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from socket import socket
from typing import Annotated

import typer

from app.cli.options import settings_with
from app.cli.serving import Host, Port, announce, bind, run
from app.clock import FixedClock, SystemClock
from app.main import build, writing
from app.services import demo as story
from app.settings import Settings
from app.store import events
from app.store.database import RefusedError
from app.store.opening import open_database
from app.store.sqlite import LockFile

DemoPath = Annotated[
    Path | None, typer.Option("--path", help="The file; an older demo in it is replaced. Default: a temporary one.")
]
Seed = Annotated[int, typer.Option(help="What the story's chances are drawn from.")]
Traffic = Annotated[bool, typer.Option("--traffic/--no-traffic", help="Whether the story goes on while it is served.")]


def demo(path: DemoPath = None, host: Host = None, port: Port = None, seed: Seed = 1, traffic: Traffic = True) -> None:
    """Serve a demo: a coffee house's loyalty program, with six weeks of past and guests coming in."""
    with ExitStack() as stack:
        if path is None:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="entitlement-ledger-demo-"))) / "demo.db"
        settings = settings_with(database_url=f"sqlite:///{path.absolute()}", host=host, port=port, workers=1)
        listening = _bind(settings)
        _make_room(path, settings)
        asyncio.run(_tell_past(settings, seed))
        _serve(settings, listening, seed, traffic)


def _serve(settings: Settings, listening: socket, seed: int, traffic: bool) -> None:
    clock = SystemClock()
    app = build(settings, clock)
    tasks: list[asyncio.Task[None]] = []

    def started() -> None:
        announce(settings, listening)
        if traffic:
            going_on = story.live_on(app.state.parts.services.ledger, settings.ledger, clock, seed)
            tasks.append(asyncio.get_running_loop().create_task(going_on, name="demo"))

    run(settings, listening, started, app)


def _bind(settings: Settings) -> socket:
    """The socket; where nobody asked for a certain port and the usual one is taken, a free one."""
    try:
        return bind(settings)
    except RefusedError:
        if "port" in settings.model_fields_set:
            raise
        return bind(settings.model_copy(update={"port": 0}))


def _make_room(path: Path, settings: Settings) -> None:
    """Remove an older demo; RefusedError where the file is anything else, or in use."""
    if not path.exists():
        return
    if not asyncio.run(_is_demo(settings)):
        raise RefusedError(f"{path} is there already and holds no demo: it is left alone. Name another file.")
    lock = LockFile(path.absolute())
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    lock.release()


async def _is_demo(settings: Settings) -> bool:
    database = open_database(settings.database_url)
    try:
        first = await database.read(lambda connection: events.after(connection, settings.ledger, 0, 1))
    except Exception:  # noqa: BLE001  # a file that is no ledger of this version may raise anything
        return False
    finally:
        await database.close()
    return bool(first) and first[0].event.stamp.correlation_id == story.CORRELATION


async def _tell_past(settings: Settings, seed: int) -> None:
    until = SystemClock().now()
    clock = FixedClock(until - timedelta(weeks=story.WEEKS), seed)
    async with writing(settings, clock) as parts:
        await story.tell_past(parts.services.ledger, settings.ledger, clock, until, seed)

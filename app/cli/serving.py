"""`serve`: the server, in one process or in several.

What belongs here: the flags, who may listen where, the links. What does not: the app (`main`), sockets (`protocol`),
processes (`workers`).
"""

import asyncio
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Annotated, Any

import typer

from app.cli.options import REFUSED, DatabaseUrl, LedgerName, option, settings_with
from app.cli.protocol import listen, run_server
from app.cli.workers import Workers
from app.clock import SystemClock
from app.main import build, prepare
from app.settings import Settings
from app.store.database import RefusedError
from app.store.opening import open_database

Host = Annotated[str | None, option("host", "--host")]
Port = Annotated[int | None, option("port", "--port")]
WorkersNumber = Annotated[int | None, option("workers", "--workers")]
AutoMigrate = Annotated[bool | None, option("auto_migrate", "--auto-migrate/--no-auto-migrate")]
GraphiQL = Annotated[bool | None, option("graphiql", "--graphiql/--no-graphiql")]
Introspection = Annotated[bool | None, option("introspection", "--introspection/--no-introspection")]
AllowedOrigins = Annotated[list[str] | None, option("allowed_origins", "--allowed-origin")]
ShutdownSeconds = Annotated[int | None, option("shutdown_seconds", "--shutdown-seconds")]
VerifyEventsPerStep = Annotated[int | None, option("verify_events_per_step", "--verify-events-per-step")]
WriterGroupMax = Annotated[int | None, option("writer_group_max", "--writer-group-max")]
WriterQueueMax = Annotated[int | None, option("writer_queue_max", "--writer-queue-max")]


def serve(
    host: Host = None,
    port: Port = None,
    workers: WorkersNumber = None,
    auto_migrate: AutoMigrate = None,
    graphiql: GraphiQL = None,
    introspection: Introspection = None,
    allowed_origin: AllowedOrigins = None,
    shutdown_seconds: ShutdownSeconds = None,
    verify_events_per_step: VerifyEventsPerStep = None,
    writer_group_max: WriterGroupMax = None,
    writer_queue_max: WriterQueueMax = None,
    database_url: DatabaseUrl = None,
    ledger: LedgerName = None,
) -> None:
    """Serve the GraphQL API, GraphiQL and the dashboard.

    An admin key is given by the environment alone, as LEDGER_BOOTSTRAP_KEY: flags can be read by every user of the
    machine. Without it the server listens on loopback only.
    """
    settings = settings_with(
        host=host,
        port=port,
        workers=workers,
        auto_migrate=auto_migrate,
        graphiql=graphiql,
        introspection=introspection,
        allowed_origins=None if allowed_origin is None else tuple(allowed_origin),
        shutdown_seconds=shutdown_seconds,
        verify_events_per_step=verify_events_per_step,
        writer_group_max=writer_group_max,
        writer_queue_max=writer_queue_max,
        database_url=database_url,
        ledger=ledger,
    )
    asyncio.run(check(settings))
    listening = bind(settings)
    if settings.workers == 1:
        run(settings, listening, lambda: announce(settings, listening))
    else:
        exit_code = Workers(_work, settings, listening, lambda: announce(settings, listening)).run()
        raise typer.Exit(exit_code)


def run(settings: Settings, listening: socket.socket, started: Callable[[], None], app: Any = None) -> None:
    """Serve in this process until a signal says to stop, which is no failure, be it SIGTERM or Ctrl+C."""
    # When it has stopped, uvicorn raises the signal that it caught once more.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        if not run_server(app or build(settings, SystemClock()), settings, listening, started):
            raise RefusedError("The server could not start; see above.")
    except KeyboardInterrupt:
        return


async def check(settings: Settings) -> None:
    """RefusedError where a server cannot work with these settings, before anything is started.

    A PostgreSQL that is down is no reason: the server waits for it.
    """
    database = open_database(settings.database_url)
    if settings.workers > 1 and not database.allows_many_processes:
        raise RefusedError(
            "One process at a time can write to SQLite. For several server processes set LEDGER_DATABASE_URL to a "
            "PostgreSQL database: postgresql://..."
        )
    try:
        await prepare(database, settings)
    except RefusedError:
        raise
    except Exception as error:
        if not database.allows_many_processes:
            raise RefusedError(f"The database {database.url} cannot be opened: {error}") from error
        typer.echo(f"The database {database.url} cannot be reached yet: {error}", err=True)


def bind(settings: Settings) -> socket.socket:
    """The socket to serve on; RefusedError where it would be open to the network without a key, or is taken."""
    try:
        listening = listen(settings.host, settings.port)
    except OSError as error:
        raise RefusedError(
            f"Nothing can listen on {settings.host} port {settings.port}: {error.strerror or error}."
        ) from error
    address = listening.getsockname()[0]
    if settings.bootstrap_key is None and not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        listening.close()
        raise RefusedError(
            f"Whoever reaches {settings.host} could change the ledger. Set LEDGER_BOOTSTRAP_KEY to a key that every "
            "request must carry, or listen on 127.0.0.1."
        )
    return listening


def announce(settings: Settings, listening: socket.socket) -> None:
    """Print the links."""
    host, port = listening.getsockname()[:2]
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.is_unspecified:
        # Every address of this machine; the link is for a browser on it.
        host = "127.0.0.1" if address.version == 4 else "::1"
    link = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    database = open_database(settings.database_url).url
    typer.echo(f"The ledger {settings.ledger} is served from {database}\n")
    typer.echo(f"  dashboard  {link}/\n  GraphiQL   {link}/graphql\n\nStop it with Ctrl+C.")
    sys.stdout.flush()


def _work(settings: Settings, listening: socket.socket, said: Connection) -> None:
    """One of several server processes."""
    try:
        run(settings, listening, lambda: said.send(None))
    except RefusedError as error:
        typer.echo(str(error), err=True)
        sys.exit(REFUSED)

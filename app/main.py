"""The composition root: what there is, in which order it starts, in which order it stops.

What belongs here: constructing services and wiring edges to them, the same for the server and for tests. What does not:
what any of them does, the command line (`cli`).
"""

import asyncio
import gc
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Route, WebSocketRoute

from app.clock import Clock
from app.edges import pages
from app.edges.graphql.budget import Budget
from app.edges.graphql.context import Context, Services
from app.edges.graphql.limits import Limits
from app.edges.graphql.schema import build_schema
from app.edges.graphql.view import GraphQLView
from app.services.access import Access, Caller
from app.services.audit.integrity import Integrity
from app.services.doorbell import doorbell_for
from app.services.feed import Feed
from app.services.history import History
from app.services.ledger import Ledger
from app.services.queries import Queries
from app.services.writer import Writer
from app.settings import Settings
from app.store import heads, migrating
from app.store.database import Database, RefusedError
from app.store.opening import open_database

log = logging.getLogger("ledger.main")

FAILPOINT_EXIT_CODE = 70
RETRY_SECONDS = 1.0
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
COLLECTOR_THRESHOLDS = (10_000, 20, 100)


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a server is made of."""

    settings: Settings
    clock: Clock
    database: Database
    writer: Writer
    feed: Feed
    integrity: Integrity
    services: Services


def build(settings: Settings, clock: Clock) -> Starlette:
    """The server as an ASGI app; its lifespan starts and stops everything that runs by itself.

    `app.state.parts` are its parts. Starting raises RefusedError where the database cannot be used as it is; a
    PostgreSQL that is down is waited for, not ready meanwhile.
    """
    parts = assemble(settings, clock)
    running = Running(parts)
    view = _view(parts)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            await running.start()
            yield
        finally:
            await running.stop()

    routes = [Route("/graphql", view), WebSocketRoute("/graphql", view), *pages.routes(running.problems)]
    app = Starlette(routes=routes, middleware=_middleware(settings, clock), lifespan=lifespan)
    app.router.redirect_slashes = False
    app.state.parts = parts
    return app


def assemble(settings: Settings, clock: Clock) -> Parts:
    """Construct the services; nothing is opened or started yet."""
    # Python's own 700 cost a server a fifth of its time and an import two fifths of it, as measured.
    gc.set_threshold(*COLLECTOR_THRESHOLDS)
    database = open_database(settings.database_url)
    doorbell = doorbell_for(database, clock)
    writer = Writer(
        database,
        clock,
        group_operations_max=settings.writer_group_max,
        queue_operations_max=settings.writer_queue_max,
        ring=doorbell.ring,
        reached=_dies_at(settings.failpoint),
    )
    feed = Feed(database, clock, doorbell, poll_seconds=settings.feed_poll_seconds, ledgers=[settings.ledger])
    integrity = Integrity(
        database,
        clock,
        settings.ledger,
        events_per_step=settings.verify_events_per_step,
        rest_seconds=settings.verify_rest_seconds,
    )
    services = Services(
        ledger=Ledger(writer),
        queries=Queries(database, clock),
        history=History(database),
        feed=feed,
        integrity=integrity,
        clock=clock,
        limits=Limits(),
    )
    return Parts(settings, clock, database, writer, feed, integrity, services)


async def prepare(database: Database, settings: Settings) -> None:
    """Bring the schema to this version's where that is ours to do; else RefusedError says what to run."""
    if settings.auto_migrate or not database.allows_many_processes:
        await database.migrate()
        return
    revision = await database.revision()
    if revision == migrating.head_revision():
        return
    if not migrating.is_known(revision):
        raise RefusedError(migrating.later(revision))
    state = "is empty" if revision is None else f"is at revision {revision}"
    raise RefusedError(f"The database {state}. Run `entitlement-ledger migrate`, or set LEDGER_AUTO_MIGRATE=1.")


@asynccontextmanager
async def writing(settings: Settings, clock: Clock) -> AsyncIterator[Parts]:
    """The parts for a command that writes and serves nobody: prepared, the ledger begun, the writer alone running.

    RefusedError where the database cannot be used as it is, or another process writes to the file.
    """
    parts = assemble(settings, clock)
    try:
        await prepare(parts.database, settings)
        await parts.writer.start()
        await parts.writer.note(lambda connection: heads.create(connection, settings.ledger, clock.now()))
        yield parts
    finally:
        await parts.writer.stop()
        await parts.database.close()


class Running:
    """Starts what runs by itself and stops it: no new commands first, the writer's connection last."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._is_prepared = False
        self._preparing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Prepare the database, then start the writer, the feed with its doorbell, and the verification."""
        parts = self._parts
        is_reachable = await self._prepared()
        await parts.writer.start()
        if is_reachable:
            await self._begin_ledger()
        else:
            self._preparing = asyncio.create_task(self._keep_preparing(), name="prepare the database")
        await parts.feed.start()
        await parts.integrity.start()

    async def stop(self) -> None:
        """Finish what was accepted, then stop those who read, then give the writer's connection back."""
        parts = self._parts
        if self._preparing is not None:
            self._preparing.cancel()
            with suppress(asyncio.CancelledError):
                await self._preparing
        await parts.writer.finish()
        await parts.integrity.stop()
        await parts.feed.stop()
        await parts.database.close()
        await parts.writer.close()

    async def problems(self) -> Iterable[str]:
        """What keeps the server from being ready, in words."""
        parts, problems = self._parts, []
        if not self._is_prepared:
            problems.append("the database has not been reached since the start, or is not migrated")
        if parts.writer.broken is not None:
            problems.append("the writer has stopped: figures contradict each other")
        if not parts.feed.is_healthy:
            problems.append("the feed cannot read the ledger")
        try:
            await parts.services.queries.ledger(parts.settings.ledger)
        except Exception as error:  # noqa: BLE001  # whatever keeps the database from answering
            log.warning("not ready, the ledger cannot be read: %s", error)
            problems.append("the ledger cannot be read")
        return problems

    async def _prepared(self) -> bool:
        """Whether the database could be reached and has this version's schema."""
        try:
            await prepare(self._parts.database, self._parts.settings)
        except RefusedError:
            raise
        except Exception as error:
            if not self._parts.database.allows_many_processes:
                raise
            log.warning("the database cannot be reached, waiting for it: %s", error)
            return False
        return True

    async def _begin_ledger(self) -> None:
        ledger, now = self._parts.settings.ledger, self._parts.clock.now()
        await self._parts.writer.note(lambda connection: heads.create(connection, ledger, now))
        self._is_prepared = True

    async def _keep_preparing(self) -> None:
        while not self._is_prepared:
            await self._parts.clock.sleep(RETRY_SECONDS)
            try:
                if await self._prepared():
                    await self._begin_ledger()
            except Exception as error:  # noqa: BLE001  # it may be mended while we run
                log.error("the database cannot be used yet: %s", error)


def _view(parts: Parts) -> GraphQLView:
    settings, services = parts.settings, parts.services
    key = settings.bootstrap_key
    access = Access(None if key is None else key.get_secret_value(), settings.ledger)

    async def authenticate(token: str | None) -> Caller | None:
        return access.authenticate(token)

    def make_context(actor: Caller, request_id: str, budget: Budget) -> Context:
        return Context(actor=actor, request_id=request_id, budget=budget, services=services)

    return GraphQLView(
        build_schema(services.limits, shortcuts=settings.fast_leaves, introspection=settings.introspection),
        authenticate=authenticate,
        make_context=make_context,
        clock=parts.clock,
        page=pages.graphiql if settings.graphiql else None,
        allowed_origins=settings.allowed_origins,
    )


def _middleware(settings: Settings, clock: Clock) -> list[Middleware]:
    layers = [Middleware(pages.BrowserHeaders, new_id=clock.new_id)]
    if settings.bootstrap_key is None:
        # Whoever reaches a server without a key may do everything: a web page elsewhere must not reach it by giving
        # its own name the address of this machine.
        origins = [urlsplit(origin).hostname or "" for origin in settings.allowed_origins]
        hosts = [*LOOPBACK_HOSTS, settings.host, *origins]
        layers.append(Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False))
    if settings.allowed_origins:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.allowed_origins),
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type", "x-request-id"],
                expose_headers=["x-request-id"],
                max_age=600,
            )
        )
    return layers


def _dies_at(failpoint: str | None) -> Callable[[str], None]:
    """For tests: what a power cut at the named point does."""

    def reached(name: str) -> None:
        if name == failpoint:
            os._exit(FAILPOINT_EXIT_CODE)

    return reached

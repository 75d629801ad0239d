"""How a server process speaks to its sockets: uvicorn's configuration, and what uvicorn leaves out.

What belongs here: limits on connections, readiness, stopping. What does not: what is served (`main`).
"""

import asyncio
import logging
import multiprocessing
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.settings import Settings

BACKLOG = 2_048
SEND_BUFFER_BYTES = 128 * 1024
"""What the kernel holds for a client that reads slowly; uvicorn holds 64 KiB more."""
STALLED_SECONDS = 20.0
INCOMING_MESSAGE_BYTES_MAX = 64 * 1024


class GuardedSocket(WebSocketsSansIOProtocol):
    """A websocket that is cut when its client reads nothing for a while: uvicorn would keep it, and its memory, for
    ever, and would wait for it when it stops.
    """

    _stalled: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._reads_again()

    def connection_lost(self, exc: Exception | None) -> None:
        self._reads_again()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self._stalled is not None:
            self.transport.abort()
        else:
            super().shutdown()

    def _reads_again(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


class Server(uvicorn.Server):
    """A server that says when it accepts requests, and stops when its parent process is gone."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        parent = multiprocessing.parent_process()
        if parent is not None:
            asyncio.get_running_loop().add_reader(parent.sentinel, self._stop)
        if self.started:
            self._started()

    def _stop(self) -> None:
        self.should_exit = True


def run_server(app: Any, settings: Settings, listening: socket.socket, started: Callable[[], None]) -> bool:
    """Serve the app on a socket until a signal says to stop; whether it ever started."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for library in ("alembic", "uvicorn"):
        logging.getLogger(library).setLevel(logging.WARNING)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws=GuardedSocket,
        ws_max_size=INCOMING_MESSAGE_BYTES_MAX,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    server = Server(config, started)
    server.run(sockets=[listening])
    return server.started


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listening = socket.create_server(address, family=family, backlog=BACKLOG)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    listening.setblocking(False)
    return listening

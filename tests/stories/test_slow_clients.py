"""A client that stops reading is cut, frees what was kept for it, and does not keep the server from stopping."""

import asyncio
import base64
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from app.cli import protocol

MESSAGE = "x" * 65_536
PATIENCE_SECONDS = 20


class Flood:
    """An app that sends to every websocket as fast as it is read, and notes who is gone."""

    def __init__(self) -> None:
        self.sent = 0
        self.gone = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        try:
            while True:
                await send({"type": "websocket.send", "text": MESSAGE})
                self.sent += 1
        except Exception:
            self.gone.set()
            raise


@asynccontextmanager
async def flooding(stalled_seconds: float, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Any, Flood, int]]:
    """A server as `serve` configures it, on a free port."""
    monkeypatch.setattr(protocol, "STALLED_SECONDS", stalled_seconds)
    flood, started = Flood(), asyncio.Event()
    listening = protocol.listen("127.0.0.1", 0)
    config = uvicorn.Config(flood, ws=protocol.GuardedSocket, lifespan="off", log_config=None)
    server = protocol.Server(config, started.set)
    running = asyncio.create_task(server._serve([listening]))
    await started.wait()
    try:
        yield server, flood, listening.getsockname()[1]
    finally:
        server.should_exit = True
        async with asyncio.timeout(PATIENCE_SECONDS):
            await running


def connect(port: int) -> socket.socket:
    """A websocket that never reads a frame."""
    client = socket.create_connection(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    client.sendall(
        f"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return client


async def test_a_client_that_stops_reading_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    async with flooding(0.2, monkeypatch) as (server, flood, port):
        client = connect(port)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await flood.gone.wait()
        assert not server.server_state.connections
        client.close()


async def test_a_client_that_stops_reading_holds_up_no_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    async with flooding(3_600, monkeypatch) as (server, flood, port):
        client = connect(port)
        await until(lambda: any(connection._stalled for connection in server.server_state.connections))
        # Leaving the block stops the server, within the patience of this test.
    assert flood.gone.is_set()
    client.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110  (nothing announces it)
            await asyncio.sleep(0.01)

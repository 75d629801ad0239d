"""Lean `graphql-transport-ws` subscribers: raw WebSocket frames over asyncio, hundreds to thousands in one process.

    python -m bench.sockets --port 8001 --count 200        # says "ready"; on SIGTERM prints what arrived, as JSON

Belongs here: handshake, frames, and the time at which each message arrived. Parsing of messages waits until the run is
over, so that the client does not disturb what it measures.
"""

import argparse
import asyncio
import base64
import gc
import os
import signal
import struct
import time
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
import uvloop

EVENTS = "subscription { events { cursor events { position recordedAt } } }"
OPEN_AT_ONCE = 50
READY_WITHIN_S = 30.0
QUIET_S = 1.0
QUIET_WITHIN_S = 30.0
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


@dataclass(frozen=True, slots=True)
class Arrival:
    """`at` is wall-clock seconds, as the server's instants are."""

    at: float
    message: bytes


@dataclass
class Record:
    """What all subscribers of one run received. Messages are kept only while `keeps` is set, counted always."""

    keeps: bool = False
    arrivals: list[Arrival] = field(default_factory=list)
    last_arrival: float = 0.0
    failures: list[str] = field(default_factory=list)


class Subscriber(asyncio.Protocol):
    """One socket with one subscription."""

    def __init__(self, record: Record, port: int) -> None:
        self.record = record
        self.port = port
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.messages = 0
        self.events = 0
        self.upgraded = False
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        at = time.time()
        self.buffer = self.buffer + data if self.buffer else data
        if not self.upgraded and not self.upgrade():
            return
        while (frame := self.next_frame()) is not None:
            opcode, payload = frame
            if opcode == TEXT:
                self.received(at, payload)
            elif opcode == PING:
                self.send(payload, PONG)
            elif opcode == CLOSE:
                self.fail(f"closed by the server: {payload!r}")

    def upgrade(self) -> bool:
        head, separator, rest = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return False
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            self.fail(f"no upgrade: {head[:200]!r}")
            return False
        self.upgraded, self.buffer = True, rest
        self.send(b'{"type":"connection_init"}')
        return True

    def next_frame(self) -> tuple[int, bytes] | None:
        if len(self.buffer) < 2:
            return None
        opcode, length, start = self.buffer[0] & 0x0F, self.buffer[1] & 0x7F, 2
        if length == 126:
            start = 4
        elif length == 127:
            start = 10
        if len(self.buffer) < start:
            return None
        if start > 2:
            length = int.from_bytes(self.buffer[2:start], "big")
        if len(self.buffer) < start + length:
            return None
        payload, self.buffer = self.buffer[start : start + length], self.buffer[start + length :]
        return opcode, payload

    def received(self, at: float, message: bytes) -> None:
        if self.ready.done() and b'"next"' in message[:80]:
            self.messages += 1
            self.events += message.count(b'"position"')
            self.record.last_arrival = at
            if self.record.keeps:
                self.record.arrivals.append(Arrival(at, message))
            return
        kind = orjson.loads(message)["type"]
        if kind == "connection_ack":
            self.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": EVENTS}}))
            self.send(b'{"type":"ping"}')
        elif kind == "pong" and not self.ready.done():
            self.ready.set_result(None)
        elif kind == "ping":
            self.send(b'{"type":"pong"}')
        elif kind in ("error", "complete"):
            self.fail(f"the subscription ended: {message.decode()[:300]}")

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        assert len(payload) < 65_536
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else struct.pack(">BH", 0x80 | 126, len(payload))
        # A mask of zeros is a mask: the payload goes out as it is.
        self.transport.write(bytes([0x80 | opcode]) + length + b"\0\0\0\0" + payload)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ready.done():
            self.fail(f"connection lost before it was ready: {error!r}")

    def fail(self, reason: str) -> None:
        self.record.failures.append(reason)
        if not self.ready.done():
            self.ready.set_exception(RuntimeError(reason))


async def open_subscribers(port: int, count: int, record: Record) -> list[Subscriber]:
    """`count` subscribers whose subscription the server has accepted (it answered a ping sent after it)."""
    loop = asyncio.get_running_loop()
    opened: list[Subscriber] = []
    for start in range(0, count, OPEN_AT_ONCE):
        wanted = range(start, min(start + OPEN_AT_ONCE, count))
        connecting = [loop.create_connection(lambda: Subscriber(record, port), "127.0.0.1", port) for _ in wanted]
        fresh = [subscriber for _, subscriber in await asyncio.gather(*connecting)]
        await asyncio.wait_for(asyncio.gather(*(subscriber.ready for subscriber in fresh)), READY_WITHIN_S)
        opened.extend(fresh)
    return opened


async def quiet(record: Record) -> None:
    """Returns when nothing has arrived for a second, after 30 s at the latest."""
    deadline = time.time() + QUIET_WITHIN_S
    while (until := min(deadline, record.last_arrival + QUIET_S)) > time.time():
        still = until - time.time()
        await asyncio.sleep(still)


def summarise(subscribers: list[Subscriber], record: Record) -> dict[str, Any]:
    events = [subscriber.events for subscriber in subscribers]
    return {
        "subscribers": len(subscribers),
        "messages": sum(subscriber.messages for subscriber in subscribers),
        "events": sum(events),
        "fewest_events": min(events),
        "most_events": max(events),
        "failures": record.failures[:5],
    }


async def serve_until_terminated(port: int, count: int) -> dict[str, Any]:
    terminated = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
    record = Record()
    subscribers = await open_subscribers(port, count, record)
    print("ready", flush=True)
    await terminated.wait()
    await quiet(record)
    summary = summarise(subscribers, record)
    for subscriber in subscribers:
        subscriber.transport.close()
    return summary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, default=200)
    arguments = parser.parse_args()
    gc.disable()
    print(orjson.dumps(uvloop.run(serve_until_terminated(arguments.port, arguments.count))).decode())


if __name__ == "__main__":
    main()

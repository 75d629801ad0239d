"""The only source of time and of randomness.

What belongs here: the clock that every part is given. What does not: deciding what to do with an instant (`domain`).
"""

import asyncio
import heapq
import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Protocol

ENTROPY_BYTES = 2_048


class Clock(Protocol):
    """Time, identifiers and secrets; injected everywhere, never imported as a global."""

    def now(self) -> datetime:
        """The current instant: aware, UTC, microseconds."""
        ...

    def new_id(self) -> str:
        """A new identifier: 32 lower-case hexadecimal digits, later ones sort after earlier ones."""
        ...

    def secret(self, size: int) -> bytes:
        """`size` unpredictable bytes."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward, from an origin of their own: for measuring how long something takes."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when `seconds` of this clock's time have passed."""
        ...


class SystemClock:
    """The machine's own clock and entropy, which is drawn by the page.

    A system call for each secret gives up the interpreter's lock: with a busy loop beside the writer's thread that was
    the dearest single thing in an issue.
    """

    def __init__(self) -> None:
        self._entropy = threading.local()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def new_id(self) -> str:
        return f"{time.time_ns() // 1_000_000:012x}{self.secret(10).hex()}"

    def secret(self, size: int) -> bytes:
        left: bytes = getattr(self._entropy, "left", b"")
        if len(left) < size:
            left = secrets.token_bytes(max(ENTROPY_BYTES, size))
        self._entropy.left = left[size:]
        return left[:size]

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class FixedClock:
    """A clock that stands still until it is moved, with seeded randomness: for tests, simulations and the demo's story.

    `sleep` returns when somebody moves the time past the sleeper's instant.
    """

    def __init__(self, start: datetime, seed: int = 0) -> None:
        self._now = start.astimezone(UTC)
        self._random = Random(seed)
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._sequence = 0

    def now(self) -> datetime:
        return self._now

    def new_id(self) -> str:
        self._sequence += 1
        milliseconds = int(self._now.timestamp() * 1000)
        return f"{milliseconds:012x}{self._sequence:08x}{self._random.getrandbits(48):012x}"

    def secret(self, size: int) -> bytes:
        return self._random.randbytes(size)

    def monotonic(self) -> float:
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        self._sequence += 1
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), self._sequence, future))
        await future

    def move_to(self, instant: datetime) -> None:
        """Set the time and wake whoever slept until then; a clock may also be moved back."""
        self._now = instant.astimezone(UTC)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)

    def advance(self, **duration: float) -> None:
        """Move forward by `timedelta(**duration)`."""
        self.move_to(self._now + timedelta(**duration))

"""What the short way for plain leaves saves: 10,000 leaves, a page of 50 events, one event; with it and without.

Run it with `python -m bench.leaf_executor`. The figures are CPU time, the best of some rounds; the ratios hold.
"""

import asyncio
import enum
import time
from collections.abc import Awaitable, Callable
from dataclasses import field
from datetime import UTC, datetime

import strawberry
from strawberry.schema.config import StrawberryConfig

from app.clock import SystemClock
from app.edges.graphql.budget import Budget, OperationContext
from app.edges.graphql.guards import GuardedSchema
from app.edges.graphql.limits import Limits
from app.edges.graphql.scalars import JSON, SCALARS, Amount, Position

ROUNDS = 7
LIMITS = Limits(resolved_fields=1_000_000, cost=1_000_000)


@strawberry.enum
class Kind(enum.Enum):
    """What an event records."""

    ISSUED = "issued"
    CONSUMED = "consumed"


@strawberry.type
class Event:
    """Ten plain leaves, as an event of the ledger has them."""

    id: strawberry.ID
    position: Position
    kind: Kind
    customer_id: str
    type_code: str | None
    amount: Amount
    balance_after: Amount
    recorded_at: datetime
    final: bool
    metadata: JSON = field(default_factory=lambda: JSON({}))


def event(number: int) -> Event:
    return Event(
        id=strawberry.ID(f"evt_{number}"),
        position=Position(number),
        kind=Kind.ISSUED,
        customer_id="cus-1",
        type_code="POINTS",
        amount=Amount("12.50"),
        balance_after=Amount("100.00"),
        recorded_at=datetime(2026, 1, 31, 12, tzinfo=UTC),
        final=True,
    )


@strawberry.type
class Query:
    """A page of events."""

    @strawberry.field
    def events(self, count: int) -> list[Event]:
        return EVENTS[:count]


EVENTS = [event(number) for number in range(1_000)]
LEAVES = "id position kind customerId typeCode amount balanceAfter recordedAt final metadata"


def schema(shortcuts: bool) -> GuardedSchema:
    return GuardedSchema(Query, config=StrawberryConfig(scalar_map=SCALARS), limits=LIMITS, shortcuts=shortcuts)


def run(schema: GuardedSchema, count: int) -> Callable[[], Awaitable[object]]:
    clock = SystemClock()

    async def once() -> object:
        budget = Budget(LIMITS, clock.monotonic)
        context = OperationContext(actor=None, request_id="bench", budget=budget)
        return await schema.execute(f"{{ events(count: {count}) {{ {LEAVES} }} }}", context_value=context)

    return once


async def milliseconds(once: Callable[[], Awaitable[object]], times: int) -> float:
    """The CPU time of one execution: the best of some rounds."""
    rounds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(times):
            await once()
        rounds.append((time.process_time() - begun) / times * 1_000)
    return min(rounds)


async def main() -> None:
    plain, short = schema(shortcuts=False), schema(shortcuts=True)
    print("leaves   long way   short way   ratio")
    for count, times in ((1_000, 2), (50, 20), (1, 200)):
        assert await run(plain, count)() == await run(short, count)()
        before, after = await milliseconds(run(plain, count), times), await milliseconds(run(short, count), times)
        print(f"{count * 10:6} {before:7.2f} ms  {after:7.2f} ms  {before / after:5.1f}x")


if __name__ == "__main__":
    asyncio.run(main())

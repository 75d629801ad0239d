"""What one small mutation over HTTP costs the GraphQL edge: Strawberry's own view, the same with both caches, and ours.

Run it with `python -m bench.graphql_request`. No network and no database: a resolver that answers at once, asked
through ASGI. The figures are CPU time, the best of some rounds; the ratios hold.
"""

import asyncio
import enum
import time
from typing import Any

import orjson
import strawberry
from starlette.types import ASGIApp, Message
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache

from app.clock import SystemClock
from app.edges.graphql.budget import OperationContext
from app.edges.graphql.guards import GuardedSchema
from app.edges.graphql.view import GraphQLView

ROUNDS = 7


@strawberry.enum
class Kind(enum.Enum):
    """What an event records."""

    ISSUED = "issued"


@strawberry.input
class IssueInput:
    """As the ledger's own, in short."""

    customer_id: str
    type_code: str
    amount: str
    idempotency_key: str
    priority: int = 50


@strawberry.type
class Event:
    """As the ledger's own, in short."""

    id: strawberry.ID
    position: int
    kind: Kind
    customer_id: str | None
    amount: str


@strawberry.type
class Payload:
    """What a mutation answers."""

    event: Event | None
    replayed: bool


@strawberry.type
class Query:
    """Nothing is asked of it."""

    hello: str = "world"


@strawberry.type
class Mutation:
    """One command that is always accepted."""

    @strawberry.mutation
    async def issue(self, input: IssueInput) -> Payload | None:
        event = Event(
            id=strawberry.ID("evt_1"), position=1, kind=Kind.ISSUED, customer_id=input.customer_id, amount="1"
        )
        return Payload(event=event, replayed=False)


BODY = orjson.dumps(
    {
        "query": "mutation Issue($input: IssueInput!) "
        "{ issue(input: $input) { event { id position kind customerId amount } replayed } }",
        "variables": {
            "input": {"customerId": "c1", "typeCode": "POINTS", "amount": "10.00", "idempotencyKey": "k-123"}
        },
    }
)
SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/graphql",
    "query_string": b"",
    "headers": [
        (b"host", b"ledger"),
        (b"content-type", b"application/json"),
        (b"accept", b"application/json"),
        (b"content-length", str(len(BODY)).encode()),
    ],
}


async def ask(app: ASGIApp) -> Any:
    """The answer's body."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(SCOPE.copy(), receive, send)
    return orjson.loads(sent[-1]["body"])


async def microseconds(app: ASGIApp, times: int) -> float:
    """The CPU time of one request: the best of some rounds."""
    rounds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(times):
            await ask(app)
        rounds.append((time.process_time() - begun) / times * 1_000_000)
    return min(rounds)


async def anybody(token: str | None) -> str:
    return "anybody"


def ours(shortcuts: bool) -> ASGIApp:
    return GraphQLView(
        GuardedSchema(Query, Mutation, shortcuts=shortcuts),
        authenticate=anybody,
        make_context=lambda actor, request_id, budget: OperationContext(
            actor=actor, request_id=request_id, budget=budget
        ),
        clock=SystemClock(),
    )


async def main() -> None:
    apps = {
        "Strawberry": (GraphQL(strawberry.Schema(Query, Mutation)), 30),
        "Strawberry, both caches": (
            GraphQL(strawberry.Schema(Query, Mutation, extensions=[ParserCache, ValidationCache])),
            300,
        ),
        "ours, no shortcuts": (ours(shortcuts=False), 300),
        "ours": (ours(shortcuts=True), 1_000),
    }
    answers = [await ask(app) for app, _ in apps.values()]
    assert all(answer == answers[0] for answer in answers)
    least = await microseconds(*apps["ours"])
    for name, (app, times) in apps.items():
        cost = await microseconds(app, times)
        print(f"{name:24} {cost:8.1f} us  {cost / least:5.1f}x")


if __name__ == "__main__":
    asyncio.run(main())

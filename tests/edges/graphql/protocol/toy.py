"""A toy schema with one of everything that the machinery meets, and the ways to ask it."""

import asyncio
import enum
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from strawberry import UNSET
from strawberry.dataloader import DataLoader
from strawberry.schema.config import StrawberryConfig

from app.clock import FixedClock
from app.edges.graphql.budget import Budget, OperationContext
from app.edges.graphql.connections import Connection, event_place, page_request
from app.edges.graphql.errors import bad_input
from app.edges.graphql.guards import GuardedSchema
from app.edges.graphql.limits import Limits
from app.edges.graphql.scalars import JSON, SCALARS, Amount, Cursor, Duration, Position
from app.edges.graphql.view import GraphQLView
from app.services.cursors import EventCursor

KEY = "right"
PAGE = b"<!doctype html><title>GraphiQL</title>"
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@strawberry.enum
class Kind(enum.Enum):
    """Values differ from names, one name differs in GraphQL."""

    ISSUED = "issued"
    CONSUMED = strawberry.enum_value("consumed", name="SPENT")


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type
class Grant(Node):
    amount: Amount


@strawberry.type
class LedgerEvent(Node):
    """Plain leaves of every type beside fields that are none."""

    position: Position
    kind: Kind
    customer_id: str | None = None
    sequence: int = 7
    ratio: float = 0.5
    final: bool = True
    amount: Amount = Amount("1.50")
    lasts: Duration | None = None
    recorded_at: datetime = NOON
    metadata: JSON = field(default_factory=lambda: JSON({"channel": "web"}))
    tags: list[str] = field(default_factory=lambda: ["a", "b"])
    grant: Grant | None = None
    broken: str = "fine"

    @strawberry.field
    def shout(self, word: str = "hey") -> str:
        return word.upper()

    @strawberry.field
    async def loaded(self, info: strawberry.Info[Any, None]) -> str:
        answer: str = await info.context.loader.load(self.id)
        return answer

    @strawberry.field
    def next(self) -> "LedgerEvent":
        return event(self.position + 1)

    @strawberry.field
    def followers(self, first: int | None = 3) -> list["LedgerEvent"]:
        return [event(self.position + index) for index in range(first or 0)]


def event(position: int, **more: Any) -> LedgerEvent:
    return LedgerEvent(id=strawberry.ID(f"evt_{position}"), position=Position(position), kind=Kind.CONSUMED, **more)


class Broken:
    """What a resolver may return by mistake: an attribute that raises."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("the secret is 42")


@dataclass(kw_only=True)
class ToyContext(OperationContext):
    """A context with a loader that remembers how often it was asked."""

    loader: DataLoader[str, str] = field(init=False)

    def __post_init__(self) -> None:
        async def load(keys: list[str]) -> list[str]:
            loads.append(keys)
            return [f"loaded {key}" for key in keys]

        self.loader = DataLoader(load)


loads: list[list[str]] = []


def cursor_of(item: LedgerEvent) -> str:
    return EventCursor("main", item.position, bytes(8)).encode()


@strawberry.input
class EventFilter:
    kinds: list[Kind] | None = None


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"

    @strawberry.field
    def actor(self, info: strawberry.Info[Any, None]) -> str:
        return str(info.context.actor)

    @strawberry.field
    def event(self, position: int = 1) -> LedgerEvent:
        return event(position)

    @strawberry.field
    def events(self, count: int) -> list[LedgerEvent]:
        return [event(index) for index in range(count)]

    @strawberry.field
    def maybe_events(self, count: int) -> list[LedgerEvent | None]:
        return [event(index) for index in range(count)]

    @strawberry.field
    def node(self, id: strawberry.ID) -> Node | None:
        return Grant(id=id, amount=Amount("3")) if id.startswith("grt_") else event(1)

    @strawberry.field
    def nodes(self, ids: list[strawberry.ID]) -> list[Node]:
        return [Grant(id=id, amount=Amount("3")) for id in ids]  # noqa: A001

    @strawberry.field
    def history(
        self,
        info: strawberry.Info[Any, None],
        filter: EventFilter | None = None,
        first: int | None = UNSET,
        after: Cursor | None = UNSET,
        last: int | None = UNSET,
        before: Cursor | None = UNSET,
    ) -> Connection[LedgerEvent]:
        request = page_request(first, after, last, before, event_place("main"), Limits())
        begin = request.after.position + 1 if request.after else 1
        end = request.before.position if request.before else 251
        if request.backward:
            begin = max(begin, end - request.size)
        items = [event(position) for position in range(begin, min(end, begin + request.size))]
        more = bool(items) and items[-1].position < 250
        return Connection[LedgerEvent].of(items, cursor_of, has_next=more, has_previous=begin > 1)

    @strawberry.field
    def crash(self) -> str | None:
        raise RuntimeError("the secret is 42")

    @strawberry.field
    def misuse(self) -> str | None:
        raise bad_input("That is not how it works.", ["word"])

    @strawberry.field
    def unfinished(self) -> LedgerEvent | None:
        return Broken()  # type: ignore[return-value]

    @strawberry.field
    def wrong_type(self) -> LedgerEvent | None:
        return event(1, sequence="not a number")

    @strawberry.field
    def wrong_null(self) -> LedgerEvent | None:
        return event(1, broken=None)

    @strawberry.field
    async def for_ever(self) -> str | None:
        await never()
        return "never"

    @strawberry.field
    def echo_amount(self, value: Amount) -> str:
        return repr(value)

    @strawberry.field
    def echo_instant(self, value: datetime) -> datetime:
        return value

    @strawberry.field
    def echo_json(self, value: JSON) -> JSON:
        return value

    @strawberry.field
    def echo_position(self, value: Position) -> Position:
        return value

    @strawberry.field
    def echo_duration(self, value: Duration) -> Duration:
        return value


async def never() -> None:
    await asyncio.Event().wait()


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def issue(self, amount: Amount) -> LedgerEvent | None:
        issued.append(str(amount))
        return event(len(issued), amount=Amount(str(amount)))

    @strawberry.mutation
    async def crash(self) -> LedgerEvent | None:
        raise RuntimeError("the secret is 42")

    @strawberry.mutation
    async def hang(self) -> LedgerEvent | None:
        await never()
        return None


issued: list[str] = []


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncIterator[int]:
        for number in range(1, to + 1):
            yield number

    @strawberry.subscription
    async def events(
        self, info: strawberry.Info[Any, None], to: int, after: Cursor | None = None
    ) -> AsyncIterator[LedgerEvent]:
        begin = event_place("main")(after, "after").position + 1 if after else 1
        for position in range(begin, to + 1):
            yield event(position)

    @strawberry.subscription
    async def broken(self) -> AsyncIterator[int]:
        yield 1
        raise RuntimeError("the secret is 42")

    @strawberry.subscription
    async def endless(self) -> AsyncIterator[int]:
        yield 1
        await never()


def toy_schema(limits: Limits | None = None, shortcuts: bool = True) -> GuardedSchema:
    return GuardedSchema(
        Query,
        Mutation,
        Subscription,
        types=[Grant, LedgerEvent],
        config=StrawberryConfig(scalar_map=SCALARS),
        limits=limits,
        shortcuts=shortcuts,
    )


class Timer(FixedClock):
    """A fixed clock that also tells how long something took: nothing, unless it was moved."""

    def monotonic(self) -> float:
        return self.now().timestamp()


async def authenticate(token: str | None) -> str | None:
    return "operator" if token == KEY else None


def toy_view(limits: Limits | None = None, page: Callable[[], bytes] | None = lambda: PAGE, **more: Any) -> GraphQLView:
    return GraphQLView(
        toy_schema(limits),
        authenticate=authenticate,
        make_context=lambda actor, request_id, budget: ToyContext(actor=actor, request_id=request_id, budget=budget),
        clock=Timer(NOON),
        page=page,
        **more,
    )


def toy_app(limits: Limits | None = None, page: Callable[[], bytes] | None = lambda: PAGE, **more: Any) -> Starlette:
    view = toy_view(limits, page, **more)
    return Starlette(routes=[Route("/graphql", view), WebSocketRoute("/graphql", view)])


def client(app: Starlette) -> httpx.AsyncClient:
    """An HTTP client that sends the right key and content type unless told otherwise."""
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ledger", headers=headers)


async def run(
    schema: GuardedSchema, query: str, variables: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """The response to an operation, as a caller reads it."""
    budget = Budget(schema.limits, Timer(NOON).monotonic)
    context = ToyContext(actor="operator", request_id="request", budget=budget)
    result = await schema.execute(query, variables, context, **more)
    response: dict[str, Any] = {"data": result.data}
    if result.errors:
        response["errors"] = [error.formatted for error in result.errors]
    return response


def codes(response: dict[str, Any]) -> list[str | None]:
    return [error.get("extensions", {}).get("code") for error in response.get("errors", [])]

"""Live through GraphQL: over a real socket, from the writer's commit to the client."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from app.services.audit.integrity import IntegrityReport, IntegrityState
from app.services.cursors import EventCursor
from app.services.queries import Queries
from tests.edges.graphql.protocol.serving import served
from tests.edges.room import NOON, Room

PATIENCE_SECONDS = 20
EVENTS = """subscription ($after: Cursor, $filter: EventFilter) {
  events(after: $after, filter: $filter) { cursor caughtUp events { position kind customerId } }
}"""
ISSUE = "mutation ($input: IssueInput!) { issue(input: $input) { event { id } } }"
GIVEN = {"customerId": "ada", "typeCode": "POINTS", "amount": "5"}


class Live:
    """A socket with any number of subscriptions, each with what has come for it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._waiting: dict[str, list[dict[str, Any]]] = defaultdict(list)

    async def subscribe(self, id: str, query: str, **variables: Any) -> None:
        """Begin a subscription."""
        await self._send({"id": id, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    async def next(self, id: str) -> Any:
        """The data of the subscription's next event."""
        message = await self.message(id)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        (data,) = message["payload"]["data"].values()
        return data

    async def error(self, id: str) -> Any:
        """The extensions of the error that ends the subscription."""
        message = await self.message(id)
        assert message["type"] == "error", message
        return message["payload"][0]["extensions"]

    async def message(self, id: str) -> dict[str, Any]:
        """The next message for a subscription."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self._waiting[id]:
                message = orjson.loads(await self._socket.recv())
                self._waiting[message["id"]].append(message)
        return self._waiting[id].pop(0)

    async def heard(self, id: str) -> int:
        """How many messages have come for a subscription by the time that the server has answered a query."""
        await self.subscribe("now", "{ viewer { ledger } }")
        while (await self.message("now"))["type"] != "complete":
            pass
        return len(self._waiting[id])

    async def _send(self, message: dict[str, Any]) -> None:
        await self._socket.send(orjson.dumps(message).decode())


@pytest.fixture
async def address(room: Room) -> AsyncIterator[str]:
    async with served(room.app) as address:
        yield address


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Live]:
    """A socket that has been let in."""
    async with connect(f"ws://{address}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send('{"type":"connection_init"}')
        assert orjson.loads(await socket.recv()) == {"type": "connection_ack"}
        yield Live(socket)


@pytest.fixture
async def live(address: str) -> AsyncIterator[Live]:
    async with connected(address) as live:
        yield live


async def collected(live: Live, id: str, count: int) -> tuple[list[int], str]:
    """The positions of the next `count` events, and the cursor behind them."""
    found: list[int] = []
    while len(found) < count:
        delivery = await live.next(id)
        found += [event["position"] for event in delivery["events"]]
    return found, delivery["cursor"]


async def test_a_subscription_begins_at_the_head_and_says_so_at_once(room: Room, live: Live) -> None:
    await room.issue("1")
    await live.subscribe("1", EVENTS)
    first = await live.next("1")
    assert (first["events"], first["caughtUp"]) == ([], True)
    await room.issue("2")
    assert (await live.next("1"))["events"] == [{"position": 3, "kind": "ISSUED", "customerId": "ada"}]


async def test_resuming_by_cursor_loses_nothing_and_doubles_nothing(room: Room, address: str) -> None:
    async with connected(address) as live:
        await live.subscribe("1", EVENTS)
        await live.next("1")
        for _ in range(3):
            await room.issue("1")
        before, cursor = await collected(live, "1", 2)
    for _ in range(5):
        await room.issue("1")
    async with connected(address) as live:
        await live.subscribe("1", EVENTS, after=cursor)
        rest, _ = await collected(live, "1", 9 - before[-1])
        await room.issue("1")
        last, _ = await collected(live, "1", 1)
    assert before + rest + last == list(range(2, 11))


async def test_a_page_of_the_history_gives_a_cursor_to_go_on_from(room: Room, live: Live) -> None:
    for _ in range(4):
        await room.issue("1")
    page = (await room.data("{ history(first: 3) { pageInfo { startCursor endCursor } } }"))["history"]
    await live.subscribe("1", EVENTS, after=page["pageInfo"]["endCursor"])
    assert (await collected(live, "1", 2))[0] == [4, 5]


async def test_a_filter_leaves_out_what_is_not_wanted(room: Room, live: Live) -> None:
    await live.subscribe("1", EVENTS, filter={"customerId": "bob", "typeCode": "POINTS", "amountAtLeast": "2"})
    await live.next("1")
    await room.issue("5", "ada")
    await room.issue("1", "bob")
    await room.issue("2", "bob")
    assert (await collected(live, "1", 1))[0] == [4]
    await live.subscribe("2", EVENTS, filter={"amountAtLeast": "2"})
    assert await live.error("2") == {"code": "BAD_USER_INPUT", "argument": ["filter", "amountAtLeast"]}


@pytest.mark.parametrize(
    ("cursor", "code"),
    [
        ("nonsense", "BAD_CURSOR"),
        (EventCursor("other", 1, bytes(8)).encode(), "BAD_CURSOR"),
        (EventCursor("main", 1, b"another.").encode(), "CURSOR_DIVERGED"),
        (EventCursor("main", 99, b"whatever").encode(), "CURSOR_DIVERGED"),
    ],
)
async def test_a_bad_cursor_ends_its_operation_and_leaves_the_socket_open(live: Live, cursor: str, code: str) -> None:
    await live.subscribe("1", EVENTS)
    await live.next("1")
    await live.subscribe("2", EVENTS, after=cursor)
    assert (await live.error("2"))["code"] == code
    await live.subscribe("3", EVENTS)
    assert (await live.next("3"))["caughtUp"]


async def test_each_event_is_read_anew(room: Room, live: Live) -> None:
    """Repair 6: loaders that live as long as the socket would show the first answer for ever."""
    query = "subscription { events { events { allocations { grant { remaining } } } } }"
    await live.subscribe("1", query)
    await live.next("1")
    await room.issue("5")
    assert (await live.next("1"))["events"] == [{"allocations": [{"grant": {"remaining": "5.00"}}]}]
    for remaining in ("4.00", "3.00"):
        await room.done("consume", customerId="ada", typeCode="POINTS", amount="1")
        assert (await live.next("1"))["events"] == [{"allocations": [{"grant": {"remaining": remaining}}]}]


async def test_many_who_ask_the_same_cost_one_execution(
    room: Room, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Any] = []
    grants = Queries.grants

    async def counted(self: Queries, ledger: str, grant_ids: Any) -> Any:
        reads.append(grant_ids)
        return await grants(self, ledger, grant_ids)

    monkeypatch.setattr(Queries, "grants", counted)
    query = """subscription ($after: Cursor, $brief: Boolean!) { events(after: $after) {
      cursor events { position ... on Issued { grant @skip(if: $brief) { remaining } } }
    } }"""
    await live.subscribe("0", query, brief=False)
    cursor = (await live.next("0"))["cursor"]
    for index in range(1, 10):
        await live.subscribe(str(index), query, brief=False, after=cursor if index % 2 else None)
        await live.next(str(index))
    await live.subscribe("brief", query, brief=True)
    await live.next("brief")
    await room.data(ISSUE, input={**GIVEN, "idempotencyKey": "k"})
    answers = [await live.next(str(index)) for index in range(10)]
    assert [answer["events"] for answer in answers] == [[{"position": 2, "grant": {"remaining": "5.00"}}]] * 10
    assert (await live.next("brief"))["events"] == [{"position": 2}]
    assert len(reads) == 1


async def test_what_breaks_is_told_to_each_who_meets_it(
    room: Room, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> Any:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr(Queries, "grants", broken)
    query = "subscription { events { events { position ... on Issued { grant { remaining } } } } }"
    for name in ("1", "2"):
        await live.subscribe(name, query)
        await live.next(name)
    await room.data(ISSUE, input={**GIVEN, "idempotencyKey": "k"})
    for name in ("1", "2"):
        payload = (await live.message(name))["payload"]
        assert payload["data"] == {"events": {"events": [{"position": 2, "grant": None}]}}
        assert [error["extensions"]["code"] for error in payload["errors"]] == ["INTERNAL"]
        assert "42" not in str(payload)


async def test_a_balance_now_and_whenever_it_changes_by_time_too(room: Room, live: Live) -> None:
    query = 'subscription { balance(customerId: "ada", typeCode: "POINTS") { available pending version } }'
    await live.subscribe("1", query)
    assert await live.next("1") == {"available": "0.00", "pending": "0.00", "version": 0}
    await room.issue("5", expiresAt="2026-03-01T14:00:00Z", effectiveAt="2026-03-01T13:00:00Z")
    assert await live.next("1") == {"available": "0.00", "pending": "5.00", "version": 1}
    await room.issue("7", "bob")
    room.clock.move_to(NOON + timedelta(hours=1))
    assert await live.next("1") == {"available": "5.00", "pending": "0.00", "version": 2}
    room.clock.move_to(NOON + timedelta(hours=2))
    assert await live.next("1") == {"available": "0.00", "pending": "0.00", "version": 3}
    await live.subscribe("2", query.replace("POINTS", "NOPE"))
    assert await live.error("2") == {"code": "BAD_USER_INPUT", "argument": ["typeCode"]}


async def test_a_balance_outlives_a_database_that_is_away(
    room: Room, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    await live.subscribe("1", 'subscription { balance(customerId: "ada", typeCode: "POINTS") { available } }')
    assert await live.next("1") == {"available": "0.00"}
    tried = asyncio.Event()

    async def away(*_: Any) -> Any:
        tried.set()
        raise OSError("connection refused")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Queries, "balances", away)
        await room.data(ISSUE, input={**GIVEN, "idempotencyKey": "k"})
        async with asyncio.timeout(PATIENCE_SECONDS):
            await tried.wait()
    assert await live.heard("1") == 0
    room.clock.advance(seconds=1)
    assert await live.next("1") == {"available": "5.00"}


async def test_a_customers_balances_now_and_each_one_that_changes(room: Room, live: Live) -> None:
    await room.define("MILES", scale=0)
    await room.issue("1")
    await room.issue("2", code="MILES")
    await live.subscribe("1", 'subscription { balances(customerId: "ada") { typeCode available } }')
    assert await live.next("1") == {"typeCode": "MILES", "available": "2"}
    assert await live.next("1") == {"typeCode": "POINTS", "available": "1.00"}
    await room.issue("9", "bob")
    await room.issue("3")
    assert await live.next("1") == {"typeCode": "POINTS", "available": "4.00"}
    await room.define("GEMS", scale=0)
    await room.issue("5", code="GEMS")
    assert await live.next("1") == {"typeCode": "GEMS", "available": "5"}


async def test_the_ledgers_head_comes_once_a_second_at_most(room: Room, live: Live) -> None:
    await live.subscribe("1", "subscription { ledger { head } }")
    assert await live.next("1") == {"head": 1}
    for _ in range(3):
        await room.issue("1")
    await until_told(room, 4)
    assert await live.heard("1") == 0
    room.clock.advance(seconds=1)
    assert await live.next("1") == {"head": 4}


async def test_the_ledgers_integrity_comes_when_it_changes(
    room: Room, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = IntegrityReport(IntegrityState.BROKEN, 1, NOON, "event 1 is not what it was")
    await live.subscribe("1", "subscription { ledger { integrity { state detail } } }")
    await live.next("1")
    await live.heard("1")
    await room.parts.integrity.stop()
    monkeypatch.setattr(room.parts.integrity, "report", broken)
    room.clock.advance(seconds=1)
    assert await live.next("1") == {"integrity": {"state": "BROKEN", "detail": "event 1 is not what it was"}}


async def until_told(room: Room, position: int) -> None:
    """Wait until the feed has told of everything up to `position`."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for change in room.parts.feed.changes("main"):
            if change.position >= position:
                return

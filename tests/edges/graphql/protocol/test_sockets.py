"""GraphQL over WebSocket: `graphql-transport-ws`, message by message."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from app.edges.graphql.limits import Limits
from tests.edges.graphql.protocol.serving import served
from tests.edges.graphql.protocol.toy import KEY, cursor_of, event, toy_app

PROTOCOL = Subprotocol("graphql-transport-ws")
PATIENCE_SECONDS = 10
INIT = {"type": "connection_init", "payload": {"Authorization": f"Bearer {KEY}"}}


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with served(toy_app()) as address:
        yield f"ws://{address}/graphql"


@pytest.fixture
async def socket(url: str) -> AsyncIterator[ClientConnection]:
    """A socket that has been let in."""
    async with connect(url, subprotocols=[PROTOCOL]) as socket:
        assert socket.subprotocol == PROTOCOL
        await tell(socket, INIT)
        assert await heard(socket) == {"type": "connection_ack"}
        yield socket


async def tell(socket: ClientConnection, message: Any) -> None:
    await socket.send(message if isinstance(message, str) else orjson.dumps(message).decode())


async def heard(socket: ClientConnection) -> Any:
    """The next message; it must have come in a text frame."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        frame = await socket.recv()
    assert isinstance(frame, str)
    return orjson.loads(frame)


def subscribe(id: str, query: str, **payload: Any) -> dict[str, Any]:
    return {"id": id, "type": "subscribe", "payload": {"query": query, **payload}}


async def closed(socket: ClientConnection) -> int | None:
    """The code that the socket is closed with."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        await socket.wait_closed()
    return socket.close_code


async def test_a_subscription_delivers_each_result_and_completes(socket: ClientConnection) -> None:
    await tell(socket, subscribe("1", "subscription ($to: Int!) { count(to: $to) }", variables={"to": 2}))
    assert [await heard(socket) for _ in range(3)] == [
        {"id": "1", "type": "next", "payload": {"data": {"count": 1}}},
        {"id": "1", "type": "next", "payload": {"data": {"count": 2}}},
        {"id": "1", "type": "complete"},
    ]


async def test_queries_and_mutations_are_answered_too(socket: ClientConnection) -> None:
    await tell(socket, subscribe("1", "{ actor event { kind loaded recordedAt } }"))
    data = {
        "actor": "operator",
        "event": {"kind": "SPENT", "loaded": "loaded evt_1", "recordedAt": "2026-01-31T12:00:00.000000Z"},
    }
    assert await heard(socket) == {"id": "1", "type": "next", "payload": {"data": data}}
    assert await heard(socket) == {"id": "1", "type": "complete"}
    await tell(socket, subscribe("2", "mutation { crash { id } }"))
    errors = (await heard(socket))["payload"]["errors"]
    assert [(error["message"], error["extensions"]["code"]) for error in errors] == [("Internal error", "INTERNAL")]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "subscription {"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "subscription { nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "subscription A { count(to: 1) } subscription B { count(to: 1) }"}, "BAD_REQUEST"),
        ({"query": "{ hello }", "operationName": "Other"}, "BAD_REQUEST"),
        ({"query": "subscription ($to: Int!) { count(to: $to) }", "variables": {"to": "x"}}, "BAD_USER_INPUT"),
        ({"query": 'subscription { events(to: 1, after: "nonsense") { id } }'}, "BAD_CURSOR"),
        ({"query": "{" + "hello " * 501 + "}"}, "LIMIT_EXCEEDED"),
    ],
)
async def test_what_cannot_be_executed_ends_with_an_error_and_leaves_its_siblings_alone(
    socket: ClientConnection, payload: dict[str, Any], code: str
) -> None:
    await tell(socket, subscribe("alive", "subscription { endless }"))
    assert (await heard(socket))["payload"] == {"data": {"endless": 1}}
    await tell(socket, {"id": "bad", "type": "subscribe", "payload": payload})
    message = await heard(socket)
    assert (message["id"], message["type"]) == ("bad", "error")
    assert [error["extensions"]["code"] for error in message["payload"]] == [code]
    await tell(socket, subscribe("bad", "{ hello }"))
    assert await heard(socket) == {"id": "bad", "type": "next", "payload": {"data": {"hello": "world"}}}
    assert await heard(socket) == {"id": "bad", "type": "complete"}


async def test_a_source_that_breaks_ends_with_a_masked_error(socket: ClientConnection) -> None:
    await tell(socket, subscribe("1", "subscription { broken }"))
    assert (await heard(socket))["payload"] == {"data": {"broken": 1}}
    message = await heard(socket)
    assert (message["id"], message["type"]) == ("1", "error")
    assert [error["message"] for error in message["payload"]] == ["Internal error"]
    await tell(socket, {"type": "ping"})
    assert await heard(socket) == {"type": "pong"}


async def test_a_stream_resumes_after_a_cursor(socket: ClientConnection) -> None:
    query = "subscription ($after: Cursor) { events(to: 4, after: $after) { id loaded } }"
    await tell(socket, subscribe("1", query, variables={"after": cursor_of(event(2))}))
    delivered = [(await heard(socket))["payload"]["data"]["events"] for _ in range(2)]
    assert delivered == [{"id": f"evt_{n}", "loaded": f"loaded evt_{n}"} for n in (3, 4)]


async def test_a_completed_subscription_is_forgotten(socket: ClientConnection) -> None:
    await tell(socket, subscribe("1", "subscription { endless }"))
    assert (await heard(socket))["type"] == "next"
    await tell(socket, {"id": "1", "type": "complete"})
    await tell(socket, subscribe("1", "{ hello }"))
    assert (await heard(socket))["payload"] == {"data": {"hello": "world"}}


@pytest.mark.parametrize("payload", [{}, None, {"Authorization": "Bearer wrong"}, {"Authorization": 1}, {"token": KEY}])
async def test_without_the_right_key_the_socket_is_closed(url: str, payload: Any) -> None:
    async with connect(url, subprotocols=[PROTOCOL]) as socket:
        await tell(socket, {"type": "connection_init", "payload": payload})
        assert await closed(socket) == 4403


@pytest.mark.parametrize("init", [{"type": "connection_init"}, {"type": "connection_init", "payload": None}])
async def test_the_key_may_come_with_the_handshake(url: str, init: Any) -> None:
    async with connect(url, subprotocols=[PROTOCOL], additional_headers={"authorization": f"Bearer {KEY}"}) as socket:
        await tell(socket, init)
        assert await heard(socket) == {"type": "connection_ack"}
        await tell(socket, subscribe("1", "{ actor }"))
        assert (await heard(socket))["payload"] == {"data": {"actor": "operator"}}


async def test_nothing_is_executed_before_the_connection_is_let_in(url: str) -> None:
    async with connect(url, subprotocols=[PROTOCOL]) as socket:
        await tell(socket, subscribe("1", "{ hello }"))
        assert await closed(socket) == 4401


@pytest.mark.parametrize(
    "message",
    [
        *("", "[]", "1", "null", '"x"', "{", "NaN"),
        *("{}", '{"type":1}', '{"type":"other"}', '{"type":"subscribe"}', '{"type":"ping","payload":1}'),
        *('{"type":"complete","id":null}', '{"type":"subscribe","id":"1"}'),
        '{"type":"subscribe","id":1,"payload":{"query":"{ hello }"}}',
        '{"type":"subscribe","id":"","payload":{"query":"{ hello }"}}',
        '{"type":"subscribe","id":"1","payload":{"query":1}}',
        '{"type":"subscribe","id":"1","payload":[]}',
        '{"type":"subscribe","id":"1","payload":{"query":"{ hello }","variables":[]}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{ hello }","operationName":1}}',
    ],
)
async def test_a_malformed_message_closes_the_socket(socket: ClientConnection, message: str) -> None:
    await tell(socket, message)
    assert await closed(socket) == 4400


async def test_a_binary_frame_closes_the_socket(socket: ClientConnection) -> None:
    await socket.send(b'{"type":"ping"}')
    assert await closed(socket) == 4400


async def test_an_id_is_used_once_at_a_time(socket: ClientConnection) -> None:
    for _ in range(2):
        await tell(socket, subscribe("1", "subscription { endless }"))
    assert await closed(socket) == 4409


async def test_a_connection_is_initialised_once(socket: ClientConnection) -> None:
    await tell(socket, INIT)
    assert await closed(socket) == 4429


@pytest.mark.parametrize("protocols", [["graphql-ws"], [], ["other"]])
async def test_only_one_protocol_is_spoken(url: str, protocols: list[str]) -> None:
    async with connect(url, subprotocols=[Subprotocol(name) for name in protocols] or None) as socket:
        assert await closed(socket) == 4406


async def test_a_page_of_another_origin_is_turned_away(url: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, subprotocols=[PROTOCOL], origin=Origin("https://elsewhere.example"))
    assert refused.value.response.status_code == 403


async def test_a_socket_that_says_nothing_is_closed() -> None:
    async with (
        served(toy_app(Limits(connection_init_seconds=0.01))) as address,
        connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL]) as socket,
    ):
        assert await closed(socket) == 4408


async def test_a_client_may_come_back_when_nobody_could_tell_who_it_is(caplog: pytest.LogCaptureFixture) -> None:
    async def down(token: str | None) -> str:
        raise RuntimeError("the secret is 42")

    app = toy_app()
    app.routes[1].app.authenticate = down  # type: ignore[attr-defined]
    async with served(app) as address, connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL]) as socket:
        await tell(socket, INIT)
        assert await closed(socket) == 1013
        assert socket.close_reason == "Try again later"
    assert "the secret is 42" in caplog.text


async def test_operations_on_a_socket_are_limited() -> None:
    async with (
        served(toy_app(Limits(socket_operations=2))) as address,
        connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL]) as socket,
    ):
        await tell(socket, INIT)
        await heard(socket)
        for number in "12":
            await tell(socket, subscribe(number, "subscription { endless }"))
            assert (await heard(socket))["type"] == "next"
        await tell(socket, subscribe("3", "{ hello }"))
        assert ((await heard(socket))["type"]) == "error"

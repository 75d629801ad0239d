"""GraphQL over WebSocket: the `graphql-transport-ws` protocol on Strawberry's handler.

What belongs here: what Strawberry's handler gets wrong, and who asks on a socket. What does not: executing (`guards`).
The protocol: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

import orjson
from graphql import GraphQLError
from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.types.execution import ExecutionResult, PreExecutionError

from app.edges.graphql.encoding import NotJson
from app.edges.graphql.errors import mask
from app.edges.graphql.sharing import SharedResult

if TYPE_CHECKING:
    from app.edges.graphql.view import GraphQLView


_TRY_AGAIN_LATER = 1013


def bearer(authorization: bytes | str | None) -> str | None:
    """The token of an `Authorization: Bearer ...` header (RFC 6750), if it is one."""
    text = authorization.decode("latin-1") if isinstance(authorization, bytes) else authorization or ""
    scheme, _, token = text.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


class Socket:
    """One connection: who asks on it, once its `connection_init` has said so.

    The token comes from `Authorization: Bearer ...` in the payload of `connection_init`, which browsers can set, or in
    the handshake's headers, which other clients can.
    """

    def __init__(self, view: "GraphQLView", request_id: str, token: str | None) -> None:
        self.connection_params: dict[str, Any] = {}
        self.actor: Any = None
        self.request_id = request_id
        self._view = view
        self._token = token

    async def connect(self) -> None:
        """Learn who asks; a wrong or missing key closes the socket with 4403."""
        given = {name.lower(): value for name, value in self.connection_params.items()}.get("authorization")
        token = bearer(given) if isinstance(given, str) else self._token
        self.actor = await self._view.authenticate(token)
        if self.actor is None:
            raise ConnectionRejectionError

    def operation_context(self) -> Any:
        """The context of the next operation on this socket."""
        return self._view.context(self.actor, self.request_id)


class TextSocket(ASGIWebSocketAdapter):
    """Text frames both ways, JSON as strict as over HTTP."""

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        try:
            while self.ws.application_state != WebSocketState.DISCONNECTED:
                try:
                    yield self.view.decode_json(await self.ws.receive_text())
                except NotJson as error:
                    raise NonJsonMessageReceived from error
        except KeyError as error:
            raise NonTextMessageReceived from error
        except WebSocketDisconnect:
            return

    async def send_json(self, message: Mapping[str, object]) -> None:
        try:
            await self.ws.send_text(self.view.encode_json_string(message))
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error


class SocketHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """Strawberry's handler, which answers what concerns one operation on that operation and leaves its siblings alone.

    Malformed messages close the socket with 4400. A request that cannot be executed, a syntax error included, and a
    subscription whose source fails end with `error`.
    """

    async def handle_message(self, message: Any) -> None:
        problem = _problem(message)
        if problem:
            await self.handle_invalid_message(problem)
            return
        if message["type"] == "connection_init" and message.get("payload") is None:
            message = {**message, "payload": {}}
        await super().handle_message(message)

    async def handle_connection_init(self, message: Any) -> None:
        """Let a client in, or not; when nobody can tell who it is, it is asked to come back."""
        try:
            await super().handle_connection_init(message)
        except WebSocketDisconnected:
            raise
        except Exception as broken:  # noqa: BLE001  a socket is closed with a code that clients come back after
            mask([GraphQLError(str(broken), original_error=broken)], self.context.request_id)
            await self.websocket.close(code=_TRY_AGAIN_LATER, reason="Try again later")

    async def run_operation(self, operation: Operation[Any, None]) -> None:
        try:
            results = await self.schema.stream(
                operation.query,
                variable_values=operation.variables,
                context_value=self.context.operation_context(),
                operation_name=operation.operation_name,
            )
            async with aclosing(results):
                async for result in results:
                    if isinstance(result, PreExecutionError):
                        await operation.send_initial_errors(result.errors or [])
                        return
                    await _send_next(operation, cast("ExecutionResult", result))
            await operation.send_operation_message({"id": operation.id, "type": "complete"})
        except WebSocketDisconnected:
            self.operations.pop(operation.id, None)
        except Exception as error:  # noqa: BLE001  one operation must not take its siblings' socket down
            self.operations.pop(operation.id, None)
            mask([GraphQLError(str(error), original_error=error)], self.context.request_id)


async def _send_next(operation: Operation[Any, None], result: ExecutionResult) -> None:
    """Send an event's result; one that is shared was encoded once for all of them."""
    if isinstance(result, SharedResult):
        payload: Any = orjson.Fragment(result.encoded)
        await operation.send_operation_message({"id": operation.id, "type": "next", "payload": payload})
    else:
        await operation.send_next(result)


def _problem(message: Any) -> str | None:
    """What is malformed about a message, if anything."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "Message must be an object with a type"
    kind, payload = message["type"], message.get("payload")
    if kind in ("subscribe", "complete") and not (isinstance(message.get("id"), str) and message["id"]):
        return f"Message of type {kind} must have an id"
    if kind == "subscribe":
        return _payload_problem(payload)
    if payload is not None and not isinstance(payload, dict):
        return f"Payload of {kind} must be an object"
    return None


def _payload_problem(payload: Any) -> str | None:
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return "Payload of subscribe must be an object with a query"
    for name, type_ in (("operationName", str), ("variables", dict), ("extensions", dict)):
        if payload.get(name) is not None and not isinstance(payload[name], type_):
            return f"Malformed {name} in the payload of subscribe"
    return None

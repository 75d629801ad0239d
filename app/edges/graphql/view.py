"""The ASGI endpoint at exactly `/graphql`: HTTP requests, WebSockets, and the page for people.

What belongs here: who asks, request ids, the order of refusals over HTTP. What does not: the wording of HTTP
(`protocol`), sockets (`sockets`), executing (`guards`).
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol

from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.unset import UNSET

from app.edges.graphql import protocol
from app.edges.graphql.budget import Budget, OperationContext
from app.edges.graphql.encoding import decode, encode
from app.edges.graphql.errors import UNAUTHENTICATED, mask
from app.edges.graphql.guards import NO_SUBSCRIPTION, ONLY_QUERY, GuardedSchema
from app.edges.graphql.protocol import Headers, HttpRefusal, Reply
from app.edges.graphql.sockets import Socket, SocketHandler, TextSocket, bearer

Authenticate = Callable[[str | None], Awaitable[Any | None]]
"""Who a bearer token belongs to; None says nobody. Without a token: who an anonymous caller is, if anybody."""

MakeContext = Callable[[Any, str, Budget], OperationContext]
"""The context of one operation, from its actor, request id and budget."""

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_ALLOW = (b"allow", b"GET, POST")
_CHALLENGE = (b"www-authenticate", b"Bearer")


class Clock(Protocol):
    """What this edge needs of the clock."""

    def new_id(self) -> str: ...
    def monotonic(self) -> float: ...


class GraphQLView(GraphQL[Any, None]):
    """Serves a guarded schema; mount it with `Route` and `WebSocketRoute`, never with `Mount`.

    `page` gives the page that a browser gets on GET. Everything else over HTTP is a POST of `application/json`, or a
    query in a URL where `queries_by_get` allows them; every refusal is a body with GraphQL `errors`. Each response
    carries `X-Request-Id`: the caller's, or a new one.
    """

    websocket_adapter_class = TextSocket
    graphql_transport_ws_handler_class = SocketHandler

    def __init__(
        self,
        schema: GuardedSchema,
        *,
        authenticate: Authenticate,
        make_context: MakeContext,
        clock: Clock,
        page: Callable[[], bytes] | None = None,
        allowed_origins: Sequence[str] = (),
        queries_by_get: bool = False,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            allow_queries_via_get=False,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=timedelta(seconds=schema.limits.connection_init_seconds),
            max_subscriptions_per_connection=schema.limits.socket_operations,
            allowed_origins=allowed_origins,
        )
        self.guarded = schema
        self.limits = schema.limits
        self.authenticate = authenticate
        self._make_context = make_context
        self._clock = clock
        self._page = page
        self._queries_by_get = queries_by_get

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        headers: Headers = dict(scope["headers"])
        request_id = self.request_id(headers.get(b"x-request-id"))
        try:
            reply = await self._answer(scope, receive, headers, request_id)
        except protocol.Disconnected:
            return
        except Exception as broken:  # noqa: BLE001  the last resort: nothing leaves unmasked
            (error,) = mask([GraphQLError(str(broken), original_error=broken)], request_id)
            reply = protocol.refused(HttpRefusal(500, error), protocol.JSON)
        await _send(reply, request_id, send)

    def context(self, actor: Any, request_id: str) -> OperationContext:
        """A new operation's context, its budget beginning now."""
        return self._make_context(actor, request_id, Budget(self.limits, self._clock.monotonic))

    def request_id(self, given: bytes | None) -> str:
        """The caller's id for a request if it is one, else a new one."""
        return given.decode() if given and _REQUEST_ID.fullmatch(given) else self._clock.new_id()

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Any:
        """A socket's state until it knows who asks; HTTP requests do not come here."""
        headers: Headers = dict(request.scope["headers"])
        return Socket(self, self.request_id(headers.get(b"x-request-id")), bearer(headers.get(b"authorization")))

    async def on_ws_connect(self, context: Any) -> Any:
        """Accept or refuse a `connection_init`."""
        await context.connect()
        return UNSET

    def decode_json(self, data: str | bytes) -> object:
        """A socket's message."""
        return decode(data, self.limits)

    def encode_json(self, data: object) -> str:
        """A socket's message: text, because no client of graphql-ws reads binary frames."""
        return encode(data).decode()

    async def _answer(self, scope: Scope, receive: Receive, headers: Headers, request_id: str) -> Reply:
        accept = headers.get(b"accept")
        media_type = protocol.response_type(accept)
        try:
            by_url = scope["method"] != "POST"
            if by_url and not (self._queries_by_get and _asks_by_url(scope)):
                return self._page_for_people(scope, accept)
            actor = await self.authenticate(bearer(headers.get(b"authorization")))
            if actor is None:
                raise protocol.refusal(401, "A valid bearer token is needed.", UNAUTHENTICATED, [_CHALLENGE])
            if media_type is None:
                raise protocol.refusal(406, "Accept application/graphql-response+json or application/json.")
            if by_url:
                asked = protocol.url_parameters(scope["query_string"], self.limits)
            else:
                asked = await protocol.read_parameters(headers, receive, self.limits)
        except HttpRefusal as problem:
            return protocol.refused(problem, media_type or protocol.JSON)
        result = await self.guarded.execute(
            asked.query,
            asked.variables,
            self.context(actor, request_id),
            operation_name=asked.operation_name,
            allowed_operation_types=ONLY_QUERY if by_url else NO_SUBSCRIPTION,
        )
        return protocol.reply(result, media_type)

    def _page_for_people(self, scope: Scope, accept: bytes | None) -> Reply:
        wanted = scope["method"] == "GET" and not _asks_by_url(scope) and protocol.prefers_html(accept)
        if self._page is None or not wanted:
            raise protocol.refusal(405, "Send a POST request.", headers=[_ALLOW])
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-cache")]
        return Reply(200, self._page(), headers)


def _asks_by_url(scope: Scope) -> bool:
    return scope["method"] == "GET" and protocol.has_query(scope["query_string"])


async def _send(reply: Reply, request_id: str, send: Send) -> None:
    headers = [
        *reply.headers,
        (b"content-length", str(len(reply.body)).encode()),
        (b"x-request-id", request_id.encode()),
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})

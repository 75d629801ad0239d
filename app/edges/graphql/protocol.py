"""GraphQL over HTTP: reading a request and writing a response, as the working group's specification has it.

What belongs here: media types, bodies, parameters, status codes (https://graphql.github.io/graphql-over-http/draft).
What does not: who asks (`view`), what the operation answers (`guards`).
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

from graphql import GraphQLError
from starlette.types import Receive
from strawberry.types.execution import ExecutionResult, PreExecutionError

from app.edges.graphql.encoding import NotJson, decode, encode
from app.edges.graphql.errors import BAD_REQUEST, limit_exceeded
from app.edges.graphql.limits import Limits

Headers = Mapping[bytes, bytes]
Body = TypeVar("Body", bytes, bytearray)

JSON = b"application/json"
RESPONSE_JSON = b"application/graphql-response+json"
HTML = b"text/html"

_CHARSET = b"; charset=utf-8"
_LENGTH_DIGITS_MAX = 18
_QUALITY = re.compile(rb"[01](\.[0-9]{0,3})?")


class Parameters(NamedTuple):
    """What a well-formed request asks for."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


class Reply(NamedTuple):
    """One HTTP response."""

    status: int
    body: bytes
    headers: list[tuple[bytes, bytes]]


class HttpRefusal(Exception):
    """A request that is refused before there is an operation; answered with `status` and a GraphQL error."""

    def __init__(self, status: int, error: GraphQLError, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(error.message)
        self.status = status
        self.error = error
        self.headers = headers


class Disconnected(Exception):
    """The client went away before its request had arrived."""


def refusal(
    status: int, message: str, code: str = BAD_REQUEST, headers: Sequence[tuple[bytes, bytes]] = ()
) -> HttpRefusal:
    """A refusal in words of its own."""
    return HttpRefusal(status, GraphQLError(message, extensions={"code": code}), headers)


@lru_cache(maxsize=256)
def response_type(accept: bytes | None) -> bytes | None:
    """The media type to answer with; None where the `Accept` header allows neither of ours.

    A client that names no preference gets `application/json`, as those do that know nothing of the specification.
    """
    if accept is None or not accept.strip():
        return JSON
    best: tuple[float, bytes] | None = None
    for offer in (JSON, RESPONSE_JSON):
        quality = _quality(offer, accept)
        if quality and (best is None or quality > best[0]):
            best = quality, offer
    return best[1] if best else None


@lru_cache(maxsize=256)
def prefers_html(accept: bytes | None) -> bool:
    """Whether a browser asks for a page: `text/html` by name."""
    return any(kind == HTML and quality > 0 for kind, quality in _accepted(accept or b""))


@lru_cache(maxsize=256)
def is_json(content_type: bytes | None) -> bool:
    """Whether a body is declared as exactly `application/json`, in UTF-8 if it says so."""
    kind, *parameters = (content_type or b"").lower().split(b";")
    charsets = [
        value.strip(b' "') for name, _, value in (p.partition(b"=") for p in parameters) if name.strip() == b"charset"
    ]
    return kind.strip() == JSON and all(charset in (b"utf-8", b"utf8") for charset in charsets)


async def read_parameters(headers: Headers, receive: Receive, limits: Limits) -> Parameters:
    """What the body of a request asks for; refused with 415, 413 or 400 when it is not what it must be."""
    if not is_json(headers.get(b"content-type")):
        raise refusal(415, "Send a body of Content-Type application/json.")
    return parameters(await read_body(headers, receive, limits), limits)


async def read_body(headers: Headers, receive: Receive, limits: Limits) -> bytes:
    """The whole body, refused as soon as it is known to be too long: by its length, or while it arrives."""
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > _LENGTH_DIGITS_MAX:
        raise refusal(400, "The Content-Length header is no number of bytes.")
    if int(length) > limits.body_bytes:
        raise HttpRefusal(413, limit_exceeded("body bytes", limits.body_bytes, int(length)))
    body, more = await _chunk(receive)
    if not more:
        return _fitting(body, limits)
    try:
        async with asyncio.timeout(limits.body_seconds):
            chunks = bytearray(body)
            while more:
                chunk, more = await _chunk(receive)
                chunks += chunk
                _fitting(chunks, limits)
    except TimeoutError as error:
        raise refusal(408, f"The body did not arrive within {limits.body_seconds:g} seconds.") from error
    return bytes(chunks)


def parameters(body: bytes, limits: Limits) -> Parameters:
    """What the body asks for; refused with 400 when it is no JSON object with members of the right kinds."""
    try:
        members = decode(body, limits)
    except NotJson as error:
        raise refusal(400, f"The body is not valid JSON: {error}.") from error
    if isinstance(members, list):
        raise refusal(400, "Batching is not supported: send one operation a request.")
    if not isinstance(members, dict):
        raise refusal(400, "The body must be a JSON object.")
    return _checked(members)


def has_query(query_string: bytes) -> bool:
    """Whether a URL asks for an operation."""
    return any(name == "query" for name, _ in _members(query_string))


def url_parameters(query_string: bytes, limits: Limits) -> Parameters:
    """What a URL asks for, its `variables` in JSON; refused with 400 as a body is."""
    given = dict(_members(query_string))
    try:
        objects = {name: decode(given[name], limits) for name in ("variables", "extensions") if given.get(name)}
    except NotJson as error:
        raise refusal(400, f"The URL holds invalid JSON: {error}.") from error
    return _checked({"query": given.get("query"), "operationName": given.get("operationName") or None, **objects})


def reply(result: ExecutionResult, media_type: bytes) -> Reply:
    """The response to an operation: without `data` when it could not be executed."""
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    refused = isinstance(result, PreExecutionError)
    if not refused:
        body["data"] = result.data
    status = 400 if refused and media_type == RESPONSE_JSON else 200
    return Reply(status, encode(body), [(b"content-type", media_type + _CHARSET)])


def refused(problem: HttpRefusal, media_type: bytes) -> Reply:
    """The response to a request that had no operation."""
    body = encode({"errors": [problem.error.formatted]})
    return Reply(problem.status, body, [(b"content-type", media_type + _CHARSET), *problem.headers])


async def _chunk(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    return message.get("body", b""), message.get("more_body", False)


def _fitting(body: Body, limits: Limits) -> Body:
    if len(body) > limits.body_bytes:
        raise HttpRefusal(413, limit_exceeded("body bytes", limits.body_bytes))
    return body


def _checked(members: dict[str, Any]) -> Parameters:
    query = members.get("query")
    if not isinstance(query, str):
        raise refusal(400, "`query` must be a string.")
    _member(members, "extensions", dict, "an object")
    return Parameters(
        query,
        _member(members, "variables", dict, "an object"),
        _member(members, "operationName", str, "a string"),
    )


def _members(query_string: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)


def _member(members: dict[str, Any], name: str, kind: type, words: str) -> Any:
    value = members.get(name)
    if value is not None and not isinstance(value, kind):
        raise refusal(400, f"`{name}` must be {words} or null.")
    return value


def _quality(offer: bytes, accept: bytes) -> float:
    """How much the client wants `offer`: the most specific range that matches decides (RFC 9110, 12.5.1)."""
    ranges = dict(reversed(_accepted(accept)))
    for name in (offer, b"application/*", b"*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0


def _accepted(accept: bytes) -> list[tuple[bytes, float]]:
    accepted: list[tuple[bytes, float]] = []
    for item in accept.lower().split(b","):
        kind, *parameters = item.split(b";")
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition(b"=")
            if name.strip() == b"q":
                quality = min(float(value), 1.0) if _QUALITY.fullmatch(value := value.strip()) else 0.0
        accepted.append((kind.strip(), quality))
    return accepted

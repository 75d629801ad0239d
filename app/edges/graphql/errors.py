"""GraphQL errors: their codes, how they are made, and how breakage is masked.

What belongs here: requests that are malformed, unauthenticated or over a limit, and things that broke. What does not:
the ledger's refusals, which are data (`outcomes`).
"""

import logging
from collections.abc import Collection, Sequence
from typing import Any

from graphql import FieldNode, GraphQLError, Node

logger = logging.getLogger("ledger.graphql")

BAD_REQUEST = "BAD_REQUEST"
BAD_USER_INPUT = "BAD_USER_INPUT"
BAD_CURSOR = "BAD_CURSOR"
CURSOR_DIVERGED = "CURSOR_DIVERGED"
FORBIDDEN = "FORBIDDEN"
INTERNAL = "INTERNAL"
LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
UNAUTHENTICATED = "UNAUTHENTICATED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"


def bad_input(message: str, argument: Sequence[str], code: str = BAD_USER_INPUT) -> GraphQLError:
    """The error of a malformed argument; `argument` is its path from the field, such as `["filter", "kinds"]`."""
    return GraphQLError(message, extensions={"code": code, "argument": list(argument)})


def limit_exceeded(
    limit: str, allowed: float, found: float | None = None, nodes: Collection[Node] | None = None
) -> GraphQLError:
    """The error of a request that is over the limit named `limit`; `found` is what it has, where that is known."""
    had = f", the request has {found}" if found is not None else ""
    extensions: dict[str, Any] = {"code": LIMIT_EXCEEDED, "limit": limit, "allowed": allowed}
    if found is not None:
        extensions["found"] = found
    return GraphQLError(f"Too much: {limit} is limited to {allowed}{had}.", nodes, extensions=extensions)


def code_of(error: Exception) -> str | None:
    """The code in a GraphQL error's extensions."""
    code = (error.extensions or {}).get("code") if isinstance(error, GraphQLError) else None
    return code if isinstance(code, str) else None


def with_code(errors: list[GraphQLError], code: str) -> list[GraphQLError]:
    """The same errors; those without a code now have `code`."""
    for error in errors:
        error.extensions = {"code": code, **(error.extensions or {})}
    return errors


def mask(errors: list[GraphQLError], request_id: str) -> list[GraphQLError]:
    """The errors as a caller may see them: what broke is logged with its traceback and answered without its words."""
    return [error if is_public(error) else _masked(error, request_id) for error in errors]


def is_public(error: GraphQLError) -> bool:
    """Whether the error speaks about the request: it has a code of ours, or the library found it in an argument.

    The library's own complaints about a value that a resolver returned point at a field; they are breakage.
    """
    if code_of(error):
        return True
    origin: BaseException = error
    while isinstance(origin, GraphQLError) and origin.original_error is not None:
        origin = origin.original_error
    if not isinstance(origin, GraphQLError):
        return False
    points_at_field = not error.nodes or isinstance(error.nodes[0], FieldNode)
    return error.path is None or not points_at_field


def _masked(error: GraphQLError, request_id: str) -> GraphQLError:
    broken = error.original_error or error
    where = ".".join(map(str, error.path or ()))
    logger.error(
        "Internal error at %s: %s", where or "the operation", broken, exc_info=broken, extra={"request_id": request_id}
    )
    return GraphQLError(
        "Internal error",
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": INTERNAL, "requestId": request_id},
    )

"""Scalars: how single values look in GraphQL.

What belongs here: what JSON type a value has, and instants, whose spelling is RFC 3339's. What does not: judging
amounts, durations and cursors, which the domain and the services do and refuse as data.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from graphql import EnumValueNode, GraphQLError, ValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from app.edges.graphql.errors import BAD_USER_INPUT

Amount = NewType("Amount", str)
Duration = NewType("Duration", str)
Cursor = NewType("Cursor", str)
Position = NewType("Position", int)
JSON = NewType("JSON", object)

POSITION_END = 2**53

_RFC_3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_DECIMALS_MAX = 6
_SHOWN_MAX = 40
_JSON_TYPES = {
    bool: "a boolean",
    int: "an integer",
    float: "a number with decimals",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def parse_amount(value: object) -> str | int:
    """A string or an integer of any size, unjudged; anything else is a GraphQL error (L1.2)."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return value
    raise _not_a("Amount", 'a string such as "12.50" or an integer', value)


def parse_duration(value: object) -> str:
    """A string, unjudged; anything else is a GraphQL error."""
    return _string("Duration", 'a string such as "P30D"', value)


def parse_cursor(value: object) -> str:
    """A string, unjudged; anything else is a GraphQL error."""
    return _string("Cursor", "a string that an earlier answer gave", value)


def parse_position(value: object) -> int:
    """A JSON integer from 0 on, below 2^53; anything else is a GraphQL error."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < POSITION_END:
        return value
    raise _not_a("Position", "an integer from 0 to 2^53 - 1", value)


def parse_json(value: object) -> object:
    """Any JSON value; numbers that JSON cannot write are a GraphQL error."""
    level = [value]
    while level:
        if any(isinstance(item, float) and not math.isfinite(item) for item in level):
            raise GraphQLError("JSON has no such number.", extensions={"code": BAD_USER_INPUT})
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return value


def parse_instant(value: object) -> datetime:
    """An RFC 3339 instant as an aware datetime in UTC.

    It must have an offset, at most 6 decimals, and a second below 60 (L2.1); anything else is a GraphQL error.
    """
    match = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _not_a("DateTime", 'an RFC 3339 instant with an offset such as "2026-01-31T12:00:00Z"', value)
    day, clock, second, decimals, offset = match.groups(default="")
    if len(decimals) > 1 + _DECIMALS_MAX:
        raise _not_a("DateTime", "an instant with at most 6 decimals", value)
    if second == "60":
        raise _not_a("DateTime", "an instant that is no leap second", value)
    try:
        return datetime.fromisoformat(f"{day}T{clock}:{second}{decimals}{offset.upper()}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _not_a("DateTime", "an instant that exists", value) from error


def print_instant(value: datetime) -> str:
    """The instant in UTC with all six decimals."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def _string(name: str, expected: str, value: object) -> str:
    if isinstance(value, str):
        return value
    raise _not_a(name, expected, value)


def _not_a(name: str, expected: str, value: object) -> GraphQLError:
    found = repr(value[:_SHOWN_MAX]) if isinstance(value, str) else _JSON_TYPES.get(type(value), "something else")
    return GraphQLError(f"{name} must be {expected}, not {found}.", extensions={"code": BAD_USER_INPUT})


def _literal(parse: Callable[[object], object]) -> Callable[..., object]:
    """The same parser for literals in a document, where a bare word is an enum value and no string."""

    def parse_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> object:
        if isinstance(node, EnumValueNode):
            raise GraphQLError(f"{node.value} must be in quotes.", node, extensions={"code": BAD_USER_INPUT})
        try:
            return parse(value_from_ast_untyped(node, variables))
        except GraphQLError as error:
            raise GraphQLError(error.message, node, extensions=error.extensions) from error

    return parse_literal


def _scalar(name: str, description: str, parse: Callable[[object], object], **more: Any) -> ScalarDefinition:
    definition: ScalarDefinition = strawberry.scalar(
        name=name, description=description, parse_value=parse, parse_literal=_literal(parse), **more
    )
    return definition


SCALARS: Mapping[object, ScalarDefinition] = {
    Amount: _scalar(
        "Amount",
        'Decimal string in the entitlement type\'s own scale, such as "150" or "12.50".'
        " JSON integers are accepted on input.",
        parse_amount,
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    ),
    datetime: _scalar(
        "DateTime",
        "RFC 3339 instant in UTC with microseconds.",
        parse_instant,
        serialize=print_instant,
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    ),
    Duration: _scalar("Duration", "ISO 8601 duration such as P30D or P1Y.", parse_duration),
    JSON: _scalar("JSON", "Any JSON value.", parse_json),
    Cursor: _scalar(
        "Cursor",
        "Opaque place in the ledger's stream: pages and subscriptions resume from it.",
        parse_cursor,
    ),
    Position: _scalar(
        "Position",
        "A place in the ledger: 1, 2, 3 ... as a JSON integer below 2^53 (GraphQL's Int ends at 2^31).",
        parse_position,
    ),
}
"""Strawberry's `scalar_map`: a type says `Amount`, `datetime`, `Duration`, `JSON`, `Cursor` or `Position`."""

"""Connections: pages of a list by the GraphQL Cursor Connections Specification, with keyset cursors.

What belongs here: the generic types, checking a page's arguments, saying no to a cursor. What does not: cursors' parts
(`services.cursors`), reading a page (the services).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import strawberry
from graphql import GraphQLError
from strawberry import UNSET

from app.edges.graphql.errors import BAD_CURSOR, bad_input
from app.edges.graphql.limits import Limits
from app.edges.graphql.scalars import Cursor
from app.services.cursors import EventCursor, ListCursor, decode_event_cursor, decode_list_cursor

NodeType = TypeVar("NodeType")
Place = TypeVar("Place")
Given = TypeVar("Given")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = strawberry.field(description="Whether more follows after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before this page.")
    start_cursor: Cursor | None = strawberry.field(description="Pass it as `before` for the page before this one.")
    end_cursor: Cursor | None = strawberry.field(description="Pass it as `after` for the page after this one.")


@strawberry.type(description="One item of a page and its place in the list.")
class Edge(Generic[NodeType]):
    """One item of a page and its place in the list."""

    cursor: Cursor = strawberry.field(description="The item's place in the list.")
    node: NodeType = strawberry.field(description="The item.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeType]):
    """A page of a list. Cursors of edges are made only when somebody asks for edges."""

    nodes: list[NodeType] = strawberry.field(description="The page's items.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in its list.")
    cursor_of: strawberry.Private[Callable[[Any], str]]

    @strawberry.field(description="The page's items, each with its place in the list.")  # type: ignore[untyped-decorator]
    def edges(self) -> list[Edge[NodeType]]:
        return [Edge(cursor=Cursor(self.cursor_of(node)), node=node) for node in self.nodes]

    @classmethod
    def of(
        cls,
        nodes: list[NodeType],
        cursor_of: Callable[[NodeType], str],
        *,
        has_next: bool,
        has_previous: bool,
        start: str | None = None,
        end: str | None = None,
    ) -> Self:
        """A page of `nodes`, in the list's order whichever way it was asked for.

        `start` and `end` are the cursors of how far was read, where that is not the first and last item: a page that a
        filter emptied still has an end to go on from.
        """
        if nodes:
            start = start or cursor_of(nodes[0])
            end = end or cursor_of(nodes[-1])
        page_info = PageInfo(
            has_next_page=has_next,
            has_previous_page=has_previous,
            start_cursor=Cursor(start) if start else None,
            end_cursor=Cursor(end) if end else None,
        )
        return cls(nodes=nodes, page_info=page_info, cursor_of=cursor_of)


@dataclass(frozen=True, slots=True)
class PageRequest(Generic[Place]):
    """What was asked for: up to `size` items strictly between `after` and `before`.

    They are the first ones there or, `backward`, the last ones; in both cases in the list's order.
    """

    size: int
    after: Place | None
    before: Place | None
    backward: bool


def page_request(
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    place_of: Callable[[str, str], Place],
    limits: Limits,
) -> PageRequest[Place]:
    """The page that a connection's arguments ask for.

    `place_of(cursor, argument)` decodes a cursor; `UNSET` counts as not given. Raises BAD_USER_INPUT for sizes outside
    1..100 and for `first` with `last`, and whatever `place_of` raises.
    """
    sizes = [(name, _given(size)) for name, size in (("first", first), ("last", last))]
    asked = [(name, size) for name, size in sizes if size is not None]
    if len(asked) > 1:
        raise bad_input("Give `first` or `last`, not both.", ["last"])
    for name, size in asked:
        if not 1 <= size <= limits.page_size_max:
            raise bad_input(f"`{name}` must be from 1 to {limits.page_size_max}, not {size}.", [name])
    lower, upper = _given(after), _given(before)
    return PageRequest(
        size=asked[0][1] if asked else limits.page_size,
        after=place_of(lower, "after") if lower is not None else None,
        before=place_of(upper, "before") if upper is not None else None,
        backward=bool(asked) and asked[0][0] == "last",
    )


def event_place(ledger: str) -> Callable[[str, str], EventCursor]:
    """Decodes cursors of a ledger's events; others, another ledger's too, are BAD_CURSOR."""

    def place_of(text: str, argument: str) -> EventCursor:
        cursor = decode_event_cursor(text)
        if cursor is None or cursor.ledger != ledger:
            raise bad_cursor(argument)
        return cursor

    return place_of


def list_place(kind: str, filter_hash: bytes) -> Callable[[str, str], ListCursor]:
    """Decodes cursors of one list read with one filter; others are BAD_CURSOR."""

    def place_of(text: str, argument: str) -> ListCursor:
        cursor = decode_list_cursor(text)
        if cursor is None or cursor.kind != kind or cursor.filter_hash != filter_hash:
            raise bad_cursor(argument)
        return cursor

    return place_of


def bad_cursor(argument: str) -> GraphQLError:
    """The error of a cursor that is malformed, of an older version, or of another list, filter or ledger."""
    return bad_input(f"`{argument}` is no cursor of this list.", [argument], BAD_CURSOR)


def _given(value: Given | None) -> Given | None:
    return None if value is UNSET else value

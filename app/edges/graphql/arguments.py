"""Arguments of reading fields: what is malformed is a GraphQL error with its path, before anything is read.

What belongs here: arguments and checks that several fields share. What does not: inputs of mutations, which the domain
judges and refuses as data (`convert`).
"""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import strawberry
from strawberry import UNSET

from app.domain import ids
from app.domain.shape import CUSTOMER_ID_LENGTH_MAX
from app.edges.graphql.connections import PageRequest
from app.edges.graphql.errors import bad_input
from app.edges.graphql.limits import Limits
from app.edges.graphql.scalars import Cursor
from app.services.cursors import ListCursor
from app.services.readings import Window

First = Annotated[int | None, strawberry.argument(description="How many from the front: 1 to 100; absent: 20.")]
After = Annotated[Cursor | None, strawberry.argument(description="Only what comes after this place.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the back instead: 1 to 100.")]
Before = Annotated[Cursor | None, strawberry.argument(description="Only what comes before this place.")]
NodeId = Annotated[strawberry.ID, strawberry.argument(description="The global id.")]
CustomerId = Annotated[str, strawberry.argument(description="The caller's own id for the customer.")]
TypeCode = Annotated[str, strawberry.argument(description="The entitlement type's code.")]
OnlyTypeCode = Annotated[str | None, strawberry.argument(description="Only of the entitlement type with this code.")]

T = TypeVar("T")
Place = TypeVar("Place")


def given(value: T | None) -> T | None:
    """The value, None where it was left out."""
    return None if value is UNSET else value


def customer_id_of(value: str, *path: str) -> str:
    """A customer's id as one can be written; whether there is such a customer is another question."""
    if not ids.is_id(value, CUSTOMER_ID_LENGTH_MAX):
        raise bad_input(f"A customer's id is 1 to {CUSTOMER_ID_LENGTH_MAX} printable characters in NFC.", path)
    return value


def text_of(value: str | None, *path: str) -> str | None:
    """A text to look for; databases take no U+0000 and no lone surrogates."""
    text = given(value)
    if text is not None and not ids.is_clean(text):
        raise bad_input("This takes no U+0000 and no lone surrogates.", path)
    return text


def size_of(name: str, value: int | None, limits: Limits) -> int | None:
    """How many items an argument asks for."""
    size = given(value)
    if size is not None and not 1 <= size <= limits.page_size_max:
        raise bad_input(f"`{name}` must be from 1 to {limits.page_size_max}, not {size}.", [name])
    return size


def few_of(name: str, values: Sequence[T], limits: Limits) -> Sequence[T]:
    """A list of ids that is short enough to be answered at once."""
    if len(values) > limits.page_size_max:
        raise bad_input(f"`{name}` takes at most {limits.page_size_max} ids, not {len(values)}.", [name])
    return values


def window_of(request: PageRequest[ListCursor], place: Callable[[ListCursor], Place]) -> Window[Place]:
    """The part of a list that a page asks for; `place` reads a cursor's key."""
    return Window(
        request.size,
        None if request.after is None else place(request.after),
        None if request.before is None else place(request.before),
        request.backward,
    )

"""Reading: the fields at the root.

What belongs here: arguments in, pages out. What does not: what is behind an object (its own module), reading
(`services`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry
from strawberry import UNSET

from app.domain import ids
from app.domain.shape import CUSTOMER_ID_LENGTH_MAX
from app.edges.graphql.arguments import (
    After,
    Before,
    CustomerId,
    First,
    Last,
    NodeId,
    OnlyTypeCode,
    TypeCode,
    customer_id_of,
    few_of,
    given,
    text_of,
    window_of,
)
from app.edges.graphql.balances import Balance, Grant
from app.edges.graphql.connections import Connection, list_place, page_request
from app.edges.graphql.context import Context, Info
from app.edges.graphql.customers import Customer
from app.edges.graphql.enums import CustomerState, Order
from app.edges.graphql.errors import bad_input
from app.edges.graphql.events import LedgerEvent, events_of, load_event, load_grant
from app.edges.graphql.fields import resolved
from app.edges.graphql.histories import InOrder, Wanted, filter_of, history_page
from app.edges.graphql.ledgers import Ledger, Viewer, load_ledger
from app.edges.graphql.scalars import Position
from app.edges.graphql.types import Actor, EntitlementType, Node
from app.services.cursors import ListCursor, filter_hash

NodeIds = Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, at most 100.")]
Search = Annotated[
    str | None, strawberry.argument(description="A prefix of id, name or e-mail; names whatever their case.")
]
InState = Annotated[CustomerState | None, strawberry.argument(description="Only customers in this state.")]
CustomerIds = Annotated[list[str], strawberry.argument(description="The caller's own ids, at most 100.")]
EventId = Annotated[strawberry.ID | None, strawberry.argument(description="The event's global id.")]
AtPosition = Annotated[Position | None, strawberry.argument(description="The event's position, instead of its id.")]


@strawberry.type(description="Everything that can be read.")
class Query:
    @resolved("Whatever has this global id; null where nothing has.", "ledger:read")
    async def node(self, info: Info, id: NodeId) -> Node | None:
        return await load_node(info.context, id)

    @resolved("At most 100 ids, in the order asked, null where unknown.", "ledger:read")
    async def nodes(self, info: Info, ids: NodeIds) -> list[Node | None]:
        few_of("ids", ids, info.context.services.limits)
        return await asyncio.gather(*(load_node(info.context, each) for each in ids))

    @resolved("Who the caller is, in which ledger, with which scopes.", "ledger:read")
    def viewer(self, info: Info) -> Viewer:
        caller = info.context.actor
        return Viewer(actor=Actor.of(caller.actor), ledger=caller.ledger, scopes=sorted(caller.scopes))

    @resolved("The caller's ledger.", "ledger:read")
    async def ledger(self, info: Info) -> Ledger:
        return await load_ledger(info.context)

    @resolved("What may be held, by code.", "ledger:read")
    async def entitlement_types(
        self,
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[EntitlementType]:
        context, made_with = info.context, filter_hash()
        request = page_request(first, after, last, before, list_place("types", made_with), context.services.limits)
        page = await context.services.queries.types_page(context.ledger, window_of(request, _text_place))
        return Connection[EntitlementType].of(
            [EntitlementType.of(each) for each in page.items],
            lambda each: ListCursor("types", made_with, (each.code,)).encode(),
            has_next=page.has_next,
            has_previous=page.has_previous,
        )

    @resolved("One entitlement type; null where there is none of this code.", "ledger:read")
    async def entitlement_type(self, info: Info, code: TypeCode) -> EntitlementType | None:
        return await _load_type(info.context, text_of(code, "code") or "")

    @resolved("Customers by id; `search` is a prefix of id, name or e-mail.", "ledger:read")
    async def customers(
        self,
        info: Info,
        search: Search = UNSET,
        state: InState = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Customer]:
        context, prefix, wanted = info.context, text_of(search, "search"), given(state)
        made_with = filter_hash(prefix, wanted)
        request = page_request(first, after, last, before, list_place("customers", made_with), context.services.limits)
        page = await context.services.queries.customers_page(
            context.ledger, window_of(request, _text_place), prefix, wanted
        )
        return Connection[Customer].of(
            [Customer.of(each) for each in page.items],
            lambda each: ListCursor("customers", made_with, (each.customer_id,)).encode(),
            has_next=page.has_next,
            has_previous=page.has_previous,
        )

    @resolved("One customer; null where nobody has this id.", "ledger:read")
    async def customer(self, info: Info, customer_id: CustomerId) -> Customer | None:
        return await _load_customer(info.context, customer_id_of(customer_id, "customerId"))

    @resolved(
        "Null for an unknown type; zeros and version 0 for an account without events, also for an unknown customer.",
        "ledger:read",
    )
    async def balance(self, info: Info, customer_id: CustomerId, type_code: TypeCode) -> Balance | None:
        key = customer_id_of(customer_id, "customerId"), text_of(type_code, "typeCode") or ""
        return await _load_balance(info.context, *key)

    @resolved(
        "At most 100 customers. With `typeCode` one for each id in the order asked, zeros included; without it the "
        "accounts that exist.",
        "ledger:read",
    )
    async def balances(self, info: Info, customer_ids: CustomerIds, type_code: OnlyTypeCode = UNSET) -> list[Balance]:
        context, code = info.context, text_of(type_code, "typeCode")
        few_of("customerIds", customer_ids, context.services.limits)
        wanted = [customer_id_of(each, "customerIds", str(index)) for index, each in enumerate(customer_ids)]
        if code is None:
            by_customer = await context.loaders.balances_of.load_many(list(dict.fromkeys(wanted)))
            return [Balance.of(each) for balances in by_customer for each in balances or ()]
        found = await context.loaders.balances.load_many([(each, code) for each in wanted])
        if None in found:
            raise bad_input(f"There is no entitlement type {code}.", ["typeCode"])
        return [Balance.of(each) for each in found if each is not None]

    @resolved("One event, by its id or its position; null where there is none.", "ledger:read")
    async def event(self, info: Info, id: EventId = UNSET, position: AtPosition = UNSET) -> LedgerEvent | None:
        event_id, place = text_of(id, "id"), given(position)
        if (event_id is None) == (place is None):
            raise bad_input("Give `id` or `position`.", ["id"])
        if event_id is not None:
            return await load_event(info.context, event_id)
        found = await info.context.services.history.at(info.context.ledger, place or 0)
        return None if found is None else (await events_of(info.context, [found]))[0]

    @resolved("The ledger's events.", "ledger:read")
    async def history(
        self,
        info: Info,
        filter: Wanted = UNSET,
        order: InOrder = Order.NEWEST_FIRST,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[LedgerEvent]:
        wanted = await filter_of(info.context, filter)
        return await history_page(info.context, wanted, order, first, after, last, before)

    @resolved("One grant; null where there is none of this id.", "ledger:read")
    async def grant(self, info: Info, id: NodeId) -> Grant | None:
        return await load_grant(info.context, text_of(id, "id") or "")


async def load_node(context: Context, node_id: str) -> Node | None:
    """Whatever has this global id."""
    if not ids.is_clean(node_id):
        return None
    for prefix, load in _NODES.items():
        if node_id.startswith(prefix):
            return await load(context, node_id)
    return None


async def _load_type(context: Context, code: TypeCode) -> EntitlementType | None:
    found = await context.loaders.types.load(code)
    return None if found is None else EntitlementType.of(found)


async def _load_customer(context: Context, customer_id: str) -> Customer | None:
    found = await context.loaders.customers.load(customer_id)
    return None if found is None else Customer.of(found)


async def _load_balance(context: Context, customer_id: str, code: str) -> Balance | None:
    found = await context.loaders.balances.load((customer_id, code))
    return None if found is None else Balance.of(found)


async def _balance_node(context: Context, node_id: str) -> Balance | None:
    customer_id, _, code = node_id.removeprefix(ids.BALANCE).rpartition(":")
    is_one = ids.is_id(customer_id, CUSTOMER_ID_LENGTH_MAX)
    return await _load_balance(context, customer_id, code) if is_one else None


_NODES: dict[str, Callable[[Context, str], Awaitable[Node | None]]] = {
    ids.EVENT: load_event,
    ids.GRANT: load_grant,
    ids.CUSTOMER: lambda context, node_id: _load_customer(context, node_id.removeprefix(ids.CUSTOMER)),
    ids.TYPE: lambda context, node_id: _load_type(context, node_id.removeprefix(ids.TYPE)),
    ids.BALANCE: _balance_node,
}


def _text_place(cursor: ListCursor) -> str:
    return str(cursor.key[0])

"""Customers as callers see them, and what can be reached from one.

What belongs here: the fields of a customer. What does not: the figures themselves (`balances`), events (`events`).
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry import UNSET

from app.domain import ids
from app.edges.graphql.arguments import After, Before, First, Last, OnlyTypeCode, TypeCode, given, text_of, window_of
from app.edges.graphql.balances import Balance, Grant
from app.edges.graphql.connections import Connection, list_place, page_request
from app.edges.graphql.context import Info
from app.edges.graphql.enums import CustomerState, GrantState, Order
from app.edges.graphql.errors import bad_input
from app.edges.graphql.events import LedgerEvent
from app.edges.graphql.fields import resolved
from app.edges.graphql.histories import InOrder, Wanted, filter_of, history_page
from app.edges.graphql.loaders import GrantsAsked
from app.edges.graphql.scalars import JSON
from app.edges.graphql.types import Node
from app.services.cursors import ListCursor, filter_hash
from app.services.queries import GrantPlace
from app.services.readings import CustomerAt

InStates = Annotated[
    list[GrantState] | None, strawberry.argument(description="Only grants that are in one of these states now.")
]


@strawberry.type(description="Who holds entitlements; the id is the caller's own.")
class Customer(Node):
    customer_id: str = strawberry.field(description="The caller's own id for the customer.")
    state: CustomerState = strawberry.field(description="Whether the customer may move entitlements.")
    name: str | None = strawberry.field(description="The customer's name; kept outside of the events.")
    email: str | None = strawberry.field(description="The customer's e-mail address; kept outside of the events.")
    metadata: JSON = strawberry.field(description="A flat object of the caller's own.")
    created_at: datetime = strawberry.field(description="When the customer was first known.")

    @classmethod
    def of(cls, value: CustomerAt) -> Self:
        """The customer as GraphQL shows them."""
        customer, profile = value.customer, value.profile
        return cls(
            id=strawberry.ID(ids.CUSTOMER + customer.customer_id),
            customer_id=customer.customer_id,
            state=customer.state,
            name=profile.name,
            email=profile.email,
            metadata=JSON(customer.metadata),
            created_at=customer.created_at,
        )

    @resolved("The balances of all accounts that the customer has, by type code.")
    async def balances(self, info: Info) -> list[Balance]:
        found = await info.context.loaders.balances_of.load(self.customer_id)
        return [Balance.of(each) for each in found or []]

    @resolved("One balance; zeros without events, null for an unknown type.")
    async def balance(self, info: Info, type_code: TypeCode) -> Balance | None:
        code = text_of(type_code, "typeCode") or ""
        found = await info.context.loaders.balances.load((self.customer_id, code))
        return None if found is None else Balance.of(found)

    @resolved("The customer's grants in issuing order.")
    async def grants(
        self,
        info: Info,
        type_code: OnlyTypeCode = UNSET,
        states: InStates = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> Connection[Grant]:
        code = text_of(type_code, "typeCode")
        wanted = None if given(states) is None else frozenset(given(states) or ())
        made_with = filter_hash(self.customer_id, code, None if wanted is None else sorted(wanted))
        request = page_request(
            first, after, last, before, list_place("grants", made_with), info.context.services.limits
        )
        asked = GrantsAsked(window_of(request, _grant_place), code, wanted)
        page = await info.context.loaders.grants_of.load((self.customer_id, asked))
        return Connection[Grant].of(
            [Grant.of(each) for each in page.items],
            lambda grant: ListCursor("grants", made_with, (grant.value.grant.position, str(grant.id))).encode(),
            has_next=page.has_next,
            has_previous=page.has_previous,
        )

    @resolved("The customer's events.")
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
        if wanted.customer_id not in (None, self.customer_id):
            raise bad_input("This is the history of another customer.", ["filter", "customerId"])
        rest = replace(wanted, customer_id=None)
        return await history_page(info.context, rest, order, first, after, last, before, self.customer_id)


def _grant_place(cursor: ListCursor) -> GrantPlace:
    position, grant_id = cursor.key
    return int(position), str(grant_id)

"""Connections over events: the filter, and pages of the history.

What belongs here: what `history` takes and answers, of a ledger or of one customer. What does not: one event's fields
(`events`), reading (`services.history`).
"""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from strawberry import UNSET

from app.domain import filters
from app.domain.amounts import to_steps
from app.edges.graphql.arguments import customer_id_of, given, text_of
from app.edges.graphql.connections import Connection, event_place, page_request
from app.edges.graphql.context import Context
from app.edges.graphql.enums import EventKind, Order
from app.edges.graphql.errors import CURSOR_DIVERGED, bad_input
from app.edges.graphql.events import LedgerEvent, events_of
from app.edges.graphql.loaders import HistoryAsked
from app.edges.graphql.scalars import Amount
from app.services.cursors import CursorDivergedError
from app.services.readings import Window


def _member(description: str) -> Any:
    return strawberry.field(default=UNSET, description=description)


@strawberry.input(description="Which events are wanted: every member that is given must hold.")
class EventFilter:
    customer_id: str | None = _member("Of this customer.")
    type_code: str | None = _member("Of this entitlement type.")
    kinds: list[EventKind] | None = _member("Of one of these kinds.")
    actor_id: str | None = _member("By this actor.")
    correlation_id: str | None = _member("With exactly this correlation id.")
    command_id: strawberry.ID | None = _member("Written by this command.")
    reason: str | None = _member("With exactly this reason.")
    effective_from: datetime | None = _member("With `effectiveAt` at or after this instant.")
    effective_before: datetime | None = _member("With `effectiveAt` before this instant.")
    recorded_from: datetime | None = _member("With `recordedAt` at or after this instant.")
    recorded_before: datetime | None = _member("With `recordedAt` before this instant.")
    amount_at_least: Amount | None = _member("With this amount or more; needs `typeCode`.")
    amount_at_most: Amount | None = _member("With this amount or less; needs `typeCode`.")


Wanted = Annotated[EventFilter | None, strawberry.argument(description="Which events; absent: all.")]
InOrder = Annotated[Order | None, strawberry.argument(description="Which come first.")]


async def filter_of(context: Context, wanted: EventFilter | None) -> filters.EventFilter:
    """The filter as the services take it; a malformed member is a GraphQL error with its path."""
    if wanted is None or wanted is UNSET:
        return filters.EVERYTHING
    customer_id, kinds = given(wanted.customer_id), given(wanted.kinds)
    type_code = text_of(wanted.type_code, "filter", "typeCode")
    at_least, at_most = await _amounts(context, wanted, type_code)
    return filters.EventFilter(
        customer_id=None if customer_id is None else customer_id_of(customer_id, "filter", "customerId"),
        type_code=type_code,
        kinds=None if kinds is None else frozenset(kinds),
        actor_id=text_of(wanted.actor_id, "filter", "actorId"),
        correlation_id=text_of(wanted.correlation_id, "filter", "correlationId"),
        command_id=text_of(wanted.command_id, "filter", "commandId"),
        reason=text_of(wanted.reason, "filter", "reason"),
        effective_from=given(wanted.effective_from),
        effective_before=given(wanted.effective_before),
        recorded_from=given(wanted.recorded_from),
        recorded_before=given(wanted.recorded_before),
        amount_at_least=at_least,
        amount_at_most=at_most,
    )


async def history_page(
    context: Context,
    wanted: filters.EventFilter,
    order: Order | None,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    customer_id: str | None = None,
) -> Connection[LedgerEvent]:
    """A page of the wanted events, of one customer if it is given; CURSOR_DIVERGED for a cursor of another past."""
    ledger = context.ledger
    request = page_request(first, after, last, before, event_place(ledger), context.services.limits)
    window = Window(request.size, request.after, request.before, request.backward)
    newest_first = order is not Order.OLDEST_FIRST
    try:
        if customer_id is None:
            page = await context.services.history.page(ledger, wanted, window, newest_first=newest_first)
        else:
            asked = HistoryAsked(window, wanted, newest_first)
            page = await context.loaders.histories.load((customer_id, asked))
    except CursorDivergedError as error:
        message = "The ledger has another event at this cursor: it is not the one that gave it."
        raise GraphQLError(message, extensions={"code": CURSOR_DIVERGED}) from error
    return Connection[LedgerEvent].of(
        await events_of(context, page.items),
        lambda event: event.cursor,
        has_next=page.has_next,
        has_previous=page.has_previous,
        start=None if page.start is None else page.start.encode(),
        end=None if page.end is None else page.end.encode(),
    )


async def _amounts(context: Context, wanted: EventFilter, type_code: str | None) -> tuple[int | None, int | None]:
    bounds = {"amountAtLeast": given(wanted.amount_at_least), "amountAtMost": given(wanted.amount_at_most)}
    asked = [name for name, raw in bounds.items() if raw is not None]
    if not asked:
        return None, None
    if type_code is None:
        raise bad_input("An amount filter needs `typeCode`, in whose scale it is.", ["filter", asked[0]])
    scales = await context.services.queries.scales(context.ledger, [type_code])
    if type_code not in scales:
        raise bad_input(f"There is no entitlement type {type_code} to measure amounts in.", ["filter", "typeCode"])
    scale = scales[type_code]
    steps: dict[str, int | None] = {}
    for name, raw in bounds.items():
        steps[name] = None if raw is None else to_steps(raw, scale)
        if raw is not None and steps[name] is None:
            raise bad_input(f"This is no amount with at most {scale} decimal places.", ["filter", name])
    return steps["amountAtLeast"], steps["amountAtMost"]

"""Live: what is pushed while a socket is open.

What belongs here: the feed's deliveries as GraphQL shows them. What does not: following the ledger
(`services.feed`), the protocol (`sockets`).

Each event is executed with a context of its own (`info.context` here is the subscription's): loaders made for one
delivery never answer the next one.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import strawberry
from graphql import GraphQLError
from strawberry import UNSET

from app.domain.account import AccountKey
from app.edges.graphql.arguments import After, CustomerId, TypeCode, customer_id_of, given, text_of
from app.edges.graphql.balances import Balance
from app.edges.graphql.connections import bad_cursor, event_place
from app.edges.graphql.context import Context, Info
from app.edges.graphql.errors import CURSOR_DIVERGED, bad_input
from app.edges.graphql.events import LedgerEvent, events_of
from app.edges.graphql.fields import streamed
from app.edges.graphql.histories import Wanted, filter_of
from app.edges.graphql.ledgers import Ledger, load_ledger
from app.edges.graphql.scalars import Cursor
from app.edges.graphql.sharing import Results
from app.services.cursors import BadCursorError, CursorDivergedError
from app.services.feed_listeners import Delivery
from app.services.readings import BalanceAt

T = TypeVar("T")
log = logging.getLogger("ledger.graphql")

LEDGER_SECONDS = 1.0
RETRY_SECONDS = 1.0

_SHOWN: WeakKeyDictionary[Delivery, "EventDelivery"] = WeakKeyDictionary()
"""What is live deliveries' own, for as long as the feed keeps them."""


@strawberry.type(description="What a subscription to events delivers at once.")
class EventDelivery:
    cursor: Cursor = strawberry.field(
        description="Keep the newest and pass it as `after` on reconnect. It also moves past events that the filter "
        "leaves out."
    )
    events: list[LedgerEvent] = strawberry.field(
        description="In order; several at once during replay or bursts; empty when only the cursor has moved (a "
        "heartbeat)."
    )
    caught_up: bool = strawberry.field(description="False while older events are still being replayed.")
    results: strawberry.Private[Results] = field(default_factory=Results)


@strawberry.type(description="Everything that is pushed.")
class Subscription:
    @streamed(
        "Every committed event, in position order. With `after` it replays from there, then goes live: no "
        "gap, no duplicate.",
        "ledger:read",
    )
    async def events(self, info: Info, after: After = UNSET, filter: Wanted = UNSET) -> AsyncIterator[EventDelivery]:
        context = info.context
        place = None if given(after) is None else event_place(context.ledger)(str(after), "after")
        wanted = await filter_of(context, filter)
        deliveries: Any = context.services.feed.events(context.ledger, place, wanted)
        async with aclosing(deliveries):
            try:
                async for delivery in deliveries:
                    yield await _patiently(context, partial(_shown, context, delivery))
            except BadCursorError as error:
                raise bad_cursor("after") from error
            except CursorDivergedError as error:
                message = "The ledger has another event at this cursor, or none: it is not the one that gave it."
                raise GraphQLError(message, extensions={"code": CURSOR_DIVERGED}) from error

    @streamed(
        "The balance now, then its newest state whenever it has changed; states in between may be skipped.",
        "ledger:read",
    )
    async def balance(self, info: Info, customer_id: CustomerId, type_code: TypeCode) -> AsyncIterator[Balance]:
        key = customer_id_of(customer_id, "customerId"), text_of(type_code, "typeCode") or ""
        if not await info.context.services.queries.scales(info.context.ledger, [key[1]]):
            raise bad_input(f"There is no entitlement type {type_code}.", ["typeCode"])
        async for balance in _balances(info.context, *key):
            yield balance

    @streamed("The customer's balances now, then each one that changes.", "ledger:read")
    async def balances(self, info: Info, customer_id: CustomerId) -> AsyncIterator[Balance]:
        async for balance in _balances(info.context, customer_id_of(customer_id, "customerId"), None):
            yield balance

    @streamed(
        "The ledger's head and integrity when they have changed, at most once a second: a heartbeat for dashboards.",
        "ledger:read",
    )
    async def ledger(self, info: Info) -> AsyncIterator[Ledger]:
        context, services = info.context, info.context.services
        head, told = -1, None
        while True:
            report = services.integrity.report
            found = report.state, report.verified_to, report.detail
            if services.feed.head(context.ledger) > head or found != told:
                ledger = await _patiently(context, lambda: load_ledger(context))
                head, told = ledger.head, found
                yield ledger
            await services.clock.sleep(LEDGER_SECONDS)


async def _shown(context: Context, delivery: Delivery) -> EventDelivery:
    """The delivery as GraphQL shows it: one object for all who get this delivery, so that its results are shared."""
    shown = _SHOWN.get(delivery)
    if shown is not None:
        return shown
    shown = EventDelivery(
        cursor=Cursor(delivery.cursor.encode()),
        events=await events_of(context, delivery.events),
        caught_up=delivery.caught_up,
    )
    # Others may have come as far while scales were read: one object goes to all.
    return _SHOWN.setdefault(delivery, shown)


async def _balances(context: Context, customer_id: str, type_code: str | None) -> AsyncIterator[Balance]:
    """The balances as they are, then those whose figures differ from what was sent last."""
    sent: dict[AccountKey, BalanceAt] = {}

    def due_at() -> datetime | None:
        instants = [each.next_due_at for each in sent.values() if each.next_due_at is not None]
        return min(instants, default=None)

    changes: Any = context.services.feed.changes(context.ledger, customer_id, type_code, due_at=due_at)
    async with aclosing(changes):
        async for _ in changes:
            for balance in await _patiently(context, lambda: _read(context, customer_id, type_code)):
                before = sent.get(balance.account.key)
                sent[balance.account.key] = balance
                if before is None or _figures(before) != _figures(balance):
                    yield Balance.of(balance)


async def _patiently(context: Context, read: Callable[[], Awaitable[T]]) -> T:
    """Read as soon as the database answers: a subscription outlives its absence, as the feed does."""
    while True:
        try:
            return await read()
        except Exception as error:  # noqa: BLE001  # whatever is wrong with the database, it may pass
            log.warning("a subscription cannot read, trying again in %.0f s: %r", RETRY_SECONDS, error)
        await context.services.clock.sleep(RETRY_SECONDS)


async def _read(context: Context, customer_id: str, type_code: str | None) -> list[BalanceAt]:
    queries = context.services.queries
    if type_code is None:
        return (await queries.balances_of(context.ledger, [customer_id]))[customer_id]
    return list((await queries.balances(context.ledger, [(customer_id, type_code)])).values())


def _figures(balance: BalanceAt) -> tuple[object, ...]:
    """What a subscriber would see differ; every event of an account changes its version."""
    account = balance.account
    return account.version, account.available, account.pending, account.held, account.debt, balance.unrestricted

"""DataLoaders: what many fields of one operation ask for is read at once.

What belongs here: one loader a thing that lists could cause N+1 of. What does not: reading (`services`). Loaders live
as long as one operation, or one event of a subscription: they never show what is over.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from strawberry.dataloader import DataLoader

from app.domain.account import AccountKey, GrantState
from app.domain.entitlement_type import EntitlementType
from app.domain.events import RecordedEvent
from app.domain.filters import EventFilter
from app.services.cursors import EventCursor
from app.services.history import History
from app.services.queries import GrantPlace, Queries
from app.services.readings import BalanceAt, CustomerAt, EventPage, GrantAt, Page, Window

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
A = TypeVar("A", bound=Hashable)

PAGES_AT_ONCE = 100
"""As many lists as one statement reads the beginnings of."""


@dataclass(frozen=True, slots=True)
class GrantsAsked:
    """Which of a customer's grants are wanted."""

    window: Window[GrantPlace]
    type_code: str | None
    states: frozenset[GrantState] | None


@dataclass(frozen=True, slots=True)
class HistoryAsked:
    """Which of a customer's events are wanted, in which order."""

    window: Window[EventCursor]
    wanted: EventFilter
    newest_first: bool


class Loaders:
    """The loaders of one operation; each is made when it is first asked."""

    def __init__(self, queries: Queries, history: History, ledger: str) -> None:
        self._queries = queries
        self._history = history
        self._ledger = ledger

    @cached_property
    def types(self) -> DataLoader[str, EntitlementType | None]:
        """Entitlement types by code."""
        return _loader(lambda codes: self._queries.types(self._ledger, codes))

    @cached_property
    def customers(self) -> DataLoader[str, CustomerAt | None]:
        """Customers, with their personal data, by id."""
        return _loader(lambda customer_ids: self._queries.customers(self._ledger, customer_ids))

    @cached_property
    def balances(self) -> DataLoader[AccountKey, BalanceAt | None]:
        """Balances by customer's id and type code; None for an unknown type."""
        return _loader(lambda keys: self._queries.balances(self._ledger, keys))

    @cached_property
    def balances_of(self) -> DataLoader[str, list[BalanceAt] | None]:
        """All balances of a customer, by the customer's id."""
        return _loader(lambda customer_ids: self._queries.balances_of(self._ledger, customer_ids))

    @cached_property
    def expiring(self) -> DataLoader[AccountKey, list[tuple[datetime, int]] | None]:
        """What of an account expires when."""
        return _loader(lambda keys: self._queries.expiring(self._ledger, keys))

    @cached_property
    def grants(self) -> DataLoader[str, GrantAt | None]:
        """Grants by id."""
        return _loader(lambda grant_ids: self._queries.grants(self._ledger, grant_ids))

    @cached_property
    def grants_of(self) -> "DataLoader[tuple[str, GrantsAsked], Page[GrantAt]]":
        """Pages of a customer's grants, by the customer's id and what is asked of them."""

        async def read(customer_ids: list[str], asked: GrantsAsked) -> Mapping[str, Page[GrantAt]]:
            return await self._queries.grants_pages(
                self._ledger, customer_ids, asked.window, asked.type_code, asked.states
            )

        return _page_loader(read)

    @cached_property
    def histories(self) -> "DataLoader[tuple[str, HistoryAsked], EventPage]":
        """Pages of a customer's events, by the customer's id and what is asked of them."""

        async def read(customer_ids: list[str], asked: HistoryAsked) -> Mapping[str, EventPage]:
            return await self._history.pages(
                self._ledger, customer_ids, asked.wanted, asked.window, newest_first=asked.newest_first
            )

        return _page_loader(read)

    @cached_property
    def events(self) -> DataLoader[str, RecordedEvent | None]:
        """Events by id."""
        return _loader(lambda event_ids: self._history.by_id(self._ledger, event_ids))


def _loader(read: Callable[[list[K]], Awaitable[Mapping[K, V]]]) -> DataLoader[K, V | None]:
    async def load(keys: list[K]) -> list[V | None]:
        found = await read(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)


def _page_loader(read: Callable[[list[str], A], Awaitable[Mapping[str, V]]]) -> "DataLoader[tuple[str, A], V]":
    """One read for all customers of whom the same is asked; what goes wrong with one question spoils no other."""

    async def load(keys: list[tuple[str, A]]) -> list[V | Exception]:
        found: dict[tuple[str, A], V | Exception] = {}
        for asked in dict.fromkeys(asked for _, asked in keys):
            customer_ids = [customer_id for customer_id, each in keys if each == asked]
            for begin in range(0, len(customer_ids), PAGES_AT_ONCE):
                some = customer_ids[begin : begin + PAGES_AT_ONCE]
                try:
                    pages = await read(some, asked)
                except Exception as error:  # noqa: BLE001  whoever asked is told, by the loader
                    found |= dict.fromkeys(((each, asked) for each in some), error)
                else:
                    found |= {(each, asked): page for each, page in pages.items()}
        return [found[key] for key in keys]

    return DataLoader(load)

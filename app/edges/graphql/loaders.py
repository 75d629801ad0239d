"""DataLoaders: what many fields of one operation ask for is read at once.

What belongs here: one loader a thing that lists could cause N+1 of. What does not: reading (`services`). Loaders live
as long as one operation, or one event of a subscription: they never show what is over.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from strawberry.dataloader import DataLoader

from app.domain.account import AccountKey
from app.domain.entitlement_type import EntitlementType
from app.domain.events import RecordedEvent
from app.services.history import History
from app.services.queries import Queries
from app.services.readings import BalanceAt, CustomerAt, GrantAt

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


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
    def events(self) -> DataLoader[str, RecordedEvent | None]:
        """Events by id."""
        return _loader(lambda event_ids: self._history.by_id(self._ledger, event_ids))

    @cached_property
    def scales(self) -> DataLoader[str, int | None]:
        """Scales of types by code."""
        return _loader(lambda codes: self._queries.scales(self._ledger, codes))


def _loader(read: Callable[[list[K]], Awaitable[Mapping[K, V]]]) -> DataLoader[K, V | None]:
    async def load(keys: list[K]) -> list[V | None]:
        found = await read(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)

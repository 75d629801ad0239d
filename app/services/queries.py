"""Reading what is there now: types, customers, balances, grants, the ledger's end.

What belongs here: bounded reads, one snapshot each, with what is due folded in. What does not: events (`history`),
statements (`store`), protocols (`edges`).

A read's `now` is the later of the clock and the ledger's last `recordedAt`, as the writer's is (L2.1): no answer says
less than an event that it has seen.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection

from app.clock import Clock
from app.domain.account import Account, AccountKey, Grant, GrantState
from app.domain.due import settled, settled_grant
from app.domain.entitlement_type import Customer, CustomerState, EntitlementType, Profile
from app.services.commit import UnknownLedgerError
from app.services.readings import AsOf, BalanceAt, CustomerAt, GrantAt, LedgerAt, Page, Window, page_of
from app.store import accounts, catalog, heads
from app.store.accounts import Standing
from app.store.database import Database

GrantPlace = tuple[int, str]


class Queries:
    """Answers from the projections; whatever does not exist is missing from a mapping."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._scales: dict[tuple[str, str], int] = {}

    async def ledger(self, ledger: str) -> LedgerAt:
        """The ledger's end; UnknownLedgerError where there is none of this name."""
        head = await self._database.read(lambda connection: _head(connection, ledger))
        return LedgerAt(ledger, head.position, head.tree.root())

    async def scales(self, ledger: str, codes: Collection[str]) -> Mapping[str, int]:
        """The scales of those types that exist. A scale never changes (L1.1): each is read once."""
        found = {code: scale for code in codes if (scale := self._scales.get((ledger, code))) is not None}
        missing = [code for code in codes if code not in found]
        if missing:
            types = await self.types(ledger, missing)
            found |= {code: each.scale for code, each in types.items()}
        return found

    async def types(self, ledger: str, codes: Collection[str]) -> dict[str, EntitlementType]:
        """The entitlement types with these codes."""
        return await self._database.read(lambda connection: self._types(connection, ledger, codes))

    async def types_page(self, ledger: str, window: Window[str]) -> Page[EntitlementType]:
        """Entitlement types, by code."""

        def work(connection: Connection) -> Page[EntitlementType]:
            found = catalog.types_page(
                connection,
                ledger,
                ascending=not window.backward,
                above=window.after,
                below=window.before,
                limit=window.limit,
            )
            return page_of(window, found)

        return await self._database.read(work)

    async def customers(self, ledger: str, customer_ids: Collection[str]) -> dict[str, CustomerAt]:
        """The customers with these ids."""

        def work(connection: Connection) -> dict[str, CustomerAt]:
            found = catalog.customers(connection, ledger, customer_ids)
            return _with_profiles(connection, ledger, found)

        return await self._database.read(work)

    async def customers_page(
        self, ledger: str, window: Window[str], search: str | None = None, state: CustomerState | None = None
    ) -> Page[CustomerAt]:
        """Customers, by id; `search` is a prefix of id, name or e-mail."""

        def work(connection: Connection) -> Page[CustomerAt]:
            customers = catalog.customers_page(
                connection,
                ledger,
                search=search,
                state=state,
                ascending=not window.backward,
                above=window.after,
                below=window.before,
                limit=window.limit,
            )
            page = page_of(window, customers)
            found = _with_profiles(connection, ledger, {each.customer_id: each for each in page.items})
            return Page([found[each.customer_id] for each in page.items], page.has_next, page.has_previous)

        # A search may have to look at many customers: it must not hold the loop.
        is_short = not search and state is None
        return await (self._database.read(work) if is_short else self._database.scan(work))

    async def balances(self, ledger: str, keys: Collection[AccountKey]) -> dict[AccountKey, BalanceAt]:
        """The balances of these accounts, zeros for one without events; those of unknown types are missing."""
        customer_ids, codes = {key[0] for key in keys}, {key[1] for key in keys}

        def work(connection: Connection) -> dict[AccountKey, BalanceAt]:
            as_of = self._as_of(connection, ledger)
            scales = self._known_scales(connection, ledger, codes)
            found = accounts.standings(connection, ledger, customer_ids, codes)
            wanted = [key for key in keys if key[1] in scales]
            standings = {key: found.get(key) or Standing(Account(*key), 0, None) for key in wanted}
            return _settled(connection, ledger, standings, scales, as_of)

        return await self._database.read(work)

    async def balances_of(self, ledger: str, customer_ids: Collection[str]) -> dict[str, list[BalanceAt]]:
        """The balances of all accounts that these customers have, by type code."""

        def work(connection: Connection) -> dict[str, list[BalanceAt]]:
            as_of = self._as_of(connection, ledger)
            standings = accounts.standings(connection, ledger, customer_ids)
            scales = self._known_scales(connection, ledger, {code for _, code in standings})
            found: dict[str, list[BalanceAt]] = {customer_id: [] for customer_id in customer_ids}
            for (customer_id, _), balance in _settled(connection, ledger, standings, scales, as_of).items():
                found[customer_id].append(balance)
            return found

        return await self._database.read(work)

    async def expiring(self, ledger: str, keys: Collection[AccountKey]) -> dict[AccountKey, list[tuple[datetime, int]]]:
        """What of each account's `available` expires when, soonest first, in smallest steps."""
        customer_ids, codes = {key[0] for key in keys}, {key[1] for key in keys}

        def work(connection: Connection) -> dict[AccountKey, list[tuple[datetime, int]]]:
            now = self._as_of(connection, ledger).time
            return accounts.expiring(connection, ledger, customer_ids, codes, now)

        return await self._database.read(work)

    async def grants(self, ledger: str, grant_ids: Collection[str]) -> dict[str, GrantAt]:
        """The grants with these ids, spent and expired ones too."""

        def work(connection: Connection) -> dict[str, GrantAt]:
            now = self._as_of(connection, ledger).time
            found = accounts.grants_by_id(connection, ledger, grant_ids)
            return {each.grant.grant_id: each for each in self._seen(connection, ledger, found.values(), now)}

        return await self._database.read(work)

    async def grants_pages(
        self,
        ledger: str,
        customer_ids: Collection[str],
        window: Window[GrantPlace],
        type_code: str | None = None,
        states: Collection[GrantState] | None = None,
    ) -> dict[str, Page[GrantAt]]:
        """Grants of up to 100 customers in issuing order, the same window of each; `states` are those at the instant
        of reading.
        """

        def work(connection: Connection) -> dict[str, Page[GrantAt]]:
            now = self._as_of(connection, ledger).time
            found = accounts.grants_pages(
                connection,
                ledger,
                customer_ids,
                type_code=type_code,
                states=states,
                now=now,
                ascending=not window.backward,
                above=window.after,
                below=window.before,
                limit=window.limit,
            )
            return {
                customer_id: page_of(window, self._seen(connection, ledger, grants, now))
                for customer_id, grants in found.items()
            }

        return await self._database.read(work)

    def _as_of(self, connection: Connection, ledger: str) -> AsOf:
        head = _head(connection, ledger)
        return AsOf(head.position, max(self._clock.now(), head.recorded_at))

    def _types(self, connection: Connection, ledger: str, codes: Collection[str]) -> dict[str, EntitlementType]:
        found = catalog.types(connection, ledger, codes)
        self._scales.update({(ledger, code): each.scale for code, each in found.items()})
        return found

    def _known_scales(self, connection: Connection, ledger: str, codes: Collection[str]) -> Mapping[str, int]:
        missing = [code for code in codes if (ledger, code) not in self._scales]
        if missing:
            self._types(connection, ledger, missing)
        return {code: self._scales[ledger, code] for code in codes if (ledger, code) in self._scales}

    def _seen(self, connection: Connection, ledger: str, found: Collection[Grant], now: datetime) -> list[GrantAt]:
        scales = self._known_scales(connection, ledger, {each.type_code for each in found})
        return [grant_at(each, scales[each.type_code], now) for each in found]


def grant_at(grant: Grant, scale: int, now: datetime) -> GrantAt:
    """The grant as it is at `now`."""
    after = settled_grant(grant, now)
    return GrantAt(after, after.state(now), scale)


def _settled(
    connection: Connection,
    ledger: str,
    standings: Mapping[AccountKey, Standing],
    scales: Mapping[str, int],
    as_of: AsOf,
) -> dict[AccountKey, BalanceAt]:
    """Figures as stored where time has changed none, else folded from the open grants."""
    due = {key for key, each in standings.items() if each.next_due_at is not None and each.next_due_at <= as_of.time}
    loaded = accounts.load(connection, ledger, {key[0] for key in due}, {key[1] for key in due})
    balances = {}
    for key, standing in standings.items():
        if key in due:
            balances[key] = BalanceAt(settled(loaded[key], as_of.time), scales[key[1]], as_of)
        else:
            balances[key] = BalanceAt(
                standing.account, scales[key[1]], as_of, standing.unrestricted, standing.next_due_at
            )
    return balances


def _with_profiles(connection: Connection, ledger: str, found: Mapping[str, Customer]) -> dict[str, CustomerAt]:
    profiles = catalog.profiles(connection, ledger, found)
    return {key: CustomerAt(each, profiles.get(key, Profile())) for key, each in found.items()}


def _head(connection: Connection, ledger: str) -> heads.Head:
    head = heads.read(connection, ledger)
    if head is None:
        raise UnknownLedgerError(ledger)
    return head

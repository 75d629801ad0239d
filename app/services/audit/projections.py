"""Accounts, grants, customers and types folded again from their events, and compared with their rows.

What belongs here: sweeps over the keys in order, and folding one account by itself. What does not: the events as such
(`chain`).

Every comparison happens in the snapshot in which the last event of the fold was read, so that a running server may
write meanwhile.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection

from app.domain.account import Account, AccountKey, Grant
from app.domain.entitlement_type import EntitlementType
from app.domain.events import Event
from app.domain.state import State, evolve, evolve_account
from app.services.audit.chain import Finding
from app.services.audit.difference import Difference, rows_differ
from app.store import accounts, catalog, codec, scans
from app.store.rows import Row
from app.store.scans import Span

_LAST_POSITION = 2**63 - 1


@dataclass(slots=True)
class Fold:
    """An account as far as its events have been folded; all its grants, spent ones too; `changed` are those that events
    named.
    """

    account: Account
    grants: dict[str, Grant] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def take_leaves(self, leaves: Iterable[Row]) -> Finding:
        """Fold in the next events."""
        for row in leaves:
            yield from self.take(codec.from_leaf(row["leaf"]))

    def whole(self) -> Account:
        """The account with its grants."""
        return replace(self.account, grants=self.grants)

    def take(self, event: Event) -> Finding:
        """Fold in the next event."""
        available = self.account.available + (event.delta or 0)
        if event.balance_after != available:
            yield Difference("event", str(event.position), "balance_after", available, event.balance_after)
        # An event changes only the grants that its allocations name; handing over just those keeps a fold linear.
        named = {
            each.grant_id: self.grants[each.grant_id] for each in event.allocations if each.grant_id in self.grants
        }
        try:
            after = evolve_account(
                replace(self.account, grants={grant_id: self.grants[grant_id] for grant_id in named}), event
            )
        except KeyError as error:
            yield Difference("event", str(event.position), "allocations", "grants of its account", error.args[0])
            return
        self.grants.update(after.grants)
        self.changed.update(after.grants)
        self.account = after


def fold_page(connection: Connection, ledger: str, fold: Fold, limit: int) -> tuple[bool, Difference | None]:
    """Fold `limit` more events of one account at most; whether that was all."""
    leaves = scans.leaves_of_account(connection, ledger, fold.account.key, fold.account.position, limit)
    return len(leaves) < limit, next(fold.take_leaves(leaves), None)


@dataclass(slots=True)
class AccountSweep:
    """Every account and grant, account by account; `events` counts what was folded."""

    ledger: str
    after: AccountKey | None = None
    partial: Fold | None = None
    is_done: bool = False
    events: int = 0

    def step(self, connection: Connection, limit: int) -> Difference | None:
        """Fold `limit` events at most and compare the accounts that are whole."""
        if self.partial is not None:
            return self._go_on(connection, self.partial, limit)
        place = None if self.after is None else (*self.after, _LAST_POSITION)
        leaves = scans.account_leaves(connection, self.ledger, place, limit)
        is_last = len(leaves) < limit
        folds = []
        for key, rows in groupby(leaves, lambda row: (row["customer_id"], row["type_code"])):
            folds.append(Fold(Account(*key)))
            found = next(folds[-1].take_leaves(rows), None)
            if found is not None:
                return found
        last = None if is_last else folds.pop()
        if not folds and last is not None:
            self.partial = last
            return None
        return self._compare(connection, Span(self.after, folds[-1].account.key if last is not None else None), folds)

    def _go_on(self, connection: Connection, fold: Fold, limit: int) -> Difference | None:
        is_whole, found = fold_page(connection, self.ledger, fold, limit)
        if found is None and is_whole:
            found = self._compare(connection, Span(self.after, fold.account.key), [fold])
            self.partial = None
        return found

    def _compare(self, connection: Connection, span: Span, folds: list[Fold]) -> Difference | None:
        account_rows = scans.account_rows(connection, self.ledger, span, len(folds) + 1)
        grants = sum(len(fold.grants) for fold in folds)
        grant_rows = scans.grant_rows(connection, self.ledger, span, grants + 1)
        found = next(_accounts_differ(self.ledger, folds, account_rows, grant_rows), None)
        if found is None:
            self.after, self.is_done = span.to, span.to is None
            self.events += sum(fold.account.version for fold in folds)
        return found


@dataclass(slots=True)
class CustomerSweep:
    """Every customer, by id."""

    ledger: str
    after: str | None = None
    is_done: bool = False

    def step(self, connection: Connection, limit: int) -> Difference | None:
        """Fold and compare `limit` customers at most."""
        firsts = scans.first_positions(connection, self.ledger, self.after, limit)
        is_last = len(firsts) < limit
        span = Span(self.after, None if is_last else max(firsts))
        states = dict.fromkeys(firsts, State())
        begun = scans.leaves_at(connection, self.ledger, firsts.values())
        for position in sorted(begun):
            _fold_customer(states, begun[position])
        position = 0
        while facts := scans.customer_leaves(connection, self.ledger, list(firsts), position, limit):
            for row in facts:
                if row["position"] not in begun:
                    _fold_customer(states, row)
            position = facts[-1]["position"]
        rows = scans.customer_rows(connection, self.ledger, span, len(firsts) + 1)
        expected = [
            catalog.customer_row(self.ledger, state.customers[customer_id]) for customer_id, state in states.items()
        ]
        found = next(rows_differ("customer", ("customer_id",), expected, rows), None)
        if found is None:
            self.after, self.is_done = span.to, is_last
        return found


@dataclass(slots=True)
class TypeSweep:
    """Every entitlement type, by code."""

    ledger: str
    after: str | None = None
    place: tuple[str, int] | None = None
    partial: dict[str, "Defined"] = field(default_factory=dict)
    is_done: bool = False

    def step(self, connection: Connection, limit: int) -> Difference | None:
        """Fold `limit` events at most and compare the types that are whole."""
        leaves = scans.type_leaves(connection, self.ledger, self.place, limit)
        is_last = len(leaves) < limit
        folded = dict(self.partial)
        for row in leaves:
            event = codec.from_leaf(row["leaf"])
            definition = evolve(State(), event).types[row["type_code"]]
            folded[row["type_code"]] = Defined(definition, event.position, event.recorded_at)
        partial = {} if is_last else {leaves[-1]["type_code"]: folded.pop(leaves[-1]["type_code"])}
        if folded or is_last:
            span = Span(self.after, None if is_last else max(folded))
            found = next(_types_differ(connection, self.ledger, span, folded), None)
            if found is not None:
                return found
            self.after = span.to
        self.partial, self.is_done = partial, is_last
        self.place = None if is_last else (leaves[-1]["type_code"], leaves[-1]["position"])
        return None


@dataclass(frozen=True, slots=True)
class Defined:
    """A type as its last event made it, and where and when that was."""

    definition: EntitlementType
    position: int
    recorded_at: datetime

    def position_in(self, end: Row | None) -> int:
        """The position that the type's row carries: the end of the transaction that changed it, if `end` is that."""
        is_end = end is not None and end["position"] >= self.position and end["recorded_at"] == self.recorded_at
        return int(end["position"]) if end is not None and is_end else self.position


def _accounts_differ(ledger: str, folds: list[Fold], account_rows: scans.Rows, grant_rows: scans.Rows) -> Finding:
    expected = []
    for account in (fold.whole() for fold in folds):
        if not account.balances():
            yield Difference("account", " ".join(account.key), "figures", "sums that add up (L3.3)", account)
        expected.append(accounts.account_row(ledger, account))
    yield from rows_differ("account", scans.ACCOUNT, expected, account_rows)
    expected = [accounts.grant_row(ledger, grant) for fold in folds for grant in fold.grants.values()]
    yield from rows_differ("grant", scans.GRANT, expected, grant_rows)


def _fold_customer(states: dict[str, State], row: Row) -> None:
    event = codec.from_leaf(row["leaf"])
    customer_id = event.customer_id or ""
    states[customer_id] = evolve(states.get(customer_id, State()), event)


def _types_differ(connection: Connection, ledger: str, span: Span, folded: dict[str, Defined]) -> Finding:
    rows = scans.type_rows(connection, ledger, span, len(folded) + 1)
    ends = scans.leaves_at(connection, ledger, [row["position"] for row in rows])
    found = {row["code"]: row["position"] for row in rows}
    expected = [
        catalog.type_row(ledger, each.position_in(ends.get(found.get(code, 0))), each.definition)
        for code, each in folded.items()
    ]
    yield from rows_differ("entitlement_type", ("code",), expected, rows)

"""What is new in a ledger that was verified: its events in order, and the accounts that they are about.

What belongs here: folding new events into accounts that are remembered, and comparing those that changed. What does
not: verifying everything (`verification`), when to look (`integrity`).

New events are folded as they are read, so the cost of keeping up is that of the events, not of the accounts' histories.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import groupby, islice

from sqlalchemy import Connection

from app.domain.account import Account, AccountKey
from app.domain.events import Event
from app.services.audit.chain import Chain, Finding
from app.services.audit.difference import Difference, rows_differ
from app.services.audit.projections import Fold, fold_page
from app.store import accounts, heads, scans
from app.store.rows import Row

GRANTS_REMEMBERED = 20_000


@dataclass(slots=True)
class Remembered:
    """The accounts that were folded lately, so that a busy one is not folded from its first event each time."""

    folds: OrderedDict[AccountKey, Fold] = field(default_factory=OrderedDict)
    grants: int = 0

    def keep(self, fold: Fold) -> None:
        """Remember it."""
        self.folds[fold.account.key] = fold
        self.grants += len(fold.grants)

    def take(self, fold: Fold, event: Event) -> Finding:
        """Fold one more event in, and keep the account among the ones that were used lately."""
        before = len(fold.grants)
        yield from fold.take(event)
        self.grants += len(fold.grants) - before
        self.folds.move_to_end(fold.account.key)

    def forget(self, but: set[AccountKey]) -> None:
        """Make room: forget the ones that were used least lately, `but` those."""
        for key in list(self.folds):
            if self.grants <= GRANTS_REMEMBERED:
                return
            if key not in but:
                self.grants -= len(self.folds.pop(key).grants)


@dataclass(slots=True)
class Following:
    """A walk along new events. `unknown` are accounts to be folded from their start first, `waiting` those to compare
    at the walk's end, `later` those whose rows are ahead of the walk, with the position that they are at.
    """

    ledger: str
    chain: Chain
    known: Remembered = field(default_factory=Remembered)
    unknown: dict[AccountKey, Fold] = field(default_factory=dict)
    waiting: set[AccountKey] = field(default_factory=set)
    later: dict[AccountKey, int] = field(default_factory=dict)

    @property
    def has_caught_up(self) -> bool:
        """Whether everything up to the chain's position is verified."""
        return self.chain.is_done and not self.unknown and not self.waiting

    def step(self, connection: Connection, limit: int) -> Difference | None:
        """Look at `limit` rows of a table at most; the first difference, None where there is none."""
        if self.unknown:
            return self._learn(connection, limit)
        if not self.chain.is_done:
            return self._go_on(connection, limit)
        if self.waiting:
            return next(self._compare(connection, limit), None)
        self.known.forget(but=set(self.later))
        return self.chain.set_out(connection)

    def _learn(self, connection: Connection, limit: int) -> Difference | None:
        """Fold accounts that are not remembered from their first events on, as many as a look has room for."""
        (customer_id, type_code), fold = next(iter(self.unknown.items()))
        if fold.account.version:
            return self._learn_on(connection, fold, limit)
        begun = [key for key, each in self.unknown.items() if key[1] == type_code and not each.account.version]
        customers = sorted(key[0] for key in begun[:limit])
        leaves = scans.leaves_of_accounts(connection, self.ledger, type_code, customers, 2 * limit)
        groups = {key: list(rows) for key, rows in groupby(leaves, lambda row: row["customer_id"])}
        if len(leaves) == 2 * limit:
            # The last account may have more events than were read.
            customers = sorted(groups)[:-1]
            if not customers:
                return self._learn_on(connection, self.unknown[leaves[0]["customer_id"], type_code], limit)
        for customer_id in customers:
            fold = self.unknown[customer_id, type_code]
            found = next(fold.take_leaves(groups.get(customer_id, ())), None)
            if found is not None:
                return found
            self._know(fold)
        return None

    def _learn_on(self, connection: Connection, fold: Fold, limit: int) -> Difference | None:
        is_whole, found = fold_page(connection, self.ledger, fold, limit)
        if is_whole and found is None:
            self._know(fold)
        return found

    def _know(self, fold: Fold) -> None:
        del self.unknown[fold.account.key]
        self.known.keep(fold)

    def _go_on(self, connection: Connection, limit: int) -> Difference | None:
        found = self.chain.step(connection, limit)
        if found is None:
            found = next(self._fold(self.chain.read), None)
        self.waiting |= {key for key, position in self.later.items() if position <= self.chain.position}
        self.later = {key: position for key, position in self.later.items() if key not in self.waiting}
        return found

    def _fold(self, read: list[Event]) -> Finding:
        for event in read:
            if event.customer_id is None or event.type_code is None:
                continue
            key = (event.customer_id, event.type_code)
            self.waiting.add(key)
            fold = self.known.folds.get(key)
            if fold is None:
                self.unknown.setdefault(key, Fold(Account(*key)))
            elif event.position > fold.account.position:
                yield from self.known.take(fold, event)

    def _compare(self, connection: Connection, limit: int) -> Finding:
        folds = [self.known.folds[key] for key in islice(self.waiting, limit)]
        head = heads.read(connection, self.ledger)
        rows = scans.rows_of_accounts(connection, self.ledger, [fold.account.key for fold in folds])
        changed = list(islice((grant_id for fold in folds for grant_id in fold.changed), limit))
        grants = scans.rows_of_grants(connection, self.ledger, changed)
        for fold in folds:
            key = fold.account.key
            position = rows[key]["position"] if key in rows else 0
            if head is not None and position > head.position:
                yield Difference("account", " ".join(key), "position", fold.account.position, position)
            if position > max(self.chain.position, fold.account.position):
                # Something newer has happened to it, or somebody says so: it is compared when the walk is there.
                self.later[key] = position
            else:
                yield from self._account_differs(fold, rows, grants, set(changed))
            if key in self.later or not fold.changed:
                self.waiting.discard(key)

    def _account_differs(
        self, fold: Fold, rows: dict[AccountKey, Row], grants: dict[str, Row], changed: set[str]
    ) -> Finding:
        key, whole = fold.account.key, fold.whole()
        if not whole.balances():
            yield Difference("account", " ".join(key), "figures", "sums that add up (L3.3)", whole)
        found = [rows[key]] if key in rows else []
        yield from rows_differ("account", scans.ACCOUNT, [accounts.account_row(self.ledger, whole)], found)
        looked_at = fold.changed & changed
        expected = [accounts.grant_row(self.ledger, fold.grants[grant_id]) for grant_id in looked_at]
        present = [grants[grant_id] for grant_id in looked_at if grant_id in grants]
        yield from rows_differ("grant", scans.GRANT, expected, present)
        fold.changed -= looked_at

"""One whole verification: every pass over every table, in steps that each look at a bounded number of rows.

What belongs here: the order of the passes, and running them to their end. What does not: what each looks at (`chain`,
`projections`, `receipts`), doing it again and again (`integrity`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from app.services.audit.chain import UNREADABLE, Chain
from app.services.audit.difference import ROW, Difference, Positions
from app.services.audit.projections import AccountSweep, CustomerSweep, TypeSweep
from app.services.audit.receipts import ReceiptSweep
from app.store.database import Database

ROWS_PER_STEP = 500


@dataclass(frozen=True, slots=True)
class Phase:
    """How far a verification is: `done` of `total` events or receipts of one pass."""

    name: str
    done: int
    total: int


@dataclass(slots=True)
class Verification:
    """The passes over one ledger, a step at a time; what is written after it set out is left to the next one."""

    ledger: str
    chain: Chain = field(init=False)
    types: TypeSweep = field(init=False)
    customers: CustomerSweep = field(init=False)
    accounts: AccountSweep = field(init=False)
    receipts: ReceiptSweep | None = None

    def __post_init__(self) -> None:
        self.chain = Chain(self.ledger)
        self.types = TypeSweep(self.ledger)
        self.customers = CustomerSweep(self.ledger)
        self.accounts = AccountSweep(self.ledger)

    @property
    def is_done(self) -> bool:
        """Whether every pass has come to its end."""
        return self.receipts is not None and self.receipts.is_done

    @property
    def phase(self) -> Phase:
        """How far it is."""
        total = 0 if self.chain.target is None else self.chain.target.position
        if not self.chain.is_done:
            return Phase("events", self.chain.position, total)
        if self.receipts is None:
            return Phase("accounts", self.accounts.events, total)
        return Phase("receipts", self.receipts.receipts, total)

    def step(self, connection: Connection, limit: int) -> Difference | None:
        """Look at `limit` rows of one table at most; the first difference, None where there is none."""
        try:
            return self._step(connection, limit)
        except UNREADABLE:
            # Once more with a single row: sooner or later the one that cannot be read stands alone.
            try:
                return self._step(connection, 1)
            except UNREADABLE as error:
                return Difference(*self._place(), ROW, "readable", repr(error))

    def _step(self, connection: Connection, limit: int) -> Difference | None:
        if not self.chain.is_done:
            return self.chain.step(connection, limit)
        sweep = next((each for each in (self.types, self.customers, self.accounts) if not each.is_done), None)
        if sweep is not None:
            return sweep.step(connection, limit)
        if self.receipts is None:
            keyed, batched = self.chain.keyed or Positions(), self.chain.batched or Positions()
            self.receipts = ReceiptSweep(self.ledger, keyed, batched, self.chain.position)
        return self.receipts.step(connection, limit)

    def _place(self) -> tuple[str, str]:
        if not self.chain.is_done:
            return "event", f"{self.chain.position + 1} or its vault row"
        sweeps = (("entitlement_type", self.types), ("customer", self.customers), ("account", self.accounts))
        for table, sweep in sweeps:
            if not sweep.is_done:
                return table, f"or its parts, behind {sweep.after or 'the beginning'}"
        after = self.receipts and self.receipts.after
        return "receipt", f"behind {after or 'the beginning'}"


async def verify(
    database: Database, ledger: str, progress: Callable[[Phase], None] = lambda phase: None
) -> tuple[Chain, Difference | None]:
    """Verify a ledger from its first event to its present end; how far that is, and the first difference if any."""
    verification = Verification(ledger)
    while not verification.is_done:
        difference = await database.scan(lambda connection: verification.step(connection, ROWS_PER_STEP))
        if difference is not None:
            return verification.chain, difference
        progress(verification.phase)
    return verification.chain, None

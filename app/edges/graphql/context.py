"""What every resolver is given: who calls, what may be asked, loaders of its own.

What belongs here: the context of one operation, and checking the scope that a field names. What does not: reading
(`services`), batching (`loaders`).
"""

from dataclasses import dataclass, field

import strawberry

from app.clock import Clock
from app.edges.graphql.budget import OperationContext
from app.edges.graphql.limits import Limits
from app.edges.graphql.loaders import Loaders
from app.services.access import Caller
from app.services.audit.integrity import Integrity
from app.services.feed import Feed
from app.services.history import History
from app.services.ledger import Ledger
from app.services.queries import Queries


@dataclass(frozen=True, slots=True)
class Services:
    """What this edge speaks for."""

    ledger: Ledger
    queries: Queries
    history: History
    feed: Feed
    integrity: Integrity
    clock: Clock
    limits: Limits


@dataclass(kw_only=True)
class Context(OperationContext):
    """One operation, or one event of a subscription: its caller, and loaders that nobody else has used."""

    actor: Caller
    services: Services
    loaders: Loaders = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self.services.queries, self.services.history, self.actor.ledger)

    @property
    def ledger(self) -> str:
        """The ledger that the caller works in."""
        return self.actor.ledger


Info = strawberry.Info[Context, None]

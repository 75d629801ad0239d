"""The ledger as a whole, and who looks at it.

What belongs here: its end, its integrity, the caller. What does not: events (`events`), verifying (`services.audit`).
"""

from datetime import datetime
from typing import Self

import strawberry

from app.edges.graphql.context import Context, Info
from app.edges.graphql.enums import IntegrityState
from app.edges.graphql.fields import resolved
from app.edges.graphql.scalars import Position
from app.edges.graphql.types import Actor
from app.services.audit.integrity import IntegrityReport
from app.services.readings import LedgerAt


@strawberry.type(description="How far the ledger has been verified in the background, and what was found.")
class Integrity:
    state: IntegrityState = strawberry.field(description="What is known.")
    verified_to: Position = strawberry.field(description="The last position that was verified.")
    verified_at: datetime | None = strawberry.field(description="When that was.")
    detail: str | None = strawberry.field(description="What was found, or what is under way, in words.")

    @classmethod
    def of(cls, report: IntegrityReport) -> Self:
        """The report as GraphQL shows it."""
        return cls(
            state=report.state,
            verified_to=Position(report.verified_to),
            verified_at=report.verified_at,
            detail=report.detail,
        )


@strawberry.type(description="One isolated stream of events.")
class Ledger:
    name: str = strawberry.field(description="Names it.")
    head: Position = strawberry.field(description="The position of its last event, 0 for none.")
    root: str = strawberry.field(description="The root of the Merkle tree over all leaves (RFC 6962), in hexadecimal.")

    @classmethod
    def of(cls, value: LedgerAt) -> Self:
        """The ledger as GraphQL shows it."""
        return cls(name=value.name, head=Position(value.position), root=value.root.hex())

    @resolved("How far it has been verified in the background, and what was found.")
    def integrity(self, info: Info) -> Integrity:
        return Integrity.of(info.context.services.integrity.report)


@strawberry.type(description="Who the caller is, in which ledger, with which scopes.")
class Viewer:
    actor: Actor = strawberry.field(description="Who acts.")
    ledger: str = strawberry.field(description="The ledger that the caller works in.")
    scopes: list[str] = strawberry.field(description="What the caller may do.")


async def load_ledger(context: Context) -> Ledger:
    """The caller's ledger as it is now."""
    return Ledger.of(await context.services.queries.ledger(context.ledger))

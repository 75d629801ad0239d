"""Given, when, then for the law: a ledger in memory, driven through the domain's own functions and nothing else.

What belongs here: making commands briefly and telling events briefly. What does not: what the law says (the tests).
"""

from dataclasses import replace
from datetime import UTC, datetime

from app.domain.account import Account, Grant
from app.domain.commands import (
    Actor,
    ActorKind,
    Consume,
    Context,
    DefineEntitlementType,
    Issue,
    RegisterCustomer,
    ReviseEntitlementType,
    SingleCommand,
)
from app.domain.decide import Accepted, execute
from app.domain.due import settled
from app.domain.entitlement_type import Customer, CustomerState, EntitlementCategory
from app.domain.events import Event, Stamp
from app.domain.rejections import SimpleRejection
from app.domain.shape import shaped
from app.domain.state import State

CLERK = Actor(ActorKind.API_KEY, "clerk")
CALLER = Context(CLERK)
WITHOUT_BACKDATING = Context(CLERK, may_backdate=False)
NOON = "2026-03-01T12:00:00"


class Ledger:
    """A ledger whose clock stands still until `at` moves it; types are defined at its first instant."""

    def __init__(self, *types: DefineEntitlementType, now: str = NOON) -> None:
        self.state = State()
        self.now = instant(now)
        self.commands = 0
        for definition in types or (points(),):
            self.accepts(definition)

    def at(self, text: str) -> "Ledger":
        """The same ledger, later."""
        self.now = instant(text)
        return self

    def accepts(self, command: SingleCommand, context: Context = CALLER) -> list[Event]:
        """What the command wrote; fails where it is refused."""
        outcome = self.outcome(command, context)
        assert isinstance(outcome, Accepted), outcome
        self.state = outcome.state
        return list(outcome.events)

    def refuses(self, command: SingleCommand, context: Context = CALLER) -> tuple[SimpleRejection, ...]:
        """Why the command was refused; fails where it is accepted."""
        outcome = self.outcome(command, context)
        assert isinstance(outcome, tuple), outcome
        assert outcome, "a refusal says why"
        return outcome

    def outcome(self, command: SingleCommand, context: Context = CALLER) -> Accepted | tuple[SimpleRejection, ...]:
        """What the command comes to, with nothing kept of it."""
        judged = shaped(command)
        if isinstance(judged, tuple):
            return judged
        self.commands += 1
        stamp = Stamp("main", f"command{self.commands}", context.actor, self.now, judged.idempotency_key, judged.reason)
        return execute(self.state, judged, context, stamp)

    def account(self, customer_id: str = "anna", type_code: str = "POINTS") -> Account:
        """The account as a read at this instant shows it."""
        return settled(self.state.account(customer_id, type_code), self.now)

    def grants(self, customer_id: str = "anna", type_code: str = "POINTS") -> list[Grant]:
        """The account's grants in issuing order, as a read at this instant shows them."""
        return list(self.account(customer_id, type_code).grants.values())

    def has_customer(self, state: CustomerState, customer_id: str = "anna") -> "Ledger":
        """The same ledger, in which somebody has frozen or closed the customer."""
        customer = replace(self.state.customers.get(customer_id) or Customer(customer_id, self.now), state=state)
        self.state = replace(self.state, customers={**self.state.customers, customer_id: customer})
        return self


def points(code: str = "POINTS", scale: int = 0, **members: object) -> DefineEntitlementType:
    """A type of points."""
    given = {"name": "Points", "category": EntitlementCategory.POINTS, "unit": "points", **members}
    return DefineEntitlementType(idempotency_key="define", code=code, scale=scale, **given)


def revise(code: str = "POINTS", **members: object) -> ReviseEntitlementType:
    """A change of a type."""
    return ReviseEntitlementType(**{"idempotency_key": "revise", "code": code, **members})


def issue(amount: str | int = "10", customer_id: str = "anna", type_code: str = "POINTS", **members: object) -> Issue:
    """An issue to Anna; instants as text."""
    given = {"idempotency_key": "issue", "customer_id": customer_id, "type_code": type_code, **_instants(members)}
    return Issue(amount=amount, **given)


def consume(amount: str | int, customer_id: str = "anna", type_code: str = "POINTS", **members: object) -> Consume:
    """A consume of Anna's; instants as text."""
    given = {"idempotency_key": "consume", "customer_id": customer_id, "type_code": type_code, **_instants(members)}
    return Consume(amount=amount, **given)


def register(customer_id: str = "anna", **members: object) -> RegisterCustomer:
    """Anna's registration."""
    return RegisterCustomer(idempotency_key="register", customer_id=customer_id, **members)


def instant(text: str) -> datetime:
    """The instant that `text` writes, in UTC unless it has an offset; a day alone is its first instant."""
    read = datetime.fromisoformat(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def told(events: list[Event]) -> list[str]:
    """The events as `KIND delta =balance`, in smallest steps."""
    return [
        str(event.kind) if event.delta is None else f"{event.kind} {event.delta:+} ={event.balance_after}"
        for event in events
    ]


def codes(rejections: tuple[SimpleRejection, ...]) -> list[str]:
    """The refusals' codes."""
    return [str(rejection.code) for rejection in rejections]


def fields(rejections: tuple[SimpleRejection, ...]) -> list[str]:
    """The refused members, as dotted paths."""
    return [".".join(rejection.field) for rejection in rejections]


def _instants(members: dict[str, object]) -> dict[str, object]:
    return {
        name: instant(value) if name.endswith("_at") and isinstance(value, str) else value
        for name, value in members.items()
    }

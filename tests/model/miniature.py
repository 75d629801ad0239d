"""The writer in miniature: shape, receipt, decide, evolve, one command at a time.

What belongs here: driving the domain as the real writer does, and asserting what must hold after every event. What does
not: what the answers should be (`reference`).
"""

from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from app.domain.account import Account, AccountKey, Funding
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
from app.domain.due import due, settled
from app.domain.entitlement_type import EntitlementCategory
from app.domain.events import Event, Stamp
from app.domain.fingerprint import Canonical, fingerprint
from app.domain.ids import grant_id
from app.domain.rejections import InsufficientBalance
from app.domain.shape import shaped
from app.domain.state import State, evolve

Answer = dict[str, Any]
CONTEXT = Context(Actor(ActorKind.API_KEY, "machine"))


class Miniature:
    """A ledger in memory that answers like the reference model: in fractions, with grants by number."""

    def __init__(self) -> None:
        self.state = State()
        self.events: list[Event] = []
        self.numbers: dict[str, int] = {}
        self._commands = 0
        self._receipts: dict[str, tuple[Canonical, Answer]] = {}

    def define(self, code: str, scale: int, now: datetime, **members: Any) -> None:
        """Define a type before anything else happens."""
        definition = DefineEntitlementType(
            idempotency_key=code,
            code=code,
            scale=scale,
            name=code,
            unit="units",
            category=EntitlementCategory.POINTS,
            **members,
        )
        assert "events" in self._decided(definition, now)

    def submit(self, request: dict[str, Any], now: datetime) -> Answer:
        """What the domain answers to the request."""
        command = shaped(command_of(request))
        if isinstance(command, tuple):
            return {"refused": _only({problem.code.value for problem in command})}
        canonical = fingerprint(command)
        if command.idempotency_key in self._receipts:
            first, answer = self._receipts[command.idempotency_key]
            return {**answer, "replayed": True} if first == canonical else {"refused": "IDEMPOTENCY_CONFLICT"}
        answer = self._decided(command, now)
        if "refused" not in answer:
            self._receipts[command.idempotency_key] = (canonical, answer)
        return answer

    def account(self, customer_id: str, type_code: str, now: datetime) -> Account:
        """The account as a read at `now` shows it."""
        return settled(self.state.account(customer_id, type_code), now)

    def units(self, steps: int, type_code: str) -> Fraction:
        """Smallest steps as a fraction of whole units."""
        return Fraction(steps, 10 ** self.state.types[type_code].scale)

    def _decided(self, command: SingleCommand, now: datetime) -> Answer:
        self._commands += 1
        stamp = Stamp("main", f"c{self._commands}", CONTEXT.actor, now, command.idempotency_key)
        outcome = execute(self.state, command, CONTEXT, stamp)
        if not isinstance(outcome, Accepted):
            return self._refusal(outcome, command)
        self._follow(outcome, now)
        self.state = outcome.state
        self.events += outcome.events
        return {"events": [self._shown(event) for event in outcome.events], "replayed": False}

    def _follow(self, outcome: Accepted, now: datetime) -> None:
        """Fold the events one by one: every figure adds up after each, and what was due is what a read had foreseen."""
        state = self.state
        for event in outcome.events:
            assert event.position == state.position + 1
            key = _key(event)
            before = key and state.account(*key)
            if event is outcome.named and before:
                foreseen = settled(self.state.account(*key), now)
                assert replace(before, position=foreseen.position) == foreseen
            state = evolve(state, event)
            if before:
                self._check(before, state.account(*key), event)
        assert state == replace(outcome.state, profiles=state.profiles)
        key = _key(outcome.named)
        assert key is None or not due(outcome.state.account(*key), now)

    @staticmethod
    def _check(before: Account, after: Account, event: Event) -> None:
        assert after.balances()
        assert after.version == before.version + 1
        assert event.balance_after == after.available == before.available + (event.delta or 0)
        assert event.amount == sum(allocation.amount for allocation in event.allocations)

    def _shown(self, event: Event) -> dict[str, Any]:
        if event.type_code is None or event.customer_id is None:
            return {"kind": event.kind.value}
        if event.kind == "ISSUED":
            self.numbers[grant_id(event.event_id)] = len(self.numbers)
        return {
            "kind": event.kind.value,
            "delta": self.units(event.delta or 0, event.type_code),
            "balance": self.units(event.balance_after or 0, event.type_code),
            "effective": event.effective_at,
            "allocations": [
                (self.numbers[allocation.grant_id], self.units(allocation.amount, event.type_code))
                for allocation in event.allocations
            ],
        }

    def _refusal(self, rejections: tuple[Any, ...], command: SingleCommand) -> Answer:
        code = _only({rejection.code.value for rejection in rejections})
        rejection = rejections[0]
        if not isinstance(rejection, InsufficientBalance) or not isinstance(command, Consume):
            return {"refused": code}
        figures = ("available", "missing", "unusable", "pending")
        return {
            "refused": code,
            **{figure: self.units(getattr(rejection, figure), command.type_code) for figure in figures},
            "next_activation": rejection.next_activation_at,
        }


def command_of(request: dict[str, Any]) -> SingleCommand:
    """The request in the domain's words."""
    key = request["key"]
    match request["operation"]:
        case "register":
            return RegisterCustomer(idempotency_key=key, customer_id=request["customer"])
        case "cap":
            cap = request["cap"] if request["cap"] is None else str(request["cap"])
            return ReviseEntitlementType(idempotency_key=key, code=request["type"], max_balance=cap)
        case "consume":
            return Consume(
                idempotency_key=key,
                customer_id=request["customer"],
                type_code=request["type"],
                amount=request["amount"],
                effective_at=request["effective"],
                tags=request["tags"],
            )
        case _:
            return Issue(
                idempotency_key=key,
                customer_id=request["customer"],
                type_code=request["type"],
                amount=request["amount"],
                effective_at=request["effective"],
                expires_at=request["expires"],
                priority=request["priority"],
                funding=Funding.PAID if request["paid"] else Funding.PROMOTIONAL,
                cost_basis=request["cost"],
                restricted_to=request["tags"],
            )


def _key(event: Event) -> AccountKey | None:
    if event.customer_id is None or event.type_code is None:
        return None
    return event.customer_id, event.type_code


def _only(codes: set[str]) -> str:
    (code,) = codes
    return code

"""Events to leaf bytes and rows, and back (L13.2, L13.3, L13.8).

What belongs here: the canonical bytes, the commitments, the columns derived from a leaf. What does not: statements
(`events`), the tree (`domain.merkle`).

A leaf is RFC 8785 JSON in a restricted profile (ASCII keys, NFC strings, integers below 2^53, no floats), in which
orjson's sorted output is canonical. Amounts are decimal strings of smallest steps; members that are null are left out.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, assert_never

import orjson

from app.domain.account import Allocation, Funding
from app.domain.amounts import RawAmount
from app.domain.commands import Actor, ActorKind
from app.domain.entitlement_type import (
    ClawbackPolicy,
    EntitlementCategory,
    EntitlementType,
    ExpiredReversalPolicy,
)
from app.domain.events import (
    Activated,
    BatchPlace,
    Consumed,
    CustomerRegistered,
    CustomerUpdated,
    Event,
    EventKind,
    Expired,
    Fact,
    Issued,
    Stamp,
    TypeDefined,
    TypeRevised,
)
from app.domain.validity import CalendarEnd, Validity

SCHEMA_VERSION = 1

Members = dict[str, Any]


@dataclass(frozen=True, slots=True)
class VaultEntry:
    """What an event's leaf only commits to: the request's hash, notes, and the 32-byte key of the commitments."""

    key: bytes
    request_hash: bytes
    note: str | None = None
    customer_note: str | None = None

    def commitments(self) -> dict[str, str]:
        """HMAC-SHA-256 of each text under the key, its name and a zero byte before it, in hexadecimal."""
        given = {"request": self.request_hash}
        if self.note is not None:
            given["note"] = self.note.encode()
        if self.customer_note is not None:
            given["customerNote"] = self.customer_note.encode()
        return {
            name: hmac.digest(self.key, name.encode() + b"\0" + content, "sha256").hex()
            for name, content in given.items()
        }


def canonical(value: object) -> bytes:
    """Canonical JSON of plain values in the leaf's profile."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def request_hash(fingerprint: Mapping[str, object]) -> bytes:
    """SHA-256 of a request's canonical members (L7.3)."""
    return sha256(canonical(fingerprint)).digest()


def to_leaf(event: Event, entry: VaultEntry | None) -> bytes:
    """The event's canonical bytes."""
    stamp = event.stamp
    actor = stamp.actor
    members: Members = {
        "schema": SCHEMA_VERSION,
        "ledger": stamp.ledger,
        "position": event.position,
        "id": event.event_id,
        "kind": event.kind.value,
        "commandId": stamp.command_id,
        "customerId": event.customer_id,
        "typeCode": event.type_code,
        "effectiveAt": to_text(event.effective_at),
        "recordedAt": to_text(event.recorded_at),
        "actor": _present({"kind": actor.kind.value, "id": actor.id, "onBehalfOf": actor.on_behalf_of}),
        "reason": stamp.reason,
        "correlationId": stamp.correlation_id,
        "causationId": stamp.causation_id,
        "idempotencyKey": stamp.idempotency_key,
        "metadata": event.metadata,
        **_fact_members(event.fact),
    }
    if event.amount is not None:
        members["amount"] = str(event.amount)
        members["delta"] = str(event.delta)
        members["balanceAfter"] = str(event.balance_after)
        members["allocations"] = [
            {"grantId": allocation.grant_id, "amount": str(allocation.amount)} for allocation in event.allocations
        ]
    if stamp.batch is not None:
        members["batch"] = {"key": stamp.batch.key, "index": stamp.batch.index, "size": stamp.batch.size}
    if entry is not None:
        members["commitments"] = entry.commitments()
    return canonical(_present(members))


def from_leaf(leaf: bytes) -> Event:
    """The event that the bytes say, whatever version wrote them; raises KeyError or ValueError for bytes that say
    none.
    """
    members = _upcast(orjson.loads(leaf))
    actor = members["actor"]
    batch = members.get("batch")
    stamp = Stamp(
        ledger=members["ledger"],
        command_id=members["commandId"],
        actor=Actor(ActorKind(actor["kind"]), actor["id"], None, actor.get("onBehalfOf")),
        recorded_at=from_text(members["recordedAt"]),
        idempotency_key=members.get("idempotencyKey"),
        reason=members.get("reason"),
        correlation_id=members.get("correlationId"),
        causation_id=members.get("causationId"),
        batch=None if batch is None else BatchPlace(batch["key"], batch["index"], batch["size"]),
    )
    allocations = tuple(
        Allocation(allocation["grantId"], int(allocation["amount"])) for allocation in members.get("allocations", ())
    )
    return Event(
        event_id=members["id"],
        position=members["position"],
        stamp=stamp,
        fact=_fact(EventKind(members["kind"]), members, allocations),
        customer_id=members.get("customerId"),
        type_code=members.get("typeCode"),
        effective_at=from_text(members["effectiveAt"]),
        metadata=members["metadata"],
        amount=_steps(members.get("amount")),
        delta=_steps(members.get("delta")),
        balance_after=_steps(members.get("balanceAfter")),
        allocations=allocations,
    )


def to_row(event: Event, leaf: bytes, leaf_hash: bytes) -> Members:
    """The event's columns, all derived from the leaf."""
    return {
        "ledger": event.stamp.ledger,
        "position": event.position,
        "event_id": event.event_id,
        "kind": event.kind.value,
        "customer_id": event.customer_id,
        "type_code": event.type_code,
        "amount": event.amount,
        "delta": event.delta,
        "balance_after": event.balance_after,
        "effective_at": event.effective_at,
        "recorded_at": event.recorded_at,
        "actor_id": event.stamp.actor.id,
        "reason": event.stamp.reason,
        "correlation_id": event.stamp.correlation_id,
        "leaf": leaf,
        "leaf_hash": leaf_hash,
    }


def to_definition(definition: EntitlementType) -> Members:
    """A type's members as its events and its row carry them."""
    return _present(
        {
            "code": definition.code,
            "name": definition.name,
            "category": definition.category.value,
            "unit": definition.unit,
            "scale": definition.scale,
            "timeZone": definition.time_zone,
            "defaultValidity": _validity_members(definition.default_validity),
            "maxBalance": None if definition.max_balance is None else str(definition.max_balance),
            "debtLimit": str(definition.debt_limit),
            "maxBackdate": definition.max_backdate,
            "onExpiredReversal": definition.on_expired_reversal.value,
            "reversalGrace": definition.reversal_grace,
            "clawback": definition.clawback.value,
            "holdTtlDefault": definition.hold_ttl_default,
            "holdTtlMax": definition.hold_ttl_max,
            "metadata": definition.metadata,
            "createdAt": to_text(definition.created_at),
        }
    )


def from_definition(members: Members) -> EntitlementType:
    """The type that the members say."""
    validity = members.get("defaultValidity")
    until = validity and validity.get("until")
    return EntitlementType(
        code=members["code"],
        name=members["name"],
        category=EntitlementCategory(members["category"]),
        unit=members["unit"],
        scale=members["scale"],
        created_at=from_text(members["createdAt"]),
        time_zone=members["timeZone"],
        default_validity=validity and Validity(validity.get("duration"), until and CalendarEnd(until)),
        max_balance=_steps(members.get("maxBalance")),
        debt_limit=int(members["debtLimit"]),
        max_backdate=members.get("maxBackdate"),
        on_expired_reversal=ExpiredReversalPolicy(members["onExpiredReversal"]),
        reversal_grace=members["reversalGrace"],
        clawback=ClawbackPolicy(members["clawback"]),
        hold_ttl_default=members["holdTtlDefault"],
        hold_ttl_max=members["holdTtlMax"],
        metadata=members["metadata"],
    )


def to_text(instant: datetime) -> str:
    """RFC 3339 in UTC with microseconds."""
    return instant.isoformat(timespec="microseconds")[:-6] + "Z"


def from_text(text: str) -> datetime:
    """The instant that `to_text` wrote."""
    return datetime.fromisoformat(text)


def _fact_members(fact: Fact) -> Members:
    match fact:
        case Issued():
            return {
                "grant": _present(
                    {
                        "expiresAt": None if fact.expires_at is None else to_text(fact.expires_at),
                        "priority": fact.priority,
                        "funding": fact.funding.value,
                        "costBasis": fact.cost_basis,
                        "restrictedTo": list(fact.restricted_to),
                    }
                )
            }
        case TypeDefined(definition=definition) | TypeRevised(definition=definition):
            return {"definition": to_definition(definition)}
        case Activated() | Consumed() | Expired() | CustomerRegistered() | CustomerUpdated():
            return {}
        case _ as never:
            assert_never(never)


def _fact(kind: EventKind, members: Members, allocations: tuple[Allocation, ...]) -> Fact:
    match kind:
        case EventKind.ISSUED:
            return _issued(members)
        case EventKind.ACTIVATED:
            return Activated(allocations[0].grant_id, allocations[0].amount)
        case EventKind.CONSUMED:
            return Consumed(allocations)
        case EventKind.EXPIRED:
            return Expired(allocations[0].grant_id, allocations[0].amount)
        case EventKind.CUSTOMER_REGISTERED:
            return CustomerRegistered()
        case EventKind.CUSTOMER_UPDATED:
            return CustomerUpdated()
        case EventKind.TYPE_DEFINED:
            return TypeDefined(from_definition(members["definition"]))
        case EventKind.TYPE_REVISED:
            return TypeRevised(from_definition(members["definition"]))
        case _ as never:
            assert_never(never)


def _issued(members: Members) -> Issued:
    terms = members["grant"]
    expires_at = terms.get("expiresAt")
    return Issued(
        amount=int(members["amount"]),
        expires_at=None if expires_at is None else from_text(expires_at),
        priority=terms["priority"],
        funding=Funding(terms["funding"]),
        cost_basis=terms.get("costBasis"),
        restricted_to=tuple(terms["restrictedTo"]),
    )


def _validity_members(validity: Validity | None) -> Members | None:
    if validity is None:
        return None
    return _present({"duration": validity.duration, "until": validity.until and validity.until.value})


def _upcast(members: Members) -> Members:
    """Bring an older leaf's members to what `SCHEMA_VERSION` says; there is one version so far."""
    if members["schema"] != SCHEMA_VERSION:
        raise ValueError(f"leaf schema {members['schema']} is not known to this version")
    return members


def _present(members: Members) -> Members:
    return {name: value for name, value in members.items() if value is not None}


def _steps(text: RawAmount | None) -> int | None:
    return None if text is None else int(text)

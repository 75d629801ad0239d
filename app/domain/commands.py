"""Commands: what callers ask of the ledger, as they wrote it.

What belongs here: one value class a command, named in the imperative. What does not: judging them (`shape`, `decide`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import Final, Literal

from app.domain.account import Funding
from app.domain.amounts import RawAmount
from app.domain.entitlement_type import ClawbackPolicy, EntitlementCategory, ExpiredReversalPolicy, Metadata
from app.domain.validity import Validity


class Unset(Enum):
    """Marks a member that the caller left out, where an explicit null would mean something else."""

    UNSET = "UNSET"


UNSET: Final = Unset.UNSET
Absent = Literal[Unset.UNSET]


class ActorKind(StrEnum):
    """What kind of actor acts."""

    API_KEY = "API_KEY"
    USER = "USER"
    CUSTOMER = "CUSTOMER"
    RULE = "RULE"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts; the display name stays out of leaves."""

    kind: ActorKind
    id: str
    name: str | None = None
    on_behalf_of: str | None = None


THE_LEDGER: Final = Actor(ActorKind.SYSTEM, "ledger", "The ledger")


@dataclass(frozen=True, slots=True)
class Context:
    """Who sends a command, into which ledger, and what they may do; `source` is the namespace of idempotency keys."""

    actor: Actor
    ledger: str = "main"
    source: str = "api"
    may_backdate: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What every command carries: its key, why, and what it belongs to."""

    idempotency_key: str
    reason: str | None = None
    note: str | None = None
    customer_note: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(Command):
    """Give a customer an amount of an entitlement type, as one grant."""

    customer_id: str
    type_code: str
    amount: RawAmount
    effective_at: datetime | None = None
    expires_at: datetime | None = None
    validity: Validity | None = None
    priority: int = 50
    funding: Funding = Funding.PROMOTIONAL
    cost_basis: str | None = None
    restricted_to: tuple[str, ...] = ()
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consume(Command):
    """Take an amount in one step, from the grants that burn first."""

    customer_id: str
    type_code: str
    amount: RawAmount
    effective_at: datetime | None = None
    tags: tuple[str, ...] = ()
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineEntitlementType(Command):
    """Define what may be held."""

    code: str
    name: str
    category: EntitlementCategory
    unit: str
    scale: int
    time_zone: str = "UTC"
    default_validity: Validity | None = None
    max_balance: RawAmount | None = None
    debt_limit: RawAmount = "0"
    max_backdate: str | None = None
    on_expired_reversal: ExpiredReversalPolicy = ExpiredReversalPolicy.EXPIRE
    reversal_grace: str = "P30D"
    clawback: ClawbackPolicy = ClawbackPolicy.UNUSED_ONLY
    hold_ttl_default: str = "PT15M"
    hold_ttl_max: str = "P7D"
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviseEntitlementType(Command):
    """Change a type's members: those left out stay, null unsets where a member may be null."""

    code: str
    name: str | Absent = UNSET
    unit: str | Absent = UNSET
    time_zone: str | Absent = UNSET
    default_validity: Validity | Absent | None = UNSET
    max_balance: RawAmount | Absent | None = UNSET
    debt_limit: RawAmount | Absent = UNSET
    max_backdate: str | Absent | None = UNSET
    on_expired_reversal: ExpiredReversalPolicy | Absent = UNSET
    reversal_grace: str | Absent = UNSET
    clawback: ClawbackPolicy | Absent = UNSET
    hold_ttl_default: str | Absent = UNSET
    hold_ttl_max: str | Absent = UNSET
    metadata: Metadata | Absent = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterCustomer(Command):
    """Make a customer known before anything is issued to them."""

    customer_id: str
    name: str | None = None
    email: str | None = None
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateCustomer(Command):
    """Change a customer's name, e-mail or metadata: what is left out stays, null unsets."""

    customer_id: str
    name: str | Absent | None = UNSET
    email: str | Absent | None = UNSET
    metadata: Metadata | Absent = UNSET


Operation = Issue | Consume
SingleCommand = Operation | DefineEntitlementType | ReviseEntitlementType | RegisterCustomer | UpdateCustomer


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """1..1,000 ledger operations, all or nothing (L12.1)."""

    idempotency_key: str
    operations: tuple[Operation, ...]


AnyCommand = SingleCommand | Batch

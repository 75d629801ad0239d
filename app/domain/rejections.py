"""The closed set of reasons for which the ledger says no, in order of precedence (L12.4).

What belongs here: what a refusal tells the caller. What does not: when it is given (`shape`, `decide`), how it is
spoken outside (`edges.outcomes`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

FieldPath = tuple[str, ...]


class RejectionCode(StrEnum):
    """Every code a refusal can have; earlier ones win over later ones."""

    OVERLOADED = "OVERLOADED"
    UNAVAILABLE = "UNAVAILABLE"
    INVALID_INPUT = "INVALID_INPUT"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    UNKNOWN_CUSTOMER = "UNKNOWN_CUSTOMER"
    UNKNOWN_GRANT = "UNKNOWN_GRANT"
    UNKNOWN_HOLD = "UNKNOWN_HOLD"
    UNKNOWN_EVENT = "UNKNOWN_EVENT"
    UNKNOWN_RULE = "UNKNOWN_RULE"
    BACKDATE_NOT_ALLOWED = "BACKDATE_NOT_ALLOWED"
    CUSTOMER_CLOSED = "CUSTOMER_CLOSED"
    CUSTOMER_FROZEN = "CUSTOMER_FROZEN"
    VERSION_MISMATCH = "VERSION_MISMATCH"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    HOLD_ENDED = "HOLD_ENDED"
    GRANT_REVOKED = "GRANT_REVOKED"
    GRANT_EXPIRED = "GRANT_EXPIRED"
    NOT_REVERSIBLE = "NOT_REVERSIBLE"
    REVERSAL_EXCEEDS_ORIGINAL = "REVERSAL_EXCEEDS_ORIGINAL"
    CAPTURE_EXCEEDS_HOLD = "CAPTURE_EXCEEDS_HOLD"
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    DEBT_LIMIT_EXCEEDED = "DEBT_LIMIT_EXCEEDED"
    BALANCE_CAP_EXCEEDED = "BALANCE_CAP_EXCEEDED"
    CAP_REACHED = "CAP_REACHED"
    CUSTOMER_NOT_EMPTY = "CUSTOMER_NOT_EMPTY"
    NOT_ALLOWED = "NOT_ALLOWED"
    BATCH_REFUSED = "BATCH_REFUSED"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"


@dataclass(frozen=True, slots=True)
class InvalidInput:
    """A member that cannot be accepted as it is written."""

    message: str
    field: FieldPath
    code: RejectionCode = RejectionCode.INVALID_INPUT


@dataclass(frozen=True, slots=True)
class NotFound:
    """Something named in the input does not exist: UNKNOWN_TYPE, UNKNOWN_CUSTOMER ..."""

    code: RejectionCode
    message: str
    field: FieldPath


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """The state of things forbids it: BACKDATE_NOT_ALLOWED, CUSTOMER_CLOSED, CUSTOMER_FROZEN, ALREADY_EXISTS ..."""

    code: RejectionCode
    message: str
    field: FieldPath


@dataclass(frozen=True, slots=True)
class InsufficientBalance:
    """Not enough that this request could use; figures in smallest steps of `scale` (L4.5)."""

    message: str
    field: FieldPath
    scale: int
    available: int
    missing: int
    unusable: int
    held: int
    pending: int
    next_activation_at: datetime | None
    code: RejectionCode = RejectionCode.INSUFFICIENT_BALANCE


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A limit would be passed: BALANCE_CAP_EXCEEDED; `limit` and what is left of it in smallest steps of `scale`."""

    code: RejectionCode
    message: str
    field: FieldPath
    scale: int
    limit: int
    remaining: int


@dataclass(frozen=True, slots=True)
class IdempotencyConflict:
    """The key was used for another request, which wrote `first_event_id`."""

    message: str
    first_event_id: str
    field: FieldPath = ("idempotencyKey",)
    code: RejectionCode = RejectionCode.IDEMPOTENCY_CONFLICT


@dataclass(frozen=True, slots=True)
class Overloaded:
    """Too much is waiting, or the database kept refusing for contention: nothing was written; try again."""

    message: str
    retry_after_ms: int
    field: FieldPath = ()
    code: RejectionCode = RejectionCode.OVERLOADED


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The ledger cannot write now: nothing was written; try again later."""

    message: str
    field: FieldPath = ()
    code: RejectionCode = RejectionCode.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """The connection broke around the commit: it may have been written. Sending the same key again finds out."""

    message: str
    field: FieldPath = ()
    code: RejectionCode = RejectionCode.OUTCOME_UNKNOWN


SimpleRejection = (
    InvalidInput
    | NotFound
    | NotAllowed
    | InsufficientBalance
    | LimitReached
    | IdempotencyConflict
    | Overloaded
    | Unavailable
    | OutcomeUnknown
)


@dataclass(frozen=True, slots=True)
class BatchRefused:
    """The operation number `index` was refused for `cause`, and with it the whole batch (L12.1)."""

    message: str
    field: FieldPath
    index: int
    cause: SimpleRejection
    code: RejectionCode = RejectionCode.BATCH_REFUSED


Rejection = SimpleRejection | BatchRefused

RETRYABLE = frozenset({RejectionCode.OVERLOADED, RejectionCode.UNAVAILABLE, RejectionCode.OUTCOME_UNKNOWN})


def invalid(message: str, *field: str) -> InvalidInput:
    """A refusal of one member, named by its path in the input."""
    return InvalidInput(message, field)

"""How refusals are spoken outside: the one table that every protocol reads.

What belongs here: code, words, field path, whether trying again helps, figures as decimal strings. What does not: when
the ledger refuses (`domain`), one protocol's own types (`graphql`).
"""

from typing import assert_never

from app.domain.amounts import to_text
from app.domain.rejections import (
    RETRYABLE,
    BatchRefused,
    IdempotencyConflict,
    InsufficientBalance,
    InvalidInput,
    LimitReached,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    Overloaded,
    Rejection,
    Unavailable,
)

Members = dict[str, object]


def common(rejection: Rejection) -> Members:
    """What every refusal says: `code`, `message`, `field` (a path in the input), `retryable` (with the same key)."""
    return {
        "code": rejection.code,
        "message": rejection.message,
        "field": list(rejection.field),
        "retryable": rejection.code in RETRYABLE,
    }


def details(rejection: Rejection) -> Members:
    """What this kind of refusal says besides; amounts as decimal strings of the type's scale."""
    match rejection:
        case InsufficientBalance(scale=scale):
            return {
                "available": to_text(rejection.available, scale),
                "missing": to_text(rejection.missing, scale),
                "unusable": to_text(rejection.unusable, scale),
                "held": to_text(rejection.held, scale),
                "pending": to_text(rejection.pending, scale),
                "next_activation_at": rejection.next_activation_at,
            }
        case LimitReached(scale=scale):
            return {"limit": to_text(rejection.limit, scale), "remaining": to_text(rejection.remaining, scale)}
        case IdempotencyConflict():
            return {"first_event_id": rejection.first_event_id}
        case BatchRefused():
            return {"index": rejection.index}
        case Overloaded():
            return {"retry_after_ms": rejection.retry_after_ms}
        case InvalidInput() | NotFound() | NotAllowed() | Unavailable() | OutcomeUnknown():
            return {}
        case _ as never:
            assert_never(never)

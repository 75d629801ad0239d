"""The enums of the schema: the domain's own, with what each value means to a caller.

What belongs here: names and descriptions; the edge's other modules take their enums from here, so that each is declared
before it is used. What does not: what a value does (`domain`).
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry

from app.domain.account import Funding, GrantState
from app.domain.commands import ActorKind
from app.domain.entitlement_type import ClawbackPolicy, CustomerState, EntitlementCategory, ExpiredReversalPolicy
from app.domain.events import EventKind
from app.domain.rejections import RejectionCode
from app.domain.validity import CalendarEnd
from app.services.audit.integrity import IntegrityState

__all__ = [
    "ActorKind",
    "CalendarEnd",
    "ClawbackPolicy",
    "CustomerState",
    "EntitlementCategory",
    "EventKind",
    "ExpiredReversalPolicy",
    "Funding",
    "GrantState",
    "IntegrityState",
    "Order",
    "RejectionCode",
]


class Order(Enum):
    """In which order events are listed."""

    NEWEST_FIRST = "NEWEST_FIRST"
    OLDEST_FIRST = "OLDEST_FIRST"


def declare(enum: type[Enum], description: str, values: Mapping[str, str]) -> None:
    """Make a GraphQL enum of a Python one, every value described; KeyError where a description is missing."""
    strawberry.enum(enum, description=description)
    definition: Any = vars(enum)["__strawberry_definition__"]
    for value in definition.values:
        value.description = values[value.name]


declare(
    Order,
    "In which order events are listed.",
    {
        "NEWEST_FIRST": "By position, the newest event first.",
        "OLDEST_FIRST": "By position, the oldest event first.",
    },
)
declare(
    EntitlementCategory,
    "What kind of thing an entitlement is.",
    {
        "POINTS": "Loyalty points: earned and spent.",
        "CREDITS": "Credits: paid for or given, used up by consumption.",
        "PRODUCT": "Units of a product, such as free coffees or seats.",
        "VOUCHER": "Vouchers that are redeemed.",
    },
)
declare(
    Funding,
    "Whether a grant was paid for or given away.",
    {"PAID": "The customer paid for it.", "PROMOTIONAL": "It was given away; burns before what was paid for."},
)
declare(
    CustomerState,
    "Whether a customer may move entitlements.",
    {
        "ACTIVE": "Everything is allowed.",
        "FROZEN": "Nothing can be taken; issuing goes on, and so does time.",
        "CLOSED": "Final: only reading is allowed.",
    },
)
declare(
    GrantState,
    "What a grant is at the instant of reading.",
    {
        "SCHEDULED": "Before its `effectiveAt`: counted in `pending`.",
        "ACTIVE": "Usable, something is left of it.",
        "EXHAUSTED": "Nothing is left of it.",
        "EXPIRED": "At or after its `expiresAt`.",
        "REVOKED": "Taken back whole.",
    },
)
declare(
    ExpiredReversalPolicy,
    "What happens to an amount that a reversal restores to a grant which has expired.",
    {
        "EXPIRE": "It is restored and expires at once; both are visible.",
        "GRACE": "It becomes a new grant that expires `reversalGrace` later.",
        "REISSUE": "It becomes a new grant with the type's default validity.",
    },
)
declare(
    ClawbackPolicy,
    "Where a revocation takes what was used already.",
    {
        "UNUSED_ONLY": "Nowhere: only what is unused is taken back.",
        "WITHIN_BALANCE": "From the customer's other grants, as far as they go.",
        "ALLOW_DEBT": "From other grants, and the rest becomes debt.",
    },
)
declare(
    CalendarEnd,
    "Where a validity ends on the calendar of the type's time zone.",
    {
        "END_OF_DAY": "After the local day.",
        "END_OF_MONTH": "After the local month.",
        "END_OF_YEAR": "After the local year.",
        "NEVER": "Never, whatever the type's default says.",
    },
)
declare(
    ActorKind,
    "What kind of actor acts.",
    {
        "API_KEY": "A program that holds a key.",
        "USER": "A person of the operator's.",
        "CUSTOMER": "A customer themselves.",
        "RULE": "A rule of the ledger.",
        "SYSTEM": "The ledger itself: what time alone does.",
    },
)
declare(
    EventKind,
    "What happened.",
    {
        "ISSUED": "A grant came to be.",
        "ACTIVATED": "A scheduled grant became usable.",
        "CONSUMED": "An amount was taken.",
        "EXPIRED": "What was left of a grant died.",
        "CUSTOMER_REGISTERED": "A customer was made known.",
        "CUSTOMER_UPDATED": "A customer's metadata or personal data changed.",
        "TYPE_DEFINED": "An entitlement type came to be.",
        "TYPE_REVISED": "An entitlement type changed.",
    },
)
declare(
    RejectionCode,
    "Why the ledger said no.",
    {
        "OVERLOADED": "Too much is waiting; nothing was written. Send the same key again after `retryAfterMs`.",
        "UNAVAILABLE": "The ledger cannot write now; nothing was written. Send the same key again later.",
        "INVALID_INPUT": "A member of the input cannot be accepted; `field` says which.",
        "IDEMPOTENCY_CONFLICT": "The key was used for another request.",
        "UNKNOWN_TYPE": "There is no such entitlement type.",
        "UNKNOWN_CUSTOMER": "There is no such customer.",
        "UNKNOWN_GRANT": "There is no such grant.",
        "UNKNOWN_HOLD": "There is no such hold.",
        "UNKNOWN_EVENT": "There is no such event.",
        "UNKNOWN_RULE": "There is no such rule.",
        "BACKDATE_NOT_ALLOWED": "Back-dating is not allowed, or not that far.",
        "CUSTOMER_CLOSED": "The customer is closed.",
        "CUSTOMER_FROZEN": "The customer is frozen.",
        "VERSION_MISMATCH": "The account has changed since the version that was expected.",
        "ALREADY_EXISTS": "What was to be made exists already.",
        "HOLD_ENDED": "The hold has ended.",
        "GRANT_REVOKED": "The grant was revoked.",
        "GRANT_EXPIRED": "The grant has expired.",
        "NOT_REVERSIBLE": "Events of this kind cannot be reversed.",
        "REVERSAL_EXCEEDS_ORIGINAL": "More would be reversed than is left of the original.",
        "CAPTURE_EXCEEDS_HOLD": "More would be captured than is left of the hold.",
        "INSUFFICIENT_BALANCE": "Not enough that this request could use.",
        "DEBT_LIMIT_EXCEEDED": "The debt would exceed its limit.",
        "BALANCE_CAP_EXCEEDED": "The balance would exceed its cap, or a figure 64 bits.",
        "CAP_REACHED": "A cap on what may be issued is used up.",
        "CUSTOMER_NOT_EMPTY": "The customer still has open holds or debt.",
        "NOT_ALLOWED": "The state of things forbids it.",
        "BATCH_REFUSED": "One operation was refused, and with it the whole batch.",
        "OUTCOME_UNKNOWN": "The connection broke around the commit. Sending the same key again finds out.",
    },
)
declare(
    IntegrityState,
    "What is known of the ledger's integrity.",
    {
        "VERIFIED": "Every event up to `verifiedTo` is what it was, and the figures are what the events say.",
        "UNVERIFIED": "Not everything has been looked at yet.",
        "BROKEN": "Something differs; `detail` says what.",
    },
)

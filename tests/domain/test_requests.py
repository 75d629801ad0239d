"""L7.3: which requests are the same request.

What belongs here: spellings that hash alike and members that tell requests apart. What does not: receipts (`services`).
"""

from dataclasses import fields, replace
from datetime import timedelta, timezone
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.account import Funding
from app.domain.amounts import to_text
from app.domain.commands import Batch, SingleCommand, UpdateCustomer
from app.domain.entitlement_type import ClawbackPolicy, EntitlementCategory
from app.domain.fingerprint import HASH_SCHEME, batch_fingerprint, fingerprint
from app.domain.shape import shaped
from app.domain.validity import CalendarEnd, Validity
from tests.domain.scenario import consume, instant, issue, points, register, revise

NOON = instant("2026-03-01T12:00")
EAST = timezone(timedelta(hours=5, minutes=30))
FULL_ISSUE = issue(
    "12.5",
    reason="purchase",
    note="for them",
    customer_note="thanks",
    effective_at=NOON,
    expires_at="2026-04-01",
    validity=Validity("P1D", CalendarEnd.END_OF_DAY),
    priority=7,
    funding=Funding.PAID,
    cost_basis="0.1",
    restricted_to=("books", "games"),
    metadata={"order": 7},
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (issue("12.5"), issue("12.50")),
        (issue("12"), issue(12)),
        (issue("12"), issue("12.000")),
        (issue("0.1"), issue("0.10")),
        (issue(100), issue("100")),
        (issue(), issue(priority=50, funding=Funding.PROMOTIONAL, restricted_to=(), metadata={}, expires_at=None)),
        (issue(effective_at=NOON), issue(effective_at=NOON.astimezone(EAST))),
        (issue(reason="Jose\u0301"), issue(reason="Jos\u00e9")),
        (issue(metadata={"a": "e\u0301", "b": 1}), issue(metadata={"b": 1, "a": "\u00e9"})),
        (issue(idempotency_key="one"), issue(idempotency_key="other")),
        (issue(correlation_id="one", causation_id="two"), issue()),
        (consume("1"), consume("1.0", tags=(), effective_at=None, metadata={})),
        (points(), points(time_zone="UTC", debt_limit="0", hold_ttl_default="PT15M", hold_ttl_max="P7D")),
        (points(), points(debt_limit=0)),
        (points(), points(debt_limit="0.00")),
        (points(), points(clawback=ClawbackPolicy.UNUSED_ONLY, max_balance=None, default_validity=None)),
        (points(max_balance="5"), points(max_balance=5)),
        (revise(max_balance="5.0"), revise(max_balance=5)),
        (register(), register(name=None, email=None, metadata={})),
    ],
)
def test_L7_3_one_request_in_two_spellings(one, other):
    assert fingerprint(shaped(one)) == fingerprint(shaped(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (issue("1"), issue("10")),
        (issue("1"), issue("0.1")),
        (issue("1"), consume("1")),
        (issue(effective_at=NOON), issue()),
        (issue(effective_at=NOON), issue(effective_at=NOON + timedelta(microseconds=1))),
        (issue(expires_at=NOON), issue(effective_at=NOON)),
        (issue(restricted_to=("a", "b")), issue(restricted_to=("a,b",))),
        (issue(metadata={"a": None}), issue()),
        (issue(metadata={"a": "1"}), issue(metadata={"a": 1})),
        (issue(validity=Validity("P1D")), issue(validity=Validity("P1D", CalendarEnd.END_OF_DAY))),
        (issue(validity=Validity("P7D")), issue(validity=Validity("P1W"))),
        (revise(), revise(max_balance=None)),
        (revise(), revise(max_balance="0")),
        (revise(), revise(default_validity=None)),
        (revise(), revise(max_backdate=None)),
        (revise(), revise(metadata={})),
        (revise(), revise(debt_limit="0")),
        (revise(), revise(name="UNSET")),
        (revise(), revise(unit="UNSET")),
        (register(), UpdateCustomer(idempotency_key="update", customer_id="anna")),
        (
            UpdateCustomer(idempotency_key="update", customer_id="anna", name=None),
            UpdateCustomer(idempotency_key="update", customer_id="anna"),
        ),
        (
            UpdateCustomer(idempotency_key="update", customer_id="anna", email=None),
            UpdateCustomer(idempotency_key="update", customer_id="anna", name=None),
        ),
    ],
)
def test_L7_3_two_requests(one, other):
    assert fingerprint(shaped(one)) != fingerprint(shaped(other))


def test_L7_3_a_request_in_plain_values():
    assert fingerprint(FULL_ISSUE) == {
        "operation": "issue",
        "reason": "purchase",
        "note": "for them",
        "customer_note": "thanks",
        "customer_id": "anna",
        "type_code": "POINTS",
        "amount": "12.5",
        "effective_at": "2026-03-01T12:00:00.000000+00:00",
        "expires_at": "2026-04-01T00:00:00.000000+00:00",
        "validity": {"duration": "P1D", "until": "END_OF_DAY"},
        "priority": 7,
        "funding": "PAID",
        "cost_basis": "0.1",
        "restricted_to": ["books", "games"],
        "metadata": {"order": 7},
    }
    assert fingerprint(consume(5)) == {
        "operation": "consume",
        "customer_id": "anna",
        "type_code": "POINTS",
        "amount": "5",
    }
    assert fingerprint(revise(default_validity=None)) == {
        "operation": "reviseEntitlementType",
        "code": "POINTS",
        "default_validity": None,
    }
    assert HASH_SCHEME == 1


def test_L7_3_a_batch_is_its_operations_with_their_keys_in_order():
    one, two = issue(idempotency_key="one"), consume("1", idempotency_key="two")
    batch = Batch(idempotency_key="batch", operations=(one, two))
    assert batch_fingerprint(batch) == batch_fingerprint(replace(batch, idempotency_key="again"))
    assert batch_fingerprint(batch) != batch_fingerprint(replace(batch, operations=(two, one)))
    assert batch_fingerprint(batch) != batch_fingerprint(replace(batch, operations=(one,)))
    renamed = replace(one, idempotency_key="three")
    assert batch_fingerprint(batch) != batch_fingerprint(replace(batch, operations=(renamed, two)))


LEFT_OUT = {"idempotency_key", "correlation_id", "causation_id"}
OTHERWISE = {
    "amount": "77",
    "max_balance": "77",
    "debt_limit": "77",
    "effective_at": NOON,
    "expires_at": NOON,
    "validity": Validity("P1D"),
    "default_validity": Validity("P1D"),
    "funding": Funding.PAID,
    "category": EntitlementCategory.VOUCHER,
    "clawback": ClawbackPolicy.ALLOW_DEBT,
    "priority": 7,
    "scale": 7,
    "restricted_to": ("x",),
    "tags": ("x",),
    "metadata": {"x": 1},
}
COMMANDS = [
    issue(),
    consume("1"),
    points(),
    revise(),
    register(),
    UpdateCustomer(idempotency_key="update", customer_id="anna"),
]


@pytest.mark.parametrize(
    ("command", "member"),
    [(command, member.name) for command in COMMANDS for member in fields(command)],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_L7_3_every_member_but_the_keys_tells_requests_apart(command, member):
    other = replace(command, **{member: OTHERWISE.get(member, "else")})
    assert (fingerprint(other) == fingerprint(command)) == (member in LEFT_OUT)


def test_L7_3_every_command_is_covered_here():
    assert {type(command) for command in COMMANDS} == set(get_args(SingleCommand))


@given(steps=st.integers(1, 2**63 - 1), scale=st.integers(0, 9), zeros=st.integers(0, 9))
def test_L7_3_trailing_zeros_never_tell_amounts_apart(steps, scale, zeros):
    text = to_text(steps, scale)
    longer = (text if "." in text else text + ".") + "0" * zeros
    assert fingerprint(issue(text)) == fingerprint(issue(longer.removesuffix(".")))

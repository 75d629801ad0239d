"""L12.4: exactly one rejection, the first in the order of the law, except that INVALID_INPUT lists all bad fields.

What belongs here: all that can be wrong with a command, in every combination. What does not: each refusal's details.
"""

from dataclasses import replace
from itertools import chain, combinations

import pytest

from app.domain.commands import UpdateCustomer
from app.domain.entitlement_type import CustomerState
from app.domain.rejections import RETRYABLE, RejectionCode
from tests.domain.scenario import (
    CALLER,
    WITHOUT_BACKDATING,
    Ledger,
    codes,
    consume,
    fields,
    issue,
    points,
    register,
    revise,
)

PAST = "2026-02-01"


def combined(*faults):
    """Every set of one or more of the faults."""
    return list(chain.from_iterable(combinations(faults, size) for size in range(1, len(faults) + 1)))


CONSUME_FAULTS = [
    "INVALID_INPUT:idempotencyKey",
    "UNKNOWN_TYPE:typeCode",
    "UNKNOWN_CUSTOMER:customerId",
    "INVALID_INPUT:amount",
    "BACKDATE_NOT_ALLOWED:effectiveAt",
    "CUSTOMER_CLOSED:customerId",
    "CUSTOMER_FROZEN:customerId",
    "INSUFFICIENT_BALANCE:amount",
]


@pytest.mark.parametrize("faults", combined(*CONSUME_FAULTS), ids=" ".join)
def test_L12_4_a_consume_is_refused_for_the_first_reason(faults):
    ledger = Ledger(points(), points("MILES"))
    if "INSUFFICIENT_BALANCE:amount" not in faults:
        ledger.accepts(issue("100", effective_at="2026-01-01"))
    ledger.has_customer(CustomerState.FROZEN if "CUSTOMER_FROZEN:customerId" in faults else CustomerState.ACTIVE)
    if "CUSTOMER_CLOSED:customerId" in faults:
        ledger.has_customer(CustomerState.CLOSED)
    command = consume(
        "1.5" if "INVALID_INPUT:amount" in faults else "1",
        "nobody" if "UNKNOWN_CUSTOMER:customerId" in faults else "anna",
        "NOTHING" if "UNKNOWN_TYPE:typeCode" in faults else "POINTS",
        idempotency_key="" if "INVALID_INPUT:idempotencyKey" in faults else "key",
        effective_at=PAST if "BACKDATE_NOT_ALLOWED:effectiveAt" in faults else None,
    )
    expected = min(faults, key=CONSUME_FAULTS.index)
    assert _said(ledger.refuses(command, WITHOUT_BACKDATING)) == [expected]


ISSUE_FAULTS = [
    "INVALID_INPUT:priority",
    "UNKNOWN_TYPE:typeCode",
    "INVALID_INPUT:amount",
    "BACKDATE_NOT_ALLOWED:effectiveAt",
    "CUSTOMER_CLOSED:customerId",
    "BALANCE_CAP_EXCEEDED:amount",
]


@pytest.mark.parametrize("faults", combined(*ISSUE_FAULTS), ids=" ".join)
def test_L12_4_an_issue_is_refused_for_the_first_reason(faults):
    ledger = Ledger(points(max_balance="0" if "BALANCE_CAP_EXCEEDED:amount" in faults else None))
    if "CUSTOMER_CLOSED:customerId" in faults:
        ledger.has_customer(CustomerState.CLOSED)
    command = issue(
        "1.5" if "INVALID_INPUT:amount" in faults else "1",
        type_code="NOTHING" if "UNKNOWN_TYPE:typeCode" in faults else "POINTS",
        priority=101 if "INVALID_INPUT:priority" in faults else 50,
        effective_at=PAST if "BACKDATE_NOT_ALLOWED:effectiveAt" in faults else None,
    )
    expected = min(faults, key=ISSUE_FAULTS.index)
    assert _said(ledger.refuses(command, WITHOUT_BACKDATING)) == [expected]


@pytest.mark.parametrize("state", [CustomerState.ACTIVE, CustomerState.FROZEN])
def test_L11_a_frozen_customer_may_receive(state):
    assert Ledger().has_customer(state).accepts(issue())


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (points("POINTS", debt_limit="1"), ["INVALID_INPUT:debtLimit"]),
        (points("POINTS"), ["ALREADY_EXISTS:code"]),
        (revise("MILES", debt_limit="1"), ["UNKNOWN_TYPE:code"]),
        (revise("MILES", name=""), ["INVALID_INPUT:name"]),
        (register("anna", email="x"), ["INVALID_INPUT:email"]),
        (UpdateCustomer(idempotency_key="key", customer_id="nobody"), ["UNKNOWN_CUSTOMER:customerId"]),
        (UpdateCustomer(idempotency_key="key", customer_id="nobody", email="x"), ["INVALID_INPUT:email"]),
    ],
)
def test_L12_4_types_and_customers_are_refused_for_the_first_reason(command, said):
    ledger = Ledger()
    ledger.accepts(register("anna"))
    assert _said(ledger.refuses(command)) == said


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (
            issue("0", "", "points", priority=101, cost_basis="x", restricted_to=("",), note="\0"),
            ["note", "customerId", "typeCode", "amount", "priority", "costBasis", "restrictedTo.0"],
        ),
        (
            consume("-1", "", "?", idempotency_key="", tags=("a", "\n")),
            ["idempotencyKey", "customerId", "typeCode", "amount", "tags.1"],
        ),
    ],
)
def test_L12_4_invalid_input_lists_all_bad_fields(command, names):
    refused = Ledger().refuses(command)
    assert set(codes(refused)) == {"INVALID_INPUT"}
    assert fields(refused) == names


def test_L12_4_what_needs_the_type_is_listed_as_a_whole_too():
    refused = Ledger().refuses(issue("1.5", expires_at="2026-01-01"))
    assert _said(refused) == ["INVALID_INPUT:amount", "INVALID_INPUT:expiresAt"]
    ledger = Ledger()
    ledger.accepts(register())
    assert _said(ledger.refuses(consume("1.5", effective_at="2027-01-01"))) == [
        "INVALID_INPUT:amount",
        "INVALID_INPUT:effectiveAt",
    ]


def test_L12_4_a_refusal_leaves_the_ledger_as_it_was():
    ledger = Ledger()
    ledger.accepts(issue("5", expires_at="2026-03-02"))
    before = ledger.at("2026-04-01").state
    for command in (consume("6"), issue("0"), points(), revise("MILES"), issue(type_code="MILES")):
        ledger.refuses(command)
        assert ledger.state is before


def test_L12_4_every_refusal_has_words_and_a_place():
    ledger = Ledger(points(max_balance="1"))
    ledger.accepts(issue("1"))
    for command in (issue("0"), issue("1"), consume("2"), issue(type_code="NONE"), issue("1", effective_at=PAST)):
        for rejection in ledger.refuses(command, replace(CALLER, may_backdate=False)):
            assert rejection.message.endswith(".")
            assert rejection.field


def test_L12_4_the_codes_are_in_the_order_of_the_law():
    order = [code.value for code in RejectionCode]
    law = (
        "OVERLOADED UNAVAILABLE INVALID_INPUT IDEMPOTENCY_CONFLICT UNKNOWN_TYPE UNKNOWN_CUSTOMER "
        "UNKNOWN_GRANT UNKNOWN_HOLD UNKNOWN_EVENT UNKNOWN_RULE BACKDATE_NOT_ALLOWED CUSTOMER_CLOSED "
        "CUSTOMER_FROZEN VERSION_MISMATCH ALREADY_EXISTS HOLD_ENDED GRANT_REVOKED GRANT_EXPIRED "
        "NOT_REVERSIBLE REVERSAL_EXCEEDS_ORIGINAL CAPTURE_EXCEEDS_HOLD INSUFFICIENT_BALANCE "
        "DEBT_LIMIT_EXCEEDED BALANCE_CAP_EXCEEDED CAP_REACHED CUSTOMER_NOT_EMPTY NOT_ALLOWED"
    )
    assert [code for code in order if code in law.split()] == law.split()
    assert set(order) - set(law.split()) == {"BATCH_REFUSED", "OUTCOME_UNKNOWN"}
    assert {"OVERLOADED", "UNAVAILABLE", "OUTCOME_UNKNOWN"} == RETRYABLE


def _said(rejections):
    return [f"{code}:{field}" for code, field in zip(codes(rejections), fields(rejections), strict=True)]

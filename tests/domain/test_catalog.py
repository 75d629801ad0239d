"""L1.1, L3.1 and L11 as far as they go: entitlement types and customers are defined, revised, registered and updated.

What belongs here: whole values before and after. What does not: how texts and durations are written.
"""

from dataclasses import replace

import pytest

from app.domain.commands import DefineEntitlementType, UpdateCustomer
from app.domain.entitlement_type import (
    ClawbackPolicy,
    CustomerState,
    EntitlementCategory,
    EntitlementType,
    ExpiredReversalPolicy,
    Profile,
)
from app.domain.events import EventKind, TypeDefined, TypeRevised
from app.domain.shape import shaped
from app.domain.validity import CalendarEnd, Validity
from tests.domain.scenario import Ledger, codes, fields, issue, points, register, revise

FULL = DefineEntitlementType(
    idempotency_key="define",
    code="CREDIT",
    name="Store credit",
    category=EntitlementCategory.CREDITS,
    unit="EUR",
    scale=2,
    time_zone="Europe/Berlin",
    default_validity=Validity("P1Y", CalendarEnd.END_OF_MONTH),
    max_balance="500.5",
    debt_limit="0.00",
    max_backdate="P90D",
    on_expired_reversal=ExpiredReversalPolicy.GRACE,
    reversal_grace="P2W",
    clawback=ClawbackPolicy.WITHIN_BALANCE,
    hold_ttl_default="PT1H",
    hold_ttl_max="P1D",
    metadata={"owner": "finance"},
)


def test_L1_1_a_type_is_kept_as_it_was_defined():
    ledger = Ledger()
    (event,) = ledger.accepts(FULL)
    defined = ledger.state.types["CREDIT"]
    assert defined == EntitlementType(
        code="CREDIT",
        name="Store credit",
        category=EntitlementCategory.CREDITS,
        unit="EUR",
        scale=2,
        created_at=ledger.now,
        time_zone="Europe/Berlin",
        default_validity=Validity("P1Y", CalendarEnd.END_OF_MONTH),
        max_balance=50_050,
        debt_limit=0,
        max_backdate="P90D",
        on_expired_reversal=ExpiredReversalPolicy.GRACE,
        reversal_grace="P2W",
        clawback=ClawbackPolicy.WITHIN_BALANCE,
        hold_ttl_default="PT1H",
        hold_ttl_max="P1D",
        metadata={"owner": "finance"},
    )
    assert (event.kind, event.fact, event.type_code) == (EventKind.TYPE_DEFINED, TypeDefined(defined), "CREDIT")
    assert (event.customer_id, event.metadata, event.effective_at) == (None, {"owner": "finance"}, ledger.now)


def test_a_type_is_defined_once():
    refused = Ledger().refuses(points("POINTS", 2))
    assert (codes(refused), fields(refused)) == (["ALREADY_EXISTS"], ["code"])


def test_an_unknown_type_cannot_be_revised():
    refused = Ledger().refuses(revise("MILES", name="Miles"))
    assert (codes(refused), fields(refused)) == (["UNKNOWN_TYPE"], ["code"])


CHANGES = {
    "name": "New",
    "unit": "pts",
    "time_zone": "Asia/Tokyo",
    "default_validity": Validity("P1D"),
    "max_backdate": "P1D",
    "on_expired_reversal": ExpiredReversalPolicy.REISSUE,
    "reversal_grace": "P1D",
    "clawback": ClawbackPolicy.ALLOW_DEBT,
    "hold_ttl_default": "PT2H",
    "hold_ttl_max": "P2D",
    "metadata": {"owner": "marketing"},
}


@pytest.mark.parametrize(
    ("member", "value"), [*CHANGES.items(), *((name, None) for name in ("default_validity", "max_backdate"))]
)
def test_what_a_revision_leaves_out_stays_and_null_unsets(member, value):
    ledger = Ledger(FULL)
    before = ledger.state.types["CREDIT"]
    (event,) = ledger.at("2026-04-01").accepts(revise("CREDIT", **{member: value}))
    after = replace(before, **{member: value})
    assert ledger.state.types["CREDIT"] == after
    assert (event.kind, event.fact, event.metadata) == (EventKind.TYPE_REVISED, TypeRevised(after), after.metadata)


@pytest.mark.parametrize(("given", "kept"), [("0", 0), ("7.5", 750), (7, 700), (None, None)])
def test_a_revised_cap_is_read_in_the_scale_of_the_type(given, kept):
    ledger = Ledger(FULL)
    ledger.accepts(revise("CREDIT", max_balance=given))
    assert ledger.state.types["CREDIT"].max_balance == kept


def test_a_revision_may_leave_everything_as_it_is():
    ledger = Ledger(FULL)
    before = ledger.state.types["CREDIT"]
    assert ledger.accepts(revise("CREDIT"))
    assert ledger.state.types["CREDIT"] == before


NEVER_NULL = {
    "name": "name",
    "unit": "unit",
    "time_zone": "timeZone",
    "debt_limit": "debtLimit",
    "on_expired_reversal": "onExpiredReversal",
    "reversal_grace": "reversalGrace",
    "clawback": "clawback",
    "hold_ttl_default": "holdTtlDefault",
    "hold_ttl_max": "holdTtlMax",
    "metadata": "metadata",
}


def test_what_can_never_be_null_cannot_be_unset():
    refused = Ledger().refuses(revise(**dict.fromkeys(NEVER_NULL)))
    assert sorted(fields(refused)) == sorted(NEVER_NULL.values())
    for member, name in NEVER_NULL.items():
        assert fields(Ledger().refuses(revise(**{member: None}))) == [name]


@pytest.mark.parametrize("debt", ["0.01", "5", 5])
def test_L9_debt_cannot_be_granted_yet(debt):
    for command in (replace(FULL, code="OTHER", debt_limit=debt), revise("CREDIT", debt_limit=debt)):
        refused = Ledger(FULL).refuses(command)
        assert (codes(refused), fields(refused)) == (["INVALID_INPUT"], ["debtLimit"])


@pytest.mark.parametrize("none", ["0", "0.00", 0])
def test_L9_a_debt_limit_of_0_may_be_said(none):
    ledger = Ledger(replace(FULL, debt_limit=none))
    ledger.accepts(revise("CREDIT", debt_limit=none))
    assert ledger.state.types["CREDIT"].debt_limit == 0


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"max_balance": "1.001"}, ["maxBalance"]),
        ({"max_balance": "92233720368547758.08"}, ["maxBalance"]),
        ({"debt_limit": "0.001"}, ["debtLimit"]),
        ({"hold_ttl_default": "P2D"}, ["holdTtlDefault"]),
        ({"hold_ttl_max": "PT59M"}, ["holdTtlDefault"]),
        ({"hold_ttl_default": "PT1H", "hold_ttl_max": "PT1H"}, []),
        (
            {"max_balance": "1.001", "debt_limit": "1", "hold_ttl_default": "P9D"},
            ["holdTtlDefault", "maxBalance", "debtLimit"],
        ),
    ],
)
def test_the_members_of_a_type_fit_each_other(members, names):
    for command in (replace(FULL, code="OTHER", **members), revise("CREDIT", **members)):
        outcome = Ledger(FULL).outcome(command)
        assert (fields(outcome) if isinstance(outcome, tuple) else []) == names


def test_a_definition_that_fits_nowhere_names_every_member_that_is_badly_written():
    command = replace(
        FULL,
        idempotency_key="",
        code="credit",
        name="",
        unit="\0",
        scale=10,
        time_zone="Berlin",
        default_validity=Validity(),
        max_balance="-1",
        debt_limit="none",
        max_backdate="P1M",
        reversal_grace="",
        hold_ttl_default="1h",
        hold_ttl_max="PT",
        metadata={"a b": 1},
        reason="x" * 129,
    )
    assert fields(shaped(command)) == [
        "idempotencyKey",
        "reason",
        "code",
        "scale",
        "name",
        "unit",
        "timeZone",
        "defaultValidity",
        "maxBalance",
        "debtLimit",
        "maxBackdate",
        "reversalGrace",
        "holdTtlDefault",
        "holdTtlMax",
        "metadata.a b",
    ]


def test_a_customer_is_registered_and_no_event_says_name_or_email():
    ledger = Ledger()
    (event,) = ledger.accepts(register("anna", name="Anna", email="anna@example.org", metadata={"tier": "gold"}))
    assert (event.kind, event.customer_id, event.type_code) == (EventKind.CUSTOMER_REGISTERED, "anna", None)
    assert event.metadata == {"tier": "gold"}
    assert "Anna" not in repr(event)
    customer = ledger.state.customers["anna"]
    assert (customer.created_at, customer.state, customer.metadata) == (
        ledger.now,
        CustomerState.ACTIVE,
        {"tier": "gold"},
    )
    assert ledger.state.profiles == {"anna": Profile("Anna", "anna@example.org")}


def test_a_customer_is_registered_once():
    ledger = Ledger()
    ledger.accepts(register())
    refused = ledger.refuses(register(name="Other"))
    assert (codes(refused), fields(refused)) == (["ALREADY_EXISTS"], ["customerId"])


@pytest.mark.parametrize(
    ("members", "profile", "metadata"),
    [
        ({}, Profile("Anna", "anna@example.org"), {"tier": "gold"}),
        ({"name": "Ann"}, Profile("Ann", "anna@example.org"), {"tier": "gold"}),
        ({"name": None}, Profile(None, "anna@example.org"), {"tier": "gold"}),
        ({"email": None}, Profile("Anna", None), {"tier": "gold"}),
        ({"email": "a@b", "metadata": {}}, Profile("Anna", "a@b"), {}),
        ({"metadata": {"vip": True}}, Profile("Anna", "anna@example.org"), {"vip": True}),
    ],
)
def test_what_an_update_leaves_out_stays_and_null_unsets(members, profile, metadata):
    ledger = Ledger()
    ledger.accepts(register("anna", name="Anna", email="anna@example.org", metadata={"tier": "gold"}))
    created_at = ledger.now
    (event,) = ledger.at("2026-04-01").accepts(_update(**members))
    customer = ledger.state.customers["anna"]
    assert (event.kind, event.metadata) == (EventKind.CUSTOMER_UPDATED, metadata)
    assert (customer.metadata, customer.created_at) == (metadata, created_at)
    assert ledger.state.profiles == {"anna": profile}


def test_a_customer_made_by_an_issue_can_be_given_a_name():
    ledger = Ledger()
    ledger.accepts(issue())
    ledger.accepts(_update(name="Anna"))
    assert ledger.state.profiles == {"anna": Profile("Anna")}


def test_an_update_judges_texts_and_metadata():
    assert fields(Ledger().refuses(_update(name="\0", email="x", metadata=[]))) == ["name", "email", "metadata"]


@pytest.mark.parametrize(
    ("state", "refusal"), [(CustomerState.FROZEN, None), (CustomerState.CLOSED, "CUSTOMER_CLOSED")]
)
def test_L11_a_closed_customer_is_not_updated(state, refusal):
    outcome = Ledger().has_customer(state).outcome(_update(name="Anna"))
    assert (codes(outcome) if isinstance(outcome, tuple) else None) == (refusal and [refusal])


def _update(**members):
    return UpdateCustomer(idempotency_key="update", customer_id="anna", **members)

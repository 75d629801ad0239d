"""L4: grants, and which of them pays first.

What belongs here: states, restrictions, the order, allocations, too little. What does not: back-dating (`test_time`).
"""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.account import Account, Funding, Grant, GrantState
from app.domain.burn import burn, burn_order
from tests.domain.scenario import Ledger, codes, consume, fields, instant, issue, points, register

NOW = instant("2026-03-01T12:00")
GRANT = Grant(
    grant_id="grt_a_0",
    customer_id="anna",
    type_code="POINTS",
    position=1,
    issued_by="evt_a_0",
    amount=1,
    effective_at=instant("2026-01-01"),
    expires_at=None,
    priority=50,
    funding=Funding.PROMOTIONAL,
    cost_basis=None,
    restricted_to=(),
    metadata={},
    remaining=1,
    is_activated=True,
)


@pytest.mark.parametrize(("priority", "is_valid"), [(-1, False), (0, True), (100, True), (101, False)])
def test_L4_1_a_priority_is_0_to_100(priority, is_valid):
    outcome = Ledger().outcome(issue(priority=priority))
    assert (fields(outcome) if isinstance(outcome, tuple) else []) == ([] if is_valid else ["priority"])


def test_L4_1_the_defaults_of_a_grant():
    ledger = Ledger()
    ledger.accepts(issue())
    (grant,) = ledger.grants()
    assert (grant.priority, grant.funding, grant.cost_basis, grant.restricted_to) == (50, "PROMOTIONAL", None, ())


@pytest.mark.parametrize(
    ("cost_basis", "is_valid"),
    [("0", True), ("0.01", True), ("12.500", True), ("", False), ("-1", False), ("1e3", False), ("1/3", False)],
)
def test_L4_1_a_cost_basis_is_a_decimal_string(cost_basis, is_valid):
    outcome = Ledger().outcome(issue(cost_basis=cost_basis))
    assert (fields(outcome) if isinstance(outcome, tuple) else []) == ([] if is_valid else ["costBasis"])


@pytest.mark.parametrize(
    ("tags", "available", "unusable"),
    [
        ((), 1, 14),
        (("books",), 11, 4),
        (("games",), 7, 8),
        (("books", "games"), 15, 0),
        (("Books", "book"), 1, 14),
        (("books", "books"), 11, 4),
    ],
)
def test_L4_1_a_restricted_grant_is_usable_with_any_of_its_tags(tags, available, unusable):
    ledger = Ledger()
    ledger.accepts(issue("1"))
    ledger.accepts(issue("2", restricted_to=("books", "games")))
    ledger.accepts(issue("4", restricted_to=("games",)))
    ledger.accepts(issue("8", restricted_to=("books",)))
    assert (ledger.account().available, ledger.account().unrestricted) == (15, 1)
    (refusal,) = ledger.refuses(consume("16", tags=tags))
    assert (refusal.available, refusal.unusable, refusal.missing) == (available, unusable, 16 - available)
    assert ledger.accepts(consume(str(available), tags=tags))


@pytest.mark.parametrize(
    ("change", "at", "state"),
    [
        ({"effective_at": instant("2026-04-01")}, NOW, GrantState.SCHEDULED),
        ({"effective_at": instant("2026-04-01"), "revoked": 1, "remaining": 0}, NOW, GrantState.REVOKED),
        ({"revoked": 1, "remaining": 0, "expires_at": NOW}, NOW, GrantState.REVOKED),
        ({"expires_at": NOW}, NOW, GrantState.EXPIRED),
        ({"expires_at": NOW, "remaining": 0}, NOW, GrantState.EXPIRED),
        ({"expires_at": NOW, "remaining": 0, "held": 1}, NOW, GrantState.EXPIRED),
        ({"remaining": 0}, NOW, GrantState.EXHAUSTED),
        ({"remaining": 0, "held": 1}, NOW, GrantState.ACTIVE),
        ({"revoked": 1, "amount": 2}, NOW, GrantState.ACTIVE),
        ({}, NOW, GrantState.ACTIVE),
    ],
)
def test_L4_2_a_grants_state_is_derived_in_this_order(change, at, state):
    assert replace(GRANT, **change).state(at) is state


FIRST_TO_LAST = [
    {"restricted_to": ("books",), "priority": 100},
    {"priority": 0, "funding": Funding.PAID, "cost_basis": "9", "position": 99},
    {"priority": 1, "expires_at": instant("2026-04-01")},
    {"priority": 1, "expires_at": instant("2026-04-01T00:00:00.000001")},
    {"priority": 1},
    {"expires_at": instant("9999-12-31T23:59:59.999999"), "funding": Funding.PAID, "cost_basis": "9"},
    {"cost_basis": "0.00", "effective_at": instant("2025-01-01")},
    {"effective_at": instant("2025-01-01T00:00:00.000001"), "position": 9},
    {"position": 1},
    {"position": 2, "grant_id": "grt_a_0"},
    {"position": 2, "grant_id": "grt_a_1"},
    {"cost_basis": "0.9"},
    {"cost_basis": "2"},
    {"cost_basis": "10"},
    {"cost_basis": "10.000000001"},
    {"funding": Funding.PAID},
    {"funding": Funding.PAID, "cost_basis": "0.01", "effective_at": instant("2020-01-01")},
    {"priority": 51, "expires_at": instant("2026-04-01")},
]


@pytest.mark.parametrize("index", range(len(FIRST_TO_LAST) - 1))
def test_L4_3_each_tie_is_broken_by_the_next_rule(index):
    first, second = (replace(GRANT, **change) for change in FIRST_TO_LAST[index : index + 2])
    assert burn_order(first) < burn_order(second)


@given(st.permutations(range(len(FIRST_TO_LAST))))
def test_L4_3_the_order_is_total_however_the_grants_are_stored(order):
    grants = [
        replace(GRANT, **{"grant_id": f"grt_{index:02}_0", "position": index, **change})
        for index, change in enumerate(FIRST_TO_LAST)
    ]
    stored = {grants[index].grant_id: grants[index] for index in order}
    taken = burn(Account("anna", "POINTS", grants=stored), len(grants), ("books",), NOW)
    assert [allocation.grant_id for allocation in taken.allocations] == [grant.grant_id for grant in grants]


def test_L4_3_equal_cost_bases_are_equal_however_they_are_written():
    assert burn_order(replace(GRANT, cost_basis="1.50")) == burn_order(replace(GRANT, cost_basis="1.5"))
    assert burn_order(replace(GRANT, cost_basis=None)) == burn_order(replace(GRANT, cost_basis="0"))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_L4_3_issuing_order_decides_only_where_nothing_else_does(order):
    terms = [{"priority": 1}, {"expires_at": "2026-04-01"}, {}]
    ledger = Ledger()
    for index in order:
        ledger.accepts(issue("1", metadata={"rank": index}, **terms[index]))
    for rank in range(3):
        (allocation,) = ledger.accepts(consume("1"))[0].allocations
        assert ledger.account().grants[allocation.grant_id].metadata == {"rank": rank}


def test_L4_4_one_consume_takes_several_grants_in_one_event():
    ledger = Ledger()
    for amount, priority in (("5", 3), ("7", 1), ("2", 2)):
        ledger.accepts(issue(amount, priority=priority))
    (event,) = ledger.accepts(consume("10"))
    assert [allocation.amount for allocation in event.allocations] == [7, 2, 1]
    assert [grant.remaining for grant in ledger.grants()] == [4, 0, 0]
    assert [grant.consumed for grant in ledger.grants()] == [1, 7, 2]
    assert event.amount == 10


def test_L4_4_a_grant_that_gives_nothing_has_no_allocation():
    ledger = Ledger()
    ledger.accepts(issue("5"))
    ledger.accepts(issue("5"))
    assert [allocation.amount for allocation in ledger.accepts(consume("5"))[0].allocations] == [5]
    assert [allocation.amount for allocation in ledger.accepts(consume("5"))[0].allocations] == [5]


def test_L4_5_not_enough_is_refused_with_what_there_is():
    ledger = Ledger(points(scale=2))
    ledger.accepts(issue("3"))
    ledger.accepts(issue("5", restricted_to=("books",)))
    ledger.accepts(issue("7", effective_at="2026-05-01"))
    ledger.accepts(issue("9", effective_at="2026-04-01"))
    (refusal,) = ledger.refuses(consume("3.01", tags=("games",)))
    assert (refusal.code, refusal.field, refusal.scale) == ("INSUFFICIENT_BALANCE", ("amount",), 2)
    assert (refusal.available, refusal.missing, refusal.unusable) == (300, 1, 500)
    assert (refusal.held, refusal.pending, refusal.next_activation_at) == (0, 1600, instant("2026-04-01"))
    assert refusal.message == "3.00 points can be used; 0.01 more would be needed."


def test_L4_5_nothing_scheduled_is_no_next_activation():
    ledger = Ledger()
    ledger.accepts(register())
    (refusal,) = ledger.refuses(consume("1"))
    assert (refusal.available, refusal.missing, refusal.pending, refusal.next_activation_at) == (0, 1, 0, None)


def test_L4_5_what_is_short_is_judged_after_what_is_due():
    ledger = Ledger()
    ledger.accepts(issue("5", effective_at="2026-03-02"))
    ledger.accepts(issue("5", expires_at="2026-03-02"))
    assert ledger.at("2026-03-02").refuses(consume("6"))[0].available == 5
    assert codes(ledger.refuses(consume("6"))) == ["INSUFFICIENT_BALANCE"]
    assert ledger.accepts(consume("5"))

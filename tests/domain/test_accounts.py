"""L3: accounts, figures, events and the cap.

What belongs here: what the figures are sums of, and what an event says. What does not: what time does (`test_time`).
"""

from dataclasses import replace

import pytest

from app.domain.account import Account, Allocation, Grant
from app.domain.commands import UpdateCustomer
from app.domain.entitlement_type import CustomerState
from app.domain.events import CustomerUpdated, EventKind
from app.domain.ids import command_id_of, event_id_range, grant_id, issued_by
from app.domain.state import State, evolve, evolve_account
from tests.domain.scenario import Ledger, codes, consume, fields, instant, issue, points, register, revise, told

NEXT_DAY = "2026-03-02"
OPENED = Ledger()
OPENED.accepts(issue("10"))
BALANCED = OPENED.account()


def test_L3_1_an_issue_creates_its_customer():
    ledger = Ledger()
    ledger.accepts(issue(customer_id="anna"))
    customer = ledger.state.customers["anna"]
    assert (customer.created_at, customer.state, customer.metadata) == (ledger.now, CustomerState.ACTIVE, {})
    assert codes(ledger.at(NEXT_DAY).refuses(register("anna"))) == ["ALREADY_EXISTS"]
    ledger.accepts(issue(customer_id="anna"))
    assert ledger.state.customers["anna"] is customer


@pytest.mark.parametrize("command", [consume("1"), UpdateCustomer(idempotency_key="update", customer_id="anna")])
def test_L3_1_a_customer_who_does_not_exist_is_unknown(command):
    refused = Ledger().refuses(command)
    assert (codes(refused), fields(refused)) == (["UNKNOWN_CUSTOMER"], ["customerId"])


def test_L3_1_an_account_is_one_customer_and_one_type():
    ledger = Ledger(points(), points("MILES"))
    ledger.accepts(issue("1"))
    ledger.accepts(issue("2", type_code="MILES"))
    ledger.accepts(issue("4", "ben"))
    assert {key: account.available for key, account in ledger.state.accounts.items()} == {
        ("anna", "POINTS"): 1,
        ("anna", "MILES"): 2,
        ("ben", "POINTS"): 4,
    }
    (refusal,) = ledger.refuses(consume("2"))
    assert refusal.available == 1


def test_L3_2_the_figures_of_an_account():
    ledger = Ledger()
    ledger.accepts(issue("1"))
    ledger.accepts(issue("2", restricted_to=("books",)))
    ledger.accepts(issue("4", effective_at=NEXT_DAY))
    ledger.accepts(issue("8", expires_at="2026-03-01T13:00"))
    ledger.accepts(issue("16"))
    ledger.accepts(consume("3", tags=("books",)))
    account = ledger.at("2026-03-01T13:00").account()
    assert (account.available, account.pending, account.held, account.debt, account.total) == (17, 4, 0, 0, 17)
    assert (account.issued, account.consumed, account.expired, account.unrestricted) == (31, 3, 7, 17)
    assert (account.restored, account.revoked, account.transferred_in, account.transferred_out) == (0, 0, 0, 0)


def test_L3_2_nothing_ever_happened_is_zeros_and_version_0():
    assert Ledger().account() == Account("anna", "POINTS")
    assert Account("anna", "POINTS").version == 0


@pytest.mark.parametrize("state", list(CustomerState))
def test_L3_2_the_customers_state_changes_no_figure(state):
    ledger = Ledger()
    ledger.accepts(issue())
    before = ledger.account()
    assert ledger.has_customer(state).account() == before


@pytest.mark.parametrize(
    "change",
    [
        {"available": 11},
        {"issued": 11},
        {"consumed": 1},
        {"expired": 1},
        {"pending": 1, "issued": 11},
        {"held": 1, "issued": 11},
        {"debt": 1, "available": 11},
        {"available": -1, "issued": -1},
        {"grants": {}},
    ],
)
def test_L3_3_figures_that_do_not_add_up_are_seen(change):
    assert BALANCED.balances()
    assert not replace(BALANCED, **change).balances()


@pytest.mark.parametrize(
    "change",
    [{"amount": 11}, {"remaining": 9}, {"consumed": 1}, {"expired": 1}, {"held": 1}, {"remaining": -1, "consumed": 11}],
)
def test_L3_3_a_grant_that_does_not_add_up_is_seen(change):
    (grant,) = BALANCED.grants.values()
    broken = replace(grant, **change)
    assert grant.balances()
    assert not broken.balances()
    assert not replace(BALANCED, grants={broken.grant_id: broken}).balances()


def test_L3_3_a_grant_broken_in_itself_breaks_its_account_though_the_sums_agree():
    (grant,) = BALANCED.grants.values()
    assert not replace(BALANCED, grants={grant.grant_id: replace(grant, amount=99)}).balances()


def test_L3_3_what_is_scheduled_belongs_to_pending():
    ledger = Ledger()
    ledger.accepts(issue("4", effective_at=NEXT_DAY))
    account = ledger.account()
    assert account.balances()
    assert not replace(account, available=4, pending=0).balances()


def test_L3_6_an_event_says_what_moved_and_the_balance_after_it():
    ledger = Ledger(points(scale=2))
    issued = ledger.accepts(issue("10.50", metadata={"order": 7}))[0]
    grant = grant_id(issued.event_id)
    assert issued_by(grant) == issued.event_id
    consumed = ledger.accepts(consume("0.75", metadata={"till": "4"}))[0]
    assert (issued.amount, issued.delta, issued.balance_after) == (1050, 1050, 1050)
    assert (consumed.amount, consumed.delta, consumed.balance_after) == (75, -75, 975)
    assert issued.allocations == (Allocation(grant, 1050),)
    assert consumed.allocations == (Allocation(grant, 75),)
    assert (issued.metadata, consumed.metadata) == ({"order": 7}, {"till": "4"})
    assert (issued.kind, consumed.kind) == (EventKind.ISSUED, EventKind.CONSUMED)


def test_L3_6_a_scheduled_issue_moves_pending_and_its_activation_moves_available():
    ledger = Ledger()
    (issued,) = ledger.accepts(issue("4", effective_at=NEXT_DAY))
    activated, _ = ledger.at(NEXT_DAY).accepts(issue("1"))
    assert (issued.amount, issued.delta, issued.balance_after) == (4, 0, 0)
    assert (activated.amount, activated.delta, activated.balance_after) == (4, 4, 4)
    assert activated.allocations == issued.allocations


def test_L3_6_an_expiry_that_follows_is_an_event_of_the_same_command():
    ledger = Ledger()
    events = ledger.accepts(issue(effective_at="2026-01-01", expires_at="2026-02-01"))
    assert [event.event_id for event in events] == ["evt_command2_0", "evt_command2_1"]
    assert {command_id_of(event.event_id) for event in events} == {"command2"}
    first, end = event_id_range("command2")
    assert all(first <= event.event_id < end for event in events)
    assert not first <= "evt_command20_0" < end


def test_L3_6_an_event_about_a_customer_or_a_type_moves_nothing():
    ledger = Ledger()
    for command in (register(metadata={"tier": "gold"}), points("MILES"), revise(name="New")):
        (event,) = ledger.accepts(command)
        assert (event.amount, event.delta, event.balance_after, event.allocations) == (None, None, None, ())
    assert ledger.state.accounts == {}
    with pytest.raises(ValueError, match="CUSTOMER_UPDATED concerns no account"):
        evolve_account(Account("anna", "POINTS"), replace(event, fact=CustomerUpdated()))


def test_L3_6_folding_the_events_gives_the_state_again():
    ledger = Ledger(points(), points("MILES", 2, max_balance="100"))
    first = ledger.state
    commands = [
        issue("10", expires_at=NEXT_DAY),
        issue("5", effective_at=NEXT_DAY),
        register("ben", metadata={"tier": "gold"}),
        consume("3"),
        issue("2.5", "ben", "MILES", effective_at="2026-01-01", expires_at="2026-02-01"),
        revise("MILES", max_balance=None),
    ]
    events = [event for command in commands for event in ledger.accepts(command)]
    events += ledger.at("2026-03-03").accepts(consume("5"))
    folded = first
    for event in events:
        folded = evolve(folded, event)
    assert folded == replace(ledger.state, profiles=first.profiles)


def test_L3_6_an_event_about_a_grant_that_is_not_there_breaks():
    ledger = Ledger()
    ledger.accepts(issue())
    events = ledger.accepts(consume("1"))
    with pytest.raises(KeyError):
        evolve(State(), events[0])


@pytest.mark.parametrize(
    ("standing", "amount", "is_accepted"),
    [
        ([], "100", True),
        ([], "101", False),
        ([issue("60")], "40", True),
        ([issue("60")], "41", False),
        ([issue("60", effective_at="2026-04-01")], "41", False),
        ([issue("60"), consume("60")], "100", True),
        ([issue("60", effective_at="2026-01-01", expires_at="2026-02-01")], "100", True),
    ],
)
def test_L3_7_the_cap_bounds_what_stands_and_what_is_pending(standing, amount, is_accepted):
    ledger = Ledger(points(max_balance="100"))
    for command in standing:
        ledger.accepts(command)
    for later in ({}, {"effective_at": "2026-05-01"}, {"effective_at": "2026-01-01"}):
        outcome = ledger.outcome(issue(amount, **later))
        assert isinstance(outcome, tuple) is not is_accepted


def test_L3_7_a_refusal_names_the_limit_and_what_remains_of_it():
    ledger = Ledger(points(scale=2, max_balance="100"))
    ledger.accepts(issue("60.5"))
    (refusal,) = ledger.refuses(issue("39.51"))
    assert (refusal.code, refusal.field, refusal.scale) == ("BALANCE_CAP_EXCEEDED", ("amount",), 2)
    assert (refusal.limit, refusal.remaining) == (10_000, 3_950)
    assert ledger.accepts(issue("39.5"))


def test_L3_7_what_has_expired_by_now_makes_room():
    ledger = Ledger(points(max_balance="100"))
    ledger.accepts(issue("100", expires_at=NEXT_DAY))
    assert codes(ledger.at("2026-03-01T23:59:59.999999").refuses(issue("1"))) == ["BALANCE_CAP_EXCEEDED"]
    assert told(ledger.at(NEXT_DAY).accepts(issue("100"))) == ["EXPIRED -100 =0", "ISSUED +100 =100"]


def test_L3_7_the_cap_is_judged_after_the_whole_command():
    ledger = Ledger(points(max_balance="100"))
    ledger.accepts(issue("100"))
    dead = issue("500", effective_at="2026-01-01", expires_at="2026-02-01")
    assert told(ledger.accepts(dead)) == ["ISSUED +500 =600", "EXPIRED -500 =100"]


def test_L3_7_a_lower_cap_set_later_undoes_nothing():
    ledger = Ledger(points(max_balance="100"))
    ledger.accepts(issue("60"))
    ledger.accepts(issue("30", effective_at=NEXT_DAY))
    ledger.accepts(revise(max_balance="50"))
    (refusal,) = ledger.refuses(issue("1"))
    assert (refusal.limit, refusal.remaining) == (50, 0)
    assert ledger.at(NEXT_DAY).account().available == 90
    assert told(ledger.accepts(consume("41"))) == ["ACTIVATED +30 =90", "CONSUMED -41 =49"]
    assert ledger.accepts(issue("1"))
    ledger.accepts(revise(max_balance=None))
    assert ledger.accepts(issue("1000"))


def test_L3_7_caps_are_an_accounts_own():
    ledger = Ledger(points(max_balance="10"), points("MILES"))
    ledger.accepts(issue("10"))
    assert ledger.accepts(issue("10", "ben"))
    assert ledger.accepts(issue("10", type_code="MILES"))


def test_an_account_without_events_is_empty():
    assert State().account("anna", "POINTS") == Account("anna", "POINTS")


def test_a_grant_remembers_where_it_came_from():
    ledger = Ledger()
    (event,) = ledger.accepts(issue(cost_basis="0.01", priority=3, metadata={"order": 7}, expires_at="2026-04-01"))
    grant: Grant = ledger.grants()[0]
    assert (grant.grant_id, grant.issued_by, grant.position) == ("grt_command2_0", event.event_id, event.position)
    assert (grant.cost_basis, grant.priority, grant.metadata) == ("0.01", 3, {"order": 7})
    assert (grant.effective_at, grant.expires_at) == (ledger.now, instant("2026-04-01"))

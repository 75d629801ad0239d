"""L2 and L5.1: the instant of a decision, half-open windows, scheduled and back-dated commands, and expiry.

What belongs here: what time does to grants. What does not: how an expiry is worked out (`test_validity`).
"""

import pytest

from app.domain.account import GrantState
from app.domain.due import due, settled
from app.domain.events import Activated, Expired
from tests.domain.scenario import (
    WITHOUT_BACKDATING,
    Ledger,
    codes,
    consume,
    fields,
    instant,
    issue,
    points,
    register,
    told,
)

NEXT_DAY = "2026-03-02"


def test_L2_1_everything_is_decided_and_recorded_at_one_instant_and_numbered_without_a_gap():
    ledger = Ledger()
    ledger.accepts(issue("5", expires_at="2026-03-05"))
    ledger.accepts(issue("7", effective_at="2026-03-04"))
    events = ledger.at("2026-03-10").accepts(consume("7"))
    assert [event.recorded_at for event in events] == [instant("2026-03-10")] * 3
    assert [event.position for event in events] == [4, 5, 6]
    assert ledger.state.position == 6


def test_L2_1_the_default_effective_instant_is_that_of_the_decision():
    ledger = Ledger()
    for command in (issue(), consume("1"), register("ben")):
        assert ledger.accepts(command)[-1].effective_at == ledger.now


@pytest.mark.parametrize(
    ("at", "state", "available", "pending"),
    [
        ("2026-03-01T23:59:59.999999", GrantState.SCHEDULED, 0, 10),
        ("2026-03-02T00:00:00.000000", GrantState.ACTIVE, 10, 0),
        ("2026-03-02T23:59:59.999999", GrantState.ACTIVE, 10, 0),
        ("2026-03-03T00:00:00.000000", GrantState.EXPIRED, 0, 0),
    ],
)
def test_L2_2_a_window_is_half_open_to_the_microsecond(at, state, available, pending):
    ledger = Ledger()
    ledger.accepts(issue(effective_at=NEXT_DAY, expires_at="2026-03-03"))
    account = ledger.at(at).account()
    assert (account.available, account.pending) == (available, pending)
    assert ledger.grants()[0].state(ledger.now) is state
    outcome = ledger.outcome(consume("10"))
    assert isinstance(outcome, tuple) is (available == 0)


def test_L2_2_a_grant_that_takes_effect_now_is_active():
    ledger = Ledger()
    assert told(ledger.accepts(issue(effective_at="2026-03-01T12:00"))) == ["ISSUED +10 =10"]


def test_L2_4_a_future_issue_is_scheduled_and_counts_as_pending_only():
    ledger = Ledger()
    assert told(ledger.accepts(issue(effective_at=NEXT_DAY))) == ["ISSUED +0 =0"]
    account = ledger.account()
    assert (account.available, account.pending, account.issued, account.version) == (0, 10, 10, 1)
    assert codes(ledger.refuses(consume("1"))) == ["INSUFFICIENT_BALANCE"]


@pytest.mark.parametrize("at", ["2026-03-01T12:00:00.000001", "9999-12-31"])
def test_L2_4_a_future_consume_is_invalid(at):
    ledger = Ledger()
    ledger.accepts(issue())
    refused = ledger.refuses(consume("1", effective_at=at))
    assert (codes(refused), fields(refused)) == (["INVALID_INPUT"], ["effectiveAt"])


@pytest.mark.parametrize("command", [issue("1", effective_at="2026-02-01"), consume("1", effective_at="2026-02-01")])
def test_L2_5_back_dating_needs_the_scope(command):
    ledger = Ledger()
    ledger.accepts(issue(effective_at="2026-01-01"))
    assert codes(ledger.refuses(command, WITHOUT_BACKDATING)) == ["BACKDATE_NOT_ALLOWED"]
    assert fields(ledger.refuses(command, WITHOUT_BACKDATING)) == ["effectiveAt"]
    assert ledger.accepts(command)


@pytest.mark.parametrize("at", ["2026-03-01T12:00", "2026-04-01"])
def test_L2_5_an_issue_now_or_later_needs_no_scope(at):
    assert Ledger().accepts(issue(effective_at=at), WITHOUT_BACKDATING)


@pytest.mark.parametrize(
    ("bound", "at", "is_allowed"),
    [
        (None, "0001-01-01", True),
        ("P1D", "2026-02-28T12:00", True),
        ("P1D", "2026-02-28T11:59:59.999999", False),
        ("PT0S", "2026-03-01T12:00", True),
        ("PT0S", "2026-03-01T11:59:59.999999", False),
        ("P1W", "2026-02-22T12:00", True),
    ],
)
def test_L2_5_back_dating_is_bounded_by_the_type(bound, at, is_allowed):
    ledger = Ledger(points(max_backdate=bound))
    outcome = ledger.outcome(issue(effective_at=at))
    assert (codes(outcome) if isinstance(outcome, tuple) else []) == ([] if is_allowed else ["BACKDATE_NOT_ALLOWED"])


@pytest.mark.parametrize(
    ("at", "available"),
    [
        ("2026-01-31T23:59:59.999999", 1),
        ("2026-02-01", 11),
        ("2026-02-15", 11),
        ("2026-03-01T12:00", 111),
    ],
)
def test_L2_5_a_back_dated_consume_takes_only_from_grants_that_had_begun(at, available):
    ledger = Ledger()
    ledger.accepts(issue("1", effective_at="2025-01-01"))
    ledger.accepts(issue("10", effective_at="2026-02-01"))
    ledger.accepts(issue("100"))
    (refusal,) = ledger.refuses(consume("1000", effective_at=at))
    assert (refusal.available, refusal.missing, refusal.unusable) == (available, 1000 - available, 0)
    event = ledger.accepts(consume(str(available), effective_at=at))[-1]
    assert (event.effective_at, event.recorded_at) == (instant(at), ledger.now)
    assert ledger.account().available == 111 - available


def test_L2_5_a_back_dated_consume_takes_at_most_what_is_left_now():
    ledger = Ledger()
    ledger.accepts(issue("10", effective_at="2026-01-01"))
    ledger.accepts(consume("7"))
    assert ledger.refuses(consume("4", effective_at="2026-01-02"))[0].available == 3
    assert told(ledger.accepts(consume("3", effective_at="2026-01-02"))) == ["CONSUMED -3 =0"]


def test_L2_5_a_back_dated_consume_takes_nothing_from_a_grant_that_is_dead_by_now():
    ledger = Ledger()
    ledger.accepts(issue("10", expires_at=NEXT_DAY))
    assert ledger.at(NEXT_DAY).refuses(consume("1", effective_at="2026-03-01T12:00"))[0].available == 0


def test_L2_5_a_back_dated_consume_may_take_from_a_grant_that_was_scheduled_before():
    ledger = Ledger()
    ledger.accepts(issue("10", effective_at=NEXT_DAY))
    ledger.at("2026-03-03")
    assert ledger.refuses(consume("1", effective_at="2026-03-01T13:00"))[0].available == 0
    assert told(ledger.accepts(consume("1", effective_at=NEXT_DAY))) == ["ACTIVATED +10 =10", "CONSUMED -1 =9"]


def test_L2_5_allocations_that_were_made_stand():
    ledger = Ledger()
    ledger.accepts(issue("10"))
    ledger.accepts(consume("4"))
    ledger.accepts(issue("10", effective_at="2026-01-01", priority=0))
    assert [grant.remaining for grant in ledger.grants()] == [6, 10]


def test_L2_5_a_back_dated_issue_that_is_dead_by_now_expires_at_once():
    ledger = Ledger()
    events = ledger.accepts(issue(effective_at="2026-01-01", expires_at="2026-02-01"))
    assert told(events) == ["ISSUED +10 =10", "EXPIRED -10 =0"]
    assert events[1].effective_at == instant("2026-02-01")
    assert len({event.event_id.rpartition("_")[0] for event in events}) == 1
    account = ledger.account()
    assert (account.issued, account.expired, account.available, account.version) == (10, 10, 0, 2)
    assert due(account, ledger.now) == []


def test_L2_5_a_back_dated_issue_that_dies_now_is_dead():
    events = Ledger().accepts(issue(effective_at="2026-01-01", expires_at="2026-03-01T12:00"))
    assert told(events) == ["ISSUED +10 =10", "EXPIRED -10 =0"]


def test_L3_4_what_is_due_comes_first_in_the_order_of_its_instants():
    ledger = Ledger()
    ledger.accepts(issue("1", expires_at="2026-03-08"))
    ledger.accepts(issue("2", effective_at="2026-03-05", expires_at="2026-03-07"))
    ledger.accepts(issue("4", effective_at="2026-03-03"))
    ledger.accepts(issue("8", expires_at="2026-03-05"))
    events = ledger.at("2026-03-10").accepts(consume("4"))
    assert told(events) == [
        "ACTIVATED +4 =13",
        "ACTIVATED +2 =15",
        "EXPIRED -8 =7",
        "EXPIRED -2 =5",
        "EXPIRED -1 =4",
        "CONSUMED -4 =0",
    ]
    assert [event.effective_at.day for event in events] == [3, 5, 5, 7, 8, 10]


def test_L3_4_at_one_instant_activations_come_before_expiries_then_the_order_of_the_grants():
    ledger = Ledger()
    for amount in ("1", "2"):
        ledger.accepts(issue(amount, expires_at=NEXT_DAY))
    for amount in ("4", "8"):
        ledger.accepts(issue(amount, effective_at=NEXT_DAY))
    events = ledger.at(NEXT_DAY).accepts(issue("16"))
    assert told(events) == [
        "ACTIVATED +4 =7",
        "ACTIVATED +8 =15",
        "EXPIRED -1 =14",
        "EXPIRED -2 =12",
        "ISSUED +16 =28",
    ]


def test_L3_4_a_grant_that_began_and_ended_unseen_is_activated_and_expired():
    ledger = Ledger()
    ledger.accepts(issue(effective_at=NEXT_DAY, expires_at="2026-03-03"))
    account = ledger.at("2026-04-01").account()
    assert (account.available, account.pending, account.expired, account.version) == (0, 0, 10, 3)
    assert [draft.fact for draft in due(ledger.state.account("anna", "POINTS"), ledger.now)] == [
        Activated(ledger.grants()[0].grant_id, 10),
        Expired(ledger.grants()[0].grant_id, 10),
    ]
    assert told(ledger.accepts(issue("1"))) == ["ACTIVATED +10 =10", "EXPIRED -10 =0", "ISSUED +1 =1"]


def test_L3_4_what_is_due_is_the_ledgers_own_doing():
    ledger = Ledger()
    ledger.accepts(issue(effective_at=NEXT_DAY))
    activated, consumed = ledger.at("2026-03-03").accepts(consume("1", reason="order"))
    assert (activated.stamp.actor.id, activated.stamp.idempotency_key, activated.stamp.reason) == ("ledger", None, None)
    assert (consumed.stamp.actor.id, consumed.stamp.idempotency_key, consumed.stamp.reason) == (
        "clerk",
        "consume",
        "order",
    )
    assert activated.stamp.command_id == consumed.stamp.command_id
    assert activated.metadata == {}


def test_L3_4_a_read_folds_in_what_is_due_and_writes_nothing():
    ledger = Ledger()
    ledger.accepts(issue(expires_at=NEXT_DAY))
    written = ledger.state.account("anna", "POINTS")
    read = settled(written, instant(NEXT_DAY))
    assert (read.available, read.expired, read.version, read.position) == (0, 10, written.version + 1, written.position)
    assert settled(read, instant("2027-01-01")) == read
    assert ledger.state.account("anna", "POINTS") is written


def test_L3_4_a_refused_command_writes_nothing_that_is_due():
    ledger = Ledger()
    ledger.accepts(issue(expires_at=NEXT_DAY))
    before = ledger.state
    assert codes(ledger.at(NEXT_DAY).refuses(consume("1"))) == ["INSUFFICIENT_BALANCE"]
    assert ledger.state is before


def test_L3_4_only_the_account_of_the_command_writes_what_is_due():
    ledger = Ledger()
    ledger.accepts(issue(expires_at=NEXT_DAY))
    ledger.accepts(issue("1", "ben"))
    assert told(ledger.at(NEXT_DAY).accepts(consume("1", "ben"))) == ["CONSUMED -1 =0"]
    assert told(ledger.accepts(issue("5"))) == ["EXPIRED -10 =0", "ISSUED +5 =5"]


def test_L5_1_at_its_expiry_what_is_unused_of_a_grant_expires():
    ledger = Ledger()
    ledger.accepts(issue("10", expires_at=NEXT_DAY))
    ledger.accepts(consume("4"))
    account = ledger.at(NEXT_DAY).account()
    assert (account.available, account.expired, account.consumed) == (0, 6, 4)
    assert told(ledger.accepts(issue("1"))) == ["EXPIRED -6 =0", "ISSUED +1 =1"]
    assert told(ledger.at("2026-04-01").accepts(issue("1"))) == ["ISSUED +1 =2"]


def test_L5_1_an_expiry_that_finds_nothing_left_writes_nothing():
    ledger = Ledger()
    ledger.accepts(issue("10", expires_at=NEXT_DAY))
    ledger.accepts(consume("10"))
    assert ledger.at(NEXT_DAY).account().version == 2
    assert told(ledger.accepts(issue("1"))) == ["ISSUED +1 =1"]


@pytest.mark.parametrize(
    ("grants", "next_due_at"),
    [
        ([], None),
        ([issue()], None),
        ([issue(expires_at=NEXT_DAY)], NEXT_DAY),
        ([issue(effective_at="2026-03-03", expires_at="2026-03-04"), issue(expires_at="2026-03-05")], "2026-03-03"),
        ([issue(effective_at="2026-03-06"), issue(expires_at="2026-03-05")], "2026-03-05"),
    ],
)
def test_L3_4_the_next_change_by_time_alone_is_known(grants, next_due_at):
    ledger = Ledger()
    for command in grants:
        ledger.accepts(command)
    account = ledger.account()
    assert account.next_due_at == (next_due_at and instant(next_due_at))
    if next_due_at:
        assert due(account, instant(next_due_at))

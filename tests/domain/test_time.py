"""L2 but L2.3: the instant of a decision, half-open windows, scheduled and back-dated commands.

What belongs here: what an instant means. What does not: what is due by time (`test_due`), validities (`test_validity`).
"""

import pytest

from app.domain.account import GrantState
from app.domain.due import due
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

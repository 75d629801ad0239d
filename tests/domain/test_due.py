"""L3.4 and L5.1: what time alone does, and when it is written.

What belongs here: activations and expiries that are due. What does not: what an instant means (`test_time`).
"""

import pytest

from app.domain.due import due, settled, settled_grant
from app.domain.events import Activated, Expired
from tests.domain.scenario import Ledger, codes, consume, instant, issue, told

NEXT_DAY = "2026-03-02"


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


@pytest.mark.parametrize("at", ["2026-03-01T12:00", NEXT_DAY, "2026-03-03", "2027-01-01"])
def test_L3_4_one_grant_alone_is_settled_as_it_is_within_its_account(at):
    ledger = Ledger()
    ledger.accepts(issue("10", effective_at=NEXT_DAY, expires_at="2026-03-03"))
    ledger.accepts(issue("7", expires_at=NEXT_DAY))
    ledger.accepts(consume("3"))
    written = ledger.state.account("anna", "POINTS").grants.values()
    assert [settled_grant(grant, instant(at)) for grant in written] == ledger.at(at).grants()


def test_L12_3_the_version_counts_what_is_due_and_writing_it_does_not_change_it():
    ledger = Ledger()
    assert ledger.account().version == 0
    ledger.accepts(issue("1"))
    ledger.accepts(issue("10", effective_at=NEXT_DAY, expires_at="2026-03-03"))
    ledger.accepts(issue("7", expires_at=NEXT_DAY))
    assert ledger.account().version == 3
    read = ledger.at("2026-03-03").account()
    ledger.accepts(consume("1"))
    assert (read.version, ledger.account().version) == (6, 7)

"""Which events a reader wants: every member given must hold, windows are half-open.

What belongs here: the meaning of a filter. What does not: how a database finds the events (`tests/store`).
"""

import pytest

from app.domain.events import EventKind
from app.domain.filters import EVERYTHING, EventFilter
from tests.domain.scenario import Ledger, instant, issue, register

CONSUMED, ISSUED = frozenset({EventKind.CONSUMED}), frozenset({EventKind.ISSUED, EventKind.EXPIRED})
NOON, PAST = instant("2026-03-01T12:00"), instant("2026-02-01")
LATER, BEFORE = instant("2026-03-01T12:00:00.000001"), instant("2026-01-31T23:59:59.999999")


def event_of(command):
    return Ledger().accepts(command)[0]


WANTED = event_of(issue("10", reason="order", effective_at="2026-02-01"))


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        ({}, True),
        ({"customer_id": "anna"}, True),
        ({"customer_id": "ben"}, False),
        ({"type_code": "POINTS"}, True),
        ({"type_code": "MILES"}, False),
        ({"kinds": ISSUED}, True),
        ({"kinds": CONSUMED}, False),
        ({"kinds": frozenset()}, False),
        ({"actor_id": "clerk"}, True),
        ({"actor_id": "ledger"}, False),
        ({"command_id": "command2"}, True),
        ({"command_id": "command1"}, False),
        ({"correlation_id": "order 7"}, False),
        ({"reason": "order"}, True),
        ({"reason": "orde"}, False),
        ({"effective_from": PAST}, True),
        ({"effective_from": NOON}, False),
        ({"effective_before": PAST}, False),
        ({"effective_before": NOON}, True),
        ({"recorded_from": NOON}, True),
        ({"recorded_from": LATER}, False),
        ({"recorded_before": NOON}, False),
        ({"recorded_before": LATER}, True),
        ({"effective_from": BEFORE, "effective_before": PAST}, False),
        ({"type_code": "POINTS", "amount_at_least": 10, "amount_at_most": 10}, True),
        ({"type_code": "POINTS", "amount_at_least": 11}, False),
        ({"type_code": "POINTS", "amount_at_most": 9}, False),
        ({"type_code": "POINTS", "amount_at_least": 0}, True),
        ({"customer_id": "anna", "kinds": CONSUMED}, False),
    ],
)
def test_every_member_of_a_filter_must_hold(wanted, matches):
    assert EventFilter(**wanted).matches(WANTED) is matches


def test_an_event_without_an_amount_is_within_no_bounds_of_amounts():
    event = event_of(register())
    assert EVERYTHING.matches(event)
    assert not EventFilter(amount_at_least=0).matches(event)
    assert not EventFilter(amount_at_most=10).matches(event)

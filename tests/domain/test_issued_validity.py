"""L2.3 at an issue: which validity applies, when it is resolved, and when there is none to be had.

What belongs here: what an issue makes of a validity. What does not: durations and zones (`test_validity`).
"""

import pytest

from app.domain.validity import CalendarEnd, Validity
from tests.domain.scenario import Ledger, codes, fields, instant, issue, points, revise

DAY, MONTH, YEAR, NEVER = CalendarEnd.END_OF_DAY, CalendarEnd.END_OF_MONTH, CalendarEnd.END_OF_YEAR, CalendarEnd.NEVER


@pytest.mark.parametrize(
    ("members", "expires_at"),
    [
        ({}, "2026-03-31T12:00"),
        ({"expires_at": "2026-03-02"}, "2026-03-02"),
        ({"validity": Validity("P1D")}, "2026-03-02T12:00"),
        ({"validity": Validity(until=NEVER)}, None),
    ],
)
def test_L2_3_what_the_issue_says_goes_before_the_default_of_the_type(members, expires_at):
    ledger = Ledger(points(default_validity=Validity("P30D")))
    ledger.accepts(issue(**members))
    assert ledger.grants()[0].expires_at == (expires_at and instant(expires_at))


@pytest.mark.parametrize("default", [None, Validity(until=NEVER)])
def test_L2_3_without_any_validity_a_grant_never_expires(default):
    ledger = Ledger(points(default_validity=default))
    ledger.accepts(issue())
    assert ledger.at("9999-12-31T23:59:59.999999").grants()[0].expires_at is None
    assert ledger.account().available == 10


def test_L2_3_a_validity_counts_from_the_effective_instant_in_the_zone_of_the_type():
    ledger = Ledger(points(time_zone="Asia/Kolkata"))
    ledger.accepts(issue(effective_at="2026-03-31T18:30", validity=Validity(until=DAY)))
    ledger.accepts(issue(effective_at="2026-02-10", validity=Validity("P1M")))
    assert [grant.expires_at for grant in ledger.grants()] == [instant("2026-04-01T18:30"), instant("2026-03-10")]


def test_L2_3_a_validity_is_resolved_once():
    ledger = Ledger(points(default_validity=Validity(until=DAY)))
    ledger.accepts(issue())
    ledger.accepts(revise(default_validity=Validity("P1Y"), time_zone="Asia/Tokyo"))
    ledger.accepts(issue())
    assert [grant.expires_at for grant in ledger.grants()] == [instant("2026-03-02"), instant("2027-03-01T12:00")]


def test_L2_3_both_an_expiry_and_a_validity_are_invalid():
    refused = Ledger().refuses(issue(expires_at="2026-04-01", validity=Validity("P1D")))
    assert (codes(refused), fields(refused)) == (["INVALID_INPUT"], ["expiresAt"])


@pytest.mark.parametrize(
    ("validity", "names"),
    [
        (Validity(), ["validity"]),
        (Validity("P1D", NEVER), ["validity.until"]),
        (Validity("soon", NEVER), ["validity.duration", "validity.until"]),
    ],
)
def test_L2_3_a_validity_says_something_and_never_stands_alone(validity, names):
    assert fields(Ledger().refuses(issue(validity=validity))) == names


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"expires_at": "2026-03-01T12:00"}, "expiresAt"),
        ({"expires_at": "2026-03-01T11:59:59.999999"}, "expiresAt"),
        ({"effective_at": "2026-05-01", "expires_at": "2026-04-01"}, "expiresAt"),
        ({"validity": Validity("P0D")}, "validity"),
        ({"validity": Validity("PT0S")}, "validity"),
    ],
)
def test_L2_3_a_grant_expires_after_it_takes_effect(members, name):
    refused = Ledger().refuses(issue(**members))
    assert (codes(refused), fields(refused)) == (["INVALID_INPUT"], [name])


@pytest.mark.parametrize(
    ("effective_at", "validity"),
    [
        ("2026-01-01", Validity("P7974Y")),
        ("2026-01-01", Validity("P95688M")),
        ("2026-01-01", Validity("P3000000D")),
        ("2026-01-01", Validity("P999999999W")),
        ("2026-01-01", Validity("PT70000000H")),
        ("2026-01-01", Validity("P" + "9" * 50 + "Y")),
        ("2026-01-01", Validity("PT" + "9" * 50 + "S")),
        ("9999-12-31", Validity("P1D")),
        ("9999-12-31T12:00", Validity(until=DAY)),
        ("9999-12-01", Validity(until=MONTH)),
        ("9999-01-01", Validity(until=YEAR)),
    ],
)
def test_L2_3_a_validity_ends_before_year_10000(effective_at, validity):
    refused = Ledger().refuses(issue(effective_at=effective_at, validity=validity))
    assert (codes(refused), fields(refused)) == (["INVALID_INPUT"], ["validity"])


@pytest.mark.parametrize(
    ("zone", "effective_at"),
    [("Pacific/Kiritimati", "9999-12-31T12:00"), ("America/Los_Angeles", "0001-01-01")],
)
def test_L2_3_a_local_day_outside_the_calendar_is_invalid(zone, effective_at):
    refused = Ledger(points(time_zone=zone)).refuses(issue(effective_at=effective_at, validity=Validity("P1D")))
    assert fields(refused) == ["validity"]


def test_L2_3_the_last_instant_of_the_calendar_can_be_an_expiry():
    ledger = Ledger()
    ledger.accepts(issue(expires_at="9999-12-31T23:59:59.999999"))
    assert ledger.at("9999-12-31T23:59:59.999998").account().available == 10
    assert ledger.at("9999-12-31T23:59:59.999999").account().available == 0

"""L2.3: how long a grant lives.

What belongs here: durations and calendar ends in awkward zones. What does not: what an expiry does (`test_expiry`).
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.validity import CalendarEnd, Validity, expiry, is_time_zone, parse_duration, parse_elapsed
from tests.domain.scenario import Ledger, fields, instant, issue, points

DAY, MONTH, YEAR, NEVER = CalendarEnd.END_OF_DAY, CalendarEnd.END_OF_MONTH, CalendarEnd.END_OF_YEAR, CalendarEnd.NEVER
ZONES = """
    UTC Europe/Berlin Europe/Dublin America/New_York America/Sao_Paulo America/Havana America/St_Johns
    America/Santiago America/Asuncion America/Nuuk America/Caracas Africa/Cairo Africa/Casablanca
    Asia/Beirut Asia/Amman Asia/Gaza Asia/Tehran Asia/Kathmandu Asia/Pyongyang Australia/Lord_Howe
    Pacific/Apia Pacific/Kiritimati Pacific/Chatham Pacific/Fakaofo Antarctica/Troll
""".split()


@pytest.mark.parametrize(
    ("effective_at", "duration", "expires_at"),
    [
        ("2026-01-30", "P1M1D", "2026-03-01"),
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2024-01-31", "P1M", "2024-02-29"),
        ("2026-03-31", "P1M", "2026-04-30"),
        ("2026-08-31", "P6M", "2027-02-28"),
        ("2026-12-31", "P2M", "2027-02-28"),
        ("2026-01-31", "P14M", "2027-03-31"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2024-02-29", "P4Y", "2028-02-29"),
        ("2023-01-31", "P1Y1M", "2024-02-29"),
        ("2023-12-31", "P1Y2M1D", "2025-03-01"),
        ("2026-02-28", "P1M", "2026-03-28"),
        ("2026-01-01", "P1W", "2026-01-08"),
        ("2026-01-01", "P1W1D", "2026-01-09"),
        ("2026-01-31T23:30:00.000001", "P1MT1H", "2026-03-01T00:30:00.000001"),
        ("2026-01-01", "PT36H", "2026-01-02T12:00"),
        ("2026-01-01", "PT90M", "2026-01-01T01:30"),
        ("2026-01-01", "PT9999999999S", "2342-11-21T17:46:39"),
        ("2026-01-01", "P0Y0M0W0DT0H0M1S", "2026-01-01T00:00:01"),
        ("2026-01-01", "P007D", "2026-01-08"),
    ],
)
def test_L2_3_a_duration_counts_years_and_months_then_days_then_elapsed_time(effective_at, duration, expires_at):
    assert expiry(instant(effective_at), Validity(duration), "UTC") == instant(expires_at)


@pytest.mark.parametrize(
    ("zone", "effective_at", "duration", "expires_at"),
    [
        pytest.param(
            "Europe/Berlin", "2026-03-28T12:00+01:00", "P1D", "2026-03-29T12:00+02:00", id="days-keep-wall-time"
        ),
        pytest.param("Europe/Berlin", "2026-03-28T12:00+01:00", "PT24H", "2026-03-29T13:00+02:00", id="hours-elapse"),
        pytest.param(
            "Europe/Berlin", "2026-03-28T12:00+01:00", "P1DT1H", "2026-03-29T13:00+02:00", id="days-then-hours"
        ),
        pytest.param("Europe/Berlin", "2026-03-28T02:30+01:00", "P1D", "2026-03-29T02:30+01:00", id="gap"),
        pytest.param("Europe/Berlin", "2026-02-28T02:30+01:00", "P1M1D", "2026-03-29T02:30+01:00", id="gap-by-month"),
        pytest.param(
            "Europe/Berlin", "2026-03-22T02:00+01:00", "P1W", "2026-03-29T02:00+01:00", id="gap-first-instant"
        ),
        pytest.param("Europe/Berlin", "2026-03-22T03:00+01:00", "P1W", "2026-03-29T03:00+02:00", id="after-gap"),
        pytest.param(
            "Europe/Berlin", "2026-03-28T02:30+01:00", "P1DT1H", "2026-03-29T03:30+01:00", id="gap-then-hours"
        ),
        pytest.param("Europe/Berlin", "2026-10-24T02:30+02:00", "P1D", "2026-10-25T02:30+02:00", id="fold"),
        pytest.param("Europe/Berlin", "2026-10-24T03:00+02:00", "P1D", "2026-10-25T03:00+01:00", id="after-fold"),
        pytest.param("Europe/Berlin", "2026-10-25T02:30+01:00", "P1D", "2026-10-26T02:30+01:00", id="from-second-fold"),
        pytest.param("Europe/Berlin", "2025-10-26T02:30+01:00", "P52W", "2026-10-25T02:30+02:00", id="fold-to-fold"),
        pytest.param("America/New_York", "2026-10-01T01:30-04:00", "P1M", "2026-11-01T01:30-04:00", id="fold-new-york"),
        pytest.param("America/New_York", "2026-03-01T02:15-05:00", "P1W", "2026-03-08T02:15-05:00", id="gap-new-york"),
        pytest.param("America/Sao_Paulo", "2018-11-03T00:00-03:00", "P1D", "2018-11-04T00:00-03:00", id="no-midnight"),
        pytest.param("Africa/Cairo", "2026-04-23T00:30+02:00", "P1D", "2026-04-24T00:30+02:00", id="no-midnight-cairo"),
        pytest.param("Asia/Beirut", "2026-03-28T00:00+02:00", "P1D", "2026-03-29T00:00+02:00", id="no-midnight-beirut"),
        pytest.param("Australia/Lord_Howe", "2026-04-04T01:45+11:00", "P1D", "2026-04-05T01:45+11:00", id="half-hour"),
        pytest.param("Pacific/Apia", "2011-12-29T12:00-10:00", "P1D", "2011-12-30T12:00-10:00", id="skipped-day"),
        pytest.param("Pacific/Apia", "2011-12-29T12:00-10:00", "P2D", "2011-12-31T12:00+14:00", id="over-skipped-day"),
        pytest.param("Pacific/Apia", "2011-11-30T12:00-10:00", "P1M", "2011-12-30T12:00-10:00", id="skipped-by-month"),
        pytest.param("Asia/Kolkata", "2026-01-31T01:00+05:30", "P1M", "2026-02-28T01:00+05:30", id="clamped-locally"),
        pytest.param("Pacific/Kiritimati", "2026-02-28T00:00+14:00", "P1D", "2026-03-01T00:00+14:00", id="far-east"),
    ],
)
def test_L2_3_calendar_parts_keep_the_wall_time_of_the_zone(zone, effective_at, duration, expires_at):
    assert expiry(instant(effective_at), Validity(duration), zone) == instant(expires_at)


@pytest.mark.parametrize(
    ("zone", "effective_at", "validity", "expires_at"),
    [
        ("UTC", "2026-03-01", Validity(until=DAY), "2026-03-02"),
        ("UTC", "2026-03-01T23:59:59.999999", Validity(until=DAY), "2026-03-02"),
        ("UTC", "2026-02-01", Validity(until=MONTH), "2026-03-01"),
        ("UTC", "2024-02-29T23:59", Validity(until=MONTH), "2024-03-01"),
        ("UTC", "2026-12-31T23:59", Validity(until=MONTH), "2027-01-01"),
        ("UTC", "2026-01-01", Validity(until=YEAR), "2027-01-01"),
        ("UTC", "2026-01-31", Validity("P1M", MONTH), "2026-03-01"),
        ("UTC", "2026-11-30", Validity("P1M", YEAR), "2027-01-01"),
        ("UTC", "2026-12-01", Validity("P1M", YEAR), "2028-01-01"),
        ("UTC", "2026-03-01T23:30", Validity("PT30M", DAY), "2026-03-03"),
        ("Asia/Kolkata", "2026-02-01T01:30+05:30", Validity(until=MONTH), "2026-03-01T00:00+05:30"),
        ("Pacific/Auckland", "2026-12-31T23:59+13:00", Validity(until=YEAR), "2027-01-01T00:00+13:00"),
        ("America/Los_Angeles", "2026-12-31T23:59-08:00", Validity(until=YEAR), "2027-01-01T00:00-08:00"),
        ("Europe/Berlin", "2026-03-29T12:00+02:00", Validity(until=DAY), "2026-03-30T00:00+02:00"),
        ("Europe/Berlin", "2026-03-01T12:00+01:00", Validity(until=MONTH), "2026-04-01T00:00+02:00"),
        ("America/Sao_Paulo", "2018-11-03T12:00-03:00", Validity(until=DAY), "2018-11-04T01:00-02:00"),
        ("America/Sao_Paulo", "2018-02-17T23:30-03:00", Validity(until=DAY), "2018-02-18T00:00-03:00"),
        ("Africa/Cairo", "2026-04-23T12:00+02:00", Validity(until=DAY), "2026-04-24T01:00+03:00"),
        ("Africa/Cairo", "2026-10-29T23:30+03:00", Validity(until=DAY), "2026-10-30T00:00+02:00"),
        ("Asia/Beirut", "2026-03-28T12:00+02:00", Validity(until=DAY), "2026-03-29T01:00+03:00"),
        ("America/Havana", "2026-10-31T12:00-04:00", Validity(until=DAY), "2026-11-01T00:00-04:00"),
        ("America/Havana", "2026-10-01T12:00-04:00", Validity(until=MONTH), "2026-11-01T00:00-04:00"),
        ("Pacific/Apia", "2011-12-29T12:00-10:00", Validity(until=DAY), "2011-12-31T00:00+14:00"),
        ("Pacific/Apia", "2011-12-29T12:00-10:00", Validity("P1D", DAY), "2012-01-01T00:00+14:00"),
        ("Pacific/Apia", "2011-12-29T12:00-10:00", Validity(until=YEAR), "2012-01-01T00:00+14:00"),
    ],
)
def test_L2_3_an_end_is_the_first_instant_after_the_local_day_month_or_year(zone, effective_at, validity, expires_at):
    assert expiry(instant(effective_at), validity, zone) == instant(expires_at)


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    effective_at=st.timedeltas(timedelta(), timedelta(days=15_400)).map(lambda passed: instant("1994-12-01") + passed),
)
def test_L2_3_an_end_of_day_is_where_a_walk_along_the_clock_finds_it(zone, effective_at):
    day = effective_at.astimezone(zone).date()
    walked = effective_at.replace(second=0, microsecond=0)
    while walked.astimezone(zone).date() <= day:
        walked += timedelta(minutes=1)
    assert expiry(effective_at, Validity(until=DAY), zone.key) == walked


@pytest.mark.parametrize(
    "text", ["P1Y", "P1M", "P1W", "P1D", "PT1H", "PT1M", "PT1S", "P1Y2M3W4DT5H6M7S", "P0D", "P00D"]
)
def test_L2_3_the_grammar_of_a_duration(text):
    assert parse_duration(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "", "P", "PT", "P1DT", "1D", "p1d", "P1d", "P-1D", "-P1D", "+P1D", "P1.5D", "P1,5D", "PT1.5S", "P1D1Y", "P1H",
        "PT1D",
        "P1Y1Y", " P1D", "P1D ", "P1D\n", "P١D", "P1DT1M1H", "P D", "PXD", "P30", "P2026-01-01", "P" + "0" * 100 + "1D",
    ],
)  # fmt: skip
def test_L2_3_anything_else_is_no_duration(text):
    assert parse_duration(text) is None
    assert fields(Ledger().refuses(issue(validity=Validity(text)))) == ["validity.duration"]
    assert fields(Ledger().refuses(points("OTHER", default_validity=Validity(text)))) == ["defaultValidity.duration"]
    with pytest.raises(ValueError, match="not a duration"):
        expiry(instant("2026-01-01"), Validity(text), "UTC")


@pytest.mark.parametrize(
    ("text", "elapsed"),
    [
        ("P1W", timedelta(7)),
        ("P2DT3H4M5S", timedelta(2, 5, 0, 0, 4, 3)),
        ("PT0S", timedelta()),
        ("P1M", None),
        ("P0M", None),
        ("P1Y", None),
        ("P0YT1H", None),
        ("P1000000000D", None),
        ("PT99999999999999999999H", None),
        ("never", None),
    ],
)
def test_L2_3_elapsed_time_has_neither_years_nor_months(text, elapsed):
    assert parse_elapsed(text) == elapsed
    for member in ("max_backdate", "reversal_grace", "hold_ttl_max"):
        problems = Ledger().outcome(points("OTHER", **{member: text, "hold_ttl_default": "PT0S"}))
        assert isinstance(problems, tuple) == (elapsed is None)


@pytest.mark.parametrize(
    ("name", "is_known"),
    [
        ("UTC", True),
        ("Europe/Berlin", True),
        ("Asia/Calcutta", True),
        ("europe/berlin", False),
        ("", False),
        ("Mars/Olympus", False),
        ("+02:00", False),
        ("../../etc/passwd", False),
        ("Europe/Berlin\0", False),
        ("\ud800", False),
    ],
)
def test_L2_3_a_time_zone_is_one_of_the_pinned_database(name, is_known):
    assert is_time_zone(name) is is_known
    problems = Ledger().outcome(points("OTHER", time_zone=name))
    assert (fields(problems) if isinstance(problems, tuple) else []) == ([] if is_known else ["timeZone"])

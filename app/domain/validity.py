"""How long a grant lives: ISO 8601 durations and calendar ends, resolved once, at issue (L2.3).

What belongs here: durations, calendars, zones. What does not: which validity applies (`decide`).
"""

import re
import zoneinfo
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

# The `tzdata` package is pinned; whatever zone files the machine happens to have must not change an expiry.
zoneinfo.reset_tzpath(to=())

_DURATION = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII
)
_DURATION_LENGTH_MAX = 100


class CalendarEnd(StrEnum):
    """Where a validity ends on the local calendar."""

    END_OF_DAY = "END_OF_DAY"
    END_OF_MONTH = "END_OF_MONTH"
    END_OF_YEAR = "END_OF_YEAR"
    NEVER = "NEVER"


@dataclass(frozen=True, slots=True)
class Validity:
    """A duration, a calendar end, or both; the calendar end is applied last."""

    duration: str | None = None
    until: CalendarEnd | None = None


@dataclass(frozen=True, slots=True)
class Duration:
    """The parts of an ISO 8601 duration."""

    years: int
    months: int
    weeks: int
    days: int
    hours: int
    minutes: int
    seconds: int

    def elapsed(self) -> timedelta:
        """Weeks to seconds as elapsed time; raises OverflowError beyond what a calendar holds."""
        return timedelta(weeks=self.weeks, days=self.days, hours=self.hours, minutes=self.minutes, seconds=self.seconds)


def parse_duration(text: str) -> Duration | None:
    """The duration that `text` writes, or None: `P[nY][nM][nW][nD][T[nH][nM][nS]]` with at least one part."""
    match = _DURATION.fullmatch(text) if len(text) <= _DURATION_LENGTH_MAX else None
    return match and Duration(*(int(part or 0) for part in match.groups()))


def parse_elapsed(text: str) -> timedelta | None:
    """The elapsed time that `text` writes in weeks, days, hours, minutes and seconds, or None (L2.3)."""
    duration = parse_duration(text)
    if duration is None or "Y" in text or "M" in text.partition("T")[0]:
        return None
    try:
        return duration.elapsed()
    except OverflowError:
        return None


def is_time_zone(name: str) -> bool:
    """Whether `name` is a zone of the pinned IANA database."""
    return name in _zone_names()


def expiry(effective_at: datetime, validity: Validity, time_zone: str) -> datetime | None:
    """The first instant at which a grant is dead, or None for never; raises OverflowError from year 10000 on."""
    if validity.until is CalendarEnd.NEVER:
        return None
    zone = zoneinfo.ZoneInfo(time_zone)
    instant = effective_at
    if validity.duration is not None:
        duration = parse_duration(validity.duration)
        if duration is None:
            raise ValueError(f"not a duration: {validity.duration}")
        instant = _add(instant, duration, zone)
    return instant if validity.until is None else _end(instant, validity.until, zone)


def _add(instant: datetime, duration: Duration, zone: zoneinfo.ZoneInfo) -> datetime:
    if duration.years or duration.months or duration.weeks or duration.days:
        wall = instant.astimezone(zone).replace(tzinfo=None)
        months = wall.month - 1 + duration.months + 12 * duration.years
        year, month = wall.year + months // 12, months % 12 + 1
        if year > 9999:
            raise OverflowError("a validity ends before year 10000")
        wall = wall.replace(year=year, month=month, day=min(wall.day, monthrange(year, month)[1]))
        instant = _instant(wall + timedelta(weeks=duration.weeks, days=duration.days), zone)
    return instant + timedelta(hours=duration.hours, minutes=duration.minutes, seconds=duration.seconds)


def _end(instant: datetime, until: CalendarEnd, zone: zoneinfo.ZoneInfo) -> datetime:
    day = instant.astimezone(zone).date()
    if until is CalendarEnd.END_OF_YEAR:
        day = day.replace(month=12, day=31)
    elif until is CalendarEnd.END_OF_MONTH:
        day = day.replace(day=monthrange(day.year, day.month)[1])
    return _instant(datetime.combine(day + timedelta(days=1), time()), zone)


def _instant(wall: datetime, zone: zoneinfo.ZoneInfo) -> datetime:
    # fold=0 takes the offset before the change, both for a wall time that is skipped and for one that comes twice.
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())

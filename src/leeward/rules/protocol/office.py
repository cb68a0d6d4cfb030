"""When the office is open, and clocks that run only then. Pure: the calendar is part of the definition.

Hours are local wall-clock time of the office's zone, so a working day stays 09:00 to 17:00 across the change of
daylight saving time, while what is measured is real time: an hour is always sixty minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = timedelta(days=1)
#: No office is closed for longer in one piece; a calendar that is would never let a clock run out.
LONGEST_CLOSURE: Final = timedelta(days=366)


class Clock(StrEnum):
    """When a step's `within` runs."""

    ALWAYS = "always"
    OFFICE_HOURS = "office_hours"
    OFFICE_DAYS = "office_days"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of opening time, in UTC; `ends` is the first moment after it."""

    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Office:
    """Opening hours: the same on each open day, except on the days when the office is closed."""

    zone: str
    days: tuple[str, ...]
    hours: tuple[tuple[time, time], ...]
    closed: tuple[date, ...] = ()

    def is_open_on(self, day: date) -> bool:
        """Whether the office opens at all on a local day."""
        return DAYS[day.weekday()] in self.days and day not in self.closed

    def local_day(self, moment: datetime) -> date:
        """The calendar day at the office at a moment."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def midnight(self, day: date) -> datetime:
        """When a local day begins, in UTC."""
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)

    def spans(self, day: date) -> tuple[Span, ...]:
        """Opening times of one local day, first to last. What daylight saving time swallows whole is left out."""
        return _spans(self, day)

    def days_from(self, day: date) -> Iterator[date]:
        """The open days from a local day on, that day included."""
        while True:
            if self.is_open_on(day):
                yield day
            day += _DAY

    def due(self, opened: datetime, within: timedelta, clock: Clock) -> datetime:
        """When a clock of this length that starts at `opened` has run out, in UTC.

        `OFFICE_HOURS`: the first moment at which the office has been open for `within` since `opened`.
        `OFFICE_DAYS`: closing time on the open day that many open days after the day of opening, which is not counted.
        """
        if clock is Clock.ALWAYS or not within:
            return opened + within
        today = self.local_day(opened)
        if clock is Clock.OFFICE_DAYS:
            following = self.days_from(today + _DAY)
            for _ in range(within // _DAY - 1):
                next(following)
            return self.spans(next(following))[-1].ends
        left = within
        for day in self.days_from(today - _DAY):
            for span in self.spans(day):
                start = max(span.starts, opened)
                if start < span.ends:
                    if start + left <= span.ends:
                        return start + left
                    left -= span.ends - start
        raise AssertionError("an endless calendar ended")


@lru_cache(maxsize=8192)
def _spans(office: Office, day: date) -> tuple[Span, ...]:
    if not office.is_open_on(day):
        return ()
    zone = ZoneInfo(office.zone)
    found = (
        Span(
            datetime.combine(day, opens, zone).astimezone(UTC),
            datetime.combine(day, closes, zone).astimezone(UTC),
        )
        for opens, closes in office.hours
    )
    return tuple(span for span in found if span.starts < span.ends)

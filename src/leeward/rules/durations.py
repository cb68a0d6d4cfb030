"""Lengths of time as definitions write them: the part of ISO 8601 that is the same length every time.

A day is 24 hours and a week seven days, also across the change of daylight saving time, so a clock means
the same in every engine. Months and years are refused because their length depends on where they start.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from .errors import DurationError

LONGEST: Final = timedelta(days=3660)

_WEEKS: Final = re.compile(r"P(\d{1,4})W", re.ASCII)
_DAYS_AND_TIME: Final = re.compile(
    r"P(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?", re.ASCII
)
_CALENDAR: Final = re.compile(r"P(?:\d+Y|\d+M|\d+Y\d+M)", re.ASCII)
_HINT: Final = "Write weeks as P4W, days as P30D, hours as PT72H, minutes as PT30M, and PT0S for at once."


def parse_duration(text: str) -> timedelta:
    """`P30D` → 30 days. Raises DurationError for anything that is not a fixed length."""
    if weeks := _WEEKS.fullmatch(text):
        return _checked(text, timedelta(weeks=int(weeks[1])))
    parts = _DAYS_AND_TIME.fullmatch(text)
    if parts and any(group is not None for group in parts.groups()):
        days, hours, minutes, seconds = (int(group or 0) for group in parts.groups())
        return _checked(text, timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))
    if _CALENDAR.match(text):
        raise DurationError(
            f"`{text}` has months or years, which are not the same length every time.",
            hint="Write days or weeks instead: P30D, P90D, P52W.",
        )
    raise DurationError(f"`{text}` is not a length of time.", hint=_HINT)


def format_duration(length: timedelta) -> str:
    """The shortest ISO 8601 text of a length: 72 hours → `P3D`, nothing → `PT0S`."""
    seconds = int(length.total_seconds())
    if seconds == 0:
        return "PT0S"
    days, rest = divmod(seconds, 86_400)
    if rest == 0:
        return f"P{days // 7}W" if days % 7 == 0 else f"P{days}D"
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    time = "".join(f"{amount}{unit}" for amount, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if amount)
    return f"P{days}DT{time}" if days else f"PT{time}"


def _checked(text: str, length: timedelta) -> timedelta:
    if length > LONGEST:
        raise DurationError(f"`{text}` is longer than ten years.", hint="Use a length of at most P3660D.")
    return length

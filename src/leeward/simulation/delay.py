"""How long a step takes: at the same visit, in minutes, or on a later day.

Both parts are log-normal. A step that waits for a later day happens on the day on which its drawn time falls, inside
office hours and never later in the day than it was opened. So the share that is done within a whole number of days is
exactly the distribution function there, which lets an evaluator compare a clock with the truth.
"""

from dataclasses import dataclass
from math import ceil, erf, exp, log, sqrt

MINUTE = 60
HOUR = 3_600
DAY = 86_400
OPENING = 14 * HOUR
"""When the doors open, in seconds of the UTC day: 08:00 in Mississippi in winter."""
OFFICE_DAY = 8 * HOUR
"""How long they stay open."""
SAME_VISIT_SPREAD = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """`same_visit` of 1 means minutes only, 0 means days only. Medians, and the spread of the log of the days."""

    same_visit: float = 0.0
    minutes: float = 10.0
    days: float = 5.0
    spread: float = 0.8

    def within(self, seconds: float) -> float:
        """Share done within so many seconds: exact up to 12 hours and at whole numbers of days."""
        if seconds <= 0:
            return 0.0
        at_once = _log_normal(seconds / MINUTE / self.minutes, SAME_VISIT_SPREAD)
        later = _log_normal(seconds // DAY / self.days, self.spread)
        return self.same_visit * at_once + (1 - self.same_visit) * later

    def after(self, opened: int, mixture: float, normal: float, moment: float) -> int:
        """The second at which it happens, from two uniform numbers and a normal one."""
        if mixture < self.same_visit:
            return opened + MINUTE * max(1, ceil(self.minutes * _factor(normal, SAME_VISIT_SPREAD)))
        day = opened + DAY * max(1, ceil(self.days * _factor(normal, self.spread)))
        since_opening = min(max(opened % DAY - OPENING, 0), OFFICE_DAY)
        return day - MINUTE * int(moment * since_opening / MINUTE)


def _factor(normal: float, spread: float) -> float:
    return exp(spread * normal)


def _log_normal(ratio: float, spread: float) -> float:
    return 0.5 * (1 + erf(log(ratio) / spread / sqrt(2))) if ratio > 0 else 0.0

"""What a site decides about its results. Every value is printed with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from leeward.evidence.threshold import Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsSettings:
    """The threshold may only be raised. `go_live` is read from the clients' protocol versions unless given."""

    threshold: Threshold = field(default_factory=Threshold)
    go_live: date | None = None
    silence: timedelta = timedelta(days=60)
    """Who has had no session for so long has stopped coming, on the day of the last one."""
    retained_after: timedelta = timedelta(days=60)
    """Who still comes so long after the first session was retained."""
    stay_days: tuple[int, ...] = (30, 60, 90, 120)
    reference_tools: tuple[str, ...] = ("full-assessment",)
    """Long assessments that decide whether a screening was right; they are no screenings themselves."""
    left_otherwise: tuple[str, ...] = ("moved", "transferred", "incarcerated", "died")
    """Reasons for closing a case that end treatment for another cause than stopping to come."""
    areas: int = 3
    zone: str = "UTC"
    """Where days and months begin."""

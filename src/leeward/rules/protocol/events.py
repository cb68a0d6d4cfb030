"""An event of the timeline as the rules see it, and the one order in which events count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from leeward.rules.errors import TimelineError


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to one client. `supersedes` names the event that this one corrects."""

    id: str
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    subject: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    supersedes: str | None = None


def timeline(events: Iterable[Event], now: datetime) -> list[Event]:
    """The events that count at `now`, in order: by when they happened, were recorded, and their id.

    A superseded event never counts, not even before the moment at which its correction happened: a correction says
    that the first record was wrong, not that the world changed. Events after `now` do not count yet.
    """
    recorded = list(events)
    for moment in (now, *(event.occurred_at for event in recorded), *(event.recorded_at for event in recorded)):
        if moment.tzinfo is None:
            raise TimelineError(f"The time {moment.isoformat()} has no time zone.", hint="Use times in UTC.")
    if len({event.id for event in recorded}) != len(recorded):
        raise TimelineError("Two events have the same id.", hint="Give the plan each event once.")
    superseded = {event.supersedes for event in recorded if event.supersedes is not None}
    counting = [event for event in recorded if event.occurred_at <= now and event.id not in superseded]
    counting.sort(key=lambda event: (event.occurred_at, event.recorded_at, event.id))
    return counting

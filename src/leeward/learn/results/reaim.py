"""RE-AIM (Glasgow, Vogt & Boles 1999) from the figures that the other parts publish, and adoption by staff and places.

Shares with Wilson's interval and a named denominator. A dimension that the data do not tell keeps its line, empty, so
that the gap is seen. Maintenance of the setting: whether steps were still kept in the last quarter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from leeward.evidence.intervals import wilson
from leeward.evidence.reaim import Dimension
from leeward.evidence.suppression import SUPPRESSED, Cleared, Count, Ledger, Share
from leeward.learn.fidelity.grid import Kept

from .cases import Era, Population
from .data import ResultsData
from .document import Aim, Flow, Harms, Symptoms

_LATE: Final = timedelta(days=182)
#: The contacts of aftercare that are half a year after the case or later.
_FOUND: Final = (180, 365)


@dataclass(frozen=True, slots=True)
class AdoptionCells:
    """Shares by the name of their cell; those whose data are missing are left out."""

    cells: Mapping[str, tuple[str, str]]

    def publish(self, cleared: Cleared) -> Mapping[str, Share]:
        return {name: cleared.share(part, whole) for name, (part, whole) in self.cells.items()}


def adoption(people: Population, data: ResultsData, ledger: Ledger) -> AdoptionCells:
    """Staff who did anything of the protocol, and people whom aftercare found half a year after their case ended."""
    cells: dict[str, tuple[str, str]] = {}
    present = data.staff[data.staff["is_active"].astype(bool)] if "is_active" in data.staff.columns else data.staff
    staff = set(present["staff"])
    if data.knows_who_did_what and staff:
        since = {case.client for case in people.of(Era.SINCE)}
        acting = data.events[data.events["client"].isin(since) & (data.events["kind"] != "client.registered")]
        ledger.count("adoption", len(staff), importance=1)
        ledger.split("adoption", "adoption:began", len(staff & set(acting["actor"])))
        cells["staff_who_began"] = ("adoption:began", "adoption")
    ended = [case for case in people.cases if case.ending and people.now - case.ending.occurred_at >= _LATE]
    late = {case.client: [e for e in case.of("aftercare.contacted") if e.data.get("day") in _FOUND] for case in ended}
    reached = [client for client, contacts in late.items() if contacts]
    still = [client for client in reached if any(e.data.get("still_linked") is True for e in late[client])]
    ledger.count("aftercare", len(ended), importance=1)
    ledger.split("aftercare", "aftercare:reached", len(reached), importance=1)
    ledger.split("aftercare:reached", "aftercare:linked", len(still))
    cells["reached_after_half_a_year"] = ("aftercare:reached", "aftercare")
    cells["still_linked_after_half_a_year"] = ("aftercare:linked", "aftercare:reached")
    return AdoptionCells(cells)


def measures(
    flows: Sequence[Flow],
    symptoms: Sequence[Symptoms],
    harms: Harms,
    kept: Kept,
    adopted: Mapping[str, Share],
) -> tuple[Aim, ...]:
    """The table of RE-AIM since go-live, all of it from shown figures."""
    current = next((flow for flow in flows if flow.era == Era.SINCE.value), None)
    reached = {stage.stage: stage.reached for stage in current.stages} if current else {}
    better = {each.instrument: each.better for each in symptoms if each.era == Era.SINCE.value and each.better}
    table: list[tuple[Dimension, str, Share | None]] = [
        (Dimension.REACH, "asked", reached.get("asked")),
        (Dimension.REACH, "screened", reached.get("screened")),
        (Dimension.REACH, "accepted", reached.get("accepted")),
        *((Dimension.EFFECTIVENESS, f"better:{name}", share) for name, share in better.items()),
        (Dimension.EFFECTIVENESS, "linked", reached.get("linked")),
        (Dimension.EFFECTIVENESS, "harmed", harms.people),
        (Dimension.ADOPTION, "staff_who_began", adopted.get("staff_who_began")),
        (Dimension.IMPLEMENTATION, "in_time", _in_time(kept)),
        (Dimension.MAINTENANCE, "reached_after_half_a_year", adopted.get("reached_after_half_a_year")),
        (Dimension.MAINTENANCE, "still_linked_after_half_a_year", adopted.get("still_linked_after_half_a_year")),
        (Dimension.MAINTENANCE, "in_time_last_months", _in_time_lately(kept)),
    ]
    return tuple(Aim(dimension=dimension.value, name=name, share=share) for dimension, name, share in table)


def _in_time(kept: Kept) -> Share | None:
    return _share(kept.everything.counts.get("met"), kept.everything.counts.get("due"))


def _in_time_lately(kept: Kept) -> Share | None:
    """The last three whole months that are shown."""
    months = [row for row in kept.tables.get("month", ()) if row.group][:-1][-3:]
    pairs = [(row.counts.get("met"), row.counts.get("due")) for row in months]
    shown = [(a.value, b.value) for a, b in pairs if isinstance(a, Count) and isinstance(b, Count)]
    if not months:
        return None
    if len(shown) < len(months):
        return Share(SUPPRESSED, SUPPRESSED, None)
    met, due = sum(a for a, _ in shown), sum(b for _, b in shown)
    return Share(Count(met), Count(due), wilson(met, due)) if due else None


def _share(part: object, whole: object) -> Share | None:
    """None where nothing was due. What is hidden, or withheld because the centre is too small for it, is hidden."""
    if isinstance(part, Count) and isinstance(whole, Count):
        return Share(part, whole, wilson(part.value, whole.value)) if whole.value else None
    return Share(SUPPRESSED, SUPPRESSED, None)

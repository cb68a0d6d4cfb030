"""What may be shown of one table: no count from 1 to 10, nor one that the rest of its row gives away.

A table holds groups and no totals over them, so each row is a document of its own. Who hands on several tables of the
same cases hands on what can be subtracted; the tables of the page are cleared together (`grid`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leeward.evidence.intervals import Estimate
from leeward.evidence.suppression import SUPPRESSED, Cleared, Count, Ledger, Shown, Suppressed
from leeward.evidence.threshold import Threshold

from .counts import DERIVED, MEASURES, Row

Value = Estimate | Suppressed | None
"""An estimate; SUPPRESSED if it rests on few people; None if the data don't reach that far."""

#: Which counts make up which.
SUMS: Mapping[str, tuple[str, ...]] = {
    "opened": ("due", "other"),
    "other": ("declined", "void", "pending"),
    "due": ("met", "missed"),
    "missed": ("late", "overdue"),
    "done": ("met", "late"),
}
#: Parts of what was done, each with its rest.
PARTS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "done": (("needing_training", "not_needing_training"), ("sharing", "not_sharing")),
    "needing_training": (("untrained", "trained"),),
    "sharing": (("without_consent", "with_consent"),),
}
_SUMS = (*SUMS.items(), *((whole, parts) for whole, choices in PARTS.items() for parts in choices))
#: What hides last. The share done in time says most; where it can't be shown because few missed, how often a step was
#: opened does, because it carries the median.
_IMPORTANCE: Mapping[bool, Mapping[str, int]] = {
    True: {"opened": 3, "due": 2, "met": 2, "untrained": 1, "without_consent": 1},
    False: {"opened": 2, "due": 3, "met": 3, "untrained": 1, "without_consent": 1},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedRow:
    """One group as it may be shown. People are those for whom anything was opened; hidden with what was opened. Those
    behind the other counts are not told: who had a step both in time and late would be found by adding and subtracting
    them. Times are in days."""

    group: tuple[str, ...]
    counts: Mapping[str, Shown]
    people: Mapping[str, Shown]
    met_share: Value
    median: Value
    ninety: Value
    days_lost: float | Suppressed


def clear(rows: Sequence[Row], threshold: Threshold) -> tuple[ClearedRow, ...]:
    """The rows of one table as they may be shown."""
    return tuple(publish(row, "", _cleared(row, threshold)) for row in rows)


def may_rank(rows: Sequence[Row], shown: Sequence[ClearedRow], threshold: Threshold) -> list[str]:
    """Steps, of rows by step and the same as they may be shown, of which it may be told for how many people they were
    due and how many missed them: few of them are neither those who always had it in time nor those who never had it
    due."""
    return [
        row.group[0]
        for row, each in zip(rows, shown, strict=True)
        if each.met_share is not SUPPRESSED and not any(map(threshold.is_small, _left_over(row)))
    ]


def _left_over(row: Row) -> tuple[int, int]:
    """Of the people of a step: who always had it in time, and who never had it due."""
    opened, due, missed = (row.counts[name].people for name in ("opened", "due", "missed"))
    return due - missed, opened - due


def enter(ledger: Ledger, row: Row, cell: str, threshold: Threshold, importance: int = 0) -> None:
    """Every count of a row into a ledger, with the sums among them, under names that begin with `cell`.

    What readers can derive and is zero is left out of the sums, as known: who knows the protocol knows, for one, which
    steps ask for training.
    """
    missed = row.counts["missed"]
    few_missed = threshold.is_small(missed.openings) or threshold.is_small(missed.people)
    entered = [name for name, tally in row.counts.items() if name not in DERIVED or tally.openings]
    for name in entered:
        tally = row.counts[name]
        ledger.count(
            f"{cell}{name}",
            tally.openings,
            people=tally.people,
            importance=importance + _IMPORTANCE[few_missed].get(name, 0),
            printed=name not in DERIVED,
        )
    for total, parts in _SUMS:
        if total in entered:
            ledger.sum(f"{cell}{total}", *(f"{cell}{part}" for part in parts if part in entered))


def publish(row: Row, cell: str, cleared: Cleared) -> ClearedRow:
    """The row with what a ledger has cleared of it. A time is shown if enough people were done to carry it."""
    counts = {name: cleared[f"{cell}{name}"] for name in MEASURES if f"{cell}{name}" in cleared.shown}
    return ClearedRow(
        group=row.group,
        counts=counts,
        people={name: _people(row, name, shown) for name, shown in counts.items()},
        met_share=_share(cell, cleared),
        median=_time(row, row.median, cell, cleared),
        ninety=_time(row, row.ninety, cell, cleared),
        days_lost=_days_lost(row, cell, cleared),
    )


def _cleared(row: Row, threshold: Threshold) -> Cleared:
    if threshold.is_small(row.counts["opened"].people) or threshold.is_small(row.counts["opened"].openings):
        # Every count above zero hides, so nothing is left to work one out from.
        shown: dict[str, Shown] = {name: SUPPRESSED if row.counts[name].openings else Count(0) for name in MEASURES}
        return Cleared(shown, threshold)
    ledger = Ledger()
    enter(ledger, row, "", threshold)
    return ledger.clear(threshold)


def _people(row: Row, name: str, shown: Shown) -> Shown:
    return Count(row.counts[name].people) if name == "opened" and isinstance(shown, Count) else SUPPRESSED


def _share(cell: str, cleared: Cleared) -> Value:
    if not _are_shown(cleared, f"{cell}met", f"{cell}due"):
        return SUPPRESSED
    return cleared.share(f"{cell}met", f"{cell}due").estimate


def _time(row: Row, value: Estimate | None, cell: str, cleared: Cleared) -> Value:
    done = row.counts["done"]
    if row.counts["opened"].openings == 0:
        return None
    few = done.openings < cleared.threshold.k or done.people < cleared.threshold.k
    return SUPPRESSED if few or not _are_shown(cleared, f"{cell}opened") else value


def _days_lost(row: Row, cell: str, cleared: Cleared) -> float | Suppressed:
    return round(row.days_lost, 1) if _are_shown(cleared, f"{cell}due", f"{cell}met") else SUPPRESSED


def _are_shown(cleared: Cleared, *cells: str) -> bool:
    """Whether all of these are given, and none hidden."""
    return all(cell in cleared.shown for cell in cells) and cleared.permits(*cells)

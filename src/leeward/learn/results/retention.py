"""How long people keep coming: from the first session to the last one before a silence of 60 days.

Whoever completed treatment, or whose case was closed for another cause (moved, transferred, incarcerated, died), is
counted up to the last session and no further. A silence of the last 60 days can't be told from a pause, so everybody is
watched until 60 days before the data end: days on which nobody could have been seen to stop would make staying look
longer. Who began after that says nothing yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from leeward.evidence.intervals import Estimate
from leeward.evidence.suppression import SUPPRESSED, Cleared, Ledger
from leeward.evidence.survival import Curve, kaplan_meier

from .cases import Case, Era, Population
from .document import Retention, Stay, Value
from .settings import ResultsSettings

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """`treated` is everybody who came to a session; `days` and `stopped` are of those who began long enough ago."""

    era: Era
    cell: str
    treated: int
    days: Sequence[float]
    stopped: Sequence[bool]
    marks: tuple[int, ...]

    def curve(self) -> Curve:
        """The share still coming, by days since the first session."""
        return kaplan_meier(self.days, self.stopped)

    @property
    def n_stopped(self) -> int:
        return sum(self.stopped)

    def stopped_by(self, mark: float) -> int:
        return sum(gone and day <= mark for day, gone in zip(self.days, self.stopped, strict=True))

    def watched_beyond(self, mark: float) -> int:
        return sum(day >= mark for day in self.days)

    def publish(self, cleared: Cleared) -> Retention:
        return Retention(
            era=self.era.value,
            treated=cleared[self.cell],
            stopped=cleared[f"{self.cell}:stopped"],
            still_or_ended_otherwise=cleared[f"{self.cell}:stopped:rest"],
            stays=tuple(Stay(days=mark, share=self._share(cleared, mark)) for mark in self.marks),
            median_days=self._median(cleared),
        )

    def _share(self, cleared: Cleared, mark: int) -> Value:
        """Shown only where the people who had stopped by then, and those still watched, are many enough."""
        if not self.days:
            return None
        watched = self.watched_beyond(mark)
        if watched == 0:
            return None
        small = cleared.threshold.is_small(watched)
        if small or not cleared.is_large(self.cell) or not cleared.permits(f"{self.cell}:by{mark}"):
            return SUPPRESSED
        return self._of_treated(self.curve().at(mark))

    def _median(self, cleared: Cleared) -> Value:
        if not self.days:
            return None
        if not cleared.is_large(self.cell) or self.n_stopped < cleared.threshold.k:
            return SUPPRESSED
        return self._of_treated(self.curve().median)

    def _of_treated(self, found: Estimate | None) -> Estimate | None:
        """n is everybody treated: without those who began of late it would say how many these are."""
        return None if found is None else replace(found, n=self.treated)


@dataclass(frozen=True, slots=True)
class RetentionCells:
    groups: tuple[_Group, ...]

    def publish(self, cleared: Cleared) -> tuple[Retention, ...]:
        return tuple(group.publish(cleared) for group in self.groups)


def retention(people: Population, settings: ResultsSettings, ledger: Ledger) -> RetentionCells:
    """Everybody who ever came to a session, by era, into the ledger."""
    groups: list[_Group] = []
    for era in people.eras:
        treated = [case for case in people.of(era) if case.has("session.attended")]
        until = people.now - settings.silence
        watched = [case for case in treated if case.of("session.attended")[0].occurred_at <= until]
        group = _Group(
            era=era,
            cell=f"retention.{era.value}",
            treated=len(treated),
            days=[_days(case, until) for case in watched],
            stopped=[has_stopped(case, settings, people.now) for case in watched],
            marks=settings.stay_days,
        )
        _enter(ledger, group)
        groups.append(group)
    return RetentionCells(tuple(groups))


def has_stopped(case: Case, settings: ResultsSettings, now: datetime) -> bool:
    """Whether the person stopped coming: silence for so long, not for having completed or left otherwise."""
    last = case.of("session.attended")[-1].occurred_at
    ended_otherwise = case.has("treatment.completed") or case.ended_for in settings.left_otherwise
    return now - last >= settings.silence and not ended_otherwise


def _days(case: Case, until: datetime) -> float:
    sessions = case.of("session.attended")
    return (min(sessions[-1].occurred_at, until) - sessions[0].occurred_at) / DAY


def _enter(ledger: Ledger, group: _Group) -> None:
    """The number who stopped between two marks can be read off two points of the curve, so it is a cell as well."""
    cell, stopped = group.cell, f"{group.cell}:stopped"
    ledger.count(cell, group.treated, importance=2)
    ledger.split(cell, stopped, group.n_stopped, importance=1, rest_printed=True)
    for mark in group.marks:
        importance = 0 if mark == group.marks[-1] else 1  # the last point of the curve is given up first
        ledger.split(stopped, f"{cell}:by{mark}", group.stopped_by(mark), importance=importance)
    for early, late in pairwise(group.marks):
        between = f"{cell}:by{late}:from{early}"
        ledger.count(between, group.stopped_by(late) - group.stopped_by(early), printed=False)
        ledger.sum(f"{cell}:by{late}", f"{cell}:by{early}", between)

"""Reliable and clinically significant change between two scores of one person (Jacobson & Truax 1991).

Reliable: the difference is larger than measurement error makes likely, |post - pre| > 1.96 · √2 · SD · √(1 - r).
Clinically significant: it also crosses the cut-off between the clinical and the healthy range.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite, sqrt

from .errors import ImpossibleFigures

CRITICAL = 1.96


class Change(StrEnum):
    """The five exclusive classes, and the honest sixth."""

    RECOVERED = "recovered"
    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    DETERIORATED = "deteriorated"
    HARMED = "harmed"
    NOT_EVALUABLE = "not_evaluable"


@dataclass(frozen=True, slots=True)
class Precision:
    """How exactly an instrument measures: standard deviation before treatment in points, reliability in 0..1."""

    sd: float
    reliability: float

    def __post_init__(self) -> None:
        if not (isfinite(self.sd) and self.sd > 0):
            raise ImpossibleFigures(
                "The standard deviation must be a number above zero.", hint="Constant scores have none."
            )
        if not 0 <= self.reliability < 1:
            raise ImpossibleFigures(
                f"A reliability of {self.reliability} is impossible.", hint="It lies between 0 and 1, as in 0.87."
            )

    @property
    def sem(self) -> float:
        """Standard error of one measurement."""
        return self.sd * sqrt(1 - self.reliability)

    @property
    def s_diff(self) -> float:
        """Standard error of the difference of two measurements."""
        return sqrt(2) * self.sem

    @property
    def smallest_reliable_change(self) -> float:
        """Points that a difference must exceed to be more than error, at 95 %."""
        return CRITICAL * self.s_diff

    def index(self, before: float, after: float) -> float:
        """The reliable change index: the difference in standard errors."""
        return (after - before) / self.s_diff


@dataclass(frozen=True, slots=True)
class Group:
    """Mean and standard deviation of a population."""

    mean: float
    sd: float


def cut_off_a(clinical: Group, *, lower_is_better: bool = True) -> float:
    """Two standard deviations from the clinical mean towards health: when no norm group is known."""
    return clinical.mean - 2 * clinical.sd if lower_is_better else clinical.mean + 2 * clinical.sd


def cut_off_b(normal: Group, *, lower_is_better: bool = True) -> float:
    """Two standard deviations from the norm group's mean towards illness: when no clinical group is known."""
    return normal.mean + 2 * normal.sd if lower_is_better else normal.mean - 2 * normal.sd


def cut_off_c(clinical: Group, normal: Group) -> float:
    """The point between the means, weighted by the other's spread: preferred when the distributions overlap."""
    spread = clinical.sd + normal.sd
    if spread <= 0:
        raise ImpossibleFigures("Both standard deviations are zero.", hint="Cut-off c needs two spreads.")
    return (clinical.sd * normal.mean + normal.sd * clinical.mean) / spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """What makes a difference reliable and where health begins.

    `points` is exclusive when it was computed (more than 5.59), inclusive when a published rule gives whole points
    (15 or more). A score beyond `cut_off` lies in the clinical range; the cut-off itself is already healthy.
    """

    points: float
    points_count: bool = False
    cut_off: float | None = None
    lower_is_better: bool = True

    @classmethod
    def from_precision(
        cls, precision: Precision, *, cut_off: float | None = None, lower_is_better: bool = True
    ) -> Criterion:
        return cls(points=precision.smallest_reliable_change, cut_off=cut_off, lower_is_better=lower_is_better)

    def classify(self, before: float | None, after: float | None) -> Change:
        """The class of one person's change. A missing score is not evaluable, never unchanged."""
        if before is None or after is None or not (isfinite(before) and isfinite(after)):
            return Change.NOT_EVALUABLE
        gain = before - after if self.lower_is_better else after - before
        size = abs(gain)
        if size < self.points or (size == self.points and not self.points_count) or size == 0:
            return Change.UNCHANGED
        was, became = self._is_clinical(before), self._is_clinical(after)
        if gain > 0:
            return Change.RECOVERED if was and not became else Change.IMPROVED
        return Change.HARMED if became and not was else Change.DETERIORATED

    def _is_clinical(self, score: float) -> bool:
        """Without a cut-off nobody is on either side, and nobody crosses."""
        if self.cut_off is None:
            return False
        return score > self.cut_off if self.lower_is_better else score < self.cut_off


def classes(criterion: Criterion, pairs: Iterable[tuple[float | None, float | None]]) -> dict[Change, int]:
    """How many people fall in each class, those not evaluable included."""
    counts = Counter(criterion.classify(before, after) for before, after in pairs)
    return {change: counts[change] for change in Change}

"""RE-AIM: whether a programme reaches people, works, is taken up, is done as meant, and lasts (Glasgow, Vogt & Boles
1999). Each measure is a share of a denominator that is said, with Wilson's interval; how far those reached are like
those who could be is told by standardised differences (Austin 2009: above 0.1 is worth a look)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from .errors import ImpossibleFigures, NotEnough
from .intervals import LEVEL, Estimate, wilson


class Dimension(StrEnum):
    """The five questions."""

    REACH = "reach"
    EFFECTIVENESS = "effectiveness"
    ADOPTION = "adoption"
    IMPLEMENTATION = "implementation"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Measure:
    """`events` of `of`, where `denominator` says in words who or what is counted."""

    dimension: Dimension
    name: str
    events: int
    of: int
    denominator: str


@dataclass(frozen=True, slots=True)
class Rated:
    """A measure with its estimate; None, with the reason, where nobody could be counted."""

    measure: Measure
    estimate: Estimate | None
    reason: str = ""


def rate(measures: Iterable[Measure], *, level: float = LEVEL) -> dict[Dimension, list[Rated]]:
    """All measures by dimension; a dimension without any stays, empty, so that a gap is seen.

    Raises ImpossibleFigures for more events than there are cases, or a measure without a named denominator.
    """
    found: dict[Dimension, list[Rated]] = {dimension: [] for dimension in Dimension}
    for measure in measures:
        if not measure.denominator.strip():
            raise ImpossibleFigures(f"{measure.name} has no denominator.", hint="Say of whom or what it is a share.")
        if measure.of == 0 and measure.events == 0:
            found[measure.dimension].append(Rated(measure, None, f"There are no {measure.denominator} yet."))
        else:
            found[measure.dimension].append(Rated(measure, wilson(measure.events, measure.of, level=level)))
    return found


def representativeness(reached: Mapping[str, int], eligible: Mapping[str, int]) -> dict[str, float]:
    """For each group the standardised difference of its share among those reached and among all who could be.

    Above zero: the group is over-represented. Raises NotEnough if nobody was reached, ImpossibleFigures if more of a
    group were reached than there are.
    """
    if any(count > eligible.get(group, 0) for group, count in reached.items()):
        raise ImpossibleFigures("More of a group were reached than there are.", hint="Count the same people in both.")
    all_reached, all_eligible = sum(reached.values()), sum(eligible.values())
    if not all_reached:
        raise NotEnough("Nobody was reached.", hint="It needs somebody to compare.")
    found = {}
    for group, count in eligible.items():
        p, q = reached.get(group, 0) / all_reached, count / all_eligible
        spread = sqrt((p * (1 - p) + q * (1 - q)) / 2)
        found[group] = (p - q) / spread if spread else 0.0
    return found

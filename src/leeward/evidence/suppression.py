"""The only door for a count: no cell from 1 to k-1 is published, nor anything from which one can be derived.

The rule is that of the Centers for Medicare & Medicaid Services (cells of 1 to 10 are not shown, zero may be), with
k = 11 unless a site raises it. A count enters as `Raw`, which refuses to be printed, and leaves as `Count` or
`SUPPRESSED`. Which other cells must hide, so that totals don't give the small ones away, is decided over *all* sums
that a document prints, and proven by linear programming: for each hidden cell the least and the greatest value that
the printed numbers permit must lie far enough apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, final

import numpy as np
from scipy.optimize import linprog

from .errors import DoesNotAddUp, ImpossibleFigures, ThresholdTooLow, Uncleared
from .intervals import LEVEL, Estimate, wilson

MINIMUM: Final = 11


@dataclass(frozen=True, slots=True)
class Threshold:
    """The smallest count above zero that is published. A site may raise it, never lower it."""

    k: int = MINIMUM

    def __post_init__(self) -> None:
        if self.k < MINIMUM:
            raise ThresholdTooLow(
                f"Cells below {MINIMUM} are never published, so the threshold can't be {self.k}.",
                hint=f"Choose {MINIMUM} or more.",
            )

    def is_small(self, value: int) -> bool:
        return 0 < value < self.k


@final
@dataclass(frozen=True, slots=True, repr=False)
class Raw:
    """A count that nobody has cleared. It has no text: a page that tries to print it fails instead.

    `_people` is how many different people stand behind it, where one person can count more than once.
    """

    _value: int
    _people: int

    def __repr__(self) -> str:
        return "Raw(not cleared)"

    def __str__(self) -> str:
        raise Uncleared("A count that has not passed suppression was about to be printed.", hint="Clear it first.")

    def __format__(self, specification: str) -> str:
        return str(self)

    def __html__(self) -> str:
        return str(self)


@final
@dataclass(frozen=True, slots=True)
class Count:
    """A count that may be shown. One from 1 to 10 can't even be made."""

    value: int

    def __post_init__(self) -> None:
        if 0 < self.value < MINIMUM or self.value < 0:
            raise Uncleared("A count from 1 to 10 can't be published.", hint="Let suppression decide.")

    def __str__(self) -> str:
        return str(self.value)


@final
@dataclass(frozen=True, slots=True)
class Suppressed:
    """A number that may not be shown. It never says why: that would give away which cells are small."""

    def __str__(self) -> str:
        return "…"


SUPPRESSED: Final = Suppressed()
Shown = Count | Suppressed


@dataclass(frozen=True, slots=True)
class Sum:
    """A total that readers can compute from its parts, or a part from the total and the others."""

    total: str
    parts: tuple[str, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        return (*self.parts, self.total)


@dataclass(frozen=True, slots=True)
class Range:
    """What a reader can work out about a hidden cell: at least, at most; and at most if they know it isn't zero."""

    least: float
    most: float
    most_if_nonzero: float

    def protects(self, threshold: Threshold) -> bool:
        """Wider than k, or from below one to k or more; and still possibly k or more for who knows it isn't zero."""
        k = threshold.k
        wide = self.most - self.least > k or (self.least < 1 and self.most >= k)
        return wide and self.most_if_nonzero >= k


class Ledger:
    """Everything that one document counts, and every sum that its readers can form. Clear it once, at the end."""

    def __init__(self) -> None:
        self._cells: dict[str, Raw] = {}
        self._sums: list[Sum] = []

    def count(self, name: str, value: int, *, people: int | None = None) -> str:
        """Enter a count under a name of its own; returns the name."""
        if name in self._cells:
            raise ImpossibleFigures(f"The cell {name} is entered twice.", hint="Give each count its own name.")
        behind = value if people is None else people
        if value < 0 or behind < 0 or (behind == 0) != (value == 0) or behind > value:
            raise ImpossibleFigures(f"The cell {name} can't be {value}.", hint="Counts start at zero.")
        self._cells[name] = Raw(value, behind)
        return name

    def sum(self, total: str, *parts: str) -> None:
        """Say that these parts make up that total. Raises DoesNotAddUp if they don't."""
        values = [self._cells[part]._value for part in parts]
        if sum(values) != self._cells[total]._value:
            raise DoesNotAddUp(f"The parts of {total} don't add up to it.", hint="Every member belongs to one part.")
        self._sums.append(Sum(total, parts))

    def split(self, whole: str, part: str, value: int, *, people: int | None = None, rest: int | None = None) -> str:
        """Enter a part of a cell, together with the rest that its readers can subtract. Returns the part's name.

        `people` and `rest` are the people behind the part and behind the rest where one can count more than once.
        """
        total = self._cells[whole]
        self.count(part, value, people=people)
        self.count(f"{part}:rest", total._value - value, people=rest)
        self.sum(whole, part, f"{part}:rest")
        return part

    def clear(self, threshold: Threshold) -> Cleared:
        """Decide which cells to hide. Everything that is printed afterwards comes from the result."""
        values = {name: raw._value for name, raw in self._cells.items()}
        behind = {name: raw._people for name, raw in self._cells.items()}
        hidden = hide(values, self._sums, threshold, people=behind)
        shown: dict[str, Shown] = {
            name: SUPPRESSED if name in hidden else Count(value) for name, value in values.items()
        }
        return Cleared(shown, tuple(self._sums), threshold)


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its numerator, its denominator and Wilson's interval: all of them shown, or none."""

    count: Shown
    of: Shown
    estimate: Estimate | None


@dataclass(frozen=True, slots=True)
class Cleared:
    """The counts of a document after suppression."""

    shown: Mapping[str, Shown]
    sums: tuple[Sum, ...]
    threshold: Threshold

    def __getitem__(self, name: str) -> Shown:
        return self.shown[name]

    def permits(self, *names: str) -> bool:
        """Whether every one of these counts is shown: the condition for a mean, a rate or a median that rests on it."""
        return all(isinstance(self.shown[name], Count) for name in names)

    def is_large(self, *names: str) -> bool:
        """Whether every one of these counts is shown and not zero."""
        return all(isinstance(cell := self.shown[name], Count) and cell.value > 0 for name in names)

    def share(self, part: str, whole: str, *, level: float = LEVEL) -> Share:
        """A part of a whole. Hidden unless both are shown and what is left of the whole is not small either."""
        count, of = self.shown[part], self.shown[whole]
        if not (isinstance(count, Count) and isinstance(of, Count)) or of.value == 0:
            return Share(count, of, None)
        if count.value > of.value:
            raise ImpossibleFigures(f"{part} is more than {whole}.", hint="A share counts part of a whole.")
        if self.threshold.is_small(of.value - count.value):
            raise Uncleared(f"{part} gives away a small rest of {whole}.", hint="Enter it with Ledger.split.")
        return Share(count, of, wilson(count.value, of.value, level=level))

    @property
    def n_hidden(self) -> int:
        return sum(isinstance(cell, Suppressed) for cell in self.shown.values())


def hide(
    values: Mapping[str, int],
    sums: Sequence[Sum],
    threshold: Threshold,
    *,
    people: Mapping[str, int] | None = None,
) -> frozenset[str]:
    """Names of the cells to hide: the small ones, and as many more as it takes that none can be derived.

    Zeros stay. Where a sum has one hidden cell, the smallest other one hides too, a part before the total; this is
    repeated until the audit finds nothing. It always ends: with every cell above zero hidden, nothing is bounded.
    """
    _check(values, sums)
    behind = values if people is None else people
    hidden = {name for name in values if threshold.is_small(values[name]) or threshold.is_small(behind[name])}
    while True:
        _hide_second_cells(values, sums, hidden)
        found = ranges(values, sums, hidden)
        exposed = next((name for name in sorted(found) if not found[name].protects(threshold)), None)
        if exposed is None:
            return frozenset(hidden)
        next_one = _smallest_neighbour(exposed, values, sums, hidden)
        if next_one is None:
            raise ImpossibleFigures(f"The cell {exposed} can't be protected.", hint="Print fewer totals.")
        hidden.add(next_one)


def audit(
    values: Mapping[str, int], hidden: Iterable[str], sums: Sequence[Sum], threshold: Threshold
) -> dict[str, Range]:
    """The hidden cells that readers of the shown ones can work out too closely: empty when all is well."""
    _check(values, sums)
    found = ranges(values, sums, frozenset(hidden), shortcut=False)
    return {name: each for name, each in found.items() if not each.protects(threshold)}


def ranges(
    values: Mapping[str, int], sums: Sequence[Sum], hidden: Iterable[str], *, shortcut: bool = True
) -> dict[str, Range]:
    """What the shown cells say about each hidden one. Exact; by linear programming unless one sum decides alone."""
    gone = set(hidden)
    equations = [equation for each in sums if (equation := _Equation.of(each, values, gone)).terms]
    found: dict[str, Range] = {}
    for names, together in _components(gone, equations):
        if not together:
            found |= dict.fromkeys(names, Range(0.0, inf, inf))
        elif len(together) == 1 and shortcut:
            found |= _alone(together[0])
        else:
            found |= _programmed(names, together)
    return found


@dataclass(frozen=True, slots=True)
class _Equation:
    """Hidden parts minus the hidden total: what they must come to, given what is shown."""

    terms: Mapping[str, int]
    comes_to: int

    @classmethod
    def of(cls, each: Sum, values: Mapping[str, int], hidden: set[str]) -> _Equation:
        terms: dict[str, int] = {}
        for name, sign in [*((part, 1) for part in each.parts), (each.total, -1)]:
            if name in hidden:
                terms[name] = terms.get(name, 0) + sign
        terms = {name: sign for name, sign in terms.items() if sign}
        return cls(terms, sum(sign * values[name] for name, sign in terms.items()))


def _check(values: Mapping[str, int], sums: Sequence[Sum]) -> None:
    for each in sums:
        if sum(values[part] for part in each.parts) != values[each.total]:
            raise DoesNotAddUp(
                f"The parts of {each.total} don't add up to it.", hint="Every member belongs to one part."
            )
    if any(value < 0 for value in values.values()):
        raise ImpossibleFigures("A count is negative.", hint="Counts start at zero.")


def _hide_second_cells(values: Mapping[str, int], sums: Sequence[Sum], hidden: set[str]) -> None:
    changed = True
    while changed:
        changed = False
        for each in sums:
            if sum(name in hidden for name in each.cells) == 1 and (second := _smallest(each, values, hidden)):
                hidden.add(second)
                changed = True


def _smallest(each: Sum, values: Mapping[str, int], hidden: set[str]) -> str | None:
    open_cells = [name for name in each.cells if name not in hidden and values[name] > 0]
    return min(open_cells, key=lambda name: (name == each.total, values[name], name), default=None)


def _smallest_neighbour(name: str, values: Mapping[str, int], sums: Sequence[Sum], hidden: set[str]) -> str | None:
    """The cheapest shown cell in a sum with this one, else with any cell that it depends on."""
    reached, frontier = {name}, {name}
    while frontier:
        near = [each for each in sums if frontier & set(each.cells)]
        choices = [
            (name == each.total, values[found], found) for each in near if (found := _smallest(each, values, hidden))
        ]
        if choices:
            return min(choices)[2]
        frontier = {cell for each in near for cell in each.cells if cell in hidden} - reached
        reached |= frontier
    return None


def _components(
    hidden: set[str], equations: Sequence[_Equation]
) -> list[tuple[tuple[str, ...], tuple[_Equation, ...]]]:
    """Hidden cells that have to do with each other, with the equations between them."""
    parent = {name: name for name in hidden}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for equation in equations:
        first, *others = equation.terms
        for other in others:
            parent[root(other)] = root(first)
    members: dict[str, list[str]] = {}
    for name in sorted(hidden):
        members.setdefault(root(name), []).append(name)
    between: dict[str, list[_Equation]] = {}
    for equation in equations:
        between.setdefault(root(next(iter(equation.terms))), []).append(equation)
    return [(tuple(names), tuple(between.get(key, ()))) for key, names in members.items()]


def _alone(equation: _Equation) -> dict[str, Range]:
    """One equation and no other: parts share what is left of a shown total, or grow without limit with a hidden one."""
    parts = [name for name, sign in equation.terms.items() if sign > 0]
    totals = [name for name, sign in equation.terms.items() if sign < 0]
    if totals:
        floor = -equation.comes_to
        return {name: Range(0.0, inf, inf) for name in parts} | {
            name: Range(float(max(floor, 0)), inf if parts else float(floor), inf if parts else float(floor))
            for name in totals
        }
    if len(parts) == 1:
        known = float(equation.comes_to)
        return {parts[0]: Range(known, known, known)}
    most = float(equation.comes_to)
    return {name: Range(0.0, most, most - (len(parts) - 1)) for name in parts}


def _programmed(names: Sequence[str], equations: Sequence[_Equation]) -> dict[str, Range]:
    """Least and greatest value of each cell over everything that satisfies the equations."""
    place = {name: index for index, name in enumerate(names)}
    matrix = np.zeros((len(equations), len(names)))
    for row, equation in enumerate(equations):
        for name, sign in equation.terms.items():
            matrix[row, place[name]] = sign
    comes_to = np.array([equation.comes_to for equation in equations], dtype=float)

    def extreme(index: int, direction: int, floor: int) -> float:
        goal = np.zeros(len(names))
        goal[index] = direction
        found = linprog(goal, A_eq=matrix, b_eq=comes_to, bounds=(floor, None), method="highs")
        if found.status == 3:
            return inf
        if found.status != 0 or found.fun is None:
            raise ImpossibleFigures("The audit of the hidden cells failed.", hint="Report this table as a defect.")
        return round(abs(float(found.fun)), 6)

    return {
        name: Range(extreme(index, 1, 0), extreme(index, -1, 0), extreme(index, -1, 1)) for name, index in place.items()
    }

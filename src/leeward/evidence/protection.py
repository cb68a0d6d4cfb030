"""Which further cells must hide so that no small one can be derived, and the proof that none can.

The numbers that a document prints are linked by sums. A reader who solves them knows of each unprinted cell a least
and a greatest value; both are found by linear programming. A small cell is protected if they lie far enough apart.
Where it is not, the program's own dual solution names the printed cells that give it away, and the cheapest hides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from .errors import NO_WAY, WHAT_HELPS, DoesNotAddUp, ImpossibleFigures
from .threshold import Threshold
from .worlds import Flags, Worlds

_SEED = 11


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
    """What a reader can work out about an unprinted cell: at least, at most; and at most for a reader who knows that
    zeros are always printed, so that what is hidden can't be one."""

    least: float
    most: float
    most_if_nonzero: float

    def protects(self, threshold: Threshold) -> bool:
        """Wider than k, or from below one to k or more; and possibly k or more for who knows that it isn't zero."""
        return self.reaches(threshold.k)

    def reaches(self, enough: int) -> bool:
        """The same for another number than k."""
        is_wide = self.most - self.least > enough or (self.least < 1 and self.most >= enough)
        return is_wide and self.most_if_nonzero >= enough


def hide(
    values: Mapping[str, int],
    sums: Sequence[Sum],
    threshold: Threshold,
    *,
    people: Mapping[str, int] | None = None,
    importance: Mapping[str, int] | None = None,
    unprinted: Collection[str] = (),
) -> frozenset[str]:
    """Names of the cells to hide: the small ones, and as many more as it takes that none can be derived.

    `people` are those behind a cell where one person counts more than once; few people make a cell small. A cell of
    less importance hides first, then the smaller one; zeros stay. What is `unprinted` is never shown, but must not be
    derivable either if it is small. It always ends: with every cell above zero hidden, nothing is bounded.
    """
    check(values, sums)
    behind = values if people is None else people
    small = {name for name in values if threshold.is_small(values[name]) or threshold.is_small(behind[name])}
    search = _Search(values, sums, threshold, frozenset(unprinted), small, importance or {})
    search.cover()
    search.uncover()
    return frozenset(search.hidden)


def audit(
    values: Mapping[str, int],
    hidden: Iterable[str],
    sums: Sequence[Sum],
    threshold: Threshold,
    *,
    unprinted: Collection[str] = (),
) -> dict[str, Range]:
    """The cells that readers of the printed ones can work out too closely: hidden ones, and small unprinted ones.

    Empty when all is well. Looks at every cell anew, by linear programming alone.
    """
    gone = frozenset(hidden)
    watched = gone | {name for name in unprinted if threshold.is_small(values[name])}
    found = ranges(values, sums, gone, unprinted=unprinted)
    return {name: found[name] for name in sorted(watched) if not found[name].protects(threshold)}


def ranges(
    values: Mapping[str, int],
    sums: Sequence[Sum],
    hidden: Iterable[str],
    *,
    unprinted: Collection[str] = (),
    only: Collection[str] | None = None,
) -> dict[str, Range]:
    """What the printed cells say about each of the others, or `only` about some of them."""
    check(values, sums)
    gone = frozenset(hidden)
    system = _System(values, sums)
    unknown = gone | frozenset(unprinted)
    nonzero = frozenset(name for name in gone if values[name])  # beside earlier releases a zero may hide too
    found: dict[str, Range] = {}
    for name in sorted(unknown if only is None else unknown.intersection(only)):
        part = system.around(name, unknown)
        found[name] = Range(
            part.extreme(name, -1, frozenset()),
            part.extreme(name, 1, frozenset()),
            part.extreme(name, 1, nonzero),
        )
    return found


def check(values: Mapping[str, int], sums: Sequence[Sum]) -> None:
    """Raises DoesNotAddUp for a total that is not its parts, ImpossibleFigures for a count below zero."""
    for each in sums:
        if sum(values[part] for part in each.parts) != values[each.total]:
            raise DoesNotAddUp(
                f"The parts of {each.total} don't add up to it.", hint="Every member belongs to one part."
            )
    if any(value < 0 for value in values.values()):
        raise ImpossibleFigures("A count is negative.", hint="Counts start at zero.")


class _System:
    """The sums, indexed by cell."""

    def __init__(self, values: Mapping[str, int], sums: Sequence[Sum]) -> None:
        self.values = values
        self.signs: list[Mapping[str, int]] = []
        self.of_cell: dict[str, list[int]] = {name: [] for name in values}
        for number, each in enumerate(sums):
            signs: dict[str, int] = {}
            for name, sign in [*((part, 1) for part in each.parts), (each.total, -1)]:
                signs[name] = signs.get(name, 0) + sign
            self.signs.append({name: sign for name, sign in signs.items() if sign})
            for name in self.signs[-1]:
                self.of_cell[name].append(number)

    def around(self, name: str, unknown: Collection[str]) -> _Part:
        """The unknown cells that have to do with this one, and the sums between them."""
        cells, sums, frontier = {name}, set[int](), [name]
        while frontier:
            for number in self.of_cell[frontier.pop()]:
                if number not in sums:
                    sums.add(number)
                    fresh = {cell for cell in self.signs[number] if cell in unknown} - cells
                    cells |= fresh
                    frontier += fresh
        return _Part(self, tuple(sorted(cells)), tuple(sorted(sums)))


class _Part:
    """Unknown cells that have to do with each other: x = truth + deviation, where every sum's deviations cancel."""

    def __init__(self, system: _System, cells: tuple[str, ...], sums: tuple[int, ...]) -> None:
        self.system = system
        self.cells = cells
        self.sums = sums
        self.place = {name: index for index, name in enumerate(cells)}
        self.matrix: NDArray[np.float64] = np.zeros((len(sums), len(cells)))
        for row, number in enumerate(sums):
            for name, sign in system.signs[number].items():
                if name in self.place:
                    self.matrix[row, self.place[name]] = sign

    def extreme(self, name: str, direction: int, nonzero: Collection[str]) -> float:
        """The greatest (or least) value of a cell, with every cell at least zero, or one if it can't be zero."""
        truth = np.array([self.system.values[cell] for cell in self.cells], dtype=float)
        if not self.sums:
            return inf if direction > 0 else 0.0
        goal = np.zeros(len(self.cells))
        goal[self.place[name]] = -direction
        floors = np.array([1.0 if cell in nonzero else 0.0 for cell in self.cells]) - truth
        above = [(float(floor), None) for floor in floors]
        found = linprog(goal, A_eq=self.matrix, b_eq=np.zeros(len(self.sums)), bounds=above, method="highs")
        if found.status == 3:
            return inf
        if found.status != 0 or found.x is None:
            raise ImpossibleFigures("The audit of the hidden cells failed.", hint="Report this table as a defect.")
        return round(float(found.x[self.place[name]]) + self.system.values[name], 6)


class _Search:
    """Hides cell after cell until everything is protected, then shows again what need not have been hidden.

    Every solution that the solver finds is kept: a world in which the printed numbers are what they are. Most cells
    are seen to be protected from the worlds found for others, so few programs need to be solved.
    """

    def __init__(
        self,
        values: Mapping[str, int],
        sums: Sequence[Sum],
        threshold: Threshold,
        unprinted: frozenset[str],
        small: Collection[str],
        importance: Mapping[str, int],
    ) -> None:
        self.values = values
        self.threshold = threshold
        self.unprinted = unprinted
        self.small = frozenset(small)
        self.hidden = set(self.small - unprinted)
        self.system = _System(values, sums)
        self.importance = importance
        self.names = list(values)
        self.place = {name: place for place, name in enumerate(self.names)}
        self.sums = [np.array([self.place[cell] for cell in (each.total, *each.parts)]) for each in sums]
        self.truth = np.array([values[name] for name in self.names], dtype=np.float64)
        self.worlds = Worlds(self.truth, self.sums, threshold.k)
        self.chance = np.random.default_rng(_SEED)

    def cover(self) -> None:
        """Hide the cheapest cell that gives an exposed one away, until none is exposed."""
        self._spread(self.worlds, self.small)
        waiting = sorted(self.small, key=self._cost)
        while waiting:
            name = waiting.pop(0)
            while (bounded_by := self._exposed_by(name, self.worlds)) is not None:
                choice = self._cheapest(bounded_by) or self._nearest(name)
                if choice is None:
                    raise ImpossibleFigures(NO_WAY, hint=WHAT_HELPS)
                self.hidden.add(choice)
                waiting.append(choice)

    def uncover(self) -> None:
        """Show again, the most important first, what was hidden for the sake of others and is not needed."""
        for name in sorted(self.hidden - self.small, key=self._cost, reverse=True):
            if name in self.hidden:
                self._release(name)

    def _release(self, name: str) -> None:
        """Show this cell, and large ones that follow from it; take it back if a small one would follow."""
        before = frozenset(self.hidden)
        near = self.system.around(name, self._unknown).cells
        released = {name}
        while True:
            self.hidden = set(before - released)
            if self._one_sum_tells(released):
                self.hidden = set(before)
                return
            worlds = self.worlds.agreeing([self.place[cell] for cell in released])
            watched = [cell for cell in near if cell in self.hidden or cell in self.small]
            self._spread(worlds, watched)
            if any(self._exposed_by(cell, worlds) is not None for cell in watched if cell in self.small):
                self.hidden = set(before)
                return
            exposed = {cell for cell in watched if self._exposed_by(cell, worlds) is not None}
            if not exposed:
                self.worlds = worlds
                return
            released |= exposed

    def _one_sum_tells(self, released: Collection[str]) -> bool:
        """Whether one sum with a released cell is enough to give a small cell away. No program need be solved then."""
        hidden, small, unknown = self._are(self.hidden), self._are(self.small), self._are(self._unknown)
        least = np.where(hidden, np.minimum(1, self.truth), 0)
        for number in {number for name in released for number in self.system.of_cell[name]}:
            total, parts = self.sums[number][0], self.sums[number][1:]
            parts = parts[unknown[parts]]
            if unknown[total]:
                if small[total] and not parts.size:
                    return True
                continue
            left = (self.truth - least)[parts].sum()
            if (small[parts] & (least[parts] + left < self.threshold.k)).any():
                return True
        return False

    @property
    def _unknown(self) -> set[str]:
        return self.hidden | self.unprinted

    def _spread(self, worlds: Worlds, watched: Collection[str]) -> None:
        """Find worlds that protect many of these at once; which they leave unprotected is seen one by one."""
        flags, hidden, unprinted = self._are(watched), self._are(self.hidden), self._are(self.unprinted)
        for nonzero in (True, False):
            worlds.spread(flags, hidden, unprinted, self.chance, nonzero=nonzero)

    def _exposed_by(self, name: str, worlds: Worlds) -> frozenset[str] | None:
        """The known cells that give this one away; None if it is protected. Adds the worlds that it finds."""
        for nonzero in (True, False):
            bounded_by = frozenset[str]()
            # The most first: it names the cells that bound it. Where zeros are possible, the least may be enough.
            for direction in (1,) if nonzero else (1, -1):
                if not worlds.exposed(self._are({name}), nonzero=nonzero).size:
                    break
                found = self._farthest(name, direction, worlds, nonzero=nonzero)
                bounded_by = bounded_by or found
            if worlds.exposed(self._are({name}), nonzero=nonzero).size:
                return bounded_by
        return None

    def _farthest(self, name: str, direction: int, worlds: Worlds, *, nonzero: bool) -> frozenset[str]:
        """Find the world in which this cell is greatest, or least; the known cells that bound it."""
        goal = np.zeros(len(self.names))
        goal[self.place[name]] = direction
        found = worlds.farthest(goal, self._are(self.hidden), self._are(self.unprinted), nonzero=nonzero)
        return frozenset(self.names[each] for each in found)

    def _are(self, chosen: Collection[str]) -> Flags:
        flags = np.zeros(len(self.names), dtype=np.bool_)
        flags[[self.place[name] for name in chosen]] = True
        return flags

    def _cheapest(self, cells: Iterable[str]) -> str | None:
        open_cells = [cell for cell in cells if cell not in self._unknown and self.values[cell] > 0]
        return min(open_cells, key=self._cost, default=None)

    def _nearest(self, name: str) -> str | None:
        part = self.system.around(name, self._unknown)
        return self._cheapest(cell for number in part.sums for cell in self.system.signs[number])

    def _cost(self, name: str) -> tuple[int, int, str]:
        return self.importance.get(name, 0), self.values[name], name

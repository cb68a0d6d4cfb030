"""A ledger for documents of thousands of counts, such as the same steps by month and by site.

`evidence.suppression.Ledger` asks of every hidden cell what readers could work out, and shows again what need not have
hidden: too slow where everything hangs together. This one clears the same sums by the same rule for small cells, and
hides a little more. First it hides so much that no sum holds a small cell with too little beside it. Then it proves:
a *world* is a set of counts that agrees with everything printed; a small cell is protected once worlds are known in
which it is large enough, and far enough from its least. Linear programs with random goals find worlds for many cells at
once; for a cell that none protects, the program's dual solution names the printed cells that bound it, and the least
important of them hides. Where nothing is left to hide, readers learn too much from the zeros: then a group of cells is
withheld, zeros and all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from .errors import ImpossibleFigures
from .programs import Numbers
from .protection import Range, Sum, audit, check
from .suppression import SUPPRESSED, Cleared, Count, Ledger, Shown, Suppressed
from .threshold import Threshold
from .worlds import Flags, Places, Worlds

_SEED: Final = 11


@dataclass(frozen=True, slots=True)
class Proof:
    """What hides, and between which values each hidden cell can lie at the least: worlds were found for both ends."""

    hidden: frozenset[str]
    between: Mapping[str, tuple[float, float]]
    #: Cells that readers can work out too closely. Empty when all is well.
    exposed: tuple[str, ...]


def hide_many(
    values: Mapping[str, int],
    sums: Sequence[Sum],
    threshold: Threshold,
    *,
    unprinted: Collection[str] = (),
    known: Collection[str] = (),
    stay: Collection[str] = (),
    importance: Mapping[str, int] | None = None,
) -> frozenset[str]:
    """As `protection.hide`, for thousands of cells, of which it hides a few more.

    `known` are printed elsewhere and can't hide; `stay` are hidden there, and stay. What hides for the sake of others
    is protected too. Raises ImpossibleFigures if a small cell can't be protected.
    """
    search = _Search(
        values,
        values,
        sums,
        threshold.k,
        importance=importance or {},
        unprinted=unprinted,
        known=known,
        stay=stay,
        groups={},
        watch_hidden=True,
    )
    return search.hide()


def audit_many(
    values: Mapping[str, int],
    hidden: Collection[str],
    sums: Sequence[Sum],
    threshold: Threshold,
    *,
    unprinted: Collection[str] = (),
) -> Proof:
    """The proof, from nothing but what is printed: for every hidden cell, and every small one that is never printed,
    worlds in which it is large enough and small enough; or its name, where linear programming shows that none exist.
    """
    small = {name for name in values if threshold.is_small(values[name])}
    search = _Search(
        values,
        values,
        sums,
        threshold.k,
        importance={},
        unprinted=unprinted,
        known=values.keys() - small - set(hidden),
        stay=hidden,
        groups={},
        watch_hidden=True,
        seed=_SEED + 1,
    )
    bare = small - set(hidden) - set(unprinted)
    search.hidden = search._are(hidden)
    exposed = search.audit()
    between = {
        name: (float(search.worlds.least[place]), float(search.worlds.most[place]))
        for place, name in enumerate(search.names)
    }
    return Proof(
        frozenset(hidden),
        {name: between[name] for name in hidden},
        tuple(sorted({*exposed, *bare})),
    )


class WideLedger(Ledger):
    """A `Ledger` that is cleared in one go with what is printed elsewhere taken into account."""

    def __init__(self) -> None:
        super().__init__()
        self._groups: dict[str, str] = {}

    def group(self, name: str, cells: Iterable[str]) -> None:
        """Say that these cells are given or withheld together. What is withheld is not among the cleared cells."""
        self._groups |= dict.fromkeys((cell for cell in cells if cell in self._cells), name)

    def __contains__(self, name: str) -> bool:
        """Whether a count of that name was entered."""
        return name in self._cells

    def clear(self, threshold: Threshold, *, known: Collection[str] = (), stay: Collection[str] = ()) -> Cleared:
        """Decide which cells to hide. `known` are printed elsewhere and can't hide; `stay` are hidden there, and stay.

        Raises ImpossibleFigures if a small cell can't be protected, whatever hides and is withheld.
        """
        values = {name: raw._value for name, raw in self._cells.items()}
        search = _Search(
            values,
            {name: raw._people for name, raw in self._cells.items()},
            self._sums,
            threshold.k,
            importance=self._importance,
            unprinted=self._unprinted,
            known=known,
            stay=stay,
            groups=self._groups,
        )
        hidden = search.hide()
        shown: dict[str, Shown] = {
            name: SUPPRESSED if name in hidden else Count(value)
            for name, value in values.items()
            if name not in self._unprinted and name not in search.withheld
        }
        return Cleared(shown, threshold)

    def exposed(self, cleared: Cleared) -> dict[str, Range]:
        """The audit: what readers could work out about cells that are not shown. Slow and independent."""
        values = {name: raw._value for name, raw in self._cells.items()}
        hidden = [name for name, cell in cleared.shown.items() if isinstance(cell, Suppressed)]
        unprinted = values.keys() - cleared.shown.keys()
        return audit(values, hidden, self._sums, cleared.threshold, unprinted=unprinted)


class _Search:
    """The cells as arrays, and which of them are hidden so far."""

    def __init__(
        self,
        values: Mapping[str, int],
        people: Mapping[str, int],
        sums: Sequence[Sum],
        k: int,
        *,
        importance: Mapping[str, int],
        unprinted: Collection[str],
        known: Collection[str],
        stay: Collection[str],
        groups: Mapping[str, str],
        watch_hidden: bool = False,
        seed: int = _SEED,
    ) -> None:
        check(values, sums)
        self.names = list(values)
        self.k = k
        places = {name: place for place, name in enumerate(self.names)}
        self.values: Numbers = np.array([values[name] for name in self.names], dtype=np.float64)
        behind: Numbers = np.array([people[name] for name in self.names], dtype=np.float64)
        self.small: Flags = ((self.values > 0) & (self.values < k)) | ((behind > 0) & (behind < k))
        self.unprinted: Flags = self._are(unprinted)
        self.locked: Flags = self._are(known)
        if (self.locked & self.small).any():
            raise ImpossibleFigures("A small count is said to be printed elsewhere.", hint="Clear that document first.")
        self.stay: Flags = self._are(stay)
        self.hidden: Flags = (self.small & ~self.unprinted) | self.stay
        self.order = [(importance.get(name, 0), values[name], name) for name in self.names]
        self.groups = [groups.get(name) for name in self.names]
        self.withheld: set[str] = set()
        self.watch_hidden = watch_hidden
        #: When nothing more may hide: the cells that are given away. None while the search may still hide.
        self.given_away: list[int] | None = None
        self.sums: list[Places] = [np.array([places[cell] for cell in (each.total, *each.parts)]) for each in sums]
        self.of_cell: list[list[int]] = [[] for _ in self.names]
        for number, cells in enumerate(self.sums):
            for place in cells:
                self.of_cell[place].append(number)
        self.linked = _linked(len(self.names), self.sums)
        self.worlds = Worlds(self.values, self.sums, k)
        self.chance = np.random.default_rng(seed)

    def hide(self) -> frozenset[str]:
        self._balance()
        # What hides in the second round for the sake of others is itself looked at in the next.
        while self._waits(nonzero=True) or self._waits(nonzero=False):
            self._prove(nonzero=True)
            self._prove(nonzero=False)
        self._show_what_is_known_anyway()
        return frozenset(name for name, is_hidden in zip(self.names, self.hidden, strict=True) if is_hidden)

    def _are(self, chosen: Collection[str]) -> Flags:
        wanted = frozenset(chosen)
        return np.array([name in wanted for name in self.names], dtype=np.bool_)

    @property
    def unknown(self) -> Flags:
        return self.hidden | self.unprinted

    def _balance(self) -> None:
        """Hide until every sum that holds a small cell leaves room for it to be large."""
        waiting = set(range(len(self.sums)))
        while waiting:
            number = min(waiting)
            waiting.discard(number)
            cells = self.sums[number]
            unknown = self.unknown
            if not (self.small & unknown)[cells].any():
                continue
            parts = cells[1:][unknown[cells[1:]]]
            if unknown[cells[0]]:
                is_roomy = parts.size > 0
            else:
                is_roomy = self.values[parts].sum() - max(0, self.hidden[parts].sum() - 1) >= self.k
            if not is_roomy and (choice := self._cheapest(cells)) is not None:
                self.hidden[choice] = True
                waiting.update(self.of_cell[choice])

    def _prove(self, *, nonzero: bool) -> None:
        """Find worlds that protect every small cell, hiding more where there are none."""
        left = self.worlds.spread(self.watched, self.hidden, self.unprinted, self.chance, nonzero=nonzero)
        while left.size:
            for cell in left:
                self._settle(int(cell), nonzero)
            left = self.worlds.spread(self.watched, self.hidden, self.unprinted, self.chance, nonzero=nonzero)

    def audit(self) -> list[str]:
        """Look at every watched cell without hiding any more; the names of those that are given away."""
        self.given_away = []
        self._prove(nonzero=True)
        self._prove(nonzero=False)
        return sorted({self.names[cell] for cell in self.given_away})

    @property
    def watched(self) -> Flags:
        """The cells that must be protected: the small ones, and if asked for whatever hides for their sake."""
        watched = self.small | self.hidden if self.watch_hidden else self.small.copy()
        watched[self.given_away or []] = False
        return watched

    def _waits(self, *, nonzero: bool) -> bool:
        return bool(self.worlds.exposed(self.watched, nonzero=nonzero).size)

    def _settle(self, cell: int, nonzero: bool) -> None:
        """Protect this one cell, hiding what bounds it."""
        goal = np.zeros(len(self.names))
        goal[cell] = 1.0
        while self._is_exposed(cell, nonzero):
            bounding = self._farthest(goal if nonzero else -goal, nonzero)
            if not nonzero and self._is_exposed(cell, nonzero):
                bounding = np.union1d(bounding, self._farthest(goal, nonzero))
            if self._is_exposed(cell, nonzero):
                if self.given_away is not None:
                    self.given_away.append(cell)
                    return
                near = (place for number in self.of_cell[cell] for place in self.sums[number])
                choice = self._cheapest(bounding)
                choice = self._cheapest(near) if choice is None else choice
                if choice is None:
                    self._withhold_near(cell)
                else:
                    self.hidden[choice] = True

    def _withhold_near(self, cell: int) -> None:
        """Withhold the first group, by name, of those that sums link to the cell: its cells may then be zero for all
        that readers know."""
        beside = np.flatnonzero(self.linked == self.linked[cell])
        linked = {group for place in beside if (group := self.groups[place]) is not None}
        if not linked:
            raise ImpossibleFigures(f"The cell {self.names[cell]} can't be protected.", hint="Print fewer totals.")
        first = min(linked)
        mine = np.array([group == first for group in self.groups], dtype=np.bool_)
        self.withheld |= {self.names[place] for place in np.flatnonzero(mine)}
        self.unprinted |= mine
        self.hidden &= ~mine
        self.groups = [None if group == first else group for group in self.groups]

    def _farthest(self, goal: Numbers, nonzero: bool) -> Places:
        return self.worlds.farthest(goal, self.hidden, self.unprinted, nonzero=nonzero)

    def _is_exposed(self, cell: int, nonzero: bool) -> bool:
        only = np.zeros(len(self.names), dtype=np.bool_)
        only[cell] = True
        return bool(self.worlds.exposed(only, nonzero=nonzero).size)

    def _show_what_is_known_anyway(self) -> None:
        """A large cell that a single sum gives away hides nothing."""
        waiting = set(range(len(self.sums)))
        while waiting:
            cells = self.sums[waiting.pop()]
            unknown = cells[self.unknown[cells]]
            if unknown.size == 1 and self.hidden[unknown[0]] and not (self.small | self.stay)[unknown[0]]:
                self.hidden[unknown[0]] = False
                waiting.update(self.of_cell[unknown[0]])

    def _cheapest(self, cells: Iterable[np.int64] | Places) -> int | None:
        """The least important of the cells that can hide."""
        can = (
            int(cell)
            for cell in cells
            if not self.hidden[cell] and not self.unprinted[cell] and not self.locked[cell] and self.values[cell] > 0
        )
        return min(can, key=lambda cell: self.order[cell], default=None)


def _linked(size: int, sums: Sequence[Places]) -> NDArray[np.int32]:
    """A number for each cell, the same for cells that sums link, over however many others."""
    pairs = [(cells[0], cell) for cells in sums for cell in cells[1:]]
    one, other = zip(*pairs, strict=True) if pairs else ((), ())
    return connected_components(csr_matrix((np.ones(len(pairs)), (one, other)), shape=(size, size)), directed=False)[1]

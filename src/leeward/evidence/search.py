"""The search for what must hide in a document of thousands of counts; `wide` says how it goes about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from .errors import NO_WAY, WHAT_HELPS, ImpossibleFigures
from .programs import Numbers
from .protection import Sum, check
from .worlds import Flags, Places, Worlds

SEED: Final = 11


def least_room(k: int) -> int:
    """How large a change must possibly be, where nothing is left to hide: half of what a count must."""
    return (k + 1) // 2


@dataclass(slots=True, kw_only=True)
class System:
    """The cells of one document or several at once, the sums that link them, and what readers see and know of them."""

    values: dict[str, int] = field(default_factory=dict)
    #: How many people stand behind each.
    people: dict[str, int] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)
    #: What is of little importance hides first.
    importance: Mapping[str, int] = field(default_factory=dict)
    #: Cells that are given or withheld together, by the name of their group.
    groups: Mapping[str, str] = field(default_factory=dict)
    unprinted: set[str] = field(default_factory=set)
    #: Printed elsewhere: they can't hide.
    known: set[str] = field(default_factory=set)
    #: Hidden elsewhere: they stay so.
    stay: set[str] = field(default_factory=set)
    #: Out already, small or not.
    public: set[str] = field(default_factory=set)
    #: What stays exposed even if nothing of these were printed is out already, too, and is left alone.
    fresh: set[str] = field(default_factory=set)
    #: Differences of two cells: where nothing is left to hide, less room is enough for them, down to `least_room`.
    changes: set[str] = field(default_factory=set)
    #: Readers know that a cell is so much or more, or so much or less.
    at_least: dict[str, int] = field(default_factory=dict)
    at_most: dict[str, int] = field(default_factory=dict)


class Search:
    """The cells of a system as arrays, and which of them are hidden so far."""

    def __init__(self, system: System, k: int, *, watch_hidden: bool = False, seed: int = SEED) -> None:
        """With `watch_hidden` what hides for the sake of others is protected too."""
        values, sums = system.values, system.sums
        check(values, sums)
        self.names = list(values)
        self.k = k
        places = {name: place for place, name in enumerate(self.names)}
        self.values: Numbers = np.array([values[name] for name in self.names], dtype=np.float64)
        behind: Numbers = np.array([system.people[name] for name in self.names], dtype=np.float64)
        self.small: Flags = ((self.values > 0) & (self.values < k)) | ((behind > 0) & (behind < k))
        self.small &= ~self._are(system.public)
        self.unprinted: Flags = self._are(system.unprinted)
        self.locked: Flags = self._are(system.known) | self._are(system.public)
        if (self.locked & self.small).any():
            raise ImpossibleFigures("A small count is said to be printed elsewhere.", hint="Clear that document first.")
        self.changes: Flags = self._are(system.changes)
        self.fresh: Flags = self._are(system.fresh)
        self.stay: Flags = self._are(system.stay)
        self.hidden: Flags = (self.small & ~self.unprinted) | self.stay
        self.order = [(system.importance.get(name, 0), values[name], name) for name in self.names]
        self.groups = [system.groups.get(name) for name in self.names]
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
        floors, ceilings = np.zeros(len(self.names)), np.full(len(self.names), np.inf)
        for limits, given in ((floors, system.at_least), (ceilings, system.at_most)):
            limits[[places[name] for name in given]] = list(given.values())
        self._limits = floors, ceilings
        self.worlds = self._no_worlds()
        #: What readers can't rule out if nothing fresh is printed; made when it is first asked for.
        self._without_fresh: Worlds | None = None
        self.chance = np.random.default_rng(seed)

    def hide(self) -> frozenset[str]:
        self._balance()
        # What hides in the second round for the sake of others is itself looked at in the next.
        while self._waits(nonzero=True) or self._waits(nonzero=False):
            self._prove(nonzero=True)
            self._prove(nonzero=False)
        self._show_what_is_known_anyway()
        return frozenset(name for name, is_hidden in zip(self.names, self.hidden, strict=True) if is_hidden)

    def _no_worlds(self) -> Worlds:
        floors, ceilings = self._limits
        return Worlds(self.values, self.sums, self.k, floors=floors, ceilings=ceilings)

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
                    if self.changes[cell] and self.worlds.enough[cell] > least_room(self.k):
                        self.worlds.enough[cell] -= 1
                    elif (zero := self._fresh_zero(bounding)) is not None:
                        self.hidden[zero] = True
                    elif self._is_out_already(cell):
                        self.small[cell] = False
                        return
                    else:
                        self._withhold_near(cell)
                else:
                    self.hidden[choice] = True

    def _fresh_zero(self, cells: Places) -> int | None:
        """The least important zero of `fresh` that can hide: where earlier documents leave nothing else."""
        can = (int(cell) for cell in cells if self.fresh[cell] and self.values[cell] == 0)
        return min(
            (cell for cell in can if not (self.hidden | self.unprinted | self.locked)[cell]),
            key=lambda cell: self.order[cell],
            default=None,
        )

    def _is_out_already(self, cell: int) -> bool:
        """Whether this cell would be exposed if nothing fresh were printed, not even that it is hidden."""
        if not self.fresh.any():
            return False
        # Only what is fresh can hide, so that worlds found for one cell stand for all that are asked for later.
        without = self._without_fresh = self._without_fresh or self._no_worlds()
        without.enough = self.worlds.enough
        only = np.zeros(len(self.names), dtype=np.bool_)
        only[cell] = True
        goal = only.astype(np.float64)
        hidden, unprinted = self.hidden & ~self.fresh, self.unprinted | self.fresh
        for nonzero, direction in ((True, 1), (False, 1), (False, -1)):
            if without.exposed(only, nonzero=nonzero).size:
                without.farthest(direction * goal, hidden, unprinted, nonzero=nonzero)
        return any(without.exposed(only, nonzero=nonzero).size for nonzero in (True, False))

    def _withhold_near(self, cell: int) -> None:
        """Withhold the first group, by name, of those that sums link to the cell: its cells may then be zero for all
        that readers know."""
        beside = np.flatnonzero(self.linked == self.linked[cell])
        linked = {group for place in beside if (group := self.groups[place]) is not None}
        if not linked:
            raise ImpossibleFigures(NO_WAY, hint=WHAT_HELPS)
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

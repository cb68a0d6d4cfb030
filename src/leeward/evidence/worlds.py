"""What readers of a document can't rule out: worlds, each a set of counts that agrees with everything printed.

A small cell is protected once worlds are known in which it is large enough, and far enough from its least. Every world
that was ever found is kept, because one that was sought for one cell protects many others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .programs import Numbers, Program

Flags = NDArray[np.bool_]
Places = NDArray[np.int64]

_TINY: Final = 1e-6
#: A random goal that protects a smaller share of those still waiting than this is not worth another one.
_WORTHWHILE: Final = 0.1


class Worlds:
    """The worlds found so far, over cells whose true values are `truth`, linked by `sums`: each the place of a total,
    then the places of its parts. Readers know that a hidden cell is not zero, because zeros are printed; so most is
    asked of worlds in which none is. Of some cells they know `floors` and `ceilings` from elsewhere."""

    def __init__(
        self,
        truth: Numbers,
        sums: Sequence[Places],
        k: int,
        *,
        floors: Numbers | None = None,
        ceilings: Numbers | None = None,
    ) -> None:
        self._truth = truth
        #: How large each cell must possibly be, to be protected.
        self.enough: Numbers = np.full(truth.size, float(k))
        #: Beyond what any reader would guess.
        self._high = 10 * float(truth.max(initial=0)) + 1000
        self._floors: Numbers = np.zeros(truth.size) if floors is None else floors
        self._ceilings: Numbers = np.full(truth.size, np.inf) if ceilings is None else ceilings
        #: By whether no hidden cell is zero.
        self._program: Mapping[bool, Program] = {nonzero: Program(truth.size, sums) for nonzero in (True, False)}
        self._keep([])

    def _keep(self, found: list[tuple[bool, Numbers]]) -> None:
        self._found = found
        every, without_zero = [world for _, world in found], [world for nonzero, world in found if nonzero]
        self.least: Numbers = np.min([self._truth, *every], axis=0)
        self.most: Numbers = np.max([self._truth, *every], axis=0)
        self.most_if_nonzero: Numbers = np.max([self._truth, *without_zero], axis=0)

    def agreeing(self, places: Sequence[int]) -> Worlds:
        """Those in which the cells at these places are what they are in truth."""
        mine = object.__new__(Worlds)
        mine._truth, mine.enough, mine._high, mine._program = self._truth, self.enough, self._high, self._program
        mine._floors, mine._ceilings = self._floors, self._ceilings
        mine._keep([each for each in self._found if (np.abs(each[1] - self._truth)[places] < _TINY).all()])
        return mine

    def exposed(self, watched: Flags, *, nonzero: bool) -> Places:
        """The watched cells that no world protects yet: from those who know of no zeros, or from all."""
        if nonzero:
            return np.flatnonzero(watched & (self.most_if_nonzero < self.enough))
        return np.flatnonzero(watched & (self.most - self.least <= self.enough) & (self.least >= 1))

    def farthest(
        self, goal: Numbers, hidden: Flags, unprinted: Flags, *, nonzero: bool, shared: Places | None = None
    ) -> Places:
        """Find the world in which the cells are farthest along the goal. Returns the printed cells that bound it.

        With `shared` no such cell rises above what protects it, so that what one does not need is left for others: a
        few worlds then protect thousands of cells. Raises ImpossibleFigures if there is no world.
        """
        unknown = hidden | unprinted
        lowest = np.where(hidden & nonzero, np.maximum(np.minimum(1, self._truth), self._floors), self._floors)
        floors = np.where(unknown, lowest, self._truth)
        ceilings = np.where(unknown, np.minimum(self._high, self._ceilings), self._truth)
        if shared is not None:
            ceilings[shared] = np.minimum(np.maximum(self.enough[shared], self._truth[shared]), ceilings[shared])
        found = self._program[nonzero].farthest(goal, floors, ceilings)
        self._found.append((nonzero, found.numbers))
        self.least = np.minimum(self.least, found.numbers)
        self.most = np.maximum(self.most, found.numbers)
        if nonzero:
            self.most_if_nonzero = np.maximum(self.most_if_nonzero, found.numbers)
        return found.bounding[~unknown[found.bounding]]

    def spread(
        self, watched: Flags, hidden: Flags, unprinted: Flags, chance: np.random.Generator, *, nonzero: bool
    ) -> Places:
        """Seek worlds with random goals while they protect many cells at once. Returns those that none protects."""
        waiting = self.exposed(watched, nonzero=nonzero)
        while waiting.size:
            goal = np.zeros(self._truth.size)
            goal[waiting] = (1 if nonzero else -1) * chance.uniform(0.2, 1.0, waiting.size)
            self.farthest(goal, hidden, unprinted, nonzero=nonzero, shared=waiting if nonzero else None)
            left = self.exposed(watched, nonzero=nonzero)
            if left.size > (1 - _WORTHWHILE) * waiting.size:
                return left
            waiting = left
        return waiting

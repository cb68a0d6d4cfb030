"""One linear program asked again and again: how far can these numbers go, when every total stays the sum of its parts?

The sums stay; what is sought and how far each number may go change from question to question. The solver (HiGHS;
Huangfu & Hall 2018) keeps the corner at which the last answer lay and walks on from there, which takes a fraction of
the time of beginning anew. Numbers that are known are held between equal limits: what one more of a known number would
be worth says whether it bounds the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

from .errors import ImpossibleFigures

Numbers = NDArray[np.float64]

#: Digits after the point of an answer. The solver is exact to a seventh.
_DIGITS: Final = 6
_TINY: Final = 1e-6
#: Where more limits than this have moved, the last corner is of no use to the primal method.
_NEAR: Final = 64
_DUAL, _PRIMAL = 1, 4
_OPTIONS: Final[dict[str, bool | int | str]] = {
    "output_flag": False,
    "presolve": "off",
    "solver": "simplex",
    "threads": 1,
}


@dataclass(frozen=True, slots=True)
class Corner:
    """The numbers at which the goal is greatest, and the places of those that bound it there."""

    numbers: Numbers
    bounding: NDArray[np.int64]


class Program:
    """So many numbers, and `sums` over them: each the place of a total, then the places of its parts."""

    def __init__(self, size: int, sums: Sequence[Sequence[int] | NDArray[np.int64]]) -> None:
        self._goal: Numbers = np.zeros(size)
        self._floors: Numbers = np.zeros(size)
        self._ceilings: Numbers = np.zeros(size)
        matrix = _matrix(size, sums)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = size, len(sums)
        model.col_cost_, model.col_lower_, model.col_upper_ = self._goal, self._floors, self._ceilings
        model.row_lower_ = model.row_upper_ = np.zeros(len(sums))
        model.sense_ = highspy.ObjSense.kMaximize
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
        model.a_matrix_.value_ = matrix.data
        self._solver = highspy.Highs()  # type: ignore[no-untyped-call]  # it says what it returns, not that it takes nothing
        for option, value in _OPTIONS.items():
            self._solver.setOptionValue(option, value)
        self._solver.passModel(model)

    def farthest(self, goal: Numbers, floors: Numbers, ceilings: Numbers) -> Corner:
        """The numbers between floors and ceilings for which `goal @ numbers` is greatest. Ceilings are finite.

        Raises ImpossibleFigures if no numbers fulfil the sums.
        """
        near = self._limit(floors, ceilings) <= _NEAR
        if (moved := np.flatnonzero(goal != self._goal)).size:
            self._solver.changeColsCost(moved.size, moved.astype(np.int32), goal[moved])
            self._goal = goal.copy()
        if not self._is_solved(_PRIMAL if near else _DUAL):
            self._solver.clearSolver()  # a walk from the last corner can end before the best one: begin anew
            if not self._is_solved(_DUAL):
                raise ImpossibleFigures("The proof of the hidden cells failed.", hint="Report this table as a defect.")
        found = self._solver.getSolution()
        return Corner(np.round(found.col_value, _DIGITS), np.flatnonzero(np.abs(found.col_dual) > _TINY))

    def _is_solved(self, strategy: int) -> bool:
        self._solver.setOptionValue("simplex_strategy", strategy)
        self._solver.run()
        return bool(self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)

    def _limit(self, floors: Numbers, ceilings: Numbers) -> int:
        """Move the limits; how many have moved."""
        moved = np.flatnonzero((floors != self._floors) | (ceilings != self._ceilings))
        if moved.size:
            self._solver.changeColsBounds(moved.size, moved.astype(np.int32), floors[moved], ceilings[moved])
            self._floors, self._ceilings = floors.copy(), ceilings.copy()
        return int(moved.size)


def _matrix(size: int, sums: Sequence[Sequence[int] | NDArray[np.int64]]) -> csc_matrix:
    """A row for each sum: parts count once, the total against them."""
    if not sums:
        return csc_matrix((0, size))
    rows = np.concatenate([np.full(len(cells), number) for number, cells in enumerate(sums)])
    signs = np.concatenate([np.r_[-1.0, np.ones(len(cells) - 1)] for cells in sums])
    matrix = csc_matrix((signs, (rows, np.concatenate(sums))), shape=(len(sums), size))
    matrix.eliminate_zeros()
    return matrix

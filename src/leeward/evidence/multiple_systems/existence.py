"""Whether a log-linear model has a finite estimate at all, and only one (Fienberg & Rinaldo 2012; Chan, Silverman &
Vincent 2021).

With sparse lists the likelihood often grows without end along some direction: a fitting routine then stops anywhere and
prints a number. The estimate exists if and only if no direction d of the parameters has (A d) = 0 in every history that
somebody has, (A d) ≥ 0 in all others, and not zero in all. That depends on who was seen at all, not on how many.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from scipy.optimize import linprog

from .histories import Flags, Numbers

_TINY = 1e-7


class Verdict(IntEnum):
    """The codes of SparseMSE's check, so that the two can be compared."""

    SOUND = 0
    NOT_FINITE = 1
    NOT_IDENTIFIABLE = 2
    NEITHER = 3


class Existence:
    """Verdicts on models over one design, each found once."""

    def __init__(self, design: Numbers, both: Flags) -> None:
        self._design = design
        self._both = both
        self._lists = design.shape[1] - 1 - both.shape[1]
        self._known: dict[bytes, Verdict] = {}

    def verdict(self, seen: Flags, pairs: Flags) -> Verdict:
        """Whether the model with these pairs, on lists of which these histories were seen, can be fitted.

        A pair in the model on which nobody was seen is minus infinity: its histories and the term drop out. So does a
        list on which nobody is.
        """
        key = np.packbits(np.concatenate([seen, pairs])).tobytes()
        if (known := self._known.get(key)) is None:
            known = self._known[key] = self._judge(seen, pairs)
        return known

    def reduced(self, seen: Flags, pairs: Flags) -> tuple[Flags, Flags]:
        """The histories and the terms that are left to be fitted."""
        overlap = (seen[:, None] & self._both).any(axis=0)
        present = (seen[:, None] & (self._design[:, 1 : 1 + self._lists] > 0)).any(axis=0)
        cells = ~(self._both & (pairs & ~overlap)).any(axis=1)
        cells &= ~((self._design[:, 1 : 1 + self._lists] > 0) & ~present).any(axis=1)
        return np.asarray(cells, dtype=np.bool_), np.concatenate([[True], present, pairs & overlap])

    def _judge(self, seen: Flags, pairs: Flags) -> Verdict:
        cells, terms = self.reduced(seen, pairs)
        matrix = self._design[np.ix_(cells, terms)]
        on_seen = matrix[seen[cells]]
        if np.linalg.matrix_rank(on_seen) == matrix.shape[1]:
            return Verdict.SOUND  # no direction at all is flat where somebody was seen
        identifiable = np.linalg.matrix_rank(matrix) == matrix.shape[1]
        return Verdict((not self._is_finite(matrix, on_seen)) + 2 * (not identifiable))

    @staticmethod
    def _is_finite(matrix: Numbers, on_seen: Numbers) -> bool:
        """Look for the direction in which the likelihood never stops to grow."""
        found = linprog(
            -matrix.sum(axis=0),
            A_ub=-matrix,
            b_ub=np.zeros(len(matrix)),
            A_eq=on_seen,
            b_eq=np.zeros(len(on_seen)),
            bounds=(-1, 1),
            method="highs",
        )
        return bool(found.status == 0 and found.fun is not None and -found.fun < _TINY)

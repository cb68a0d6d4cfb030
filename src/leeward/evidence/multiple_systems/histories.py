"""Who stands on which lists: counts of capture histories, as record linkage leaves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..errors import ImpossibleFigures, NotEnough

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: 2^t histories and t² terms: above this a table is no table any more.
MOST_LISTS = 12
#: Above this a deviance loses the digits that a limit rests on.
MOST_PEOPLE = 10**7


@dataclass(frozen=True)
class Histories:
    """Every history over t lists except "on none", with the number of people who have it (zero where nobody has).

    `counts` follows `cells`: 2^t − 1 rows of 0 and 1, those on fewer lists first.
    """

    lists: tuple[str, ...]
    counts: Numbers

    @classmethod
    def of(cls, lists: Sequence[str], counted: Mapping[tuple[int, ...], int]) -> Histories:
        """Histories that are not named have nobody. Raises ImpossibleFigures, NotEnough."""
        names = tuple(lists)
        if len(names) < 2:
            raise NotEnough("There are fewer than two lists.", hint="An estimate needs three lists or more.")
        if len(names) > MOST_LISTS:
            raise ImpossibleFigures(
                f"{len(names)} lists are too many.", hint=f"Merge the smallest until {MOST_LISTS} or fewer are left."
            )
        if len(set(names)) < len(names):
            raise ImpossibleFigures("Two lists have the same name.", hint="Give each list a name of its own.")
        place = {tuple(int(x) for x in cell): number for number, cell in enumerate(_cells(len(names)))}
        counts = np.zeros(len(place))
        for history, people in counted.items():
            if history not in place:
                raise ImpossibleFigures(
                    f"{history} is no history over {len(names)} lists.", hint="Write 0 or 1 for each, at least one 1."
                )
            if people < 0:
                raise ImpossibleFigures(f"The history {history} has {people} people.", hint="Counts start at zero.")
            if people > MOST_PEOPLE:
                raise ImpossibleFigures(
                    f"The history {history} has {people:,} people, more than any lists hold.", hint="Check the figures."
                )
            counts[place[history]] = people
        if not counts.any():
            raise NotEnough("Nobody is on any list.", hint="It needs at least 100 people on three lists.")
        return cls(names, counts)

    @cached_property
    def cells(self) -> Numbers:
        """The histories, a row each."""
        return _cells(len(self.lists))

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Every pair of lists, by place."""
        return tuple(combinations(range(len(self.lists)), 2))

    @cached_property
    def both(self) -> Flags:
        """For each history and pair, whether the history is on both lists."""
        return np.array([(self.cells[:, i] * self.cells[:, j]) > 0 for i, j in self.pairs]).T

    @cached_property
    def design(self) -> Numbers:
        """The full matrix of the log-linear model: 1, the lists, the pairs."""
        return np.column_stack([np.ones(len(self.cells)), self.cells, self.both.astype(float)])

    @property
    def n(self) -> int:
        """People on at least one list."""
        return int(self.counts.sum())

    @property
    def in_use(self) -> int:
        """Lists that hold anybody."""
        return int(((self.cells * self.counts[:, None]).sum(axis=0) > 0).sum())

    def on_exactly(self, lists: int) -> int:
        """People on so many lists."""
        return int(self.counts[self.cells.sum(axis=1) == lists].sum())

    def on_several(self) -> int:
        """People on two lists or more: all that an estimate rests on."""
        return int(self.counts[self.cells.sum(axis=1) > 1].sum())

    def pair_name(self, pair: int) -> str:
        i, j = self.pairs[pair]
        return f"{self.lists[i]}:{self.lists[j]}"


def _cells(lists: int) -> Numbers:
    every = ((np.arange(1, 2**lists)[:, None] >> np.arange(lists)[::-1]) & 1).astype(float)
    return every[np.lexsort([*(-every.T[::-1]), every.sum(axis=1)])]

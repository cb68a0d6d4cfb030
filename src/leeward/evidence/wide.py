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

from .protection import Range, Sum, audit
from .releases import Release, hide_beside
from .search import SEED, Search, System
from .suppression import Cleared, Ledger, Suppressed
from .threshold import Threshold


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
    system = System(
        values=dict(values),
        people=dict(values),
        sums=list(sums),
        importance=importance or {},
        unprinted=set(unprinted),
        known=set(known),
        stay=set(stay),
    )
    return Search(system, threshold.k, watch_hidden=True).hide()


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
    system = System(
        values=dict(values),
        people=dict(values),
        sums=list(sums),
        unprinted=set(unprinted),
        known=values.keys() - small - set(hidden),
        stay=set(hidden),
    )
    search = Search(system, threshold.k, watch_hidden=True, seed=SEED + 1)
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

    def clear(
        self,
        threshold: Threshold,
        *,
        known: Collection[str] = (),
        stay: Collection[str] = (),
        after: Sequence[Release] = (),
    ) -> Cleared:
        """Decide which cells to hide. `known` are printed elsewhere and can't hide; `stay` are hidden there, and stay.
        `after` are earlier releases of the same ledger, oldest first, which readers can subtract.

        Raises ImpossibleFigures if a small cell can't be protected, whatever hides and is withheld.
        """
        if after:
            hidden, withheld = hide_beside(
                self.entered(),
                after,
                threshold,
                importance=self._importance,
                known=known,
                stay=stay,
                groups=self._groups,
            )
            return self._cleared(threshold, hidden, withheld)
        system = System(
            values=dict(self._values),
            people={name: raw._people for name, raw in self._cells.items()},
            sums=list(self._sums),
            importance=self._importance,
            groups=self._groups,
            unprinted=set(self._unprinted),
            known=set(known),
            stay=set(stay),
        )
        search = Search(system, threshold.k)
        return self._cleared(threshold, search.hide(), search.withheld)

    def withhold(self, threshold: Threshold, *, known: Collection[str], stay: Collection[str]) -> Cleared:
        """Nothing but what is printed or hidden elsewhere."""
        return self._cleared(threshold, stay, self._cells.keys() - {*known, *stay})

    def exposed(self, cleared: Cleared) -> dict[str, Range]:
        """The audit: what readers could work out about cells that are not shown. Slow and independent."""
        hidden = [name for name, cell in cleared.shown.items() if isinstance(cell, Suppressed)]
        unprinted = self._cells.keys() - cleared.shown.keys()
        return audit(self._values, hidden, self._sums, cleared.threshold, unprinted=unprinted)

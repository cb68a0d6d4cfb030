"""The only door for a count: no cell from 1 to k-1 is published, nor anything from which one can be derived.

A count enters as `Raw`, which refuses to be printed, and leaves as `Count` or `SUPPRESSED`. Which other cells must
hide, so that totals don't give the small ones away, is decided over *all* sums that a document prints: `protection`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

from .errors import DoesNotAddUp, ImpossibleFigures, Uncleared
from .intervals import LEVEL, Estimate, wilson
from .protection import Range, Sum, audit, hide
from .releases import Release, hide_beside
from .threshold import MINIMUM, Threshold


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


class Ledger:
    """Everything that one document counts, and every sum that its readers can form. Clear it once, at the end."""

    def __init__(self) -> None:
        self._cells: dict[str, Raw] = {}
        self._sums: list[Sum] = []
        self._importance: dict[str, int] = {}
        self._unprinted: set[str] = set()

    def count(
        self, name: str, value: int, *, people: int | None = None, importance: int = 0, printed: bool = True
    ) -> str:
        """Enter a count under a name of its own; returns the name.

        `people` are those behind it where one can count more than once. What is less important hides first. A count
        that is not printed can still be derived, and is protected like the others.
        """
        if name in self._cells:
            raise ImpossibleFigures(f"The cell {name} is entered twice.", hint="Give each count its own name.")
        behind = value if people is None else people
        if value < 0 or (behind == 0) != (value == 0) or behind > value:
            raise ImpossibleFigures(f"The cell {name} can't be {value}.", hint="Counts start at zero.")
        self._cells[name] = Raw(value, behind)
        self._importance[name] = importance
        if not printed:
            self._unprinted.add(name)
        return name

    def sum(self, total: str, *parts: str) -> None:
        """Say that these parts make up that total. Raises DoesNotAddUp if they don't."""
        values = [self._cells[part]._value for part in parts]
        if sum(values) != self._cells[total]._value:
            raise DoesNotAddUp(f"The parts of {total} don't add up to it.", hint="Every member belongs to one part.")
        self._sums.append(Sum(total, parts))

    def split(
        self,
        whole: str,
        part: str,
        value: int,
        *,
        people: int | None = None,
        rest: int | None = None,
        importance: int = 0,
        rest_printed: bool = False,
    ) -> str:
        """Enter a part of a cell, and `part:rest`, which readers can subtract. Returns the part's name.

        `people` and `rest` are the people behind the part and behind the rest where one can count more than once.
        """
        total = self._cells[whole]
        self.count(part, value, people=people, importance=importance)
        self.count(f"{part}:rest", total._value - value, people=rest, printed=rest_printed)
        self.sum(whole, part, f"{part}:rest")
        return part

    def within(self, whole: str, part: str) -> None:
        """Say that everybody of `part` counts in `whole` as well, both of them entered: readers can subtract."""
        rest = f"{part}:beside:{whole}"
        self.count(rest, self._cells[whole]._value - self._cells[part]._value, printed=False)
        self.sum(whole, part, rest)

    def clear(self, threshold: Threshold, *, after: Sequence[Release] = ()) -> Cleared:
        """Decide which cells to hide. Everything that is printed afterwards comes from the result.

        `after` are earlier releases of the same ledger, oldest first, which readers can subtract. Raises
        TooMuchIsOut where they leave no way to publish this one.
        """
        hidden = (
            hide_beside(self.entered(), after, threshold, importance=self._importance)[0]
            if after
            else (
                hide(
                    self._values,
                    self._sums,
                    threshold,
                    people={name: raw._people for name, raw in self._cells.items()},
                    importance=self._importance,
                    unprinted=self._unprinted,
                )
            )
        )
        return self._cleared(threshold, hidden)

    @property
    def _values(self) -> dict[str, int]:
        return {name: raw._value for name, raw in self._cells.items()}

    def _cleared(self, threshold: Threshold, hidden: Collection[str], withheld: Collection[str] = ()) -> Cleared:
        shown: dict[str, Shown] = {
            name: SUPPRESSED if name in hidden else Count(value)
            for name, value in self._values.items()
            if name not in self._unprinted and name not in withheld
        }
        return Cleared(shown, threshold)

    def entered(self) -> Release:
        """Everything that is to be printed, as if all of it were."""
        return Release(
            values=self._values,
            people={name: raw._people for name, raw in self._cells.items()},
            sums=tuple(self._sums),
            shown=frozenset(self._cells.keys() - self._unprinted),
            hidden=frozenset(),
        )

    def released(self, cleared: Cleared) -> Release:
        """What the register keeps, so that the next release can be cleared beside this one."""
        hidden = frozenset(name for name, cell in cleared.shown.items() if isinstance(cell, Suppressed))
        return replace(self.entered(), shown=frozenset(cleared.shown) - hidden, hidden=hidden)

    def exposed(self, cleared: Cleared) -> dict[str, Range]:
        """The audit: what readers could work out about cells that are not shown. Slow, independent, empty."""
        hidden = [name for name, cell in cleared.shown.items() if isinstance(cell, Suppressed)]
        return audit(self._values, hidden, self._sums, cleared.threshold, unprinted=self._unprinted)


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

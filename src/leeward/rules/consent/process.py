"""Legal process as a rule: who asks with which papers, and which classes an answer may hold. Silence is no.

The strictest law of a datum decides: each law that it is under must have a row that gives it (threat model L-01, P-06).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from leeward.rules.wording import Text

from .model import DataClass, Regime, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessKind:
    """One way of asking. `handed_to_person`: nobody outside gets it, so there is nobody to call back."""

    name: str
    title: Text
    answer_within_hours: int
    handed_to_person: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """One row: what these kinds of request may open of data under these laws, if the papers carry `needs`."""

    id: str
    kinds: frozenset[str]
    regimes: frozenset[Regime]
    classes: frozenset[DataClass]
    needs: frozenset[str]
    citation: str
    status: Status
    checked: date
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """The whole table, with what is said at the desk and in the standard answer. `oral_days` is how long a statement
    that was only spoken may keep an entry off the person's list (45 CFR 164.528(a)(2)(ii))."""

    script: Text
    neither: Text
    notice: Text
    oral_days: int
    tell_within_hours: int
    regimes: Mapping[DataClass, frozenset[Regime]]
    elements: Mapping[str, Text]
    kinds: Mapping[str, ProcessKind]
    gives: tuple[Giving, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Whether a request may have a class. `rows` opened it; where it is closed, `missing` would open it (empty: nothing
    would) and `silent` are the laws without a row."""

    data_class: DataClass
    rows: tuple[Giving, ...]
    missing: frozenset[str]
    silent: frozenset[Regime]

    @property
    def is_open(self) -> bool:
        return bool(self.rows) and not self.missing and not self.silent


def opening(
    process: Process, kind: str, data_class: DataClass, holder: frozenset[Regime], papers: frozenset[str]
) -> Opening:
    """What these papers open of a class that a holder under these laws keeps. A holder of no law gets no."""
    rows: list[Giving] = []
    missing: frozenset[str] = frozenset()
    silent: set[Regime] = set()
    for regime in sorted(holder | process.regimes.get(data_class, frozenset())):
        naming = [
            row for row in process.gives if kind in row.kinds and regime in row.regimes and data_class in row.classes
        ]
        rows += naming
        missing |= frozenset[str]().union(*(row.needs for row in naming)) - papers
        if not naming:
            silent.add(regime)
    return Opening(data_class=data_class, rows=tuple(rows), missing=missing, silent=frozenset(silent))


def openings(
    process: Process, kind: str, holder: frozenset[Regime], papers: frozenset[str]
) -> dict[DataClass, Opening]:
    """The same for every class."""
    return {one: opening(process, kind, one, holder, papers) for one in DataClass}


def elements_asked(process: Process, kind: str) -> tuple[str, ...]:
    """What the papers of this kind are looked through for, in the order of the definition."""
    wanted = frozenset[str]().union(*(row.needs for row in process.gives if kind in row.kinds))
    return tuple(name for name in process.elements if name in wanted)

"""The tables of the page *How the steps are kept*: fixed ones, cleared together, so that none can be subtracted from
another.

Steps have their own place in the results (`steps`), which were cleared before. Here stand the same openings by stage,
role, site and month, and each step by site and by month. What the results print of a step stays printed, what they hide
stays hidden, and the ledger holds every sum that links the tables: a stage is its steps, a month is what its steps had
in it, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from leeward.evidence.errors import TooMuchIsOut
from leeward.evidence.releases import Beside
from leeward.evidence.suppression import SUPPRESSED, Cleared, Count, Share
from leeward.evidence.wide import WideLedger
from leeward.rules.protocol import Protocol

from .cleared import ClearedRow, enter, publish
from .counts import DERIVED, Row, count
from .overlaps import EVERYTHING, Telling, name_of

_Rows = Mapping[tuple[str, ...], Row]

#: Tables of one dimension, whole; and of a step by another, with what is due and in time only.
ONE_WAY: Final = ("stage", "role", "site", "month")
CROSSED: Final = ("site", "month")
_CROSS: Final = ("due", "met", "missed")
#: What a table gives or withholds together, where it is too small to give everything; what goes first stands first.
#: The tables of one step by place and month, 4, go before lateness.
_FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "1 consent": ("sharing", "without_consent"),
    "2 training": ("needing_training", "untrained"),
    "3 ends": ("declined", "void", "pending"),
    "5 lateness": ("late", "overdue"),
    "6 all": ("opened", "due", "met"),
}


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of every table by its dimensions, not cleared."""

    tables: Mapping[tuple[str, ...], _Rows]

    @property
    def by_step(self) -> _Rows:
        return self.tables["step",]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the page shows, beside the steps. Crosses: step, then site or month, then the share met of those due. What
    the centre is too small for is missing."""

    everything: ClearedRow
    tables: Mapping[str, tuple[ClearedRow, ...]]
    crossed: Mapping[str, Mapping[str, Mapping[str, Share]]]
    cells: int
    hidden: int


def counted(connection: duckdb.DuckDBPyConnection) -> Grid:
    """Every table of the grid, from the table `judged`."""
    dimensions: list[tuple[str, ...]] = [(), ("step",), *((name,) for name in ONE_WAY)]
    dimensions += [("step", name) for name in CROSSED]
    return Grid({by: {row.group: row for row in count(connection, by)} for by in dimensions})


def cleared(
    grid: Grid, protocols: Sequence[Protocol], before: Cleared, beside: Beside, telling: Telling | None = None
) -> Kept:
    """The grid as it may be shown beside results that print of each step what `before` says of `step.ID:NAME`, beside
    earlier documents, and with the people that `telling` allows; without it of nobody is told how many they are."""
    ledger = entered(grid, protocols, before)
    known, stay = decided(grid, before)
    try:
        found = ledger.clear(before.threshold, known=known, stay=stay, after=beside.before("kept", whole=1))
    except TooMuchIsOut:
        found = ledger.withhold(before.threshold, known=known, stay=stay)
    beside.let_out["kept"] = ledger.released(found)
    shown = {
        by: [publish(row, _cell(by, group), found) for group, row in grid.tables[by].items()]
        for by in ((), *((name,) for name in ONE_WAY))
    }
    told = _told(shown, grid, protocols, telling)
    return Kept(
        everything=told[()][0],
        tables={name: tuple(told[name,]) for name in ONE_WAY},
        crossed={name: _crossed(grid, name, found) for name in CROSSED},
        cells=len(found.shown) - len(known) - len(stay),
        hidden=found.n_hidden - len(stay),
    )


_Shown = Mapping[tuple[str, ...], Sequence[ClearedRow]]


def _told(shown: _Shown, grid: Grid, protocols: Sequence[Protocol], telling: Telling | None) -> _Shown:
    """The rows with the people that may be told. People overlap between groups and are no cells of the ledger: those of
    a group are told unless they give few away beside what is told already. Of places each person has one, so none are
    told where few are in the hidden ones, or where how many they are together is not told."""
    found: dict[tuple[str, ...], Sequence[ClearedRow]] = {}
    for by, rows in shown.items():
        parts = _steps_of(grid, protocols, by)
        hides = by == ("site",) and _hides_places(rows, grid, telling)
        found[by] = [
            row
            if "opened" not in row.people
            or (
                isinstance(row.people["opened"], Count)
                and telling is not None
                and not hides
                and telling.tells(_cell(by, row.group), parts.get(row.group, ()))
            )
            else replace(row, people={**row.people, "opened": SUPPRESSED})
            for row in rows
        ]
    return found


def _hides_places(rows: Sequence[ClearedRow], grid: Grid, telling: Telling | None) -> bool:
    if telling is None or EVERYTHING not in telling.told:
        return True
    places = grid.tables["site",]
    hidden = sum(
        places[row.group].counts["opened"].people for row in rows if not isinstance(row.people.get("opened"), Count)
    )
    return telling.threshold.is_small(hidden)


def _steps_of(grid: Grid, protocols: Sequence[Protocol], by: tuple[str, ...]) -> Mapping[tuple[str, ...], list[str]]:
    """The steps that make up each stage, or role."""
    found: dict[tuple[str, ...], list[str]] = {}
    if by in (("stage",), ("role",)):
        of_step = _placed(protocols)
        for step in grid.by_step:
            found.setdefault((of_step[step[0]][by[0]],), []).append(_cell(("step",), step))
    return found


def entered(grid: Grid, protocols: Sequence[Protocol], before: Cleared) -> WideLedger:
    """Every count of the grid, with every sum that its readers can form."""
    ledger = WideLedger()
    for by, rows in grid.tables.items():
        for group, row in rows.items():
            cell = _cell(by, group)
            if len(by) > 1:
                _enter_cross(ledger, row, cell, is_printed=_has_share(before, group[0]))
                ledger.group(f"4 {by[1]} of {group[0]}", (f"{cell}{name}" for name in _CROSS))
            else:
                enter(ledger, row, cell, before.threshold, importance=_IMPORTANCE[len(by)])
            if by != ("step",) and len(by) < 2:
                for family, names in _FAMILIES.items():
                    ledger.group(f"{family} by {by}", (f"{cell}{name}" for name in names))
    for total, parts in _links(grid, protocols):
        if total in ledger:  # what readers can derive and is zero is in no sum
            ledger.sum(total, *(part for part in parts if part in ledger))
    return ledger


def _has_share(before: Cleared, step: str) -> bool:
    """Whether the results show how often the step was done in time. If not, it has no tables of its own: their zeros
    would say too much."""
    return before.permits(f"step.{step}:due", f"step.{step}:met")


#: Totals hide after their parts.
_IMPORTANCE: Final = {0: 6, 1: 3}


def _cell(by: Sequence[str], values: Sequence[str]) -> str:
    """How the cells of a group begin. Steps are called as in the results."""
    return "".join(name_of(name, value) for name, value in zip(by, values, strict=True)) or EVERYTHING


def _enter_cross(ledger: WideLedger, row: Row, cell: str, *, is_printed: bool) -> None:
    for name in _CROSS:
        tally = row.counts[name]
        printed = is_printed and name not in DERIVED
        ledger.count(f"{cell}{name}", tally.openings, people=tally.people, printed=printed)
    ledger.sum(f"{cell}due", f"{cell}met", f"{cell}missed")


def _links(grid: Grid, protocols: Sequence[Protocol]) -> Iterator[tuple[str, list[str]]]:
    """Each count of a group, and the same count of the groups that make it up."""
    whole = grid.tables[()]
    measures = list(next(iter(whole.values())).counts) if whole else []
    of_step = _placed(protocols)
    for name in ONE_WAY:
        yield from _link(measures, EVERYTHING, [_cell((name,), group) for group in grid.tables[name,]])
    for name in ("stage", "role"):
        for group in grid.tables[name,]:
            steps = [_cell(("step",), step) for step in grid.by_step if of_step[step[0]][name] == group[0]]
            yield from _link(measures, _cell((name,), group), steps)
    for name in CROSSED:
        crosses = grid.tables["step", name]
        for step in grid.by_step:
            parts = [_cell(("step", name), group) for group in crosses if group[0] == step[0]]
            yield from _link(_CROSS, _cell(("step",), step), parts)
        for other in grid.tables[name,]:
            parts = [_cell(("step", name), group) for group in crosses if group[1] == other[0]]
            yield from _link(_CROSS, _cell((name,), other), parts)


def _placed(protocols: Sequence[Protocol]) -> Mapping[str, Mapping[str, str]]:
    """Stage and role of each step, as the first protocol that has it says."""
    return {step.id: {"stage": step.stage, "role": step.role} for each in reversed(protocols) for step in each.steps}


def _link(measures: Sequence[str], total: str, parts: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    for measure in measures:
        yield f"{total}{measure}", [f"{part}{measure}" for part in parts]


def decided(grid: Grid, before: Cleared) -> tuple[list[str], list[str]]:
    """The cells of steps that the results print, and those that they hide."""
    cells = [
        f"{_cell(('step',), group)}{name}"
        for group, row in grid.by_step.items()
        for name in row.counts
        if name not in DERIVED
    ]
    hidden = [cell for cell in cells if before[cell] is SUPPRESSED]
    return [cell for cell in cells if before[cell] is not SUPPRESSED], hidden


def _crossed(grid: Grid, name: str, found: Cleared) -> Mapping[str, Mapping[str, Share]]:
    tables: dict[str, dict[str, Share]] = {}
    for step, other in grid.tables["step", name]:
        cell = _cell(("step", name), (step, other))
        if f"{cell}met" in found.shown:
            tables.setdefault(step, {})[other] = found.share(f"{cell}met", f"{cell}due")
    return tables

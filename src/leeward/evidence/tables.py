"""Suppression of a table with row and column totals: the shape in which funders ask for counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import ImpossibleFigures
from .protection import Sum, hide
from .suppression import SUPPRESSED, Count, Shown
from .threshold import Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedTable:
    """The cells, row totals, column totals and the grand total, each shown or suppressed."""

    cells: tuple[tuple[Shown, ...], ...]
    row_totals: tuple[Shown, ...]
    column_totals: tuple[Shown, ...]
    total: Shown


def suppress_table(rows: Sequence[Sequence[int]], threshold: Threshold) -> ClearedTable:
    """Totals are computed here, so they agree with their parts. Raises ImpossibleFigures for a ragged table."""
    values, sums = table_cells(rows)
    hidden = hide(values, sums, threshold)

    def shown(name: str) -> Shown:
        return SUPPRESSED if name in hidden else Count(values[name])

    width = len(rows[0])
    return ClearedTable(
        cells=tuple(tuple(shown(f"{i},{j}") for j in range(width)) for i in range(len(rows))),
        row_totals=tuple(shown(f"{i},+") for i in range(len(rows))),
        column_totals=tuple(shown(f"+,{j}") for j in range(width)),
        total=shown("+,+"),
    )


def table_cells(rows: Sequence[Sequence[int]]) -> tuple[dict[str, int], list[Sum]]:
    """Names, values and sums of a table with all its totals: `2,3` is a cell, `2,+` a row's total."""
    if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise ImpossibleFigures("The rows of the table differ in length.", hint="Give every row the same columns.")
    height, width = len(rows), len(rows[0])
    values = {f"{i},{j}": rows[i][j] for i in range(height) for j in range(width)}
    values |= {f"{i},+": sum(row) for i, row in enumerate(rows)}
    values |= {f"+,{j}": sum(row[j] for row in rows) for j in range(width)}
    values["+,+"] = sum(sum(row) for row in rows)
    sums = [Sum(f"{i},+", tuple(f"{i},{j}" for j in range(width))) for i in range(height)]
    sums += [Sum(f"+,{j}", tuple(f"{i},{j}" for i in range(height))) for j in range(width)]
    sums += [
        Sum("+,+", tuple(f"{i},+" for i in range(height))),
        Sum("+,+", tuple(f"+,{j}" for j in range(width))),
    ]
    return values, sums

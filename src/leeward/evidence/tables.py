"""Suppression of a table with row and column totals, the shape in which funders ask for counts; and of one table beside
an earlier one, because whoever has both can subtract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import DoesNotAddUp, ImpossibleFigures
from .protection import Sum, hide
from .suppression import SUPPRESSED, Count, Shown
from .threshold import Threshold
from .wide import Proof, audit_many, hide_many

#: Above so many cells the search of `wide` decides, which hides a few more in far less time.
_MANY = 400

Rows = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedTable:
    """The cells, row totals, column totals and the grand total, each shown or suppressed, with the proof."""

    cells: tuple[tuple[Shown, ...], ...]
    row_totals: tuple[Shown, ...]
    column_totals: tuple[Shown, ...]
    total: Shown
    proof: Proof

    @property
    def with_totals(self) -> tuple[tuple[Shown, ...], ...]:
        """All rows with their total, the column totals last."""
        rows = [(*cells, total) for cells, total in zip(self.cells, self.row_totals, strict=True)]
        return (*rows, (*self.column_totals, self.total))

    @property
    def n_hidden(self) -> int:
        return sum(cell is SUPPRESSED for row in self.with_totals for cell in row)


def suppress_table(rows: Rows, threshold: Threshold) -> ClearedTable:
    """Totals are computed here, so they agree with their parts. Raises ImpossibleFigures for a ragged table."""
    values, sums = table_cells(rows)
    few = len(values) <= _MANY
    hidden = hide(values, sums, threshold) if few else hide_many(values, sums, threshold)
    return _cleared(rows, values, hidden, audit_many(values, hidden, sums, threshold))


def suppress_after(rows: Rows, earlier: Rows, threshold: Threshold) -> ClearedTable:
    """A table of a period that contains the earlier table's, where the earlier one is published as `suppress_table` has
    it: neither a cell nor a difference between the two from 1 to k−1 can be derived.

    Raises ImpossibleFigures for tables of different shapes, for a cell that fell, and if what is published already
    makes it impossible.
    """
    if [len(row) for row in rows] != [len(row) for row in earlier]:
        raise ImpossibleFigures("The two tables differ in shape.", hint="Give both the same rows and columns.")
    values, sums = table_cells(rows)
    before, _ = table_cells(earlier)
    if fallen := [name for name in values if values[name] < before[name]]:
        raise ImpossibleFigures(
            f"The cell {fallen[0]} is smaller than in the earlier table.",
            hint="The guard needs a later table that contains the earlier one; give only the months that are new.",
        )
    published = suppress_table(earlier, threshold).proof.hidden
    joint = {f"earlier {name}": count for name, count in before.items()}
    joint |= {f"later {name}": count for name, count in values.items()}
    joint |= {f"between {name}": values[name] - before[name] for name in values}
    links = [_named(each, period) for period in ("earlier", "later", "between") for each in sums]
    links += [Sum(f"later {name}", (f"earlier {name}", f"between {name}")) for name in values]
    unprinted = {f"between {name}" for name in values}
    stay = {f"earlier {name}" for name in published}
    known = {f"earlier {name}" for name in before if name not in published}
    hidden = hide_many(joint, links, threshold, unprinted=unprinted, known=known, stay=stay)
    proof = audit_many(joint, hidden, links, threshold, unprinted=unprinted)
    later = frozenset(name.removeprefix("later ") for name in hidden if name.startswith("later "))
    between = {name: proof.between[f"later {name}"] for name in later}
    return _cleared(rows, values, later, Proof(later, between, proof.exposed))


def totals_of(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """The cells of a table whose last row and column are totals. Raises DoesNotAddUp, with the place."""
    if len(rows) < 2 or any(len(row) != len(rows[0]) for row in rows) or len(rows[0]) < 2:
        raise ImpossibleFigures(
            "The table has no row and column of totals.",
            hint="It needs at least one cell, its row total and column total.",
        )
    for number, row in enumerate(rows, start=1):
        if sum(row[:-1]) != row[-1]:
            raise DoesNotAddUp(
                f"Row {number}: the cells make {sum(row[:-1])}, its total says {row[-1]}.",
                hint="The last column must be the total of the others; correct it or add it.",
            )
    for number, column in enumerate(zip(*rows, strict=True), start=1):
        if sum(column[:-1]) != column[-1]:
            raise DoesNotAddUp(
                f"Column {number}: the cells make {sum(column[:-1])}, its total says {column[-1]}.",
                hint="The last row must be the total of the others; correct it or add it.",
            )
    return [list(row[:-1]) for row in rows[:-1]]


def table_cells(rows: Rows) -> tuple[dict[str, int], list[Sum]]:
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


def _named(each: Sum, period: str) -> Sum:
    return Sum(f"{period} {each.total}", tuple(f"{period} {part}" for part in each.parts))


def _cleared(rows: Rows, values: dict[str, int], hidden: frozenset[str], proof: Proof) -> ClearedTable:
    def shown(name: str) -> Shown:
        return SUPPRESSED if name in hidden else Count(values[name])

    width = len(rows[0])
    return ClearedTable(
        cells=tuple(tuple(shown(f"{i},{j}") for j in range(width)) for i in range(len(rows))),
        row_totals=tuple(shown(f"{i},+") for i in range(len(rows))),
        column_totals=tuple(shown(f"+,{j}") for j in range(width)),
        total=shown("+,+"),
        proof=proof,
    )

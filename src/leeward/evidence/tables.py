"""Suppression of a table with row and column totals, the shape in which funders ask for counts; and of one table beside
earlier ones, because whoever has them can subtract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

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


def suppress_after(rows: Rows, earlier: Sequence[Rows], threshold: Threshold) -> ClearedTable:
    """A table beside all earlier ones, oldest first, each of a period that contains the one before and each published
    as it is cleared here beside those before it: neither a cell nor a difference between any two from 1 to k−1 can be
    derived by who has them all.

    Raises ImpossibleFigures for tables of different shapes, for a cell that fell, and if what is published already
    makes it impossible.
    """
    _check_chain([*earlier, rows])
    found = suppress_table(earlier[0] if earlier else rows, threshold)
    published = [found.proof.hidden]
    for number in range(1, len(earlier) + 1):
        found = _after([*earlier, rows][: number + 1], published, threshold)
        published.append(found.proof.hidden)
    return found


def _check_chain(tables: Sequence[Rows]) -> None:
    for before, after in pairwise(tables):
        if [len(row) for row in before] != [len(row) for row in after]:
            raise ImpossibleFigures("The tables differ in shape.", hint="Give all of them the same rows and columns.")
        (then, _), (now, _) = table_cells(before), table_cells(after)
        if fallen := [name for name in now if now[name] < then[name]]:
            raise ImpossibleFigures(
                f"The cell {fallen[0]} is smaller than in the earlier table.",
                hint="The guard needs tables that each contain the one before; name several with the oldest first.",
            )


def _after(tables: Sequence[Rows], published: Sequence[frozenset[str]], threshold: Threshold) -> ClearedTable:
    """The last of these tables, beside the others, of which is known what was hidden."""
    values = [table_cells(rows)[0] for rows in tables]
    sums, last = table_cells(tables[-1])[1], len(tables) - 1
    joint = {f"{number} {name}": count for number, each in enumerate(values) for name, count in each.items()}
    links = [_named(each, str(number)) for number in range(len(tables)) for each in sums]
    unprinted: set[str] = set()
    for one, other in combinations(range(len(tables)), 2):
        between = f"{one}-{other}"
        gained = {f"{between} {name}": values[other][name] - values[one][name] for name in values[last]}
        joint |= gained
        unprinted |= gained.keys()
        links += [_named(each, between) for each in sums]
        links += [Sum(f"{other} {name}", (f"{one} {name}", f"{between} {name}")) for name in values[last]]
    stay = {f"{number} {name}" for number, hidden in enumerate(published) for name in hidden}
    known = {f"{number} {name}" for number in range(last) for name in values[number]} - stay
    hidden = hide_many(joint, links, threshold, unprinted=unprinted, known=known, stay=stay)
    proof = audit_many(joint, hidden, links, threshold, unprinted=unprinted)
    mine = frozenset(name.removeprefix(f"{last} ") for name in hidden if name.startswith(f"{last} "))
    ranges = {name: proof.between[f"{last} {name}"] for name in mine}
    return _cleared(tables[-1], values[last], mine, Proof(mine, ranges, proof.exposed))


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

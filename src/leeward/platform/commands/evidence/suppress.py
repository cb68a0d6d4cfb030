"""`leeward evidence suppress`: hide small cells, and what would give them away, and prove it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from leeward.protect import spreadsheet

from .reading import Table, TableError, number, read
from .shown import AsJson, Json, present

_TOTALS = frozenset({"total", "totals", "all", "sum", "grand total"})
#: Beyond this the proof loses digits.
_MOST = 10**9


@dataclass(frozen=True, slots=True)
class _Counts:
    """A table in which the totals stand last, with its labels."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: list[list[int]]


def suppress(
    file: Annotated[
        Path, typer.Argument(help="CSV with a row and a column of totals, last or named Total.", metavar="FILE")
    ],
    threshold: Annotated[
        int, typer.Option(help="Smallest count above zero that is shown; 11 or more.", metavar="N")
    ] = 11,
    earlier: Annotated[
        list[Path] | None,
        typer.Option(
            help="True counts of an earlier, published table that this one contains; guards the difference. "
            "Name each of several, the oldest first.",
            metavar="FILE",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the table to this CSV file.", metavar="FILE.csv")] = None,
    as_json: AsJson = False,
) -> None:
    """Suppress a table: no count from 1 to 10 is shown or can be worked out; audited by linear programming.

    Example: leeward evidence suppress counties.csv --threshold 11 --out counties-public.csv
    """
    from leeward.evidence.errors import Uncleared
    from leeward.evidence.suppression import Count
    from leeward.evidence.tables import suppress_after, totals_of
    from leeward.evidence.threshold import Threshold

    k, table = Threshold(threshold), _counts(read(file))
    cells = totals_of(table.counts)
    before = [totals_of(_aligned(_counts(read(each)), table, each)) for each in earlier or ()]
    cleared = suppress_after(cells, before, k)
    if cleared.proof.exposed:
        raise Uncleared(
            f"{len(cleared.proof.exposed)} cells can still be worked out, so nothing is shown.",
            hint="Print fewer totals, or merge rows; and report this table as a defect.",
        )
    shown = [[cell.value if isinstance(cell, Count) else None for cell in row] for row in cleared.with_totals]
    hidden: list[Json] = [
        {"row": table.rows[i], "column": table.columns[j]}
        for i, row in enumerate(shown)
        for j, cell in enumerate(row)
        if cell is None
    ]
    warnings = []
    if len(hidden) > len(shown) * len(shown[0]) / 2:
        warnings.append(f"{len(hidden)} of {len(shown) * len(shown[0])} cells are hidden: merge rows or columns.")
    document: dict[str, Json] = {
        "method": "primary and complementary suppression, audited by linear programming",
        "n": shown[-1][-1],
        "threshold": k.k,
        "rows": list(table.rows),
        "columns": list(table.columns),
        "table": shown,
        "hidden": hidden,
        "n_hidden": len(hidden),
        "audit": {
            "protected": True,
            "cells": len(hidden),
            "against": ", ".join(each.name for each in earlier) if earlier else None,
            "exposed": [],
        },
        "warnings": warnings,
    }
    heading = ["", *table.columns]
    lines = [
        [label, *("" if cell is None else str(cell) for cell in row)]
        for label, row in zip(table.rows, shown, strict=True)
    ]
    if out is not None:
        _write(out, [heading, *lines])
    printed = [[cell or "…" for cell in line] for line in lines]
    said = _columns([heading, *printed])
    proof = "No count from 1 to {} can be worked out{}: proven by linear programming."
    said.append(proof.format(k.k - 1, ", nor from the difference to an earlier table" if earlier else ""))
    present(document, as_json, said)


def _counts(table: Table) -> _Counts:
    """The counts with their labels; totals are moved to the end if they are named."""
    labelled = any(_is_label(row[0]) for row in table.rows)
    labels = [row[0].strip() if labelled else str(place) for place, row in enumerate(table.rows, start=1)]
    columns = list(table.heading[1:] if labelled else table.heading)
    counts = [
        [_count(table, text, line, column) for text, column in zip(row[1:] if labelled else row, columns, strict=True)]
        for line, row in zip(table.lines, table.rows, strict=True)
    ]
    down, across = _order(labels), _order(columns)
    return _Counts(
        tuple(labels[i] for i in down),
        tuple(columns[j] for j in across),
        [[counts[i][j] for j in across] for i in down],
    )


def _order(labels: Sequence[str]) -> list[int]:
    """Places with the one named total last."""
    named = [place for place, label in enumerate(labels) if label.lower() in _TOTALS][-1:]
    return [place for place in range(len(labels)) if place not in named] + named


def _is_label(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return True
    return False


def _count(table: Table, text: str, line: int, column: str) -> int:
    where = f"{table.name}, line {line}, {column}"
    hint = "Every cell is a true count from 0 on; suppression needs them all, also those of a table already suppressed."
    try:
        found = number(text, where)
    except TableError as error:
        raise TableError(str(error), hint=hint) from error
    if found is None or found < 0 or found != int(found):
        raise TableError(f"{where}: `{text.strip()}` is no count.", hint=hint)
    if found > _MOST:
        raise TableError(f"{where}: {found:,.0f} is more than any count of people.", hint="Check the figures.")
    return int(found)


def _aligned(found: _Counts, to: _Counts, file: Path) -> list[list[int]]:
    """The earlier table in the order of the later one."""
    if sorted(found.rows) != sorted(to.rows) or sorted(found.columns) != sorted(to.columns):
        raise TableError(
            f"{file.name} has other rows or columns.", hint="Give both tables the same rows and columns; fill with 0."
        )
    return [
        [found.counts[found.rows.index(row)][found.columns.index(column)] for column in to.columns] for row in to.rows
    ]


def _columns(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)) for line in lines]


def _write(out: Path, lines: Sequence[Sequence[str]]) -> None:
    """A file has its name only when it is whole. No cell of it is evaluated by a spreadsheet (X-02)."""
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(map(spreadsheet.row, lines))
        part.replace(out)
    except OSError as error:
        raise TableError(
            f"{out} can't be written: {error.strerror}.", hint="Name a file in a folder of yours."
        ) from error
    finally:
        part.unlink(missing_ok=True)

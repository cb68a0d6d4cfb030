"""`leeward protocol fidelity`: how the steps were kept, over any number of cases."""

import csv
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .definition_file import sound
from .moments import moment, said

if TYPE_CHECKING:
    from leeward.learn.fidelity import Fidelity
    from leeward.learn.results.document import Json
    from leeward.rules.protocol import Protocol

_UNSUPPRESSED = (
    "Warning: small numbers are shown. A count from 1 to 10 can point to a person: keep this on this machine."
)
#: Columns of the printed table: what each is called, and where it is in the document.
_COLUMNS: Mapping[str, str] = {
    "opened": "opened",
    "due": "due",
    "met": "met",
    "late": "late",
    "overdue": "overdue",
    "open": "pending",
    "declined": "declined",
    "void": "void",
    "untrained": "untrained",
    "no consent": "without_consent",
}


def fidelity(
    file: Annotated[Path, typer.Argument(help="The definition, a YAML file.", metavar="FILE")],
    data: Annotated[Path, typer.Option(help="Folder with events, clients, staff and agencies as Parquet.")],
    by: Annotated[str, typer.Option(help="Count by any of step, stage, role, site, month, with commas.")] = "step",
    now: Annotated[
        str | None, typer.Option(help="The moment to judge by, such as 2026-11-23T12:00Z; default the last event.")
    ] = None,
    threshold: Annotated[int, typer.Option(help="Smallest count above zero that is shown; 11 or more.")] = 11,
    unsuppressed: Annotated[
        bool, typer.Option("--unsuppressed", help="Show every count. For an analyst who may read the records.")
    ] = False,
    only_results: Annotated[
        bool,
        typer.Option(
            "--only-results", help="Only the people of the results: since go-live, without who declined research."
        ),
    ] = False,
    zone: Annotated[str, typer.Option(help="Where days and months begin; default LEEWARD_TIME_ZONE.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the table to this CSV file.", metavar="FILE.csv")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Count how the steps were kept: due, in time, late, declined, open; by whom, and how long it took.

    Counts below the threshold are hidden, and what would give them away.

    Example: leeward protocol fidelity FILE --data centre --by step,month --out months.csv
    """
    from leeward import catalogue
    from leeward.evidence.threshold import Threshold
    from leeward.learn import fidelity as room
    from leeward.learn.fidelity.document import document, flat

    if out is not None and out.suffix != ".csv":
        raise typer.BadParameter("Name a file that ends in .csv.", param_hint="--out")
    chosen = None if unsuppressed else Threshold(threshold)
    protocol = sound(file)
    zone = zone or site_zone()
    found = room.fidelity(
        data,
        protocol,
        catalogue.competence(),
        by=[each.strip() for each in by.split(",") if each.strip()],
        now=moment(now),
        zone=zone,
        only=people_of_results(data, moment(now)) if only_results else None,
    )
    if unsuppressed:
        typer.echo(_UNSUPPRESSED, err=True)
    made = document(found, protocol, zone, chosen)
    rows: list[Mapping[str, Json]] = made["rows"]  # type: ignore[assignment]
    if out is not None:
        write_csv(out, list(flat(rows, found.by)))
    if as_json:
        print(json.dumps(made, indent=2, ensure_ascii=False))
        return
    _print(found, rows, protocol)
    if out is not None:
        print(f"Wrote {out}.")


def site_zone() -> str:
    """Where the site's days begin."""
    return os.environ.get("LEEWARD_TIME_ZONE", "America/Chicago")


def people_of_results(data: Path, now: datetime | None) -> list[str]:
    """Who is counted in the results of the same tables: since go-live, without who declined research."""
    from leeward.learn.results import ResultsSettings
    from leeward.learn.results.cases import Era, population
    from leeward.learn.tables import read_folder

    tables = read_folder(data)
    at = now or tables.latest_moment()
    return [] if at is None else [case.client for case in population(tables, ResultsSettings(), at).of(Era.SINCE)]


def write_csv(out: Path, rows: Iterable[list[str]]) -> None:
    """A file has its name only when it is whole."""
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        part.replace(out)
    except OSError as error:
        typer.echo(f"leeward: {out} can't be written: {error.strerror}. Name a file in a folder of yours.", err=True)
        raise typer.Exit(1) from error
    finally:
        part.unlink(missing_ok=True)


def _print(found: "Fidelity", rows: Sequence[Mapping[str, "Json"]], protocol: "Protocol") -> None:
    """A table for a terminal: groups, counts of openings, days until half and until nine in ten are done."""
    lines = [[*found.by, *_COLUMNS, "half done", "90% done"]]
    for row in rows:
        counts = [_count(row[name]) for name in _COLUMNS.values()]
        times = [_days(row[name]) for name in ("median_days", "ninety_percent_days")]
        lines.append([*(str(row[name]) or "-" for name in found.by), *counts, *times])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(f"{protocol.name} {protocol.version} as of {said(found.now)}. Openings of steps; times in days.")
    for line in lines:
        left = [text.ljust(width) for text, width in zip(line, widths, strict=True)][: len(found.by)]
        right = [text.rjust(width) for text, width in zip(line, widths, strict=True)][len(found.by) :]
        print("  ".join([*left, *right]).rstrip())


def _count(value: "Json") -> str:
    return f"{value:,}" if isinstance(value, int) else "hidden"


def _days(value: "Json") -> str:
    match value:
        case {"estimate": float() | int() as days}:
            return f"{days:,.1f}" if days >= 0.1 else f"{days:.3f}"
        case None:
            return "-"
        case _:
            return "hidden"

"""`leeward protocol fidelity`: how the steps were kept, over any number of cases."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leeward.protect import spreadsheet

from .definition_file import sound
from .moments import moment, said

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from leeward.evidence.threshold import Threshold
    from leeward.learn.fidelity import Fidelity
    from leeward.learn.plain import Json
    from leeward.rules.protocol import Protocol

UNSUPPRESSED = (
    "Warning: small numbers are shown. A count from 1 to 10 can point to a person: keep this on this machine."
)
_TWO_ERAS = (
    "Note: some of these people came before the protocol began, and it is counted as if it had been in force. "
    "--only-results leaves them out."
)
LANGUAGES = ("en", "es")
#: How many steps a printed rank names.
_MOST = 5
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
    bottlenecks: Annotated[
        bool, typer.Option("--bottlenecks", help="Say which step costs the most people and the most days.")
    ] = False,
    language: Annotated[str, typer.Option(help="Language of the sentences: en or es.")] = "en",
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

    if language not in LANGUAGES:
        raise typer.BadParameter("The sentences are written in en and es.", param_hint="--language")
    if out is not None and out.suffix != ".csv":
        raise typer.BadParameter("Name a file that ends in .csv.", param_hint="--out")
    chosen = None if unsuppressed else Threshold(threshold)
    dimensions = room.checked([each.strip() for each in by.split(",") if each.strip()])
    protocol, at, place = sound(file), moment(now), zone or site_zone()
    only = people_of_results(data, at) if only_results else None
    with room.judged(data, protocol, catalogue.competence(), now=at, zone=place, only=only) as (connection, judged_at):
        found = room.Fidelity(now=judged_at, by=dimensions, rows=tuple(room.count(connection, dimensions)))
        made = dict(document(found, protocol, place, chosen))
        if bottlenecks:
            made["bottlenecks"] = _bottlenecks(connection, protocol, chosen)
        mixed = only is None and room.came_in_two_eras(connection)
    for warning in (UNSUPPRESSED if unsuppressed else "", _TWO_ERAS if mixed else ""):
        if warning:
            typer.echo(warning, err=True)
    rows: list[Mapping[str, Json]] = made["rows"]  # type: ignore[assignment]
    if out is not None:
        write_csv(out, list(flat(rows, found.by)))
    if as_json:
        print(json.dumps(made, indent=2, ensure_ascii=False))
        return
    if bottlenecks:
        _print_bottlenecks(made["bottlenecks"], language)
    else:
        _print(found, rows, protocol)
    if out is not None:
        print(f"Wrote {out}.")


def _bottlenecks(
    connection: "DuckDBPyConnection", protocol: "Protocol", threshold: "Threshold | None"
) -> dict[str, "Json"]:
    """The ranks as a document, with their sentences in every language of the site."""
    import django
    from django.utils import translation

    django.setup()
    from leeward.learn.fidelity import bottlenecks, count, losses
    from leeward.learn.fidelity.cleared import clear, may_rank
    from leeward.learn.fidelity.document import bottlenecks_document
    from leeward.learn.fidelity.sentences import sentences
    from leeward.learn.reading import Part

    rows = count(connection, ["step"])
    permitted = None if threshold is None else may_rank(rows, clear(rows, threshold), threshold)
    made = dict(
        bottlenecks_document(
            bottlenecks(losses(connection), rows, permitted), {step.id: step.title for step in protocol.steps}
        )
    )
    said: dict[str, Json] = {}
    for language in LANGUAGES:
        with translation.override(language):
            said[language] = list(sentences(Part(made)))
    return {**made, "sentences": said}


def site_zone() -> str:
    """Where the site's days begin."""
    return os.environ.get("LEEWARD_TIME_ZONE", "America/Chicago")


def people_of_results(data: Path, now: datetime | None) -> list[str]:
    """Who is counted in the results of the same tables: since go-live, without who declined research."""
    from leeward.learn.results import ResultsSettings
    from leeward.learn.results.cases import roll
    from leeward.learn.tables import read_folder

    tables = read_folder(data)
    at = now or tables.latest_moment()
    return [] if at is None else roll(tables, ResultsSettings(), at).since


def write_csv(out: Path, rows: Iterable[list[str]]) -> None:
    """A file has its name only when it is whole. No cell of it is evaluated by a spreadsheet (X-02)."""
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            file.writelines(map(spreadsheet.row, rows))
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
    print(f"{protocol.name} {protocol.version} as of {said(found.now)}. Openings of steps; times in days.")
    print_columns(lines, len(found.by))


def print_columns(lines: Sequence[Sequence[str]], names: int) -> None:
    """Lines of equal length in columns: so many names to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        left = [text.ljust(width) for text, width in zip(line, widths, strict=True)][:names]
        right = [text.rjust(width) for text, width in zip(line, widths, strict=True)][names:]
        print("  ".join([*left, *right]).rstrip())


def _print_bottlenecks(made: "Json", language: str) -> None:
    """The sentences, then the dearest steps of each rank."""
    match made:
        case {"people": list() as people, "days": list() as days, "unranked": unranked, "sentences": dict() as said}:
            for sentence in said[language]:
                print(sentence)
            for heading, costs in (("people", people), ("days", days)):
                print(f"\n{heading:>10}  {'95%':>15}  first  step")
                for cost in costs[:_MOST]:
                    reach = f"{cost['low']:,.0f}-{cost['high']:,.0f}"
                    print(f"{cost['value']:>10,.0f}  {reach:>15}  {_first(cost['first']):>5}  {cost['step']}")
            if unranked:
                print(f"\nNot ranked, because their numbers are hidden: {unranked} step{'s' if unranked != 1 else ''}.")


def _first(share: float) -> str:
    """How often a step comes first; never rounded to always or never."""
    return f"{share if share in (0, 1) else min(max(share, 0.01), 0.99):.0%}"


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

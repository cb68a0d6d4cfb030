"""`leeward protocol replay`: every step instance of every case, on the engine of one's choice."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .definition_file import sound
from .moments import moment, said

if TYPE_CHECKING:
    import pyarrow as pa

_ENGINES = "python, duckdb, postgres or spark"


def replay(
    file: Annotated[Path, typer.Argument(help="The definition, a YAML file.", metavar="FILE")],
    data: Annotated[Path, typer.Option(help="Folder with events.parquet, as `leeward simulate` writes it.")],
    engine: Annotated[str, typer.Option(help=f"Where to run: {_ENGINES}.")] = "duckdb",
    out: Annotated[Path | None, typer.Option(help="Write the rows to this file: .parquet, .csv or .json.")] = None,
    now: Annotated[
        str | None, typer.Option(help="The moment to judge by, such as 2026-11-23T12:00Z; default the last event.")
    ] = None,
    master: Annotated[str, typer.Option(help="For spark: the cluster, such as local[2] or spark://host:7077.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print every row as JSON.")] = False,
) -> None:
    """Replay a definition over many cases: which steps opened, when they were due, and how they ended.

    The rows are the same on every engine, in the order of client, step, opening and subject.

    Example: leeward protocol replay FILE --data centre --engine duckdb --out rows.parquet
    """
    from leeward.learn.replay import replay as run

    if out is not None and out.suffix not in (".parquet", ".csv", ".json"):
        raise typer.BadParameter("Name a file that ends in .parquet, .csv or .json.", param_hint="--out")
    protocol = sound(file)
    rows = run(protocol, data, engine=engine, now=moment(now), database=_database, master=master or "local[2]")
    if out is not None:
        _write(rows.table, out)
    if as_json:
        found = {"protocol": protocol.name, "version": protocol.version, "engine": engine, "now": said(rows.now)}
        print(json.dumps(found | {"rows": _plain(rows.table)}, indent=2, ensure_ascii=False))
        return
    states = Counter(zip(rows.table["step"].to_pylist(), rows.table["state"].to_pylist(), strict=True))
    names = ("met", "late", "overdue", "pending", "declined", "void")
    width = max((len(step.id) for step in protocol.steps), default=4)
    print(f"{protocol.name} {protocol.version} as of {said(rows.now)}: {rows.table.num_rows:,} step instances.")
    print(f"{'step':{width}}" + "".join(f"{name:>10}" for name in names))
    for step in protocol.steps:
        print(f"{step.id:{width}}" + "".join(f"{states[step.id, name]:>10,}" for name in names))
    if out is not None:
        print(f"Wrote {out}.")


def _database() -> str:
    """A database of the server in which nobody's records are: the rows live in temporary tables of one transaction."""
    from leeward.platform import database

    return database.with_database(database.administrator_url(), "postgres")


def _plain(table: "pa.Table") -> list[dict[str, object]]:
    return [
        {name: said(value) if isinstance(value, datetime) else value for name, value in row.items()}
        for row in table.to_pylist()
    ]


def _write(table: "pa.Table", out: Path) -> None:
    """A file has its name only when it is whole."""
    import pyarrow.csv as csv
    import pyarrow.parquet as parquet

    part = out.with_name(f".{out.name}.part")
    try:
        match out.suffix:
            case ".parquet":
                parquet.write_table(table, part)
            case ".csv":
                csv.write_csv(table, part)
            case _:
                part.write_text(json.dumps(_plain(table), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)

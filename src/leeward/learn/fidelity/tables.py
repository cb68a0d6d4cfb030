"""The tables of one centre in a DuckDB connection: `events`, `clients`, `staff` and `agencies`, checked."""
# ruff: noqa: S608 - the names in these queries are constants of this module

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb
import pandas as pd

from leeward.learn.replay.cases import Cases, cases

from .errors import FidelityError

#: What is read of each table; other columns are left alone.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "events": (
        "id", "client", "kind", "occurred_at", "recorded_at", "actor", "actor_role", "subject", "data", "supersedes",
    ),
    "clients": ("client", "site", "protocol_version"),
    "staff": ("staff", "trained_on", "course"),
    "agencies": ("agency", "kind"),
}  # fmt: skip
_HINT: Final = "Make the tables with: leeward simulate --clients 400 --seed 7 --out DIR"


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when the events happened."""

    first: datetime
    last: datetime


def open_folder(connection: duckdb.DuckDBPyConnection, folder: Path) -> Span:
    """Views of a folder's Parquet files. Raises FidelityError or ReplayError if they are not what they should be."""
    found = cases(folder)
    connection.execute("SET TimeZone = 'UTC'")
    for name in COLUMNS:
        file = folder / f"{name}.parquet"
        if not file.is_file():
            raise FidelityError(f"{folder} has no {file.name}.", hint=_HINT)
        quoted = str(file).replace("'", "''")
        try:
            connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM read_parquet('{quoted}')")
        except duckdb.Error as error:
            raise FidelityError(f"{file} is not a Parquet file that can be read.", hint=_HINT) from error
    _check(connection)
    return Span(found.first, found.last)


def open_frames(
    connection: duckdb.DuckDBPyConnection, frames: Mapping[str, pd.DataFrame], now: datetime | None = None
) -> Span:
    """Tables in memory as tables of the connection. Raises FidelityError if they are not what they should be, or if
    there are no events and no moment to judge by."""
    connection.execute("SET TimeZone = 'UTC'")
    for name in COLUMNS:
        _take(connection, name, frames[name])
    _check(connection)
    return _span(connection, now)


def came_in_two_eras(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether some of the clients came under a protocol and others before there was one."""
    found = connection.execute(
        "SELECT count(DISTINCT coalesce(CAST(protocol_version AS VARCHAR), '') <> '') > 1 FROM clients"
    ).fetchone()
    return found is not None and bool(found[0])


def open_events(connection: duckdb.DuckDBPyConnection, events: Cases | pd.DataFrame) -> Span:
    """The view or table `events` alone. Raises FidelityError if they are not what they should be, or none."""
    connection.execute("SET TimeZone = 'UTC'")
    if isinstance(events, Cases):
        quoted = str(events.file).replace("'", "''")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW events AS SELECT * FROM read_parquet('{quoted}')")
        return Span(events.first, events.last)
    _take(connection, "events", events)
    return _span(connection)


def _take(connection: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame) -> None:
    if name == "events" and "data" in frame.columns:
        frame = frame.assign(data=[each if isinstance(each, str) else json.dumps(each) for each in frame["data"]])
    connection.register("lw_frame", _typed(frame))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM lw_frame")
    connection.unregister("lw_frame")


def _span(connection: duckdb.DuckDBPyConnection, now: datetime | None = None) -> Span:
    found = connection.execute("SELECT min(occurred_at), max(occurred_at) FROM events").fetchone()
    if (found is None or found[0] is None) and now is not None:
        return Span(now, now)
    if found is None or found[0] is None:
        raise FidelityError("There are no events yet.", hint="Something must have happened before it can be counted.")
    return Span(found[0].astimezone(UTC), found[1].astimezone(UTC))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Text and days as what they are, where pandas knows only objects: a column of gaps needs a type too."""
    days = {"trained_on": pd.to_datetime(frame["trained_on"])} if "trained_on" in frame.columns else {}
    texts = [name for name in frame.columns if frame[name].dtype == "object" and name not in days]
    return frame.assign(**days).astype(dict.fromkeys(texts, "string"))


def _check(connection: duckdb.DuckDBPyConnection) -> None:
    for name, columns in COLUMNS.items():
        present = [row[0] for row in connection.execute(f"DESCRIBE {name}").fetchall()]
        if missing := [column for column in columns if column not in present]:
            raise FidelityError(
                f"The table {name} lacks {', '.join(missing)}.", hint=f"It needs: {', '.join(columns)}."
            )
    for name, key in (("events", "id"), ("clients", "client"), ("agencies", "agency")):
        found = connection.execute(f"SELECT {key} FROM {name} GROUP BY {key} HAVING count(*) > 1 LIMIT 1").fetchone()
        if found is not None:
            raise FidelityError(f"The table {name} has two rows for the {key} {found[0]}.", hint="Give each row once.")

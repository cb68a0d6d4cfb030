"""Replay in an embedded DuckDB: the engine for one centre, and for millions of cases on one machine."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from leeward.rules.protocol import Protocol
from leeward.rules.protocol.sql import Engine, replay

from .cases import Cases
from .errors import ReplayError


def instances(connection: duckdb.DuckDBPyConnection, protocol: Protocol, cases: Cases, now: datetime) -> str:
    """Make the table `instances` from the events of `cases`, and return its name.

    The events stay where they are; the connection's `events` is a view of them. Raises ReplayError if they can't be
    read as a timeline.
    """
    file = str(cases.file).replace("'", "''")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW events AS SELECT * FROM read_parquet('{file}')")
    build(connection, protocol, first=cases.first, last=cases.last, now=now, source=str(cases.file))
    return "instances"


def table(protocol: Protocol, cases: Cases, now: datetime) -> pa.Table:
    """The rows, in no particular order."""
    with duckdb.connect() as connection:
        found: pa.Table = connection.table(instances(connection, protocol, cases, now)).to_arrow_table()
        return found


def write(protocol: Protocol, cases: Cases, now: datetime, out: Path) -> int:
    """The rows into a Parquet file without holding them all, in their order; returns how many."""
    with duckdb.connect() as connection:
        name = instances(connection, protocol, cases, now)
        file = str(out).replace("'", "''")
        found = connection.execute(
            f"COPY (SELECT * FROM {name} ORDER BY client, step, opened_at, subject) TO '{file}' (FORMAT parquet)"
        ).fetchone()
        return int(found[0]) if found else 0


def build(
    connection: duckdb.DuckDBPyConnection,
    protocol: Protocol,
    *,
    first: datetime,
    last: datetime,
    now: datetime,
    source: str = "The timeline",
) -> None:
    """Make the table `instances` from the connection's `events`, which happened from `first` to `last`.

    Raises ReplayError, which calls the events by the name `source`.
    """
    script = replay(protocol, now=now, first=first, last=last).in_words_of(Engine.DUCKDB)
    try:
        for name, text in (*script.tables, ("instances", script.rows)):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {text}")
        for name, _ in script.tables:
            connection.execute(f"DROP TABLE {name}")
    except duckdb.Error as error:
        raise ReplayError(
            f"{source} can't be replayed: {str(error).splitlines()[0]}",
            hint="Check that it holds whole events, with data as JSON text.",
        ) from error

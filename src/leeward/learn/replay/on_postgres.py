"""Replay in PostgreSQL, in temporary tables of one transaction that leaves nothing behind."""

from __future__ import annotations

from datetime import datetime

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from leeward.rules.protocol import Protocol
from leeward.rules.protocol.sql import Engine, replay

from .cases import COLUMNS, Cases
from .errors import ReplayError
from .in_python import SCHEMA

_TABLE = (
    "CREATE TEMP TABLE events (id text, client text, kind text, occurred_at timestamptz, recorded_at timestamptz,"
    " subject text, data text, supersedes text) ON COMMIT DROP"
)


def table(protocol: Protocol, cases: Cases, now: datetime, *, url: str) -> pa.Table:
    """The rows from a server at `url`, whose user may make temporary tables. Raises ReplayError."""
    try:
        return _table(protocol, cases, now, url)
    except psycopg.Error as error:
        raise ReplayError(
            f"PostgreSQL can't replay these cases: {str(error).splitlines()[0]}",
            hint="Check that the server runs and that the file holds whole events.",
        ) from error


def _table(protocol: Protocol, cases: Cases, now: datetime, url: str) -> pa.Table:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        cursor.execute(_TABLE)
        with cursor.copy(f"COPY events ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            for batch in pq.ParquetFile(cases.file).iter_batches(columns=list(COLUMNS)):
                for row in zip(*(batch.column(name).to_pylist() for name in COLUMNS), strict=True):
                    copy.write_row(row)
        cursor.execute("CREATE INDEX ON events (client, supersedes) WHERE supersedes IS NOT NULL")
        cursor.execute("ANALYZE events")
        return run(cursor, protocol, cases, now)


def run(cursor: psycopg.Cursor, protocol: Protocol, cases: Cases, now: datetime) -> pa.Table:
    """The rows of the cursor's table or view `events`."""
    script = replay(protocol, now=now, first=cases.first, last=cases.last).in_words_of(Engine.POSTGRES)
    for name, text in script.tables:
        cursor.execute(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {text}".encode())
        cursor.execute(f"ANALYZE {name}".encode())
    cursor.execute(script.rows.encode())
    columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(SCHEMA)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)

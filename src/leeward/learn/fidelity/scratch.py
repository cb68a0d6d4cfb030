"""Small tables made from Python values, for queries to join."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb


def small_table(
    connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Sequence[tuple[object, ...]]
) -> None:
    """Make or replace a temporary table with these columns (`step VARCHAR, months INTEGER`) and rows."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
    if rows:
        connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' for _ in rows[0])})", rows)  # noqa: S608

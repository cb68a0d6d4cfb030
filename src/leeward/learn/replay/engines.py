"""One name for each engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa

from leeward.rules.protocol import Protocol

from . import in_python, on_duckdb, on_postgres, on_spark
from .cases import Cases, cases
from .errors import ReplayError

ENGINES: Final = ("python", "duckdb", "postgres", "spark")
_ORDER: Final = [(column, "ascending") for column in ("client", "step", "opened_at", "subject")]


@dataclass(frozen=True, slots=True)
class Rows:
    """Every step instance of every case as of `now`, ordered by client, step, opening and subject."""

    table: pa.Table
    now: datetime


def replay(
    protocol: Protocol,
    folder: Path,
    *,
    engine: str = "duckdb",
    now: datetime | None = None,
    database: Callable[[], str] | None = None,
    master: str = "local[2]",
) -> Rows:
    """The rows of all cases in `folder`, as of `now` (default: the last event).

    `database` gives the address of a PostgreSQL server, `master` that of a Spark cluster. Raises ReplayError.
    """
    found: Cases = cases(folder)
    at = now or found.last
    if at.tzinfo is None:
        raise ReplayError("The moment has no time zone.", hint="Write it as 2026-11-23T12:00:00Z.")
    match engine:
        case "python":
            table = in_python.table(protocol, found, at)
        case "duckdb":
            table = on_duckdb.table(protocol, found, at)
        case "spark":
            table = on_spark.table(protocol, found, at, master=master)
        case "postgres" if database is not None:
            table = on_postgres.table(protocol, found, at, url=database())
        case "postgres":
            raise ReplayError(
                "There is no database.", hint="Start one with `leeward demo`, or set LEEWARD_DATABASE_URL."
            )
        case _:
            raise ReplayError(f"There is no engine `{engine}`.", hint=f"Choose one of {', '.join(ENGINES)}.")
    return Rows(table.cast(in_python.SCHEMA).sort_by(_ORDER), at)

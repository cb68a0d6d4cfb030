"""From a centre's tables to what is counted, in one call."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import pandas as pd

from leeward.learn.replay import on_duckdb
from leeward.rules.competence import Competence
from leeward.rules.protocol import Protocol

from .counts import Row, checked, count
from .errors import FidelityError
from .judged import judge, start
from .tables import open_folder, open_frames

Tables = Path | Mapping[str, pd.DataFrame]
"""A folder of Parquet files, or the tables `events`, `clients`, `staff` and `agencies` in memory."""


@dataclass(frozen=True, slots=True)
class Following:
    """A protocol, and the people who follow it."""

    protocol: Protocol
    clients: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """Rows as of `now`, by the dimensions `by`. Not yet cleared of small numbers."""

    now: datetime
    by: tuple[str, ...]
    rows: tuple[Row, ...]


def fidelity(
    tables: Tables,
    protocol: Protocol,
    competence: Competence,
    *,
    by: Sequence[str] = ("step",),
    now: datetime | None = None,
    zone: str = "UTC",
    only: Collection[str] | None = None,
) -> Fidelity:
    """How the steps were kept, as of `now` (default: the last event), by any of the dimensions.

    `zone` says where days and months begin; `only` names the people to count. Raises FidelityError, ReplayError or
    ActionError.
    """
    dimensions = checked(by)
    with judged(tables, protocol, competence, now=now, zone=zone, only=only) as (connection, at):
        return Fidelity(now=at, by=dimensions, rows=tuple(count(connection, dimensions)))


@contextmanager
def judged(
    tables: Tables,
    protocol: Protocol | Sequence[Following],
    competence: Competence | None,
    *,
    now: datetime | None = None,
    zone: str = "UTC",
    only: Collection[str] | None = None,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, datetime]]:
    """A connection with the table `judged`, and the moment by which it was judged.

    Where people follow different protocols, each is judged by their own, and who follows none is left out.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise FidelityError(f"There is no time zone `{zone}`.", hint="Write it as America/Chicago.") from error
    if now is not None and now.tzinfo is None:
        raise FidelityError("The moment has no time zone.", hint="Write it as 2026-11-23T12:00Z.")
    with duckdb.connect() as connection:
        span = open_folder(connection, tables) if isinstance(tables, Path) else open_frames(connection, tables, now)
        at = now or span.last
        start(connection)
        for followed, people in _followed(protocol, only):
            on_duckdb.build(connection, followed, first=span.first, last=span.last, now=at)
            judge(connection, followed, competence, at, zone=zone, only=people)
        yield connection, at


def _followed(
    protocol: Protocol | Sequence[Following], only: Collection[str] | None
) -> Iterator[tuple[Protocol, Collection[str] | None]]:
    if isinstance(protocol, Protocol):
        yield protocol, only
        return
    for each in protocol:
        yield each.protocol, each.clients if only is None else frozenset(each.clients) & frozenset(only)

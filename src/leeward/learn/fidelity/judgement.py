"""All that the preliminary results ask of the steps of everybody, judged in one go: here, or in another process."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pandas as pd
import pyarrow as pa

from leeward.rules.competence import Competence

from .bottlenecks import Losses, losses
from .grid import Grid, counted
from .run import Following, judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Every opening of every step, judged, and what was counted of it."""

    openings: pa.Table
    grid: Grid
    lost: Losses

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection whose table `judged` has, of each opening, what tells who is in which group."""
        with duckdb.connect() as connection:
            connection.register("judged", self.openings)
            yield connection


def judgement(
    tables: Mapping[str, pd.DataFrame],
    followed: Sequence[Following],
    competence: Competence | None,
    since: Collection[str],
    now: datetime,
    zone: str,
) -> Judgement:
    """Judge the steps of the people in `since`, each by the protocol that they follow. Raises as `judged` does."""
    with judged(tables, followed, competence, now=now, zone=zone, only=since) as (connection, _now):
        openings = connection.sql("SELECT client, step, stage, role, site, month, state, is_due, opened_at FROM judged")
        return Judgement(openings=openings.to_arrow_table(), grid=counted(connection), lost=losses(connection))


def get_ready() -> None:
    """Nothing more than that this module was loaded, where it will be needed."""

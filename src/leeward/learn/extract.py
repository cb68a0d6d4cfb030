"""A centre's record in memory, as results read it: the same rows as the extract's files, read by the reporter role.

It may count rows; it sees no name and no free text.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pandas as pd
import pyarrow as pa

from leeward.people.models import Agency

from .extract_rows import REPORTER as REPORTER
from .extract_rows import agencies, chunks, staff
from .extract_tables import SCHEMAS
from .pseudonyms import Pseudonyms
from .results import ResultsData


def extract(agency: Agency, *, now: datetime, using: str = REPORTER) -> ResultsData:
    """Everything of one agency that was recorded by `now`, without those who declined research use."""
    names = Pseudonyms()
    people: list[tuple[object, ...]] = []
    events: list[tuple[object, ...]] = []
    scores: list[tuple[object, ...]] = []
    left_out = 0
    for chunk in chunks(agency, now=now, using=using, names=names):
        people += chunk.clients
        events += chunk.events
        scores += chunk.scores
        left_out += chunk.left_out
    return ResultsData(
        clients=_frame("clients", people),
        events=_frame("events", events),
        scores=_frame("scores", scores),
        staff=_frame("staff", staff(agency, using=using, names=names)),
        agencies=_frame("agencies", agencies(using=using, names=names)),
        meta={"data_cut": now.isoformat(), "left_out": str(left_out)},
    )


def _frame(name: str, rows: Iterable[tuple[object, ...]]) -> pd.DataFrame:
    return table(name, list(rows)).to_pandas()


def table(name: str, rows: list[tuple[object, ...]]) -> pa.Table:
    """Rows as one of the tables of an extract."""
    schema = SCHEMAS[name]
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema.types)
    return pa.Table.from_arrays(
        [pa.array(list(column), kind) for column, kind in zip(columns, schema.types, strict=True)], schema=schema
    )

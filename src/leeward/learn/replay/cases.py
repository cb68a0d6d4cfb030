"""The timelines that are replayed: a folder with `events.parquet`, as `leeward simulate --out DIR` writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from leeward.rules.protocol import Event

from .errors import ReplayError

COLUMNS: Final = ("id", "client", "kind", "occurred_at", "recorded_at", "subject", "data", "supersedes")
#: An event need be about nothing in particular, and need correct no other.
_MAY_BE_EMPTY: Final = frozenset({"subject", "supersedes"})
_HINT: Final = "Make one with: leeward simulate --clients 400 --seed 7 --out DIR"


@dataclass(frozen=True, slots=True)
class Cases:
    """Where the events are, and from when to when they happened. `last` is also the default moment of the replay."""

    file: Path
    first: datetime
    last: datetime

    def timelines(self) -> Iterator[tuple[str, list[Event]]]:
        """Each case with its events. Reads the whole file: the engines of SQL don't."""
        table = pq.read_table(self.file, columns=list(COLUMNS))
        found: dict[str, list[Event]] = {}
        for batch in table.to_batches():
            for row in batch.to_pylist():
                found.setdefault(row["client"], []).append(_event(row))
        yield from found.items()


def cases(folder: Path) -> Cases:
    """The cases of a folder. Raises ReplayError if it holds no usable events."""
    file = folder / "events.parquet"
    try:
        parquet = pq.ParquetFile(file)
    except FileNotFoundError as error:
        raise ReplayError(f"{folder} has no events.parquet.", hint=_HINT) from error
    except (OSError, pa.ArrowException) as error:
        raise ReplayError(f"{file} is not a Parquet file that can be read.", hint=_HINT) from error
    names = parquet.schema_arrow.names
    if missing := [column for column in COLUMNS if column not in names]:
        raise ReplayError(f"{file} lacks {', '.join(missing)}.", hint=f"It needs: {', '.join(COLUMNS)}.")
    for column in ("occurred_at", "recorded_at"):
        kind = parquet.schema_arrow.field(column).type
        if not pa.types.is_timestamp(kind) or kind.tz is None:
            raise ReplayError(f"{column} in {file} does not hold times with a zone.", hint="Store times in UTC.")
    for column in set(COLUMNS) - {"occurred_at", "recorded_at"}:
        kind = parquet.schema_arrow.field(column).type
        if not _is_text(kind) and not (column in _MAY_BE_EMPTY and pa.types.is_null(kind)):
            raise ReplayError(f"{column} in {file} does not hold text.", hint="Store it as text.")
    if parquet.metadata.num_rows == 0:
        raise ReplayError(f"{file} holds no events.", hint=_HINT)
    try:
        for column in set(COLUMNS) - _MAY_BE_EMPTY:
            if pq.read_table(file, columns=[column])[column].null_count:
                raise ReplayError(f"An event in {file} has no {column}.", hint="Fill it in for each event.")
        columns = pq.read_table(file, columns=["id", "occurred_at"])
    except (OSError, pa.ArrowException) as error:
        raise ReplayError(f"{file} is not a Parquet file that can be read.", hint=_HINT) from error
    if pc.count_distinct(columns["id"]).as_py() != columns.num_rows:
        raise ReplayError(f"Two events in {file} have the same id.", hint="Give each once; a correction supersedes.")
    happened = columns["occurred_at"]
    first, last = pc.min(happened).as_py(), pc.max(happened).as_py()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        raise ReplayError(f"No event in {file} says when it happened.", hint="Fill occurred_at.")
    return Cases(file, first.astimezone(UTC), last.astimezone(UTC))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _event(row: dict[str, object]) -> Event:
    occurred, recorded = row["occurred_at"], row["recorded_at"]
    if not isinstance(occurred, datetime) or not isinstance(recorded, datetime):
        raise ReplayError(f"Event {row['id']} has no time.", hint="Fill occurred_at and recorded_at.")
    return Event(
        id=str(row["id"]),
        kind=str(row["kind"]),
        occurred_at=occurred.astimezone(UTC),
        recorded_at=recorded.astimezone(UTC),
        subject=str(row["subject"]) if row["subject"] else None,
        data=_data(row["data"], row["id"]),
        supersedes=str(row["supersedes"]) if row["supersedes"] else None,
    )


def _data(text: object, identity: object) -> dict[str, object]:
    try:
        found = json.loads(str(text))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ReplayError(f"The data of event {identity} are not a JSON object.", hint='Write {"result":"positive"}.')
    return found

"""Replay by walking each case with `plan`: the meaning that the other engines are held to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import pyarrow as pa

from leeward.rules.protocol import Instance, Protocol, plan

from .cases import Cases

_TEXT: Final[pa.DataType] = pa.string()
_TRUE_FALSE: Final[pa.DataType] = pa.bool_()
_TIME: Final[pa.DataType] = pa.timestamp("us", tz="UTC")
SCHEMA: Final = pa.schema(
    {
        "client": _TEXT,
        "step": _TEXT,
        "subject": _TEXT,
        "opened_at": _TIME,
        "due_at": _TIME,
        "late_after": _TIME,
        "closed_at": _TIME,
        "state": _TEXT,
        "is_repeat": _TRUE_FALSE,
        "opened_by": _TEXT,
        "closed_by": _TEXT,
    }
)


def table(protocol: Protocol, cases: Cases, now: datetime) -> pa.Table:
    """The rows, in the order in which the cases are read."""
    columns = list(zip(*_rows(protocol, cases, now), strict=True)) or [()] * len(SCHEMA)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _rows(protocol: Protocol, cases: Cases, now: datetime) -> Iterator[tuple[object, ...]]:
    for client, events in cases.timelines():
        for instance in plan(protocol, events, now).instances:
            yield row(client, instance)


def row(client: str, instance: Instance) -> tuple[object, ...]:
    """One instance in the order of the columns."""
    return (
        client,
        instance.step,
        instance.subject,
        instance.opened_at,
        instance.due_at,
        instance.late_after,
        instance.closed_at,
        instance.state.value,
        instance.is_repeat,
        instance.opened_by,
        instance.closed_by,
    )

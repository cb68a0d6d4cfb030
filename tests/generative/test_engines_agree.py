"""One definition, several engines, the same rows: random protocols over random timelines, with everything in them."""

import json
import os
from datetime import datetime
from random import Random
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from leeward.rules.protocol import Event, Protocol, plan
from leeward.rules.protocol.sql import Engine, replay

from ..rules.protocol.strategies import END, START, moments, random_timeline, rich_protocols

Row = tuple[Any, ...]
Cases = dict[str, list[Event]]
#: Cases in one run of an engine, and runs: 20,000 cases through DuckDB in every CI run.
CASES, RUNS = 200, 110
IS_FULL = os.environ.get("LEEWARD_FULL") == "yes"


def in_python(protocol: Protocol, cases: Cases, now: datetime) -> set[Row]:
    return {
        (
            client,
            each.step,
            each.subject,
            each.opened_at,
            each.due_at,
            each.late_after,
            each.closed_at,
            each.state.value,
            each.is_repeat,
            each.opened_by,
            each.closed_by,
        )
        for client, events in cases.items()
        for each in plan(protocol, events, now).instances
    }


def frame(cases: Cases) -> pd.DataFrame:
    """The cases as the table `events` of a script."""
    return pd.DataFrame(
        [
            (
                event.id,
                client,
                event.kind,
                event.occurred_at,
                event.recorded_at,
                event.subject,
                json.dumps(dict(event.data)),
                event.supersedes,
            )
            for client, events in cases.items()
            for event in events
        ],
        columns=["id", "client", "kind", "occurred_at", "recorded_at", "subject", "data", "supersedes"],
    ).astype({"occurred_at": "datetime64[us, UTC]", "recorded_at": "datetime64[us, UTC]"})


def in_duckdb(protocol: Protocol, cases: Cases, now: datetime) -> set[Row]:
    events = frame(cases)
    if events.empty:
        return set()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET threads = 1")
        connection.register("events", events)
        script = replay(protocol, now=now, first=START, last=END).in_words_of(Engine.DUCKDB)
        for name, text in script.tables:
            connection.execute(f"CREATE TEMP TABLE {name} AS {text}")
        return set(connection.execute(script.rows).fetchall())


def smallest(protocol: Protocol, events: list[Event], now: datetime) -> list[Event]:
    """As few events as still show the difference, so that a failure can be read."""
    for event in list(events):
        fewer = [other for other in events if other is not event]
        if in_python(protocol, {"case": fewer}, now) != in_duckdb(protocol, {"case": fewer}, now):
            return smallest(protocol, fewer, now)
    return events


def timelines_from(seed: int, count: int) -> Cases:
    chance = Random(seed)
    return {f"case-{number}": random_timeline(chance) for number in range(count)}


def agree(protocol: Protocol, cases: Cases, now: datetime, found: set[Row]) -> None:
    expected = in_python(protocol, cases, now)
    if expected != found:
        client = min(row[0] for row in expected ^ found)
        events = smallest(protocol, cases[client], now)
        shown = "\n".join(f"  {event}" for event in events)
        mine, theirs = in_python(protocol, {"case": events}, now), in_duckdb(protocol, {"case": events}, now)
        pytest.fail(f"now {now}\n{shown}\nonly Python: {mine - theirs}\nonly SQL: {theirs - mine}")


#: A failing case is made small here, event by event; Hypothesis would run the engine anew for hours.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=RUNS * (5 if IS_FULL else 1), phases=PHASES)
@given(rich_protocols(), st.integers(0, 2**32), moments())
def test_duckdb_says_what_python_says(protocol: Protocol, seed: int, now: datetime) -> None:
    cases = timelines_from(seed, CASES)
    agree(protocol, cases, now, in_duckdb(protocol, cases, now))

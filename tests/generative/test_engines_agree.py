"""One definition, several engines, the same rows: random protocols over random timelines, with everything in them."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from leeward.learn.replay import ReplayError, on_postgres, on_spark
from leeward.learn.replay.cases import Cases as FoundCases
from leeward.learn.replay.in_python import row
from leeward.rules.protocol import Event, Protocol, plan
from leeward.rules.protocol.parse import interpret
from leeward.rules.protocol.sql import Engine, replay
from leeward.rules.yaml_source import Document

from ..rules.protocol.strategies import END, START, moments, random_timeline, rich_protocols
from ..rules.protocol.written import whole
from ..spec.test_protocol_steps import Example, events_of, examples, moment, protocol_of

Row = tuple[Any, ...]
Cases = dict[str, list[Event]]
#: Cases in one run of an engine.
CASES = 200
IS_FULL = os.environ.get("LEEWARD_FULL") == "yes"
#: A failing case is made small here, event by event; Hypothesis would run the engine anew for hours.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
#: 22,000 cases through DuckDB, 2,000 through PostgreSQL and 200 through Spark in every CI run; more in the full one.
IN_DUCKDB, IN_POSTGRES, IN_SPARK = (550, 50, 12) if IS_FULL else (110, 10, 2)


def in_python(protocol: Protocol, cases: Cases, now: datetime) -> set[Row]:
    return {row(client, each) for client, events in cases.items() for each in plan(protocol, events, now).instances}


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


def written(cases: Cases, folder: Path) -> FoundCases:
    """The cases as a file, as the engines outside this process read them."""
    table = pa.Table.from_pandas(frame(cases), preserve_index=False)
    text = pa.schema([(name, pa.string() if kind == pa.null() else kind) for name, kind in fields_of(table)])
    pq.write_table(table.cast(text), folder / "events.parquet")
    return FoundCases(folder / "events.parquet", START, END)


def fields_of(table: pa.Table) -> list[tuple[str, pa.DataType]]:
    return [(field.name, field.type) for field in table.schema]


def rows(table: pa.Table) -> set[Row]:
    return {tuple(row.values()) for row in table.to_pylist()}


def smallest(protocol: Protocol, events: list[Event], now: datetime, engine: Callable[..., set[Row]]) -> list[Event]:
    """As few events as still show the difference, so that a failure can be read."""
    for event in list(events):
        fewer = [other for other in events if other is not event]
        if in_python(protocol, {"case": fewer}, now) != engine(protocol, {"case": fewer}, now):
            return smallest(protocol, fewer, now, engine)
    return events


def timelines_from(seed: int, count: int) -> Cases:
    chance = Random(seed)
    return {f"case-{number}": random_timeline(chance) for number in range(count)}


def agree(protocol: Protocol, cases: Cases, now: datetime, engine: Callable[..., set[Row]]) -> None:
    expected, found = in_python(protocol, cases, now), engine(protocol, cases, now)
    if expected != found:
        client = min(row[0] for row in expected ^ found)
        events = smallest(protocol, cases[client], now, engine)
        shown = "\n".join(f"  {event}" for event in events)
        mine, theirs = in_python(protocol, {"case": events}, now), engine(protocol, {"case": events}, now)
        pytest.fail(f"now {now}\n{shown}\nonly Python: {mine - theirs}\nonly SQL: {theirs - mine}")


@settings(max_examples=IN_DUCKDB, phases=PHASES)
@given(rich_protocols(), st.integers(0, 2**32), moments())
def test_duckdb_says_what_python_says(protocol: Protocol, seed: int, now: datetime) -> None:
    agree(protocol, timelines_from(seed, CASES), now, in_duckdb)


def test_postgresql_says_what_python_says(server: str, tmp_path: Path) -> None:
    def in_postgres(protocol: Protocol, cases: Cases, now: datetime) -> set[Row]:
        if not any(cases.values()):
            return set()
        return rows(on_postgres.table(protocol, written(cases, tmp_path), now, url=server))

    @settings(max_examples=IN_POSTGRES, phases=PHASES)
    @given(rich_protocols(), st.integers(0, 2**32), moments())
    def compare(protocol: Protocol, seed: int, now: datetime) -> None:
        agree(protocol, timelines_from(seed, CASES), now, in_postgres)

    compare()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers, each a process of its own, as on a real cluster."""
    try:
        with on_spark.session("local-cluster[2,1,1024]") as spark:
            # A plan for millions of rows costs more than it saves on two hundred.
            for setting in ("spark.sql.adaptive.enabled", "spark.sql.codegen.wholeStage"):
                spark.conf.set(setting, "false")
            spark.conf.set("spark.sql.shuffle.partitions", "2")
            yield spark
    except ReplayError as error:
        pytest.skip(f"SPARK IS NOT TESTED HERE: {error} {error.hint}")


def test_spark_says_what_python_says(cluster: Any, tmp_path: Path) -> None:
    def in_spark(protocol: Protocol, cases: Cases, now: datetime) -> set[Row]:
        if not any(cases.values()):
            return set()
        found = written(cases, tmp_path)
        cluster.read.parquet(str(found.file)).createOrReplaceTempView("events")
        return rows(on_spark.run(cluster, protocol, found, now))

    # The same definitions in every CI run, because Spark takes its time to plan; others in each full run.
    @settings(max_examples=IN_SPARK, phases=PHASES, derandomize=not IS_FULL)
    @given(rich_protocols(most=4 if IS_FULL else 1), st.integers(0, 2**32), moments())
    def compare(protocol: Protocol, seed: int, now: datetime) -> None:
        agree(protocol, timelines_from(seed, CASES // 2), now, in_spark)

    compare()


def test_a_table_in_spark_stands_by_itself(cluster: Any, tmp_path: Path) -> None:
    """One that keeps how it was made doubles the plan of each that reads it twice: gigabytes, after a few stages."""
    example = next(one.values[0] for one in examples() if events_of(one.values[0]))
    found = written({"case": events_of(example)}, tmp_path)
    cluster.read.parquet(str(found.file)).createOrReplaceTempView("events")
    on_spark.run(cluster, protocol_of(example), found, moment(example["now"]))
    plans = {
        name: cluster.table(name)._jdf.queryExecution().analyzed().toString()
        for name in ("events", "lw_timeline", "lw_instances_0")
    }
    assert [name for name, text in plans.items() if "parquet" in text] == ["events"]


@pytest.mark.parametrize("example", list(examples()))
def test_the_table_of_examples_holds_in_sql_too(example: Example) -> None:
    protocol, now = protocol_of(example), moment(example["now"])
    agree(protocol, {"case": events_of(example)}, now, in_duckdb)


def test_a_wrong_clock_would_be_noticed() -> None:
    """The comparison itself can fail: another protocol over the same cases gives other rows."""
    cases = timelines_from(7, CASES)
    words = {"en": "x", "es": "x"}
    one, other = (
        interpret(Document(name="x", data=whole(steps=[{"id": "a", "title": words, **step}]), lines={})).protocol
        for step in (
            {"after": "indicator.observed", "within": "P1D", "done": "needs.assessed"},
            {"after": "indicator.observed", "within": "P2D", "done": "needs.assessed"},
        )
    )
    assert in_duckdb(one, cases, END) == in_python(one, cases, END) != in_python(other, cases, END)

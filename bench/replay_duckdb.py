"""Replay of 100,000 cases of 20 events on DuckDB: every step, condition and deadline of the shipped protocol.

Claims: at least 10 times as many cases a second as pm4py checks Declare constraints; within 3 times a DuckDB query that
was written by hand for this protocol (`replay_by_hand.sql`); rows equal to the hand's on every case, and to Python's
`plan()` on a sample.

Both DuckDB sides read the same Parquet file and store the same rows in a table, each in a connection of its own.

pm4py checks the Declare constraint *response(what opens the step, what finishes it)*, for seven steps and then for
every step: the nearest thing that it can say. It knows no deadlines, conditions, choices, repeats or subjects, and
answers with violations a case, not with rows a step. Its time is that of `pm4py.conformance_declare` alone, on a log of
5,000 of the same cases that is already in memory and formatted; with reading and formatting as a note, because replay
includes that.

The bare window scan is the least that any query over ordered timelines must do: number the events of each case.
"""

import io
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import duckdb
from cases import now, protocol
from log import describe, log
from measure import KEPT, Report, Side, arguments, begin, finish, interleaved

from leeward.learn.replay import instances
from leeward.learn.replay.cases import Cases, cases
from leeward.learn.replay.in_python import table as in_python
from leeward.rules.protocol import Protocol

with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):  # it greets whoever imports it
    import pandas as pd
    import pm4py  # type: ignore[import-untyped]

BY_HAND = Path(__file__).with_name("replay_by_hand.sql")
SAMPLE = 5_000
FEW = 7
Constraint = tuple[str, str]


def main() -> None:
    options = arguments(__doc__).parse_args()
    report = begin(__file__, "duckdb", "pm4py")
    folder = log().parent
    count, events = describe(folder / "events.parquet")
    found, definition = cases(folder), protocol()
    constraints = responses(definition)
    sample = sample_of(folder)
    with redirect_stderr(io.StringIO()):
        formatted = read(sample)
    report.note("cases", count)
    report.note("events a case", round(events / count, 2))
    report.note("steps", len(definition.steps))
    compare(report, found, definition, sample)

    ours = Side("replay on DuckDB", count, lambda: replayed(found, definition))
    hand = Side("the query by hand", count, lambda: by_hand(found))
    window = Side("a bare window scan", count, lambda: bare_window(found))
    few = Side(f"pm4py Declare, {FEW} constraints", SAMPLE, lambda: declare(formatted, constraints[:FEW]))
    every = Side(f"pm4py Declare, {len(constraints)} constraints", SAMPLE, lambda: declare(formatted, constraints))
    from_file = Side("pm4py Declare, all, read and formatted too", SAMPLE, lambda: declare(read(sample), constraints))
    with redirect_stderr(io.StringIO()):
        timings = interleaved([ours, few, hand, every, window, from_file], rounds=options.rounds)
    for timing in timings.values():
        report.timing(timing, "cases")
    rate = {name: timing.rate for name, timing in timings.items()}
    report.note("against pm4py with reading and formatting", rate[ours.name] / rate[from_file.name], "times")
    report.note("the query by hand, against pm4py", rate[hand.name] / rate[few.name], "times")
    report.note("time of the bare window scan", rate[window.name] / rate[ours.name], "times")
    report.claim(f"replay against pm4py, {FEW} constraints", rate[ours.name] / rate[few.name], "times", at_least=10)
    report.claim("replay against pm4py, all constraints", rate[ours.name] / rate[every.name], "times", at_least=10)
    report.claim("replay in times of the query by hand", rate[hand.name] / rate[ours.name], "times", at_most=3)
    finish(report, options.json)


# What is timed


def replayed(found: Cases, definition: Protocol) -> None:
    """Every row into a table, as `leeward protocol replay` does."""
    with duckdb.connect() as connection:
        instances(connection, definition, found, now())


def by_hand(found: Cases) -> None:
    """The same rows by the query that was written for this protocol alone."""
    with duckdb.connect() as connection:
        _by_hand(connection, found)


def bare_window(found: Cases) -> None:
    """The events of each case, numbered in their order."""
    with duckdb.connect() as connection:
        _events(connection, found)
        connection.execute(
            "CREATE TEMP TABLE numbered AS SELECT client, id, kind, occurred_at, row_number() OVER"
            " (PARTITION BY client ORDER BY occurred_at, recorded_at, id) AS place FROM events"
        )


def declare(frame: pd.DataFrame, constraints: Sequence[Constraint]) -> None:
    """Check the constraints on every case of the log."""
    model = {"response": {constraint: {"support": 1, "confidence": 1} for constraint in constraints}}
    pm4py.conformance_declare(frame, model)


def read(file: Path) -> pd.DataFrame:
    """A log as pm4py wants it."""
    frame = pd.read_parquet(file)
    formatted: pd.DataFrame = pm4py.format_dataframe(
        frame, case_id="client", activity_key="kind", timestamp_key="occurred_at"
    )
    return formatted


# What it is timed on


def responses(definition: Protocol) -> list[Constraint]:
    """One constraint a step, as far as Declare can say it: after this kind of event, that kind follows."""
    found = dict.fromkeys((step.after.patterns[0].kind, step.done.patterns[0].kind) for step in definition.steps)
    return [(opens, finishes) for opens, finishes in found if opens != finishes]


def sample_of(folder: Path) -> Path:
    """5,000 of the cases, with the three columns that pm4py needs, in the order of the timeline."""
    out = KEPT / f"sample-{SAMPLE}.parquet"
    with duckdb.connect() as connection:
        _events(connection, cases(folder))
        connection.execute(
            "COPY (SELECT client, kind, occurred_at FROM events WHERE client IN"
            f" (SELECT client FROM (SELECT DISTINCT client FROM events) ORDER BY md5('again' || client) LIMIT {SAMPLE})"
            f" ORDER BY client, occurred_at, recorded_at, id) TO '{out}' (FORMAT parquet)"
        )
    return out


def compare(report: Report, found: Cases, definition: Protocol, sample: Path) -> None:
    """How many rows differ: by hand on every case, by Python on a sample."""
    with duckdb.connect() as connection:
        name = instances(connection, definition, found, now())
        _by_hand(connection, found)
        ((rows,),) = connection.execute(f"SELECT count(*) FROM {name}").fetchall()
        by_hand_differ = _difference(connection, name, "by_hand")
        connection.execute(
            f"CREATE TEMP TABLE chosen AS SELECT DISTINCT client FROM '{sample}' ORDER BY md5(client) LIMIT 1000"
        )
        few = KEPT / "few" / "events.parquet"
        few.parent.mkdir(exist_ok=True)
        connection.execute(f"COPY (SELECT * FROM events SEMI JOIN chosen USING (client)) TO '{few}'")
        planned = in_python(definition, cases(few.parent), now())
        connection.register("planned", planned)
        connection.execute(f"CREATE TEMP TABLE sampled AS SELECT * FROM {name} SEMI JOIN chosen USING (client)")
        planned_differ = _difference(connection, "sampled", "planned")
    report.note("rows", rows)
    report.note("rows of 1,000 cases", len(planned))
    report.claim("rows that differ from the query by hand", by_hand_differ, "rows", at_most=0)
    report.claim("rows that differ from plan(), 1,000 cases", planned_differ, "rows", at_most=0)


def _difference(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> int:
    ((count,),) = connection.execute(
        f"SELECT count(*) FROM ((FROM {one} EXCEPT ALL FROM {other}) UNION ALL (FROM {other} EXCEPT ALL FROM {one}))"
    ).fetchall()
    return int(count)


def _events(connection: duckdb.DuckDBPyConnection, found: Cases) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW events AS SELECT * FROM read_parquet('{found.file}')")


def _by_hand(connection: duckdb.DuckDBPyConnection, found: Cases) -> None:
    _events(connection, found)
    connection.execute(f"CREATE TEMP TABLE by_hand AS {BY_HAND.read_text()}", {"now": now()})


if __name__ == "__main__":
    main()

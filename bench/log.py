"""The log that replay is measured on: 100,000 cases of 20 events on average, as `leeward simulate` writes them.

A simulated centre has about 17 events a case, because many people come once. Enough of those short cases are left out
that the mean is 20. Larger and smaller logs are resampled from this one: whole cases, with new ids. Logs are kept in
`var/bench/` and made once; a log of another size or another simulation has another name.
"""

import shutil
from pathlib import Path
from typing import Final

import duckdb
from cases import SEED
from measure import KEPT, say

from leeward.simulation import Parameters, write_centre

CASES: Final = 100_000
EVENTS_A_CASE: Final = 20
#: A case of so few events is a short one.
SHORT: Final = 5
#: So many more people are simulated than are needed.
SURPLUS: Final = 1.3


def log(cases: int = CASES) -> Path:
    """The Parquet file of a log with so many cases; it is made if it is not there yet."""
    file = KEPT / f"log-{SEED}-{cases}" / "events.parquet"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        half = file.with_suffix(".part")
        _simulate(half) if cases == CASES else _resample(cases, half)
        half.replace(file)
    return file


def describe(file: Path) -> tuple[int, int]:
    """How many cases and events a log has."""
    with duckdb.connect() as connection:
        counted = connection.execute("SELECT count(DISTINCT client), count(*) FROM read_parquet(?)", [str(file)])
        ((cases, events),) = counted.fetchall()
    return int(cases), int(events)


def _simulate(out: Path) -> None:
    say(f"  simulating {CASES:,} cases, once")
    centre = out.parent / "centre"
    write_centre(Parameters(), clients=int(CASES * SURPLUS), seed=SEED, out=centre)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW simulated AS SELECT * FROM '{centre / 'events.parquet'}'")
        connection.execute(_CHOSEN, {"cases": CASES, "mean": EVENTS_A_CASE, "short": SHORT})
        connection.execute(
            f"COPY (SELECT simulated.* FROM simulated SEMI JOIN chosen USING (client)) TO '{out}' {_FORMAT}"
        )
    shutil.rmtree(centre)


def _resample(cases: int, out: Path) -> None:
    """Whole cases of the simulated log, as often as needed, each copy with ids of its own."""
    source = log()
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW simulated AS SELECT * FROM '{source}'")
        connection.execute(
            "CREATE TABLE original AS SELECT client, row_number() OVER (ORDER BY md5('again' || client)) - 1 AS place "
            "FROM (SELECT DISTINCT client FROM simulated)"
        )
        connection.execute(f"COPY ({_COPIES.format(cases=cases, all=CASES, **_NEW_IDS)}) TO '{out}' {_FORMAT}")


_FORMAT: Final = "(FORMAT parquet, COMPRESSION zstd)"
_CHOSEN: Final = """
CREATE TABLE chosen AS
WITH length AS (SELECT client, count(*) AS events FROM simulated GROUP BY client),
ranked AS (
    SELECT client, events <= $short AS is_short,
           row_number() OVER (PARTITION BY events <= $short ORDER BY md5(client)) AS place
    FROM length
),
share AS (
    SELECT ($mean - avg(events) FILTER (events <= $short))
           / (avg(events) FILTER (events > $short) - avg(events) FILTER (events <= $short)) AS of_long
    FROM length
)
SELECT client FROM ranked, share
WHERE place <= CASE WHEN is_short THEN $cases - round($cases * of_long) ELSE round($cases * of_long) END
"""
#: The last digits of an id become the number of the copy, so that it stays a time-ordered UUID.
_NEW_IDS: Final = {column: f"left({column}, 33) || printf('%03x', copy)" for column in ("id", "subject", "supersedes")}
_COPIES: Final = """
SELECT simulated.* REPLACE (
    {id} AS id, client || '-' || copy AS client, {subject} AS subject, {supersedes} AS supersedes
)
FROM range((({cases} + {all} - 1) // {all})::BIGINT) AS copies(copy)
JOIN original ON copy * {all} + place < {cases}
JOIN simulated USING (client)
ORDER BY copy, place, occurred_at, recorded_at, id
"""

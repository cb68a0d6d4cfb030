"""The same SQL on Spark, on one machine and on a cluster of two workers, gives the same rows as DuckDB.

Claim: no row differs, on local[2] and on local-cluster[2,1,1024]: two worker processes, a core and a gigabyte each.

2,000 cases of the log. Each engine runs in a process of its own, because a Java machine serves one kind of cluster
only. Seconds are told as a note: starting and compiling are most of them, and one machine with two cores is no place
for Spark.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pyarrow.parquet as pq
from cases import now, protocol
from log import log
from measure import KEPT, arguments, begin, finish

from leeward.learn.replay import replay

CASES = 2_000
MASTERS = ("local[2]", "local-cluster[2,1,1024]")
DUCKDB = "duckdb"


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--on", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.on is not None:
        rows_of(options.on, options.out)
        return
    report = begin(__file__, "pyspark", "duckdb")
    log(CASES)
    expected = apart(DUCKDB)[0]
    rows = pq.read_table(expected)
    report.note("cases", CASES)
    report.note("rows", rows.num_rows)
    differing = 0
    for master in MASTERS:
        file, seconds = apart(master)
        report.note(f"Spark on {master}, start included", seconds, "s")
        found = pq.read_table(file)
        if not found.equals(rows):
            differing += max(1, len(set(map(str, found.to_pylist())) ^ set(map(str, rows.to_pylist()))))
    report.claim("rows that differ between DuckDB and two kinds of Spark", differing, "rows", at_most=0)
    finish(report, options.json)


def rows_of(engine: str, out: Path) -> None:
    """All rows on one engine, in their order, as a Parquet file."""
    folder = log(CASES).parent
    if engine == DUCKDB:
        found = replay(protocol(), folder, engine="duckdb", now=now())
    else:
        found = replay(protocol(), folder, engine="spark", now=now(), master=engine)
    pq.write_table(found.table, out)


def apart(engine: str) -> tuple[Path, float]:
    """The rows of one engine from a process of its own, and its seconds."""
    out = KEPT / f"rows-{engine.split('[')[0]}.parquet"
    out.unlink(missing_ok=True)
    began = perf_counter()
    subprocess.run([sys.executable, __file__, "--on", engine, "--out", str(out)], check=True, capture_output=True)
    return out, perf_counter() - began


if __name__ == "__main__":
    main()

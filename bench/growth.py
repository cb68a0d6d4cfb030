"""How the time of replay on DuckDB grows with cases: 10,000, 100,000 and 1,000,000, by the shipped protocol.

Claim: the slope of time over cases, both as logarithms, is at most 1.05: twice the cases take at most 2.07 times as
long. The peak of memory is told for each size; it is no promise. Neither is the slope of the last step alone, which the
fixed cost of compiling the protocol does not flatter.

Each run is a process of its own, so that the peak is its own: the largest resident size that the operating system saw,
Python and the libraries included. Sizes run in turns. The logs of other sizes are whole cases of the simulated log,
with ids of their own (see `log.py`), so that all sizes have the same mix of cases.
"""

import json
import resource
import subprocess
import sys
from math import log as ln
from pathlib import Path
from statistics import linear_regression, median
from time import perf_counter

import duckdb
from cases import now, protocol
from log import log
from measure import arguments, begin, finish, say

from leeward.learn.replay import instances
from leeward.learn.replay.cases import cases

SIZES = (10_000, 100_000, 1_000_000)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--one", type=Path, metavar="FOLDER", help="replay this log once and print what it took")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="leave out sizes above this")
    options = parser.parse_args()
    if options.one is not None:
        say(json.dumps(once(options.one)))
        return
    report = begin(__file__, "duckdb")
    sizes = [size for size in SIZES if size <= options.largest]
    folders = {size: log(size).parent for size in sizes}
    runs: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    apart(folders[sizes[0]])
    for turn in range(options.rounds):
        for size in sizes if turn % 2 == 0 else reversed(sizes):
            runs[size].append(apart(folders[size]))
    seconds = {size: median(run["seconds"] for run in runs[size]) for size in sizes}
    for size in sizes:
        report.note(f"{size:,} cases", seconds[size], "s")
        report.note(f"{size:,} cases, a second", size / seconds[size], "cases/s")
        report.note(f"{size:,} cases, rows", runs[size][0]["rows"])
        report.note(f"{size:,} cases, peak memory", median(run["peak"] for run in runs[size]) / 2**20, "MiB")
    slope, _ = linear_regression([ln(size) for size in sizes], [ln(seconds[size]) for size in sizes])
    *_, before, largest = sizes
    report.note("slope of the last step", ln(seconds[largest] / seconds[before]) / ln(largest / before))
    report.claim("slope of log time over log cases", slope, "", at_most=1.05)
    finish(report, options.json)


def once(folder: Path) -> dict[str, float]:
    """Replay one log in this process: seconds of the replay alone, rows, and the peak of memory in bytes."""
    found, definition = cases(folder), protocol()
    with duckdb.connect() as connection:
        began = perf_counter()
        name = instances(connection, definition, found, now())
        seconds = perf_counter() - began
        ((rows,),) = connection.execute(f"SELECT count(*) FROM {name}").fetchall()
    return {"seconds": seconds, "rows": rows, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def apart(folder: Path) -> dict[str, float]:
    """The same in a process of its own."""
    run = subprocess.run([sys.executable, __file__, "--one", str(folder)], check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(run.stdout)
    return result


if __name__ == "__main__":
    main()

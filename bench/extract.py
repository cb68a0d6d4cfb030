"""The extract of a centre of 10,000 and of 100,000 people, 20 events each: streamed, so memory does not grow with it.

Claims: the slope of log time over log people is at most 1.05; ten times the people take at most 1.5 times the memory.
Each run is a process of its own, start of Python included, as somebody at a command line sees it.
"""

from math import log as ln
from statistics import linear_regression
from tempfile import TemporaryDirectory

from measure import Run, arguments, begin, finish, leeward
from world import clinician, crowd, fresh_database

SIZES = (10_000, 100_000)


def main() -> None:
    options = arguments(__doc__).parse_args()
    report = begin(__file__, "duckdb", "pyarrow")
    runs = {size: once(size) for size in SIZES}
    for size, run in runs.items():
        report.note(f"{size:,} people", run.wall, "s")
        report.note(f"{size:,} people, processor of this process", run.processor, "s")
        report.note(f"{size:,} people, peak memory", run.mebibytes, "MiB")
    slope, _ = linear_regression([ln(size) for size in SIZES], [ln(run.wall) for run in runs.values()])
    report.claim("slope of log time over log people", slope, "", at_most=1.05)
    small, large = (runs[size].mebibytes for size in SIZES)
    report.claim("memory of ten times the people", large / small, "times", at_most=1.5)
    finish(report, options.json)


def once(size: int) -> Run:
    """One run over a centre of this size."""
    with fresh_database() as url, TemporaryDirectory() as out:
        staff, _token = clinician()
        crowd(url, staff, clients=size, tasks=0)
        return leeward("extract", "--out", f"{out}/extract")


if __name__ == "__main__":
    main()

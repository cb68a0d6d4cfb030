"""The preliminary results of 10,000 people, HTML, PDF and JSON included, and how the time grows from 1,000 to 100,000.

Claims: 10,000 people take at most 10 seconds of wall time on an idle machine with two cores; the slope of log time
over log people from 1,000 to 100,000 is at most 1.05. Each run is a process of its own, start of Python included, as
somebody at a command line sees it. Processor seconds (user and system) are told beside them: others' work on the
machine lengthens those less. `--largest` leaves out larger sizes.
"""

import os
import subprocess
import sys
from math import log as ln
from pathlib import Path
from statistics import linear_regression, median
from tempfile import TemporaryDirectory

from measure import KEPT, Run, arguments, begin, finish, leeward

SIZES = (1_000, 10_000, 100_000)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="leave out sizes above this")
    options = parser.parse_args()
    report = begin(__file__, "duckdb", "typst")
    sizes = [size for size in SIZES if size <= options.largest]
    folders = {size: centre(size) for size in sizes}
    runs: dict[int, list[Run]] = {size: [] for size in sizes}
    for turn in range(options.rounds):
        for size in sizes if turn % 2 == 0 else reversed(sizes):
            runs[size].append(once(folders[size]))
    seconds = {size: median(run.wall for run in runs[size]) for size in sizes}
    for size in sizes:
        report.note(f"{size:,} people", seconds[size], "s")
        report.note(f"{size:,} people, processor", median(run.processor for run in runs[size]), "s")
        report.note(f"{size:,} people, peak memory", max(run.mebibytes for run in runs[size]), "MiB")
    report.note("other work on this machine, a core", os.getloadavg()[0] / (os.cpu_count() or 1))
    if 10_000 in seconds:
        report.claim("10,000 people, PDF included", seconds[10_000], "s", at_most=10)
    if len(sizes) > 1:
        slope, _ = linear_regression([ln(size) for size in sizes], [ln(seconds[size]) for size in sizes])
        report.claim("slope of log time over log people", slope, "", at_most=1.05)
    finish(report, options.json)


def centre(size: int) -> Path:
    """A made-up centre of so many people, kept between runs."""
    folder = KEPT / f"centre-{size}"
    if not (folder / "events.parquet").is_file():
        subprocess.run(
            [sys.executable, "-m", "leeward.platform.cli", "simulate", "--clients", str(size), "--out", str(folder)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return folder


def once(folder: Path) -> Run:
    """One run over a folder."""
    with TemporaryDirectory() as out:
        return leeward("results", "--data", str(folder), "--out", out, "--format", "html,pdf,json")


if __name__ == "__main__":
    main()

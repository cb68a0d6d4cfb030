"""Multiple systems estimation by stepwise selection, with 1,000 BCa refits in each of which the selection is repeated.

The bound is a twentieth of what SparseMSE takes for the same lists on a machine like this (233 s for six lists, about
100 s for five); R is not needed to run this. The lists are the published ones of the United Kingdom, 2013. Terms must
be those that SparseMSE chooses. How far the ends of the interval wander from seed to seed is told: that is the noise of
the bootstrap, within which another program's interval can be compared with ours.
"""

import csv
import os
import sys
from pathlib import Path
from statistics import fmean, stdev
from time import perf_counter

from measure import arguments, begin, finish, say

from leeward.evidence.multiple_systems import Histories, estimate

FOLDER = Path(os.environ.get("LEEWARD_TABLES", Path(__file__).parents[2] / "shared" / "data" / "tables"))
#: Terms that SparseMSE's stepwise fit has at 0.02, and the most seconds that ours may take.
LISTS = {
    "UKdat": ({"PF:NCA", "LA:NG", "NG:GP", "LA:PF", "PF:GP", "GO:GP", "NG:GO"}, 12.0),
    "UKdat_5": ({"LA:NG", "NG:GP", "PFNCA:GP", "LA:PFNCA", "GO:GP", "NG:GO"}, 5.0),
}


def read(name: str) -> Histories:
    with (FOLDER / "mse" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        heading, *rows = csv.reader(file)
    return Histories.of(heading[:-1], {tuple(map(int, row[:-1])): int(row[-1]) for row in rows})


def main() -> int:
    options = arguments(__doc__)
    options.add_argument("--refits", type=int, default=1_000)
    asked = options.parse_args()
    if not FOLDER.is_dir():
        say(f"The published lists are not in {FOLDER}: set LEEWARD_TABLES to the folder that has mse/UKdat.csv.")
        return 0
    report = begin(__file__, "numpy", "scipy")
    for name, (terms, bound) in LISTS.items():
        lists, seconds, limits = read(name), [], []
        for seed in range(1, asked.rounds + 1):
            began = perf_counter()
            found = estimate(lists, refits=asked.refits, seed=seed)
            seconds.append(perf_counter() - began)
            assert found.bootstrap is not None
            limits.append((found.bootstrap.interval.low or 0.0, found.bootstrap.interval.high or 0.0))
        began = perf_counter()
        found = estimate(lists)
        report.note(f"{name}: everybody, terms {len(found.terms)}", found.total.value, "people")
        report.note(f"{name}: stepwise point and profile", perf_counter() - began, "s")
        for seed, (low, high) in enumerate(limits, start=1):
            report.note(f"{name}: interval with seed {seed}", f"{low:,.0f} to {high:,.0f}")
        if len(limits) > 1:
            for end, values in zip(("lower", "upper"), zip(*limits, strict=True), strict=True):
                wanders = f"{fmean(values):,.0f} ± {stdev(values):,.0f}"
                report.note(f"{name}: {end} end over {len(values)} seeds, mean and spread", wanders, "people")
        report.claim(f"{name}: terms that differ from SparseMSE's", len(set(found.terms) ^ terms), "", at_most=0)
        report.claim(f"{name}: {asked.refits:,} refits", sorted(seconds)[len(seconds) // 2], "s", at_most=bound)
    finish(report, asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())

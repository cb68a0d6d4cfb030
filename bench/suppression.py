"""Suppression of a table of 200 × 50 with all its totals, proof included.

Three tables: half of the cells small, a third, an eighth. What hides is found, then audited anew from nothing but what
is printed; the audit must find nothing exposed, and must notice when one hidden cell is shown.
"""

import sys
from time import perf_counter

import numpy as np
from measure import arguments, begin, finish

from leeward.evidence.tables import suppress_table, table_cells
from leeward.evidence.threshold import Threshold
from leeward.evidence.wide import audit_many


def main() -> int:
    options = arguments(__doc__)
    options.add_argument("--rows", type=int, default=200)
    options.add_argument("--columns", type=int, default=50)
    asked = options.parse_args()
    report = begin(__file__, "scipy", "numpy")
    k, slowest = Threshold(), 0.0
    for mean in (8, 30, 100):
        chance = np.random.default_rng(mean)
        rows = chance.negative_binomial(0.8, 0.8 / (0.8 + mean), (asked.rows, asked.columns)).tolist()
        seconds = []
        for _ in range(asked.rounds):
            began = perf_counter()
            cleared = suppress_table(rows, k)
            seconds.append(perf_counter() - began)
        middle = sorted(seconds)[len(seconds) // 2]
        slowest = max(slowest, middle)
        values, sums = table_cells(rows)
        small = sum(k.is_small(value) for value in values.values())
        assert cleared.proof.exposed == ()
        shown = next(name for name in sorted(cleared.proof.hidden) if k.is_small(values[name]))
        assert shown in audit_many(values, cleared.proof.hidden - {shown}, sums, k).exposed
        report.note(f"mean {mean}: {small} small, {len(cleared.proof.hidden)} hidden of {len(values)}", middle, "s")
    report.claim(f"a table of {asked.rows} × {asked.columns}, audit included", slowest, "s", at_most=5.0)
    finish(report, asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Kaplan–Meier with its intervals for 1,000,000 people, against lifelines, in the same run.

Times of two kinds: whole days, as a centre has them (about 2,500 different ones), and times that are all different.
The curves of both sides are compared point by point.
"""

import sys

import numpy as np
from lifelines import KaplanMeierFitter
from measure import Side, arguments, begin, finish, interleaved

from leeward.evidence.survival import kaplan_meier


def main() -> int:
    options = arguments(__doc__)
    options.add_argument("--people", type=int, default=1_000_000)
    asked = options.parse_args()
    report = begin(__file__, "lifelines", "numpy")
    chance = np.random.default_rng(1)
    waited = chance.exponential(300, asked.people)
    happened = chance.random(asked.people) < 0.7
    for kind, times in (("whole days", np.ceil(waited)), ("all different", waited)):

        def ours(times: np.ndarray = times) -> None:
            kaplan_meier(times, happened)

        def theirs(times: np.ndarray = times) -> None:
            KaplanMeierFitter().fit(times, happened)

        sides = (Side(f"ours, {kind}", asked.people, ours), Side(f"lifelines, {kind}", asked.people, theirs))
        timed = interleaved(sides, rounds=asked.rounds)
        for each in timed.values():
            report.timing(each, "people")
        curve, fitted = kaplan_meier(times, happened), KaplanMeierFitter().fit(times, happened)
        apart = float(np.abs(curve.surviving - fitted.survival_function_.to_numpy()[:, 0]).max())
        mine, peer = (each.median for each in timed.values())
        report.claim(f"a curve of {kind} in times of lifelines", mine / peer, "times", at_most=1.0)
        report.claim(f"farthest that the curves of {kind} lie apart", apart, "", at_most=1e-9)
    finish(report, asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())

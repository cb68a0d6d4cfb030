"""The mixed model for 100,000 people of four visits, a third of which were missed; its effects against statsmodels'.

The bound is what lme4 took for as many on a machine like this (8.3 s); R is not needed to run this. On 2,000 people
both sides fit the same scores in turns.
"""

import sys

import numpy as np
import statsmodels.api as sm
from measure import Side, arguments, begin, finish, interleaved

from leeward.evidence.mixed import MixedModel, by_visit, mixed_model

Scores = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
LME4_SECONDS = 8.3


def made(people: int) -> Scores:
    """Client, visit, score and group: group 1 falls by two points more, people differ, visits are missed."""
    chance = np.random.default_rng(people)
    client, visit = np.repeat(np.arange(people), 4), np.tile(np.arange(4), people)
    group = chance.integers(0, 2, people)[client]
    score = 40 - 3.0 * visit - 2 * group * (visit > 0) + chance.normal(0, 8, people)[client]
    score += chance.normal(0, 5, client.size)
    came = chance.random(client.size) >= np.array([0, 0.15, 0.3, 0.4])[visit]
    return client[came], visit[came], score[came], group[came]


def fitted(scores: Scores) -> MixedModel:
    client, visit, score, group = scores
    return mixed_model(client, visit, score, by_visit(visit, group))


def main() -> int:
    options = arguments(__doc__)
    options.add_argument("--people", type=int, default=100_000)
    asked = options.parse_args()
    report = begin(__file__, "statsmodels", "numpy", "scipy")
    many, few = made(asked.people), made(2_000)

    def ours() -> None:
        fitted(many)

    large = interleaved([Side("ours, all", asked.people, ours)], rounds=asked.rounds)["ours, all"]
    report.timing(large, "people")
    report.claim(f"{asked.people:,} people, four visits", large.median, "s", at_most=LME4_SECONDS)

    def theirs() -> None:
        client, visit, score, group = few
        sm.MixedLM(score, by_visit(visit, group).columns, groups=client).fit()

    def ours_few() -> None:
        fitted(few)

    both = interleaved(
        [Side("ours, 2,000", 2_000, ours_few), Side("statsmodels, 2,000", 2_000, theirs)],
        rounds=min(asked.rounds, 3),
        warm=False,
    )
    for each in both.values():
        report.timing(each, "people")
    client, visit, score, group = few
    reference = sm.MixedLM(score, by_visit(visit, group).columns, groups=client).fit()
    effects = [effect.value for effect in fitted(few).effects.values()]
    apart = float(np.abs(np.array(effects) - reference.fe_params).max())
    report.claim("farthest that an effect lies from statsmodels', 2,000 people", apart, "points", at_most=1e-4)
    finish(report, asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())

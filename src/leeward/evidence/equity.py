"""Whether something reaches or helps all groups alike: shares by stratum, and a test for heterogeneity.

Shares: Wilson 1927; each group against all others: Newcombe 1998. Heterogeneity: Pearson's χ², or by permutation where
a count of fewer than five is expected. Two arms within strata: the odds ratio of Mantel & Haenszel (1959) with the
variance of Robins, Breslow & Greenland (1986), and Tarone's (1985) test that it is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from .errors import NotEnough
from .intervals import LEVEL, Estimate, Method, difference, wilson

if TYPE_CHECKING:
    from statsmodels.stats.contingency_tables import StratifiedTable

Table = NDArray[np.float64]

_PERMUTATIONS, _SEED = 9_999, 1


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Whether the groups differ by more than chance."""

    statistic: float
    df: int
    p_value: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Equity:
    """The share of each group, how far it is from that of all others, and whether the groups differ at all."""

    shares: Mapping[str, Estimate]
    against_others: Mapping[str, Estimate]
    heterogeneity: Heterogeneity
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """One odds ratio over all strata, and whether one is enough."""

    odds_ratio: Estimate
    heterogeneity: Heterogeneity


def by_group(groups: Mapping[str, tuple[int, int]], *, level: float = LEVEL) -> Equity:
    """Shares of groups, each given as (events, people). Raises NotEnough below two groups that have anybody."""
    filled = {name: (events, people) for name, (events, people) in groups.items() if people}
    shares = {name: wilson(events, people, level=level) for name, (events, people) in filled.items()}
    if len(filled) < 2:
        raise NotEnough("A comparison needs two groups with people in them.", hint=f"There are {len(filled)}.")
    all_events, all_people = (sum(each) for each in zip(*filled.values(), strict=True))
    against = {
        name: difference(events, people, all_events - events, all_people - people, level=level)
        for name, (events, people) in filled.items()
    }
    warnings = [f"Nobody is in {name}." for name in groups if name not in filled]
    if small := [name for name, (_, people) in filled.items() if people < 20]:
        warnings.append(f"Fewer than 20 people in {', '.join(small)}: a difference there can be missed or be chance.")
    return Equity(
        shares=shares,
        against_others=against,
        heterogeneity=_heterogeneity(np.array([(events, people - events) for events, people in filled.values()])),
        warnings=tuple(warnings),
    )


def over_strata(strata: Mapping[str, tuple[int, int, int, int]], *, level: float = LEVEL) -> Adjusted:
    """The odds ratio of arm a over arm b, adjusted for the stratum, each (events_a, n_a, events_b, n_b).

    Raises NotEnough if no stratum has both outcomes in both arms together.
    """
    from statsmodels.stats.contingency_tables import StratifiedTable  # two seconds to import, so only when needed

    tables = [
        np.array([[events_a, n_a - events_a], [events_b, n_b - events_b]], dtype=float)
        for events_a, n_a, events_b, n_b in strata.values()
    ]
    telling = [table for table in tables if (table.sum(axis=0) > 0).all() and (table.sum(axis=1) > 0).all()]
    crossed = sum(table[0, 1] * table[1, 0] for table in telling)
    if not telling or crossed == 0 or sum(table[0, 0] * table[1, 1] for table in telling) == 0:
        raise NotEnough(
            "The strata have no odds ratio.", hint="It needs events and non-events in both arms of some stratum."
        )
    pooled = StratifiedTable(telling)
    low, high = pooled.oddsratio_pooled_confint(alpha=1 - level)
    test = _same_odds(pooled, telling) if len(telling) > 1 else (0.0, 1.0)
    return Adjusted(
        odds_ratio=Estimate(
            value=float(pooled.oddsratio_pooled),
            low=float(low),
            high=float(high),
            n=int(sum(table.sum() for table in telling)),
            method=Method.MANTEL_HAENSZEL,
            level=level,
            standard_error=float(pooled.oddsratio_pooled * pooled.logodds_pooled_se),
        ),
        heterogeneity=Heterogeneity(test[0], len(telling) - 1, test[1], "tarone"),
    )


def _same_odds(pooled: StratifiedTable, tables: Sequence[Table]) -> tuple[float, float]:
    """Tarone's statistic and p. At a pooled odds ratio of exactly 1 statsmodels divides by zero; there the expected
    counts are those of independence, and the correction vanishes."""
    if abs(float(pooled.oddsratio_pooled) - 1) > 1e-9:
        test = pooled.test_equal_odds(adjust=True)
        return float(test.statistic), float(test.pvalue)
    statistic = 0.0
    for table in tables:
        expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
        statistic += float((table[0, 0] - expected[0, 0]) ** 2 * (1 / expected).sum())
    return statistic, float(chdtrc(len(tables) - 1, statistic))


def _heterogeneity(table: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> Heterogeneity:
    from scipy import stats  # half a second to import, so only when needed

    df = len(table) - 1
    if (table.sum(axis=0) == 0).any():
        return Heterogeneity(0.0, df, 1.0, "pearson")
    plain = stats.chi2_contingency(table, correction=False)
    if (plain.expected_freq >= 5).all():
        return Heterogeneity(float(plain.statistic), df, float(plain.pvalue), "pearson")
    chance = np.random.default_rng(_SEED)
    drawn = stats.random_table(table.sum(axis=1), table.sum(axis=0), seed=chance).rvs(_PERMUTATIONS)
    each = ((drawn - plain.expected_freq) ** 2 / plain.expected_freq).sum(axis=(1, 2))
    p = (1 + int((each >= plain.statistic - 1e-9).sum())) / (1 + _PERMUTATIONS)
    return Heterogeneity(float(plain.statistic), df, p, "permutation")

"""Whether all groups are reached alike, and RE-AIM's rates."""

import numpy as np
import pytest
from scipy import stats

from leeward.evidence.equity import by_group, over_strata
from leeward.evidence.errors import ImpossibleFigures, NotEnough
from leeward.evidence.intervals import wilson
from leeward.evidence.reaim import Dimension, Measure, rate, representativeness


def test_groups_carry_wilsons_interval_and_pearsons_test() -> None:
    found = by_group({"a": (30, 60), "b": (20, 80), "c": (45, 90)})
    table = [[30, 30], [20, 60], [45, 45]]
    assert found.shares["a"] == wilson(30, 60)
    assert found.heterogeneity.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
    assert found.heterogeneity.df == 2
    assert found.against_others["b"].value == pytest.approx(20 / 80 - 75 / 150)
    assert found.against_others["b"].high is not None
    assert found.against_others["b"].high < 0


def test_small_groups_are_compared_by_permutation_close_to_fishers_test() -> None:
    found = by_group({"a": (5, 6), "b": (2, 9)})
    assert found.heterogeneity.method == "permutation"
    assert found.heterogeneity.p_value == pytest.approx(stats.fisher_exact([[5, 1], [2, 7]]).pvalue, abs=0.02)
    assert "Fewer than 20" in found.warnings[0]


def test_an_empty_group_is_said_and_one_group_is_no_comparison() -> None:
    assert "Nobody is in c." in by_group({"a": (30, 60), "b": (20, 80), "c": (0, 0)}).warnings
    with pytest.raises(NotEnough):
        by_group({"a": (30, 60), "b": (0, 0)})
    with pytest.raises(ImpossibleFigures):
        by_group({"a": (70, 60), "b": (1, 9)})


def test_where_everybody_is_alike_nothing_differs() -> None:
    assert by_group({"a": (60, 60), "b": (80, 80)}).heterogeneity.p_value == 1


def test_an_odds_ratio_over_strata_is_mantels_and_haenszels() -> None:
    found = over_strata({"north": (10, 50, 20, 60), "south": (30, 80, 25, 50)})
    by_hand = (10 * 40 / 110 + 30 * 25 / 130) / (40 * 20 / 110 + 50 * 25 / 130)
    assert found.odds_ratio.value == pytest.approx(by_hand)
    assert found.odds_ratio.low is not None
    assert found.odds_ratio.low < by_hand
    assert found.heterogeneity.p_value > 0.2
    opposite = over_strata({"north": (40, 50, 10, 50), "south": (10, 50, 40, 50)})
    assert opposite.heterogeneity.p_value < 1e-6
    with pytest.raises(NotEnough):
        over_strata({"north": (0, 50, 0, 60)})


def test_rates_stand_under_their_question_and_a_gap_is_seen() -> None:
    found = rate(
        [
            Measure(Dimension.REACH, "asked in private", 60, 90, "people with a sign noted"),
            Measure(Dimension.ADOPTION, "sites that began", 0, 0, "sites invited"),
        ]
    )
    assert list(found) == list(Dimension)
    assert found[Dimension.REACH][0].estimate == wilson(60, 90)
    assert found[Dimension.ADOPTION][0].estimate is None
    assert "no sites invited" in found[Dimension.ADOPTION][0].reason
    assert found[Dimension.MAINTENANCE] == []
    for measure in (Measure(Dimension.REACH, "x", 9, 3, "people"), Measure(Dimension.REACH, "x", 1, 3, " ")):
        with pytest.raises(ImpossibleFigures):
            rate([measure])


def test_representativeness_is_zero_for_a_fair_share_and_has_the_sign_of_the_gap() -> None:
    fair = representativeness({"a": 10, "b": 30}, {"a": 100, "b": 300})
    assert fair == pytest.approx({"a": 0, "b": 0})
    gap = representativeness({"a": 30, "b": 10}, {"a": 100, "b": 300})
    p, q = 0.75, 0.25
    assert gap["a"] == pytest.approx((p - q) / np.sqrt((p * (1 - p) + q * (1 - q)) / 2))
    assert gap["b"] == -gap["a"]
    with pytest.raises(NotEnough):
        representativeness({}, {"a": 5})
    with pytest.raises(ImpossibleFigures):
        representativeness({"a": 6}, {"a": 5})

"""Reliable and clinically significant change, against published examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leeward.evidence.change import (
    Change,
    Criterion,
    Group,
    Precision,
    classes,
    cut_off_a,
    cut_off_b,
    cut_off_c,
)
from leeward.evidence.errors import ImpossibleFigures

PCL5 = Criterion(points=15, points_count=True, cut_off=28)


def test_the_gad_7_needs_more_than_five_and_a_half_points() -> None:
    # Bischoff et al. 2020: r = .87, standard deviation 5.593, smallest reliable change 5.59
    assert Precision(5.593, 0.87).smallest_reliable_change == pytest.approx(5.590, abs=1e-3)


def test_the_example_of_jacobson_and_truax() -> None:
    precision = Precision(7.5, 0.80)
    assert precision.sem == pytest.approx(3.35, abs=0.005)
    assert precision.s_diff == pytest.approx(4.74, abs=0.005)
    assert precision.index(32.5, 47.5) == pytest.approx(3.16, abs=0.005)


def test_the_three_cut_offs() -> None:
    clinical, normal = Group(40, 10), Group(20, 5)
    assert cut_off_a(clinical) == 20
    assert cut_off_b(normal) == 30
    assert cut_off_c(clinical, normal) == pytest.approx((10 * 20 + 5 * 40) / 15)
    assert cut_off_a(Group(20, 5), lower_is_better=False) == 30
    assert cut_off_b(Group(40, 10), lower_is_better=False) == 20


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (50, 28, Change.RECOVERED),
        (50, 35, Change.IMPROVED),  # 15 points count, still above the cut-off
        (50, 36, Change.UNCHANGED),
        (30, 28, Change.UNCHANGED),  # crosses, but not reliably
        (28, 10, Change.IMPROVED),  # reliable, but was healthy before
        (40, 56, Change.DETERIORATED),
        (20, 40, Change.HARMED),
        (50, None, Change.NOT_EVALUABLE),
        (None, 20, Change.NOT_EVALUABLE),
        (50, float("nan"), Change.NOT_EVALUABLE),
    ],
)
def test_each_class(before: float | None, after: float | None, change: Change) -> None:
    assert PCL5.classify(before, after) is change


def test_computed_points_must_be_exceeded_and_published_ones_reached() -> None:
    assert Criterion(points=15).classify(50, 35) is Change.UNCHANGED
    assert Criterion(points=15, points_count=True).classify(50, 35) is Change.IMPROVED


def test_without_a_cut_off_nobody_recovers_and_nobody_is_harmed() -> None:
    rule = Criterion.from_precision(Precision(10, 0.9))
    assert (rule.classify(80, 0), rule.classify(0, 80)) == (Change.IMPROVED, Change.DETERIORATED)


scores = st.one_of(st.none(), st.integers(0, 80))


@given(st.lists(st.tuples(scores, scores)), st.integers(1, 30), st.integers(0, 80))
def test_every_person_is_in_exactly_one_class(
    pairs: list[tuple[int | None, int | None]], points: int, cut_off: int
) -> None:
    found = classes(Criterion(points=points, points_count=True, cut_off=cut_off), pairs)
    assert sum(found.values()) == len(pairs)
    assert found[Change.NOT_EVALUABLE] == sum(None in pair for pair in pairs)


@given(st.integers(0, 80), st.integers(0, 80), st.integers(1, 30), st.integers(0, 80))
def test_turning_the_scale_round_turns_nothing_else(before: int, after: int, points: int, cut_off: int) -> None:
    low = Criterion(points=points, cut_off=cut_off)
    high = Criterion(points=points, cut_off=80 - cut_off, lower_is_better=False)
    assert low.classify(before, after) is high.classify(80 - before, 80 - after)


def test_impossible_precision_is_refused() -> None:
    with pytest.raises(ImpossibleFigures):
        Precision(0, 0.9)
    with pytest.raises(ImpossibleFigures):
        Precision(5, 2)

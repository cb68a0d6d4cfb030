"""Change in a group, by the scores of Claus et al. 2020 and by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leeward.evidence.change import Change, Group
from leeward.evidence.change_in_group import group_change
from leeward.evidence.errors import ImpossibleFigures, NotEnough

from .published import needs_tables, rows

PAIRS = [(30.0, 10.0), (28.0, 26.0), (35.0, 20.0), (32.0, 40.0), (26.0, None), (8.0, 30.0), (None, 12.0)]


def scores(first: str, last: str) -> list[tuple[float | None, float | None]]:
    return [
        (float(row[first]), None if row[last] == "NA" else float(row[last]))
        for row in rows("rci/claus_2020_prepost.csv")
    ]


@needs_tables
def test_every_class_of_the_published_scores_is_what_a_careful_stranger_counts() -> None:
    pairs = scores("bdi_t1", "bdi_t4")
    found = group_change(pairs, 0.8, normal=Group(7, 7), clinical=Group(35, 9), lower_is_better=True)
    first = [before for before, _ in pairs if before is not None]
    centre = sum(first) / len(first)
    sd = (sum((each - centre) ** 2 for each in first) / (len(first) - 1)) ** 0.5
    assert found.precision.sem == pytest.approx(sd * 0.2**0.5)
    assert found.precision.s_diff == pytest.approx(2**0.5 * sd * 0.2**0.5)
    assert found.cut_off_kind == "c"
    assert found.cut_off == pytest.approx((9 * 7 + 7 * 35) / 16)
    needed = 1.96 * found.precision.s_diff
    both = [(before, after) for before, after in pairs if before is not None and after is not None]
    better = [(b, a) for b, a in both if b - a > needed]
    recovered = [(b, a) for b, a in better if b > found.cut_off >= a]
    assert found.classes[Change.RECOVERED] == len(recovered)
    assert found.classes[Change.IMPROVED] == len(better) - len(recovered)
    assert found.classes[Change.NOT_EVALUABLE] == len(pairs) - len(both) == 3
    assert sum(found.classes.values()) == 43


def test_a_missing_last_score_is_told_apart_from_no_change() -> None:
    found = group_change(PAIRS, 0.9, sd=10, normal=Group(8, 4), lower_is_better=True)
    assert found.cut_off_kind == "b"
    assert found.cut_off == 16
    assert found.classes == {
        Change.RECOVERED: 1,
        Change.IMPROVED: 1,
        Change.UNCHANGED: 2,
        Change.DETERIORATED: 0,
        Change.HARMED: 1,
        Change.NOT_EVALUABLE: 2,
    }
    assert found.carried_forward[Change.UNCHANGED] == 3
    assert found.carried_forward[Change.NOT_EVALUABLE] == 1
    assert found.shares[Change.RECOVERED].n == 5
    assert any("1 person has no last score" in warning for warning in found.warnings)


def test_the_cut_off_is_c_with_both_groups_b_with_the_healthy_one_and_a_without() -> None:
    ill, well = Group(30, 6), Group(8, 4)
    kinds = [
        group_change(PAIRS, 0.9, sd=10, lower_is_better=True, clinical=clinical, normal=normal)
        for clinical, normal in ((ill, well), (None, well), (ill, None), (None, None))
    ]
    assert [each.cut_off_kind for each in kinds] == ["c", "b", "a", "a"]
    assert [each.cut_off for each in kinds[:3]] == [pytest.approx((6 * 8 + 4 * 30) / 10), 16, 18]
    assert any("this very group" in warning for warning in kinds[3].warnings)


def test_which_way_is_better_follows_the_groups_and_may_not_contradict_them() -> None:
    ill, well = Group(30, 6), Group(8, 4)
    found = group_change(PAIRS, 0.9, sd=10, clinical=ill, normal=well)
    assert found.lower_is_better
    assert any("Lower is taken as better" in warning for warning in found.warnings)
    with pytest.raises(ImpossibleFigures, match="contradicts"):
        group_change(PAIRS, 0.9, sd=10, clinical=ill, normal=well, lower_is_better=False)
    assert not group_change(PAIRS, 0.9, sd=10).lower_is_better


def test_what_can_not_be_judged_is_refused() -> None:
    with pytest.raises(NotEnough, match="both a first and a last"):
        group_change([(30.0, None), (None, 4.0)], 0.9, sd=10)
    with pytest.raises(NotEnough, match="One first score"):
        group_change([(30.0, 20.0)], 0.9)
    with pytest.raises(NotEnough, match="the same"):
        group_change([(30.0, 20.0), (30.0, 10.0)], 0.9)
    with pytest.raises(ImpossibleFigures, match="reliability"):
        group_change(PAIRS, 1.2, sd=10)
    with pytest.raises(NotEnough, match="Cut-off c"):
        group_change(PAIRS, 0.9, sd=10, cut_off_kind="c")


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=40))
def test_turning_a_scale_round_changes_no_class(pairs: list[tuple[int, int]]) -> None:
    low = group_change([(float(b), float(a)) for b, a in pairs], 0.8, sd=9, normal=Group(10, 5), lower_is_better=True)
    high = group_change([(60.0 - b, 60.0 - a) for b, a in pairs], 0.8, sd=9, normal=Group(50, 5), lower_is_better=False)
    assert low.classes == high.classes

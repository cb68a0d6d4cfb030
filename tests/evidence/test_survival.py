"""Kaplan–Meier curves with their medians."""

from math import exp, log

import pytest
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_lung
from lifelines.utils import median_survival_times

from leeward.evidence.errors import ImpossibleFigures, NotEnough
from leeward.evidence.survival import kaplan_meier


def test_a_curve_of_six_by_hand() -> None:
    # 6 people: events at 1, 2, 4; watched until 2, 3, 5.   S = 5/6, 5/6·4/5, 5/6·4/5·1/2
    curve = kaplan_meier([1, 2, 2, 3, 4, 5], [True, True, False, False, True, False])
    assert curve.at(0).value == 1
    assert curve.at(1).value == pytest.approx(5 / 6)
    assert curve.at(3.9).value == pytest.approx(2 / 3)
    assert curve.at(4).value == pytest.approx(1 / 3)
    assert curve.median is not None
    assert curve.median.value == 4
    assert (curve.n, curve.events) == (6, 3)


def test_the_interval_is_greenwoods_on_the_log_log_scale() -> None:
    curve = kaplan_meier([1, 2, 2, 3, 4, 5], [True, True, False, False, True, False])
    survival, variance = 2 / 3, 1 / (6 * 5) + 1 / (5 * 4)  # Greenwood's sum after two events
    reach = 1.959964 * variance**0.5 / abs(log(survival))
    found = curve.at(2)
    assert found.low == pytest.approx(survival ** exp(reach), abs=1e-6)
    assert found.high == pytest.approx(survival ** exp(-reach), abs=1e-6)


@pytest.mark.parametrize(("sex", "median"), [(1, 270), (2, 426)])
def test_medians_of_the_lung_data_are_the_published_ones(sex: int, median: int) -> None:
    lung = load_lung()
    group = lung[lung.sex == sex]
    found = kaplan_meier(group.time.tolist(), (group.status == 1).tolist()).median
    assert found is not None
    assert found.value == median
    fitted = KaplanMeierFitter().fit(group.time, group.status == 1)
    limits = median_survival_times(fitted.confidence_interval_).to_numpy().tolist()[0]
    assert [found.low, found.high] == limits


def test_a_median_that_is_not_reached_is_none() -> None:
    assert kaplan_meier([1, 2, 3, 4], [True, False, False, False]).median is None


def test_nobody_censored_gives_the_plain_median() -> None:
    found = kaplan_meier([5, 1, 4, 2, 3], [True] * 5).median
    assert found is not None
    assert found.value == 3


def test_all_censored_has_no_events_and_no_quantile() -> None:
    curve = kaplan_meier([5, 1, 4], [False] * 3)
    assert curve.events == 0
    assert curve.quantile(0.25) is None
    assert curve.at(4).value == 1


def test_once_everybody_had_the_event_nobody_is_left_and_limits_stay_numbers() -> None:
    last = kaplan_meier([1, 2, 3], [True] * 3).at(3)
    assert last.value == 0
    assert last.low == 0
    assert last.high is not None
    assert 0 <= last.high <= 1


def test_events_at_the_start_count() -> None:
    assert kaplan_meier([0, 0, 3, 3], [True, True, False, False]).at(0).value == 0.5


def test_bad_times_are_refused() -> None:
    with pytest.raises(NotEnough):
        kaplan_meier([], [])
    with pytest.raises(ImpossibleFigures):
        kaplan_meier([-1.0], [True])
    with pytest.raises(ImpossibleFigures):
        kaplan_meier([1.0, 2.0], [True])

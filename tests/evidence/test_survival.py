"""Kaplan–Meier curves with their medians."""

from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from lifelines.datasets import load_lung
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import median_survival_times

from leeward.evidence.choices import Scale
from leeward.evidence.errors import ImpossibleFigures, NotEnough
from leeward.evidence.survival import aalen_johansen, kaplan_meier, log_rank

from .published import needs_tables, rows


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


@pytest.mark.parametrize(
    ("sex", "limits", "mean", "error"), [(1, (212, 310), 326.08, 22.91), (2, (348, 550), 460.65, 34.69)]
)
def test_on_the_log_scale_limits_and_restricted_means_are_those_of_r(
    sex: int, limits: tuple[float, float], mean: float, error: float
) -> None:
    lung = load_lung()
    group = lung[lung.sex == sex]
    curve = kaplan_meier(group.time.tolist(), (group.status == 1).tolist(), scale=Scale.LOG)
    assert curve.median is not None
    assert (curve.median.low, curve.median.high) == limits
    restricted = curve.restricted_mean(1022)
    assert restricted.value == pytest.approx(mean, abs=0.005)
    assert restricted.standard_error == pytest.approx(error, abs=0.005)


def test_the_log_rank_test_of_the_lung_data_is_the_published_one() -> None:
    lung = load_lung()
    groups = [(lung[lung.sex == sex].time.to_numpy(), (lung[lung.sex == sex].status == 1).to_numpy()) for sex in (1, 2)]
    found = log_rank(groups)
    assert round(found.chi_square, 1) == 10.3
    assert found.p_value == pytest.approx(0.0013, abs=1e-4)
    assert found.observed == (112, 53)
    assert found.expected == pytest.approx((91.6, 73.4), abs=0.05)


@needs_tables
@pytest.mark.parametrize(
    ("name", "time", "event", "group", "chi_square"),
    [("aml", "time", "status", "x", 3.4), ("ovarian", "futime", "fustat", "rx", 1.1)],
)
def test_published_comparisons_are_reproduced(name: str, time: str, event: str, group: str, chi_square: float) -> None:
    table = rows(f"km/{name}.csv")
    groups = [
        (
            [float(row[time]) for row in table if row[group] == each],
            [row[event] == "1" for row in table if row[group] == each],
        )
        for each in sorted({row[group] for row in table})
    ]
    assert round(log_rank(groups).chi_square, 1) == chi_square


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2), st.booleans()), min_size=6, max_size=60))
def test_three_groups_are_compared_as_lifelines_does(people: list[tuple[int, int, bool]]) -> None:
    if len({group for _, group, _ in people}) < 3 or not any(seen for *_, seen in people):
        return
    chosen = [[(time, seen) for time, group, seen in people if group == each] for each in range(3)]
    found = log_rank([([time for time, _ in each], [seen for _, seen in each]) for each in chosen])
    times, groups, events = zip(*people, strict=True)
    reference = multivariate_logrank_test(times, groups, events)
    assert found.chi_square == pytest.approx(float(reference.test_statistic), abs=1e-6)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 300), st.booleans()), min_size=1, max_size=60))
def test_the_curve_is_the_one_of_lifelines(people: list[tuple[int, bool]]) -> None:
    times, seen = [time for time, _ in people], [each for _, each in people]
    curve = kaplan_meier(times, seen)
    fitted = KaplanMeierFitter().fit(times, seen)
    assert curve.surviving == pytest.approx(np.atleast_1d(fitted.predict(curve.times)), abs=1e-9)
    assert (curve.low <= curve.surviving + 1e-12).all()
    assert (curve.surviving <= curve.high + 1e-12).all()


def test_competing_causes_add_up_to_what_happened_at_all() -> None:
    chance = np.random.default_rng(6)
    times, causes = chance.exponential(10, 300), chance.integers(0, 3, 300)
    whole = kaplan_meier(times, causes > 0)
    found = aalen_johansen(times, causes)
    assert [each.cause for each in found] == [1, 2]
    assert found[0].share + found[1].share == pytest.approx(1 - whole.surviving)
    reference = AalenJohansenFitter().fit(times, causes, event_of_interest=1)
    assert found[0].share == pytest.approx(reference.cumulative_density_.to_numpy()[:, 0], abs=1e-9)
    assert found[0].standard_error[:-1] ** 2 == pytest.approx(reference.variance_.to_numpy()[:-1], abs=1e-9)
    assert (found[0].share < 1 - kaplan_meier(times, causes == 1).surviving + 1e-12).all()


def test_comparisons_without_events_or_groups_are_refused() -> None:
    with pytest.raises(NotEnough):
        log_rank([([1.0, 2], [True, True])])
    with pytest.raises(NotEnough):
        log_rank([([1.0, 2], [False, False]), ([1.0, 2], [False, False])])
    with pytest.raises(NotEnough):
        aalen_johansen([1.0, 2], [0, 0])
    with pytest.raises(ImpossibleFigures):
        kaplan_meier([1.0], [True]).restricted_mean(0)


def test_one_person_and_people_all_alike_have_a_mean_but_no_interval() -> None:
    for times in ([5.0], [5.0, 5.0, 5.0]):
        mean = kaplan_meier(times, [True] * len(times)).restricted_mean(10)
        assert mean.value == 5
        assert (mean.low, mean.high, mean.standard_error) == (None, None, None)


def test_once_it_has_happened_to_all_the_incidence_is_one_and_its_lower_limit_stays() -> None:
    with np.errstate(all="raise"):
        (only,) = aalen_johansen([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 0, 1, 1, 1, 0, 1, 1])
    assert only.share[-1] == 1
    assert 0 < only.low[-1] == only.low[-2] < 1
    assert only.high[-1] == 1


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2)), min_size=1, max_size=60))
def test_whole_days_are_counted_and_other_times_sorted_to_the_same_curve(people: list[tuple[int, int]]) -> None:
    """Halves of days are no whole numbers, and have the same people at risk in the same order."""
    days, causes = (np.array(each) for each in zip(*people, strict=True))
    for counted, ordered in (
        (kaplan_meier(days, causes > 0), kaplan_meier(days + 0.5, causes > 0)),
        *(zip(aalen_johansen(days, causes), aalen_johansen(days + 0.5, causes), strict=True) if causes.any() else ()),
    ):
        from_first = slice(0 if 0 in days else 1, None)  # a time 0 is put before, where nobody ends at it
        assert ordered.times[1:].tolist() == (counted.times[from_first] + 0.5).tolist()
        for name in ("low", "high", "standard_error"):
            np.testing.assert_array_equal(getattr(ordered, name)[1:], getattr(counted, name)[from_first])

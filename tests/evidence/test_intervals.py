"""Shares, differences and means with their intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from leeward.evidence.errors import ImpossibleFigures, NotEnough
from leeward.evidence.intervals import Method, difference, exact, mean, wilson


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_and_exact_agree_with_statsmodels(pair: tuple[int, int]) -> None:
    events, n = pair
    for ours, theirs in ((wilson(events, n), "wilson"), (exact(events, n), "beta")):
        low, high = proportion_confint(events, n, method=theirs)
        assert ours.low == pytest.approx(low, abs=1e-9)
        assert ours.high == pytest.approx(high, abs=1e-9)
        assert ours.value == events / n
        assert ours.n == n


def test_wilson_follows_the_formula_by_hand() -> None:
    # centre (p + z²/2n)/(1 + z²/n), half-width z√(p(1-p)/n + z²/4n²)/(1 + z²/n), for 15 of 40
    found = wilson(15, 40)
    z, p, n = 1.959963984540054, 0.375, 40
    centre, half = (p + z * z / (2 * n)), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    assert found.low == pytest.approx((centre - half) / (1 + z * z / n))
    assert found.high == pytest.approx((centre + half) / (1 + z * z / n))
    assert found.method is Method.WILSON


def test_nobody_of_some_still_has_an_upper_limit() -> None:
    assert wilson(0, 20).low == 0
    assert wilson(0, 20).high == pytest.approx(0.1611, abs=1e-4)
    assert wilson(20, 20).high == 1


def test_the_difference_is_newcombes_published_one() -> None:
    found = difference(56, 70, 48, 80)
    assert found.value == pytest.approx(0.2)
    assert found.low == pytest.approx(0.0524, abs=5e-5)
    assert found.high == pytest.approx(0.3339, abs=5e-5)
    assert found.standard_error == pytest.approx((0.8 * 0.2 / 70 + 0.6 * 0.4 / 80) ** 0.5)


@given(st.tuples(st.integers(1, 200), st.integers(1, 200)), st.floats(0, 1), st.floats(0, 1))
def test_the_difference_agrees_with_statsmodels(sizes: tuple[int, int], a: float, b: float) -> None:
    x, y = round(sizes[0] * a), round(sizes[1] * b)
    low, high = confint_proportions_2indep(x, sizes[0], y, sizes[1], method="newcomb", compare="diff")
    found = difference(x, sizes[0], y, sizes[1])
    assert found.low == pytest.approx(low, abs=1e-9)
    assert found.high == pytest.approx(high, abs=1e-9)


def test_a_mean_has_students_interval() -> None:
    found = mean([1.0, 2.0, 3.0, 4.0])
    assert found.value == 2.5
    assert found.low == pytest.approx(2.5 - 3.182446 * 0.645497, abs=1e-5)  # t(0.975, 3 df) · sd/√4
    assert found.n == 4


@pytest.mark.parametrize(("events", "n"), [(-1, 5), (6, 5)])
def test_more_events_than_people_is_refused(events: int, n: int) -> None:
    with pytest.raises(ImpossibleFigures):
        wilson(events, n)


def test_too_few_are_refused_with_what_it_takes() -> None:
    with pytest.raises(NotEnough):
        wilson(0, 0)
    with pytest.raises(NotEnough):
        mean([3.0])
    with pytest.raises(ImpossibleFigures):
        mean([3.0, float("nan")])
    with pytest.raises(ImpossibleFigures):
        wilson(1, 2, level=95)


def test_a_mean_of_equal_values_has_no_interval_of_no_width() -> None:
    found = mean([20.0, 20.0, 20.0])
    assert (found.value, found.low, found.high, found.standard_error) == (20.0, None, None, None)

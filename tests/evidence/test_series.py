"""Interrupted time series, against the published analysis of Sicily's smoking ban and series of known truth."""

import numpy as np
import pytest
import statsmodels.api as sm

from leeward.evidence.choices import Family
from leeward.evidence.errors import ImpossibleFigures, NotEnough
from leeward.evidence.series import Interruption, Season, interrupted

from .published import column, needs_tables

SICILY = "its/sicily.csv"


def sicily(family: Family = Family.QUASI_POISSON, *, season: bool = False) -> Interruption:
    return interrupted(
        column(SICILY, "time"),
        column(SICILY, "aces"),
        start=37,
        family=family,
        exposure=column(SICILY, "stdpop"),
        season=Season(2, 12, column(SICILY, "month")) if season else None,
    )


@needs_tables
def test_the_smoking_ban_has_the_published_effect() -> None:
    # Bernal, Cummins and Gasparrini 2017: 0.894 (0.864 to 0.925) by Poisson; 0.885 with the season.
    found = sicily(Family.POISSON).rate_ratio
    assert found is not None
    assert (round(found.value, 3), round(found.low or 0, 3), round(found.high or 0, 3)) == (0.894, 0.865, 0.925)
    seasonal = sicily(season=True)
    assert seasonal.rate_ratio is not None
    assert round(seasonal.rate_ratio.value, 3) == 0.885
    assert seasonal.dispersion == pytest.approx(2.2622, abs=1e-3)


@needs_tables
def test_counts_that_vary_more_than_poissons_are_said_to() -> None:
    assert any("use quasipoisson" in warning for warning in sicily(Family.POISSON).warnings)
    quasi, poisson = sicily(), sicily(Family.POISSON)
    assert quasi.level.value == pytest.approx(poisson.level.value)
    assert quasi.level.standard_error == pytest.approx(
        (poisson.level.standard_error or 0) * quasi.dispersion**0.5, rel=1e-6
    )


def test_what_can_be_no_counts_is_said() -> None:
    t = list(range(1, 49))
    even = [20 + each % 2 + 8 * (each >= 25) for each in t]
    assert any("vary only 0.0" in warning for warning in interrupted(t, even, start=25).warnings)
    rates = [each + 0.5 for each in even]
    assert any("not whole" in warning for warning in interrupted(t, rates, start=25).warnings)
    chance = np.random.default_rng(8)
    assert interrupted(t, chance.poisson(20, 48).tolist(), start=25).warnings == ()


def made(seed: int, n: int = 48, start: int = 25) -> tuple[list[float], list[float]]:
    chance = np.random.default_rng(seed)
    t = np.arange(1.0, n + 1)
    after = t >= start
    y = 50 + 0.4 * t + 6 * after - 0.8 * after * (t - start) + chance.normal(0, 2, n)
    return t.tolist(), y.tolist()


def test_level_and_slope_are_those_of_the_one_parametrisation() -> None:
    t, y = made(1)
    found = interrupted(t, y, start=25, family=Family.OLS, slope=True)
    after = np.array(t) >= 25
    design = np.column_stack([np.ones(48), t, after, after * (np.array(t) - 25)])
    by_hand = np.linalg.lstsq(design, np.array(y), rcond=None)[0]
    assert found.slope is not None
    assert [found.trend.value, found.level.value, found.slope.value] == pytest.approx(by_hand[1:].tolist())
    assert found.level.value == pytest.approx(6, abs=3)
    assert found.slope.value == pytest.approx(-0.8, abs=0.3)


def test_the_other_way_to_count_time_is_told_beside_it() -> None:
    t, y = made(2)
    found = interrupted(t, y, start=25, family=Family.OLS, slope=True)
    after = np.array(t) >= 25
    wagner = np.column_stack([np.ones(48), t, after, after * (np.array(t) - 24)])
    assert found.level_counted_from_one is not None
    assert found.level_counted_from_one.value == pytest.approx(np.linalg.lstsq(wagner, np.array(y), rcond=None)[0][2])


def test_standard_errors_are_neweys_and_wests() -> None:
    t, y = made(3)
    found = interrupted(t, y, start=25, family=Family.OLS)
    after = (np.array(t) >= 25).astype(float)
    design = np.column_stack([np.ones(48), t, after])
    assert found.lags == 3
    hac = sm.OLS(y, design).fit(cov_type="HAC", cov_kwds={"maxlags": 3})
    assert found.level.standard_error == pytest.approx(hac.bse[2])
    residuals = np.asarray(hac.resid)
    assert found.durbin_watson == pytest.approx((np.diff(residuals) ** 2).sum() / (residuals**2).sum())


def test_neighbouring_errors_that_are_alike_are_said_to_be() -> None:
    chance, errors = np.random.default_rng(5), [0.0]
    for _ in range(59):
        errors.append(0.8 * errors[-1] + chance.normal())
    found = interrupted(list(range(60)), [20 + each for each in errors], start=30, family=Family.OLS)
    assert any("Durbin" in warning for warning in found.warnings)


def test_the_truth_lies_in_the_interval_of_counts_as_often_as_promised() -> None:
    inside = 0
    for seed in range(100):
        chance = np.random.default_rng(seed)
        t = np.arange(1.0, 61)
        exposed = chance.integers(800, 1200, 60)
        mean = exposed * np.exp(-3 + 0.005 * t + 0.3 * (t >= 31))
        found = interrupted(t.tolist(), chance.poisson(mean).tolist(), start=31, exposure=exposed.tolist()).rate_ratio
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= np.exp(0.3) <= found.high
    assert 89 <= inside <= 100


@pytest.mark.parametrize(("n", "start", "slope"), [(5, 3, False), (20, 19, False), (20, 2, False), (20, 14, True)])
def test_too_few_points_are_refused_with_how_many_it_takes(n: int, start: int, slope: bool) -> None:
    t, y = made(4, n, start)
    with pytest.raises(NotEnough, match=r"points? before the start") as refusal:
        interrupted(t, y, start=start, family=Family.OLS, slope=slope)
    assert "needs" in refusal.value.hint


@pytest.mark.parametrize(("n", "start", "slope"), [(6, 4, False), (16, 9, True)])
def test_as_many_points_as_it_takes_are_enough(n: int, start: int, slope: bool) -> None:
    t, y = made(4, n, start)
    found = interrupted(t, y, start=start, family=Family.OLS, slope=slope)
    assert (found.before, found.after) == (start - 1, n - start + 1)


@pytest.mark.parametrize(("n", "start", "few"), [(24, 13, False), (24, 12, True), (24, 14, True)])
def test_fewer_than_twelve_points_on_a_side_are_said(n: int, start: int, few: bool) -> None:
    t, y = made(4, n, start)
    told = interrupted(t, y, start=start, family=Family.OLS).warnings
    assert any("Fewer than 12" in warning for warning in told) == few


def test_times_before_the_start_only_are_refused() -> None:
    t, y = made(4, 24, 12)
    with pytest.raises(NotEnough):
        interrupted(t, y, start=60, family=Family.OLS)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"outcome": [0] * 30}, NotEnough),
        ({"outcome": [0] * 15 + [3] * 15}, NotEnough),
        ({"outcome": [-1] + [3] * 29}, ImpossibleFigures),
        ({"exposure": [0] * 30}, ImpossibleFigures),
        ({"times": [1] * 30}, ImpossibleFigures),
        ({"season": Season(2, 12, list(range(30))), "start": 25}, NotEnough),
        ({"season": Season(6, 12, list(range(30)))}, ImpossibleFigures),
        ({"outcome": [5] * 30, "family": Family.OLS}, NotEnough),
    ],
)
def test_a_series_that_says_nothing_is_refused(change: dict[str, object], error: type[Exception]) -> None:
    asked: dict[str, object] = {"times": list(range(30)), "outcome": [4, 6, 5] * 10, "start": 15} | change
    with pytest.raises(error):
        interrupted(**asked)  # type: ignore[arg-type]

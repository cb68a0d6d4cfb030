"""Limits that hold in a short series of measurements: every correlation of neighbours counts as it fits."""

import numpy as np
import pytest
from scipy import integrate, stats

from leeward.evidence.autoregressive import autoregressive
from leeward.evidence.choices import Family
from leeward.evidence.series import Interruption, interrupted


def series(seed: int, n: int, alike: float) -> tuple[list[float], list[float]]:
    chance = np.random.default_rng(seed)
    t = np.arange(-(n // 2), n - n // 2, dtype=float)
    errors = chance.normal(size=n)
    for place in range(1, n):
        errors[place] = alike * errors[place - 1] + (1 - alike**2) ** 0.5 * errors[place]
    return t.tolist(), (50 + 0.2 * t + (t >= 0) * (4 - 0.3 * t) + 2 * errors).tolist()


def told(seed: int, n: int = 48, alike: float = 0.3) -> Interruption:
    return interrupted(*series(seed, n, alike), start=0, family=Family.OLS, slope=True)


def test_the_limits_are_those_of_numerical_integration_over_the_correlation() -> None:
    y = np.array([3.0, 4.5, 4.0, 6.5, 5.0, 7.5, 6.0, 8.5, 8.0, 9.5, 9.0, 12.0, 10.0, 11.5, 13.5, 12.0])
    t = np.arange(16.0)
    design = np.column_stack([np.ones(16), t])

    def under(correlation: float) -> tuple[float, float, float]:
        """Likelihood, middle and spread of the trend, from the whole covariance matrix of the errors."""
        lags = np.abs(t[:, None] - t[None, :])
        inverse = np.linalg.inv(correlation**lags / (1 - correlation**2))
        information = design.T @ inverse @ design
        beta = np.linalg.solve(information, design.T @ inverse @ y)
        left = float((y - design @ beta) @ inverse @ (y - design @ beta))
        determinant = np.linalg.slogdet(inverse)[1] / 2 - np.linalg.slogdet(information)[1] / 2
        spread = float(np.linalg.inv(information)[1, 1] * left / 14) ** 0.5
        return float(np.exp(determinant - 7 * np.log(left))), float(beta[1]), spread

    def below(x: float) -> float:
        def weighed(correlation: float) -> float:
            weight, middle, spread = under(correlation)
            return weight * float(stats.t.cdf((x - middle) / spread, 14))

        whole = integrate.quad(lambda r: under(r)[0], -1, 1, limit=200)[0]
        return float(integrate.quad(weighed, -1, 1, limit=200)[0] / whole)

    found = autoregressive(design, y, {"trend": 1})
    assert found is not None
    assert found["trend"].low is not None
    assert found["trend"].high is not None
    assert below(found["trend"].low) == pytest.approx(0.025, abs=2e-4)
    assert below(found["trend"].high) == pytest.approx(0.975, abs=2e-4)


def test_they_hold_the_truth_where_neweys_and_wests_do_not() -> None:
    held = {"level": 0, "slope": 0}
    plain = 0
    for seed in range(200):
        found = told(seed)
        for name, truth in (("level", 4.0), ("slope", -0.3)):
            each = found.autoregressive[name]
            held[name] += (each.low or 0.0) <= truth <= (each.high or 0.0)
        plain += (found.level.low or 0.0) <= 4.0 <= (found.level.high or 0.0)
    assert all(183 <= each <= 199 for each in held.values())
    assert plain < 180


def test_a_count_of_years_and_a_high_level_cost_no_digits() -> None:
    t, y = series(1, 48, 0.3)
    near = interrupted(t, y, start=0, family=Family.OLS, slope=True)
    far = interrupted(
        [2000 + each for each in t], [1e6 + each for each in y], start=2000, family=Family.OLS, slope=True
    )
    for name in ("level", "slope"):
        assert far.autoregressive[name].value == pytest.approx(near.autoregressive[name].value, abs=1e-5)
        assert far.autoregressive[name].high == pytest.approx(near.autoregressive[name].high, abs=1e-5)


def test_nothing_is_told_of_few_or_uneven_points_and_the_warning_says_so() -> None:
    few = told(2, 15)
    uneven = interrupted([1, 2, 3, *range(5, 50)], series(3, 48, 0)[1], start=25, family=Family.OLS)
    for found in (few, uneven):
        assert not found.autoregressive
        assert any("take the direction and not the limits" in warning for warning in found.warnings)


def test_a_long_series_needs_no_warning() -> None:
    found = told(4, 240, 0.0)
    assert not any("too short" in warning for warning in found.warnings)
    # And both ways say nearly the same.
    assert found.autoregressive["level"].value == pytest.approx(found.level.value, abs=0.3)

"""Interrupted time series: did level or slope change when something began (Wagner et al. 2002; Bernal et al. 2017)?

One fixed form: y_t = b0 + b1·t + b2·D_t + b3·D_t·(t − start) + season, with D_t = 1 from `start` on. So b2 is the
change of level at the first time of the new regime, b3 the change of slope. Counts: the same for log μ, with
log(exposure) as offset and, for quasi-Poisson, a scale of Pearson's χ²/df. The fitting is statsmodels'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, floor, sqrt
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray

from .choices import Family
from .errors import ImpossibleFigures, NotEnough
from .intervals import LEVEL, Estimate, Method, z_of
from .wording import counted

Numbers = NDArray[np.float64]

#: Fewest points on each side, for a slope after the start, and on each side for a season.
LEAST_EACH_SIDE, LEAST_FOR_SLOPE, LEAST_FOR_SEASON = 3, 8, 12
#: From so many points on Newey and West's limits hold the truth in 92 of 100 where errors are independent; of 48 points
#: in 86, and in 81 where neighbours are alike (docs/reference/coverage.md; Andrews 1991 and Müller 2014 say why).
_LONG = 200
#: Counts so even come by chance in one of a thousand series.
_HARDLY_CHANCE = 0.001
#: With fewer events on a side the logarithm of a ratio is far from normal.
_FEW_EVENTS = 10
#: A ratio of more than e to the 50th is no finding.
_LARGEST_LOG = 50.0


@dataclass(frozen=True, slots=True)
class Season:
    """Sine and cosine pairs of 2πk·position/cycle, k = 1 … harmonics."""

    harmonics: int
    cycle: float
    position: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """What changed. For counts `level`, `slope` and `trend` are on the log scale, `rate_ratio` is exp(level)."""

    family: Family
    level: Estimate
    slope: Estimate | None
    trend: Estimate
    intercept: Estimate
    rate_ratio: Estimate | None
    #: The change of level if time after the start is counted from 1 (Wagner's coding), not from 0.
    level_counted_from_one: Estimate | None
    dispersion: float
    durbin_watson: float
    lag_one: float
    lags: int | None
    before: int
    after: int
    #: For ols of evenly spaced times: the same with limits that hold in short series too. Empty where not told.
    autoregressive: Mapping[str, Estimate]
    fitted: Numbers
    without: Numbers
    warnings: tuple[str, ...]


def interrupted(
    times: Sequence[float],
    outcome: Sequence[float],
    *,
    start: float,
    family: Family = Family.QUASI_POISSON,
    exposure: Sequence[float] | None = None,
    season: Season | None = None,
    slope: bool = False,
    level: float = LEVEL,
) -> Interruption:
    """The change at `start`, in order of time.

    Standard errors: Newey–West with floor(4(n/100)^(2/9)) lags for OLS (normal limits, no correction for small n); for
    quasi-Poisson the model's, scaled. Raises NotEnough with fewer than 3 points on a side, 8 after it for a slope, 12
    on each side for a season; ImpossibleFigures for times that repeat or counts below zero.
    """
    # Two seconds to import, so only when needed, and not through statsmodels.api, which imports all there is.
    from scipy import stats
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.regression.linear_model import OLS
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    t, y, offset = _checked(times, outcome, exposure, family)
    after = t >= start
    _enough(after, slope, season)
    warnings: list[str] = []
    columns = [np.ones_like(t), t, after.astype(float)]
    if slope:
        columns.append(after * (t - start))
    if season is not None:
        columns += _harmonics(season, len(t))
    design = np.column_stack(columns)
    if np.linalg.matrix_rank(design) < design.shape[1] or len(t) <= design.shape[1]:
        raise NotEnough(
            "The terms of the model can't be told apart on these points.",
            hint="It needs more points, or fewer harmonics.",
        )
    lags = None
    if family is Family.OLS:
        lags = floor(4 * (len(t) / 100) ** (2 / 9))
        fit = OLS(y, design).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False})
        residuals = y - fit.fittedvalues
        dispersion = float(residuals @ residuals / (len(t) - design.shape[1]))
        if np.ptp(y) == 0:
            raise NotEnough("The outcome never varies.", hint="It needs values that differ.")
    else:
        if y.sum() == 0:
            raise NotEnough("No event in the whole series.", hint="It needs events before and after the start.")
        if y[after].sum() == 0 or y[~after].sum() == 0:
            raise NotEnough("All events are on one side of the start.", hint="It needs events before and after it.")
        model = GLM(y, design, family=Poisson(), offset=offset)
        with catch_warnings():  # of a perfect fit, which is refused below
            simplefilter("ignore", PerfectSeparationWarning)
            try:
                fit = model.fit(scale=1.0, tol=1e-12)
            except ValueError as error:  # what statsmodels says of weights that overflow
                raise _unsettled() from error
        if not fit.converged:
            raise _unsettled()
        residuals = np.asarray(fit.resid_pearson)
        dispersion = float(residuals @ residuals / (len(t) - design.shape[1]))
        if (y != np.round(y)).any():
            warnings.append(
                "The outcome is not whole, so these are no counts: give the counts, and an --offset; or use ols."
            )
        spare = len(t) - design.shape[1]
        if stats.chi2.cdf(dispersion * spare, spare) < _HARDLY_CHANCE:
            warnings.append(
                f"Counts vary only {dispersion:.2f} times as much as chance alone would have them: are they counts of "
                "single people or events? If not, the limits mean nothing."
            )
        if min(y[after].sum(), y[~after].sum()) < _FEW_EVENTS:
            warnings.append(
                f"Fewer than {_FEW_EVENTS} events on a side of the start: normal limits of the ratio are rough."
            )
        if family is Family.POISSON and dispersion > 1.5:
            warnings.append(f"Counts vary {dispersion:.1f} times as much as Poisson's: use quasipoisson.")
    if float(residuals @ residuals) <= 1e-18 * float(y @ y):
        raise NotEnough(
            "Every point lies on the model exactly, so nothing says how far chance reaches.",
            hint="It needs a series as it was observed, not one that was computed.",
        )
    watson = float((np.diff(residuals) ** 2).sum() / (residuals**2).sum())
    centred = residuals - residuals.mean()
    lag_one = float((centred[1:] @ centred[:-1]) / (centred @ centred))
    _warn(t, after, watson, family, warnings)
    beta, covariance = np.asarray(fit.params, dtype=float), np.asarray(fit.cov_params(), dtype=float)
    if family is Family.QUASI_POISSON:
        covariance = covariance * dispersion

    def taken(weights: dict[int, float]) -> Estimate:
        place = list(weights)
        w = np.array([weights[each] for each in place])
        error = sqrt(max(float(w @ covariance[np.ix_(place, place)] @ w), 0.0))
        return _normal(float(w @ beta[place]), error, len(t), level)

    changed = taken({2: 1.0})
    expected = design.copy()
    expected[:, 2] = 0.0
    if slope:
        expected[:, 3] = 0.0
    linear = expected @ beta
    step = float(np.min(np.diff(t)))
    beside = None
    if family is Family.OLS and _is_even(t):
        from .autoregressive import autoregressive  # loads what the report, which has counts, does without

        beside = autoregressive(design, y, {"level": 2, "trend": 1} | ({"slope": 3} if slope else {}), level=level)
    if family is Family.OLS and len(t) < _LONG:
        warnings.append(_too_short(len(t), beside is not None))
    return Interruption(
        family=family,
        level=changed,
        slope=taken({3: 1.0}) if slope else None,
        trend=taken({1: 1.0}),
        intercept=taken({0: 1.0}),
        rate_ratio=None if family is Family.OLS else _exponentiated(changed),
        level_counted_from_one=taken({2: 1.0, 3: -step}) if slope else None,
        dispersion=dispersion,
        durbin_watson=watson,
        lag_one=lag_one,
        lags=lags,
        before=int((~after).sum()),
        after=int(after.sum()),
        autoregressive=beside or {},
        fitted=np.asarray(fit.fittedvalues, dtype=float),
        without=linear if family is Family.OLS else np.exp(linear + offset),
        warnings=tuple(warnings),
    )


def _checked(
    times: Sequence[float], outcome: Sequence[float], exposure: Sequence[float] | None, family: Family
) -> tuple[Numbers, Numbers, Numbers]:
    t, y = np.asarray(times, dtype=float), np.asarray(outcome, dtype=float)
    if t.shape != y.shape:
        raise ImpossibleFigures("Times and outcomes differ in number.", hint="Give one of each for every point.")
    if not (np.isfinite(t).all() and np.isfinite(y).all()):
        raise ImpossibleFigures("A time or an outcome is missing.", hint="Leave the point out, and say so.")
    if len(t) > 1 and not (np.diff(t) > 0).all():
        raise ImpossibleFigures("Times repeat or go back.", hint="One row for each time, in order.")
    if family is not Family.OLS and (y < 0).any():
        raise ImpossibleFigures("A count is below zero.", hint="Counts start at zero; for measurements use ols.")
    if exposure is None:
        return t, y, np.zeros_like(t)
    if family is Family.OLS:
        raise ImpossibleFigures("An offset belongs to counts.", hint="Divide by it beforehand, or use quasipoisson.")
    population = np.asarray(exposure, dtype=float)
    if population.shape != t.shape or not np.isfinite(population).all() or (population <= 0).any():
        raise ImpossibleFigures("An exposure is missing, zero or negative.", hint="It is the number at risk.")
    return t, y, np.log(population)


def _enough(after: NDArray[np.bool_], slope: bool, season: Season | None) -> None:
    before, later = int((~after).sum()), int(after.sum())
    points = counted(before, "point", "points")
    found = f"There {'is' if before == 1 else 'are'} {points} before the start and {later} from it on."
    if min(before, later) < LEAST_EACH_SIDE:
        raise NotEnough(found, hint=f"It needs {LEAST_EACH_SIDE} on each side at the least, and 12 to be sound.")
    if slope and later < LEAST_FOR_SLOPE:
        raise NotEnough(found, hint=f"A change of slope needs {LEAST_FOR_SLOPE} from the start on; leave it out.")
    if season is not None and min(before, later) < LEAST_FOR_SEASON:
        raise NotEnough(found, hint=f"A season needs {LEAST_FOR_SEASON} on each side; leave it out.")


def _harmonics(season: Season, n: int) -> list[Numbers]:
    position = np.asarray(season.position, dtype=float)
    if len(position) != n or not np.isfinite(position).all():
        raise ImpossibleFigures(
            "A place in the season is missing.", hint="Give one for every point, such as the month."
        )
    if season.cycle <= 2 * season.harmonics:
        raise ImpossibleFigures(
            f"{season.harmonics} harmonics don't fit in a cycle of {season.cycle:g}.",
            hint="Use fewer: 1 or 2 for months.",
        )
    places = np.unique(position)
    seen = float(np.ptp(places) + np.diff(places).min()) if len(places) > 1 else 0.0
    if seen < season.cycle * (1 - 1e-9):
        raise NotEnough(
            f"The points cover {seen:g} of a cycle of {season.cycle:g}, so a season can't be told from a trend.",
            hint="It needs a whole cycle at the least; check --period, or leave the season out.",
        )
    angles = [2 * np.pi * k * position / season.cycle for k in range(1, season.harmonics + 1)]
    return [wave(angle) for angle in angles for wave in (np.sin, np.cos)]


def _warn(t: Numbers, after: NDArray[np.bool_], watson: float, family: Family, warnings: list[str]) -> None:
    if min((~after).sum(), after.sum()) < LEAST_FOR_SEASON:
        warnings.append(
            "Fewer than 12 points on a side: trend and change are told apart poorly, intervals are too short."
        )
    if not _is_even(t):
        warnings.append("Times are not evenly spaced: what is said of neighbouring errors does not hold.")
    if watson < 1.5:
        own = "" if family is Family.OLS else ", and the standard errors take no account of it"
        warnings.append(f"Durbin–Watson is {watson:.2f}: neighbouring errors are alike{own}.")


def _unsettled() -> NotEnough:
    return NotEnough(
        "The fit does not settle: the points do not tell trend from change.",
        hint="Check times, start and exposures, or leave out slope and season.",
    )


def _is_even(t: Numbers) -> bool:
    gaps = np.diff(t)
    return bool(np.allclose(gaps, gaps[0]))


def _too_short(n: int, is_beside: bool) -> str:
    """What is wrong with Newey and West's limits here, and what to read in their place."""
    way_out = (
        "read `autoregressive` beside them"
        if is_beside
        else "nothing better can be told of so few or uneven points, so take the direction and not the limits"
    )
    return f"Newey and West's limits are too short for {n} points (sound from about {_LONG} on): {way_out}."


def _normal(value: float, error: float, n: int, level: float) -> Estimate:
    reach = z_of(level) * error
    return Estimate(
        value=value, low=value - reach, high=value + reach, n=n, method=Method.NORMAL, level=level, standard_error=error
    )


def _exponentiated(log_ratio: Estimate) -> Estimate:
    """The ratio; its standard error by the delta method, its limits those of the logarithm."""
    low, high = log_ratio.low or 0.0, log_ratio.high or 0.0
    if max(log_ratio.value, high) > _LARGEST_LOG:
        raise NotEnough(
            "The ratio before and after is beyond all measure: the points do not tell trend from change.",
            hint="Check the times and the start; there must be points near it on both sides.",
        )
    ratio = exp(log_ratio.value)
    return Estimate(
        value=ratio,
        low=exp(low),
        high=exp(high),
        n=log_ratio.n,
        method=Method.WALD_ON_LOG,
        level=log_ratio.level,
        standard_error=ratio * (log_ratio.standard_error or 0.0),
    )

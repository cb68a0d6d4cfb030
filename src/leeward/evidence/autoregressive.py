"""A regression whose errors resemble their neighbours, with limits that hold in short series (Zellner & Tiao 1964).

y_t = x_t·β + u_t, u_t = ρ·u_{t−1} + e_t. The correlation ρ is not fixed at one value, as Prais & Winsten do: every
value from −1 to 1 counts as it fits the data, with the same weight beforehand, and each coefficient follows the mixture
of the Student distributions that belong to them. So the limits know how uncertain ρ itself is, which in a short series
is much of the error. Errors are normal and the series stationary, so that its first point counts too (Zellner 1971).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from .intervals import LEVEL, Estimate, Method

Numbers = NDArray[np.float64]

#: Fewest points more than terms; with fewer the limits held the truth too seldom where neighbours are much alike.
LEAST_SPARE = 12
_PLACES = 200


@dataclass(frozen=True, slots=True)
class _Mixture:
    """One coefficient: where it lies and how far it spreads under each correlation, and how much that one counts."""

    middle: Numbers
    spread: Numbers
    weight: Numbers
    spare: int

    @property
    def mean(self) -> float:
        return float(self.weight @ self.middle)

    @property
    def error(self) -> float:
        inside = self.spread**2 * self.spare / (self.spare - 2)
        return sqrt(float(self.weight @ (inside + (self.middle - self.mean) ** 2)))

    def quantile(self, share: float) -> float:
        each = self.middle + self.spread * float(stats.t.ppf(share, self.spare))
        low, high = float(each.min()), float(each.max())
        if low == high:
            return low
        return float(brentq(lambda x: self._up_to(x) - share, low, high, xtol=1e-12 * (high - low) + 1e-300))

    def _up_to(self, x: float) -> float:
        return float(self.weight @ stats.t.cdf((x - self.middle) / self.spread, self.spare))


def autoregressive(
    design: Numbers, y: Numbers, coefficients: Mapping[str, int], *, level: float = LEVEL
) -> dict[str, Estimate] | None:
    """These coefficients, by the place of their column. None with fewer than `LEAST_SPARE` points more than columns.

    `design` has full rank and the points are evenly spaced: both are the caller's to check.
    """
    n, k = design.shape
    spare = n - k
    if spare < LEAST_SPARE:
        return None
    # Columns at right angles, and only what plain least squares leave, so that a count of years costs no digits.
    straight, triangle = np.linalg.qr(design)
    least = straight.T @ y
    rest = y - straight @ least
    size = float(np.abs(rest).max())
    both = np.column_stack([straight, rest / size])
    correlations = -1 + (np.arange(_PLACES) + 0.5) * 2 / _PLACES
    moments = _moments(both, correlations)
    inside, across, squares = moments[:, :k, :k], moments[:, :k, k], moments[:, k, k]
    inverse = np.linalg.inv(inside)
    turned = np.einsum("rij,rj->ri", inverse, across)
    left = np.maximum(squares - np.einsum("ri,ri->r", turned, across), np.finfo(float).tiny)
    back = np.linalg.inv(triangle)
    middle = (least + size * turned) @ back.T
    spread = size * np.sqrt(np.einsum("ji,rik,jk->rj", back, inverse, back) * (left / spare)[:, None])
    fit = 0.5 * np.log1p(-(correlations**2)) - 0.5 * np.linalg.slogdet(inside)[1] - spare / 2 * np.log(left)
    weight = np.exp(fit - fit.max())
    weight /= weight.sum()
    return {
        name: _estimate(_Mixture(middle[:, place], spread[:, place], weight, spare), n, level)
        for name, place in coefficients.items()
    }


def _moments(columns: Numbers, correlations: Numbers) -> Numbers:
    """Z'Z of the columns after each is rid of its neighbour's share, for every correlation."""
    now, before, first = columns[1:], columns[:-1], columns[:1]
    crossed = now.T @ before
    r = correlations[:, None, None]
    return now.T @ now - r * (crossed + crossed.T) + r**2 * (before.T @ before) + (1 - r**2) * (first.T @ first)


def _estimate(found: _Mixture, n: int, level: float) -> Estimate:
    return Estimate(
        value=found.mean,
        low=found.quantile((1 - level) / 2),
        high=found.quantile((1 + level) / 2),
        n=n,
        method=Method.AUTOREGRESSIVE,
        level=level,
        standard_error=found.error,
    )

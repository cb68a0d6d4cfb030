"""Estimates with their intervals: shares (Wilson 1927; Clopper & Pearson 1934), their difference (Newcombe 1998,
method 10), means (Student's t)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite, sqrt

import numpy as np
from scipy.special import betaincinv, ndtri, stdtrit

from .errors import ImpossibleFigures, NotEnough

LEVEL = 0.95


class Method(StrEnum):
    """How an interval was made. The value is what documents carry."""

    WILSON = "wilson"
    EXACT = "clopper_pearson"
    NEWCOMBE = "newcombe"
    STUDENT = "student_t"
    KAPLAN_MEIER = "kaplan_meier_log_log"
    KAPLAN_MEIER_LOG = "kaplan_meier_log"
    BEGG_GREENES = "begg_greenes"
    BEGG_GREENES_RECOVERED = "begg_greenes_recovered"
    NORMAL = "normal"
    MIXED_MODEL = "mixed_model_reml"
    WALD_ON_LOG = "wald_on_log"
    PROFILE = "profile_likelihood"
    BCA = "bca_bootstrap"
    CHAO = "chao_log_normal"
    AUTOREGRESSIVE = "zellner_tiao"
    MANTEL_HAENSZEL = "mantel_haenszel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number that was estimated from n, between two limits. A limit of None is not reached by the data."""

    value: float
    low: float | None
    high: float | None
    n: int
    method: Method
    level: float = LEVEL
    standard_error: float | None = None


def z_of(level: float) -> float:
    """How many standard errors from the middle a normal interval of this level reaches: 1.96 for 0.95."""
    return float(ndtri((1 + level) / 2))


def wilson(events: int, n: int, *, level: float = LEVEL) -> Estimate:
    """Share of n with Wilson's score interval: the default, because it stays sound for small n and near 0 and 1."""
    return _share(events, n, level, Method.WILSON)


def exact(events: int, n: int, *, level: float = LEVEL) -> Estimate:
    """Share of n with the exact interval of Clopper and Pearson: never too short, mostly too long."""
    return _share(events, n, level, Method.EXACT)


def difference(events_a: int, n_a: int, events_b: int, n_b: int, *, level: float = LEVEL) -> Estimate:
    """Share of a minus share of b, two separate groups, by Newcombe's hybrid of two Wilson intervals. n is both."""
    a, b = wilson(events_a, n_a, level=level), wilson(events_b, n_b, level=level)
    assert a.low is not None and a.high is not None and b.low is not None and b.high is not None  # noqa: S101, PT018
    value = a.value - b.value
    return Estimate(
        value=value,
        low=value - sqrt((a.value - a.low) ** 2 + (b.high - b.value) ** 2),
        high=value + sqrt((a.high - a.value) ** 2 + (b.value - b.low) ** 2),
        n=n_a + n_b,
        method=Method.NEWCOMBE,
        level=level,
        standard_error=sqrt(a.value * (1 - a.value) / n_a + b.value * (1 - b.value) / n_b),
    )


def mean(values: Sequence[float], *, level: float = LEVEL) -> Estimate:
    """Mean with Student's interval; without one where all values are the same, which says nothing of how others vary.

    Raises NotEnough below two values.
    """
    if len(values) < 2:
        raise NotEnough("A mean with an interval needs at least two values.", hint=f"There are {len(values)}.")
    found = np.asarray(values, dtype=float)
    if not np.isfinite(found).all():
        raise ImpossibleFigures("A value is missing or infinite.", hint="Leave missing values out and say how many.")
    centre, error = float(found.mean()), float(found.std(ddof=1)) / sqrt(len(found))
    reach = float(stdtrit(len(found) - 1, (1 + level) / 2)) * error
    varies = float(np.ptp(found)) > 0
    return Estimate(
        value=centre,
        low=centre - reach if varies else None,
        high=centre + reach if varies else None,
        n=len(found),
        method=Method.STUDENT,
        level=level,
        standard_error=error if varies else None,
    )


def _share(events: int, n: int, level: float, method: Method) -> Estimate:
    if n < 1:
        raise NotEnough("A share needs at least one person.", hint="There is nobody to take a share of.")
    if not 0 <= events <= n:
        raise ImpossibleFigures(f"{events} of {n} is not a share.", hint="Count each person once.")
    if not (isfinite(level) and 0 < level < 1):
        raise ImpossibleFigures(f"{level} is not a level of confidence.", hint="Write 95 % as 0.95.")
    low, high = _score(events, n, level) if method is Method.WILSON else _tails(events, n, level)
    share = events / n
    return Estimate(
        value=share,
        low=min(low, share),
        high=max(high, share),
        n=n,
        method=method,
        level=level,
        standard_error=sqrt(share * (1 - share) / n),
    )


def _score(events: int, n: int, level: float) -> tuple[float, float]:
    """Wilson's limits. Written out: thousands of shares are shown in one document."""
    z = z_of(level)
    centre = (events + z**2 / 2) / (n + z**2)
    reach = z / (n + z**2) * sqrt(events * (n - events) / n + z**2 / 4)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def _tails(events: int, n: int, level: float) -> tuple[float, float]:
    """The limits of Clopper and Pearson."""
    low = float(betaincinv(events, n - events + 1, (1 - level) / 2)) if events else 0.0
    high = float(betaincinv(events + 1, n - events, (1 + level) / 2)) if events < n else 1.0
    return low, high

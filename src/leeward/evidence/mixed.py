"""Scores of the same people over several visits: a linear mixed model (Laird & Ware 1982), fitted from cross-products.

y = Xβ + b_client (+ c_client · time) + e, by restricted maximum likelihood (Patterson & Thompson 1971). Somebody who
missed visits counts with those that they came to, which is right if missing depends on what was seen (missing at
random). All that the likelihood needs of the people with the same visits is their number and the cross-products of
their design and scores, so that an evaluation costs the same for a hundred people and for a million. That is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from .errors import ImpossibleFigures, NotEnough
from .intervals import LEVEL, Estimate, Method, z_of

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]

_LEAST_CLIENTS, _ADVISED_CLIENTS = 5, 30
_SMALLEST_RATIO, _LARGEST_RATIO = 1e-8, 1e8


@dataclass(frozen=True, slots=True)
class Design:
    """The fixed part: a column of numbers for each effect, a row for each score."""

    names: tuple[str, ...]
    columns: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedModel:
    """The effects, and how scores vary between people and within them."""

    effects: Mapping[str, Estimate]
    between: float
    slope_variance: float | None
    covariance: float | None
    within: float
    log_likelihood: float
    clients: int
    scores: int
    left_out: int
    #: For each set of visits, by place from 0, how many people came to just these.
    patterns: Mapping[tuple[int, ...], int]
    warnings: tuple[str, ...]

    @property
    def intraclass_correlation(self) -> float:
        """The share of the variance that lies between people (at time 0, with a random slope)."""
        return self.between / (self.between + self.within)


def by_visit(visit: Sequence[int] | Codes, group: Sequence[int] | Codes | None = None) -> Design:
    """Each visit against the first; with a `group` of 0 and 1 also the group's own change at each visit.

    `change_2` is the difference from the first visit (0) to visit 2, `extra_2` how much more it is in group 1.
    """
    codes = np.asarray(visit, dtype=np.int64)
    later = range(1, int(codes.max(initial=0)) + 1)
    names, columns = ["first"], [np.ones(codes.size)]
    for number in later:
        names.append(f"change_{number}")
        columns.append((codes == number).astype(float))
    if group is not None:
        member = np.asarray(group, dtype=float)
        names += ["group", *(f"extra_{number}" for number in later)]
        columns += [member, *(member * (codes == number) for number in later)]
    return Design(tuple(names), np.column_stack(columns))


def mixed_model(
    client: Sequence[int] | Codes,
    visit: Sequence[int] | Codes,
    score: Sequence[float] | Numbers,
    design: Design,
    *,
    slope_over: Sequence[float] | None = None,
    level: float = LEVEL,
) -> MixedModel:
    """Fit by REML, with an intercept of each client and, if `slope_over` gives the time of each visit, a slope.

    Missing scores (NaN) are left out and counted. Limits are normal, as statsmodels and lme4 have them: too short for
    few people. Raises NotEnough below 5 people or if nobody came twice; ImpossibleFigures for a visit counted twice.
    """
    who, when, y, x, left_out = _checked(client, visit, score, design)
    products, patterns = _products(who, when, np.column_stack([x, y]))
    times = None if slope_over is None else np.asarray(slope_over, dtype=float)
    if times is not None and (len(times) <= when.max() or not np.isfinite(times).all()):
        raise ImpossibleFigures("A visit has no time.", hint="Give the time of every visit, in order.")
    restricted = _Restricted(products, len(y), x.shape[1])
    covariance = _between(restricted, times)
    beta, inverse, within, criterion = restricted.solve(covariance)
    clients = sum(patterns.values())
    z = z_of(level)
    errors = np.sqrt(within * np.diag(inverse))
    effects = {
        name: Estimate(
            value=float(b),
            low=float(b - z * error),
            high=float(b + z * error),
            n=clients,
            method=Method.MIXED_MODEL,
            level=level,
            standard_error=float(error),
        )
        for name, b, error in zip(design.names, beta, errors, strict=True)
    }
    warnings = []
    if clients < _ADVISED_CLIENTS:
        warnings.append(f"{clients} people: below {_ADVISED_CLIENTS} the intervals are too short.")
    between = covariance.of_intercept * within
    if between < 1e-6 * within:
        warnings.append("People do not differ beyond what one score varies: their variance was estimated as zero.")
    return MixedModel(
        effects=effects,
        between=between,
        slope_variance=None if times is None else covariance.matrix[1, 1] * within,
        covariance=None if times is None else covariance.matrix[0, 1] * within,
        within=within,
        log_likelihood=-criterion / 2,
        clients=clients,
        scores=len(y),
        left_out=left_out,
        patterns=patterns,
        warnings=tuple(warnings),
    )


def _checked(
    client: Sequence[int] | Codes, visit: Sequence[int] | Codes, score: Sequence[float] | Numbers, design: Design
) -> tuple[Codes, Codes, Numbers, Numbers, int]:
    who, when = np.asarray(client, dtype=np.int64), np.asarray(visit, dtype=np.int64)
    y, x = np.asarray(score, dtype=float), design.columns
    if not len(who) == len(when) == len(y) == len(x):
        raise ImpossibleFigures("Clients, visits, scores and design differ in number.", hint="One of each for a score.")
    if not np.isfinite(x).all() or np.isinf(y).any():
        raise ImpossibleFigures("A covariate is missing or a score infinite.", hint="Leave such rows out, and say so.")
    if (when < 0).any() or when.max(initial=0) > 60:
        raise ImpossibleFigures("A visit is below 0 or above 60.", hint="Number the visits from 0.")
    kept = ~np.isnan(y)
    who, when, y, x = who[kept], when[kept], y[kept], x[kept]
    order = np.lexsort([when, who])
    who, when, y, x = who[order], when[order], y[order], x[order]
    same = who[1:] == who[:-1]
    if (same & (when[1:] == when[:-1])).any():
        raise ImpossibleFigures("Somebody has two scores for one visit.", hint="Decide which counts, and keep that.")
    people = int(len(who) and 1 + (~same).sum())
    if people < _LEAST_CLIENTS or not same.any():
        raise NotEnough(
            f"{people} people have a score, and {'some' if same.any() else 'none'} have two.",
            hint=f"It needs {_LEAST_CLIENTS} people or more who came twice or more.",
        )
    if np.ptp(y) == 0:
        raise NotEnough("All scores are the same.", hint="It needs scores that differ.")
    if np.linalg.matrix_rank(x) < x.shape[1] or len(y) <= x.shape[1] + 1:
        raise NotEnough("The effects can't be told apart on these scores.", hint="Leave effects or empty visits out.")
    return who, when, y, x, int((~kept).sum())


@dataclass(frozen=True, slots=True)
class _Products:
    """For all who came equally often, a row for those with the same visits: how many, which visits, and Σ z_s z_t' for
    each two visits, one below the other."""

    people: Codes
    visits: Codes
    crossed: Numbers


def _products(who: Codes, when: Codes, z: Numbers) -> tuple[list[_Products], dict[tuple[int, ...], int]]:
    begins = np.flatnonzero(np.append(True, who[1:] != who[:-1]))
    masks = np.add.reduceat(np.left_shift(np.int64(1), when), begins)
    width = z.shape[1]
    patterns = dict[tuple[int, ...], int]()
    crossed = dict[int, list[Numbers]]()
    for mask in np.unique(masks):
        visits = tuple(number for number in range(int(mask).bit_length()) if int(mask) >> number & 1)
        size = len(visits)
        rows = begins[masks == mask][:, None] + np.arange(size)
        wide = z[rows].reshape(len(rows), -1)
        both = (wide.T @ wide).reshape(size, width, size, width).swapaxes(1, 2)
        crossed.setdefault(size, []).append(both.reshape(size * size, width * width))
        patterns[visits] = len(rows)
    alike = {size: [visits for visits in patterns if len(visits) == size] for size in crossed}
    found = [
        _Products(
            np.array([patterns[visits] for visits in alike[size]]), np.array(alike[size]), np.concatenate(crossed[size])
        )
        for size in crossed
    ]
    return found, patterns


@dataclass(frozen=True, slots=True)
class _Between:
    """The covariance of what people have of their own, in units of the variance within them."""

    matrix: Numbers
    times: Numbers | None

    @property
    def of_intercept(self) -> float:
        return float(self.matrix[0, 0])

    def of(self, visits: Codes) -> Numbers:
        """The covariance of one person's scores at the visits of each row."""
        own = np.ones((*visits.shape, 1))
        if self.times is not None:
            own = np.concatenate([own, self.times[visits][:, :, None]], axis=2)
        return np.asarray(np.eye(visits.shape[1]) + own @ self.matrix @ own.swapaxes(1, 2))


class _Restricted:
    """Minus twice the restricted log-likelihood, with β and the variance within people profiled out."""

    def __init__(self, products: Sequence[_Products], scores: int, effects: int) -> None:
        self._products = products
        self._effects = effects
        self._freedom = scores - effects

    def solve(self, between: _Between) -> tuple[Numbers, Numbers, float, float]:
        """β, (X'V⁻¹X)⁻¹, the variance within people, and the criterion."""
        size = self._effects + 1
        total, determinant = np.zeros((size, size)), 0.0
        for each in self._products:
            covariance = between.of(each.visits)
            total += (np.linalg.inv(covariance).ravel() @ each.crossed).reshape(size, size)
            determinant += float(each.people @ np.linalg.slogdet(covariance)[1])
        fixed, cross = total[:-1, :-1], total[:-1, -1]
        beta: Numbers = np.linalg.solve(fixed, cross).astype(np.float64)
        within = float(total[-1, -1] - cross @ beta) / self._freedom
        if not within > 0:
            raise NotEnough("The model explains every score exactly.", hint="It needs scores that vary within people.")
        criterion = self._freedom * (log(2 * np.pi * within) + 1) + determinant + float(np.linalg.slogdet(fixed)[1])
        return beta, np.linalg.inv(fixed).astype(np.float64), within, criterion

    def criterion(self, between: _Between) -> float:
        return self.solve(between)[3]


def _between(restricted: _Restricted, times: Numbers | None) -> _Between:
    """The most likely covariance between people."""

    def intercepts(ratio: float) -> _Between:
        return _Between(np.array([[ratio]]), None)

    best = minimize_scalar(
        lambda at: restricted.criterion(intercepts(exp(at))),
        bounds=(log(_SMALLEST_RATIO), log(_LARGEST_RATIO)),
        method="bounded",
        options={"xatol": 1e-9},
    )
    ratio = exp(float(best.x))
    if restricted.criterion(intercepts(0.0)) <= float(best.fun):
        ratio = 0.0
    if times is None:
        return intercepts(ratio)
    spread = max(float(np.ptp(times)), 1e-12)

    def slopes(root: Numbers) -> _Between:
        lower = np.array([[root[0], 0.0], [root[1] / spread, root[2] / spread]])
        return _Between(lower @ lower.T, times)

    start: Numbers = np.array([sqrt(max(ratio, 1e-4)), 0.0, sqrt(max(ratio, 1e-4)) / 2])

    def criterion(root: Numbers) -> float:
        return restricted.criterion(slopes(root))

    rough = minimize(criterion, start, method="Nelder-Mead", tol=1e-8)
    return slopes(np.asarray(rough.x))

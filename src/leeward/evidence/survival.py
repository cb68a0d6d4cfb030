"""Time until something happens, when for some people it has not happened yet (Kaplan & Meier 1958).

Greenwood's variance (1926); intervals on the log-log scale, or on the log scale as R has them; a quantile's interval
holds the times at which the interval of the curve contains it (Brookmeyer & Crowley 1982). Restricted means by the area
under the curve; log-rank by Mantel (1966); with competing events cumulative incidence by Aalen & Johansen (1978).
Somebody who is censored at a time was still at risk at it. Censoring must have nothing to do with what would come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from .choices import Scale
from .errors import ImpossibleFigures, NotEnough
from .intervals import LEVEL, Estimate, Method, z_of

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]

CENSORED, EVENT = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The share to whom it has not happened yet, as a step function of time, starting at time 0."""

    times: Numbers
    surviving: Numbers
    low: Numbers
    high: Numbers
    standard_error: Numbers
    at_risk: Numbers
    happened: Numbers
    n: int
    events: int
    level: float
    scale: Scale = Scale.LOG_LOG

    def at(self, time: float) -> Estimate:
        """The share to whom it has not happened by then."""
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        return self.point(place)

    def point(self, place: int) -> Estimate:
        """The share at a time of the curve, by its place among the times."""
        return self._estimate(
            float(self.surviving[place]),
            float(self.low[place]),
            float(self.high[place]),
            float(self.standard_error[place]),
        )

    def quantile(self, share: float) -> Estimate | None:
        """The time by which it has happened to this share; None if the data do not reach that far."""
        left = 1 - share
        value = self._first(self.surviving, left)
        if value is None:
            return None
        return self._estimate(value, *self.limits(share))

    def limits(self, share: float) -> tuple[float | None, float | None]:
        """Between which times it has happened to this share, told even where the curve itself does not reach it."""
        return self._first(self.low, 1 - share), self._first(self.high, 1 - share)

    @property
    def median(self) -> Estimate | None:
        return self.quantile(0.5)

    def restricted_mean(self, until: float) -> Estimate:
        """The mean time, of which what lies beyond `until` counts as `until`: the area under the curve.

        Variance: Σ A(t)² d / (r (r − d)), A(t) being the area from t to the end; none where that is zero, as for one
        person, because so few say nothing of how others vary. Beyond the last time that anybody was
        watched the curve is drawn on level, which is a guess unless it is zero.
        """
        if not until > 0:
            raise ImpossibleFigures(f"A mean up to {until} has no meaning.", hint="Choose a time above zero.")
        inside = self.times < until
        edges = np.append(self.times[inside], until)
        pieces = self.surviving[inside] * np.diff(edges)
        beyond = np.append(np.cumsum(pieces[::-1])[::-1], 0.0)[1:]
        risk, happened = self.at_risk[inside], self.happened[inside]
        left = risk - happened
        counted = (happened > 0) & (left > 0)
        area = beyond + pieces
        terms = area[counted] ** 2 * happened[counted] / (risk[counted] * left[counted])
        value, error = float(pieces.sum()), sqrt(float(terms.sum()))
        reach = z_of(self.level) * error
        return Estimate(
            value=value,
            low=max(value - reach, 0.0) if error else None,
            high=min(value + reach, until) if error else None,
            n=self.n,
            method=Method.NORMAL,
            level=self.level,
            standard_error=error or None,
        )

    def _first(self, heights: Numbers, left: float) -> float | None:
        below = np.flatnonzero(heights <= left + 1e-12)
        return float(self.times[below[0]]) if below.size else None

    def _estimate(self, value: float, low: float | None, high: float | None, error: float | None = None) -> Estimate:
        return Estimate(
            value=value,
            low=low,
            high=high,
            n=self.n,
            method=Method.KAPLAN_MEIER if self.scale is Scale.LOG_LOG else Method.KAPLAN_MEIER_LOG,
            level=self.level,
            standard_error=error,
        )


@dataclass(frozen=True, slots=True)
class LogRank:
    """Whether the groups' curves differ: χ², with what was observed and expected in each."""

    chi_square: float
    df: int
    p_value: float
    observed: tuple[float, ...]
    expected: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidence:
    """The share to whom one of several competing things has happened, as a step function of time."""

    cause: int
    times: Numbers
    share: Numbers
    low: Numbers
    high: Numbers
    standard_error: Numbers
    n: int
    events: int
    level: float


def kaplan_meier(
    durations: Sequence[float] | Numbers,
    happened: Sequence[bool] | NDArray[np.bool_],
    *,
    level: float = LEVEL,
    scale: Scale = Scale.LOG_LOG,
) -> Curve:
    """The curve of these durations; where `happened` is False the person was only watched for so long.

    Raises NotEnough without anybody, ImpossibleFigures for a negative or missing duration.
    """
    waited, seen = _checked(durations, np.asarray(happened, dtype=bool))
    times, at_risk, (events,) = _table(waited, [seen])
    with np.errstate(divide="ignore", invalid="ignore"):
        surviving: Numbers = np.cumprod((at_risk - events) / at_risk, dtype=np.float64)
        greenwood = np.cumsum(np.where(events > 0, events / (at_risk * (at_risk - events)), 0.0))
        spread = np.sqrt(greenwood)
        low, high = _band(surviving, spread, z_of(level), scale)
        error = np.where(surviving > 0, surviving * spread, 0.0)
    return Curve(
        times=times,
        surviving=surviving,
        low=low,
        high=high,
        standard_error=error,
        at_risk=at_risk,
        happened=events,
        n=int(waited.size),
        events=int(seen.sum()),
        level=level,
        scale=scale,
    )


def log_rank(groups: Sequence[tuple[Sequence[float] | Numbers, Sequence[bool] | NDArray[np.bool_]]]) -> LogRank:
    """Whether it happens at the same pace in all groups, each given as durations and events.

    Raises NotEnough with fewer than two groups, or without any event.
    """
    if len(groups) < 2:
        raise NotEnough("A comparison needs two groups.", hint="There is one.")
    checked = [_checked(durations, np.asarray(happened, dtype=bool)) for durations, happened in groups]
    waited = np.concatenate([each for each, _ in checked])
    seen = np.concatenate([each for _, each in checked])
    if not seen.any():
        raise NotEnough("It has happened to nobody yet.", hint="A comparison needs events.")
    times = np.unique(waited[seen])
    risk = np.array([each.size - np.searchsorted(np.sort(each), times) for each, _ in checked], dtype=float)
    events = np.array([np.bincount(np.searchsorted(times, each[on]), minlength=times.size) for each, on in checked])
    all_risk, all_events = risk.sum(axis=0), events.sum(axis=0)
    expected = (risk * all_events / all_risk).sum(axis=1)
    factor = np.where(all_risk > 1, all_events * (all_risk - all_events) / np.maximum(all_risk - 1, 1), 0.0)
    share = risk / all_risk
    variance = np.diag((share * factor).sum(axis=1)) - (share * factor) @ share.T
    observed = events.sum(axis=1).astype(float)
    excess = (observed - expected)[:-1]
    chi_square = float(excess @ np.linalg.pinv(variance[:-1, :-1]) @ excess)
    df = len(groups) - 1
    return LogRank(chi_square, df, float(chdtrc(df, chi_square)), tuple(observed), tuple(expected))


def aalen_johansen(
    durations: Sequence[float] | Numbers, causes: Sequence[int] | Codes, *, level: float = LEVEL
) -> tuple[Incidence, ...]:
    """The cumulative incidence of each cause; 0 is censored, other codes are the causes, of which one ends the watch.

    Unlike one minus Kaplan–Meier it does not pretend that somebody who died could still come back. Variance by the
    delta method (Marubini & Valsecchi 1995), limits on the log-log scale. Raises NotEnough without any event.
    """
    codes = np.asarray(causes, dtype=np.int64)
    waited, seen = _checked(durations, codes != CENSORED)
    kinds = np.unique(codes[seen])
    if not kinds.size:
        raise NotEnough("Nothing has happened to anybody yet.", hint="Cumulative incidence needs events.")
    times, risk, counts = _table(waited, [codes == kind for kind in kinds])
    every = np.sum(counts, axis=0)
    surviving = np.cumprod((risk - every) / risk)
    before = np.append(1.0, surviving[:-1])
    z = z_of(level)
    found = []
    for kind, events in zip(kinds, counts, strict=True):
        share = np.cumsum(before * events / risk)
        share[share > 1 - 1e-12] = 1.0  # of sums of fractions
        error = np.sqrt(_incidence_variance(share, before, risk, every, events))
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = z * error / (share * np.log(share))
            low, high = share ** np.exp(-reach), share ** np.exp(reach)
        if (share >= 1).any():  # once it has happened to all, the last lower limit still holds
            last = int(np.flatnonzero(share >= 1)[0])
            low[last:], high[last:] = low[last - 1] if last and share[last - 1] > 0 else 0.0, 1.0
        found.append(
            Incidence(
                cause=int(kind),
                times=times,
                share=share,
                low=np.where(share > 0, low, 0.0),
                high=np.where(share > 0, high, 0.0),
                standard_error=error,
                n=int(waited.size),
                events=int(events.sum()),
                level=level,
            )
        )
    return tuple(found)


def _incidence_variance(share: Numbers, before: Numbers, risk: Numbers, every: Numbers, events: Numbers) -> Numbers:
    """Σ (I(t) − I(s))² d/(r(r−d)) + Σ S(s−)² (r−d_k)d_k/r³ − 2 Σ (I(t) − I(s)) S(s−) d_k/r², by running sums."""
    left = risk - every
    first = np.where((every > 0) & (left > 0), every / (risk * np.where(left > 0, left, 1.0)), 0.0)
    second = before**2 * (risk - events) * events / risk**3
    third = before * events / risk**2
    a, b, c = np.cumsum(first), np.cumsum(first * share), np.cumsum(first * share**2)
    d, e, f = np.cumsum(second), np.cumsum(third), np.cumsum(third * share)
    return np.asarray(np.maximum(share**2 * a - 2 * share * b + c + d - 2 * (share * e - f), 0.0))


def _checked(durations: Sequence[float] | Numbers, seen: NDArray[np.bool_]) -> tuple[Numbers, NDArray[np.bool_]]:
    waited = np.asarray(durations, dtype=float)
    if waited.shape != seen.shape:
        raise ImpossibleFigures("Durations and events differ in number.", hint="Give one of each for everybody.")
    if waited.size == 0:
        raise NotEnough("There is nobody whose time could be measured.", hint="It needs at least one person.")
    if not np.isfinite(waited).all() or (waited < 0).any():
        raise ImpossibleFigures("A duration is negative or missing.", hint="Check the times; count from the start.")
    return waited, seen


def _table(waited: Numbers, happened: Sequence[NDArray[np.bool_]]) -> tuple[Numbers, Numbers, list[Numbers]]:
    """Each time from 0 on, how many are at risk at it, and how many events of each kind there are."""
    times, ends, counts = (_counted if _are_days(waited) else _sorted)(waited, happened)
    at_risk = waited.size - np.append(0.0, np.cumsum(ends)[:-1])
    if times[0] > 0:
        times, at_risk = np.append(0.0, times), np.append(float(waited.size), at_risk)
        counts = [np.append(0.0, each) for each in counts]
    return times, at_risk, counts


def _are_days(waited: Numbers) -> bool:
    """Whether these are whole numbers, none larger than there are people."""
    return bool(waited.max() <= waited.size and (waited == np.floor(waited)).all())


def _counted(waited: Numbers, happened: Sequence[NDArray[np.bool_]]) -> tuple[Numbers, Numbers, list[Numbers]]:
    """Each time, how many ends there are at it, and how many events of each kind: of days, without sorting people."""
    days = waited.astype(np.int64)
    ends = np.bincount(days)
    times = np.flatnonzero(ends)
    counts = [np.bincount(days[each], minlength=ends.size)[times].astype(float) for each in happened]
    return times.astype(float), ends[times].astype(float), counts


def _sorted(waited: Numbers, happened: Sequence[NDArray[np.bool_]]) -> tuple[Numbers, Numbers, list[Numbers]]:
    """The same of any times."""
    order = np.argsort(waited)
    ordered = waited[order]
    begins = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    ends = np.diff(begins, append=ordered.size).astype(float)
    return ordered[begins], ends, [np.add.reduceat(each[order], begins, dtype=float) for each in happened]


def _band(surviving: Numbers, spread: Numbers, z: float, scale: Scale) -> tuple[Numbers, Numbers]:
    """Before the first event nothing varies, and once nobody is left the last upper limit still holds."""
    if scale is Scale.LOG:
        low, high = surviving * np.exp(-z * spread), np.minimum(surviving * np.exp(z * spread), 1.0)
    else:
        reach = np.exp(z * spread / np.log(surviving))
        low, high = surviving ** (1 / reach), surviving**reach
    untouched, gone = surviving >= 1, surviving <= 0
    low = np.where(untouched, 1.0, np.where(gone, 0.0, low))
    high = np.where(untouched, 1.0, high)
    if gone.any():
        last = int(np.flatnonzero(gone)[0])
        high[last:] = high[last - 1] if last else 1.0
    return low, high

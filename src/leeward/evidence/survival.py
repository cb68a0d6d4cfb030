"""Time until something happens, when for some people it has not happened yet (Kaplan & Meier 1958).

Intervals: Greenwood's variance on the log-log scale; a quantile's interval holds the times at which the interval of
the curve contains it (Brookmeyer & Crowley 1982). The fitting is lifelines'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import ImpossibleFigures, NotEnough
from .intervals import LEVEL, Estimate, Method

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The share to whom it has not happened yet, as a step function of time, starting at time 0."""

    times: Numbers
    surviving: Numbers
    low: Numbers
    high: Numbers
    n: int
    events: int
    level: float

    def at(self, time: float) -> Estimate:
        """The share to whom it has not happened by then."""
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        return self._estimate(float(self.surviving[place]), float(self.low[place]), float(self.high[place]))

    def quantile(self, share: float) -> Estimate | None:
        """The time by which it has happened to this share; None if the data do not reach that far."""
        left = 1 - share
        value = self._first(self.surviving, left)
        if value is None:
            return None
        return self._estimate(value, self._first(self.low, left), self._first(self.high, left))

    @property
    def median(self) -> Estimate | None:
        return self.quantile(0.5)

    def _first(self, heights: Numbers, left: float) -> float | None:
        below = np.flatnonzero(heights <= left + 1e-12)
        return float(self.times[below[0]]) if below.size else None

    def _estimate(self, value: float, low: float | None, high: float | None) -> Estimate:
        return Estimate(value=value, low=low, high=high, n=self.n, method=Method.KAPLAN_MEIER, level=self.level)


def kaplan_meier(durations: Sequence[float], happened: Sequence[bool], *, level: float = LEVEL) -> Curve:
    """The curve of these durations; where `happened` is False the person was only watched for so long.

    Raises NotEnough without anybody, ImpossibleFigures for a negative or missing duration.
    """
    waited, seen = np.asarray(durations, dtype=float), np.asarray(happened, dtype=bool)
    if waited.shape != seen.shape:
        raise ImpossibleFigures("Durations and events differ in number.", hint="Give one of each for everybody.")
    if waited.size == 0:
        raise NotEnough("There is nobody whose time could be measured.", hint="It needs at least one person.")
    if not np.isfinite(waited).all() or (waited < 0).any():
        raise ImpossibleFigures("A duration is negative or missing.", hint="Check the times; count from the start.")
    from lifelines import KaplanMeierFitter  # two seconds to import, so only when needed

    fitted = KaplanMeierFitter(alpha=1 - level).fit(waited, seen)
    band = fitted.confidence_interval_
    times = fitted.survival_function_.index.to_numpy(dtype=float)
    surviving = fitted.survival_function_.iloc[:, 0].to_numpy(dtype=float)
    # Before the first event nothing varies, and once nobody is left the last upper limit still holds.
    untouched = surviving >= 1
    low = np.where(untouched, 1.0, band.iloc[:, 0].fillna(0.0).to_numpy(dtype=float))
    high = band.iloc[:, 1].mask(untouched, 1.0).ffill().to_numpy(dtype=float)
    return Curve(
        times=times,
        surviving=surviving,
        low=low,
        high=high,
        n=int(waited.size),
        events=int(seen.sum()),
        level=level,
    )

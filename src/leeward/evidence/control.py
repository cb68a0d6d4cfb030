"""Control charts: whether a process changed, or only varies as it always has (Shewhart 1931; Montgomery 2009).

Centre and limits come from a baseline, by default all points; the rules are read on every point. Run rules by the
Western Electric handbook (1956) and Nelson (1984); longest run and crossings by Anhøj & Olesen (2014); Laney (2002)
for shares and rates of large groups, which vary more than chance alone; XmR by Wheeler (2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import isfinite, log2

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from .choices import Kind
from .errors import ImpossibleFigures, NotEnough
from .wording import counted

Numbers = NDArray[np.float64]

#: Mean absolute difference of two neighbours, in standard deviations; and the two constants that Wheeler prints.
_D2, _X_REACH, _MR_REACH = 1.128, 2.66, 3.267
_LEAST, _ADVISED = 3, 12
#: Rises or falls in a row that are a trend: seven points.
_CHANGES = 6


class Rule(StrEnum):
    """What makes a point a signal."""

    BEYOND_LIMITS = "beyond_limits"
    RUN = "run_on_one_side"
    TREND = "trend"
    TWO_OF_THREE = "two_of_three_beyond_2_sigma"
    FOUR_OF_FIVE = "four_of_five_beyond_1_sigma"
    MOVING_RANGE = "moving_range_beyond_limit"


@dataclass(frozen=True, slots=True)
class Signal:
    """A rule that is met at `position` (from 1) and until `last`; the points that meet it begin at `first`."""

    position: int
    rule: Rule
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Runs:
    """Anhøj's two rules over the points that are not on the centre line."""

    useful: int
    longest: int
    longest_allowed: int
    crossings: int
    crossings_needed: int

    @property
    def is_signal(self) -> bool:
        return self.longest > self.longest_allowed or self.crossings < self.crossings_needed


@dataclass(frozen=True, slots=True)
class MovingRange:
    """The chart of the differences between neighbours, which belongs to every XmR chart."""

    values: Numbers
    centre: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Values with their limits, one of each for every point; NaN where a group had nobody in it."""

    kind: Kind
    values: Numbers
    centre: float
    lower: Numbers
    upper: Numbers
    baseline: int
    signals: tuple[Signal, ...]
    runs: Runs
    run_length: int
    moving_range: MovingRange | None
    laney: float | None
    warnings: tuple[str, ...]


def chart(
    kind: Kind,
    values: Sequence[float],
    sizes: Sequence[float] | None = None,
    *,
    baseline: int | None = None,
    run_length: int = 8,
    laney: bool = False,
) -> Chart:
    """The chart of these points, in order of time.

    `values` are counts of events for p, u and c, measurements for XmR; `sizes` the group of each for p and u. With a
    `baseline` the first so many points give centre and limits, and the others are judged by them. `laney` widens the
    limits of p and u by the spread that the baseline shows beyond chance. Raises NotEnough, ImpossibleFigures.
    """
    x = np.asarray(values, dtype=float)
    n = _sizes(kind, x, sizes)
    first = len(x) if baseline is None else baseline
    _check(kind, x, n, first, run_length)
    if laney and kind not in (Kind.P, Kind.U):
        raise ImpossibleFigures(f"Laney's correction is not for a chart of kind {kind}.", hint="Use it with p or u.")
    warnings: list[str] = []
    if first < _ADVISED:
        warnings.append(f"Limits rest on {first} points; {_ADVISED} or more are advised before they are frozen.")
    with np.errstate(invalid="ignore", divide="ignore"):
        y = x / n if kind in (Kind.P, Kind.U) else x
    base = slice(0, first)
    moving = None
    if kind is Kind.XMR:
        moving = _moving_range(y, first)
        centre = float(y[base].mean())
        sigma = np.full(len(y), _X_REACH * moving.centre / 3)
    else:
        centre = float(x[base].sum() / n[base].sum())
        sigma = _sigma(kind, centre, n)
        _warn_of_few(kind, centre, n, warnings)
    excess = _laney(y[base], centre, sigma[base]) if laney else None
    if excess is not None:
        sigma = sigma * excess
        if excess < 1:
            warnings.append(
                f"Laney's factor is {excess:.2f}: neighbours differ less than chance alone has them, so the limits are "
                "narrower than without --laney."
            )
    lower, upper = centre - 3 * sigma, centre + 3 * sigma
    if kind is not Kind.XMR:
        lower = np.maximum(lower, 0.0)
    if kind is Kind.P:
        upper = np.minimum(upper, 1.0)
    with np.errstate(invalid="ignore"):
        signals = _signals(y, (y - centre) / sigma, run_length)
    if moving is not None:
        beyond = np.flatnonzero(moving.values > moving.upper) + 2
        signals += [Signal(int(at), Rule.MOVING_RANGE, int(at) - 1, int(at)) for at in beyond]
    if empty := int(np.isnan(y).sum()):
        who = counted(empty, "point, with nobody in the group, is", "points, with nobody in the group, are")
        warnings.append(f"{who} left out.")
    return Chart(
        kind=kind,
        values=y,
        centre=centre,
        lower=lower,
        upper=upper,
        baseline=first,
        signals=tuple(sorted(signals, key=lambda signal: (signal.position, signal.rule))),
        runs=_runs(y, centre),
        run_length=run_length,
        moving_range=moving,
        laney=excess,
        warnings=tuple(warnings),
    )


def _sizes(kind: Kind, x: Numbers, sizes: Sequence[float] | None) -> Numbers:
    if kind in (Kind.P, Kind.U):
        if sizes is None:
            raise ImpossibleFigures(f"A chart of kind {kind} needs the size of each group.", hint="Name their column.")
        n = np.asarray(sizes, dtype=float)
        if n.shape != x.shape:
            raise ImpossibleFigures("Values and sizes differ in number.", hint="Give one of each for every point.")
        return n
    if sizes is not None:
        raise ImpossibleFigures(f"A chart of kind {kind} has no sizes.", hint="Leave them out, or choose p or u.")
    return np.ones_like(x)


def _check(kind: Kind, x: Numbers, n: Numbers, first: int, run_length: int) -> None:
    if len(x) < _LEAST:
        raise NotEnough(
            f"A control chart of {counted(len(x), 'point', 'points')} shows nothing.",
            hint=f"It needs {_LEAST}, and {_ADVISED} to be sound.",
        )
    if not _LEAST <= first <= len(x):
        raise NotEnough(
            f"A baseline of {counted(first, 'point', 'points')} can't be had from {len(x)}.",
            hint=f"Choose from {_LEAST} to {len(x)}.",
        )
    if not 6 <= run_length <= 12:
        raise ImpossibleFigures(f"A run of {run_length} is no rule.", hint="Usual are 7, 8 and 9.")
    if not (np.isfinite(x).all() and np.isfinite(n).all()):
        raise ImpossibleFigures("A value is missing.", hint="Leave periods out that were not measured, and say so.")
    if kind is not Kind.XMR:
        if (x < 0).any() or (x != np.round(x)).any():
            raise ImpossibleFigures("A count is negative or not whole.", hint="Counts are 0, 1, 2, …")
        if (n < 0).any():
            raise ImpossibleFigures("A size is negative.", hint="Sizes start at zero.")
        if kind is Kind.P and (n != np.round(n)).any():
            raise ImpossibleFigures("A group of people is not whole.", hint="For hours or areas chart a rate: u.")
        if kind is Kind.P and (x > n).any():
            raise ImpossibleFigures(
                "More events than people in a group.", hint="Check the columns, or chart a rate: u."
            )
        if ((n == 0) & (x > 0)).any():
            raise ImpossibleFigures("Events in a group of nobody.", hint="Check the sizes.")
        if n[:first].sum() == 0 or x[:first].sum() == 0:
            raise NotEnough("No event in the baseline: the limits have no width.", hint="It needs events to vary.")
        if kind is Kind.P and x[:first].sum() == n[:first].sum():
            raise NotEnough(
                "Everybody in the baseline had the event: the limits have no width.", hint="Chart the others."
            )
    elif np.ptp(x[:first]) == 0:
        raise NotEnough(
            "All values of the baseline are the same: the limits have no width.", hint="It needs variation."
        )


def _sigma(kind: Kind, centre: float, n: Numbers) -> Numbers:
    variance = centre * (1 - centre) if kind is Kind.P else centre
    return np.sqrt(variance / np.where(n > 0, n, np.nan))


def _warn_of_few(kind: Kind, centre: float, n: Numbers, warnings: list[str]) -> None:
    usual = float(np.median(n[n > 0]))
    without = kind is Kind.P and centre > 0.5
    rarer = (1 - centre if without else centre) * usual
    if rarer < 5:
        what = "people without the event" if without else "events"
        warnings.append(f"About {rarer:.1f} {what} a point are expected; below 5 the limits are rough.")


def _moving_range(y: Numbers, first: int) -> MovingRange:
    ranges = np.abs(np.diff(y))
    centre = float(ranges[: first - 1].mean())
    return MovingRange(ranges, centre, _MR_REACH * centre)


def _laney(y: Numbers, centre: float, sigma: Numbers) -> float:
    """The spread of the standardised points, from their moving ranges."""
    z = (y - centre) / sigma
    z = z[np.isfinite(z)]
    excess = float(np.abs(np.diff(z)).mean() / _D2) if len(z) > 1 else 0.0
    if excess < 1e-9:
        raise NotEnough(
            "Neighbouring points of the baseline do not differ: Laney's limits have no width.",
            hint="Leave --laney out.",
        )
    return excess


def _signals(y: Numbers, z: Numbers, run_length: int) -> list[Signal]:
    valid = np.flatnonzero(np.isfinite(z))
    at = [float(z[place]) for place in valid]
    found = [
        Signal(int(place) + 1, Rule.BEYOND_LIMITS, int(place) + 1, int(place) + 1)
        for place in valid
        if abs(z[place]) > 3
    ]
    for side in (1, -1):
        sided = [side * each for each in at]
        off_centre = [(int(place), each > 0) for place, each in zip(valid, sided, strict=True) if each != 0]
        found += _runs_of(Rule.RUN, [place for place, _ in off_centre], [above for _, above in off_centre], run_length)
        found += _among(Rule.TWO_OF_THREE, valid, [each > 2 for each in sided], 2, 3)
        found += _among(Rule.FOUR_OF_FIVE, valid, [each > 1 for each in sided], 4, 5)
        rising = [side * (float(y[b]) - float(y[a])) > 0 for a, b in pairwise(valid)]
        trends = _runs_of(Rule.TREND, list(valid[1:]), rising, _CHANGES)
        found += [Signal(each.position, each.rule, each.first - 1, each.last) for each in trends]
    return found


def _runs_of(rule: Rule, places: Sequence[int], meets: Sequence[bool], length: int) -> list[Signal]:
    """Unbroken rows of points that meet a condition, when they are long enough."""
    found, start = list[Signal](), 0
    for end in range(len(places) + 1):
        if end == len(places) or not meets[end]:
            if end - start >= length:
                position, first, last = places[start + length - 1], places[start], places[end - 1]
                found.append(Signal(int(position) + 1, rule, int(first) + 1, int(last) + 1))
            start = end + 1
    return found


def _among(
    rule: Rule, places: Sequence[int] | NDArray[np.intp], meets: Sequence[bool], needed: int, window: int
) -> list[Signal]:
    """Points that meet a condition while `needed` of the last `window` do. Neighbouring ones are one signal."""
    found = list[Signal]()
    before = -2
    for end in range(len(places)):
        begin = max(0, end - window + 1)
        inside = [place for place in range(begin, end + 1) if meets[place]]
        if meets[end] and len(inside) >= needed:
            here = int(places[end]) + 1
            if before == end - 1:
                found[-1] = Signal(found[-1].position, rule, found[-1].first, here)
            else:
                found.append(Signal(here, rule, int(places[inside[0]]) + 1, here))
            before = end
    return found


def _runs(y: Numbers, centre: float) -> Runs:
    """Longest run > round(log2(n) + 3), or fewer crossings than the 5 % quantile of a fair coin's."""
    sides = [bool(each > centre) for each in y if isfinite(each) and each != centre]
    useful = len(sides)
    changes = sum(a != b for a, b in pairwise(sides))
    longest = length = 0
    for number, side in enumerate(sides):
        length = length + 1 if number and side == sides[number - 1] else 1
        longest = max(longest, length)
    allowed = round(log2(useful) + 3) if useful else 0
    needed = int(np.argmax(bdtr(np.arange(useful), useful - 1, 0.5) >= 0.05)) if useful > 1 else 0
    return Runs(useful, longest, allowed, int(changes), needed)

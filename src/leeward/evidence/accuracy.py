"""How good a screen is when only some of the screened get the long interview (Begg & Greenes 1983).

Those with a positive screen are interviewed more often, so plain sensitivity is too high and specificity too low.
Assumes that who is interviewed depends on the result of the screen alone. Standard errors by the delta method. With
everybody interviewed nothing needs correcting, and the intervals are Wilson's.

Limits by the delta method are what other programs print, and far too short where few negatives were interviewed. Those
that are recovered (Zou & Donner 2008) put Wilson's limits of the two shares of ill people together: on the log odds for
sensitivity and specificity, as a sum for prevalence. The measurement `coverage` tells how both hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

from .choices import Limits
from .errors import ImpossibleFigures, NotEnough
from .intervals import LEVEL, Estimate, Method, wilson, z_of

#: Below so many of a kind among the interviewed the delta method's limits hold the truth in 82 to 92 of 100
#: (docs/reference/coverage.md).
_ENOUGH_FOR_DELTA = 10
_MOST_PEOPLE = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """Everybody who was screened, by the screen's result and, where there was an interview, by what it found."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    unverified_positive: int = 0
    unverified_negative: int = 0

    def __post_init__(self) -> None:
        counts = (
            self.true_positive,
            self.false_positive,
            self.false_negative,
            self.true_negative,
            self.unverified_positive,
            self.unverified_negative,
        )
        if min(counts) < 0:
            raise ImpossibleFigures("A count is negative.", hint="Counts start at zero.")
        if max(counts) > _MOST_PEOPLE:
            raise ImpossibleFigures(
                f"A count is above {_MOST_PEOPLE:,}, more than any screening reaches.", hint="Check the figures."
            )

    @property
    def positive(self) -> int:
        return self.true_positive + self.false_positive + self.unverified_positive

    @property
    def negative(self) -> int:
        return self.false_negative + self.true_negative + self.unverified_negative

    @property
    def everybody(self) -> int:
        return self.positive + self.negative

    @property
    def verified_positive(self) -> int:
        return self.true_positive + self.false_positive

    @property
    def verified_negative(self) -> int:
        return self.false_negative + self.true_negative


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningAccuracy:
    """What the screen is worth. `naive_…` is what would come out if only the interviewed were counted."""

    sensitivity: Estimate
    specificity: Estimate
    ppv: Estimate
    npv: Estimate
    prevalence: Estimate
    naive_sensitivity: Estimate | None
    naive_specificity: Estimate | None
    warnings: tuple[str, ...]


def predictive_value(screened: Screened, *, level: float = LEVEL) -> Estimate:
    """Share of interviewed positives who were right. Needs no interviewed negative. Raises NotEnough."""
    if screened.verified_positive == 0:
        raise NotEnough("Nobody with a positive screen has had the long interview.", hint="It needs at least one.")
    return wilson(screened.true_positive, screened.verified_positive, level=level)


def accuracy(screened: Screened, *, limits: Limits = Limits.DELTA, level: float = LEVEL) -> ScreeningAccuracy:
    """Sensitivity, specificity, predictive values and prevalence, corrected for partial verification.

    `limits` says how the intervals of what is corrected are made.

    Raises NotEnough when nobody with a negative screen, or nobody with a positive one, was interviewed.
    """
    if screened.verified_negative == 0:
        raise NotEnough(
            "Nobody with a negative screen has had the long interview, so missed people can't be estimated.",
            hint="Interview a random share of those with a negative screen.",
        )
    ppv = predictive_value(screened, level=level)
    p1 = ppv.value
    p0 = screened.false_negative / screened.verified_negative
    n1, n0 = screened.positive, screened.negative
    ill, well = n1 * p1 + n0 * p0, n1 * (1 - p1) + n0 * (1 - p0)
    if ill == 0 or well == 0:
        raise NotEnough(
            "All interviewed people turned out alike, so one of sensitivity and specificity has nobody to rest on.",
            hint="It needs people with and without the condition among the interviewed.",
        )
    sensitivity, specificity = n1 * p1 / ill, n0 * (1 - p0) / well
    if screened.everybody == screened.verified_positive + screened.verified_negative:
        return _complete(screened, ppv, level)
    warnings: list[str] = []
    found = {
        "sensitivity": _corrected(sensitivity, screened, p1, p0, level, warnings, "sensitivity", ill_part=True),
        "specificity": _corrected(specificity, screened, p1, p0, level, warnings, "specificity", ill_part=False),
        "prevalence": _prevalence(screened, p1, p0, level),
    }
    fewest = min(screened.true_positive, screened.false_positive, screened.false_negative, screened.true_negative)
    if limits is Limits.RECOVERED:
        warnings = []
        found = _recovered(screened, found, level)
    elif fewest < _ENOUGH_FOR_DELTA:
        warnings.append(
            f"One of the four counts of the interviewed is {fewest}: the delta method's limits are too short for so "
            "few, those of the prevalence too; --interval recovered gives limits that hold."
        )
    return ScreeningAccuracy(
        sensitivity=found["sensitivity"],
        specificity=found["specificity"],
        ppv=ppv,
        npv=wilson(screened.true_negative, screened.verified_negative, level=level),
        prevalence=found["prevalence"],
        naive_sensitivity=_naive(screened.true_positive, screened.false_negative, level),
        naive_specificity=_naive(screened.true_negative, screened.false_positive, level),
        warnings=tuple(warnings),
    )


def _complete(s: Screened, ppv: Estimate, level: float) -> ScreeningAccuracy:
    """Plain shares: everybody was interviewed."""
    sensitivity = wilson(s.true_positive, s.true_positive + s.false_negative, level=level)
    specificity = wilson(s.true_negative, s.true_negative + s.false_positive, level=level)
    return ScreeningAccuracy(
        sensitivity=sensitivity,
        specificity=specificity,
        ppv=ppv,
        npv=wilson(s.true_negative, s.verified_negative, level=level),
        prevalence=wilson(s.true_positive + s.false_negative, s.everybody, level=level),
        naive_sensitivity=sensitivity,
        naive_specificity=specificity,
        warnings=(),
    )


def _corrected(
    value: float, s: Screened, p1: float, p0: float, level: float, warnings: list[str], name: str, *, ill_part: bool
) -> Estimate:
    """Delta-method interval; at the edge, where its error would be zero or undefined, Wilson's on those interviewed."""
    of_positive, of_negative = (p1, p0) if ill_part else (1 - p1, 1 - p0)
    if value in (0.0, 1.0) or of_positive == 0 or of_negative == 0:
        found, against = (s.true_positive, s.false_negative) if ill_part else (s.true_negative, s.false_positive)
        edge = wilson(found, found + against, level=level)
        warnings.append(
            f"The {name} lies at the edge: its interval is Wilson's on the interviewed alone, uncorrected; "
            "--interval recovered corrects it."
        )
        return Estimate(value=value, low=edge.low, high=edge.high, n=s.everybody, method=Method.WILSON, level=level)
    variance = (value * (1 - value)) ** 2 * (
        s.everybody / (s.positive * s.negative)
        + (1 - of_positive) / (of_positive * s.verified_positive)
        + (1 - of_negative) / (of_negative * s.verified_negative)
    )
    return _normal(value, sqrt(variance), s.everybody, level)


def _prevalence(s: Screened, p1: float, p0: float, level: float) -> Estimate:
    share = s.positive / s.everybody
    value = share * p1 + (1 - share) * p0
    variance = (
        share * (1 - share) * (p1 - p0) ** 2 / s.everybody
        + share**2 * p1 * (1 - p1) / s.verified_positive
        + (1 - share) ** 2 * p0 * (1 - p0) / s.verified_negative
    )
    return _normal(value, sqrt(variance), s.everybody, level)


@dataclass(frozen=True, slots=True)
class _Side:
    """People with one result of the screen, and the share of them that is ill, or well, with Wilson's limits."""

    people: int
    share: float
    low: float
    high: float

    @classmethod
    def of(cls, people: int, found: int, interviewed: int, level: float) -> _Side:
        limits = wilson(found, interviewed, level=level)
        return cls(people, limits.value, limits.low or 0.0, 1.0 if limits.high is None else limits.high)


def _recovered(s: Screened, found: dict[str, Estimate], level: float) -> dict[str, Estimate]:
    """The same estimates with limits from Wilson's of the shares that they rest on."""
    z = z_of(level)
    ill_positive = _Side.of(s.positive, s.true_positive, s.verified_positive, level)
    ill_negative = _Side.of(s.negative, s.false_negative, s.verified_negative, level)
    well_positive = _Side.of(s.positive, s.false_positive, s.verified_positive, level)
    well_negative = _Side.of(s.negative, s.true_negative, s.verified_negative, level)
    limits = {
        "sensitivity": _share_of_sides(ill_positive, ill_negative, z),
        "specificity": _share_of_sides(well_negative, well_positive, z),
        "prevalence": _mean_of_sides(ill_positive, ill_negative, z),
    }
    return {
        name: Estimate(
            value=each.value,
            low=min(limits[name][0], each.value),
            high=max(limits[name][1], each.value),
            n=each.n,
            method=Method.BEGG_GREENES_RECOVERED,
            level=level,
            standard_error=each.standard_error,
        )
        for name, each in found.items()
    }


def _share_of_sides(one: _Side, other: _Side, z: float) -> tuple[float, float]:
    """Limits of people·share of one side, as a share of those of both: on the log odds, with the variance of how many
    people are on each side. Where one share is zero its own limit alone decides."""
    if other.share == 0:
        return _logistic(_log_odds(one.people * one.share, other.people * other.high)), 1.0
    if one.share == 0:
        return 0.0, _logistic(_log_odds(one.people * one.high, other.people * other.share))
    middle = _log_odds(one.people * one.share, other.people * other.share)
    sides = z**2 * (one.people + other.people) / (one.people * other.people)
    below = sides + log(one.share / one.low) ** 2 + log(other.high / other.share) ** 2
    above = sides + log(one.high / one.share) ** 2 + log(other.share / other.low) ** 2
    return _logistic(middle - sqrt(below)), _logistic(middle + sqrt(above))


def _mean_of_sides(one: _Side, other: _Side, z: float) -> tuple[float, float]:
    """Limits of the share of both sides together."""
    everybody = one.people + other.people
    weight = one.people / everybody
    value = weight * one.share + (1 - weight) * other.share
    sides = z**2 * weight * (1 - weight) * (one.share - other.share) ** 2 / everybody
    below = sides + (weight * (one.share - one.low)) ** 2 + ((1 - weight) * (other.share - other.low)) ** 2
    above = sides + (weight * (one.high - one.share)) ** 2 + ((1 - weight) * (other.high - other.share)) ** 2
    return max(value - sqrt(below), 0.0), min(value + sqrt(above), 1.0)


def _log_odds(one: float, other: float) -> float:
    return log(one) - log(other)


def _logistic(log_odds: float) -> float:
    return 1 / (1 + exp(-log_odds))


def _normal(value: float, error: float, n: int, level: float) -> Estimate:
    reach = z_of(level) * error
    return Estimate(
        value=value,
        low=max(value - reach, 0.0),
        high=min(value + reach, 1.0),
        n=n,
        method=Method.BEGG_GREENES,
        level=level,
        standard_error=error,
    )


def _naive(found: int, missed: int, level: float) -> Estimate | None:
    return wilson(found, found + missed, level=level) if found + missed else None

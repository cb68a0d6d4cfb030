"""Worlds whose truth is known, each looked at through the functions that the report uses: for the measurement
`coverage`.

A world draws one set of data from a seed and says of each estimand what was estimated and what is true. The numbers of
people are those of a small centre, because there intervals go wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from math import exp, inf, log, nan, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from leeward.evidence.accuracy import Screened, accuracy
from leeward.evidence.change import Change, Group
from leeward.evidence.change_in_group import GroupChange, group_change
from leeward.evidence.choices import Family, Kind, Limits
from leeward.evidence.control import Chart, Rule, chart
from leeward.evidence.equity import by_group, over_strata
from leeward.evidence.intervals import Estimate, difference, exact, mean, wilson
from leeward.evidence.mixed import Design, by_visit, mixed_model
from leeward.evidence.multiple_systems import Histories, chao, estimate
from leeward.evidence.series import interrupted
from leeward.evidence.survival import aalen_johansen, kaplan_meier
from leeward.simulation import Parameters
from leeward.simulation.measures import correlations

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Found:
    """What one replication says of one estimand. An interval that is open has an end at infinity.

    `held` is 1 if the interval holds the truth, else 0; where there is no interval, the share of what was right.
    """

    value: float
    low: float
    high: float
    truth: float
    held: float

    @classmethod
    def between(cls, value: float, low: float, high: float, truth: float) -> Found:
        return cls(value, low, high, truth, float(low <= truth <= high))

    @classmethod
    def of(cls, estimate: Estimate | None, truth: float) -> Found | None:
        """None where nothing was estimated."""
        if estimate is None:
            return None
        low = -inf if estimate.low is None else estimate.low
        return cls.between(estimate.value, low, inf if estimate.high is None else estimate.high, truth)


@dataclass(frozen=True, slots=True)
class Aim:
    """How often the interval should hold the truth, and why where that is not 93 to 97 of 100."""

    least: float = 0.93
    most: float = 0.97
    why: str = ""


USUAL = Aim()
EXACT = Aim(0.95, 1.0, "an exact interval is never too short, and so mostly too long")
BOUND = Aim(0.95, 1.0, "a bound from below: its lower limit lies below the truth")
INSIDE = Aim(0.97, 1.0, "no interval: points of a process that never changed; limits rest on 12 points")

Findings = Mapping[str, Found | None]


@dataclass(frozen=True, slots=True)
class World:
    """One way to make data. `estimands` are the names of what `once` tells, each with what it aims at."""

    about: str
    through: str
    once: Callable[[int], Findings]
    estimands: Mapping[str, Aim]
    is_dear: bool = False
    """Takes so long that thousands of replications would take an hour."""


def _chance(seed: int, place: int) -> np.random.Generator:
    """A stream for each world, so that two worlds do not share their luck."""
    return np.random.default_rng((seed, place))


# Shares, means and their differences


def _shares(seed: int) -> Findings:
    """How many people there are is chance too: for one number alone the coverage of a share jumps up and down."""
    chance = _chance(seed, 1)
    found: dict[str, Found | None] = {}
    for share in (0.05, 0.30, 0.84):
        n = int(chance.integers(45, 150))
        events = int(chance.binomial(n, share))
        found[f"share of {share:.0%} (Wilson)"] = Found.of(wilson(events, n), share)
        found[f"share of {share:.0%} (exact)"] = Found.of(exact(events, n), share)
    a, b = int(chance.binomial(90, 0.55)), int(chance.binomial(140, 0.25))
    found["difference of two shares, 90 and 140 people"] = Found.of(difference(a, 90, b, 140), 0.30)
    found["mean of 40 skewed waits"] = Found.of(mean(chance.gamma(4.0, 2.0, 40).tolist()), 8.0)
    return found


def _equity(seed: int) -> Findings:
    chance = _chance(seed, 2)
    people, shares = {"a": 160, "b": 60, "c": 30}, {"a": 0.62, "b": 0.62, "c": 0.41}
    events = {name: int(chance.binomial(n, shares[name])) for name, n in people.items()}
    found = by_group({name: (events[name], people[name]) for name in people})
    others = {
        name: sum(people[each] * shares[each] for each in people if each != name)
        / sum(people[each] for each in people if each != name)
        for name in people
    }
    strata = {}
    for place, (share, n) in enumerate(((0.2, 80), (0.4, 50), (0.6, 40))):
        odds = 2.5 * share / (1 - share)
        strata[str(place)] = (int(chance.binomial(n, odds / (1 + odds))), n, int(chance.binomial(n, share)), n)
    return {
        "equity: a group of 60 against all others, alike": Found.of(
            found.against_others["b"], shares["b"] - others["b"]
        ),
        "equity: a group of 30 against all others, worse off": Found.of(
            found.against_others["c"], shares["c"] - others["c"]
        ),
        "equity: odds ratio over three strata": Found.of(over_strata(strata).odds_ratio, 2.5),
    }


# Scores


@cache
def _root() -> Numbers:
    return np.asarray(np.linalg.cholesky(correlations(Parameters().symptoms)))


_VISITS = 7


def _scores(seed: int) -> Findings:
    """240 people, half of them since go-live, every four weeks for half a year. Who scored high comes less often."""
    chance, symptoms = _chance(seed, 3), Parameters().symptoms
    people = 240
    own = chance.normal(size=(people, 6)) @ _root().T
    since = np.arange(people) % 2
    month = np.arange(_VISITS) * 28 / 30.4375
    found: dict[str, Found | None] = {}
    for place, (name, symptom) in enumerate(
        {"PCL-5": symptoms.pcl5, "PHQ-9": symptoms.phq9, "GAD-7": symptoms.gad7}.items()
    ):
        slope = symptom.slope + symptom.protocol_slope * since + symptom.sd_slope * own[:, place + 3]
        score = symptom.mean + symptom.sd_intercept * own[:, [place]] + slope[:, None] * month
        score += symptom.sd_residual * chance.normal(size=score.shape)
        high = (score[:, :-1] - symptom.mean) / symptom.sd_intercept
        leaves = chance.random(high.shape) < 1 / (1 + np.exp(2.2 - 0.5 * high))
        stays = np.column_stack([np.ones(people, dtype=bool), ~np.maximum.accumulate(leaves, axis=1)])
        who, visit = np.nonzero(stays)
        months, late = month[visit], since[who].astype(float)
        model = mixed_model(
            who,
            visit,
            score[stays],
            Design(
                ("first", "months", "since", "months_since"),
                np.column_stack([np.ones(len(who)), months, late, months * late]),
            ),
            slope_over=month.tolist(),
        )
        found[f"{name}: change a month before go-live"] = Found.of(model.effects["months"], symptom.slope)
        found[f"{name}: how much more since go-live"] = Found.of(model.effects["months_since"], symptom.protocol_slope)
    return found


def _visits(seed: int) -> Findings:
    """50 people at three visits, a random intercept: each visit against the first."""
    chance, people = _chance(seed, 4), 50
    score = (
        44 + 10 * chance.normal(size=(people, 1)) + np.array([0.0, -4.0, -7.0]) + 6 * chance.normal(size=(people, 3))
    )
    came = np.column_stack([np.ones(people, dtype=bool), chance.random((people, 2)) > 0.25])
    who, visit = np.nonzero(came)
    model = mixed_model(who, visit, score[came], by_visit(visit))
    return {"mean change at the third visit, 50 people": Found.of(model.effects["change_2"], -7.0)}


def _change(seed: int) -> Findings:
    """First and last score of 90 to 150 people, by Jacobson and Truax. Without a published spread that of these first
    scores decides what is reliable, and the share is of those beyond *that* line: the truth there moves with it."""
    chance = _chance(seed, 5)
    n = int(chance.integers(90, 150))
    first = 44 + 10 * chance.normal(size=n)
    change = -8 + 9 * chance.normal(size=n)
    pairs = list(zip(first.tolist(), (first + change).tolist(), strict=True))

    def better(told: GroupChange) -> Found | None:
        counted = told.classes[Change.RECOVERED] + told.classes[Change.IMPROVED]
        beyond = float(stats.norm.cdf((8 - told.precision.smallest_reliable_change) / 9))
        return Found.of(wilson(counted, n), beyond)

    given = group_change(pairs, 0.85, sd=10.0, lower_is_better=True, normal=Group(14.0, 8.0))
    return {
        "reliably better, published spread": better(given),
        "reliably better, spread of these first scores": better(
            group_change(pairs, 0.85, lower_is_better=True, normal=Group(14.0, 8.0))
        ),
        "mean change from first to last": Found.of(given.mean_change, -8.0),
    }


# Time until something happens


def _survival(seed: int) -> Findings:
    """150 people, Weibull waits, a third watched for a shorter time."""
    chance, n, shape, scale = _chance(seed, 6), 150, 0.9, 130.0
    waits, watched = scale * chance.exponential(size=n) ** (1 / shape), chance.uniform(30, 400, n)
    curve = kaplan_meier(np.minimum(waits, watched), waits <= watched)
    return {
        "median wait": Found.of(curve.median, scale * log(2) ** (1 / shape)),
        "not yet after 60 days": Found.of(curve.at(60), exp(-((60 / scale) ** shape))),
        "not yet after 180 days": Found.of(curve.at(180), exp(-((180 / scale) ** shape))),
        "mean wait up to 180 days": Found.of(curve.restricted_mean(180), _restricted(shape, scale, 180.0)),
        "wait of three of four": Found.of(curve.quantile(0.75), scale * log(4) ** (1 / shape)),
    }


@cache
def _restricted(shape: float, scale: float, until: float) -> float:
    t = np.linspace(0, until, 200_001)
    return float(np.trapezoid(np.exp(-((t / scale) ** shape)), t))


def _competing(seed: int) -> Findings:
    """150 people of whom some leave for another reason."""
    chance, n = _chance(seed, 7), 150
    stops, moves, watched = chance.exponential(200, n), chance.exponential(500, n), chance.uniform(30, 400, n)
    first = np.minimum(np.minimum(stops, moves), watched)
    cause = np.where(first == watched, 0, np.where(first == stops, 1, 2))
    one = next(each for each in aalen_johansen(first, cause) if each.cause == 1)
    at = int(np.searchsorted(one.times, 90, side="right")) - 1
    rate = 1 / 200 + 1 / 500
    return {
        "stopped within 90 days, where others moved away": Found.between(
            float(one.share[at]), float(one.low[at]), float(one.high[at]), (1 / 200) / rate * (1 - exp(-90 * rate))
        )
    }


# Screening


def _screening(seed: int) -> Findings:
    """500 people screened; most positives and few negatives have the long assessment."""
    chance, screening = _chance(seed, 8), Parameters().screening
    share, n = 0.32, 500
    ill = chance.random(n) < share
    positive = chance.random(n) < np.where(ill, screening.sensitivity, 1 - screening.specificity)
    found: dict[str, Found | None] = {}
    for of_negative, name in ((0.10, "1 negative in 10 assessed"), (0.30, "3 negatives in 10 assessed")):
        assessed = chance.random(n) < np.where(positive, 0.70, of_negative)
        screened = Screened(
            true_positive=int((positive & ill & assessed).sum()),
            false_positive=int((positive & ~ill & assessed).sum()),
            false_negative=int((~positive & ill & assessed).sum()),
            true_negative=int((~positive & ~ill & assessed).sum()),
            unverified_positive=int((positive & ~assessed).sum()),
            unverified_negative=int((~positive & ~assessed).sum()),
        )
        told = accuracy(screened, limits=Limits.RECOVERED)
        right, wrong = screening.sensitivity * share, (1 - screening.specificity) * (1 - share)
        found[f"sensitivity, {name}"] = Found.of(told.sensitivity, screening.sensitivity)
        found[f"specificity, {name}"] = Found.of(told.specificity, screening.specificity)
        found[f"predictive value, {name}"] = Found.of(told.ppv, right / (right + wrong))
        found[f"share affected, {name}"] = Found.of(told.prevalence, share)
        delta = accuracy(screened).sensitivity
        found[f"sensitivity, {name} (delta method)"] = Found.of(delta, screening.sensitivity)
    return found


# Series

#: How much of an error its neighbour has, by how it is called.
_ALIKE = {"": 0.0, ", neighbours alike (0.3)": 0.3}


def _series(seed: int) -> Findings:
    """Counts of 24 and of 48 months, and measurements whose neighbours are alike."""
    chance = _chance(seed, 9)
    found: dict[str, Found | None] = {}
    for half in (12, 24):
        t = np.arange(-half, half, dtype=float)
        exposed = chance.integers(60, 110, t.size)
        expected = exposed * np.exp(-1.6 + 0.005 * t + (t >= 0) * (0.6 - 0.01 * t))
        counted = chance.poisson(expected)
        told = interrupted(t.tolist(), counted.tolist(), start=0, exposure=exposed.tolist(), slope=True)
        found[f"level, counts of {2 * half} months"] = Found.of(told.level, 0.6)
        found[f"slope, counts of {2 * half} months"] = Found.of(told.slope, -0.01)
    for half in (24, 12):
        t = np.arange(-half, half, dtype=float)
        for name, alike in _ALIKE.items():
            errors = chance.normal(size=t.size)
            for place in range(1, t.size):
                errors[place] = alike * errors[place - 1] + sqrt(1 - alike**2) * errors[place]
            y = 50 + 0.2 * t + (t >= 0) * (4 - 0.3 * t) + 2 * errors
            told = interrupted(t.tolist(), y.tolist(), start=0, family=Family.OLS, slope=True)
            for what, plain, truth in (("level", told.level, 4.0), ("slope", told.slope, -0.3)):
                title = f"{what}, measurements of {2 * half} months{name}"
                found[title] = Found.of(plain, truth)
                found[f"{title} (autoregressive)"] = Found.of(told.autoregressive[what], truth)
    return found


def _charts(seed: int) -> Findings:
    """A process that never changes: 12 months of baseline, 12 that are judged by them."""
    chance = _chance(seed, 10)
    sizes = chance.integers(40, 90, 24)
    told = chart(Kind.P, chance.binomial(sizes, 0.35).tolist(), sizes.tolist(), baseline=12)
    values = chart(Kind.XMR, chance.normal(20, 4, 24).tolist(), baseline=12)
    return {f"points inside the limits, chart {each.kind.value}": _inside(each) for each in (told, values)}


def _inside(told: Chart) -> Found:
    """Of the 12 months after the baseline."""
    beyond = {signal.position for signal in told.signals if signal.rule is Rule.BEYOND_LIMITS and signal.position > 12}
    share = 1 - len(beyond) / 12
    return Found(share, nan, nan, 2 * float(stats.norm.cdf(3)) - 1, share)


# People whom no list holds


def _lists(people: int, on: tuple[float, ...], chance: np.random.Generator, *, together: float = 1.0) -> Histories:
    """Independent lists; with `together` the odds of the second are so many times as high for who is on the first."""
    held = chance.random((people, len(on))) < np.array(on)
    if together != 1.0:
        odds = np.where(held[:, 0], together, 1.0) * on[1] / (1 - on[1])
        held[:, 1] = chance.random(people) < odds / (1 + odds)
    rows, counts = np.unique(held[held.any(axis=1)].astype(int), axis=0, return_counts=True)
    counted = {tuple(int(x) for x in row): int(n) for row, n in zip(rows, counts, strict=True)}
    return Histories.of([chr(65 + place) for place in range(len(on))], counted)


_ON = (0.22, 0.18, 0.15, 0.12)


def _systems(seed: int) -> Findings:
    chance, people = _chance(seed, 11), 800
    lists = _lists(people, _ON, chance)
    alone, chosen = estimate(lists, threshold=None), estimate(lists)
    return {
        "everybody, lists that are independent": Found.of(alone.total, people),
        "everybody, lists that are independent (profile)": Found.of(alone.profile, people),
        "everybody, pairs chosen stepwise": Found.of(chosen.total, people),
        "everybody, pairs chosen stepwise (profile)": Found.of(chosen.profile, people),
        "Chao, people alike": Found.of(chao(lists).bound, people),
    }


def _dependent(seed: int) -> Findings:
    chance, people = _chance(seed, 12), 800
    lists = _lists(people, _ON, chance, together=4.0)
    chosen = estimate(lists)
    return {
        "everybody, one pair hangs together": Found.of(chosen.total, people),
        "everybody, one pair hangs together (profile)": Found.of(chosen.profile, people),
    }


def _refitted(seed: int) -> Findings:
    chance, people = _chance(seed, 12), 800
    told = estimate(_lists(people, _ON, chance, together=4.0), refits=200, seed=seed).bootstrap
    return {"everybody, one pair hangs together (BCa, 200 refits)": Found.of(told and told.interval, people)}


def _hidden(seed: int) -> Findings:
    """Half of the people are three times as hard to find: Chao's is a bound from below."""
    chance = _chance(seed, 13)
    easy, hard = (_lists(400, tuple(p * f for p in _ON), chance) for f in (1.5, 0.5))
    counted = {
        tuple(int(x) for x in cell): int(n) for cell, n in zip(easy.cells, easy.counts + hard.counts, strict=True)
    }
    bound = chao(Histories.of("ABCD", counted)).bound
    return {"Chao, half of the people hard to find": Found.between(bound.value, bound.low or 0.0, inf, 800)}


def _named(*names: str, aim: Aim = USUAL) -> dict[str, Aim]:
    return dict.fromkeys(names, aim)


_SHORT_LISTS = Aim(why="told as SparseMSE prints it: how many are on no list varies by chance too, which it leaves out")
_SHORT_OLS = Aim(why="Newey and West's errors are too small for so few points; told with a warning, beside what holds")
_DELTA = Aim(why="told as other programs print it; the report recovers its limits from Wilson's")

WORLDS: tuple[World, ...] = (
    World(
        "shares of 45 to 150 people, a difference, a mean",
        "evidence.intervals",
        _shares,
        {
            **_named(*(f"share of {each} (Wilson)" for each in ("5%", "30%", "84%"))),
            **_named(*(f"share of {each} (exact)" for each in ("5%", "30%", "84%")), aim=EXACT),
            **_named("difference of two shares, 90 and 140 people", "mean of 40 skewed waits"),
        },
    ),
    World(
        "250 people in three groups; 340 in three strata",
        "evidence.equity",
        _equity,
        _named(
            "equity: a group of 60 against all others, alike",
            "equity: a group of 30 against all others, worse off",
            "equity: odds ratio over three strata",
        ),
    ),
    World(
        "first and last scores of 90 to 150 people",
        "evidence.change_in_group",
        _change,
        _named(
            "reliably better, published spread",
            "reliably better, spread of these first scores",
            "mean change from first to last",
        ),
    ),
    World("50 people, three visits", "evidence.mixed", _visits, _named("mean change at the third visit, 50 people")),
    World(
        "240 people, seven visits, who scored high stays away more often",
        "evidence.mixed",
        _scores,
        _named(
            *(
                f"{name}: {what}"
                for name in ("PCL-5", "PHQ-9", "GAD-7")
                for what in ("change a month before go-live", "how much more since go-live")
            )
        ),
        is_dear=True,
    ),
    World(
        "150 people, watched for 30 to 400 days",
        "evidence.survival",
        _survival,
        _named(
            "median wait",
            "not yet after 60 days",
            "not yet after 180 days",
            "mean wait up to 180 days",
            "wait of three of four",
        ),
    ),
    World(
        "150 people, some of whom move away",
        "evidence.survival",
        _competing,
        _named("stopped within 90 days, where others moved away"),
    ),
    World(
        "500 people screened, 160 of them affected",
        "evidence.accuracy",
        _screening,
        {
            name: aim
            for assessed in ("1 negative in 10 assessed", "3 negatives in 10 assessed")
            for name, aim in (
                *(
                    (f"{what}, {assessed}", USUAL)
                    for what in ("sensitivity", "specificity", "predictive value", "share affected")
                ),
                (f"sensitivity, {assessed} (delta method)", _DELTA),
            )
        },
    ),
    World(
        "24 and 48 months",
        "evidence.series",
        _series,
        {
            **_named(*(f"{what}, counts of {n} months" for n in (24, 48) for what in ("level", "slope"))),
            **{
                name: aim
                for months in (48, 24)
                for alike in _ALIKE
                for what in ("level", "slope")
                for name, aim in (
                    (f"{what}, measurements of {months} months{alike}", _SHORT_OLS),
                    (f"{what}, measurements of {months} months{alike} (autoregressive)", USUAL),
                )
            },
        },
    ),
    World(
        "12 months of baseline, 12 judged by it",
        "evidence.control",
        _charts,
        _named("points inside the limits, chart p", "points inside the limits, chart xmr", aim=INSIDE),
    ),
    World(
        "800 people, four independent lists, half of them on none",
        "evidence.multiple_systems",
        _systems,
        {
            **_named(
                "everybody, lists that are independent",
                "everybody, pairs chosen stepwise",
                aim=_SHORT_LISTS,
            ),
            **_named(
                "everybody, lists that are independent (profile)",
                "everybody, pairs chosen stepwise (profile)",
                "Chao, people alike",
            ),
        },
    ),
    World(
        "the same, who is on the first list is four times as likely on the second",
        "evidence.multiple_systems",
        _dependent,
        {
            **_named("everybody, one pair hangs together", aim=_SHORT_LISTS),
            **_named("everybody, one pair hangs together (profile)"),
        },
    ),
    World(
        "the same lists, the selection repeated in every refit",
        "evidence.multiple_systems",
        _refitted,
        _named("everybody, one pair hangs together (BCa, 200 refits)"),
        is_dear=True,
    ),
    World(
        "800 people, half of them three times as hard to find",
        "evidence.multiple_systems",
        _hidden,
        _named("Chao, half of the people hard to find", aim=BOUND),
    ),
)

"""An estimate of everybody, with three intervals, and the gate before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc, ndtr, ndtri

from ..errors import ImpossibleFigures, NotEnough
from ..intervals import LEVEL, Estimate, Method, z_of
from ..wording import counted
from .existence import Verdict
from .fitting import Fit, Fitter, aic, deviance
from .histories import Flags, Histories, Numbers
from .selection import Step, select

MULTIPLE_SYSTEMS = "poisson_log_linear"
THRESHOLD = 0.02
#: Below these an estimate is not printed.
LEAST_PEOPLE, LEAST_LISTS, LEAST_ON_SEVERAL = 100, 3, 10
_BLOCK = 500
#: A deviance so large comes by chance in one of a thousand tables.
_MISFIT = 0.001

CAUTION = (
    "This method was judged unsuitable for counting trafficked people by Whitehead, Jackson, Balch and Francis (2019); "
    "Binette and Steorts (2021) review when it can be relied on. It assumes a closed population, lists linked without "
    "error, and no dependence beyond the pairs in the model. Print it only with this caution and with other models "
    "beside it."
)


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether the lists can carry an estimate, and if not, why."""

    refusals: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        return not self.refusals

    @classmethod
    def of(cls, histories: Histories) -> Gate:
        """100 people, three lists that hold somebody, and ten people on two lists or more."""
        n, several = histories.n, histories.on_several()
        used = int(((histories.counts @ histories.cells) > 0).sum())
        refusals = []
        if n < LEAST_PEOPLE:
            who = counted(n, "person is", "people are")
            refusals.append(f"{who} on the lists; an estimate needs {LEAST_PEOPLE} or more.")
        if used < LEAST_LISTS:
            which = counted(used, "list holds", "lists hold")
            refusals.append(f"{which} anybody; an estimate needs {LEAST_LISTS} or more.")
        if several < LEAST_ON_SEVERAL:
            who = counted(several, "person is", "people are")
            refusals.append(f"{who} on two lists or more; an estimate needs {LEAST_ON_SEVERAL} or more.")
        return cls(tuple(refusals))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """The bias-corrected and accelerated interval, with the selection repeated in every refit."""

    interval: Estimate
    refits: int
    seed: int
    infinite: int
    bias: float
    acceleration: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemsEstimate:
    """Everybody, on a list or on none, under one model."""

    total: Estimate
    profile: Estimate
    terms: tuple[str, ...]
    non_overlapping: tuple[str, ...]
    steps: tuple[tuple[str, float, float], ...]
    aic: float
    deviance: float
    degrees_of_freedom: int
    bootstrap: Bootstrap | None
    warnings: tuple[str, ...]


def estimate(
    histories: Histories,
    *,
    threshold: float | None = THRESHOLD,
    refits: int = 0,
    seed: int = 1,
    level: float = LEVEL,
) -> SystemsEstimate:
    """Everybody, by stepwise selection at this p; with a threshold of None by the lists alone, as if independent.

    N = n + exp(b0), limits n + exp(b0 ± z · se). Says nothing of the gate: ask `Gate` first. Raises NotEnough if the
    estimate under the lists alone does not exist.
    """
    if threshold is not None and not 0 <= threshold <= 1:
        raise ImpossibleFigures(f"{threshold} is not a probability.", hint="A usual threshold is 0.02.")
    if refits < 0 or 0 < refits < 100:
        raise ImpossibleFigures(f"{refits} refits make no interval.", hint="Ask for 1000, at least 100.")
    fitter = Fitter(histories)
    none = np.zeros(len(histories.pairs), dtype=bool)
    _insist(fitter, none)
    chosen = select(fitter, histories.counts[None], threshold or 0.0)
    bootstrap = None
    if refits:
        unseen = float(chosen.fit.unseen[0])
        bootstrap = _bootstrap(fitter, threshold or 0.0, refits, seed, histories.n + unseen, level)
    return _made(fitter, chosen.pairs[0], chosen.fit, chosen.steps, bootstrap, level)


def estimate_with(histories: Histories, terms: Sequence[str], *, level: float = LEVEL) -> SystemsEstimate:
    """Everybody, under the model with these pairs, such as `("A:B",)`. Raises NotEnough if it can't be fitted."""
    fitter = Fitter(histories)
    names = [histories.pair_name(pair) for pair in range(len(histories.pairs))]
    if unknown := [term for term in terms if term not in names]:
        raise ImpossibleFigures(f"There is no pair {unknown[0]}.", hint=f"The pairs are {', '.join(names)}.")
    pairs = np.array([name in terms for name in names])
    _insist(fitter, pairs)
    return _made(fitter, pairs, fitter.fit(histories.counts[None], pairs[None]), (), None, level)


def _insist(fitter: Fitter, pairs: Flags) -> None:
    """Refuse a model that can't be fitted."""
    why = {
        Verdict.NOT_FINITE: "has no finite estimate on these lists",
        Verdict.NOT_IDENTIFIABLE: "can't be told apart from others on these lists",
        Verdict.NEITHER: "has no finite estimate on these lists, nor could it be told apart",
    }
    if (verdict := fitter.existence.verdict(fitter.histories.counts > 0, pairs)) is not Verdict.SOUND:
        raise NotEnough(
            f"The model {why[verdict]}: too many combinations of lists hold nobody.",
            hint="It needs people on one list alone and on pairs of lists; merge lists or link more of them.",
        )


def _made(
    fitter: Fitter, pairs: Flags, fit: Fit, steps: Sequence[Step], bootstrap: Bootstrap | None, level: float
) -> SystemsEstimate:
    histories, counts = fitter.histories, fitter.histories.counts[None]
    if not fit.converged[0]:
        raise NotEnough("The fit did not converge.", hint="Merge small lists, or fewer pairs.")
    n, unseen = histories.n, float(fit.unseen[0])
    error = sqrt(float(fitter.variance_of_intercept(fit)[0]))
    reach = exp(z_of(level) * error)
    kept = fit.terms[0, -len(pairs) :]
    order = [step.pair for step in steps] or np.flatnonzero(pairs).tolist()
    warnings = []
    if empty := [histories.pair_name(pair) for pair in order if not kept[pair]]:
        warnings.append(f"Nobody is on both lists of {', '.join(empty)}: the term is minus infinity, not a number.")
    if absent := [name for name, on in zip(histories.lists, fit.terms[0, 1:], strict=False) if not on]:
        warnings.append(f"Nobody is on {', '.join(absent)}: it says nothing and was left out.")
    held, sharing = _held(histories), _sharing(histories)
    for place in np.flatnonzero(held & ~sharing):
        own = [pair for pair, both in enumerate(histories.pairs) if place in both and held[list(both)].all()]
        so = "so its people are only added" if pairs[own].all() else "and yet the model takes it as independent of them"
        warnings.append(f"{histories.lists[place]} shares nobody with any other list, {so}.")
    if sharing.sum() < LEAST_LISTS:
        warnings.append("Only two lists share people, so nothing can tell whether they are independent.")
    free = int(fit.cells[0].sum() - fit.terms[0].sum())
    misfit = float(deviance(counts, fit)[0])
    if free > 0 and (p := float(chdtrc(free, misfit))) < _MISFIT:
        warnings.append(
            f"The model does not fit: deviance {misfit:.1f} on {free} degrees of freedom (p = {p:.1g}), so that its "
            "limits are too short."
        )
    if bootstrap is not None and bootstrap.infinite:
        warnings.append(
            f"{bootstrap.infinite} of {bootstrap.refits} refits have no finite estimate, so the bootstrap has no "
            "standard error."
        )
    return SystemsEstimate(
        total=Estimate(
            value=n + unseen,
            low=n + unseen / reach,
            high=n + unseen * reach,
            n=n,
            method=Method.WALD_ON_LOG,
            level=level,
            standard_error=unseen * error,
        ),
        profile=_profile(fitter, pairs, fit, level),
        terms=tuple(histories.pair_name(pair) for pair in order),
        non_overlapping=tuple(empty),
        steps=tuple((histories.pair_name(step.pair), step.p_value, n + step.unseen) for step in steps),
        aic=float(aic(counts, fit, pairs[None])[0]),
        deviance=misfit,
        degrees_of_freedom=free,
        bootstrap=bootstrap,
        warnings=tuple(warnings),
    )


def _held(histories: Histories) -> Flags:
    """Which lists hold anybody."""
    return np.asarray(histories.counts @ histories.cells > 0, dtype=np.bool_)


def _sharing(histories: Histories) -> Flags:
    """Which lists share people with another."""
    several = histories.cells.sum(axis=1) > 1
    return np.asarray((histories.counts * several) @ histories.cells > 0, dtype=np.bool_)


def _profile(fitter: Fitter, pairs: Flags, fit: Fit, level: float) -> Estimate:
    """All numbers of people on no list with which the table, that cell filled in and the model fitted anew, has a
    deviance within χ²₁ of the least (Cormack 1992). So it counts that their number varies by chance too, which
    n + exp(b0 ± z · se) leaves out. Open above: None."""
    n, best = fitter.histories.n, float(fit.coefficients[0, 0])
    allowed = z_of(level) ** 2
    cells, terms = fit.cells[0], fit.terms[0]
    listed = fitter.histories.design[np.ix_(cells, terms)]
    on_none = np.zeros((1, listed.shape[1]))
    on_none[0, 0] = 1.0
    design, counts = np.vstack([listed, on_none]), fitter.histories.counts[cells]
    start = fit.coefficients[0, terms]

    def filled(unseen: float) -> float:
        return _deviance_with(design, np.append(counts, unseen), start)

    least = filled(exp(best))

    def excess(log_unseen: float) -> float:
        return filled(exp(log_unseen)) - least - allowed

    def limit(direction: int) -> float | None:
        step = 0.5
        while step < 20:
            if excess(best + direction * step) > 0:
                return n + exp(float(brentq(excess, best, best + direction * step, xtol=1e-9)))
            step *= 2
        return None

    low = limit(-1)
    return Estimate(
        value=n + exp(best), low=n if low is None else low, high=limit(1), n=n, method=Method.PROFILE, level=level
    )


def _deviance_with(design: Numbers, counts: Numbers, start: Numbers) -> float:
    """The deviance of a table whose last cell need not be whole, up to what does not depend on it. Newton with step
    halving; the likelihood is concave."""
    beta = start.copy()

    def negative(at: Numbers) -> float:
        eta = design @ at
        return float((np.exp(np.minimum(eta, 700)) - counts * eta).sum())

    value = negative(beta)
    for _ in range(200):
        mean = np.exp(np.minimum(design @ beta, 700))
        information = design.T @ (mean[:, None] * design)
        step = np.linalg.solve(information + 1e-10 * np.eye(len(beta)), design.T @ (counts - mean))
        length = 1.0
        while (fresh := negative(beta + length * step)) > value and length > 1e-10:
            length /= 2
        beta = beta + length * step
        if value - fresh < 1e-11 * (abs(value) + 1):
            break
        value = fresh
    last = float(counts[-1])
    return 2 * (min(value, fresh) + (last * log(last) - last if last > 0 else 0.0))


def _bootstrap(fitter: Fitter, threshold: float, refits: int, seed: int, total: float, level: float) -> Bootstrap:
    """Resample people, choose and fit anew; leave out one person of each history for the acceleration (Efron 1987)."""
    counts = fitter.histories.counts
    n = fitter.histories.n
    chance = np.random.default_rng(seed)
    samples = chance.multinomial(n, counts / n, size=refits).astype(float)
    seen = np.flatnonzero(counts)
    without = np.repeat(counts[None], seen.size, axis=0)
    without[np.arange(seen.size), seen] -= 1
    found = _totals(fitter, np.concatenate([samples, without]), threshold)
    drawn, left = found[:refits], found[refits:]
    weights = counts[seen]
    bias = float(ndtri(np.clip((drawn < total).mean(), 0.5 / refits, 1 - 0.5 / refits)))
    acceleration = 0.0
    if np.isfinite(left).all():
        residual = (weights @ left) / weights.sum() - left
        spread = float(weights @ residual**2)
        acceleration = float(weights @ residual**3) / (6 * spread**1.5) if spread > 0 else 0.0
    z = bias + ndtri([(1 - level) / 2, (1 + level) / 2])
    shares = ndtr(bias + z / (1 - acceleration * z))
    finite = np.where(np.isfinite(drawn), drawn, np.finfo(float).max)
    low, high = (float(x) for x in np.quantile(finite, shares, method="median_unbiased"))
    return Bootstrap(
        interval=Estimate(
            value=total,
            low=low if low < 1e300 else None,
            high=high if high < 1e300 else None,
            n=n,
            method=Method.BCA,
            level=level,
            standard_error=float(drawn.std(ddof=1)) if np.isfinite(drawn).all() else None,
        ),
        refits=refits,
        seed=seed,
        infinite=int((~np.isfinite(drawn)).sum()),
        bias=bias,
        acceleration=acceleration,
    )


def _totals(fitter: Fitter, samples: Numbers, threshold: float) -> Numbers:
    """Everybody, by each sample; infinite where even the lists alone have no estimate."""
    none = np.zeros(len(fitter.histories.pairs), dtype=bool)
    totals = np.full(len(samples), inf)
    sound = np.array([fitter.existence.verdict(sample > 0, none) is Verdict.SOUND for sample in samples])
    for block in np.array_split(np.flatnonzero(sound), max(1, -(-int(sound.sum()) // _BLOCK))):
        if block.size:
            fit = select(fitter, samples[block], threshold).fit
            totals[block] = np.where(fit.converged, samples[block].sum(axis=1) + fit.unseen, inf)
    return totals

"""Which pairs of lists hang together: stepwise selection (Chan, Silverman & Vincent 2021), for many samples at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc, gammaincc

from .existence import Verdict
from .fitting import Fit, Fitter
from .histories import Flags, Numbers


@dataclass(frozen=True, slots=True)
class Step:
    """What the first sample gained with one more term."""

    pair: int
    p_value: float
    unseen: float


@dataclass(frozen=True, slots=True)
class Selected:
    """The models that were chosen, and how the first sample's grew."""

    pairs: Flags
    fit: Fit
    steps: tuple[Step, ...]


def select(fitter: Fitter, counts: Numbers, threshold: float) -> Selected:
    """Begin with the lists alone. Of the pairs whose overlap is least likely under the fitted means, take the least
    likely, as long as p is below the threshold and the larger model exists and is identifiable.

    p = min(P(X ≤ k), P(X ≥ k)) with X ~ Poisson(fitted mean of the overlap) and k the people on both lists.
    """
    both = fitter.histories.both.astype(float)
    overlap = counts @ both
    pairs = np.zeros(overlap.shape, dtype=bool)
    fit = fitter.fit(counts, pairs)
    going = np.arange(len(counts))
    steps: list[Step] = []
    while going.size:
        p = surprise(overlap[going], fit.means[going] @ both)
        p[pairs[going]] = 1.0
        added = [_next(fitter, counts[sample] > 0, pairs[sample], p[at], threshold) for at, sample in enumerate(going)]
        grows = np.array([pair is not None for pair in added])
        chosen = np.array([pair for pair in added if pair is not None], dtype=int)
        best = p[grows, chosen]
        going = going[grows]
        if not going.size:
            break
        pairs[going, chosen] = True
        fresh = fitter.fit(counts[going], pairs[going], fit.coefficients[going])
        for whole, part in zip(_arrays(fit), _arrays(fresh), strict=True):
            whole[going] = part
        if going[0] == 0:
            steps.append(Step(int(chosen[0]), float(best[0]), float(fresh.unseen[0])))
    return Selected(pairs, fit, tuple(steps))


def surprise(seen: Numbers, expected: Numbers) -> Numbers:
    """The smaller of P(X ≤ seen) and P(X ≥ seen) for X ~ Poisson(expected)."""
    mean = np.maximum(expected, 1e-300)
    at_least = np.where(seen > 0, gammainc(np.maximum(seen, 1), mean), 1.0)
    return np.asarray(np.minimum(gammaincc(seen + 1, mean), at_least))


def _next(fitter: Fitter, seen: Flags, pairs: Flags, p: Numbers, threshold: float) -> int | None:
    """The least likely pair with which the model can still be fitted."""
    for pair in np.argsort(p, kind="stable"):
        if p[pair] >= threshold:
            return None
        larger = pairs.copy()
        larger[pair] = True
        if fitter.existence.verdict(seen, larger) is Verdict.SOUND:
            return int(pair)
    return None


def _arrays(fit: Fit) -> tuple[Numbers | Flags, ...]:
    return fit.coefficients, fit.means, fit.cells, fit.terms, fit.converged

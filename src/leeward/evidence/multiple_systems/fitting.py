"""Poisson log-linear models, many samples at a time.

log μ = b0 + Σ b_i + Σ b_ij over the histories that can occur; the people on no list are exp(b0). A bootstrap refits
thousands of small models: here each Newton step is one product and one solution for all of them together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from .existence import Existence
from .histories import Flags, Histories, Numbers

_ROUNDS = 60
_CLOSE = 1e-10
_NOISE = 4 * np.finfo(float).eps
_LARGEST_STEP = 4.0


@dataclass(frozen=True, slots=True)
class Fit:
    """One model for each of B samples: B × terms, B × histories."""

    coefficients: Numbers
    means: Numbers
    cells: Flags
    terms: Flags
    converged: Flags

    @property
    def unseen(self) -> Numbers:
        """People on no list."""
        return np.exp(self.coefficients[:, 0])


class Fitter:
    """Fits models to samples of the same histories."""

    def __init__(self, histories: Histories) -> None:
        self.histories = histories
        self.existence = Existence(histories.design, histories.both)
        self._designs: dict[bytes, _Design] = {}

    def fit(self, counts: Numbers, pairs: Flags, start: Numbers | None = None) -> Fit:
        """Fit to B samples (B × histories) the models with these pairs (B × pairs). Take care that they exist.

        `start` are coefficients of a smaller model.
        """
        cells, terms = self._reduced(counts > 0, pairs)
        beta = self._first_guess(counts) if start is None else start.copy()
        beta[~terms] = 0.0
        used = np.flatnonzero(terms.any(axis=0))
        shorter = np.ix_(np.arange(len(counts)), used)
        beta[shorter], means, converged = _newton(self._design_of(used), counts, cells, terms[:, used], beta[:, used])
        return Fit(beta, means, cells, terms, converged)

    def variance_of_intercept(self, fit: Fit) -> Numbers:
        """The variance of b0 for each sample, from the information matrix."""
        used = np.flatnonzero(fit.terms.any(axis=0))
        information = self._design_of(used).information(fit.means, fit.terms[:, used])
        first = np.zeros((len(information), used.size, 1))
        first[:, 0] = 1.0
        return np.asarray(np.linalg.solve(information, first)[:, 0, 0])

    def _design_of(self, used: NDArray[np.intp]) -> _Design:
        """The columns of these terms. Most models use few, so that the products stay small."""
        key = used.tobytes()
        if key not in self._designs:
            self._designs[key] = _Design(self.histories.design[:, used])
        return self._designs[key]

    def _first_guess(self, counts: Numbers) -> Numbers:
        beta = np.zeros((len(counts), self.histories.design.shape[1]))
        beta[:, 0] = np.log(counts.max(axis=1))
        share = (counts @ self.histories.cells) / counts.sum(axis=1, keepdims=True)
        beta[:, 1 : 1 + share.shape[1]] = np.log(np.clip(share, 1e-4, 0.9))
        return beta

    def _reduced(self, seen: Flags, pairs: Flags) -> tuple[Flags, Flags]:
        """What is left of each model when what nobody shows is minus infinity."""
        both = self.histories.both
        on_list = self.histories.cells > 0
        overlap = (seen.astype(float) @ both) > 0
        present = (seen.astype(float) @ on_list) > 0
        gone = (pairs & ~overlap).astype(float) @ both.T + (~present).astype(float) @ on_list.T
        terms = np.concatenate([np.ones((len(seen), 1), dtype=bool), present, pairs & overlap], axis=1)
        return gone == 0, terms


class _Design:
    """Columns of the model, and the product of each two of them for each history.

    A product of two columns says whether a history is on all of up to four lists: few of them are different.
    """

    def __init__(self, columns: Numbers) -> None:
        self.columns = columns
        products = np.einsum("cp,cq->cpq", columns, columns).reshape(len(columns), -1)
        self._different, self._place = np.unique(products, axis=1, return_inverse=True)

    def information(self, means: Numbers, terms: Flags) -> Numbers:
        """X'WX of each sample. A term that a sample does not have gets a 1, so that it stays where it is."""
        size = self.columns.shape[1]
        has = terms.astype(float)
        found = (means @ self._different)[:, self._place.ravel()].reshape(-1, size, size)
        found *= has[:, :, None]
        found *= has[:, None, :]
        found[:, np.arange(size), np.arange(size)] += 1.0 - has + 1e-12
        return np.asarray(found)


def _newton(
    design: _Design, counts: Numbers, cells: Flags, terms: Flags, beta: Numbers
) -> tuple[Numbers, Numbers, Flags]:
    """Coefficients and means of each sample, and whether the deviance came to rest."""
    columns = design.columns
    converged = np.zeros(len(counts), dtype=bool)
    deviances = np.full(len(counts), np.inf)
    tiny = _CLOSE * 0.1 + _NOISE * xlogy(counts, counts).sum(
        axis=1
    )  # of millions of people a deviance has fewer digits
    means = np.zeros_like(counts)
    for _ in range(_ROUNDS):
        active = np.flatnonzero(~converged)
        if not active.size:
            break
        held = cells[active]
        n = np.where(held, counts[active], 0.0)
        mean = np.where(held, np.exp(np.clip(beta[active] @ columns.T, -700, 700)), 0.0)
        means[active] = mean
        fresh = _deviance(n, mean, held)
        done = np.abs(fresh - deviances[active]) < _CLOSE * np.abs(fresh) + tiny[active]
        deviances[active] = fresh
        converged[active] = done
        active, n, mean, held = active[~done], n[~done], mean[~done], held[~done]
        score = np.where(terms[active], (n - mean) @ columns, 0.0)
        step = np.linalg.solve(design.information(mean, terms[active]), score[:, :, None])[:, :, 0]
        largest = np.abs(step @ columns.T).max(axis=1, where=held, initial=0.0)
        beta[active] += step * np.minimum(1.0, _LARGEST_STEP / np.maximum(largest, 1e-300))[:, None]
    return beta, means, converged


def _deviance(counts: Numbers, means: Numbers, cells: Flags) -> Numbers:
    """2 Σ n log(n/μ) − (n − μ), over the histories that the model fits."""
    n = np.where(cells, counts, 0.0)
    mean = np.where(cells, np.maximum(means, 1e-300), 1.0)
    return np.asarray(2 * np.where(cells, xlogy(n, n) - xlogy(n, mean) - (n - mean), 0.0).sum(axis=1))


def deviance(counts: Numbers, fit: Fit) -> Numbers:
    """The deviance of each sample's fit."""
    return _deviance(counts, fit.means, fit.cells)


def aic(counts: Numbers, fit: Fit, pairs: Flags) -> Numbers:
    """Akaike's criterion; a term of minus infinity counts as a parameter like any other."""
    n = np.where(fit.cells, counts, 0.0)
    mean = np.where(fit.cells, np.maximum(fit.means, 1e-300), 1.0)
    likelihood = np.where(fit.cells, xlogy(n, mean) - mean - gammaln(n + 1), 0.0).sum(axis=1)
    infinite = (pairs & ~fit.terms[:, -pairs.shape[1] :]).sum(axis=1)
    return np.asarray(-2 * likelihood + 2 * (fit.terms.sum(axis=1) + infinite))

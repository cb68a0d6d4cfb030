"""Which step costs the most people, and which the most days, and how sure that is.

A step costs a person for whom it was due and who had it late or has not had it. It costs the days that went by beyond
its clock and grace, of what was late or is still open. What somebody declined costs nothing. How sure a rank is comes
from redrawing the same number of people from these people, with replacement (Efron 1979): people, not openings, because
one person's openings go together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from leeward.evidence.intervals import LEVEL, Estimate, wilson

from .counts import Row, Tally

Numbers = NDArray[np.float64]

#: Redraws; fewer where there are very many people, whose ranks are sure anyway.
MOST_REDRAWS: Final = 2000
FEWEST_REDRAWS: Final = 200
_WORK: Final = 40_000_000
_AT_ONCE: Final = 50
_SEED: Final = 20_261_123
_DAY: Final = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one step costs: `value` people or days, between `low` and `high`; `first` is the share of redraws in which
    no step cost more. `share` is that of the people for whom it was due."""

    step: str
    due: Tally
    missed: Tally
    share: Estimate
    value: float
    low: float
    high: float
    first: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bottlenecks:
    """Steps that cost anything, the dearest first. `unranked` were left out because their numbers are hidden."""

    people: tuple[Cost, ...]
    days: tuple[Cost, ...]
    ranked: int
    unranked: int
    redraws: int


@dataclass(frozen=True, slots=True)
class Losses:
    """What each step cost, in people and in days, and what it cost in each redraw: a column for each step."""

    steps: tuple[str, ...]
    people: Numbers
    days: Numbers
    people_redrawn: Numbers
    days_redrawn: Numbers


def losses(connection: duckdb.DuckDBPyConnection) -> Losses:
    """What the table `judged` says was lost."""
    found = connection.execute(_LOST, {"day": _DAY}).fetchall()
    counted = connection.execute("SELECT count(DISTINCT client) FROM judged").fetchone()
    steps = tuple(row[0] for row in connection.execute("SELECT step FROM lw_order ORDER BY position").fetchall())
    places = {step: place for place, step in enumerate(steps)}
    where = [row[0] for row in found], [places[row[1]] for row in found]
    shape = (max(where[0], default=-1) + 1, len(steps))
    missed = csr_matrix((np.ones(len(found), dtype=np.float64), where), shape=shape)
    beyond = csr_matrix((np.array([row[2] for row in found], dtype=np.float64), where), shape=shape)
    people_redrawn, days_redrawn = _redrawn(missed, beyond, int(counted[0]) if counted else 0)
    return Losses(steps, _sums(missed), _sums(beyond), people_redrawn, days_redrawn)


def _sums(costs: csr_matrix) -> Numbers:
    return np.asarray(costs.sum(axis=0), dtype=float).ravel()


_LOST: Final = """
SELECT dense_rank() OVER (ORDER BY client) - 1 AS person, step, days
  FROM (SELECT client, step, sum(beyond) / $day AS days FROM judged
         WHERE state IN ('late', 'overdue') GROUP BY client, step)
"""


def bottlenecks(lost: Losses, rows: Sequence[Row], permitted: Collection[str] | None = None) -> Bottlenecks:
    """The ranks of the steps, whose counts by step are `rows`.

    Only the steps in `permitted` are ranked, where it is given: those whose people missed may be shown.
    """
    known = {row.group[0]: row for row in rows}
    ranked = [step for step in lost.steps if step in known and (permitted is None or step in permitted)]
    columns = [lost.steps.index(step) for step in ranked]
    return Bottlenecks(
        people=_ranked(known, ranked, lost.people[columns], lost.people_redrawn[:, columns]),
        days=_ranked(known, ranked, lost.days[columns], lost.days_redrawn[:, columns]),
        ranked=len(ranked),
        unranked=len(known) - len(ranked),
        redraws=len(lost.people_redrawn),
    )


def _redrawn(missed: csr_matrix, beyond: csr_matrix, everybody: int) -> tuple[Numbers, Numbers]:
    """Cost of each step in each redraw. Who missed nothing adds nothing, so only how many of them come matters."""
    concerned = missed.shape[0]
    redraws = max(FEWEST_REDRAWS, min(MOST_REDRAWS, _WORK // max(concerned, 1)))
    generator = np.random.default_rng(_SEED)
    people, days = np.zeros((redraws, missed.shape[1])), np.zeros((redraws, missed.shape[1]))
    for first in range(0, redraws, _AT_ONCE):
        some = slice(first, min(first + _AT_ONCE, redraws))
        drawn = (generator.integers(everybody, size=everybody, dtype=np.int32) for _ in range(some.stop - first))
        times = np.column_stack([np.bincount(each, minlength=everybody)[:concerned] for each in drawn])
        people[some], days[some] = (missed.T @ times).T, (beyond.T @ times).T
    return people, days


def _ranked(known: dict[str, Row], steps: Sequence[str], values: Numbers, redrawn: Numbers) -> tuple[Cost, ...]:
    highest = redrawn.max(axis=1, keepdims=True) if len(steps) else redrawn
    found = []
    for place, step in enumerate(steps):
        if values[place] <= 0:
            continue
        row = known[step]
        low, high = np.quantile(redrawn[:, place], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        found.append(
            Cost(
                step=step,
                due=row.counts["due"],
                missed=row.counts["missed"],
                share=wilson(row.counts["missed"].people, row.counts["due"].people),
                value=float(values[place]),
                low=float(low),
                high=float(high),
                first=float(np.mean(redrawn[:, place] >= highest[:, 0])),
            )
        )
    return tuple(sorted(found, key=lambda cost: (-cost.value, steps.index(cost.step))))

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
_CHUNK: Final = 4_000_000
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
    """Who missed which step, and for how many days: a row for each person who missed any, a column for each step. And
    how many people there are in all."""

    steps: tuple[str, ...]
    missed: csr_matrix
    beyond: csr_matrix
    everybody: int


def losses(connection: duckdb.DuckDBPyConnection) -> Losses:
    """What the table `judged` says was lost."""
    found = connection.execute(_LOST, {"day": _DAY}).fetchall()
    counted = connection.execute("SELECT count(DISTINCT client) FROM judged").fetchone()
    steps = tuple(row[0] for row in connection.execute("SELECT step FROM lw_order ORDER BY position").fetchall())
    places = {step: place for place, step in enumerate(steps)}
    where = [row[0] for row in found], [places[row[1]] for row in found]
    shape = (max(where[0], default=-1) + 1, len(steps))
    days = np.array([row[2] for row in found], dtype=np.float64)
    return Losses(
        steps,
        csr_matrix((np.ones(len(found), dtype=np.float64), where), shape=shape),
        csr_matrix((days, where), shape=shape),
        int(counted[0]) if counted else 0,
    )


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
    missed, beyond = lost.missed[:, columns], lost.beyond[:, columns]
    redraws = max(FEWEST_REDRAWS, min(MOST_REDRAWS, _WORK // max(missed.shape[0], 1)))
    people, days = _redrawn(missed, beyond, lost.everybody, redraws)
    return Bottlenecks(
        people=_ranked(known, ranked, missed, people),
        days=_ranked(known, ranked, beyond, days),
        ranked=len(ranked),
        unranked=len(known) - len(ranked),
        redraws=redraws,
    )


def _redrawn(missed: csr_matrix, beyond: csr_matrix, everybody: int, redraws: int) -> tuple[Numbers, Numbers]:
    """Cost of each step in each redraw. Who missed nothing adds nothing, so only how many of them come matters."""
    concerned = missed.shape[0]
    shares = np.full(concerned + 1, 1 / max(everybody, 1))
    shares[-1] = max(0.0, 1 - concerned / max(everybody, 1))
    generator = np.random.default_rng(_SEED)
    people, days = [], []
    size = max(1, _CHUNK // (concerned + 1))
    for start in range(0, redraws, size):
        drawn = generator.multinomial(everybody, shares, size=min(size, redraws - start))[:, :-1]
        people.append((missed.T @ drawn.T).T)
        days.append((beyond.T @ drawn.T).T)
    return np.vstack(people), np.vstack(days)


def _ranked(known: dict[str, Row], steps: Sequence[str], costs: csr_matrix, redrawn: Numbers) -> tuple[Cost, ...]:
    values = np.asarray(costs.sum(axis=0), dtype=float).ravel()
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

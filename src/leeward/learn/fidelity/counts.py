"""How often steps were opened and how that went, by any combination of step, stage, role, site and month.

Counted are openings, and the people behind them: one person can open a step more than once. Times to done are
Kaplan–Meier estimates over openings: what was declined, voided or is still open was watched for so long.
"""
# ruff: noqa: S608 - the parts of these queries are constants of this package

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb

from leeward.evidence.intervals import LEVEL, Estimate, Method, z_of
from leeward.rules.yaml_source import nearest

from .errors import FidelityError
from .judged import DIMENSIONS

#: What is counted, and which instances each counts.
MEASURES: Final[Mapping[str, str]] = {
    "opened": "TRUE",
    "due": "is_due",
    "met": "state = 'met'",
    "late": "state = 'late'",
    "overdue": "state = 'overdue'",
    "declined": "state = 'declined'",
    "void": "state = 'void'",
    "pending": "state = 'pending'",
    "needing_training": "needs_training",
    "untrained": "is_untrained",
    "sharing": "is_shared",
    "without_consent": "is_without_consent",
}
#: What readers can work out from these, and must not where it is small.
DERIVED: Final[Mapping[str, str]] = {
    "missed": "state IN ('late', 'overdue')",
    "other": "NOT is_due",
    "done": "is_done",
    "not_needing_training": "is_done AND NOT needs_training",
    "trained": "needs_training AND NOT is_untrained",
    "not_sharing": "is_done AND NOT is_shared",
    "with_consent": "is_shared AND NOT is_without_consent",
}
_ALL: Final = {**MEASURES, **DERIVED}
_DAY: Final = 86_400_000_000
#: A height of the curve this close to a share has reached it, as in `evidence.survival`.
_CLOSE: Final = 1e-12
_SHARES: Final = {"median": 0.5, "ninety": 0.9}


@dataclass(frozen=True, slots=True)
class Tally:
    """Openings, and the people behind them."""

    openings: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One group. `group` has a value for each dimension that was asked for. Times and `days_lost` are in days; a time
    of None is not reached by the data. `days_lost` is the time past the clock, of what was late or is overdue."""

    group: tuple[str, ...]
    counts: Mapping[str, Tally]
    median: Estimate | None
    ninety: Estimate | None
    days_lost: float


def nothing(group: tuple[str, ...]) -> Row:
    """A group in which nothing was ever opened."""
    return Row(group=group, counts=dict.fromkeys(_ALL, Tally(0, 0)), median=None, ninety=None, days_lost=0.0)


def checked(by: Sequence[str]) -> tuple[str, ...]:
    """The dimensions, each once, in their fixed order. Raises FidelityError for an unknown one."""
    for name in by:
        if name not in DIMENSIONS:
            raise FidelityError(f"Nothing can be counted by `{name}`.", hint=nearest(name, DIMENSIONS))
    return tuple(name for name in DIMENSIONS if name in by)


def count(connection: duckdb.DuckDBPyConnection, by: Sequence[str]) -> list[Row]:
    """The table `judged` counted by these dimensions: a row for each group in which anything was opened.

    Without dimensions one row for everything. Steps are in the order of the protocol, all else by name.
    """
    dimensions = checked(by)
    of_person = ", ".join(f"count(*) FILTER ({which}) AS {name}" for name, which in _ALL.items())
    whole = ", ".join(f"coalesce(sum({name}), 0)::BIGINT, count(*) FILTER ({name} > 0)" for name in _ALL)
    named = "".join(f"{name}, " for name in dimensions)
    found = connection.execute(
        f"SELECT {named}{whole}, sum(days) FROM (SELECT {named}client, {of_person}, sum(beyond) AS days FROM judged"
        f" GROUP BY {named}client) {_grouped(dimensions)}"
    ).fetchall()
    times = _times(connection, dimensions)
    width = len(dimensions)
    rows = []
    for each in found:
        group, numbers = tuple(each[:width]), each[width:-1]
        tallies = [Tally(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
        median, ninety = times.get(group, (None, None))
        rows.append(
            Row(
                group=group,
                counts=dict(zip(_ALL, tallies, strict=True)),
                median=median,
                ninety=ninety,
                days_lost=(each[-1] or 0) / _DAY,
            )
        )
    places = dict(connection.execute("SELECT step, position FROM lw_order").fetchall())
    return sorted(
        rows, key=lambda row: [_key(name, value, places) for name, value in zip(dimensions, row.group, strict=True)]
    )


def _key(name: str, value: str, places: Mapping[str, int]) -> tuple[int, str]:
    return (places[value], "") if name == "step" else (0, value)


def _grouped(dimensions: Sequence[str]) -> str:
    return f"GROUP BY {', '.join(dimensions)}" if dimensions else ""


_Times = tuple[Estimate | None, Estimate | None]


def _times(connection: duckdb.DuckDBPyConnection, dimensions: Sequence[str]) -> dict[tuple[str, ...], _Times]:
    """Median and 90th percentile of the time until done, with Brookmeyer and Crowley's log-log limits, by group."""
    named = "".join(f"{name}, " for name in dimensions)
    parts = f"PARTITION BY {', '.join(dimensions)} " if dimensions else ""
    quantiles = ", ".join(
        f"min(waited) FILTER ({curve} <= {1 - share} + {_CLOSE})"
        for share in _SHARES.values()
        for curve in ("height", "low", "high")
    )
    z = z_of(LEVEL)
    width = len(dimensions)
    query = f"""
        WITH moments AS (
            SELECT {named}waited, count(*) AS ends, count(*) FILTER (is_done) AS done FROM judged
             GROUP BY {named}waited),
        watched AS (
            SELECT *, sum(ends) OVER ({parts}ORDER BY waited DESC) AS at_risk FROM moments),
        curve AS (
            SELECT *, product(1 - done / at_risk) OVER ({parts}ORDER BY waited) AS height,
                   sum(CASE WHEN done < at_risk THEN done / (at_risk * (at_risk - done)) END)
                       OVER ({parts}ORDER BY waited) AS variance
              FROM watched),
        banded AS (
            SELECT *, CASE WHEN height > 0 AND height < 1 THEN exp({z} * sqrt(variance) / abs(ln(height))) END AS reach
              FROM curve),
        limits AS (
            SELECT *, CASE WHEN height >= 1 THEN 1 WHEN height <= 0 THEN 0 ELSE height ** reach END AS low,
                   -- Once nobody is left nothing is known of the upper limit that was not known before.
                   CASE WHEN height >= 1 THEN 1 WHEN height > 0 THEN height ** (1 / reach) END AS high
              FROM banded)
        SELECT {named}{quantiles}, sum(ends) FROM limits {_grouped(dimensions)}"""
    found: dict[tuple[str, ...], _Times] = {}
    for each in connection.execute(query).fetchall():
        numbers, n = each[width:-1], int(each[-1] or 0)
        found[tuple(each[:width])] = (_estimate(numbers[:3], n), _estimate(numbers[3:], n))
    return found


def _estimate(micros: Sequence[int | None], n: int) -> Estimate | None:
    value, low, high = (None if each is None else each / _DAY for each in micros)
    if value is None:
        return None
    return Estimate(value=value, low=low, high=high, n=n, method=Method.KAPLAN_MEIER, level=LEVEL)

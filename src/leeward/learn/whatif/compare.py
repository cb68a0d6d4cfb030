"""Two protocols over the same timelines: had B been in force instead of A, what would have been opened, late, open?

The timeline is held fixed: everything that happened is taken to have happened at the same moment. In truth people would
have acted differently under another protocol, so the answer says what B would have *asked for and judged*, not what
would have come of it.

Instances are matched by client, step, subject and moment of opening.
"""
# ruff: noqa: S608 - the parts of these queries are constants of this module

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import pandas as pd

from leeward.learn.fidelity import FidelityError, Tally
from leeward.learn.fidelity.scratch import small_table
from leeward.learn.fidelity.tables import Span, open_events
from leeward.learn.replay import on_duckdb
from leeward.learn.replay.cases import Cases
from leeward.rules.protocol import Protocol

SIDES: Final = ("a", "b")
#: What is counted of each side by step, and which instances each counts.
OF_A_SIDE: Final[Mapping[str, str]] = {
    "opened": "TRUE",
    "due": "{0}.state IN ('met', 'late', 'overdue')",
    "met": "{0}.state = 'met'",
    "missed": "{0}.state IN ('late', 'overdue')",
    "late": "{0}.state = 'late'",
    "overdue": "{0}.state = 'overdue'",
    "declined": "{0}.state = 'declined'",
    "void": "{0}.state = 'void'",
    "pending": "{0}.state = 'pending'",
    "still_open": "{0}.state IN ('pending', 'overdue')",
    "closed": "NOT {0}.state IN ('pending', 'overdue')",
}
_MISSED: Final = "IN ('late', 'overdue')"
#: What is counted of both together.
OF_BOTH: Final[Mapping[str, str]] = {
    "kept": "in_a AND in_b",
    "gone": "in_a AND NOT in_b",
    "new": "in_b AND NOT in_a",
    "changed": "in_a AND in_b AND a.state <> b.state",
    "turned_missed": f"in_a AND in_b AND NOT a.state {_MISSED} AND b.state {_MISSED}",
    "turned_fine": f"in_a AND in_b AND a.state {_MISSED} AND NOT b.state {_MISSED}",
}
#: A role's work in a week: what opened, what closed, what was open when the week ended, and all that there was to do.
WORK: Final = ("openings", "closings", "open", "load")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChange:
    """One step under both protocols; `a` or `b` is None where the protocol has no such step. `both` compares them, and
    `turned` tells from which state under A to which under B: None where there is no such instance."""

    step: str
    a: Mapping[str, Tally] | None
    b: Mapping[str, Tally] | None
    both: Mapping[str, Tally]
    turned: Mapping[tuple[str | None, str | None], Tally]

    @property
    def is_changed(self) -> bool:
        """Whether any instance came, went, or was judged otherwise."""
        return any(self.both[name].openings for name in ("gone", "new", "changed"))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekOfWork:
    """One role's work in the week that begins on `monday`. `same` is what both protocols agree on, `gone` only A has,
    `new` only B."""

    role: str
    monday: date
    a: Mapping[str, Tally]
    b: Mapping[str, Tally]
    same: Mapping[str, Tally]
    gone: Mapping[str, Tally]
    new: Mapping[str, Tally]

    @property
    def is_changed(self) -> bool:
        return any(tally.openings for part in (self.gone, self.new) for tally in part.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """The comparison as of `now`. Not yet cleared of small numbers. Weeks are in order within each role."""

    a: Protocol
    b: Protocol
    now: datetime
    zone: str
    people: int
    steps: tuple[StepChange, ...]
    weeks: tuple[WeekOfWork, ...]


def what_if(
    a: Protocol,
    b: Protocol,
    events: Cases | pd.DataFrame,
    now: datetime | None = None,
    *,
    zone: str = "UTC",
    only: Collection[str] | None = None,
) -> WhatIf:
    """Had `b` been in force instead of `a`, as of `now` (default: the last event).

    Weeks begin on Mondays in `zone`; `only` names the people to count. Raises FidelityError or ReplayError.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise FidelityError(f"There is no time zone `{zone}`.", hint="Write it as America/Chicago.") from error
    if now is not None and now.tzinfo is None:
        raise FidelityError("The moment has no time zone.", hint="Write it as 2026-11-23T12:00Z.")
    with duckdb.connect() as connection:
        span = open_events(connection, events)
        at = now or span.last
        for side, protocol in zip(SIDES, (a, b), strict=True):
            _replay(connection, protocol, span, at, side, zone, only)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE lw_both AS {_BOTH}")
        counted = connection.execute("SELECT count(DISTINCT client) FROM lw_both").fetchone()
        return WhatIf(
            a=a,
            b=b,
            now=at.astimezone(UTC),
            zone=zone,
            people=int(counted[0]) if counted else 0,
            steps=_steps(connection, a, b),
            weeks=_weeks(connection, a, b),
        )


def _replay(
    connection: duckdb.DuckDBPyConnection,
    protocol: Protocol,
    span: Span,
    now: datetime,
    side: str,
    zone: str,
    only: Collection[str] | None,
) -> None:
    """Make `lw_a` or `lw_b`: the instances with their role, the weeks in which they were open, and their number among
    those that opened at the same moment."""
    on_duckdb.build(connection, protocol, first=span.first, last=span.last, now=now)
    small_table(
        connection, "lw_roles_of", "step VARCHAR, role VARCHAR", [(step.id, step.role) for step in protocol.steps]
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE lw_{side} AS {_SIDE}"
        + ("" if only is None else " WHERE i.client IN (SELECT unnest($only))"),
        {"zone": zone, "now": now} | ({} if only is None else {"only": sorted(only)}),
    )
    connection.execute("DROP TABLE instances")


_SIDE: Final = """
SELECT i.client, i.step, coalesce(i.subject, '') AS subject, i.opened_at, i.state, r.role,
       row_number() OVER (PARTITION BY i.client, i.step, i.subject, i.opened_at
                          ORDER BY i.closed_at NULLS LAST, i.opened_by, i.is_repeat) AS nth,
       CAST(date_trunc('week', timezone($zone, i.opened_at)) AS DATE) AS opened_week,
       CAST(date_trunc('week', timezone($zone, i.closed_at)) AS DATE) AS closed_week,
       CAST(date_trunc('week', timezone($zone, CAST($now AS TIMESTAMPTZ))) AS DATE) AS last_week
  FROM instances AS i JOIN lw_roles_of AS r ON r.step = i.step
"""

_BOTH: Final = """
SELECT coalesce(a.client, b.client) AS client, coalesce(a.step, b.step) AS step,
       a.client IS NOT NULL AS in_a, b.client IS NOT NULL AS in_b, a, b
  FROM lw_a AS a FULL JOIN lw_b AS b
    ON b.client = a.client AND b.step = a.step AND b.subject = a.subject AND b.opened_at = a.opened_at AND b.nth = a.nth
"""


def _steps(connection: duckdb.DuckDBPyConnection, a: Protocol, b: Protocol) -> tuple[StepChange, ...]:
    counted = {
        **{
            f"{side}_{name}": f"in_{side} AND {which.format(side)}"
            for side in SIDES
            for name, which in OF_A_SIDE.items()
        },
        **OF_BOTH,
    }
    figures = ", ".join(
        f"count(*) FILTER ({which}), count(DISTINCT client) FILTER ({which})" for which in counted.values()
    )
    found = {
        row[0]: dict(zip(counted, _tallies(row[1:]), strict=True))
        for row in connection.execute(f"SELECT step, {figures} FROM lw_both GROUP BY step").fetchall()
    }
    turned: dict[str, dict[tuple[str | None, str | None], Tally]] = {}
    for step, before, after, *numbers in connection.execute(_TURNED).fetchall():
        turned.setdefault(step, {})[before, after] = Tally(*numbers)
    nothing = dict.fromkeys(counted, Tally(0, 0))
    order = dict.fromkeys([step.id for step in a.steps] + [step.id for step in b.steps])
    known = [{step.id for step in protocol.steps} for protocol in (a, b)]
    return tuple(
        StepChange(
            step=step,
            a=_side("a", found.get(step, nothing)) if step in known[0] else None,
            b=_side("b", found.get(step, nothing)) if step in known[1] else None,
            both={name: found.get(step, nothing)[name] for name in OF_BOTH},
            turned=turned.get(step, {}),
        )
        for step in order
    )


_TURNED: Final = """
SELECT step, a.state AS before, b.state AS after, count(*), count(DISTINCT client)
  FROM lw_both GROUP BY step, before, after
"""


def _side(side: str, tallies: Mapping[str, Tally]) -> Mapping[str, Tally]:
    return {name: tallies[f"{side}_{name}"] for name in OF_A_SIDE}


def _tallies(numbers: tuple[int, ...]) -> list[Tally]:
    return [Tally(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]


def _weeks(connection: duckdb.DuckDBPyConnection, a: Protocol, b: Protocol) -> tuple[WeekOfWork, ...]:
    counts = [which.format(what) for which in _PARTS.values() for what in WORK]
    figures = ", ".join(f"count(*) FILTER ({each}), count(DISTINCT client) FILTER ({each})" for each in counts)
    found = connection.execute(_WORK.format(figures=figures)).fetchall()
    if not found:
        return ()
    names = [f"{part}_{what}" for part in _PARTS for what in WORK]
    counted = {(row[0], row[1]): dict(zip(names, _tallies(row[2:]), strict=True)) for row in found}
    mondays = [monday for _, monday in counted]
    last = connection.execute("SELECT greatest((SELECT max(last_week) FROM lw_a), (SELECT max(last_week) FROM lw_b))")
    end = max(mondays[0], *(last.fetchone() or ()))
    roles = dict.fromkeys(step.role for protocol in (a, b) for step in protocol.steps)
    nothing = dict.fromkeys(names, Tally(0, 0))
    weeks = []
    for role in roles:
        monday = min(mondays)
        while monday <= end:
            tallies = counted.get((role, monday), nothing)
            parts = {part: {what: tallies[f"{part}_{what}"] for what in WORK} for part in _PARTS}
            weeks.append(WeekOfWork(role=role, monday=monday, **parts))
            monday += timedelta(days=7)
    return tuple(weeks)


#: Each instance in each week in which it was there to be done, on either side; then counted by role and week.
_WORK: Final = """
WITH sides AS (
    SELECT 'a' AS side, * FROM lw_a UNION ALL SELECT 'b' AS side, * FROM lw_b),
present AS (
    SELECT side, client, step, subject, opened_at, nth, role, opened_week, closed_week,
           CAST(unnest(generate_series(opened_week, coalesce(closed_week, last_week), INTERVAL 7 DAY)) AS DATE) AS week
      FROM sides),
instance AS (
    SELECT role, week, client, step, subject, opened_at, nth,
           bool_or(side = 'a' AND opened_week = week) AS a_openings,
           bool_or(side = 'b' AND opened_week = week) AS b_openings,
           bool_or(side = 'a' AND closed_week IS NOT DISTINCT FROM week) AS a_closings,
           bool_or(side = 'b' AND closed_week IS NOT DISTINCT FROM week) AS b_closings,
           bool_or(side = 'a' AND closed_week IS DISTINCT FROM week) AS a_open,
           bool_or(side = 'b' AND closed_week IS DISTINCT FROM week) AS b_open,
           bool_or(side = 'a') AS a_load, bool_or(side = 'b') AS b_load
      FROM present GROUP BY ALL)
SELECT role, week, {figures} FROM instance GROUP BY role, week
"""
_PARTS: Final = {
    "a": "a_{0}",
    "b": "b_{0}",
    "same": "a_{0} AND b_{0}",
    "gone": "a_{0} AND NOT b_{0}",
    "new": "b_{0} AND NOT a_{0}",
}

"""Every step instance of every case, as SQL: the same definition that `plan` interprets, for all cases at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from leeward.rules.protocol.definition import Protocol
from leeward.rules.protocol.office import Clock
from leeward.rules.protocol.order import layers

from . import clocks, steps
from .dialects import Engine, render
from .facts import travelling
from .fields import literal
from .marks import Marks

#: The columns of the rows, in their order. Times are moments with a zone.
ROW: Final = (
    "client",
    "step",
    "subject",
    "opened_at",
    "due_at",
    "late_after",
    "closed_at",
    "state",
    "is_repeat",
    "opened_by",
    "closed_by",
)


@dataclass(frozen=True, slots=True)
class Script:
    """What an engine runs: tables to be made one after the other, then the question whose rows are the answer."""

    tables: tuple[tuple[str, str], ...]
    rows: str

    def in_words_of(self, engine: Engine) -> Script:
        """The same in one engine's SQL."""
        tables = tuple((name, render(text, engine)) for name, text in self.tables)
        return Script(tables, render(self.rows, engine))


def replay(protocol: Protocol, *, now: datetime, first: datetime, last: datetime) -> Script:
    """The script for all cases in a table `events` with the columns of the timeline, as of `now`.

    `first` and `last` are the earliest and latest moment at which anything happened: office calendars are laid out
    for that long. Canonical SQL: see `Script.in_words_of`.
    """
    marks = Marks()
    numbered = [steps.Numbered(number, step) for number, step in enumerate(protocol.steps)]
    for each in numbered:
        _learn(marks, each)
    follows = {each.step.id: [closing.step for closing in each.step.after.closings] for each in numbered}
    by_id = {each.step.id: each for each in numbered}
    made = [("lw_cases", _CASES), ("lw_timeline", _timeline(protocol, marks, now))]
    of_layers: list[str] = []
    for number, layer in enumerate(layers(follows)):
        tables = steps.instances(protocol, marks, [by_id[step] for step in layer], of_layers, number)
        made += [(name, text.replace("LW_NOW", str(clocks.moment(now)))) for name, text in tables]
        of_layers.append(made[-1][0])
    if protocol.office is not None:
        for name, values in clocks.tables(protocol.office, protocol.steps, first, max(last, now)).items():
            made.append((name, f"SELECT {clocks.COLUMNS[name]} FROM (VALUES {values}) AS v({clocks.COLUMNS[name]})"))
    return Script(tuple(made), _rows(protocol, of_layers, now))


_CASES: Final = "SELECT client, LW_CASE_NUMBER() AS n FROM (SELECT DISTINCT client FROM events) AS c"


def _learn(marks: Marks, each: steps.Numbered) -> None:
    step = each.step
    marks.when(step.when)
    for pattern in (*step.after.patterns, *step.done.patterns, *step.declined, *step.void):
        marks.bit(pattern)


def _timeline(protocol: Protocol, marks: Marks, now: datetime) -> str:
    """The events that count, in order, each with its marks: what it meets, and which opening conditions then hold."""
    order = "PARTITION BY n ORDER BY happened, recorded, id"
    facts = travelling(protocol, marks, f"{order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW")
    repeats = any(step.repeat is not None for step in protocol.steps)
    until = f", LEAD(happened) OVER ({order}) AS until" if repeats else ""
    told = "".join(f", {column.told} AS {column.name}" for column in facts.columns)
    kept = "".join(f", {column.kept}" for column in facts.columns)
    whens = "".join(f", {column}" for column in marks.whens_sql(facts.values))
    return (
        "WITH counting AS (SELECT c.n, LW_SORTED(e.id) AS id, k.number AS kind, LW_MICROS(e.occurred_at) AS happened,"
        " LW_MICROS(e.recorded_at) AS recorded, NULLIF(e.subject, '') AS subject, LW_DATA(e.data) AS data"
        f" FROM events AS e JOIN ({marks.kinds_sql()}) AS k(kind, number) ON k.kind = e.kind"
        f" JOIN lw_cases AS c ON c.client = e.client WHERE LW_MICROS(e.occurred_at) <= {clocks.moment(now)}"
        " AND NOT EXISTS (SELECT 1 FROM events AS s WHERE s.client = e.client AND s.supersedes = e.id)),"
        f" marked AS (SELECT *, {marks.mask_sql()} AS mask FROM counting),"
        f" telling AS (SELECT n, happened, recorded, id, subject, kind, mask{told} FROM marked),"
        f" keeping AS (SELECT n, ROW_NUMBER() OVER ({order}) AS place, happened, id, subject, kind, mask{until}{kept}"
        " FROM telling)"
        f" SELECT n, place, happened, id, subject, kind, mask{', until' if repeats else ''}{whens} FROM keeping"
    )


def _rows(protocol: Protocol, of_layers: list[str], now: datetime) -> str:
    """The instances with their moments and states, by client and the definition's own ids."""
    everything = " UNION ALL ".join(f"SELECT {steps.COLUMNS} FROM {table}" for table in of_layers)
    placed = (
        "SELECT i.n, i.step, i.subject, COALESCE(i.again, o.happened) AS opened, i.again IS NOT NULL AS is_repeat,"
        " o.id AS opened_by, d.happened AS closed, i.ending % 4 AS closed_as, d.id AS closed_by FROM everything AS i"
        " JOIN lw_timeline AS o ON o.n = i.n AND o.place = i.opened_place"
        " LEFT JOIN lw_timeline AS d ON d.n = i.n AND d.place = LW_FLOOR(i.ending, 4)"
    )
    due = " UNION ALL ".join(_due(protocol, clock) for clock in _clocks(protocol))
    state = (
        f"CASE WHEN i.closed IS NULL THEN CASE WHEN {clocks.moment(now)} > i.late THEN 'overdue' ELSE 'pending' END"
        " WHEN i.closed_as = 2 THEN 'declined' WHEN i.closed_as = 3 THEN 'void'"
        " WHEN i.closed > i.late THEN 'late' ELSE 'met' END"
    )
    return (
        f"WITH everything AS ({everything}), placed AS ({placed}), due AS ({due})"
        " SELECT c.client, i.id AS step, i.subject, LW_MOMENT(i.opened) AS opened_at, LW_MOMENT(i.due) AS due_at,"
        f" LW_MOMENT(i.late) AS late_after, LW_MOMENT(i.closed) AS closed_at, {state} AS state, i.is_repeat,"
        " i.opened_by, i.closed_by FROM due AS i JOIN lw_cases AS c ON c.n = i.n"
    )


def _clocks(protocol: Protocol) -> Iterator[Clock]:
    used = {step.clock for step in protocol.steps}
    return (clock for clock in Clock if clock in used)


def _due(protocol: Protocol, clock: Clock) -> str:
    rows = ", ".join(
        f"({number}, {literal(step.id)}, CAST({clocks.micros(step.within)} AS BIGINT),"
        f" CAST({clocks.micros(step.grace)} AS BIGINT))"
        for number, step in enumerate(protocol.steps)
        if step.clock is clock
    )
    due, joins = clocks.DUE[clock]
    return (
        f"SELECT i.*, w.id, {due} AS due, {due} + w.grace AS late FROM placed AS i"
        f" JOIN (VALUES {rows}) AS w(step, id, within, grace) ON w.step = i.step{joins}"
    )

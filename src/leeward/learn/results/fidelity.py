"""How faithfully and how fast the steps of the protocol were done, by people who came since go-live.

Counted are openings of a step, as the protocol says them over all cases at once (`leeward.learn.fidelity`); one person
can open a step more than once. What was declined, what a closed case voided and what is not due yet counts neither way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import duckdb

from leeward.evidence.releases import Beside
from leeward.evidence.suppression import SUPPRESSED, Cleared, Ledger, Share, Shown
from leeward.evidence.threshold import Threshold
from leeward.learn.fidelity import Following, Losses, Row, bottlenecks, judged, losses, nothing
from leeward.learn.fidelity.cleared import enter, may_rank, publish
from leeward.learn.fidelity.document import bottlenecks_document
from leeward.learn.fidelity.grid import Grid, Kept, cleared, counted
from leeward.learn.fidelity.overlaps import Overlaps, Telling, name_of, overlaps
from leeward.learn.plain import Json
from leeward.rules.competence import Competence
from leeward.rules.durations import format_duration
from leeward.rules.protocol import Stage, Step

from .cases import Era
from .data import ResultsData
from .document import OnTime, StepFigures, Words
from .flow import Stage as OnTheWay
from .flow import cell_of
from .on_time import OnTimeCells, due_cell, on_time, opened_cell

_EVERYBODY: Final = cell_of(Era.SINCE, OnTheWay.SEEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class FidelityCells:
    """The counted tables. `steps` are those of every protocol that somebody follows, `rows` a row for each of them."""

    followed: Sequence[Following]
    steps: Mapping[str, tuple[Step, Stage]]
    rows: Mapping[str, Row]
    grid: Grid
    lost: Losses
    missed: OnTimeCells
    overlaps: Overlaps
    #: Who is counted in which cells of other parts.
    ways: Mapping[str, frozenset[str]]
    knows_training: bool
    knows_consent: bool

    def publish(self, found: Cleared) -> tuple[StepFigures, ...]:
        """Every step, in the order of the stages."""
        steps = sorted(self.steps.values(), key=lambda each: each[1].number)
        return tuple(self._figures(step, stage, found) for step, stage in steps)

    def kept(self, found: Cleared, beside: Beside) -> Kept:
        """The other tables of the same openings, cleared beside the steps and beside earlier documents."""
        return cleared(self.grid, [each.protocol for each in self.followed], found, beside, self._telling(found))

    def _telling(self, found: Cleared) -> Telling:
        """What the results tell of how many people there are, and what they hide. How many came is taken as told."""
        cells = {**{name: name for name in self.ways}, **self.cells}
        hidden = {name for name, cell in cells.items() if found[cell] is SUPPRESSED}
        return Telling(self.overlaps, found.threshold, told={*(cells.keys() - hidden), _EVERYBODY}, hidden=hidden)

    @property
    def cells(self) -> Mapping[str, str]:
        """Groups of people by steps, and the cells that count them."""
        groups = {"opened": "step", "due": "due"}
        return {name_of(groups[name], step): cell for step in self.rows for name, cell in self.people_of(step).items()}

    def people_of(self, step: str) -> Mapping[str, str]:
        """The cells of the people of one step: for whom it was opened, and where somebody missed it, for whom due."""
        due = {"due": due_cell(step)} if step in self.missed.steps else {}
        return {"opened": opened_cell(step)} | due

    def on_time(self, found: Cleared) -> tuple[OnTime, ...]:
        """What if each step had met its clock."""
        return self.missed.publish(found)

    def bottlenecks(self, found: Cleared) -> Mapping[str, Json]:
        """Which step costs the most people and the most days, of those whose numbers are shown."""
        rows = [publish(row, _cell(step), found) for step, row in self.rows.items()]
        figures = list(self.rows.values())
        permitted = may_rank(figures, rows, found.threshold)
        ranks = bottlenecks(self.lost, figures, [step for step in permitted if self.missed.may_rank(step, found)])
        return bottlenecks_document(ranks, {name: step.title for name, (step, _stage) in self.steps.items()})

    def _figures(self, step: Step, stage: Stage, found: Cleared) -> StepFigures:
        cell = _cell(step.id)
        row = publish(self.rows[step.id], cell, found)
        was_opened = self.rows[step.id].counts["opened"].openings > 0
        return StepFigures(
            step=step.id,
            stage=stage.id,
            role=step.role,
            title=Words(step.title.en, step.title.es),
            stage_title=Words(stage.title.en, stage.title.es),
            clock=format_duration(step.within),
            grace=format_duration(step.grace),
            opened=row.counts["opened"],
            people=self._people(step.id, row.people["opened"], found),
            due=row.counts["due"],
            met=found.share(f"{cell}met", f"{cell}due"),
            late=row.counts["late"],
            overdue=row.counts["overdue"],
            declined=row.counts["declined"],
            void=row.counts["void"],
            pending=row.counts["pending"],
            untrained=_share(found, cell, "untrained", "needing_training", is_known=self.knows_training),
            without_consent=_share(found, cell, "without_consent", "sharing", is_known=self.knows_consent),
            median_days=row.median,
            ninety_percent_days=row.ninety,
            days_lost=row.days_lost if was_opened else None,
        )

    def _people(self, step: str, shown: Shown, found: Cleared) -> Shown:
        """For how many a step was opened; hidden with how often it was, and where others can be subtracted from it."""
        return SUPPRESSED if found[opened_cell(step)] is SUPPRESSED else shown


@dataclass(frozen=True, slots=True)
class Judged:
    """Every opening of every step since go-live, judged; the connection that holds them, and what was counted of it."""

    connection: duckdb.DuckDBPyConnection
    grid: Grid
    lost: Losses


@contextmanager
def judging(
    data: ResultsData,
    followed: Sequence[Following],
    competence: Competence,
    since: Sequence[str],
    now: datetime,
    *,
    zone: str,
) -> Iterator[Callable[[], Judged]]:
    """Judge the steps of these people by the protocol that each follows, in a thread: DuckDB works beside what Python
    counts meanwhile. What is given waits for it. Errors of judging are raised there."""
    rules = competence if data.knows_who_did_what else None

    def judge() -> Judged:
        connection, _now = closing.enter_context(
            judged(data.for_counting(), followed, rules, now=now, zone=zone, only=since)
        )
        return Judged(connection, counted(connection), losses(connection))

    with ExitStack() as closing, ThreadPoolExecutor(1, "judging") as beside:
        yield beside.submit(judge).result


def fidelity(
    data: ResultsData,
    found: Judged,
    followed: Sequence[Following],
    threshold: Threshold,
    ledger: Ledger,
    *,
    helped: Mapping[str, datetime],
    ways: Mapping[str, frozenset[str]],
) -> FidelityCells:
    """Enter the openings of every step since go-live, when so many `came`, into the ledger. `ways` says who is counted
    in cells of other parts."""
    steps: dict[str, tuple[Step, Stage]] = {}
    for protocol in (each.protocol for each in followed):
        for step in protocol.steps:
            steps.setdefault(step.id, (step, protocol.stage(step.stage)))
    missed = on_time(found.connection, steps, helped, ledger)
    rows = {name: found.grid.by_step.get((name,), nothing((name,))) for name in steps}
    for name, row in rows.items():
        enter(ledger, row, _cell(name), threshold)
    return FidelityCells(
        followed=followed,
        steps=steps,
        rows=rows,
        grid=found.grid,
        lost=found.lost,
        missed=missed,
        overlaps=overlaps(found.connection, ways),
        ways=ways,
        knows_training=data.knows_who_did_what,
        knows_consent=data.agencies is not None,
    )


def _cell(step: str) -> str:
    return f"step.{step}:"


def _share(found: Cleared, cell: str, part: str, whole: str, *, is_known: bool) -> Share | None:
    return found.share(f"{cell}{part}", f"{cell}{whole}") if is_known else None

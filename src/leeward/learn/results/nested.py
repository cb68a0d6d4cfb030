"""Who is counted in two parts of the results: readers of both can subtract one from the other.

Each part enters its own sums. These lie between the parts: who came to a session is among those who came, whoever was
measured twice since go-live among those measured twice in all. What is left over is protected like any other count.
"""

from __future__ import annotations

from collections.abc import Mapping

from leeward.evidence.suppression import Ledger

from .cases import Era, Population
from .fidelity import FidelityCells
from .flow import FlowCells, Stage, cell_of
from .missing import KnownCells
from .symptoms import SymptomCells


def nested(people: Population, symptoms: SymptomCells, known: KnownCells, ledger: Ledger) -> None:
    """Enter what is left over between the parts. Each part has entered its own counts."""
    for era in people.eras:
        seen, treated = cell_of(era, Stage.SEEN), f"retention.{era.value}"
        ledger.within(seen, treated)
        ledger.within(treated, cell_of(era, Stage.TREATED))
        mine = {case.client for case in people.of(era)}
        for name, those in known.scored.items():
            ledger.count(f"known.{name}.{era.value}", len(those & mine), printed=False)
        for group in symptoms.groups:
            if group.era is era:
                ledger.within(seen, group.cell)
                ledger.within(f"known.score.{era.value}", group.cell)
                ledger.within(f"known.second_score.{era.value}", f"{group.cell}:evaluable")
    for name in known.scored:
        ledger.sum(f"known.{name}", *(f"known.{name}.{era.value}" for era in people.eras))
    era = Era.SINCE if Era.SINCE in people.eras else Era.BEFORE
    ledger.within(cell_of(era, Stage.SEEN), "closed")
    ledger.within("known.needs", "needs")
    ledger.within("known.aftercare", "aftercare:reached")
    ledger.within("people", "aftercare")
    ledger.within("people", "accuracy")


def since_go_live(people: Population, ways: FlowCells) -> Mapping[str, frozenset[str]]:
    """Who is counted in the cells that steps can hold or be held by: the way since go-live, staying, closed cases."""
    if Era.SINCE not in people.eras:
        return {}
    cases = list(people.of(Era.SINCE))
    return {cell_of(Era.SINCE, stage): members for stage, members in ways.at[Era.SINCE].items()} | {
        f"retention.{Era.SINCE.value}": frozenset(case.client for case in cases if case.has("session.attended")),
        "closed": frozenset(case.client for case in cases if case.ending is not None),
    }


def nested_steps(steps: FidelityCells, ledger: Ledger) -> None:
    """Enter what is left over between the people of one step and those of another, or of another part. Who knows the
    protocol knows which steps open for whom; wherever everybody of one is in the other, readers are taken to know it.
    Where each person had a step once, how often it was opened says how many people they are.
    """
    cells = steps.cells
    for whole, part in steps.overlaps.nested([*steps.ways, *cells]):
        if whole in cells or part in cells:
            one, other = cells.get(whole, whole), cells.get(part, part)
            if steps.overlaps.equal(whole, part):
                ledger.sum(one, other)
            else:
                ledger.within(one, other)
    for step, row in steps.rows.items():
        for name, cell in steps.people_of(step).items():
            if row.counts[name].openings == row.counts[name].people > 0:
                ledger.sum(f"step.{step}:{name}", cell)

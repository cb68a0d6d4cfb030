"""Who is counted in two parts of the results: readers of both can subtract one from the other.

Each part enters its own sums. These lie between the parts: who came to a session is among those who came, whoever was
measured twice since go-live among those measured twice in all. What is left over is protected like any other count.
"""

from __future__ import annotations

from leeward.evidence.suppression import Ledger

from .cases import Era, Population
from .flow import Stage, cell_of
from .missing import KnownCells
from .on_time import OnTimeCells
from .symptoms import SymptomCells


def nested(people: Population, symptoms: SymptomCells, known: KnownCells, missed: OnTimeCells, ledger: Ledger) -> None:
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
    if Era.SINCE in people.eras:
        for step in missed.steps:
            ledger.within(cell_of(Era.SINCE, Stage.SEEN), f"ontime.{step}:due")
    era = Era.SINCE if Era.SINCE in people.eras else Era.BEFORE
    ledger.within(cell_of(era, Stage.SEEN), "closed")
    ledger.within("known.needs", "needs")
    ledger.within("known.aftercare", "aftercare:reached")
    ledger.within("people", "aftercare")
    ledger.within("people", "accuracy")

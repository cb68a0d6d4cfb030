"""What is not on record, and what is on record and hidden: said in numbers, so that nobody has to guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from leeward.evidence.suppression import Cleared, Ledger, Suppressed
from leeward.learn.fidelity.grid import Kept

from .cases import Population
from .data import ResultsData
from .document import Hiding, Known, Slices

#: Columns of the table of clients whose gaps are told, where the data have the column.
_COLUMNS: Final = ("county", "age_band", "gender", "race_ethnicity", "language", "payer", "referral_source")
_GAPS: Final = ("", "not_said", "not_known", "unknown", "None", "nan")


@dataclass(frozen=True, slots=True)
class KnownCells:
    names: tuple[str, ...]
    #: Who has a score, and who a second one on the same measure.
    scored: Mapping[str, set[str]]

    def publish(self, cleared: Cleared) -> tuple[Known, ...]:
        return tuple(Known(name=name, share=cleared.share(f"known.{name}", "people")) for name in self.names)


def known(people: Population, data: ResultsData, ledger: Ledger) -> KnownCells:
    """Of everybody: for how many each thing is on record."""
    everybody = {case.client for case in people.cases}
    found: Mapping[str, set[str]] = {
        name: set(data.clients["client"][~data.clients[name].fillna("").astype(str).isin(_GAPS)])
        for name in _COLUMNS
        if name in data.clients.columns
    } | {
        "needs": {case.client for case in people.cases if case.has("needs.assessed")},
        "score": set(data.scores["client"]),
        "second_score": set(data.scores["client"][data.scores.duplicated(["client", "instrument"])]),
        "rating": {case.client for case in people.cases if case.has("rating.given")},
        "aftercare": {case.client for case in people.cases if case.has("aftercare.contacted")},
    }
    for name, those in found.items():
        ledger.split("people", f"known.{name}", len(those & everybody))
    return KnownCells(tuple(found), {name: found[name] for name in ("score", "second_score")})


#: How the names of cells begin, and the part of the results that they belong to.
_PARTS: Final = {
    "flow": "flows",
    "step": "steps",
    "symptoms": "symptoms",
    "retention": "retention",
    "accuracy": "accuracy",
    "harms": "harms",
    "ratings": "ratings",
    "training": "training",
    "series": "series",
    "linkage": "linkage",
    "needs": "needs",
    "county": "needs",
    "closed": "needs",
    "ontime": "on_time",
    "known": "known",
    "adoption": "reaim",
    "aftercare": "reaim",
}


def hiding(cleared: Cleared, kept: Kept, slices: Slices) -> tuple[Hiding, ...]:
    """How many counts of each part are hidden. Why is one reason for all: small, or it would give a small one away."""
    cells: Counter[str] = Counter()
    hidden: Counter[str] = Counter()
    for name, shown in cleared.shown.items():
        part = _PARTS.get(name.split(".")[0].split(":")[0], "about")
        cells[part] += 1
        hidden[part] += isinstance(shown, Suppressed)
    cells["kept"], hidden["kept"] = kept.cells, kept.hidden
    cells["slices"], hidden["slices"] = slices.cells, slices.hidden
    return tuple(Hiding(part=part, cells=cells[part], hidden=hidden[part]) for part in cells if cells[part])

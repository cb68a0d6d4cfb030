"""How symptoms changed from a person's first score to the last, by the rule that the instrument's definition declares.

Whoever has only one score is not evaluable, never unchanged. The class `recovered` needs a reliable fall that also
ends below the cut-off (Jacobson & Truax 1991).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leeward.evidence.change import Change, Criterion, classes
from leeward.evidence.intervals import mean
from leeward.evidence.suppression import SUPPRESSED, Cleared, Ledger
from leeward.rules.instruments import Instrument

from .cases import Era, Population
from .data import ResultsData
from .document import Symptoms, Value
from .errors import ResultsError

BETTER = (Change.RECOVERED, Change.IMPROVED)
WORSE = (Change.DETERIORATED, Change.HARMED)
_CLASSES = (Change.RECOVERED, Change.IMPROVED, Change.UNCHANGED, Change.DETERIORATED, Change.HARMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The people of one era with a score on one instrument; `pairs` of those who have two."""

    instrument: Instrument
    era: Era
    cell: str
    criterion: Criterion | None
    pairs: Sequence[tuple[float, float]]

    def publish(self, cleared: Cleared) -> Symptoms:
        of = f"{self.cell}:evaluable"
        first, last = [pair[0] for pair in self.pairs], [pair[1] for pair in self.pairs]
        return Symptoms(
            instrument=self.instrument.name,
            title=self.instrument.short_name,
            era=self.era.value,
            rule=self.instrument.change.source,
            points=self.criterion.points if self.criterion else None,
            cut_off=self.criterion.cut_off if self.criterion else None,
            with_score=cleared[self.cell],
            evaluable=cleared.share(of, self.cell),
            not_evaluable=cleared[f"{of}:rest"],
            classes={change.value: cleared.share(f"{self.cell}:{change.value}", of) for change in _CLASSES}
            if self.criterion
            else {},
            better=cleared.share(f"{self.cell}:better", of) if self.criterion else None,
            worse=cleared.share(f"{self.cell}:worse", of) if self.criterion else None,
            mean_first=self._mean(cleared, of, first),
            mean_last=self._mean(cleared, of, last),
            mean_change=self._mean(cleared, of, [b - a for a, b in self.pairs]),
        )

    @staticmethod
    def _mean(cleared: Cleared, of: str, values: Sequence[float]) -> Value:
        if not values:
            return None
        return mean(values) if cleared.is_large(of) else SUPPRESSED


@dataclass(frozen=True, slots=True)
class SymptomCells:
    groups: tuple[_Group, ...]

    def publish(self, cleared: Cleared) -> tuple[Symptoms, ...]:
        return tuple(group.publish(cleared) for group in self.groups)


def symptoms(
    people: Population, data: ResultsData, instruments: Mapping[str, Instrument], ledger: Ledger
) -> SymptomCells:
    """First and last total of everybody, by instrument and era, into the ledger.

    Raises ResultsError for totals that an instrument can't have.
    """
    scores = data.scores[data.scores["taken_at"] <= pd.Timestamp(people.now)].dropna(subset=["total"])
    ordered = scores.sort_values(["taken_at"], kind="stable")
    era_of = {case.client: case.era for case in people.cases}
    groups: list[_Group] = []
    for name, instrument in instruments.items():
        mine = ordered[ordered["instrument"] == name]
        if outside := int((~mine["total"].between(instrument.lowest, instrument.highest)).sum()):
            raise ResultsError(
                ngettext(
                    "%(n)s score on %(measure)s is impossible.", "%(n)s scores on %(measure)s are impossible.", outside
                )
                % {"n": outside, "measure": instrument.short_name},
                hint=_("It runs from %(lowest)s to %(highest)s. Correct the scores where they were written.")
                % {"lowest": instrument.lowest, "highest": instrument.highest},
            )
        own = mine.groupby("client", sort=True)["total"].agg(["first", "last", "size"])
        for era in people.eras:
            rows = own[pd.Series([era_of.get(client) is era for client in own.index], index=own.index, dtype=bool)]
            paired = rows[rows["size"] > 1]
            pairs = list(zip(paired["first"].astype(float), paired["last"].astype(float), strict=True))
            group = _Group(
                instrument=instrument,
                era=era,
                cell=f"symptoms.{name}.{era.value}",
                criterion=criterion_of(instrument),
                pairs=pairs,
            )
            _enter(ledger, group, len(rows))
            groups.append(group)
    return SymptomCells(tuple(groups))


def criterion_of(instrument: Instrument) -> Criterion | None:
    """The definition's own rule: points that count from, and the highest score that is healthy; None without a rule."""
    if instrument.change.points is None:
        return None
    line = next((cut.at for cut in instrument.cut_offs if cut.is_default), None)
    healthy = instrument.change.end_at_most
    if healthy is None and line is not None:
        healthy = line - 1
    return Criterion(points=instrument.change.points, points_count=True, cut_off=healthy)


def _enter(ledger: Ledger, group: _Group, with_score: int) -> None:
    cell, of = group.cell, f"{group.cell}:evaluable"
    ledger.count(cell, with_score, importance=2)
    ledger.split(cell, of, len(group.pairs), importance=3, rest_printed=True)
    if group.criterion is None:
        return
    counts = classes(group.criterion, group.pairs)
    for change in _CLASSES:
        ledger.split(of, f"{cell}:{change.value}", counts[change])
    for name, members in (("better", BETTER), ("worse", WORSE)):
        ledger.split(of, f"{cell}:{name}", sum(counts[change] for change in members), importance=1)
    ledger.sum(f"{cell}:better", *(f"{cell}:{change.value}" for change in BETTER))
    ledger.sum(f"{cell}:worse", *(f"{cell}:{change.value}" for change in WORSE))
    ledger.sum(of, *(f"{cell}:{change.value}" for change in _CLASSES))

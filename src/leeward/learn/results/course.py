"""How symptoms go on average, month by month, in one model of all scores of all people (Laird & Ware 1982).

Score = first + months · trend + since · (other start) + months · since · (extra trend), with an intercept and a slope
of each person. The extra trend is what the protocol adds, if nothing else differs between the eras. Who has one score
only takes part: leaving them out would make the others look typical.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from leeward.evidence.errors import EvidenceError
from leeward.evidence.mixed import Design, MixedModel, mixed_model
from leeward.evidence.suppression import SUPPRESSED, Cleared
from leeward.rules.instruments import Instrument

from .cases import Era, Population
from .data import ResultsData
from .document import Course, Value

#: Scores are set on a grid of four weeks, the clock of the protocol's repeated measures.
_WEEKS: Final = 28
_MONTH: Final = 30.4375
_LAST: Final = 39


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitted:
    instrument: Instrument
    eras: tuple[Era, ...]
    model: MixedModel | None
    trouble: str | None

    def publish(self, cleared: Cleared) -> Course:
        """Shown where enough people were measured twice in every era that takes part."""
        cells = [f"symptoms.{self.instrument.name}.{era.value}:evaluable" for era in self.eras]
        shown = cleared.is_large(*cells)

        def effect(name: str) -> Value:
            if self.model is None or name not in self.model.effects:
                return None
            return self.model.effects[name] if shown else SUPPRESSED

        return Course(
            instrument=self.instrument.name,
            title=self.instrument.short_name,
            first=effect("first"),
            a_month=effect("months"),
            a_month_more_since=effect("months_since"),
            people=self.model.clients if self.model and shown else None,
            scores=self.model.scores if self.model and shown else None,
            within_sd=float(np.sqrt(self.model.within)) if self.model and shown else None,
            between_sd=float(np.sqrt(self.model.between)) if self.model and shown else None,
            compares=len(self.eras) > 1,
            refusal=self.trouble,
        )


@dataclass(frozen=True, slots=True)
class CourseCells:
    fitted: tuple[_Fitted, ...]

    def publish(self, cleared: Cleared) -> tuple[Course, ...]:
        return tuple(each.publish(cleared) for each in self.fitted)


def courses(people: Population, data: ResultsData, instruments: Mapping[str, Instrument]) -> CourseCells:
    """Fit each instrument. Counts of people are those of `symptoms`: nothing new goes into the ledger."""
    scores = data.scores[data.scores["taken_at"] <= pd.Timestamp(people.now)].dropna(subset=["total"])
    era = {case.client: int(case.era is Era.SINCE) for case in people.cases}
    scores = scores[scores["client"].isin(era)]
    return CourseCells(
        tuple(_fit(instrument, scores[scores["instrument"] == name], era) for name, instrument in instruments.items())
    )


def _fit(instrument: Instrument, scores: pd.DataFrame, era: Mapping[str, int]) -> _Fitted:
    ordered = scores.sort_values("taken_at", kind="stable")
    client = pd.factorize(ordered["client"])[0]
    first = ordered.groupby("client")["taken_at"].transform("min")
    visit = ((ordered["taken_at"] - first).dt.total_seconds() / 86_400 / _WEEKS).round().clip(0, _LAST).astype("int64")
    frame = pd.DataFrame(
        {
            "who": client,
            "visit": visit.to_numpy(),
            "score": ordered["total"].to_numpy(dtype=float),
            "since": ordered["client"].map(era).to_numpy(),
        }
    ).drop_duplicates(["who", "visit"], keep="last")
    twice = frame.groupby("who")["visit"].transform("size") > 1
    eras = tuple(e for e in Era if (frame["since"][twice] == int(e is Era.SINCE)).any())
    months = frame["visit"].to_numpy(dtype=float) * _WEEKS / _MONTH
    since = frame["since"].to_numpy(dtype=float)
    columns = {"first": np.ones(len(frame)), "months": months}
    if len(eras) > 1:
        columns |= {"since": since, "months_since": months * since}
    try:
        model = mixed_model(
            frame["who"].to_numpy(dtype=np.int64),
            frame["visit"].to_numpy(dtype=np.int64),
            frame["score"].to_numpy(dtype=float),
            Design(tuple(columns), np.column_stack(list(columns.values()))),
            slope_over=[float(number) * _WEEKS / _MONTH for number in range(int(frame["visit"].max()) + 1)],
        )
    except (EvidenceError, ValueError, np.linalg.LinAlgError):
        return _Fitted(instrument=instrument, eras=eras, model=None, trouble="too_few_scores")
    return _Fitted(instrument=instrument, eras=eras, model=model, trouble=None)

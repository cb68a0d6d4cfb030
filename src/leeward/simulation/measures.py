"""Symptoms over time: a latent course for each person, seen through whole answers to each item.

The latent score of person i on measure m at t months is `mean + a_im + (slope + b_im) · t + e`, with (a, b) from a
multivariate normal distribution. It is rounded to a total and spread over the items, so that the items add up to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .chance import Chance
from .parameters import Symptom, Symptoms

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What the simulation needs of an instrument; a test compares it with the definition."""

    instrument: str
    version: str
    items: int
    highest: int
    bands: tuple[tuple[int, str], ...]
    safety_item: int | None = None

    @property
    def top(self) -> int:
        return self.items * self.highest

    def band(self, total: int) -> str | None:
        """The band of a total; None for a measure without bands."""
        return next((band for upto, band in self.bands if total <= upto), None)


_MILD_TO_MODERATE = ((4, "minimal"), (9, "mild"), (14, "moderate"))
MEASURES = (
    Measure(
        instrument="pcl-5", version="1", items=20, highest=4,
        bands=((32, "below_cut_off"), (80, "at_or_above_cut_off")),
    ),
    Measure(
        instrument="phq-9", version="1", items=9, highest=3,
        bands=(*_MILD_TO_MODERATE, (19, "moderately_severe"), (27, "severe")), safety_item=8,
    ),
    Measure(instrument="gad-7", version="1", items=7, highest=3, bands=(*_MILD_TO_MODERATE, (21, "severe"))),
)  # fmt: skip
#: Asked of people only once there was reason to suspect, and drawn last of a person's life.
TIES = Measure(instrument="ties-8", version="1", items=8, highest=3, bands=())
ALL_MEASURES = (*MEASURES, TIES)
_SAFETY_ITEM_LATER = 1.75
"""How much later than other items the safety item rises with the total."""


class Sitting(NamedTuple):
    """One measure answered once. `answers` holds None where the person skipped the item."""

    measure: Measure
    total: int
    answers: tuple[int | None, ...]

    @property
    def is_prorated(self) -> bool:
        return None in self.answers

    @property
    def alert_level(self) -> int:
        """The answer to the safety item, 0 for a measure without one."""
        answer = None if self.measure.safety_item is None else self.answers[self.measure.safety_item]
        return answer or 0


class Course(NamedTuple):
    """A person's own deviations: intercepts and slopes of the measures in their order, and the safety item's."""

    intercepts: tuple[float, ...]
    slopes: tuple[float, ...]
    safety: float


class Symptomatology:
    """Draws courses and sittings under the declared parameters."""

    def __init__(self, symptoms: Symptoms) -> None:
        self._symptoms = symptoms
        self.by_measure: tuple[Symptom, ...] = (symptoms.pcl5, symptoms.phq9, symptoms.gad7, symptoms.ties)
        self._root = np.linalg.cholesky(correlations(symptoms)).tolist()

    def course(self, chance: Chance) -> Course:
        normals = [chance.normal() for _ in range(6)]
        mixed = [sum(w * z for w, z in zip(row, normals, strict=True)) for row in self._root]
        return Course(
            tuple(mixed[place] * symptom.sd_intercept for place, symptom in enumerate(self.by_measure[:3])),
            tuple(mixed[place + 3] * symptom.sd_slope for place, symptom in enumerate(self.by_measure[:3])),
            chance.normal() * 0.5,
        )

    def with_ties(self, course: Course, chance: Chance) -> Course:
        """The same course with that of the ties at its end. They go with post-traumatic stress as declared."""
        pcl5, ties, shared = self.by_measure[0], self._symptoms.ties, self._symptoms.ties_with_stress
        own = sqrt(1 - shared**2)
        return course._replace(
            intercepts=(
                *course.intercepts,
                ties.sd_intercept * (shared * course.intercepts[0] / pcl5.sd_intercept + own * chance.normal()),
            ),
            slopes=(
                *course.slopes,
                ties.sd_slope * (shared * course.slopes[0] / pcl5.sd_slope + own * chance.normal()),
            ),
        )

    def latent(self, place: int, course: Course, *, era: int, experienced: bool, months: float) -> float:
        """The expected score of a person, before the residual."""
        symptom = self.by_measure[place]
        slope = symptom.slope + symptom.protocol_slope * era + course.slopes[place]
        return symptom.mean + symptom.experienced * experienced + course.intercepts[place] + slope * months

    def sittings(
        self, place: int, course: Course, *, era: int, experienced: bool, months: Sequence[float], chance: Chance
    ) -> list[Sitting]:
        """One sitting at each of these months since the first, of the measure at this place in ALL_MEASURES."""
        measure, symptom = ALL_MEASURES[place], self.by_measure[place]
        totals = []
        for month in months:
            score = self.latent(place, course, era=era, experienced=experienced, months=month)
            totals.append(min(max(round(score + symptom.sd_residual * chance.normal()), 0), measure.top))
        answers = _spread(measure, totals, course.safety, chance)
        return [
            self._skip(measure, total, given, chance) for total, given in zip(totals, answers.tolist(), strict=True)
        ]

    def _skip(self, measure: Measure, total: int, given: list[int], chance: Chance) -> Sitting:
        """Sometimes an item is left out, never the safety item; the rest is prorated, halves upwards."""
        if not chance.happens(self._symptoms.item_skipped):
            return Sitting(measure, total, tuple(given))
        skipped = chance.between(0, min(measure.items, 8) - 1)
        answers = tuple(None if place == skipped else answer for place, answer in enumerate(given))
        answered = measure.items - 1
        total = (2 * sum(answer or 0 for answer in answers) * measure.items + answered) // (2 * answered)
        return Sitting(measure, total, answers)


def correlations(symptoms: Symptoms) -> Floats:
    """Correlation matrix of three intercepts and three slopes."""
    matrix = np.eye(6)
    for one, other in product(range(6), range(6)):
        if one == other:
            continue
        same_kind, same_measure = one // 3 == other // 3, one % 3 == other % 3
        if same_kind:
            matrix[one, other] = symptoms.between_measures
        elif same_measure:
            matrix[one, other] = symptoms.intercept_slope
        else:
            matrix[one, other] = symptoms.intercept_slope * symptoms.between_measures
    return matrix


def _spread(measure: Measure, totals: Sequence[int], safety: float, chance: Chance) -> npt.NDArray[np.int64]:
    """Answers that add up to the totals. Every point of every item has a height that rises with the answer; the
    lowest `total` points are given, so a higher total never lowers an answer's chance."""
    shape = (len(totals), measure.items, measure.highest)
    heights = np.cumsum(0.35 + 0.65 * chance.generator.standard_exponential(shape), axis=2)
    heights += 0.13 * (np.arange(measure.items) * 7 % 5 - 2)[None, :, None]  # some questions are answered higher
    if measure.safety_item is not None:
        heights[:, measure.safety_item, :] += _SAFETY_ITEM_LATER - safety
    flat = heights.reshape(len(totals), -1)
    lines = np.sort(flat, axis=1)[np.arange(len(totals)), np.maximum(np.array(totals), 1) - 1]
    lines[np.array(totals) == 0] = -np.inf
    return np.asarray((flat <= lines[:, None]).reshape(shape).sum(axis=2))

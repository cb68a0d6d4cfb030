"""From answers to a score: total, band, clusters, diagnosis pattern, alerts.

A total is given when every item is answered, or prorated (the mean of the answered items times the number of items,
halves rounded up) when at least the declared share is. Safety items are never imputed, so an unanswered one leaves no
total. A prorated total never feeds the diagnosis pattern.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from math import ceil

from leeward.rules.wording import Text

from .errors import AnswerError
from .model import DECLINED, AlertRule, Answer, Answers, Band, CutOff, Instrument, Skip


class NoTotal(Enum):
    """Why there is no total."""

    TOO_FEW_ANSWERS = "too_few_answers"
    SAFETY_ITEM_UNANSWERED = "safety_item_unanswered"


class NoDiagnosis(Enum):
    """Why the diagnosis pattern says nothing."""

    NO_RULE = "no_rule"
    UNANSWERED_ITEMS = "unanswered_items"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Which pattern the answers fit. `result` is None, with `why`, when the pattern may not be judged."""

    result: str | None
    text: Text | None
    why: NoDiagnosis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    instrument: str
    version: str
    total: int | None
    no_total: NoTotal | None
    band: Band | None
    cut_offs: tuple[CutOff, ...]
    prorated: bool
    answered: int
    asked: int
    missing: tuple[str, ...]
    declined: tuple[str, ...]
    safety_unanswered: tuple[str, ...]
    alerts: tuple[AlertRule, ...]
    diagnosis: Diagnosis
    clusters: Mapping[str, int | None]

    @property
    def has_alert(self) -> bool:
        return bool(self.alerts)


def score(instrument: Instrument, answers: Answers) -> Score:
    """The score of one set of answers. Raises AnswerError on an unknown item or a value that is no answer of it."""
    values = _values(instrument, answers)
    open_items = tuple(item.id for item in instrument.items if item.id not in values)
    declined = tuple(item for item in open_items if answers.get(item) is DECLINED)
    safety_unanswered = tuple(item.id for item in instrument.items if item.safety and item.id not in values)
    total, no_total = _total(instrument, values, safety_unanswered)
    return Score(
        instrument=instrument.name,
        version=instrument.version,
        total=total,
        no_total=no_total,
        band=None if total is None else instrument.band(total),
        cut_offs=tuple(line for line in instrument.cut_offs if total is not None and total >= line.at),
        prorated=total is not None and bool(open_items),
        answered=len(values),
        asked=len(instrument.items),
        missing=tuple(item for item in open_items if item not in declined),
        declined=declined,
        safety_unanswered=safety_unanswered,
        alerts=tuple(rule for rule in instrument.alerts if values.get(rule.item, -1) >= rule.at_least),
        diagnosis=_diagnosis(instrument, values),
        clusters={
            cluster.id: sum(values[item] for item in cluster.items) if values.keys() >= set(cluster.items) else None
            for cluster in instrument.clusters
        },
    )


def read_answer(instrument: Instrument, item: str, text: str) -> Answer:
    """An answer as typed or stored: a value, `declined`, or nothing. Raises AnswerError."""
    cleaned = text.strip().lower()
    if not cleaned or cleaned in ("-", "none", "null"):
        return None
    if cleaned == Skip.DECLINED.value:
        return DECLINED
    if not (cleaned.isascii() and cleaned.removeprefix("-").isdigit() and len(cleaned) < 10):
        raise _no_answer(instrument, item, text.strip()[:40])
    return _checked(instrument, item, int(cleaned))


def _values(instrument: Instrument, answers: Answers) -> dict[str, int]:
    return {
        item: _checked(instrument, item, answer)
        for item, answer in answers.items()
        if instrument.item(item) and answer is not None and answer is not DECLINED
    }


def _checked(instrument: Instrument, item: str, answer: object) -> int:
    permitted = {option.value for option in instrument.options}
    if isinstance(answer, bool) or not isinstance(answer, int) or answer not in permitted:
        raise _no_answer(instrument, item, answer)
    return answer


def _no_answer(instrument: Instrument, item: str, answer: object) -> AnswerError:
    values = ", ".join(str(option.value) for option in instrument.options)
    return AnswerError(
        f"{answer!r} is no answer to {item} of {instrument.short_name}.",
        hint=f"Use one of {values}, `declined`, or nothing if it was not asked.",
    )


def _total(
    instrument: Instrument, values: Mapping[str, int], safety_unanswered: tuple[str, ...]
) -> tuple[int | None, NoTotal | None]:
    items = len(instrument.items)
    if len(values) == items:
        return sum(values.values()), None
    if not values or len(values) < ceil(instrument.prorate_from * items - 1e-9):
        return None, NoTotal.TOO_FEW_ANSWERS
    if safety_unanswered:
        return None, NoTotal.SAFETY_ITEM_UNANSWERED
    raised, answered = sum(values.values()) * items, len(values)
    return (2 * raised + answered) // (2 * answered), None


def _diagnosis(instrument: Instrument, values: Mapping[str, int]) -> Diagnosis:
    rule = instrument.diagnosis
    if rule is None:
        return Diagnosis(result=None, text=None, why=NoDiagnosis.NO_RULE)
    if len(values) < len(instrument.items):
        return Diagnosis(result=None, text=None, why=NoDiagnosis.UNANSWERED_ITEMS)
    for result in rule.results:
        if all(pattern.holds(values) for pattern in result.patterns):
            return Diagnosis(result=result.id, text=result.text, why=None)
    return Diagnosis(result="none", text=rule.otherwise, why=None)

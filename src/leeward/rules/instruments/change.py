"""Whether two scores of one person differ by more than measurement error, by the rule that the definition declares."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from leeward.rules.wording import Text

from .errors import AnswerError
from .model import Instrument


class ChangeWord(Enum):
    IMPROVED = "reliable_improvement"
    UNCHANGED = "no_reliable_change"
    WORSE = "reliable_worsening"
    NOT_EVALUABLE = "not_evaluable"
    LOWER = "lower"
    SAME = "same"
    HIGHER = "higher"


#: What a rule with points says of a difference, and what is left to say where nobody knows the measurement error.
JUDGED: Final = (ChangeWord.IMPROVED, ChangeWord.UNCHANGED, ChangeWord.WORSE)
TOLD: Final = (ChangeWord.LOWER, ChangeWord.SAME, ChangeWord.HIGHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The class of a difference, with the rule that decided it, so that it can be printed.

    `points` is None where the rule judges nothing; `clinically_significant` where it declares no end score.
    """

    word: ChangeWord
    difference: int | None
    points: int | None
    end_at_most: int | None
    clinically_significant: bool | None
    source: str
    text: Text


def change(instrument: Instrument, before: int | None, after: int | None) -> Change:
    """The change from one total to a later one. A missing score is not evaluable, never 'unchanged'."""
    rule = instrument.change
    difference = None if before is None or after is None else _total(instrument, after) - _total(instrument, before)
    word = _word(difference, rule.points)
    significant = None
    if rule.end_at_most is not None and difference is not None and after is not None:
        significant = word is ChangeWord.IMPROVED and after <= rule.end_at_most
    return Change(
        word=word,
        difference=difference,
        points=rule.points,
        end_at_most=rule.end_at_most,
        clinically_significant=significant,
        source=rule.source,
        text=rule.words[word.value].filled(size=abs(difference or 0), points=rule.points or 0),
    )


def _word(difference: int | None, points: int | None) -> ChangeWord:
    if difference is None:
        return ChangeWord.NOT_EVALUABLE
    if points is None:
        return ChangeWord.SAME if difference == 0 else ChangeWord.LOWER if difference < 0 else ChangeWord.HIGHER
    if abs(difference) < points:
        return ChangeWord.UNCHANGED
    return ChangeWord.IMPROVED if difference < 0 else ChangeWord.WORSE


def _total(instrument: Instrument, total: int) -> int:
    if not instrument.lowest <= total <= instrument.highest:
        raise AnswerError(
            f"{total} is not a total of {instrument.short_name}.",
            hint=f"Totals run from {instrument.lowest} to {instrument.highest}.",
        )
    return total

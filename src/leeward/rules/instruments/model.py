"""What a measure is: items, answers, scoring, bands, diagnosis rule, alerts, and what counts as change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from leeward.rules.wording import Text

from .errors import AnswerError


class Skip(Enum):
    """An answer that the person chose not to give. It is neither zero nor missing."""

    DECLINED = "declined"


DECLINED: Final = Skip.DECLINED

Answer = int | Skip | None
"""An answer value, DECLINED, or None for not asked."""

Answers = Mapping[str, Answer]


class Wording(Enum):
    """Whose words an instrument uses in one language."""

    OWN = "own"
    OFFICIAL = "official"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOption:
    value: int
    text: Text
    loinc: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question. A safety item is never imputed."""

    id: str
    text: Text
    loinc: str | None = None
    safety: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """A question of an imported form that counts in no score."""

    loinc: str
    text: Text
    answers: tuple[AnswerOption, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    id: str
    items: tuple[str, ...]
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    id: str
    lowest: int
    highest: int
    text: Text
    loinc: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOff:
    id: str
    at: int
    text: Text
    source: str
    is_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """So many of these items, each scored at least so high."""

    at_least: int
    at_most: int | None
    of: tuple[str, ...]
    scored: int
    exceptions: Mapping[str, int]

    def count(self, values: Mapping[str, int]) -> int:
        return sum(values[item] >= self.exceptions.get(item, self.scored) for item in self.of)

    def holds(self, values: Mapping[str, int]) -> bool:
        found = self.count(values)
        return found >= self.at_least and (self.at_most is None or found <= self.at_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisResult:
    id: str
    text: Text
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisRule:
    """The first result whose patterns all hold; else none of them."""

    results: tuple[DiagnosisResult, ...]
    otherwise: Text
    note: Text
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    id: str
    item: str
    at_least: int
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRule:
    """Points from which a difference is more than measurement error, or None where nobody knows them: then a
    difference is told and not judged. If set, the end score that is also needed to be clinically significant."""

    id: str
    points: int | None
    end_at_most: int | None
    source: str
    words: Mapping[str, Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A measure whose answers are numbers that add up."""

    name: str
    version: str
    title: Text
    short_name: str
    about: Text
    intro: Text
    wording: Mapping[str, Wording]
    panel_loinc: str | None
    score_loinc: str | None
    licence_holder: str
    licence_terms: str
    licence_notice: str | None
    window_days: int
    options: tuple[AnswerOption, ...]
    items: tuple[Item, ...]
    extras: tuple[Extra, ...]
    lowest: int
    highest: int
    prorate_from: float
    clusters: tuple[Cluster, ...]
    bands: tuple[Band, ...]
    bands_source: str
    cut_offs: tuple[CutOff, ...]
    diagnosis: DiagnosisRule | None
    alerts: tuple[AlertRule, ...]
    change: ChangeRule

    def item(self, item: str) -> Item:
        """The item with this id. Raises AnswerError."""
        for candidate in self.items:
            if candidate.id == item:
                return candidate
        raise AnswerError(
            f"{self.short_name} has no item `{item}`.", hint=f"Its items are {self.items[0].id} to {self.items[-1].id}."
        )

    def band(self, total: int) -> Band | None:
        """The band that a total falls in; None if the instrument has no bands."""
        if not self.bands:
            return None
        for band in self.bands:
            if band.lowest <= total <= band.highest:
                return band
        raise AnswerError(f"{total} is not a total of {self.short_name}.", hint=f"{self.lowest} to {self.highest}.")

    @property
    def credit(self) -> str:
        """What must stand beside the wording: the notice of an imported form, else holder and terms."""
        return self.licence_notice or f"{self.licence_holder.rstrip('.')}. {self.licence_terms}"

    def wording_in(self, language: str) -> Wording:
        return self.wording.get(language[:2].lower(), self.wording["en"])

    def in_order(self, answers: Iterable[Answer]) -> dict[str, Answer]:
        """Answers given in the order of the items, by item id. Raises AnswerError on another number of answers."""
        given = tuple(answers)
        if len(given) != len(self.items):
            raise AnswerError(
                f"{self.short_name} has {len(self.items)} items; {len(given)} answers were given.",
                hint="Give one answer an item, in order. Leave a place empty if it was not asked: 0,,2",
            )
        return {item.id: answer for item, answer in zip(self.items, given, strict=True)}

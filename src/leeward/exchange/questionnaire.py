"""Reads a FHIR R4 Questionnaire from outside into plain dataclasses, suspicious of all of it.

Takes the shape that the NLM form tools export (LOINC codes on items and options, scores as ordinal values, totals as
read-only decimals) and its usual variants: nested groups, contained value sets, scores as item weights.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from .errors import QuestionnaireError

LARGEST: Final = 2 * 1024 * 1024
DEEPEST: Final = 40
MOST_ITEMS: Final = 1_000
LONGEST_TEXT: Final = 2_000

LOINC: Final = "http://loinc.org"
ORDINAL: Final = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
WORDING: Final = "urn:leeward:wording"
#: Names of measures, for those without a LOINC code.
MEASURE: Final = "urn:leeward:measure"
_SCORES: Final = (
    ORDINAL,
    "http://hl7.org/fhir/StructureDefinition/itemWeight",
    "http://hl7.org/fhir/StructureDefinition/questionnaire-ordinalValue",
)
_CHOICES: Final = ("choice", "open-choice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer: its LOINC code and score, where the form gives them."""

    text: str
    loinc: str | None
    score: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question. `options` is empty when it is not answered by choosing."""

    link: str
    text: str
    loinc: str | None
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """`codes` are LOINC codes, `measures` the names that a form of ours gives. `wording` is what the form itself says
    about its words; forms from elsewhere say nothing and are official."""

    title: str
    language: str
    language_given: bool
    copyright: str
    codes: frozenset[str]
    measures: frozenset[str]
    wording: str
    questions: tuple[Asked, ...]


def read_questionnaire(content: bytes | str) -> Questionnaire:
    """Read one Questionnaire. Raises QuestionnaireError in one plain sentence."""
    resource = _json(content)
    kind = resource.get("resourceType")
    if kind != "Questionnaire":
        said = f"a {kind}" if isinstance(kind, str) and kind.isalnum() and len(kind) < 60 else "no FHIR resource"
        raise QuestionnaireError(
            f"This is not a FHIR Questionnaire but {said}.", hint="Export the empty form, not its answers."
        )
    language = _text(resource.get("language"))
    return Questionnaire(
        title=_text(resource.get("title")) or _text(resource.get("name")),
        language=language or "en",
        language_given=bool(language),
        copyright=_text(resource.get("copyright")),
        codes=frozenset(_codes(resource.get("code")) + _codes(resource.get("identifier"), key="value")),
        measures=frozenset(_codes(resource.get("code"), system=MEASURE)),
        wording=_wording(resource),
        questions=tuple(_questions(resource)),
    )


def _json(content: bytes | str) -> Mapping[str, object]:
    if len(content) > LARGEST:
        raise QuestionnaireError(
            f"The file is larger than {LARGEST // 1024 // 1024} MiB.", hint="A questionnaire is far smaller."
        )
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise QuestionnaireError("The file is not UTF-8 text.", hint="Save it as JSON in UTF-8.") from error
    if _depth(text) > DEEPEST:
        raise QuestionnaireError(
            f"The file is nested more than {DEEPEST} deep.", hint="Real questionnaires are nested far less."
        )
    try:
        data: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise QuestionnaireError(f"The file is not JSON{line}.", hint="Export it again as FHIR R4 JSON.") from error
    if not isinstance(data, dict):
        raise QuestionnaireError("The file holds no FHIR resource.", hint="Export it again as FHIR R4 JSON.")
    return data


def _depth(text: str) -> int:
    """How deep brackets nest outside of strings; counted before parsing, because parsing is what depth attacks."""
    deepest = depth = 0
    in_string = escaped = False
    for letter in text:
        if in_string:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                in_string = False
        elif letter == '"':
            in_string = True
        elif letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    return deepest


def _questions(resource: Mapping[str, object]) -> Iterator[Asked]:
    value_sets = {
        f"#{_text(contained.get('id'))}": contained
        for contained in _mappings(resource.get("contained"))
        if contained.get("resourceType") == "ValueSet"
    }
    seen: set[str] = set()
    for count, item in enumerate(_flat(_mappings(resource.get("item"))), start=1):
        if count > MOST_ITEMS:
            raise QuestionnaireError(
                f"The questionnaire has more than {MOST_ITEMS:,} items.", hint="Import one measure at a time."
            )
        if item.get("type") in ("group", "display") or item.get("readOnly") is True:
            continue
        codes = _codes(item.get("code"))
        code = codes[0] if codes else None
        if code in seen:
            raise QuestionnaireError(f"Item {code} is there twice.", hint="Import a form that asks each question once.")
        if code:
            seen.add(code)
        options = tuple(_options(item, value_sets)) if item.get("type") in _CHOICES else ()
        yield Asked(link=_text(item.get("linkId")), text=_label(item), loinc=code, options=options)


def _flat(items: list[Mapping[str, object]]) -> Iterator[Mapping[str, object]]:
    for item in items:
        yield item
        yield from _flat(_mappings(item.get("item")))


def _options(item: Mapping[str, object], value_sets: Mapping[str, Mapping[str, object]]) -> Iterator[Option]:
    for option in _mappings(item.get("answerOption")):
        coding = option.get("valueCoding")
        if isinstance(coding, dict):
            yield _option(coding, score=_score(option) if _score(option) is not None else _score(coding))
        elif isinstance(text := option.get("valueString"), str):
            yield Option(text=_text(text), loinc=None, score=_score(option))
    value_set = value_sets.get(_text(item.get("answerValueSet")))
    if value_set is not None and isinstance(compose := value_set.get("compose"), dict):
        for include in _mappings(compose.get("include")):
            for concept in _mappings(include.get("concept")):
                yield _option({"system": include.get("system"), **concept}, score=_score(concept))


def _option(coding: Mapping[str, object], *, score: int | None) -> Option:
    code = _text(coding.get("code"))
    return Option(
        text=_text(coding.get("display")) or code,
        loinc=code if code and coding.get("system") == LOINC else None,
        score=score,
    )


def _score(element: Mapping[str, object]) -> int | None:
    for extension in _mappings(element.get("extension")):
        if extension.get("url") in _SCORES:
            value = extension.get("valueDecimal", extension.get("valueInteger"))
            if isinstance(value, bool) or not isinstance(value, int | float):
                return None
            if not math.isfinite(value) or value != int(value):
                raise QuestionnaireError(
                    f"An answer scores {value}, which is not a whole number.", hint="Check the form's ordinal values."
                )
            return int(value)
    return None


def _label(item: Mapping[str, object]) -> str:
    if text := _text(item.get("text")):
        return text
    return next((_text(code.get("display")) for code in _mappings(item.get("code"))), "")


def _wording(resource: Mapping[str, object]) -> str:
    meta = resource.get("meta")
    for tag in _mappings(meta.get("tag") if isinstance(meta, dict) else None):
        if tag.get("system") == WORDING and tag.get("code") == "own":
            return "own"
    return "official"


def _codes(value: object, *, key: str = "code", system: str = LOINC) -> list[str]:
    return [_text(coding.get(key)) for coding in _mappings(value) if coding.get("system") == system and coding.get(key)]


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [member for member in value if isinstance(member, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    """One line of visible text: control characters and surplus spaces are dropped."""
    if not isinstance(value, str):
        return ""
    cleaned = " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
    if len(cleaned) > LONGEST_TEXT:
        raise QuestionnaireError(
            f"A text in the form is longer than {LONGEST_TEXT:,} characters.",
            hint="Shorten it, or import another form.",
        )
    return cleaned

"""Puts the wording of an imported form onto a measure that Leeward already scores, item by item, by LOINC code.

Scoring, bands, alerts and change rules stay the definition's own. Questions that it does not score are kept unscored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import yaml

from leeward.rules.instruments import Instrument, Item
from leeward.rules.yaml_source import JSON, Document

from .errors import QuestionnaireError
from .questionnaire import Asked, Option, Questionnaire

LANGUAGES = ("en", "es")


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A definition with imported wording, as YAML, and what a person should know about it."""

    name: str
    text: str
    language: str
    notes: tuple[str, ...]


def choose(questionnaire: Questionnaire, instruments: Iterable[Instrument]) -> Instrument:
    """The measure that the form is: by its panel code or name, else by the most item codes in common."""
    known = tuple(instruments)
    for instrument in known:
        if instrument.panel_loinc in questionnaire.codes or instrument.name in questionnaire.measures:
            return instrument
    given = {asked.loinc for asked in questionnaire.questions if asked.loinc}
    best = max(known, key=lambda one: len(given & _item_codes(one)), default=None)
    if best is None or 2 * len(given & _item_codes(best)) <= len(best.items):
        names = ", ".join(f"{one.short_name} ({one.panel_loinc or one.name})" for one in known)
        raise QuestionnaireError(
            "The form is none of the measures that Leeward can score.", hint=f"It knows {names} by these codes."
        )
    return best


def put_on(questionnaire: Questionnaire, instrument: Instrument, document: Document) -> Import:
    """The measure's definition with the form's wording. `document` is the definition that `instrument` was read from.

    Raises QuestionnaireError if the form lacks an item, or answers it otherwise than the measure scores.
    """
    language = questionnaire.language[:2].lower()
    if language not in LANGUAGES:
        raise QuestionnaireError(
            f"The form is in the language `{questionnaire.language[:20]}`.", hint="Definitions hold en and es."
        )
    matched = _matched(questionnaire, instrument)
    options = _agreed_options(matched, instrument)
    extras = [asked for asked in questionnaire.questions if asked not in matched and asked.options and asked.loinc]
    left_out = [asked for asked in questionnaire.questions if asked not in matched and asked not in extras]
    data = _copy(document.data)
    _reword(data, language, matched, options, questionnaire)
    if extras:
        data["extras"] = [_extra(asked) for asked in extras]
    text = _HEADER + yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100)
    notes = _notes(questionnaire, instrument, language, extras, left_out)
    return Import(name=instrument.name, text=text, language=language, notes=notes)


_HEADER = "# Made by `leeward instruments import`: wording from a FHIR Questionnaire, scoring as shipped.\n"


def _item_codes(instrument: Instrument) -> set[str]:
    return {item.loinc for item in instrument.items if item.loinc}


def _matched(questionnaire: Questionnaire, instrument: Instrument) -> tuple[Asked, ...]:
    """One question for each item: by code, or in order where the measure has no item codes."""
    if not _item_codes(instrument):
        return _in_order(questionnaire, instrument)
    by_code = {asked.loinc: asked for asked in questionnaire.questions if asked.loinc}
    missing = [item.loinc or item.id for item in instrument.items if item.loinc not in by_code]
    if missing:
        listed = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        raise QuestionnaireError(
            f"The form lacks {len(missing)} of the {len(instrument.items)} items of {instrument.short_name}: {listed}.",
            hint="Import the whole form, with a LOINC code on each item.",
        )
    return tuple(_worded(by_code[item.loinc or ""], item, instrument) for item in instrument.items)


def _in_order(questionnaire: Questionnaire, instrument: Instrument) -> tuple[Asked, ...]:
    scored = [asked for asked in questionnaire.questions if asked.options]
    if len(scored) != len(instrument.items):
        raise QuestionnaireError(
            f"{instrument.short_name} has {len(instrument.items)} scored items; the form has {len(scored)}.",
            hint="Import the form with exactly these items, in their official order.",
        )
    return tuple(_worded(asked, item, instrument) for asked, item in zip(scored, instrument.items, strict=True))


def _worded(asked: Asked, item: Item, instrument: Instrument) -> Asked:
    if not asked.text:
        raise QuestionnaireError(
            f"Item {item.id} of {instrument.short_name} has no text in the form.", hint="Import a form with wording."
        )
    return asked


def _agreed_options(matched: Sequence[Asked], instrument: Instrument) -> dict[int, Option]:
    """Score → answer, the same for every item, and the same scores as the measure's."""
    codes = {option.loinc: option.value for option in instrument.options if option.loinc}
    wanted = {option.value for option in instrument.options}
    agreed: dict[int, Option] = {}
    for asked in matched:
        scores = [codes.get(option.loinc or "") if option.score is None else option.score for option in asked.options]
        for option, score in zip(asked.options, scores, strict=True):
            if option.loinc in codes and score != codes[option.loinc]:
                raise QuestionnaireError(
                    f"The form scores answer {option.loinc} as {score}; {instrument.short_name} scores it as"
                    f" {codes[option.loinc]}.",
                    hint="Check the form's ordinal values.",
                )
        if len(scores) != len(wanted) or set(scores) != wanted:
            raise QuestionnaireError(
                f"An item of the form is not answered with {_listed(wanted)}, as {instrument.short_name} is.",
                hint="Give each answer option its ordinalValue, or its LOINC answer code.",
            )
        for option, score in zip(asked.options, scores, strict=True):
            if score is not None and agreed.setdefault(score, option).text != option.text:
                raise QuestionnaireError(
                    f"The form words the answer {score} in two ways.", hint="One set of answers serves all items."
                )
    return agreed


def _listed(values: Iterable[int]) -> str:
    return ", ".join(str(value) for value in sorted(values))


def _copy(data: JSON) -> dict[str, JSON]:
    copied: dict[str, JSON] = json.loads(json.dumps(data))
    return copied


def _reword(
    data: dict[str, JSON],
    language: str,
    matched: Sequence[Asked],
    options: dict[int, Option],
    questionnaire: Questionnaire,
) -> None:
    for entry, asked in zip(_entries(data["items"]), matched, strict=True):
        _mapping(entry["text"])[language] = asked.text
        if asked.loinc:
            entry["loinc"] = asked.loinc
    for entry in _entries(data["answers"]):
        option = options[_whole(entry["value"])]
        _mapping(entry["text"])[language] = option.text
        if option.loinc:
            entry["loinc"] = option.loinc
    wording = _mapping(data["wording"])
    wording[language] = questionnaire.wording
    official = "-".join(code for code in LANGUAGES if wording[code] == "official")
    base = str(data["version"]).split("+official")[0]
    data["version"] = f"{base}+official-{official}" if official else base
    if questionnaire.copyright and questionnaire.wording == "official":
        _mapping(data["licence"])["notice"] = questionnaire.copyright


def _extra(asked: Asked) -> JSON:
    """Both languages carry the imported words: there are no others for a question that Leeward does not score."""
    answers: list[JSON] = []
    for position, option in enumerate(asked.options):
        answer: dict[str, JSON] = {"value": position if option.score is None else option.score}
        if option.loinc:
            answer["loinc"] = option.loinc
        answers.append({**answer, "text": {"en": option.text, "es": option.text}})
    return {"loinc": str(asked.loinc), "text": {"en": asked.text, "es": asked.text}, "answers": answers}


def _notes(
    questionnaire: Questionnaire,
    instrument: Instrument,
    language: str,
    extras: Sequence[Asked],
    left_out: Sequence[Asked],
) -> tuple[str, ...]:
    other = "Spanish" if language == "en" else "English"
    notes = []
    if not questionnaire.language_given:
        notes.append("The form does not say its language; it was taken as English.")
    if instrument.wording_in("es" if language == "en" else "en").value == "own":
        notes.append(f"The {other} wording stays Leeward's own and is marked so.")
    if not _item_codes(instrument):
        notes.append("The items were matched in their order, because the measure has no item codes.")
    if extras:
        notes.append(f"Kept without a score: {', '.join(str(asked.loinc) for asked in extras)}.")
    if left_out:
        notes.append(f"Left out, because they have no code or no answer options: {len(left_out)}.")
    return tuple(notes)


def _entries(value: JSON) -> list[dict[str, JSON]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _mapping(value: JSON) -> dict[str, JSON]:
    if not isinstance(value, dict):
        raise TypeError("The definition was not checked before.")
    return value


def _whole(value: JSON) -> int:
    if not isinstance(value, int):
        raise TypeError("The definition was not checked before.")
    return value

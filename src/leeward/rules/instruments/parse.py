"""From the YAML of a measure to an Instrument, refusing what contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from leeward.rules.errors import DefinitionError
from leeward.rules.reading import Entry
from leeward.rules.yaml_source import Document, nearest, raise_all, validate

from .change import JUDGED, TOLD
from .model import (
    AlertRule,
    AnswerOption,
    Band,
    ChangeRule,
    Cluster,
    CutOff,
    DiagnosisResult,
    DiagnosisRule,
    Extra,
    Instrument,
    Item,
    Pattern,
    Wording,
)


def parse_instrument(document: Document, schema: Mapping[str, object]) -> Instrument:
    """Read a measure. Raises DefinitionError with the line of the first mistake, carrying the others."""
    validate(document, schema)
    root = Entry(document)
    raise_all(_contradictions(root))
    return Instrument(
        name=root["instrument"].text(),
        version=root["version"].text(),
        title=root["title"].words(),
        short_name=root["short_name"].text(),
        about=root["about"].words(),
        intro=root["intro"].words(),
        wording={language: Wording(root["wording"][language].text()) for language in root["wording"].named()},
        panel_loinc=root["loinc"]["panel"].optional_text(),
        score_loinc=root["loinc"]["score"].optional_text(),
        licence_holder=root["licence"]["holder"].text(),
        licence_terms=root["licence"]["terms"].text(),
        licence_notice=root["licence"]["notice"].optional_text(),
        window_days=root["window"]["days"].integer(),
        options=tuple(_option(entry) for entry in root["answers"].entries()),
        items=tuple(_item(entry) for entry in root["items"].entries()),
        extras=tuple(_extra(entry) for entry in root["extras"].entries()),
        lowest=root["scoring"]["lowest"].integer(),
        highest=root["scoring"]["highest"].integer(),
        prorate_from=root["scoring"]["prorate_from"].number(),
        clusters=tuple(
            Cluster(id=entry["id"].text(), items=entry["items"].texts(), text=entry["text"].words())
            for entry in root["clusters"].entries()
        ),
        bands=tuple(_band(entry) for entry in root["bands"].entries()),
        bands_source=root["bands_source"].optional_text() or "",
        cut_offs=tuple(_cut_off(entry) for entry in root["cut_offs"].entries()),
        diagnosis=_diagnosis(root["diagnosis"]) if root.has("diagnosis") else None,
        alerts=tuple(
            AlertRule(
                id=entry["id"].text(),
                item=entry["item"].text(),
                at_least=entry["at_least"].integer(),
                text=entry["text"].words(),
            )
            for entry in root["alerts"].entries()
        ),
        change=_change(root["change"]),
    )


def _option(entry: Entry) -> AnswerOption:
    return AnswerOption(
        value=entry["value"].integer(), text=entry["text"].words(), loinc=entry["loinc"].optional_text()
    )


def _item(entry: Entry) -> Item:
    return Item(
        id=entry["id"].text(),
        text=entry["text"].words(),
        loinc=entry["loinc"].optional_text(),
        safety=entry["safety"].boolean(False),
    )


def _extra(entry: Entry) -> Extra:
    return Extra(
        loinc=entry["loinc"].text(),
        text=entry["text"].words(),
        answers=tuple(_option(option) for option in entry["answers"].entries()),
    )


def _band(entry: Entry) -> Band:
    return Band(
        id=entry["id"].text(),
        lowest=entry["from"].integer(),
        highest=entry["to"].integer(),
        text=entry["text"].words(),
        loinc=entry["loinc"].optional_text(),
    )


def _cut_off(entry: Entry) -> CutOff:
    return CutOff(
        id=entry["id"].text(),
        at=entry["at"].integer(),
        text=entry["text"].words(),
        source=entry["source"].text(),
        is_default=entry["default"].boolean(False),
    )


def _diagnosis(entry: Entry) -> DiagnosisRule:
    return DiagnosisRule(
        results=tuple(
            DiagnosisResult(
                id=result["id"].text(),
                text=result["text"].words(),
                patterns=tuple(_pattern(pattern) for pattern in result["all"].entries()),
            )
            for result in entry["results"].entries()
        ),
        otherwise=entry["otherwise"].words(),
        note=entry["note"].words(),
        source=entry["source"].text(),
    )


def _pattern(entry: Entry) -> Pattern:
    return Pattern(
        at_least=entry["at_least"].integer(),
        at_most=entry["at_most"].integer() if entry.has("at_most") else None,
        of=entry["of"].texts(),
        scored=entry["scored"].integer(),
        exceptions={item: entry["except"][item].integer() for item in entry["except"].named()},
    )


def _change(entry: Entry) -> ChangeRule:
    return ChangeRule(
        id=entry["id"].text(),
        points=entry["points"].integer() if entry.has("points") else None,
        end_at_most=entry["end_at_most"].integer() if entry.has("end_at_most") else None,
        source=entry["source"].text(),
        words={word: entry["words"][word].words() for word in entry["words"].named()},
    )


def _contradictions(root: Entry) -> Iterator[DefinitionError]:
    ids = [entry["id"].text() for entry in root["items"].entries()]
    yield from _repeated(root["items"], "id")
    yield from _repeated(root["answers"], "value")
    for named in _named_items(root):
        if named.text() not in ids:
            yield named.wrong(f"names `{named.text()}`, which is not an item", nearest(named.text(), ids))
    yield from _uneven_bands(root)
    yield from _unreachable_totals(root, len(ids))
    yield from _change_without_words(root["change"])


def _repeated(entries: Entry, key: str) -> Iterator[DefinitionError]:
    seen: set[object] = set()
    for entry in entries.entries():
        value = entry[key].value
        if value in seen:
            yield entry[key].wrong(f"`{value}` is given twice", "Give each its own.")
        seen.add(value)


def _named_items(root: Entry) -> Iterator[Entry]:
    for cluster in root["clusters"].entries():
        yield from cluster["items"].entries()
    for alert in root["alerts"].entries():
        yield alert["item"]
    for result in root["diagnosis"]["results"].entries():
        for pattern in result["all"].entries():
            yield from pattern["of"].entries()


def _change_without_words(change: Entry) -> Iterator[DefinitionError]:
    judged = change.has("points")
    for word in JUDGED if judged else TOLD:
        if not change["words"].has(word.value):
            why = "`points` are given" if judged else "no `points` are given"
            yield change["words"].wrong(f"lack `{word.value}`, though {why}", "Write it in both languages.")
    if change.has("end_at_most") and not judged:
        yield change["end_at_most"].wrong("needs `points`", "Without them no change is judged.")


def _uneven_bands(root: Entry) -> Iterator[DefinitionError]:
    if not root.has("bands"):
        return
    if not root.has("bands_source"):
        yield root["bands"].wrong("have no `bands_source`", "Say who set them.")
    expected = root["scoring"]["lowest"].integer()
    for band in root["bands"].entries():
        if band["from"].integer() != expected:
            yield band["from"].wrong("leaves a gap or an overlap", f"This band should begin at {expected}.")
        if band["to"].integer() < band["from"].integer():
            yield band["to"].wrong("is below `from`", "Write the highest total of the band.")
        expected = band["to"].integer() + 1
    if expected != root["scoring"]["highest"].integer() + 1:
        yield root["bands"].wrong("don't reach the highest total", "Let the last band end at `scoring.highest`.")


def _unreachable_totals(root: Entry, items: int) -> Iterator[DefinitionError]:
    values = [entry["value"].integer() for entry in root["answers"].entries()]
    for key, reached in (("lowest", min(values) * items), ("highest", max(values) * items)):
        if root["scoring"][key].integer() != reached:
            yield root["scoring"][key].wrong("does not follow from the items and answers", f"It should be {reached}.")

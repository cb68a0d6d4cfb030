"""From the YAML of a decision table to a Law, refusing what contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, TypeVar

from leeward.rules.errors import DefinitionError
from leeward.rules.reading import Entry
from leeward.rules.yaml_source import Document, nearest, raise_all, validate

from .model import (
    Age,
    AgeOf,
    Alone,
    Authorisation,
    DataClass,
    Law,
    Outcome,
    Purpose,
    RecipientKind,
    Regime,
    Row,
    Status,
)
from .process import Giving, Process, ProcessKind

Kind = TypeVar("Kind", bound=StrEnum)
#: Obligations that are met by a text on each copy: without it nothing may leave (42 CFR 2.32, C-06).
MET_BY_A_NOTICE: Final = ("no_redisclosure", "part2_notice")


def parse_law(document: Document, schema: Mapping[str, object]) -> Law:
    """Read a decision table. Raises DefinitionError with the line of the first mistake."""
    validate(document, schema)
    root = Entry(document)
    raise_all(_contradictions(root))
    return Law(
        name=root["law"].text(),
        version=root["version"].text(),
        title=root["title"].words(),
        reason_above_days=root["reason_above_days"].integer(),
        elements={code: root["elements"][code].words() for code in root["elements"].named()},
        obligations={code: root["obligations"][code].words() for code in root["obligations"].named()},
        duties={code: root["duties"][code].words() for code in root["duties"].named()},
        notices={code: root["notices"][code].words() for code in root["notices"].named()},
        labels={DataClass(name): root["labels"][name].texts() for name in root["labels"].named()},
        forms={form: frozenset(root["forms"][form]["carries"].texts()) for form in root["forms"].named()},
        rows=tuple(_row(entry) for entry in root["rows"].entries()),
        process=_process(root["process"]),
        languages={form: frozenset(root["forms"][form]["languages"].texts()) for form in root["forms"].named()},
        ages={AgeOf(name): _age(root["ages"][name]) for name in root["ages"].named()},
        alone=tuple(_alone(entry) for entry in root["alone"].entries()),
    )


def _age(entry: Entry) -> Age:
    return Age(
        years=entry["years"].integer(),
        citation=entry["citation"].text(),
        status=Status(entry["status"].text()),
        checked=entry["checked"].date(),
        text=entry["text"].words(),
    )


def _alone(entry: Entry) -> Alone:
    return Alone(
        id=entry["id"].text(),
        regimes=None if entry["regimes"].value == "any" else _members(entry["regimes"], Regime),
        recipients=_members(entry["recipients"], RecipientKind),
        purposes=_members(entry["purposes"], Purpose),
        from_age=entry["from_age"].integer(),
        citation=entry["citation"].text(),
        status=Status(entry["status"].text()),
        checked=entry["checked"].date(),
        text=entry["text"].words(),
    )


def _process(entry: Entry) -> Process:
    kinds, elements = entry["kinds"], entry["elements"]
    return Process(
        script=entry["script"].words(),
        neither=entry["neither"].words(),
        notice=entry["notice"].words(),
        oral_days=entry["oral_days"].integer(),
        tell_within_hours=entry["tell_within_hours"].integer(),
        regimes={DataClass(name): _members(entry["regimes"][name], Regime) for name in entry["regimes"].named()},
        elements={code: elements[code].words() for code in elements.named()},
        kinds={name: _kind_of_process(name, kinds[name]) for name in kinds.named()},
        gives=tuple(_giving(row) for row in entry["gives"].entries()),
    )


def _kind_of_process(name: str, entry: Entry) -> ProcessKind:
    return ProcessKind(
        name=name,
        title=entry["title"].words(),
        answer_within_hours=entry["answer_within_hours"].integer(),
        handed_to_person=entry["handed_to_person"].boolean(False),
    )


def _giving(entry: Entry) -> Giving:
    return Giving(
        id=entry["id"].text(),
        kinds=frozenset(entry["kinds"].texts()),
        regimes=_members(entry["regimes"], Regime),
        classes=_members(entry["classes"], DataClass),
        needs=frozenset(entry["needs"].texts()),
        citation=entry["citation"].text(),
        status=Status(entry["status"].text()),
        checked=entry["checked"].date(),
        text=entry["text"].words(),
    )


def _row(entry: Entry) -> Row:
    return Row(
        id=entry["id"].text(),
        regimes=None if entry["regimes"].value == "any" else _members(entry["regimes"], Regime),
        classes=_members(entry["classes"], DataClass),
        recipients=_members(entry["recipients"], RecipientKind),
        purposes=_members(entry["purposes"], Purpose),
        outcome=Outcome[entry["outcome"].text().upper()],
        duty=entry["duty"].optional_text(),
        authorisation=_authorisation(entry["authorisation"]) if entry.has("authorisation") else None,
        obligations=entry["obligations"].texts(),
        citation=entry["citation"].text(),
        status=Status(entry["status"].text()),
        checked=entry["checked"].date(),
        text=entry["text"].words(),
    )


def _members(entry: Entry, kind: type[Kind]) -> frozenset[Kind]:
    return frozenset(kind) if entry.value == "any" else frozenset(kind(text) for text in entry.texts())


def _authorisation(entry: Entry) -> Authorisation:
    return Authorisation(
        kinds=(entry["kind"].text(),),
        elements=frozenset(entry["elements"].texts()),
        default_days=entry["default_days"].integer(),
        longest_days=entry["longest_days"].integer(),
    )


def _contradictions(root: Entry) -> Iterator[DefinitionError]:
    seen: set[str] = set()
    for row in (*root["rows"].entries(), *root["alone"].entries()):
        name = row["id"].text()
        if name in seen:
            yield row["id"].wrong(f"`{name}` is given twice", "Give each row its own.")
        seen.add(name)
    for row in root["rows"].entries():
        yield from _wrong_parts(row)
        yield from _unknown(row["authorisation"]["elements"], root["elements"])
        yield from _unknown(row["obligations"], root["obligations"])
        yield from _without_notice(row["obligations"], root["notices"])
        if row.has("duty") and row["duty"].text() not in root["duties"].named():
            duty = row["duty"].text()
            yield row["duty"].wrong(f"is `{duty}`, not a duty of this law", nearest(duty, root["duties"].named()))
    for code in root["notices"].named():
        if code not in root["obligations"].named():
            yield root["notices"][code].wrong("is not an obligation", nearest(code, root["obligations"].named()))
    for row in root["process"]["gives"].entries():
        yield from _unknown(row["needs"], root["process"]["elements"])
        yield from _unknown(row["kinds"], root["process"]["kinds"])
    for form in root["forms"].named():
        yield from _unknown(root["forms"][form]["carries"], root["elements"])


def _wrong_parts(row: Entry) -> Iterator[DefinitionError]:
    outcome = row["outcome"].text()
    if (outcome == "needs_authorisation") != row.has("authorisation"):
        yield row["outcome"].wrong(
            "and `authorisation` don't fit together",
            "Give `authorisation` to needs_authorisation, and to nothing else.",
        )
    if (outcome == "required_by_law") != row.has("duty"):
        yield row["outcome"].wrong(
            "and `duty` don't fit together", "Give `duty` to required_by_law, and to nothing else."
        )
    if outcome in ("permitted", "required_by_law") and row["regimes"].value == "any":
        yield row["regimes"].wrong(
            "is `any` in a row that permits", "Name each regime: a row for any regime may only make things stricter."
        )
    if row.has("authorisation"):
        terms = row["authorisation"]
        if terms["default_days"].integer() > terms["longest_days"].integer():
            yield terms["default_days"].wrong("is longer than `longest_days`", "Make it shorter.")


def _unknown(named: Entry, known: Entry) -> Iterator[DefinitionError]:
    for entry in named.entries():
        if entry.text() not in known.named():
            yield entry.wrong(
                f"names `{entry.text()}`, which is not explained above", nearest(entry.text(), known.named())
            )


def _without_notice(obligations: Entry, notices: Entry) -> Iterator[DefinitionError]:
    for entry in obligations.entries():
        if entry.text() in MET_BY_A_NOTICE and entry.text() not in notices.named():
            yield entry.wrong(
                f"names `{entry.text()}`, which has no text in `notices`", "Write the text that goes with each copy."
            )

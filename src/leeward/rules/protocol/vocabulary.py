"""The closed vocabulary of the timeline: every kind of event, its fields, and who may learn that it exists.

Definitions may name nothing else; forms, the timeline and the extract read the same table. To add a kind is to
change the language of every protocol, so it belongs here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from leeward.rules.conditions import Named, Type, is_date

ROLES: Final = (
    "screener",
    "clinician",
    "therapist",
    "case_manager",
    "privacy_officer",
    "program_director",
    "evaluator",
    "partner",
)


class DataClass(StrEnum):
    """What kind of knowledge an event gives away. Consent is granted per class."""

    EXISTENCE = "existence"
    CASE = "case"
    SAFETY = "safety"
    CLINICAL = "clinical"
    AGGREGATE = "aggregate"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """One kind of event: its data class, its fields, and whether it is about a subject (such as one referral)."""

    name: str
    data_class: DataClass
    fields: Mapping[str, Named] = field(default_factory=dict)
    has_subject: bool = False


_TEXT: Final = Named(Type.TEXT)
_INTEGER: Final = Named(Type.INTEGER)
_BOOLEAN: Final = Named(Type.BOOLEAN)
_DATE: Final = Named(Type.DATE)
_LIST: Final = Named(Type.LIST)


def _one_of(*values: str) -> Named:
    return Named(Type.TEXT, values)


def _number(*values: int) -> Named:
    return Named(Type.INTEGER, values)


def _kinds(data_class: DataClass, has_subject: bool = False, **fields_by_kind: Mapping[str, Named]) -> list[EventKind]:
    """`referral__sent` stands for the kind `referral.sent`, because Python names hold no dots."""
    return [
        EventKind(name=name.replace("__", "."), data_class=data_class, fields=fields, has_subject=has_subject)
        for name, fields in fields_by_kind.items()
    ]


KINDS: Final[Mapping[str, EventKind]] = {
    kind.name: kind
    for kind in (
        *_kinds(
            DataClass.EXISTENCE,
            client__registered={
                "age_at_contact": _INTEGER,
                "is_minor": _BOOLEAN,
                "language": _TEXT,
                "county": _TEXT,
                "source": _TEXT,
            },
            consent__discussed={"language": _TEXT},
            consent__granted={"recipient": _TEXT, "classes": _LIST, "purpose": _TEXT, "until": _DATE},
            consent__declined={"recipient": _TEXT},
            consent__withdrawn={"recipient": _TEXT},
            research__declined={},
            case__closed={"reason": _TEXT},
            case__reopened={},
        ),
        *_kinds(
            DataClass.CASE,
            indicator__observed={
                "indicators": _LIST,
                "count": _INTEGER,
                "suspected": _BOOLEAN,
                "danger_now": _BOOLEAN,
            },
            conversation__private={
                "companion": _BOOLEAN,
                "interpreter": _one_of("none", "professional", "phone"),
                "language": _TEXT,
            },
            conversation__declined={},
            confidentiality__explained={"language": _TEXT},
            education__offered={"language": _TEXT},
            education__declined={},
            screening__completed={
                "tool": _TEXT,
                "version": _TEXT,
                "result": _one_of("positive", "negative", "inconclusive"),
                "mode": _TEXT,
                "language": _TEXT,
                "answered": _INTEGER,
                "declined": _INTEGER,
            },
            screening__declined={},
            report__made={"to": _TEXT, "reference": _TEXT},
            report__not_required={"reason": _TEXT},
            needs__assessed={"scope": _one_of("urgent", "full"), "needs": _LIST},
            needs__declined={},
            law_enforcement__contacted={"basis": _one_of("consent", "duty")},
            law_enforcement__declined={},
            conference__held={"members": _INTEGER},
            conference__declined={},
            incident__reported={
                "kind": _one_of(
                    "breach",
                    "police_contact",
                    "retrafficking",
                    "retaliation",
                    "hospitalisation",
                    "attempt",
                    "death",
                    "complaint",
                )
            },
            incident__reviewed={},
            protocol__moved={"from": _TEXT, "to": _TEXT},
            aftercare__contacted={"day": _number(30, 90, 180, 365), "safe": _BOOLEAN, "still_linked": _BOOLEAN},
            aftercare__declined={},
        ),
        *_kinds(
            DataClass.CASE,
            has_subject=True,
            referral__sent={"to": _TEXT, "service": _TEXT, "urgency": _one_of("urgent", "other")},
            referral__accepted={},
            referral__waitlisted={},
            referral__declined={"reason": _TEXT},
            referral__closed={"outcome": _one_of("linked", "not_linked")},
            referral__withdrawn={},
        ),
        *_kinds(
            DataClass.SAFETY,
            safety__assessed={"danger": _one_of("none", "possible", "immediate")},
            safety_plan__saved={"version": _INTEGER, "copy": _one_of("printed", "system_only")},
            safety_plan__declined={},
        ),
        *_kinds(
            DataClass.CLINICAL,
            suicide_risk__assessed={"level": _one_of("none", "low", "moderate", "high")},
            measure__completed={
                "instrument": _TEXT,
                "version": _TEXT,
                "total": _INTEGER,
                "band": _TEXT,
                "alert": _BOOLEAN,
                "prorated": _BOOLEAN,
            },
            measure__declined={"instrument": _TEXT},
            plan__agreed={"goals": _INTEGER},
            plan__reviewed={},
            plan__declined={},
            session__attended={"number": _INTEGER, "phase": _one_of("stabilise", "process", "integrate")},
            session__missed={},
            treatment__declined={},
            treatment__completed={},
        ),
        *_kinds(DataClass.AGGREGATE, rating__given={"score": _number(1, 2, 3, 4, 5), "about": _TEXT}),
    )
}


def departures(kind: str, data: Mapping[str, object]) -> tuple[str, ...]:
    """How an event's data departs from the vocabulary, one plain sentence each; empty if it fits."""
    known = KINDS.get(kind)
    if known is None:
        return (f"There is no kind of event `{kind}`.",)
    return tuple(
        sentence
        for name, value in sorted(data.items())
        if (sentence := _departure(kind, known.fields.get(name), name, value))
    )


def _departure(kind: str, named: Named | None, name: str, value: object) -> str | None:
    if named is None:
        return f"`{kind}` has no field `{name}`."
    if value is None:
        return None
    if not _fits(value, named.type):
        return f"`{name}` of `{kind}` should be {named.type}, and is `{value!r:.80}`."
    if named.one_of and value not in named.one_of:
        return f"`{name}` of `{kind}` should be one of {', '.join(map(str, named.one_of))}, and is `{value!r:.80}`."
    return None


def _fits(value: object, kind: Type) -> bool:
    match kind:
        case Type.TEXT:
            return isinstance(value, str)
        case Type.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case Type.BOOLEAN:
            return isinstance(value, bool)
        case Type.LIST:
            return isinstance(value, list | tuple)
        case Type.DATE:
            return isinstance(value, str) and is_date(value)

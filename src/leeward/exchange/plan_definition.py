"""A protocol as an HL7 FHIR R4 PlanDefinition, and what a reader of plain R4 would miss in it.

What R4 has an element for stands there: actions with title, triggers, applicability, duration, participant, text for
the person and citation. The rest of each step travels in one extension of ours, so that nothing is lost between two
sites of ours, and every such thing is listed in words. Spanish stands in HL7's own translation extension. Extensions of
ours are written even when they are empty: so a reader can tell "there is none" from "it was lost on the way".
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from leeward.rules.protocol import BasisKind, Closing, Part, Pattern, Protocol, Step, Subprotocol, Trigger
from leeward.rules.protocol.data import (
    Data,
    fact_data,
    gate_data,
    office_data,
    pattern_data,
    step_data,
)
from leeward.rules.wording import Text
from leeward.rules.yaml_source import JSON

#: Where our own names live. It names nothing that can be opened: a site may set its own.
BASE: Final = "https://leeward.invalid/fhir"
REST: Final = f"{BASE}/StructureDefinition/protocol-rest"
PART: Final = f"{BASE}/StructureDefinition/protocol-part"
ROLES: Final = f"{BASE}/CodeSystem/role"
CONDITION: Final = "text/x-leeward-condition"
TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"
UCUM: Final = "http://unitsofmeasure.org"
UNITS: Final = (
    ("d", "day", timedelta(days=1)),
    ("h", "hour", timedelta(hours=1)),
    ("min", "minute", timedelta(minutes=1)),
)

_MISSED_OF_WHOLE: Final = {
    "facts": "its facts: what the names in its conditions stand for",
    "gates": "its gates: what may not be recorded before what",
    "office": "its office hours and holidays",
    "order": "the order of its steps across stages",
}
#: What stands in an element of R4; all else of a step is the rest.
SAID: Final = frozenset({"id", "title", "when", "within", "role", "choice", "basis"})
#: What stands in an extension of the whole, each in one of its own.
WHOLE: Final = ("facts", "gates", "office", "order")
DOCUMENT: Final = {BasisKind.LAW: "citation", BasisKind.DEFAULT: "justification"}
_MISSED: Final = {
    "stage": "the stage of a step inside a sub-protocol",
    "after": "how its openers belong together: all of several, a closing as declined or void, the start of its group",
    "where": "the conditions on the events that open it: it seems to open at more events than it does",
    "clock": "that the clock runs only in office time",
    "grace": "how long after it is due it still counts as on time",
    "requires": "the training that is needed",
    "done": "which event finishes it",
    "declined": "which event is the person's no",
    "void": "what makes it pointless",
    "repeat": "after how long it comes again",
    "each": "that each subject has its own clock",
    "escalate": "who hears when it is late",
    "starts": "which sub-protocol it starts",
    "checked": "the day on which the law was last checked",
}


@dataclass(frozen=True, slots=True)
class NotSaid:
    """Something that plain R4 can't say, or that we can't read: where, and what."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Exported:
    """The resource, and what a reader without our extensions would miss."""

    resource: Data
    not_said: tuple[NotSaid, ...]


def export(protocol: Protocol) -> Exported:
    """The protocol as a PlanDefinition."""
    missing: list[NotSaid] = []
    whole = _whole(protocol)
    missing += [NotSaid("protocol", _MISSED_OF_WHOLE[name]) for name in _told(protocol, whole)]
    missing.append(NotSaid("protocol", "how to work out its conditions: they are in a language of our own"))
    missing.append(NotSaid("protocol", "its Spanish, unless the reader knows HL7's extension for translations"))
    resource: Data = {
        "resourceType": "PlanDefinition",
        "id": protocol.name,
        "extension": [_extension(PART, {name: whole[name]}) for name in WHOLE],
        "url": f"{BASE}/PlanDefinition/{protocol.name}",
        "version": protocol.version,
        "name": "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", protocol.name)),
        **_bilingual("title", protocol.title),
        "type": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/plan-definition-type",
                    "code": "clinical-protocol",
                }
            ]
        },
        "status": "active",
        "action": [
            *(_stage(protocol, stage.id, missing) for stage in protocol.stages),
            *(_subprotocol(protocol, sub, missing) for sub in protocol.subprotocols),
        ],
    }
    return Exported(resource, tuple(missing))


def _whole(protocol: Protocol) -> Data:
    """What belongs to no step."""
    return {
        "facts": {fact.name: fact_data(fact) for fact in protocol.facts},
        "gates": [gate_data(gate) for gate in protocol.gates],
        "office": None if protocol.office is None else office_data(protocol.office),
        "order": [step.id for step in protocol.steps if step.part_of is None],
    }


def _told(protocol: Protocol, whole: Data) -> list[str]:
    """Which of it a reader without our extensions would miss: the order only if it is not that of the stages."""
    outer = [step for step in protocol.steps if step.part_of is None]
    by_stage = [step.id for stage in protocol.stages for step in outer if step.stage == stage.id]
    return [name for name in WHOLE if whole[name] and not (name == "order" and whole[name] == by_stage)]


def _stage(protocol: Protocol, stage_id: str, missing: list[NotSaid]) -> Data:
    stage = protocol.stage(stage_id)
    steps = [step for step in protocol.steps if step.stage == stage_id and step.part_of is None]
    action: Data = {
        "id": f"stage.{stage.id}",
        "prefix": str(stage.number),
        **_bilingual("title", stage.title),
        "groupingBehavior": "logical-group",
    }
    if steps:
        action["action"] = [_step(step, step_data(step), missing, inside=False) for step in steps]
    return action


def _subprotocol(protocol: Protocol, sub: Subprotocol, missing: list[NotSaid]) -> Data:
    steps = [step for step in protocol.steps if step.part_of == sub.id]
    starters = [Closing(step.id) for step in protocol.steps if sub.id in step.starts]
    action: Data = {
        "id": f"subprotocol.{sub.id}",
        **_bilingual("title", sub.title),
        "groupingBehavior": "logical-group",
        "action": [_step(step, _inner_data(step, sub, starters), missing, inside=True) for step in steps],
    }
    action["extension"] = [_extension(REST, {"after": [pattern_data(pattern) for pattern in sub.after]})]
    if sub.after:
        action["trigger"] = [_trigger(pattern) for pattern in sub.after]
    if any(pattern.where is not None for pattern in sub.after):
        missing.append(NotSaid(sub.id, _MISSED["where"]))
    if sub.when is not None:
        action["condition"] = [_condition(sub.when.sql)]
    return action


def _inner_data(step: Step, sub: Subprotocol, starters: Sequence[Closing]) -> Data:
    """A step's data, in which `start` brings the sub-protocol's condition along: not for a step that lacks it, though
    it opens at the same events."""
    if sub.when is not None:
        when = "" if step.when is None else step.when.sql
        if when != sub.when.sql and not when.startswith(f"({sub.when.sql}) AND ("):
            return step_data(step)
    return step_data(step, sub, starters)


def _step(step: Step, data: Data, missing: list[NotSaid], *, inside: bool) -> Data:
    rest = {key: value for key, value in data.items() if key not in SAID}
    if not inside:
        rest.pop("stage")
    if _is_plain(data["after"], step):
        rest.pop("after")
    if step.basis.checked is not None:
        rest["checked"] = step.basis.checked.isoformat()
    told = [key for key, value in rest.items() if value and not (key == "after" and _is_any_event(step.after))]
    if any(pattern.where is not None for pattern in step.after.patterns):
        told.append("where")
    missing += [NotSaid(step.id, _MISSED[key]) for key in told]
    action: Data = {
        "id": step.id,
        "extension": [_extension(REST, rest)],
        **_bilingual("title", step.title),
        **({} if step.choice is None else _bilingual("textEquivalent", step.choice)),
        "documentation": [{"type": DOCUMENT[step.basis.kind], "citation": step.basis.text}],
        "participant": [{"type": "practitioner", "role": {"coding": [{"system": ROLES, "code": step.role}]}}],
        "timingDuration": _duration(step.within),
    }
    if step.after.patterns:
        action["trigger"] = [_trigger(pattern) for pattern in step.after.patterns]
    if "when" in data:
        action["condition"] = [_condition(str(data["when"]))]
    if followed := [closing for closing in step.after.closings if closing.part is Part.DONE]:
        action["relatedAction"] = [_after(closing) for closing in dict.fromkeys(followed)]
    return action


def _is_plain(after: JSON, step: Step) -> bool:
    """Whether triggers alone say it: any one of several events, of which nothing more is asked."""
    written = after if isinstance(after, list) else [after]
    return written == [pattern.kind for pattern in step.after.patterns] and _is_any_event(step.after)


def _is_any_event(after: Trigger) -> bool:
    return not after.is_joint and not after.closings


def _after(closing: Closing) -> JSON:
    return {"actionId": closing.step, "relationship": "after-end"}


def _trigger(pattern: Pattern) -> JSON:
    """R4 permits a condition only beside a data requirement, which our events are not: it goes into an extension."""
    trigger: Data = {"type": "named-event", "name": pattern.kind}
    if pattern.where is not None:
        trigger["extension"] = [_extension(REST, {"where": pattern.where.sql})]
    return trigger


def _condition(sql: str) -> JSON:
    return {"kind": "applicability", "expression": {"language": CONDITION, "expression": sql}}


def _duration(length: timedelta) -> JSON:
    """In the largest unit in which it is whole; nothing is no minutes."""
    for code, unit, size in UNITS:
        if length and not length % size:
            return {"value": length // size, "unit": unit, "system": UCUM, "code": code}
    return {"value": int(length.total_seconds()), "unit": "second", "system": UCUM, "code": "s"}


def _bilingual(element: str, text: Text) -> Data:
    return {
        element: text.en,
        f"_{element}": {
            "extension": [
                {
                    "url": TRANSLATION,
                    "extension": [
                        {"url": "lang", "valueCode": "es"},
                        {"url": "content", "valueString": text.es},
                    ],
                }
            ]
        },
    }


def _extension(url: str, value: Data) -> JSON:
    return {"url": url, "valueString": json.dumps(value, ensure_ascii=False)}

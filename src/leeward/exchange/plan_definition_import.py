"""From a FHIR R4 PlanDefinition to a protocol definition, with a list of what is missing or could not be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import yaml

from leeward.rules.durations import format_duration
from leeward.rules.protocol.data import Data
from leeward.rules.protocol.vocabulary import KINDS, ROLES
from leeward.rules.yaml_source import JSON

from .errors import ExchangeError
from .plan_definition import CONDITION, PART, REST, TRANSLATION, UNITS, NotSaid

_DEEPEST: Final = 20
_READ: Final = frozenset(
    {
        "id", "extension", "title", "_title", "prefix", "textEquivalent", "_textEquivalent", "documentation",
        "participant", "timingDuration", "trigger", "condition", "relatedAction", "action", "groupingBehavior",
    }
)  # fmt: skip
_KNOWN: Final = frozenset(
    {
        "resourceType", "id", "url", "version", "name", "title", "_title", "status", "type", "extension", "action",
        "meta", "text", "date", "publisher", "experimental",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Imported:
    """A definition as text, and what its author must look at before it can be used."""

    text: str
    not_understood: tuple[NotSaid, ...]


def read(resource: object) -> Imported:
    """The definition that a PlanDefinition says. Raises ExchangeError for what is not one."""
    if not isinstance(resource, dict) or resource.get("resourceType") != "PlanDefinition":
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        raise ExchangeError(
            f"This is {f'a {kind}' if kind else 'not a FHIR resource'}, not a PlanDefinition.",
            hint="Give the file of an R4 PlanDefinition.",
        )
    reading = _Reading([])
    data = reading.protocol(resource)
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110)
    notes = "".join(f"# {each.where}: {each.what}\n" for each in reading.notes)
    return Imported(("# To be looked at before use:\n" + notes if notes else "") + text, tuple(reading.notes))


@dataclass(slots=True)
class _Reading:
    notes: list[NotSaid]

    def note(self, where: str, what: str) -> None:
        self.notes.append(NotSaid(where, what))

    def protocol(self, resource: Data) -> Data:
        name = str(resource.get("url") or resource.get("name") or "protocol").rstrip("/").rsplit("/", 1)[-1]
        for key in resource:
            if key not in _KNOWN:
                self.note("protocol", f"`{key}` is not read")
        data: Data = {
            "protocol": _identifier(name),
            "version": str(resource.get("version") or "0.1.0"),
            "title": self.words(resource, "title", "protocol"),
            "stages": [],
            "facts": {},
            "steps": [],
            "subprotocols": [],
            "gates": [],
        }
        for part in _rests(resource, PART):
            data |= part
        stages: list[JSON] = []
        steps: list[JSON] = []
        subs: list[JSON] = []
        for place, action in enumerate(_dicts(resource.get("action")), start=1):
            identity = str(action.get("id") or f"action-{place}")
            if identity.startswith("subprotocol."):
                subs.append(self.subprotocol(action, identity.removeprefix("subprotocol.")))
                continue
            stage = _identifier(identity.removeprefix("stage."))
            self.leftovers(action, stage)
            prefix = str(action.get("prefix") or "")
            stages.append(
                {
                    "id": stage,
                    "number": int(prefix) if prefix.isdecimal() and len(prefix) < 3 else min(place, 99),
                    "title": self.words(action, "title", stage),
                }
            )
            inner = _dicts(action.get("action"))
            single = not inner and not identity.startswith("stage.")
            steps += [self.step(each, stage, 1) for each in ([action] if single else inner)]
        return {**data, "stages": stages, "steps": steps, "subprotocols": subs}

    def subprotocol(self, action: Data, identity: str) -> Data:
        self.leftovers(action, identity)
        sub: Data = {
            "id": _identifier(identity),
            "title": self.words(action, "title", identity),
            "after": self.triggers(action, identity),
            "steps": [self.step(each, None, 1) for each in _dicts(action.get("action"))],
        }
        when = self.when(action, identity)
        return sub | {"when": when} if when else sub

    def step(self, action: Data, stage: str | None, depth: int) -> Data:
        identity = _identifier(str(action.get("id") or action.get("title") or "step"))
        if depth > _DEEPEST:
            raise ExchangeError("The actions are nested too deeply.", hint="Flatten them to stages and steps.")
        self.leftovers(action, identity)
        if _dicts(action.get("action")):
            self.note(identity, "actions inside it are not read")
        rest: Data = {}
        for part in _rests(action, REST):
            rest |= part
        if not rest:
            self.note(identity, "who may decline it, what finishes and what voids it are not said: complete `done`")
        step: Data = {"id": identity, "title": self.words(action, "title", identity)}
        if stage is not None:
            step["stage"] = stage
        step["after"] = self.triggers(action, identity)
        if when := self.when(action, identity):
            step["when"] = when
        step["within"] = self.within(action, identity)
        step["role"] = self.role(action, identity)
        step["basis"] = self.basis(action, identity)
        if action.get("textEquivalent"):
            step["choice"] = self.words(action, "textEquivalent", identity)
        if "after" not in rest:
            for related in _dicts(action.get("relatedAction")):
                self.note(identity, f"its relation to `{related.get('actionId')}` is not read")
        return {"done": [], **step, **rest}

    def leftovers(self, action: Data, where: str) -> None:
        for key in action:
            if key not in _READ:
                self.note(where, f"`{key}` is not read")

    def triggers(self, action: Data, where: str) -> list[JSON]:
        found: list[JSON] = []
        for trigger in _dicts(action.get("trigger")):
            kind = str(trigger.get("name"))
            if trigger.get("type") != "named-event" or kind not in KINDS:
                self.note(where, f"the trigger `{trigger.get('name') or trigger.get('type')}` is no event known here")
                continue
            if trigger.get("condition"):
                self.note(where, f"the condition of the trigger `{kind}` is not read")
            wheres = [str(rest["where"]) for rest in _rests(trigger, REST) if "where" in rest]
            found.append({"kind": kind, "where": wheres[0]} if wheres else kind)
        return found

    def when(self, action: Data, where: str) -> str:
        said: list[str] = []
        for condition in _dicts(action.get("condition")):
            expression = condition.get("expression")
            language = expression.get("language") if isinstance(expression, dict) else None
            if condition.get("kind") == "applicability" and language == CONDITION and isinstance(expression, dict):
                said.append(str(expression.get("expression")))
            else:
                self.note(where, f"a condition in `{language}` is not read")
        return " AND ".join(said) if len(said) < 2 else " AND ".join(f"({each})" for each in said)

    def within(self, action: Data, where: str) -> str:
        duration = action.get("timingDuration")
        sizes = {code: size for code, _unit, size in UNITS} | {"s": timedelta(seconds=1), "wk": timedelta(weeks=1)}
        if isinstance(duration, dict):
            value, code = duration.get("value"), str(duration.get("code"))
            if isinstance(value, int) and not isinstance(value, bool) and code in sizes and 0 <= value < 10**7:
                return format_duration(value * sizes[code])
        self.note(where, "how long there is for it is not said in a length that can be read")
        return "PT0S"

    def role(self, action: Data, where: str) -> str:
        for participant in _dicts(action.get("participant")):
            role = participant.get("role")
            for coding in _dicts(role.get("coding") if isinstance(role, dict) else None):
                if coding.get("code") in ROLES:
                    return str(coding["code"])
        self.note(where, "who does it is not one of the roles known here")
        return "clinician"

    def basis(self, action: Data, where: str) -> JSON:
        for document in _dicts(action.get("documentation")):
            if citation := document.get("citation"):
                if document.get("type") == "citation" and not any("basis" in rest for rest in _rests(action, REST)):
                    self.note(where, "the day on which its law was last checked is not said")
                return {"default": str(citation)}
        self.note(where, "why it is done is not said")
        return {"default": "Not said in the file that this was read from."}

    def words(self, holder: Data, element: str, where: str) -> JSON:
        english = str(holder.get(element) or where)
        shadow = holder.get(f"_{element}")
        for extension in _dicts(shadow.get("extension") if isinstance(shadow, dict) else None):
            parts = {part.get("url"): part for part in _dicts(extension.get("extension"))}
            if extension.get("url") == TRANSLATION and parts.get("lang", {}).get("valueCode") == "es":
                return {"en": english, "es": str(parts.get("content", {}).get("valueString"))}
        self.note(where, f"its {element} has no Spanish")
        return {"en": english, "es": english}


def _dicts(value: JSON) -> list[Data]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _rests(holder: Data, url: str) -> Iterator[Data]:
    for extension in _dicts(holder.get("extension")):
        if extension.get("url") != url:
            continue
        try:
            value = json.loads(str(extension.get("valueString")))
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def _identifier(text: str) -> str:
    """Small letters, digits and hyphens, as ids are written."""
    words = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.lower()).split("-")
    found = "-".join(word for word in words if word)[:60].strip("-")
    return found if found[:1].isalpha() else f"x-{found}".strip("-")

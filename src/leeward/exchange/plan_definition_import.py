"""From a FHIR R4 PlanDefinition to a protocol definition, with a list of what is missing or could not be read.

Nothing is guessed: what the file does not say is left out, so that the definition can't be used before somebody has
completed it. Elements of R4 go before our own extensions, except for what opens a step if an extension says it more
exactly; where the two contradict each other, that is listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from leeward.rules.durations import LONGEST, format_duration
from leeward.rules.protocol.data import Data
from leeward.rules.protocol.vocabulary import KINDS, ROLES
from leeward.rules.yaml_source import JSON

from .definition_text import definition_text, one_line
from .errors import PlanDefinitionError
from .plan_definition import CONDITION, PART, REST, UCUM, UNITS, WHOLE, NotSaid
from .plan_definition import ROLES as ROLE_SYSTEM
from .plan_definition_pieces import (
    DEEPEST,
    closings_of,
    codes,
    events_of,
    identifier,
    list_of,
    members,
    ours,
    text_of,
    translation,
)

_FIRST_VERSION: Final = "0.1.0"
_OF_WHOLE: Final = frozenset(
    {"resourceType", "id", "url", "version", "name", "title", "_title", "status", "type", "extension", "action"}
    | {"meta", "text"}
)
_OF_STAGE: Final = frozenset({"id", "title", "_title", "prefix", "groupingBehavior", "action"})
_OF_SUBPROTOCOL: Final = _OF_STAGE - {"prefix"} | {"extension", "trigger", "condition"}
_OF_STEP: Final = frozenset(
    {"id", "extension", "title", "_title", "textEquivalent", "_textEquivalent", "documentation", "participant"}
    | {"timingDuration", "trigger", "condition", "relatedAction"}
)
#: A step's lines in their order.
_LINES: Final = (
    *("id", "stage", "title", "after", "when", "within", "clock", "grace", "role", "requires"),
    *("done", "declined", "void", "repeat", "each", "escalate", "starts", "basis", "choice"),
)
_REST: Final = frozenset(
    {"stage", "after", "clock", "grace", "requires", "done", "declined", "void", "repeat", "each", "escalate"}
    | {"starts", "checked"}
)
_LOST: Final = {
    "facts": "what the names in its conditions stand for is not said: complete `facts`",
    "gates": "whether anything must happen before something else may be recorded is not said: complete `gates`",
    "office": "when the office is open is not said: complete `office` if a clock runs in office time",
    "order": "the order of its steps across stages is not said",
}
_SECONDS: Final = {code: size for code, _unit, size in UNITS} | {"s": timedelta(seconds=1), "wk": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Imported:
    """A definition as text, and what its author must look at before it can be used."""

    text: str
    not_understood: tuple[NotSaid, ...]


def read(resource: object) -> Imported:
    """The definition that a PlanDefinition says. Raises PlanDefinitionError for what is not one."""
    if not isinstance(resource, dict) or resource.get("resourceType") != "PlanDefinition":
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        raise PlanDefinitionError(
            f"This is {f'a {one_line(kind)}' if isinstance(kind, str) else 'no FHIR resource'}, not a PlanDefinition.",
            hint="Give the JSON file of an R4 PlanDefinition.",
        )
    reading = _Reading()
    data = reading.protocol(resource)
    comments = [f"{each.where}: {each.what}" for each in reading.notes]
    text = definition_text(data, ["To be looked at before use:", *comments] if comments else ())
    return Imported(text, tuple(reading.notes))


@dataclass(slots=True)
class _Reading:
    """Reads one resource, collecting notes on what its reader must look at."""

    notes: list[NotSaid] = field(default_factory=list)
    #: The step ids in use, and which of them each action's own id became.
    ids: set[str] = field(default_factory=set)
    steps: dict[str, str] = field(default_factory=dict)
    #: The steps that start a sub-protocol.
    starters: dict[str, set[str]] = field(default_factory=dict)

    def note(self, where: str, what: str) -> None:
        note = NotSaid(one_line(where), one_line(what))
        if note not in self.notes:
            self.notes.append(note)

    # The whole

    def protocol(self, resource: Data) -> Data:
        self.leftovers(resource, _OF_WHOLE, "protocol", (PART,))
        if resource.get("status") != "active":
            self.note("protocol", f"its status is `{resource.get('status')}`, not active; a definition has none")
        if "type" in resource and "clinical-protocol" not in codes(resource["type"]):
            self.note("protocol", "its type is not clinical-protocol; a definition has none")
        whole = self.ours(resource, PART, WHOLE, "protocol")
        for name in WHOLE:
            if name not in whole:
                self.note("protocol", _LOST[name])
        data: Data = {
            "protocol": self.name(resource),
            "version": self.version(resource),
            "title": self.words(resource, "title", "protocol"),
        }
        if office := whole.get("office"):
            data["office"] = office
        if facts := whole.get("facts"):
            data["facts"] = facts
        actions = self.items(resource, "action", "protocol")
        leaves = [self.leaves(action) for action in actions]
        stages: list[JSON] = []
        steps: list[Data] = []
        subs: list[JSON] = []
        for place, (action, inner) in enumerate(zip(actions, leaves, strict=True), start=1):
            identity = text_of(action.get("id"))
            if identity.startswith("subprotocol."):
                subs.append(self.subprotocol(action, identity.removeprefix("subprotocol."), inner))
                continue
            alone = "action" not in action and not identity.startswith("stage.")
            stage = identifier(identity.removeprefix("stage.") or text_of(action.get("title")) or f"stage-{place}")
            stages.append(self.stage(action, stage, place, alone=alone))
            known = _OF_STEP | {"prefix"} if alone else _OF_STEP
            for leaf, name in inner:
                self.leftovers(leaf, known, name, (REST,))
                steps.append(self.step(leaf, name, stage, None))
        self.sort(steps, whole.get("order"))
        data |= {"stages": stages, "steps": [*steps]}
        return data | {key: value for key, value in (("subprotocols", subs), ("gates", whole.get("gates"))) if value}

    def name(self, resource: Data) -> str:
        address = text_of(resource.get("url")).split("|")[0].rstrip("/").rsplit("/", 1)[-1]
        said = address or text_of(resource.get("name")) or text_of(resource.get("id"))
        if not said:
            self.note("protocol", "its name is not said")
        return identifier(said or "protocol")

    def version(self, resource: Data) -> str:
        if version := text_of(resource.get("version")):
            return version
        self.note("protocol", f"its version is not said; it begins as {_FIRST_VERSION}")
        return _FIRST_VERSION

    def sort(self, steps: list[Data], order: JSON) -> None:
        """Put the steps into the order that our extension says; others come last."""
        if not isinstance(order, list):
            return
        places = {str(step): place for place, step in enumerate(order)}
        steps.sort(key=lambda step: places.get(str(step["id"]), len(places)))
        for missing in [step for step in places if step not in self.ids]:
            self.note("protocol", f"the step `{missing}` was in it and is not there any more")

    # Groups

    def leaves(self, action: Data) -> list[tuple[Data, str]]:
        """The steps of a group, each with the id that it gets: the actions without actions inside them."""
        identity = text_of(action.get("id"))
        if "action" not in action:
            if identity.startswith(("stage.", "subprotocol.")):
                return []
            return [(action, self.own_id(action))]
        found: list[tuple[Data, str]] = []
        waiting = [(inner, 1) for inner in reversed(self.items(action, "action", identity or "an action"))]
        while waiting:
            inner, depth = waiting.pop()
            if depth > DEEPEST:
                raise PlanDefinitionError(
                    f"The actions are nested more than {DEEPEST} deep.", hint="Flatten them to stages and steps."
                )
            if "action" not in inner:
                found.append((inner, self.own_id(inner)))
                continue
            where = text_of(inner.get("id")) or text_of(inner.get("title")) or "an action"
            self.note(where, "is a group inside a group: its steps are taken, and nothing else of it")
            waiting += [(each, depth + 1) for each in reversed(self.items(inner, "action", where))]
        return found

    def own_id(self, action: Data) -> str:
        """A step id that no other step has; also notes which sub-protocols the step starts, before any is read."""
        said = text_of(action.get("id"))
        first = name = identifier(said or text_of(action.get("title")) or "step")
        number = 1
        while name in self.ids:
            number += 1
            name = f"{first[:55]}-{number}"
        self.ids.add(name)
        if said and said != name:
            self.note(name, f"its id was `{said}`")
        self.steps.setdefault(said, name)
        for rest in ours(action, REST):
            for sub in list_of(rest.get("starts") if rest else None):
                self.starters.setdefault(str(sub), set()).add(name)
        return name

    def stage(self, action: Data, stage: str, place: int, *, alone: bool) -> JSON:
        if not alone:
            self.leftovers(action, _OF_STAGE, stage)
        prefix = text_of(action.get("prefix"))
        if prefix.isdecimal() and len(prefix) < 3:
            number = int(prefix)
        else:
            number = min(place, 99)
            self.note(stage, f"its number is not said; it gets {number}")
        return {"id": stage, "number": number, "title": self.words(action, "title", stage)}

    def subprotocol(self, action: Data, identity: str, inner: list[tuple[Data, str]]) -> Data:
        name = identifier(identity)
        self.leftovers(action, _OF_SUBPROTOCOL, name, (REST,))
        rest = self.ours(action, REST, ("after",), name)
        events = self.triggers(action, name)
        after = rest.get("after", [*events])
        if "after" not in rest:
            self.note(name, "whether the events that start it must meet conditions is not said: look at `after`")
        elif events_of(after) != events_of(events):
            self.note(name, "its triggers and our own extension differ; `after` is as the extension says")
        sub: Data = {"id": name, "title": self.words(action, "title", name), "after": after}
        if when := self.when(action, name):
            sub["when"] = when
        for leaf, step in inner:
            self.leftovers(leaf, _OF_STEP, step, (REST,))
        return sub | {"steps": [self.step(leaf, step, None, (name, after)) for leaf, step in inner]}

    # Steps

    def step(self, action: Data, name: str, stage: str | None, sub: tuple[str, JSON] | None) -> Data:
        """One step; `sub` is the sub-protocol around it and what starts that."""
        rest = self.ours(action, REST, _REST, name)
        if "done" not in rest:
            self.note(name, "which event finishes it is not said: complete `done`")
        if "void" not in rest:
            self.note(name, "what makes it pointless, and which event is a no, is not said: `void`, `declined`")
        if stage is None and "stage" not in rest:
            self.note(name, "its stage is not said: complete `stage`")
        checked = rest.pop("checked", None)
        step: Data = {"id": name, "title": self.words(action, "title", name), "done": [], **rest}
        if stage is not None:
            step["stage"] = stage
        step["after"] = self.after(action, name, rest, sub)
        said: Data = {
            "when": self.when(action, name),
            "within": self.within(action, name),
            "role": self.role(action, name),
            "basis": self.basis(action, name, checked),
            "choice": self.words(action, "textEquivalent", name) if "textEquivalent" in action else None,
        }
        step |= {key: value for key, value in said.items() if value is not None}
        return {line: step[line] for line in _LINES if line in step}

    def after(self, action: Data, name: str, rest: Data, sub: tuple[str, JSON] | None) -> JSON:
        events = self.triggers(action, name)
        related = self.items(action, "relatedAction", name)
        if "after" in rest:
            after = rest["after"]
            starts = sub is not None and "start" in members(after)
            closings = set(closings_of(after))
            if sub is not None and starts:
                closings |= self.starters.get(sub[0], set())
            if events_of(after, sub[1] if sub is not None else []) != events_of(events):
                self.note(name, "its triggers and our own extension differ; `after` is as the extension says")
            if closings != {self.follows(each) for each in related}:
                self.note(name, "its related actions and our own extension differ; `after` is as the extension says")
            return after
        if len(related) == 1 and not events and (step := self.follows(related[0])):
            return [{"step": step}]
        for each in related:
            self.note(name, f"its relation to `{each.get('actionId')}` is not read: look at `after`")
        if not events:
            self.note(name, "which event opens it is not said: complete `after`")
        return [*events]

    def follows(self, related: Data) -> str | None:
        """The step at whose end another begins, if that is all that the relation says."""
        if related.get("relationship") != "after-end" or set(related) - {"id", "actionId", "relationship"}:
            return None
        return self.steps.get(text_of(related.get("actionId")))

    def triggers(self, action: Data, where: str) -> list[JSON]:
        found: list[JSON] = []
        for trigger in self.items(action, "trigger", where):
            kind = trigger.get("name")
            if trigger.get("type") != "named-event" or not isinstance(kind, str) or kind not in KINDS:
                self.note(where, f"the trigger `{kind or trigger.get('type')}` is no event known here")
                continue
            self.leftovers(trigger, frozenset({"id", "extension", "type", "name"}), where, (REST,))
            condition = self.ours(trigger, REST, ("where",), where).get("where")
            found.append(kind if condition is None else {"kind": kind, "where": condition})
        return found

    def when(self, action: Data, where: str) -> str | None:
        said: list[str] = []
        for condition in self.items(action, "condition", where):
            expression = condition.get("expression")
            told = expression if isinstance(expression, dict) else {}
            if condition.get("kind") == "applicability" and told.get("language") == CONDITION:
                said.append(text_of(told.get("expression")))
            else:
                self.note(
                    where,
                    f"a condition ({condition.get('kind')}, in {told.get('language')}) is not read: complete `when`: "
                    f"{told.get('expression')}",
                )
        if len(said) < 2:
            return said[0] if said else None
        return " AND ".join(f"({each})" for each in said)

    def within(self, action: Data, where: str) -> str | None:
        duration = action.get("timingDuration")
        if isinstance(duration, dict) and not set(duration) - {"id", "value", "unit", "system", "code"}:
            value, code = duration.get("value"), text_of(duration.get("code"))
            is_known = duration.get("system") == UCUM and code in _SECONDS
            if is_known and isinstance(value, int | float) and not isinstance(value, bool):
                unit = _SECONDS[code]
                if 0 <= value <= LONGEST / unit and (seconds := value * unit.total_seconds()) == int(seconds):
                    return format_duration(timedelta(seconds=int(seconds)))
        self.note(where, "how long there is for it is not said in a length that can be read: complete `within`")
        return None

    def role(self, action: Data, where: str) -> str | None:
        found: list[str] = []
        for participant in self.items(action, "participant", where):
            known = codes(participant.get("role"), ROLE_SYSTEM)
            if participant.get("type") == "practitioner" and len(known) == 1 and known[0] in ROLES:
                found += known
            else:
                self.note(where, "a participant is none of the roles known here: look at `role`")
        if not found:
            self.note(where, "who does it is not said in a role known here: complete `role`")
        for other in found[1:]:
            self.note(where, f"one role owns a step: `{other}` is not read")
        return found[0] if found else None

    def basis(self, action: Data, where: str, checked: JSON) -> JSON:
        found: list[JSON] = []
        for document in self.items(action, "documentation", where):
            citation = text_of(document.get("citation"))
            kind = document.get("type")
            if not citation or found or kind not in ("citation", "justification"):
                self.note(where, f"a document ({kind}: {citation or document.get('display')}) is not read")
                continue
            self.leftovers(document, frozenset({"id", "type", "citation"}), where)
            if kind == "justification":
                found.append({"default": citation})
            elif checked is not None:
                found.append({"law": citation, "checked": checked})
            else:
                self.note(where, "whether its citation is a law, and when it was last checked, is not said: `basis`")
                found.append({"law": citation})
        if not found:
            self.note(where, "why it is done is not said: complete `basis`")
            return None
        return found[0]

    # Pieces

    def leftovers(self, holder: Data, known: frozenset[str], where: str, extensions: Iterable[str] = ()) -> None:
        """Note every element that is not read, and every extension."""
        for key in holder:
            if key not in known:
                self.note(where, f"`{key}` is not read")
        if "extension" in known:
            for extension in self.items(holder, "extension", where):
                if text_of(extension.get("url")) not in extensions:
                    self.note(where, f"the extension `{extension.get('url')}` is not read")

    def items(self, holder: Data, key: str, where: str) -> list[Data]:
        """The elements of a list, without those that can't be."""
        value = holder.get(key, [])
        found = [item for item in list_of(value) if isinstance(item, dict)]
        if not isinstance(value, list) or len(found) < len(value):
            self.note(where, f"`{key}` has a piece that can't be read")
        return found

    def ours(self, holder: Data, url: str, known: Iterable[str], where: str) -> Data:
        """What our own extensions of this address say."""
        found: Data = {}
        for part in ours(holder, url):
            if part is None:
                self.note(where, f"our own extension `{url}` can't be read")
                continue
            for key, value in part.items():
                if key not in known or key in found:
                    self.note(where, f"`{key}` in our own extension is not read")
                else:
                    found[key] = value
        return found

    def words(self, holder: Data, element: str, where: str) -> JSON:
        found: Data = {}
        if english := text_of(holder.get(element)):
            found["en"] = english
        else:
            self.note(where, f"its {element} is not said")
        shadow = holder.get(f"_{element}")
        for extension in list_of(shadow.get("extension") if isinstance(shadow, dict) else None):
            parts = translation(extension)
            spanish = text_of(parts.get("content", {}).get("valueString"))
            if parts.get("lang", {}).get("valueCode") == "es" and spanish and "es" not in found:
                found["es"] = spanish
            else:
                self.note(where, f"an extension of its {element} is not read")
        if "es" not in found:
            self.note(where, f"its {element} has no Spanish: complete `es`")
        return found

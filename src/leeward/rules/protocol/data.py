"""A protocol as the data of a definition file: what `parse` would read back to the same protocol."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from leeward.rules.conditions import Condition
from leeward.rules.durations import format_duration
from leeward.rules.wording import Text
from leeward.rules.yaml_source import JSON

from .definition import (
    Basis,
    BasisKind,
    Closing,
    Fact,
    Gate,
    Happened,
    Need,
    Part,
    Pattern,
    Protocol,
    Step,
    Subprotocol,
    Trigger,
)
from .office import Clock, Office

Data = dict[str, JSON]


def as_data(protocol: Protocol) -> Data:
    """The whole definition. Every step says its own `void`, so that no general one is needed."""
    data: Data = {
        "protocol": protocol.name,
        "version": protocol.version,
        "title": words(protocol.title),
        "stages": [{"id": stage.id, "number": stage.number, "title": words(stage.title)} for stage in protocol.stages],
        "facts": {fact.name: fact_data(fact) for fact in protocol.facts},
        "steps": [step_data(step) for step in protocol.steps if step.part_of is None],
        "gates": [gate_data(gate) for gate in protocol.gates],
    }
    if protocol.office is not None:
        data["office"] = office_data(protocol.office)
    if protocol.subprotocols:
        data["subprotocols"] = [subprotocol_data(protocol, sub) for sub in protocol.subprotocols]
    return data


def words(text: Text) -> JSON:
    """Both languages."""
    return {"en": text.en, "es": text.es}


def step_data(step: Step, sub: Subprotocol | None = None, starters: Sequence[Closing] = ()) -> Data:
    """One step. In a sub-protocol what starts it is written `start` again."""
    start: tuple[Pattern | Closing, ...] = () if sub is None else (*sub.after, *starters)
    starts_here = bool(start) and any(set(start) <= set(group) for group in step.after.groups)
    if sub is not None and sub.when is not None:  # naming the same events is not starting with it
        starts_here &= step.when is not None and (
            step.when == sub.when or step.when.sql.startswith(f"({sub.when.sql}) AND (")
        )
    when = step.when.sql if step.when is not None else None
    if starts_here and sub is not None and sub.when is not None:
        when = _own(when, sub.when)
    data: Data = {
        "id": step.id,
        "stage": step.stage,
        "title": words(step.title),
        "after": trigger_data(step.after, start if starts_here else ()),
        "within": format_duration(step.within),
        "role": step.role,
        "done": trigger_data(step.done, ()),
        "void": [pattern_data(pattern) for pattern in step.void],
        "basis": basis_data(step.basis),
    }
    optional: Data = {
        "when": when,
        "clock": None if step.clock is Clock.ALWAYS else step.clock.value,
        "grace": _length(step.grace or None),
        "requires": list(step.requires) or None,
        "declined": [pattern_data(pattern) for pattern in step.declined] or None,
        "repeat": _length(step.repeat),
        "each": "subject" if step.each_subject else None,
        "escalate": [{"after": format_duration(rung.after), "to": rung.to} for rung in step.escalate] or None,
        "starts": list(step.starts) or None,
        "choice": None if step.choice is None else words(step.choice),
    }
    return data | {key: value for key, value in optional.items() if value is not None}


def subprotocol_data(protocol: Protocol, sub: Subprotocol) -> Data:
    """A sub-protocol with its steps."""
    starters = [Closing(step.id) for step in protocol.steps if sub.id in step.starts]
    data: Data = {
        "id": sub.id,
        "title": words(sub.title),
        "after": [pattern_data(pattern) for pattern in sub.after],
        "steps": [step_data(step, sub, starters) for step in protocol.steps if step.part_of == sub.id],
    }
    return data if sub.when is None else data | {"when": sub.when.sql}


def _own(when: str | None, start: Condition) -> str | None:
    """The step's part of a condition that its sub-protocol's was put before."""
    before = f"({start.sql}) AND ("
    if when is None or not when.startswith(before):
        return None
    return when.removeprefix(before).removesuffix(")")


def trigger_data(trigger: Trigger, start: Sequence[Pattern | Closing]) -> JSON:
    """One event, a list of which any suffices, or `all_of`."""
    groups = [_group(group, start) for group in trigger.groups]
    if len(groups) == 1:
        return groups[0][0] if len(groups[0]) == 1 else groups[0]
    return {"all_of": [group[0] if len(group) == 1 else {"any_of": group} for group in groups]}


def _group(group: Sequence[Pattern | Closing], start: Sequence[Pattern | Closing]) -> list[JSON]:
    if not start or not set(start) <= set(group):
        return [member_data(member) for member in group]
    rest: list[JSON] = [member_data(member) if member not in start else None for member in group]
    first = rest.index(None)
    return [*rest[:first], "start", *(member for member in rest[first:] if member is not None)]


def member_data(member: Pattern | Closing) -> JSON:
    """An event, or another step's closing."""
    if isinstance(member, Pattern):
        return pattern_data(member)
    return {"step": member.step} if member.part is Part.DONE else {"step": member.step, "is": member.part.value}


def pattern_data(pattern: Pattern) -> JSON:
    """A kind of event, or one with a condition over its fields."""
    return pattern.kind if pattern.where is None else {"kind": pattern.kind, "where": pattern.where.sql}


def basis_data(basis: Basis) -> JSON:
    """Law with the day it was checked, or the site's default."""
    if basis.kind is BasisKind.DEFAULT or basis.checked is None:
        return {"default": basis.text}
    return {"law": basis.text, "checked": basis.checked.isoformat()}


def office_data(office: Office) -> JSON:
    """When the office is open."""
    return {
        "zone": office.zone,
        "days": list(office.days),
        "hours": [f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in office.hours],
        "closed": [day.isoformat() for day in office.closed],
    }


def fact_data(fact: Fact) -> JSON:
    """Where a fact comes from."""
    sources: list[JSON] = []
    for source in fact.sources:
        one: Data = {"kind": source.pattern.kind}
        if source.pattern.where is not None:
            one["where"] = source.pattern.where.sql
        one |= {"field": source.field} if source.field is not None else {"value": source.value}
        sources.append(one)
    return {"type": fact.named.type.value, "from": sources}


def gate_data(gate: Gate) -> Data:
    """What may not be recorded yet."""
    data: Data = {
        "id": gate.id,
        "holds": list(gate.holds),
        "needs": [need_data(need) for need in gate.needs],
        "reason": words(gate.reason),
        "basis": basis_data(gate.basis),
    }
    return data if gate.when is None else data | {"when": gate.when.sql}


def need_data(need: Need) -> JSON:
    """What must have happened, or be closed."""
    if not isinstance(need, Happened):
        return {"closed": need.step}
    happened: Data = {"happened": [pattern_data(pattern) for pattern in need.patterns]}
    return happened if need.within is None else happened | {"within": format_duration(need.within)}


def _length(amount: timedelta | None) -> str | None:
    return None if amount is None else format_duration(amount)

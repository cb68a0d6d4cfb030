"""What `leeward protocol show` prints: a definition as text for people, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator

from leeward.rules.durations import format_duration
from leeward.rules.picture.words import clock
from leeward.rules.protocol import Clock, Closing, Office, Pattern, Protocol, Step, Subprotocol, Trigger

Json = dict[str, object]


def as_text(protocol: Protocol, language: str) -> str:
    """Stage by stage, each step with its clock, owner, basis and choice; then the sub-protocols and the gates."""
    lines = [f"{protocol.title.in_(language)} ({protocol.name} {protocol.version})", *_office(protocol.office)]
    lines += _stages(protocol, None, language)
    for sub in protocol.subprotocols:
        lines += ["", f"{sub.title.in_(language)} ({sub.id}), {_beginning(protocol, sub)}"]
        lines += _stages(protocol, sub.id, language)
    lines += ["", "Gates"]
    lines += [f"  {gate.id}: holds {', '.join(gate.holds)}. {gate.reason.in_(language)}" for gate in protocol.gates]
    return "\n".join(lines)


def _office(office: Office | None) -> Iterator[str]:
    if office is not None:
        hours = ", ".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in office.hours)
        yield f"Office: {', '.join(office.days)}, {hours} ({office.zone}), closed on {len(office.closed)} days"


def _beginning(protocol: Protocol, sub: Subprotocol) -> str:
    """What starts a sub-protocol."""
    starters = [f"{step.id} done" for step in protocol.steps if sub.id in step.starts]
    when = f", when {sub.when.sql}" if sub.when else ""
    return f"starts after {' or '.join([*(_pattern(pattern) for pattern in sub.after), *starters])}{when}"


def _stages(protocol: Protocol, part_of: str | None, language: str) -> Iterator[str]:
    for stage in protocol.stages:
        steps = [step for step in protocol.steps if step.stage == stage.id and step.part_of == part_of]
        if steps or part_of is None:
            yield from ("", f"{stage.number}  {stage.title.in_(language)}")
        for step in steps:
            yield from _step(step, language)


def _step(step: Step, language: str) -> Iterator[str]:
    grace = f" (+{format_duration(step.grace)} grace)" if step.grace else ""
    yield f"  {step.id}: {step.title.in_(language)}"
    yield f"      {clock(step, language)}{grace}, {step.role}; after {_trigger(step.after)}"
    if step.when:
        yield f"      when {step.when.sql}"
    if step.done.is_joint:
        yield f"      done by {_trigger(step.done)}"
    if step.repeat:
        yield f"      again {format_duration(step.repeat)} after it was done or declined"
    if step.starts:
        yield f"      starts {', '.join(step.starts)}"
    if step.choice:
        yield f"      {step.choice.in_(language)}"
    yield f"      {step.basis.kind.value}: {step.basis.text}"


def _trigger(trigger: Trigger) -> str:
    """`a, b` for any of them, `all of: a; b, c` for something of every group."""
    groups = [", ".join(dict.fromkeys(_pattern(member) for member in group)) for group in trigger.groups]
    return f"all of: {'; '.join(groups)}" if trigger.is_joint else "; ".join(groups)


def _pattern(member: Pattern | Closing) -> str:
    return member.kind if isinstance(member, Pattern) else f"{member.step} {member.part.value}"


def as_json(protocol: Protocol, language: str) -> Json:
    """The same for programs. Triggers are written as in a definition: a list is any of, `all_of` is all of."""
    return {
        "protocol": protocol.name,
        "version": protocol.version,
        "title": protocol.title.in_(language),
        "office": _office_json(protocol.office),
        "steps": [_step_json(step, language) for step in protocol.steps],
        "subprotocols": [
            {
                "id": sub.id,
                "title": sub.title.in_(language),
                "after": [_member_json(pattern) for pattern in sub.after],
                "when": sub.when.sql if sub.when else None,
                "steps": [step.id for step in protocol.steps if step.part_of == sub.id],
            }
            for sub in protocol.subprotocols
        ],
        "gates": [
            {"id": gate.id, "holds": list(gate.holds), "reason": gate.reason.in_(language)} for gate in protocol.gates
        ],
    }


def _office_json(office: Office | None) -> Json | None:
    if office is None:
        return None
    return {
        "zone": office.zone,
        "days": list(office.days),
        "hours": [f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in office.hours],
        "closed": [day.isoformat() for day in office.closed],
    }


def _step_json(step: Step, language: str) -> Json:
    return {
        "id": step.id,
        "stage": step.stage,
        "subprotocol": step.part_of,
        "title": step.title.in_(language),
        "after": _trigger_json(step.after),
        "when": step.when.sql if step.when else None,
        "within": format_duration(step.within),
        "clock": step.clock.value if step.clock is not Clock.ALWAYS else None,
        "grace": format_duration(step.grace),
        "role": step.role,
        "done": _trigger_json(step.done),
        "declined": [_member_json(pattern) for pattern in step.declined],
        "void": [_member_json(pattern) for pattern in step.void],
        "repeat": format_duration(step.repeat) if step.repeat else None,
        "each": "subject" if step.each_subject else None,
        "starts": list(step.starts),
        "escalate": [{"after": format_duration(rung.after), "to": rung.to} for rung in step.escalate],
        "basis": {
            step.basis.kind.value: step.basis.text,
            "checked": step.basis.checked.isoformat() if step.basis.checked else None,
        },
        "choice": step.choice.in_(language) if step.choice else None,
    }


def _trigger_json(trigger: Trigger) -> object:
    groups = [[_member_json(member) for member in group] for group in trigger.groups]
    if not trigger.is_joint:
        return groups[0] if groups else []
    return {"all_of": [group[0] if len(group) == 1 else {"any_of": group} for group in groups]}


def _member_json(member: Pattern | Closing) -> object:
    if isinstance(member, Closing):
        return {"step": member.step, "is": member.part.value}
    return {"kind": member.kind, "where": member.where.sql} if member.where else member.kind

"""What may not be recorded yet: the protocol's gates, asked before an event is appended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .definition import Closed, Gate, Happened, Need, Protocol
from .events import Event, timeline
from .plan import CasePlan, matches, plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A gate that holds a kind of event back, with the needs that are still missing."""

    gate: Gate
    kind: str
    missing: tuple[Need, ...]


def blocked(protocol: Protocol, events: Iterable[Event], kind: str, now: datetime) -> tuple[Block, ...]:
    """Why an event of this kind may not be recorded at `now`; empty if it may."""
    holding = [gate for gate in protocol.gates if kind in gate.holds]
    if not holding:
        return ()
    recorded = list(events)
    case = plan(protocol, recorded, now)
    past = timeline(recorded, now)
    blocks = (
        Block(gate=gate, kind=kind, missing=tuple(need for need in gate.needs if not _fulfilled(need, past, case)))
        for gate in holding
        if gate.when is None or gate.when.holds(case.facts)
    )
    return tuple(block for block in blocks if block.missing)


def _fulfilled(need: Need, past: list[Event], case: CasePlan) -> bool:
    match need:
        case Happened(patterns=patterns, within=within):
            recent = past if within is None else [event for event in past if event.occurred_at >= case.now - within]
            return any(matches(pattern, event) for event in recent for pattern in patterns)
        case Closed(step=step):
            return not any(instance.is_open for instance in case.of(step))

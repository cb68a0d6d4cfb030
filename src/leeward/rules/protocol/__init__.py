"""The protocol: its definition, the plan of a case, the gates, and fidelity. The manual: docs/reference/protocol.md."""

from .definition import (
    Basis,
    BasisKind,
    Closed,
    Closing,
    Fact,
    Gate,
    Happened,
    Part,
    Pattern,
    Protocol,
    Rung,
    Stage,
    Step,
    Subprotocol,
    Trigger,
)
from .events import Event, timeline
from .fidelity import Fidelity, fidelity
from .gates import Block, blocked
from .office import Clock, Office
from .parse import Checked, check, parse
from .plan import CasePlan, Escalation, Instance, State, plan
from .vocabulary import KINDS, ROLES, DataClass, EventKind, departures

__all__ = [
    "KINDS",
    "ROLES",
    "Basis",
    "BasisKind",
    "Block",
    "CasePlan",
    "Checked",
    "Clock",
    "Closed",
    "Closing",
    "DataClass",
    "Escalation",
    "Event",
    "EventKind",
    "Fact",
    "Fidelity",
    "Gate",
    "Happened",
    "Instance",
    "Office",
    "Part",
    "Pattern",
    "Protocol",
    "Rung",
    "Stage",
    "State",
    "Step",
    "Subprotocol",
    "Trigger",
    "blocked",
    "check",
    "departures",
    "fidelity",
    "parse",
    "plan",
    "timeline",
]

"""Small protocols for tests, written with only the lines that matter."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from leeward import definitions
from leeward.rules.protocol import Event, Protocol, parse

START = datetime(2026, 1, 1, 9, tzinfo=UTC)
SHIPPED = "human-trafficking-response"


def shipped() -> Protocol:
    return parse(definitions.read("protocol", SHIPPED), name=f"{SHIPPED}.yaml", schema=definitions.schema("protocol"))


def whole(**parts: Any) -> dict[str, Any]:
    """The data of a sound definition around the given parts; steps are completed with ordinary lines."""
    words = {"en": "x", "es": "x"}
    ordinary = {"stage": "s", "title": words, "role": "clinician", "basis": {"default": "x"}, "choice": words}
    steps = [ordinary | step for step in parts.pop("steps", [{"id": "a", **CLOCK}])]
    frame = {"protocol": "example", "version": "1.0.0", "title": words}
    return frame | {"stages": [{"id": "s", "number": 1, "title": words}], "steps": steps} | parts


CLOCK = {"after": "indicator.observed", "within": "P1D", "done": "needs.assessed"}


def protocol(**parts: Any) -> Protocol:
    return parse(json.dumps(whole(**parts)), name="example.yaml", schema=definitions.schema("protocol"))


def event(kind: str, day: float = 0.0, /, **rest: Any) -> Event:
    """An event so many days after the start, recorded when it happened; its id is its kind and day unless given."""
    at = START + timedelta(days=day)
    data = {name: value for name, value in rest.items() if name not in ("id", "subject", "supersedes")}
    return Event(
        id=rest.get("id", f"{kind}@{day}{rest.get('subject', '')}"),
        kind=kind,
        occurred_at=at,
        recorded_at=at,
        subject=rest.get("subject"),
        data=data,
        supersedes=rest.get("supersedes"),
    )


def day(days: float) -> datetime:
    return START + timedelta(days=days)

"""The table of examples of what a step means, run."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from leeward import definitions
from leeward.rules.protocol import CasePlan, Event, Protocol, parse, plan

TABLE = Path(__file__).parent / "protocol_steps.yaml"
Example = dict[str, Any]


def examples() -> Iterator[Any]:
    for group in yaml.safe_load(TABLE.read_text(encoding="utf-8"))["groups"]:
        for example in group["examples"]:
            yield pytest.param(example, id=example["title"])


def moment(text: str) -> datetime:
    """`D2 09:00` is the second of January 2026, 09:00 UTC."""
    day, clock = text.removeprefix("D").split()
    hour, minute = clock.split(":")
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=int(day) - 1, hours=int(hour), minutes=int(minute))


def protocol_of(example: Example) -> Protocol:
    """The whole definition around the lines that matter in an example."""
    words = {"en": "x", "es": "x"}
    ordinary = {"stage": "s", "title": words, "role": "clinician", "basis": {"default": "x"}, "choice": words}
    whole = {
        "protocol": "example",
        "version": "1.0.0",
        "title": words,
        "stages": [{"id": "s", "number": 1, "title": words}],
        "facts": example.get("facts", {}),
        "void": example.get("void", []),
        "steps": [ordinary | step for step in example["steps"]],
        "subprotocols": [
            {"title": words} | sub | {"steps": [ordinary | step for step in sub["steps"]]}
            for sub in example.get("subprotocols", [])
        ],
    }
    if "office" in example:
        closed = [str(day) for day in example["office"].get("closed", [])]
        whole["office"] = example["office"] | {"closed": closed}
    return parse(json.dumps(whole), name="example", schema=definitions.schema("protocol"))


def events_of(example: Example) -> list[Event]:
    return [
        Event(
            id=given.get("id", f"e{number}"),
            kind=given["kind"],
            occurred_at=moment(given["at"]),
            recorded_at=moment(given.get("recorded", given["at"])),
            subject=given.get("subject"),
            data=given.get("data", {}),
            supersedes=given.get("supersedes"),
        )
        for number, given in enumerate(example["events"], start=1)
    ]


def rows(plan: CasePlan, expected: list[Example]) -> list[Example]:
    """The instances, in the words of the table; `by` and `subject` only where the example speaks of them."""
    spoken = {key for row in expected for key in row}
    return [
        {
            "step": instance.step,
            "opened": instance.opened_at,
            "due": instance.due_at,
            "state": instance.state.value,
        }
        | ({"closed": instance.closed_at} if instance.closed_at else {})
        | ({"by": instance.closed_by} if "by" in spoken and instance.closed_by else {})
        | ({"subject": instance.subject} if "subject" in spoken else {})
        for instance in plan.instances
    ]


@pytest.mark.parametrize("example", list(examples()))
def test_a_step_means(example: Example) -> None:
    expected = [
        {key: moment(value) if key in ("opened", "due", "closed") else value for key, value in row.items()}
        for row in example["expect"]
    ]
    assert rows(plan(protocol_of(example), events_of(example), moment(example["now"])), expected) == expected

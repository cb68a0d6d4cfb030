"""What changes between two versions is said in plain words, all of it, in both languages."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from typer.testing import CliRunner

from leeward import definitions
from leeward.platform.commands.protocol import app
from leeward.rules.protocol import Gate, Protocol, Step, parse
from leeward.rules.protocol.difference import difference

from .strategies import rich_protocols
from .written import CLOCK, SHIPPED, protocol, shipped

PLAIN = {"id": "a"} | CLOCK
GATE = {
    "id": "g", "holds": "case.closed", "needs": [{"closed": "a"}],
    "reason": {"en": "Wait.", "es": "Espere."}, "basis": {"default": "x"},
}  # fmt: skip


def with_step(**lines: Any) -> Protocol:
    return protocol(steps=[PLAIN | lines], gates=[GATE])


def said(old: Protocol, new: Protocol, language: str = "en") -> list[str]:
    return [change.say(language) for change in difference(old, new)]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ({"within": "P3D"}, "x: clock: 1 day → 3 days"),
        ({"grace": "PT1H"}, "x: still on time for: nothing → 1 hour"),
        ({"role": "therapist"}, "x: who does it: Clinician → Therapist"),
        ({"when": "f"}, "x: only if: nothing → f"),
        ({"repeat": "P30D"}, "x: again after: nothing → 30 days"),
        ({"declined": "needs.declined"}, "x: a no is: nothing → no to talking about needs"),
        ({"void": "case.closed"}, "x: pointless after: nothing → the case closed"),
        ({"requires": "screen"}, "x: training needed: nothing → screen"),
        ({"done": "safety.assessed"}, "x: done by: needs asked → safety checked"),
        (
            {"after": {"all_of": ["indicator.observed", "plan.agreed"]}},
            "x: starts after: signs noticed → signs noticed; and a plan agreed",
        ),
        (
            {"escalate": [{"after": "P1D", "to": "program_director"}]},
            "x: who hears when it is late: nothing → 1 day: Program director",
        ),
        ({"basis": {"law": "Act 1", "checked": "2026-11-23"}}, "x: why: x → Act 1 (2026-11-23)"),
        (
            {"choice": {"en": "You can say no.", "es": "Puede decir no."}},
            "x: what the person is offered: x → You can say no.",
        ),
        ({"title": {"en": "y", "es": "y"}}, "y: title: x → y"),
    ],
)  # fmt: skip
def test_one_changed_line_is_one_sentence(lines: dict[str, Any], words: str) -> None:
    facts = {"f": {"from": "indicator.observed", "field": "suspected", "type": "boolean"}}
    old, new = (protocol(facts=facts, steps=[PLAIN | changed], gates=[GATE]) for changed in ({}, lines))
    assert said(old, new) == [words]


def test_new_and_removed_parts_are_named() -> None:
    old = protocol(steps=[PLAIN], gates=[GATE])
    new = protocol(steps=[PLAIN, PLAIN | {"id": "b", "title": {"en": "Call", "es": "Llamar"}}])
    assert said(old, new) == ["New: Call", "Removed: Wait."]
    assert said(new, old, "es") == ["Retirado: Llamar", "Nuevo: Espere."]


def test_office_hours_and_sub_protocols_count() -> None:
    office = {"zone": "America/Chicago", "days": ["mon"], "hours": ["08:00-17:00"]}
    step = {"id": "b", "stage": "s", "role": "clinician", "basis": {"default": "x"}, **CLOCK, "after": "start"}
    words = {"en": "Risk", "es": "Riesgo"}
    sub = {"id": "s", "title": words, "after": "incident.reported", "steps": [step | {"title": words}]}
    changes = said(protocol(steps=[PLAIN]), protocol(steps=[PLAIN], office=office, subprotocols=[sub]))
    assert changes == ["x: office hours: nothing → mon; 08:00-17:00; America/Chicago", "New: Risk", "New: Risk"]


@given(rich_protocols(), rich_protocols())
def test_nothing_is_said_only_where_nothing_that_counts_differs(one: Protocol, other: Protocol) -> None:
    assert difference(one, one) == ()
    same = all(
        getattr(one, name) == getattr(other, name)
        for name in ("title", "stages", "facts", "steps", "gates", "office", "subprotocols")
    )
    assert (difference(one, other) == ()) is same


def test_every_field_of_a_step_and_a_gate_is_compared() -> None:
    from leeward.rules.protocol import difference as module

    named = {"clock": "within", "each_subject": "each", "id": "id"}
    assert {named.get(field.name, field.name) for field in fields(Step)} - {"id"} == set(module._STEP)
    assert {field.name for field in fields(Gate)} - {"id"} == set(module._GATE)


def test_the_command_says_the_same(tmp_path: Path) -> None:
    text = definitions.read("protocol", SHIPPED)
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(text, "utf-8")
    new.write_text(
        text.replace("within: PT72H\n    role: case_manager", "within: P1D\n    role: case_manager", 1), "utf-8"
    )
    assert parse(new.read_text("utf-8"), name="new", schema=definitions.schema("protocol")) != shipped()
    run = CliRunner().invoke
    printed = run(app, ["diff", str(old), str(new)])
    assert (printed.exit_code, "3 days → 1 day" in printed.stdout) == (0, True)
    spoken = json.loads(run(app, ["diff", str(old), str(new), "--json", "--language", "es"]).stdout)
    assert [change["id"] for change in spoken["changes"]] == ["urgent-needs"]
    assert "3 días" in spoken["changes"][0]["words"]
    assert "Nothing changes." in run(app, ["diff", str(old), str(old)]).stdout
    new.write_text("protocol: x\n", "utf-8")
    assert run(app, ["diff", str(old), str(new)]).exit_code == 1

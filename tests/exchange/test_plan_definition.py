"""A protocol leaves as a PlanDefinition and comes back the same; what plain R4 can't say is listed, never dropped."""

import copy
import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given

from leeward import definitions
from leeward.exchange.errors import ExchangeError
from leeward.exchange.plan_definition import REST, NotSaid, export
from leeward.exchange.plan_definition_import import read
from leeward.rules.errors import DefinitionError
from leeward.rules.protocol import Protocol, parse

from ..rules.protocol.strategies import rich_protocols
from ..rules.protocol.written import shipped


def back(protocol: Protocol) -> Protocol:
    resource = json.loads(json.dumps(export(protocol).resource))
    imported = read(resource)
    assert imported.not_understood == ()
    return parse(imported.text, name="back", schema=definitions.schema("protocol"))


def differences(one: Protocol, other: Protocol) -> list[str]:
    return [field.name for field in fields(Protocol) if getattr(one, field.name) != getattr(other, field.name)]


def test_the_shipped_protocol_comes_back_the_same() -> None:
    found = back(shipped())
    assert {step.id: step for step in found.steps} == {step.id: step for step in shipped().steps}
    assert set(differences(found, shipped())) <= {"steps"}  # steps stand by stage in a PlanDefinition


@given(rich_protocols())
def test_any_protocol_comes_back_the_same(protocol: Protocol) -> None:
    assert differences(back(protocol), protocol) == []


def test_what_r4_can_say_stands_in_its_own_elements() -> None:
    action = next(each for each in actions(export(shipped()).resource) if each["id"] == "urgent-needs")
    assert action["timingDuration"] == {"value": 3, "unit": "day", "system": "http://unitsofmeasure.org", "code": "d"}
    assert [trigger["name"] for trigger in action["trigger"]] == ["screening.completed", "indicator.observed"]
    assert action["condition"][0]["expression"]["expression"] == "needs IS NULL"
    assert action["participant"][0]["role"]["coding"][0]["code"] == "case_manager"
    assert action["textEquivalent"].startswith("You say what comes first.")
    spanish = action["_title"]["extension"][0]["extension"]
    assert spanish[1]["valueString"] == "Preguntar por necesidades urgentes"


def test_what_it_can_not_say_is_listed_with_its_step() -> None:
    missing = export(shipped()).not_said
    assert NotSaid("safety-now", "how long after it is due it still counts as on time") in missing
    assert NotSaid("urgent-needs", "who hears when it is late") in missing
    assert NotSaid("protocol", "its gates") in missing
    assert {each.where for each in missing} >= {step.id for step in shipped().steps}


def test_whatever_extension_is_lost_is_noticed() -> None:
    whole = export(shipped()).resource
    for number, action in enumerate(actions(whole)):
        if not any(extension["url"] == REST for extension in action.get("extension", [])):
            continue
        poorer = copy.deepcopy(whole)
        damaged = list(actions(poorer))[number]
        del damaged["extension"]
        imported = read(json.loads(json.dumps(poorer)))
        assert any(each.where == action["id"] for each in imported.not_understood), action["id"]
        with pytest.raises(DefinitionError):
            parse(imported.text, name="poorer", schema=definitions.schema("protocol"))


def test_somebody_elses_definition_becomes_a_draft_with_what_to_complete() -> None:
    foreign = {
        "resourceType": "PlanDefinition",
        "name": "SepsisBundle",
        "status": "draft",
        "goal": [{"description": {"text": "x"}}],
        "action": [
            {
                "title": "Measure lactate",
                "trigger": [{"type": "data-changed"}],
                "condition": [{"kind": "applicability", "expression": {"language": "text/cql", "expression": "x"}}],
                "relatedAction": [{"actionId": "y", "relationship": "before"}],
            }
        ],
    }
    imported = read(foreign)
    said = {f"{each.where}: {each.what}" for each in imported.not_understood}
    for expected in (
        "`goal` is not read",
        "text/cql",
        "data-changed",
        "relation to `y`",
        "complete `done`",
        "no Spanish",
    ):
        assert any(expected in each for each in said), expected
    assert "measure-lactate" in imported.text
    assert imported.text.startswith("# To be looked at before use")


@pytest.mark.parametrize("what", [[], "x", None, 3, {}, {"resourceType": "Questionnaire"}])
def test_what_is_no_plan_definition_is_refused(what: Any) -> None:
    with pytest.raises(ExchangeError, match="not a PlanDefinition") as refused:
        read(what)
    assert refused.value.hint


@pytest.mark.parametrize(
    "broken",
    [
        {"action": "x"},
        {"action": [{"action": [{"action": [{}]}]}]},
        {"action": [3, None, {"trigger": {"type": 1}, "participant": "x", "timingDuration": [], "condition": [1]}]},
        {"action": [{"id": "stage.ñ", "extension": [{"url": REST, "valueString": "{"}], "title": {"a": 1}}]},
        {"url": 7, "version": [], "title": None},
    ],
)
def test_odd_pieces_do_not_break_the_reading(broken: dict[str, Any]) -> None:
    assert read({"resourceType": "PlanDefinition"} | broken).text


def actions(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for action in resource.get("action", []):
        yield action
        yield from actions(action)

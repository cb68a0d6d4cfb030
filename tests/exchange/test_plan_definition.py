"""A protocol leaves as a PlanDefinition and comes back the same; what plain R4 can't say is listed, never dropped."""

import contextlib
import copy
import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leeward import definitions
from leeward.exchange.definition_text import definition_text
from leeward.exchange.errors import PlanDefinitionError
from leeward.exchange.plan_definition import PART, REST, WHOLE, NotSaid, export
from leeward.exchange.plan_definition_import import Imported, read
from leeward.rules.errors import DefinitionError
from leeward.rules.protocol import Protocol, parse
from leeward.rules.yaml_source import load

from ..rules.protocol.strategies import rich_protocols
from ..rules.protocol.written import CLOCK, protocol, shipped

WORDS = {"en": "x", "es": "x"}


def exported(protocol: Protocol | None = None) -> dict[str, Any]:
    """The resource as it would be read from a file."""
    found: dict[str, Any] = json.loads(json.dumps(export(protocol or shipped()).resource))
    return found


def parsed(imported: Imported) -> Protocol:
    return parse(imported.text, name="back", schema=definitions.schema("protocol"))


def back(protocol: Protocol) -> Protocol:
    imported = read(exported(protocol))
    assert imported.not_understood == ()
    return parsed(imported)


def differences(one: Protocol, other: Protocol) -> list[str]:
    return [field.name for field in fields(Protocol) if getattr(one, field.name) != getattr(other, field.name)]


def actions(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for action in resource.get("action", []):
        yield action
        yield from actions(action)


def action(resource: dict[str, Any], identity: str) -> dict[str, Any]:
    return next(each for each in actions(resource) if each["id"] == identity)


def said(imported: Imported) -> list[str]:
    return [f"{each.where}: {each.what}" for each in imported.not_understood]


# Out and back


def test_the_shipped_protocol_comes_back_the_same_in_every_field() -> None:
    assert differences(back(shipped()), shipped()) == []


@given(rich_protocols())
def test_any_protocol_comes_back_the_same_in_every_field(protocol: Protocol) -> None:
    assert differences(back(protocol), protocol) == []


def test_steps_keep_their_order_where_stages_alternate() -> None:
    stages = [{"id": name, "number": number, "title": WORDS} for number, name in enumerate(("first", "second"))]
    steps = [{"id": f"step-{place}", "stage": ("second", "first")[place % 2], **CLOCK} for place in range(4)]
    alternating = protocol(stages=stages, steps=steps)
    assert differences(back(alternating), alternating) == []
    assert NotSaid("protocol", "the order of its steps across stages") in export(alternating).not_said


def test_a_step_that_opens_with_its_sub_protocol_but_without_its_condition_gets_none() -> None:
    facts = {"suspected": {"from": "indicator.observed", "field": "suspected", "type": "boolean"}}
    inner = [{"id": "b", **CLOCK, "after": "start"}, {"id": "c", **CLOCK}]
    part = {"id": "sub", "title": WORDS, "after": ["indicator.observed"], "when": "suspected"}
    ordinary = {"stage": "s", "title": WORDS, "role": "clinician", "basis": {"default": "x"}}
    given = protocol(facts=facts, subprotocols=[part | {"steps": [ordinary | step for step in inner]}])
    assert given.step("c").when is None
    assert differences(back(given), given) == []


@pytest.mark.parametrize(
    "text", ["089", "no", "null", "1.50", "+7", "2026-01-01", "x: y # z", "a\nb  c ", "\u2028", "\x85", "'"]
)
def test_odd_texts_come_back_as_text(text: str) -> None:
    facts = {"named": {"type": "text", "from": [{"kind": "case.closed", "value": text}]}}
    odd = protocol(facts=facts, title={"en": text, "es": text}, steps=[{"id": "a", **CLOCK, "when": "named IS NULL"}])
    assert differences(back(odd), odd) == []


SCALARS = st.text() | st.integers(-(10**18) + 1, 10**18 - 1) | st.booleans()


@given(st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=5))
def test_what_is_written_as_a_definition_is_read_as_written(data: Any) -> None:
    try:
        found = load(definition_text({"data": data}), name="written").data
    except DefinitionError:  # characters that YAML refuses
        assert any(not letter.isprintable() for letter in json.dumps(data, ensure_ascii=False))
    else:
        assert found == {"data": data}


# What R4 says and what it can't


def test_what_r4_can_say_stands_in_its_own_elements() -> None:
    step = action(exported(), "urgent-needs")
    assert step["timingDuration"] == {"value": 3, "unit": "day", "system": "http://unitsofmeasure.org", "code": "d"}
    assert [trigger["name"] for trigger in step["trigger"]] == ["screening.completed", "indicator.observed"]
    assert step["condition"][0]["expression"]["expression"] == "needs IS NULL"
    assert step["participant"][0]["role"]["coding"][0]["code"] == "case_manager"
    assert step["textEquivalent"].startswith("You say what comes first.")
    spanish = step["_title"]["extension"][0]["extension"]
    assert spanish[1]["valueString"] == "Preguntar por necesidades urgentes"


def test_a_step_after_another_is_a_related_action() -> None:
    steps = [{"id": "a", **CLOCK}, {"id": "b", **CLOCK, "after": {"step": "a"}}]
    assert action(exported(protocol(steps=steps)), "b")["relatedAction"] == [
        {"actionId": "a", "relationship": "after-end"}
    ]


def test_what_it_can_not_say_is_listed_with_its_step() -> None:
    missing = export(shipped()).not_said
    assert NotSaid("safety-now", "how long after it is due it still counts as on time") in missing
    assert NotSaid("urgent-needs", "who hears when it is late") in missing
    assert NotSaid("minor-report", "the day on which the law was last checked") in missing
    assert {each.where for each in missing} >= {step.id for step in shipped().steps}
    whole = " ".join(each.what for each in missing if each.where == "protocol")
    assert all(part in whole for part in ("gates", "facts", "Spanish", "conditions"))


def test_a_condition_on_an_opening_event_is_listed_because_r4_permits_none_there() -> None:
    missing = {
        each.where for each in export(shipped()).not_said if each.what.startswith("the conditions on the events")
    }
    narrowed = {
        step.id for step in shipped().steps if any(pattern.where is not None for pattern in step.after.patterns)
    }
    assert narrowed
    assert missing >= narrowed
    assert "talk-alone" not in missing


# What is lost or changed on the way


@pytest.mark.parametrize("part", WHOLE)
def test_an_extension_of_the_whole_that_is_lost_is_noticed(part: str) -> None:
    poorer = exported()
    poorer["extension"] = [each for each in poorer["extension"] if part not in json.loads(each["valueString"])]
    assert len(poorer["extension"]) == len(WHOLE) - 1
    assert [each.where for each in read(poorer).not_understood] == ["protocol"]


def test_a_steps_extension_that_is_lost_is_noticed_and_the_draft_is_refused() -> None:
    whole = exported()
    steps = [each["id"] for each in actions(whole) if "timingDuration" in each]
    assert len(steps) > 30
    for identity in steps:
        poorer = copy.deepcopy(whole)
        del action(poorer, identity)["extension"]
        imported = read(poorer)
        assert f"{identity}: which event finishes it is not said: complete `done`" in said(imported)
        assert f"# {identity}: which event finishes it is not said: complete `done`" in imported.text
        with pytest.raises(DefinitionError):
            parsed(imported)


def test_a_condition_of_a_trigger_that_is_lost_is_noticed_and_the_step_opens_no_wider() -> None:
    poorer = exported()
    for each in actions(poorer):
        for trigger in each.get("trigger", []):
            trigger.pop("extension", None)
    imported = read(poorer)
    assert any(note.startswith("safety-now: its triggers and our own extension differ") for note in said(imported))
    assert differences(parsed(imported), shipped()) == []


def test_a_translation_that_is_lost_is_noticed() -> None:
    poorer = exported()
    del action(poorer, "safety-now")["_title"]
    assert said(read(poorer)) == ["safety-now: its title has no Spanish: complete `es`"]


def test_a_step_that_was_taken_out_is_noticed() -> None:
    poorer = exported()
    stage = next(each for each in poorer["action"] if each["id"] == "stage.safety")
    stage["action"] = [each for each in stage["action"] if each["id"] != "safety-now"]
    assert said(read(poorer)) == ["protocol: the step `safety-now` was in it and is not there any more"]


def test_a_duration_changed_elsewhere_changes_the_clock() -> None:
    changed = exported()
    action(changed, "urgent-needs")["timingDuration"] |= {"value": 36.0, "unit": "hour", "code": "h"}
    imported = read(changed)
    assert imported.not_understood == ()
    assert parsed(imported).step("urgent-needs").within.total_seconds() == 36 * 3600


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (
            "condition",
            [{"kind": "applicability", "expression": {"language": "text/cql", "expression": "A"}}],
            "text/cql",
        ),
        ("condition", [{"kind": "stop", "expression": {"language": "text/fhirpath", "expression": "A"}}], "stop"),
        ("relatedAction", [{"actionId": "talk-alone", "relationship": "before"}], "its relation to `talk-alone`"),
        ("trigger", [{"type": "named-event", "name": "moon.risen"}], "`moon.risen` is no event known here"),
        ("timingDuration", {"value": 1, "system": "http://unitsofmeasure.org", "code": "mo"}, "complete `within`"),
        ("timingDuration", {"value": 1, "code": "d"}, "complete `within`"),
        ("participant", [{"type": "patient"}], "complete `role`"),
        ("documentation", [{"type": "citation", "citation": "42 CFR 2.31"}], "whether its citation is a law"),
        ("goalId", ["x"], "`goalId` is not read"),
        ("extension", [{"url": "https://example.org/x", "valueString": "y"}], "the extension `https://example.org/x`"),
        ("extension", [{"url": REST, "valueString": "{"}], "can't be read"),
        ("extension", [{"url": REST, "valueString": '{"done":' + "[" * 100_000}], "can't be read"),
        ("extension", [{"url": REST, "valueString": '{"done":' + "[" * 100 + "]" * 100 + "}"}], "can't be read"),
        ("extension", [{"url": REST, "valueString": '{"within": "P9D", "id": "z"}'}], "`within` in our own extension"),
        ("title", {"a": 1}, "its title is not said"),
        ("action", [{"id": "inner"}], "a group inside a group"),
    ],
)
def test_whatever_can_not_be_read_in_a_step_is_listed(key: str, value: Any, expected: str) -> None:
    changed = exported()
    action(changed, "screening")[key] = value
    assert any(expected in note for note in said(read(changed))), said(read(changed))


def test_what_stands_on_a_group_and_is_not_read_is_listed() -> None:
    changed = exported()
    action(changed, "stage.safety")["condition"] = [{"kind": "applicability"}]
    action(changed, "stage.safety")["trigger"] = [{"type": "periodic"}]
    assert said(read(changed)) == ["safety: `condition` is not read", "safety: `trigger` is not read"]


def test_words_from_elsewhere_can_not_leave_their_comment() -> None:
    changed = exported()
    action(changed, "screening")["trigger"] += [{"type": "named-event", "name": "x\nsteps: []\r\x1b[2J\u2028gates: []"}]
    imported = read(changed)
    assert "\x1b" not in imported.text + "".join(said(imported))
    assert "\n" not in "".join(said(imported))
    assert len(parsed(imported).steps) == len(shipped().steps)


def test_a_relation_that_contradicts_our_extension_is_listed() -> None:
    changed = exported(protocol(steps=[{"id": "a", **CLOCK}, {"id": "b", **CLOCK, "after": {"step": "a"}}]))
    action(changed, "b")["relatedAction"][0]["relationship"] = "before"
    assert said(read(changed)) == [
        "b: its related actions and our own extension differ; `after` is as the extension says"
    ]


# Other people's


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
    for expected in (
        "`goal` is not read",
        "status is `draft`",
        "version is not said",
        "text/cql",
        "data-changed",
        "relation to `y`",
        *("complete `done`", "complete `after`", "complete `within`", "complete `role`", "complete `basis`"),
        *("complete `facts`", "complete `gates`", "complete `es`"),
    ):
        assert any(expected in note for note in said(imported)), expected
    assert "id: measure-lactate" in imported.text
    assert "clinician" not in imported.text
    assert "PT0S" not in imported.text
    assert imported.text.startswith("# To be looked at before use")
    with pytest.raises(DefinitionError):
        parsed(imported)


def test_a_foreign_order_of_two_actions_is_read() -> None:
    foreign = {
        "resourceType": "PlanDefinition",
        "status": "active",
        "action": [
            {
                "title": "Both",
                "action": [
                    {"id": "One_A", "title": "One"},
                    {"id": "Two_B", "relatedAction": [{"actionId": "One_A", "relationship": "after-end"}]},
                ],
            }
        ],
    }
    imported = read(foreign)
    data: Any = load(imported.text, name="foreign").data
    assert [step["id"] for step in data["steps"]] == ["one-a", "two-b"]
    assert data["steps"][1]["after"] == [{"step": "one-a"}]
    assert data["steps"][0]["done"] == []
    assert "one-a: its id was `One_A`" in said(imported)


def test_two_actions_without_an_id_get_different_ones() -> None:
    foreign = {"resourceType": "PlanDefinition", "action": [{"title": "S", "action": [{"title": "T"}, {"title": "T"}]}]}
    data: Any = load(read(foreign).text, name="foreign").data
    assert [step["id"] for step in data["steps"]] == ["t", "t-2"]


@pytest.mark.parametrize("what", [[], "x", None, 3, {}, {"resourceType": "Questionnaire"}, {"resourceType": 3}])
def test_what_is_no_plan_definition_is_refused(what: Any) -> None:
    with pytest.raises(PlanDefinitionError, match="not a PlanDefinition") as refused:
        read(what)
    assert refused.value.hint


def test_actions_nested_a_hundred_deep_are_refused() -> None:
    nested: dict[str, Any] = {"title": "x"}
    for _ in range(100):
        nested = {"title": "x", "action": [nested]}
    with pytest.raises(PlanDefinitionError, match="nested more than 20 deep"):
        read({"resourceType": "PlanDefinition", "action": [nested]})


@pytest.mark.parametrize(
    "broken",
    [
        {"action": "x"},
        {"action": [{"action": [{"action": [{}]}]}]},
        {"action": [3, None, {"trigger": {"type": 1}, "participant": "x", "timingDuration": [], "condition": [1]}]},
        {"action": [{"id": "stage.ñ", "extension": [{"url": REST, "valueString": "{"}], "title": {"a": 1}}]},
        {"action": [{"timingDuration": {"value": 1e300, "system": "http://unitsofmeasure.org", "code": "d"}}]},
        {"action": [{"timingDuration": {"value": 10**400, "system": "http://unitsofmeasure.org", "code": "d"}}]},
        {"action": [{"action": None, "id": ["x"], "_title": [], "documentation": [{"citation": 3}]}]},
        {"extension": [{"url": PART, "valueString": '{"order": [[]], "facts": 3, "gates": "x"}'}]},
        {"url": 7, "version": [], "title": None, "type": "x"},
    ],
)
def test_odd_pieces_do_not_break_the_reading(broken: dict[str, Any]) -> None:
    imported = read({"resourceType": "PlanDefinition"} | broken)
    assert imported.not_understood
    with pytest.raises(DefinitionError):
        parsed(imported)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["url", "type", "code"]), inner),
    max_leaves=4,
)


@given(st.data())
def test_whatever_is_put_in_any_place_the_reading_ends_in_a_definition(data: st.DataObject) -> None:
    resource = exported(protocol(steps=[{"id": "a", **CLOCK}, {"id": "b", **CLOCK, "after": {"step": "a"}}]))
    holder: Any = resource
    while True:
        key = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else list(range(len(holder)))))
        if not isinstance(holder[key], dict | list) or not holder[key] or data.draw(st.booleans()):
            break
        holder = holder[key]
    holder[key] = data.draw(JUNK)
    try:
        imported = read(resource)
    except PlanDefinitionError:
        assert resource["resourceType"] != "PlanDefinition"
        return
    with contextlib.suppress(DefinitionError):
        parsed(imported)

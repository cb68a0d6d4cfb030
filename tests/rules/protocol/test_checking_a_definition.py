"""Every mistake in a definition is named by line, with what would be right; what is odd is a warning."""

import json
from typing import Any

import pytest

from leeward import definitions
from leeward.rules.errors import DefinitionError
from leeward.rules.protocol import check, parse

from .written import CLOCK, protocol, shipped, whole

GATE = {"id": "g", "reason": {"en": "x", "es": "x"}, "basis": {"default": "x"}}


def step(**lines: Any) -> dict[str, Any]:
    return {"steps": [{"id": "a"} | CLOCK | lines]}


def fact(**lines: Any) -> dict[str, Any]:
    return {"facts": {"f": lines}, "steps": [{"id": "a", "when": "f IS NULL"} | CLOCK]}


def gate(**lines: Any) -> dict[str, Any]:
    return {"gates": [GATE | lines]}


@pytest.mark.parametrize(
    ("parts", "problem", "remedy"),
    [
        (step(within="P1M"), "not the same length every time", "P30D"),
        (step(within="soon"), "wrong form", "PT72H"),
        (step(after="indicator.seen"), "no kind of event `indicator.seen`", "Did you mean"),
        (step(role="clinican"), "no role `clinican`", "`clinician`"),
        (step(stage="t"), "no stage `t`", "s"),
        (step(when="unknown_fact"), "not known here", "none"),
        (step(when="f IN (SELECT 1)"), "subquery", "List the values"),
        (step(repeat="PT0S"), "for ever", "P30D"),
        (step(within="PT0S", after="needs.assessed"), "could never be done", "some time"),
        (step(done=[]), "`done` is empty", "Name an event"),
        (step(after=[]), "`after` is empty", "Name an event"),
        (step(each="subject"), "about no subject", "referral.sent"),
        (
            step(escalate=[{"after": "P2D", "to": "clinician"}, {"after": "P1D", "to": "clinician"}]),
            "goes down",
            "Order",
        ),
        (step(escalate=[{"after": "P2D", "to": "boss"}]), "no role `boss`", "Use one of"),
        (step(basis={"law": "x"}), "last checked", "checked:"),
        (step(basis={"law": "x", "checked": "2026-02-31"}), "not a day", "2026-11-23"),
        (step(basis={"law": "x", "default": "y"}), "either `law` or `default`", "Keep"),
        (step(after={"kind": "screening.completed", "where": "reslt = 'positive'"}), "`reslt`", "`result`"),
        (step(after={"kind": "screening.completed", "where": "result = 'pos'"}), "never holds", "positive, negative"),
        (step(title={"en": "x"}), "lacks `es`", "Spanish"),
        (step(withn="P1D"), "`withn` is not known", "`within`"),
        ({"steps": [{"id": "a"} | CLOCK, {"id": "a"} | CLOCK]}, "used twice", "its own id"),
        (fact(type="text"), "lacks `from`", "kind of event"),
        (fact(**{"from": "screening.completed", "type": "text"}), "which field", "result"),
        (fact(**{"from": "screening.completed", "field": "reslt", "type": "text"}), "no field `reslt`", "`result`"),
        (fact(**{"from": "screening.completed", "field": "result", "type": "integer"}), "is text, not integer", "text"),
        (fact(**{"from": "screening.completed", "field": "result", "type": "list"}), "is `list`", "Use one of"),
        (fact(**{"from": [{"kind": "screening.completed"}], "type": "text"}), "`field` or `value`", "Say which"),
        (fact(**{"from": [{"kind": "case.closed", "value": 1}], "type": "text"}), "not text", "type text"),
        (gate(holds="case.shut", needs=[{"closed": "a"}]), "no kind of event", "Did you mean"),
        (gate(holds="case.closed", needs=[{"closed": "b"}]), "no step `b`", "a"),
        (gate(holds="case.closed", needs=[{"closed": "a", "happened": "needs.assessed"}]), "either", "Keep one"),
        (gate(holds="case.closed", needs=[{"closed": "a", "within": "P1D"}]), "does not go", "Remove"),
        (gate(holds="needs.assessed", needs=[{"closed": "a"}]), "only events that would open it", "Remove"),
        (gate(holds="case.closed", needs=[{"happened": "case.closed"}]), "only events that would open it", "Remove"),
        ({"version": 1.0}, "should be text", "quotes"),
        ({"version": "one"}, "wrong form", "1.0.0"),
        (
            {"facts": {"case": {"from": "case.closed", "type": "text", "field": "reason"}}},
            "`case` can't",
            "choose another",
        ),
        ({"facts": {"Über": {"from": "case.closed", "type": "text", "field": "reason"}}}, "ber", ""),
    ],
)
def test_a_mistake_is_told_with_what_would_be_right(parts: dict[str, Any], problem: str, remedy: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        protocol(**parts)
    told = [each for each in refused.value.every if problem in each.problem]
    assert told, [each.problem for each in refused.value.every]
    assert remedy in told[0].remedy


def test_a_mistake_names_file_and_line() -> None:
    lines = definitions.read("protocol", "human-trafficking-response").splitlines()
    number = next(i for i, line in enumerate(lines) if line.strip() == "role: screener")
    lines[number] = lines[number].replace("screener", "screner")
    with pytest.raises(DefinitionError) as refused:
        parse("\n".join(lines), name="mine.yaml", schema=definitions.schema("protocol"))
    assert str(refused.value) == f"mine.yaml, line {number + 1}: There is no role `screner`."
    assert refused.value.hint == "Did you mean `screener`?"


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(DefinitionError) as refused:
        protocol(**step(role="boss", within="P1Y", after="x.y"))
    assert len(refused.value.every) == 3


def test_a_step_that_may_be_declined_must_say_what_is_offered() -> None:
    data = whole(**step(declined="needs.declined"))
    del data["steps"][0]["choice"]
    with pytest.raises(DefinitionError, match="does not say what is offered"):
        parse(json.dumps(data), name="x", schema=definitions.schema("protocol"))


@pytest.mark.parametrize(
    ("parts", "warning"),
    [
        (fact(**{"from": "case.closed", "field": "reason", "type": "text"}) | step(), "never used"),
        (step(after={"kind": "session.attended", "where": "number < 1 AND number > 3"}), "can never be true"),
        (
            fact(**{"from": "screening.completed", "field": "result", "type": "text"})
            | step(when="f = 'positive' AND f = 'negative'"),
            "can never be true",
        ),
    ],
)
def test_what_is_odd_is_a_warning_only(parts: dict[str, Any], warning: str) -> None:
    checked = check(json.dumps(whole(**parts)), name="x", schema=definitions.schema("protocol"))
    assert any(warning in each.problem for each in checked.warnings)


def test_the_shipped_protocol_is_sound_without_a_warning() -> None:
    text = definitions.read("protocol", "human-trafficking-response")
    checked = check(text, name="x", schema=definitions.schema("protocol"))
    assert checked.warnings == ()
    assert checked.protocol == shipped()

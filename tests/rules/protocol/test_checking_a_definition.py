"""Every mistake in a definition is named by line, with what would be right; what is odd is a warning."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from leeward import definitions
from leeward.rules.errors import DefinitionError
from leeward.rules.protocol import check, parse

from .written import CLOCK, protocol, shipped, whole

GATE = {"id": "g", "reason": {"en": "x", "es": "x"}, "basis": {"default": "x"}}


def step(**lines: Any) -> dict[str, Any]:
    return {"steps": [{"id": "a"} | CLOCK | lines]}


OFFICE = {"zone": "America/Chicago", "days": ["mon", "fri"], "hours": ["08:00-17:00"]}
ORDINARY = {
    "stage": "s",
    "title": {"en": "x", "es": "x"},
    "role": "clinician",
    "basis": {"default": "x"},
}


def office(**lines: Any) -> dict[str, Any]:
    return {"office": OFFICE | lines}


def office_step(**lines: Any) -> dict[str, Any]:
    return {"office": OFFICE} | step(**lines)


def sub(**lines: Any) -> dict[str, Any]:
    steps = [ORDINARY | each for each in lines.pop("steps", [{"id": "b"} | CLOCK | {"after": "start"}])]
    plain = {"id": "s", "title": {"en": "x", "es": "x"}, "after": "indicator.observed", "steps": steps}
    return {"subprotocols": [plain | lines]}


def every_day(*years: int) -> list[str]:
    first = date(years[0], 1, 1)
    return [str(first + timedelta(days=number)) for number in range(365 * len(years))]


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
        (step(after={"step": "b"}), "no step `b`", "Use one of: a"),
        (step(after={"step": "a"}), "wait for each other: a → a", "open at an event"),
        (
            {
                "steps": [
                    {"id": "a"} | CLOCK | {"after": {"step": "b"}},
                    {"id": "b"} | CLOCK | {"after": {"all_of": ["indicator.observed", {"step": "c", "is": "void"}]}},
                    {"id": "c"} | CLOCK | {"after": [{"step": "a", "is": "declined"}, "indicator.observed"]},
                ]
            },
            "wait for each other: a → b → c → a",
            "open at an event",
        ),
        (step(done={"step": "a"}), "Only `after` may name another step", "event that finishes it"),
        (step(after="start"), "outside `after` of a sub-protocol", "Name an event"),
        (step(starts="x"), "no sub-protocol `x`", "Use one of"),
        (
            step(after={"all_of": ["a.b", "indicator.observed"]}),
            "no kind of event `a.b`",
            "Use one of",
        ),
        (
            step(
                after={"all_of": ["indicator.observed", "plan.agreed"]},
                done={"all_of": ["needs.assessed", "safety.assessed"]},
            ),
            "Both `after` and `done`",
            "Split it",
        ),
        (step(done={"all_of": ["needs.assessed", "safety.assessed"]}, repeat="P9D"), "can't repeat", "split it"),
        (step(after={"all_of": []}), "all_of", "list"),
        (step(clock="office_hours", within="PT4H"), "no `office`", "Add `office:`"),
        (step(clock="weekdays"), "is `weekdays`", "office_days"),
        (office_step(clock="office_hours", within="PT0S"), "at once has no clock", "some time"),
        (office_step(clock="office_days", within="PT36H"), "counted whole", "P3D"),
        (office_step(clock="office_days", within="P400D"), "up to 366", "P3D"),
        (office_step(clock="office_hours", within="P100D"), "1,000 hours", "office days"),
        (office(zone="America/Jackson"), "no time zone `America/Jackson`", "America/"),
        (office(hours=["17:00-08:00"]), "closes before it opens", "earlier time first"),
        (office(hours=["08:00-12:00", "11:00-17:00"]), "overlaps", "in order"),
        (office(hours=["8-5"]), "not opening hours", "08:00-17:00"),
        (office(closed=["2026-02-30"]), "not a day of the calendar", "2026-12-25"),
        (office(days=[]), "days", "mon"),
        (office(days=["monday"]), "is `monday`", "mon"),
        (
            office(closed=every_day(2026, 2027)),
            "more than a year",
            "sooner",
        ),
        (sub(after=[]), "Nothing starts `s`", "`starts`"),
        (sub(steps=[{"id": "b"} | CLOCK]), "No step of `s` opens at its start", "after: start"),
        (sub(steps=[{"id": "a"} | CLOCK | {"after": "start"}]), "step id `a` is used twice", "its own id"),
        (sub(when="nothing"), "not known here", "none"),
        (
            {
                "steps": [
                    {"id": "a"} | CLOCK,
                    {"id": "b"}
                    | CLOCK
                    | {"each": "subject", "after": ["referral.sent", {"step": "a"}], "done": "referral.accepted"},
                ]
            },
            "can't open one for each",
            "each: subject",
        ),
        (
            {
                "steps": [
                    {"id": f"a{n}"} | CLOCK | {"after": {"kind": "indicator.observed", "where": f"count = {n}"}}
                    for n in range(51)
                ]
            },
            "more than 50 different conditions",
            "a fact",
        ),
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

"""What may not be recorded yet, and what opens the way."""

from leeward.rules.protocol import Closed, Event, blocked

from .written import CLOCK, day, event, protocol, shipped


def held(kind: str, events: list[Event], at: float) -> list[str]:
    return [block.gate.id for block in blocked(shipped(), events, kind, day(at))]


PRIVATE = [event("conversation.private", 0), event("confidentiality.explained", 0.01)]


def test_no_question_before_a_private_conversation_and_the_limits_of_confidentiality() -> None:
    assert held("screening.completed", [], 0) == ["privacy-before-questions"]
    assert held("screening.completed", PRIVATE[:1], 0.1) == ["privacy-before-questions"]
    assert held("screening.completed", PRIVATE, 0.1) == []


def test_the_private_conversation_of_last_week_is_not_the_one_of_today() -> None:
    assert held("screening.completed", PRIVATE, 7) == ["privacy-before-questions"]


def test_declining_is_never_held_back() -> None:
    assert held("screening.declined", [], 0) == []


def test_consent_plan_and_closing_wait_for_the_report_of_a_minor() -> None:
    suspected = [event("client.registered", 0, is_minor=True), event("indicator.observed", 1, suspected=True)]
    for kind in ("consent.granted", "plan.agreed", "case.closed"):
        assert "report-before-more" in held(kind, suspected, 2)
        for answer in ("report.made", "report.not_required"):
            assert held(kind, [*suspected, event(answer, 1.5)], 2) == []


def test_urgent_help_never_waits_for_the_report() -> None:
    suspected = [event("client.registered", 0, is_minor=True), event("indicator.observed", 1, suspected=True)]
    for kind in ("safety.assessed", "suicide_risk.assessed", "needs.assessed", "safety_plan.saved", "referral.sent"):
        assert held(kind, suspected, 2) == []


def test_a_case_does_not_close_past_a_suicide_alert() -> None:
    alert = [event("measure.completed", 0, instrument="phq-9", total=12, alert=True)]
    assert held("case.closed", alert, 1) == ["safety-before-closing"]
    risk = [*alert, event("suicide_risk.assessed", 0.1, level="high")]
    assert held("case.closed", risk, 1) == ["safety-before-closing"]
    assert held("case.closed", [*risk, event("safety_plan.saved", 0.2)], 1) == []


def test_police_contact_needs_permission_or_duty_or_danger() -> None:
    assert held("law_enforcement.contacted", [], 1) == ["police-by-consent-or-duty"]
    assert held("law_enforcement.contacted", [event("consent.granted")], 1) == []
    assert held("law_enforcement.contacted", [event("safety.assessed", danger="none")], 1) != []
    assert held("law_enforcement.contacted", [event("safety.assessed", danger="immediate")], 1) == []


def test_a_block_names_what_is_missing() -> None:
    (block,) = blocked(shipped(), PRIVATE[1:], "screening.completed", day(0.1))
    assert [need.patterns[0].kind for need in block.missing if not isinstance(need, Closed)] == ["conversation.private"]


def test_a_gate_with_a_condition_holds_only_while_it_is_true() -> None:
    words = {"en": "x", "es": "x"}
    guarded = protocol(
        facts={"is_minor": {"from": "client.registered", "field": "is_minor", "type": "boolean"}},
        steps=[{"id": "a"} | CLOCK],
        gates=[
            {
                "id": "g",
                "holds": "consent.granted",
                "when": "is_minor",
                "needs": [{"happened": "report.made"}],
                "reason": words,
                "basis": {"default": "x"},
            }
        ],
    )
    assert blocked(guarded, [event("client.registered", is_minor=True)], "consent.granted", day(1))
    assert not blocked(guarded, [event("client.registered", is_minor=False)], "consent.granted", day(1))
    assert not blocked(guarded, [], "consent.granted", day(1))

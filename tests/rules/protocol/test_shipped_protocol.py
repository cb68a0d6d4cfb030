"""The shipped protocol, walked: what opens, for whom, by when, and what the survivor may decline."""

import re

import pytest

from leeward import definitions
from leeward.rules.protocol import CasePlan, Event, State, plan
from leeward.rules.protocol.definition import BasisKind
from leeward.rules.yaml_source import load

from .written import day, event, shipped

PROTOCOL = shipped()


def at(days: float, *events: Event) -> CasePlan:
    return plan(PROTOCOL, events, day(days))


def open_steps(case: CasePlan) -> set[str]:
    return {instance.step for instance in case.open}


ADULT = event("client.registered", 0, age_at_contact=24, is_minor=False)
MINOR = event("client.registered", 0, age_at_contact=15, is_minor=True)
SUSPICION = event("indicator.observed", 0.1, suspected=True, danger_now=False)
POSITIVE = event("screening.completed", 1, result="positive")


def test_a_first_sign_opens_a_private_talk_a_screening_and_urgent_needs() -> None:
    assert open_steps(at(0.2, ADULT, SUSPICION)) == {"offer-information", "talk-alone", "screening", "urgent-needs"}


def test_a_minor_with_suspicion_starts_the_report_clock_at_once() -> None:
    report = at(0.1, MINOR, SUSPICION).latest("minor-report")
    assert report is not None
    assert report.due_at == report.opened_at == day(0.1)
    assert PROTOCOL.step("minor-report").basis.kind is BasisKind.LAW


def test_an_adult_is_not_reported() -> None:
    assert at(5, ADULT, SUSPICION, POSITIVE).latest("minor-report") is None


def test_learning_later_that_somebody_is_a_minor_starts_the_report_clock() -> None:
    learned = event("client.registered", 3, id="corrected", is_minor=True, supersedes=ADULT.id)
    report = at(3, ADULT, SUSPICION, learned).latest("minor-report")
    assert report is not None
    assert report.opened_at == day(3)


def test_closing_the_case_does_not_end_the_duty_to_report() -> None:
    assert "minor-report" in open_steps(at(9, MINOR, SUSPICION, event("case.closed", 8)))


def test_a_report_is_made_once_however_many_signs_follow() -> None:
    made = event("report.made", 0.12, to="cps")
    more = event("indicator.observed", 4, suspected=True)
    assert "minor-report" not in open_steps(at(5, MINOR, SUSPICION, made, more))


def test_a_reason_not_to_report_is_asked_again_at_a_new_suspicion() -> None:
    reason = event("report.not_required", 0.12, reason="known to the department")
    more = event("indicator.observed", 4, suspected=True)
    assert "minor-report" in open_steps(at(5, MINOR, SUSPICION, reason, more))


@pytest.mark.parametrize("alert", [True, False])
def test_a_suicide_alert_opens_the_safety_step_at_once(alert: bool) -> None:
    case = at(2, ADULT, event("measure.completed", 2, instrument="phq-9", alert=alert))
    assert ("suicide-risk" in open_steps(case)) is alert
    assert all(instance.due_at == day(2) for instance in case.of("suicide-risk"))


def test_a_high_risk_leads_to_a_plan_and_a_low_one_does_not() -> None:
    assert "crisis-plan" in open_steps(at(2, event("suicide_risk.assessed", 2, level="high")))
    assert "crisis-plan" not in open_steps(at(2, event("suicide_risk.assessed", 2, level="low")))


def test_a_positive_screening_opens_the_way_to_help() -> None:
    assert open_steps(at(1, ADULT, POSITIVE)) == {
        "offer-information",
        "safety-now",
        "talk-about-sharing",
        "urgent-needs",
        "full-needs",
        "safety-plan",
        "first-session",
        "police-choice",
        "team-review",
    }


def test_a_negative_screening_blocks_no_help_and_ends_with_information() -> None:
    case = at(1.1, SUSPICION, event("screening.completed", 1, result="negative"))
    assert "offer-information-after-screening" in open_steps(case)
    assert "urgent-needs" in open_steps(case)


def test_screening_is_offered_again_after_ninety_days_also_if_it_was_declined() -> None:
    declined = event("screening.declined", 2)
    assert "screening" not in open_steps(at(91, SUSPICION, declined))
    again = at(93, SUSPICION, declined).latest("screening")
    assert again is not None
    assert (again.opened_at, again.is_repeat) == (day(92), True)


def test_a_positive_screening_is_not_repeated() -> None:
    assert len(at(200, SUSPICION, POSITIVE).of("screening")) == 1


def test_measures_are_due_by_the_second_session_and_then_every_four_weeks() -> None:
    first = event("session.attended", 5, number=1)
    measured = event("measure.completed", 12, instrument="pcl-5", total=50)
    case = at(13, first, measured)
    (baseline,) = case.of("first-ptsd-measure")
    assert (baseline.state, baseline.due_at) == (State.MET, day(19))
    following = case.latest("next-ptsd-measure")
    assert following is not None
    assert (following.state, following.due_at) == (State.PENDING, day(40))
    assert {"first-depression-measure", "first-anxiety-measure"} <= open_steps(case)


def test_measures_stop_with_treatment() -> None:
    first, measured = event("session.attended", 5, number=1), event("measure.completed", 6, instrument="phq-9")
    ended = event("treatment.completed", 20)
    assert not {step for step in open_steps(at(60, first, measured, ended)) if step.endswith("-measure")}


def test_an_urgent_referral_is_answered_in_24_hours_and_any_other_in_72() -> None:
    urgent = event("referral.sent", 0, subject="u", urgency="urgent")
    other = event("referral.sent", 0, subject="o", urgency="other")
    unsaid = event("referral.sent", 0, subject="n")
    case = at(0, urgent, other, unsaid)
    assert {(i.subject, i.due_at) for i in case.instances if i.step.startswith("referral-reply")} == {
        ("u", day(1)),
        ("o", day(3)),
        ("n", day(3)),
    }


def test_an_unanswered_referral_escalates_to_case_manager_then_director() -> None:
    sent = event("referral.sent", 0, subject="u", urgency="urgent")
    assert [each.to for each in at(1, sent).escalations] == ["case_manager"]
    assert [each.to for each in at(2, sent).escalations] == ["case_manager", "program_director"]


def test_a_refused_referral_leads_to_the_next_agency() -> None:
    case = at(2, event("referral.sent", 0, subject="a"), event("referral.declined", 1, subject="a", reason="full"))
    assert open_steps(case) == {"referral-next"}


def test_a_withdrawn_referral_ends_every_clock_of_it() -> None:
    case = at(2, event("referral.sent", 0, subject="a"), event("referral.withdrawn", 1, subject="a"))
    assert open_steps(case) == set()
    assert {instance.state for instance in case.instances} == {State.VOID}


def test_aftercare_is_four_contacts_each_with_its_own_clock() -> None:
    closed = event("case.closed", 10)
    first = event("aftercare.contacted", 38, day=30, safe=True)
    case = at(150, SUSPICION, closed, first)
    states = {i.step: (i.state, i.due_at) for i in case.instances if i.step.startswith("aftercare")}
    assert states == {
        "aftercare-30": (State.MET, day(40)),
        "aftercare-90": (State.OVERDUE, day(100)),
        "aftercare-180": (State.PENDING, day(190)),
        "aftercare-365": (State.PENDING, day(375)),
    }


def test_who_wants_no_more_contact_is_left_alone() -> None:
    case = at(400, SUSPICION, event("case.closed", 10), event("aftercare.declined", 41))
    assert {i.state for i in case.instances if i.step.startswith("aftercare")} == {State.DECLINED}


def test_closing_a_case_ends_its_ordinary_clocks() -> None:
    case = at(200, SUSPICION, POSITIVE, event("safety.assessed", 1.01, danger="none"), event("case.closed", 10))
    assert {step for step in open_steps(case) if not step.startswith("aftercare")} == set()


def test_after_a_death_nothing_is_asked_of_the_person_and_the_event_is_reviewed() -> None:
    death = event("incident.reported", 20, kind="death")
    case = at(300, ADULT, SUSPICION, POSITIVE, event("session.attended", 5, number=1), death)
    assert open_steps(case) == {"review-event", "team-review-after-event"}


def test_everything_that_may_be_declined_says_what_is_offered_in_both_languages() -> None:
    for step in PROTOCOL.steps:
        for words in (step.title, *([step.choice] if step.choice else [])):
            assert words.en.strip()
            assert words.es.strip()
            assert words.en != words.es or words.en.startswith(("PCL", "PHQ", "GAD"))


def test_every_law_has_a_citation_and_the_day_it_was_checked() -> None:
    bases = [*(step.basis for step in PROTOCOL.steps), *(gate.basis for gate in PROTOCOL.gates)]
    laws = [basis for basis in bases if basis.kind is BasisKind.LAW]
    assert laws
    assert all(basis.checked is not None and re.search(r"\d", basis.text) for basis in laws)


def test_what_is_shown_on_screens_never_names_the_crime() -> None:
    titles = [PROTOCOL.title, *(stage.title for stage in PROTOCOL.stages), *(step.title for step in PROTOCOL.steps)]
    shown = [words for title in titles for words in (title.en, title.es)]
    assert not [words for words in shown if re.search(r"traffick|\btrata\b|exploit|explota|sex", words, re.IGNORECASE)]


def test_every_action_that_a_step_requires_is_known_to_the_training_rules() -> None:
    competence = load(definitions.read("competence", "centre"), name="centre.yaml").data
    assert isinstance(competence, dict)
    actions = competence["actions"]
    assert isinstance(actions, dict)
    assert {action for step in PROTOCOL.steps for action in step.requires} <= set(actions)


def test_choices_are_in_plain_short_sentences() -> None:
    """Grade 6 or lower by Flesch and Kincaid, for all English choices together (R18)."""
    text = " ".join(step.choice.en for step in PROTOCOL.steps if step.choice)
    words = re.findall(r"[A-Za-z']+", text)
    sentences = len(re.findall(r"[.!?](?:\s|$)", text))
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", word.lower().removesuffix("e")))) for word in words)
    assert 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59 <= 6

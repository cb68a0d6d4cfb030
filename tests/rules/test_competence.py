"""Training opens actions, for as long as it holds, and a no says what would open them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leeward import catalogue, definitions
from leeward.rules.competence import ActionError, Completion, Lack, may, parse_competence
from leeward.rules.errors import DefinitionError
from leeward.rules.yaml_source import load

RULES = catalogue.competence()
TODAY = date(2026, 10, 9)


def test_a_screener_with_both_courses_may_screen_until_the_first_of_them_lapses() -> None:
    done = [Completion("soar_basic", date(2026, 1, 5)), Completion("private_conversation", date(2026, 3, 1))]
    verdict = may(RULES, done, "screener", "screen", TODAY)
    assert verdict.permitted
    assert verdict.lapses_on == date(2027, 3, 1)
    assert not verdict.lapses_soon


def test_a_course_holds_through_the_day_before_it_lapses() -> None:
    done = [Completion("soar_basic", date(2026, 1, 5)), Completion("private_conversation", date(2025, 10, 9))]
    assert may(RULES, done, "screener", "screen", date(2026, 10, 8)).permitted
    verdict = may(RULES, done, "screener", "screen", TODAY)
    assert not verdict.permitted
    assert [(reason.lack, reason.lapsed_on) for reason in verdict.reasons] == [(Lack.LAPSED, TODAY)]
    assert [course.code for course in verdict.remedy] == ["private_conversation"]
    assert verdict.reasons[0].text.es.startswith("Su formación venció: ")


def test_a_lapse_within_thirty_days_is_told_before() -> None:
    done = [Completion("suicide_risk", date(2025, 11, 8))]
    assert may(RULES, done, "clinician", "assess_suicide_risk", TODAY).lapses_soon


def test_never_trained_and_lapsed_are_told_apart() -> None:
    verdict = may(RULES, [Completion("soar_basic", date(2020, 1, 1))], "screener", "screen", TODAY)
    assert [reason.lack for reason in verdict.reasons] == [Lack.LAPSED, Lack.NEVER_TRAINED]


def test_a_role_that_may_not_is_told_so_and_offered_no_course() -> None:
    verdict = may(RULES, [Completion(code, TODAY) for code in RULES.courses], "evaluator", "screen", TODAY)
    assert not verdict.permitted
    assert [reason.lack for reason in verdict.reasons] == [Lack.ROLE]
    assert verdict.remedy == ()


def test_a_course_taken_in_the_future_does_not_count_yet() -> None:
    done = [Completion("privacy_consent", date(2026, 10, 10))]
    assert not may(RULES, done, "case_manager", "grant_consent", TODAY).permitted


def test_repeating_a_course_renews_it() -> None:
    done = [Completion("suicide_risk", date(2024, 5, 1)), Completion("suicide_risk", date(2026, 5, 1))]
    assert may(RULES, done, "clinician", "assess_suicide_risk", TODAY).permitted


def test_a_duty_to_report_waits_for_no_training() -> None:
    verdict = may(RULES, [], "screener", "make_report", TODAY)
    assert (verdict.permitted, verdict.lapses_on) == (True, None)


def test_a_course_taken_on_a_leap_day_lapses_on_the_last_of_february() -> None:
    verdict = may(
        RULES, [Completion("privacy_consent", date(2028, 2, 29))], "clinician", "send_referral", date(2028, 3, 1)
    )
    assert verdict.lapses_on == date(2029, 2, 28)


def test_an_action_that_nobody_defined_is_refused_with_the_nearest() -> None:
    with pytest.raises(ActionError, match="names the action `scren`") as caught:
        may(RULES, [], "screener", "scren", TODAY)
    assert "screen" in caught.value.hint


def test_an_action_that_needs_an_unknown_course_is_refused_with_its_line() -> None:
    text = definitions.read("competence", "centre").replace(
        "needs: [suicide_risk], text: {en: assess", "needs: [suicide], text: {en: assess"
    )
    with pytest.raises(DefinitionError, match="`suicide`, which is not a course") as caught:
        parse_competence(load(text, name="centre.yaml"), definitions.schema("competence"))
    assert "suicide_risk" in caught.value.hint


completions = st.lists(
    st.builds(Completion, st.sampled_from(sorted(RULES.courses)), st.dates(date(2020, 1, 1), date(2028, 1, 1))),
    max_size=8,
)


@given(completions, completions, st.sampled_from(sorted(RULES.actions)))
def test_more_training_never_closes_an_action(some: list[Completion], more: list[Completion], action: str) -> None:
    if may(RULES, some, "therapist", action, TODAY).permitted:
        assert may(RULES, some + more, "therapist", action, TODAY).permitted


@given(completions, st.sampled_from(sorted(RULES.actions)))
def test_a_yes_becomes_a_no_exactly_on_the_day_it_lapses(done: list[Completion], action: str) -> None:
    verdict = may(RULES, done, "therapist", action, TODAY)
    if verdict.permitted and verdict.lapses_on:
        known = [completion for completion in done if completion.on <= TODAY]
        assert not may(RULES, known, "therapist", action, verdict.lapses_on).permitted

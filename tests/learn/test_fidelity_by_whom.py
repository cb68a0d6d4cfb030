"""A step counts as done by untrained staff, or without valid consent, by the rules of the day it was done."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leeward import catalogue
from leeward.learn.fidelity import fidelity
from leeward.rules.competence import ActionError, Competence, Completion, may

from .hand_made import HandMade, moment, small_protocol

ZONE = "America/Chicago"
COURSES = ("soar_basic", "private_conversation")


def counted(made: HandMade, step: str, measure: str, competence: Competence | None = None) -> int:
    found = fidelity(
        made.frames(), small_protocol(), competence or catalogue.competence(), now=moment("2027-06-01"), zone=ZONE
    )
    return next(row for row in found.rows if row.group == (step,)).counts[measure].openings


# Training


def screened(at: str, *trained_on: str, role: str = "screener") -> HandMade:
    """One conversation, held by Sam, who completed both courses on each of these days."""
    made = HandMade().client("A").agency("home", "centre")
    for day in trained_on:
        for course in COURSES:
            made.trained("sam", course, day)
    made.event("A", "indicator.observed", "2026-03-01 15:00")
    return made.event("A", "screening.completed", at, role=role)


def test_training_holds_on_the_day_it_was_completed() -> None:
    assert counted(screened("2026-03-02 15:00", "2026-03-02"), "screening", "untrained") == 0


def test_training_of_a_later_day_does_not_help() -> None:
    assert counted(screened("2026-03-02 15:00", "2026-03-03"), "screening", "untrained") == 1


def test_training_holds_on_its_last_day_and_not_the_day_after() -> None:
    """The course on the talk holds for twelve months: from 2 March 2025 up to and including 1 March 2026."""
    assert counted(screened("2026-03-01 18:00", "2025-03-02"), "screening", "untrained") == 0
    assert counted(screened("2026-03-02 18:00", "2025-03-02"), "screening", "untrained") == 1


def test_days_are_those_of_the_site_not_of_greenwich() -> None:
    """At 04:00 UTC on 2 March it is still 1 March in Mississippi."""
    assert counted(screened("2026-03-02 04:00", "2025-03-02"), "screening", "untrained") == 0
    assert counted(screened("2026-03-02 06:30", "2025-03-02"), "screening", "untrained") == 1


def test_a_course_of_the_last_of_february_ends_with_february() -> None:
    assert counted(screened("2026-03-02 18:00", "2025-02-28", "2025-03-31"), "screening", "untrained") == 0
    assert counted(screened("2026-03-01 18:00", "2025-02-28"), "screening", "untrained") == 1


def test_one_course_of_two_is_not_enough() -> None:
    made = HandMade().client("A").agency("home", "centre").trained("sam", "soar_basic", "2026-02-01")
    made.event("A", "indicator.observed", "2026-03-01 15:00").event("A", "screening.completed", "2026-03-02 15:00")
    assert counted(made, "screening", "untrained") == 1


def test_a_role_that_may_not_screen_counts_as_untrained_whatever_it_learned() -> None:
    made = screened("2026-03-02 15:00", "2026-02-01", role="case_manager")
    assert counted(made, "screening", "untrained") == 1


def test_who_is_on_no_list_of_staff_is_untrained() -> None:
    made = screened("2026-03-02 15:00", "2026-02-01")
    made.staff.clear()
    assert counted(made.trained("else", None, None), "screening", "untrained") == 1


def test_what_was_not_done_was_done_by_nobody_untrained() -> None:
    made = HandMade().client("A").agency("home", "centre").trained("sam", None, None)
    made.event("A", "indicator.observed", "2026-03-01 15:00").event("A", "screening.declined", "2026-03-02 15:00")
    assert counted(made, "screening", "untrained") == 0
    assert counted(made, "screening", "needing_training") == 0


def test_a_correction_by_a_trained_person_replaces_the_untrained_one() -> None:
    made = screened("2026-03-02 15:00", "2026-02-01")
    wrong = made.event("A", "screening.completed", "2026-03-02 14:00", by="newcomer").last
    assert counted(made, "screening", "untrained") == 1
    made.event("A", "screening.completed", "2026-03-02 14:00", corrects=wrong, recorded="2026-03-05 10:00")
    assert counted(made, "screening", "untrained") == 0


def test_an_action_that_no_rule_of_training_names_is_refused() -> None:
    rules = catalogue.competence()
    without = Competence(
        name=rules.name,
        version=rules.version,
        remind_days=rules.remind_days,
        courses=rules.courses,
        actions={code: action for code, action in rules.actions.items() if code != "screen"},
    )
    with pytest.raises(ActionError, match="`screen`"):
        counted(screened("2026-03-02 15:00"), "screening", "untrained", without)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.sampled_from((*COURSES, "trauma_care", "unknown")),
            st.dates(date(2023, 12, 28), date(2026, 6, 1)),
        ),
        max_size=25,
    ),
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.sampled_from(("screener", "case_manager", "therapist")),
            st.one_of(
                st.dates(date(2024, 2, 27), date(2026, 6, 1)), st.sampled_from((date(2025, 2, 28), date(2024, 2, 29)))
            ),
        ),
        min_size=1,
        max_size=25,
    ),
)
def test_any_training_is_judged_as_the_rule_judges_it(
    trainings: list[tuple[int, str, date]], talks: list[tuple[int, str, date]]
) -> None:
    """Also at the exact ends of courses: half of the talks are held on a day on which some course lapses."""
    made = HandMade().agency("home", "centre").trained("nobody", None, None)
    held: dict[int, list[Completion]] = {}
    for staff, course, day in trainings:
        made.trained(str(staff), course, day.isoformat())
        held.setdefault(staff, []).append(Completion(course, day))
    lapses = [date(day.year + 1, day.month, min(day.day, 28)) for _, _, day in trainings]
    expected = 0
    for number, (staff, role, picked) in enumerate(talks):
        day = lapses[number % len(lapses)] if lapses and number % 2 else picked
        client = f"C{number}"
        made.client(client)
        made.event(client, "indicator.observed", f"{day - timedelta(days=1)} 15:00")
        made.event(client, "screening.completed", f"{day} 18:00", by=str(staff), role=role)
        expected += not may(catalogue.competence(), held.get(staff, ()), role, "screen", day).permitted
    found = fidelity(made.frames(), small_protocol(), catalogue.competence(), now=moment("2030-01-01"), zone=ZONE)
    (row,) = found.rows
    assert row.counts["needing_training"].openings == len(talks)
    assert row.counts["untrained"].openings == expected


# Consent


def shared(
    *happened: tuple[str, str, dict[str, object]], to: str = "shelter-1", at: str = "2026-03-10 15:00"
) -> HandMade:
    """One referral to an agency, and what was said about permission."""
    made = HandMade().client("A").trained("sam", None, None)
    made.agency("shelter-1", "shelter").agency("shelter-2", "shelter").agency("police-1", "law_enforcement")
    made.event("A", "needs.assessed", "2026-03-09 15:00", scope="full")
    for kind, when, data in happened:
        made.event("A", kind, when, said=data)
    return made.event("A", "referral.sent", at, subject="r1", to=to, urgency="other")


def granted(
    at: str, until: str = "2026-12-31", recipient: str = "shelter-1", **more: object
) -> tuple[str, str, dict[str, object]]:
    return ("consent.granted", at, {"recipient": recipient, "until": until, **more})


def withdrawn(at: str, recipient: str = "shelter-1") -> tuple[str, str, dict[str, object]]:
    return ("consent.withdrawn", at, {"recipient": recipient})


def without(made: HandMade) -> int:
    assert counted(made, "refer", "sharing") == 1
    return counted(made, "refer", "without_consent")


def test_a_referral_under_a_permission_for_its_agency_is_with_consent() -> None:
    assert without(shared(granted("2026-03-10 14:00"))) == 0


def test_a_referral_without_any_permission_is_without_consent() -> None:
    assert without(shared()) == 1


def test_a_permission_for_another_agency_does_not_cover() -> None:
    assert without(shared(granted("2026-03-10 14:00", recipient="shelter-2"))) == 1


def test_a_permission_given_afterwards_does_not_cover() -> None:
    assert without(shared(granted("2026-03-10 15:01"))) == 1


def test_a_permission_ends_at_midnight_of_the_site() -> None:
    """Its last day is 9 March: in Mississippi that day ends at 05:00 UTC on 10 March, in summer time."""
    until = granted("2026-03-09 14:00", until="2026-03-09")
    assert without(shared(until, at="2026-03-10 04:59")) == 0
    assert without(shared(until, at="2026-03-10 05:00")) == 1


def test_a_permission_that_was_taken_back_before_does_not_cover() -> None:
    assert without(shared(granted("2026-03-09 16:00"), withdrawn("2026-03-10 14:59"))) == 1


def test_a_permission_taken_back_afterwards_covered() -> None:
    made = shared(granted("2026-03-09 16:00"))
    made.event("A", "consent.withdrawn", "2026-03-10 15:01", recipient="shelter-1")
    assert without(made) == 0


def test_taking_back_what_another_agency_had_changes_nothing() -> None:
    assert without(shared(granted("2026-03-09 16:00"), withdrawn("2026-03-10 14:00", recipient="shelter-2"))) == 0


def test_a_permission_given_anew_after_it_was_taken_back_covers() -> None:
    made = shared(granted("2026-03-09 16:00"), withdrawn("2026-03-10 12:00"), granted("2026-03-10 13:00"))
    assert without(made) == 0


def test_a_corrected_permission_counts_as_corrected() -> None:
    made = HandMade().client("A").trained("sam", None, None).agency("shelter-1", "shelter")
    made.event("A", "needs.assessed", "2026-03-09 15:00", scope="full")
    wrong = made.event("A", "consent.granted", "2026-03-09 16:00", recipient="shelter-1", until="2026-12-31").last
    made.event("A", "referral.sent", "2026-03-10 15:00", subject="r1", to="shelter-1", urgency="other")
    assert without(made) == 0
    made.event(
        "A", "consent.granted", "2026-03-09 16:00", corrects=wrong, recorded="2026-04-01 09:00",
        recipient="shelter-1", until="2026-03-09",
    )  # fmt: skip
    assert without(made) == 1


def test_a_corrected_withdrawal_did_not_happen() -> None:
    made = HandMade().client("A").trained("sam", None, None).agency("shelter-1", "shelter")
    made.event("A", "needs.assessed", "2026-03-09 15:00", scope="full")
    made.event("A", "consent.granted", "2026-03-09 16:00", recipient="shelter-1", until="2026-12-31")
    wrong = made.event("A", "consent.withdrawn", "2026-03-10 12:00", recipient="shelter-1").last
    made.event("A", "referral.sent", "2026-03-10 15:00", subject="r1", to="shelter-1", urgency="other")
    assert without(made) == 1
    made.event("A", "consent.discussed", "2026-03-10 12:00", corrects=wrong, recorded="2026-04-01 09:00")
    assert without(made) == 0


def test_a_permission_that_does_not_list_the_need_does_not_cover_a_referral() -> None:
    assert without(shared(granted("2026-03-09 16:00", classes=["existence", "referral"]))) == 0
    assert without(shared(granted("2026-03-09 16:00", classes=["existence", "contact"]))) == 1


def test_a_referral_that_names_a_kind_of_agency_is_covered_by_a_permission_for_one_of_that_kind() -> None:
    assert without(shared(granted("2026-03-09 16:00"), to="shelter")) == 0
    assert without(shared(granted("2026-03-09 16:00"), to="hospital")) == 1


def test_a_permission_without_a_last_day_is_in_force_for_nobody() -> None:
    assert without(shared(("consent.granted", "2026-03-09 16:00", {"recipient": "shelter-1"}))) == 1
    assert without(shared(granted("2026-03-09 16:00", until="some day"))) == 1


def test_a_permission_of_somebody_else_does_not_cover() -> None:
    made = shared().client("B")
    made.event("B", "consent.granted", "2026-03-09 16:00", recipient="shelter-1", until="2026-12-31")
    assert without(made) == 1


@pytest.mark.parametrize(
    ("basis", "recipient", "sharing", "missing"),
    [("consent", "police-1", 1, 0), ("consent", "shelter-1", 1, 1), ("duty", "shelter-1", 0, 0)],
)
def test_the_police_hear_by_permission_for_the_police_or_by_duty(
    basis: str, recipient: str, sharing: int, missing: int
) -> None:
    made = HandMade().client("A").trained("sam", None, None)
    made.agency("shelter-1", "shelter").agency("police-1", "law_enforcement")
    made.event("A", "consent.discussed", "2026-03-09 15:00")
    made.event("A", "consent.granted", "2026-03-09 16:00", recipient=recipient, until="2026-12-31")
    made.event("A", "law_enforcement.contacted", "2026-03-10 15:00", basis=basis)
    assert counted(made, "police", "sharing") == sharing
    assert counted(made, "police", "without_consent") == missing

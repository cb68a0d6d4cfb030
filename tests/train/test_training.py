"""Training opens and closes what a person may do."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leeward.people.models import Completion

from ..cast import Cast


def test_my_training_says_what_is_open(world: Cast) -> None:
    page = world.browser("screener").get("/training/").content.decode()
    assert "Hold the screening talk" in page
    assert "Open" in page


def test_lapsed_training_says_what_would_open_it(world: Cast) -> None:
    page = world.browser("other_screener").get("/training/").content.decode()
    assert "Closed" in page
    assert "Complete: " in page


def test_a_leader_records_a_course_and_it_opens_the_action(world: Cast) -> None:
    director = world.browser("program_director")
    for course in ("soar_basic", "private_conversation"):
        said = {
            "colleague": str(world.staff["other_screener"].pk),
            "course": course,
            "completed_on": timezone.localdate().isoformat(),
        }
        assert director.post("/training/record/", said).status_code == 302
        assert director.post("/training/record/", said).status_code == 302
    world.act_as("program_director")
    today = Completion.objects.filter(staff=world.staff["other_screener"], completed_on=timezone.localdate())
    assert today.count() == 2
    from leeward.protect.competence import may_now

    world.act_as("other_screener")
    assert may_now(world.staff["other_screener"], "screen", timezone.now()).permitted


def test_a_future_course_is_refused(world: Cast) -> None:
    said = {
        "colleague": str(world.staff["screener"].pk),
        "course": "soar_basic",
        "completed_on": (timezone.localdate() + timedelta(days=1)).isoformat(),
    }
    answer = world.browser("program_director").post("/training/record/", said)
    assert answer.status_code == 422
    assert "in the future" in answer.content.decode()


def test_only_leaders_see_everybodys_training(world: Cast) -> None:
    assert "Everybody" not in world.browser("therapist").get("/training/").content.decode()
    assert "Everybody" in world.browser("program_director").get("/training/").content.decode()
    assert world.browser("therapist").get("/training/record/").status_code == 404


def test_a_partner_sees_no_colleagues_of_the_centre(world: Cast) -> None:
    world.act_as("shelter")
    assert not Completion.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"completed_on": "1999-12-31"}, "before the year 2000"),
        ({"completed_on": "31/31/2026"}, "valid date"),
        ({"course": "no_such_course"}, "Select a valid choice"),
    ],
)
def test_a_wrong_entry_gets_a_sentence_and_records_nothing(world: Cast, wrong: dict[str, str], sentence: str) -> None:
    said = {
        "colleague": str(world.staff["screener"].pk),
        "course": "soar_basic",
        "completed_on": timezone.localdate().isoformat(),
    }
    answer = world.browser("program_director").post("/training/record/", said | wrong)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    world.act_as("program_director")
    assert not Completion.objects.filter(recorded_by__isnull=False).exists()


def test_a_course_of_another_agency_can_not_be_recorded(world: Cast) -> None:
    said = {
        "colleague": str(world.staff["shelter"].pk),
        "course": "soar_basic",
        "completed_on": timezone.localdate().isoformat(),
    }
    assert world.browser("program_director").post("/training/record/", said).status_code == 422

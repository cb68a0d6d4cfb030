"""Late steps on the pages: whom they reach, what is told, seen and put back, gone when done."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test import Client as Browser

from leeward.people import escalation, timeline
from leeward.people.models import Client

from ..cast import Cast
from ..people.committed import asked_by, forget_clients, read, refer, register

NOTICED = {"indicators": ["speaks_for"], "count": 1, "suspected": False, "danger_now": True}


@pytest.fixture(autouse=True)
def _clean(cast: Cast) -> Iterator[None]:
    yield
    forget_clients()


@pytest.fixture
def client(cast: Cast) -> Client:
    """In danger three hours ago and not asked about safety: late since two hours, the director heard of it."""
    now = datetime.now(UTC)
    client = register(cast, now - timedelta(hours=3), team=("therapist", "clinician"))
    with asked_by(cast, "case_manager") as staff:
        timeline.append("indicator.observed", client=client, by=staff, now=now - timedelta(hours=3), data=NOTICED)
    escalation.ring(now)
    return client


def see(browser: Browser, place: str = "/late/") -> str:
    answer = browser.get(place)
    assert answer.status_code == 200
    return answer.content.decode()


def first_step(page: str) -> str:
    found = re.search(r'name="step" value="([^"]+)"', page)
    assert found
    return found.group(1)


def test_the_director_reads_what_is_late_and_whom_to_call_and_nothing_of_the_person(cast: Cast, client: Client) -> None:
    page = see(cast.browser("program_director"))
    assert "Ask about safety now" in page
    assert client.code in page
    assert "2 hours late" in page.replace("\N{NO-BREAK SPACE}", " ")
    for member in ("Test clinician", "Test case_manager", "Test therapist"):
        assert member in page
    assert page.index("Test clinician") < page.index("Test case_manager"), "whose step it is stands first"
    assert "Zoë" not in page
    assert "Canary" not in page
    assert f"/p/{client.code}/" not in page


def test_a_director_with_something_late_begins_the_day_there(cast: Cast, client: Client) -> None:
    assert cast.browser("program_director").get("/")["Location"] == "/late/"
    assert cast.browser("privacy_officer").get("/")["Location"] == "/privacy/"
    forget_clients()
    assert cast.browser("program_director").get("/")["Location"] == "/results/"


def test_standing_on_the_list_is_on_the_record(cast: Cast, client: Client) -> None:
    see(cast.browser("program_director"))
    assert read(
        "SELECT client_id, fields FROM protect_auditrecord WHERE action = 'read web.late_steps' AND staff_id = %s",
        cast.staff["program_director"].pk,
    ) == [(client.pk, ["code"])]
    assert "the list of late steps" in see(cast.browser("case_manager"), f"/p/{client.code}/who-saw/")


def test_what_was_seen_moves_to_its_tab_and_can_be_put_back(cast: Cast, client: Client) -> None:
    director = cast.browser("program_director")
    step = first_step(see(director))
    assert director.post("/late/", {"step": step})["Location"] == "/late/"
    assert client.code not in see(director)
    seen = see(director, "/late/?seen")
    assert client.code in seen
    assert "Seen by Test program_director" in seen
    assert read("SELECT seen_by_id FROM people_escalation WHERE seen_at IS NOT NULL") == [
        (cast.staff["program_director"].pk,)
    ]
    assert director.post("/late/", {"step": step, "back": "yes"})["Location"] == "/late/?seen"
    assert client.code in see(director)
    assert client.code not in see(director, "/late/?seen")


@pytest.mark.parametrize("seen", [False, True])
def test_a_step_that_is_done_leaves_both_lists_by_itself(cast: Cast, client: Client, seen: bool) -> None:
    director = cast.browser("program_director")
    if seen:
        director.post("/late/", {"step": first_step(see(director))})
    with asked_by(cast, "clinician") as staff:
        timeline.append("safety.assessed", client=client, by=staff, now=datetime.now(UTC), data={"danger": "none"})
    for place in ("/late/", "/late/?seen"):
        assert client.code not in see(director, place)


@pytest.mark.parametrize("typed", [{}, {"step": "x"}, {"step": "1; DROP TABLE people_escalation"}])
def test_a_broken_form_is_not_found(cast: Cast, client: Client, typed: dict[str, str]) -> None:
    assert cast.browser("program_director").post("/late/", typed).status_code == 404


def test_the_care_team_meets_what_its_role_must_hear_on_its_worklist(cast: Cast) -> None:
    now = datetime.now(UTC)
    client = register(cast, now - timedelta(days=2), team=("therapist",))
    refer(cast, client, now - timedelta(hours=25))
    assert "brought to you" not in see(cast.browser("case_manager"), "/")
    escalation.ring(now)
    manager = see(cast.browser("case_manager"), "/")
    assert "Late, and brought to you" in manager
    assert "Zoë" in manager
    assert "Answer an urgent referral" in manager
    page = see(cast.browser("case_manager"))
    assert f'href="/p/{client.code}/"' in page
    assert "I have seen this" not in page, "it is theirs to do, not to tick off"
    assert "brought to you" not in see(cast.browser("therapist"), "/"), "another role of the same team"


def test_the_director_learns_which_agency_owes_the_answer(cast: Cast) -> None:
    now = datetime.now(UTC)
    refer(cast, register(cast, now - timedelta(days=3)), now - timedelta(hours=49))
    escalation.ring(now)
    page = see(cast.browser("program_director"))
    assert "Test Shelter owes an answer" in page
    assert "601-555-0100" not in page, "who knows only a case code has nothing to say to a partner"


def test_a_team_that_lost_its_people_says_so(cast: Cast, client: Client) -> None:
    with connections["admin"].cursor() as cursor:
        cursor.execute("UPDATE people_careteammember SET until = now() - interval '1 minute'")
    assert "Nobody is on the care team" in see(cast.browser("program_director"))


def test_an_empty_list_says_whether_anybody_looked(cast: Cast) -> None:
    director = cast.browser("program_director")
    assert "Nobody has looked for late steps yet" in see(director)
    escalation.ring(datetime.now(UTC) - timedelta(minutes=20))
    assert "20 minutes ago" in (page := see(director).replace("\N{NO-BREAK SPACE}", " "))
    assert "start the worker" in page
    escalation.ring(datetime.now(UTC))
    assert "start the worker" not in (page := see(director))
    assert "Nothing new is late" in page


def test_many_are_paged(cast: Cast, client: Client) -> None:
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "WITH one AS (SELECT * FROM people_task WHERE step = 'safety-now'), t AS (INSERT INTO people_task"
            " (id, agency_id, client_id, step, subject, role, opened_at, due_at, outcome, rung_roles, rung_times)"
            " SELECT gen_random_uuid(), agency_id, client_id, step, gen_random_uuid(), role, opened_at, due_at, '',"
            " rung_roles, rung_times FROM one, generate_series(1, 60) RETURNING *)"
            " INSERT INTO people_escalation (id, agency_id, client_id, task_id, step, rung, role, reached_at,"
            " raised_at) SELECT gen_random_uuid(), agency_id, client_id, id, step, 0, rung_roles[1], rung_times[1],"
            " now()"
            " FROM t"
        )
    director = cast.browser("program_director")
    steps = [
        step
        for page in (1, 2, 3)
        for step in re.findall(r'name="step" value="(.+?)"', see(director, f"/late/?page={page}"))
    ]
    assert len(steps) == len(set(steps)) == 61
    assert "61 late steps" in see(director)


def test_a_step_that_no_definition_knows_any_more_is_shown_by_its_id(cast: Cast, client: Client) -> None:
    with connections["admin"].cursor() as cursor:
        cursor.execute("UPDATE people_escalation SET step = 'old-step'")
    assert "old-step" in see(cast.browser("program_director"))

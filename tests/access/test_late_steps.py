"""An escalation reaches whom its rung names: that role of the keeping agency, and the care team; nobody else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import Error, connection

from leeward.people import escalation, timeline
from leeward.people.models import Client

from ..cast import Cast
from ..people.committed import asked_by, forget_clients, read, refer, register

EVERYBODY = (
    "screener", "other_screener", "clinician", "therapist", "case_manager", "privacy_officer", "program_director",
    "evaluator", "hospital", "shelter", "law_enforcement", "legal_aid", "social_services", None,
)  # fmt: skip
TEAM = {"case_manager", "therapist"}
READS = (
    "SELECT role FROM people_escalation",
    "SELECT role FROM people_escalation e JOIN ctx.late_steps(ARRAY(SELECT id FROM people_escalation)) l"
    " ON l.escalation = e.id",
)


@pytest.fixture(scope="module")
def client(cast: Cast) -> Iterator[Client]:
    """Of a minor: a report is late for the director and, later, the privacy officer; a referral for the manager."""
    now = datetime.now(UTC)
    begin = now - timedelta(hours=30)
    client = register(cast, begin, team=("therapist",))
    with asked_by(cast, "case_manager") as staff:
        for kind, data in (
            ("client.registered", {"is_minor": True, "language": "en", "source": "self"}),
            ("indicator.observed", {"indicators": ["speaks_for"], "count": 1, "suspected": True, "danger_now": False}),
        ):
            timeline.append(kind, client=client, by=staff, now=begin, data=data)
        timeline.append("report.made", client=client, by=staff, now=begin, data={"to": "agency", "reference": "1"})
    refer(cast, client, begin + timedelta(hours=1))
    with asked_by(cast, "case_manager") as staff:
        timeline.append("case.reopened", client=client, by=staff, now=begin + timedelta(hours=2), data={})
        data = {"indicators": ["speaks_for"], "count": 1, "suspected": True, "danger_now": False}
        timeline.append("indicator.observed", client=client, by=staff, now=begin + timedelta(hours=3), data=data)
    escalation.ring(now)
    assert sorted(read("SELECT role FROM people_escalation")) == [
        ("case_manager",), ("privacy_officer",), ("program_director",),
    ]  # fmt: skip
    yield client
    forget_clients()


def ask(cast: Cast, who: str | None, sql: str) -> set[str]:
    from django.db import transaction

    with transaction.atomic():
        cast.act_as(who)
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return {row[0] for row in cursor.fetchall()}


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_row_reaches_its_role_and_the_care_team(cast: Cast, client: Client, who: str | None) -> None:
    every = {"case_manager", "privacy_officer", "program_director"}
    leads = {who} & {"privacy_officer", "program_director"}
    assert ask(cast, who, READS[0]) == (every if who in TEAM else leads)


@pytest.mark.parametrize("who", EVERYBODY)
def test_whom_to_call_is_told_only_to_a_leader_whom_it_reached(cast: Cast, client: Client, who: str | None) -> None:
    assert ask(cast, who, READS[1]) == {who} & {"privacy_officer", "program_director"}


@pytest.mark.parametrize("who", EVERYBODY)
def test_the_page_tells_no_more_than_the_rows(cast: Cast, client: Client, who: str | None) -> None:
    if who is None:
        return
    answer = cast.browser(who).get("/late/")
    text = answer.content.decode()
    if who in {"evaluator", "hospital", "shelter", "law_enforcement", "legal_aid", "social_services"}:
        assert answer.status_code == 404
    assert (client.code in text) == (who in {"case_manager", "privacy_officer", "program_director"})
    assert ("Zoë" in text) == (who == "case_manager")


@pytest.mark.parametrize("who", [one for one in EVERYBODY if one not in {"privacy_officer", None}])
def test_nobody_ticks_off_what_reached_another(cast: Cast, client: Client, who: str) -> None:
    ((mine,),) = read("SELECT id::text FROM people_escalation WHERE role = 'privacy_officer'")
    cast.browser(who).post("/late/", {"step": mine})
    cast.browser(who).post("/late/", {"step": mine, "back": "yes"})
    assert read("SELECT seen_at, seen_by_id FROM people_escalation WHERE role = 'privacy_officer'") == [(None, None)]


def test_nobody_says_that_another_has_seen_it(cast: Cast, client: Client) -> None:
    sql = "UPDATE people_escalation SET seen_at = now(), seen_by_id = %s"
    with (
        pytest.raises(Error, match="row-level security"),
        asked_by(cast, "program_director"),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, [cast.staff["privacy_officer"].pk])


@pytest.mark.parametrize("column", ["role = 'partner'", "closed_at = now()", "task_id = gen_random_uuid()"])
def test_seeing_is_all_that_a_leader_can_write(cast: Cast, client: Client, column: str) -> None:
    with (
        pytest.raises(Error, match="permission denied"),
        asked_by(cast, "program_director"),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE people_escalation SET {column}")

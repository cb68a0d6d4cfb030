"""Late steps ring once each rung, only while they are open, whoever goes round and wherever it is interrupted.

The job worker has a role of its own, so the rows of these tests are committed, and cleaned away after each.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import psycopg
import pytest
from django.db import connections

from leeward.coordinate import actions as coordinate
from leeward.people import escalation, pathway, timeline
from leeward.people.models import Client, Event, StalePlan
from leeward.platform import database

from ..cast import Cast
from .committed import asked_by, forget_clients, read, refer, register

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOTICED = {"indicators": ["speaks_for"], "count": 1, "suspected": True, "danger_now": False}
NEEDS: dict[str, object] = {"scope": "full", "needs": ["shelter"]}


def after(**length: float) -> datetime:
    return BEGIN + timedelta(**length)


@pytest.fixture(autouse=True)
def _clean(cast: Cast) -> Iterator[None]:
    yield
    forget_clients()


def observe(cast: Cast, client: Client, at: datetime, **data: object) -> Event:
    with asked_by(cast, "case_manager") as staff:
        return timeline.append("indicator.observed", client=client, by=staff, now=at, data=NOTICED | data)


def record(cast: Cast, client: Client, kind: str, at: datetime, data: dict[str, object], *, late: bool = False) -> None:
    """An event of that time, recorded at once, or a hundred hours after BEGIN if `late`."""
    with asked_by(cast, "case_manager") as staff:
        timeline.append(kind, client=client, by=staff, at=at, now=after(hours=100) if late else at, data=data)


def raised(step: str | None = None) -> list[tuple[object, ...]]:
    rows = read("SELECT step, rung, role, reached_at FROM people_escalation ORDER BY reached_at, step, rung")
    return [row for row in rows if step is None or row[0] == step]


@pytest.fixture
def client(cast: Cast) -> Client:
    """Signs were noticed at BEGIN: urgent needs are due after 72 hours, and the director hears 24 hours later."""
    client = register(cast, BEGIN)
    observe(cast, client, BEGIN)
    return client


def test_a_rung_rings_at_its_moment_and_not_before(client: Client) -> None:
    assert escalation.ring(after(hours=96, microseconds=-1)) == 1  # talking alone, on day 3
    assert raised("urgent-needs") == []
    assert escalation.ring(after(hours=96)) == 1
    assert raised("urgent-needs") == [("urgent-needs", 0, "program_director", after(hours=96))]


def test_each_rung_rings_once_however_often_the_worker_goes_round(client: Client) -> None:
    at = after(days=40)
    first = escalation.ring(at)
    assert first == len(raised()) > 1
    assert [escalation.ring(at + timedelta(minutes=minute)) for minute in range(3)] == [0, 0, 0]
    assert len(raised()) == first


def test_a_ladder_is_climbed_rung_by_rung_and_a_late_worker_climbs_it_at_once(cast: Cast) -> None:
    for _ in range(2):
        observe(cast, register(cast, BEGIN), BEGIN)
    minors = [register_minor(cast), register_minor(cast)]
    assert escalation.ring(after(hours=2)) == 2
    assert escalation.ring(after(hours=5)) == 2
    assert raised("minor-report") == [
        *[("minor-report", 0, "program_director", after(hours=1))] * 2,
        *[("minor-report", 1, "privacy_officer", after(hours=4))] * 2,
    ]
    assert minors
    forget_clients()
    register_minor(cast)
    assert escalation.ring(after(days=2)) == 2
    assert [row[1] for row in raised("minor-report")] == [0, 1]


def register_minor(cast: Cast) -> Client:
    client = register(cast, BEGIN)
    record(cast, client, "client.registered", BEGIN, {"is_minor": True, "language": "en", "source": "self"})
    observe(cast, client, BEGIN)
    return client


def test_nobody_hears_of_a_step_that_was_done_in_time_or_declined(cast: Cast, client: Client) -> None:
    record(cast, client, "needs.assessed", after(hours=70), NEEDS)
    record(cast, client, "conversation.declined", after(hours=1), {})
    escalation.ring(after(days=10))
    assert raised("urgent-needs") == raised("talk-alone") == []


def test_nobody_hears_of_a_closed_case(cast: Cast, client: Client) -> None:
    record(cast, client, "case.closed", after(hours=10), {"reason": "moved"})
    assert escalation.ring(after(days=200)) == 0
    record(cast, client, "case.reopened", after(days=201), {})
    assert escalation.ring(after(days=202)) == 0


def test_only_what_the_definition_keeps_open_past_the_closing_may_still_ring(cast: Cast) -> None:
    definition = pathway.shipped("human-trafficking-response")
    closing = {step.id for step in definition.steps if any(p.kind == "case.closed" for p in step.void)}
    gated = {need.step for gate in definition.gates if "case.closed" in gate.holds for need in gate.needs}  # type: ignore[union-attr]
    outlive = {step.id for step in definition.steps if step.escalate} - closing - gated
    assert outlive == {"review-event", "team-review-after-event"}


def test_a_late_entry_of_what_was_done_in_time_takes_the_step_off_the_list(cast: Cast, client: Client) -> None:
    escalation.ring(after(hours=97))
    assert read("SELECT closed_at FROM people_escalation WHERE step = 'urgent-needs'") == [(None,)]
    record(cast, client, "needs.assessed", after(hours=50), NEEDS, late=True)
    assert read("SELECT closed_at FROM people_escalation WHERE step = 'urgent-needs'") == [(after(hours=50),)]


def test_a_correction_that_takes_back_the_opening_takes_back_what_was_raised(cast: Cast) -> None:
    client = register(cast, BEGIN)
    wrong = observe(cast, client, BEGIN, danger_now=True)
    assert escalation.ring(after(hours=2)) == 1
    with asked_by(cast, "case_manager") as staff:
        timeline.append(
            "indicator.observed", client=client, by=staff, at=BEGIN, now=after(hours=3), data=NOTICED, supersedes=wrong
        )
    assert raised("safety-now") == []
    assert escalation.ring(after(hours=4)) == 0


def test_a_correction_that_opens_a_step_again_lets_it_ring_but_no_rung_twice(cast: Cast) -> None:
    client = register_minor(cast)
    assert escalation.ring(after(hours=2)) == 1
    with asked_by(cast, "case_manager") as staff:
        done = timeline.append(
            "report.made", client=client, by=staff, now=after(hours=3), data={"to": "agency", "reference": "1"}
        )
    assert read("SELECT count(*) FROM people_escalation WHERE closed_at IS NULL") == [(0,)]
    with asked_by(cast, "case_manager") as staff:  # it was another person's report
        timeline.append(
            "rating.given",
            client=client,
            by=staff,
            now=after(hours=3, minutes=30),
            data={"score": 5, "about": "welcome"},
            supersedes=done,
        )
    assert read("SELECT count(*) FROM people_escalation WHERE closed_at IS NULL") == [(1,)]
    assert escalation.ring(after(hours=3, minutes=40)) == 0
    assert escalation.ring(after(hours=4)) == 1
    assert [row[1] for row in raised("minor-report")] == [0, 1]


def test_what_is_raised_is_what_the_plan_says(cast: Cast) -> None:
    clients = [register_minor(cast), register(cast, BEGIN)]
    for client in clients:
        observe(cast, client, after(days=1), danger_now=True)
        record(cast, client, "incident.reported", after(days=2), {"kind": "hospitalisation"})
        record(cast, client, "conversation.private", after(days=3), {"companion": False, "language": "en"})
    for hours in (1, 26, 49, 50, 75, 96, 97, 200, 500, 1000):
        now = after(hours=hours)
        escalation.ring(now)
    expected = set()
    with asked_by(cast, "case_manager"):
        for client in clients:
            expected |= {(client.pk, e.step, e.to, e.reached_at) for e in pathway.plan_of(client, now).escalations}
    rows = read("SELECT client_id, step, role, reached_at FROM people_escalation WHERE closed_at IS NULL")
    assert set(rows) == expected
    assert len(rows) == len(expected) > 8


def test_a_partners_answer_silences_its_step_before_anybody_of_the_team_has_looked(cast: Cast) -> None:
    client = register(cast, BEGIN)
    observe(cast, client, BEGIN)
    now = datetime.now(UTC) - timedelta(hours=2)
    answered, waiting = refer(cast, client, now), refer(cast, client, now)
    with asked_by(cast, "shelter") as partner:
        coordinate.answer(by=partner, referral=answered, status="accepted", reason="", now=now + timedelta(hours=2))
    escalation.ring(now + timedelta(hours=25))
    assert read("SELECT t.subject FROM people_escalation e JOIN people_task t ON t.id = e.task_id"
                " WHERE e.step = 'referral-reply-urgent'") == [(waiting.pk,)]  # fmt: skip
    assert raised("urgent-needs"), "other steps of the same person are heard all the same"
    with asked_by(cast, "case_manager"):
        assert pathway.refresh_stale(now + timedelta(hours=26)) == 1
    escalation.ring(now + timedelta(days=3))
    assert {row[2] for row in raised("referral-reply-urgent")} == {"case_manager", "program_director"}
    assert len(raised("referral-reply-urgent")) == 2


def test_c01_no_step_is_silenced_by_a_row_of_another_agency(cast: Cast, client: Client) -> None:
    steps = [row[0] for row in read("SELECT DISTINCT step FROM people_task")]
    StalePlan(agency=cast.agencies["shelter"], client=client, since=BEGIN, steps=steps).save(using="admin")
    escalation.ring(after(hours=96))
    assert raised("urgent-needs")


def many(cast: Cast, number: int) -> None:
    """So many open tasks of one client with two rungs each, the first an hour and the second a day after BEGIN."""
    client = register(cast, BEGIN)
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_task (id, agency_id, client_id, step, subject, role, opened_at, outcome, rung_roles,"
            " rung_times, next_rung_at)"
            " SELECT gen_random_uuid(), %s, %s, 'minor-report', gen_random_uuid(), 'clinician', %s, '',"
            " ARRAY['program_director', 'privacy_officer'], ARRAY[%s, %s]::timestamptz[], %s"
            " FROM generate_series(1, %s)",
            [client.agency_id, client.pk, BEGIN, after(hours=1), after(days=1), after(hours=1), number],
        )


EACH_ONCE = (
    "SELECT count(*), count(DISTINCT (task_id, rung)), count(DISTINCT task_id) FROM people_escalation"
    " WHERE step = 'minor-report'"
)


def test_two_workers_at_once_raise_each_rung_exactly_once(cast: Cast) -> None:
    many(cast, 3000)
    together = Barrier(2)
    found: list[int] = []

    def work() -> None:
        connections["worker"].ensure_connection()
        together.wait()
        try:
            found.append(escalation.ring(after(days=2), limit=50))
        finally:
            connections["worker"].close()

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(found) == 6000
    assert min(found) > 0, "both took part"
    assert read(EACH_ONCE) == [(6000, 6000, 3000)]


SLOWLY = """
import sys
from datetime import datetime
import django; django.setup()
from leeward.people import escalation
print("begun", flush=True)
escalation.ring(datetime.fromisoformat(sys.argv[1]), limit=20)
"""


def test_a_worker_killed_in_the_middle_loses_nothing_and_doubles_nothing(cast: Cast) -> None:
    many(cast, 4000)
    counts = []
    for _ in range(3):
        before = read("SELECT count(*) FROM people_escalation")[0][0]
        worker = subprocess.Popen(
            [sys.executable, "-c", SLOWLY, after(days=2).isoformat()], env=dict(os.environ), stdout=subprocess.PIPE
        )
        assert worker.stdout is not None
        worker.stdout.readline()
        while read("SELECT count(*) FROM people_escalation")[0][0] == before and worker.poll() is None:
            time.sleep(0.002)
        assert worker.poll() is None, "it was killed while it worked"
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
        counts.append(read("SELECT count(*) FROM people_escalation")[0][0])
    assert counts[-1] < 8000
    rest = escalation.ring(after(days=2))
    assert rest + counts[-1] == 8000
    assert read(EACH_ONCE) == [(8000, 8000, 4000)]
    assert read("SELECT count(*) FROM people_task WHERE next_rung_at IS NOT NULL AND step = 'minor-report'") == [(0,)]


def test_a_step_that_is_being_closed_at_this_moment_is_left_alone(cast: Cast, client: Client) -> None:
    with asked_by(cast, "case_manager") as staff:
        timeline.append("needs.assessed", client=client, by=staff, now=after(hours=97), data=NEEDS)
        ring_elsewhere(after(hours=97))
    assert raised("urgent-needs") == []
    escalation.ring(after(hours=98))
    assert raised("urgent-needs") == []


def ring_elsewhere(now: datetime) -> None:
    def work() -> None:
        escalation.ring(now)
        connections["worker"].close()

    thread = Thread(target=work)
    thread.start()
    thread.join(timeout=20)
    assert not thread.is_alive(), "a worker never waits for a page"


def test_a_round_is_noted_also_when_there_is_nothing_to_raise(cast: Cast) -> None:
    escalation.ring(BEGIN)
    assert read("SELECT name, ended_at FROM people_round WHERE name = 'escalation'") == [("escalation", BEGIN)]


@pytest.fixture
def worker(cast: Cast) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(**database.parameters("worker"), autocommit=True) as connection:  # type: ignore[arg-type]
        yield connection


@pytest.mark.parametrize(
    "table",
    [
        "people_event", "people_identityfield", "people_vaultkey", "people_blindindex", "people_client",
        "people_careteammember", "people_staff", "people_completion", "protect_session", "protect_account",
        "protect_grant", "protect_auditrecord", "identify_screening", "treat_measure", "treat_serviceplan",
        "support_safetyplan", "coordinate_referral", "learn_resultssnapshot",
    ],
)  # fmt: skip
def test_the_worker_reads_nobody(worker: "psycopg.Connection[tuple[object, ...]]", table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
        worker.execute(f"SELECT 1 FROM {table}")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE people_task SET closed_at = now()",
        "UPDATE people_task SET rung_roles = '{}'",
        "DELETE FROM people_task",
        "UPDATE people_escalation SET seen_at = now()",
        "DELETE FROM people_escalation",
        "SELECT client_id FROM people_escalation",
        "SELECT opened_at FROM people_task",
        "CREATE TABLE theft (x int)",
        "SET ROLE leeward_owner",
    ],
)
def test_the_worker_changes_nothing_but_when_it_looks_next(
    worker: "psycopg.Connection[tuple[object, ...]]", statement: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        worker.execute(statement)


def test_the_worker_is_nobody_special(worker: "psycopg.Connection[tuple[object, ...]]") -> None:
    assert worker.execute(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    ).fetchone() == (False, False, False, False)
    assert worker.execute(
        "SELECT (SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = 'leeward_worker'),"
        " (SELECT count(*) FROM pg_auth_members WHERE member = 'leeward_worker'::regrole)"
    ).fetchone() == (0, 0)


@pytest.mark.parametrize(
    "changed", ["role = 'evaluator'", "reached_at = reached_at - interval '1 day'", "rung = 1", "step = 'screening'"]
)
def test_the_database_refuses_an_escalation_that_no_ladder_holds(
    cast: Cast, client: Client, worker: "psycopg.Connection[tuple[object, ...]]", changed: str
) -> None:
    column, _, value = changed.partition(" = ")
    values = {"rung": "0", "role": "rung_roles[1]", "reached_at": "rung_times[1]", "step": "step"}
    insert = (
        "INSERT INTO people_escalation (id, agency_id, client_id, task_id, step, rung, role, reached_at, raised_at)"
        " SELECT gen_random_uuid(), agency_id, client_id, id, {step}, {rung}, {role}, {reached_at}, now()"
        " FROM people_task WHERE step = 'urgent-needs'"
    )
    forged = values | {column: value.replace("reached_at", "rung_times[1]")}
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        worker.execute(insert.format(**forged))
    assert worker.execute(insert.format(**values)).rowcount == 1


def test_the_database_refuses_an_escalation_of_a_closed_step(
    cast: Cast, client: Client, worker: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    task = read("SELECT id, agency_id, client_id, rung_times[1] FROM people_task WHERE step = 'urgent-needs'")[0]
    record(cast, client, "needs.assessed", after(hours=100), NEEDS)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        worker.execute(
            "INSERT INTO people_escalation (id, task_id, agency_id, client_id, reached_at, step, rung, role, raised_at)"
            " VALUES (gen_random_uuid(), %s, %s, %s, %s, 'urgent-needs', 0, 'program_director', now())",
            task,
        )


def test_no_page_can_raise_or_delete_one(cast: Cast, client: Client) -> None:
    from django.db import ProgrammingError

    escalation.ring(after(hours=97))
    for statement in (
        "DELETE FROM people_escalation",
        "UPDATE people_escalation SET closed_at = now()",
        "INSERT INTO people_escalation (id) VALUES (gen_random_uuid())",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            asked_by(cast, "case_manager"),
            connections["default"].cursor() as cursor,
        ):
            cursor.execute(statement)
    assert raised("urgent-needs")

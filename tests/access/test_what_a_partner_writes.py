"""Whoever runs SQL in a partner's session writes what its pages write: about its own referrals, and now."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg.errors import InsufficientPrivilege

from leeward.coordinate import actions as coordinate
from leeward.coordinate.forms import Answer
from leeward.coordinate.models import OPEN, Referral, Status
from leeward.people import actions as people
from leeward.people.models import Client
from leeward.protect import actions as protect
from leeward.protect.access.coordination import TABLES
from leeward.protect.access.record import AS_ITS_REFERRAL_SAYS
from leeward.protect.models import Grant, Purpose
from leeward.protect.queries import opened_to
from leeward.rules.protocol.vocabulary import KINDS

from ..cast import Cast
from ..protect.test_row_security import ARRIVAL

SHELTER = "shelter"


def written(sql: str, **values: object) -> int:
    """How many rows it wrote; none also where the database refuses it with an error."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.rowcount
    except DatabaseError as refused:
        if isinstance(refused.__cause__, InsufficientPrivilege):
            return 0
        raise


@pytest.fixture
def client(world: Cast, now: datetime) -> Client:
    return people.register(by=world.act_as("case_manager"), arrival=ARRIVAL, now=now)


def permit(world: Cast, client: Client, now: datetime, to: str = SHELTER, purpose: str = "coordination") -> Grant:
    wish = protect.Wish(
        recipient=world.agencies[to], classes=frozenset({"referral", "case"}), purpose=purpose,
        last_day=(now + timedelta(days=20)).date(), method="tablet", language="en",
    )  # fmt: skip
    return protect.grant(by=world.act_as("case_manager"), client=client, wish=wish, now=now)


def send(world: Cast, client: Client, now: datetime, to: str = SHELTER) -> Referral:
    need = coordinate.Need(
        to=world.agencies[to], service="shelter", urgency="urgent", message="A bed.", comes_along=False
    )
    return coordinate.send(by=world.act_as("case_manager"), client=client, need=need, now=now)


@pytest.fixture
def referral(world: Cast, client: Client, now: datetime) -> Referral:
    permit(world, client, now)
    return send(world, client, now)


@pytest.mark.parametrize(
    "change",
    [
        "agency_id = to_agency_id",
        "client_id = gen_random_uuid()",
        "to_agency_id = agency_id",
        "service = 'legal'",
        "urgency = 'other'",
        "message = ''",
        "reference = 'x'",
        "comes_along = true",
        "sent_at = now()",
        "sent_by_id = (SELECT ctx.staff())",
        "status = 'withdrawn'",
        "status = 'sent'",
        "status = 'accepted', replied_at = now() + interval '1 day'",
        "status = 'accepted', replied_at = now() - interval '1 day'",
        "status = 'accepted', closed_at = now()",
        "status = 'closed', outcome = 'linked'",
        "status = 'closed', outcome = 'linked', closed_at = '2035-01-01'",
        "status = 'closed', closed_at = now()",
    ],
)
def test_c01_a_partner_moves_nothing_of_a_referral_but_its_answer(world: Cast, referral: Referral, change: str) -> None:
    world.act_as(SHELTER)
    assert written(f"UPDATE coordinate_referral SET {change} WHERE id = %(id)s", id=referral.pk) == 0
    answer = "UPDATE coordinate_referral SET status = 'accepted', replied_at = now() WHERE id = %(id)s"
    assert written(answer, id=referral.pk) == 1


@pytest.mark.parametrize("end", ["linked", "called back", "declined"])
def test_c05_what_has_ended_a_partner_does_not_open_again(
    world: Cast, referral: Referral, now: datetime, end: str
) -> None:
    if end == "declined":
        by = world.act_as(SHELTER)
        mine = Referral.objects.select_related("agency").get(pk=referral.pk)
        coordinate.answer(by=by, referral=mine, status="declined", reason="Full.", now=now)
    elif end == "linked":
        coordinate.close(by=world.act_as("case_manager"), referral=referral, outcome="linked", now=now)
    else:
        coordinate.call_back(by=world.act_as("case_manager"), referral=referral, now=now)
    world.act_as(SHELTER)
    again = "UPDATE coordinate_referral SET status = 'accepted', outcome = '', closed_at = NULL WHERE id = %(id)s"
    assert written(again, id=referral.pk) == 0


def test_c01_no_referral_goes_under_the_permission_of_another_person_or_agency(
    world: Cast, client: Client, referral: Referral, now: datetime
) -> None:
    other = people.register(by=world.act_as("case_manager"), arrival=ARRIVAL, now=now)
    of_another, elsewhere = permit(world, other, now), permit(world, client, now, to="hospital")
    move = "UPDATE coordinate_referral SET grant_id = %(given)s WHERE id = %(id)s"
    copy = (
        "INSERT INTO coordinate_referral (id, reference, agency_id, client_id, to_agency_id, service, urgency, status,"
        " comes_along, message, grant_id, sent_at, sent_by_id, outcome) SELECT gen_random_uuid(), %(new)s, agency_id,"
        " client_id, to_agency_id, service, urgency, status, comes_along, message, %(given)s, %(at)s, %(by)s, ''"
        " FROM coordinate_referral WHERE id = %(id)s"
    )
    by, colleague = world.staff["case_manager"].pk, world.staff["therapist"].pk
    for given in (of_another.pk, elsewhere.pk):
        assert written(move, given=given, id=referral.pk) == 0
        assert written(copy, new="a", given=given, at=now, by=by, id=referral.pk) == 0
    assert written(copy, new="b", given=referral.grant_id, at=now, by=colleague, id=referral.pk) == 0
    assert written(copy, new="c", given=referral.grant_id, at=now + timedelta(days=1), by=by, id=referral.pk) == 0
    assert written(copy, new="d", given=referral.grant_id, at=now, by=by, id=referral.pk) == 1


def test_c01_a_partner_puts_its_referral_under_no_other_of_its_permissions(
    world: Cast, client: Client, referral: Referral, now: datetime
) -> None:
    first = referral.grant_id
    permit(world, client, now)
    world.act_as(SHELTER)
    move = (
        "UPDATE coordinate_referral SET status = 'accepted', replied_at = now(), grant_id = %(given)s WHERE id = %(id)s"
    )
    assert written(move, given=first, id=referral.pk) == 0


def test_c01_a_partner_reads_no_event_of_a_referral_to_another(
    world: Cast, client: Client, referral: Referral, now: datetime
) -> None:
    """Also with a permission for what happened, which is what these events are counted among."""
    permit(world, client, now, to="hospital")
    others = send(world, client, now, to="hospital")
    world.act_as(SHELTER)
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject FROM people_event WHERE kind LIKE 'referral.%%' AND client_id = %s", [client.pk])
        assert cursor.fetchall() == [(referral.pk,)]
    assert others.pk != referral.pk


def event(world: Cast, referral: Referral, now: datetime, **other: object) -> dict[str, object]:
    """The partner's event of its answer, as its page writes it, but for what is given."""
    as_it_is: dict[str, object] = {
        "id": uuid4(), "agency_id": referral.agency_id, "client_id": referral.client_id, "kind": "referral.accepted",
        "occurred_at": now, "recorded_at": now, "actor_id": world.staff[SHELTER].pk, "actor_role": "partner",
        "actor_agency_id": world.agencies[SHELTER].pk, "data_class": "case", "subject": referral.pk, "data": "{}",
        "supersedes_id": None,
    }  # fmt: skip
    return as_it_is | other


def inserted(table: str, row: dict[str, object]) -> int:
    columns, values = ", ".join(row), ", ".join(f"%({column})s" for column in row)
    return written(f"INSERT INTO {table} ({columns}) VALUES ({values})", **row)


def test_c01_a_partners_event_says_what_it_made_of_its_referral_and_who_said_so(
    world: Cast, client: Client, referral: Referral, now: datetime
) -> None:
    permit(world, client, now, to="hospital")
    others = send(world, client, now, to="hospital")
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM people_event WHERE client_id = %s LIMIT 1", [client.pk])
        (some,) = cursor.fetchone()
    world.act_as(SHELTER)
    written("UPDATE coordinate_referral SET status = 'accepted', replied_at = now() WHERE id = %(id)s", id=referral.pk)
    forged: list[dict[str, object]] = [
        {"kind": "referral.sent"},
        {"kind": "referral.withdrawn"},
        {"kind": "referral.x"},
        {"kind": "referral.declined"},
        {"kind": "case.closed"},
        {"data_class": "clinical"},
        {"actor_role": "therapist"},
        {"actor_agency_id": referral.agency_id},
        {"actor_id": world.staff["therapist"].pk},
        {"agency_id": world.agencies[SHELTER].pk},
        {"occurred_at": now + timedelta(days=3000)},
        {"occurred_at": now - timedelta(days=3)},
        {"recorded_at": now + timedelta(days=3000)},
        {"supersedes_id": some},
        {"subject": others.pk},
        {"subject": uuid4()},
        {"subject": None},
    ]
    assert [other for other in forged if inserted("people_event", event(world, referral, now, **other))] == []
    assert inserted("people_event", event(world, referral, now)) == 1


def test_c01_a_partner_silences_no_step_but_those_of_its_own_referral(
    world: Cast, referral: Referral, now: datetime
) -> None:
    row: dict[str, object] = {
        "id": uuid4(), "agency_id": referral.agency_id, "client_id": referral.client_id, "since": now,
        "subject": referral.pk, "steps": ["referral-reply-urgent"],
    }  # fmt: skip
    forged: list[dict[str, object]] = [
        {"subject": None},
        {"subject": uuid4()},
        {"agency_id": world.agencies[SHELTER].pk},
        {"since": now + timedelta(days=3000)},
    ]
    world.act_as(SHELTER)
    assert [other for other in forged if inserted("people_staleplan", row | other)] == []
    assert inserted("people_staleplan", row) == 1
    world.act_as("privacy_officer")
    assert inserted("people_staleplan", row | {"id": uuid4(), "since": now + timedelta(days=3000)}) == 0


def look(world: Cast, referral: Referral, now: datetime, **other: object) -> dict[str, object]:
    """The partner's entry in the survivor's list, as its page writes it, but for what is given."""
    as_it_is: dict[str, object] = {
        "id": uuid4(), "agency_id": referral.agency_id, "client_id": referral.client_id,
        "recipient_id": referral.to_agency_id, "recipient_staff_id": world.staff[SHELTER].pk,
        "grant_id": referral.grant_id, "process": None, "basis": "", "purpose": "coordination",
        "data_classes": ["existence", "referral"], "fields": [], "notices": [], "exit": "referral", "disclosed_at": now,
    }  # fmt: skip
    return as_it_is | other


def test_t3_a_partner_notes_its_own_look_now_under_its_permission_and_nothing_else(
    world: Cast, client: Client, referral: Referral, now: datetime
) -> None:
    elsewhere = permit(world, client, now, to="hospital")
    other = people.register(by=world.act_as("case_manager"), arrival=ARRIVAL, now=now)
    of_another = permit(world, other, now)
    forged: list[dict[str, object]] = [
        {"data_classes": ["existence", "referral", "clinical"]},
        {"recipient_staff_id": world.staff["hospital"].pk},
        {"recipient_staff_id": None},
        {"recipient_id": world.agencies["hospital"].pk},
        {"disclosed_at": datetime(2020, 1, 1, tzinfo=now.tzinfo)},
        {"disclosed_at": now + timedelta(days=3000)},
        {"agency_id": world.agencies[SHELTER].pk},
        {"process": uuid4()},
        {"grant_id": None},
        {"grant_id": elsewhere.pk},
        {"grant_id": of_another.pk},
        {"purpose": "treatment"},
    ]
    world.act_as(SHELTER)
    assert [one for one in forged if inserted("protect_disclosure", look(world, referral, now, **one))] == []
    assert inserted("protect_disclosure", look(world, referral, now)) == 1


def test_t3_the_team_notes_no_look_of_somebody_and_none_to_come(world: Cast, referral: Referral, now: datetime) -> None:
    world.act_as("case_manager")
    assert inserted("protect_disclosure", look(world, referral, now)) == 0
    nobodys = look(world, referral, now, recipient_staff_id=None)
    assert inserted("protect_disclosure", nobodys | {"disclosed_at": now + timedelta(days=1)}) == 0
    assert inserted("protect_disclosure", nobodys | {"disclosed_at": now - timedelta(days=1)}) == 1


def test_c01_a_partner_does_not_hear_what_is_open_for_another_purpose_than_its_sessions(
    world: Cast, client: Client, now: datetime
) -> None:
    permit(world, client, now)
    permit(world, client, now, purpose="benefits")
    shelter = world.agencies[SHELTER]
    assert opened_to(client, shelter, Purpose.BENEFITS), "the team hears it"
    world.act_as(SHELTER)
    assert opened_to(client, shelter, Purpose.COORDINATION)
    assert opened_to(client, shelter, Purpose.BENEFITS) == frozenset()


def test_the_rules_about_a_partners_answers_know_every_answer() -> None:
    """They spell out the states and kinds that the pages take from elsewhere."""
    (rule,) = (one for table in TABLES for one in table.rules if one.name == "partner_answers")
    answers = {value for value, _label in Answer().fields["status"].choices} | {Status.CLOSED.value}
    assert answers == {"accepted", "closed", "declined", "waitlisted"}
    assert {KINDS[f"referral.{one}"].data_class for one in answers} == {"case"}
    for one in answers:
        assert f"'{one}'" in rule.check
        assert f"'referral.{one}'" in AS_ITS_REFERRAL_SAYS
    assert all(f"'{one.value}'" in rule.rows for one in OPEN)

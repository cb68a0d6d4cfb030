"""The database decides who sees which row, whatever the page asks."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from leeward.people import actions, queries
from leeward.people.actions import Arrival
from leeward.people.models import Client, Event, IdentityField
from leeward.protect.models import AuditRecord, Session

from ..cast import Cast

ARRIVAL = Arrival(
    identity={"given_name": "Zoë", "family_name": "Canary-Lantern", "phone": "601 555 0142"},
    birth_year=1990,
    language="en",
    county="Forrest",
    source="self",
)


@pytest.fixture
def client(world: Cast, now: datetime) -> Client:
    return actions.register(by=world.act_as("screener"), arrival=ARRIVAL, now=now)


def test_the_registrar_sees_the_person(client: Client) -> None:
    assert Client.objects.filter(pk=client.pk).exists()
    assert queries.find_people(typed="  ZOE canary-lantern ") == [client]
    assert queries.find_people(typed="(601) 555-0142") == [client]


@pytest.mark.parametrize(
    "who", ["other_screener", "program_director", "evaluator", "hospital", "law_enforcement", None]
)
def test_a01_others_see_zero_rows(client: Client, world: Cast, who: str | None) -> None:
    world.act_as(who)
    assert not Client.objects.exists()
    assert not Event.objects.exists()
    assert not IdentityField.objects.exists()
    assert queries.find_people(typed="Zoë Canary-Lantern") == []


def test_a_forged_variable_is_nobody(client: Client, world: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('leeward.token', %s, true)", [str(world.staff["screener"].pk)])
    assert not Client.objects.exists()


def test_the_web_role_can_not_read_sessions(world: Cast) -> None:
    from django.db import ProgrammingError, transaction

    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        list(Session.objects.using("default").all())


def test_every_write_leaves_an_audit_row(client: Client) -> None:
    subjects = set(AuditRecord.objects.filter(client_id=client.pk).values_list("subject", flat=True))
    assert {"people_client", "people_event client.registered", "people_identityfield"} <= subjects


def test_joining_the_team_opens_the_record(client: Client, world: Cast, now: datetime) -> None:
    actions.join_team(by=world.staff["screener"], client=client, colleague=world.staff["therapist"], now=now)
    world.act_as("therapist")
    assert Client.objects.get() == client
    later = now + timedelta(seconds=1)
    actions.leave_team(client=client, colleague=world.staff["screener"], now=later)
    world.act_as("screener")
    assert not Client.objects.exists() or later > now


def test_registering_opens_the_first_tasks(client: Client, now: datetime) -> None:
    assert queries.worklist(now=now).count() > 0

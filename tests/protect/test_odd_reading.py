"""Reading that somebody should look at: noted by the database, reviewed by somebody else (A-05).

The job worker has a role of its own, so these rows are committed: of people who work here only in these tests, in a
year that no other test is in.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import Error, connection, connections, transaction
from django.test import override_settings

from leeward.people.models import CareTeamMember, Client, Role, Staff
from leeward.protect.models import OddReading, OddReadingReview
from leeward.protect.odd_reading import notice, reviews
from leeward.protect.odd_reading.notice import WrongHours

from ..cast import Cast
from ..people.committed import forget_clients, read, register

#: A Wednesday, ten in the morning at the centre; and the night after it.
MORNING = datetime(2031, 3, 5, 16, 0, tzinfo=UTC)
NIGHT = datetime(2031, 3, 6, 8, 0, tzinfo=UTC)


@pytest.fixture
def reader(cast: Cast) -> Iterator[Staff]:
    """Somebody who gives care and has recorded nothing yet."""
    centre = cast.agencies["centre"]
    staff = Staff.objects.using("admin").create(agency=centre, display_name="Reader", role=Role.CLINICIAN)
    yield staff
    with connections["admin"].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table in ("protect_oddreadingreview", "protect_oddreading"):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("DELETE FROM protect_auditrecord WHERE at >= '2030-01-01'")
        cursor.execute("DELETE FROM people_staff WHERE id = %s", [staff.pk])
        cursor.execute("RESET session_replication_role")
    forget_clients()


@pytest.fixture
def client(cast: Cast) -> Client:
    return register(cast, datetime(2026, 3, 2, 9, tzinfo=UTC))


def look(
    staff: Staff, at: datetime, *, action: str = "read web.client", client: UUID | None = None, rule: str = ""
) -> None:
    read(
        "INSERT INTO protect_auditrecord (at, staff_id, agency_id, client_id, action, subject, fields, rule)"
        " VALUES (%s, %s, %s, %s, %s, '', '{}', %s) RETURNING 1",
        at, staff.pk, staff.agency_id, client, action, rule,
    )  # fmt: skip


def join(staff: Staff, client: Client, since: datetime) -> None:
    CareTeamMember.objects.using("admin").create(
        agency_id=client.agency_id, client_id=client.pk, staff=staff, since=since, added_by=staff
    )


def noted(staff: Staff) -> dict[str, tuple[date, int]]:
    rows = OddReading.objects.using("admin").filter(staff=staff)
    return {row.kind: (row.day, row.looks) for row in rows}


def test_a05_a_record_opened_at_night_is_noted_on_the_day_it_is_opened(reader: Staff, client: Client) -> None:
    join(reader, client, NIGHT - timedelta(days=1))
    look(reader, MORNING, client=client.pk)
    look(reader, NIGHT, client=client.pk)
    look(reader, NIGHT, action="read web.worklist", client=client.pk)
    notice.notice(NIGHT + timedelta(minutes=5))
    assert noted(reader) == {"after_hours": (date(2031, 3, 6), 1)}


def test_a05_a_second_round_notes_nothing_twice_and_what_comes_later_that_day_is_added(
    reader: Staff, client: Client
) -> None:
    join(reader, client, NIGHT - timedelta(days=1))
    look(reader, NIGHT, client=client.pk)
    assert [notice.notice(NIGHT + timedelta(minutes=5)) for _ in range(2)] == [1, 0]
    look(reader, NIGHT + timedelta(minutes=6), client=client.pk)
    assert notice.notice(NIGHT + timedelta(minutes=10)) == 1
    assert noted(reader) == {"after_hours": (date(2031, 3, 6), 2)}


def test_a05_searching_for_many_people_within_an_hour_is_noted(reader: Staff) -> None:
    with override_settings(LEEWARD_ODD_SEARCHES=3):
        for number in range(2):
            look(reader, MORNING + timedelta(minutes=number), action="searched web.people")
        look(reader, MORNING + timedelta(minutes=75), action="searched web.people")
        notice.notice(MORNING + timedelta(hours=2))
        assert noted(reader) == {}
        for number in range(2):
            look(reader, MORNING + timedelta(minutes=80 + number), action="searched web.people")
        notice.notice(MORNING + timedelta(hours=2))
    assert noted(reader) == {"searches": (date(2031, 3, 5), 1)}


def test_a05_reading_without_a_part_in_the_care_is_noted_and_reading_with_one_is_not(
    reader: Staff, client: Client
) -> None:
    join(reader, client, MORNING - timedelta(days=200))
    look(reader, MORNING, client=client.pk)
    notice.notice(MORNING + timedelta(hours=1))
    assert noted(reader) == {"no_part": (date(2031, 3, 5), 1)}
    look(reader, MORNING + timedelta(hours=1), action="insert", client=client.pk)
    look(reader, MORNING + timedelta(hours=2), client=client.pk)
    notice.notice(MORNING + timedelta(hours=3))
    assert noted(reader) == {"no_part": (date(2031, 3, 5), 1)}


def test_a05_what_was_opened_in_an_emergency_has_a_review_of_its_own(reader: Staff, client: Client) -> None:
    look(reader, NIGHT, client=client.pk, rule="emergency")
    notice.notice(NIGHT + timedelta(minutes=5))
    assert noted(reader) == {}


def test_a05_the_hours_are_of_the_clock_on_the_wall_also_when_it_is_set_forward(reader: Staff, client: Client) -> None:
    # On Friday 7 March the day begins at 12:00 UTC; on Monday 10 March, after the change, at 11:00 UTC.
    join(reader, client, MORNING)
    for at in (datetime(2031, 3, 7, 11, 30, tzinfo=UTC), datetime(2031, 3, 10, 11, 30, tzinfo=UTC)):
        look(reader, at, client=client.pk)
        notice.notice(at)
    assert noted(reader) == {"after_hours": (date(2031, 3, 7), 1)}


@pytest.mark.parametrize(
    "wrong",
    [{"LEEWARD_WORK_HOURS": "six to nine"}, {"LEEWARD_WORK_HOURS": "21:00-06:00"}, {"LEEWARD_WORK_DAYS": "mon,tues"}],
)
def test_hours_that_cannot_be_read_are_refused_with_what_to_write(wrong: dict[str, str]) -> None:
    with override_settings(**wrong), pytest.raises(WrongHours, match="LEEWARD_WORK"):
        notice.working_hours()


def note(cast: Cast, staff: Staff) -> OddReading:
    return OddReading.objects.using("admin").create(
        agency_id=staff.agency_id, staff=staff, kind="after_hours", day=date(2031, 3, 6),
        records=[], looks=1, noticed_at=NIGHT,
    )  # fmt: skip


def test_a05_the_privacy_officer_reviews_it_and_nobody_else_meets_it(reader: Staff, cast: Cast) -> None:
    odd = note(cast, reader)
    for who in ("case_manager", "program_director", "evaluator", "shelter"):
        assert cast.browser(who).get(f"/privacy/reading/{odd.pk}/").status_code == 404
    me = cast.browser("privacy_officer")
    assert f"/privacy/reading/{odd.pk}/" in me.get("/privacy/").content.decode()
    page = me.get(f"/privacy/reading/{odd.pk}/")
    assert page.status_code == 200
    assert "Reader" in page.content.decode()
    assert me.post(f"/privacy/reading/{odd.pk}/", {}).status_code == 422
    assert me.post(f"/privacy/reading/{odd.pk}/", {"verdict": "work"}).status_code == 302
    assert f"/privacy/reading/{odd.pk}/" not in me.get("/privacy/").content.decode()
    assert me.post(f"/privacy/reading/{odd.pk}/", {"verdict": "not_work"}).status_code == 422
    assert [one.verdict for one in OddReadingReview.objects.using("admin").filter(odd=odd)] == ["work"]
    OddReading.objects.using("admin").filter(pk=odd.pk).update(looks=2)  # and more was read that day
    assert f"/privacy/reading/{odd.pk}/" in me.get("/privacy/").content.decode()


def test_a05_nobody_reviews_their_own_reading(reader: Staff, cast: Cast) -> None:
    mine = note(cast, cast.staff["privacy_officer"])
    me = cast.browser("privacy_officer")
    assert f"/privacy/reading/{mine.pk}/" not in me.get("/privacy/").content.decode()
    assert me.get(f"/privacy/reading/{mine.pk}/").status_code == 404


def test_a05_the_database_refuses_a_review_of_ones_own_and_any_change_of_what_was_noted(
    world: Cast, reader: Staff
) -> None:
    mine = note(world, world.staff["privacy_officer"])
    by = world.act_as("privacy_officer")
    assert list(reviews.waiting(by)) == []
    for sql, values in (
        (
            "INSERT INTO protect_oddreadingreview (id, agency_id, odd_id, looks, verdict, reviewed_at, reviewed_by_id)"
            " VALUES (%s, %s, %s, 1, 'work', now(), %s)",
            [uuid4(), by.agency_id, mine.pk, by.pk],
        ),
        ("UPDATE protect_oddreading SET looks = 0 WHERE id = %s", [mine.pk]),
        ("DELETE FROM protect_oddreading WHERE id = %s", [mine.pk]),
    ):
        with pytest.raises(Error, match=r"row-level security|permission denied"):
            run(sql, values)


def run(sql: str, values: list[object]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)

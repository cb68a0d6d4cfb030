"""Whoever may write a record writes it in their own name, with its own class and not for a day to come: by any SQL."""

import json
from datetime import datetime, timedelta

import pytest
from django.db import Error, IntegrityError, connection, transaction
from django.utils import timezone

from leeward.coordinate.models import LegalMatch, LegalRequest, LegalStep
from leeward.people import actions as people
from leeward.people.models import CareTeamMember, Client, Completion, ContactRule, Event, IdentityField, Staff
from leeward.protect import holds
from leeward.protect.models import AccountRequest, BreakGlass, Hold

from ..cast import Cast
from ..protect.test_row_security import ARRIVAL
from .test_database_rights import as_web
from .world import build

FAR = "2099-01-01T00:00:00Z"
REFUSED = r"row-level security|permission denied"
#: Of each table that the care team adds to: who did it, and when.
SIGNED = [
    ("people_event", "actor_id", ("occurred_at", "recorded_at")),
    ("people_careteammember", "added_by_id", ("since",)),
    ("people_contactrule", "set_by_id", ("set_at",)),
    ("treat_measure", "by_id", ("taken_at", "recorded_at")),
    ("treat_serviceplan", "by_id", ("agreed_at",)),
    ("identify_observation", "by_id", ("observed_at",)),
    ("identify_screening", "screener_id", ("held_at",)),
    ("support_safetyplan", "by_id", ("saved_at",)),
    ("support_needsassessment", "by_id", ("assessed_at",)),
    ("coordinate_referral", "sent_by_id", ("sent_at",)),
    ("protect_consenttalk", "recorded_by_id", ("held_at",)),
    ("protect_grant", "recorded_by_id", ("granted_at", "starts_at", "ends_at")),
    ("protect_knownperson", "recorded_by_id", ("added_at",)),
    ("protect_controllerflag", "recorded_by_id", ("flagged_at",)),
    ("protect_controllerflaglift", "asked_by_id", ("asked_at",)),
    ("protect_representation", "proposed_by_id", ("proposed_at", "ends_at")),
]


@pytest.fixture
def client(world: Cast, now: datetime) -> Client:
    """Somebody of the case manager's, of whom there is a row in every table."""
    return build(world, now, state="active", data_class="referral")


def once_more(table: str, of: str, **said: object) -> None:
    """Add a row like the first that fits, but for what is said."""
    as_web(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(t)"
        f" || jsonb_build_object('id', gen_random_uuid()) || %s::jsonb)).*"
        f" FROM (SELECT * FROM {table} WHERE {of} LIMIT 1) t",
        json.dumps(said, default=str),
    )


def refused(table: str, of: str, **said: object) -> bool:
    """Does the database refuse it by its rules? A row that there may be once only, for instance, is not refused so."""
    try:
        once_more(table, of, **said)
    except IntegrityError:
        return False
    except Error as error:
        return "row-level security" in str(error)
    return False


@pytest.mark.parametrize(("table", "by", "moments"), SIGNED, ids=[table for table, *_ in SIGNED])
def test_u01_the_team_adds_in_its_own_name_and_for_no_day_to_come(
    world: Cast, client: Client, table: str, by: str, moments: tuple[str, ...]
) -> None:
    me = world.act_as("case_manager")
    of = f"client_id = '{client.pk}' AND {by} = '{me.pk}'"
    assert not refused(table, of)
    assert refused(table, of, **{by: world.staff["therapist"].pk})
    for moment in moments:
        assert refused(table, of, **{moment: FAR}), moment


@pytest.mark.parametrize("table", ["protect_representationdecision", "protect_controllerflagliftdecision"])
def test_g01_g02_who_decides_signs_and_not_for_a_day_to_come(world: Cast, client: Client, table: str) -> None:
    world.act_as("privacy_officer")
    of = f"client_id = '{client.pk}'"
    assert not refused(table, of)
    assert refused(table, of, decided_by_id=world.staff["program_director"].pk)
    assert refused(table, of, decided_at=FAR)


def test_c01_what_is_known_of_somebody_keeps_the_class_that_decides_who_may_have_it(
    world: Cast, client: Client
) -> None:
    world.act_as("case_manager")
    with pytest.raises(Error, match=REFUSED):
        as_web("UPDATE people_identityfield SET data_class = 'referral' WHERE client_id = %s", client.pk)
    field = f"client_id = '{client.pk}' AND field = 'family_name'"
    assert IdentityField.objects.filter(client=client, field="family_name").exists()
    assert refused("people_identityfield", field, data_class="referral")
    assert refused("people_identityfield", field, field="nickname")
    assert not refused("people_identityfield", field)
    plan = f"client_id = '{client.pk}' AND kind = 'safety_plan.saved'"
    assert not refused("people_event", plan)
    for other in ("referral", "case", "existence"):
        assert refused("people_event", plan, data_class=other)
    world.act_as("privacy_officer")
    seen = f"client_id = '{client.pk}'"
    assert refused("people_event", seen, actor_id=world.staff["privacy_officer"].pk, kind="safety_plan.saved")


def test_u01_an_event_says_as_what_somebody_recorded_it(world: Cast, client: Client) -> None:
    me = world.act_as("case_manager")
    mine = f"client_id = '{client.pk}' AND actor_id = '{me.pk}'"
    assert refused("people_event", mine, actor_role="therapist")
    assert refused("people_event", mine, actor_agency_id=world.agencies["shelter"].pk)
    assert Event.objects.filter(client=client, actor=me).exists()


@pytest.mark.parametrize(
    "said",
    ["code = 'X'", "created_by_id = agency_id", "created_at = now()", "protocol = 'x'", "is_synthetic = true"],
)
def test_u01_nobody_rewrites_how_a_record_began(world: Cast, client: Client, said: str) -> None:
    world.act_as("case_manager")
    with pytest.raises(Error, match="permission denied"):
        as_web(f"UPDATE people_client SET {said} WHERE id = %s", client.pk)
    as_web("UPDATE people_client SET county = 'Lamar', language = 'es' WHERE id = %s", client.pk)


def test_a03_who_left_the_team_comes_back_by_a_new_row_only(world: Cast, client: Client) -> None:
    left = world.staff["other_screener"]
    world.act_as("case_manager")
    whose = CareTeamMember.objects.filter(client=client)
    assert whose.filter(staff=left).update(until=None) == 0
    for sql in ("until = NULL, since = now()", f"staff_id = '{left.pk}'"):
        with pytest.raises(Error, match="permission denied"):
            as_web(f"UPDATE people_careteammember SET {sql} WHERE client_id = %s", client.pk)
    clinician = whose.filter(staff=world.staff["clinician"])
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        clinician.update(until=FAR)
    assert clinician.update(until=timezone.now()) == 1
    world.act_as("other_screener")
    assert not Client.objects.filter(pk=client.pk).exists()


def test_u01_a_way_to_reach_somebody_that_ended_stays_ended(world: Cast, client: Client) -> None:
    world.act_as("case_manager")
    rule = ContactRule.objects.filter(client=client)
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        rule.update(ended_at=FAR)
    assert rule.update(ended_at=timezone.now()) == 1
    assert rule.update(ended_at=None) == 0


def test_l02_a_hold_is_placed_and_lifted_in_ones_own_name_and_once(world: Cast, client: Client, now: datetime) -> None:
    by = world.act_as("privacy_officer")
    soon = (now + timedelta(days=30)).date()
    hold = holds.place(by=by, client=client, why="a lawsuit", review_on=soon, process=None, now=now)
    one = f"id = '{hold.pk}'"
    assert not refused("protect_hold", one)
    assert refused("protect_hold", one, began_by_id=world.staff["program_director"].pk)
    assert refused("protect_hold", one, began_at=FAR)
    held = Hold.objects.filter(pk=hold.pk)
    for lie in (
        {"lifted_at": now, "lifted_by": world.staff["program_director"]},
        {"lifted_at": FAR, "lifted_by": by},
        {"reviewed_at": now, "reviewed_by": world.staff["program_director"]},
    ):
        with pytest.raises(Error, match="row-level security"), transaction.atomic():
            held.update(**lie)
    holds.review(by=by, hold=hold, review_on=soon, now=now)
    assert holds.lift(by=by, hold=hold, now=now)
    assert held.update(lifted_at=None, lifted_by=None) == 0


def test_a02_a_record_opens_in_an_emergency_only_when_the_reason_is_written(world: Cast, now: datetime) -> None:
    client = people.register(by=world.act_as("screener"), arrival=ARRIVAL, now=now)
    world.prove("other_screener")
    try:
        world.act_as("other_screener")
        ((glass,),) = as_web("SELECT glass FROM ctx.break_glass(%s, '{}', 5)", client.code)
        assert not Client.objects.filter(pk=client.pk).exists()
        world.act_as("screener")
        assert as_web("SELECT ctx.give_reason(%s, 'x', 1)", glass) in ([], [(None,)])
        world.act_as("other_screener")
        as_web("SELECT ctx.give_reason(%s, 'x', 1)", glass)
        assert Client.objects.filter(pk=client.pk).exists()
    finally:
        world.prove("other_screener", minutes=0)
    world.act_as("privacy_officer")
    assert BreakGlass.objects.filter(pk=glass).exists()


def test_l01_a_request_is_about_whom_its_words_find_and_counsel_spoke_before_now(
    world: Cast, client: Client, now: datetime
) -> None:
    by = world.act_as("privacy_officer")
    request = LegalRequest(
        agency=by.agency, kind="court_order", way="paper", received_at=now, due_at=now, handed_in_by=by
    )
    request.sealed = b"x"
    request.save(force_insert=True)
    match = LegalMatch(agency=by.agency, client=client, request=request, matched_at=now, matched_by=by)
    with pytest.raises(Error, match=REFUSED), transaction.atomic():
        match.save(force_insert=True)
    as_web("SELECT ctx.match_asked(%s, %s, 'person', ARRAY['x'::bytea])", request.pk, client.pk)
    assert not LegalMatch.objects.exists()
    said = {"agency": by.agency, "request": request, "kind": "counsel", "sealed": b"x", "classes": ["identity"]}
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        LegalStep(**said, by=by, at=now + timedelta(days=1)).save(force_insert=True)
    LegalStep(**said, by=by, at=now).save(force_insert=True)


@pytest.mark.parametrize(
    "lie",
    [
        {"kind": "partner", "name": "X", "sort": "centre", "called": "1", "spoke_with": "x"},
        {"kind": "person", "name": "X", "email": "x@example.org", "role": "root"},
        {"kind": "person", "name": "X", "email": "x@example.org", "role": "screener", "asked_at": FAR},
    ],
    ids=["a second centre", "a role of its own", "next century"],
)
def test_p04_nobody_asks_for_a_second_centre_an_unknown_role_or_from_a_day_to_come(
    world: Cast, lie: dict[str, str]
) -> None:
    world.prove("program_director")
    try:
        by = world.act_as("program_director")
        place = None if lie["kind"] == "partner" else by.agency
        asked = {"agency": by.agency, "place": place, "asked_by": by, "asked_at": timezone.now()}
        with pytest.raises(Error, match="row-level security"), transaction.atomic():
            AccountRequest(**{**asked, **lie}).save(force_insert=True)
        honest = {"sort": "shelter"} if lie["kind"] == "partner" else {"role": "screener"}
        AccountRequest(**{**asked, **lie, **honest, "asked_at": timezone.now()}).save(force_insert=True)
    finally:
        world.prove("program_director", minutes=0)


def test_a06_a_course_is_recorded_by_whoever_says_so_and_not_before_it_was_held(world: Cast) -> None:
    by = world.act_as("program_director")
    today = timezone.localdate()
    done = {"agency": by.agency, "staff": world.staff["screener"], "course": "x", "completed_on": today}
    other: Staff = world.staff["privacy_officer"]
    for lie in ({"recorded_by": other}, {"recorded_by": None}, {"completed_on": today + timedelta(days=9)}):
        with pytest.raises(Error, match="row-level security"), transaction.atomic():
            Completion(**{**done, "recorded_by": by, **lie}).save(force_insert=True)
    Completion(**done, recorded_by=by).save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM people_completion WHERE course = 'x'")
        assert cursor.fetchone() == (1,)

"""What opens in an emergency, to whom, for how long: decided by the database, whatever the page asks."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import Error, connections, transaction
from django.test import override_settings
from django.utils import timezone

from leeward import catalogue
from leeward.people import actions as people
from leeward.people import queries, vault
from leeward.people.errors import PeopleError
from leeward.people.models import Client
from leeward.protect import actions as protect
from leeward.protect import concealment, emergency, policies
from leeward.protect.emergency import Emergency, NotOpened
from leeward.protect.models import BreakGlass, BreakGlassReview
from leeward.protect.queries import barred

from ..cast import Cast
from ..people.committed import asked_by, forget_clients, read, register
from ..protect.test_row_security import ARRIVAL
from .test_matrix import ONLY, tables
from .world import build, seen

WHO = "other_screener"
#: From the promise: what somebody needs who must help tonight; never what only the team or an author may know.
OPENS = {
    "people_client", "people_careteammember", "people_event", "people_task", "people_vaultkey", "people_identityfield",
    "identify_observation", "identify_screening", "treat_measure", "treat_serviceplan", "support_safetyplan",
    "support_needsassessment", "coordinate_referral", "protect_grant", "protect_withdrawal", "protect_restriction",
    "protect_consenttalk", "protect_knownperson", "protect_controllerflag", "protect_controllerflaglift",
    "protect_controllerflagliftdecision", "protect_representation",
    "protect_representationdecision", "protect_representationend",
    "protect_restrictionlift", "protect_breakglass", "protect_breakglassend",
}  # fmt: skip


LEADERS = ("privacy_officer", "program_director", "evaluator")


def needed(client: Client, minutes: int = 5) -> Emergency:
    return Emergency(typed=client.code, birth_year="", reason="She called from the bridge.", minutes=minutes)


@pytest.fixture(autouse=True)
def proved(cast: Cast) -> Iterator[None]:
    """Everybody here has just shown that it is them."""
    for who in (WHO, *LEADERS, "shelter"):
        cast.prove(who)
    yield
    for who in (WHO, *LEADERS, "shelter"):
        cast.prove(who, minutes=0)


@pytest.fixture
def client(world: Cast, now: datetime) -> Client:
    """Somebody with a row in every table, whom the second screener is not barred from."""
    client = build(world, now, state="none", data_class="referral")
    by = world.act_as("case_manager")
    for who in (WHO, *LEADERS):
        world.prove(who)  # making the world has ended what they had proved
    for one in barred(client):
        protect.unbar(by=by, barring=one, now=now)
    return client


def visible(world: Cast, who: str, client: Client) -> set[str]:
    world.act_as(who)
    return {table for table, column in tables() if seen(table, column, client)}


def test_a02_one_record_opens_and_of_it_what_is_needed_tonight(world: Cast, client: Client) -> None:
    assert visible(world, WHO, client) == set()
    emergency.break_glass(by=world.act_as(WHO), emergency=needed(client))
    assert visible(world, WHO, client) == OPENS
    assert vault.called([client]) == {client.pk: "Zoë"}


def test_a02_no_other_record_opens_with_it(world: Cast, client: Client, now: datetime) -> None:
    other = people.register(by=world.act_as("case_manager"), arrival=ARRIVAL, now=now)
    emergency.break_glass(by=world.act_as(WHO), emergency=needed(client))
    assert [one.pk for one in Client.objects.all()] == [client.pk]
    assert visible(world, WHO, other) == set()


def test_a02_it_lets_nobody_write(world: Cast, client: Client, now: datetime) -> None:
    by = world.act_as(WHO)
    emergency.break_glass(by=by, emergency=needed(client))
    attempts = (
        lambda: people.record(by=by, client=client, kind="rating.given", now=now, data={"about": "help", "stars": 5}),
        lambda: people.join_team(by=by, client=client, colleague=by, now=now),
        lambda: protect.bar(by=by, client=client, person=world.staff["clinician"], now=now),
        lambda: concealment.conceal(
            by=by, client=client, reason="asked", review_on=now.date() + timedelta(days=9), now=now
        ),
    )
    for attempt in attempts:
        with pytest.raises((Error, PeopleError)), transaction.atomic():
            attempt()
    assert Client.objects.filter(pk=client.pk).update(county="Lamar") == 0


def test_a02_the_web_role_adds_none_by_itself(world: Cast, client: Client, now: datetime) -> None:
    by = world.act_as(WHO)
    row = BreakGlass(agency=client.agency, client=client, staff=by, opened_at=now, ends_at=now + timedelta(minutes=5))
    with pytest.raises(Error, match="permission denied"), transaction.atomic():
        row.save(force_insert=True)


def test_a02_whoever_has_not_just_proved_that_it_is_them_opens_nothing(world: Cast, client: Client) -> None:
    world.prove(WHO, minutes=0)
    by = world.act_as(WHO)
    with pytest.raises(Error, match="proved again"), transaction.atomic():
        emergency.break_glass(by=by, emergency=needed(client))
    assert visible(world, WHO, client) == set()


@pytest.mark.parametrize("minutes", [0, -1, 16, 60])
def test_a02_no_longer_than_the_site_allows(world: Cast, client: Client, minutes: int) -> None:
    by = world.act_as(WHO)
    with pytest.raises(Error, match="at most 15 minutes"), transaction.atomic():
        emergency.break_glass(by=by, emergency=needed(client, minutes))
    assert visible(world, WHO, client) == set()


@pytest.mark.parametrize("who", ["privacy_officer", "program_director", "evaluator", "shelter"])
def test_a02_a07_only_who_gives_care_opens_one(world: Cast, client: Client, who: str) -> None:
    with pytest.raises(NotOpened):
        emergency.break_glass(by=world.act_as(who), emergency=needed(client))


def test_a02_by_exactly_the_name_and_the_year_of_birth(world: Cast, client: Client) -> None:
    by = world.act_as(WHO)
    for typed, year in (("Zoë Canary-Lantern", ""), ("Zoë Canary", "1990"), ("Zoë Canary-Lantern", "1991")):
        asked = Emergency(typed=typed, birth_year=year, reason="It can not wait.", minutes=1)
        with pytest.raises(NotOpened):
            emergency.break_glass(by=by, emergency=asked)
    asked = Emergency(typed="zoe canary-lantern", birth_year="1990", reason="It can not wait.", minutes=1)
    assert emergency.break_glass(by=by, emergency=asked).client_id == client.pk


def test_a02_a03_never_for_somebody_whom_the_person_bars(world: Cast, client: Client, now: datetime) -> None:
    by = world.act_as(WHO)
    emergency.break_glass(by=by, emergency=needed(client))
    assert visible(world, WHO, client)
    protect.bar(by=world.act_as("case_manager"), client=client, person=by, now=now)
    assert visible(world, WHO, client) == set()
    world.act_as(WHO)
    with pytest.raises(NotOpened):
        emergency.break_glass(by=by, emergency=needed(client))


def test_a02_closing_it_early_closes_it_at_once(world: Cast, client: Client, now: datetime) -> None:
    by = world.act_as(WHO)
    glass = emergency.break_glass(by=by, emergency=needed(client))
    assert emergency.running(by, now) == [glass]
    assert emergency.end(by=by, glass=glass, now=now)
    assert visible(world, WHO, client) == set()
    assert emergency.running(by, now) == []
    assert not emergency.end(by=world.act_as("privacy_officer"), glass=glass, now=now)


def test_a02_a_colleague_can_not_close_or_review_it(world: Cast, client: Client, now: datetime) -> None:
    glass = emergency.break_glass(by=world.act_as(WHO), emergency=needed(client))
    for who in ("clinician", "program_director", WHO):
        by = world.act_as(who)
        with pytest.raises((Error, PeopleError)), transaction.atomic():
            emergency.review(by=by, glass=glass, verdict="needed", found="", now=now)
    by = world.act_as("clinician")
    with pytest.raises(Error), transaction.atomic():
        emergency.end(by=by, glass=glass, now=now)


def test_a02_the_privacy_officer_has_it_at_once_with_the_reason_and_until_when(world: Cast, client: Client) -> None:
    glass = emergency.break_glass(by=world.act_as(WHO), emergency=needed(client))
    officer = world.act_as("privacy_officer")
    assert list(emergency.to_review(officer)) == [glass]
    assert emergency.texts([glass])[glass.pk] == {"reason": "She called from the bridge."}
    assert emergency.review_due(glass) - glass.opened_at == timedelta(hours=72)


def test_a02_one_review_and_it_closes_what_is_open(world: Cast, client: Client, now: datetime) -> None:
    glass = emergency.break_glass(by=world.act_as(WHO), emergency=needed(client))
    officer = world.act_as("privacy_officer")
    emergency.review(by=officer, glass=glass, verdict="not_needed", found="Nobody was called.", now=now)
    assert list(emergency.to_review(officer)) == []
    with pytest.raises(PeopleError, match="reviewed before"):
        emergency.review(by=officer, glass=glass, verdict="needed", found="", now=now)
    assert visible(world, WHO, client) == set()


def test_a02_what_was_recorded_of_it_is_never_changed(world: Cast, client: Client, now: datetime) -> None:
    glass = emergency.break_glass(by=world.act_as(WHO), emergency=needed(client))
    world.act_as("privacy_officer")
    with pytest.raises(Error, match="permission denied"), transaction.atomic():
        BreakGlass.objects.filter(pk=glass.pk).update(ends_at=now + timedelta(minutes=50))
    with pytest.raises(Error, match="permission denied"), transaction.atomic():
        BreakGlass.objects.filter(pk=glass.pk)._raw_delete("default")


def test_a02_whoever_joins_the_team_reads_as_the_team(world: Cast, client: Client, now: datetime) -> None:
    by = world.act_as(WHO)
    emergency.break_glass(by=by, emergency=needed(client))
    people.join_team(by=world.act_as("case_manager"), client=client, colleague=by, now=now)
    world.act_as(WHO)
    assert emergency.running(by, now) == []
    assert {table for table, _ in tables()} - set(ONLY) == visible(world, WHO, client)


# Committed, so that another connection can move the time.


@pytest.fixture
def committed(cast: Cast) -> Iterator[Client]:
    yield register(cast, datetime.now(UTC))
    forget_clients()


def test_a02_it_ends_by_itself_in_an_open_transaction_too(cast: Cast, committed: Client) -> None:
    with asked_by(cast, WHO) as by:
        glass = emergency.break_glass(by=by, emergency=needed(committed, 1))
    read("UPDATE protect_breakglass SET ends_at = clock_timestamp() + interval '4 seconds' RETURNING 1")
    with asked_by(cast, WHO):
        assert Client.objects.filter(pk=committed.pk).exists()
        time.sleep(4.1)
        assert not Client.objects.filter(pk=committed.pk).exists()
        assert not BreakGlass.objects.filter(pk=glass.pk).exists()


def test_a02_nobody_reviews_their_own_whatever_role_they_have_by_now(cast: Cast, committed: Client) -> None:
    """As if a clinician had become the privacy officer since."""
    with asked_by(cast, WHO) as by:
        glass = emergency.break_glass(by=by, emergency=needed(committed))
    officer = cast.staff["privacy_officer"]
    read("UPDATE protect_breakglass SET staff_id = %s RETURNING 1", officer.pk)
    glass.staff = officer
    with asked_by(cast, "privacy_officer") as by:
        assert list(emergency.to_review(by)) == []
        with pytest.raises(PeopleError, match="yourself"):
            emergency.review(by=by, glass=glass, verdict="needed", found="", now=datetime.now(UTC))
        row = BreakGlassReview(
            agency_id=glass.agency_id, client_id=glass.client_id, glass=glass, reviewed_at=glass.opened_at,
            reviewed_by=by, verdict="needed",
        )  # fmt: skip
        with pytest.raises(Error, match="row-level security"), transaction.atomic():
            row.save(force_insert=True)


def overdue(cast: Cast, client: Client, hours: int) -> BreakGlass:
    """A look in an emergency, so many hours ago, that nobody has reviewed."""
    cast.prove(WHO)
    with asked_by(cast, WHO) as by:
        glass = emergency.break_glass(by=by, emergency=needed(client))
    read(
        "UPDATE protect_breakglass SET opened_at = opened_at - make_interval(hours => %s),"
        " ends_at = ends_at - make_interval(hours => %s) WHERE id = %s RETURNING 1",
        hours, hours, glass.pk,
    )  # fmt: skip
    return glass


def heard(cast: Cast, who: str) -> list[str]:
    with asked_by(cast, who) as by:
        return [one.opened_by.display_name for one in emergency.unreviewed(by)]


def test_a02_what_nobody_reviewed_in_time_reaches_the_program_director(cast: Cast, committed: Client) -> None:
    hours = int(emergency.REVIEW_WITHIN.total_seconds() // 3600)
    glass = overdue(cast, committed, hours - 1)
    director = cast.browser("program_director")
    assert heard(cast, "program_director") == []
    assert director.get("/")["Location"] == "/results/"
    read("UPDATE protect_breakglass SET opened_at = opened_at - interval '61 minutes',"
         " ends_at = ends_at - interval '61 minutes' RETURNING 1")  # fmt: skip
    assert heard(cast, "program_director") == heard(cast, "second_director") == [f"Test {WHO}"]
    assert director.get("/")["Location"] == "/late/"
    page = director.get("/late/").content.decode()
    assert f"Test {WHO}" in page
    assert committed.code not in page, "who looked, and not at whom"
    with asked_by(cast, "privacy_officer") as by:
        emergency.review(by=by, glass=glass, verdict="needed", found="", now=datetime.now(UTC))
    assert heard(cast, "program_director") == []
    assert director.get("/")["Location"] == "/results/"
    assert f"Test {WHO}" not in director.get("/late/").content.decode()


def test_a02_nobody_else_hears_of_it_and_a_director_not_of_their_own(cast: Cast, committed: Client) -> None:
    overdue(cast, committed, 100)
    for who in (WHO, "case_manager", "evaluator", "privacy_officer", "shelter"):
        assert heard(cast, who) == [], who
    read("UPDATE protect_breakglass SET staff_id = %s RETURNING 1", cast.staff["program_director"].pk)
    assert heard(cast, "program_director") == []
    assert heard(cast, "second_director") == ["Test program_director"]


# Hidden records


def hide(world: Cast, client: Client, now: datetime) -> None:
    day = now.date() + timedelta(days=30)
    concealment.conceal(by=world.act_as("case_manager"), client=client, reason="staff", review_on=day, now=now)


def known(typed: str, year: str) -> bool:
    return queries.known_here(name=typed, birth_year=year)


def test_a01_a_hidden_record_is_unknown_outside_its_team(world: Cast, client: Client, now: datetime) -> None:
    world.act_as(WHO)
    assert known("Zoë Canary-Lantern", "1990")
    hide(world, client, now)
    world.act_as(WHO)
    assert not known("Zoë Canary-Lantern", "1990")
    assert queries.find_people(typed="Zoë Canary-Lantern", birth_year="1990") == []
    world.act_as("clinician")
    assert known("Zoë Canary-Lantern", "1990")
    assert queries.find_people(typed="Zoë Canary-Lantern", birth_year="1990") == [client]


@pytest.mark.parametrize("who", [WHO, "program_director", "evaluator", "hospital"])
def test_a01_whoever_is_outside_sees_no_row_of_a_hidden_record(
    world: Cast, client: Client, now: datetime, who: str
) -> None:
    hide(world, client, now)
    assert visible(world, who, client) == set()


def test_a_hidden_record_keeps_its_team_its_overseer_and_whom_the_person_allowed(world: Cast, now: datetime) -> None:
    client = build(world, now, state="active", data_class="referral")
    before = {who: visible(world, who, client) for who in ("clinician", "privacy_officer", "shelter")}
    hide(world, client, now)
    assert {who: visible(world, who, client) for who in before} == before


def test_a02_a_hidden_record_opens_in_no_emergency_unless_the_site_says_for_whom(
    world: Cast, client: Client, now: datetime
) -> None:
    by = world.act_as(WHO)
    emergency.break_glass(by=by, emergency=needed(client))
    hide(world, client, now)
    assert visible(world, WHO, client) == set()
    world.act_as(WHO)
    with pytest.raises(NotOpened):
        emergency.break_glass(by=by, emergency=needed(client))


@pytest.fixture
def screeners_may(empty_database: str) -> Iterator[None]:
    """A site where screeners may open hidden records, and for an hour."""
    with override_settings(LEEWARD_EMERGENCY_HIDDEN=["screener"], LEEWARD_EMERGENCY_MINUTES=60):
        _install()
        yield
    _install()


def _install() -> None:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        policies.install(cursor, catalogue.law(settings.LEEWARD_LAW))


def test_a02_for_whom_the_site_says_a_hidden_record_opens_and_the_officer_hears(
    screeners_may: None, world: Cast, client: Client, now: datetime
) -> None:
    hide(world, client, now)
    by = world.act_as(WHO)
    assert not known("Zoë Canary-Lantern", "1990")
    glass = emergency.break_glass(by=by, emergency=needed(client, 60))
    assert visible(world, WHO, client) == OPENS
    assert list(emergency.to_review(world.act_as("privacy_officer"))) == [glass]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("LEEWARD_EMERGENCY_MINUTES", 61),
        ("LEEWARD_EMERGENCY_MINUTES", 0),
        ("LEEWARD_EMERGENCY_HIDDEN", ["evaluator"]),
        ("LEEWARD_EMERGENCY_HIDDEN", ["'] OR true --"]),
    ],
)
def test_a02_a_site_can_not_choose_what_nobody_may(empty_database: str, setting: str, value: object) -> None:
    with override_settings(**{setting: value}), pytest.raises(policies.WrongSetting, match=setting):
        _install()


def test_hiding_needs_a_day_on_which_somebody_asks_again(world: Cast, client: Client, now: datetime) -> None:
    by = world.act_as("case_manager")
    for days in (0, -1, 400):
        with pytest.raises(PeopleError, match="within the next year"):
            concealment.conceal(
                by=by, client=client, reason="staff", review_on=timezone.localdate(now) + timedelta(days=days), now=now
            )
    hide(world, client, now)
    hide(world, client, now)
    assert concealment.hidden(client).count() == 1
    row = concealment.hidden(client).get()
    assert concealment.show(by=by, concealment=row, now=now)
    assert not concealment.show(by=by, concealment=row, now=now)
    world.act_as(WHO)
    assert known("Zoë Canary-Lantern", "1990")

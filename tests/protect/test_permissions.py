"""The survivor's permission: given, refused, taken back; what the partner then sees."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone
from django.utils.formats import date_format

import leeward
from leeward.people import actions as people
from leeward.people.errors import PeopleError
from leeward.people.models import Client, Event, IdentityField
from leeward.protect import actions, queries, views
from leeward.protect.actions import Wish
from leeward.protect.decision import decided
from leeward.protect.errors import NotPermitted
from leeward.protect.models import Disclosure, Grant
from leeward.protect.queries import opened_to
from leeward.protect.words import part_read

from ..cast import Cast
from .test_row_security import ARRIVAL


@pytest.fixture
def client(world: Cast, now: datetime) -> Client:
    return people.register(by=world.act_as("case_manager"), arrival=ARRIVAL, now=now)


def wish(world: Cast, kind: str = "shelter", **changes: object) -> Wish:
    said = {
        "recipient": world.agencies[kind],
        "classes": frozenset({"identity", "referral"}),
        "purpose": "coordination",
        "last_day": datetime.now(UTC).date() + timedelta(days=20),
        "method": "tablet",
        "language": "en",
    } | changes
    return Wish(**said)  # type: ignore[arg-type]


def give(world: Cast, client: Client, now: datetime, kind: str = "shelter", **changes: object) -> Grant:
    return actions.grant(by=world.act_as("case_manager"), client=client, wish=wish(world, kind, **changes), now=now)


def test_c01_a_partner_sees_the_classes_that_were_granted_and_no_others(
    world: Cast, client: Client, now: datetime
) -> None:
    give(world, client, now)
    world.act_as("shelter")
    assert set(IdentityField.objects.values_list("field", flat=True)) == {"given_name", "family_name", "birth_year"}
    assert set(Event.objects.values_list("data_class", flat=True)) <= {"existence"}
    world.act_as("hospital")
    assert not Grant.objects.exists()


def test_c02_after_taking_back_the_partner_sees_nothing(world: Cast, client: Client, now: datetime) -> None:
    given = give(world, client, now)
    assert actions.withdraw(by=world.staff["case_manager"], given=given, now=now)
    world.act_as("shelter")
    assert not Grant.objects.exists()
    assert not IdentityField.objects.exists()


def test_f03_taking_back_twice_acts_once(world: Cast, client: Client, now: datetime) -> None:
    given = give(world, client, now)
    assert actions.withdraw(by=world.staff["case_manager"], given=given, now=now)
    assert not actions.withdraw(by=world.staff["case_manager"], given=given, now=now)
    assert Event.objects.filter(kind="consent.withdrawn").count() == 1


def test_c03_a_permission_ends_at_midnight_of_the_site_also_when_clocks_change() -> None:
    assert actions.end_of(date(2026, 10, 31)) == datetime(2026, 11, 1, 5, tzinfo=UTC)
    assert actions.end_of(date(2026, 11, 1)) == datetime(2026, 11, 2, 6, tzinfo=UTC)
    assert actions.end_of(date(2028, 2, 28)).date() == date(2028, 2, 29)


def test_c05_a_long_permission_needs_a_reason(world: Cast, client: Client, now: datetime) -> None:
    far = now.date() + timedelta(days=100)
    with pytest.raises(NotPermitted):
        give(world, client, now, last_day=far)


def test_c05_no_is_an_answer(world: Cast, client: Client, now: datetime) -> None:
    actions.decline(by=world.staff["case_manager"], client=client, recipient=world.agencies["shelter"], now=now)
    assert Event.objects.filter(kind="consent.declined").count() == 1


@pytest.mark.parametrize("forbidden", ["clinical", "safety", "psychotherapy", "sud"])
def test_p06_law_enforcement_is_never_granted_health_or_safety_data(
    world: Cast, client: Client, now: datetime, forbidden: str
) -> None:
    with pytest.raises(NotPermitted) as refusal:
        give(world, client, now, "law_enforcement", classes=frozenset({forbidden}), purpose="protection")
    assert refusal.value.rows


def test_c07_a_second_permission_leaves_the_first_as_it_was(world: Cast, client: Client, now: datetime) -> None:
    first = give(world, client, now)
    give(world, client, now, classes=frozenset({"contact"}))
    assert Grant.objects.get(pk=first.pk).data_classes == ["identity", "referral"]


def test_c07_taking_back_the_newer_answer_wakes_no_earlier_one(world: Cast, client: Client, now: datetime) -> None:
    """The talk said that the new answer takes the place of the one before."""
    first = give(world, client, now, classes=frozenset({"referral"}))
    second = give(world, client, now)
    other = give(world, client, now, purpose="benefits")
    shelter = world.agencies["shelter"]
    assert opened_to(client, shelter, "coordination") >= {"referral", "identity"}
    actions.withdraw(by=world.act_as("case_manager"), given=second, now=now)
    assert opened_to(client, shelter, "coordination") == frozenset()
    assert opened_to(client, shelter, "benefits") >= {"referral"}
    assert set(Grant.objects.filter(withdrawal__isnull=True)) == {other}
    assert not actions.withdraw(by=world.staff["case_manager"], given=first, now=now)


def test_c08_never_takes_back_what_holds_and_beats_what_comes_later(world: Cast, client: Client, now: datetime) -> None:
    given = give(world, client, now)
    shelter = world.agencies["shelter"]
    no = actions.restrict(by=world.staff["case_manager"], client=client, recipient=shelter, now=now)
    assert hasattr(Grant.objects.get(pk=given.pk), "withdrawal")
    with pytest.raises(PeopleError, match="nothing shared"):
        give(world, client, now + timedelta(seconds=1))
    later = now + timedelta(seconds=2)
    asked = {"client": client, "recipient": shelter, "classes": {"referral"}, "now": later}
    assert queries.covering(**asked) is None
    why = decided(client=client, recipient=shelter, data_class="referral", purpose="coordination", at=later)
    assert [reason.code for reason in why.reasons] == ["restricted"]
    world.act_as("shelter")
    assert not Grant.objects.exists()
    by = world.act_as("case_manager")
    assert actions.restrict(by=by, client=client, recipient=shelter, now=later) == no, "once is enough"
    assert actions.lift(by=by, restriction=no, now=later)
    assert not actions.lift(by=by, restriction=no, now=later)
    assert queries.covering(**asked) is None, "no permission comes back by it"
    give(world, client, later)
    assert queries.covering(**asked) is not None


def test_c08_never_is_said_and_taken_back_on_the_pages(world: Cast, client: Client) -> None:
    browser = world.browser("case_manager")
    shelter = world.agencies["shelter"]
    ask = f"/p/{client.code}/permissions/{shelter.pk}/"
    listed = f"/p/{client.code}/permissions/"
    before = {
        "language": "en",
        "interpreter": "none",
        "able": "yes",
        "explained_by": str(world.staff["case_manager"].pk),
    }
    assert browser.post(ask, {**before, "step": "choose", "never": "1"}).status_code == 302
    page = browser.get(listed).content.decode()
    assert "Never shared" in page
    assert ask not in page
    assert browser.get(ask).status_code == 302, "nobody asks again"
    no = queries.restrictions(client).get()
    assert browser.post(f"{listed}never/{no.pk}/").status_code == 302
    assert ask in browser.get(listed).content.decode()


def test_the_pages_take_back(world: Cast, client: Client, now: datetime) -> None:
    given = give(world, client, now)
    browser = world.browser("case_manager")
    assert "Take it back" in browser.get(f"/p/{client.code}/permissions/").content.decode()
    browser.post(f"/p/{client.code}/permissions/back/{given.pk}/")
    assert "Taken back" in browser.get(f"/p/{client.code}/permissions/").content.decode()


def test_v07_the_list_of_looks_says_who_read_what(world: Cast, client: Client) -> None:
    browser = world.browser("case_manager")
    browser.get(f"/p/{client.code}/permissions/")
    page = browser.get(f"/p/{client.code}/who-saw/").content.decode()
    assert "Read: permissions" in page
    assert "Test case_manager" in page


def test_v07_the_sheet_for_the_person_says_in_sentences_who_read_what(world: Cast, client: Client) -> None:
    browser = world.browser("case_manager")
    for _n in range(2):
        browser.get(f"/p/{client.code}/plan/")
        browser.get(f"/p/{client.code}/plan/new/")
    sheet = " ".join(re.sub("<[^>]+>", "", browser.get(f"/p/{client.code}/shared/").content.decode()).split())
    today = timezone.localdate()
    on = f"{today:%A}, {date_format(today, 'DATE_FORMAT')}"
    assert f"Test case_manager (Case manager) read the safety plan 4 times, the last time on {on}." in sheet
    assert f"Test case_manager (Case manager) read what was shared on {on}." in sheet


def test_v07_the_sheets_looks_are_of_the_centre_in_six_years_by_part_the_latest_first(
    world: Cast, client: Client, now: datetime
) -> None:
    reader, other = world.staff["case_manager"], world.staff["shelter"]
    for staff, page, days in (
        (reader, "support.safety_plan", 40),
        (reader, "support.safety_plan_print", 30),
        (reader, "web.client", 20),
        (other, "support.reaching", 10),
        (reader, "support.messages", 6 * 366 + 30),
    ):
        with connections["admin"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO protect_auditrecord (at, staff_id, agency_id, client_id, action, subject, fields, rule)"
                " VALUES (%s, %s, %s, %s, %s, '', '{}', '')",
                [now - timedelta(days=days), staff.pk, staff.agency_id, client.pk, f"read {page}"],
            )
    world.act_as("case_manager")
    assert [(look.what, look.times, look.last) for look in queries.looks(client, now)] == [
        ("the record", 1, now - timedelta(days=20)),
        ("the safety plan", 2, now - timedelta(days=30)),
    ]


def test_v07_the_page_says_when_it_does_not_hold_everything_that_left(
    world: Cast, client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = give(world, client, now)
    noted = {"agency_id": client.agency_id, "client": client, "recipient": given.recipient, "grant": given}
    for _n in range(3):
        Disclosure(
            **noted, basis="", purpose="coordination", data_classes=["existence"], fields=[], notices=[], exit="inbox",
            disclosed_at=now,
        ).save(force_insert=True)  # fmt: skip
    browser = world.browser("case_manager")
    for most, said in ((3, False), (2, True)):
        monkeypatch.setattr(views, "NEWEST", most)
        page = browser.get(f"/p/{client.code}/who-saw/").content.decode()
        assert (f"These are the newest {most}." in page) == said
    assert "3 times" in browser.get(f"/p/{client.code}/shared/").content.decode()


def test_v07_whatever_is_read_of_a_record_has_plain_words() -> None:
    rooms = Path(leeward.__file__).parent.rglob("*.py")
    read = {name for file in rooms for name in re.findall(r'(?:reading="|"read )([a-z_.]+)"', file.read_text())}
    assert {"web.client", "support.safety_plan", "coordinate.inbox"} <= read
    assert [name for name in sorted(read) if "_" in (said := part_read(f"read {name}")) or "." in said] == []


def test_a_privacy_officer_sees_codes_and_permissions_but_no_name(world: Cast, client: Client, now: datetime) -> None:
    give(world, client, now)
    officer = world.browser("privacy_officer")
    page = officer.get("/privacy/").content.decode()
    assert client.code in page
    assert "Zoë" not in page
    assert officer.get(f"/p/{client.code}/").status_code == 404
    assert queries.requirements(holder=world.centre, recipient=world.agencies["shelter"], purpose="coordination")

"""Who may work here: one person asks, another agrees, and the database holds them to it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, connection, transaction
from django.test import Client as Browser
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from leeward.people.errors import PeopleError
from leeward.people.models import LEADING_ROLES, Agency, Role, Staff
from leeward.protect import accounts, factors, first_people
from leeward.protect.accounts import NotBySamePerson
from leeward.protect.models import Account, AccountDecision, AccountRequest, CodeApp, Passkey, Session
from leeward.protect.sessions import token_digest

from ..cast import Cast, enter

Kind = AccountRequest.Kind
LEADERS = ("program_director", "privacy_officer", "second_director")


@pytest.fixture
def proved(cast: Cast) -> Iterator[Callable[[str], Staff]]:
    """Act as a leader who has just shown a passkey."""
    digests = [token_digest(cast.tokens[who]) for who in LEADERS]
    Session.objects.filter(token_digest__in=digests).update(proved_until=timezone.now() + timedelta(minutes=5))
    yield cast.act_as
    Session.objects.filter(token_digest__in=digests).update(proved_until=None)


def person(cast: Cast, **other: object) -> AccountRequest:
    given = {"kind": Kind.PERSON, "place": cast.centre, "name": "Test New", "email": "new@example.org"}
    return AccountRequest(**{**given, "role": Role.SCREENER, **other})


def partner_person(cast: Cast, **other: object) -> AccountRequest:
    shelter = cast.agencies["shelter"]
    given = {"place": shelter, "role": Role.PARTNER, "called": shelter.phone, "spoke_with": "The front desk"}
    return person(cast, **{**given, **other})


def test_p04_an_account_comes_about_by_two_people(world: Cast, proved: Callable[[str], Staff]) -> None:
    now = timezone.now()
    asked = accounts.ask(by=proved("program_director"), request=person(world), now=now)
    assert not Staff.objects.filter(display_name="Test New").exists()
    accounts.decide(by=proved("privacy_officer"), request=asked, agreed=True, now=now)
    made = Staff.objects.get(display_name="Test New")
    assert (made.role, made.agency_id) == (Role.SCREENER, world.centre.pk)


@pytest.mark.parametrize("who", ["privacy_officer", "second_director"])
def test_i06_a_role_is_raised_by_two_people(world: Cast, proved: Callable[[str], Staff], who: str) -> None:
    now = timezone.now()
    asked = accounts.ask(
        by=proved("program_director"),
        request=AccountRequest(kind=Kind.ROLE, staff=world.staff["evaluator"], role=Role.PRIVACY_OFFICER),
        now=now,
    )
    with pytest.raises(NotBySamePerson):
        accounts.decide(by=proved("program_director"), request=asked, agreed=True, now=now)
    accounts.decide(by=proved(who), request=asked, agreed=True, now=now)
    assert Staff.objects.get(pk=world.staff["evaluator"].pk).role == Role.PRIVACY_OFFICER


def agree(request: AccountRequest, by: Staff) -> None:
    """What `accounts.decide` does, without asking who it is: only the database is left to refuse."""
    with transaction.atomic():
        AccountDecision(
            request=request, agency_id=by.agency_id, agreed=True, decided_by=by, decided_at=timezone.now()
        ).save(force_insert=True)


def test_i06_the_database_refuses_the_same_person_twice(world: Cast, proved: Callable[[str], Staff]) -> None:
    now = timezone.now()
    by = proved("program_director")
    asked = accounts.ask(
        by=by, request=AccountRequest(kind=Kind.ROLE, staff=world.staff["evaluator"], role="screener"), now=now
    )
    for liar in (by, world.staff["privacy_officer"]):
        with pytest.raises(Error, match="row-level security"):
            agree(asked, liar)


def test_i06_nobody_raises_or_agrees_to_themselves(world: Cast, proved: Callable[[str], Staff]) -> None:
    now = timezone.now()
    by = proved("program_director")
    own = AccountRequest(kind=Kind.ROLE, staff=by, role=Role.PRIVACY_OFFICER)
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        accounts.ask(by=by, request=own, now=now)
    of_other = AccountRequest(kind=Kind.ROLE, staff=world.staff["privacy_officer"], role=Role.PROGRAM_DIRECTOR)
    asked = accounts.ask(by=by, request=of_other, now=now)
    with pytest.raises(Error, match="row-level security"):
        agree(asked, proved("privacy_officer"))


def test_p04_who_does_not_lead_asks_and_agrees_to_nothing(world: Cast, proved: Callable[[str], Staff]) -> None:
    now = timezone.now()
    asked = accounts.ask(by=proved("program_director"), request=person(world), now=now)
    for who in ("screener", "evaluator", "shelter"):
        by = world.act_as(who)
        assert not AccountRequest.objects.exists(), who
        with pytest.raises(Error, match="row-level security"):
            agree(asked, by)
        with pytest.raises(Error, match="row-level security"), transaction.atomic():
            accounts.ask(by=by, request=person(world), now=now)


def test_k01_without_a_fresh_proof_no_leader_asks_agrees_or_ends(world: Cast, proved: Callable[[str], Staff]) -> None:
    now = timezone.now()
    asked = accounts.ask(by=proved("program_director"), request=person(world), now=now)
    Session.objects.filter(staff_id=world.staff["privacy_officer"].pk).update(proved_until=now)
    by = proved("privacy_officer")
    with pytest.raises(Error, match="row-level security"):
        agree(asked, by)
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        accounts.ask(by=by, request=person(world), now=now)
    assert Staff.objects.filter(pk=world.staff["screener"].pk).update(is_active=False) == 0


@pytest.mark.parametrize(
    "wrong",
    [{"spoke_with": ""}, {"called": ""}, {"called": "601-555-0199"}, {"role": Role.PRIVACY_OFFICER}],
    ids=["nobody reached", "no number", "another number", "a role of the centre"],
)
def test_p04_a_partners_account_needs_a_call_to_the_number_in_the_directory(
    world: Cast, proved: Callable[[str], Staff], wrong: dict[str, object]
) -> None:
    by = proved("program_director")
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        accounts.ask(by=by, request=partner_person(world, **wrong), now=timezone.now())
    assert accounts.ask(by=by, request=partner_person(world), now=timezone.now()).called == "601-555-0100"


def test_p04_an_agency_comes_about_by_two_people_and_its_agreement_ends(
    world: Cast, proved: Callable[[str], Staff]
) -> None:
    now = timezone.now()
    new = AccountRequest(
        kind=Kind.PARTNER, name="Test Riverside", sort="shelter", regime="victim_services", called="601-555-0177",
        spoke_with="Their director", agreement_ends_at=now + timedelta(days=90),
    )  # fmt: skip
    asked = accounts.ask(by=proved("program_director"), request=new, now=now)
    accounts.decide(by=proved("privacy_officer"), request=asked, agreed=True, now=now)
    made = Agency.objects.get(name="Test Riverside")
    assert (made.phone, made.agreement_ends_at) == ("601-555-0177", now + timedelta(days=90))


def test_a_refused_request_does_nothing_and_can_not_be_agreed_to(world: Cast, proved: Callable[[str], Staff]) -> None:
    now = timezone.now()
    asked = accounts.ask(by=proved("program_director"), request=person(world), now=now)
    accounts.decide(by=proved("privacy_officer"), request=asked, agreed=False, now=now)
    with pytest.raises(PeopleError, match="could not be done"):
        accounts.decide(by=proved("second_director"), request=asked, agreed=True, now=now)
    assert not Staff.objects.filter(display_name="Test New").exists()


def test_a_request_ends_after_a_week(world: Cast, proved: Callable[[str], Staff]) -> None:
    old = timezone.now() - timedelta(days=8)
    asked = accounts.ask(by=proved("program_director"), request=person(world), now=old)
    assert accounts.open_requests(timezone.now()) == []
    with pytest.raises(Error, match="row-level security"):
        agree(asked, proved("privacy_officer"))


def test_one_leader_ends_somebodys_work_but_never_begins_it(world: Cast, proved: Callable[[str], Staff]) -> None:
    proved("program_director")
    whom = Staff.objects.filter(pk=world.staff["other_screener"].pk)
    assert whom.update(is_active=False) == 1
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        whom.update(is_active=True)
    assert Staff.objects.filter(pk=world.staff["program_director"].pk).update(is_active=False) == 0, "not oneself"
    with pytest.raises(Error, match="permission denied"), transaction.atomic():
        whom.update(role=Role.PRIVACY_OFFICER)


def test_what_was_asked_and_agreed_is_on_record_for_good(world: Cast, proved: Callable[[str], Staff]) -> None:
    now = timezone.now()
    asked = accounts.ask(by=proved("program_director"), request=person(world), now=now)
    accounts.decide(by=proved("privacy_officer"), request=asked, agreed=True, now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT action FROM protect_auditrecord WHERE action LIKE '%%account.%%' ORDER BY id DESC LIMIT 1"
        )
        assert cursor.fetchone() == ("agreed account.person",)
    for statement in ("UPDATE protect_accountrequest SET role = 'x'", "DELETE FROM protect_accountdecision"):
        with pytest.raises(Error, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


# The pages, and coming back after losing everything


@pytest.fixture
def lost(cast: Cast) -> Iterator[Staff]:
    """Somebody who lost their phone: an account of its own, for what the pages do is committed."""
    staff = Staff.objects.using("admin").create(
        agency=cast.centre, display_name="Test lost", role=Role.SCREENER, languages=["en"]
    )
    account = Account.objects.using("admin").create(email="lost@example.org", staff_id=staff.pk, password="x")
    CodeApp.objects.create(account=account, sealed=b"x", site_key_version=1, created_at=timezone.now())
    Passkey.objects.create(
        account=account,
        name="k",
        credential_id=b"k",
        credential=b"k",
        created_at=timezone.now(),
        counts_from=timezone.now(),
    )
    yield staff
    AccountDecision.objects.using("admin").all().delete()
    AccountRequest.objects.using("admin").all().delete()
    account.delete(using="signin")


def test_p04_two_people_give_a_new_start_and_neither_could_use_it(cast: Cast, lost: Staff, proved: object) -> None:
    asker, second = cast.browser("program_director"), cast.browser("privacy_officer")
    theirs = cast.browser("program_director")
    cast.staff["lost"] = lost
    phone = cast.sign_in("lost")
    answer = asker.post("/staff/ask/anew/", {"staff": str(lost.pk), "sure": "on"})
    page = answer["Location"]
    assert "It can not be you" in asker.get(page).content.decode()
    assert asker.post(page, {"agree": "yes"}).status_code == 409
    assert second.post(page, {"agree": "yes"}).status_code == 302
    account = Account.objects.get(staff_id=lost.pk)
    assert not account.has_usable_password()
    assert factors.held(account) == factors.Held(0, False, 0)
    assert not Session.objects.filter(token_digest=token_digest(phone)).exists()
    halves = [code_on(browser.post(page, {"code": "yes"}).content.decode()) for browser in (asker, second)]
    twice = [halves[0], code_on(theirs.post(page, {"code": "yes"}).content.decode())]
    other = cast.browser("second_director")
    assert other.post(page, {"code": "yes"}).status_code == 409, "neither asked nor agreed"
    halves[0] = twice[1]
    new = {"new_password": "new herons wait here", "again_password": "new herons wait here"}
    me = Browser(SERVER_NAME="localhost")
    for codes in ((halves[0], halves[0]), (twice[0], halves[1]), (halves[0], "0000-0000-0000-0000")):
        assert me.post("/sign-in/invitation/", {"one": codes[0], "other": codes[1], **new}).status_code == 422
    begun = me.post("/sign-in/invitation/", {"one": halves[1], "other": halves[0].upper(), **new})
    assert begun["Location"] == "/sign-in/set-up/"
    again = me.post("/sign-in/invitation/", {"one": halves[1], "other": halves[0], **new})
    assert again.status_code == 422, "they work once"


def code_on(page: str) -> str:
    import re

    found = re.search(r"<p class=\"code\">([0-9a-z-]{19})</p>", page)
    assert found is not None
    return found[1]


def test_the_pages_of_staff_are_the_leaders_and_ask_for_proof(cast: Cast) -> None:
    for name in ("staff", "end_work"):
        assert cast.browser("screener").get(reverse(name)).status_code == 404
        assert cast.browser("shelter").get(reverse(name)).status_code == 404
    me = Browser(SERVER_NAME="localhost")
    enter(me, "program_director")
    assert me.get("/staff/").status_code == 200
    for place in ("/staff/ask/person/", "/staff/end/", f"/staff/request/{uuid4()}/"):
        assert me.get(place)["Location"] == f"/prove/?next={place}"
    assert me.post("/staff/end/", {"staff": str(cast.staff["screener"].pk)})["Location"].startswith("/prove/")
    assert Staff.objects.using("admin").get(pk=cast.staff["screener"].pk).is_active


@pytest.mark.parametrize(
    ("kind", "said", "word"),
    [
        ("person", {"name": "A", "email": "a@example.org", "place": "centre"}, "Choose the role."),
        ("person", {"name": "A", "email": "screener@example.org", "place": "centre", "role": "screener"}, "already"),
        ("person", {"name": "A", "email": "a@example.org", "place": "shelter"}, "Call them at 601-555-0100 first."),
        ("agreement", {"place": "shelter", "last_day": "2020-01-01", "spoke_with": "x"}, "This day has passed"),
        ("agreement", {"place": "shelter", "last_day": "2099-01-01"}, "Call them at"),
        ("role", {"staff": "shelter", "role": "screener"}, "Partner staff stay partner staff"),
        ("anew", {"staff": "screener"}, "Make sure that it is really them"),
    ],
)
def test_a_request_that_lacks_something_says_what(
    cast: Cast, proved: object, kind: str, said: dict[str, str], word: str
) -> None:
    told = {**said}
    if "place" in told:
        told["place"] = str(cast.agencies[told["place"]].pk)
    if "staff" in told:
        told["staff"] = str(cast.staff[told["staff"]].pk)
    answer = cast.browser("program_director").post(f"/staff/ask/{kind}/", told)
    assert answer.status_code == 422
    assert word in answer.content.decode().replace("&#x27;", "'")


@override_settings(DEMO=False)
def test_the_first_two_people_begin_with_two_codes_each_and_then_nobody_else_does(cast: Cast) -> None:
    leaders = Staff.objects.using("admin").filter(role__in=LEADING_ROLES, is_active=True)
    away = list(leaders.values_list("pk", flat=True))
    pair: dict[str, Any] = {
        "centre": "River Center",
        "director": ("Ana Ruiz", "Ana@River.example"),
        "privacy_officer": ("Li Wen", "li@river.example"),
    }
    try:
        leaders.update(is_active=False)
        with pytest.raises(PeopleError, match="two people"):
            first_people.begin(**pair | {"privacy_officer": ("Ana Ruiz", "ana@river.example")}, now=timezone.now())
        codes = first_people.begin(**pair, now=timezone.now())
        assert {email: len(set(two)) for email, two in codes.items()} == {"ana@river.example": 2, "li@river.example": 2}
        made = Staff.objects.using("admin").filter(display_name__in=["Ana Ruiz", "Li Wen"])
        assert {one.role for one in made} == set(LEADING_ROLES)
        opened = factors.begin(codes["li@river.example"], now=timezone.now())
        assert opened is not None
        assert opened.email == "li@river.example"
        mixed = (codes["ana@river.example"][0], codes["li@river.example"][1])
        assert factors.begin(mixed, now=timezone.now()) is None
        with pytest.raises(first_people.AlreadyBegun):
            first_people.begin(**pair, now=timezone.now())
    finally:
        Staff.objects.using("admin").filter(display_name__in=["Ana Ruiz", "Li Wen"]).update(is_active=False)
        Staff.objects.using("admin").filter(pk__in=away).update(is_active=True)
        for who in LEADERS:
            cast.tokens[who] = cast.sign_in(who)


def test_the_first_two_people_come_from_the_command_line_once(cast: Cast) -> None:
    with pytest.raises(first_people.AlreadyBegun):
        first_people.begin(
            centre="X", director=("A", "a@x.example"), privacy_officer=("B", "b@x.example"), now=timezone.now()
        )

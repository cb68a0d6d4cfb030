"""Who signs with a minor: nobody by default, somebody by a decision, and never the one who may be behind it all."""

from datetime import date, datetime, timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from leeward.people import actions as people
from leeward.people.actions import Arrival
from leeward.people.errors import PeopleError
from leeward.people.models import Client, Event, IdentityField
from leeward.protect import actions, queries, representatives
from leeward.protect.actions import Told, Wish
from leeward.protect.decision import decided
from leeward.protect.errors import NotPermitted
from leeward.protect.models import (
    ConsentTalk,
    Grant,
    KnownPerson,
    Proof,
    Relation,
    Representation,
    RepresentationDecision,
)
from leeward.protect.of_age import SigningAge

from ..cast import Cast


def arrival(age: int) -> Arrival:
    """Somebody who becomes this old in this year."""
    return Arrival(
        identity={"given_name": "Zoë", "family_name": "Canary-Lantern"}, birth_year=timezone.localdate().year - age,
        language="en", county="Forrest", source="self",
    )  # fmt: skip


@pytest.fixture
def minor(world: Cast, now: datetime) -> Client:
    return people.register(by=world.act_as("case_manager"), arrival=arrival(16), now=now)


@pytest.fixture
def aunt(world: Cast, minor: Client, now: datetime) -> KnownPerson:
    by = world.act_as("case_manager")
    return representatives.add_person(by=by, client=minor, name="Tía Rosa", relation=Relation.RELATIVE, now=now)


def proposed(world: Cast, minor: Client, person: KnownPerson, now: datetime, **changes: object) -> Representation:
    by = world.act_as("case_manager")
    asked = {"proof": Proof.COURT_ORDER, "classes": {"identity", "referral"}, "last_day": _in(60)} | changes
    return representatives.propose(by=by, client=minor, person=person, now=now, **asked)  # type: ignore[arg-type]


def standing(world: Cast, minor: Client, person: KnownPerson, now: datetime, **changes: object) -> Representation:
    one = proposed(world, minor, person, now, **changes)
    representatives.decide(by=world.act_as("privacy_officer"), proposed=one, allowed=True, now=now)
    world.act_as("case_manager")
    return Representation.objects.get(pk=one.pk)


def _in(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


def wish(world: Cast, kind: str = "shelter", *, told: Told | None = None, **changes: object) -> Wish:
    said = {
        "recipient": world.agencies[kind], "classes": frozenset({"identity", "referral"}), "purpose": "coordination",
        "last_day": _in(20), "method": "tablet", "language": "en", "told": told or Told(),
    } | changes  # fmt: skip
    return Wish(**said)  # type: ignore[arg-type]


def give(world: Cast, client: Client, now: datetime, kind: str = "shelter", **changes: object) -> Grant:
    asked = wish(world, kind, **changes)  # type: ignore[arg-type]
    return actions.grant(by=world.act_as("case_manager"), client=client, wish=asked, now=now)


def opened(world: Cast, who: str = "shelter") -> set[str]:
    """What the partner can read of anybody's identity."""
    world.act_as(who)
    seen = set(IdentityField.objects.values_list("field", flat=True))
    world.act_as("case_manager")
    return seen


def why_not(world: Cast, client: Client, at: datetime) -> list[str]:
    world.act_as("case_manager")
    asked = {"recipient": world.agencies["shelter"], "data_class": "identity", "purpose": "coordination", "at": at}
    return [reason.code.value for reason in decided(client=client, **asked).reasons]  # type: ignore[arg-type]


def test_g01_by_default_nobody_signs_with_a_minor_not_even_a_parent(world: Cast, minor: Client, now: datetime) -> None:
    by = world.act_as("case_manager")
    representatives.add_person(by=by, client=minor, name="Her mother", relation=Relation.PARENT, now=now)
    assert not representatives.standing(minor, now).exists()
    with pytest.raises(NotPermitted, match="nobody now"):
        give(world, minor, now)


def test_g01_somebody_else_than_the_care_team_decides(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    asked = proposed(world, minor, aunt, now)
    with pytest.raises(NotPermitted):
        give(world, minor, now, told=Told(representation=asked))
    for who in ("case_manager", "clinician", "program_director"):
        with pytest.raises(PeopleError, match="privacy officer"):
            representatives.decide(by=world.act_as(who), proposed=asked, allowed=True, now=now)
    representatives.decide(by=world.act_as("privacy_officer"), proposed=asked, allowed=True, now=now)
    world.act_as("case_manager")
    give(world, minor, now, told=Told(representation=Representation.objects.get(pk=asked.pk)))
    assert opened(world) == {"given_name", "family_name", "birth_year"}


@pytest.mark.parametrize("who", ["case_manager", "program_director"])
def test_g01_the_database_takes_the_decision_from_nobody_else(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime, who: str
) -> None:
    asked = proposed(world, minor, aunt, now)
    by = world.act_as(who)
    row = RepresentationDecision(
        agency_id=minor.agency_id, client=minor, representation=asked, allowed=True, decided_at=now, decided_by=by
    )
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        row.save(force_insert=True)


def test_g01_a_no_of_the_privacy_officer_is_a_no(world: Cast, minor: Client, aunt: KnownPerson, now: datetime) -> None:
    asked = proposed(world, minor, aunt, now)
    officer = world.act_as("privacy_officer")
    assert representatives.decide(by=officer, proposed=asked, allowed=False, now=now)
    assert not representatives.decide(by=officer, proposed=asked, allowed=True, now=now), "decided once"
    world.act_as("case_manager")
    with pytest.raises(NotPermitted):
        give(world, minor, now, told=Told(representation=Representation.objects.get(pk=asked.pk)))


def test_g01_only_about_what_was_decided(world: Cast, minor: Client, aunt: KnownPerson, now: datetime) -> None:
    signer = standing(world, minor, aunt, now, classes={"referral"})
    with pytest.raises(NotPermitted):
        give(world, minor, now, told=Told(representation=signer))
    give(world, minor, now, told=Told(representation=signer), classes=frozenset({"referral"}))


def test_g02_a_flag_ends_at_once_what_this_person_signed(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    given = give(world, minor, now, told=Told(representation=standing(world, minor, aunt, now)))
    assert opened(world)
    by = world.act_as("case_manager")
    assert representatives.flag(by=by, person=aunt, now=now)
    assert not representatives.flag(by=by, person=aunt, now=now)
    assert opened(world) == set()
    assert hasattr(Grant.objects.get(pk=given.pk), "withdrawal"), "and the lists say so"
    assert "withdrawn" in why_not(world, minor, now + timedelta(seconds=1))


def test_g02_the_flag_alone_closes_the_record_whatever_the_code_forgot(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    give(world, minor, now, told=Told(representation=standing(world, minor, aunt, now)))
    by = world.act_as("case_manager")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO protect_controllerflag (id, agency_id, client_id, person_id, flagged_at, recorded_by_id)"
            " VALUES (gen_random_uuid(), %s, %s, %s, now(), %s)",
            [minor.agency_id, minor.pk, aunt.pk, by.pk],
        )
    assert opened(world) == set()
    assert "representation_ended" in why_not(world, minor, now)


def test_g02_a_flagged_person_is_answered_like_an_unknown_one(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    by = world.act_as("case_manager")
    nobody = proposed(world, minor, aunt, now)
    flagged = representatives.add_person(by=by, client=minor, name="Uncle", relation=Relation.RELATIVE, now=now)
    his = standing(world, minor, flagged, now)
    representatives.flag(by=world.act_as("case_manager"), person=flagged, now=now)
    said = []
    for signer in (None, nobody, Representation.objects.get(pk=his.pk)):
        with pytest.raises(NotPermitted) as refusal:
            give(world, minor, now, told=Told(representation=signer))
        said.append((str(refusal.value), refusal.value.hint, refusal.value.rows))
    assert len(set(said)) == 1


def test_g02_the_flag_is_in_no_event_and_not_on_the_list_that_others_may_read(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    representatives.flag(by=world.act_as("case_manager"), person=aunt, now=now)
    assert not Event.objects.filter(client=minor, kind__contains="flag").exists()
    browser = world.browser("case_manager")
    for place in ("", "who-saw/", "permissions/", f"permissions/{world.agencies['shelter'].pk}/"):
        page = browser.get(f"/p/{minor.code}/{place}").content.decode().lower()
        assert "flag" not in page, place
        assert "control" not in page.replace("cache-control", ""), place


def test_g03_whoever_is_recorded_as_controller_is_not_proposed_under_the_same_name_again(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    by = world.act_as("case_manager")
    representatives.flag(by=by, person=aunt, now=now)
    again = representatives.add_person(by=by, client=minor, name="tia  ROSA", relation=Relation.PARENT, now=now)
    assert again == aunt
    with pytest.raises(PeopleError, match="can’t be proposed"):
        proposed(world, minor, again, now)


def test_g03_a_minor_alone_where_the_law_lets_them_get_the_service(world: Cast, minor: Client, now: datetime) -> None:
    wanted = {"purpose": "treatment", "classes": frozenset({"identity", "clinical"})}
    given = give(world, minor, now, "hospital", **wanted)
    assert given.talk.age == 15
    assert queries.opened_to(minor, world.agencies["hospital"], "treatment") >= {"identity", "clinical"}
    young = people.register(by=world.act_as("case_manager"), arrival=arrival(15), now=now)
    with pytest.raises(NotPermitted, match="nobody now"):
        give(world, young, now, "hospital", **wanted)


def test_g04_nobody_signs_beyond_the_day_on_which_the_minor_comes_of_age(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    last = date(timezone.localdate().year + 2, 12, 31)
    with pytest.raises(PeopleError, match="comes of age"):
        proposed(world, minor, aunt, now, last_day=last + timedelta(days=1))
    assert proposed(world, minor, aunt, now, last_day=last).ends_at == actions.end_of(last)
    with pytest.raises(PeopleError, match="longer than the person who signs along"):
        give(world, minor, now, told=Told(representation=standing(world, minor, aunt, now, last_day=_in(10))))


def test_g04_on_that_day_what_was_signed_along_ends_and_the_person_is_asked_anew(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    signer = standing(world, minor, aunt, now, last_day=_in(30))
    given = give(world, minor, now, told=Told(representation=signer), last_day=_in(30))
    assert why_not(world, minor, given.ends_at - timedelta(microseconds=1)) == ["covered"]
    assert "covered" not in why_not(world, minor, given.ends_at)


def test_g04_whatever_end_the_permission_names_it_does_not_outlast_who_signed_along(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    signer = proposed(world, minor, aunt, now)
    yesterday = Representation(
        agency_id=minor.agency_id, client=minor, person=aunt, proof=signer.proof, data_classes=signer.data_classes,
        last_day=_in(-1), ends_at=actions.end_of(_in(-1)), proposed_at=now, proposed_by=world.staff["case_manager"],
    )  # fmt: skip
    yesterday.save(force_insert=True)
    officer = world.act_as("privacy_officer")
    representatives.decide(by=officer, proposed=yesterday, allowed=True, now=now - timedelta(days=9))
    by = world.act_as("case_manager")
    common = {
        "agency_id": minor.agency_id, "client": minor, "recipient": world.agencies["shelter"], "recorded_by": by,
        "purpose": "coordination", "language": "en", "form_version": actions.FORM_VERSION,
    }  # fmt: skip
    talk = ConsentTalk(
        **common, asked=["identity"], allowed=["identity"], outcome="granted", interpreter="none", explained_by=by,
        able=True, age=17, representation=yesterday, held_at=now,
    )  # fmt: skip
    talk.save(force_insert=True)
    given = Grant(
        **common, talk=talk, data_classes=["identity"], starts_at=now, last_day=_in(300), granted_at=now,
        ends_at=actions.end_of(_in(300)), method="tablet",
    )  # fmt: skip
    given.save(force_insert=True)
    assert "representation_ended" in why_not(world, minor, now)
    assert opened(world) == set()


@pytest.mark.parametrize(
    ("born", "asked", "ages"),
    [
        (2008, True, (17, None)),  # the year of the eighteenth birthday: the year does not tell
        (2007, False, (None, None)),
        (2010, False, (15, 15)),
        (None, True, (0, None)),
    ],
)
def test_g04_of_age_by_the_year_and_by_what_they_say_where_it_leaves_a_doubt(
    born: int | None, asked: bool, ages: tuple[int | None, int | None]
) -> None:
    age = SigningAge(born=born, today=date(2026, 6, 1), of_age_from=18)
    assert age.must_be_asked is asked
    assert (age.minors_age(says_of_age=False), age.minors_age(says_of_age=True)) == ages
    assert age.minors_age(says_of_age=None) == ages[0], "silence is no"


def test_ended_by_the_team_means_taken_back(world: Cast, minor: Client, aunt: KnownPerson, now: datetime) -> None:
    signer = standing(world, minor, aunt, now)
    give(world, minor, now, told=Told(representation=signer))
    assert representatives.end(by=world.act_as("case_manager"), ended=signer, now=now)
    assert not representatives.end(by=world.act_as("case_manager"), ended=signer, now=now)
    assert opened(world) == set()
    assert not queries.active(queries.grants_of(minor), now + timedelta(seconds=1)).exists()

"""Who signs with a minor: nobody by default, somebody by a decision, and never the one who may be behind it all."""

from datetime import date, datetime, timedelta

import pytest
from django.db import ProgrammingError, connection, connections, transaction
from django.utils import timezone

from leeward.people import actions as people
from leeward.people.actions import Arrival
from leeward.people.errors import PeopleError
from leeward.people.models import Client, Event, IdentityField
from leeward.protect import actions, flags, queries, representatives
from leeward.protect.actions import Told, Wish
from leeward.protect.decision import decided
from leeward.protect.errors import NotPermitted
from leeward.protect.models import (
    AuditRecord,
    ConsentTalk,
    ControllerFlag,
    ControllerFlagLift,
    ControllerFlagLiftDecision,
    Grant,
    KnownPerson,
    Proof,
    Relation,
    Representation,
    RepresentationDecision,
)
from leeward.protect.of_age import SigningAge

from ..cast import Cast, page_of


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
        page = page_of(browser.get(f"/p/{minor.code}/{place}")).lower()
        assert "flag" not in page, place
        assert "control" not in page.replace("cache-control", ""), place


def flagged(world: Cast, person: KnownPerson, now: datetime) -> ControllerFlag:
    representatives.flag(by=world.act_as("case_manager"), person=person, now=now)
    return flags.standing(person).get()


def lifted(world: Cast, flag: ControllerFlag, now: datetime, who: str = "case_manager") -> None:
    asked = flags.ask_to_lift(by=world.act_as(who), flag=flag, reason="slip", now=now)
    assert flags.decide(by=world.act_as("privacy_officer"), asked=asked, lifted=True, now=now)
    world.act_as("case_manager")


def test_g02_a_flag_set_by_mistake_is_lifted_by_two_people_and_the_history_stays(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    flag = flagged(world, aunt, now)
    asked = flags.ask_to_lift(by=world.act_as("case_manager"), flag=flag, reason="slip", now=now)
    assert flags.ask_to_lift(by=world.act_as("case_manager"), flag=flag, reason="cleared", now=now) == asked
    assert flags.standing(aunt).exists(), "asked for, not lifted"
    for who in ("case_manager", "clinician", "program_director"):
        with pytest.raises(PeopleError, match="privacy officer"):
            flags.decide(by=world.act_as(who), asked=asked, lifted=True, now=now)
    officer = world.act_as("privacy_officer")
    assert list(flags.waiting()) == [asked]
    assert flags.decide(by=officer, asked=asked, lifted=True, now=now)
    assert not flags.decide(by=officer, asked=asked, lifted=False, now=now), "decided once"
    assert list(flags.waiting()) == []
    world.act_as("case_manager")
    assert not flags.standing(aunt).exists()
    assert ControllerFlag.objects.get(pk=flag.pk).lifted_at == now, "the flag is there, and that it was lifted"
    world.act_as("privacy_officer")
    noted = AuditRecord.objects.filter(
        client_id=minor.pk, subject__in=["protect_controllerflaglift", "protect_controllerflagliftdecision"]
    )
    assert {(one.subject, one.staff_id) for one in noted} == {
        ("protect_controllerflaglift", world.staff["case_manager"].pk),
        ("protect_controllerflagliftdecision", officer.pk),
    }
    with pytest.raises(PeopleError, match="taken back before"):
        flags.ask_to_lift(by=world.act_as("case_manager"), flag=flag, reason="slip", now=now)


def test_g02_a_no_of_the_privacy_officer_keeps_the_flag_and_it_may_be_asked_again(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    flag = flagged(world, aunt, now)
    asked = flags.ask_to_lift(by=world.act_as("case_manager"), flag=flag, reason="cleared", now=now)
    flags.decide(by=world.act_as("privacy_officer"), asked=asked, lifted=False, now=now)
    world.act_as("case_manager")
    assert flags.standing(aunt).exists()
    lifted(world, flag, now)
    assert not flags.standing(aunt).exists()


@pytest.mark.parametrize("who", ["case_manager", "clinician", "program_director", "hospital"])
def test_g02_the_database_lets_nobody_but_the_privacy_officer_lift_a_flag(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime, who: str
) -> None:
    asked = flags.ask_to_lift(by=world.act_as("case_manager"), flag=flagged(world, aunt, now), reason="slip", now=now)
    row = ControllerFlagLiftDecision(
        agency_id=minor.agency_id, client=minor, lift=asked, lifted=True, decided_at=now, decided_by=world.act_as(who)
    )
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize(("asker", "taken"), [("privacy_officer", False), ("case_manager", True)])
def test_g02_the_database_takes_both_words_from_one_person_never(
    cast: Cast, now: datetime, asker: str, taken: bool
) -> None:
    """Somebody may have asked as a case manager and have become the privacy officer since."""
    of_centre = {"agency_id": cast.centre.pk}
    with transaction.atomic(using="admin"):
        client = Client.objects.using("admin").create(
            code="T-both-words", created_by=cast.staff["case_manager"], created_at=now, is_synthetic=True,
            protocol="human-trafficking-response", protocol_version="1.0.0", **of_centre,
        )  # fmt: skip
        common = {"client": client, "recorded_by": cast.staff["case_manager"]} | of_centre
        person = KnownPerson.objects.using("admin").create(name=b"x", relation="parent", added_at=now, **common)
        flag = ControllerFlag.objects.using("admin").create(person=person, flagged_at=now, **common)
        asked = ControllerFlagLift.objects.using("admin").create(
            flag=flag, reason="slip", asked_at=now, asked_by=cast.staff[asker], client=client, **of_centre
        )
        row = ControllerFlagLiftDecision(
            lift=asked,
            lifted=True,
            decided_at=now,
            decided_by=cast.staff["privacy_officer"],
            client=client,
            **of_centre,
        )
        with connections["admin"].cursor() as cursor:
            cursor.execute("SET LOCAL ROLE leeward_web")
            cursor.execute("SELECT ctx.enter(%s)", [cast.tokens["privacy_officer"]])
        if taken:
            row.save(using="admin", force_insert=True)
        else:
            with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic(using="admin"):
                row.save(using="admin", force_insert=True)
        transaction.set_rollback(True, using="admin")


def test_g02_nothing_that_ended_by_a_flag_comes_back_by_itself(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    signer = standing(world, minor, aunt, now - timedelta(minutes=3))
    given = give(world, minor, now, told=Told(representation=signer))
    flag = flagged(world, aunt, now)
    lifted(world, flag, now - timedelta(minutes=1))
    assert opened(world) == set()
    assert hasattr(Grant.objects.get(pk=given.pk), "withdrawal")
    assert not representatives.standing(minor, now).exists()
    again = standing(world, minor, aunt, now)
    assert list(representatives.standing(minor, now)) == [again]
    give(world, minor, now, told=Told(representation=again))
    assert opened(world), "what two people allowed anew, and the minor said anew"


def test_g02_nor_where_the_flag_alone_ended_it(world: Cast, minor: Client, aunt: KnownPerson, now: datetime) -> None:
    """By whatever path the flag was set: no end of the representation, no withdrawal beside it."""
    give(world, minor, now, told=Told(representation=standing(world, minor, aunt, now)))
    by = world.act_as("case_manager")
    flag = ControllerFlag(agency_id=minor.agency_id, client=minor, person=aunt, flagged_at=now, recorded_by=by)
    flag.save(force_insert=True)
    lifted(world, flag, now + timedelta(seconds=1))
    assert opened(world) == set()
    assert "representation_ended" in why_not(world, minor, now + timedelta(seconds=2))
    assert not representatives.standing(minor, now + timedelta(seconds=2)).exists()


def test_g02_somebody_whose_flag_was_lifted_can_be_flagged_again(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    lifted(world, flagged(world, aunt, now), now - timedelta(minutes=1))
    again = standing(world, minor, aunt, now)
    give(world, minor, now, told=Told(representation=again))
    assert opened(world)
    assert representatives.flag(by=world.act_as("case_manager"), person=aunt, now=now + timedelta(seconds=3))
    assert opened(world) == set()
    assert ControllerFlag.objects.filter(person=aunt).count() == 2


def test_g02_the_page_says_that_nothing_came_back_and_what_to_do(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    flag = flagged(world, aunt, now)
    browser, place = world.browser("case_manager"), f"/p/{minor.code}/around/"
    assert browser.post(place, {"lift": str(flag.pk), "reason": ""}).status_code == 422, "why, or not at all"
    assert browser.post(place, {"lift": str(flag.pk), "reason": "slip"}).status_code == 302
    assert "Until there is a yes it stands" in browser.get(place).content.decode()
    asked = ControllerFlagLift.objects.get(flag=flag)
    assert browser.post(f"/around/{asked.pk}/", {"lift": "1"}).status_code == 404, "not by the same person"
    officer = world.browser("privacy_officer")
    seen = officer.get("/privacy/").content.decode()
    assert f"/around/{asked.pk}/" in seen
    assert "Tía Rosa" not in seen
    assert officer.post(f"/around/{asked.pk}/", {"lift": "1"}).status_code == 302
    shown = browser.get(place).content.decode()
    assert "Nothing came back by itself" in shown
    assert "ask for it anew below" in shown
    assert "taken back by two people" in shown


def test_g02_that_a_flag_was_lifted_is_as_invisible_as_the_flag(
    world: Cast, minor: Client, aunt: KnownPerson, now: datetime
) -> None:
    lifted(world, flagged(world, aunt, now), now)
    assert not Event.objects.filter(client=minor, kind__contains="flag").exists()
    browser = world.browser("case_manager")
    for place in ("", "who-saw/", "permissions/", f"permissions/{world.agencies['shelter'].pk}/"):
        page = page_of(browser.get(f"/p/{minor.code}/{place}")).lower()
        for word in ("flag", "lift", "behind it"):
            assert word not in page, (place, word)
    world.act_as("shelter")
    for model in (ControllerFlag, ControllerFlagLift, ControllerFlagLiftDecision):
        assert not model.objects.exists()


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

"""The talk about sharing: two people, one tablet, a preview that is the recipient's page, a no that costs nothing."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from itertools import combinations

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from leeward.coordinate import actions as coordinate
from leeward.coordinate.models import Referral
from leeward.identify import actions as identify
from leeward.identify.actions import Noticed
from leeward.people import actions as people
from leeward.people.actions import Arrival
from leeward.people.errors import PeopleError
from leeward.people.models import Client, Event, PartnerCode
from leeward.protect import actions, queries, representatives
from leeward.protect.actions import Told
from leeward.protect.models import AuditRecord, ConsentTalk, Grant, Proof, Relation, Withdrawal

from ..cast import Cast
from .test_permissions import give, wish
from .test_representatives import arrival

CLASSES = ("identity", "contact", "referral", "case", "clinical", "location")
KNOWN = Arrival(
    identity={
        "given_name": "Zoë", "family_name": "Canary-Lantern", "phone": "601 555 0142", "contact_method": "call",
        "contact_hours": "weekdays 9 to 11", "contact_notes": "ask for the choir", "address": "12 Heron Way",
    },
    birth_year=1990, language="en", county="Forrest", source="self",
)  # fmt: skip


@pytest.fixture
def client(world: Cast, now: datetime) -> Client:
    return people.register(by=world.act_as("case_manager"), arrival=KNOWN, now=now)


class Tablet:
    """The pages of the talk, walked by POST as a browser without script does."""

    def __init__(self, world: Cast, client: Client, kind: str = "shelter", **before: str) -> None:
        self.browser = world.browser("case_manager")
        self.client, self.place = client, f"/p/{client.code}/permissions/{world.agencies[kind].pk}/"
        self.entered: dict[str, str] = {
            "language": "en", "interpreter": "none", "able": "yes",
            "explained_by": str(world.staff["case_manager"].pk), **before,
        }  # fmt: skip

    def send(self, step: str, **entered: str) -> "Tablet":
        self.entered |= entered
        answer = self.browser.post(self.place, {**self.entered, "step": step})
        self.status, self.page = answer.status_code, unescape(answer.content.decode())
        return self

    def choose(self, *yes: str, asked: tuple[str, ...] = CLASSES, **more: str) -> "Tablet":
        said = {f"share_{name}": "yes" if name in yes else "no" for name in asked}
        return self.send("before").send("choose", purpose="coordination", **said, **more)


def main_part(page: str) -> str:
    """What is about the person: from the card's heading to its end, without what differs between two referrals."""
    found = re.search(r'<section class="card".*?</section>|<(div|article)[^>]*class="card.*?</dl>', page, re.DOTALL)
    assert found, page
    return re.sub(r"\s+", " ", found[0])


def subsets() -> Iterator[tuple[str, ...]]:
    for size in range(1, len(CLASSES) + 1):
        yield from combinations(CLASSES, size)


def test_c04_the_preview_is_what_the_partner_then_sees_for_every_choice(
    world: Cast, client: Client, now: datetime
) -> None:
    shown: set[str] = set()
    for chosen in subsets():
        with transaction.atomic():
            tablet = Tablet(world, client).choose(*chosen)
            assert tablet.status == 200, tablet.page
            assert not Grant.objects.exists(), "looking grants nothing"
            by = world.act_as("case_manager")
            days = 7 if "location" in chosen else 30
            last = timezone.localdate() + timedelta(days=days)
            given = actions.grant(
                by=by, client=client, wish=wish(world, classes=frozenset(chosen), last_day=last), now=now
            )
            if "referral" in chosen:
                need = coordinate.Need(
                    to=world.agencies["shelter"], service="shelter", urgency="other", comes_along=False,
                    message="Here stands the message that we write together.",
                )  # fmt: skip
                referral = coordinate.send(by=by, client=client, need=need, now=now)
                seen = unescape(world.browser("shelter").get(f"/r/{referral.reference}/").content.decode())
                assert main_part(seen) == main_part(tablet.page), chosen
                shown.add(main_part(seen))
            else:
                assert "They would see no page about you yet." in tablet.page
                world.act_as("shelter")
                assert not Referral.objects.exists()
            assert given.data_classes == sorted(chosen)
            transaction.set_rollback(True)
    assert len(shown) > 3, "different choices show different pages"
    assert any("Canary-Lantern" in page for page in shown)
    assert not all("Canary-Lantern" in page for page in shown)


def test_c04_looking_leaves_nothing_behind(world: Cast, client: Client) -> None:
    Tablet(world, client).choose("identity", "referral")
    world.act_as("case_manager")
    for model in (Grant, ConsentTalk, Referral, PartnerCode, Withdrawal):
        assert not model._default_manager.exists(), model
    assert not Event.objects.filter(kind__startswith="consent.").exists()
    world.act_as("shelter")
    assert not Grant.objects.exists()


def test_c04_what_was_said_is_kept_with_the_yes(world: Cast, client: Client) -> None:
    explains = world.staff["clinician"]
    tablet = Tablet(world, client, interpreter="phone", language="es", explained_by=str(explains.pk))
    tablet.choose("identity", "referral")
    assert 'lang="es"' in tablet.page
    assert "Nothing is shared yet" not in tablet.page
    tablet.send("look", tries="0", who_sees="recipient")
    tablet.send("decide", method="tablet", witness="")
    assert tablet.status == 302, tablet.page
    world.act_as("case_manager")
    given = Grant.objects.select_related("talk__explained_by").get()
    talk = given.talk
    assert (given.data_classes, given.language, given.form_version) == (["identity", "referral"], "es", "release-2")
    assert (talk.language, talk.interpreter, talk.explained_by) == ("es", "phone", explains)
    assert (talk.able, talk.understood, talk.outcome) == (True, "first", "granted")
    assert set(talk.asked) - set(talk.allowed) == {"contact", "case", "clinical", "location"}, "each no is on record"


def test_c04_a_language_without_an_approved_form_can_only_wish_for_an_interpreter(
    world: Cast, client: Client, now: datetime
) -> None:
    tablet = Tablet(world, client, language="vi").choose("identity", "referral")
    assert "no form in this language" in tablet.page
    assert not Grant.objects.exists()
    assert tablet.send("interpreter", wish="1").status == 302
    world.act_as("case_manager")
    assert [(one.outcome, one.language) for one in ConsentTalk.objects.all()] == [("interpreter", "vi")]
    assert "with an interpreter" in tablet.browser.get(f"/p/{client.code}/permissions/").content.decode()
    with pytest.raises(PeopleError, match="explained in your language"):
        give(world, client, now, language="vi")


def test_c04_the_database_opens_nothing_for_a_form_in_another_language(
    world: Cast, client: Client, now: datetime
) -> None:
    by = world.act_as("case_manager")
    common = {
        "agency_id": client.agency_id, "client": client, "recipient": world.agencies["shelter"], "recorded_by": by,
        "purpose": "coordination", "language": "vi", "form_version": actions.FORM_VERSION,
    }  # fmt: skip
    talk = ConsentTalk(
        **common, asked=["identity"], allowed=["identity"], outcome="granted", interpreter="phone", explained_by=by,
        able=True, held_at=now,
    )  # fmt: skip
    talk.save(force_insert=True)
    Grant(
        **common, talk=talk, data_classes=["identity"], starts_at=now, last_day=now.date(), granted_at=now,
        ends_at=actions.end_of(now.date()), method="tablet",
    ).save(force_insert=True)  # fmt: skip
    world.act_as("shelter")
    assert not Grant.objects.exists()


def test_c04_a_wrong_answer_says_it_again_and_stops_nobody(world: Cast, client: Client) -> None:
    tablet = Tablet(world, client).choose("identity", "referral")
    tablet.send("look", tries="0", who_sees="family")
    assert "once more" in tablet.page
    assert 'name="tries" value="1"' in tablet.page
    assert "own words" not in tablet.page
    tablet.send("look", tries="1", who_sees="everybody")
    assert "own words" in tablet.page
    tablet.entered.pop("who_sees")
    tablet.send("look", tries="2", own_words="on")
    assert "Do you want to share this" in tablet.page
    assert tablet.send("decide", method="tablet", witness="").status == 302
    world.act_as("case_manager")
    assert ConsentTalk.objects.get().understood == "own_words"


def test_c05_no_costs_nothing_is_on_record_and_ends_what_was_allowed(
    world: Cast, client: Client, now: datetime
) -> None:
    given = give(world, client, now)
    tablet = Tablet(world, client).send("before").send("choose", no="1")
    assert tablet.status == 302
    world.act_as("case_manager")
    said = ConsentTalk.objects.get(outcome="declined")
    assert set(said.asked) == set(CLASSES)
    assert said.allowed == []
    assert hasattr(Grant.objects.get(pk=given.pk), "withdrawal")
    assert tablet.browser.get(f"/p/{client.code}/").status_code == 200, "and the help goes on"


def test_c05_a_no_to_each_thing_is_a_no(world: Cast, client: Client) -> None:
    assert Tablet(world, client).choose().status == 302
    world.act_as("case_manager")
    assert ConsentTalk.objects.get().outcome == "declined"


@pytest.mark.parametrize(
    ("kind", "yes", "days"), [("shelter", ("identity", "referral"), 30), ("shelter", ("location", "referral"), 7),
                              ("law_enforcement", ("identity",), 15)],
)  # fmt: skip
def test_c05_the_usual_last_day_is_that_of_the_laws_rows(
    world: Cast, client: Client, kind: str, yes: tuple[str, ...], days: int
) -> None:
    asked = tuple(name for name in CLASSES if kind != "law_enforcement" or name != "clinical")
    tablet = Tablet(world, client, kind).choose(*yes, asked=asked)
    tablet.send("look", tries="0", who_sees="recipient").send("decide", method="tablet", witness="")
    assert tablet.status == 302, tablet.page
    world.act_as("case_manager")
    assert Grant.objects.get().last_day == timezone.localdate() + timedelta(days=days)


@pytest.mark.parametrize(("days", "reason", "status"), [(100, "", 422), (100, "a long stay", 200), (400, "long", 422)])
def test_c05_more_than_ninety_days_need_a_reason_and_the_limit_holds(
    world: Cast, client: Client, days: int, reason: str, status: int
) -> None:
    last = (timezone.localdate() + timedelta(days=days)).isoformat()
    tablet = Tablet(world, client).choose("referral", last_day=last, long_reason=reason)
    assert tablet.status == status


def test_not_able_to_decide_now_is_another_day(world: Cast, client: Client) -> None:
    tablet = Tablet(world, client, able="no").send("before")
    assert tablet.status == 302
    world.act_as("case_manager")
    assert [(one.outcome, one.able) for one in ConsentTalk.objects.all()] == [("later", False)]
    assert "on another day" in tablet.browser.get(f"/p/{client.code}/permissions/").content.decode()


@pytest.mark.parametrize("who", ["family", "companion", "child", "mother"])
def test_g05_no_family_companion_or_child_interprets(world: Cast, client: Client, now: datetime, who: str) -> None:
    assert Tablet(world, client, interpreter=who).send("before").status == 422
    by = world.act_as("case_manager")
    with pytest.raises(IntegrityError, match="no_family_interprets"), transaction.atomic():
        actions.put_off(
            by=by, client=client, recipient=world.agencies["shelter"], now=now, language="en",
            told=Told(interpreter=who),
        )  # fmt: skip


def test_a03_whom_the_person_bars_neither_explains_nor_listens(world: Cast, client: Client, now: datetime) -> None:
    def listed(page: str) -> bool:
        assert str(other.pk) in page
        return str(barred.pk) in page or barred.display_name in page

    barred, other = world.staff["clinician"], world.staff["therapist"]
    place = f"/p/{client.code}/permissions/{world.agencies['shelter'].pk}/"
    assert listed(world.browser("case_manager").get(place).content.decode())
    actions.bar(by=world.act_as("case_manager"), client=client, person=barred, now=now)
    assert not listed(world.browser("case_manager").get(place).content.decode())
    talk = Tablet(world, client).choose("referral").send("look", tries="0", who_sees="recipient")
    assert not listed(talk.page)
    assert talk.send("decide", method="spoken", witness=str(barred.pk)).status == 422
    assert Tablet(world, client, explained_by=str(barred.pk)).send("before").status == 422
    for told in (Told(witness=barred), Told(explained_by=barred)):
        with pytest.raises(PeopleError, match="does not want"):
            give(world, client, now, told=told)


def test_a_spoken_yes_needs_a_witness_who_is_somebody_else(world: Cast, client: Client, now: datetime) -> None:
    spoken = {"kind": "hospital", "purpose": "treatment", "method": "spoken"}
    with pytest.raises(PeopleError, match="witness"):
        give(world, client, now, **spoken)
    by = world.act_as("case_manager")
    with pytest.raises(IntegrityError, match="a_witness_is_somebody_else"), transaction.atomic():
        give(world, client, now, **spoken, told=Told(witness=by))
    given = give(world, client, now, **spoken, told=Told(witness=world.staff["clinician"]))
    assert given.talk.witness == world.staff["clinician"]


def test_c07_the_last_word_counts_and_each_day_has_one_answer(world: Cast, client: Client, now: datetime) -> None:
    first = give(world, client, now - timedelta(days=3), classes=frozenset({"identity", "referral"}))
    second = give(world, client, now - timedelta(days=1), classes=frozenset({"referral"}))
    assert Grant.objects.get(pk=first.pk).data_classes == ["identity", "referral"], "never edited"

    def allowed(at: datetime) -> set[str]:
        return {name for _agency, classes in queries.allowed_at(client, at) for name in classes}

    assert allowed(now - timedelta(days=4)) == set()
    assert allowed(now - timedelta(days=2)) == {"existence", "identity", "referral"}
    assert allowed(now - timedelta(hours=1)) == {"existence", "referral"}
    actions.withdraw(by=world.staff["case_manager"], given=second, now=now)
    assert allowed(now - timedelta(hours=1)) == {"existence", "referral"}, "what is past stays as it was"
    assert allowed(now + timedelta(seconds=1)) == set()
    world.act_as("shelter")
    assert not Grant.objects.exists()


def test_c07_no_page_can_edit_a_permission(world: Cast, client: Client, now: datetime) -> None:
    given = give(world, client, now)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Grant.objects.filter(pk=given.pk).update(last_day=given.last_day + timedelta(days=1))
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        ConsentTalk.objects.update(able=True)


def test_c07_a_permission_without_its_talk_is_refused_by_the_database(
    world: Cast, client: Client, now: datetime
) -> None:
    given = give(world, client, now, classes=frozenset({"referral"}))
    for changed in ({"data_classes": ["referral", "clinical"]}, {"purpose": "legal"}):
        Grant.objects.get(pk=given.pk)
        talk = ConsentTalk(
            agency_id=client.agency_id, client=client, recipient=given.recipient, purpose="coordination",
            asked=["referral"], allowed=["referral"], outcome="granted", language="en", form_version="release-2",
            interpreter="none", explained_by=world.staff["case_manager"], able=True, held_at=now,
            recorded_by=world.staff["case_manager"],
        )  # fmt: skip
        talk.save(force_insert=True)
        values = {
            "agency_id": client.agency_id, "client": client, "talk": talk, "recipient": given.recipient,
            "data_classes": ["referral"], "purpose": "coordination", "starts_at": now, "last_day": given.last_day,
            "ends_at": given.ends_at, "granted_at": now, "recorded_by": world.staff["case_manager"],
            "method": "tablet", "language": "en", "form_version": "release-2",
        } | changed  # fmt: skip
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Grant(**values).save(force_insert=True)


def test_what_holds_a_yes_back_is_said_before_the_tablet_is_turned(world: Cast, now: datetime) -> None:
    """Nobody answers seven questions to hear then that a report comes first."""
    young = people.register(by=world.act_as("case_manager"), arrival=arrival(15), now=now)
    place = f"/p/{young.code}/permissions/{world.agencies['shelter'].pk}/"
    due = "A report for a person under 18 is due."
    browser = world.browser("case_manager")
    assert due not in browser.get(place).content.decode()
    noticed = Noticed(codes=("meals",), suspected=True, danger_now=False, note="")
    identify.observe(by=world.act_as("case_manager"), client=young, noticed=noticed, now=now)
    assert due in browser.get(place).content.decode()


def test_g03_a_minor_and_somebody_found_fit_go_through_the_pages_together(world: Cast, now: datetime) -> None:
    minor = people.register(by=world.act_as("case_manager"), arrival=arrival(16), now=now)
    alone = Tablet(world, minor, signer="alone").choose("referral")
    assert alone.status == 422
    assert "nobody now" in alone.page
    browser = world.browser("case_manager")
    around = f"/p/{minor.code}/around/"
    assert browser.post(around, {"name": "Robin", "relation": Relation.CARE_WORKER}).status_code == 302
    world.act_as("case_manager")
    [(person, name)] = representatives.known_people(minor)
    assert name == "Robin"
    proposal = {
        "person": str(person.pk), "proof": Proof.AGENCY_LETTER, "classes": ["referral", "identity"],
        "last_day": (timezone.localdate() + timedelta(days=60)).isoformat(),
    }  # fmt: skip
    assert browser.post(around, proposal).status_code == 302
    officer = world.browser("privacy_officer")
    page = officer.get("/privacy/").content.decode()
    assert minor.code in page
    assert "Robin" not in page, "the privacy officer decides without a name"
    world.act_as("case_manager")
    asked = person.representations.get()
    assert officer.post(f"/representatives/{asked.pk}/", {"allow": "1"}).status_code == 302
    both = Tablet(world, minor, signer=str(asked.pk)).choose("referral")
    assert both.status == 200, both.page
    both.send("look", tries="0", who_sees="recipient").send("decide", method="tablet", witness="")
    assert both.status == 302, both.page
    world.act_as("case_manager")
    talk = Grant.objects.get().talk
    assert (talk.age, talk.representation) == (15, asked)
    assert browser.post(around, {"person": str(person.pk), "flag": "1"}).status_code == 302
    world.act_as("shelter")
    assert not Grant.objects.exists()
    assert "Robin" not in Tablet(world, minor).send("before", able="").page


@pytest.mark.parametrize("who", ["program_director", "case_manager", "shelter"])
def test_g01_nobody_else_decides_on_the_page(world: Cast, now: datetime, who: str) -> None:
    minor = people.register(by=world.act_as("case_manager"), arrival=arrival(16), now=now)
    by = world.act_as("case_manager")
    person = representatives.add_person(by=by, client=minor, name="Robin", relation=Relation.OTHER, now=now)
    one = representatives.propose(
        by=by, client=minor, person=person, proof=Proof.COURT_ORDER, classes={"referral"},
        last_day=timezone.localdate(), now=now,
    )  # fmt: skip
    assert world.browser(who).post(f"/representatives/{one.pk}/", {"allow": "1"}).status_code == 404
    assert world.browser(who).get(f"/representatives/{one.pk}/").status_code in {404, 405}


def test_g04_the_permissions_page_asks_anew_after_coming_of_age(world: Cast, now: datetime) -> None:
    minor = people.register(by=world.act_as("case_manager"), arrival=arrival(17), now=now)
    by = world.act_as("case_manager")
    person = representatives.add_person(by=by, client=minor, name="Robin", relation=Relation.GUARDIAN, now=now)
    one = representatives.propose(
        by=by, client=minor, person=person, proof=Proof.COURT_ORDER, classes={"referral"},
        last_day=timezone.localdate(), now=now,
    )  # fmt: skip
    representatives.decide(by=world.act_as("privacy_officer"), proposed=one, allowed=True, now=now)
    by = world.act_as("case_manager")
    signed = wish(world, classes=frozenset({"referral"}), last_day=timezone.localdate(),
                  told=Told(representation=type(one).objects.get(pk=one.pk)))  # fmt: skip
    actions.grant(by=by, client=minor, wish=signed, now=now)
    browser = world.browser("case_manager")
    place = f"/p/{minor.code}/permissions/"
    assert "Now it is your choice alone" not in browser.get(place).content.decode()
    # Two years later, as the year of birth tells it.
    world.act_as("case_manager")
    people.correct_identity(client=minor, changes={"birth_year": str(timezone.localdate().year - 19)})
    assert "Now it is your choice alone" in browser.get(place).content.decode()


def test_every_step_is_on_the_list_of_looks(world: Cast, client: Client) -> None:
    Tablet(world, client).choose("referral")
    world.act_as("case_manager")
    assert AuditRecord.objects.filter(client_id=client.pk, action="read protect.ask").exists()

"""Every copy that a partner gets carries its notice and stands on the survivor's list (C-06, T3)."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from django.conf import settings
from django.test import Client as Browser
from django.urls import reverse
from django.utils import translation

from leeward import catalogue, definitions
from leeward.coordinate import actions
from leeward.people import actions as people
from leeward.people import vault
from leeward.people.actions import Arrival
from leeward.people.models import Client, Regime
from leeward.protect import notices
from leeward.protect.errors import NoticeMissing
from leeward.protect.models import AuditRecord, Disclosure
from leeward.rules import consent as rules

from ..cast import Cast
from .test_referrals import MESSAGE, permit

#: A word in each field that could leave, that stands nowhere else.
CANARIES = {
    "given_name": "Wrenmarsh",
    "family_name": "Oskelby",
    "phone": "601 555 0199",
    "contact_hours": "Tuesdays at nine-ish",
    "contact_notes": "Ask for the blue door",
    "address": "14 Quillfeather Row",
}
CLASS_OF = {
    "given_name": "identity",
    "family_name": "identity",
    "phone": "contact",
    "contact_hours": "contact",
    "contact_notes": "contact",
    "address": "location",
    "message": "referral",
}


@dataclass
class Wire:
    """A partner's browser that keeps every byte it was sent."""

    browser: Browser
    received: list[str]

    def get(self, place: str) -> str:
        return self._kept(self.browser.get(place).content)

    def post(self, place: str, data: dict[str, str]) -> str:
        return self._kept(self.browser.post(place, data, follow=True).content)

    def _kept(self, content: bytes) -> str:
        self.received.append(html.unescape(content.decode()))
        return self.received[-1]

    @property
    def fields(self) -> set[str]:
        """Names of the fields of which a value was received."""
        everything = "\n".join(self.received)
        sought = CANARIES | {"message": "Canary-message"}
        return {name for name, value in sought.items() if value in everything}


@pytest.fixture
def person(world: Cast, now: datetime) -> Client:
    arrival = Arrival(
        identity={**CANARIES, "contact_method": "call"}, birth_year=1991, language="en", county="Lamar", source="self"
    )
    return people.register(by=world.act_as("case_manager"), arrival=arrival, now=now)


def sent(world: Cast, person: Client, now: datetime, kind: str) -> str:
    need = actions.Need(to=world.agencies[kind], service="shelter", urgency="other", message=MESSAGE, comes_along=False)
    return actions.send(by=world.act_as("case_manager"), client=person, need=need, now=now).reference


def under_part2(world: Cast) -> Iterator[None]:
    """The centre as a treatment unit under 42 CFR Part 2."""
    type(world.centre).objects.using("admin").filter(pk=world.centre.pk).update(regime=Regime.PART2)
    try:
        yield
    finally:
        type(world.centre).objects.using("admin").filter(pk=world.centre.pk).update(regime=world.centre.regime)


part2 = pytest.fixture(under_part2)


@pytest.mark.parametrize(
    ("kind", "classes"),
    [
        ("shelter", ("referral",)),
        ("shelter", ("referral", "identity", "contact")),
        ("shelter", ("referral", "location")),
        ("hospital", ("referral", "identity")),
        ("law_enforcement", ("referral", "contact")),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_t03_what_a_partner_got_on_the_wire_is_what_the_list_says_and_nothing_else(
    world: Cast, person: Client, now: datetime, kind: str, classes: tuple[str, ...]
) -> None:
    permit(world, person, now, *classes, kind=kind)
    reference = sent(world, person, now, kind)
    wire = Wire(world.browser(kind), [])
    wire.get("/inbox/")
    wire.get(f"/r/{reference}/")
    wire.post(f"/r/{reference}/", {"status": "declined", "reason": ""})  # refused, and shown again
    wire.post(f"/r/{reference}/", {"status": "accepted", "reason": ""})  # done, and led back
    stranger = Wire(world.browser("legal_aid"), [])
    for place in ("/inbox/", f"/r/{reference}/", f"/p/{person.code}/", f"/p/{person.code}/who-saw/"):
        stranger.get(place)
    world.act_as("case_manager")
    ledger = list(Disclosure.objects.filter(client=person))
    listed = {name for entry in ledger for name in entry.fields}
    assert wire.fields == listed & (CANARIES.keys() | {"message"})
    assert {CLASS_OF[name] for name in wire.fields} | {"existence"} == {c for e in ledger for c in e.data_classes}
    assert stranger.fields == set()
    # One entry for each answer that held something, in the same order, and none for an answer that held nothing.
    assert [entry.exit for entry in reversed(ledger)] == ["inbox", "referral", "referral", "referral"]
    assert {entry.recipient_staff_id for entry in ledger} == {world.staff[kind].pk}
    # The survivor's own page tells of each, and each disclosure has its record of who did it.
    page = world.browser("case_manager").get(f"/p/{person.code}/who-saw/").content.decode()
    assert page.count(world.agencies[kind].name + " · ") == len(ledger)
    world.act_as("case_manager")
    assert AuditRecord.objects.filter(client_id=person.pk, action__startswith="disclosed ").count() == len(ledger)


def test_t03_a_list_that_shows_nobody_notes_nothing(world: Cast, person: Client, now: datetime) -> None:
    permit(world, person, now, "referral")
    sent(world, person, now, "shelter")
    world.browser("hospital").get("/inbox/")
    world.act_as("case_manager")
    assert not Disclosure.objects.exists()


@pytest.mark.parametrize("language", ["en", "es"])
def test_c06_a_referral_carries_the_notice_and_what_the_permission_covers(
    world: Cast, person: Client, now: datetime, language: str
) -> None:
    given = permit(world, person, now, "referral", "identity")
    reference = sent(world, person, now, "shelter")
    browser = world.browser("shelter")
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    with translation.override("en"):  # the browser's language ends with the browser
        page = html.unescape(browser.get(f"/r/{reference}/").content.decode())
        listing = html.unescape(browser.get("/inbox/").content.decode())
    notice = catalogue.law(settings.LEEWARD_LAW).notices["no_redisclosure"]
    assert notice.in_(language) in page
    assert notice.in_("en") in page  # the English wording is the notice
    assert str(given.last_day.year) in page
    assert re.search(r"Test Shelter (to have|tenga)", page)
    assert notice.in_("en") in listing
    world.act_as("case_manager")
    assert {tuple(entry.notices) for entry in Disclosure.objects.all()} == {("no_redisclosure",)}


def test_c06_a_copy_of_part2_data_carries_its_own_notice_and_the_scope_of_the_consent(
    world: Cast, part2: None, now: datetime
) -> None:
    person = people.register(
        by=world.act_as("case_manager"),
        arrival=Arrival(identity=CANARIES, birth_year=1991, language="en", county="Lamar", source="self"),
        now=now,
    )
    permit(world, person, now, "referral")
    reference = sent(world, person, now, "shelter")
    page = html.unescape(world.browser("shelter").get(f"/r/{reference}/").content.decode())
    assert catalogue.law(settings.LEEWARD_LAW).notices["part2_notice"].in_("en") in page
    assert "The person allowed Test Shelter to have: what the person needs" in page.replace(
        "that the person comes here, ", ""
    )
    world.act_as("case_manager")
    assert Disclosure.objects.get().notices == ["no_redisclosure", "part2_notice"]


@pytest.mark.parametrize("missing", sorted(rules.MET_BY_A_NOTICE))
def test_c06_without_its_text_a_copy_is_refused(
    world: Cast, part2: None, person: Client, now: datetime, missing: str
) -> None:
    given = permit(world, person, now, "referral")
    law = catalogue.law(settings.LEEWARD_LAW)
    without = replace(law, notices={code: text for code, text in law.notices.items() if code != missing})
    decision = rules.decide(
        rules.Request(
            client="one",
            data_class=rules.DataClass.REFERRAL,
            regimes=frozenset({rules.Regime.PART2}),
            recipient="shelter",
            recipient_kind=rules.RecipientKind.SHELTER,
            purpose=rules.Purpose.COORDINATION,
            at=now,
            zone=settings.TIME_ZONE,
        ),
        [
            rules.Grant(
                id="yes",
                client="one",
                recipient="shelter",
                classes=frozenset({rules.DataClass.REFERRAL}),
                purpose=rules.Purpose.COORDINATION,
                starts_at=given.starts_at,
                last_day=given.last_day,
                elements=frozenset(law.elements),
            )
        ],
        without,
    )
    assert decision.permitted
    with pytest.raises(NoticeMissing, match=missing):
        notices.notices_of([decision])


def test_c06_the_page_is_refused_when_the_sites_law_lost_a_notice(
    world: Cast, person: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    permit(world, person, now, "referral")
    reference = sent(world, person, now, "shelter")
    law = catalogue.law(settings.LEEWARD_LAW)
    bare = replace(law, notices={})
    monkeypatch.setattr(catalogue, "law", lambda _name: bare)
    browser = world.browser("shelter")
    answer = browser.get(f"/r/{reference}/")
    assert answer.status_code == 409
    assert "Canary-message" not in answer.content.decode()
    assert reference not in browser.get(reverse("partner_inbox")).content.decode()
    world.act_as("case_manager")
    assert not Disclosure.objects.exists()


def test_c06_a_site_can_not_bring_a_law_into_force_whose_notice_is_missing() -> None:
    text = definitions.read("law", settings.LEEWARD_LAW)
    without = re.sub(r"(?ms)^  part2_notice:\n    en: >-.*?(?=^# HL7)", "", text)
    assert without != text
    with pytest.raises(Exception, match="part2_notice"):
        catalogue._law(without, "site")


def test_a_sealed_message_alone_leaves_no_copy_behind(world: Cast, person: Client, now: datetime) -> None:
    """What the list keeps are names of fields, never what stood in them."""
    permit(world, person, now, "referral", "identity")
    reference = sent(world, person, now, "shelter")
    world.browser("shelter").get(f"/r/{reference}/")
    world.act_as("case_manager")
    kept = repr(list(Disclosure.objects.values_list())) + repr(list(AuditRecord.objects.values_list()))
    assert not [value for value in [*CANARIES.values(), MESSAGE] if value in kept]
    assert vault.identity(person)["given_name"] == CANARIES["given_name"]

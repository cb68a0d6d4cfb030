"""A warm referral: sent under a permission, seen as granted, answered, closed."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from leeward.coordinate import actions, queries
from leeward.coordinate.errors import NoPermission, NotOpen
from leeward.coordinate.models import Referral
from leeward.people import actions as people
from leeward.people import pathway
from leeward.people.models import Client, Event, PartnerCode, StalePlan
from leeward.protect import actions as protect
from leeward.protect import preview
from leeward.protect.models import Disclosure, Grant, Restriction
from leeward.protect.outbox.models import Message
from leeward.protect.queries import accounted

from ..cast import Cast
from ..protect.test_row_security import ARRIVAL

MESSAGE = "Needs a quiet room from Friday. Canary-message."


@pytest.fixture
def client(world: Cast, now: datetime) -> Client:
    return people.register(by=world.act_as("case_manager"), arrival=ARRIVAL, now=now)


def permit(world: Cast, client: Client, now: datetime, *classes: str, kind: str = "shelter") -> Grant:
    wish = protect.Wish(
        recipient=world.agencies[kind],
        classes=frozenset(classes),
        purpose="coordination",
        last_day=datetime.now(UTC).date() + timedelta(days=20),
        method="tablet",
        language="en",
    )
    return protect.grant(by=world.act_as("case_manager"), client=client, wish=wish, now=now)


def send(world: Cast, client: Client, now: datetime, kind: str = "shelter") -> Referral:
    need = actions.Need(to=world.agencies[kind], service="shelter", urgency="urgent", message=MESSAGE, comes_along=True)
    return actions.send(by=world.act_as("case_manager"), client=client, need=need, now=now)


def test_c01_nothing_is_sent_without_a_permission_and_the_refusal_names_the_rule(
    world: Cast, client: Client, now: datetime
) -> None:
    with pytest.raises(NoPermission) as refusal:
        send(world, client, now)
    assert refusal.value.rows
    assert not Referral.objects.exists()


def test_the_partner_sees_the_slice_that_was_granted(world: Cast, client: Client, now: datetime) -> None:
    permit(world, client, now, "referral", "identity")
    send(world, client, now)
    world.act_as("shelter")
    seen = queries.slice_for(queries.inbox(world.staff["shelter"]).get(), now)
    assert seen.message == MESSAGE
    assert set(seen.identity) == {"given_name", "family_name", "birth_year"}


def test_a_name_is_not_shown_without_its_permission(world: Cast, client: Client, now: datetime) -> None:
    permit(world, client, now, "referral")
    referral = send(world, client, now)
    page = world.browser("shelter").get(f"/r/{referral.reference}/").content.decode()
    assert "Canary-message" in page
    assert "Canary-Lantern" not in page
    assert client.code not in page


def test_p01_after_taking_back_the_very_next_request_is_as_for_an_unknown_reference(
    world: Cast, client: Client, now: datetime
) -> None:
    given = permit(world, client, now, "referral", "identity")
    referral = send(world, client, now)
    shelter = world.browser("shelter")
    assert shelter.get(f"/r/{referral.reference}/").status_code == 200
    world.act_as("case_manager")
    protect.withdraw(by=world.staff["case_manager"], given=given, now=now)
    gone, unknown = shelter.get(f"/r/{referral.reference}/"), shelter.get("/r/0000-00000-0/")
    assert gone.status_code == unknown.status_code == 404
    assert len(gone.content) == len(unknown.content)
    assert "Canary" not in gone.content.decode()
    assert referral.reference not in shelter.get("/inbox/").content.decode()


def test_c02_an_open_page_learns_at_its_next_look_that_a_permission_went(
    world: Cast, client: Client, now: datetime
) -> None:
    """Also of a part of it; and by looking it learns nothing else, and is on nobody's list."""
    permit(world, client, now, "referral", "identity")
    referral = send(world, client, now)
    shelter = world.browser("shelter")
    looked = {address: shelter.get(address) for address in ("/inbox/now/", f"/r/{referral.reference}/now/")}
    for address, mark in looked.items():
        page = shelter.get(address.replace("now/", "")).content.decode()
        assert f'data-standing="{address}' in page
        assert f'data-as="{mark.content.decode()}"' in page
        assert re.fullmatch("[0-9a-f]{32}", mark.content.decode())
    world.act_as("case_manager")
    listed = Disclosure.objects.count()
    Restriction.objects.create(
        agency_id=client.agency_id, client=client, recipient=world.agencies["shelter"], data_classes=["identity"],
        starts_at=now, recorded_by=world.staff["case_manager"],
    )  # fmt: skip
    for address, mark in looked.items():
        assert shelter.get(address).status_code == 200
        assert shelter.get(address).content != mark.content
    by = world.act_as("case_manager")
    assert Disclosure.objects.count() == listed
    protect.withdraw(by=by, given=referral.grant, now=now)
    unknown = shelter.get("/r/0000-00000-0/now/")
    gone = shelter.get(f"/r/{referral.reference}/now/")
    assert gone.status_code == unknown.status_code == 404
    assert len(gone.content) == len(unknown.content)
    assert shelter.get("/inbox/now/").content == world.browser("hospital").get("/inbox/now/").content


def test_c07_an_open_referral_goes_on_under_the_permission_that_followed(
    world: Cast, client: Client, now: datetime
) -> None:
    """The person says it anew, and narrower: the partner reads what the preview showed, and no name any more."""
    permit(world, client, now, "referral", "identity")
    referral = send(world, client, now)
    shelter = world.browser("shelter")
    assert "Canary-Lantern" in shelter.get(f"/r/{referral.reference}/").content.decode()
    narrower = permit(world, client, now, "referral")
    assert referral.reference in shelter.get("/inbox/").content.decode()
    page = shelter.get(f"/r/{referral.reference}/").content.decode()
    assert "Canary-message" in page
    assert "Canary-Lantern" not in page
    by = world.act_as("case_manager")
    assert accounted(now, client=client, for_the_person=True)[0].grant == narrower
    assert actions.remind(by=by, referral=Referral.objects.get(pk=referral.pk), now=now)
    assert Message.objects.get(client=client, kind="reminder").grant == narrower
    protect.withdraw(by=by, given=narrower, now=now)
    assert shelter.get(f"/r/{referral.reference}/").status_code == 404
    assert referral.reference not in shelter.get("/inbox/").content.decode()


def test_c04_the_preview_shows_every_referral_that_would_go_on(world: Cast, client: Client, now: datetime) -> None:
    permit(world, client, now, "referral", "identity")
    for words in ("A bed from Friday.", "A ride to court."):
        need = actions.Need(
            to=world.agencies["shelter"], service="shelter", urgency="urgent", message=words, comes_along=False
        )
        actions.send(by=world.act_as("case_manager"), client=client, need=need, now=now)
    narrower = protect.Wish(
        recipient=world.agencies["shelter"], classes=frozenset({"referral"}), purpose="coordination",
        last_day=now.date() + timedelta(days=9), method="tablet", language="en",
    )  # fmt: skip
    (drawn,) = preview.drawn(by=world.act_as("case_manager"), client=client, wish=narrower, now=now)
    assert "A bed from Friday." in drawn
    assert "A ride to court." in drawn
    assert "Canary-Lantern" not in drawn
    assert Grant.objects.filter(client=client).count() == 1, "nothing stays of a preview"


def test_c05_what_has_ended_does_not_come_back_with_a_later_permission(
    world: Cast, client: Client, now: datetime
) -> None:
    given = permit(world, client, now, "referral", "identity")
    referral = send(world, client, now)
    actions.close(by=world.act_as("case_manager"), referral=referral, outcome="linked", now=now)
    shelter = world.browser("shelter")
    assert shelter.get(f"/r/{referral.reference}/").status_code == 200
    open_one = send(world, client, now)
    permit(world, client, now, "referral")
    assert Referral.objects.get(pk=referral.pk).grant == given
    assert shelter.get(f"/r/{open_one.reference}/").status_code == 200
    assert shelter.get(f"/r/{referral.reference}/").status_code == 404


def test_c02_what_was_taken_back_does_not_come_back_with_a_later_permission(
    world: Cast, client: Client, now: datetime
) -> None:
    given = permit(world, client, now, "referral")
    referral = send(world, client, now)
    protect.withdraw(by=world.act_as("case_manager"), given=given, now=now)
    permit(world, client, now, "referral")
    shelter = world.browser("shelter")
    assert shelter.get(f"/r/{referral.reference}/").status_code == 404
    assert referral.reference not in shelter.get("/inbox/").content.decode()


def test_p01_another_partner_finds_nothing(world: Cast, client: Client, now: datetime) -> None:
    permit(world, client, now, "referral")
    referral = send(world, client, now)
    assert world.browser("hospital").get(f"/r/{referral.reference}/").status_code == 404


def test_two_partners_know_a_person_by_different_codes(world: Cast, client: Client, now: datetime) -> None:
    for kind in ("shelter", "hospital"):
        permit(world, client, now, "referral", kind=kind)
        send(world, client, now, kind)
    codes = set(PartnerCode.objects.filter(client=client).values_list("code", flat=True))
    assert len(codes) == 2
    assert client.code not in codes


def test_each_look_of_a_partner_is_on_the_survivors_list(world: Cast, client: Client, now: datetime) -> None:
    permit(world, client, now, "referral", "contact")
    referral = send(world, client, now)
    world.browser("shelter").get(f"/r/{referral.reference}/")
    world.act_as("case_manager")
    seen = Disclosure.objects.get(client=client)
    assert seen.recipient_staff == world.staff["shelter"]
    assert seen.data_classes == ["contact", "existence", "referral"]


def test_v07_what_left_is_accounted_for_during_six_years(world: Cast, client: Client, now: datetime) -> None:
    """45 CFR 164.528(a)(1); a 31st may count three days longer."""
    permit(world, client, now, "referral")
    referral = send(world, client, now)
    world.browser("shelter").get(f"/r/{referral.reference}/")
    world.act_as("case_manager")
    days = {0: 1, 5 * 365: 1, 6 * 365 - 1: 1, 6 * 365 + 6: 0}
    for later, count in days.items():
        left = accounted(now + timedelta(days=later, minutes=1), client=client, for_the_person=True)
        assert left.count() == count, later


def test_an_answer_moves_the_pathway(world: Cast, client: Client, now: datetime) -> None:
    permit(world, client, now, "referral")
    referral = send(world, client, now)
    shelter = world.browser("shelter")
    shelter.post(f"/r/{referral.reference}/", {"status": "accepted", "reason": ""})
    world.act_as("case_manager")
    stale = StalePlan.objects.get(client=client)
    closed = pathway.may_close(pathway.protocol_of(client), "referral.accepted", {})
    assert closed, "it closes a step of theirs"
    assert set(closed) <= set(stale.steps), "the worker lets those wait, though the partner knows of no protocol"
    assert pathway.refresh_stale(datetime.now(UTC)) == 1
    kinds = list(Event.objects.filter(client=client, subject=referral.pk).values_list("kind", flat=True))
    assert kinds == ["referral.sent", "referral.accepted"]
    shelter.post(f"/r/{referral.reference}/", {"outcome": "linked"})
    world.act_as("case_manager")
    referral.refresh_from_db()
    assert (referral.status, referral.outcome) == ("closed", "linked")


def test_turning_down_needs_a_reason_and_gives_it_to_the_centre(world: Cast, client: Client, now: datetime) -> None:
    permit(world, client, now, "referral")
    referral = send(world, client, now)
    shelter = world.browser("shelter")
    without = shelter.post(f"/r/{referral.reference}/", {"status": "declined", "reason": " "})
    assert without.status_code == 422
    assert "Say in a few words why" in without.content.decode()
    shelter.post(f"/r/{referral.reference}/", {"status": "declined", "reason": "We are full this week."})
    page = world.browser("case_manager").get(f"/p/{client.code}/referrals/").content.decode()
    assert "We are full this week." in page


def test_the_second_of_two_answers_hears_that_it_has_ended(world: Cast, client: Client, now: datetime) -> None:
    """Both had the page open; neither lost a word of the other."""
    permit(world, client, now, "referral")
    send(world, client, now)
    partner = world.act_as("shelter")
    one, other = (queries.inbox(partner).get() for _ in range(2))
    actions.answer(by=partner, referral=one, status="declined", reason="We are full.", now=datetime.now(UTC))
    with pytest.raises(NotOpen):
        actions.answer(by=partner, referral=other, status="accepted", reason="", now=datetime.now(UTC))
    assert queries.inbox(partner).get().status == "declined"


def test_a_finished_referral_can_not_be_answered(world: Cast, client: Client, now: datetime) -> None:
    permit(world, client, now, "referral")
    referral = send(world, client, now)
    actions.call_back(by=world.staff["case_manager"], referral=referral, now=now)
    with pytest.raises(NotOpen):
        actions.answer(by=world.staff["case_manager"], referral=referral, status="accepted", reason="", now=now)


def test_the_inbox_shows_what_is_open_first_the_newest_on_top(world: Cast, client: Client, now: datetime) -> None:
    now -= timedelta(minutes=30)
    permit(world, client, now, "referral")
    sent = [send(world, client, now + timedelta(minutes=minute)) for minute in range(4)]
    for done, minute in ((sent[1], 10), (sent[3], 20)):
        actions.call_back(by=world.staff["case_manager"], referral=done, now=now + timedelta(minutes=minute))
    world.act_as("shelter")
    listed = [referral.pk for referral in queries.inbox(world.staff["shelter"])]
    assert listed == [sent[2].pk, sent[0].pk, sent[3].pk, sent[1].pk]


def test_the_page_says_that_permission_is_missing_and_leads_there_and_back(world: Cast, client: Client) -> None:
    browser = world.browser("case_manager")
    shelter = world.agencies["shelter"]
    page = browser.get(f"/p/{client.code}/referrals/to/{shelter.pk}/").content.decode()
    assert "Permission is needed first" in page
    assert f"/p/{client.code}/permissions/{shelter.pk}/" in page
    wrote = {"service": "shelter", "urgency": "other", "message": "A room, please"}
    refused = browser.post(f"/p/{client.code}/referrals/to/{shelter.pk}/", wrote)
    assert refused.status_code == 422
    assert "A room, please" in refused.content.decode()


def test_the_directory_can_be_searched(world: Cast, client: Client) -> None:
    page = world.browser("case_manager").get(f"/p/{client.code}/referrals/?service=shelter&county=Lamar")
    assert "Test Shelter" in page.content.decode()
    assert "Test Hospital" not in page.content.decode()

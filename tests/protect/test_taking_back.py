"""Taking back: at once, everywhere; whoever received something is asked to confirm, and silence is heard."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.db import Error, connection, connections, transaction

from leeward.coordinate import actions as coordinate
from leeward.coordinate.models import Referral
from leeward.people.models import PartnerCode
from leeward.protect import actions
from leeward.protect.errors import TakenBack
from leeward.protect.models import Grant
from leeward.protect.notices import carried
from leeward.protect.outbox import queries, sending
from leeward.protect.outbox.models import Message, Notice

from ..cast import Cast
from ..people.committed import asked_by, forget_clients, read, refer, register

ASKED = "Please confirm: permission withdrawn"


@pytest.fixture(autouse=True)
def _clean(cast: Cast) -> Iterator[None]:
    forget_clients()
    yield
    forget_clients()


@pytest.fixture
def referral(cast: Cast) -> Referral:
    """Sent to the shelter under a permission, committed."""
    now = datetime.now(UTC)
    return refer(cast, register(cast, now - timedelta(days=1)), now)


def look(cast: Cast, referral: Referral) -> int:
    status: int = cast.browser("shelter").get(f"/r/{referral.reference}/").status_code
    return status


def take_back(cast: Cast, referral: Referral, *, by: str = "case_manager") -> str:
    place = f"/p/{referral.client.code}/permissions/back/{referral.grant_id}/"
    answer = cast.browser(by).post(place)
    assert (answer.status_code, answer["Location"]) == (302, place)
    page: str = cast.browser(by).get(place).content.decode()
    return page


def code_of(referral: Referral) -> str:
    ((code,),) = read("SELECT code FROM people_partnercode WHERE client_id = %s", referral.client_id)
    return str(code)


@pytest.mark.parametrize("by", ["case_manager", "privacy_officer"])
def test_c02_whoever_received_something_is_listed_and_asked(cast: Cast, referral: Referral, by: str) -> None:
    assert look(cast, referral) == 200
    page = take_back(cast, referral, by=by)
    assert "Taken back" in page
    assert "Test shelter" in page, "who had looked"
    assert "The message is on its way" in page
    assert look(cast, referral) == 404
    assert sending.send_waiting(datetime.now(UTC)) == 1
    inbox = cast.browser("shelter").get("/inbox/").content.decode()
    assert ASKED in inbox
    assert code_of(referral) in inbox
    for hidden in (referral.reference, referral.client.code, str(referral.client_id), "Zoë"):
        assert hidden not in inbox
    assert ASKED not in cast.browser("hospital").get("/inbox/").content.decode()


def test_c02_the_partner_confirms_on_its_own_pages_and_the_centre_reads_who_did(cast: Cast, referral: Referral) -> None:
    look(cast, referral)
    take_back(cast, referral)
    sending.send_waiting(datetime.now(UTC))
    shelter = cast.browser("shelter")
    (place,) = re.findall(r'action="(/inbox/confirm/[^"]+)"', shelter.get("/inbox/").content.decode())
    assert cast.browser("hospital").post(place).status_code == 302
    assert read("SELECT confirmed_by_id FROM protect_notice") == [(None,)], "another agency confirms nothing"
    assert shelter.post(place).status_code == shelter.post(place).status_code == 302
    assert ASKED not in shelter.get("/inbox/").content.decode()
    assert read("SELECT confirmed_by_id FROM protect_notice") == [(cast.staff["shelter"].pk,)]
    assert read("SELECT count(*) FROM protect_auditrecord WHERE action = 'confirmed protect.notice'") == [(1,)]
    page = cast.browser("case_manager").get(f"/p/{referral.client.code}/permissions/back/{referral.grant_id}/")
    assert "by Test shelter" in page.content.decode()


def test_c02_nobody_is_asked_who_had_not_looked(cast: Cast, referral: Referral) -> None:
    assert "They had not looked at anything yet" in take_back(cast, referral)
    assert read("SELECT count(*) FROM protect_message") == [(0,)]


def test_c02_a_partner_that_was_told_otherwise_gets_a_code_of_its_own(cast: Cast, referral: Referral) -> None:
    with connections["admin"].cursor() as cursor:
        cursor.execute("DELETE FROM people_partnercode")
    with asked_by(cast, "case_manager") as staff:
        given = Grant.objects.select_related("client", "recipient").get(pk=referral.grant_id)
        now = datetime.now(UTC)
        along = carried(client=given.client, recipient=given.recipient, given=given, classes=["referral"], at=now)
        copy = actions.Copy(
            client=given.client, recipient=given.recipient, given=given, carried=along,
            classes=frozenset({"referral"}), fields=frozenset({"message"}),
        )  # fmt: skip
        actions.disclose(by=staff, copies=[copy], exit_name="phone", now=now)
        actions.withdraw(by=staff, given=given, now=datetime.now(UTC))
    assert sending.send_waiting(datetime.now(UTC)) == 1
    assert read("SELECT partner_code FROM protect_notice") == [(code_of(referral),)]


@pytest.mark.parametrize("sent", [True, False])
def test_c02_silence_is_heard_after_the_sites_days_also_when_nothing_sends(
    cast: Cast, referral: Referral, sent: bool
) -> None:
    look(cast, referral)
    take_back(cast, referral)
    if sent:
        sending.send_waiting(datetime.now(UTC))
    heard = "Not confirmed: permission withdrawn"
    for who, place in (("privacy_officer", "/privacy/"), ("case_manager", "/")):
        assert heard not in cast.browser(who).get(place).content.decode()
    with connections["admin"].cursor() as cursor:
        cursor.execute("UPDATE protect_message SET queued_at = queued_at - interval '3 days 1 minute'")
    for who, place in (("privacy_officer", "/privacy/"), ("case_manager", "/")):
        page = cast.browser(who).get(place).content.decode()
        assert heard in page
        assert "Test Shelter" in page
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO protect_notice"
            " (message_id, agency_id, recipient_id, kind, partner_code, sent_at, confirmed_at)"
            " SELECT id, agency_id, recipient_id, kind, 'x', now(), now() FROM protect_message"
            " ON CONFLICT (message_id) DO UPDATE SET confirmed_at = now()"
        )
    assert heard not in cast.browser("privacy_officer").get("/privacy/").content.decode()


def test_t2_what_waits_under_the_permission_is_never_sent(cast: Cast, referral: Referral) -> None:
    manager = cast.browser("case_manager")
    assert manager.post(f"/p/{referral.client.code}/referrals/{referral.pk}/remind/").status_code == 302
    assert read("SELECT kind, state FROM protect_message") == [("reminder", "waiting")]
    take_back(cast, referral)
    assert read("SELECT kind, state FROM protect_message") == [("reminder", "taken_back")]
    assert sending.send_waiting(datetime.now(UTC)) == 0
    assert read("SELECT count(*) FROM protect_notice") == [(0,)]
    page = manager.get(f"/p/{referral.client.code}/messages/").content.decode()
    assert "Never sent: the permission was taken back" in page


def test_t2_consent_is_decided_again_when_it_is_sent(cast: Cast, referral: Referral) -> None:
    """Also where the permission ran out, or a restriction came, and nobody took the message back."""
    cast.browser("case_manager").post(f"/p/{referral.client.code}/referrals/{referral.pk}/remind/")
    with connections["admin"].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE protect_grant SET ends_at = now() - interval '1 second'")
        cursor.execute("SET session_replication_role = origin")
    assert sending.send_waiting(datetime.now(UTC)) == 0
    assert read("SELECT state, why FROM protect_message") == [("taken_back", "taken_back")]


def test_a_reminder_comes_once_a_day_and_goes_when_the_permission_goes(cast: Cast, referral: Referral) -> None:
    place = f"/p/{referral.client.code}/referrals/{referral.pk}/remind/"
    for _ in range(3):
        cast.browser("case_manager").post(place)
    assert sending.send_waiting(datetime.now(UTC)) == 1
    waits = "A referral waits for your answer"
    assert waits in cast.browser("shelter").get("/inbox/").content.decode()
    take_back(cast, referral)
    assert waits not in cast.browser("shelter").get("/inbox/").content.decode()


def test_nobody_is_reminded_of_what_is_answered_or_of_a_closed_case(cast: Cast, referral: Referral) -> None:
    place = f"/p/{referral.client.code}/referrals/{referral.pk}/remind/"
    cast.browser("case_manager").post(place)
    with asked_by(cast, "case_manager") as staff:
        again = Referral.objects.select_related("client").get(pk=referral.pk)
        coordinate.answer(by=staff, referral=again, status="accepted", reason="", now=datetime.now(UTC))
    assert sending.send_waiting(datetime.now(UTC)) == 0
    assert read("SELECT state, why FROM protect_message") == [("called_off", "answered")]


def test_t2_a_look_that_began_before_and_would_end_after_shows_nothing(cast: Cast, referral: Referral) -> None:
    """The partner's page has read its rows; the permission is taken back; what would be shown is refused."""
    with asked_by(cast, "shelter") as partner:
        read_before = Referral.objects.select_related("agency", "to_agency", "grant").get(pk=referral.pk)
        with transaction.atomic(using="admin"), connections["admin"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO protect_withdrawal (id, agency_id, client_id, grant_id, withdrawn_at, recorded_by_id)"
                " SELECT gen_random_uuid(), agency_id, client_id, id, now(), recorded_by_id FROM protect_grant"
            )
        with pytest.raises(TakenBack):
            coordinate.open_as_partner(by=partner, referral=read_before, now=datetime.now(UTC))
    assert read("SELECT count(*) FROM protect_disclosure") == [(0,)]


def test_a_withdrawal_is_always_told(world: Cast, now: datetime) -> None:
    """Whoever is on the team can't stop the message by SQL, nor say that something was sent."""
    client = register(world, now)
    by = world.act_as("case_manager")
    for state, kind in (("called_off", "withdrawn"), ("sent", "reminder")):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO protect_message (id, agency_id, client_id, kind, once, queued_at, queued_by_id, state,"
                " not_before, why, channel)"
                " VALUES (gen_random_uuid(), %s, %s, %s, %s, now(), %s, 'waiting', now(), '', '')",
                [client.agency_id, client.pk, kind, kind, by.pk],
            )
        with suppress(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE protect_message SET state = %s WHERE kind = %s", [state, kind])
    assert set(Message.objects.values_list("state", flat=True)) == {"waiting"}


def test_a_notice_is_read_by_its_agency_and_by_whoever_may_read_the_message(cast: Cast, referral: Referral) -> None:
    look(cast, referral)
    take_back(cast, referral)
    sending.send_waiting(datetime.now(UTC))
    seen = set()
    for who in cast.tokens:
        with asked_by(cast, who):
            if Notice.objects.exists():
                seen.add(who)
    assert seen == {"shelter", "case_manager", "privacy_officer"}


def test_c02_a_partner_changes_nothing_of_a_notice_but_its_own_confirmation_now(cast: Cast, referral: Referral) -> None:
    look(cast, referral)
    take_back(cast, referral)
    sending.send_waiting(datetime.now(UTC))
    for sql in (
        "UPDATE protect_notice SET partner_code = 'x'",
        "DELETE FROM protect_notice",
        f"UPDATE protect_notice SET confirmed_at = now(), confirmed_by_id = '{cast.staff['hospital'].pk}'",
        f"UPDATE protect_notice SET confirmed_at = '2019-01-01', confirmed_by_id = '{cast.staff['shelter'].pk}'",
        f"UPDATE protect_notice SET confirmed_at = '2035-01-01', confirmed_by_id = '{cast.staff['shelter'].pk}'",
        f"UPDATE protect_notice SET confirmed_at = NULL, confirmed_by_id = '{cast.staff['shelter'].pk}'",
    ):
        with (
            pytest.raises(Error, match=r"permission denied|row-level"),
            asked_by(cast, "shelter"),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)


def test_two_who_take_back_at_once_ask_once(cast: Cast, referral: Referral) -> None:
    from concurrent.futures import ThreadPoolExecutor

    look(cast, referral)

    def one(_: int) -> bool:
        try:
            with asked_by(cast, "case_manager") as staff:
                given = Grant.objects.select_related("client").get(pk=referral.grant_id)
                return actions.withdraw(by=staff, given=given, now=datetime.now(UTC))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(one, range(4))) == [False, False, False, True]
    assert read("SELECT count(*) FROM protect_message") == [(1,)]


def test_the_listing_lasts_when_the_partner_knows_nobody_any_more(cast: Cast, referral: Referral) -> None:
    look(cast, referral)
    take_back(cast, referral)
    sending.send_waiting(datetime.now(UTC))
    with asked_by(cast, "shelter") as partner:
        assert not Grant.objects.exists()
        assert not PartnerCode.objects.exists()
        assert [one.partner_code for one in queries.to_confirm(partner)] == [code_of(referral)]

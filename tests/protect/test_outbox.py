"""The outbox: the only way out, decided at the moment of sending, exactly once."""

import os
import random
import signal
import subprocess
import sys
import time as clock
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import Error, connection, connections, transaction
from django.utils import timezone

from leeward.people import actions as people
from leeward.people import timeline
from leeward.people.models import Client
from leeward.protect.outbox import actions, sending
from leeward.protect.outbox.kinds import CALL_US, HOW_ARE_YOU, Kind
from leeward.rules.contact import AnsweredBy, Channel, ContactRule
from leeward.support import reaching

from ..cast import Cast
from ..people.committed import asked_by, forget_clients, read, register

FULL = os.environ.get("LEEWARD_FULL") == "yes"
WORK = [sys.executable, "-m", "leeward.platform.cli", "work", "--once"]
ADVOCATE = ContactRule(channel=Channel.ADVOCATE)
CALL = ContactRule(
    channel=Channel.CALL,
    answered_by=AnsweredBy.ONLY_THEM,
    days=frozenset(range(1, 8)),
    opens=time(0, 0),
    closes=time(23, 59, 59, 999999),
)


@pytest.fixture(autouse=True)
def _clean(cast: Cast) -> Iterator[None]:
    forget_clients()
    yield
    forget_clients()


@pytest.fixture
def client(cast: Cast) -> Client:
    return register(cast, datetime.now(UTC) - timedelta(days=2))


def agree(cast: Cast, client: Client, rule: ContactRule) -> None:
    with asked_by(cast, "case_manager") as staff:
        reaching.agree(by=staff, client=client, rule=rule, now=datetime.now(UTC))


def queue(cast: Cast, client: Client, kind: Kind = CALL_US, *, once: str = "one") -> bool:
    with asked_by(cast, "case_manager") as staff:
        return actions.queue(by=staff, client=client, kind=kind, once=once, now=datetime.now(UTC))


def states() -> list[tuple[str, str, str]]:
    return read("SELECT state, why, channel FROM protect_message ORDER BY id")


def test_v05_without_a_rule_nothing_is_sent(cast: Cast, client: Client) -> None:
    queue(cast, client)
    assert sending.send_waiting(datetime.now(UTC)) == 0
    assert states() == [("refused", "no_rule", "")]


def test_v05_the_rule_that_counts_is_the_one_of_the_moment_of_sending(cast: Cast, client: Client) -> None:
    agree(cast, client, ADVOCATE)
    queue(cast, client)
    agree(cast, client, ContactRule(channel=Channel.NOBODY))
    sending.send_waiting(datetime.now(UTC))
    assert states() == [("refused", "do_not_contact", "")]


def test_v05_what_changes_about_reaching_them_ends_the_rule(cast: Cast, client: Client) -> None:
    agree(cast, client, ADVOCATE)
    queue(cast, client)
    with asked_by(cast, "case_manager"):
        people.correct_identity(client=client, changes={"family_name": "Other"})
    assert read("SELECT count(*) FROM people_contactrule WHERE ended_at IS NULL") == [(1,)], "a name is no way"
    with asked_by(cast, "case_manager"):
        people.correct_identity(client=client, changes={"phone": "601-555-0111"})
    sending.send_waiting(datetime.now(UTC))
    assert states() == [("refused", "no_rule", "")]


def test_v05_outside_the_hours_it_waits_and_is_decided_then(cast: Cast, client: Client) -> None:
    later = (timezone.localtime() + timedelta(days=2)).isoweekday()
    agree(cast, client, replace(CALL, days=frozenset({later})))
    queue(cast, client)
    now = datetime.now(UTC)
    old = sending.TRANSPORTS
    try:
        sending.TRANSPORTS = {**old, Channel.CALL: sending.Advocate()}  # type: ignore[misc]
        assert sending.send_waiting(now) == 0
        assert states()[0][:2] == ("waiting", "outside_hours")
        assert sending.send_waiting(now + timedelta(hours=1)) == 0
        agree(cast, client, replace(CALL, days=frozenset({later}), asks_code_word=True))
        assert sending.send_waiting(now + timedelta(days=2, hours=1)) == 0
    finally:
        sending.TRANSPORTS = old  # type: ignore[misc]
    assert states() == [("refused", "code_word", "")]


def test_v06_a_call_or_text_is_refused_because_nothing_here_sends_them(cast: Cast, client: Client) -> None:
    assert not sending.channels() & {Channel.CALL, Channel.TEXT}
    for channel in (Channel.CALL, Channel.TEXT):
        agree(cast, client, replace(CALL, channel=channel))
        queue(cast, client, once=channel)
    sending.send_waiting(datetime.now(UTC))
    assert states() == [("refused", "no_transport", "")] * 2


def test_v06_the_page_says_so_and_queues_nothing(cast: Cast, client: Client) -> None:
    agree(cast, client, CALL)
    browser = cast.browser("case_manager")
    place = f"/p/{client.code}/messages/"
    page = browser.get(place).content.decode()
    assert "This site can’t send calls or text messages" in page
    assert 'name="say"' not in page
    assert browser.post(place, {"say": "call_us"}).status_code == 422
    assert states() == []


def test_v06_through_the_advocate_it_is_passed_on_face_to_face(cast: Cast, client: Client) -> None:
    browser = cast.browser("case_manager")
    way = {"channel": "advocate", "answered_by": "others", "days": [1, 2], "opens": "09:00", "closes": "11:00"}
    assert browser.post(f"/p/{client.code}/messages/way/", way).status_code == 302
    place = f"/p/{client.code}/messages/"
    for _ in range(2):
        assert browser.post(place, {"say": "call_us"}).status_code == 302
    assert sending.send_waiting(datetime.now(UTC)) == 1, "twice in a day is once"
    assert "To pass on, face to face" in browser.get("/").content.decode()
    ((message,),) = read("SELECT id::text FROM protect_message")
    for _ in range(2):
        assert browser.post(place, {"told": message}).status_code == 302
    assert read("SELECT count(*) FROM protect_told") == [(1,)]
    assert "To pass on, face to face" not in browser.get("/").content.decode()
    assert "Passed on" in browser.get(place).content.decode()


def test_hours_that_end_before_they_begin_are_asked_again(cast: Cast, client: Client) -> None:
    way = {"channel": "call", "answered_by": "only_them", "opens": "11:00", "closes": "09:00"}
    answer = cast.browser("case_manager").post(f"/p/{client.code}/messages/way/", way)
    assert answer.status_code == 422
    assert "the earlier one first" in answer.content.decode()


def test_what_waits_can_be_called_off(cast: Cast, client: Client) -> None:
    queue(cast, client)
    ((message,),) = read("SELECT id::text FROM protect_message")
    cast.browser("case_manager").post(f"/p/{client.code}/messages/", {"call_off": message})
    assert states()[0][0] == "called_off"
    assert sending.send_waiting(datetime.now(UTC)) == 0


def test_a_closed_case_gets_no_message_unless_it_is_meant_for_after(cast: Cast, client: Client) -> None:
    agree(cast, client, ADVOCATE)
    now = datetime.now(UTC)
    with connections["admin"].cursor() as cursor:  # past the protocol's gates, which are not the matter here
        cursor.execute(
            "INSERT INTO people_event (id, agency_id, client_id, kind, occurred_at, recorded_at, actor_id, actor_role,"
            " actor_agency_id, data_class, data) SELECT gen_random_uuid(), agency_id, id, 'case.closed', now(), now(),"
            " created_by_id, 'case_manager', agency_id, 'existence', '{}' FROM people_client"
        )
    queue(cast, client, CALL_US, once="1")
    queue(cast, client, HOW_ARE_YOU, once="2")
    assert sending.send_waiting(now + timedelta(minutes=1)) == 1
    assert states() == [("refused", "closed", ""), ("sent", "", "advocate")]
    with asked_by(cast, "case_manager") as staff:
        timeline.append("case.reopened", client=client, by=staff, now=datetime.now(UTC))
    queue(cast, client, CALL_US, once="3")
    assert sending.send_waiting(datetime.now(UTC)) == 1


def test_f03_one_act_is_one_message(cast: Cast, client: Client) -> None:
    assert queue(cast, client)
    assert not queue(cast, client)
    assert read("SELECT count(*) FROM protect_message") == [(1,)]


def test_a_message_is_queued_with_its_act_or_not_at_all(cast: Cast, client: Client) -> None:
    with asked_by(cast, "case_manager") as staff:
        actions.queue(by=staff, client=client, kind=CALL_US, once="one", now=datetime.now(UTC))
        transaction.set_rollback(True)
    assert states() == []


def test_o03_what_fails_while_it_is_handed_over_is_not_sent_and_tried_again(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ask_partners(cast, client, 1)
    hand_over = sending.PartnerInbox.hand_over

    def fails(self: sending.PartnerInbox, *given: object) -> None:
        hand_over(self, *given)  # type: ignore[arg-type]
        raise ConnectionResetError

    monkeypatch.setattr(sending.PartnerInbox, "hand_over", fails)
    with pytest.raises(ConnectionResetError):
        sending.send_waiting(datetime.now(UTC))
    assert read("SELECT count(*) FROM protect_notice") == [(0,)]
    monkeypatch.undo()
    assert sending.send_waiting(datetime.now(UTC)) == 1
    assert read("SELECT count(*) FROM protect_notice") == [(1,)]


def test_o03_workers_side_by_side_send_each_message_once(cast: Cast, client: Client) -> None:
    _ask_partners(cast, client, 60)

    def work(_: int) -> int:
        try:
            return sending.send_waiting(datetime.now(UTC))
        finally:
            connections[sending.WORKER].close()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, range(4))) == 60
    assert read("SELECT count(*), count(DISTINCT message_id) FROM protect_notice") == [(60, 60)]


def test_o03_a_worker_that_is_killed_again_and_again_has_sent_each_message_once(cast: Cast, client: Client) -> None:
    number, kills = (3_000, 20) if FULL else (400, 1)
    _ask_partners(cast, client, number)
    chance = random.Random(7)
    for _ in range(kills):
        before = read("SELECT count(*) FROM protect_notice")
        with subprocess.Popen(WORK, env={**os.environ, "LEEWARD_DEMO": "yes"}, stdout=subprocess.DEVNULL) as worker:
            while read("SELECT count(*) FROM protect_notice") == before and worker.poll() is None:
                clock.sleep(0.005)
            clock.sleep(chance.random() * 0.1)
            worker.send_signal(signal.SIGKILL)
    ((sent, delivered),) = read(
        "SELECT count(*) FILTER (WHERE m.state = 'sent'), count(n.message_id) FROM protect_message m"
        " LEFT JOIN protect_notice n ON n.message_id = m.id"
    )
    assert sent == delivered, "what is noted as sent was handed over, and nothing else"
    assert 0 < sent < number, "it was killed in the middle"
    sending.send_waiting(datetime.now(UTC))
    assert read("SELECT count(*), count(DISTINCT message_id) FROM protect_notice") == [(number, number)]


@pytest.mark.parametrize("who", ["case_manager", "privacy_officer", "shelter", "program_director"])
def test_no_page_decides_as_the_worker_does(cast: Cast, who: str) -> None:
    with (
        pytest.raises(Error, match="permission denied"),
        asked_by(cast, who),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT * FROM ctx.message_facts(gen_random_uuid())")


def test_the_worker_hands_over_only_what_waits(cast: Cast, client: Client) -> None:
    _ask_partners(cast, client, 1)
    sql = (
        "INSERT INTO protect_notice (message_id, agency_id, recipient_id, kind, partner_code, sent_at)"
        " SELECT %s, agency_id, %s, kind, 'x', now() FROM protect_message"
    )
    ((message,),) = read("SELECT id FROM protect_message")
    for which, to in (("00000000-0000-0000-0000-000000000000", "shelter"), (message, "hospital")):
        with (
            pytest.raises(Error, match="row-level security"),
            transaction.atomic(using=sending.WORKER),
            connections[sending.WORKER].cursor() as cursor,
        ):
            cursor.execute(sql, [which, cast.agencies[to].pk])


def _ask_partners(cast: Cast, client: Client, number: int) -> None:
    """So many messages to the shelter that something is withdrawn."""
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO protect_message (id, agency_id, client_id, kind, recipient_id, once, queued_at, queued_by_id,"
            " state, not_before, why, channel) SELECT gen_random_uuid(), %s, %s, 'withdrawn', %s, n::text, now(), %s,"
            " 'waiting', now(), '', '' FROM generate_series(1, %s) n",
            [client.agency_id, client.pk, cast.agencies["shelter"].pk, cast.staff["case_manager"].pk, number],
        )

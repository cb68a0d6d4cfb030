"""A withdrawal against everything in flight: whatever is asked after its commit sees nothing (T2, C-02).

A page, a list that is half read, an open cursor, a statement on a pooled connection: `bench/withdrawal.py` runs 1,000.
"""

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from time import perf_counter

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.utils import timezone

from leeward.coordinate import export
from leeward.people.models import Staff
from leeward.protect.middleware import be
from leeward.protect.models import Session
from leeward.protect.outbox import sending
from leeward.protect.sessions import token_digest

from ..cast import Cast
from ..people.committed import forget_clients, read
from ..protect import races

FULL = os.environ.get("LEEWARD_FULL") == "yes"
RACES = 1_000 if FULL else 8
HUNG = 20 if FULL else 1


@pytest.fixture(autouse=True)
def _clean(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(export, "AT_ONCE", races.AT_ONCE)
    session = Session.objects.filter(token_digest=token_digest(cast.tokens["shelter"]))
    forget_clients()
    session.update(proved_until=timezone.now() + timedelta(hours=2))
    yield
    connections.close_all()
    session.update(proved_until=None)
    forget_clients()


@pytest.fixture
def manager(cast: Cast) -> tuple[Staff, str]:
    staff = Staff.objects.using("admin").select_related("agency").get(pk=cast.staff["case_manager"].pk)
    return staff, cast.tokens["case_manager"]


def long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=12)


def test_t2_c02_nothing_asked_for_after_the_commit_shows_the_person(cast: Cast, manager: tuple[Staff, str]) -> None:
    """Requests in two tabs, statements, a list that is half read and an open cursor, each provably in flight."""
    chance = random.Random(7)
    for _ in range(races.OTHERS):
        races.somebody(cast, sent=datetime.now(UTC))
    fair = unfair = 0
    with races.pooled():
        while fair < RACES:
            found = races.race(
                races.somebody(cast, sent=long_ago()),
                manager=manager,
                token=cast.tokens["shelter"],
                chance=chance,
                hung=fair < HUNG,
            )
            assert found.too_late == []
            assert found.last_seen < 1
            fair += found.is_fair
            unfair += not found.is_fair
            assert unfair <= RACES, "the list and the cursor must not end before"
    sending.send_waiting(datetime.now(UTC))
    assert read("SELECT count(*) FROM protect_message WHERE state = 'waiting'") == [(0,)]
    asked_of = read("SELECT count(DISTINCT grant_id) FROM protect_message WHERE kind = 'withdrawn' AND state = 'sent'")
    looked = read(
        "SELECT count(DISTINCT d.grant_id) FROM protect_disclosure d"
        " JOIN protect_withdrawal w ON w.grant_id = d.grant_id"
    )
    assert asked_of == looked, "whoever received something is asked, whatever the race"


def test_t2_a_cursor_that_hangs_is_ended_by_the_withdrawal(cast: Cast, manager: tuple[Staff, str]) -> None:
    """It would hand out what it saw when it was opened for as long as its transaction lasts."""
    referral = races.somebody(cast, sent=long_ago())
    took: list[float] = []

    def take_back() -> None:
        began = perf_counter()
        races.take_back(referral, manager=manager)
        took.append(perf_counter() - began)
        connections.close_all()

    def look_on() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            be(cast.tokens["shelter"])
            cursor.execute("DECLARE looking CURSOR FOR SELECT id FROM coordinate_referral")
            taking = Thread(target=take_back)
            taking.start()
            taking.join(30)
            cursor.execute("FETCH 1 FROM looking")

    with pytest.raises(OperationalError):
        look_on()
    connection.close()
    assert len(took) == 1
    assert took[0] < 5, "it did not wait for the cursor"
    assert read("SELECT count(*) FROM protect_withdrawal") == [(1,)]


def test_taking_back_waits_for_nobody_but_the_recipient(cast: Cast, manager: tuple[Staff, str]) -> None:
    """Another partner's open transaction, and a colleague's, go on as they were."""
    referral = races.somebody(cast, sent=long_ago())
    for other in ("hospital", "clinician"):
        with transaction.atomic():
            be(cast.tokens[other])
            taking = Thread(target=lambda: (races.take_back(referral, manager=manager), connections.close_all()))
            taking.start()
            taking.join(30)
            assert not taking.is_alive()
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")

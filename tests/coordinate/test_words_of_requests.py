"""What a legal request says of a person ends with that person's erasure, or when nothing came of it (I-04, L-02)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import Error, connections, transaction

from leeward.coordinate.legal import actions, queries, retention
from leeward.coordinate.models import LegalRequest, LegalStep
from leeward.people import rotation
from leeward.people.keyring import FileKeyring
from leeward.people.models import Client, LedgerPosition
from leeward.protect import erasure, holds, sealing
from leeward.protect.models import Disclosure, Hold, Suspension

from ..cast import Cast
from ..people.committed import asked_by, forget_clients, read, register
from ..people.vaults import own_vault

NOW = datetime.now(UTC) - timedelta(hours=2)


@pytest.fixture
def own(cast: Cast, tmp_path: Path) -> Iterator[FileKeyring]:
    with own_vault(tmp_path) as ring:
        cast.prove("privacy_officer", minutes=60)
        yield ring
        cast.prove("privacy_officer", minutes=-1)
        forget_clients()
        for model in (LegalStep, LegalRequest):
            model._default_manager.using("admin").all().delete()


def asked(cast: Cast, kind: str = "court_order", *, asker: str = "Officer Canary-Badge") -> LegalRequest:
    received = actions.Received(
        kind=kind, way="desk", asker=asker, organisation="County police", phone="601 555 9999",
        about="Zoë Canary-Lantern", papers="A paper about Zoë", wanted_by="tomorrow",
    )  # fmt: skip
    with asked_by(cast, "screener") as screener:
        return actions.hand_in(by=screener, received=received, now=NOW)


def found(cast: Cast, request: LegalRequest) -> None:
    """The privacy officer finds the person, calls back, and counsel lets the name go."""
    with asked_by(cast, "privacy_officer") as by:
        state = queries.state_of(request, NOW)
        assert actions.look(
            by=by, state=state, name="Zoë Canary-Lantern", birth_year="1990", phone="", now=NOW
        ) is not None  # fmt: skip
        police = cast.agencies["law_enforcement"]
        actions.call_back(by=by, state=state, agency=police, spoke_with="A clerk", is_theirs=True, now=NOW)
        actions.counsel_decided(
            by=by, state=state, counsel="A. Lawyer", words="Zoë is named in it.",
            papers=list(queries.process().elements), classes=["identity"], now=NOW,
        )  # fmt: skip


def answered(cast: Cast, request: LegalRequest, *given: str) -> None:
    with asked_by(cast, "privacy_officer") as by:
        state = queries.state_of(request, NOW)
        if given:
            actions.give(by=by, state=state, chosen=set(given), now=NOW)
        else:
            actions.answer_with_nothing(by=by, state=state, now=NOW)


def erase(cast: Cast, client: Client) -> None:
    leaders = cast.staff["privacy_officer"], cast.staff["program_director"]
    erasure.erase(code=client.code, by=leaders[0], confirmed_by=leaders[1], now=NOW)


def words(request: LegalRequest) -> dict[str, str]:
    """Whatever the site's key still opens of a request and of what was done about it."""
    rows = [LegalRequest.objects.using("admin").get(pk=request.pk)]
    rows += LegalStep.objects.using("admin").filter(request=request)  # type: ignore[arg-type]
    return {name: value for row in rows for name, value in sealing.words_of(row).items()}


def test_i04_what_a_request_said_of_the_person_ends_with_their_erasure_and_to_whom_it_went_stays(
    cast: Cast, own: FileKeyring
) -> None:
    client, request = register(cast, NOW), asked(cast)
    found(cast, request)
    answered(cast, request, "given_name")
    assert words(request)["about"] == "Zoë Canary-Lantern"
    erase(cast, client)
    assert words(request) == {
        "asker": "Officer Canary-Badge", "organisation": "County police",
        "counsel": "A. Lawyer", "spoke_with": "A clerk",
    }  # fmt: skip
    disclosure = Disclosure.objects.using("admin").get(process=request.pk)
    assert disclosure.recipient_id == cast.agencies["law_enforcement"].pk
    assert (disclosure.fields, disclosure.disclosed_at) == (["given_name"], NOW)


def test_i04_where_nothing_was_given_or_the_person_themselves_asked_no_word_is_left(
    cast: Cast, own: FileKeyring
) -> None:
    client, order, own_wish = register(cast, NOW), asked(cast), asked(cast, "own_request", asker="Zoë Canary-Lantern")
    for request in (order, own_wish):
        found(cast, request)
    answered(cast, order)
    answered(cast, own_wish, "given_name")
    erase(cast, client)
    assert words(order) == words(own_wish) == {}
    officer = cast.browser("privacy_officer")
    for request in (order, own_wish):
        page = officer.get(f"/requests/{request.reference}/")
        assert page.status_code == 200
        assert "What it said of the person is no longer kept." in page.content.decode()
        assert "Zoë" not in page.content.decode()
    assert officer.get(f"/requests/{order.reference}/letter/").status_code == 200


def test_i04_a_request_that_waits_can_still_be_answered_after_the_erasure(cast: Cast, own: FileKeyring) -> None:
    client, request = register(cast, NOW), asked(cast)
    found(cast, request)
    erase(cast, client)
    assert "about" not in words(request)
    page = cast.browser("privacy_officer").get(f"/requests/{request.reference}/")
    assert page.status_code == 200
    assert "Officer Canary-Badge" in page.content.decode()
    assert "Zoë" not in page.content.decode()
    answered(cast, request)
    assert "Officer Canary-Badge" in words(request).values()


def test_i04_what_an_official_and_the_officer_wrote_of_a_held_person_ends_too(cast: Cast, own: FileKeyring) -> None:
    client, request = register(cast, NOW), asked(cast)
    found(cast, request)
    with asked_by(cast, "privacy_officer") as by:
        actions.suspend(
            by=by, state=queries.state_of(request, NOW), official=cast.agencies["law_enforcement"], form="written",
            stated_on=NOW.date(), last_day=NOW.date() + timedelta(days=9), words="Zoë must not know.", now=NOW,
        )  # fmt: skip
        hold = holds.place(
            by=by, client=client, why="Zoë's trial", review_on=NOW.date() + timedelta(days=9), process=None, now=NOW
        )
        holds.lift(by=by, hold=hold, now=NOW)
    erase(cast, client)
    for row in (*Hold.objects.using("admin").all(), *Suspension.objects.using("admin").all()):
        assert sealing.words_of(row) == {}
    assert Suspension.objects.using("admin").get().official_id == cast.agencies["law_enforcement"].pk


def test_i04_a_request_about_somebody_else_keeps_its_words(cast: Cast, own: FileKeyring) -> None:
    client = register(cast, NOW)
    request = asked(cast)
    erase(cast, client)
    assert words(request)["about"] == "Zoë Canary-Lantern"


def test_i04_a_database_older_than_the_ledger_forgets_the_words_again(cast: Cast, own: FileKeyring) -> None:
    client, request = register(cast, NOW), asked(cast)
    found(cast, request)
    answered(cast, request, "given_name")
    kept = {row.pk: bytes(row.sealed) for row in LegalStep.objects.using("admin").filter(request=request)}
    before, stood = LegalRequest.objects.using("admin").get(pk=request.pk), LedgerPosition.objects.using("admin").get()
    erase(cast, client)
    with transaction.atomic(using="admin"):  # the disk of before
        LegalRequest.objects.using("admin").filter(pk=request.pk).update(sealed=before.sealed)
        for step, sealed in kept.items():
            LegalStep.objects.using("admin").filter(pk=step).update(sealed=sealed)
        stood.save(using="admin")
    assert "about" in words(request)
    assert erasure.follow(now=NOW) == 1
    assert set(words(request)) == {"asker", "organisation", "counsel", "spoke_with"}


def go_round(days: int) -> int:
    """The worker's round, so many days after the answers: they are moved back instead of the clock forth."""
    LegalStep.objects.using("admin").update(at=NOW - timedelta(days=days))
    try:
        return retention.forget()
    finally:
        connections["worker"].close()


def test_i04_a_request_that_nothing_came_of_loses_its_words_after_the_sites_days(cast: Cast, own: FileKeyring) -> None:
    client, unknown, order, waits = register(cast, NOW), asked(cast), asked(cast), asked(cast)
    answered(cast, unknown)
    found(cast, order)
    answered(cast, order, "given_name")
    days = settings.LEEWARD_REQUEST_DAYS
    assert go_round(days - 1) == 0
    assert words(unknown)["about"] == "Zoë Canary-Lantern"
    assert go_round(days + 1) == 1
    assert words(unknown) == {}
    assert words(order)["about"] == words(waits)["about"] == "Zoë Canary-Lantern"
    assert go_round(days + 1) == 0
    with connections["worker"].cursor() as cursor, pytest.raises(Error, match="does not exist"):
        cursor.execute("SELECT ctx.forget_requests(now())")  # the worker chooses no day
    connections["worker"].close()
    assert read("SELECT count(*) FROM coordinate_legalrequest WHERE id = %s", unknown.pk) == [(1,)]
    assert client.pk


def test_l02_a_hold_keeps_the_words_of_a_request(cast: Cast, own: FileKeyring) -> None:
    client, order = register(cast, NOW), asked(cast)
    found(cast, order)
    answered(cast, order)
    soon, later = NOW.date() + timedelta(days=9), settings.LEEWARD_REQUEST_DAYS + 1
    with asked_by(cast, "privacy_officer") as by:
        hold = holds.place(by=by, client=client, why="A trial", review_on=soon, process=None, now=NOW)
    assert go_round(later) == 0
    with asked_by(cast, "privacy_officer") as by:
        holds.lift(by=by, hold=Hold.objects.get(pk=hold.pk), now=NOW)
    assert go_round(later) == 1


def test_i05_what_has_no_words_left_holds_no_old_key(cast: Cast, own: FileKeyring) -> None:
    client, request = register(cast, NOW), asked(cast)
    found(cast, request)
    answered(cast, request)
    erase(cast, client)
    turned = rotation.rotate()
    assert turned.broken == 0
    assert rotation.counts()[1] == 0
    assert words(request) == {}

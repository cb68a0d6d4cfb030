"""The audit record can't be written: nothing is shown or sent, nothing typed is lost, and leaving works (U-04)."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from html import unescape
from pathlib import Path

import psycopg
import pytest
from django.db import DatabaseError, connections
from django.test import Client as Browser
from django.utils import timezone

from leeward.coordinate import export
from leeward.coordinate.models import Referral
from leeward.home import home
from leeward.people import vault
from leeward.people.models import Staff
from leeward.protect import audit
from leeward.protect.models import Session
from leeward.protect.outbox import sending
from leeward.protect.sessions import token_digest

from ..cast import Cast
from ..people.committed import asked_by, forget_clients, read, refer, register
from ..protect import races

CANARY = "Qwertz-Canary wrote this for an hour"


@dataclass(frozen=True, slots=True)
class Full:
    """Called, it leaves no room for another audit record."""

    fill: Callable[[], None]
    make_room: Callable[[], None]

    def __call__(self) -> None:
        self.fill()


def as_superuser(*statements: str) -> None:
    with psycopg.connect(os.environ["LEEWARD_DATABASE_URL"], autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@contextmanager
def full_disk(cast: Cast) -> Iterator[Full]:
    """A real one: the audit record lies on a small file system of its own, and somebody fills it."""
    if os.geteuid() != 0 or os.environ.get("LEEWARD_TEST_DATABASE_URL"):
        pytest.skip("SKIPPED: a file system of its own needs root on the database's machine")
    place = tempfile.mkdtemp(prefix="leeward-full-")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], check=False).returncode != 0:
        os.rmdir(place)
        pytest.skip("SKIPPED: no file system may be mounted here")
    whose = (home() / "postgres").stat()
    os.chown(place, whose.st_uid, whose.st_gid)
    filler = Path(place) / "filler"

    def fill() -> None:
        connections.close_all()
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"\0" * 65_536)
        with pytest.raises(DatabaseError):  # what is left of the last page
            _use_up(cast)

    as_superuser(f"CREATE TABLESPACE small LOCATION '{place}'", "ALTER TABLE protect_auditrecord SET TABLESPACE small")
    try:
        yield Full(fill, lambda: filler.unlink(missing_ok=True))
    finally:
        filler.unlink(missing_ok=True)
        as_superuser("ALTER TABLE protect_auditrecord SET TABLESPACE pg_default", "DROP TABLESPACE small")
        subprocess.run(["umount", place], check=True)
        shutil.rmtree(place)


def _use_up(cast: Cast) -> None:
    """Records as short as they can be, until there is no room for one."""
    while True:
        with asked_by(cast, "screener") as staff:
            audit.saw(by=staff, action="")


@contextmanager
def told_so(cast: Cast) -> Iterator[Full]:
    """The database says of each new record what it says when its disk is full."""
    fill = partial(
        as_superuser,
        "CREATE OR REPLACE FUNCTION say_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$",
        "CREATE OR REPLACE TRIGGER full_disk BEFORE INSERT ON protect_auditrecord EXECUTE FUNCTION say_full()",
    )
    make_room = partial(as_superuser, "DROP FUNCTION IF EXISTS say_full() CASCADE")
    yield Full(fill, make_room)
    make_room()


@pytest.fixture(params=[full_disk, told_so], ids=["a full disk", "what it says"])
def full(request: pytest.FixtureRequest, cast: Cast) -> Iterator[Full]:
    """Called, it leaves no room for another audit record; at the end there is room again."""
    forget_clients()
    with request.param(cast) as fill:
        yield fill
    connections.close_all()
    forget_clients()


@pytest.fixture
def referral(cast: Cast) -> Referral:
    now = datetime.now(UTC)
    return refer(cast, register(cast, now - timedelta(days=1)), now)


def browser(cast: Cast, token: str) -> Browser:
    found = Browser(SERVER_NAME="localhost", raise_request_exception=False)
    found.cookies["session"] = token
    return found


def test_u04_a_full_audit_disk_stops_every_look(cast: Cast, full: Full, referral: Referral) -> None:
    name = "Amara"  # of `tests.protect.test_row_security.ARRIVAL`
    manager, partner = (browser(cast, cast.sign_in(who)) for who in ("case_manager", "shelter"))
    Session.objects.update(proved_until=timezone.now() + timedelta(minutes=5))
    pages = [
        (manager, f"/p/{referral.client.code}/"),
        (manager, f"/p/{referral.client.code}/details/"),
        (partner, f"/r/{referral.reference}/"),
        (partner, "/inbox/"),
    ]
    assert all(who.get(place).status_code == 200 for who, place in pages)
    before = read("SELECT count(*) FROM protect_disclosure")
    full()
    for who, place in pages:
        answer = who.get(place)
        text = answer.content.decode()
        assert answer.status_code == 503, place
        assert "no room to write" in text
        assert name not in text
        assert "Call us." not in text
        assert referral.reference not in text.replace(place, "")
    assert partner.post("/inbox/list/").status_code == 503
    assert read("SELECT count(*) FROM protect_disclosure") == before
    Session.objects.update(proved_until=None)


def test_u04_leaving_signing_out_and_the_help_page_need_no_audit_record(
    cast: Cast, full: Full, referral: Referral
) -> None:
    tokens = {way: cast.sign_in("case_manager") for way in ("/leave/", "/sign-out/")}
    full()
    for way, status in (("/leave/", 200), ("/sign-out/", 302)):
        leaving = browser(cast, tokens[way])
        assert leaving.get(f"/p/{referral.client.code}/").status_code == 503
        assert leaving.get("/leaving/").status_code == 200
        answer = leaving.post(way)
        assert answer.status_code == status
        assert answer.cookies["session"].value == ""
        assert not Session.objects.filter(token_digest=token_digest(tokens[way])).exists(), "it ended on the server too"
    assert Browser(SERVER_NAME="localhost").get("/sign-in/").status_code == 200


def test_u04_what_somebody_typed_goes_along_until_there_is_room(cast: Cast, full: Full, referral: Referral) -> None:
    place = f"/p/{referral.client.code}/referrals/to/{cast.agencies['shelter'].pk}/"
    writer = browser(cast, cast.sign_in("case_manager"))
    full()
    answer = writer.post(place, {"service": "shelter", "urgency": "other", "message": f"{CANARY}\nsecond line"})
    text = answer.content.decode()
    assert answer.status_code == 503
    assert f'action="{place}"' in text
    fields = {
        unescape(name): unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text)
    }
    assert read("SELECT count(*) FROM coordinate_referral") == [(1,)]
    full.make_room()
    assert writer.post(place, fields).status_code == 302
    with asked_by(cast, "case_manager"):
        sent = Referral.objects.exclude(pk=referral.pk).get()
        words = vault.open_sealed(sent.client, f"referral:{sent.pk}:message", sent.message)
    assert words == f"{CANARY}\nsecond line"


def test_u04_a_list_that_is_half_read_stops(cast: Cast, full: Full, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 1)
    people = [races.somebody(cast, sent=datetime.now(UTC) - timedelta(hours=hours)) for hours in (1, 2)]
    staff = Staff.objects.using("admin").select_related("agency").get(pk=cast.staff["shelter"].pk)
    made = export.lines(
        by=staff, token=cast.tokens["shelter"], number="L1", purpose="coordination", now=datetime.now(UTC)
    )
    begun = next(made) + next(made)
    full()
    rest = "".join(made)
    assert people[0].reference in begun
    assert people[1].reference not in rest
    assert "The list stopped here" in rest


def test_u04_nothing_leaves_through_the_outbox(cast: Cast, full: Full, referral: Referral) -> None:
    browser(cast, cast.tokens["case_manager"]).post(f"/p/{referral.client.code}/referrals/{referral.pk}/remind/")
    assert read("SELECT state FROM protect_message") == [("waiting",)]
    full()
    with pytest.raises(DatabaseError):
        sending.send_waiting(datetime.now(UTC))
    connections.close_all()
    assert read("SELECT state FROM protect_message") == [("waiting",)]
    assert read("SELECT count(*) FROM protect_notice") == [(0,)]


@pytest.fixture
def read_only(cast: Cast) -> Iterator[Full]:
    """The whole database takes no write, as a standby or one whose disk is nearly full."""
    forget_clients()
    ((name,),) = read("SELECT quote_ident(current_database())")
    connections.close_all()

    def close() -> None:
        connections.close_all()
        as_superuser(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    def open_again() -> None:
        connections.close_all()
        as_superuser(
            "SET default_transaction_read_only = off", f"ALTER DATABASE {name} RESET default_transaction_read_only"
        )

    yield Full(close, open_again)
    open_again()
    forget_clients()


def test_u04_leaving_works_where_nothing_at_all_can_be_written(cast: Cast, read_only: Full, referral: Referral) -> None:
    tokens = {way: cast.sign_in("case_manager") for way in ("/leave/", "/sign-out/")}
    soon = timezone.now() + timedelta(minutes=1)  # so that each request would move the idle limit on
    Session.objects.filter(token_digest__in=map(token_digest, tokens.values())).update(idle_until=soon)
    read_only()
    for way, status in (("/leave/", 200), ("/sign-out/", 302)):
        leaving = browser(cast, tokens[way])
        page = leaving.get(f"/p/{referral.client.code}/")
        assert page.status_code == 503
        assert "no room to write" in page.content.decode()
        assert leaving.get("/leaving/").status_code == 200
        answer = leaving.post(way)
        assert answer.status_code == status
        assert answer.cookies["session"].value == "", "the browser forgets it"

"""A partner's session says what it is for, and opens what was allowed for that; nothing of it can be forged."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import ConnectionHandler, Error, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from leeward.people.models import Client
from leeward.protect.models import Grant, Session
from leeward.protect.sessions import SessionStore, token_digest

from ..cast import Cast
from ..people.committed import asked_by, forget_clients, read, refer, register


@pytest.fixture(autouse=True)
def _clean(cast: Cast) -> Iterator[None]:
    yield
    forget_clients()
    _purpose(cast, "coordination")


@pytest.fixture
def client(cast: Cast) -> Client:
    """The shelter may see them, to arrange help together."""
    now = datetime.now(UTC)
    client = register(cast, now - timedelta(days=1))
    refer(cast, client, now)
    return client


def _purpose(cast: Cast, purpose: str) -> None:
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "UPDATE protect_session SET purpose = %s WHERE token_digest = %s",
            [purpose, token_digest(cast.tokens["shelter"])],
        )


def seen(cast: Cast) -> int:
    with asked_by(cast, "shelter"):
        return Grant.objects.count()


@pytest.mark.parametrize("purpose", ["treatment", "benefits", "legal", "protection", "", "everything", "coordination "])
def test_c01_another_purpose_than_was_allowed_opens_nothing(cast: Cast, client: Client, purpose: str) -> None:
    assert seen(cast) == 1
    _purpose(cast, purpose)
    assert seen(cast) == 0


@pytest.mark.parametrize("name", ["leeward.purpose", "leeward.agency", "leeward.staff", "leeward.token"])
def test_c01_a_forged_agency_or_purpose_opens_nothing(cast: Cast, client: Client, name: str) -> None:
    forged = {
        "leeward.purpose": "coordination",
        "leeward.agency": str(cast.agencies["shelter"].pk),
        "leeward.staff": str(cast.staff["shelter"].pk),
        "leeward.token": str(token_digest(cast.tokens["shelter"])),
    }
    with asked_by(cast, "hospital"), connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [name, forged[name]])
        assert Grant.objects.count() == 0


def test_a_session_that_holds_a_forged_purpose_is_for_nothing(cast: Cast, client: Client) -> None:
    store = SessionStore(session_key=cast.tokens["shelter"])
    store["purpose"] = "coordination' OR true --"
    store.save()
    try:
        assert Session.objects.get(token_digest=token_digest(cast.tokens["shelter"])).purpose == ""
        assert seen(cast) == 0
    finally:
        del store["purpose"]
        store.save()
    assert seen(cast) == 1


def test_the_partner_says_what_it_looks_for_and_it_is_on_record(cast: Cast, client: Client) -> None:
    shelter = cast.browser("shelter")
    assert "To arrange help together" in shelter.get("/inbox/").content.decode()
    assert shelter.post("/purpose/", {"purpose": "anything"}).status_code == 404
    assert shelter.post("/purpose/", {"purpose": "legal"})["Location"] == "/inbox/"
    assert "Nothing here now" in shelter.get("/inbox/").content.decode()
    assert read(
        "SELECT subject FROM protect_auditrecord WHERE action = 'stated protect.purpose' ORDER BY id DESC LIMIT 1"
    ) == [("legal",)]
    shelter.post("/purpose/", {"purpose": "coordination"})
    assert "Nothing here now" not in shelter.get("/inbox/").content.decode()
    assert cast.browser("case_manager").post("/purpose/", {"purpose": "legal"}).status_code == 404


@pytest.fixture
def pooled(cast: Cast) -> Iterator[BaseDatabaseWrapper]:
    """The web role through a real pool of a single connection, in place of the plain one."""
    plain = connections["default"]
    plain.close()
    options = {**plain.settings_dict["OPTIONS"], "pool": {"min_size": 1, "max_size": 1, "timeout": 10}}
    options.pop("connect_timeout", None)
    one = ConnectionHandler({"default": {**plain.settings_dict, "OPTIONS": options}})["default"]
    connections["default"] = one
    yield one
    one.close()
    one.close_pool()  # type: ignore[attr-defined]
    connections["default"] = plain


def test_a_pooled_connection_never_carries_the_last_users_identity(
    cast: Cast, client: Client, pooled: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One connection serves everybody in turn: after an answer, after an error, after one that was left open."""
    processes: set[int] = set()

    def left_behind() -> tuple[str, int]:
        with pooled.cursor() as cursor:
            cursor.execute(
                "SELECT pg_backend_pid(), coalesce(current_setting('leeward.token', true), ''),"
                " (SELECT count(*) FROM people_client)"
            )
            process, token, clients = cursor.fetchone()
        pooled.close()
        processes.add(process)
        return token, clients

    for _ in range(3):
        assert cast.browser("case_manager").get(f"/p/{client.code}/").status_code == 200
        pooled.close()
        assert left_behind() == ("", 0)
        assert cast.browser("shelter").get(f"/p/{client.code}/").status_code == 404
        pooled.close()
        assert client.code not in cast.browser("hospital").get("/inbox/").content.decode()
        pooled.close()
        assert left_behind() == ("", 0)
    with pytest.raises(Error, match="division by zero"), asked_by(cast, "case_manager"), pooled.cursor() as cursor:
        cursor.execute("SELECT count(*) / 0 FROM people_client")
    pooled.close()
    assert left_behind() == ("", 0)
    pooled.set_autocommit(False)
    cast.act_as("case_manager")
    assert Client.objects.count() == 1
    pooled.close()  # in the middle of a transaction
    assert left_behind() == ("", 0)
    assert len(processes) == 1, "it was the same connection all along"

"""A partner's list of what was shared with it: decided while it is read, marked, and on each person's own list."""

import csv
import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyrage
import pytest
from django.db import ProgrammingError, connection, connections
from django.utils import timezone

from leeward.coordinate import actions as coordinate
from leeward.coordinate import export
from leeward.coordinate.models import ListKey, Referral
from leeward.people.models import Client, Staff
from leeward.protect import actions as protect
from leeward.protect import chunks
from leeward.protect.errors import TakenBack
from leeward.protect.models import Grant, Session
from leeward.protect.sessions import token_digest

from ..cast import Cast
from ..people.committed import asked_by, forget_clients, read, register

PEOPLE = 6


def prove(cast: Cast, *, minutes: int) -> None:
    """Let everybody's sessions count as just proved, or not."""
    Session.objects.update(proved_until=timezone.now() + timedelta(minutes=minutes))


@pytest.fixture(autouse=True)
def _clean(cast: Cast) -> Iterator[None]:
    forget_clients()
    prove(cast, minutes=5)
    yield
    forget_clients()
    prove(cast, minutes=-1)


def share(cast: Cast, client: Client, message: str, *, classes: tuple[str, ...] = ("referral", "identity")) -> Referral:
    now = datetime.now(UTC)
    wish = protect.Wish(
        recipient=cast.agencies["shelter"],
        classes=frozenset(classes),
        purpose="coordination",
        last_day=now.date() + timedelta(days=20),
        method="tablet",
        language="en",
    )
    need = coordinate.Need(
        to=cast.agencies["shelter"], service="shelter", urgency="other", message=message, comes_along=False
    )
    with asked_by(cast, "case_manager") as staff:
        protect.grant(by=staff, client=client, wish=wish, now=now)
        return coordinate.send(by=staff, client=client, need=need, now=now)


@pytest.fixture
def referrals(cast: Cast) -> list[Referral]:
    """Some people, each shared with the shelter, in the order in which they were."""
    made = []
    for number in range(PEOPLE):
        client = register(cast, datetime.now(UTC) - timedelta(days=1))
        made.append(share(cast, client, f"=HYPERLINK({number})"))
    return made


def started(cast: Cast, *, at_once: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(export, "AT_ONCE", at_once)
    staff = Staff.objects.using("admin").select_related("agency").get(pk=cast.staff["shelter"].pk)
    return export.lines(
        by=staff, token=cast.tokens["shelter"], number="L1", purpose="coordination", now=datetime.now(UTC)
    )


def take_back(cast: Cast, referral: Referral) -> None:
    with asked_by(cast, "case_manager") as staff:
        protect.withdraw(
            by=staff, given=Grant.objects.select_related("client").get(pk=referral.grant_id), now=datetime.now(UTC)
        )


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_x01_x02_the_file_is_marked_and_a_spreadsheet_evaluates_nothing(cast: Cast, referrals: list[Referral]) -> None:
    answer = cast.browser("shelter").post("/inbox/list/")
    assert answer["Content-Type"] == "application/octet-stream"
    assert "no-store" in answer["Cache-Control"]
    mark, head, *lines, end = table("".join(cast.opened(answer.streaming_content)))  # type: ignore[arg-type]
    number = answer["Content-Disposition"].split("list-")[1].split(".csv.age")[0]
    assert "Only for Test Shelter" in mark[0]
    assert number in mark[0]
    assert "Test shelter" in mark[0]
    assert len(lines) == PEOPLE
    assert end == [f"End of the list. Lines: {PEOPLE}"]
    for line in lines:
        told = dict(zip(head, line, strict=True))
        assert told["Message"].startswith("'=HYPERLINK")
        assert told["First name"] == "Zoë"
        assert told["Phone"] == "", "it was not allowed"
        assert "Do not pass it on" in told["Rules"]
        assert told["May be used until"]
        assert told["List"] == number
    codes = {client.code for client in Client.objects.using("admin").all()}
    assert not codes & {cell for line in lines for cell in line}, "the centre's own codes stay inside"


def test_x01_the_file_opens_for_the_agency_it_is_for_and_for_nobody_else(cast: Cast, referrals: list[Referral]) -> None:
    """By the agency's own key, with the format's own tool, as one table without anything that fills it up."""
    sealed = b"".join(cast.browser("shelter").post("/inbox/list/").streaming_content)  # type: ignore[arg-type]
    assert sealed.startswith(b"age-encryption.org/v1\n")
    for word in (
        b"Canary",
        b"Zo\xc3\xab",
        b"HYPERLINK",
        b"Test Shelter",
        *(one.reference.encode() for one in referrals),
    ):
        assert word not in sealed
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [pyrage.x25519.Identity.generate()])
    lines = table(pyrage.decrypt(sealed, [cast.age_key]).decode())
    assert len([line for line in lines if "".join(line).strip()]) == PEOPLE + 3
    assert max(len(cell) for line in lines for cell in line) <= 32_767, "what a spreadsheet takes into one cell"


def test_x01_a_file_that_was_cut_short_says_so(cast: Cast, referrals: list[Referral]) -> None:
    sealed = b"".join(cast.browser("shelter").post("/inbox/list/").streaming_content)  # type: ignore[arg-type]
    for end in (len(sealed) - 1, len(sealed) - 70_000, 400):
        with pytest.raises(pyrage.DecryptError):
            pyrage.decrypt(sealed[:end], [cast.age_key])


def test_x01_no_decided_line_waits_for_the_next_part(
    cast: Cast, referrals: list[Referral], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its size: what is on the reader's way when something is taken back was decided in this moment."""
    for size in (1, 200, 65_500, 65_535, 65_536, 65_537, 200_000):
        parts = [f"{number}" * size + "\r\n" for number in (1, 2, 3)]
        made: list[str] = []
        opening = cast.opened(export.sealed(_watched(parts, made), to=cast.age_key.to_public()))
        for number, part in enumerate(opening, start=1):
            if number <= len(parts):
                assert part.strip() == parts[number - 1].strip(), size
                assert len(made) == number, "and the next one is not made yet"
    monkeypatch.undo()


def _watched(parts: list[str], made: list[str]) -> Iterator[str]:
    for part in parts:
        made.append(part)
        yield part


def test_x01_a_reader_who_breaks_off_leaves_no_thread(cast: Cast) -> None:
    before = threading.active_count()
    for _ in range(20):
        parts = export.sealed(iter(["a,b\r\n"] * 9), to=cast.age_key.to_public())
        next(parts)
        parts.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before

    def broken() -> Iterator[str]:
        yield "a,b\r\n"
        raise TakenBack()

    with pytest.raises(TakenBack):
        list(export.sealed(broken(), to=cast.age_key.to_public()))
    assert threading.active_count() == before


@pytest.fixture
def keyless(cast: Cast) -> Iterator[Cast]:
    """The hospital has registered no key."""
    kept = list(ListKey.objects.using("admin").filter(agency=cast.agencies["hospital"]))
    ListKey.objects.using("admin").filter(agency=cast.agencies["hospital"]).delete()
    yield cast
    ListKey.objects.using("admin").filter(agency=cast.agencies["hospital"]).delete()
    ListKey.objects.using("admin").bulk_create(kept)


def test_x01_without_a_key_there_is_no_file_and_the_page_says_what_to_do(keyless: Cast) -> None:
    me, identity = keyless.browser("hospital"), pyrage.x25519.Identity.generate()
    page = me.get("/inbox/list/").content.decode()
    assert "There is no file yet" in page
    assert "age-keygen" in page
    assert "Download the list" not in page
    refused = me.post("/inbox/list/")
    assert (refused.status_code, refused.streaming) == (409, False)
    for wrong in ("", "age1nothing", str(identity), f"# {identity}".lower(), "ssh-rsa AAAA"):
        answer = me.post("/inbox/list/", {"public_key": wrong})
        assert answer.status_code == 422, wrong
        assert str(identity) not in answer.content.decode(), "a private key is not shown again"
    assert me.post("/inbox/list/", {"public_key": f" {identity.to_public()} "}).status_code == 302
    answer = me.post("/inbox/list/")
    plain = pyrage.decrypt(b"".join(answer.streaming_content), [identity]).decode()  # type: ignore[arg-type]
    assert "Lines: 0" in plain
    assert "Download the list" in me.get("/inbox/list/").content.decode()
    hospital = keyless.staff["hospital"].pk
    noted = read("SELECT staff_id FROM protect_auditrecord WHERE action = 'changed coordinate.list_key'"
                 " ORDER BY id DESC LIMIT 1")  # fmt: skip
    assert noted == [(hospital,)]


def test_x01_a_newer_key_of_the_agency_is_the_one_that_opens(keyless: Cast) -> None:
    me = keyless.browser("hospital")
    old, new = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    for identity in (old, new):
        me.post("/inbox/list/", {"public_key": str(identity.to_public())})
    sealed = b"".join(me.post("/inbox/list/").streaming_content)  # type: ignore[arg-type]
    pyrage.decrypt(sealed, [new])
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [old])


@pytest.mark.parametrize(("who", "whose"), [("shelter", "hospital"), ("case_manager", "hospital"), ("shelter", None)])
def test_x01_nobody_registers_a_key_for_another_agency_or_without_a_fresh_proof(
    cast: Cast, who: str, whose: str | None
) -> None:
    if whose is None:
        prove(cast, minutes=-1)
    with pytest.raises(ProgrammingError, match="row-level security"), asked_by(cast, who) as by:
        ListKey.objects.create(
            agency=cast.agencies[whose or who], public_key=str(cast.age_key.to_public()), registered_at=timezone.now(),
            registered_by=by,
        )  # fmt: skip
    with asked_by(cast, who):
        others = ListKey.objects.exclude(agency=cast.staff[who].agency)
        assert not others.exists()
    with pytest.raises(ProgrammingError, match="permission denied"), asked_by(cast, who):
        ListKey.objects.update(public_key="age1other")


def test_t3_each_line_is_on_the_persons_list_before_it_leaves(
    cast: Cast, referrals: list[Referral], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = started(cast, at_once=2, monkeypatch=monkeypatch)
    next(parts)
    assert read("SELECT count(*) FROM protect_disclosure") == [(0,)]
    for number in (2, 4, 6):
        next(parts)
        assert read("SELECT count(DISTINCT client_id) FROM protect_disclosure WHERE exit = 'list L1'") == [(number,)]


def test_c02_t2_what_is_taken_back_in_the_middle_never_leaves(
    cast: Cast, referrals: list[Referral], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = started(cast, at_once=2, monkeypatch=monkeypatch)
    text = next(parts) + next(parts)
    newest_first = referrals[::-1]
    take_back(cast, newest_first[3])
    text += "".join(parts)
    shown = [line[0] for line in table(text)[2:-1]]
    assert shown == [one.reference for one in newest_first if one is not newest_first[3]]


def test_c02_what_is_taken_back_while_a_part_is_made_is_made_again_without_it(
    cast: Cast, referrals: list[Referral], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part has been read when the permission goes: nothing of it leaves before it is decided anew."""
    disclose = protect.disclose
    once: list[object] = []

    def slow(**given: object) -> object:
        if not once:
            once.append(True)
            with connections["admin"].cursor() as cursor:
                cursor.execute(
                    "INSERT INTO protect_withdrawal (id, agency_id, client_id, grant_id, withdrawn_at, recorded_by_id)"
                    " SELECT gen_random_uuid(), agency_id, client_id, id, now(), recorded_by_id FROM protect_grant"
                    " WHERE id = %s",
                    [referrals[-2].grant_id],
                )
        return disclose(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(protect, "disclose", slow)
    text = "".join(started(cast, at_once=4, monkeypatch=monkeypatch))
    assert referrals[-2].reference not in text
    assert f"Lines: {PEOPLE - 1}" in text
    assert read("SELECT count(*), count(DISTINCT client_id) FROM protect_disclosure") == [(PEOPLE - 1, PEOPLE - 1)]


GONE = {
    "the session ended": "UPDATE protect_session SET ends_at = now() WHERE token_digest = %(token)s",
    "it idled out": "UPDATE protect_session SET idle_until = now() WHERE token_digest = %(token)s",
    "the person left": "UPDATE people_staff SET is_active = false WHERE id = %(staff)s",
    "the role changed": "UPDATE people_staff SET role = 'evaluator' WHERE id = %(staff)s",
    "the agency changed": "UPDATE people_staff SET agency_id = %(hospital)s WHERE id = %(staff)s",
    "the purpose changed": "UPDATE protect_session SET purpose = 'legal' WHERE token_digest = %(token)s",
}


@pytest.mark.parametrize("how", GONE)
def test_x03_the_list_stops_when_its_reader_may_not_go_on(
    cast: Cast, referrals: list[Referral], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    names = {
        "token": token_digest(cast.tokens["shelter"]),
        "staff": cast.staff["shelter"].pk,
        "hospital": cast.agencies["hospital"].pk,
    }
    before = Session.objects.get(token_digest=names["token"])
    parts = started(cast, at_once=2, monkeypatch=monkeypatch)
    next(parts), next(parts)
    try:
        with connections["admin"].cursor() as cursor:
            cursor.execute(GONE[how], names)
        assert table("".join(parts)) == [["The list stopped here."]]
    finally:
        cast.staff["shelter"].save(using="admin")  # which ends the sessions that began in another role
        before.save(using="admin")


def test_nothing_is_held_between_two_parts(
    cast: Cast, referrals: list[Referral], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No snapshot and no lock of the reader's is left while somebody takes their time to read."""
    parts = started(cast, at_once=2, monkeypatch=monkeypatch)
    next(parts), next(parts)
    assert connection.connection is None, "it was given back"
    assert read(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'leeward_web' AND datname = current_database()"
        " AND (state LIKE 'idle in transaction%%' OR backend_xmin IS NOT NULL)"
    ) == [(0,)]


def test_a_part_has_at_most_five_hundred_rows(cast: Cast) -> None:
    staff = cast.staff["shelter"]
    with pytest.raises(ValueError, match="at most 500"):
        list(chunks.in_chunks(lambda last: range(501), by=staff, token=cast.tokens["shelter"]))


def test_a_list_of_nothing_says_so(cast: Cast) -> None:
    answer = cast.browser("hospital").post("/inbox/list/")
    assert "Lines: 0" in "".join(cast.opened(answer.streaming_content))  # type: ignore[arg-type]


def test_k01_whoever_downloads_proves_again_who_they_are(cast: Cast) -> None:
    prove(cast, minutes=-1)
    for ask in (cast.browser("shelter").get, cast.browser("shelter").post):
        assert str(ask("/inbox/list/")["Location"]).startswith("/prove/")


@pytest.mark.parametrize("who", ["case_manager", "privacy_officer", "program_director", "evaluator"])
def test_only_a_partner_has_such_a_list(cast: Cast, who: str) -> None:
    assert cast.browser(who).post("/inbox/list/").status_code == 404
    assert cast.browser("shelter").get("/inbox/list/").status_code == 200

"""A partner's list of what was shared with it: decided while it is read, marked, and on each person's own list."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from leeward.coordinate import actions as coordinate
from leeward.coordinate import export
from leeward.coordinate.models import Referral
from leeward.people.models import Client, Staff
from leeward.protect import actions as protect
from leeward.protect import chunks
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
    assert answer["Content-Type"].startswith("text/csv")
    assert "no-store" in answer["Cache-Control"]
    mark, head, *lines, end = table(b"".join(answer.streaming_content).decode())  # type: ignore[arg-type]
    number = answer["Content-Disposition"].split("list-")[1].split(".csv")[0]
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
    assert "Lines: 0" in b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]


def test_k01_whoever_downloads_proves_again_who_they_are(cast: Cast) -> None:
    prove(cast, minutes=-1)
    for ask in (cast.browser("shelter").get, cast.browser("shelter").post):
        assert str(ask("/inbox/list/")["Location"]).startswith("/prove/")


@pytest.mark.parametrize("who", ["case_manager", "privacy_officer", "program_director", "evaluator"])
def test_only_a_partner_has_such_a_list(cast: Cast, who: str) -> None:
    assert cast.browser(who).post("/inbox/list/").status_code == 404
    assert cast.browser("shelter").get("/inbox/list/").status_code == 200

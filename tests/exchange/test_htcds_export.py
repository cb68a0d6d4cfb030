"""Cases leave as a file: decided person by person, on each person's list, marked, and only its recipient opens it."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from typer.testing import CliRunner

from leeward.exchange import htcds_export, htcds_handover, sealed_file
from leeward.exchange.htcds import FILLED, fields, misfits
from leeward.exchange.htcds_export import COLUMNS, MARKS, SAID, Made
from leeward.people import timeline
from leeward.people.errors import PeopleError
from leeward.people.models import Client, Event, Role
from leeward.platform.commands.exchange import app
from leeward.protect import actions as protect
from leeward.protect import age, chunks
from leeward.protect.command_line import acting_as
from leeward.protect.errors import AskerGone, NotAllowedHere
from leeward.protect.middleware import be
from leeward.protect.models import Account, Disclosure, Export, Grant, Session
from leeward.protect.sessions import token_digest

from ..cast import Cast
from ..people.committed import asked_by, forget_clients, register

LAST_DAY = datetime.now(UTC).date() + timedelta(days=10)
PEOPLE = 5


@pytest.fixture(autouse=True)
def _clean(cast: Cast) -> Iterator[None]:
    forget_clients()
    cast.prove("privacy_officer")
    yield
    forget_clients()
    Export.objects.using("admin").filter(agency=cast.centre).delete()
    cast.prove("privacy_officer", minutes=0)


def allow(cast: Cast, client: Client, *classes: str, to: str = "shelter", purpose: str = "coordination") -> Grant:
    now = datetime.now(UTC)
    wish = protect.Wish(
        recipient=cast.agencies[to],
        classes=frozenset(classes or ("case", "identity")),
        purpose=purpose,
        last_day=now.date() + timedelta(days=20),
        method="tablet",
        language="en",
    )
    with asked_by(cast, "case_manager") as staff:
        return protect.grant(by=staff, client=client, wish=wish, now=now)


def person(cast: Cast) -> Client:
    """Somebody whose record says a little of everything that the export can tell."""
    client = register(cast, datetime.now(UTC) - timedelta(days=2))
    now = datetime.now(UTC)
    happened: tuple[tuple[str, dict[str, object]], ...] = (
        ("conversation.private", {}),
        ("confidentiality.explained", {}),
        ("education.offered", {}),
        ("screening.completed", {"tool": "safety-conversation", "result": "positive"}),
        ("safety.assessed", {"danger": "none"}),
        ("case.closed", {"reason": "goals_met"}),
    )
    with asked_by(cast, "case_manager") as staff:
        for minute, (kind, data) in enumerate(happened):
            at = now - timedelta(minutes=10 - minute)
            timeline.append(kind, client=client, by=staff, now=now, at=at, data=data)
    return client


@pytest.fixture
def people(cast: Cast) -> list[tuple[Client, Grant]]:
    return [(client, allow(cast, client)) for client in (person(cast) for _ in range(PEOPLE))]


def begun(cast: Cast, to: str = "shelter", purpose: str = "coordination") -> Export:
    with asked_by(cast, "privacy_officer") as staff:
        return htcds_export.open_export(
            by=staff, recipient=cast.agencies[to], purpose=purpose, last_day=LAST_DAY, now=datetime.now(UTC)
        )


def parts(cast: Cast, export: Export, made: Made | None = None) -> Iterator[bytes]:
    return htcds_export.table(
        export, by=cast.staff["privacy_officer"], token=cast.tokens["privacy_officer"], made=made or Made()
    )


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def exported(cast: Cast, to: str = "shelter", purpose: str = "coordination") -> list[dict[str, str]]:
    return rows(b"".join(parts(cast, begun(cast, to, purpose))))


def disclosed(export: Export) -> list[Disclosure]:
    return list(Disclosure.objects.using("admin").filter(exit=f"export {export.number}"))


def take_back(cast: Cast, given: Grant) -> None:
    with asked_by(cast, "case_manager") as staff:
        protect.withdraw(by=staff, given=Grant.objects.get(pk=given.pk), now=datetime.now(UTC))


@contextmanager
def as_officer(cast: Cast) -> Iterator[None]:
    with asked_by(cast, "privacy_officer"):
        yield


def test_t1_only_whoever_allows_it_is_in_the_file_and_only_with_what_they_allow(cast: Cast) -> None:
    everything, no_identity, other_agency, other_purpose, nothing = (person(cast) for _ in range(5))
    allow(cast, everything)
    allow(cast, no_identity, "case")
    allow(cast, other_agency, to="legal_aid")
    allow(cast, other_purpose, purpose="benefits")
    assert nothing
    found = exported(cast)
    assert sorted(row["prs_PrimaryLanguage"] for row in found) == ["", "eng"]
    assert {row["vic_TraffickingStatus"] for row in found} == {"PossibleVictimOfTrafficking"}
    only_that_they_come = person(cast)
    allow(cast, only_that_they_come, "referral")
    bare = [row for row in exported(cast) if not row["vic_TraffickingStatus"]]
    assert [row["cas_Status"] for row in bare] == ["Closed"]


def test_t3_every_person_and_field_is_on_that_persons_own_list(cast: Cast, people: list[tuple[Client, Grant]]) -> None:
    export = begun(cast)
    found = rows(b"".join(parts(cast, export)))
    noted = disclosed(export)
    assert sorted(each.client_id for each in noted) == sorted(client.pk for client, _given in people)
    filled = {SAID[name] for name in FILLED if found[0][name]}
    assert all(set(each.fields) == filled for each in noted)
    assert all(each.recipient_id == cast.agencies["shelter"].pk and each.grant_id for each in noted)
    assert all(each.notices for each in noted)
    with asked_by(cast, "case_manager"):
        assert Disclosure.objects.filter(client=people[0][0], exit=f"export {export.number}").count() == 1


def test_no_word_that_stands_on_a_list_tells_what_the_place_is_for() -> None:
    assert set(SAID) == set(FILLED)
    assert not any("traffick" in word or "victim" in word for word in SAID.values())


def test_c02_who_takes_it_back_between_two_exports_is_not_in_the_second(
    cast: Cast, people: list[tuple[Client, Grant]]
) -> None:
    assert len(exported(cast)) == PEOPLE
    take_back(cast, people[0][1])
    assert len(exported(cast)) == PEOPLE - 1


def test_c02_who_takes_it_back_while_the_export_runs_is_not_in_the_next_part(
    cast: Cast, people: list[tuple[Client, Grant]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "MOST", 2)
    export = begun(cast)
    going = parts(cast, export)
    begin = next(going) + next(going)
    assert len(rows(begin)) == 2
    last = max(people, key=lambda one: one[0].pk)
    take_back(cast, last[1])
    assert len(rows(begin + b"".join(going))) == PEOPLE - 1
    assert last[0].pk not in {each.client_id for each in disclosed(export)}


def test_x03_an_export_stops_when_who_asked_may_not_go_on(
    cast: Cast, people: list[tuple[Client, Grant]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(chunks, "MOST", 2)
    out = tmp_path / "records.zip"
    account = Account.objects.get(staff_id=cast.staff["privacy_officer"].pk)
    with acting_as(account.email, Role.PRIVACY_OFFICER) as (by, token):
        with transaction.atomic():
            be(token)
            export = htcds_export.open_export(
                by=by, recipient=cast.agencies["shelter"], purpose="coordination", last_day=LAST_DAY, now=timezone.now()
            )

        def sign_out(people: int) -> None:
            Session.objects.filter(token_digest=token_digest(token)).delete()

        with pytest.raises(AskerGone):
            htcds_export.write(export, out, by=by, token=token, to=None, progress=sign_out)
    assert list(tmp_path.iterdir()) == []
    assert len(disclosed(export)) == 2  # what was about to leave is told all the same


@pytest.mark.parametrize("who", ["case_manager", "program_director", "evaluator", "shelter", "screener"])
def test_only_the_privacy_officer_may_export(cast: Cast, people: list[tuple[Client, Grant]], who: str) -> None:
    cast.prove(who)
    try:
        with pytest.raises(DatabaseError), asked_by(cast, who) as staff:
            htcds_export.open_export(
                by=staff, recipient=cast.agencies["shelter"], purpose="coordination", last_day=LAST_DAY,
                now=datetime.now(UTC),
            )  # fmt: skip
    finally:
        cast.prove(who, minutes=0)
    account = Account.objects.get(staff_id=cast.staff[who].pk)
    with pytest.raises(NotAllowedHere), acting_as(account.email, Role.PRIVACY_OFFICER):
        pass


def test_k01_an_export_needs_a_proof_and_ends_with_it(cast: Cast, people: list[tuple[Client, Grant]]) -> None:
    export = begun(cast)
    cast.prove("privacy_officer", minutes=0)
    assert rows(b"".join(parts(cast, export))) == []
    with pytest.raises(DatabaseError):
        begun(cast)


def test_an_open_export_shows_the_officer_nothing_but_what_its_recipient_may_have(
    cast: Cast, people: list[tuple[Client, Grant]]
) -> None:
    client = people[0][0]

    def kinds() -> list[str]:
        return list(Event.objects.filter(client=client).values_list("data_class", flat=True))

    with as_officer(cast):
        assert set(kinds()) == {"existence"}
    export = begun(cast)
    with as_officer(cast):
        assert set(kinds()) == {"existence", "case"}
    htcds_export.close_export(export, token=cast.tokens["privacy_officer"], made=Made())
    with as_officer(cast):
        assert set(kinds()) == {"existence"}


def test_an_export_of_another_officer_opens_nothing(cast: Cast, people: list[tuple[Client, Grant]]) -> None:
    begun(cast)
    with asked_by(cast, "case_manager"), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ctx.my_exports()")
        assert cursor.fetchone() == (0,)


def test_two_exports_can_not_be_joined_and_name_nobody(cast: Cast, people: list[tuple[Client, Grant]]) -> None:
    for client, _given in people:
        allow(cast, client, to="legal_aid")
    mine, theirs = exported(cast), exported(cast, to="legal_aid")
    again = exported(cast)
    assert len({row["record"] for row in (*mine, *theirs, *again)}) == 3 * PEOPLE
    text = json.dumps(mine)
    for client, _given in people:
        assert client.code not in text
        assert str(client.pk) not in text
    assert "Canary" not in text


def test_every_line_fits_the_standard_and_every_required_field_is_there(
    cast: Cast, people: list[tuple[Client, Grant]]
) -> None:
    for row in exported(cast):
        assert tuple(row) == COLUMNS
        standard = {name: text for name, text in row.items() if name not in ("record", *MARKS)}
        assert misfits(standard) == ()
        assert all(fields()[name].status != "Retired" for name in standard)
        assert standard["con_Consent"] == "TRUE"
        assert standard["cas_Status"]


def test_x01_the_file_opens_for_its_recipient_alone_and_says_what_it_is(
    cast: Cast, people: list[tuple[Client, Grant]], tmp_path: Path
) -> None:
    hers, theirs = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    out = tmp_path / "records.zip.age"
    account = Account.objects.get(staff_id=cast.staff["privacy_officer"].pk)
    handed = htcds_handover.hand_over(
        email=account.email.upper(), recipient=cast.agencies["shelter"].name, purpose="coordination",
        last_day=LAST_DAY, out=out, to=str(hers.to_public()),
    )  # fmt: skip
    assert [each.name for each in tmp_path.iterdir()] == [out.name]
    assert out.stat().st_mode & 0o077 == 0
    content = out.read_bytes()
    assert content.startswith(b"age-encryption.org/v1")
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(content, [theirs])
    with zipfile.ZipFile(io.BytesIO(pyrage.decrypt(content, [hers]))) as archive:
        assert archive.testzip() is None
        found, told = rows(archive.read("records.csv")), json.loads(archive.read("manifest.json"))
        first = archive.read("READ-FIRST.txt").decode()
    assert told["table_sha256"] == handed.digest
    assert (told["export"], told["rows"]) == (handed.number, PEOPLE)
    assert (told["purpose"], told["use_until"]) == ("coordination", LAST_DAY.isoformat())
    assert told["to"] == cast.agencies["shelter"].name
    assert told["notices"]["no_redisclosure"] in first
    assert first.startswith(f"CONFIDENTIAL. Export {handed.number}")
    assert {(row["export"], row["use_until"]) for row in found} == {(handed.number, LAST_DAY.isoformat())}
    assert all(cast.agencies["shelter"].name in row["scope"] for row in found)
    assert "left_out" not in json.dumps(told)
    assert not Session.objects.filter(device="command line").exists()


def test_how_many_are_left_out_is_told_without_a_small_number(cast: Cast, people: list[tuple[Client, Grant]]) -> None:
    export, made = begun(cast), Made()
    list(parts(cast, export, made))
    told = {"export": export, "token": cast.tokens["privacy_officer"], "made": made}
    assert htcds_export.left_out(**told) == "0"  # type: ignore[arg-type]
    for _ in range(3):
        person(cast)
    assert htcds_export.left_out(**told) == "fewer than 11"  # type: ignore[arg-type]


def test_the_command_writes_the_file_and_needs_a_key_outside_a_demonstration(
    cast: Cast, people: list[tuple[Client, Grant]], tmp_path: Path
) -> None:
    hers = pyrage.x25519.Identity.generate()
    account = Account.objects.get(staff_id=cast.staff["privacy_officer"].pk)
    given = [
        "export", "htcds", "--by", account.email, "--recipient", cast.agencies["shelter"].name,
        "--purpose", "coordination", "--until", LAST_DAY.isoformat(), "--out", str(tmp_path / "file"),
    ]  # fmt: skip
    refused = CliRunner().invoke(app, given)
    assert refused.exit_code == 2
    assert "--to" in refused.output
    done = CliRunner().invoke(app, [*given, "--to", str(hers.to_public()), "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["people"], said["left_out"]) == (PEOPLE, "0")
    assert f"Bundled: {PEOPLE}" in done.stderr
    with pytest.raises(PeopleError, match="no “Nowhere”"):
        CliRunner().invoke(
            app, [*given, "--to", str(hers.to_public()), "--recipient", "Nowhere"], catch_exceptions=False
        )


@pytest.mark.parametrize("key", ["", "age1nothing", "AGE-SECRET-KEY-1", "ssh-rsa AAAA", "age1" + "q" * 58])
def test_what_is_no_public_key_is_refused_in_one_sentence(key: str) -> None:
    with pytest.raises(age.NoAgeKey, match="not an age public key"):
        age.recipient(key)


def test_what_goes_wrong_while_a_file_is_made_is_said_and_leaves_none(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 100_000
        raise AskerGone()

    key = age.recipient(str(pyrage.x25519.Identity.generate().to_public()))
    for to in (None, key):
        with pytest.raises(AskerGone):
            sealed_file.write([("records.csv", broken)], tmp_path / "file", to=to)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(sealed_file.SealedFileError, match="can't be written"):
        sealed_file.write([("a", lambda: [b"x"])], tmp_path / "none" / "file", to=key)

"""A therapist's private notes open for their author, and after a release by two people for a successor."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import Error, transaction

from leeward.people import actions as people
from leeward.people import rotation
from leeward.people.errors import PeopleError, SealBroken
from leeward.people.keyring import FileKeyring, keyring
from leeward.people.models import Client, Staff
from leeward.protect import actions as protect
from leeward.protect import emergency, erasure, personal_keys
from leeward.protect.emergency import Emergency
from leeward.protect.models import AuditRecord, Draft, PersonalKey
from leeward.protect.personal_keys import NoKey, WrongPassphrase
from leeward.treat import private_notes
from leeward.treat.models import NoteKey, NoteRelease, NoteShare, PrivateNote
from leeward.treat.private_notes import Unreadable

from ..cast import Cast
from ..people.committed import asked_by, forget_clients, read, register
from ..people.vaults import own_vault

WORDS = "four words that stay here"
NOTE = "My countertransference: canary-lantern."


def key_of(world: Cast, who: str, now: datetime) -> bytes:
    return personal_keys.make(by=world.act_as(who), passphrase=WORDS, now=now)


@pytest.fixture
def keys(world: Cast, now: datetime) -> dict[str, bytes]:
    """The author and two keepers have made their keys."""
    return {who: key_of(world, who, now) for who in ("privacy_officer", "program_director", "therapist")}


@pytest.fixture
def noted(world: Cast, client: Client, keys: dict[str, bytes], now: datetime) -> Client:
    """A client about whom the therapist has written a note."""
    by = world.act_as("therapist")
    private_notes.write(by=by, client=client, text=NOTE, private=keys["therapist"], now=now)
    return client


def told(by: Staff, client: Client, private: bytes) -> list[str]:
    return [note.text for note in private_notes.read(by=by, client=client, private=private)]


def test_a04_the_author_reads_what_they_wrote(world: Cast, noted: Client, keys: dict[str, bytes]) -> None:
    assert told(world.act_as("therapist"), noted, keys["therapist"]) == [NOTE]


@pytest.mark.parametrize("who", ["screener", "clinician", "privacy_officer", "program_director", "evaluator"])
def test_a04_nobody_else_sees_that_there_is_one(world: Cast, noted: Client, who: str, now: datetime) -> None:
    people.join_team(by=world.act_as("screener"), client=noted, colleague=world.staff["clinician"], now=now)
    world.act_as(who)
    assert not PrivateNote.objects.exists()
    assert not NoteKey.objects.exists()


def test_a04_another_therapist_of_the_team_opens_nothing_even_with_the_rows(
    world: Cast, noted: Client, keys: dict[str, bytes], now: datetime
) -> None:
    """As if row security were gone: the rows are in hand, and another key does not open them."""
    world.act_as("therapist")
    row = NoteKey.objects.get()
    other = key_of(world, "clinician", now)
    with pytest.raises(SealBroken):
        private_notes._unsealed(row, other)
    row.reader_id = world.staff["clinician"].pk  # moved to somebody else
    with pytest.raises(SealBroken):
        private_notes._unsealed(row, keys["therapist"])


def test_a04_nobody_makes_themselves_a_reader(world: Cast, noted: Client, keys: dict[str, bytes]) -> None:
    author = world.staff["therapist"]
    for who in ("screener", "privacy_officer", "program_director"):
        by = world.act_as(who)
        row = NoteKey(
            agency=noted.agency, client=noted, author=author, reader=by, wrapped=b"x", made_at=noted.created_at
        )
        with pytest.raises(Error, match="row-level security"), transaction.atomic():
            row.save(force_insert=True)


def test_a04_an_emergency_opens_none_not_even_to_their_author(
    world: Cast, noted: Client, keys: dict[str, bytes], now: datetime
) -> None:
    author = world.staff["therapist"]
    people.leave_team(client=noted, colleague=author, now=now)
    world.prove("therapist")
    by = world.act_as("therapist")
    emergency.break_glass(
        by=by, emergency=Emergency(typed=noted.code, birth_year="", reason="It is urgent.", minutes=1)
    )
    world.prove("therapist", minutes=0)
    assert Client.objects.filter(pk=noted.pk).exists()
    assert told(by, noted, keys["therapist"]) == []


def test_a04_only_therapists_write_them(world: Cast, client: Client, now: datetime) -> None:
    private = key_of(world, "screener", now)
    with pytest.raises(PeopleError, match="Only therapists"):
        private_notes.write(by=world.act_as("screener"), client=client, text=NOTE, private=private, now=now)


def test_a04_the_passphrase_is_needed_and_costs_what_the_standard_says(world: Cast, now: datetime) -> None:
    by = world.act_as("therapist")
    private = personal_keys.make(by=by, passphrase=WORDS, now=now)
    assert personal_keys.unlock(by=by, passphrase=WORDS.upper()) == private
    with pytest.raises(WrongPassphrase):
        personal_keys.unlock(by=by, passphrase=WORDS + " not")
    with pytest.raises(PeopleError, match="too short"):
        personal_keys.make(by=by, passphrase="thirteen char", now=now)
    text = Path(personal_keys.__file__).read_text()
    assert "COST = (3, 65_536, 4)" in text  # RFC 9106, section 4, second recommended option


def test_a04_whoever_holds_database_and_site_keys_does_not_hold_the_key(
    world: Cast, keys: dict[str, bytes], now: datetime
) -> None:
    world.act_as("therapist")
    row = PersonalKey.objects.get()
    inner = keyring().unwrap(row.site_key_version, bytes(row.sealed), personal_keys._binding(row))
    assert keys["therapist"] not in inner
    assert keys["therapist"] not in bytes(row.sealed) + bytes(row.public) + bytes(row.salt)


def test_a_new_passphrase_opens_the_same_notes_and_a_new_key_none(
    world: Cast, noted: Client, keys: dict[str, bytes], now: datetime
) -> None:
    by = world.act_as("therapist")
    same = personal_keys.change_passphrase(by=by, old=WORDS, new="quite another passphrase")
    assert told(by, noted, same) == [NOTE]
    with pytest.raises(WrongPassphrase):
        personal_keys.unlock(by=by, passphrase=WORDS)
    fresh = personal_keys.make(by=by, passphrase=WORDS, now=now)
    with pytest.raises(Unreadable):
        private_notes.read(by=by, client=noted, private=fresh)


# After the author has left


@pytest.fixture
def proved(cast: Cast) -> Iterator[None]:
    keepers = ("privacy_officer", "program_director", "second_director")
    for who in keepers:
        cast.prove(who)
    yield
    for who in keepers:
        cast.prove(who, minutes=0)


def test_i06_two_people_release_and_neither_alone_holds_the_key(
    world: Cast, noted: Client, keys: dict[str, bytes], proved: None, now: datetime
) -> None:
    author = world.act_as("therapist")
    fresh = personal_keys.make(by=author, passphrase=WORDS, now=now)  # they lost the old one
    officer, director = world.act_as("privacy_officer"), world.staff["program_director"]
    release = private_notes.ask_release(
        by=officer, client=noted, author=author, successor=author, confirmer=director, ground="lost",
        private=keys["privacy_officer"], now=now,
    )  # fmt: skip
    world.act_as("therapist")
    with pytest.raises(Unreadable):
        private_notes.read(by=author, client=noted, private=fresh)
    assert list(private_notes.waiting(world.act_as("program_director"))) == [release]
    private_notes.confirm_release(by=director, release=release, private=keys["program_director"], now=now)
    assert not private_notes.waiting(director)
    assert told(world.act_as("therapist"), noted, fresh) == [NOTE]
    assert not PrivateNote.objects.exclude(author=author).exists()


def test_i06_the_same_person_twice_is_refused(
    world: Cast, noted: Client, keys: dict[str, bytes], proved: None, now: datetime
) -> None:
    author, officer = world.staff["therapist"], world.act_as("privacy_officer")
    asked = {
        "client": noted, "author": author, "successor": author, "ground": "lost",
        "private": keys["privacy_officer"], "now": now,
    }  # fmt: skip
    with pytest.raises(PeopleError, match="Two people"):
        private_notes.ask_release(by=officer, confirmer=officer, **asked)  # type: ignore[arg-type]
    row = NoteRelease(
        agency=noted.agency, client=noted, author=author, successor=author, asked_by=officer, asked_at=now,
        confirmer=officer, ground="lost",
    )  # fmt: skip
    with pytest.raises(Error, match="two_people_release_notes"), transaction.atomic():
        row.save(force_insert=True)
    release = private_notes.ask_release(by=officer, confirmer=world.staff["program_director"], **asked)  # type: ignore[arg-type]
    for who in ("privacy_officer", "second_director"):
        with pytest.raises(PeopleError, match="Somebody else"):
            private_notes.confirm_release(by=world.act_as(who), release=release, private=b"x" * 32, now=now)


def test_i06_nothing_is_released_while_the_author_is_here(
    world: Cast, noted: Client, keys: dict[str, bytes], proved: None, now: datetime
) -> None:
    officer = world.act_as("privacy_officer")
    author, other = world.staff["therapist"], world.staff["clinician"]
    asked = {"client": noted, "author": author, "ground": "court", "private": keys["privacy_officer"], "now": now}
    with pytest.raises(PeopleError, match="still works here"):
        private_notes.ask_release(
            by=officer,
            successor=other,
            confirmer=world.staff["program_director"],
            **asked,  # type: ignore[arg-type]
        )
    row = NoteRelease(
        agency=noted.agency, client=noted, author=author, successor=other, asked_by=officer, asked_at=now,
        confirmer=world.staff["program_director"], ground="court",
    )  # fmt: skip
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        row.save(force_insert=True)


def test_a03_i06_nothing_is_released_to_whom_the_person_bars(
    world: Cast, noted: Client, keys: dict[str, bytes], proved: None, now: datetime
) -> None:
    author = world.staff["therapist"]
    protect.bar(by=world.act_as("screener"), client=noted, person=author, now=now)
    with pytest.raises(PeopleError, match="does not want this colleague"):
        private_notes.ask_release(
            by=world.act_as("privacy_officer"), client=noted, author=author, successor=author,
            confirmer=world.staff["program_director"], ground="lost", private=keys["privacy_officer"], now=now,
        )  # fmt: skip
    assert not NoteRelease.objects.exists()


def test_i06_who_has_not_just_proved_that_it_is_them_releases_nothing(
    world: Cast, noted: Client, keys: dict[str, bytes], now: datetime
) -> None:
    author, officer = world.staff["therapist"], world.act_as("privacy_officer")
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        private_notes.ask_release(
            by=officer, client=noted, author=author, successor=author, confirmer=world.staff["program_director"],
            ground="lost", private=keys["privacy_officer"], now=now,
        )  # fmt: skip


def test_i06_one_half_says_nothing_of_the_key(world: Cast, noted: Client, keys: dict[str, bytes]) -> None:
    by = world.act_as("therapist")
    key = private_notes._key_for(by, noted, by.pk, keys["therapist"])
    halves = []
    for who in ("privacy_officer", "program_director"):
        world.act_as(who)
        halves.append(private_notes._unsealed(NoteShare.objects.get(), keys[who]))
    assert private_notes._combined(*halves) == key
    assert key not in halves


def test_whoever_becomes_a_keeper_later_gets_a_half_with_the_next_note(
    world: Cast, noted: Client, keys: dict[str, bytes], now: datetime
) -> None:
    late = key_of(world, "second_director", now)
    assert not NoteShare.objects.exists()
    later = now + timedelta(seconds=5)
    by = world.act_as("therapist")
    private_notes.write(by=by, client=noted, text="Another.", private=keys["therapist"], now=later)
    private_notes.write(by=by, client=noted, text="A third.", private=keys["therapist"], now=later)
    assert NoteShare.objects.values("split").distinct().count() == 2
    world.act_as("second_director")
    assert private_notes._unsealed(NoteShare.objects.get(), late)


def test_without_keepers_a_note_is_kept_and_nobody_has_a_half(world: Cast, client: Client, now: datetime) -> None:
    private = key_of(world, "therapist", now)
    private_notes.write(by=world.act_as("therapist"), client=client, text=NOTE, private=private, now=now)
    assert not NoteShare.objects.exists()


def test_nobody_writes_before_they_have_a_key(world: Cast, client: Client, now: datetime) -> None:
    with pytest.raises(NoKey):
        private_notes.write(by=world.act_as("therapist"), client=client, text=NOTE, private=b"x" * 32, now=now)


# Pages


def test_a04_the_page_asks_for_the_passphrase_and_closes_again(world: Cast, client: Client, now: datetime) -> None:
    me = world.browser("therapist")
    page = f"/p/{client.code}/my-notes/"
    assert me.get(page)["Location"] == "/my-key/"
    assert me.post("/my-key/", {"new_password": WORDS, "again_password": "another"}).status_code == 422
    assert me.post("/my-key/", {"new_password": WORDS, "again_password": WORDS})["Location"] == "/my-key/"
    assert me.post(page, {"text": NOTE})["Location"] == page
    assert NOTE in me.get(page).content.decode()
    assert NOTE not in me.post(page, {"lock": "1"}).content.decode()
    assert NOTE not in me.get(page).content.decode()
    assert me.post(page, {"key_password": "a wrong passphrase"}).status_code == 422
    assert NOTE in me.post(page, {"key_password": WORDS}).content.decode()
    world.act_as("therapist")
    assert not Draft.objects.filter(place__in=[page, "/my-key/"]).exists()
    me.post(page, {"lock": "1"})


def test_a04_what_was_typed_when_the_time_ran_out_is_kept_sealed(world: Cast, client: Client, now: datetime) -> None:
    me = world.browser("therapist")
    me.post("/my-key/", {"new_password": WORDS, "again_password": WORDS})
    page = f"/p/{client.code}/my-notes/"
    me.post(page, {"lock": "1"})
    assert NOTE not in me.post(page, {"text": NOTE}).content.decode()
    world.act_as("therapist")
    assert NOTE.encode() not in bytes(Draft.objects.get(place=page).sealed)
    assert NOTE in me.post(page, {"key_password": WORDS}).content.decode()
    me.post(page, {"lock": "1"})


@pytest.mark.parametrize("who", ["screener", "clinician", "privacy_officer", "program_director", "shelter"])
def test_a04_nobody_else_has_such_a_page(world: Cast, client: Client, who: str) -> None:
    assert world.browser(who).get(f"/p/{client.code}/my-notes/").status_code == 404


@pytest.mark.parametrize("who", ["screener", "therapist", "evaluator", "shelter"])
def test_i06_only_keepers_have_the_page_of_releases(world: Cast, who: str) -> None:
    assert world.browser(who).get("/notes/").status_code == 404


def test_i06_the_pages_of_a_release(world: Cast, noted: Client, proved: None) -> None:
    therapist, director = world.staff["therapist"], world.staff["program_director"]
    officer, second = world.browser("privacy_officer"), world.browser("program_director")
    form = {
        "code": noted.code, "author": therapist.pk, "successor": therapist.pk, "confirmer": director.pk,
        "ground": "lost", "key_password": WORDS,
    }  # fmt: skip
    assert officer.post("/notes/", form | {"key_password": "a wrong passphrase"}).status_code == 422
    assert officer.post("/notes/", form | {"code": "0000-00000-0"}).status_code == 422
    assert officer.post("/notes/", form)["Location"] == "/notes/"
    assert "must confirm it" in officer.get("/notes/").content.decode()
    world.act_as("program_director")
    release = private_notes.waiting(director).get()
    assert officer.post(f"/notes/{release.pk}/", {"key_password": WORDS}).status_code == 404
    assert second.post(f"/notes/{release.pk}/", {"key_password": "a wrong passphrase"}).status_code == 422
    assert second.post(f"/notes/{release.pk}/", {"key_password": WORDS})["Location"] == "/notes/"
    assert "Nothing waits." in second.get("/notes/").content.decode()


def test_a04_u02_the_record_of_looks_holds_no_word_of_a_note(world: Cast, noted: Client) -> None:
    world.act_as("screener")
    records = list(AuditRecord.objects.filter(client_id=noted.pk))
    assert [r for r in records if r.subject == "treat_privatenote"]
    assert not [r for r in records if "canary" in f"{r.action}{r.subject}{r.fields}{r.rule}".lower()]


# Erasure, and a new site key


@pytest.fixture
def own(cast: Cast, tmp_path: Path) -> Iterator[FileKeyring]:
    with own_vault(tmp_path) as ring:
        yield ring
        forget_clients()
        PersonalKey.objects.using("admin").all().delete()


def test_i04_i05_a_new_site_key_keeps_them_open_and_an_erasure_closes_them(cast: Cast, own: FileKeyring) -> None:
    now = datetime.now(UTC) - timedelta(minutes=5)
    client = register(cast, now, team=("therapist",))
    for who in ("privacy_officer", "program_director", "therapist"):
        with asked_by(cast, who) as by:
            private = personal_keys.make(by=by, passphrase=WORDS, now=now)
    with asked_by(cast, "therapist") as author:
        private_notes.write(by=author, client=client, text=NOTE, private=private, now=now)
    assert rotation.rotate().broken == 0
    rotation.forget(1, now=now + timedelta(days=36))
    with asked_by(cast, "therapist") as author:
        assert told(author, client, personal_keys.unlock(by=author, passphrase=WORDS)) == [NOTE]
    erasure.erase(
        code=client.code, by=cast.staff["privacy_officer"], confirmed_by=cast.staff["program_director"], now=now
    )
    for table in ("treat_notekey", "treat_noteshare"):
        assert read(f"SELECT count(*) FROM {table} WHERE client_id = %s", client.pk) == [(0,)], table
    assert read("SELECT count(*) FROM treat_privatenote WHERE client_id = %s", client.pk) == [(1,)]


@pytest.mark.parametrize("who", ["therapist", "privacy_officer"])
def test_k01_whoever_finds_a_page_open_makes_no_key_in_place_of_another(
    world: Cast, keys: dict[str, bytes], who: str
) -> None:
    """What was sealed to it, notes or a keeper's half of their key, would stay closed for good."""
    anew = {"lost": "on", "new_password": "another four words here", "again_password": "another four words here"}
    me = world.browser(who)
    asked = me.post("/my-key/", anew)
    assert (asked.status_code, asked["Location"]) == (303, "/prove/?code&next=/my-key/")
    assert personal_keys.unlock(by=world.act_as(who), passphrase=WORDS) == keys[who]
    world.prove(who)
    try:
        assert me.post("/my-key/", anew)["Location"] == "/my-key/"
    finally:
        world.prove(who, minutes=0)
    assert personal_keys.unlock(by=world.act_as(who), passphrase="another four words here") != keys[who]

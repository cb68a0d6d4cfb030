"""Erased is erased: what the ledger says holds in every database that follows it, and in none that does not."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import Error, transaction
from django.urls import reverse

from leeward.people import ledger, opening, queries, vault
from leeward.people.errors import CantErase, PeopleError, SealBroken, VaultClosed
from leeward.people.keyring import FileKeyring
from leeward.people.models import Client, LedgerPosition
from leeward.protect import erasure, holds
from leeward.protect.models import Grant, Hold

from ..cast import Cast
from .committed import asked_by, forget_clients, read, refer, register
from .vaults import own_vault

NOW = datetime.now(UTC) - timedelta(hours=2)
NAME = "Zoë Canary-Lantern"


@pytest.fixture
def own(cast: Cast, tmp_path: Path) -> Iterator[FileKeyring]:
    with own_vault(tmp_path) as ring:
        yield ring
        forget_clients()


def erase(cast: Cast, client: Client, *, by: str = "privacy_officer", confirmed_by: str = "program_director") -> None:
    erasure.erase(code=client.code, by=cast.staff[by], confirmed_by=cast.staff[confirmed_by], now=NOW)


def ledger_file() -> Path:
    return Path(settings.LEEWARD_ERASURE_LEDGER)


def test_i04_search_finds_nothing_the_code_opens_nothing_and_the_keys_are_gone(cast: Cast, own: FileKeyring) -> None:
    client, other = register(cast, NOW), register(cast, NOW)
    refer(cast, client, NOW)
    erase(cast, client)
    with asked_by(cast, "case_manager"):
        assert queries.find_people(typed=NAME) == [other]
        assert not Client.objects.filter(code=client.code).exists()
        with pytest.raises(SealBroken):
            vault.data_key(client.pk)
        assert vault.identity(other)["given_name"] == "Zoë"
    with asked_by(cast, "shelter"):
        assert not Grant.objects.exists()
    for table in ("people_vaultkey", "people_blindindex", "people_identityfield", "people_partnercode", "people_task"):
        assert read(f"SELECT count(*) FROM {table} WHERE client_id = %s", client.pk) == [(0,)], table


def test_i04_the_page_of_an_erased_person_is_the_page_of_nobody(cast: Cast, own: FileKeyring) -> None:
    client = register(cast, NOW)
    browser = cast.browser("case_manager")
    page, nobody = reverse("client", args=[client.code]), reverse("client", args=["0000-00000-0"])
    assert browser.get(page).status_code == 200
    erase(cast, client)
    assert browser.get(page).status_code == browser.get(nobody).status_code == 404


def test_i04_what_happened_stays_counted_and_who_erased_is_on_record(cast: Cast, own: FileKeyring) -> None:
    client = register(cast, NOW)
    events = read("SELECT count(*) FROM people_event WHERE client_id = %s", client.pk)
    erase(cast, client)
    assert read("SELECT count(*) FROM people_event WHERE client_id = %s", client.pk) == events != [(0,)]
    assert set(
        read(
            "SELECT action, staff_id FROM protect_auditrecord WHERE client_id = %s AND action LIKE 'erase%%'", client.pk
        )
    ) == {("erase", cast.staff["privacy_officer"].pk), ("erase.confirm", cast.staff["program_director"].pk)}


def test_i04_the_ledger_names_nobody(cast: Cast, own: FileKeyring) -> None:
    client = register(cast, NOW)
    erase(cast, client)
    text = ledger_file().read_text()
    assert len(text.splitlines()) == 2
    for word in (client.code, str(client.pk), client.pk.hex, "Zoë", "Canary"):
        assert word not in text
    assert ledger_file().stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("by", "confirmed_by"),
    [
        ("privacy_officer", "privacy_officer"),
        ("privacy_officer", "case_manager"),
        ("clinician", "program_director"),
        ("privacy_officer", "shelter"),
    ],
)
def test_i06_one_person_alone_or_without_the_role_erases_nobody(
    cast: Cast, own: FileKeyring, by: str, confirmed_by: str
) -> None:
    client = register(cast, NOW)
    with pytest.raises(CantErase):
        erase(cast, client, by=by, confirmed_by=confirmed_by)
    assert read("SELECT count(*) FROM people_vaultkey WHERE client_id = %s", client.pk) == [(1,)]
    assert len(ledger_file().read_text().splitlines()) == 1


def test_i06_somebody_who_left_confirms_nothing(cast: Cast, own: FileKeyring) -> None:
    client, gone = register(cast, NOW), cast.staff["second_director"]
    gone.is_active = False
    try:
        with pytest.raises(CantErase):
            erase(cast, client, confirmed_by="second_director")
    finally:
        gone.is_active = True


def test_l02_a_hold_stops_an_erasure(cast: Cast, own: FileKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    client = register(cast, NOW)
    monkeypatch.setattr(erasure, "holds", [lambda pk: "A court asked to keep it." if pk == client.pk else ""])
    with pytest.raises(CantErase) as refused:
        erase(cast, client)
    assert refused.value.hint == "A court asked to keep it."
    assert read("SELECT count(*) FROM people_vaultkey WHERE client_id = %s", client.pk) == [(1,)]


def test_l02_a_real_hold_stops_an_erasure_and_lifting_it_lets_the_erasure_run(cast: Cast, own: FileKeyring) -> None:
    client = register(cast, NOW)
    with asked_by(cast, "privacy_officer") as officer:
        review_on = NOW.date() + timedelta(days=30)
        hold = holds.place(by=officer, client=client, why="A trial", review_on=review_on, process=None, now=NOW)
    for _twice in range(2):
        with pytest.raises(CantErase):
            erase(cast, client)
    assert erasure.run_pending(now=NOW) == ([], [client.code])
    assert read("SELECT count(*) FROM people_vaultkey WHERE client_id = %s", client.pk) == [(1,)]
    assert read("SELECT count(*) FROM protect_pendingerasure WHERE client_id = %s", client.pk) == [(1,)]
    with asked_by(cast, "privacy_officer") as officer:
        later = NOW.date() + timedelta(days=60)
        holds.review(by=officer, hold=Hold.objects.get(pk=hold.pk), review_on=later, now=NOW)
        assert holds.lift(by=officer, hold=Hold.objects.get(pk=hold.pk), now=NOW)
        assert not holds.lift(by=officer, hold=Hold.objects.get(pk=hold.pk), now=NOW)
    assert erasure.run_pending(now=NOW) == ([client.code], [])
    assert read("SELECT count(*) FROM people_vaultkey WHERE client_id = %s", client.pk) == [(0,)]
    assert erasure.run_pending(now=NOW) == ([], [])


@pytest.mark.parametrize("days", [0, -1, holds.LONGEST_DAYS + 1])
def test_l02_a_hold_is_looked_at_again_in_time(cast: Cast, own: FileKeyring, days: int) -> None:
    client = register(cast, NOW)
    wrong = NOW.date() + timedelta(days=days)
    with asked_by(cast, "privacy_officer") as officer, pytest.raises(PeopleError):
        holds.place(by=officer, client=client, why="A trial", review_on=wrong, process=None, now=NOW)
    assert holds.why_kept(client.pk) == ""


@pytest.mark.parametrize("who", ["case_manager", "program_director", "shelter"])
def test_l02_only_the_privacy_officer_places_a_hold(cast: Cast, own: FileKeyring, who: str) -> None:
    client = register(cast, NOW)
    with pytest.raises(Error), asked_by(cast, who) as other:
        holds.place(by=other, client=client, why="x", review_on=NOW.date() + timedelta(days=9), process=None, now=NOW)


def _without_it(path: Path) -> None:
    path.unlink()


def _shortened(path: Path) -> None:
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def _altered(path: Path) -> None:
    lines = path.read_text().splitlines()
    told = json.loads(lines[-1])
    told["key"] = "0" * 64
    path.write_text("\n".join([*lines[:-1], json.dumps(told, sort_keys=True)]) + "\n")


def _reordered(path: Path) -> None:
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[2], lines[1]]) + "\n")


def _another(path: Path) -> None:
    path.unlink()
    ledger.create(path, now=NOW)


def _signed_again_with_another_key(path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    signer = Ed25519PrivateKey.generate()
    header, *entries = [json.loads(line) for line in path.read_text().splitlines()]
    header["public_key"] = signer.public_key().public_bytes_raw().hex()
    for told in (header, *entries):
        told.pop("signature")
    lines = [ledger._line(signer, header)]
    for told in entries[:-1]:
        import hashlib

        told["previous"] = hashlib.sha256(lines[-1].rstrip(b"\n")).hexdigest()
        lines.append(ledger._line(signer, told))
    path.write_bytes(b"".join(lines))


@pytest.mark.parametrize(
    "harm", [_without_it, _shortened, _altered, _reordered, _another, _signed_again_with_another_key]
)
def test_i04_no_true_ledger_no_decryption(cast: Cast, own: FileKeyring, harm: Callable[[Path], None]) -> None:
    first, second, third = (register(cast, NOW) for _ in range(3))
    erase(cast, first)
    erase(cast, second)
    with asked_by(cast, "case_manager"):
        assert vault.identity(third)["given_name"] == "Zoë"
    whole = ledger_file().read_bytes()
    harm(ledger_file())
    with pytest.raises(VaultClosed), asked_by(cast, "case_manager"):
        vault.identity(third)
    with pytest.raises(VaultClosed):
        erasure.follow(now=NOW)
    with pytest.raises(VaultClosed):
        erase(cast, third)
    ledger_file().write_bytes(whole)
    with asked_by(cast, "case_manager"):
        assert vault.identity(third)["given_name"] == "Zoë"


def test_i04_a_database_older_than_the_ledger_opens_after_the_erasures_are_repeated(
    cast: Cast, own: FileKeyring
) -> None:
    """Somebody was killed between ledger and database, or put an old disk back."""
    client, other = register(cast, NOW), register(cast, NOW)
    ledger.append(ledger_file(), client.pk, now=NOW)
    for one in (client, other):
        with pytest.raises(VaultClosed), asked_by(cast, "case_manager"):
            vault.identity(one)
    assert erasure.follow(now=NOW) == 1
    with asked_by(cast, "case_manager"):
        assert vault.identity(other)["given_name"] == "Zoë"
        assert queries.find_people(typed=NAME) == [other]
    assert read("SELECT count(*) FROM people_vaultkey WHERE client_id = %s", client.pk) == [(0,)]
    assert erasure.follow(now=NOW) == 0


def test_i04_an_old_database_that_remembers_no_ledger_repeats_all_of_it(cast: Cast, own: FileKeyring) -> None:
    client = register(cast, NOW)
    ledger.append(ledger_file(), client.pk, now=NOW)
    LedgerPosition.objects.using("admin").all().delete()
    opening._agreed.clear()
    with pytest.raises(VaultClosed), asked_by(cast, "case_manager"):
        vault.identity(client)
    assert erasure.follow(now=NOW) == 1


def test_i04_an_entry_that_was_never_finished_is_no_entry(cast: Cast, own: FileKeyring) -> None:
    client, other = register(cast, NOW), register(cast, NOW)
    with open(ledger_file(), "ab") as file:
        file.write(b'{"key": "never finished')
    with asked_by(cast, "case_manager"):
        assert vault.identity(other)["given_name"] == "Zoë"
    erase(cast, client)
    assert len(ledger.read(ledger_file()).entries) == 1
    assert b"never finished" not in ledger_file().read_bytes()


def test_readers_wait_for_an_erasure_and_no_longer_than_they_may(
    cast: Cast, own: FileKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = register(cast, NOW)
    monkeypatch.setattr(ledger, "PATIENCE", 0.1)
    opening._agreed.clear()
    with (
        ledger.locked(ledger_file(), alone=True),
        pytest.raises(VaultClosed, match="at this moment"),
        asked_by(cast, "case_manager"),
    ):
        vault.identity(client)
    with transaction.atomic():
        cast.act_as("case_manager")
        assert vault.identity(client)

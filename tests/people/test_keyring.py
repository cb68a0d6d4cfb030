"""The site keys: out of the database, out of others' reach, and new ones without anybody waiting."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import Error, connections
from django.test import override_settings
from django.urls import reverse

from leeward.people import actions, keyring, queries, rotation, vault
from leeward.people.errors import KeyringUnusable, SealBroken
from leeward.people.keyring import FileKeyring
from leeward.people.models import BlindIndex, Client, VaultKey
from leeward.protect import erasure

from ..cast import Cast
from .committed import asked_by, forget_clients, read, register
from .vaults import own_vault

NOW = datetime.now(UTC) - timedelta(hours=2)
NAME = "Zoë Canary-Lantern"
#: When no key backup of today is kept any more.
AFTER_ALL_BACKUPS = datetime.now(UTC) + rotation.KEYS_KEPT + timedelta(days=1)
FULL = os.environ.get("LEEWARD_FULL") == "yes"


@pytest.fixture
def own(cast: Cast, tmp_path: Path) -> Iterator[FileKeyring]:
    with own_vault(tmp_path) as ring:
        yield ring
        forget_clients()


class Killed(Exception):
    """Somebody pulled the plug."""


def versions_that_open(ring: FileKeyring, row: VaultKey) -> list[int]:
    """The versions under which a wrapped key opens, whatever its row says."""
    found = []
    for version in ring.versions:
        try:
            ring.unwrap(version, bytes(row.wrapped), vault.wrap_binding(row.client_id))
        except SealBroken:
            continue
        found.append(version)
    return found


def test_o01_a_keyring_that_others_may_read_is_refused(tmp_path: Path) -> None:
    ring = FileKeyring(tmp_path / "keyring.json")
    assert ring.current == 1
    assert (tmp_path / "keyring.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "keyring.json").chmod(0o640)
    with pytest.raises(KeyringUnusable) as refused:
        ring.wrap(1, b"k" * 32, b"")
    assert "chmod 600" in refused.value.hint


def test_the_key_of_before_there_were_versions_becomes_version_one(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("ab" * 32)
    ring = FileKeyring(tmp_path / "keyring.json")
    assert json.loads((tmp_path / "keyring.json").read_text() if ring.current else "")["keys"]["1"]["key"] == "ab" * 32


@pytest.mark.parametrize("text", ["", "{}", '{"current": 2, "keys": {"1": {"key": "00"}}}', "[1]"])
def test_a_harmed_keyring_says_so_and_is_not_written_over(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keyring.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyringUnusable):
        FileKeyring(path).add()
    assert path.read_text() == text


def test_i02_a_wrapped_key_opens_for_its_client_and_version_only(tmp_path: Path) -> None:
    ring = FileKeyring(tmp_path / "keyring.json")
    one, other, key = vault.wrap_binding(uuid4()), vault.wrap_binding(uuid4()), os.urandom(32)
    wrapped = ring.wrap(1, key, one)
    version = ring.add()
    assert ring.unwrap(1, wrapped, one) == key
    for wrong_version, bound_to in ((version, one), (1, other), (7, one)):
        with pytest.raises(SealBroken):
            ring.unwrap(wrong_version, wrapped, bound_to)


def test_i02_what_is_swapped_between_two_people_or_two_facts_does_not_open_and_raises_an_alarm(
    cast: Cast, own: FileKeyring, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = register(cast, NOW), register(cast, NOW)
    with asked_by(cast, "case_manager"):
        key = vault.data_key(one.pk)
        sealed = vault.seal_with(key, one.pk, "identity:phone", "601")
        for pk, place in ((other.pk, "identity:phone"), (one.pk, "identity:address")):
            with pytest.raises(SealBroken):
                vault.open_with(key, pk, place, sealed)
    wrapped = {row.client_id: bytes(row.wrapped) for row in VaultKey.objects.using("admin")}
    VaultKey.objects.using("admin").filter(client=one).update(wrapped=wrapped[other.pk])
    with pytest.raises(SealBroken), asked_by(cast, "case_manager"):
        vault.identity(one)
    told = [record.getMessage() for record in caplog.records if record.name == "leeward.vault"]
    assert told == ["A sealed value did not open: identity"] * 2 + ["A sealed value did not open: data-key"]
    page = cast.browser("case_manager").get(reverse("client", args=[one.code])).content.decode()
    assert "Part of this record is not available." in page


def test_o01_a_keyring_that_is_gone_is_not_silently_made_anew(
    cast: Cast, own: FileKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEEWARD_HOME", str(tmp_path / "elsewhere"))
    with override_settings(LEEWARD_KEYRING=""), pytest.raises(KeyringUnusable, match="missing"):
        keyring.keyring()
    assert not (tmp_path / "elsewhere" / "keys").exists()


def test_i05_every_table_of_wrapped_keys_turns() -> None:
    turning = {one.model for one in rotation.TABLES}
    assert set(erasure.key_models()) <= turning
    wrapped = {model for model in apps.get_models() if any(f.name == "site_key_version" for f in model._meta.fields)}
    assert wrapped - {BlindIndex} == turning, "what a site key wraps and does not turn is lost with that key"


def test_a_running_reader_notices_a_new_version(tmp_path: Path) -> None:
    reader, writer = FileKeyring(tmp_path / "keyring.json"), FileKeyring(tmp_path / "keyring.json")
    assert reader.current == 1
    assert writer.add() == reader.current == 2
    assert reader.versions == (2, 1)


class FarAway:
    """A key management service in miniature: the same ring, behind the protocol only."""

    def __init__(self, ring: FileKeyring) -> None:
        self.ring = ring

    def __getattr__(self, name: str) -> object:
        return getattr(self.ring, name)


def test_a_key_management_service_can_hold_the_keys(
    cast: Cast, own: FileKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = FarAway(FileKeyring(tmp_path / "far.json"))
    monkeypatch.setattr(sys.modules[__name__], "far_away", lambda: far, raising=False)
    with override_settings(LEEWARD_KEYRING=f"{__name__}:far_away"):
        client = register(cast, NOW)
        with asked_by(cast, "case_manager"):
            assert vault.identity(client)["given_name"] == "Zoë"
            assert queries.find_people(typed=NAME) == [client]
    with pytest.raises(SealBroken), asked_by(cast, "case_manager"):
        vault.identity(client)
    with override_settings(LEEWARD_KEYRING="nowhere:at_all"), pytest.raises(KeyringUnusable):
        keyring.keyring()


def test_i03_the_index_is_keyed_by_field_and_version_over_one_form(cast: Cast, own: FileKeyring) -> None:
    same = {vault.digest("name", typed, 1) for typed in ("Zoë  Lantern", "ZOE LANTERN", " zo\u200be\u0308 lantern")}
    assert len(same) == 1
    own.add()
    assert len({vault.digest(f, "zoe lantern", v) for f in ("name", "person") for v in (1, 2)} | same) == 4
    assert set(actions.searchable({"birth_year": "1990"})) == set()


def test_i05_after_a_rotation_everything_opens_with_the_new_version_and_is_found(
    cast: Cast, own: FileKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "CHUNK", 2)
    clients = [register(cast, NOW) for _ in range(5)]
    before = {row.client_id: bytes(row.wrapped) for row in VaultKey.objects.using("admin")}
    turned = rotation.rotate()
    assert (turned.version, turned.resumed, turned.keys, turned.indexes, turned.broken) == (2, False, 5, 5, 0)
    for row in VaultKey.objects.using("admin"):
        assert versions_that_open(own, row) == [row.site_key_version] == [2]
        assert bytes(row.wrapped) != before[row.client_id]
    assert set(BlindIndex.objects.using("admin").values_list("site_key_version", flat=True)) == {2}
    rotation.forget(1, now=AFTER_ALL_BACKUPS)
    assert own.versions == (2,)
    with asked_by(cast, "case_manager"):
        assert set(queries.find_people(typed=NAME)) == set(clients)
        assert queries.known_here(name=NAME, birth_year="1990")
        assert vault.identity(clients[0])["given_name"] == "Zoë"


def test_i04_an_old_version_is_kept_as_long_as_a_key_backup_may_need_it(cast: Cast, own: FileKeyring) -> None:
    client, began = register(cast, NOW), datetime.now(UTC)
    rotation.rotate()
    for days in (0, rotation.KEYS_KEPT.days - 1):
        with pytest.raises(KeyringUnusable, match="Key backups") as refused:
            rotation.forget(1, now=began + timedelta(days=days))
        assert (began + rotation.KEYS_KEPT).date().isoformat() in refused.value.hint
    assert own.versions == (2, 1)
    rotation.forget(1, now=datetime.now(UTC) + rotation.KEYS_KEPT)
    assert own.versions == (2,)
    with asked_by(cast, "case_manager"):
        assert vault.identity(client)["given_name"] == "Zoë"


def test_an_old_version_that_was_stolen_is_forgotten_at_once(cast: Cast, own: FileKeyring) -> None:
    rotation.rotate()
    rotation.forget(1, now=datetime.now(UTC), at_once=True)
    assert own.versions == (2,)


def test_where_no_rotation_is_on_record_nothing_is_forgotten(cast: Cast, own: FileKeyring) -> None:
    """As after an update, or where the database is older than the keyring."""
    assert (own.current, own.add()) == (1, 2)
    read("DELETE FROM people_round RETURNING 1")
    with pytest.raises(KeyringUnusable, match="on record"):
        rotation.forget(1, now=AFTER_ALL_BACKUPS)
    assert own.versions == (2, 1)


def test_the_job_worker_can_not_say_that_keys_were_turned_long_ago(cast: Cast, own: FileKeyring) -> None:
    rotation.rotate()
    with connections["worker"].cursor() as cursor:
        cursor.execute("UPDATE people_round SET ended_at = '2020-01-01' WHERE name = 'rotation'")
        assert cursor.rowcount == 0
        with pytest.raises(Error, match="row-level security"):
            cursor.execute("INSERT INTO people_round (name, ended_at) VALUES ('rotation', '2020-01-01')")
    connections["worker"].close()


@pytest.mark.parametrize("killed_after", range(6))
def test_i05_killed_at_any_chunk_the_next_run_finishes(
    cast: Cast, own: FileKeyring, monkeypatch: pytest.MonkeyPatch, killed_after: int
) -> None:
    monkeypatch.setattr(rotation, "CHUNK", 2)
    clients = [register(cast, NOW) for _ in range(5)]
    chunks = iter(range(killed_after))

    def until_killed(what: str, count: int) -> None:
        if next(chunks, None) is None:
            raise Killed

    with pytest.raises(Killed):
        rotation.rotate(progress=until_killed)
    late = register(cast, NOW)
    with asked_by(cast, "case_manager"):  # nobody waits: both versions open and find
        assert set(queries.find_people(typed=NAME)) == {*clients, late}
        assert {vault.identity(client)["given_name"] for client in (*clients, late)} == {"Zoë"}
        actions.correct_identity(client=clients[4], changes={"given_name": "Ada"})
    if killed_after < 4:
        with pytest.raises(KeyringUnusable, match="in use"):
            rotation.forget(1, now=AFTER_ALL_BACKUPS)
    finished = rotation.rotate()
    assert finished.version == 2 or killed_after >= 4  # then nothing was left to finish
    for row in VaultKey.objects.using("admin"):
        assert versions_that_open(own, row) == [row.site_key_version] == [own.current]
    with asked_by(cast, "case_manager"):
        assert set(queries.find_people(typed=NAME)) == {*clients[:4], late}
        assert queries.find_people(typed="Ada Canary-Lantern") == [clients[4]]


def test_i05_a_key_that_nothing_opens_does_not_stop_the_others(
    cast: Cast, own: FileKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "CHUNK", 1)
    clients = [register(cast, NOW) for _ in range(3)]
    VaultKey.objects.using("admin").filter(client=clients[1]).update(wrapped=b"harmed" * 10)
    turned = rotation.rotate()
    assert (turned.keys, turned.broken) == (2, 1)
    with pytest.raises(KeyringUnusable, match="in use"):
        rotation.forget(1, now=AFTER_ALL_BACKUPS)


def test_i05_pages_are_read_while_keys_turn(cast: Cast, own: FileKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "CHUNK", 1)
    client = register(cast, NOW)
    for _ in range(3):
        register(cast, NOW)
    read_in_between = []

    def look(what: str, count: int) -> None:
        with asked_by(cast, "case_manager"):
            read_in_between.append((vault.identity(client)["given_name"], client in queries.find_people(typed=NAME)))

    rotation.rotate(progress=look)
    assert read_in_between == [("Zoë", True)] * 8


@pytest.mark.full
@pytest.mark.skipif(not FULL, reason="100 kills of the real command: LEEWARD_FULL=yes")
def test_i05_a_hundred_real_kills(cast: Cast, own: FileKeyring, tmp_path: Path) -> None:
    from django.conf import settings

    for _ in range(40):
        register(cast, NOW)
    script = (
        "import django; django.setup();"
        "from tests.people import vaults; from leeward.people import rotation;"
        "from leeward.people.keyring import FileKeyring; from pathlib import Path;"
        f"vaults.OWN['ring'] = FileKeyring(Path({str(own._path)!r}));"
        "from django.conf import settings; settings.LEEWARD_KEYRING='tests.people.vaults:own_keyring';"
        f"settings.LEEWARD_ERASURE_LEDGER=Path({str(settings.LEEWARD_ERASURE_LEDGER)!r});"
        "rotation.CHUNK = 3; print('go', flush=True); rotation.rotate()"
    )
    for turn in range(100):
        running = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert running.stdout is not None
        running.stdout.readline()
        time.sleep(turn * 0.002)
        running.kill()
        running.wait()
        with asked_by(cast, "case_manager"):
            assert len(queries.find_people(typed=NAME)) == 40
        for row in VaultKey.objects.using("admin"):
            assert versions_that_open(own, row) == [row.site_key_version]
    connections["admin"].close()
    rotation.rotate()
    assert {row.site_key_version for row in VaultKey.objects.using("admin")} == {own.current}


def test_erased_keys_stay_away_from_a_rotation(cast: Cast, own: FileKeyring) -> None:
    client = register(cast, NOW)
    VaultKey.objects.using("admin").filter(client=client).delete()
    assert rotation.rotate().keys == 0
    assert read("SELECT count(*) FROM people_blindindex WHERE client_id = %s", client.pk) == [(0,)]
    assert Client.objects.using("admin").filter(pk=client.pk).exists()

"""A backup is complete, names nobody, and brings back everybody but those who were erased."""

import base64
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.conf import settings
from django.db import connections
from django.test import override_settings
from typer.testing import CliRunner

from leeward.identify import actions as identify
from leeward.people import actions as people
from leeward.people import ledger, opening, queries, vault
from leeward.people.actions import Arrival
from leeward.people.errors import SealBroken, VaultClosed
from leeward.people.keyring import FileKeyring, _named
from leeward.people.models import Client
from leeward.platform import backup, cli, database, dump, envelope, restore
from leeward.platform.migrate import refresh_connections
from leeward.protect import erasure, factors
from leeward.protect.models import Account
from leeward.support import actions as support
from leeward.support.models import Copy
from leeward.treat import actions as treat
from leeward.treat.goals import Goal

from ..cast import PASSWORD, Cast, _sign_in
from ..people.committed import asked_by, forget_clients, read, refer, register
from ..people.vaults import OWN, own_vault

NOW = datetime.now(UTC) - timedelta(hours=2)
NAME = "Zoë Canary-Lantern"
PRIVATE = X25519PrivateKey.generate()


@pytest.fixture
def own(cast: Cast, tmp_path: Path) -> Iterator[None]:
    with own_vault(tmp_path / "vault"):
        yield
        forget_clients()


def make(folder: Path, *, keys: bool = False, now: datetime | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    path, _ = backup.make(out=folder, recipient=PRIVATE.public_key(), keys=keys, now=now or datetime.now(UTC))
    return path


def plain(path: Path) -> bytes:
    """The SQL in a backup, as whoever holds the private key reads it."""
    with restore._archive(path) as archive:
        return b"".join(restore._rows(archive, PRIVATE))


@contextmanager
def another_database() -> Iterator[str]:
    """A new, empty database on the same server, in the place of the run's own for that long."""
    given = os.environ["LEEWARD_DATABASE_URL"]
    name = f"leeward_drill_{os.getpid()}_{secrets.token_hex(3)}"
    os.environ["LEEWARD_DATABASE_URL"] = database.with_database(given, name)
    refresh_connections()
    try:
        yield name
    finally:
        connections.close_all()
        os.environ["LEEWARD_DATABASE_URL"] = given
        refresh_connections()
        with psycopg.connect(database.with_database(given, "postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def counts() -> dict[str, int]:
    with dump.reading(os.environ["LEEWARD_DATABASE_URL"], role=database.BACKUP_ROLE) as connection:
        return dump.count(connection, dump.tables(connection))


def erase(cast: Cast, client: Client) -> None:
    erasure.erase(
        code=client.code, by=cast.staff["privacy_officer"], confirmed_by=cast.staff["program_director"], now=NOW
    )


def test_t6_i04_b01_who_was_erased_after_the_backup_is_not_brought_back_by_it(
    cast: Cast, own: None, tmp_path: Path
) -> None:
    gone, kept, other = (register(cast, NOW) for _ in range(3))
    refer(cast, gone, NOW)
    with asked_by(cast, "case_manager"):
        people.correct_identity(client=gone, changes={"given_name": "Gone"})
    main, keys, before = make(tmp_path / "out"), make(tmp_path / "out", keys=True), counts()
    wrapped = read("SELECT wrapped FROM people_vaultkey WHERE client_id = %s", gone.pk)[0][0]
    erase(cast, gone)
    with another_database():
        done = restore.restore(source=main, keys=keys, private=PRIVATE, now=datetime.now(UTC))
        assert (done.keys, done.searchable, done.erased) == (2, 2, 1)
        cast_token = _sign_in(Account.objects.using("admin").get(email="case_manager@example.org"))
        there = Cast(agencies=cast.agencies, staff=cast.staff, tokens={"case_manager": cast_token})
        with asked_by(there, "case_manager"):
            assert queries.find_people(typed="Gone Canary-Lantern") == []
            assert set(queries.find_people(typed=NAME)) == {kept, other}
            assert vault.identity(kept)["phone"] == "601 555 0142"
            assert not Client.objects.filter(code=gone.code).exists()
            with pytest.raises(SealBroken):
                vault.data_key(gone.pk)
        for table in ("people_vaultkey", "people_blindindex", "people_identityfield"):
            assert read(f"SELECT count(*) FROM {table} WHERE client_id = %s", gone.pk) == [(0,)], table
        assert read("SELECT count(*) FROM people_vaultkey WHERE wrapped = %s", bytes(wrapped)) == [(0,)]
        after = counts()
        touched = {
            "people_vaultkey", "people_blindindex", "people_identityfield", "people_partnercode", "people_task",
            "people_escalation", "people_staleplan", "protect_withdrawal", "protect_session", "protect_auditrecord",
        }  # fmt: skip
        same = {name for name in before if name.removeprefix("public.") not in touched}
        assert {name: after[name] for name in same} == {name: before[name] for name in same}
        assert before["public.people_event"] > 0
        assert after["public.people_vaultkey"] == before["public.people_vaultkey"] - 1
        with connections["default"].cursor() as cursor:  # the access rules are back: nobody sees nothing
            cursor.execute("SELECT count(*) FROM people_client")
            assert cursor.fetchone() == (0,)


def test_b01_without_the_site_keys_a_restore_says_that_no_name_opens(cast: Cast, own: None, tmp_path: Path) -> None:
    register(cast, NOW)
    main, keys = make(tmp_path / "out"), make(tmp_path / "out", keys=True)
    mine = OWN["ring"]
    with another_database():
        OWN["ring"] = FileKeyring(tmp_path / "other.json")
        _named.cache_clear()
        with pytest.raises(restore.CantRestore, match="no name opens"):
            restore.restore(source=main, keys=keys, private=PRIVATE, now=datetime.now(UTC))
    OWN["ring"] = mine
    _named.cache_clear()


def test_i04_no_ledger_no_restore(cast: Cast, own: None, tmp_path: Path) -> None:
    gone = register(cast, NOW)
    main = make(tmp_path / "out")
    erase(cast, gone)
    later = make(tmp_path / "later")
    path = Path(settings.LEEWARD_ERASURE_LEDGER)
    whole = path.read_bytes()
    path.unlink()
    with pytest.raises(VaultClosed):
        restore.verify(main, PRIVATE, kind=backup.MAIN, now=NOW)
    path.write_bytes(whole.splitlines(keepends=True)[0])
    with pytest.raises(restore.CantRestore, match="older than this backup"):
        restore.verify(later, PRIVATE, kind=backup.MAIN, now=NOW)
    path.unlink()
    ledger.create(path, now=NOW)
    with pytest.raises(restore.CantRestore, match="older than this backup"):
        restore.verify(main, PRIVATE, kind=backup.MAIN, now=NOW)
    path.write_bytes(whole)
    restore.verify(later, PRIVATE, kind=backup.MAIN, now=NOW)


def test_i04_a_dump_put_back_by_hand_opens_nothing_until_the_erasures_are_repeated(
    cast: Cast, own: None, tmp_path: Path
) -> None:
    gone, kept = register(cast, NOW), register(cast, NOW)
    main = make(tmp_path / "out")
    erase(cast, gone)
    with another_database():
        database.prepare()
        dump.load(os.environ["LEEWARD_DATABASE_URL"], [plain(main)], server=_server())
        opening._agreed.clear()
        with pytest.raises(VaultClosed, match="older than the erasure ledger"):
            opening.require(using="admin")
        assert erasure.follow(now=NOW) == 1
        opening.require(using="admin")
        assert read("SELECT count(*) FROM people_identityfield WHERE client_id = %s", gone.pk) == [(0,)]
        assert read("SELECT count(*) FROM people_identityfield WHERE client_id = %s", kept.pk) != [(0,)]


def test_b01_the_main_backup_holds_no_key_no_index_and_no_session(cast: Cast, own: None, tmp_path: Path) -> None:
    client = register(cast, NOW)
    text = plain(make(tmp_path / "out"))
    assert client.code.encode() in text
    for table in ("people_vaultkey", "people_blindindex", "protect_session"):
        assert f"CREATE TABLE public.{table} ".encode() in text
        assert f"COPY public.{table} ".encode() not in text
    for table in ("people_vaultkey", "people_blindindex"):
        column = "wrapped" if table == "people_vaultkey" else "digest"
        for (held,) in read(f"SELECT {column} FROM {table}"):
            assert bytes(held).hex().encode() not in text
    keys = plain(make(tmp_path / "out", keys=True))
    assert keys.count(b"\nCOPY ") == len(backup.key_tables()) >= 1
    assert client.code.encode() not in keys


@pytest.fixture
def weak_role(cast: Cast) -> Iterator[str]:
    """A role that reads every table and can't see past row security."""
    name = f"leeward_weak_{os.getpid()}"
    with connections["admin"].cursor() as cursor:
        cursor.execute(f'CREATE ROLE "{name}"')
        cursor.execute(f'GRANT pg_read_all_data TO "{name}"')
    yield name
    with connections["admin"].cursor() as cursor:
        cursor.execute(f'DROP ROLE "{name}"')


def test_b02_a_role_that_row_security_binds_makes_no_backup(
    cast: Cast, own: None, weak_role: str, tmp_path: Path
) -> None:
    register(cast, NOW)
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(dump.DumpFailed, match="row security"):
        backup.make(out=folder, recipient=PRIVATE.public_key(), keys=False, now=NOW, role=weak_role)
    assert list(folder.iterdir()) == []
    with psycopg.connect(os.environ["LEEWARD_DATABASE_URL"]) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
        with pytest.raises(dump.DumpFailed, match="pg_dump failed"):
            list(dump.rows(_url(), role=weak_role, snapshot=str(snapshot and snapshot[0]), server=_server()))


def test_b02_a_dump_that_lacks_one_row_is_no_backup(
    cast: Cast, own: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = register(cast, NOW)
    whole = dump.rows

    def lossy(*given: object, **named: object) -> Iterator[bytes]:
        text = b"".join(whole(*given, **named))  # type: ignore[arg-type]
        yield b"\n".join(line for line in text.split(b"\n") if b"\t" + client.code.encode() + b"\t" not in line)

    monkeypatch.setattr(dump, "rows", lossy)
    with pytest.raises(dump.DumpFailed, match="lacks rows") as refused:
        make(tmp_path / "out")
    assert "public.people_client: 1 and 0" in refused.value.hint
    assert list((tmp_path / "out").iterdir()) == []


def test_b02_nothing_that_the_web_role_leaves_behind_stops_a_backup(cast: Cast, own: None, tmp_path: Path) -> None:
    """Any role may make a large object, and only its owner reads it: one statement would have ended every backup."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT lo_create(0)")
        (left,) = cursor.fetchone()
    try:
        assert make(tmp_path / "out").exists()
    finally:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT lo_unlink(%s)", [left])


def test_b02_rows_are_counted_however_the_stream_is_cut() -> None:
    text = b"SELECT 1;\nCOPY public.a (x) FROM stdin;\n1\\n\n2\r\n\\\\.\n\\.\n\nCOPY public.b (x, y) FROM stdin;\n\\.\n"
    for size in (1, 2, 7, 1000):
        counter = dump.CopyCounter()
        for at in range(0, len(text), size):
            counter.feed(text[at : at + size])
        assert counter.counts == {"public.a": 3, "public.b": 0}


def test_b02_the_backup_role_writes_nothing_and_nobody_signs_in_as_it(cast: Cast) -> None:
    assert read("SELECT rolcanlogin, rolbypassrls, rolsuper FROM pg_roles WHERE rolname = 'leeward_backup'") == [
        (False, True, False)
    ]
    with psycopg.connect(_url()) as connection:
        connection.execute("SET ROLE leeward_backup")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE people_staff SET display_name = ''")
    assert read("SELECT pg_has_role('leeward_web', 'leeward_backup', 'MEMBER')") == [(False,)]


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20_000])


def _one_bit(path: Path) -> None:
    text = bytearray(path.read_bytes())
    text[len(text) * 2 // 3] ^= 1
    path.write_bytes(bytes(text))


def _no_archive(path: Path) -> None:
    path.write_bytes(b"\0" * 10_000)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [_cut, _one_bit, _no_archive, _empty])
def test_b01_a_harmed_backup_is_refused_before_anything_is_written(
    cast: Cast, own: None, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    register(cast, NOW)
    path = make(tmp_path / "out")
    harm(path)
    with another_database() as name:
        with pytest.raises((envelope.EnvelopeError, restore.CantRestore)):
            restore.restore(source=path, keys=None, private=PRIVATE, now=NOW)
        with psycopg.connect(database.with_database(_url(), "postgres")) as connection:
            assert connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is None


def test_b01_only_the_private_key_opens_a_backup(cast: Cast, own: None, tmp_path: Path) -> None:
    path = make(tmp_path / "out")
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(envelope.EnvelopeError, match="does not open"):
        restore.verify(path, X25519PrivateKey.generate(), kind=backup.MAIN, now=NOW)


def test_b01_a_backup_of_another_installation_is_refused(
    cast: Cast, own: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    monkeypatch.setattr(ledger, "sign", Ed25519PrivateKey.generate().sign)
    path = make(tmp_path / "out")
    with pytest.raises(restore.CantRestore, match="not made by the installation"):
        restore.verify(path, PRIVATE, kind=backup.MAIN, now=NOW)


def test_i04_a_key_backup_ends_after_35_days(cast: Cast, own: None, tmp_path: Path) -> None:
    register(cast, NOW)
    keys = make(tmp_path / "out", keys=True)
    now = datetime.now(UTC)
    restore.verify(keys, PRIVATE, kind=backup.KEYS, now=now + timedelta(days=34))
    with pytest.raises(restore.CantRestore, match="expired"):
        restore.verify(keys, PRIVATE, kind=backup.KEYS, now=now + timedelta(days=36))
    old = (now - timedelta(days=36)).timestamp()
    os.utime(keys, (old, old))
    make(tmp_path / "out", keys=True, now=now + timedelta(seconds=5))
    assert not keys.exists()


def test_b01_only_an_empty_database_is_restored_into(cast: Cast, own: None, tmp_path: Path) -> None:
    client = register(cast, NOW)
    path = make(tmp_path / "out")
    with pytest.raises(restore.CantRestore, match="not empty"):
        restore.restore(source=path, keys=None, private=PRIVATE, now=NOW)
    assert read("SELECT count(*) FROM people_vaultkey WHERE client_id = %s", client.pk) == [(1,)]


def test_b01_every_table_of_wrapped_keys_stays_out_of_the_main_backup(cast: Cast) -> None:
    held = read(
        "SELECT DISTINCT 'public.' || table_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name LIKE '%%wrapped%%'"
    )
    assert {name for (name,) in held} == set(backup.key_tables()) <= set(backup.left_out())


def test_b01_the_command_line_backs_up_verifies_and_erases(cast: Cast, own: None, tmp_path: Path) -> None:
    client, app = register(cast, NOW), CliRunner()
    cli._load_commands()

    def run(*words: str, code: int = 0, typed: str = "") -> str:
        done = app.invoke(cli.app, list(words), input=typed)
        assert done.exit_code == code, (done.output, done.exception)
        return done.stdout

    key = tmp_path / "backup.key"
    public = run("vault", "backup-key", "--out", str(key)).strip()
    assert key.stat().st_mode & 0o077 == 0
    told = json.loads(run("backup", "--out", str(tmp_path), "--recipient-public-key", public, "--json"))
    assert told["counts"]["public.people_client"] == 1
    keys = json.loads(run("backup", "--out", str(tmp_path), "--recipient-public-key", public, "--keys", "--json"))
    checked = run("restore", "--from", told["file"], "--keys", keys["file"], "--key", str(key), "--verify", "--json")
    assert json.loads(checked)["rows"] == told["rows"]
    officers = ("privacy_officer@example.org", "program_director@example.org")
    run("vault", "erase", client.code, "--by", officers[0], "--confirmed-by", officers[0], code=1)
    codes = [factors.new_recovery_codes(Account.objects.get(email=email), now=NOW) for email in officers]
    typed = [f"{PASSWORD}\n{one.pop()}\n" for one in codes]
    run("vault", "erase", client.code, "--by", "nobody@example.org", "--confirmed-by", officers[0], code=1,
        typed="".join(typed))  # fmt: skip
    erase = ("vault", "erase", client.code, "--by", officers[0], "--confirmed-by", officers[1])
    run(*erase, code=1, typed=f"{PASSWORD}\nno-code\n{typed[1]}")
    typed = [f"{PASSWORD}\n{one.pop()}\n" for one in codes]
    assert "Erased" in run(*erase, typed="".join(typed))
    assert json.loads(run("vault", "rotate", "--json"))["version"] == 2
    assert json.loads(run("vault", "show", "--json"))[1] == {"version": 2, "current": True, "rows": 0}
    run("vault", "forget", "1", code=1)
    run("vault", "forget", "1", "--at-once")


# What is planted in the fields of a record, and where it must not be found (T5).


def encodings(word: str) -> dict[str, bytes]:
    raw = word.encode()
    return {
        "raw": raw,
        "lower": raw.lower(),
        "utf-16-le": word.encode("utf-16-le"),
        "utf-16-be": word.encode("utf-16-be"),
        "hex": raw.hex().encode(),
        "hex upper": raw.hex().upper().encode(),
        "hex of utf-16": word.encode("utf-16-le").hex().encode(),
        # The inner part of the base64 form, whatever stands before the word.
        **{f"base64 +{n}": base64.b64encode(b"\0" * n + raw)[4 if n else 0 : -4] for n in range(3)},
        **{f"base64url +{n}": base64.urlsafe_b64encode(b"\0" * n + raw)[4 if n else 0 : -4] for n in range(3)},
    }


def hits(text: bytes, words: dict[str, str]) -> list[str]:
    return [
        f"{place} as {how}"
        for place, word in words.items()
        for how, sought in encodings(word).items()
        if sought in text
    ]


def plant(cast: Cast) -> tuple[Client, dict[str, str]]:
    """A record with a word of its own in every personal and clinical field."""
    words: dict[str, str] = {}

    def word(place: str) -> str:
        words[place] = f"Qz{secrets.token_hex(10)}"
        return words[place]

    with asked_by(cast, "case_manager") as by:
        facts = {name: word(name) for name in people.IDENTITY_FIELDS if name != "birth_year"}
        arrival = Arrival(identity=facts, birth_year=1991, language="en", county="Forrest", source="self")
        client = people.register(by=by, arrival=arrival, now=NOW)
        seen = identify.Noticed(codes=("speaks_for",), suspected=True, danger_now=False, note=word("note"))
        identify.observe(by=by, client=client, noticed=seen, now=NOW)
        support.save_safety_plan(
            by=by, client=client, sections={"people": word("safety plan")}, copy=Copy.SYSTEM_ONLY, now=NOW
        )
        treat.save_plan(by=by, client=client, goals=[Goal(words=word("goal"), next_step=word("next step"))], now=NOW)
    return client, words


def test_i01_t5_no_planted_word_is_in_dump_backup_or_data_directory(cast: Cast, own: None, tmp_path: Path) -> None:
    client, words = plant(cast)
    control = {"control": client.code}
    main, keys = make(tmp_path / "out"), make(tmp_path / "out", keys=True)
    text = plain(main)
    assert hits(text, control) == ["control as raw"]
    assert hits(text, words) == []
    assert hits(plain(keys), words) == []
    for path in (main, keys):
        assert hits(path.read_bytes(), words | control) == []
    [(folder,)], [(number,)] = (
        read("SHOW data_directory"),
        read("SELECT oid FROM pg_database WHERE datname = current_database()"),
    )
    data = Path(str(folder))
    if not os.access(data, os.R_OK):
        pytest.skip("the server's data directory is another user's")
    with connections["admin"].cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT pg_walfile_name(pg_current_wal_lsn())")
        (wal,) = cursor.fetchone()
    files = [path for path in (data / "base" / str(number)).rglob("*") if path.is_file()]
    files += [path for path in (data / "pg_wal").iterdir() if path.is_file() and path.name <= wal][-3:]
    files += [data / "log"] if (data / "log").is_file() else []
    found_control = []
    for path in files:
        held = path.read_bytes()
        assert hits(held, words) == [], path.name
        found_control += hits(held, control)
    assert "control as raw" in found_control, "the search itself finds what is there"


def test_i01_the_ledger_and_the_keyring_name_nobody(cast: Cast, own: None, tmp_path: Path) -> None:
    client, words = plant(cast)
    erase(cast, client)
    with override_settings():
        for path in (tmp_path / "vault").rglob("*"):
            if path.is_file():
                assert hits(path.read_bytes(), words | {"code": client.code}) == [], path.name


def _url() -> str:
    return os.environ["LEEWARD_DATABASE_URL"]


def _server() -> int:
    with psycopg.connect(_url()) as connection:
        return connection.info.server_version // 10_000


def findings() -> dict[str, bool]:
    from leeward.platform.checkup import check_everything

    return {finding.what.split(" (")[0]: finding.ok for finding in check_everything()}


LEDGER_FINDING = "The erasure ledger is here, and the database has followed it"


def test_o01_doctor_names_a_missing_ledger_and_serving_does_not_start(cast: Cast, own: None) -> None:
    app = CliRunner()
    cli._load_commands()
    found = findings()
    assert found[LEDGER_FINDING]
    assert found["The keyring can be used"]
    assert found["No role of Leeward is a superuser or passes row security"]
    assert found["The backup role sees every row, so that no backup lacks anybody"]
    path = Path(settings.LEEWARD_ERASURE_LEDGER)
    path.chmod(0o644)
    assert not findings()["The erasure ledger is readable by its owner only"]
    path.rename(path.with_suffix(".away"))
    assert not findings()[LEDGER_FINDING]
    refused = app.invoke(cli.app, ["serve", "--port", "18999"])
    path.with_suffix(".away").rename(path)
    assert refused.exit_code == 1
    assert isinstance(refused.exception, VaultClosed)


def test_o01_doctor_names_a_keyring_that_others_may_read(cast: Cast, own: None, tmp_path: Path) -> None:
    assert findings()["The keyring can be used"]
    (tmp_path / "vault" / "keys" / "keyring.json").chmod(0o644)
    assert not findings()["The keyring can be used"]
    (tmp_path / "vault" / "keys" / "keyring.json").chmod(0o600)
    assert findings()["The keyring can be used"]

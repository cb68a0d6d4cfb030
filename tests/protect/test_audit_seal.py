"""The audit record can't be quietly changed, not even by the database's superuser (threat model T4)."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import Error, connections, transaction
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from leeward.platform import checkup, database
from leeward.platform.commands import audit
from leeward.protect.models import AuditRecord
from leeward.protect.seal import canonical, chain, checkpoint, export, keys, ledger, merkle
from leeward.protect.seal.canonical import leaf
from leeward.protect.seal.verdict import Kind, Verdict
from leeward.protect.seal.verify import verify
from leeward.protect.seal.vouchers import Source

from ..cast import Cast
from . import tampering
from .tampering import ATTACKS, Log, superuser

FULL = os.environ.get("LEEWARD_FULL") == "yes"
ROUNDS = 84 if FULL else 3
LEEWARD = [sys.executable, "-m", "leeward.platform.cli"]


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "LEEWARD_CHECKPOINTS", [str(tmp_path / "one"), str(tmp_path / "two")])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "one"


@pytest.fixture
def clean(cast: Cast) -> Iterator[Cast]:
    superuser("TRUNCATE protect_auditrecord, protect_auditseal")
    yield cast
    superuser("TRUNCATE protect_auditrecord, protect_auditseal")
    connections["auditor"].close()


@pytest.fixture
def log(clean: Cast, place: Path) -> Log:
    """Forty-odd records under seven seals, and three that are not sealed yet."""
    tampering.write_log(clean.staff["clinician"], records=44)
    ledger.seal_all(batch=7)
    note(clean, 3)
    return tampering.capture(tampering.checkpoint_lines(place))


def note(cast: Cast, times: int = 1) -> None:
    """Records as a page writes them, committed."""
    for number in range(times):
        with connections["admin"].cursor() as cursor:
            cursor.execute(_NOTE, [cast.centre.pk, f"read page.{number}"])


_NOTE = (
    "INSERT INTO protect_auditrecord (at, agency_id, action, subject, fields, rule)"
    " VALUES (clock_timestamp(), %s, %s, '', '{code}', '')"
)


def judged(sources: list[Source] | None = None) -> Verdict:
    return ledger.verify(sources or ())


# --- the twelve kinds of tampering -----------------------------------------------------------------------------------


@pytest.mark.full
@pytest.mark.parametrize("attack", list(ATTACKS))
def test_u01_each_tampering_by_the_superuser_is_found_and_located(log: Log, attack: str, tmp_path: Path) -> None:
    key = keys.signing_key().public_key()
    for round_number in range(ROUNDS):
        chance = random.Random(f"{attack} {round_number}")
        expected = ATTACKS[attack](log, chance)
        with_database = ledger.verify(expected.sources or log.sources, key=expected.key or key)
        out = tmp_path / "log.jsonl"
        ledger.export(out)
        elsewhere = verify(
            export.records_in(out), export.seals_in(out), expected.sources or log.sources, key=expected.key or key
        )
        for verdict in (with_database, elsewhere):
            assert verdict.first is not None, f"{attack} {round_number} was not seen"
            assert verdict.first.record == expected.record, (verdict.first, expected)
            assert verdict.first.kind in expected.kinds, (verdict.first, expected)
        tampering.restore(log)
    assert judged().is_sound


def test_u01_an_untouched_log_is_sound_and_says_what_is_proven(log: Log) -> None:
    verdict = judged()
    assert verdict.is_sound, verdict.faults
    assert (verdict.sealed, verdict.unsealed, verdict.seals) == (44, 3, 7)
    assert verdict.proven_to == log.ids[-1]
    assert any("3 records at the end are not sealed yet" in note for note in verdict.notes)


@pytest.mark.parametrize("attack", list(ATTACKS))
def test_u01_one_old_checkpoint_alone_finds_what_was_done_before_it(log: Log, attack: str) -> None:
    """A stranger may have kept a single line. Hashes rebuilt then name the batch, all else the record."""
    expected = ATTACKS[attack](log, random.Random(attack))
    if expected.sources is not None:
        return
    verdict = ledger.verify([Source("kept", log.lines[-1:])], key=expected.key)
    assert verdict.first is not None
    assert verdict.first.record is not None
    assert verdict.first.record <= expected.record or attack in {"empty the log"}


def test_u01_a_stolen_key_can_not_rewrite_what_a_checkpoint_vouches_for(log: Log) -> None:
    bad = log.ids[16]
    superuser(f"UPDATE protect_auditrecord SET action = 'read nothing' WHERE id = {bad}")
    tampering.put_seals(tampering.rebuilt(log.seals, key=keys.signing_key()))
    verdict = judged()
    assert verdict.first is not None
    assert (verdict.first.kind, verdict.first.record) == (Kind.ALTERED, bad)
    assert Kind.REBUILT in {fault.kind for fault in verdict.faults}


def test_u01_hashes_rebuilt_after_the_last_checkpoint_lack_the_signature(log: Log) -> None:
    """The verifier's checkpoint is that of seal 3; seal 6 was rebuilt: without the key, and with another one."""
    old, bad = [Source("kept", log.lines[:3])], log.ids[37]
    superuser(f"UPDATE protect_auditrecord SET action = 'read nothing' WHERE id = {bad}")
    for key in (None, Ed25519PrivateKey.generate()):
        tampering.put_seals(tampering.rebuilt(log.seals, from_number=6, key=key))
        verdict = judged(old)
        assert verdict.first is not None
        assert verdict.first.record == log.seals[5].first_id
        assert verdict.first.kind is (Kind.KEY if key else Kind.REBUILT)


def test_u01_what_lies_after_the_checkpoint_is_said_to_be_unproven(log: Log) -> None:
    """With the stolen key and only an old checkpoint nobody can see it, and the answer says so."""
    tampering.put_seals(tampering.rebuilt(log.seals, from_number=6, key=keys.signing_key()))
    verdict = judged([Source("kept", log.lines[:3])])
    assert verdict.is_sound
    assert verdict.proven_to == log.seals[2].last_id
    assert any(f"Records {log.seals[3].first_id} to {log.ids[-1]}" in note for note in verdict.notes)


def test_u01_a_seal_taken_away_changed_or_doubled_is_named(log: Log) -> None:
    third = log.seals[2]
    for seals in (
        [one for one in log.seals if one.number != 3],
        [replace(one, count=6) if one.number == 3 else one for one in log.seals],
        [replace(one, ids="1-7") if one.number == 3 else one for one in log.seals],
        [replace(one, leaves=bytes(224)) if one.number == 3 else one for one in log.seals],
        [replace(one, signature=bytes(64)) if one.number == 3 else one for one in log.seals],
        [replace(one, sealed_at=one.sealed_at - timedelta(days=1)) if one.number == 3 else one for one in log.seals],
    ):
        tampering.put_seals(seals)
        for sources in ([], [Source("kept", log.lines[-1:])]):
            verdict = judged(sources)
            assert verdict.first is not None
            assert verdict.first.record == third.first_id


def test_u01_seals_taken_away_leave_the_records_unvouched_for(log: Log) -> None:
    superuser("TRUNCATE protect_auditseal")
    verdict = judged()
    assert verdict.first is not None
    assert verdict.first.record == log.ids[0]


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE protect_auditrecord SET at = 'infinity' WHERE id = {}", Kind.ALTERED),
        ("UPDATE protect_auditrecord SET at = '0044-03-15 BC' WHERE id = {}", Kind.ALTERED),
        ("INSERT INTO protect_auditrecord SELECT -5, at, client_id, action, subject, fields, rule, agency_id, staff_id"
         " FROM protect_auditrecord WHERE id = {}", Kind.DUPLICATED),
        ("UPDATE protect_auditseal SET number = 9e18 WHERE {0} BETWEEN first_id AND last_id", Kind.SEAL),
        ("UPDATE protect_auditseal SET number = -3 WHERE {0} BETWEEN first_id AND last_id", Kind.SEAL),
        ("UPDATE protect_auditseal SET sealed_at = 'infinity' WHERE {0} BETWEEN first_id AND last_id", Kind.SEAL),
        ("UPDATE protect_auditseal SET last_id = 9e18 WHERE {0} BETWEEN first_id AND last_id", Kind.SEAL),
        ("UPDATE protect_auditseal SET ids = '1-999999999999' WHERE {0} BETWEEN first_id AND last_id", Kind.SEAL),
        ("UPDATE protect_auditseal SET leaves = '', count = 0 WHERE {0} BETWEEN first_id AND last_id", Kind.SEAL),
    ],
)  # fmt: skip
def test_u01_values_that_no_log_holds_are_found_and_stop_no_check(log: Log, statement: str, kind: Kind) -> None:
    for sources in ([], [Source("kept", log.lines[-1:])]):
        superuser(statement.format(log.seals[2].first_id))
        verdict = judged(sources)
        assert kind in {fault.kind for fault in verdict.faults}
        tampering.restore(log)


def test_u01_a_log_begun_anew_is_not_taken_for_the_old_one(log: Log, clean: Cast) -> None:
    superuser("TRUNCATE protect_auditrecord, protect_auditseal")
    note(clean, 5)
    assert ledger.seal_all().records == 5
    verdict = judged()
    assert verdict.first is not None
    assert (verdict.first.kind, verdict.first.record) == (Kind.EMPTIED, log.ids[0])


def test_u01_an_old_copy_of_one_place_is_seen(log: Log, tmp_path: Path) -> None:
    file = checkpoint.files_in(tmp_path / "two")[0]
    file.write_text("\n".join(log.lines[:4]) + "\n")
    verdict = judged()
    assert verdict.first is not None
    assert (verdict.first.kind, verdict.first.record) == (Kind.CHECKPOINT, log.seals[4].first_id)
    file.unlink()
    assert [fault.kind for fault in judged().faults] == [Kind.CHECKPOINT]


def test_u01_a_place_without_any_checkpoint_is_seen(log: Log, tmp_path: Path) -> None:
    for name in ("one", "two"):
        for file in checkpoint.files_in(tmp_path / name):
            file.unlink()
    assert [fault.kind for fault in judged().faults] == [Kind.CHECKPOINT]


def test_u01_a_checkpoint_that_was_edited_counts_for_nothing(log: Log, tmp_path: Path) -> None:
    said = json.loads(log.lines[-1])
    for name, value in (
        ("records", 3),
        ("head", "00" * 32),
        ("at", "2020-01-01T00:00:00.000000Z"),
        ("marks", said["marks"][::-1]),
    ):
        lines = [*log.lines[:-1], json.dumps({**said, name: value})]
        verdict = judged([Source("kept", lines)])
        assert [fault.kind for fault in verdict.faults] == [Kind.CHECKPOINT], name


@pytest.mark.parametrize("lines", [[], ["{"], ['{"checkpoint":1}', ""]], ids=["emptied", "cut", "torn"])
def test_u01_a_file_that_vouches_for_nothing_is_no_evidence(log: Log, lines: list[str]) -> None:
    assert [fault.kind for fault in judged([Source("kept", lines)]).faults] == [Kind.CHECKPOINT]
    assert [fault.kind for fault in judged([Source("kept", log.lines), Source("other", lines)]).faults] == [
        Kind.CHECKPOINT
    ]


def test_u01_a_checkpoint_by_a_strange_key_accuses_no_seal_of_ours(log: Log) -> None:
    own = Ed25519PrivateKey.generate()
    forged = checkpoint.of(replace(log.seals[-1], head=bytes(32)), log=log.seals[0].previous.hex(), key=own)
    verdict = judged([Source("kept", [forged.line()])])
    assert [fault.kind for fault in verdict.faults] == [Kind.KEY]


@pytest.mark.parametrize("torn", ["", "{", "\n\n", '{"checkpoint":1}\n', "é", "[]\n", "1" * 5_000 + "\n"])
def test_u01_a_line_cut_short_by_a_crash_is_passed_over(log: Log, place: Path, torn: str) -> None:
    file = checkpoint.files_in(place)[0]
    with file.open("a", encoding="latin-1") as out:
        out.write(torn)
    if torn == "é":
        with pytest.raises(checkpoint.CheckpointError):
            judged()
        return
    assert ledger.seal_all(patience=5).seals == 1
    assert judged().is_sound
    assert len(checkpoint.lines_of(file)) == 8 + bool(torn.strip())


# --- the log in a file, on another machine ---------------------------------------------------------------------------


def run(*words: str) -> Result:
    return CliRunner().invoke(audit.app, list(words))


def test_u01_a_stranger_checks_an_export_without_the_database(log: Log, tmp_path: Path) -> None:
    out, pem, kept = tmp_path / "log.jsonl", tmp_path / "key.pem", tmp_path / "kept.jsonl"
    ledger.export(out)
    assert out.stat().st_mode & 0o777 == 0o600
    pem.write_bytes(keys.as_pem(keys.signing_key().public_key()))
    kept.write_text("\n".join(log.lines) + "\n")
    away = {"LEEWARD_HOME": str(tmp_path / "nowhere"), "LEEWARD_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    sound = subprocess.run(
        [*LEEWARD, "audit", "verify", "--records", out, "--public-key", pem, "--checkpoint", kept],
        env={**os.environ, **away}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (sound.returncode, sound.stderr) == (0, "")
    assert sound.stdout.startswith("Sound. 44 records under 7 seals are as they were sealed.\n")
    assert not (tmp_path / "nowhere").exists()
    lines = out.read_text().splitlines()
    nth = next(i for i, line in enumerate(lines) if line.startswith('{"record"')) + 9
    for kind, changed in (
        ("altered", [*lines[:nth], lines[nth].replace('"row-1"', '"row-2"'), *lines[nth + 1 :]]),
        ("missing", [*lines[:nth], *lines[nth + 1 :]]),
        ("duplicated", [*lines[: nth + 1], *lines[nth:]]),
        ("reordered", [*lines[:nth], *lines[nth + 1 : nth + 3], lines[nth], *lines[nth + 3 :]]),
    ):
        out.write_text("\n".join(changed) + "\n")
        found = run("verify", "--records", str(out), "--checkpoint", str(kept), "--json")
        first = json.loads(found.stdout)["first"]
        assert (found.exit_code, first["kind"], first["record"]) == (1, kind, log.ids[9])
    told = run("verify", "--records", str(out), "--checkpoint", str(kept)).stdout
    assert told.startswith(f"Not sound. The first bad record is {log.ids[9]}.\n")


def test_u01_what_can_not_be_checked_is_said(log: Log, tmp_path: Path) -> None:
    out, kept = tmp_path / "log.jsonl", tmp_path / "kept.jsonl"
    ledger.export(out)
    kept.write_text("\n".join(log.lines) + "\n")
    assert run("verify", "--records", str(out)).exit_code == 2, "an export does not vouch for itself"
    for words, error in (
        (("--records", str(tmp_path / "none"), "--checkpoint", str(kept)), FileNotFoundError),
        (("--records", str(out), "--checkpoint", str(tmp_path / "none")), checkpoint.CheckpointError),
        (("--records", str(kept), "--checkpoint", str(kept)), export.ExportError),
        (("--records", str(out), "--public-key", str(kept)), keys.KeyUnreadable),
    ):
        assert isinstance(run("verify", *words).exception, error)


def test_u01_the_command_line_seals_exports_and_checks(clean: Cast, tmp_path: Path) -> None:
    note(clean, 3)
    assert json.loads(run("seal", "--json").stdout)["records"] == 3
    assert run("verify").exit_code == 0
    assert run("key", "--out", str(tmp_path / "key.pem")).exit_code == 0
    assert run("export", "--out", str(tmp_path / "log.jsonl")).exit_code == 0
    held = ["--public-key", str(tmp_path / "key.pem"), "--records", str(tmp_path / "log.jsonl")]
    assert run("verify", *held).exit_code == 0
    superuser("DELETE FROM protect_auditrecord WHERE id = (SELECT min(id) FROM protect_auditrecord)")
    found = run("verify")
    assert (found.exit_code, found.stdout[:10]) == (1, "Not sound.")


# --- sealing ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def writer(clean: Cast) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(os.environ["LEEWARD_DATABASE_URL"]) as connection:
        yield connection


def write_in(connection: "psycopg.Connection[tuple[object, ...]]", cast: Cast) -> int:
    row = connection.execute(f"{_NOTE} RETURNING id", [cast.centre.pk, "read late"]).fetchone()
    assert row is not None
    return int(str(row[0]))


def test_u01_a_record_of_an_open_transaction_is_never_passed_over(
    clean: Cast, writer: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    note(clean)
    ledger.seal_all()
    note(clean, 2)
    open_one = write_in(writer, clean)
    note(clean, 2)
    first = ledger.seal_all(patience=0)
    assert (first.records, first.waiting) == (2, True)
    writer.commit()
    then = ledger.seal_all()
    assert (then.records, then.waiting) == (3, False)
    assert [one for seal in ledger.seals() for one in canonical.read_runs(seal.ids)] == [
        row[0] for row in tampering.rows()
    ]
    assert open_one in canonical.read_runs(list(ledger.seals())[-1].ids)
    assert judged().is_sound


def test_u01_a_number_drawn_before_the_transaction_has_any_row_is_waited_for(
    clean: Cast, writer: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    """A writer that stalls between drawing its number and storing its row has no transaction id to be seen by."""
    note(clean)
    assert ledger.seal_all().records == 1
    writer.execute("LOCK TABLE protect_auditrecord IN ROW EXCLUSIVE MODE")  # what an INSERT does first
    (drawn,) = writer.execute("SELECT nextval('protect_auditrecord_id_seq')").fetchone()  # type: ignore[misc]
    note(clean, 3)
    assert ledger.seal_all(patience=0).records == 0
    writer.execute(
        "INSERT INTO protect_auditrecord (id, at, agency_id, action, subject, fields, rule)"
        " VALUES (%s, clock_timestamp(), %s, 'read late', '', '{}', '')",
        [drawn, clean.centre.pk],
    )
    writer.commit()
    assert ledger.seal_all().records == 4
    assert judged().is_sound


def test_u01_a_transaction_that_fails_leaves_a_gap_and_no_doubt(
    clean: Cast, writer: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    note(clean)
    write_in(writer, clean)
    note(clean)
    writer.rollback()
    assert ledger.seal_all().records == 2
    assert judged().is_sound


def test_u01_records_before_a_long_transaction_are_sealed_all_the_same(
    clean: Cast, writer: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    note(clean)
    ledger.seal_all()
    note(clean, 5)
    write_in(writer, clean)
    note(clean, 5)
    done = ledger.seal_all(patience=0)
    assert (done.records, done.waiting) == (5, True)


def test_u04_sealing_holds_up_no_writer_and_skips_none(clean: Cast) -> None:
    """Eight write, some of them slowly and some in vain, while one seals without pause."""
    stop, slowest = Event(), []

    def write(number: int) -> int:
        chance, written = random.Random(number), 0
        with psycopg.connect(os.environ["LEEWARD_DATABASE_URL"]) as connection:
            connection.execute("SET lock_timeout = '250ms'")  # whoever waits for a lock fails here
            connection.commit()
            for _ in range(60):
                begun = time.monotonic()
                write_in(connection, clean)
                slowest.append(time.monotonic() - begun)
                if chance.random() < 0.2:
                    time.sleep(chance.random() * 0.02)
                if chance.random() < 0.1:
                    connection.rollback()
                else:
                    connection.commit()
                    written += 1
        return written

    def seal() -> None:
        while not stop.is_set():
            ledger.seal_all(batch=20, patience=0.01)
        connections["auditor"].close()

    sealer = Thread(target=seal)
    sealer.start()
    with ThreadPoolExecutor(8) as pool:
        written = sum(pool.map(write, range(8)))
    stop.set()
    sealer.join(timeout=20)
    ledger.seal_all()
    assert len(tampering.rows()) == written
    sealed = [one for seal in ledger.seals() for one in canonical.read_runs(seal.ids)]
    assert sealed == [row[0] for row in tampering.rows()]
    assert len(list(ledger.seals())) > 3
    assert judged().is_sound


def test_u04_a_sealer_takes_no_lock_that_a_writer_minds(clean: Cast) -> None:
    note(clean)
    with transaction.atomic(using="auditor"):
        assert [one["id"] for one in ledger.records()]
        ledger._horizon(0)
        with connections["admin"].cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT mode FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                " WHERE a.usename = 'leeward_auditor' AND l.locktype = 'relation'"
            )
            assert cursor.fetchall() == [("AccessShareLock",)]


def test_u01_two_sealers_make_one_chain(clean: Cast) -> None:
    note(clean, 40)

    def seal(_: int) -> int:
        try:
            return ledger.seal_all(batch=5).seals
        finally:
            connections["auditor"].close()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(seal, range(3))) == 8
    assert judged().is_sound


def test_u01_the_sealer_signs_nothing_on_top_of_a_contradiction(log: Log) -> None:
    superuser(
        "DELETE FROM protect_auditseal WHERE number > 4",
        f"DELETE FROM protect_auditrecord WHERE id > {log.seals[3].last_id}",
    )
    with pytest.raises(ledger.SealRefused, match="ends at seal 4"):
        ledger.seal_all()
    tampering.restore(log)
    tampering.put_seals(tampering.rebuilt(log.seals, key=Ed25519PrivateKey.generate()))
    with pytest.raises(ledger.SealRefused, match="not as this site's key signed it"):
        ledger.seal_all()
    tampering.restore(log)
    superuser(f"UPDATE protect_auditrecord SET action = 'x' WHERE id = {log.ids[0]}")
    tampering.put_seals(tampering.rebuilt(log.seals, key=keys.signing_key()))
    with pytest.raises(ledger.SealRefused, match="is not the one whose checkpoint"):
        ledger.seal_all()


def test_u01_after_a_restore_sealing_goes_on_once_the_checkpoints_are_put_aside(
    log: Log, clean: Cast, tmp_path: Path
) -> None:
    """As docs/how-to/audit.md says: the old checkpoints still prove what was lost."""
    superuser(
        "DELETE FROM protect_auditseal WHERE number > 4",
        f"DELETE FROM protect_auditrecord WHERE id > {log.seals[3].last_id}",
    )
    for name in ("one", "two"):
        for file in checkpoint.files_in(tmp_path / name):
            file.unlink()
    tampering.write_log_tail(clean.staff["clinician"], 3)
    assert ledger.seal_all().records == 3
    assert judged().is_sound
    then = judged(log.sources)
    assert then.first is not None
    assert then.first.record == log.seals[4].first_id


def test_u01_a_place_that_is_away_gets_its_checkpoints_later(clean: Cast, tmp_path: Path) -> None:
    (tmp_path / "two").write_text("a file where a folder should be")
    note(clean, 2)
    done = ledger.seal_all()
    assert done.records == 2
    assert len(done.troubles) == 1
    (tmp_path / "two").unlink()
    note(clean, 2)
    assert ledger.seal_all().troubles == []
    assert tampering.checkpoint_lines(tmp_path / "two") == tampering.checkpoint_lines(tmp_path / "one")
    assert judged().is_sound


@pytest.mark.parametrize(
    "statement",
    ["UPDATE protect_auditseal SET count = 1", "DELETE FROM protect_auditseal", "TRUNCATE protect_auditseal",
     "UPDATE protect_auditrecord SET action = ''", "DELETE FROM protect_auditrecord", "TRUNCATE protect_auditrecord",
     "INSERT INTO protect_auditrecord (at, agency_id, action, subject, fields, rule) SELECT now(), agency_id, '', '',"
     " '{}', '' FROM protect_auditrecord", "SELECT 1 FROM people_client", "SELECT 1 FROM people_identityfield",
     "SELECT 1 FROM people_staff", "SELECT setval('protect_auditrecord_id_seq', 1)", "SET ROLE leeward_owner"],
)  # fmt: skip
def test_u01_the_auditor_reads_and_adds_seals_and_nothing_else(log: Log, statement: str) -> None:
    parameters = database.parameters("auditor")
    with (
        psycopg.connect(**parameters, autocommit=True) as connection,  # type: ignore[arg-type]
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


@pytest.mark.parametrize("alias", ["default", "worker", "reporter", "signin"])
def test_u01_no_other_role_reaches_the_seals(log: Log, alias: str) -> None:
    for statement in ("UPDATE protect_auditseal SET count = 1", "DELETE FROM protect_auditseal",
                      "INSERT INTO protect_auditseal SELECT * FROM protect_auditseal"):  # fmt: skip
        with (
            pytest.raises(Error, match="permission denied"),
            transaction.atomic(using=alias),
            connections[alias].cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE protect_auditseal SET count = 1", "DELETE FROM protect_auditseal"])
def test_u01_a_seal_is_refused_to_be_changed_even_by_the_superuser(log: Log, statement: str) -> None:
    with (
        pytest.raises(Error, match="never changed"),
        transaction.atomic(using="admin"),
        connections["admin"].cursor() as cursor,
    ):
        cursor.execute(statement)


# --- one record, one line, one hash ----------------------------------------------------------------------------------

NASTY = "read\n\x1b[2J\x07\u202epage\u2028\x85 \\n ok"


def test_u03_control_characters_are_stored_escaped(clean: Cast) -> None:
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO protect_auditrecord (at, agency_id, action, subject, fields, rule)"
            " VALUES (clock_timestamp(), %s, %s, %s, %s, %s)",
            [clean.centre.pk, NASTY, NASTY, [NASTY, "code"], NASTY],
        )
    record = AuditRecord.objects.using("admin").get()
    said = r"read\u000a\u001b[2J\u0007\u202epage\u2028\u0085 \\n ok"
    assert (record.action, record.subject, record.rule) == (said, said, said)
    assert record.fields == [said, "code"]


def test_u03_one_record_is_one_line_whatever_it_holds(clean: Cast, tmp_path: Path) -> None:
    note(clean)
    escaped = NASTY.replace("\\", "").replace("'", "")
    superuser(f"UPDATE protect_auditrecord SET action = '{escaped}'")
    out = tmp_path / "log.jsonl"
    assert ledger.export(out) == 1
    text = out.read_bytes()
    assert text.count(b"\n") == 2
    assert all(byte in b"\n" or 32 <= byte < 127 for byte in text)
    assert next(iter(export.records_in(out)))["action"] == escaped


def test_u03_a_terminal_sees_no_code_from_the_log(log: Log) -> None:
    seal = replace(log.seals[0], key="\x1b[2J\nSound.")
    tampering.put_seals([seal, *log.seals[1:]])
    said = run("verify", "--checkpoint", "/dev/null").stdout
    assert "\x1b" not in said
    assert "\nSound." not in said


TEXT = st.text(max_size=8)
RECORDS = st.fixed_dictionaries(
    {
        "id": st.integers(1, 99),
        "at": st.datetimes().map(lambda at: at.replace(tzinfo=UTC)),
        "client_id": st.none() | st.uuids(),
        "action": TEXT,
        "subject": TEXT,
        "fields": st.lists(TEXT, max_size=3),
    }
)


@given(RECORDS, RECORDS)
def test_u01_two_records_have_one_hash_only_if_they_say_the_same(
    one: dict[str, object], other: dict[str, object]
) -> None:
    assert (leaf(one) == leaf(other)) == (one == other)


@given(RECORDS)
def test_u01_a_record_has_the_same_hash_from_a_file(record: dict[str, object]) -> None:
    line = json.dumps({name: canonical.plain(value) for name, value in record.items()})
    assert leaf(json.loads(line)) == leaf(record)


def test_u01_a_column_added_later_leaves_old_hashes_alone() -> None:
    record = {"id": 1, "at": datetime(2026, 11, 24, tzinfo=UTC), "action": "read"}
    assert leaf({**record, "why": None, "note": "", "tags": []}) == leaf(record)
    assert leaf({**record, "why": "court order"}) != leaf(record)


@given(st.lists(st.integers(1, 10**6), min_size=1, unique=True))
def test_u01_numbers_are_read_as_written(ids: list[int]) -> None:
    assert canonical.read_runs(canonical.runs(sorted(ids))) == sorted(ids)


@pytest.mark.parametrize("text", ["", "1,1", "2-1", "3,2", "1-", "-1", "1-9999999999", "a", "1 ", "1-3,3", "٣"])
def test_u01_numbers_out_of_order_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        canonical.read_runs(text)


def test_u01_the_tree_is_that_of_rfc_6962() -> None:
    """The known roots of the Certificate Transparency reference implementation."""
    from hashlib import sha256

    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [sha256(b"\x00" + bytes.fromhex(one)).digest() for one in inputs]
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root(leaves[:3]).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    assert merkle.root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_u01_a_node_never_passes_for_a_leaf() -> None:
    leaves = [bytes([n]) * 32 for n in range(4)]
    nodes = [merkle.node(*leaves[:2]), merkle.node(*leaves[2:])]
    assert leaf({"id": 1})[:16] not in merkle.node(leaf({"id": 1}), leaf({"id": 2}))
    assert merkle.root(nodes) == merkle.root(leaves), "hashes alone don't tell; the count under the signature does"
    key, at = Ed25519PrivateKey.generate(), datetime.now(UTC)
    made = [
        chain.seal(range(1, len(some) + 1), some, after=None, origin=bytes(32), at=at, key=key)
        for some in (leaves, nodes)
    ]
    assert made[0].root == made[1].root
    assert made[0].head != made[1].head


# --- told to whoever runs the site -----------------------------------------------------------------------------------


def test_doctor_tells_of_old_seals_and_of_too_few_places(
    clean: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def found() -> dict[str, bool]:
        return {finding.what: finding.ok for finding in checkup._audit()}

    assert found() == {}, "before anything runs there is nothing to say"
    note(clean)
    ledger.seal_all()
    assert all(found().values())
    note(clean)
    superuser("UPDATE protect_auditrecord SET at = at - interval '1 hour'")
    assert found()["The audit record is sealed"] is False
    ledger.seal_all()
    assert all(found().values())
    monkeypatch.setattr(settings, "LEEWARD_CHECKPOINTS", [str(tmp_path / "one")])
    assert found()["Checkpoints of the audit record are kept in two places or more"] is False

"""Sealing passes over no record, holds up nobody who writes, and belongs to one role alone (threat model T4)."""

import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import Error, connections, transaction

from leeward.platform import checkup, database
from leeward.protect.seal import canonical, checkpoint, keys, ledger

from ...cast import Cast
from . import tampering
from .tampering import NOTE, Log, judged, note, superuser


@pytest.fixture
def writer(clean: Cast) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(os.environ["LEEWARD_DATABASE_URL"]) as connection:
        yield connection


def write_in(connection: "psycopg.Connection[tuple[object, ...]]", cast: Cast) -> int:
    row = connection.execute(f"{NOTE} RETURNING id", [cast.centre.pk, "read late"]).fetchone()
    assert row is not None
    return int(str(row[0]))


def test_u01_a_record_of_an_open_transaction_is_never_passed_over(
    clean: Cast, writer: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    note(clean.centre)
    ledger.seal_all()
    note(clean.centre, 2)
    open_one = write_in(writer, clean)
    note(clean.centre, 2)
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
    note(clean.centre)
    assert ledger.seal_all().records == 1
    writer.execute("LOCK TABLE protect_auditrecord IN ROW EXCLUSIVE MODE")  # what an INSERT does first
    (drawn,) = writer.execute("SELECT nextval('protect_auditrecord_id_seq')").fetchone()  # type: ignore[misc]
    note(clean.centre, 3)
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
    note(clean.centre)
    write_in(writer, clean)
    note(clean.centre)
    writer.rollback()
    assert ledger.seal_all().records == 2
    assert judged().is_sound


def test_u01_records_before_a_long_transaction_are_sealed_all_the_same(
    clean: Cast, writer: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    note(clean.centre)
    ledger.seal_all()
    note(clean.centre, 5)
    write_in(writer, clean)
    note(clean.centre, 5)
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
    note(clean.centre)
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
    note(clean.centre, 40)

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
    note(clean.centre, 3)
    assert ledger.seal_all().records == 3
    assert judged().is_sound
    then = judged(log.sources)
    assert then.first is not None
    assert then.first.record == log.seals[4].first_id


def test_u01_a_place_that_is_away_gets_its_checkpoints_later(clean: Cast, tmp_path: Path) -> None:
    (tmp_path / "two").write_text("a file where a folder should be")
    note(clean.centre, 2)
    done = ledger.seal_all()
    assert done.records == 2
    assert len(done.troubles) == 1
    (tmp_path / "two").unlink()
    note(clean.centre, 2)
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


def test_doctor_tells_of_old_seals_and_of_too_few_places(
    clean: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def found() -> dict[str, bool]:
        return {finding.what: finding.ok for finding in checkup._audit()}

    assert found() == {}, "before anything runs there is nothing to say"
    note(clean.centre)
    ledger.seal_all()
    assert all(found().values())
    note(clean.centre)
    superuser("UPDATE protect_auditrecord SET at = at - interval '1 hour'")
    assert found()["The audit record is sealed"] is False
    ledger.seal_all()
    assert all(found().values())
    monkeypatch.setattr(settings, "LEEWARD_CHECKPOINTS", [str(tmp_path / "one")])
    assert found()["Checkpoints of the audit record are kept in two places or more"] is False

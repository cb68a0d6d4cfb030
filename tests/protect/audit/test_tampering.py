"""The audit record can't be quietly changed, not even by the database's superuser (threat model T4)."""

import json
import os
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from leeward.protect.seal import checkpoint, export, keys, ledger
from leeward.protect.seal.verdict import Kind
from leeward.protect.seal.verify import verify
from leeward.protect.seal.vouchers import Source

from ...cast import Cast
from . import tampering
from .tampering import ATTACKS, Log, judged, note, superuser

FULL = os.environ.get("LEEWARD_FULL") == "yes"
ROUNDS = 84 if FULL else 3


@pytest.mark.full
@pytest.mark.parametrize("attack", list(ATTACKS))
def test_t4_u01_each_tampering_by_the_superuser_is_found_and_located(log: Log, attack: str, tmp_path: Path) -> None:
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
    note(clean.centre, 5)
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

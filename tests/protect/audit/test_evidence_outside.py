"""Whoever holds an export, a key and a checkpoint can check the audit record without the database (threat model T4)."""

import json
import os
import subprocess
import sys
from pathlib import Path

from leeward.protect.seal import checkpoint, export, keys, ledger

from ...cast import Cast
from .tampering import Log, note, run, superuser

LEEWARD = [sys.executable, "-m", "leeward.platform.cli"]


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
    note(clean.centre, 3)
    assert json.loads(run("seal", "--json").stdout)["records"] == 3
    assert run("verify").exit_code == 0
    assert run("key", "--out", str(tmp_path / "key.pem")).exit_code == 0
    assert run("export", "--out", str(tmp_path / "log.jsonl")).exit_code == 0
    held = ["--public-key", str(tmp_path / "key.pem"), "--records", str(tmp_path / "log.jsonl")]
    assert run("verify", *held).exit_code == 0
    superuser("DELETE FROM protect_auditrecord WHERE id = (SELECT min(id) FROM protect_auditrecord)")
    found = run("verify")
    assert (found.exit_code, found.stdout[:10]) == (1, "Not sound.")

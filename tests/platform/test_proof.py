"""A stranger can check the promises: one command makes a pack that any machine can verify (T10, O-02)."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from django.test import override_settings
from typer.testing import CliRunner

from leeward.platform import cli
from leeward.platform.proof import parts, results
from leeward.platform.proof.scan import Hole
from leeward.protect.seal import checkpoint, export, keys, ledger
from leeward.protect.seal.verify import verify
from leeward.protect.seal.vouchers import Source

from ..cast import Cast
from ..protect.audit.tampering import note, superuser

CHECKOUT = Path(__file__).parents[2]
JUNIT = """<?xml version="1.0"?><testsuites><testsuite>
<testcase classname="tests.access" name="test_c01_c02_only_whom_the_promise_names[active]"/>
<testcase classname="tests.access" name="test_c02_after_withdrawal"><failure message="x"/></testcase>
<testcase classname="tests.web" name="test_a_page_without_an_id"/>
<testcase classname="tests.web" name="test_v01_leaving"><skipped/></testcase>
<testcase classname="tests.access" name="test_t1_c08_row_security_and_decide_agree"/>
</testsuite></testsuites>
"""
runner = CliRunner()


@pytest.fixture(scope="module")
def pack(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of this run's installation, made by the command."""
    folder = tmp_path_factory.mktemp("proof")
    (folder / "junit.xml").write_text(JUNIT, encoding="utf-8")
    if "proof" not in {group.name for group in cli.app.registered_groups}:
        cli._load_commands()
    superuser("TRUNCATE protect_auditrecord, protect_auditseal")
    note(cast.centre, 5)
    words = [
        "proof",
        "make",
        "--out",
        str(folder / "pack"),
        "--tests",
        str(folder / "junit.xml"),
        "--no-scan",
        "--with-log",
    ]
    with override_settings(LEEWARD_CHECKPOINTS=[str(folder / "one"), str(folder / "two")]):
        ledger.seal_all()
        made = runner.invoke(cli.app, words)
    superuser("TRUNCATE protect_auditrecord, protect_auditseal")
    assert made.exit_code == 0, (made.output, made.exception)
    return folder / "pack"


def held(pack: Path, name: str) -> object:
    return json.loads((pack / name).read_text(encoding="utf-8"))


def test_t10_results_are_gathered_by_promise_and_a_failure_or_a_skip_proves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    file.write_text(JUNIT, encoding="utf-8")
    found = results.by_promise(file)
    assert {one: kept.holds for one, kept in found.items()} == {
        "C-01": True, "C-02": False, "C-08": True, "T1": True, "V-01": False,
    }  # fmt: skip
    assert found["C-02"].not_passed == ("failed: test_c02_after_withdrawal",)
    assert results.unproven(["C-01", "C-02", "V-01", "A-03"], found) == ["C-02", "V-01", "A-03"]


@pytest.mark.parametrize("text", ["", "<testsuite/>", "no xml"])
def test_t10_a_file_without_results_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "junit.xml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(results.NoResults, match="no results"):
        results.by_promise(file)


def test_t10_the_pack_says_what_holds_what_is_set_and_what_it_does_not_prove(pack: Path) -> None:
    promises = held(pack, "promises.json")
    assert isinstance(promises, dict)
    page = (CHECKOUT / "docs/explanation/security.md").read_text(encoding="utf-8")
    assert "C-02" in promises["unproven"]
    assert set(promises["unproven"]) <= set(results.promised(page))
    settings = held(pack, "settings.json")
    assert isinstance(settings, list)
    assert any(one["what"] == "Row security is forced on every table with a client" and one["ok"] for one in settings)
    first = (pack / "README.md").read_text(encoding="utf-8")
    assert "NOT SCANNED HERE" in first
    assert "the scan for known holes" in first.splitlines()[-1]


def test_t10_the_rules_in_force_are_named_with_the_digest_of_their_file(pack: Path) -> None:
    rules = held(pack, "definitions.json")
    assert isinstance(rules, list)
    law = next(one for one in rules if one["kind"] == "law")
    file = CHECKOUT / "definitions" / "law" / f"{law['name']}.yaml"
    assert law["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert all(one["version"] for one in rules if one["kind"] == "protocol")


def test_o02_the_bill_of_materials_names_every_locked_part(pack: Path) -> None:
    bill = held(pack, "bill-of-materials.cdx.json")
    assert isinstance(bill, dict)
    assert bill["bomFormat"] == "CycloneDX"
    named = {part["name"]: part["version"] for part in bill["components"]}
    lock = (CHECKOUT / "uv.lock").read_text(encoding="utf-8")
    for part in ("django", "cryptography", "psycopg", "granian"):
        assert f'name = "{part}"\nversion = "{named[part]}"' in lock


def test_t10_the_audit_record_verifies_without_the_database(pack: Path) -> None:
    """As on another machine: files of the pack alone."""
    kept = sorted((pack / "checkpoints").iterdir())
    assert len(kept) == 2
    sources = [Source(str(file), checkpoint.lines_of(file)) for file in kept]
    log = pack / "audit.jsonl"
    key = keys.read_public(pack / "public-key.pem")
    assert verify(export.records_in(log), export.seals_in(log), sources, key=key).is_sound
    assert held(pack, "audit-verdict.json")["sound"] is True  # type: ignore[index, call-overload]


def test_t10_a_stranger_checks_digests_and_signature_with_common_tools(pack: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("SKIPPED: no openssl on this machine")
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=pack, check=True, capture_output=True)
    words = (pack / "README.md").read_text(encoding="utf-8").split("`openssl ")[1].split("`")[0].split()
    told = subprocess.run(["openssl", *words], cwd=pack, check=True, capture_output=True, text=True)
    assert "Verified Successfully" in told.stdout


def check(folder: Path, key: Path) -> tuple[int, list[str]]:
    told = runner.invoke(cli.app, ["proof", "check", str(folder), "--public-key", str(key), "--json"])
    return told.exit_code, json.loads(told.stdout)["wrong"]


def test_t10_what_was_changed_added_or_taken_away_is_named(pack: Path, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes((pack / "public-key.pem").read_bytes())
    assert check(pack, key) == (0, [])
    copy = tmp_path / "pack"
    shutil.copytree(pack, copy)
    (copy / "settings.json").write_text("[]")
    (copy / "more.txt").write_text("x")
    (copy / "definitions.json").unlink()
    assert check(copy, key) == (
        1,
        ["definitions.json is missing.", "more.txt was added.", "settings.json was changed."],
    )
    listed = (copy / "SHA256SUMS").read_text().replace("  README.md", "  README.txt")
    (copy / "SHA256SUMS").write_text(listed)
    assert check(copy, key) == (1, ["SHA256SUMS was not signed by this key."])


def test_t10_a_pack_goes_into_an_empty_folder_only(pack: Path) -> None:
    again = runner.invoke(cli.app, ["proof", "make", "--out", str(pack), "--no-run", "--no-scan"])
    assert again.exit_code == 1
    assert isinstance(again.exception, FileExistsError)


def test_o02_a_part_of_which_the_scanner_knows_nothing_counts_as_not_scanned() -> None:
    """`pip-audit` ends well and says "no known vulnerabilities" where it found no database at all."""
    silent = parts.read_scan(b'{"dependencies": [{"name": "django", "skip_reason": "not found"}], "fixes": []}')
    assert not silent.is_complete
    assert silent.not_scanned == ("django",)
    assert silent.as_json()["scanned_here"] is False
    found = parts.read_scan(
        b'{"dependencies": [{"name": "django", "version": "5.2", "vulns":'
        b' [{"id": "PYSEC-1", "fix_versions": ["5.2.1"], "description": ""}]}], "fixes": []}'
    )
    assert found.is_complete
    assert found.holes == (Hole(part="django", version="5.2", id="PYSEC-1", closed_in=("5.2.1",)),)
    assert "no database" in parts.read_scan(b"").why_not

"""What the software is made of, and which known holes its parts have: from the lock file, by tools that others keep."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from .scan import Hole, Scan

#: Seconds that one tool may take.
PATIENCE = 300


def bill_of_materials(checkout: Path) -> bytes | None:
    """CycloneDX 1.5 of every part that runs, made by uv from the lock file; None where uv or the lock is not here."""
    return _uv(checkout, "export", "--frozen", "--quiet", "--no-dev", "--format", "cyclonedx1.5")


def known_holes(checkout: Path) -> Scan:
    """Ask `pip-audit` about every locked part. Where it can't ask anybody, the scan says so."""
    locked = _uv(checkout, "export", "--frozen", "--quiet", "--no-dev", "--no-emit-project", "--no-annotate")
    if locked is None:
        return Scan(why_not="uv or the lock file is not here.")
    with tempfile.TemporaryDirectory() as folder:
        list_of_parts = Path(folder) / "parts.txt"
        list_of_parts.write_bytes(locked)
        words = (
            "-r",
            str(list_of_parts),
            "--require-hashes",
            "--disable-pip",
            "--progress-spinner",
            "off",
            "-f",
            "json",
        )
        answer = _uv(checkout, "tool", "run", "pip-audit", *words, may_fail=True)
    return read_scan(answer or b"")


def read_scan(answer: bytes) -> Scan:
    """What `pip-audit -f json` said."""
    try:
        parts = json.loads(answer)["dependencies"]
        known = [part for part in parts if "skip_reason" not in part]
        unknown = [part for part in parts if "skip_reason" in part]
        holes = tuple(
            Hole(part=part["name"], version=part["version"], id=hole["id"], closed_in=tuple(hole["fix_versions"]))
            for part in known
            for hole in part["vulns"]
        )
    except (ValueError, KeyError, TypeError):
        return Scan(why_not="pip-audit gave no answer: no database of known holes can be reached from here.")
    return Scan(
        scanned=tuple(part["name"] for part in known),
        not_scanned=tuple(part["name"] for part in unknown),
        holes=holes,
        why_not="No database of known holes knew these parts from here." if unknown else "",
    )


def _uv(checkout: Path, *words: str, may_fail: bool = False) -> bytes | None:
    program = shutil.which("uv") or str(checkout / ".tools" / "bin" / "uv")
    if not Path(program).exists() or not (checkout / "uv.lock").exists():
        return None
    try:
        done = subprocess.run([program, *words], cwd=checkout, capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 or may_fail else None

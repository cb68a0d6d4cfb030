"""Writing the pack, and checking one: a folder of plain files, a list of their digests, and a signature of the list."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import yaml
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from leeward import definitions
from leeward.platform.finding import Finding
from leeward.protect.seal import checkpoint, keys, ledger
from leeward.protect.seal.verdict import Verdict

from .results import Kept, unproven
from .scan import Scan

DIGESTS, SIGNATURE, KEY = "SHA256SUMS", "SHA256SUMS.sig", "public-key.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What goes into a pack. None is what could not be had here."""

    site: str
    version: str
    made_at: datetime
    results: dict[str, Kept] | None
    results_file: Path | None
    promised: Sequence[str]
    findings: Sequence[Finding]
    bill: bytes | None
    scan: Scan
    verdict: Verdict | None
    checkpoints: Sequence[Path]
    with_log: bool = False

    @property
    def missing(self) -> list[str]:
        """What a reader must not take as proven."""
        return [
            name
            for name, there in (
                ("the results of the tests", self.results is not None),
                ("the settings of an installation", bool(self.findings)),
                ("the bill of materials", self.bill is not None),
                ("the scan for known holes", self.scan.is_complete),
                ("the proof of the audit record", self.verdict is not None),
            )
            if not there
        ]


def write(evidence: Evidence, out: Path) -> None:
    """Write the pack into an empty or new folder. Raises FileExistsError if there is something in it, OSError."""
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty: give a new folder.")
    if evidence.results is not None and evidence.results_file is not None:
        shutil.copyfile(evidence.results_file, out / "tests.xml")
        lacking = unproven(evidence.promised, evidence.results)
        told = {"unproven": lacking, "promises": {one: kept.as_json() for one, kept in evidence.results.items()}}
        _json(out / "promises.json", told)
    _json(out / "settings.json", [finding.as_json() for finding in evidence.findings])
    if evidence.bill is not None:
        (out / "bill-of-materials.cdx.json").write_bytes(evidence.bill)
    _json(out / "known-holes.json", evidence.scan.as_json())
    _json(out / "definitions.json", list(_rules()))
    if evidence.verdict is not None:
        _json(out / "audit-verdict.json", evidence.verdict.as_json())
        (out / "checkpoints").mkdir()
        for number, file in enumerate(evidence.checkpoints, 1):
            shutil.copyfile(file, out / "checkpoints" / f"{number}-{file.name}")
        if evidence.with_log:
            ledger.export(out / "audit.jsonl")
    (out / "README.md").write_text(_read_me(evidence), encoding="utf-8")
    _sign(out)


def check(folder: Path, key: Ed25519PublicKey) -> list[str]:
    """What is wrong with a pack: nothing, or a sentence for each file that is not as `key` signed it.

    Raises OSError when it is no pack.
    """
    listed = (folder / DIGESTS).read_bytes()
    try:
        key.verify((folder / SIGNATURE).read_bytes(), listed)
    except InvalidSignature:
        return [f"{DIGESTS} was not signed by this key."]
    digests = {name: digest for digest, name in (line.split("  ", 1) for line in listed.decode().splitlines())}
    there = {str(path.relative_to(folder)): path for path in _files(folder)}
    return [
        *(f"{name} is missing." for name in sorted(digests.keys() - there.keys())),
        *(f"{name} was added." for name in sorted(there.keys() - digests.keys())),
        *(
            f"{name} was changed."
            for name in sorted(digests.keys() & there.keys())
            if _digest(there[name]) != digests[name]
        ),
    ]


def kept_checkpoints() -> list[Path]:
    """The files of this log's checkpoints in the configured places."""
    log = ledger.origin()
    if log is None:
        return []
    return [file for place in ledger.places() if (file := checkpoint.file_of(place, log)).is_file()]


def _rules() -> Iterator[dict[str, object]]:
    for kind in definitions.KINDS:
        for name in definitions.names(kind):
            file = definitions.path(kind, name)
            told = yaml.safe_load(file.read_text(encoding="utf-8"))
            version = told.get("version", "") if isinstance(told, dict) else ""
            yield {"kind": kind, "name": name, "version": str(version), "sha256": _digest(file)}


def _read_me(evidence: Evidence) -> str:
    lacking = unproven(evidence.promised, evidence.results) if evidence.results is not None else []
    text = files("leeward.platform.proof").joinpath("read-me.md").read_text(encoding="utf-8")
    return text.format(
        site=evidence.site,
        day=f"{evidence.made_at:%Y-%m-%d %H:%M} UTC",
        version=evidence.version,
        tests=""
        if evidence.results is None
        else f"; not shown by a test that passed here: {', '.join(lacking) or 'none'}",
        bill="" if evidence.bill is not None else " (not made here)",
        holes=evidence.scan.in_words,
        audit="not asked here" if evidence.verdict is None else "yes" if evidence.verdict.is_sound else "NO",
        log="| `audit.jsonl` | the record itself: who looked, by number, never a value | as above |\n"
        if evidence.with_log
        else "",
        missing=", ".join(evidence.missing) or "nothing",
    )


def _sign(out: Path) -> None:
    key = keys.signing_key()
    (out / KEY).write_bytes(keys.as_pem(key.public_key()))
    listed = "".join(f"{_digest(path)}  {path.relative_to(out)}\n" for path in _files(out))
    (out / DIGESTS).write_text(listed, encoding="utf-8")
    (out / SIGNATURE).write_bytes(key.sign(listed.encode()))


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and str(path.relative_to(folder)) not in {DIGESTS, SIGNATURE}
    )


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _json(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

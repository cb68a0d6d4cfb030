"""`leeward proof`: the evidence pack for a stranger."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from leeward.platform import database
from leeward.platform.finding import Finding
from leeward.platform.proof import osv, pack, parts, results
from leeward.platform.proof.scan import Scan, Terms, against, parts_of
from leeward.protect.seal import keys
from leeward.protect.seal.verdict import Verdict

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
CHECKOUT = Path(__file__).parents[4]
LOUD = "*** THE PARTS WERE NOT SCANNED FOR KNOWN HOLES, OR NOT BY FRESH KNOWLEDGE ***"
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Holes = Annotated[
    Path | None, typer.Option("--holes", help="A folder or zip of advisories in OSV format, instead of asking anybody.")
]


@app.callback()
def proof() -> None:
    """Make what a stranger needs to check the promises, or check it."""


@app.command("make", epilog="Example: leeward proof make --out evidence --tests junit.xml")
def make(
    out: Annotated[Path, typer.Option("--out", help="A new or empty folder.")],
    tests: Annotated[Path | None, typer.Option("--tests", help="Results of the tests that were run already.")] = None,
    run_tests: Annotated[bool, typer.Option("--run/--no-run", help="Without --tests: run them here first.")] = True,
    scan: Annotated[bool, typer.Option("--scan/--no-scan", help="Look for known holes.")] = True,
    holes: Holes = None,
    with_log: Annotated[
        bool, typer.Option("--with-log", help="Add the audit record itself: it says who looked at which number.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tests by promise, settings, bill of materials, known holes, audit proof and rules in force, signed.

    What can't be had here is left out, and the pack's README says so. In a checkout the tests are run first (minutes).
    """
    file = tests
    if file is None and run_tests and (CHECKOUT / "tests").is_dir():
        file = _run_tests()
    found = results.by_promise(file) if file is not None else None
    page = CHECKOUT / "docs" / "explanation" / "security.md"
    findings, verdict, checkpoints, site = _installation()
    bill = parts.bill_of_materials(CHECKOUT)
    evidence = pack.Evidence(
        site=site,
        version=version("leeward"),
        made_at=datetime.now(UTC),
        results=found,
        results_file=file,
        promised=results.promised(page.read_text(encoding="utf-8")) if page.is_file() else [],
        findings=findings,
        bill=bill,
        scan=_scan(bill, holes) if scan else Scan(why_not="It was not asked for."),
        verdict=verdict,
        checkpoints=checkpoints,
        with_log=with_log,
    )
    pack.write(evidence, out)
    told = {
        "folder": str(out),
        "missing": evidence.missing,
        "holes": len(evidence.scan.holes),
        "late": len(evidence.scan.late),
    }
    print(json.dumps(told) if as_json else f"Written to {out}. Begin with {out / 'README.md'}.")
    if evidence.missing and not as_json:
        print(f"leeward: Not in it: {', '.join(evidence.missing)}.", file=sys.stderr)
    for hole in evidence.scan.holes:
        print(f"leeward: Known hole: {hole}", file=sys.stderr)


@app.command("holes", epilog="Example: leeward proof holes --holes advisory-database")
def look_for_holes(holes: Holes = None, as_json: AsJson = False) -> None:
    """Which locked parts have known holes, and by when must each be closed? Needs no database of the centre's.

    Asks pip-audit; where that reaches no database of holes, looks into what LEEWARD_HOLES names. Exit 1 if a hole is
    past its day, or if nobody tells how grave it is. Where nothing was scanned it says so, and exits 0.
    """
    found = _scan(parts.bill_of_materials(CHECKOUT), holes)
    if as_json:
        print(json.dumps(found.as_json(), indent=2))
    else:
        print("".join(f"{hole}\n" for hole in found.holes) + f"Known holes: {found.in_words}")
    if not found.is_complete:
        print(f"leeward: {LOUD}\nleeward: {found.why_not}\nleeward: {LOUD}", file=sys.stderr)
    if found.late or found.not_judged:
        raise typer.Exit(1)


@app.command("check", epilog="Example: leeward proof check evidence --public-key given-in-person.pem")
def check(
    folder: Annotated[Path, typer.Argument(help="The pack.")],
    public_key: Annotated[Path, typer.Option("--public-key", help="The key that you were given in person (PEM).")],
    as_json: AsJson = False,
) -> None:
    """Is every file of a pack as the key's owner signed it? Exit 0 if so, 1 if not. Needs no database."""
    wrong = pack.check(folder, keys.read_public(public_key))
    if as_json:
        print(json.dumps({"sound": not wrong, "wrong": wrong}))
    else:
        print("\n".join(wrong) or "Sound: every file is as it was signed.")
    if wrong:
        raise typer.Exit(1)


def _scan(bill: bytes | None, holes: Path | None) -> Scan:
    """What the advisories at `holes` say; else the service that pip-audit asks; else what LEEWARD_HOLES names."""
    if holes is None:
        asked = parts.known_holes(CHECKOUT)
        named = os.environ.get("LEEWARD_HOLES")
        if asked.is_complete or not named:
            return asked
        holes = Path(named)
    if bill is None:
        return Scan(why_not="There is no bill of materials: uv or the lock file is not here.")
    return against(osv.read(holes), parts_of(bill), terms=_terms(), now=datetime.now(UTC))


def _terms() -> Terms:
    from leeward.platform import settings

    return Terms(
        database=settings.LEEWARD_HOLES_DAYS,
        critical=settings.LEEWARD_CLOSE_CRITICAL_DAYS,
        high=settings.LEEWARD_CLOSE_HIGH_DAYS,
    )


def _installation() -> tuple[list[Finding], Verdict | None, list[Path], str]:
    """What doctor and the audit record say here."""
    database.administrator_url()
    import django

    django.setup()
    from django.conf import settings
    from django.db import Error

    from leeward.platform.checkup import check_everything
    from leeward.protect.seal import ledger

    try:
        verdict = ledger.verify()
    except Error:
        verdict = None
    return check_everything(), verdict, pack.kept_checkpoints(), settings.LEEWARD_SITE_NAME


def _run_tests() -> Path:
    file = CHECKOUT / "var" / "proof" / "tests.xml"
    file.parent.mkdir(parents=True, exist_ok=True)
    print("Running the tests …", file=sys.stderr, flush=True)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"--junitxml={file}"], cwd=CHECKOUT, stdout=sys.stderr, check=False
    )
    return file

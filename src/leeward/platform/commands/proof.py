"""`leeward proof`: the evidence pack for a stranger."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from leeward.platform import database
from leeward.platform.finding import Finding
from leeward.platform.proof import pack, parts, results
from leeward.protect.seal import keys
from leeward.protect.seal.verdict import Verdict

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
CHECKOUT = Path(__file__).parents[4]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def proof() -> None:
    """Make what a stranger needs to check the promises, or check it."""


@app.command("make", epilog="Example: leeward proof make --out evidence --tests junit.xml")
def make(
    out: Annotated[Path, typer.Option("--out", help="A new or empty folder.")],
    tests: Annotated[Path | None, typer.Option("--tests", help="Results of the tests that were run already.")] = None,
    run_tests: Annotated[bool, typer.Option("--run/--no-run", help="Without --tests: run them here first.")] = True,
    scan: Annotated[bool, typer.Option("--scan/--no-scan", help="Ask pip-audit about known holes.")] = True,
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
    evidence = pack.Evidence(
        site=site,
        version=version("leeward"),
        made_at=datetime.now(UTC),
        results=found,
        results_file=file,
        promised=results.promised(page.read_text(encoding="utf-8")) if page.is_file() else [],
        findings=findings,
        bill=parts.bill_of_materials(CHECKOUT),
        scan=parts.known_holes(CHECKOUT) if scan else parts.Scan(why_not="It was not asked for."),
        verdict=verdict,
        checkpoints=checkpoints,
        with_log=with_log,
    )
    pack.write(evidence, out)
    told = {"folder": str(out), "missing": evidence.missing, "holes": len(evidence.scan.holes)}
    print(json.dumps(told) if as_json else f"Written to {out}. Begin with {out / 'README.md'}.")
    if evidence.missing and not as_json:
        print(f"leeward: Not in it: {', '.join(evidence.missing)}.", file=sys.stderr)


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

"""`leeward audit`: seal the audit record, check it, and take along what a stranger needs to check it."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from leeward.platform import database
from leeward.platform.commands import two_people
from leeward.protect.seal import checkpoint, export, keys
from leeward.protect.seal.verdict import Verdict
from leeward.protect.seal.verify import verify as judge
from leeward.protect.seal.vouchers import Source

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def audit() -> None:
    """Seal the record of who saw what, and prove that nobody changed it."""


@app.command("seal", epilog="Example: leeward audit seal")
def seal(as_json: AsJson = False) -> None:
    """Seal what is not sealed yet and leave a checkpoint in each place. The job worker does this every minute."""
    _django()
    from leeward.protect.seal import ledger

    done = ledger.seal_all()
    if as_json:
        print(json.dumps({"seals": done.seals, "records": done.records, "waiting": done.waiting,
                          "troubles": done.troubles}))  # fmt: skip
    else:
        print(f"{done.records} records sealed." + (" More wait for open transactions." if done.waiting else ""))
        for trouble in done.troubles:
            print(f"leeward: {trouble}", file=sys.stderr)
    if done.troubles:
        raise typer.Exit(1)


@app.command("verify", epilog="Example: leeward audit verify --records audit.jsonl --checkpoint audit-1a2b.jsonl")
def verify(
    checkpoint_files: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", help="A file of checkpoints that you keep; may be given more than once."),
    ] = None,
    public_key: Annotated[Path | None, typer.Option("--public-key", help="The public key that you keep (PEM).")] = None,
    records: Annotated[
        Path | None, typer.Option("--records", help="An export of the log, instead of the database.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Is the audit record as it was written? Exit 0 if it is, 1 if not; names the first record that is wrong.

    Without options it checks the database against every configured place. With --records it needs no database.
    """
    key = keys.read_public(public_key) if public_key else None
    sources = [Source(str(file), checkpoint.lines_of(file)) for file in checkpoint_files or []]
    if records is not None:
        if key is None and not sources:
            raise typer.BadParameter("Give --public-key or --checkpoint: an export can't vouch for itself.")
        changes = export.changes_in(records)
        verdict = judge(export.records_in(records), export.seals_in(records), sources, key=key, changes=changes)
    else:
        _django()
        from leeward.protect.seal import ledger

        verdict = ledger.verify(sources, key=key)
    if as_json:
        print(json.dumps(verdict.as_json(), indent=2))
    else:
        for line in sentences(verdict):
            print(line)
    if not verdict.is_sound:
        raise typer.Exit(1)


@app.command("export", epilog="Example: leeward audit export --out audit.jsonl")
def export_log(
    out: Annotated[Path, typer.Option("--out", help="File to write: records and seals as lines of JSON.")],
) -> None:
    """Write the whole log to a file, readable by its owner only, for a check on another machine."""
    _django()
    from leeward.protect.seal import ledger

    count = ledger.export(out)
    print(f"{count} records written to {out}.", file=sys.stderr)


@app.command("key", epilog="Example: leeward audit key --out audit-key.pem")
def key(
    out: Annotated[Path | None, typer.Option("--out", help="File to write, else standard output.")] = None,
) -> None:
    """The public key with which anybody can check the seals. Hand it over in person."""
    pem = keys.as_pem(keys.signing_key().public_key())
    if out is None:
        print(pem.decode(), end="")
    else:
        out.write_bytes(pem)


@app.command(
    "change-key", epilog="Example: leeward audit change-key --by ana@centre.example --confirmed-by li@centre.example"
)
def change_key(
    by: Annotated[str, typer.Option("--by", help="E-mail of who changes it.")],
    confirmed_by: Annotated[str, typer.Option("--confirmed-by", help="E-mail of the second person.")],
) -> None:
    """A new key for the seals. The old key signs which one follows it, so every check goes on across the change.

    It needs two people who are privacy officer or program director. Each types a password and a code.
    """
    _django()
    from django.utils import timezone

    from leeward.protect.seal import changing, ledger

    asker, second = two_people.both(by, confirmed_by)
    made, troubles = changing.change(by=asker, confirmed_by=second, now=timezone.now())
    for trouble in [*troubles, *ledger.seal_all().troubles]:
        print(f"leeward: {trouble}", file=sys.stderr)
    print(f"After seal {made.after} key {keys.short_name(made.new)} signs.")
    print("Hand the new public key over in person: leeward audit key --out FILE.")


def sentences(verdict: Verdict) -> Iterable[str]:
    """The answer in plain words, the first fault first."""
    if verdict.is_sound:
        yield f"Sound. {verdict.sealed} records under {verdict.seals} seals are as they were sealed."
    else:
        where = f" The first bad record is {verdict.first.record}." if verdict.first and verdict.first.record else ""
        yield f"Not sound.{where}"
        for fault in verdict.faults:
            yield f"  {fault.said}"
        if verdict.fault_count > len(verdict.faults):
            yield f"  … and {verdict.fault_count - len(verdict.faults)} more."
    if verdict.proven_to is not None and verdict.proven_at is not None:
        vouched = "A checkpoint outside the database vouches for the log"
        yield f"{vouched} up to record {verdict.proven_to}, sealed {verdict.proven_at:%Y-%m-%d %H:%M} UTC."
    if verdict.key:
        yield f"Checked with public key {verdict.key}."
    yield from verdict.notes


def _django() -> None:
    database.administrator_url()
    import django

    django.setup()

"""Backup and restore."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from leeward.platform import database, envelope

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def backup(
    out: Annotated[Path, typer.Option("--out", help="Folder, or a new file.")],
    recipient: Annotated[
        str, typer.Option("--recipient-public-key", help="Public key, or a file with it (leeward vault backup-key).")
    ],
    keys: Annotated[bool, typer.Option("--keys", help="Back up the wrapped keys alone; expires in 35 days.")] = False,
    as_json: Json = False,
) -> None:
    """Write an encrypted backup of one moment, every table counted. Whoever makes it can't read it.

    Example: leeward backup --out /backups --recipient-public-key /etc/leeward/backup.pub
    """
    public = envelope.read_public(recipient)
    _django()
    from leeward.platform.backup import make

    path, manifest = make(out=out, recipient=public, keys=keys, now=datetime.now(UTC))
    rows = sum(manifest.counts.values())
    if as_json:
        print(json.dumps({"file": str(path), "rows": rows, **asdict(manifest)}))
    else:
        until = f" Keep it until {manifest.expires_at[:10]}." if manifest.expires_at else ""
        print(f"{path}: {rows:,} rows of {len(manifest.counts)} tables, {path.stat().st_size:,} bytes.{until}")


def restore(
    source: Annotated[Path, typer.Option("--from", help="A main backup.")],
    key: Annotated[str, typer.Option("--key", help="File with the private key.")],
    keys: Annotated[Path | None, typer.Option("--keys", help="A key backup; without it names stay sealed.")] = None,
    verify_only: Annotated[bool, typer.Option("--verify", help="Check everything, restore nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Verify a backup, load it into an empty database, and repeat every erasure before anything opens.

    Example: LEEWARD_DATABASE_URL=postgresql://…/new leeward restore --from main.backup --keys keys.backup --key b.key
    """
    private = envelope.read_private(key)
    now = datetime.now(UTC)
    if not verify_only:
        database.administrator_url()
    import django

    django.setup()
    from leeward.platform import restore as restoring
    from leeward.platform.backup import KEYS, MAIN

    if verify_only:
        manifest = restoring.verify(source, private, kind=MAIN, now=now)
        if keys is not None:
            restoring.verify(keys, private, kind=KEYS, now=now)
        told: dict[str, object] = {"verified": True, "rows": sum(manifest.counts.values()), "made_at": manifest.made_at}
        plain = f"Whole and true: {told['rows']:,} rows of {manifest.made_at[:16]}."
    else:
        done = restoring.restore(source=source, keys=keys, private=private, now=now)
        told = asdict(done)
        plain = (
            f"Restored {done.rows:,} rows of {done.made_at[:16]}: {done.keys:,} keys, {done.searchable:,} people can be"
            f" found again, {done.erased:,} stay erased."
        )
    print(json.dumps(told) if as_json else plain)


def _django() -> None:
    import django

    database.administrator_url()
    django.setup()

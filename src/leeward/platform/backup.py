"""Making a backup: encrypted on its way to the disk, of one moment, complete by count, without the keys to it.

The main backup holds every row but wrapped data keys, search indexes and sign-in sessions. The key backup holds the
wrapped data keys alone and expires. Neither is of use without the site keys, which are in no backup.
"""

import hashlib
import io
import json
import os
import tarfile
import tempfile
import zlib
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from django.apps import apps
from django.conf import settings

from leeward.people import ledger
from leeward.people.models import BlindIndex
from leeward.people.rotation import KEYS_KEPT
from leeward.protect.models import Session

from . import database, dump
from .envelope import Sealer

MAIN, KEYS = "main", "keys"
MANIFEST, ROWS = "manifest", "rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself, signed by the key of the installation's erasure ledger."""

    kind: str
    made_at: str
    expires_at: str
    counts: dict[str, int]
    left_out: list[str]
    schema: list[str]
    server: int
    rows_sha256: str
    rows_bytes: int
    ledger: str
    ledger_entries: int
    ledger_head: str
    checkpoint: str = ""
    signature: str = field(default="")

    def signed_form(self) -> bytes:
        """What the signature is over."""
        told = {name: value for name, value in asdict(self).items() if name != "signature"}
        return b"leeward backup manifest\n" + json.dumps(told, sort_keys=True).encode()


def key_tables() -> list[str]:
    """Tables of wrapped keys, as `pg_dump` names them: every model with a column `wrapped`."""
    return sorted(
        f"public.{model._meta.db_table}"
        for model in apps.get_models()
        if any(column.name == "wrapped" for column in model._meta.get_fields() if column.concrete)
    )


def left_out() -> list[str]:
    """Tables whose rows are in no main backup: keys, what would find a person, and who is signed in."""
    return sorted([*key_tables(), *(f"public.{model._meta.db_table}" for model in (BlindIndex, Session))])


def make(
    *, out: Path, recipient: X25519PublicKey, keys: bool, now: datetime, role: str = database.BACKUP_ROLE
) -> tuple[Path, Manifest]:
    """Write a backup encrypted to `recipient` into the folder or new file `out`; `keys` makes the key backup.

    Raises DumpFailed when rows are missing or the role could miss some, VaultClosed when the erasure ledger is not the
    database's own, FileExistsError. Nothing is left at `out` then.
    """
    path = _named(out, KEYS if keys else MAIN, now)
    if path.exists():
        raise FileExistsError(f"{path} exists already.")
    url = os.environ.get("LEEWARD_BACKUP_URL") or database.administrator_url()
    found = ledger.read(Path(settings.LEEWARD_ERASURE_LEDGER))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".leeward-") as folder:
        rows = Path(folder) / ROWS
        with dump.reading(url, role=role) as connection, open(rows, "wb", opener=_privately) as file:
            counts, digest, size = _write_rows(connection, url, role, keys, file, recipient)
            manifest = Manifest(
                kind=KEYS if keys else MAIN,
                made_at=now.isoformat(),
                expires_at=(now + KEYS_KEPT).isoformat() if keys else "",
                counts=counts,
                left_out=[] if keys else left_out(),
                schema=_schema(connection),
                server=connection.info.server_version // 10_000,
                rows_sha256=digest,
                rows_bytes=size,
                checkpoint=_newest_checkpoint(),
                **_followed(connection, found),
            )
        whole = Path(folder) / "whole"
        with open(whole, "wb", opener=_privately) as file, tarfile.open(fileobj=file, mode="w") as archive:
            archive.addfile(*_member(MANIFEST, _sealed_manifest(manifest, recipient), now))
            told = archive.gettarinfo(str(rows), ROWS)
            with open(rows, "rb") as source:
                archive.addfile(told, source)
            archive.close()
            file.flush()
            os.fsync(file.fileno())
        os.link(whole, path)
    if keys:
        _drop_expired(path.parent, now)
    return path, manifest


def _write_rows(
    connection: "psycopg.Connection[tuple[object, ...]]",
    url: str,
    role: str,
    keys: bool,
    file: BinaryIO,
    recipient: X25519PublicKey,
) -> tuple[dump.Counts, str, int]:
    every = dump.tables(connection)
    wanted = key_tables() if keys else [name for name in every if name not in left_out()]
    live = dump.count(connection, wanted)
    snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
    sealer, packer, counter = Sealer(file, recipient), zlib.compressobj(6), dump.CopyCounter()
    for piece in dump.rows(
        url,
        role=role,
        snapshot=str(snapshot[0]) if snapshot else "",
        server=connection.info.server_version // 10_000,
        without=() if keys else left_out(),
        only=key_tables() if keys else (),
    ):
        counter.feed(piece)
        sealer.write(packer.compress(piece))
    sealer.write(packer.flush())
    sealer.close()
    dump.must_equal(live, counter.counts, what="The backup")
    return live, sealer.digest.hexdigest(), sealer.size


def _followed(connection: "psycopg.Connection[tuple[object, ...]]", found: ledger.Ledger) -> dict[str, Any]:
    """Where the database stood in the erasure ledger. Raises DumpFailed unless the ledger is its own."""
    row = connection.execute("SELECT ledger, entries, head FROM people_ledgerposition").fetchone()
    if row is None or str(row[0]) != found.id or not int(str(row[1])) <= len(found.entries):
        raise dump.DumpFailed("The erasure ledger is not the database's own.", "Put back the right one.")
    return {"ledger": found.id, "ledger_entries": int(str(row[1])), "ledger_head": bytes(row[2]).hex()}  # type: ignore[call-overload]


def _schema(connection: "psycopg.Connection[tuple[object, ...]]") -> list[str]:
    """The newest migration of each part."""
    rows = connection.execute("SELECT app || '/' || max(name) FROM django_migrations GROUP BY app ORDER BY app")
    return [str(name) for (name,) in rows]


def _newest_checkpoint() -> str:
    """The last signed checkpoint of the audit record that this machine keeps, if there is one."""
    places = [Path(place) for place in getattr(settings, "LEEWARD_CHECKPOINTS", ())]
    lines = [
        line
        for place in places
        if place.is_dir()
        for file in sorted(place.glob("audit-*"))
        for line in file.read_text(encoding="utf-8").splitlines()[-1:]
    ]
    return max(lines, key=lambda line: int(json.loads(line).get("number", 0)), default="")


def _sealed_manifest(manifest: Manifest, recipient: X25519PublicKey) -> bytes:
    told = {**asdict(manifest), "signature": ledger.sign(manifest.signed_form()).hex()}
    held = io.BytesIO()
    sealer = Sealer(held, recipient)
    sealer.write(json.dumps(told, sort_keys=True).encode())
    sealer.close()
    return held.getvalue()


def _member(name: str, content: bytes, now: datetime) -> tuple[tarfile.TarInfo, BinaryIO]:
    told = tarfile.TarInfo(name)
    told.size, told.mtime, told.mode = len(content), int(now.timestamp()), 0o600
    return told, io.BytesIO(content)


def _named(out: Path, kind: str, now: datetime) -> Path:
    return out / f"leeward-{kind}-{now:%Y%m%dT%H%M%SZ}.backup" if out.is_dir() else out


def _drop_expired(folder: Path, now: datetime) -> None:
    """Remove key backups of this folder that are older than keys may be kept."""
    for path in folder.glob(f"leeward-{KEYS}-*.backup"):
        if path.stat().st_mtime < (now - KEYS_KEPT).timestamp():
            path.unlink()


def _privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def sha256_of(file: BinaryIO, size: int) -> str:
    """SHA-256, in hex, of the next `size` bytes."""
    digest, left = hashlib.sha256(), size
    while left and (piece := file.read(min(left, dump.BLOCK))):
        digest.update(piece)
        left -= len(piece)
    return digest.hexdigest()

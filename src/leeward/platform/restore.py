"""Restoring a backup: everything is verified before anything is written, and who was erased stays erased."""

import json
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast
from uuid import UUID

import psycopg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.conf import settings
from django.db import connections, transaction
from psycopg import sql

from leeward.people import ledger, rotation

from . import database, dump
from .backup import KEYS, MAIN, MANIFEST, ROWS, Manifest, key_tables, sha256_of
from .envelope import EnvelopeError, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came back: rows, wrapped keys, clients that are searchable, and keys that stay destroyed."""

    rows: int
    keys: int
    searchable: int
    erased: int
    made_at: str


class CantRestore(Exception):
    """A backup that must not be restored, or not here. `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def verify(path: Path, private: X25519PrivateKey, *, kind: str, now: datetime) -> Manifest:
    """Check a backup through and through, without a database: seal, signature, hash, counts, ledger, expiry.

    Raises CantRestore, EnvelopeError, DumpFailed, or VaultClosed when there is no true erasure ledger.
    """
    found = ledger.read(Path(settings.LEEWARD_ERASURE_LEDGER))
    with _archive(path) as archive:
        manifest = _manifest(archive, private)
        if manifest.kind != kind:
            raise CantRestore(f"{path.name} is no {kind} backup.", "--from takes the main backup, --keys the keys.")
        try:
            Ed25519PublicKey.from_public_bytes(found.public_key).verify(
                bytes.fromhex(manifest.signature), manifest.signed_form()
            )
        except (InvalidSignature, ValueError) as error:
            raise CantRestore(
                "This backup was not made by the installation whose erasure ledger is here.",
                "Put back the ledger that belongs to it, or choose another backup.",
            ) from error
        entries = manifest.ledger_entries
        if (
            found.id != manifest.ledger
            or len(found.entries) < entries
            or found.heads[entries].hex() != manifest.ledger_head
        ):
            raise CantRestore(
                "The erasure ledger is older than this backup.", "Put back its newest copy: somebody may be missing."
            )
        if manifest.expires_at and datetime.fromisoformat(manifest.expires_at) <= now:
            raise CantRestore(f"This key backup expired on {manifest.expires_at[:10]}.", "Choose a newer one.")
        if sha256_of(_part(archive, ROWS), manifest.rows_bytes + 1) != manifest.rows_sha256:
            raise CantRestore("The rows of this backup were altered.", "Choose another backup.")
        counter = dump.CopyCounter()
        for piece in _rows(archive, private):
            counter.feed(piece)
        dump.must_equal(manifest.counts, counter.counts, what="The backup")
    return manifest


def restore(*, source: Path, keys: Path | None, private: X25519PrivateKey, now: datetime) -> Restored:
    """Verify, load into an empty database, repeat every erasure, put back the keys of everybody else, make them
    searchable. Without a key backup rows come back sealed for good.

    Raises what `verify` raises, and CantRestore if the database is not empty.
    """
    from .migrate import migrate

    manifest = verify(source, private, kind=MAIN, now=now)
    key_manifest = verify(keys, private, kind=KEYS, now=now) if keys is not None else None
    url = database.administrator_url()
    database.prepare()
    with psycopg.connect(url, autocommit=True) as connection:
        server = connection.info.server_version // 10_000
        if dump.tables(connection):
            raise CantRestore("The database is not empty.", "Restore into a new one: set LEEWARD_DATABASE_URL.")
    with _archive(source) as archive:
        dump.load(url, _rows(archive, private), server=server)
    with dump.reading(url, role=database.BACKUP_ROLE) as connection:
        dump.must_equal(manifest.counts, dump.count(connection, manifest.counts), what="The restored database")
    migrate()
    put_back = erased = 0
    if keys is not None and key_manifest is not None:
        with _archive(keys) as archive:
            put_back, erased = _put_back(_rows(archive, private))
    searchable = rotation.build_indexes() if put_back else 0
    if put_back and not searchable:
        raise CantRestore(
            "The rows are back, but no name opens: these are not the site keys that sealed them.",
            "Put back keys/keyring.json of that time, empty the database and restore again.",
        )
    return Restored(
        rows=sum(manifest.counts.values()),
        keys=put_back,
        searchable=searchable,
        erased=erased,
        made_at=manifest.made_at,
    )


def _put_back(pieces: Iterator[bytes]) -> tuple[int, int]:
    """Insert wrapped keys, but for those that the ledger says were destroyed: they never reach the database."""
    found = ledger.read(Path(settings.LEEWARD_ERASURE_LEDGER))
    gone, kept, left = found.erased(), 0, 0
    by_table: dict[tuple[str, tuple[str, ...]], list[bytes]] = {}
    for table, columns, line in dump.copied(pieces):
        client = line.rstrip(b"\n").split(b"\t")[columns.index("client_id")].decode()
        if found.key_id(UUID(client)) in gone:
            left += 1
            continue
        by_table.setdefault((table, columns), []).append(line)
        kept += 1
    with transaction.atomic(using=rotation.USING), connections[rotation.USING].cursor() as cursor:
        for (table, columns), lines in by_table.items():
            if table not in key_tables():
                raise CantRestore(f"A key backup holds no table {table}.", "Choose another one.")
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, columns))
            )
            with cursor.copy(statement) as copy:
                for line in lines:
                    copy.write(line)
    return kept, left


def _archive(path: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(path, mode="r:")
    except (OSError, tarfile.TarError) as error:
        raise EnvelopeError(f"{path} can't be read as a backup.", "Choose another file.") from error


def _part(archive: tarfile.TarFile, name: str) -> BinaryIO:
    try:
        part = archive.extractfile(name)
    except (KeyError, tarfile.TarError):
        part = None
    if part is None:
        raise EnvelopeError("This backup is not complete.", "Choose another one.")
    return cast(BinaryIO, part)


def _manifest(archive: tarfile.TarFile, private: X25519PrivateKey) -> Manifest:
    text = b"".join(opened(_part(archive, MANIFEST), private))
    try:
        told = json.loads(text)
        return Manifest(**{one.name: told[one.name] for one in fields(Manifest)})
    except (ValueError, KeyError, TypeError) as error:
        raise EnvelopeError("The manifest of this backup can't be read.", "Choose another backup.") from error


def _rows(archive: tarfile.TarFile, private: X25519PrivateKey) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    for chunk in opened(_part(archive, ROWS), private):
        while chunk:
            yield unpacker.decompress(chunk, dump.BLOCK)
            chunk = unpacker.unconsumed_tail
    yield unpacker.flush()
    if not unpacker.eof:
        raise EnvelopeError("This backup is not complete.", "Choose another one.")

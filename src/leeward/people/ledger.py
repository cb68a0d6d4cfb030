"""The erasure ledger: which keys were destroyed, signed and chained, in a file outside the database.

One JSON object a line. The first names the ledger and its public key; each other one holds a key id (a salted digest,
never a name or a code), when it was destroyed, the digest of the line before, and an Ed25519 signature over all that.
Lines are only ever added. A restored database repeats every erasure before anything may be decrypted.
"""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.utils.translation import gettext as _

from leeward.home import secret

from .errors import VaultClosed

#: Seconds for which a reader waits for an erasure in progress.
PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One destroyed key."""

    number: int
    key: str
    at: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger whose every line was verified. `heads[n]` is the digest after `n` entries."""

    id: str
    public_key: bytes
    entries: tuple[Entry, ...]
    heads: tuple[bytes, ...]

    def key_id(self, client_id: UUID) -> str:
        """The name under which this ledger knows a client's key: a salted digest, the same for all time."""
        return hashlib.sha256(b"leeward erasure|" + self.id.encode() + client_id.bytes).hexdigest()

    def erased(self) -> frozenset[str]:
        """Key ids of everybody who was erased."""
        return frozenset(entry.key for entry in self.entries)


def read(path: Path) -> Ledger:
    """The ledger, verified line by line. Raises VaultClosed if it is missing, altered, or not signed by its own key."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise VaultClosed(
            _("The erasure ledger is missing."),
            _("Put it back. Until then nothing is decrypted, because somebody may have been erased since."),
        ) from error
    lines = text.split(b"\n")[:-1]  # what follows the last line end was never finished
    try:
        return _verified(lines)
    except (ValueError, KeyError, TypeError, IndexError, InvalidSignature) as error:
        raise VaultClosed(_("The erasure ledger was altered."), _("Put back a true copy of it.")) from error


def create(path: Path, *, now: datetime) -> None:
    """Begin a ledger where there is none; whoever is first wins."""
    signer = _signer()
    told: dict[str, object] = {
        "ledger": secrets.token_hex(16),
        "public_key": _public(signer).hex(),
        "made_at": now.isoformat(),
    }
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    _put(draft, _line(signer, told))
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def append(path: Path, client_id: UUID, *, now: datetime) -> Ledger:
    """Add an erasure and return the ledger, safely on disk; an erasure that is there already is not added again.

    Raises VaultClosed if the ledger is not whole or this installation does not hold its signing key. Hold `locked`.
    """
    ledger, signer = read(path), _signer()
    if _public(signer) != ledger.public_key:
        raise VaultClosed(
            _("This installation does not hold the signing key of the erasure ledger."), _("Run it where the key is.")
        )
    if ledger.key_id(client_id) in ledger.erased():
        return ledger
    _drop_unfinished(path)
    told = {
        "number": len(ledger.entries) + 1,
        "key": ledger.key_id(client_id),
        "at": now.isoformat(),
        "previous": ledger.heads[-1].hex(),
    }
    _put(path, _line(signer, told))
    return read(path)


@contextmanager
def locked(path: Path, *, alone: bool) -> Iterator[None]:
    """Hold the ledger still: alone to write, with others to read.

    Raises VaultClosed if there is none. A reader waits a few seconds and no longer: it may itself hold rows that an
    erasure waits for.
    """
    read(path)
    with open(path, "rb") as handle:
        if alone:
            flock(handle, LOCK_EX)
        else:
            _share(handle.fileno())
        yield


def _share(handle: int) -> None:
    begun = time.monotonic()
    while True:
        try:
            return flock(handle, LOCK_SH | LOCK_NB)
        except BlockingIOError as held:
            if time.monotonic() - begun > PATIENCE:
                raise VaultClosed(_("Somebody is being erased at this moment."), _("Try again in a minute.")) from held
            time.sleep(0.02)


def sign(what: bytes) -> bytes:
    """This installation's signature over something that belongs to its ledger, such as a backup's manifest."""
    return _signer().sign(what)


def _verified(lines: list[bytes]) -> Ledger:
    header = json.loads(lines[0])
    public_key = bytes.fromhex(header["public_key"])
    key = Ed25519PublicKey.from_public_bytes(public_key)
    heads: list[bytes] = []
    entries: list[Entry] = []
    for number, line in enumerate(lines):
        told = json.loads(line)
        key.verify(bytes.fromhex(told.pop("signature")), _signed_form(told))
        if number:
            if told["number"] != number or bytes.fromhex(told["previous"]) != heads[-1]:
                raise ValueError("out of order")
            entries.append(Entry(number=number, key=str(told["key"]), at=str(told["at"])))
        heads.append(hashlib.sha256(line).digest())
    return Ledger(id=str(header["ledger"]), public_key=public_key, entries=tuple(entries), heads=tuple(heads))


def _line(signer: Ed25519PrivateKey, told: dict[str, object]) -> bytes:
    return json.dumps({**told, "signature": signer.sign(_signed_form(told)).hex()}, sort_keys=True).encode() + b"\n"


def _signed_form(told: dict[str, object]) -> bytes:
    return b"leeward erasure ledger\n" + json.dumps(told, sort_keys=True).encode()


def _signer() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(secret("erasure-ledger"))


def _public(signer: Ed25519PrivateKey) -> bytes:
    return signer.public_key().public_bytes_raw()


def _put(path: Path, line: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)


def _drop_unfinished(path: Path) -> None:
    whole = path.read_bytes()
    end = whole.rfind(b"\n") + 1
    if end < len(whole):
        os.truncate(path, end)

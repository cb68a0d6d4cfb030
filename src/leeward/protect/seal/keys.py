"""The key that signs seals: made at first use, kept beside the installation's other keys, never in the database.

A change of the key is kept in three steps, so that whoever is killed between them goes on: the new key beside the old
one, the change that both signed in a file of changes, then the new key in the old one's place.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from leeward.home import home, secret

from . import checkpoint, keychange
from .chain import key_id
from .keychange import KeyChange

NAME = "audit-seal"


class KeyUnreadable(Exception):
    """A file holds no public key of the right kind. `hint` says what to do."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} is no Ed25519 public key.")
        self.hint = "Give the file that `leeward audit key --out FILE` wrote."


def signing_key() -> Ed25519PrivateKey:
    """The installation's own signing key."""
    return Ed25519PrivateKey.from_private_bytes(secret(NAME))


def kept_changes() -> list[KeyChange]:
    """Every change of this installation's key, oldest first."""
    return list(keychange.among(checkpoint.lines_of(_changes_file(), missing_ok=True)))


def keep_next(new: Ed25519PrivateKey, change: KeyChange) -> None:
    """Keep the new key, then the change that names it. Nothing is signed with it before `finish_change`."""
    with os.fdopen(os.open(_next_file(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(new.private_bytes_raw().hex())
        file.flush()
        os.fsync(file.fileno())
    checkpoint.append_to(_changes_file(), [change])


def finish_change(places: Sequence[Path]) -> list[str]:
    """If a change of key was begun: leave it in every place, and put the new key where the old one was.

    What could not be written to a place is returned as sentences; the installation and every export hold it too.
    """
    waiting, troubles = _next_file(), list[str]()
    if not waiting.exists():
        return troubles
    new = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(waiting.read_text().strip()))
    change = next((one for one in kept_changes() if one.new == new.public_key().public_bytes_raw()), None)
    if change is None:  # killed before the old key had signed it: then there was no change
        waiting.unlink()
        return troubles
    for place in places:
        file = checkpoint.file_of(place, change.log)
        try:
            if change not in keychange.among(checkpoint.lines_of(file, missing_ok=True)):
                checkpoint.append_to(file, [change])
        except checkpoint.CheckpointError as error:
            troubles.append(f"{error} {error.hint}")
    os.replace(waiting, home() / "keys" / NAME)
    return troubles


def _changes_file() -> Path:
    return home() / f"{NAME}-changes.jsonl"


def _next_file() -> Path:
    return home() / "keys" / f"{NAME}.next"


def as_pem(key: Ed25519PublicKey) -> bytes:
    """A public key as a PEM file."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def short_name(public: bytes) -> str:
    """How a public key is called where people compare it."""
    return key_id(Ed25519PublicKey.from_public_bytes(public))


def read_public(file: Path) -> Ed25519PublicKey:
    """The public key of a PEM file. Raises KeyUnreadable, OSError."""
    try:
        key = serialization.load_pem_public_key(file.read_bytes())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnreadable(file) from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnreadable(file)
    return key

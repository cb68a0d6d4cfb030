"""Encrypting a backup to somebody whose private key is elsewhere: X25519, HKDF-SHA-256, AES-256-GCM in chunks.

Whoever makes a backup can't read it. Each file has a key of its own, from an ephemeral X25519 key and the recipient's;
chunks of 64 KiB are numbered in their nonce and the last one is marked, so that a file that is cut, reordered or
altered does not open (the STREAM construction: Hoang, Reyhanitabar, Rogaway and Vizár 2015).
"""

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"leeward backup 1\n"
CHUNK = 64 * 1024
TAG = 16
MAKE_A_PAIR = "Make a pair: leeward vault backup-key --out FILE"
PUBLIC, PRIVATE = "leeward-backup-to-", "leeward-backup-key-"


class EnvelopeError(Exception):
    """A backup that does not open, or a key that is none. `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def new_pair() -> tuple[str, str]:
    """A private key, to be kept away from the server, and the public key to which backups are encrypted."""
    private = X25519PrivateKey.generate()
    return (
        PRIVATE + base64.urlsafe_b64encode(private.private_bytes_raw()).decode(),
        PUBLIC + base64.urlsafe_b64encode(private.public_key().public_bytes_raw()).decode(),
    )


def read_public(given: str) -> X25519PublicKey:
    """A public key: the text itself or a file that holds it. Raises EnvelopeError."""
    return X25519PublicKey.from_public_bytes(_read(given, PUBLIC, "--recipient-public-key"))


def read_private(given: str) -> X25519PrivateKey:
    """A private key from the file that holds it. Raises EnvelopeError, also when others may read the file."""
    path = Path(given)
    if path.is_file() and path.stat().st_mode & 0o077:
        raise EnvelopeError("Others than its owner may read the backup's private key.", f"Run: chmod 600 {path}")
    return X25519PrivateKey.from_private_bytes(_read(given, PRIVATE, "--key"))


class Sealer:
    """Writes an encrypted file; `digest` is the SHA-256 of what was written so far. Call `close` to mark its end."""

    def __init__(self, file: BinaryIO, recipient: X25519PublicKey) -> None:
        ephemeral = X25519PrivateKey.generate()
        public = ephemeral.public_key().public_bytes_raw()
        self._cipher = AESGCM(_file_key(ephemeral.exchange(recipient), public, recipient.public_bytes_raw()))
        self._file, self._number, self._held = file, 0, bytearray()
        self.digest, self.size = hashlib.sha256(), 0
        self._put(MAGIC + public)

    def write(self, data: bytes) -> None:
        self._held += data
        while len(self._held) > CHUNK:
            self._seal(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]

    def close(self) -> None:
        self._seal(bytes(self._held), last=True)

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._put(self._cipher.encrypt(_nonce(self._number, last=last), chunk, None))
        self._number += 1

    def _put(self, data: bytes) -> None:
        self.digest.update(data)
        self.size += len(data)
        self._file.write(data)


def opened(file: BinaryIO, private: X25519PrivateKey) -> Iterator[bytes]:
    """The plain chunks of an encrypted file. Raises EnvelopeError if it was cut, altered or is for somebody else."""
    head = file.read(len(MAGIC) + 32)
    public = head[len(MAGIC) :]
    if not head.startswith(MAGIC) or len(public) != 32:
        raise EnvelopeError("This is no backup of Leeward.", "Choose another file.")
    mine = private.public_key().public_bytes_raw()
    shared = private.exchange(X25519PublicKey.from_public_bytes(public))
    cipher, number = AESGCM(_file_key(shared, public, mine)), 0
    chunk = file.read(CHUNK + TAG)
    while True:
        following = file.read(CHUNK + TAG)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), chunk, None)
        except InvalidTag as error:
            raise EnvelopeError(
                "This backup does not open: it was altered, cut short, or made for another key.",
                "Try the private key that belongs to it, or an earlier backup.",
            ) from error
        if not following:
            return
        chunk, number = following, number + 1


def _read(given: str, prefix: str, option: str) -> bytes:
    path = Path(given)
    text = given
    if not given.startswith(prefix):
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise EnvelopeError(f"{option} names no key and no file.", MAKE_A_PAIR) from error
    try:
        raw = base64.urlsafe_b64decode(text.removeprefix(prefix))
    except ValueError:
        raw = b""
    if not text.startswith(prefix) or len(raw) != 32:
        raise EnvelopeError(f"{option} holds no key of this kind.", MAKE_A_PAIR)
    return raw


def write_private(path: Path, text: str) -> None:
    """Put a secret into a new file that only its owner may read. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text + "\n")


def _file_key(shared: bytes, ephemeral: bytes, recipient: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=ephemeral + recipient, info=MAGIC).derive(shared)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")

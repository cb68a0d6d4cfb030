"""The key that signs seals: made at first use, kept beside the installation's other keys, never in the database."""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from leeward.home import secret

NAME = "audit-seal"


class KeyUnreadable(Exception):
    """A file holds no public key of the right kind. `hint` says what to do."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} is no Ed25519 public key.")
        self.hint = "Give the file that `leeward audit key --out FILE` wrote."


def signing_key() -> Ed25519PrivateKey:
    """The installation's own signing key."""
    return Ed25519PrivateKey.from_private_bytes(secret(NAME))


def as_pem(key: Ed25519PublicKey) -> bytes:
    """A public key as a PEM file."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def read_public(file: Path) -> Ed25519PublicKey:
    """The public key of a PEM file. Raises KeyUnreadable, OSError."""
    try:
        key = serialization.load_pem_public_key(file.read_bytes())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnreadable(file) from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnreadable(file)
    return key

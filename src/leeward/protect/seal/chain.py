"""One seal: a batch of records, chained to the batch before it and signed (Ed25519, RFC 8032)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from . import merkle
from .canonical import plain, runs

_FORM = b"leeward audit seal 1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Batch `number` of a log: which records, their leaf hashes, the root over them, the head of the batch before.

    `records` counts all that were sealed up to here. The first batch follows the log's own origin, drawn at random,
    so that two logs are never taken for one. `leaves` are there to name the record that is wrong; the root binds them.
    """

    number: int
    ids: str
    first_id: int
    last_id: int
    count: int
    records: int
    root: bytes
    previous: bytes
    sealed_at: datetime
    leaves: bytes
    head: bytes = b""
    key: str = ""
    signature: bytes = b""

    def own_head(self) -> bytes:
        """The head that follows from what the seal says."""
        said = (
            *(str(one).encode() for one in (self.number, self.first_id, self.last_id, self.count, self.records)),
            self.ids.encode(),
            self.root,
            self.previous,
            str(plain(self.sealed_at)).encode(),
        )
        return sha256(b"\x02" + _FORM + b"".join(len(part).to_bytes(8, "big") + part for part in said)).digest()

    def leaf_list(self) -> list[bytes]:
        """The leaf hashes, one a record."""
        return [self.leaves[i : i + merkle.SIZE] for i in range(0, len(self.leaves), merkle.SIZE)]

    def is_whole(self) -> bool:
        """Whether its numbers, leaves, root and head follow from each other. Says nothing about who made it."""
        leaves = self.leaf_list()
        return (
            len(self.leaves) == self.count * merkle.SIZE
            and merkle.root(leaves) == self.root
            and self.own_head() == self.head
        )

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Whether the key's owner signed this head."""
        return is_signed(key, self.signature, _FORM + self.head)


def seal(
    ids: Sequence[int], leaves: Sequence[bytes], *, after: Seal | None, origin: bytes, at: datetime,
    key: Ed25519PrivateKey,
) -> Seal:  # fmt: skip
    """The signed seal of these records, next after `after` (or first of the log named by `origin`)."""
    made = Seal(
        number=after.number + 1 if after else 1,
        ids=runs(ids),
        first_id=ids[0],
        last_id=ids[-1],
        count=len(ids),
        records=(after.records if after else 0) + len(ids),
        root=merkle.root(leaves),
        previous=after.head if after else origin,
        sealed_at=at,
        leaves=b"".join(leaves),
    )
    head = made.own_head()
    return replace(made, head=head, key=key_id(key.public_key()), signature=key.sign(_FORM + head))


def key_id(key: Ed25519PublicKey) -> str:
    """Short name of a public key: the first 16 hex digits of its SHA-256."""
    return sha256(key.public_bytes_raw()).hexdigest()[:16]


def is_signed(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is the key's over `message`."""
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True

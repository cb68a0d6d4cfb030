"""Merkle tree hash of a list of leaves (RFC 6962 §2.1): leaf and node have prefixes of their own, so that neither can
pass for the other, and no leaf is doubled to fill the tree."""

from collections.abc import Sequence
from hashlib import sha256

SIZE = 32


def node(left: bytes, right: bytes) -> bytes:
    """Hash of two subtrees (prefix 0x01)."""
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes; of no leaves, the hash of nothing."""
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        paired = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + ([level[-1]] if len(level) % 2 else [])
    return level[0]

"""Names for people and things in an extract, that lead back to nobody.

Each extract draws a key, names everything by a keyed digest, and forgets the key. So nobody can compute a name from an
id, or the id from a name, and two extracts can't be joined. A digest has no order, so it says nothing of when somebody
came; ids of the database do, and never leave.
"""

from __future__ import annotations

import hmac
import secrets
from functools import lru_cache
from hashlib import sha256
from typing import Final

_LENGTH: Final = 26


class Pseudonyms:
    """The names of one extract."""

    def __init__(self) -> None:
        key = secrets.token_bytes(32)
        self.of = lru_cache(maxsize=200_000)(lambda kind, identity: _name(key, kind, identity))

    def optional(self, kind: str, identity: object) -> str | None:
        """The name of something that may be missing."""
        return None if identity is None else self.of(kind, str(identity))


def _name(key: bytes, kind: str, identity: str) -> str:
    """Kinds have names of their own, so that a client and a referral with one id would differ."""
    return hmac.new(key, f"{kind}\0{identity}".encode(), sha256).hexdigest()[:_LENGTH]

"""Sealing and opening what could name or harm a person.

Each client has a data key of 256 bits; AES-256-GCM seals every value under it, with the client, the place of the value
and the key version as associated data, so that a value moved elsewhere does not open. Data keys are wrapped by the site
key, which lives outside the database. Exact search goes through keyed digests of one canonical form.
"""

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from .errors import SealBroken
from .models import BlindIndex, Client, IdentityField, VaultKey

NONCE = 12
SITE_KEY_VERSION = 1


def new_data_key(client_id: UUID) -> tuple[bytes, bytes]:
    """A fresh data key and its wrapped form (bytes, bytes)."""
    key = secrets.token_bytes(32)
    return key, _encrypt(_site_key(), key, _binding(client_id, "data-key"))


def seal_with(key: bytes, client_id: UUID, place: str, text: str) -> bytes:
    """`text` sealed under `key`, bound to this client and place."""
    return _encrypt(key, text.encode(), _binding(client_id, place))


def seal(client: Client, place: str, text: str) -> bytes:
    """`text` sealed for this client; `place` names where it is kept, such as `safety_plan:<id>`."""
    return seal_with(data_key(client.pk), client.pk, place, text)


def open_sealed(client: Client, place: str, sealed: bytes | memoryview) -> str:
    """The text of a sealed value. Raises SealBroken if it was moved, altered, or its key is gone."""
    return open_with(data_key(client.pk), client.pk, place, bytes(sealed))


def open_with(key: bytes, client_id: UUID, place: str, sealed: bytes) -> str:
    """The text sealed under `key`. Raises SealBroken."""
    return _decrypt(key, sealed, _binding(client_id, place)).decode()


def data_key(client_id: UUID) -> bytes:
    """The client's data key. Raises SealBroken if it was destroyed or the reader may not have it."""
    row = VaultKey.objects.filter(client_id=client_id).first()
    if row is None:
        raise SealBroken()
    return _decrypt(_site_key(), bytes(row.wrapped), _binding(client_id, "data-key"))


def identity(client: Client) -> dict[str, str]:
    """Every identity fact of the client that the reader may have, by field name."""
    rows = list(IdentityField.objects.filter(client=client))
    if not rows:
        return {}
    key = data_key(client.pk)
    return {row.field: open_with(key, client.pk, f"identity:{row.field}", bytes(row.sealed)) for row in rows}


def called(clients: Sequence[Client]) -> dict[UUID, str]:
    """What each client wants to be called, by client id, for as many as the reader may open: two queries for a page."""
    ids = [client.pk for client in clients]
    keys = {row.client_id: bytes(row.wrapped) for row in VaultKey.objects.filter(client_id__in=ids)}
    names: dict[UUID, str] = {}
    for row in IdentityField.objects.filter(client_id__in=ids, field="given_name"):
        key = _decrypt(_site_key(), keys[row.client_id], _binding(row.client_id, "data-key"))
        names[row.client_id] = open_with(key, row.client_id, "identity:given_name", bytes(row.sealed))
    return names


def canonical(value: str) -> str:
    """The one form in which values are searched: NFKC, case-folded, without marks, zero-width signs or extra spaces."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", value).casefold())
    kept = "".join(c for c in decomposed if unicodedata.category(c) not in {"Mn", "Cf", "Cc"} or c.isspace())
    return " ".join(unicodedata.normalize("NFC", kept).split())


def digest(field: str, value: str) -> bytes:
    """The keyed digest of a value for exact search in one field (HMAC-SHA-256, a key per field)."""
    field_key = hmac.digest(_site_key(), f"leeward blind index {field}".encode(), hashlib.sha256)
    return hmac.digest(field_key, canonical(value).encode(), hashlib.sha256)


def find(field: str, value: str) -> list[UUID]:
    """Ids of the clients, among those the reader may see, whose indexed field equals `value`."""
    rows = BlindIndex.objects.filter(field=field, digest=digest(field, value))
    return list(rows.values_list("client_id", flat=True))


def _site_key() -> bytes:
    key: bytes = settings.LEEWARD_SITE_KEY
    return key


def _binding(client_id: UUID, place: str) -> bytes:
    return f"{client_id}|{place}|{SITE_KEY_VERSION}".encode()


def _encrypt(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def _decrypt(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound_to)
    except (InvalidTag, ValueError) as broken:
        raise SealBroken() from broken

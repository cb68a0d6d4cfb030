"""Sealing and opening what could name or harm a person.

Each client has a data key of 256 bits; AES-256-GCM seals every value under it, with the client, the place of the value
and the key version as associated data, so that a value moved elsewhere does not open. Data keys are wrapped by the site
keys, which live outside the database (`keyring`). Exact search goes through keyed digests of one canonical form.
Nothing is unwrapped while database and erasure ledger disagree (`opening`).
"""

import hashlib
import hmac
import logging
import secrets
import unicodedata
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import opening
from .errors import SealBroken
from .keyring import NONCE, keyring
from .models import BlindIndex, Client, IdentityField, VaultKey, Whom

logger = logging.getLogger("leeward.vault")
#: Data keys are made once and destroyed once; only what wraps them is renewed.
DATA_KEY_VERSION = 1


def new_data_key(client: Client) -> tuple[bytes, VaultKey]:
    """A fresh data key of 32 bytes and the row, not saved yet, that keeps its wrapped form."""
    key, ring = secrets.token_bytes(32), keyring()
    version = ring.current
    wrapped = ring.wrap(version, key, wrap_binding(client.pk))
    return key, VaultKey(agency_id=client.agency_id, client=client, wrapped=wrapped, site_key_version=version)


def unwrapped(row: VaultKey) -> bytes:
    """The data key in a row. Raises SealBroken, or VaultClosed when nothing may be opened."""
    opening.require(using=row._state.db or "default")
    try:
        return keyring().unwrap(row.site_key_version, bytes(row.wrapped), wrap_binding(row.client_id))
    except SealBroken:
        _alarm("data-key")
        raise


def wrap_binding(client_id: UUID) -> bytes:
    """What a client's wrapped data key is bound to, beside the version of the site key."""
    return f"{client_id}|data-key".encode()


def seal_with(key: bytes, client_id: UUID, place: str, text: str) -> bytes:
    """`text` sealed under `key`, bound to this client and place."""
    return _encrypt(key, text.encode(), _binding(client_id, place))


def seal(client: Whom, place: str, text: str) -> bytes:
    """`text` sealed for this client; `place` names where it is kept, such as `safety_plan:<id>`."""
    return seal_with(data_key(client.pk), client.pk, place, text)


def open_sealed(client: Whom, place: str, sealed: bytes | memoryview) -> str:
    """The text of a sealed value. Raises SealBroken if it was moved, altered, or its key is gone."""
    return open_with(data_key(client.pk), client.pk, place, bytes(sealed))


def open_with(key: bytes, client_id: UUID, place: str, sealed: bytes) -> str:
    """The text sealed under `key`. Raises SealBroken."""
    try:
        return _decrypt(key, sealed, _binding(client_id, place)).decode()
    except SealBroken:
        _alarm(place)
        raise


def data_key(client_id: UUID) -> bytes:
    """The client's data key. Raises SealBroken if it was destroyed or the reader may not have it."""
    row = VaultKey.objects.filter(client_id=client_id).first()
    if row is None:
        raise SealBroken()
    return unwrapped(row)


def identity(client: Whom) -> dict[str, str]:
    """Every identity fact of the client that the reader may have, by field name."""
    rows = list(IdentityField.objects.filter(client_id=client.pk))
    if not rows:
        return {}
    key = data_key(client.pk)
    return {row.field: open_with(key, client.pk, f"identity:{row.field}", bytes(row.sealed)) for row in rows}


def called(clients: Sequence[Client]) -> dict[UUID, str]:
    """What each client wants to be called, by client id, for as many as the reader may open: two queries for a page."""
    ids = [client.pk for client in clients]
    keys = {row.client_id: row for row in VaultKey.objects.filter(client_id__in=ids)}
    names: dict[UUID, str] = {}
    for row in IdentityField.objects.filter(client_id__in=[*keys], field="given_name"):
        key = unwrapped(keys[row.client_id])
        names[row.client_id] = open_with(key, row.client_id, "identity:given_name", bytes(row.sealed))
    return names


def canonical(value: str) -> str:
    """The one form in which values are searched: NFKC, case-folded, without marks, zero-width signs or extra spaces."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", value).casefold())
    kept = "".join(c for c in decomposed if unicodedata.category(c) not in {"Mn", "Cf", "Cc"} or c.isspace())
    return " ".join(unicodedata.normalize("NFC", kept).split())


def digest(field: str, value: str, version: int) -> bytes:
    """The keyed digest of a value for exact search in one field (HMAC-SHA-256, a key per field and version)."""
    field_key = keyring().derive(version, f"leeward blind index {field}".encode())
    return hmac.digest(field_key, canonical(value).encode(), hashlib.sha256)


def digests(field: str, value: str) -> list[bytes]:
    """The digests under which a value may be indexed: one for each usable version of the site key."""
    return [digest(field, value, version) for version in keyring().versions]


def index_row(client: Client, field: str, value: str) -> BlindIndex:
    """The row, not saved yet, by which exact search finds the client."""
    version = keyring().current
    return BlindIndex(
        agency_id=client.agency_id,
        client=client,
        field=field,
        digest=digest(field, value, version),
        site_key_version=version,
    )


def find(field: str, value: str) -> list[UUID]:
    """Ids of the clients, among those the reader may see, whose indexed field equals `value`."""
    rows = BlindIndex.objects.filter(field=field, digest__in=digests(field, value))
    return list(rows.values_list("client_id", flat=True))


def _alarm(place: str) -> None:
    """Somebody must look: what is stored was altered or moved. The log learns the kind of place, and nobody's name."""
    logger.error("A sealed value did not open: %s", place.partition(":")[0])


def _binding(client_id: UUID, place: str) -> bytes:
    return f"{client_id}|{place}|{DATA_KEY_VERSION}".encode()


def _encrypt(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def _decrypt(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound_to)
    except (InvalidTag, ValueError) as broken:
        raise SealBroken() from broken

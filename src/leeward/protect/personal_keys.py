"""A pair of keys for each person who must open what nobody else may: a therapist's notes, a keeper's half of their key.

What is sealed to the public half (HPKE, RFC 9180: X25519, HKDF-SHA-256, AES-256-GCM) opens with the private half. That
is sealed under a key made from the person's passphrase (Argon2id, RFC 9106, second recommended setting) and wrapped by
the site key. Neither the database, nor the site keys, nor both open it without the passphrase. Once opened, it stays in
the session for a quarter of an hour, sealed under the session's own token, of which the database knows a digest only.
"""

import hashlib
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection, transaction
from django.utils.translation import gettext as _

from leeward.people import opening, vault
from leeward.people.errors import PeopleError, SealBroken
from leeward.people.keyring import NONCE, keyring
from leeward.people.models import Staff
from leeward.people.rotation import Wrapped

from .models import PersonalKey

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
#: Argon2id: passes, KiB of memory, lanes.
COST = (3, 65_536, 4)
SHORTEST = 14
OPEN_FOR = timedelta(minutes=15)
KEPT, UNTIL = "personal_key", "personal_key_until"


class WrongPassphrase(PeopleError):
    """The passphrase does not open this person's key."""

    def __init__(self) -> None:
        super().__init__(_("This passphrase does not open your key."), _("It is not the password you sign in with."))


class NoKey(PeopleError):
    """Somebody who needs a personal key has none yet."""


@transaction.atomic
def make(*, by: Staff, passphrase: str, now: datetime) -> bytes:
    """A new pair for `by`, in place of an earlier one; returns the private half.

    What was sealed to the earlier one stays closed: two keepers must release it to them again.
    Raises PeopleError for a passphrase that is too short.
    """
    private = X25519PrivateKey.generate()
    row = PersonalKey.objects.filter(staff=by).first() or PersonalKey(staff=by, agency_id=by.agency_id)
    row.public = private.public_key().public_bytes_raw()
    row.made_at = now
    _lock(row, private.private_bytes_raw(), passphrase)
    return private.private_bytes_raw()


@transaction.atomic
def change_passphrase(*, by: Staff, old: str, new: str) -> bytes:
    """The same pair under another passphrase; returns the private half. Raises WrongPassphrase, NoKey, PeopleError."""
    private = unlock(by=by, passphrase=old)
    _lock(PersonalKey.objects.get(staff=by), private, new)
    return private


def has_key(by: Staff) -> bool:
    """Has this person made their pair?"""
    return PersonalKey.objects.filter(staff=by).exists()


def unlock(*, by: Staff, passphrase: str) -> bytes:
    """The private half, 32 bytes. Raises WrongPassphrase, NoKey, SealBroken, VaultClosed."""
    row = PersonalKey.objects.filter(staff=by).first()
    if row is None:
        raise NoKey(_("You have not made your own key yet."), _("Make it first."))
    opening.require()
    inner = keyring().unwrap(row.site_key_version, bytes(row.sealed), _binding(row))
    try:
        return _decrypt(_from_passphrase(passphrase, bytes(row.salt)), inner, row.staff_id.bytes)
    except InvalidTag as wrong:
        raise WrongPassphrase() from wrong


def public_keys(staff: Iterable[UUID]) -> dict[UUID, bytes]:
    """The public halves of these colleagues, of those who are active and have a pair."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT staff, public FROM ctx.public_keys(%s)", [list(staff)])
        return {row[0]: bytes(row[1]) for row in cursor.fetchall()}


def seal_to(public: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """`plain` for whoever holds the private half, bound to its place."""
    return SUITE.encrypt(plain, X25519PublicKey.from_public_bytes(public), info=bound_to)


def open_with(private: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """What was sealed to this pair. Raises SealBroken when it was sealed to another, moved or altered."""
    try:
        return SUITE.decrypt(sealed, X25519PrivateKey.from_private_bytes(private), info=bound_to)
    except (InvalidTag, ValueError) as broken:
        raise SealBroken() from broken


def keep_open(session: SessionBase, private: bytes, *, now: datetime) -> None:
    """Let this session open with the key for a while, without asking for the passphrase at every page."""
    session[KEPT] = b64encode(_encrypt(_from_token(session), private, b"")).decode()
    session[UNTIL] = (now + OPEN_FOR).isoformat()


def opened(session: SessionBase, *, now: datetime) -> bytes | None:
    """The private half, while this session may open with it."""
    kept, until = session.get(KEPT), session.get(UNTIL)
    if not kept or not until or datetime.fromisoformat(until) <= now:
        return None
    try:
        return _decrypt(_from_token(session), b64decode(kept), b"")
    except InvalidTag:
        return None  # the session has another token by now


def close(session: SessionBase) -> None:
    """Ask for the passphrase again from now on."""
    session.pop(KEPT, None)
    session.pop(UNTIL, None)


def _lock(row: PersonalKey, private: bytes, passphrase: str) -> None:
    if len(passphrase) < SHORTEST:
        raise PeopleError(
            _("This passphrase is too short."),
            _("Use at least %(number)s letters, such as four words that do not belong together.")
            % {"number": SHORTEST},
        )
    row.salt = secrets.token_bytes(16)
    ring = keyring()
    row.site_key_version = ring.current
    inner = _encrypt(_from_passphrase(passphrase, bytes(row.salt)), private, row.staff_id.bytes)
    row.sealed = ring.wrap(ring.current, inner, _binding(row))
    row.save()


def _binding(row: PersonalKey) -> bytes:
    return f"{row.staff_id}|personal-key".encode()


def _bound(row: object) -> bytes:
    assert isinstance(row, PersonalKey)  # noqa: S101
    return _binding(row)


#: For the rotation of site keys: what wraps is made anew, the passphrase is not needed.
SEALED = Wrapped(PersonalKey, _bound, column="sealed")


def _from_passphrase(passphrase: str, salt: bytes) -> bytes:
    time, memory, lanes = COST
    return hash_secret_raw(vault.canonical(passphrase).encode(), salt, time, memory, lanes, 32, Type.ID)


def _from_token(session: SessionBase) -> bytes:
    return hashlib.sha256(b"leeward personal key|" + (session.session_key or "").encode()).digest()


def _encrypt(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def _decrypt(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound_to)

"""The site's keys, kept outside the database: by version, one of them current.

By default they are in a file that only its owner may read. A centre with a key management service names its own
keyring in `LEEWARD_KEYRING=module:callable`; the callable takes nothing and returns a `Keyring`.
"""

import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fcntl import LOCK_EX, flock
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext as _

from leeward.home import home

from .errors import KeyringUnusable, SealBroken

NONCE = 12
FILE = "keyring.json"
#: Where the only site key was before there were versions.
FIRST = "site"


class Keyring(Protocol):
    """What holds the site keys. A version that wrapped something stays usable until `forget`."""

    @property
    def current(self) -> int:
        """The version that wraps what is new."""

    @property
    def versions(self) -> tuple[int, ...]:
        """Every usable version, the current one first."""

    def wrap(self, version: int, key: bytes, bound_to: bytes) -> bytes:
        """`key` encrypted and authenticated together with `bound_to` and the version."""

    def unwrap(self, version: int, wrapped: bytes, bound_to: bytes) -> bytes:
        """The key that was wrapped. Raises SealBroken when anything differs or the version is gone."""

    def derive(self, version: int, purpose: bytes) -> bytes:
        """32 bytes that only this keyring can compute, always the same for a version and purpose (such as a MAC)."""

    def add(self) -> int:
        """Make a new version current and return its number."""

    def forget(self, version: int) -> None:
        """Destroy a version that is not current."""


def keyring() -> Keyring:
    """The installation's keyring, made at the first `leeward migrate`.

    Raises KeyringUnusable when it can't be read, when others may read it, or when it is gone: where somebody may have
    been erased already there was one, and a fresh one would open nothing.
    """
    if settings.LEEWARD_KEYRING:
        return _named(settings.LEEWARD_KEYRING)
    path = home() / "keys" / FILE
    if not path.exists() and not (path.parent / FIRST).exists() and Path(settings.LEEWARD_ERASURE_LEDGER).exists():
        raise KeyringUnusable(_("The keyring is missing."), _put_back())
    return _in_file(path)


@cache
def _named(name: str) -> Keyring:
    module, _colon, made_by = name.partition(":")
    try:
        ring: Keyring = getattr(import_module(module), made_by)()
    except (ImportError, AttributeError) as error:
        raise KeyringUnusable(_("LEEWARD_KEYRING names something that is not there."), str(error)) from error
    return ring


@cache
def _in_file(path: Path) -> "FileKeyring":
    return FileKeyring(path)


@dataclass(frozen=True, slots=True)
class _Ring:
    current: int
    keys: dict[int, bytes] = field(repr=False)
    made_at: dict[int, str] = field(default_factory=dict)
    purpose: str = ""


class FileKeyring:
    """Site keys in a JSON file of mode 600. A running server notices a new version at its next use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._ring: _Ring | None = None

    @property
    def current(self) -> int:
        return self._read().current

    @property
    def versions(self) -> tuple[int, ...]:
        ring = self._read()
        return (ring.current, *sorted((v for v in ring.keys if v != ring.current), reverse=True))

    @property
    def purpose(self) -> str:
        """What the installation was first started as, such as a centre's or a demonstration; empty before that."""
        return self._read().purpose

    def claim(self, purpose: str) -> None:
        """Mark these keys as of one purpose for good. The mark goes wherever the keys are copied to (O-04)."""
        with self._changing():
            ring = self._read()
            if not ring.purpose:
                self._write(replace(ring, purpose=purpose))

    def wrap(self, version: int, key: bytes, bound_to: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self._key(version)).encrypt(nonce, key, _bound(bound_to, version))

    def unwrap(self, version: int, wrapped: bytes, bound_to: bytes) -> bytes:
        try:
            return AESGCM(self._key(version)).decrypt(wrapped[:NONCE], wrapped[NONCE:], _bound(bound_to, version))
        except (InvalidTag, ValueError) as broken:
            raise SealBroken() from broken

    def derive(self, version: int, purpose: bytes) -> bytes:
        return hmac.digest(self._key(version), purpose, hashlib.sha256)

    def add(self) -> int:
        with self._changing():
            ring = self._read()
            version = max(ring.keys) + 1
            self._write(
                replace(
                    ring,
                    current=version,
                    keys={**ring.keys, version: secrets.token_bytes(32)},
                    made_at={**ring.made_at, version: _now()},
                )
            )
        return version

    def forget(self, version: int) -> None:
        with self._changing():
            ring = self._read()
            if version == ring.current:
                raise KeyringUnusable(_("The current version of the site key can't be forgotten."), _("Rotate first."))
            self._write(replace(ring, keys={v: key for v, key in ring.keys.items() if v != version}))
            (self._path.parent / FIRST).unlink(missing_ok=True)

    def _key(self, version: int) -> bytes:
        try:
            return self._read().keys[version]
        except KeyError as gone:
            raise SealBroken() from gone

    def _read(self) -> _Ring:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._begin()
            status = self._path.stat()
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise KeyringUnusable(
                _("Others than its owner may read the keyring."),
                _("In LEEWARD_HOME, run: chmod 600 %(file)s") % {"file": f"keys/{FILE}"},
            )
        seen = (status.st_mtime_ns, status.st_ino, status.st_size)
        if self._ring is None or seen != self._seen:
            self._ring, self._seen = _parsed(self._path), seen
        return self._ring

    def _begin(self) -> None:
        """The first version: the site key of before there were versions, else a fresh one. Whoever is first wins."""
        self._path.parent.mkdir(exist_ok=True, mode=0o700, parents=True)
        first = self._path.parent / FIRST
        key = bytes.fromhex(first.read_text().strip()) if first.exists() else secrets.token_bytes(32)
        made = self._draft(_Ring(current=1, keys={1: key}, made_at={1: _now()}))
        with suppress(FileExistsError):
            os.link(made, self._path)
        made.unlink()

    def _write(self, ring: _Ring) -> None:
        os.replace(self._draft(ring), self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _draft(self, ring: _Ring) -> Path:
        path = self._path.with_name(f"{self._path.name}.{secrets.token_hex(8)}")
        text = {
            "current": ring.current,
            "keys": {str(v): {"key": key.hex(), "made_at": ring.made_at.get(v, "")} for v, key in ring.keys.items()},
            "purpose": ring.purpose,
        }
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(text, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        return path

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with open(self._path.with_suffix(".lock"), "w", opener=_privately) as lock:
            flock(lock, LOCK_EX)
            yield


def _parsed(path: Path) -> _Ring:
    try:
        told = json.loads(path.read_text())
        keys = {int(version): bytes.fromhex(one["key"]) for version, one in told["keys"].items()}
        ring = _Ring(
            current=int(told["current"]),
            keys=keys,
            made_at={int(version): str(one.get("made_at", "")) for version, one in told["keys"].items()},
            purpose=str(told.get("purpose", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeyringUnusable(_("The keyring can't be read."), _put_back()) from error
    if ring.current not in keys or any(len(key) != 32 for key in keys.values()):
        raise KeyringUnusable(_("The keyring is not complete."), _put_back())
    return ring


def _bound(bound_to: bytes, version: int) -> bytes:
    return bound_to + b"|%d" % version


def _put_back() -> str:
    return _("Put back a copy of %(file)s in LEEWARD_HOME.") % {"file": f"keys/{FILE}"}


def _privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

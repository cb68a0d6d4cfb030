"""A copy of the site key for the day when the server is lost, in two halves for two people: neither opens anything.

One half is random, the other is the keys XOR that (a one-time pad, Shannon 1949), so one half says nothing. Each is
encrypted to its person's own age key, so that whoever carries both files opens neither.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyrage
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from leeward.home import home
from leeward.people.errors import KeyringUnusable, PeopleError
from leeward.people.keyring import FILE, keyring
from leeward.people.models import Staff

from .age import Recipient
from .models import AuditRecord
from .two_leaders import refuse_one

#: What is copied: the site keys, the key that signs the erasure ledger, without which no backup is made, and the key of
#: the seals, without which nothing is sealed on top of what was.
COPIED = (FILE, "erasure-ledger", "audit-seal")
_AGE = b"age-encryption.org/"


class HalvesDoNotFit(PeopleError):
    """Two files that do not make one copy of the keys."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who gets a half, and with which age public key they open it."""

    staff: Staff
    public_key: str
    recipient: Recipient


def export(one: Holder, other: Holder, *, now: datetime) -> tuple[bytes, bytes]:
    """The two halves, each encrypted to its holder. That they were made is on record under both names first.

    Raises NotBySamePerson if both are one person, or have one key; KeyringUnusable where the keys are in a service.
    """
    refuse_one(one.staff.pk, other.staff.pk)
    refuse_one(one.public_key.strip(), other.public_key.strip())
    if settings.LEEWARD_KEYRING:
        raise KeyringUnusable(
            _("The site keys are in a service of your own."), _("Copy them by the service’s own way.")
        )
    keyring()  # refuses a file that others may read
    folder = home() / "keys"
    keys = {name: (folder / name).read_text() for name in COPIED if (folder / name).exists()}
    with transaction.atomic(using="admin"):
        for holder, action in ((one, "site-key"), (other, "site-key.confirm")):
            AuditRecord.objects.using("admin").create(
                at=now, staff_id=holder.staff.pk, agency_id=holder.staff.agency_id, client_id=None, action=action
            )
    first, second = split(keys, now=now)
    return pyrage.encrypt(first, [one.recipient]), pyrage.encrypt(second, [other.recipient])


def split(keys: Mapping[str, str], *, now: datetime) -> tuple[bytes, bytes]:
    """Two halves of these files, neither of which says anything of them but how long they are together."""
    whole = json.dumps(dict(keys)).encode()
    pad = secrets.token_bytes(len(whole))
    pair = {"leeward_key_half": 1, "pair": secrets.token_hex(8), "made_at": now.isoformat(timespec="seconds")}
    proof = hashlib.sha256(pad + whole).hexdigest()
    one = pair | {"half": 1, "proof": proof, "content": pad.hex()}
    other = pair | {"half": 2, "proof": proof, "content": _xor(pad, whole).hex()}
    return json.dumps(one).encode(), json.dumps(other).encode()


def join(one: bytes, other: bytes) -> dict[str, str]:
    """The files that two opened halves hold together. Raises HalvesDoNotFit."""
    halves = sorted((_half(one), _half(other)), key=lambda half: half.number)
    if [half.number for half in halves] != [1, 2] or halves[0].pair != halves[1].pair:
        raise HalvesDoNotFit(_("These are not the two halves of one copy."), _("Take those that were made together."))
    pad, mixed = halves[0].content, halves[1].content
    whole = _xor(pad, mixed) if len(pad) == len(mixed) else b""
    if any(half.proof != hashlib.sha256(pad + whole).hexdigest() for half in halves):
        raise HalvesDoNotFit(_("One of the halves was altered."), _("Take another copy of it."))
    keys: dict[str, str] = json.loads(whole)
    return {name: text for name, text in keys.items() if name in COPIED}


def opened(sealed: bytes, identities: list[pyrage.x25519.Identity]) -> bytes:
    """A half, opened by whichever of these keys opens it; one that is open already, as it is. Raises HalvesDoNotFit."""
    if not sealed.startswith(_AGE):
        return sealed
    try:
        plain: bytes = pyrage.decrypt(sealed, identities)
    except pyrage.DecryptError as error:
        raise HalvesDoNotFit(_("No key here opens this half."), _("It takes the private key of its person.")) from error
    return plain


def put_back(keys: Mapping[str, str]) -> list[Path]:
    """Write the keys where an installation without any looks for them. Raises KeyringUnusable if there are some."""
    folder = home() / "keys"
    folder.mkdir(exist_ok=True, mode=0o700)
    there = [name for name in keys if (folder / name).exists()]
    if there:
        raise KeyringUnusable(_("There are keys here already."), _("Put a copy back where there are none."))
    for name, text in keys.items():
        with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    return [folder / name for name in keys]


@dataclass(frozen=True, slots=True)
class _Half:
    pair: str
    number: int
    proof: str
    content: bytes


def _half(text: bytes) -> _Half:
    try:
        said = json.loads(text)
        if said["leeward_key_half"] != 1:
            raise ValueError
        return _Half(str(said["pair"]), int(said["half"]), str(said["proof"]), bytes.fromhex(said["content"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise HalvesDoNotFit(_("This is no half of the site key."), _("leeward vault export-key makes two.")) from error


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))

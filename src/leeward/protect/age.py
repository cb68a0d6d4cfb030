"""Keys of whoever may open a file that leaves: the age format, whose tools everybody can have (decision 0198)."""

from pathlib import Path
from typing import NewType

import pyrage
from django.utils.translation import gettext as _

from leeward.people.errors import PeopleError

#: Whoever may open a file, by their age public key.
Recipient = NewType("Recipient", object)


class NoAgeKey(PeopleError):
    """A key that is none, or a file that holds none."""


def recipient(public_key: str) -> Recipient:
    """An age public key. Raises NoAgeKey."""
    try:
        return Recipient(pyrage.x25519.Recipient.from_str(public_key.strip()))
    except pyrage.RecipientError as error:
        raise NoAgeKey(
            _("This is not an age public key."),
            _("It begins with age1. Whoever receives the file makes it with age-keygen."),
        ) from error


def identity(file: Path) -> pyrage.x25519.Identity:
    """The private key in a file as `age-keygen` writes it. Raises NoAgeKey, OSError."""
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.strip().upper().startswith("AGE-SECRET-KEY-1"):
            try:
                return pyrage.x25519.Identity.from_str(line.strip())
            except pyrage.IdentityError:
                break
    raise NoAgeKey(_("%(file)s holds no age private key.") % {"file": file.name}, _("age-keygen makes one."))

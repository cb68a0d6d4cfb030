"""May anything be decrypted? Only while the database has followed the erasure ledger to its last entry.

The database remembers the ledger's id, its public key, how many entries it followed and the digest after the last. A
ledger that is missing, shortened, altered or another one closes the vault; so does one that is longer, because then the
database is older than somebody's erasure (`leeward migrate` repeats it).
"""

import os
import time
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.utils.translation import gettext as _

from . import ledger
from .errors import VaultClosed
from .models import LedgerPosition

#: Seconds after which a running process looks again, beside every change of the file.
AGAIN = 60.0

_agreed: dict[tuple[str, ...], tuple[tuple[int, int, int], float]] = {}


def require(*, using: str = "default") -> None:
    """Raises VaultClosed unless the database and the erasure ledger agree."""
    path = Path(settings.LEEWARD_ERASURE_LEDGER)
    at = connections[using].settings_dict
    place = (str(path), str(at["HOST"]), str(at["PORT"]), str(at["NAME"]))
    known = _agreed.get(place)
    seen = _seen(path)
    if known is not None and known[0] == seen and time.monotonic() - known[1] < AGAIN:
        return
    _agreed.pop(place, None)
    with ledger.locked(path, alone=False):  # an erasure in progress holds it until its transaction is committed
        seen = _seen(path)
        compare(ledger.read(path), LedgerPosition.objects.using(using).first())
    _agreed[place] = (seen, time.monotonic())


def compare(found: ledger.Ledger, position: LedgerPosition | None) -> None:
    """Raises VaultClosed, with what to do, unless the database stands at the ledger's last entry."""
    if position is None:
        raise VaultClosed(_("This database follows no erasure ledger yet."), _("Run leeward migrate."))
    follows(found, position)
    if len(found.entries) > position.entries:
        raise VaultClosed(
            _("This database is older than the erasure ledger."),
            _("Run leeward migrate: it repeats every erasure, then records open again."),
        )


def follows(found: ledger.Ledger, position: LedgerPosition) -> None:
    """Raises VaultClosed unless the ledger is the database's own and holds at least what the database followed."""
    if found.id != position.ledger or found.public_key != bytes(position.public_key):
        raise VaultClosed(_("This is the erasure ledger of another installation."), _("Put back the right one."))
    if len(found.entries) < position.entries:
        raise VaultClosed(_("Entries of the erasure ledger are missing."), _("Put back a complete copy of it."))
    if found.heads[position.entries] != bytes(position.head):
        raise VaultClosed(_("The erasure ledger was altered."), _("Put back a true copy of it."))


def _seen(path: Path) -> tuple[int, int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_ino, status.st_size)

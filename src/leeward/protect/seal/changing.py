"""A new key for the seals, asked for by two people. Whoever is killed in the middle goes on at the next seal (I-06)."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from leeward.people.models import Staff
from leeward.protect.models import AuditRecord
from leeward.protect.two_leaders import refuse_one

from . import keychange, keys, ledger
from .keychange import KeyChange


class CantChange(Exception):
    """The key can't be changed now. `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def change(*, by: Staff, confirmed_by: Staff, now: datetime) -> tuple[KeyChange, list[str]]:
    """Sign from the next seal on with a new key; the old one says so and is gone from this installation.

    Both people are on record under the old key's last seal. Returns the change, and a sentence for each place that
    could not be written. Raises NotBySamePerson, SealRefused, and CantChange where nothing was sealed yet.
    """
    refuse_one(by.pk, confirmed_by.pk)
    with transaction.atomic(using="admin"):
        for staff, action in ((by, "audit-key"), (confirmed_by, "audit-key.confirm")):
            AuditRecord.objects.using("admin").create(
                at=now, staff_id=staff.pk, agency_id=staff.agency_id, client_id=None, action=action
            )
    ledger.seal_all()
    with ledger.holding_still():
        last, log = ledger.last_seal(), ledger.origin()
        if last is None or log is None:
            raise CantChange("Nothing is sealed yet, so no key has signed anything.", "Run `leeward audit seal` first.")
        old, new = keys.signing_key(), Ed25519PrivateKey.generate()
        made = keychange.of(last, log=log, old=old, new=new, people=(str(by.pk), str(confirmed_by.pk)), at=now)
        keys.keep_next(new, made)
        return made, keys.finish_change(ledger.places())

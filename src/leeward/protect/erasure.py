"""Erasing a person: their key, their search index and their name are destroyed, and stay so after any restore.

The erasure ledger is written first, then the database. Whoever is killed in between leaves a database that is older
than its ledger: nothing is decrypted until `follow` has repeated the erasure.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connections, transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from leeward.people import ledger, opening
from leeward.people.codes import read_code
from leeward.people.errors import CantErase
from leeward.people.models import (
    BlindIndex,
    CareTeamMember,
    Client,
    ContactRule,
    IdentityField,
    LedgerPosition,
    PartnerCode,
    Role,
    Staff,
    StalePlan,
    Task,
)

from .models import AuditRecord, Draft, Grant, Hold, PendingErasure, Session, Suspension, Withdrawal
from .outbox.models import Message, State

#: Who may ask for an erasure, and who may confirm it (threat model I-06).
MAY_ERASE = (Role.PRIVACY_OFFICER, Role.PROGRAM_DIRECTOR)
#: Erasure and rotation act for the whole centre: as the administrator, never as the web role.
USING = "admin"

#: Called for everybody who is erased, as the administrator, within the erasure: what other rooms forget of them.
forgets: list[Callable[[UUID], None]] = []
#: Asked before every erasure; an answer is why this client must be kept, such as a legal hold (L-02).
holds: list[Callable[[UUID], str]] = []


def erase(*, code: str, by: Staff, confirmed_by: Staff, now: datetime) -> None:
    """Destroy what could name the person with this case code. Doing it again changes nothing.

    Raises CantErase when the code is unknown, the two are not two active leaders of the client's agency, or a hold
    stands; VaultClosed when the ledger can't be written.
    """
    read = read_code(code)
    client = Client.objects.using(USING).filter(code=read).first() if read else None
    if client is None:
        raise CantErase(_("Nobody here has this code."), _("Check the code."))
    _two_people(client, by, confirmed_by)
    for hold in holds:
        if reason := hold(client.pk):
            _wait(client, by, confirmed_by, now)
            raise CantErase(_("This record must be kept for now."), reason)
    path = Path(settings.LEEWARD_ERASURE_LEDGER)
    with ledger.locked(path, alone=True):
        position = LedgerPosition.objects.using(USING).first()
        opening.compare(ledger.read(path), position)
        found = ledger.append(path, client.pk, now=now)
        with transaction.atomic(using=USING):
            _destroy(client, now=now, by=by)
            for staff, action in ((by, "erase"), (confirmed_by, "erase.confirm")):
                AuditRecord.objects.using(USING).create(
                    at=now, staff_id=staff.pk, agency_id=staff.agency_id, client_id=client.pk, action=action
                )
            _stand_at(found)
    _sweep()


def _wait(client: Client, by: Staff, confirmed_by: Staff, now: datetime) -> None:
    """Keep the wish: the erasure runs when no hold stands (`run_pending`)."""
    PendingErasure.objects.using(USING).get_or_create(
        client_id=client.pk,
        done_at=None,
        defaults={"agency_id": client.agency_id, "asked_at": now, "asked_by": by, "confirmed_by": confirmed_by},
    )


def run_pending(*, now: datetime) -> tuple[list[str], list[str]]:
    """Erase whom a hold kept and no hold keeps now. Returns the case codes that were erased, and those that wait on.

    Somebody who asked and has left since does not count: then two others must ask again, and the code waits.
    """
    done, waiting = [], []
    pending = PendingErasure.objects.using(USING).filter(done_at=None).order_by("asked_at")
    for one in pending.select_related("client", "asked_by", "confirmed_by"):
        try:
            erase(code=one.client.code, by=one.asked_by, confirmed_by=one.confirmed_by, now=now)
        except CantErase:
            waiting.append(one.client.code)
            continue
        pending.filter(pk=one.pk).update(done_at=now)
        done.append(one.client.code)
    return done, waiting


def follow(*, now: datetime) -> int:
    """Bring the database to the ledger's last entry, repeating every erasure; returns how many clients were erased.

    A database that has never followed a ledger begins to: the ledger is made if there is none. Safe to run again.
    Raises VaultClosed when the ledger is missing, shortened, altered or another one's.
    """
    path = Path(settings.LEEWARD_ERASURE_LEDGER)
    position = LedgerPosition.objects.using(USING).first()
    if position is None and not path.exists():
        ledger.create(path, now=now)
    with ledger.locked(path, alone=True):
        found = ledger.read(path)
        if position is not None:
            opening.follows(found, position)
            if position.entries == len(found.entries):
                return 0
        with transaction.atomic(using=USING):
            gone = erased_among(found, Client.objects.using(USING).values_list("pk", flat=True).iterator())
            for client in Client.objects.using(USING).filter(pk__in=gone):
                _destroy(client, now=now)
            _stand_at(found)
    if gone:
        _sweep()
    return len(gone)


def erased_among(found: ledger.Ledger, clients: Iterable[UUID]) -> list[UUID]:
    """Which of these clients the ledger says were erased."""
    erased = found.erased()
    return [client for client in clients if found.key_id(client) in erased] if erased else []


def key_models() -> list[type[Model]]:
    """Every table of wrapped keys: what has a column `wrapped` and a client."""
    return [
        model
        for model in apps.get_models()
        if {"wrapped", "client"} <= {column.name for column in model._meta.get_fields() if column.concrete}
    ]


def _two_people(client: Client, by: Staff, confirmed_by: Staff) -> None:
    if by.pk == confirmed_by.pk:
        raise CantErase(_("An erasure needs two people."), _("Ask a colleague to confirm it."))
    for staff in (by, confirmed_by):
        if not staff.is_active or staff.role not in MAY_ERASE or staff.agency_id != client.agency_id:
            raise CantErase(
                _("Only an active privacy officer or program director of this agency may erase."),
                _("Ask one of them."),
            )


def _destroy(client: Client, *, now: datetime, by: Staff | None = None) -> None:
    """Everything that opens, finds or names the person. After a restore nobody is `by`: what is repeated names whoever
    recorded the permission that ends."""
    for model in key_models():
        model._default_manager.using(USING).filter(client_id=client.pk).delete()
    BlindIndex.objects.using(USING).filter(client=client).delete()
    IdentityField.objects.using(USING).filter(client=client).delete()
    ContactRule.objects.using(USING).filter(client=client).delete()
    Message.objects.using(USING).filter(client=client, state=State.WAITING).update(
        state=State.CALLED_OFF, decided_at=now
    )
    PartnerCode.objects.using(USING).filter(client=client).delete()
    StalePlan.objects.using(USING).filter(client=client).delete()
    Task.objects.using(USING).filter(client=client).delete()
    CareTeamMember.objects.using(USING).filter(client=client, until__isnull=True).update(until=now)
    standing = Grant.objects.using(USING).filter(client=client, withdrawal__isnull=True)
    Withdrawal.objects.using(USING).bulk_create(
        Withdrawal(
            agency_id=grant.agency_id,
            client=client,
            grant=grant,
            withdrawn_at=now,
            recorded_by_id=by.pk if by is not None else grant.recorded_by_id,
        )
        for grant in standing
    )
    # Why the record was held and what an official stated. That they did, when and until when is kept.
    for told in (Hold, Suspension):
        told._default_manager.using(USING).filter(client=client).update(sealed=b"")
    for forget in forgets:
        forget(client.pk)
    # What somebody typed on this record's pages and had not saved.
    Draft.objects.using(USING).filter(place__contains=client.code).delete()
    Session.objects.using(USING).filter(kept_place__contains=client.code).update(kept=None, kept_place="")


def _stand_at(found: ledger.Ledger) -> None:
    LedgerPosition.objects.using(USING).update_or_create(
        id=1,
        defaults={
            "ledger": found.id,
            "public_key": found.public_key,
            "entries": len(found.entries),
            "head": found.heads[-1],
        },
    )


def _sweep() -> None:
    """Let the database drop the deleted rows now. Does nothing inside a transaction, where it can't."""
    connection = connections[USING]
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        models: list[type[Model]] = [*key_models(), BlindIndex, IdentityField]
        tables = [model._meta.db_table for model in models]
        cursor.execute(f"VACUUM {', '.join(tables)}")

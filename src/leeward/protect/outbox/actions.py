"""What may happen to a message before it is sent: queued with its act, taken back with its permission, called off; and
after: confirmed by the partner, passed on by an advocate."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from leeward.people.models import Agency, Client, Staff
from leeward.rules.contact import Why

from .. import audit
from ..models import Grant
from .kinds import WITHDRAWN, Kind
from .models import Message, Notice, State, Told


@transaction.atomic
def queue(
    *,
    by: Staff,
    client: Client,
    kind: Kind,
    once: str,
    now: datetime,
    to: Agency | None = None,
    given: Grant | None = None,
    subject: UUID | None = None,
) -> bool:
    """Put a message into the outbox, in the transaction of the act that it tells of.

    `once` names that act; a second message of the same act is none, and False is returned (F-03).
    """
    waiting = Message(
        agency_id=client.agency_id,
        client=client,
        kind=kind.code,
        recipient=to,
        grant=given,
        subject=subject,
        once=once,
        queued_at=now,
        queued_by=by,
        not_before=now,
    )
    if Message.objects.filter(once=once).exists():
        return False
    waiting.save(force_insert=True)
    return True


def take_back(given: Grant, *, now: datetime) -> int:
    """What waits under this permission is never sent. Returns how many messages that were."""
    waits = Message.objects.filter(grant=given, state=State.WAITING).exclude(kind=WITHDRAWN.code)
    return waits.update(state=State.TAKEN_BACK, decided_at=now, why=Why.TAKEN_BACK)


@transaction.atomic
def call_off(*, client: Client, message: UUID, now: datetime) -> bool:
    """Do not send it after all. False if it is not waiting any more, or tells of a withdrawal: that is always told."""
    waits = Message.objects.filter(pk=message, client=client, state=State.WAITING).exclude(kind=WITHDRAWN.code)
    return waits.update(state=State.CALLED_OFF, decided_at=now) == 1


@transaction.atomic
def tell(*, by: Staff, client: Client, message: UUID, now: datetime) -> bool:
    """The advocate passed it on, face to face. A second time changes nothing and returns False."""
    handed = Message.objects.filter(pk=message, client=client, recipient__isnull=True, state=State.SENT).first()
    if handed is None or Told.objects.filter(message=handed).exists():
        return False
    Told(agency_id=client.agency_id, client=client, message=handed, told_at=now, told_by=by).save(force_insert=True)
    return True


@transaction.atomic
def confirm(*, by: Staff, notice: UUID, now: datetime) -> bool:
    """The partner confirms. A second time changes nothing and returns False."""
    open_ones = Notice.objects.filter(pk=notice, recipient_id=by.agency_id, confirmed_at__isnull=True)
    if open_ones.update(confirmed_at=now, confirmed_by=by) != 1:
        return False
    audit.saw(by=by, action="confirmed protect.notice", subject=str(notice))
    return True

"""The record of who saw what. Writes are recorded by the database itself (`ctx.note_write`); reads are recorded here.

A record holds field names and the rule that allowed it, never a value, a name or a search word (U-02).
"""

from uuid import UUID

from django.utils import timezone

from leeward.people.models import Staff

from .models import AuditRecord


def saw(
    *,
    by: Staff,
    action: str,
    client_id: UUID | None = None,
    subject: str = "",
    fields: tuple[str, ...] = (),
    rule: str = "",
) -> None:
    """Record that `by` read something, in the request's own transaction: it commits before the answer leaves."""
    AuditRecord(
        at=timezone.now(),
        staff=by,
        agency_id=by.agency_id,
        client_id=client_id,
        action=action,
        subject=subject,
        fields=list(fields),
        rule=rule,
    ).save(force_insert=True)

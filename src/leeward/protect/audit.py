"""The record of who saw what. Writes are recorded by the database itself (`ctx.note_write`); reads are recorded here.

A record holds field names and the rule that allowed it, never a value, a name or a search word (U-02).
"""

from collections.abc import Collection
from uuid import UUID

from django.db import connection

from leeward.people.models import Staff


def saw(
    *,
    by: Staff,
    action: str,
    client_id: UUID | None = None,
    subject: str = "",
    fields: tuple[str, ...] = (),
    rule: str = "",
) -> None:
    """Record that `by` read something, in the request's own transaction: it commits before the answer leaves.

    Plain SQL, because the object mapper asks for the new row's number, which most readers may not see.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO protect_auditrecord (at, staff_id, agency_id, client_id, action, subject, fields, rule)"
            " VALUES (clock_timestamp(), %s, %s, %s, %s, %s, %s, %s)",
            [by.pk, by.agency_id, client_id, action, subject, list(fields), rule],
        )


def listed(*, by: Staff, action: str, client_ids: Collection[UUID], fields: tuple[str, ...] = ()) -> None:
    """Record that each of these clients stood on a list that `by` read: one row a client, one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO protect_auditrecord (at, staff_id, agency_id, client_id, action, subject, fields, rule)"
            " SELECT clock_timestamp(), %s, %s, client, %s, '', %s, '' FROM unnest(%s::uuid[]) AS client",
            [by.pk, by.agency_id, action, list(fields), list(client_ids)],
        )

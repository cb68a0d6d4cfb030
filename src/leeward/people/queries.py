"""What may be read of people: always what the database lets the asker see."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from . import vault
from .actions import searchable
from .models import Agency, CareTeamMember, Client, Escalation, Staff, Task


def find_people(*, typed: str, birth_year: str = "") -> list[Client]:
    """Clients of the asker whose name, or phone, or name and birth year, is exactly what was typed."""
    asked = searchable({"given_name": typed, "birth_year": birth_year, "phone": typed})
    fields = ["person"] if "person" in asked else ["name", "phone"]
    ids = {pk for field in fields if field in asked for pk in vault.find(field, asked[field])}
    return list(Client.objects.filter(pk__in=ids))


def known_here(*, name: str, birth_year: str) -> bool:
    """Whether somebody with exactly this name and birth year has a record at the asker's agency, on any team."""
    value = searchable({"given_name": name, "birth_year": birth_year}).get("person")
    if value is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_or(ctx.known_here('person', digest)) FROM unnest(%s::bytea[]) AS digest",
            [vault.digests("person", value)],
        )
        return bool(cursor.fetchone()[0])


def team_of(client: Client) -> QuerySet[CareTeamMember]:
    """Who is on the care team now."""
    return CareTeamMember.objects.filter(client=client, until__isnull=True).select_related("staff")


def colleagues(by: Staff) -> QuerySet[Staff]:
    """Active staff of the asker's agency."""
    return Staff.objects.filter(agency_id=by.agency_id, is_active=True)


def worklist(*, now: datetime, role: str | None = None) -> QuerySet[Task]:
    """Open tasks of the asker's clients, soonest due first; only one role's if `role` is given."""
    tasks = Task.objects.filter(closed_at__isnull=True, opened_at__lte=now).select_related("client")
    if role is not None:
        tasks = tasks.filter(role=role)
    return tasks.order_by("due_at", "id")


def late_steps(by: Staff, *, seen: bool = False) -> QuerySet[Escalation]:
    """What is open and late and has reached the asker's role, newest first; or what somebody in that role has seen."""
    reached = Escalation.objects.filter(agency_id=by.agency_id, role=by.role, closed_at__isnull=True)
    if by.gives_care:  # said twice, to the database's policies and to its planner, which then begins with few clients
        reached = reached.filter(client_id__in=CareTeamMember.objects.filter(staff=by).values("client_id"))
    if seen:
        return reached.filter(seen_at__isnull=False).select_related("seen_by").order_by("-seen_at", "-id")
    return reached.filter(seen_at__isnull=True).order_by("-reached_at", "-id")


@dataclass(frozen=True, slots=True, kw_only=True)
class WhomToCall:
    """What somebody who may not open the record learns of a late step: enough to call the right person.

    `owed_by` is the partner that owes the answer, if one does; `team` begins with the role whose step it is.
    """

    code: str
    protocol: str
    version: str
    late_since: datetime
    owed_by: Agency | None
    team: tuple[Staff, ...]


def whom_to_call(escalations: Collection[Escalation]) -> dict[UUID, WhomToCall]:
    """By escalation, those of them that have reached the asker."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT escalation, code, protocol, version, late_since, owed_by, team FROM ctx.late_steps(%s)",
            [[escalation.pk for escalation in escalations]],
        )
        rows = cursor.fetchall()
    agencies = Agency.objects.in_bulk({row[5] for row in rows if row[5]})
    staff = Staff.objects.in_bulk({member for row in rows for member in row[6]})
    return {
        pk: WhomToCall(
            code=code,
            protocol=protocol,
            version=version,
            late_since=since,
            owed_by=agencies.get(owed_by),
            team=tuple(staff[member] for member in team if member in staff),
        )
        for pk, code, protocol, version, since, owed_by, team in rows
    }

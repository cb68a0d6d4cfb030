"""What may be read of people: always what the database lets the asker see."""

from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from . import vault
from .actions import searchable
from .models import CareTeamMember, Client, Staff, Task


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
        cursor.execute("SELECT ctx.known_here('person', %s)", [vault.digest("person", value)])
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

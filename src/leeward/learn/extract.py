"""The same tables from the database, read by the reporter role.

It may count rows; it sees no name and no free text.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import pandas as pd
from django.db.models import Min

from leeward.people.models import Agency, Client, Completion, Event, Staff
from leeward.treat.models import Measure

from .results import ResultsData

REPORTER: Final = "reporter"
_CHUNK: Final = 5_000


def extract(agency: Agency, *, now: datetime, using: str = REPORTER) -> ResultsData:
    """Everything of one agency that was recorded by `now`."""
    return ResultsData(
        clients=_clients(agency, now, using),
        events=_events(agency, now, using),
        scores=_scores(agency, now, using),
        staff=_staff(agency, using),
        agencies=_agencies(using),
        meta={"data_cut": now.isoformat()},
    )


def _clients(agency: Agency, now: datetime, using: str) -> pd.DataFrame:
    """A person came when they were registered on the timeline; the row may have been entered later. Which of the
    centre's sites they come to is not on record: their county stands for it."""
    first = dict(
        Event.objects.using(using)
        .filter(agency_id=agency.pk, kind="client.registered", recorded_at__lte=now)
        .values("client_id")
        .annotate(at=Min("occurred_at"))
        .values_list("client_id", "at")
    )
    rows = Client.objects.using(using).filter(agency_id=agency.pk, created_at__lte=now).order_by("id")
    return _frame(
        (
            (str(pk), first.get(pk, created_at), version, county)
            for pk, created_at, version, county in rows.values_list(
                "id", "created_at", "protocol_version", "county"
            ).iterator(_CHUNK)
        ),
        ("client", "first_contact_at", "protocol_version", "site"),
        times=("first_contact_at",),
    )


def _events(agency: Agency, now: datetime, using: str) -> pd.DataFrame:
    columns = (
        "id", "client", "kind", "occurred_at", "recorded_at", "actor", "actor_role", "subject", "data", "supersedes",
    )  # fmt: skip
    rows = (
        Event.objects.using(using)
        .filter(agency_id=agency.pk, client__agency_id=agency.pk, client__created_at__lte=now, recorded_at__lte=now)
        .order_by("id")
        .values_list(
            "id", "client_id", "kind", "occurred_at", "recorded_at", "actor_id", "actor_role", "subject", "data",
            "supersedes_id",
        )
    )  # fmt: skip
    return _frame(
        (
            (str(pk), str(client), kind, occurred, recorded, str(actor), role, _text(subject), data, _text(supersedes))
            for pk, client, kind, occurred, recorded, actor, role, subject, data, supersedes in rows.iterator(_CHUNK)
        ),
        columns,
        times=("occurred_at", "recorded_at"),
    )


def _scores(agency: Agency, now: datetime, using: str) -> pd.DataFrame:
    """Totals that stand: what was corrected by then is left out, and what could not be scored."""
    corrected = Measure.objects.using(using).filter(corrects__isnull=False, recorded_at__lte=now).values("corrects_id")
    rows = (
        Measure.objects.using(using)
        .filter(agency_id=agency.pk, client__created_at__lte=now, recorded_at__lte=now, total__isnull=False)
        .exclude(pk__in=corrected)
        .order_by("taken_at", "id")
        .values_list("client_id", "instrument", "taken_at", "total")
    )
    frame = _frame(
        ((str(client), instrument, taken, total) for client, instrument, taken, total in rows.iterator(_CHUNK)),
        ("client", "instrument", "taken_at", "total"),
        times=("taken_at",),
    )
    return frame.astype({"total": "int64"})


def _staff(agency: Agency, using: str) -> pd.DataFrame:
    """One row a completed course; who has none still has a row. Who left is there for what they did."""
    rows = Staff.objects.using(using).filter(agency_id=agency.pk).order_by("id").values_list("id", "role", "is_active")
    everybody = {str(pk): (role, is_active) for pk, role, is_active in rows}
    done: dict[str, list[tuple[object, object]]] = {staff: [] for staff in everybody}
    held = Completion.objects.using(using).filter(agency_id=agency.pk).order_by("id")
    for staff, day, course in held.values_list("staff_id", "completed_on", "course"):
        if str(staff) in done:
            done[str(staff)].append((day, course))
    return _frame(
        (
            (staff, role, is_active, day, course)
            for staff, (role, is_active) in everybody.items()
            for day, course in done[staff] or [(None, None)]
        ),
        ("staff", "role", "is_active", "trained_on", "course"),
    )


def _agencies(using: str) -> pd.DataFrame:
    """Which kind each agency is, so that a permission for one can be told to cover what its kind was sent."""
    rows = Agency.objects.using(using).order_by("id").values_list("id", "kind")
    return _frame(((str(pk), kind) for pk, kind in rows), ("agency", "kind"))


def _frame(
    rows: Iterator[tuple[object, ...]], columns: tuple[str, ...], *, times: tuple[str, ...] = ()
) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(columns))
    for column in times:
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return frame


def _text(value: object) -> str | None:
    return None if value is None else str(value)

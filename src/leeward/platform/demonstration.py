"""The demonstration centre: a synthetic centre in the database, and a sign-in for each role."""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from leeward.home import home
from leeward.people import escalation, pathway
from leeward.people.models import Agency, AgencyKind, LedgerPosition, Role, Staff
from leeward.protect.law import LAW_TABLES
from leeward.simulation import Parameters
from leeward.simulation.load import load_centre

MARK = "demo-centre.json"
#: Escalations older than this have been seen in the demonstration by whom they reached.
SEEN_AFTER = timedelta(days=30)


class RealPeopleHere(Exception):
    """The database holds clients who are not made up: no demonstration goes there (O-04)."""

    def __init__(self) -> None:
        super().__init__("This database holds real people.")
        self.hint = "Use an empty database, or another LEEWARD_HOME, for the demonstration."


def is_loaded(*, clients: int, seed: int) -> bool:
    """Whether this very centre is already in the database."""
    mark = home() / MARK
    if not mark.exists() or json.loads(mark.read_text()) != _mark(clients=clients, seed=seed):
        return False
    with connections["admin"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM people_client WHERE is_synthetic")
        return int(cursor.fetchone()[0]) >= clients


def load(*, clients: int, seed: int) -> None:
    """Put the synthetic centre in the place of any earlier one. Raises RealPeopleHere, SimulationError."""
    (home() / MARK).unlink(missing_ok=True)
    _empty()
    shutil.rmtree(home() / "checkpoints", ignore_errors=True)  # they vouch for a log that is no more
    now = timezone.now()
    parameters = Parameters(data_cut=timezone.localdate(now))
    accounts = load_centre(
        parameters,
        clients=clients,
        seed=seed,
        protocol=pathway.shipped(settings.LEEWARD_PROTOCOL),
        now=now,
        progress=_progress(clients),
    )
    catch_up(now)
    _write_private(home() / "demo-accounts.json", json.dumps(accounts, indent=2, ensure_ascii=False))
    (home() / MARK).write_text(json.dumps(_mark(clients=clients, seed=seed)))


def catch_up(now: datetime) -> None:
    """Raise what is late at `now` as if a worker had always gone round: each at its moment, the old ones already seen.

    What is open and late is the truth of the centre. Without this the first round would call two years of it new.
    """
    escalation.ring(now)
    with connections["admin"].cursor() as cursor:
        cursor.execute("UPDATE people_escalation SET raised_at = reached_at")
        cursor.execute(
            "UPDATE people_escalation e SET seen_at = e.reached_at + interval '20 hours', seen_by_id = s.id"
            " FROM (SELECT DISTINCT ON (agency_id, role) * FROM people_staff ORDER BY agency_id, role, id) s"
            " WHERE s.agency_id = e.agency_id AND s.role = e.role AND e.role = ANY (%s) AND e.reached_at < %s",
            [[Role.PROGRAM_DIRECTOR, Role.PRIVACY_OFFICER], now - SEEN_AFTER],
        )


def compute_results() -> None:
    """Compute the preliminary results once, so that the page has something to show."""
    from leeward.learn.actions import compute_snapshot

    centre = Agency.objects.using("admin").get(kind=AgencyKind.CENTRE)
    compute_snapshot(agency=centre, now=timezone.now(), save_as="admin")


def ask_for_results() -> None:
    """Ask for the preliminary results, as the program director: the job worker computes them beside the first pages."""
    from leeward.learn.models import ResultsRequest

    director = Staff.objects.using("admin").filter(agency__kind=AgencyKind.CENTRE, role=Role.PROGRAM_DIRECTOR).first()
    if director is not None:
        ResultsRequest(
            agency_id=director.agency_id, asked_by=director, asked_at=timezone.now(), early=False, language="en"
        ).save(using="admin", force_insert=True)


def _mark(*, clients: int, seed: int) -> dict[str, object]:
    return {"clients": clients, "seed": seed}


def _empty() -> None:
    with transaction.atomic(using="admin"), connections["admin"].cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM people_client WHERE NOT is_synthetic AND created_by_id NOT IN "
                       "(SELECT staff_id FROM protect_account WHERE email LIKE '%@centre.example'))")  # fmt: skip
        if cursor.fetchone()[0]:
            raise RealPeopleHere
        tables = [model._meta.db_table for model in apps.get_models() if model.__module__.startswith("leeward.")
                  and model is not LedgerPosition and model._meta.db_table not in LAW_TABLES]  # fmt: skip
        cursor.execute(f"TRUNCATE {', '.join(f'{chr(34)}{table}{chr(34)}' for table in tables)} CASCADE")


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _progress(clients: int) -> Callable[[int], None]:
    begun = time.monotonic()

    def said(done: int) -> None:
        if done < clients and time.monotonic() - begun > 2:
            print(f"{done:,} of {clients:,} … ", end="", file=sys.stderr, flush=True)

    return said

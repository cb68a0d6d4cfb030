"""The demonstration centre: a synthetic centre in the database, and a sign-in for each role."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from leeward.home import home
from leeward.people import pathway
from leeward.people.models import Agency, AgencyKind
from leeward.simulation import Parameters
from leeward.simulation.load import load_centre

MARK = "demo-centre.json"


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
    now = timezone.now()
    parameters = Parameters(data_cut=timezone.localdate(now))
    accounts = load_centre(
        parameters,
        clients=clients,
        seed=seed,
        protocol=pathway.protocol(settings.LEEWARD_PROTOCOL),
        now=now,
        progress=_progress(clients),
    )
    _write_private(home() / "demo-accounts.json", json.dumps(accounts, indent=2, ensure_ascii=False))
    (home() / MARK).write_text(json.dumps(_mark(clients=clients, seed=seed)))


def compute_results() -> None:
    """Compute the preliminary results once, so that the page has something to show."""
    from leeward.learn.actions import compute_snapshot

    centre = Agency.objects.using("admin").get(kind=AgencyKind.CENTRE)
    compute_snapshot(agency=centre, now=timezone.now(), save_as="admin")


def _mark(*, clients: int, seed: int) -> dict[str, object]:
    return {"clients": clients, "seed": seed}


def _empty() -> None:
    with transaction.atomic(using="admin"), connections["admin"].cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM people_client WHERE NOT is_synthetic AND created_by_id NOT IN "
                       "(SELECT staff_id FROM protect_account WHERE email LIKE '%@centre.example'))")  # fmt: skip
        if cursor.fetchone()[0]:
            raise RealPeopleHere
        tables = [model._meta.db_table for model in apps.get_models() if model.__module__.startswith("leeward.")]
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

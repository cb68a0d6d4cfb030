"""A real database to measure on: the embedded server, or `LEEWARD_TEST_DATABASE_URL`, and a database of this run's own.

Everything that a request meets is there: the web role that owns nothing, row security on every table, the audit
trigger, a signed-in member of staff whose token each transaction passes. The server keeps its defaults: commits are
flushed to disk.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import psycopg
from measure import KEPT

os.environ["LEEWARD_HOME"] = os.environ.get("LEEWARD_TEST_HOME", str(KEPT / "home"))
os.environ["DJANGO_SETTINGS_MODULE"] = "leeward.platform.settings"
os.environ["LEEWARD_HTTPS"] = "no"
os.environ.pop("LEEWARD_DATABASE_URL", None)

import django

django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from leeward.people.models import Agency, AgencyKind, Regime, Role, Staff  # noqa: E402
from leeward.platform import database  # noqa: E402
from leeward.platform.migrate import migrate, refresh_connections  # noqa: E402
from leeward.protect.models import Account, Session  # noqa: E402
from leeward.protect.sessions import SessionStore, token_digest  # noqa: E402


@contextmanager
def fresh_database() -> Iterator[str]:
    """The administrator's URL of a migrated, empty database, which is dropped at the end."""
    server = os.environ.get("LEEWARD_TEST_DATABASE_URL") or database.start_embedded()
    name = f"leeward_bench_{os.getpid()}_{secrets.token_hex(3)}"
    url = os.environ["LEEWARD_DATABASE_URL"] = database.with_database(server, name)
    try:
        migrate()
        yield url
    finally:
        connections.close_all()
        with psycopg.connect(database.with_database(server, "postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        os.environ.pop("LEEWARD_DATABASE_URL")
        refresh_connections()


def clinician() -> tuple[Staff, str]:
    """One centre with one clinician, signed in, and the token of the session."""
    centre = Agency.objects.using("admin").create(
        name="Centre", kind=AgencyKind.CENTRE, regime=Regime.HIPAA, verified_on=date(2026, 11, 1)
    )
    staff = Staff.objects.using("admin").create(agency=centre, display_name="Clinician", role=Role.CLINICIAN)
    return staff, signed_in(staff)


def signed_in(staff: Staff) -> str:
    """The token of a session of theirs."""
    account = Account.objects.using("admin").create(email=f"{staff.pk}@example.org", staff_id=staff.pk)
    store = SessionStore()
    store[SESSION_KEY] = str(account.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = account.get_session_auth_hash()
    store.save()
    token = store.session_key or ""
    Session.objects.filter(token_digest=token_digest(token)).update(idle_until=timezone.now() + timedelta(hours=10))
    return token


def crowd(url: str, staff: Staff, *, clients: int = 2_000, events: int = 20, tasks: int = 10) -> None:
    """Other people of the same centre, so that tables have the size and the statistics of a centre at work."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_CROWD, [staff.agency_id, staff.pk, clients], prepare=False)
        connection.execute(_THEIR_EVENTS, [staff.pk, staff.agency_id, events], prepare=False)
        connection.execute(_THEIR_TASKS, [tasks], prepare=False)
        # Done now, so that the server does not do it while the clock runs.
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


_CROWD = """
INSERT INTO people_client (id, agency_id, code, language, county, protocol, protocol_version, created_at, created_by_id,
                           is_synthetic)
SELECT gen_random_uuid(), %s, 'crowd-' || number, 'en', 'Forrest', 'human-trafficking-response', '1.0.0', now(), %s,
       true
FROM generate_series(1, %s) AS number
"""
_THEIR_EVENTS = """
INSERT INTO people_event (id, agency_id, client_id, kind, occurred_at, recorded_at, actor_id, actor_role,
                          actor_agency_id, data_class, data)
SELECT gen_random_uuid(), agency_id, id, 'session.attended', now() - number * interval '7 days',
       now() - number * interval '7 days', %s, 'clinician', %s, 'clinical', '{"number": 2}'
FROM people_client, generate_series(1, %s) AS number
WHERE code LIKE 'crowd-%%'
"""
_THEIR_TASKS = """
INSERT INTO people_task (id, agency_id, client_id, step, role, opened_at, due_at, closed_at, outcome, rung_roles,
                         rung_times)
SELECT gen_random_uuid(), agency_id, id, 'team-review', 'program_director', now() - number * interval '30 days',
       now() - number * interval '29 days', now() - number * interval '29 days', 'met', '{}', '{}'
FROM people_client, generate_series(1, %s) AS number
WHERE code LIKE 'crowd-%%'
"""

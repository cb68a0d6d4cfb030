"""A real database to measure on: the embedded server, or `LEEWARD_TEST_DATABASE_URL`, and a database of this run's own.

Everything that a request meets is there: the web role that owns nothing, row security on every table, the audit trigger,
a signed-in member of staff whose token each transaction passes. The server keeps its defaults: commits are flushed.
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
    account = Account.objects.using("admin").create(email="clinician@example.org", staff_id=staff.pk)
    store = SessionStore()
    store[SESSION_KEY] = str(account.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = account.get_session_auth_hash()
    store.save()
    token = store.session_key or ""
    Session.objects.filter(token_digest=token_digest(token)).update(idle_until=timezone.now() + timedelta(hours=10))
    return staff, token

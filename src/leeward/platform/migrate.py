"""Bringing the database to the shape the code expects: roles, tables, then who may reach what under which
law."""

from django.conf import settings
from django.core.management import call_command
from django.db import connections, transaction
from django.utils import timezone

from leeward import catalogue
from leeward.people.keyring import keyring
from leeward.protect import erasure, policies

from . import database


def migrate(*, verbosity: int = 0) -> None:
    """Create roles, run migrations as the owner, and install the access policies. Safe to run again.

    Raises DatabaseUnavailable, Undeclared if a table with a client has no declared access, or VaultClosed if the
    erasure ledger is not the one that the database follows, or KeyringUnusable.
    """
    database.prepare()
    refresh_connections()
    with connections["admin"].cursor() as cursor:
        # PostgreSQL 15 and newer give nobody the right to create in public; migrations need it.
        cursor.execute("ALTER SCHEMA public OWNER TO leeward_owner")
        cursor.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    call_command("migrate", database="owner", verbosity=verbosity, interactive=False)
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        policies.install(cursor, catalogue.law(settings.LEEWARD_LAW))
    _ = keyring().versions  # made before there is a ledger, and never silently again
    erasure.follow(now=timezone.now())


def refresh_connections() -> None:
    """Point Django's connections at the server that `LEEWARD_DATABASE_URL` names now."""
    for alias in connections.settings:
        role = "web" if alias == "default" else alias
        known = database.parameters(role)
        values = {
            "NAME": known.get("dbname", ""),
            "USER": known.get("user", ""),
            "PASSWORD": known.get("password", ""),
            "HOST": known.get("host", ""),
            "PORT": known.get("port", ""),
        }
        if connections.settings[alias] | values != connections.settings[alias]:
            connections[alias].close()
            settings.DATABASES[alias].update(values)
            connections.settings[alias].update(values)
            connections[alias].settings_dict.update(values)

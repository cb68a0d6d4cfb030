"""Shared ground of the tests: one embedded server, a database of its own for every run, the cast of one centre.

Tests of the pure rooms never start the server. Tests that touch data run as the web role, inside a transaction that is
rolled back, exactly as a request does.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

CHECKOUT = Path(__file__).parents[1]
#: Which of the processes that share the tests this is; each has a server, a keyring and a ledger of its own.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
os.environ["LEEWARD_HOME"] = str(Path(os.environ.get("LEEWARD_TEST_HOME", CHECKOUT / "var" / "test")) / WORKER)
os.environ["DJANGO_SETTINGS_MODULE"] = "leeward.platform.settings"
os.environ["LEEWARD_HTTPS"] = "no"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"  # the browser driver keeps an event loop in this thread
os.environ.pop("LEEWARD_DATABASE_URL", None)

settings.register_profile("ci", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("full", max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

import django  # noqa: E402
from django.utils import translation  # noqa: E402

if not WORKER:
    subprocess.run([sys.executable, str(CHECKOUT / "scripts" / "messages.py"), "--compile"], check=True)

django.setup()

from leeward.platform import database  # noqa: E402
from leeward.protect import personal_keys  # noqa: E402

personal_keys.COST = (1, 8, 1)  # a passphrase costs a second on purpose; one test asks that it does
from leeward.platform.migrate import migrate, refresh_connections  # noqa: E402

from .cast import Cast, make_cast  # noqa: E402


@pytest.fixture(scope="session")
def server() -> str:
    """URL of the administrator on a running server."""
    given = os.environ.get("LEEWARD_TEST_DATABASE_URL")
    return given or database.start_embedded()


@pytest.fixture(scope="session")
def empty_database(server: str) -> Iterator[str]:
    """A migrated database of this run's own, with nothing in it."""
    name = f"leeward_test_{os.getpid()}_{secrets.token_hex(3)}"
    os.environ["LEEWARD_DATABASE_URL"] = database.with_database(server, name)
    migrate()
    yield os.environ["LEEWARD_DATABASE_URL"]
    from django.db import connections

    connections.close_all()
    import psycopg

    with psycopg.connect(database.with_database(server, "postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    os.environ.pop("LEEWARD_DATABASE_URL")
    refresh_connections()


@pytest.fixture(scope="session")
def cast(empty_database: str) -> Cast:
    """Six agencies and a member of staff in each role, signed in: what every test starts from."""
    return make_cast()


@pytest.fixture
def world(cast: Cast) -> Iterator[Cast]:
    """The cast inside a transaction of the web role that is rolled back at the end of the test."""
    from django.db import transaction

    with transaction.atomic():
        yield cast
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def speaking_english() -> Iterator[None]:
    """A page that was asked for in Spanish leaves its language in this thread; the next test begins in English."""
    yield
    translation.deactivate()


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


def pytest_report_header() -> str:
    return f"python {sys.version.split()[0]}, profile {os.environ.get('HYPOTHESIS_PROFILE', 'ci')}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pure rooms first, journeys last: the fast ones fail first, and what journeys commit disturbs nobody."""
    last = ("journeys", "platform", "faults")
    first = ("rules", "evidence", "spec", "generative", "exchange")

    def place(item: pytest.Item) -> int:
        room = item.path.relative_to(CHECKOUT / "tests").parts[0]
        return 0 if room in first else 2 if room in last else 1

    items.sort(key=place)

"""What the job worker computes for a page that asked: as the worker role, one computation of a kind at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connections, transaction

from .extract_rows import REPORTER as REPORTER

WORKER: Final = "worker"


@contextmanager
def alone(lock: int) -> Iterator[bool]:
    """A transaction of the worker; whether it is the only one under this lock. If not, another worker is at it."""
    with transaction.atomic(using=WORKER), connections[WORKER].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
        yield bool(cursor.fetchone()[0])

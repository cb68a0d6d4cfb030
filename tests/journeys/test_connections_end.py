"""The real server goes on when its connections to the database are ended: it keeps some ready, and opens others."""

import urllib.request

import pytest
from django.db import connections

from leeward.platform.settings import SERVING

pytestmark = pytest.mark.journey


def end_those_of_the_server() -> int:
    """As the database ends them itself, when a right to look ends; how many. Waits until they are gone."""
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = %s",
            [SERVING],
        )
        return int(cursor.fetchone()[0])


def status(site: str) -> int:
    with urllib.request.urlopen(f"{site}/sign-in/", timeout=20) as page:  # noqa: S310 - our own server
        return int(page.status)


def test_o03_pages_are_there_however_many_connections_were_ended(site: str) -> None:
    ended = 0
    for _round in range(5):
        assert status(site) == 200
        ended += end_those_of_the_server()
    assert ended >= 5, "the server keeps connections ready"
    assert status(site) == 200

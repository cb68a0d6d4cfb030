"""Committed rows for tests in which another role, another thread or another process must see them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from leeward.coordinate import actions as coordinate
from leeward.coordinate.models import Referral
from leeward.people import actions
from leeward.people.models import Client, Staff
from leeward.protect import actions as protect

from ..cast import Cast
from ..protect.test_row_security import ARRIVAL


@contextmanager
def asked_by(cast: Cast, who: str) -> Iterator[Staff]:
    """A transaction of the web role in that person's name, committed at the end: what a request is."""
    with transaction.atomic():
        yield cast.act_as(who)


def register(cast: Cast, now: datetime, *, by: str = "case_manager", team: tuple[str, ...] = ()) -> Client:
    """A client whose record was opened at `now`, committed."""
    with asked_by(cast, by) as staff:
        client = actions.register(by=staff, arrival=ARRIVAL, now=now)
        for colleague in team:
            actions.join_team(by=staff, client=client, colleague=cast.staff[colleague], now=now)
    return client


def refer(cast: Cast, client: Client, now: datetime) -> Referral:
    """An urgent referral to the shelter, under a permission, sent at `now` by the case manager, committed."""
    shelter = cast.agencies["shelter"]
    wish = protect.Wish(
        recipient=shelter,
        classes=frozenset({"referral"}),
        purpose="coordination",
        last_day=datetime.now(UTC).date() + timedelta(days=20),
        method="tablet",
        language="en",
    )
    need = coordinate.Need(to=shelter, service="shelter", urgency="urgent", message="Call us.", comes_along=False)
    with asked_by(cast, "case_manager") as staff:
        protect.grant(by=staff, client=client, wish=wish, now=now)
        return coordinate.send(by=staff, client=client, need=need, now=now)


def forget_clients() -> None:
    """Delete every client and all that carries one, as the administrator, past triggers and references."""
    from leeward.protect.policies import tables_with_a_client

    with transaction.atomic(using="admin"), connections["admin"].cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in (
            *sorted(tables_with_a_client() - {"people_client"}),
            "people_client",
            "people_round",
            "protect_notice",
        ):
            cursor.execute(f'DELETE FROM "{table}"')


def read(sql: str, *values: str | int | datetime | UUID) -> list[tuple[Any, ...]]:
    """Rows as the administrator sees them: all."""
    with connections["admin"].cursor() as cursor:
        cursor.execute(sql, list(values))
        return list(cursor.fetchall())

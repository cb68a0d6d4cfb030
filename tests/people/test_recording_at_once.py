"""Two people record for one person in the same second: the tasks know of both."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event as Signal
from threading import Thread

import pytest
from django.db import connection

from leeward.people import pathway, timeline

from ..cast import Cast
from .committed import asked_by, forget_clients, read, register

SEEN = {"indicators": ["speaks_for"], "count": 1, "suspected": True, "danger_now": False}
ALONE = {"companion": False, "interpreter": "none", "language": "en"}
NOW = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def cleared(cast: Cast) -> Iterator[None]:
    yield
    forget_clients()


def test_whoever_records_beside_somebody_else_plans_with_both(cast: Cast, cleared: None) -> None:
    client = register(cast, NOW - timedelta(hours=1), team=("screener",))
    recorded = Signal()

    def other() -> None:
        try:
            with asked_by(cast, "screener") as staff:
                recorded.set()
                timeline.append("conversation.private", client=client, by=staff, now=NOW, data=ALONE)
        finally:
            connection.close()

    second = Thread(target=other)
    with asked_by(cast, "case_manager") as staff:
        timeline.append("indicator.observed", client=client, by=staff, now=NOW, data=SEEN)
        second.start()
        recorded.wait(10)
        second.join(0.5)
        assert second.is_alive(), "the second waits for the first"
    second.join(10)
    with asked_by(cast, "case_manager"):
        planned = {(i.step, i.closed_at) for i in pathway.plan_of(client, NOW + pathway.HORIZON).instances}
    assert set(read("SELECT step, closed_at FROM people_task WHERE client_id = %s", client.pk)) == planned

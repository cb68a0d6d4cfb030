"""An event happens after its person was born and not later than now; what can't be is refused and not written."""

from datetime import datetime, timedelta

import pytest

from leeward.people import timeline
from leeward.people.actions import register
from leeward.people.errors import BadEvent
from leeward.people.models import Event, Task

from ..cast import Cast
from ..protect.test_row_security import ARRIVAL


def test_before_birth_is_refused(world: Cast, now: datetime) -> None:
    by = world.act_as("clinician")
    client = register(by=by, arrival=ARRIVAL, now=now)
    born = datetime(ARRIVAL.birth_year or 0, 1, 1, tzinfo=now.tzinfo)
    count = Event.objects.filter(client=client).count()
    with pytest.raises(BadEvent, match="before they were born") as refused:
        timeline.append("session.missed", client=client, by=by, now=now, at=born - timedelta(days=800))
    assert refused.value.hint
    assert Event.objects.filter(client=client).count() == count
    timeline.append("session.missed", client=client, by=by, now=now, at=born + timedelta(days=400))


def test_after_now_is_refused_but_for_a_clock_that_runs_a_little_ahead(world: Cast, now: datetime) -> None:
    by = world.act_as("clinician")
    client = register(by=by, arrival=ARRIVAL, now=now)
    with pytest.raises(BadEvent, match="future"):
        timeline.append("session.missed", client=client, by=by, now=now, at=now + timedelta(minutes=10))
    event = timeline.append("session.missed", client=client, by=by, now=now, at=now + timedelta(minutes=1))
    assert event.occurred_at == now


def test_a_time_without_a_zone_is_refused(world: Cast, now: datetime) -> None:
    by = world.act_as("clinician")
    client = register(by=by, arrival=ARRIVAL, now=now)
    with pytest.raises(BadEvent, match="no time zone"):
        timeline.append("session.missed", client=client, by=by, now=now, at=now.replace(tzinfo=None))


def test_two_of_a_kind_in_one_minute_are_both_kept(world: Cast, now: datetime) -> None:
    """The step between them opened and closed in no time; it is one task, as it stands at last."""
    by = world.act_as("clinician")
    client = register(by=by, arrival=ARRIVAL, now=now)
    timeline.append(
        "conversation.private",
        client=client,
        by=by,
        now=now,
        data={"companion": False, "interpreter": "none", "language": "en"},
    )
    timeline.append("confidentiality.explained", client=client, by=by, now=now, data={"language": "en"})
    timeline.append("plan.agreed", client=client, by=by, now=now, data={"goals": 1})
    for _ in range(2):
        timeline.append("plan.reviewed", client=client, by=by, now=now)
    assert Event.objects.filter(client=client, kind="plan.reviewed").count() == 2
    assert Task.objects.filter(client=client, step="plan-review", closed_at=None).count() == 1

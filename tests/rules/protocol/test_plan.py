"""What a plan offers beside its instances: facts, what is open, what has not opened, who must hear."""

import time
from datetime import datetime

import pytest

from leeward.rules.errors import TimelineError
from leeward.rules.protocol import KINDS, Event, State, plan

from .written import CLOCK, START, day, event, protocol, shipped


def test_a_plan_names_its_protocol_version_so_that_it_can_be_explained_later() -> None:
    case = plan(shipped(), [], day(0))
    assert (case.protocol, case.version, case.now) == ("human-trafficking-response", "1.0.0", day(0))


def test_facts_are_those_of_now_and_unknown_is_none() -> None:
    case = plan(shipped(), [event("client.registered", is_minor=True)], day(1))
    assert case.facts["is_minor"] is True
    assert case.facts["screening"] is None


def test_what_has_not_opened_is_named_in_the_order_of_the_protocol() -> None:
    two = protocol(steps=[{"id": "a"} | CLOCK, {"id": "b"} | CLOCK | {"after": "case.closed"}])
    assert plan(two, [event("indicator.observed")], day(1)).not_opened == ("b",)


def test_what_is_open_is_listed_soonest_due_first() -> None:
    two = protocol(steps=[{"id": "slow"} | CLOCK | {"within": "P9D"}, {"id": "quick"} | CLOCK])
    case = plan(two, [event("indicator.observed")], day(0))
    assert [instance.step for instance in case.open] == ["quick", "slow"]


def test_the_ladder_tells_each_role_when_its_rung_is_reached_and_stops_when_the_step_closes() -> None:
    ladder = [{"after": "PT0S", "to": "case_manager"}, {"after": "P2D", "to": "program_director"}]
    one = protocol(steps=[{"id": "a"} | CLOCK | {"escalate": ladder}])
    opened = event("indicator.observed", 0)
    assert plan(one, [opened], day(0.9)).escalations == ()
    assert [(e.to, e.reached_at) for e in plan(one, [opened], day(1)).escalations] == [("case_manager", day(1))]
    assert [e.to for e in plan(one, [opened], day(3)).escalations] == ["case_manager", "program_director"]
    done = plan(one, [opened, event("needs.assessed", 2)], day(9))
    assert done.escalations == ()
    assert [e.to for e in done.instances[0].escalations] == ["case_manager"]


def test_an_instance_remembers_which_events_opened_and_closed_it() -> None:
    one = protocol(steps=[{"id": "a"} | CLOCK])
    (instance,) = plan(one, [event("indicator.observed", 0, id="x"), event("needs.assessed", 1, id="y")], day(2)).of(
        "a"
    )
    assert (instance.opened_by, instance.closed_by, instance.outcome) == ("x", "y", State.MET)


def test_times_without_a_zone_are_refused() -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 (the mistake under test)
    with pytest.raises(TimelineError, match="no time zone"):
        plan(shipped(), [], naive)
    with pytest.raises(TimelineError, match="no time zone"):
        plan(shipped(), [Event(id="a", kind="case.closed", occurred_at=naive, recorded_at=START)], START)


def test_one_event_given_twice_is_refused() -> None:
    with pytest.raises(TimelineError, match="same id"):
        plan(shipped(), [event("case.closed", id="a"), event("case.reopened", id="a")], START)


def test_clocks_count_elapsed_time_across_the_change_of_daylight_saving_time() -> None:
    """72 hours are 72 hours in any zone: a clock started at noon on Friday is due at one o'clock on Monday."""
    from datetime import timedelta, timezone

    winter, summer = timezone(timedelta(hours=-6)), timezone(timedelta(hours=-5))
    friday, monday = datetime(2026, 3, 6, 12, tzinfo=winter), datetime(2026, 3, 9, 13, tzinfo=summer)
    one = protocol(steps=[{"id": "a"} | CLOCK | {"within": "PT72H"}])
    opened = Event(id="a", kind="indicator.observed", occurred_at=friday, recorded_at=friday)
    assert plan(one, [opened], monday).instances[0].due_at == monday


def test_a_case_of_fifty_events_is_planned_in_a_few_milliseconds() -> None:
    """The budget is 2 ms on an idle machine; a loaded one gets five times that."""
    kinds = list(KINDS)
    events = [
        event(kinds[n % len(kinds)], n, subject="r" if KINDS[kinds[n % len(kinds)]].has_subject else None)
        for n in range(50)
    ]
    protocol_, seconds = shipped(), []
    for _ in range(30):
        start = time.perf_counter()
        plan(protocol_, events, day(400))
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.010

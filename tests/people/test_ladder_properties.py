"""What tasks carry is enough: a round over them raises what the plan says, whatever the protocol and the events."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from leeward.people import pathway
from leeward.rules.protocol import Event, Protocol, plan

from ..rules.protocol.strategies import moments, protocols, rich_protocols, timelines

ANY = protocols() | rich_protocols()


@given(ANY, timelines(), moments(), moments())
def test_a_round_later_raises_what_the_plan_of_that_moment_calls_late(
    protocol: Protocol, events: list[Event], one: datetime, other: datetime
) -> None:
    derived, now = sorted((one, other))
    known = [event for event in events if event.occurred_at <= derived]
    held = {event.id for event in known}
    known = [event for event in known if event.supersedes is None or event.supersedes in held]
    raised = set()
    for instance in plan(protocol, known, derived + pathway.HORIZON).instances:
        step = protocol.step(instance.step)
        task = pathway.told(step, instance)
        rungs = list(zip(task["rung_roles"], task["rung_times"], strict=True))  # type: ignore[call-overload]
        if task["closed_at"] is None:
            raised |= {(instance.step, instance.subject, role, moment) for role, moment in rungs if moment <= now}
    assert raised == {(e.step, e.subject, e.to, e.reached_at) for e in plan(protocol, known, now).escalations}


@given(ANY, timelines(), moments())
def test_whatever_closes_a_step_was_named_as_what_may_close_it(
    protocol: Protocol, events: list[Event], now: datetime
) -> None:
    by_id = {event.id: event for event in events}
    for instance in plan(protocol, events, now).instances:
        if instance.closed_by is not None:
            event = by_id[instance.closed_by]
            assert instance.step in pathway.may_close(protocol, event.kind, event.data)


@given(st.just("no.such.kind"), ANY)
def test_an_event_of_another_kind_may_close_nothing(kind: str, protocol: Protocol) -> None:
    assert pathway.may_close(protocol, kind, {}) == []

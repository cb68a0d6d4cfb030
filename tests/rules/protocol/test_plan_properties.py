"""What holds of every plan, whatever the protocol and whatever happened."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from leeward.rules.protocol import CasePlan, Event, Instance, Protocol, State, fidelity, plan

from .strategies import END, START, UNRELATED, moments, protocols, timelines

JUDGED = {State.MET, State.LATE, State.OVERDUE}


def by_clock(case: CasePlan) -> dict[tuple[str, str | None], list[Instance]]:
    found: dict[tuple[str, str | None], list[Instance]] = {}
    for instance in case.instances:
        found.setdefault((instance.step, instance.subject), []).append(instance)
    return found


@given(protocols(), timelines(), moments(), st.randoms(use_true_random=False))
def test_the_order_in_which_events_are_listed_does_not_matter(
    protocol: Protocol, events: list[Event], now: datetime, chance: Random
) -> None:
    shuffled = list(events)
    chance.shuffle(shuffled)
    assert plan(protocol, shuffled, now) == plan(protocol, events, now)


@given(protocols(), timelines(), moments())
def test_events_of_one_moment_have_one_order(protocol: Protocol, events: list[Event], now: datetime) -> None:
    together = [replace(event, occurred_at=START, recorded_at=START) for event in events]
    assert plan(protocol, together, now) == plan(protocol, sorted(together, key=lambda event: event.id), now)


@given(protocols(), timelines(), moments(), moments())
def test_an_unrelated_event_changes_nothing(
    protocol: Protocol, events: list[Event], now: datetime, at: datetime
) -> None:
    unrelated = Event(id="unrelated", kind=UNRELATED, occurred_at=at, recorded_at=at)
    assert plan(protocol, [*events, unrelated], now) == plan(protocol, events, now)


@given(protocols(), timelines(), moments())
def test_events_after_now_change_nothing_unless_they_correct(
    protocol: Protocol, events: list[Event], now: datetime
) -> None:
    known = [event for event in events if event.occurred_at <= now or event.supersedes is not None]
    assert plan(protocol, known, now) == plan(protocol, events, now)


@given(protocols(), timelines(), moments())
def test_a_correction_is_the_same_as_never_having_recorded_the_mistake(
    protocol: Protocol, events: list[Event], now: datetime
) -> None:
    superseded = {event.supersedes for event in events}
    right = [replace(event, supersedes=None) for event in events if event.id not in superseded]
    assert plan(protocol, right, now) == plan(protocol, events, now)


@given(protocols(), timelines(), moments())
def test_instances_of_one_clock_never_overlap(protocol: Protocol, events: list[Event], now: datetime) -> None:
    for instances in by_clock(plan(protocol, events, now)).values():
        for earlier, later in pairwise(instances):
            assert earlier.closed_at is not None
            assert earlier.closed_at <= later.opened_at


@given(protocols(), timelines(), moments(), moments())
def test_time_only_adds(protocol: Protocol, events: list[Event], one: datetime, other: datetime) -> None:
    """What has opened stays opened, what has closed stays closed as it closed, and an open clock only runs out."""
    before, after = (by_clock(plan(protocol, events, now)) for now in sorted((one, other)))
    for clock, earlier in before.items():
        later = after[clock]
        for then, now in zip(earlier, later, strict=False):
            assert (then.opened_at, then.opened_by, then.due_at) == (now.opened_at, now.opened_by, now.due_at)
            if not then.is_open:
                assert then == now
            elif then.state is State.OVERDUE:
                assert now.state not in (State.PENDING, State.MET)
        assert len(later) >= len(earlier)


@given(protocols(), timelines(), moments())
def test_a_state_is_what_the_clock_says(protocol: Protocol, events: list[Event], now: datetime) -> None:
    for instance in plan(protocol, events, now).instances:
        step = protocol.step(instance.step)
        assert instance.opened_at <= now
        assert instance.due_at == instance.opened_at + step.within
        assert instance.late_after == instance.due_at + step.grace
        match instance.state:
            case State.PENDING:
                assert now <= instance.late_after
            case State.OVERDUE:
                assert now > instance.late_after
            case State.MET:
                assert instance.closed_at is not None
                assert instance.closed_at <= instance.late_after
            case State.LATE:
                assert instance.closed_at is not None
                assert instance.closed_at > instance.late_after
            case _:
                assert instance.closed_at is not None
                assert instance.outcome is instance.state


@given(protocols(), timelines(), moments())
def test_declining_never_counts_against_fidelity(protocol: Protocol, events: list[Event], now: datetime) -> None:
    """A case in which every open step is declined at `now` is judged no worse than without those choices."""
    case = plan(protocol, events, now)
    declined = [
        replace(instance, state=State.DECLINED, closed_at=now) if instance.is_open else instance
        for instance in case.instances
    ]
    with_choices, without = fidelity([replace(case, instances=tuple(declined))]), fidelity([case])
    for step, counts in with_choices.items():
        assert counts.met == without[step].met
        assert counts.due == sum(1 for i in declined if i.step == step and i.counts_as in JUDGED)
        assert (counts.rate or 1) >= (without[step].rate or 0)


@given(protocols(), timelines(), moments())
def test_a_case_that_closes_takes_no_missed_step_with_it(
    protocol: Protocol, events: list[Event], now: datetime
) -> None:
    """What is overdue at `now` stays missed if everything open becomes pointless a moment later."""
    case = plan(protocol, events, now)
    later = now + timedelta(seconds=1)
    ended = [
        replace(instance, state=State.VOID, closed_at=later) if instance.state is State.OVERDUE else instance
        for instance in case.instances
    ]
    assert fidelity([replace(case, instances=tuple(ended))]) == fidelity([case])


@given(protocols(), timelines())
def test_escalations_are_reached_between_due_and_closing(protocol: Protocol, events: list[Event]) -> None:
    for instance in plan(protocol, events, END).instances:
        for escalation in instance.escalations:
            assert instance.due_at <= escalation.reached_at <= (instance.closed_at or END)


@given(protocols(), timelines(), moments())
def test_an_event_closes_what_another_opened(protocol: Protocol, events: list[Event], now: datetime) -> None:
    for instance in plan(protocol, events, now).instances:
        if not instance.is_repeat:
            assert instance.opened_by != instance.closed_by


@given(protocols(), timelines())
def test_without_events_a_waiting_step_opens_at_most_once_more(protocol: Protocol, events: list[Event]) -> None:
    """So the opening of every repeated step is known in advance, and no clock needs to tick for it."""
    for clock, later in by_clock(plan(protocol, events, END + timedelta(days=3650))).items():
        assert len(later) - len(by_clock(plan(protocol, events, END)).get(clock, [])) <= 1

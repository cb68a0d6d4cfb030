"""The plan computed a second way, without walking: closing events cut the timeline into stretches.

Every stretch opens an instance at most once: at its first opening event, or when the wait after the closing event that
began it ends. Nothing here depends on the stretch before, so the same can be said with window functions in SQL.
"""

from datetime import datetime

from hypothesis import given

from leeward.rules.protocol import Event, Instance, Pattern, Protocol, Step, plan, timeline
from leeward.rules.protocol.plan import matches

from .strategies import moments, protocols, timelines

Row = tuple[str, str | None, datetime, datetime, datetime | None]


def facts_after(protocol: Protocol, events: list[Event]) -> dict[str, str | int | bool | None]:
    facts: dict[str, str | int | bool | None] = {}
    for fact in protocol.facts:
        given = [(e, s) for e in events for s in fact.sources if matches(s.pattern, e)]
        event, source = given[-1] if given else (None, None)
        value = (
            None
            if event is None or source is None
            else source.value
            if not source.field
            else event.data.get(source.field)
        )
        facts[fact.name] = fact.named.read(value)
    return facts


def rows_of(protocol: Protocol, step: Step, subject: str | None, events: list[Event], now: datetime) -> list[Row]:
    """Instances of one clock; `events` is the whole timeline in order."""

    def plays(patterns: tuple[Pattern, ...], event: Event, *, subjectless: bool = False) -> bool:
        mine = not step.each_subject or event.subject == subject or (subjectless and event.subject is None)
        return mine and any(matches(pattern, event) for pattern in patterns)

    def may_open(moment: datetime, position: int) -> bool:
        return step.when is None or step.when.holds(facts_after(protocol, events[: position + 1]))

    openings = [i for i, e in enumerate(events) if plays(step.after.patterns, e) and may_open(e.occurred_at, i)]
    finishing = [i for i, e in enumerate(events) if plays((*step.done.patterns, *step.declined), e)]
    voiding = [i for i, e in enumerate(events) if i not in finishing and plays(step.void, e, subjectless=True)]
    cuts = sorted((*finishing, *voiding))
    rows: list[Row] = []
    for start, end in zip([-1, *cuts], [*cuts, None], strict=True):
        last = len(events) if end is None else end
        first = next((i for i in openings if max(start, 0) <= i < last), None)
        opened = None if first is None else events[first].occurred_at
        last_void = max((v for v in voiding if v < start), default=0)
        started = any(last_void <= i < start for i in openings)
        if step.repeat is not None and start in finishing and started:
            again = events[start].occurred_at + step.repeat
            before = max(i for i, e in enumerate(events) if e.occurred_at <= again)
            in_time = again <= now and before < last
            if in_time and (opened is None or again < opened) and may_open(again, before):
                opened = again
        if opened is not None:
            closed = None if end is None else events[end].occurred_at
            rows.append((step.id, subject, opened, opened + step.within, closed))
    return rows


def row(instance: Instance) -> Row:
    return instance.step, instance.subject, instance.opened_at, instance.due_at, instance.closed_at


@given(protocols(), timelines(), moments())
def test_the_plan_is_the_same_when_counted_in_stretches(protocol: Protocol, events: list[Event], now: datetime) -> None:
    known = timeline(events, now)
    subjects = sorted({event.subject for event in known if event.subject is not None})
    expected = [
        found
        for step in protocol.steps
        for subject in (subjects if step.each_subject else [None])
        for found in rows_of(protocol, step, subject, known, now)
    ]
    assert sorted(map(row, plan(protocol, events, now).instances), key=str) == sorted(expected, key=str)

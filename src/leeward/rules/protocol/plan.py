"""The plan of one case: which steps are open, due, done, late, declined, from its timeline alone.

The meaning, in full (the examples in `tests/spec/protocol_steps.yaml` are its table):

1. Events count in the order (occurred_at, recorded_at, id); superseded events and events after `now` do not count.
2. At each event the facts change first, then each step closes first and opens second.
3. An open instance closes at the first later event that matches `done`, else `declined`, else `void`. Done by
   `due + grace` is met, afterwards late. Where `done` asks for all of several, it is done at the event that completes
   them, counted from the opening.
4. If the step is not open, it opens at an event that matches `after` while `when` is true. `due = opened + within`,
   on the step's clock. Another step's closing, named in `after`, happens at the event that closes that step. Where
   `after` asks for all of several, it opens at the event that completes them, counted from the last event that
   matches `done`, `declined` or `void` (that event included, whether or not an instance was open then).
5. `repeat`: a period after the last done or declined event (whether or not an instance was open then), the step
   opens again if `when` is true, unless it is open. Nothing is repeated before the step has opened once, nor after
   a void event until it opens again. Events at that very moment come first.
6. With `each: subject` all this holds per subject. An event without a subject opens and finishes nothing there, but
   a void event without a subject voids the instances of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from leeward.rules.conditions import Value

from .definition import ALWAYS, Bearing, Part, Pattern, Protocol, Step
from .events import Event, timeline


class State(StrEnum):
    """How an instance stands at `now`."""

    PENDING = "pending"
    OVERDUE = "overdue"
    MET = "met"
    LATE = "late"
    DECLINED = "declined"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A rung of the ladder that was reached: from this moment the role hears that the step is late."""

    step: str
    subject: str | None
    to: str
    reached_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One opening of a step. `late_after` is the due moment plus the grace."""

    step: str
    subject: str | None
    opened_at: datetime
    opened_by: str
    is_repeat: bool
    due_at: datetime
    late_after: datetime
    closed_at: datetime | None
    closed_by: str | None
    state: State
    escalations: tuple[Escalation, ...]

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def outcome(self) -> State | None:
        """Met, late, declined or void; None while it is open."""
        return None if self.is_open else self.state

    @property
    def counts_as(self) -> State:
        """The state by which fidelity is counted: what was overdue when it became pointless had been missed by then."""
        if self.state is State.VOID and self.closed_at is not None and self.closed_at > self.late_after:
            return State.OVERDUE
        return self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePlan:
    """Everything that the protocol says about one case at one moment. Instances are in the order of opening."""

    protocol: str
    version: str
    now: datetime
    facts: Mapping[str, Value]
    instances: tuple[Instance, ...]
    not_opened: tuple[str, ...]

    @property
    def open(self) -> tuple[Instance, ...]:
        """What is to be done, soonest due first."""
        return tuple(sorted((i for i in self.instances if i.is_open), key=lambda i: i.due_at))

    @property
    def escalations(self) -> tuple[Escalation, ...]:
        """Who must hear at `now` that something open is late."""
        return tuple(escalation for instance in self.open for escalation in instance.escalations)

    def of(self, step: str) -> tuple[Instance, ...]:
        """The instances of one step, first opened first."""
        return tuple(instance for instance in self.instances if instance.step == step)

    def latest(self, step: str) -> Instance | None:
        """The instance of a step that was opened last, if it ever was."""
        instances = self.of(step)
        return instances[-1] if instances else None


def plan(protocol: Protocol, events: Iterable[Event], now: datetime) -> CasePlan:
    """The plan of the case with these events, as of `now`. Pure: equal arguments, equal plan."""
    case = _Case(protocol)
    for event in timeline(events, now):
        case.reopen(before=event.occurred_at)
        case.record(event)
    case.reopen(upto=now)
    instances = tuple(_judged(protocol, opening, now) for opening in case.openings)
    opened = {instance.step for instance in instances}
    return CasePlan(
        protocol=protocol.name,
        version=protocol.version,
        now=now,
        facts=case.facts,
        instances=instances,
        not_opened=tuple(step.id for step in protocol.steps if step.id not in opened),
    )


def matches(pattern: Pattern, event: Event) -> bool:
    """Whether an event is of the pattern's kind and its data certainly satisfy the pattern's `where`."""
    return event.kind == pattern.kind and (pattern.where is None or pattern.where.holds(event.data))


_Key = tuple[int, str | None]


@dataclass(slots=True)
class _Opening:
    """An instance in the making; `done` are the groups of a joint `done` that were seen so far."""

    key: _Key
    at: datetime
    by: str
    is_repeat: bool
    done: int = 0
    closed_at: datetime | None = None
    closed_by: str | None = None
    closed_as: Part | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A repeated step between two instances, and the event from which the period runs."""

    until: datetime
    since: str


class _Case:
    """One case while its events are read in order."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.facts: dict[str, Value] = {fact.name: None for fact in protocol.facts}
        self.openings: list[_Opening] = []
        self._open: dict[_Key, _Opening] = {}
        self._started: set[_Key] = set()
        self._seen: dict[_Key, int] = {}
        self._waiting: dict[_Key, _Waiting] = {}

    def record(self, event: Event) -> None:
        meaning = self.protocol.meaning(event.kind, self._met(event))
        if meaning.sets:
            self.facts.update(meaning.sets)
        for name, named, field in meaning.reads:
            self.facts[name] = named.read(event.data.get(field))
        followers = self.protocol.followers
        asked: dict[_Key, int] = {}
        for bearing in meaning.bearings:
            for key, part in self._closed(bearing, event) if bearing.closes else ():
                for follower in followers.get((bearing.position, part), ()):
                    each = self.protocol.steps[follower.position].each_subject
                    following = (follower.position, key[1] if each else None)
                    asked[following] = asked.get(following, 0) | follower.groups
            if bearing.after:
                if not bearing.step.each_subject:
                    asked[bearing.key] = asked.get(bearing.key, 0) | bearing.after
                elif event.subject is not None:
                    key = (bearing.position, event.subject)
                    asked[key] = asked.get(key, 0) | bearing.after
        for key in sorted(asked, key=_place) if followers else asked:
            self._ask(key, asked[key], event)

    def _met(self, event: Event) -> int:
        """The bits of the conditions that the event meets, each asked once."""
        met = ALWAYS
        conditions = self.protocol.conditions_by_kind.get(event.kind)
        if conditions:
            for condition, bit in conditions:
                if condition.evaluate(event.data) is True:
                    met |= bit
        return met

    def _ask(self, key: _Key, groups: int, event: Event) -> None:
        """Open the step at this event if the groups that it fulfils were the last ones missing."""
        step = self.protocol.steps[key[0]]
        if len(step.after.groups) > 1:
            self._seen[key] = groups = groups | self._seen.get(key, 0)
            if groups != (1 << len(step.after.groups)) - 1:
                return
        if key not in self._open:
            self._start(key, step, event.occurred_at, event.id, is_repeat=False)

    def reopen(self, *, before: datetime | None = None, upto: datetime | None = None) -> None:
        """Open again the repeated steps whose waiting ends before one moment, or up to and including another."""
        if not self._waiting:
            return
        ended = [
            (waiting.until, key, waiting.since)
            for key, waiting in self._waiting.items()
            if (before is not None and waiting.until < before) or (upto is not None and waiting.until <= upto)
        ]
        for until, key, since in sorted(ended, key=lambda item: (item[0], _place(item[1]))):
            del self._waiting[key]
            self._start(key, self.protocol.steps[key[0]], until, since, is_repeat=True)

    def _start(self, key: _Key, step: Step, at: datetime, by: str, *, is_repeat: bool) -> None:
        if key in self._open or not (step.when is None or step.when.holds(self.facts)):
            return
        opening = _Opening(key, at, by, is_repeat)
        self._open[key] = opening
        self._started.add(key)
        self.openings.append(opening)

    def _closed(self, bearing: Bearing, event: Event) -> Sequence[tuple[_Key, Part]]:
        """Close what this event closes; the instances that were open, and as what they closed."""
        step, part = bearing.step, bearing.part
        if bearing.is_plain and part is not None:
            opening = self._open.pop(bearing.key, None)
            if opening is None:
                return ()
            opening.closed_at, opening.closed_by, opening.closed_as = event.occurred_at, event.id, part
            return ((bearing.key, part),)
        shown = bearing.shown if event.subject is not None or not step.each_subject else 0
        if part is None and not shown:
            return ()
        closed: list[tuple[_Key, Part]] = []
        for key in self._concerned(bearing.position, step, event, part):
            opening = self._open.get(key)
            ending = part
            if shown and opening is not None:
                opening.done |= shown
                if opening.done == (1 << len(step.done.groups)) - 1:
                    ending = Part.DONE
            if ending is None:
                continue
            self._cut(key, step, event, ending)
            if opening is not None:
                del self._open[key]
                opening.closed_at, opening.closed_by, opening.closed_as = event.occurred_at, event.id, ending
                closed.append((key, ending))
        return closed

    def _cut(self, key: _Key, step: Step, event: Event, part: Part) -> None:
        """What a closing event means to a step, whether or not an instance is open."""
        if self._seen:
            self._seen.pop(key, None)
        if part is Part.VOID:
            self._started.discard(key)
            self._waiting.pop(key, None)
        elif step.repeat is not None and key in self._started:
            self._waiting[key] = _Waiting(event.occurred_at + step.repeat, event.id)

    def _concerned(self, position: int, step: Step, event: Event, part: Part | None) -> list[_Key]:
        if not step.each_subject:
            return [(position, None)]
        if event.subject is not None:
            return [(position, event.subject)]
        touched = {*self._started, *self._seen} if part is Part.VOID else set()
        return sorted((key for key in touched if key[0] == position), key=_place)


def _place(key: _Key) -> tuple[int, str]:
    return key[0], key[1] or ""


def _judged(protocol: Protocol, opening: _Opening, now: datetime) -> Instance:
    position, subject = opening.key
    step = protocol.steps[position]
    due = protocol.due(step, opening.at)
    late_after = due + step.grace
    until = now if opening.closed_at is None else opening.closed_at
    return Instance(
        step=step.id,
        subject=subject,
        opened_at=opening.at,
        opened_by=opening.by,
        is_repeat=opening.is_repeat,
        due_at=due,
        late_after=late_after,
        closed_at=opening.closed_at,
        closed_by=opening.closed_by,
        state=_state(opening, late_after, now),
        escalations=_escalations(step, subject, due, until) if step.escalate else (),
    )


def _escalations(step: Step, subject: str | None, due: datetime, until: datetime) -> tuple[Escalation, ...]:
    return tuple(
        Escalation(step=step.id, subject=subject, to=rung.to, reached_at=due + rung.after)
        for rung in step.escalate
        if due + rung.after <= until
    )


def _state(opening: _Opening, late_after: datetime, now: datetime) -> State:
    if opening.closed_at is None:
        return State.OVERDUE if now > late_after else State.PENDING
    match opening.closed_as:
        case Part.DECLINED:
            return State.DECLINED
        case Part.VOID:
            return State.VOID
        case _:
            return State.LATE if opening.closed_at > late_after else State.MET

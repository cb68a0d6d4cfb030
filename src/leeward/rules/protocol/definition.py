"""A protocol as a value: what `plan` interprets, what is compiled to SQL, what is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property, reduce
from operator import or_
from typing import Final

from leeward.rules.conditions import Condition, Named, Value
from leeward.rules.wording import Text

from .office import Clock, Office


@dataclass(frozen=True, slots=True)
class Pattern:
    """Events of a kind, or only those of them whose own data satisfy `where`."""

    kind: str
    where: Condition | None = None


class Part(StrEnum):
    """What a pattern of a step does."""

    DONE = "done"
    DECLINED = "declined"
    VOID = "void"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Closing:
    """Another step's closing, as done, declined or void. It happens at the event that closes that step."""

    step: str
    part: Part = Part.DONE


@dataclass(frozen=True, slots=True)
class Trigger:
    """What opens or finishes a step: every group must be seen, and any one of its members suffices for a group."""

    groups: tuple[tuple[Pattern | Closing, ...], ...]

    @property
    def is_joint(self) -> bool:
        """Whether several things must all be seen."""
        return len(self.groups) > 1

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The events among its members."""
        return tuple(member for group in self.groups for member in group if isinstance(member, Pattern))

    @property
    def closings(self) -> tuple[Closing, ...]:
        """The closings of other steps among its members."""
        return tuple(member for group in self.groups for member in group if isinstance(member, Closing))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact's value comes from: a field of the matching event, or a value that the event stands for."""

    pattern: Pattern
    field: str | None = None
    value: Value = None


@dataclass(frozen=True, slots=True)
class Fact:
    """Something known about a case: the value given by the latest event that matches one of the sources."""

    name: str
    named: Named
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of an escalation ladder: so long after the due moment, this role hears of it."""

    after: timedelta
    to: str


class BasisKind(StrEnum):
    LAW = "law"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Why a rule is there: a law, with citation and the day it was last checked, or the site's own default."""

    kind: BasisKind
    text: str
    checked: date | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    id: str
    number: int
    title: Text


@dataclass(frozen=True, slots=True)
class Subprotocol:
    """A protocol within the protocol, such as what follows a suicide risk: it starts at events of its own, or when a
    step that `starts` it is done. Its steps stand among the protocol's, each with `part_of`."""

    id: str
    title: Text
    after: tuple[Pattern, ...]
    when: Condition | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something to be done in time, by somebody, unless the survivor declines it. Semantics: `plan`."""

    id: str
    stage: str
    title: Text
    after: Trigger
    when: Condition | None
    within: timedelta
    clock: Clock
    grace: timedelta
    role: str
    requires: tuple[str, ...]
    done: Trigger
    declined: tuple[Pattern, ...]
    void: tuple[Pattern, ...]
    repeat: timedelta | None
    each_subject: bool
    escalate: tuple[Rung, ...]
    basis: Basis
    choice: Text | None
    part_of: str | None = None
    starts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """A gate's need: an event that matches one of the patterns has happened, within a length of time if given."""

    patterns: tuple[Pattern, ...]
    within: timedelta | None


@dataclass(frozen=True, slots=True)
class Closed:
    """A gate's need: the step has no open instance."""

    step: str


Need = Happened | Closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Kinds of event that may not be recorded until every need is fulfilled."""

    id: str
    holds: tuple[str, ...]
    when: Condition | None
    needs: tuple[Need, ...]
    reason: Text
    basis: Basis


#: Bits of which an event must carry one, and the groups of a trigger that it then fulfils.
Fulfilment = tuple[int, int]
#: The bit that every event carries.
ALWAYS: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One step's interest in one kind of event, as bits: an event carries one for each condition that it meets.

    The groups of a trigger are bits too: the first group is 1, the second 2, the third 4. What finishes a step only
    together with others stands in `parts` and not in `done`.
    """

    position: int
    done: int
    parts: tuple[Fulfilment, ...]
    declined: int
    void: int
    after: tuple[Fulfilment, ...]
    closes: int
    any: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """What an event with certain bits means to one step: what it closes it as, the groups that it fulfils of a joint
    `done` and of `after`.

    `is_plain` says that the step has one instance at a time and remembers nothing beyond it: no subjects, no repeating,
    nothing joint. `key` is then its clock.
    """

    position: int
    step: Step
    part: Part | None
    shown: int
    after: int
    closes: bool
    is_plain: bool
    key: tuple[int, None]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an event with certain bits means to a case, whatever came before: the facts that it sets, those that it
    reads from a field, and its bearings on steps in their order."""

    sets: Mapping[str, Value]
    reads: tuple[tuple[str, Named, str], ...]
    bearings: tuple[Bearing, ...]


@dataclass(frozen=True, slots=True)
class Follower:
    """A step that another step's closing may open, and the groups of its `after` that the closing fulfils."""

    position: int
    groups: int


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A checked protocol definition. Its version is stored with every case that follows it."""

    name: str
    version: str
    title: Text
    stages: tuple[Stage, ...]
    facts: tuple[Fact, ...]
    steps: tuple[Step, ...]
    gates: tuple[Gate, ...]
    office: Office | None = None
    subprotocols: tuple[Subprotocol, ...] = ()

    def step(self, step_id: str) -> Step:
        """The step of that id. Raises KeyError."""
        return self._steps[step_id]

    def stage(self, stage_id: str) -> Stage:
        """The stage of that id. Raises KeyError."""
        return self._stages[stage_id]

    def due(self, step: Step, opened: datetime) -> datetime:
        """When an instance of the step that opens at this moment falls due."""
        if step.clock is Clock.ALWAYS or self.office is None:
            return opened + step.within
        return self.office.due(opened, step.within, step.clock)

    @cached_property
    def _steps(self) -> Mapping[str, Step]:
        return {step.id: step for step in self.steps}

    @cached_property
    def _stages(self) -> Mapping[str, Stage]:
        return {stage.id: stage for stage in self.stages}

    @cached_property
    def sources_by_kind(self) -> Mapping[str, tuple[tuple[Fact, Source, int], ...]]:
        """Which facts an event of a kind may change, if it carries the bit."""
        found: dict[str, list[tuple[Fact, Source, int]]] = {}
        for fact in self.facts:
            for source in fact.sources:
                bit = self._bits[source.pattern]
                found.setdefault(source.pattern.kind, []).append((fact, source, bit))
        return {kind: tuple(sources) for kind, sources in found.items()}

    @cached_property
    def conditions_by_kind(self) -> Mapping[str, tuple[tuple[Condition, int], ...]]:
        """The conditions that events of a kind may meet, each once, with its bit."""
        found: dict[str, dict[Condition, int]] = {}
        for pattern in self._patterns():
            if pattern.where is not None:
                known = found.setdefault(pattern.kind, {})
                known.setdefault(pattern.where, 2 * ALWAYS << len(known))
        return {kind: tuple(known.items()) for kind, known in found.items()}

    def _patterns(self) -> Iterator[Pattern]:
        for fact in self.facts:
            yield from (source.pattern for source in fact.sources)
        for step in self.steps:
            yield from (*step.after.patterns, *step.done.patterns, *step.declined, *step.void)

    @cached_property
    def _bits(self) -> Mapping[Pattern, int]:
        bits = {kind: dict(known) for kind, known in self.conditions_by_kind.items()}
        return {
            pattern: ALWAYS if pattern.where is None else bits[pattern.kind][pattern.where]
            for pattern in self._patterns()
        }

    @cached_property
    def watches_by_kind(self) -> Mapping[str, tuple[Watch, ...]]:
        """Which steps an event of a kind may open or close, in the order of the steps."""
        found: dict[str, list[Watch]] = {}
        for position, step in enumerate(self.steps):
            patterns = (*step.after.patterns, *step.done.patterns, *step.declined, *step.void)
            for kind in dict.fromkeys(pattern.kind for pattern in patterns):
                found.setdefault(kind, []).append(self._watch(position, step, kind))
        return {kind: tuple(watches) for kind, watches in found.items()}

    def _watch(self, position: int, step: Step, kind: str) -> Watch:
        def any_of(members: Iterable[Pattern | Closing]) -> int:
            bits = (self._bits[each] for each in members if isinstance(each, Pattern) and each.kind == kind)
            return reduce(or_, bits, 0)

        def fulfilments(trigger: Trigger) -> tuple[Fulfilment, ...]:
            groups = ((any_of(group), 1 << number) for number, group in enumerate(trigger.groups))
            return tuple((bits, group) for bits, group in groups if bits)

        patterns = (*step.after.patterns, *step.done.patterns, *step.declined, *step.void)
        return Watch(
            position=position,
            done=0 if step.done.is_joint else any_of(step.done.patterns),
            parts=fulfilments(step.done) if step.done.is_joint else (),
            declined=any_of(step.declined),
            void=any_of(step.void),
            after=fulfilments(step.after),
            closes=any_of((*step.done.patterns, *step.declined, *step.void)),
            any=any_of(patterns),
        )

    def meaning(self, kind: str, met: int) -> Meaning:
        """What an event of a kind that carries these bits means. Worked out once for each."""
        known = self._meanings.get((kind, met))
        if known is None:
            told = [(fact, source) for fact, source, bit in self.sources_by_kind.get(kind, ()) if met & bit]
            last = {fact.name: (fact, source) for fact, source in told}
            watches = (watch for watch in self.watches_by_kind.get(kind, ()) if met & watch.any)
            known = self._meanings[kind, met] = Meaning(
                sets={name: fact.named.read(source.value) for name, (fact, source) in last.items() if not source.field},
                reads=tuple((name, fact.named, source.field) for name, (fact, source) in last.items() if source.field),
                bearings=tuple(self._bearing(watch, met) for watch in watches),
            )
        return known

    def _bearing(self, watch: Watch, met: int) -> Bearing:
        step, part = self.steps[watch.position], None
        if met & watch.done:
            part = Part.DONE
        elif met & watch.declined:
            part = Part.DECLINED
        elif met & watch.void:
            part = Part.VOID
        shown = _groups(watch.parts, met)
        is_joint = step.after.is_joint or step.done.is_joint
        return Bearing(
            position=watch.position,
            step=step,
            part=part,
            shown=shown,
            after=_groups(watch.after, met),
            closes=part is not None or shown > 0,
            is_plain=not (step.each_subject or is_joint or step.repeat is not None),
            key=(watch.position, None),
        )

    @cached_property
    def _meanings(self) -> dict[tuple[str, int], Meaning]:
        return {}

    @cached_property
    def followers(self) -> Mapping[tuple[int, Part], tuple[Follower, ...]]:
        """Which steps the closing of a step (by its position) as done, declined or void may open."""
        places = {step.id: place for place, step in enumerate(self.steps)}
        found: dict[tuple[int, Part], list[Follower]] = {}
        for position, step in enumerate(self.steps):
            for closing in dict.fromkeys(step.after.closings):
                groups = sum(1 << number for number, group in enumerate(step.after.groups) if closing in group)
                found.setdefault((places[closing.step], closing.part), []).append(Follower(position, groups))
        return {closing: tuple(followers) for closing, followers in found.items()}


def _groups(fulfilments: tuple[Fulfilment, ...], met: int) -> int:
    """The groups of a trigger that an event which carries these bits fulfils."""
    found = 0
    for bits, group in fulfilments:
        if met & bits:
            found |= group
    return found

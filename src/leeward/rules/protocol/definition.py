"""A protocol as a value: what `plan` interprets, what is compiled to SQL, what is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

from leeward.rules.conditions import Condition, Named, Value
from leeward.rules.wording import Text


@dataclass(frozen=True, slots=True)
class Pattern:
    """Events of a kind, or only those of them whose own data satisfy `where`."""

    kind: str
    where: Condition | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something to be done in time, by somebody, unless the survivor declines it. Semantics: `plan`."""

    id: str
    stage: str
    title: Text
    after: tuple[Pattern, ...]
    when: Condition | None
    within: timedelta
    grace: timedelta
    role: str
    requires: tuple[str, ...]
    done: tuple[Pattern, ...]
    declined: tuple[Pattern, ...]
    void: tuple[Pattern, ...]
    repeat: timedelta | None
    each_subject: bool
    escalate: tuple[Rung, ...]
    basis: Basis
    choice: Text | None


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


class Part(StrEnum):
    """What a pattern of a step does."""

    DONE = "done"
    DECLINED = "declined"
    VOID = "void"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Watch:
    """One step's interest in one kind of event: which parts the event may play, each with its conditions.

    `None` among the conditions of a part means that every event of the kind plays it.
    """

    position: int
    done: tuple[Condition | None, ...]
    declined: tuple[Condition | None, ...]
    void: tuple[Condition | None, ...]
    after: tuple[Condition | None, ...]


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

    def step(self, step_id: str) -> Step:
        """The step of that id. Raises KeyError."""
        return self._steps[step_id]

    def stage(self, stage_id: str) -> Stage:
        """The stage of that id. Raises KeyError."""
        return self._stages[stage_id]

    @cached_property
    def _steps(self) -> Mapping[str, Step]:
        return {step.id: step for step in self.steps}

    @cached_property
    def _stages(self) -> Mapping[str, Stage]:
        return {stage.id: stage for stage in self.stages}

    @cached_property
    def sources_by_kind(self) -> Mapping[str, tuple[tuple[Fact, Source], ...]]:
        """Which facts an event of a kind may change."""
        found: dict[str, list[tuple[Fact, Source]]] = {}
        for fact in self.facts:
            for source in fact.sources:
                found.setdefault(source.pattern.kind, []).append((fact, source))
        return {kind: tuple(sources) for kind, sources in found.items()}

    @cached_property
    def watches_by_kind(self) -> Mapping[str, tuple[Watch, ...]]:
        """Which steps an event of a kind may open or close, in the order of the steps."""
        found: dict[str, list[Watch]] = {}
        for position, step in enumerate(self.steps):
            parts = {part: getattr(step, part) for part in Part}
            for kind in {pattern.kind: None for patterns in parts.values() for pattern in patterns}:
                wheres = {
                    part.value: tuple(pattern.where for pattern in patterns if pattern.kind == kind)
                    for part, patterns in parts.items()
                }
                found.setdefault(kind, []).append(Watch(position, **wheres))
        return {kind: tuple(watches) for kind, watches in found.items()}

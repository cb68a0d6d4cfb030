"""From a protocol definition's text to a checked Protocol, with every mistake named by file and line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise, product
from typing import Final, TypeVar

from leeward.rules.conditions import Condition, Named, Type, Value, parse_condition, possible
from leeward.rules.durations import parse_duration
from leeward.rules.errors import DefinitionError, RuleError
from leeward.rules.wording import Text
from leeward.rules.yaml_source import JSON, Document, load, mistakes, nearest, raise_all

from .definition import (
    Basis,
    BasisKind,
    Closed,
    Closing,
    Fact,
    Gate,
    Happened,
    Need,
    Part,
    Pattern,
    Protocol,
    Rung,
    Source,
    Stage,
    Step,
    Subprotocol,
    Trigger,
)
from .node import Node, text_of
from .office import Clock, Office
from .opening_hours import office
from .order import cycle
from .vocabulary import KINDS, ROLES

Made = TypeVar("Made")
_NO_TIME: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Checked:
    """A usable protocol, and what its author may want to look at again."""

    protocol: Protocol
    warnings: tuple[DefinitionError, ...]


def parse(text: str, *, name: str, schema: Mapping[str, object]) -> Protocol:
    """The protocol that a definition file says. Raises DefinitionError, whose `also` holds further mistakes."""
    return check(text, name=name, schema=schema).protocol


def check(text: str, *, name: str, schema: Mapping[str, object]) -> Checked:
    """Like `parse`, with warnings. `name` is the file's name for messages, `schema` the published JSON Schema."""
    document = load(text, name=name)
    raise_all(mistakes(document, schema))
    return interpret(document)


def interpret(document: Document) -> Checked:
    """The protocol that a document of the schema's shape says. Raises DefinitionError for what no schema can see."""
    reading = _Reading(document)
    protocol = reading.protocol(Node(document.data, ()))
    raise_all(reading.mistakes)
    return Checked(protocol, tuple(sorted(reading.warnings, key=lambda warning: warning.line)))


@dataclass(slots=True)
class _Reading:
    """Reads one document, collecting mistakes so that the author sees all of them at once."""

    document: Document
    mistakes: list[DefinitionError] = field(default_factory=list)
    warnings: list[DefinitionError] = field(default_factory=list)
    names: dict[str, Named] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    step_ids: tuple[str, ...] = ()
    office: Office | None = None

    def wrong(self, node: Node, problem: str, remedy: str) -> None:
        self.mistakes.append(self.document.error(node.path, problem, remedy))

    def odd(self, node: Node, problem: str, remedy: str) -> None:
        self.warnings.append(self.document.error(node.path, problem, remedy))

    def attempt(self, node: Node, make: Callable[[], Made], otherwise: Made) -> Made:
        try:
            return make()
        except RuleError as error:
            self.wrong(node, str(error), error.hint)
            return otherwise

    def protocol(self, root: Node) -> Protocol:
        stages = tuple(self.stage(node) for node in root.list("stages"))
        facts = tuple(self.fact(name, node) for name, node in root.at("facts").entries())
        void = self.patterns(root.at("void"))
        if (hours := root.get("office")) is not None:
            self.office = office(hours, self.wrong)
        subs = [(node, self.subprotocol(node)) for node in root.list("subprotocols")]
        step_nodes = [*root.list("steps"), *(step for node, _ in subs for step in node.list("steps"))]
        self.step_ids = tuple(node.text("id") for node in step_nodes)
        self.starters(step_nodes, {sub.id: node for node, sub in subs})
        stage_ids = {stage.id for stage in stages}
        steps = [self.step(node, stage_ids, void, None) for node in root.list("steps")]
        for node, sub in subs:
            started = _Started(sub, self.started_by(sub.id, step_nodes))
            if not started.members:
                self.wrong(node, f"Nothing starts `{sub.id}`.", "Give it `after`, or let a step say `starts`.")
            own_void = void if node.get("void") is None else self.patterns(node.at("void"))
            steps += [self.step(inner, stage_ids, own_void, started) for inner in node.list("steps")]
            if not any("start" in _words(inner.at("after").data) for inner in node.list("steps")):
                self.wrong(node, f"No step of `{sub.id}` opens at its start.", "Write `after: start` in one of them.")
        gate_nodes = root.list("gates")
        gates = tuple(self.gate(node, {step.id: step for step in steps}) for node in gate_nodes)
        sub_nodes = [node for node, _ in subs]
        for kind, nodes in (
            ("stage", root.list("stages")),
            ("step", step_nodes),
            ("gate", gate_nodes),
            ("sub-protocol", sub_nodes),
        ):
            self.once(kind, nodes)
        self.crowded(steps, dict(zip(self.step_ids, step_nodes, strict=True)))
        self.relations(steps, dict(zip(self.step_ids, step_nodes, strict=True)))
        for name, node in root.at("facts").entries():
            if name not in self.used:
                self.odd(node, f"The fact `{name}` is never used.", "Use it in a `when`, or remove it.")
        return Protocol(
            name=root.text("protocol"),
            version=root.text("version"),
            title=self.words(root.at("title")),
            stages=stages,
            facts=facts,
            steps=tuple(steps),
            gates=gates,
            office=self.office,
            subprotocols=tuple(sub for _, sub in subs),
        )

    # Sub-protocols and relations between steps

    def subprotocol(self, node: Node) -> Subprotocol:
        return Subprotocol(
            node.text("id"), self.words(node.at("title")), self.patterns(node.at("after")), self.when(node)
        )

    def starters(self, step_nodes: list[Node], subs: Mapping[str, Node]) -> None:
        for node in step_nodes:
            for named in node.list("starts"):
                if text_of(named) not in subs:
                    self.wrong(named, f"There is no sub-protocol `{text_of(named)}`.", nearest(text_of(named), subs))

    def started_by(self, sub: str, step_nodes: list[Node]) -> tuple[Closing, ...]:
        return tuple(
            Closing(node.text("id")) for node in step_nodes if sub in [text_of(item) for item in node.list("starts")]
        )

    def crowded(self, steps: list[Step], nodes: Mapping[str, Node]) -> None:
        """An event carries a bit for each condition on its kind, and a number has so many bits."""
        found: dict[str, set[str]] = {}
        for step in steps:
            for pattern in (*step.after.patterns, *step.done.patterns, *step.declined, *step.void):
                if pattern.where is not None:
                    known = found.setdefault(pattern.kind, set())
                    known.add(pattern.where.sql)
                    if len(known) == _MOST_CONDITIONS + 1:
                        self.wrong(
                            nodes[step.id],
                            f"There are more than {_MOST_CONDITIONS} different conditions on `{pattern.kind}`.",
                            "Use the same condition in several steps, or a fact.",
                        )

    def relations(self, steps: list[Step], nodes: Mapping[str, Node]) -> None:
        """Refuse steps that wait for each other, and clocks for each subject that depend on one clock for all."""
        known = {step.id: step for step in steps}
        follows = {step.id: [closing.step for closing in step.after.closings] for step in steps}
        if circle := cycle(follows):
            self.wrong(
                nodes[circle[0]].at("after"),
                f"These steps wait for each other: {' → '.join((*circle, circle[0]))}.",
                "Let one of them open at an event.",
            )
        for step in steps:
            for closing in step.after.closings:
                before = known.get(closing.step)
                if before is not None and step.each_subject and not before.each_subject:
                    self.wrong(
                        nodes[step.id].at("each"),
                        f"`{before.id}` has one clock for all subjects, so it can't open one for each.",
                        f"Give `{before.id}` `each: subject` too, or remove it here.",
                    )

    def once(self, kind: str, nodes: list[Node]) -> None:
        first: dict[str, Node] = {}
        for node in nodes:
            before = first.setdefault(node.text("id"), node)
            if before is not node:
                line = self.document.line(before.path)
                self.wrong(
                    node.at("id"),
                    f"The {kind} id `{node.text('id')}` is used twice; first on line {line}.",
                    "Give each its own id.",
                )

    def stage(self, node: Node) -> Stage:
        number = node.at("number").data
        return Stage(node.text("id"), number if isinstance(number, int) else 0, self.words(node.at("title")))

    def words(self, node: Node) -> Text:
        return Text(en=node.text("en"), es=node.text("es"))

    # Facts

    def fact(self, name: str, node: Node) -> Fact:
        self.attempt(node, lambda: _usable_name(name), None)
        given = node.at("from")
        bare = isinstance(given.data, str)
        if not bare and (stray := node.get("field")) is not None:
            self.wrong(stray, "`field` stands beside a list of sources.", "Move `field` into each source.")
        if bare and node.get("field") is None:
            self.wrong(
                node,
                f"The fact `{name}` does not say which field it reads.",
                f"Add `field:`. {self.fields(text_of(given))}",
            )
        declared = Type(node.text("type"))
        sources = tuple(
            source
            for item in given.items()
            if (source := self.source(item, node if bare else item, declared)) is not None
        )
        named = Named(declared, _common_values(sources))
        self.names[name] = named
        return Fact(name, named, sources)

    def source(self, node: Node, holder: Node, declared: Type) -> Source | None:
        pattern = self.pattern(node)
        wanted, value = holder.get("field"), holder.get("value")
        if (wanted is None) == (value is None):
            if holder is node:
                self.wrong(
                    node,
                    "A source needs either `field` or `value`.",
                    "Say which field to read, or which value it means.",
                )
            return None
        if value is not None:
            literal = value.data if isinstance(value.data, str | int | bool) else None
            if not _is_of(literal, declared):
                self.wrong(value, f"The value is not {declared}.", f"Write a value of type {declared}.")
            return Source(pattern, value=literal)
        read = text_of(wanted) if wanted is not None else ""
        if (kind := KINDS.get(pattern.kind)) is None or wanted is None:
            return None
        if read not in kind.fields:
            self.wrong(wanted, f"`{pattern.kind}` has no field `{read}`.", self.fields(pattern.kind, read))
            return None
        if (actual := kind.fields[read].type) is not declared:
            self.wrong(
                holder.at("type"),
                f"`{read}` of `{pattern.kind}` is {actual}, not {declared}.",
                f"Write `type: {actual}`.",
            )
        return Source(pattern, field=read)

    def fields(self, kind: str, word: str = "") -> str:
        known = list(KINDS[kind].fields) if kind in KINDS else []
        if not known:
            return "Events of this kind carry no fields."
        return nearest(word, known) if word else f"Its fields: {', '.join(known)}."

    # Patterns and conditions

    def kind(self, node: Node) -> str:
        kind = text_of(node)
        if kind not in KINDS:
            self.wrong(node, f"There is no kind of event `{kind}`.", nearest(kind, KINDS))
        return kind

    def pattern(self, node: Node) -> Pattern:
        if not isinstance(node.data, dict):
            return Pattern(self.kind(node))
        kind = self.kind(node.at("kind"))
        where = node.get("where")
        if where is None or kind not in KINDS:
            return Pattern(kind)
        return Pattern(kind, self.condition(where, KINDS[kind].fields))

    def patterns(self, node: Node) -> tuple[Pattern, ...]:
        return tuple(self.pattern(item) for item in node.items())

    def trigger(self, node: Node, started: _Started | None, *, closings: bool) -> Trigger:
        """Any one of a list, or with `all_of` every one of it. A list of one group is an ordinary trigger."""
        joint = node.get("all_of")
        if joint is None:
            return Trigger((self.members(node, started, closings=closings),))
        return Trigger(tuple(self.members(item, started, closings=closings) for item in joint.items()))

    def members(self, node: Node, started: _Started | None, *, closings: bool) -> tuple[Pattern | Closing, ...]:
        found: list[Pattern | Closing] = []
        for item in (node.get("any_of") or node).items():
            if item.data == "start":
                if started is None or not closings:
                    self.wrong(item, "`start` stands outside `after` of a sub-protocol's step.", "Name an event.")
                else:
                    found += started.members
            elif isinstance(item.data, dict) and "step" in item.data:
                found += self.closing(item, closings=closings)
            else:
                found.append(self.pattern(item))
        return tuple(dict.fromkeys(found))

    def closing(self, node: Node, *, closings: bool) -> list[Closing]:
        step = node.text("step")
        if not closings:
            self.wrong(node, "Only `after` may name another step.", "Name the event that finishes it.")
        elif step not in self.step_ids:
            self.wrong(node.at("step"), f"There is no step `{step}`.", nearest(step, self.step_ids))
        else:
            return [Closing(step, Part(node.text("is") if node.get("is") else "done"))]
        return []

    def condition(self, node: Node, names: Mapping[str, Named]) -> Condition | None:
        condition = self.attempt(node, lambda: parse_condition(text_of(node), names), None)
        if condition is not None and not possible(condition, names):
            self.odd(node, f"`{condition.sql}` can never be true.", "Mend the condition, or remove what depends on it.")
        return condition

    def when(self, node: Node) -> Condition | None:
        given = node.get("when")
        condition = None if given is None else self.condition(given, self.names)
        self.used.update(() if condition is None else condition.names)
        return condition

    def duration(self, node: Node | None) -> timedelta:
        if node is None:
            return _NO_TIME
        return self.attempt(node, lambda: parse_duration(text_of(node)), _NO_TIME)

    def role(self, node: Node) -> str:
        role = text_of(node)
        if role not in ROLES:
            self.wrong(node, f"There is no role `{role}`.", nearest(role, ROLES))
        return role

    # Steps and gates

    def step(self, node: Node, stages: set[str], void: tuple[Pattern, ...], started: _Started | None) -> Step:
        if node.text("stage") not in stages:
            self.wrong(
                node.at("stage"), f"There is no stage `{node.text('stage')}`.", nearest(node.text("stage"), stages)
            )
        after = self.trigger(node.at("after"), started, closings=True)
        done = self.trigger(node.at("done"), started, closings=False)
        for key, trigger in (("after", after), ("done", done)):
            if not all(trigger.groups):
                self.wrong(node.at(key), f"`{key}` is empty, so the step can never be {_EMPTY[key]}.", "Name an event.")
        within, repeat = self.duration(node.get("within")), node.get("repeat")
        period = None if repeat is None else self.duration(repeat)
        if repeat is not None and period == _NO_TIME:
            self.wrong(repeat, "The step would open again at once, for ever.", "Repeat after some time, such as P30D.")
        self.joint(node, after, done, period)
        if within == _NO_TIME and (again := _opens_again(after, done)):
            self.wrong(
                node.at("within"),
                f"`{again}` finishes the step and opens it again, due at once: it could never be done.",
                "Give it some time, or use different events to open and to finish it.",
            )
        declined, choice = self.patterns(node.at("declined")), node.get("choice")
        if declined and choice is None:
            self.wrong(
                node.at("declined"),
                "The survivor may decline, but `choice` does not say what is offered.",
                "Add `choice: {en: …, es: …}`.",
            )
        each_subject = node.get("each") is not None
        if each_subject:
            self.subjects(node, (*after.patterns, *done.patterns))
        return Step(
            id=node.text("id"),
            stage=node.text("stage"),
            title=self.words(node.at("title")),
            after=after,
            when=self.opening_condition(node, started),
            within=within,
            clock=self.clock(node, within),
            grace=self.duration(node.get("grace")),
            role=self.role(node.at("role")),
            requires=tuple(text_of(item) for item in node.list("requires")),
            done=done,
            declined=declined,
            void=void if node.get("void") is None else self.patterns(node.at("void")),
            repeat=period,
            each_subject=each_subject,
            escalate=self.ladder(node.at("escalate")),
            basis=self.basis(node.at("basis")),
            choice=None if choice is None else self.words(choice),
            part_of=None if started is None else started.by.id,
            starts=tuple(text_of(item) for item in node.list("starts")),
        )

    def joint(self, node: Node, after: Trigger, done: Trigger, period: timedelta | None) -> None:
        """What asks for all of several on both sides, or repeats, would have no single meaning."""
        if done.is_joint and after.is_joint:
            self.wrong(
                node.at("done"),
                "Both `after` and `done` ask for all of several.",
                "Split it: one step that opens when all have happened, and one for each thing to be done.",
            )
        if done.is_joint and period is not None:
            self.wrong(
                node.at("repeat"),
                "A step that is done when all of several are can't repeat.",
                "Let it open again at an event, or split it.",
            )

    def opening_condition(self, node: Node, started: _Started | None) -> Condition | None:
        """The step's own `when`, and that of its sub-protocol if the step opens at its start."""
        own = self.when(node)
        start = started.by.when if started is not None and "start" in _words(node.at("after").data) else None
        if own is None or start is None:
            return own or start
        return parse_condition(f"({start.sql}) AND ({own.sql})", self.names)

    def clock(self, node: Node, within: timedelta) -> Clock:
        given = node.get("clock")
        clock = Clock.ALWAYS if given is None else Clock(text_of(given))
        if given is None or clock is Clock.ALWAYS:
            return clock
        if self.office is None:
            self.wrong(given, "The clock runs in office time, and the definition has no `office`.", "Add `office:`.")
        if within == _NO_TIME:
            self.wrong(given, "What is due at once has no clock.", "Remove `clock`, or give it some time.")
        if clock is Clock.OFFICE_DAYS and (within % _DAY or within > _MOST_OFFICE_DAYS):
            self.wrong(
                node.at("within"), "Office days are counted whole, up to 366.", "Write days, such as P3D, or use hours."
            )
        if clock is Clock.OFFICE_HOURS and within > _MOST_OFFICE_HOURS:
            self.wrong(
                node.at("within"), "This is more than 1,000 hours of open office.", "Use office days, or a plain clock."
            )
        return clock

    def subjects(self, node: Node, patterns: tuple[Pattern, ...]) -> None:
        for pattern in patterns:
            if pattern.kind in KINDS and not KINDS[pattern.kind].has_subject:
                self.wrong(
                    node.at("each"),
                    f"`{pattern.kind}` is about no subject, so it can't have a clock for each.",
                    "Remove `each`, or use events about a subject, such as referral.sent.",
                )

    def ladder(self, node: Node) -> tuple[Rung, ...]:
        rungs = tuple(Rung(self.duration(item.get("after")), self.role(item.at("to"))) for item in node.items())
        if any(later.after < earlier.after for earlier, later in pairwise(rungs)):
            self.wrong(node, "The ladder goes down: a later rung comes earlier.", "Order the rungs by `after`.")
        return rungs

    def basis(self, node: Node) -> Basis:
        law, default, checked = node.get("law"), node.get("default"), node.get("checked")
        if (law is None) == (default is None):
            self.wrong(node, "A basis is either `law` or `default`.", "Keep the one that applies.")
        if law is None:
            return Basis(kind=BasisKind.DEFAULT, text=node.text("default"))
        if checked is None:
            self.wrong(node, "A law needs the day on which it was last checked.", "Add `checked: 2026-11-23`.")
            return Basis(kind=BasisKind.LAW, text=text_of(law))
        try:
            day = date.fromisoformat(text_of(checked))
        except ValueError:
            self.wrong(checked, f"`{text_of(checked)}` is not a day of the calendar.", "Write it as 2026-11-23.")
            day = date.min
        return Basis(kind=BasisKind.LAW, text=text_of(law), checked=day)

    def gate(self, node: Node, steps: Mapping[str, Step]) -> Gate:
        holds = tuple(self.kind(item) for item in node.list("holds"))
        needs: list[Need] = []
        for item in node.list("needs"):
            if (need := self.need(item, steps)) is None:
                continue
            needs.append(need)
            if (opening := _opened_by(need, steps)) and opening <= set(holds):
                self.wrong(item, "The gate holds back the only events that would open it.", "Remove them from `holds`.")
        return Gate(
            id=node.text("id"),
            holds=holds,
            when=self.when(node),
            needs=tuple(needs),
            reason=self.words(node.at("reason")),
            basis=self.basis(node.at("basis")),
        )

    def need(self, node: Node, steps: Mapping[str, Step]) -> Need | None:
        happened, closed, within = node.get("happened"), node.get("closed"), node.get("within")
        if (happened is None) == (closed is None):
            self.wrong(node, "A need is either `happened` or `closed`.", "Keep one, or split it into two needs.")
            return None
        if happened is not None:
            return Happened(patterns=self.patterns(happened), within=None if within is None else self.duration(within))
        if within is not None:
            self.wrong(within, "`within` does not go with `closed`.", "Remove it.")
        step = node.text("closed")
        if step not in steps:
            self.wrong(node.at("closed"), f"There is no step `{step}`.", nearest(step, steps))
            return None
        return Closed(step)


@dataclass(frozen=True, slots=True)
class _Started:
    """A sub-protocol and the closings that start it, as its steps' `start` means them."""

    by: Subprotocol
    closings: tuple[Closing, ...]

    @property
    def members(self) -> tuple[Pattern | Closing, ...]:
        return (*self.by.after, *self.closings)


def _words(data: JSON) -> set[str]:
    """Every text in a piece of the document."""
    match data:
        case str():
            return {data}
        case list():
            return set().union(*map(_words, data))
        case dict():
            return set().union(*map(_words, data.values()))
        case _:
            return set()


_MOST_CONDITIONS: Final = 50
_DAY: Final = timedelta(days=1)
_MOST_OFFICE_DAYS: Final = timedelta(days=366)
_MOST_OFFICE_HOURS: Final = timedelta(hours=1_000)
_EMPTY: Final = {"after": "opened", "done": "finished"}


def _usable_name(name: str) -> None:
    """Refuse a fact whose name a condition would read as something else, such as `null` or `case`."""
    try:
        usable = parse_condition(f"{name} IS NULL", {name: Named(Type.BOOLEAN)}).names == (name,)
    except RuleError:
        usable = False
    if not usable:
        raise RuleError(f"`{name}` can't be the name of a fact.", hint="SQL gives this word a meaning; choose another.")


def _opened_by(need: Need, steps: Mapping[str, Step]) -> set[str]:
    """The kinds of event by which staff can fulfil a need."""
    match need:
        case Happened(patterns=patterns):
            return {pattern.kind for pattern in patterns}
        case Closed(step=step):
            return {pattern.kind for pattern in (*steps[step].done.patterns, *steps[step].declined)}


def _common_values(sources: tuple[Source, ...]) -> tuple[str | int, ...]:
    """The only values that a fact can hold, if all its sources say so."""
    found: dict[str | int, None] = {}
    for source in sources:
        if source.field is None:
            if isinstance(source.value, bool) or source.value is None:
                return ()
            found[source.value] = None
        elif one_of := KINDS[source.pattern.kind].fields[source.field].one_of:
            found.update(dict.fromkeys(one_of))
        else:
            return ()
    return tuple(found)


def _is_of(value: Value, kind: Type) -> bool:
    match kind:
        case Type.BOOLEAN:
            return isinstance(value, bool)
        case Type.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            return isinstance(value, str)


def _opens_again(after: Trigger, done: Trigger) -> str | None:
    """A kind that certainly finishes and opens a step in one event."""
    if after.is_joint or done.is_joint:
        return None
    for one, other in product(after.patterns, done.patterns):
        if one.kind == other.kind and (one.where is None or one.where == other.where):
            return one.kind
    return None
